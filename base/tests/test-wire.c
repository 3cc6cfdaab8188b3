#include "test.h"
#include "toy-format.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(32 << 20);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct bytes hex(const char *text)
{
	size_t cap = strlen(text) / 2 + 1, len;
	uint8_t *at = arena_alloc(arena, cap);

	if (!bytes_from_hex(text, at, cap, &len))
		fail_msg("not hex: %s", text);
	return bytes_make(at, len);
}

static void assert_octets(struct bytes got, struct bytes wanted, const char *of)
{
	char a[400], b[400];

	if (!bytes_equal(got, wanted))
		fail_msg("%s: got %s, wanted %s", of, bytes_hex(got, a, sizeof(a)),
			 bytes_hex(wanted, b, sizeof(b)));
}

static void assert_encodes(struct node *root, struct bytes wanted, const char *of)
{
	struct why why = { .octet = 0 };
	struct bytes out;

	if (!wire_encode(arena, root, &out, &why))
		fail_msg("%s: not encoded: %s", of, why.text);
	assert_octets(out, wanted, of);
	if (!wire_validate(root, &why))
		fail_msg("%s: %s", of, why.text);
}

/* What is well-formed: nothing undecoded, and everything derived comes out the same when unset. */
static void test_well_formed(void **state)
{
	static const struct {
		const char *what, *octets;
	} cases[] = {
		{ "no part", "00 2000 0005" },
		{ "a box", "01 2abc 000f  00 80 000a 01 01 ff beef cd" },
		{ "an empty box", "01 2000 000d  00 00 0008 02 00 0000" },
		{ "two pairs", "02 2000 0014  00 00 000f 02 03 000001 00 ffffff beef" },
		{ "no pairs", "02 2000 000c  00 00 0007 00 beef" },
		{ "a number", "03 2000 000d  00 00 0008 01 04 0102" },
		{ "a text", "03 2000 000e  00 00 0009 02 05 414243" },
		{ "sealed", "04 2000 000a  09 05 aabbcc" },
		{ "nests", "05 2000 000d  00 08 00 02 00 04 00 02" },
		{ "ids", "06 2000 0011  00 00 000c 03 02 aaaaaa bbbbbb" },
		{ "no ids", "06 2000 000b  00 00 0006 00 00" },
		{ "unknown", "c8 2000 000c  00 00 0007 aabbcc" },
		{ "a chain", "01 2000 001a  01 00 0008 02 00 0000  c8 00 0008 02 00 0000  00 00 0005 ee" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes in = hex(cases[i].octets);
		struct why why = { .octet = 0 };
		bool clean;
		struct node *root = wire_decode(arena, &toy, in, &clean, &why);

		if (!clean)
			fail_msg("%s: octet %zu: %s", cases[i].what, why.octet, why.text);
		assert_encodes(root, in, cases[i].what);
		wire_unset_derived(root);
		assert_encodes(root, in, cases[i].what);
		for (enum wire_kind k = 0; k < WIRE_KINDS; k++)
			assert_null(wire_inconsistent(root, k, &why));
	}
}

/* What is malformed comes out as it went in; the first fault is named with its place. */
static void test_malformed(void **state)
{
	static const struct {
		const char *octets, *path;
		size_t octet;
		const char *undecoded;      /* a path that must be there, or NULL */
	} cases[] = {
		{ "", "HEAD", 0, NULL },
		{ "01", "HEAD", 1, NULL },
		{ "0120", "HEAD", 1, "undecoded" },
		{ "00 2000 0004", "HEAD.length", 3, NULL },
		{ "00 2000 0006", "HEAD.length", 3, NULL },
		{ "00 2000 0006 00", "undecoded", 5, "parts.undecoded" },
		{ "01 2000 0005", "parts", 5, NULL },
		{ "00 2000 0005 ee", "undecoded", 5, "undecoded" },
		{ "00 2000 0004 ee", "HEAD.length", 3, "undecoded" },
		{ "00 2000 0007 eeee", "undecoded", 5, "undecoded" },
		{ "012000000d 00 00 0003 02 00 0000", "BOX.length", 7, "BOX.undecoded" },
		{ "012000000d 00 00 0009 02 00 0000", "BOX.length", 7, "BOX.stamp" },
		{ "012000000d 00 00 0005 02 00 0000", "BOX", 10, "parts.undecoded" },
		{ "012000000d 00 00 0008 02 03 0000", "BOX.tag", 11, "BOX.undecoded" },
		{ "012000000d 00 00 0008 02 01 0000", "BOX.stamp", 12, "BOX.undecoded" },
		{ "0220000010 00 00 000b 02 03 000001 beef", "PAIRS.pair[2]", 15, "PAIRS.pair[2].undecoded" },
		{ "0220000014 00 00 000f 01 03 000001 00 ffffff beef", "PAIRS.undecoded", 16, "PAIRS.sum" },
		{ "032000000d 00 00 0008 09 04 0102", "ANY.undecoded", 11, "ANY.undecoded" },
		{ "032000000d 00 00 0008 01 03 0102", "ANY", 11, "ANY.undecoded" },
		{ "032000000d 00 00 0008 02 03 0102", "ANY.undecoded", 12, "ANY.text" },
		{ "032000000d 00 00 0008 01 09 0102", "ANY.inner", 10, "ANY.value" },
		{ "032000000d 00 00 0008 01 01 0102", "ANY.inner", 10, "ANY.undecoded" },
		{ "042000000a 09 04 aabbcc", "undecoded", 9, "SEALED.body" },
		{ "042000000a 09 06 aabbcc", "SEALED.length", 6, "SEALED.body" },
		{ "062000000d 00 00 0008 03 01 aabb", "IDS.ID[1].id", 11, "IDS.ID[1].undecoded" },
		{ "062000000d 00 00 0008 00 01 aabb", "IDS.undecoded", 11, "IDS.undecoded" },
		{ "c820000009 00 00 0005", "OTHER(200).length", 7, NULL },
		{ "0120000010 63 00 0008 02 00 0000 00 00 00", "OTHER(99)", 15, "OTHER.undecoded" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = cases[i].octets;
		struct bytes in;
		struct why why = { .octet = 0 };
		bool clean;
		struct node *root;

		in = hex(text);
		root = wire_decode(arena, &toy, in, &clean, &why);
		if (clean)
			fail_msg("%s: nothing wrong with it?", text);
		if (strcmp(why.path, cases[i].path) != 0 || why.octet != cases[i].octet)
			fail_msg("%s: at octet %zu (%s): %s", text, why.octet, why.path, why.text);
		assert_encodes(root, in, text);
		wire_unset_derived(wire_copy(arena, root));
		if (cases[i].undecoded && !wire_find(root, cases[i].undecoded, &why))
			fail_msg("%s: %s", text, why.text);
	}
}

/* Made from nothing: constants in place, lengths and types follow. */
static void test_new(void **state)
{
	struct node *root = wire_new(arena, &toy);
	struct node *parts = wire_find(root, "parts", NULL), *pairs, *any;

	(void)state;
	assert_encodes(root, hex("00 2000 0005"), "empty");
	wire_append(arena, parts, NULL, 1);
	pairs = wire_append(arena, parts, NULL, 2);
	any = wire_append(arena, parts, &toy_any, 3);
	assert_encodes(root, hex("01 2000 001c  02 00 0008 01 00 0000  03 00 0007 00 0000"
				 "00 00 0008 01 04 0007"), "defaults");
	assert_true(wire_give_number(root, "BOX.colour", 2));
	assert_false(wire_give_number(root, "BOX.colour", 256));
	assert_false(wire_give_number(root, "BOX.tag", 1));
	assert_false(wire_give_number(root, "BOX.nothing", 1));
	assert_true(wire_give_octets(arena, root, "BOX.tag", hex("a1a2")));
	assert_false(wire_give_octets(arena, root, "BOX.colour", hex("a1a2")));
	wire_append(arena, wire_find(pairs, "items", NULL), &toy_pair, 0);
	wire_append(arena, wire_find(pairs, "items", NULL), NULL, 0);
	assert_true(wire_give_number(any, "kind", 2));
	assert_true(wire_give_octets(arena, any, "text", hex("414243")));
	assert_encodes(root, hex("01 2000 0027  02 00 000a 02 02 a1a2 0000"
				 "03 00 000f 02 03000000 00000000 0000  00 00 0009 02 05 414243"), "filled");
	assert_true(wire_give_number(any, "kind", 9));
	assert_null(wire_find(any, "text", NULL));
}

/* What is set is never corrected; the rest follows; unset follows again. */
static void test_set(void **state)
{
	static const struct {
		const char *path;
		uint64_t to;
		const char *octets;
	} cases[] = {
		{ "HEAD.length", 65535, "01 2000 ffff  c8 00 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "HEAD.first", 0, "00 2000 0014  c8 00 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "HEAD.low", 4095, "01 2fff 0014  c8 00 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "BOX.next", 77, "01 2000 0014  4d 00 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "BOX.flag", 1, "01 2000 0014  c8 80 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "BOX.spare", 127, "01 2000 0014  c8 7f 000a 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "BOX.length", 0, "01 2000 0014  c8 00 0000 01 01 ff 0000 cd 00 00 0005 ee" },
		{ "BOX.tag_size", 9, "01 2000 0014  c8 00 000a 01 09 ff 0000 cd 00 00 0005 ee" },
		{ "OTHER(200).next", 1, "01 2000 0014  c8 00 000a 01 01 ff 0000 cd 01 00 0005 ee" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why = { .octet = 0 };
		struct node *root = wire_new(arena, &toy), *n, *other;
		struct bytes honest;

		wire_append(arena, wire_find(root, "parts", NULL), NULL, 1);
		other = wire_append(arena, wire_find(root, "parts", NULL), NULL, 200);
		wire_give_octets(arena, root, "BOX.tag", hex("ff"));
		wire_give_octets(arena, root, "BOX.data", hex("cd"));
		wire_give_octets(arena, other, "data", hex("ee"));
		assert_true(wire_encode(arena, root, &honest, &why));
		n = wire_find(root, cases[i].path, &why);
		if (!n)
			fail_msg("%s: %s", cases[i].path, why.text);
		assert_true(wire_set_number(n, cases[i].to, &why));
		assert_encodes(root, hex(cases[i].octets), cases[i].path);
		wire_unset(n);
		if (n->row->kind != WIRE_UINT)
			assert_encodes(root, honest, cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well_formed),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_set),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
