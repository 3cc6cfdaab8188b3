/*
 * Values of fields: set (never corrected), unset, give (honest), ask.
 */
#include "wire-internal.h"

static bool wrong_sort(const struct node *n, const char *wanted, struct why *why)
{
	char path[96];

	wire_path_of(n, path, sizeof(path));
	return why_at_octet(why, WHY_NO_OCTET, path, "%s is not a %s", path, wanted);
}

static bool too_wide(const struct node *n, uint64_t v, struct why *why)
{
	char path[96];

	wire_path_of(n, path, sizeof(path));
	return why_at_octet(why, WHY_NO_OCTET, path, "%s has %u bits, %llu does not fit", path,
			    n->row->bits, (unsigned long long)v);
}

bool wire_set_number(struct node *n, uint64_t v, struct why *why)
{
	if (!node_is_number(n))
		return wrong_sort(n, "number", why);
	if (!wire_fits(v, n->row->bits))
		return too_wide(n, v, why);
	n->number = v;
	n->set = true;
	return true;
}

static uint64_t number_of(struct bytes b)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.at[i];
	return v;
}

/* A part as raw octets: one undecoded child in place of all. */
static bool set_raw(struct arena *a, struct node *part, struct bytes b, struct why *why)
{
	struct node *raw;

	part->first = part->last = NULL;
	raw = wire_node(a, part, &wire_undecoded_row);
	if (!raw)
		return why_set(why, "no memory");
	raw->octets = b;
	raw->undecoded = raw->set = true;
	return true;
}

bool wire_set_octets(struct arena *a, struct node *n, struct bytes b, struct why *why)
{
	struct bytes copy = arena_copy(a, b);

	if (node_is_number(n)) {
		if (b.len > 8)
			return wrong_sort(n, "field for octets", why);
		return wire_set_number(n, number_of(b), why);
	}
	if (b.len > 0 && !copy.at)
		return why_set(why, "no memory for %zu octets", b.len);
	n->set = true;
	if (!node_is_octets(n))
		return set_raw(a, n, copy, why);
	n->octets = copy;
	return true;
}

void wire_unset(struct node *n)
{
	n->set = false;
	if (node_is(n, WIRE_RESERVED))
		n->number = n->row->constant;
}

bool wire_give_number(struct node *root, const char *path, uint64_t v)
{
	struct node *n = wire_find(root, path, NULL);

	if (!n || !node_is_number(n) || !wire_fits(v, n->row->bits))
		return false;
	n->number = v;
	return wire_repick(n);
}

bool wire_give_octets(struct arena *a, struct node *root, const char *path, struct bytes b)
{
	struct node *n = wire_find(root, path, NULL);

	if (!n || !node_is_octets(n))
		return false;
	n->octets = arena_copy(a, b);
	return b.len == 0 || n->octets.at != NULL;
}

bool wire_number(struct node *root, const char *path, uint64_t *out)
{
	const struct node *n = wire_find(root, path, NULL);

	if (!n)
		return false;
	if (node_is_number(n)) {
		*out = n->number;
		return true;
	}
	if (!node_is_octets(n) || n->octets.len == 0 || n->octets.len > 8)
		return false;
	*out = number_of(n->octets);
	return true;
}
