/*
 * Octets to a tree.
 *
 * Each composite has a view: what its fields may take.  A LENGTH narrows the view of what follows
 * (narrow() below), and that is the only bounds logic; a field that does not fit ends its
 * composite, and what is left of the view stays as undecoded octets.
 */
#include <assert.h>

#include "wire-internal.h"

/* Bugs that a test of the fuzz target plants, to see them found. */
#ifdef PLANT_BUG
#define PLANTED(n) (PLANT_BUG == (n))
#else
#define PLANTED(n) 0
#endif

struct decoder {
	struct arena *a;
	struct why *why;
	bool clean;
	bool failed;                /* the arena is at its cap */
	unsigned depth;
};

struct view {
	struct cursor in;           /* what the fields may take */
	size_t end;                 /* where the composite ends, if bounded */
	size_t limit;               /* where the view around it ends */
	bool bounded;               /* a LENGTH (or a fault) said where it ends */
	bool stop;                  /* a field did not fit: no more of them */
	struct node *room;          /* for the fields of the composite in turn */
	struct bytes group;         /* octets of which some bits are read */
	unsigned bit;
};

static void decode_composite(struct decoder *d, struct node *n, struct cursor *c);
static void decode_fields(struct decoder *d, struct node *n, struct view *v);

/* The first thing not understood is the one reported. */
#define unclean(d, at, octet, ...)                                                     \
	do {                                                                           \
		if ((d)->clean && (d)->why) {                                          \
			char path[sizeof((d)->why->path)];                             \
			why_at_octet((d)->why, (octet),                                \
				     wire_path_of((at), path, sizeof(path)),           \
				     __VA_ARGS__);                                     \
		}                                                                      \
		(d)->clean = false;                                                    \
	} while (0)

static struct node *new_node(struct decoder *d, struct node *parent, const struct wire_row *row,
			     size_t octet)
{
	struct node *n = d->failed ? NULL : wire_node(d->a, parent, row);

	if (!n) {
		d->failed = true;
		return NULL;
	}
	n->at_bits = octet * 8;
	n->set = true;
	return n;
}

/* A field of a composite, in the room that was taken for all of them. */
static struct node *new_field(struct view *v, struct node *parent, const struct wire_row *row, size_t octet)
{
	struct node *n = wire_place(v->room++, parent, row);

	n->at_bits = octet * 8;
	n->set = true;
	return n;
}

/* The octets up to the end of c, as they are. */
static void keep_undecoded(struct decoder *d, struct node *parent, struct cursor *c)
{
	struct node *n;

	if (c->left == 0)
		return;
	n = new_node(d, parent, &wire_undecoded_row, c->octet);
	if (!n)
		return;
	unclean(d, n, c->octet, "%zu octets that mean nothing here", c->left);
	n->undecoded = true;
	cursor_take(c, c->left, &n->octets);
	n->size_bits = n->octets.len * 8;
}

/* The fields of this composite end here; what is left of the view is not understood. */
static void stop(struct view *v)
{
	v->stop = true;
	if (!v->bounded)
		v->end = v->limit;
	v->bounded = true;
}

static bool narrow(struct cursor *c, size_t len)
{
	if (len > c->left + PLANTED(1))
		return false;
	c->left = len;
	return true;
}

static uint64_t bits_of(const uint8_t *at, unsigned from, unsigned count)
{
	uint64_t v = 0;

	at += from / 8;
	if (from % 8 == 0)
		for (; count >= 8; count -= 8)
			v = v << 8 | *at++;
	for (unsigned i = from % 8; count > 0; count--, i++)
		v = v << 1 | (at[i / 8] >> (7 - i % 8) & 1);
	return v;
}

/* Number fields share octets; the octets of such a group are taken at its first field. */
static bool take_group(const struct wire_format *format, size_t i, struct view *v)
{
	unsigned bits = 0;

	do {
		assert(i < format->count && wire_kind_is_number(format->rows[i].kind));
		bits += format->rows[i++].bits;
	} while (bits % 8 != 0);
	v->bit = 0;
	return cursor_take(&v->in, bits / 8, &v->group);
}

/* Where the octets begin that a LENGTH counts. */
static size_t length_start(const struct node *length)
{
	const struct node *from =
		length->row->of ? wire_field(length->parent, length->row->of) : NULL;

	return (from ? from : length->parent)->at_bits / 8;
}

static void decode_length(struct decoder *d, struct node *n, struct view *v)
{
	size_t have = v->in.octet - length_start(n);

	if (n->number < have) {
		unclean(d, n, n->at_bits / 8, "length %llu, but %zu octets are before its end",
			(unsigned long long)n->number, have);
		stop(v);
		return;
	}
	if (!narrow(&v->in, (size_t)n->number - have))
		unclean(d, n, n->at_bits / 8, "length %llu, but only %zu octets are there",
			(unsigned long long)n->number, have + v->in.left);
	if (!v->bounded)
		v->end = v->in.octet + v->in.left;
	v->bounded = true;
}

static void decode_number(struct decoder *d, struct node *parent, const struct wire_format *format,
			  size_t i, struct view *v)
{
	const struct wire_row *row = &format->rows[i];
	struct node *n;

	if (v->bit == v->group.len * 8 && !take_group(format, i, v)) {
		unclean(d, parent, v->in.octet, "ends before '%s'", row->name);
		stop(v);
		return;
	}
	n = new_field(v, parent, row, v->in.octet - v->group.len);
	n->at_bits += v->bit;
	n->size_bits = row->bits;
	n->number = bits_of(v->group.at, v->bit, row->bits);
	v->bit += row->bits;
	if (row->kind == WIRE_LENGTH)
		decode_length(d, n, v);
}

/* How many octets an OCTETS or COMPUTED field has. */
static uint64_t octets_wanted(const struct node *n)
{
	const struct node *size = n->row->of ? wire_look_up(n, n->row->of)
					     : wire_ruler(n->parent, WIRE_SIZE, n->row->name);

	return size ? size->number : n->row->bits / 8u;
}

static void decode_octets(struct decoder *d, struct node *parent, const struct wire_row *row,
			  struct view *v)
{
	struct node *n = new_field(v, parent, row, v->in.octet);
	uint64_t len;

	len = row->kind == WIRE_REST ? v->in.left : octets_wanted(n);
	if (len > v->in.left) {
		unclean(d, n, v->in.octet, "%llu octets wanted, %zu are left",
			(unsigned long long)len, v->in.left);
		wire_unlink(n);
		stop(v);
		return;
	}
	cursor_take(&v->in, (size_t)len, &n->octets);
	n->size_bits = n->octets.len * 8;
	if (PLANTED(2) && row->kind == WIRE_OCTETS && len > 200)
		n->octets.at++;
}

static void decode_items(struct decoder *d, struct node *list, uint64_t max, struct cursor *c)
{
	for (uint64_t i = 0; i < max && c->left > 0 && !d->failed; i++) {
		struct node *element = new_node(d, list, NULL, c->octet);
		size_t before = c->left;

		if (!element)
			return;
		element->format = list->row->item;
		decode_composite(d, element, c);
		if (c->left == before) {
			wire_unlink(element);
			return;
		}
	}
}

/* Elements one after the other, each naming the type of the next; type is that of the first. */
static void decode_chain(struct decoder *d, struct node *list, uint32_t type, struct cursor *c)
{
	while (type != 0 && c->left > 0 && !d->failed) {
		const struct wire_format *format = wire_pick(list->row->choices, type);
		struct node *element, *next;

		element = format ? new_node(d, list, NULL, c->octet) : NULL;
		if (!element)
			break;
		element->format = format;
		element->type = type;
		decode_composite(d, element, c);
		next = element->first;
		if (!next || !node_is(next, WIRE_NEXT))
			break;
		type = next->row->of ? 0 : (uint32_t)next->number;
	}
	if (PLANTED(3) && list->last && list->last->type == 45 && c->left == 4)
		cursor_skip(c, 4);
	if (type != 0 && c->left == 0)
		unclean(d, list, c->octet, "the next element should be %u, but here is the end",
			type);
	keep_undecoded(d, list, c);
}

static void decode_list(struct decoder *d, struct node *parent, const struct wire_format *format,
			size_t i, struct view *v)
{
	const struct wire_row *row = &format->rows[i];
	struct node *n = new_field(v, parent, row, v->in.octet);
	const struct node *ruler;

	if (row->choices) {
		ruler = wire_ruler(parent, WIRE_NEXT, row->name);
		decode_chain(d, n, ruler ? (uint32_t)ruler->number : 0, &v->in);
	} else {
		ruler = i + 1 < format->count ? wire_ruler(parent, WIRE_COUNT, row->name) : NULL;
		decode_items(d, n, ruler ? ruler->number : UINT64_MAX, &v->in);
	}
	n->size_bits = v->in.octet * 8 - n->at_bits;
}

/* STRUCT and CHOICE: fields in the view of the composite around them. */
static void decode_embedded(struct decoder *d, struct node *parent, const struct wire_row *row,
			    struct view *v)
{
	struct node *n = new_field(v, parent, row, v->in.octet);
	const struct node *by;

	if (row->kind == WIRE_STRUCT) {
		n->format = row->item;
	} else {
		by = wire_look_up(n, row->of);
		n->format = by ? wire_pick(row->choices, by->number) : NULL;
	}
	if (n->format)
		decode_fields(d, n, v);
	else
		keep_undecoded(d, n, &v->in);
	n->size_bits = v->in.octet * 8 - n->at_bits;
}

static void decode_fields(struct decoder *d, struct node *n, struct view *v)
{
	const struct wire_format *format = n->format;
	struct node *around = v->room;

	if (++d->depth > WIRE_DEPTH) {
		unclean(d, n, v->in.octet, "more than %d composites inside each other", WIRE_DEPTH);
		stop(v);
	}
	v->room = d->failed ? NULL : wire_room(d->a, format);
	d->failed = !v->room;
	for (size_t i = 0; i < format->count && !v->stop && !d->failed; i++) {
		const struct wire_row *row = &format->rows[i];

		if (wire_kind_is_number(row->kind))
			decode_number(d, n, format, i, v);
		else if (wire_kind_is_octets(row->kind))
			decode_octets(d, n, row, v);
		else if (row->kind == WIRE_LIST)
			decode_list(d, n, format, i, v);
		else
			decode_embedded(d, n, row, v);
	}
	v->room = around;
	d->depth--;
}

static void decode_composite(struct decoder *d, struct node *n, struct cursor *c)
{
	struct view v = { .in = *c, .limit = c->octet + c->left };

	decode_fields(d, n, &v);
	if (v.bounded) {
		v.in.left = v.end - v.in.octet;
		keep_undecoded(d, n, &v.in);
	}
	n->size_bits = v.in.octet * 8 - n->at_bits;
	cursor_skip(c, v.in.octet - c->octet);
}

static struct node *finish(struct decoder *d, struct node *root, bool *clean)
{
	if (clean)
		*clean = d->clean && !d->failed;
	return d->failed ? NULL : root;
}

struct node *wire_decode(struct arena *a, const struct wire_format *format, struct bytes in,
			 bool *clean, struct why *why)
{
	struct decoder d = { .a = a, .why = why, .clean = true };
	struct cursor c = cursor_over(in);
	struct node *root = new_node(&d, NULL, NULL, 0);

	if (root) {
		root->format = format;
		decode_composite(&d, root, &c);
		keep_undecoded(&d, root, &c);
		root->size_bits = in.len * 8;
	}
	return finish(&d, root, clean);
}

struct node *wire_decode_chain(struct arena *a, const struct wire_row *list, uint32_t first,
			       struct bytes in, bool *clean, struct why *why)
{
	struct decoder d = { .a = a, .why = why, .clean = true };
	struct cursor c = cursor_over(in);
	struct node *root = new_node(&d, NULL, list, 0);

	if (root) {
		decode_chain(&d, root, first, &c);
		root->size_bits = in.len * 8;
	}
	return finish(&d, root, clean);
}
