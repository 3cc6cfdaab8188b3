/*
 * Wire formats as tables, and the tree of named fields that one table decodes, encodes, prints,
 * finds, sets and documents.
 *
 * The invariant: wire_encode(wire_decode(x)) == x for every x.  A field is *derived* (a length, a
 * count, the type of the next payload) unless somebody *set* it; what is set is never corrected.
 * What cannot be understood stays in the tree as undecoded octets.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/names.h"
#include "base/why.h"

enum wire_kind {
	WIRE_UINT,      /* a number of `bits` bits; `constant` is its honest default */
	WIRE_RESERVED,  /* a number that is sent as zero and ignored */
	WIRE_NEXT,      /* the type of the element that follows this one in its list, 0 at the end; with `of`:
			 * of the first element of that list (HDR), or, if `of` names octets, of what is
			 * sealed in them: then it is given, and the list ends with this element (SK) */
	WIRE_MORE,      /* `constant` if another element follows in its list, else 0 (proposal, transform) */
	WIRE_LENGTH,    /* octets from the first field of its composite (or from the field `of`) to the end of the
			 * list element or root around it; narrows what follows */
	WIRE_COUNT,     /* elements in the list field named `of` */
	WIRE_SIZE,      /* octets of the field named `of`; of a list: of its first element */
	WIRE_OCTETS,    /* as many octets as a SIZE field that names it, or the field named `of`, says; else bits/8 */
	WIRE_REST,      /* octets up to the end of the view */
	WIRE_LIST,      /* elements of `item` (or picked by NEXT) up to the end of the view; by a COUNT if other
			 * fields follow.  Its elements are found by their own names, as if it were not there */
	WIRE_CHOICE,    /* one variant of `choices`, picked by the value of the field named `of`; its fields are
			 * found as if it were not there */
	WIRE_COMPUTED,  /* octets that a calculator of ikev2 or esp supplies (ICV, AUTH, NAT-D hash) */
	WIRE_STRUCT,    /* an embedded composite of format `item`; its LENGTH and NEXT speak of what is around it */
};
#define WIRE_KINDS 13

/* The standard name of a kind, "LENGTH", and back; -1 if unknown. */
const char *wire_kind_name(enum wire_kind kind);
int wire_kind_value(const char *name);

struct wire_format;

/* Picks the variant of a CHOICE or the format of a list element by a type number. */
struct wire_choice {
	uint32_t value;
	const struct wire_format *format;
};
struct wire_choices {
	const struct wire_choice *rows;
	size_t count;
	const struct wire_format *other;    /* any other value; NULL: undecoded octets */
};

struct wire_row {
	const char *name;                   /* a step of a path */
	enum wire_kind kind;
	uint16_t bits;                      /* width of a number, or of fixed octets */
	const char *of;
	const struct wire_format *item;
	const struct wire_choices *choices; /* CHOICE; LIST whose elements are picked by NEXT */
	const struct names *names;
	uint32_t constant;
	const char *wireshark;              /* tshark's field name, or NULL */
	const char *note;                   /* half a sentence for `ikespec fields`, or NULL */
};

struct wire_format {
	const char *name;                   /* "KE", "proposal" */
	const char *title;                  /* "Key Exchange payload" */
	const char *section;                /* "RFC 7296 3.4" */
	const struct wire_row *rows;
	size_t count;
	const char *pick;                   /* the field that NAME(X) compares: "type" for N(COOKIE); NULL: the
					     * type of the element in its chain */
	const char *alias;                  /* other names in paths, with spaces between: "Ni Nr"; or NULL */
};

/*
 * A node: one field, or a composite (root, STRUCT, list, list element, chosen variant).
 * Number fields have `number`, octet fields have `octets` (borrowed from the arena or the input).
 */
struct node {
	const struct wire_row *row;         /* NULL for the root and for list elements */
	const struct wire_format *format;   /* of a composite that has fields; NULL for a plain field or list */
	struct node *parent, *first, *last, *prev, *next;
	uint64_t number;
	struct bytes octets;
	uint32_t type;                      /* of an element of a chain: its payload type */
	bool set;                           /* never corrected */
	bool undecoded;                     /* octets that the table could not explain */
	size_t at_bits, size_bits;          /* where it lies, after decoding or encoding */
	struct arena *arena;                /* of a CHOICE made by wire_new: another variant comes from it */
};

/* An honest, empty composite: constants in place, everything derived unset.  NULL past the cap. */
struct node *wire_new(struct arena *a, const struct wire_format *format);

/* Decodes octets (any octets); every field is set.  NULL only past the arena's cap: a tree takes up to
 * 230 times its octets (one-octet SPIs in a Delete payload), 15 MiB for the largest datagram.
 * If something was not understood, *clean is false and why names the first place.  clean, why may be NULL. */
struct node *wire_decode(struct arena *a, const struct wire_format *format, struct bytes in,
			 bool *clean, struct why *why);

/* The same for a chain of elements picked by NEXT, such as payloads inside SK; first is the type of the first. */
struct node *wire_decode_chain(struct arena *a, const struct wire_row *list, uint32_t first,
			       struct bytes in, bool *clean, struct why *why);

/* Lays out the tree and computes what is derived and not set; octets belong to the arena.
 * COMPUTED fields must have been given octets.  False past the cap or if a value does not fit its field. */
bool wire_encode(struct arena *a, struct node *root, struct bytes *out, struct why *why);

/* Makes every derived field (NEXT, MORE, LENGTH, COUNT, SIZE) follow the rules again. */
void wire_unset_derived(struct node *root);
/* What the rules would put into a number field, from the positions of the last decode or encode. */
uint64_t wire_derive(const struct node *field);
/* The first field of that (derived) kind whose value is not what the rules give, or NULL; why says both. */
struct node *wire_inconsistent(struct node *root, enum wire_kind kind, struct why *why);

/*
 * Paths: "KE.length", "SA.P[1].T(ENCR).id", "N(COOKIE).data", "TSi.S[2].start_port", "PAYLOAD(200)[1].data".
 * NAME picks children of that field name, or list elements whose format has that name; [n] counts from 1;
 * (X) picks by number or registry name; [*] every one.  wire_find gives the first, or NULL (why: what there is).
 */
struct node *wire_find(struct node *root, const char *path, struct why *why);
/* All matches, at most cap; returns how many there are. */
size_t wire_find_all(struct node *root, const char *path, struct node **out, size_t cap);
/* Could the path ever match something in trees of this format?  why suggests the nearest name. */
bool wire_path_possible(const struct wire_format *root, const char *path, struct why *why);
/* The row that a path (of a possible field) ends at, or NULL for a part. */
const struct wire_row *wire_path_row(const struct wire_format *root, const char *path);
/* The path of a node from the root, "SA.P[1].T[2].id". */
char *wire_path_of(const struct node *n, char *text, size_t cap);

/* Values.  Set fails if the number does not fit the width or the field is of the other sort. */
bool wire_set_number(struct node *n, uint64_t v, struct why *why);
bool wire_set_octets(struct arena *a, struct node *n, struct bytes b, struct why *why);
void wire_unset(struct node *n);
/* Gives an honest value without marking it set (used when composing). */
bool wire_give_number(struct node *root, const char *path, uint64_t v);
bool wire_give_octets(struct arena *a, struct node *root, const char *path, struct bytes b);
/* A number field's value (or 1..8 octets as a number); false if there is no such field. */
bool wire_number(struct node *root, const char *path, uint64_t *out);
/* A field's octets; for a composite or number, its encoding (as decoded or last encoded). */
bool wire_octets(struct arena *a, struct node *n, struct bytes *out);

/*
 * Parts.  The new part is an element of the list that NAME can stand in below root ("N(COOKIE)" in the
 * payload chain, "SA.P[1].T(ENCR)" a transform of proposal 1); (X) sets its pick field.
 * before/after: a sibling, NULL for the default (after the last of its kind, else at the end).
 */
struct node *wire_add(struct arena *a, struct node *root, const char *part, struct node *before,
		      struct node *after, struct why *why);
/* Low level: append an element of a format to a list node; type is its payload type (chains). */
struct node *wire_append(struct arena *a, struct node *list, const struct wire_format *format, uint32_t type);
void wire_drop(struct node *part);
struct node *wire_copy(struct arena *a, const struct node *part);    /* detached deep copy */
void wire_insert(struct node *list, struct node *part, struct node *before); /* before NULL: at the end */
size_t wire_count(const struct node *list);

/* Checks the links, sizes and positions of a tree; used by tests and fuzz targets. */
bool wire_validate(const struct node *root, struct why *why);

/* Prints the tree, a field a line, indented; write is called with pieces of text. */
typedef void wire_write(void *ctx, const char *text, size_t len);
void wire_print(const struct node *root, wire_write *write, void *ctx);

#endif
