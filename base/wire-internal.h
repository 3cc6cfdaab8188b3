/*
 * What the files of the wire engine share.
 */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include "base/wire.h"

#define WIRE_DEPTH 16           /* of composites inside composites */
#define WIRE_STEPS 12           /* of a path */

/* The row of a node that the table could not explain: "KE.undecoded". */
extern const struct wire_row wire_undecoded_row;

static inline bool wire_kind_is_number(enum wire_kind kind)
{
	return kind <= WIRE_SIZE;
}

static inline bool wire_kind_is_octets(enum wire_kind kind)
{
	return kind == WIRE_OCTETS || kind == WIRE_REST || kind == WIRE_COMPUTED;
}

static inline bool wire_kind_is_derived(enum wire_kind kind)
{
	return kind >= WIRE_NEXT && kind <= WIRE_SIZE;
}

static inline bool node_is(const struct node *n, enum wire_kind kind)
{
	return n->row && n->row->kind == kind;
}

static inline bool node_is_number(const struct node *n)
{
	return n->row && wire_kind_is_number(n->row->kind);
}

static inline bool node_is_octets(const struct node *n)
{
	return n->row && wire_kind_is_octets(n->row->kind);
}

/* STRUCT and CHOICE: their fields lie in the composite around them. */
static inline bool node_is_embedded(const struct node *n)
{
	return node_is(n, WIRE_STRUCT) || node_is(n, WIRE_CHOICE);
}

static inline bool name_is(const char *a, const char *b)
{
	return a == b || (a[0] == b[0] && strcmp(a, b) == 0);
}

/* A zeroed node, linked as the last child (parent may be NULL); NULL past the cap. */
struct node *wire_node(struct arena *a, struct node *parent, const struct wire_row *row);
/* The fields of a format in one piece, to be made a node each by wire_place; NULL past the cap. */
struct node *wire_room(struct arena *a, const struct wire_format *format);
void wire_link(struct node *parent, struct node *n, struct node *before);
/* An empty node in that place, the last child of parent. */
static inline struct node *wire_place(struct node *at, struct node *parent, const struct wire_row *row)
{
	*at = (struct node){ .row = row, .parent = parent, .prev = parent->last };
	if (parent->last)
		parent->last->next = at;
	else
		parent->first = at;
	parent->last = at;
	return at;
}
void wire_unlink(struct node *n);

/* The format of a type number; NULL: undecoded octets. */
const struct wire_format *wire_pick(const struct wire_choices *choices, uint64_t value);

/* After `field` was given another number: its CHOICEs get the variant it picks; false past the cap. */
bool wire_repick(struct node *field);

/* The field of a composite, looked for in its CHOICEs too; NULL if there is none. */
struct node *wire_field(const struct node *composite, const char *name);
/* The same in the composites around a node, from the inside out. */
struct node *wire_look_up(const struct node *from, const char *name);
/* The number field of that kind which rules the field `name` of a composite. */
struct node *wire_ruler(const struct node *composite, enum wire_kind kind, const char *name);
/* The list element (or root) that a node lies in. */
struct node *wire_element_of(const struct node *n);
/* The element after this one in its list, or NULL. */
struct node *wire_next_element(const struct node *element);

/* Does a format answer to this name or alias? */
bool wire_named(const struct wire_format *format, const char *name, size_t len);

/* One step of a path: NAME, NAME(X), NAME[n], NAME[*]. */
struct wire_step {
	char name[48];
	char pick[64];              /* empty: none */
	unsigned index;             /* 0: the first that leads to a match */
	bool all;
};
struct wire_steps {
	struct wire_step step[WIRE_STEPS];
	size_t count;
};
bool wire_parse_path(const char *path, struct wire_steps *out, struct why *why);
/* The number that (X) means in a registry (NULL: numbers only). */
bool wire_pick_value(const char *text, const struct names *names, uint32_t *out);
/* The row of a format's pick field, or NULL. */
const struct wire_row *wire_pick_row(const struct wire_format *format);
/* The row of a format's field by name, looked for in its CHOICEs too. */
const struct wire_row *wire_row_named(const struct wire_format *format, const char *name);
bool wire_find_steps(struct node *root, const struct wire_steps *steps, struct node **out);

/* A value stays within its width? */
static inline bool wire_fits(uint64_t v, unsigned bits)
{
	return bits >= 64 || v >> bits == 0;
}

#endif
