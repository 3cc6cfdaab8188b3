/*
 * Edits: what a scenario or a fault changes in an honest message, by the names of its fields.
 *
 * "The right message with these names set."  The engine is the same for IKE, ESP, UDP and IP trees;
 * which phase an edit belongs to is decided by the layer that owns the root of its path.  Values are
 * worked out by a callback at the moment of use, so that an expression may speak of the honest value.
 */
#ifndef BASE_EDIT_H
#define BASE_EDIT_H

#include "base/wire.h"

enum edit_op {
	EDIT_SET,           /* field, value: never corrected */
	EDIT_UNSET,         /* field: follows the rules again */
	EDIT_FREEZE,        /* field: the value that the honest message had */
	EDIT_CORRUPT,       /* field, value = number of the bit, 0 is the last one */
	EDIT_ADD,           /* part, fields, before/after, times */
	EDIT_DROP,          /* part */
	EDIT_COPY,          /* part, times */
	EDIT_MOVE,          /* part, before/after */
	EDIT_CORRUPT_OCTET, /* datagram: value = octet from 0 (negative: from the end is a scenario's business), bit */
	EDIT_TRUNCATE_TO,   /* datagram: value octets remain */
	EDIT_TRUNCATE_BY,   /* datagram: value octets fewer */
	EDIT_APPEND,        /* datagram: value = octets */
};

struct edit_field {
	const char *name;
	const void *value;
};

struct edit {
	enum edit_op op;
	const char *path;               /* variables already put in: "KE.length", "N(COOKIE)" */
	const char *before, *after;     /* paths, or NULL */
	const void *value;              /* for the callback; NULL if the operation has none */
	const void *bit;                /* CORRUPT, CORRUPT_OCTET; NULL: 0 */
	const struct edit_field *fields;
	size_t field_count;
	unsigned times;                 /* ADD, COPY: at least 1 */
	const char *file;
	unsigned line;
};

/* A value worked out: a number, or octets. */
struct edit_value {
	bool is_octets;
	uint64_t number;
	struct bytes octets;
};

/* What an expression may ask about the place where it is used. */
struct edit_place {
	struct node *node;              /* the field, or NULL (datagram edits) */
	struct node *root;              /* the tree it stands in */
	struct edit_value honest;
	unsigned index;                 /* which copy, from 1 */
};

struct edits {
	const struct edit *rows;
	size_t count;
	bool (*value)(void *ctx, const void *expression, const struct edit_place *place,
		      struct arena *a, struct edit_value *out, struct why *why);
	/* Told of each change, for the event log; may be NULL. */
	void (*edited)(void *ctx, const struct edit *e, const char *path, const char *from, const char *to);
	void *ctx;
	bool where_there;               /* a part that is not there is left alone (faults): no error */
};

/* An edit that could not be done because its part is not there: the case is not applicable. */
#define EDIT_MISSING "is not in the message"

/*
 * Applies one edit of a field or part to a tree.  honest is the tree before any edit (for FREEZE and
 * the honest values; may be the same tree for the first edit).  False with why (edit's file and line)
 * if the part is not there or the value does not fit.
 */
bool edit_apply(struct arena *a, struct node *root, struct node *honest, const struct edits *edits,
		const struct edit *e, struct why *why);

/* Is it one of the operations on the finished datagram? */
bool edit_of_datagram(const struct edit *e);
/* Applies one of them; *io is replaced by octets of the arena. */
bool edit_apply_datagram(struct arena *a, struct bytes *io, const struct edits *edits,
			 const struct edit *e, struct why *why);

/* The first name of a path: "KE" of "KE.length", "N" of "N(COOKIE).data"; returns text. */
char *edit_root(const char *path, char *text, size_t cap);

#endif
