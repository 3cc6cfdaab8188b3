/*
 * A tree to octets: lay it out, compute what is derived and not set, write.
 */
#include <assert.h>

#include "wire-internal.h"

/* Positions and sizes, from the sizes of the fields up.  Do all octet fields begin at whole octets? */
static bool lay_out(struct node *n, size_t at_bits)
{
	bool good = true;

	n->at_bits = at_bits;
	if (node_is_number(n)) {
		n->size_bits = n->row->bits;
	} else if (node_is_octets(n)) {
		n->size_bits = n->octets.len * 8;
		good = n->octets.len == 0 || at_bits % 8 == 0;
	} else {
		for (struct node *child = n->first; child; child = child->next) {
			good &= lay_out(child, at_bits);
			at_bits += child->size_bits;
		}
		n->size_bits = at_bits - n->at_bits;
	}
	return good;
}

static uint64_t derive_next(const struct node *n)
{
	const struct node *follows;

	if (!n->row->of) {
		follows = wire_next_element(wire_element_of(n));
		return follows ? follows->type : 0;
	}
	follows = wire_look_up(n, n->row->of);
	if (!follows || !node_is(follows, WIRE_LIST))
		return n->number;
	follows = follows->first;
	return follows && !follows->undecoded ? follows->type : 0;
}

static uint64_t derive_length(const struct node *n)
{
	const struct node *around = wire_element_of(n);
	const struct node *from = n->row->of ? wire_field(n->parent, n->row->of) : NULL;
	size_t start = (from ? from : n->parent)->at_bits;

	return (around->at_bits + around->size_bits - start) / 8;
}

static uint64_t derive_count(const struct node *n)
{
	const struct node *list = wire_look_up(n, n->row->of);

	return list && node_is(list, WIRE_LIST) ? wire_count(list) : n->number;
}

static uint64_t derive_size(const struct node *n)
{
	const struct node *of = wire_look_up(n, n->row->of);

	if (of && node_is(of, WIRE_LIST))
		of = of->first;
	return of && !(of->undecoded && node_is(of->parent, WIRE_LIST)) ? of->size_bits / 8
									: n->number;
}

uint64_t wire_derive(const struct node *n)
{
	switch (n->row->kind) {
	case WIRE_NEXT:
		return derive_next(n);
	case WIRE_MORE:
		return wire_next_element(wire_element_of(n)) ? n->row->constant : 0;
	case WIRE_LENGTH:
		return derive_length(n);
	case WIRE_COUNT:
		return derive_count(n);
	case WIRE_SIZE:
		return derive_size(n);
	default:
		return n->number;
	}
}

static bool too_large(const struct node *n, struct why *why)
{
	char path[96];

	return why_at_octet(why, n->at_bits / 8, wire_path_of(n, path, sizeof(path)),
			    "%llu does not fit %u bits", (unsigned long long)n->number, n->row->bits);
}

static bool derive(struct node *n, struct why *why)
{
	if (node_is_number(n)) {
		if (!n->set && wire_kind_is_derived(n->row->kind))
			n->number = wire_derive(n);
		return wire_fits(n->number, n->row->bits) || too_large(n, why);
	}
	for (struct node *child = n->first; child; child = child->next)
		if (!derive(child, why))
			return false;
	return true;
}

struct bit_sink {
	uint8_t *at;
	size_t bit;
};

static void put_bits(struct bit_sink *s, uint64_t v, unsigned bits)
{
	if (s->bit % 8 == 0)
		for (; bits >= 8; bits -= 8, s->bit += 8)
			s->at[s->bit / 8] = (uint8_t)(v >> (bits - 8));
	while (bits > 0) {
		unsigned room = 8 - s->bit % 8;
		unsigned now = bits < room ? bits : room;
		uint8_t piece = (uint8_t)(v >> (bits - now) & ((1u << now) - 1));

		s->at[s->bit / 8] |= (uint8_t)(piece << (room - now));
		s->bit += now;
		bits -= now;
	}
}

static void put_octets(struct bit_sink *s, struct bytes b)
{
	if (b.len == 0)
		return;
	assert(s->bit % 8 == 0);
	memcpy(s->at + s->bit / 8, b.at, b.len);
	s->bit += b.len * 8;
}

static void put(struct bit_sink *s, const struct node *n)
{
	if (node_is_number(n))
		put_bits(s, n->number, n->row->bits);
	else if (node_is_octets(n))
		put_octets(s, n->octets);
	else
		for (const struct node *child = n->first; child; child = child->next)
			put(s, child);
}

/* The same of a tree that is not laid out now. */
static bool aligned(const struct node *n, size_t *bit)
{
	if (node_is_number(n)) {
		*bit += n->row->bits;
		return true;
	}
	if (node_is_octets(n)) {
		size_t at = *bit;

		*bit += n->octets.len * 8;
		return n->octets.len == 0 || at % 8 == 0;
	}
	for (const struct node *child = n->first; child; child = child->next)
		if (!aligned(child, bit))
			return false;
	return true;
}

/* Writes a subtree of so many bits as it is. */
static bool emit(struct arena *a, const struct node *n, size_t bits, bool is_aligned, struct bytes *out,
		 struct why *why)
{
	struct bit_sink s = { NULL, 0 };

	*out = BYTES_NONE;
	if (!is_aligned)
		return why_set(why, "octets that do not begin at a whole octet");
	if (node_is_number(n))
		s.bit = (8 - bits % 8) % 8;
	else if (bits % 8 != 0)
		return why_set(why, "%zu bits are not whole octets", bits);
	if (bits == 0)
		return true;
	s.at = arena_alloc(a, (bits + 7) / 8);
	if (!s.at)
		return why_set(why, "no memory for %zu octets", bits / 8);
	put(&s, n);
	*out = bytes_make(s.at, s.bit / 8);
	return true;
}

bool wire_encode(struct arena *a, struct node *root, struct bytes *out, struct why *why)
{
	bool is_aligned = lay_out(root, 0);

	return derive(root, why) && emit(a, root, root->size_bits, is_aligned, out, why);
}

bool wire_octets(struct arena *a, struct node *n, struct bytes *out)
{
	if (node_is_octets(n)) {
		*out = n->octets;
		return true;
	}
	size_t bits = 0;
	bool is_aligned = aligned(n, &bits);
	return emit(a, n, bits, is_aligned, out, NULL);
}

void wire_unset_derived(struct node *root)
{
	if (root->row && wire_kind_is_derived(root->row->kind))
		root->set = false;
	for (struct node *child = root->first; child; child = child->next)
		wire_unset_derived(child);
}

struct node *wire_inconsistent(struct node *root, enum wire_kind kind, struct why *why)
{
	char path[96];

	if (node_is(root, kind) && wire_derive(root) != root->number) {
		why_at_octet(why, root->at_bits / 8, wire_path_of(root, path, sizeof(path)),
			     "is %llu, and should be %llu", (unsigned long long)root->number,
			     (unsigned long long)wire_derive(root));
		return root;
	}
	for (struct node *child = root->first; child; child = child->next) {
		struct node *found = wire_inconsistent(child, kind, why);

		if (found)
			return found;
	}
	return NULL;
}
