/*
 * Edits of fields and parts of a tree, and of the finished datagram.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/edit.h"
#include "wire-internal.h"

#define EDIT_PARTS 4096         /* matches of one path, copies of one part */
#define SHOWN_OCTETS 24

/* One edit under way. */
struct job {
	struct arena *a;
	struct node *root, *honest;
	const struct edits *edits;
	const struct edit *e;
	struct why *why;
};

static bool fail(const struct job *j, const char *text)
{
	return why_at_line(j->why, j->e->file ? j->e->file : "", j->e->line, "%s", text);
}

static bool missing(const struct job *j, const char *path)
{
	if (j->edits->where_there)
		return true;
	return why_at_line(j->why, j->e->file ? j->e->file : "", j->e->line, "%s " EDIT_MISSING,
			   path);
}

/* Gives the error of a function below the edit's place. */
static bool refuse(const struct job *j, const struct why *below)
{
	char text[sizeof(below->text)];

	memcpy(text, below->text, sizeof(text));
	return fail(j, text);
}

static char *show(const struct node *n, char *text, size_t cap)
{
	char hex[2 * SHOWN_OCTETS + 1];

	if (node_is_number(n))
		snprintf(text, cap, "%" PRIu64, n->number);
	else if (node_is_octets(n))
		snprintf(text, cap, "%s%s (%zu octets)",
			 bytes_hex(bytes_slice(n->octets, 0, SHOWN_OCTETS), hex, sizeof(hex)),
			 n->octets.len > SHOWN_OCTETS ? "..." : "", n->octets.len);
	else
		snprintf(text, cap, "there");
	return text;
}

static void tell(const struct job *j, const struct node *n, const char *from, const char *to)
{
	char path[96];

	if (j->edits->edited)
		j->edits->edited(j->edits->ctx, j->e, wire_path_of(n, path, sizeof(path)), from,
				 to);
}

static struct edit_value value_of(struct arena *a, struct node *n)
{
	struct edit_value v = { .is_octets = !node_is_number(n), .number = n->number };

	if (v.is_octets)
		wire_octets(a, n, &v.octets);
	return v;
}

/* The node of the honest message that stands where this one does; itself if there is none. */
static struct node *honest_of(const struct job *j, struct node *n)
{
	char path[96];
	struct node *found;

	if (!j->honest || j->honest == j->root)
		return n;
	found = wire_find(j->honest, wire_path_of(n, path, sizeof(path)), NULL);
	return found ? found : n;
}

/* What the rules put here: what stands here, unless an edit set it. */
static struct edit_value honest_value(const struct job *j, struct node *n)
{
	return value_of(j->a, n->set ? honest_of(j, n) : n);
}

static bool evaluate(const struct job *j, const void *expression, struct node *n, unsigned index,
		     struct edit_value *out)
{
	struct edit_place place = { .node = n, .root = j->root, .index = index };
	struct why below = { .octet = WHY_NO_OCTET };

	if (n)
		place.honest = honest_value(j, n);
	if (j->edits->value(j->edits->ctx, expression, &place, j->a, out, &below))
		return true;
	return refuse(j, &below);
}

/* A number as the octets of a field: as wide as its row, as the honest value, or as it needs. */
static bool number_octets(const struct job *j, struct node *n, uint64_t v, struct bytes *out)
{
	size_t width = n->row->bits ? n->row->bits / 8u : n->octets.len, needed = 1;
	uint8_t *at;
	char text[120];

	while (needed < 8 && v >> (8 * needed) != 0)
		needed++;
	if (width == 0)
		width = needed;
	if (width < needed) {
		snprintf(text, sizeof(text), "%s has %zu octets, %" PRIu64 " does not fit",
			 n->row->name, width, v);
		return fail(j, text);
	}
	at = arena_alloc(j->a, width);
	if (!at)
		return fail(j, "no memory");
	for (size_t i = 0; i < needed; i++)
		at[width - 1 - i] = (uint8_t)(v >> (8 * i));
	*out = bytes_make(at, width);
	return true;
}

static bool put(const struct job *j, struct node *n, const struct edit_value *v)
{
	struct why below = { .octet = WHY_NO_OCTET };
	struct bytes b = v->octets;

	if (!v->is_octets && node_is_number(n))
		return wire_set_number(n, v->number, &below) || refuse(j, &below);
	if (!v->is_octets && !node_is_octets(n))
		return fail(j, "a part takes octets, not a number");
	if (!v->is_octets && !number_octets(j, n, v->number, &b))
		return false;
	return wire_set_octets(j->a, n, b, &below) || refuse(j, &below);
}

static bool put_and_tell(const struct job *j, struct node *n, const struct edit_value *v)
{
	char from[120], to[120];

	show(n, from, sizeof(from));
	if (!put(j, n, v))
		return false;
	tell(j, n, from, show(n, to, sizeof(to)));
	return true;
}

static bool apply_set(const struct job *j, struct node *n, unsigned index)
{
	struct edit_value v = { 0 };

	return evaluate(j, j->e->value, n, index, &v) && put_and_tell(j, n, &v);
}

static bool apply_unset(const struct job *j, struct node *n, unsigned index)
{
	(void)index;
	wire_unset(n);
	tell(j, n, "set", "unset");
	return true;
}

static bool apply_freeze(const struct job *j, struct node *n, unsigned index)
{
	struct edit_value v = value_of(j->a, honest_of(j, n));

	(void)index;
	return put_and_tell(j, n, &v);
}

/* The number of a bit: a number, or chance octets cut to the field's width. */
static bool bit_of(const struct job *j, struct node *n, unsigned index, size_t bits, uint64_t *out)
{
	const void *expression = j->e->bit ? j->e->bit : j->e->value;
	struct edit_value v = { 0 };

	*out = 0;
	if (bits == 0)
		return fail(j, "an empty field has no bits to corrupt");
	if (!expression)
		return true;
	if (!evaluate(j, expression, n, index, &v))
		return false;
	if (v.is_octets) {
		for (size_t i = 0; i < v.octets.len; i++)
			v.number = v.number << 8 | v.octets.at[i];
		v.number %= bits;
	}
	*out = v.number;
	return v.number < bits || fail(j, "the field has fewer bits");
}

static bool flip(const struct job *j, struct bytes *io, uint64_t bit)
{
	uint8_t *at = arena_alloc(j->a, io->len);

	if (!at)
		return fail(j, "no memory");
	memcpy(at, io->at, io->len);
	at[io->len - 1 - bit / 8] ^= (uint8_t)(1u << bit % 8);
	*io = bytes_make(at, io->len);
	return true;
}

static bool apply_corrupt(const struct job *j, struct node *n, unsigned index)
{
	struct edit_value v = honest_value(j, n);
	uint64_t bit;

	if (!bit_of(j, n, index, v.is_octets ? v.octets.len * 8 : n->row->bits, &bit))
		return false;
	if (!v.is_octets)
		v.number ^= UINT64_C(1) << bit;
	else if (!flip(j, &v.octets, bit))
		return false;
	return put_and_tell(j, n, &v);
}

static bool is_part(const struct job *j, const struct node *n)
{
	return (!n->row && n->parent) ||
	       fail(j, "is a field: only parts can be added, dropped or moved");
}

static bool apply_drop(const struct job *j, struct node *n, unsigned index)
{
	(void)index;
	if (!is_part(j, n))
		return false;
	tell(j, n, "there", "dropped");
	wire_drop(n);
	return true;
}

/* before= and after= as nodes. */
static bool beside(const struct job *j, struct node **before, struct node **after)
{
	*before = *after = NULL;
	if (j->e->before) {
		*before = wire_find(j->root, j->e->before, NULL);
		return *before || missing(j, j->e->before);
	}
	if (j->e->after) {
		*after = wire_find(j->root, j->e->after, NULL);
		return *after || missing(j, j->e->after);
	}
	return true;
}

static bool apply_copy(const struct job *j, struct node *n, unsigned index)
{
	struct node *place = n->next;

	(void)index;
	if (!is_part(j, n))
		return false;
	for (unsigned i = 0; i < (j->e->times ? j->e->times : 1); i++) {
		struct node *copy = wire_copy(j->a, n);

		if (!copy)
			return fail(j, "no memory for a copy");
		wire_insert(n->parent, copy, place);
		tell(j, copy, "not there", "copied");
	}
	return true;
}

static bool apply_move(const struct job *j, struct node *n, unsigned index)
{
	struct node *before, *after, *list = n->parent;

	(void)index;
	if (!is_part(j, n) || !beside(j, &before, &after))
		return false;
	if ((before ? before->parent : after ? after->parent : list) != list)
		return fail(j, "the place to move to is in another list");
	if (before == n || after == n)
		return true;
	wire_drop(n);
	wire_insert(list, n, before ? before : after ? after->next : NULL);
	tell(j, n, "there", "moved");
	return true;
}

/* A field of a new part: it may pick the variants of what follows it. */
static bool set_new_field(const struct job *j, struct node *part, const struct edit_field *f,
			  unsigned index)
{
	struct node *n = wire_find(part, f->name, NULL);
	struct edit_value v = { 0 };
	char text[160];

	if (!n) {
		snprintf(text, sizeof(text), "%s has no field '%s'", j->e->path, f->name);
		return fail(j, text);
	}
	if (!evaluate(j, f->value, n, index, &v) || !put(j, n, &v))
		return false;
	return !node_is_number(n) || wire_repick(n) || fail(j, "no memory");
}

static bool apply_add(const struct job *j)
{
	struct node *before, *after, *part;
	struct why below = { .octet = WHY_NO_OCTET };

	if (!beside(j, &before, &after))
		return false;
	for (unsigned i = 0; i < (j->e->times ? j->e->times : 1); i++) {
		part = wire_add(j->a, j->root, j->e->path, before, after, &below);
		if (!part)
			return refuse(j, &below);
		for (size_t f = 0; f < j->e->field_count; f++)
			if (!set_new_field(j, part, &j->e->fields[f], i + 1))
				return false;
		if (after)
			after = part;
		tell(j, part, "not there", "added");
	}
	return true;
}

typedef bool apply_one(const struct job *j, struct node *n, unsigned index);

static apply_one *const operations[] = {
	[EDIT_SET] = apply_set,         [EDIT_UNSET] = apply_unset, [EDIT_FREEZE] = apply_freeze,
	[EDIT_CORRUPT] = apply_corrupt, [EDIT_DROP] = apply_drop,   [EDIT_COPY] = apply_copy,
	[EDIT_MOVE] = apply_move,
};

bool edit_apply(struct arena *a, struct node *root, struct node *honest, const struct edits *edits,
		const struct edit *e, struct why *why)
{
	struct job j = { a, root, honest, edits, e, why };
	struct node **found;
	size_t count;

	if (e->op == EDIT_ADD)
		return apply_add(&j);
	if (edit_of_datagram(e))
		return fail(&j, "is an edit of the finished datagram, not of a field");
	count = wire_find_all(root, e->path, NULL, 0);
	if (count == 0 || count > EDIT_PARTS)
		return missing(&j, e->path);
	found = arena_array(a, count, sizeof(struct node *));
	if (!found)
		return fail(&j, "no memory");
	wire_find_all(root, e->path, found, count);
	for (size_t i = 0; i < count; i++)
		if (!operations[e->op](&j, found[i], (unsigned)i + 1))
			return false;
	return true;
}

bool edit_of_datagram(const struct edit *e)
{
	return e->op >= EDIT_CORRUPT_OCTET;
}

static bool corrupt_octet(const struct job *j, struct bytes *io, uint64_t octet)
{
	struct edit_value bit = { 0 };

	if (j->e->bit && !evaluate(j, j->e->bit, NULL, 1, &bit))
		return false;
	if (bit.is_octets)
		bit.number = bit.octets.len ? bit.octets.at[bit.octets.len - 1] % 8u : 0;
	if (octet >= io->len || bit.number > 7)
		return fail(j, "no such octet or bit in the datagram");
	return flip(j, io, (io->len - 1 - octet) * 8 + bit.number);
}

static bool append(const struct job *j, struct bytes *io, const struct edit_value *v)
{
	uint8_t one = (uint8_t)v->number, *at;
	struct bytes more = v->is_octets ? v->octets : bytes_make(&one, 1);
	struct sink s;

	at = arena_alloc(j->a, io->len + more.len + 1);
	if (!at)
		return fail(j, "no memory");
	s = sink_over(at, io->len + more.len);
	sink_put(&s, *io);
	sink_put(&s, more);
	*io = sink_bytes(&s);
	return true;
}

bool edit_apply_datagram(struct arena *a, struct bytes *io, const struct edits *edits,
			 const struct edit *e, struct why *why)
{
	struct job j = { a, NULL, NULL, edits, e, why };
	struct edit_value v = { 0 };
	char from[40], to[40];
	bool good;

	snprintf(from, sizeof(from), "%zu octets", io->len);
	if (!evaluate(&j, e->value, NULL, 1, &v))
		return false;
	switch (e->op) {
	case EDIT_CORRUPT_OCTET:
		good = corrupt_octet(&j, io, v.number);
		break;
	case EDIT_TRUNCATE_TO:
		good = v.number <= io->len || fail(&j, "the datagram is shorter");
		io->len = good ? (size_t)v.number : io->len;
		break;
	case EDIT_TRUNCATE_BY:
		good = v.number <= io->len || fail(&j, "the datagram is shorter");
		io->len -= good ? (size_t)v.number : 0;
		break;
	default:
		good = append(&j, io, &v);
	}
	snprintf(to, sizeof(to), "%zu octets", io->len);
	if (good && edits->edited)
		edits->edited(edits->ctx, e, "datagram", from, to);
	return good;
}

char *edit_root(const char *path, char *text, size_t cap)
{
	size_t len = path ? strcspn(path, ".([") : 0;

	if (len >= cap)
		len = cap - 1;
	memcpy(text, path ? path : "", len);
	text[len] = '\0';
	return text;
}
