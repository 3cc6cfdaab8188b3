/*
 * The invariants of a tree: links, sizes and positions.
 */
#include "wire-internal.h"

static bool broken(const struct node *n, const char *what, struct why *why)
{
	char path[96];

	wire_path_of(n, path, sizeof(path));
	return why_at_octet(why, n->at_bits / 8, path, "%s: %s", path, what);
}

static bool check_links(const struct node *n, struct why *why)
{
	const struct node *prev = NULL;

	for (const struct node *child = n->first; child; child = child->next) {
		if (child->parent != n)
			return broken(child, "its parent is another", why);
		if (child->prev != prev)
			return broken(child, "the links back and forth differ", why);
		prev = child;
	}
	return n->last == prev || broken(n, "its last child is not the last", why);
}

static bool check_leaf(const struct node *n, struct why *why)
{
	if (n->first)
		return broken(n, "a plain field has children", why);
	if (node_is_number(n)) {
		if (n->size_bits != n->row->bits)
			return broken(n, "its size is not that of its row", why);
		return wire_fits(n->number, n->row->bits) ||
		       broken(n, "the number is too wide", why);
	}
	if (n->octets.len > 0 && !n->octets.at)
		return broken(n, "octets of nowhere", why);
	if (n->at_bits % 8 != 0 && n->octets.len > 0)
		return broken(n, "octets that do not begin at a whole octet", why);
	return n->size_bits == n->octets.len * 8 || broken(n, "its size is not its octets'", why);
}

static bool check(const struct node *n, unsigned depth, struct why *why)
{
	size_t at = n->at_bits;

	if (depth > 2 * WIRE_DEPTH + 2)
		return broken(n, "too deep", why);
	if (!check_links(n, why))
		return false;
	if (node_is_number(n) || node_is_octets(n))
		return check_leaf(n, why);
	for (const struct node *child = n->first; child; child = child->next) {
		if (child->at_bits != at)
			return broken(child, "a gap or an overlap before it", why);
		if (!check(child, depth + 1, why))
			return false;
		at += child->size_bits;
	}
	return at == n->at_bits + n->size_bits ||
	       broken(n, "its size is not that of its parts", why);
}

bool wire_validate(const struct node *root, struct why *why)
{
	return check(root, 0, why);
}
