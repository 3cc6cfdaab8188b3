/*
 * Any octets: encode(decode(x)) == x, a valid tree, printable.
 *
 * The first octet chooses the root: 0 a datagram, else an inner chain whose first payload has that type.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/wire.h"
#include "fuzz.h"
#include "ikev2/formats.h"

#define ARENA_OCTETS (128u << 20)

static struct arena *the_arena(void)
{
	static struct arena *arena;

	if (!arena)
		arena = arena_new(ARENA_OCTETS);
	else
		arena_reset(arena);
	return arena;
}

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz-decode: %s%s%s\n", what, why ? ": " : "", why ? why->text : "");
	abort();
}

static struct node *decode(struct arena *a, uint8_t root, struct bytes in, bool *clean, struct why *why)
{
	if (root == 0)
		return wire_decode(a, &ike_message, in, clean, why);
	return wire_decode_chain(a, &ike_chain, root, in, clean, why);
}

static void count(void *ctx, const char *text, size_t len)
{
	size_t *total = ctx;

	(void)text;
	*total += len;
}

static bool consistent(struct node *root)
{
	for (enum wire_kind k = WIRE_NEXT; k <= WIRE_SIZE; k++)
		if (wire_inconsistent(root, k, NULL))
			return false;
	return true;
}

static void must_encode(struct arena *a, struct node *root, struct bytes in, const char *what)
{
	struct why why = { .octet = WHY_NO_OCTET };
	struct bytes out;

	if (!wire_encode(a, root, &out, &why))
		broken(what, &why);
	if (!bytes_equal(in, out))
		broken(what, NULL);
}

/* A way down the tree, by the octets of the input. */
static struct node *some_node(struct node *root, struct bytes in)
{
	struct node *n = root;

	for (size_t i = 0; i < in.len && n->first; i++) {
		n = n->first;
		for (unsigned steps = in.at[in.len - 1 - i] % 13; steps > 0 && n->next; steps--)
			n = n->next;
	}
	return n;
}

/* A node's own octets are those of the input at its place; less than whole octets may be refused. */
static void check_octets(struct arena *a, struct node *n, struct bytes in)
{
	struct bytes own, there = bytes_slice(in, n->at_bits / 8, n->size_bits / 8);
	bool whole = n->size_bits % 8 == 0 && n->at_bits % 8 == 0;

	if (!wire_octets(a, n, &own)) {
		if (whole || !n->first)
			broken("a node has no octets", NULL);
	} else if (whole && !bytes_equal(own, there)) {
		broken("a node's octets are not those of its place", NULL);
	}
}

/* The same of all around it; its path finds it again. */
static void check_node(struct arena *a, struct node *root, struct bytes in)
{
	struct node *n = some_node(root, in);
	char path[96];

	for (struct node *around = n; around; around = around->parent)
		check_octets(a, around, in);
	if (wire_path_of(n, path, sizeof(path))[0] == '\0' && n != root)
		broken("a node has no path", NULL);
	if (n->row && n->row->kind <= WIRE_SIZE)
		wire_derive(n);
}

/* With little memory: the same octets, or nothing. */
static void check_cap(uint8_t type, struct bytes in)
{
	struct arena *small = arena_new(256 + in.len * (in.len % 61));
	struct node *root = small ? decode(small, type, in, NULL, NULL) : NULL;
	struct bytes out;

	if (root && wire_encode(small, root, &out, NULL) && !bytes_equal(in, out))
		broken("with little memory other octets", NULL);
	arena_free(small);
}

/* A number beyond its bits is told, never cut. */
static void check_too_large(struct arena *a, struct node *root, struct bytes in)
{
	struct why why = { .octet = WHY_NO_OCTET };
	struct node *n = some_node(root, in);
	struct bytes out;

	if (!n->row || n->row->kind > WIRE_SIZE || n->row->bits >= 64)
		return;
	n->number = UINT64_MAX;
	n->set = true;
	if (wire_encode(a, root, &out, &why) || why.text[0] == '\0')
		broken("a number that does not fit was written", NULL);
}

/* The same for a message that is not well-formed: it encodes by the rules, or says why not. */
static void follow_rules(struct arena *a, struct node *root)
{
	struct why why = { .octet = WHY_NO_OCTET };
	struct bytes out;

	wire_unset_derived(root);
	if (wire_encode(a, root, &out, &why) ? !wire_validate(root, &why) : why.text[0] == '\0')
		broken("by the rules", &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = the_arena();
	struct why why = { .octet = WHY_NO_OCTET };
	struct bytes in = bytes_make(data + 1, size - 1);
	struct node *root;
	size_t printed = 0;
	bool clean;

	if (size == 0)
		return 0;
	root = decode(a, data[0], in, &clean, &why);
	if (!root)
		broken("not decoded", NULL);
	if (!clean && why.text[0] == '\0')
		broken("not understood, and no reason", NULL);
	if (!wire_validate(root, &why))
		broken("the tree is not valid", &why);
	must_encode(a, root, in, "encode(decode(x)) is not x");
	wire_print(root, count, &printed);
	check_node(a, root, in);
	if (clean && consistent(root)) {
		wire_unset_derived(root);
		must_encode(a, root, in, "what is derived comes out differently");
	} else {
		follow_rules(a, root);
	}
	if (size % 8 == 0)
		check_cap(data[0], in);
	else
		check_too_large(a, root, in);
	return 0;
}

bool fuzz_well_formed(const uint8_t *data, size_t size, struct why *why)
{
	struct arena *a = the_arena();
	struct bytes in = bytes_make(data + 1, size - 1), out;
	struct node *root;
	bool clean;

	if (size == 0)
		return why_set(why, "an empty file");
	root = decode(a, data[0], in, &clean, why);
	if (!root || !clean)
		return false;
	wire_unset_derived(root);
	if (!wire_encode(a, root, &out, why))
		return false;
	return bytes_equal(in, out) ||
	       why_set(why, "comes out differently when everything derived follows");
}
