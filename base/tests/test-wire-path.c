#include "test.h"
#include "toy-format.h"

static struct arena *arena;
static struct node *root;

/* Three boxes (RED, BLUE, BLUE), two pairs, an unknown part. */
static int setup(void **state)
{
	static const char octets[] = "01 2000 0037  01 00 0009 01 00 0000 aa  01 00 0009 02 00 0000 bb"
				     "02 00 0009 02 00 0000 cc  63 00 000f 02 03 000001 00 000002 beef"
				     "00 00 0008 00112233";
	struct octets o = octets_of(octets);
	bool clean;

	(void)state;
	arena = arena_new(64 << 20);
	root = wire_decode(arena, &toy, arena_copy(arena, octets_bytes(&o)), &clean, NULL);
	return !root || !clean;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void test_find(void **state)
{
	static const struct {
		const char *path;
		size_t count;
		uint64_t first;             /* value of the first match, if it is a number */
	} cases[] = {
		{ "HEAD.length", 1, 55 },
		{ "BOX", 1, 0 },
		{ "BOX.colour", 1, 1 },
		{ "BOX[*].colour", 3, 1 },
		{ "BOX[2].colour", 1, 2 },
		{ "BOX[4].colour", 0, 0 },
		{ "BOX(BLUE)[*]", 2, 0 },
		{ "BOX(blue)[2].data", 1, 0xcc },
		{ "BOX(2).data", 1, 0xbb },
		{ "BOX(0x2).data", 1, 0xbb },
		{ "BOX(GREEN)", 0, 0 },
		{ "Crate[3].data", 1, 0xcc },
		{ "Case(RED).data", 1, 0xaa },
		{ "Crat.data", 0, 0 },
		{ "PAIRS.pair[2].value", 1, 2 },
		{ "PAIRS.pair[*].value", 2, 1 },
		{ "PAIRS.items.pair[1].more", 1, 3 },
		{ "PAIRS.sum", 1, 0xbeef },
		{ "OTHER(99).data", 1, 0x00112233 },
		{ "OTHER(1).colour", 1, 1 },
		{ "OTHER(1)[2].colour", 1, 2 },
		{ "OTHER.data", 1, 0x00112233 },
		{ "parts.BOX[3].data", 1, 0xcc },
		{ "BOX.colour.more", 0, 0 },
		{ "", 0, 0 },
		{ "BOX[0]", 0, 0 },
		{ "BOX[", 0, 0 },
		{ "BOX[1", 0, 0 },
		{ "BOX[*", 0, 0 },
		{ "BOX[x]", 0, 0 },
		{ "BOX()", 0, 0 },
		{ "BOX(1", 0, 0 },
		{ "BOX.", 0, 0 },
		{ "BOX data", 0, 0 },
		{ "BOX(99999999999)", 0, 0 },
		{ "a.a.a.a.a.a.a.a.a.a.a.a.a", 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node *found[4];
		uint64_t v;

		expect_number(cases[i].path, cases[i].count, wire_find_all(root, cases[i].path, found, 4));
		assert_int_equal(wire_find(root, cases[i].path, NULL) != NULL, cases[i].count > 0);
		if (cases[i].first) {
			assert_true(wire_number(root, cases[i].path, &v));
			expect_number(cases[i].path, cases[i].first, v);
		}
	}
}

static void test_path_of(void **state)
{
	static const char *const cases[][2] = {
		{ "HEAD.length", "HEAD.length" },
		{ "BOX[1]", "BOX(RED)" },
		{ "BOX[1].data", "BOX(RED).data" },
		{ "BOX[3].colour", "BOX(BLUE)[2].colour" },
		{ "PAIRS.pair[2].value", "PAIRS.pair[2].value" },
		{ "PAIRS.sum", "PAIRS.sum" },
		{ "OTHER(99).data", "OTHER(99).data" },
	};
	char text[96], tiny[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node *n = wire_find(root, cases[i][0], NULL);

		expect_text(cases[i][0], cases[i][1], wire_path_of(n, text, sizeof(text)));
		assert_ptr_equal(wire_find(root, text, NULL), n);
		assert_true(strlen(wire_path_of(n, tiny, sizeof(tiny))) < sizeof(tiny));
	}
}

static void test_possible(void **state)
{
	static const struct {
		const char *path;
		const char *why;            /* NULL: possible */
	} cases[] = {
		{ "HEAD.length", NULL },
		{ "BOX(RED).tag_size", NULL },
		{ "Crate.data", NULL },
		{ "ANY.text", NULL },
		{ "ANY(2).text", NULL },
		{ "ANY(1).text", "ANY has no field 'text'" },
		{ "PAIRS.pair[3].value", NULL },
		{ "PAIRS.items", NULL },
		{ "NEST.NEST.NEST[*].length", NULL },
		{ "BOX.undecoded", NULL },
		{ "OTHER(77).data", NULL },
		{ "BOX.lenght", "BOX has no field 'lenght'; did you mean 'length'?" },
		{ "BOXX", "toy has no field 'BOXX'; did you mean 'BOX'?" },
		{ "BOX(REDD)", "BOX(REDD): not a name of colours; did you mean 'RED'?" },
		{ "BOX.colour.x", "colour is a field: it has no 'x'" },
		{ "BOX..x", "path 'BOX..x': a name is missing" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why = { .octet = 0 };
		bool possible = wire_path_possible(&toy, cases[i].path, &why);

		expect_text(cases[i].path, cases[i].why, possible ? NULL : why.text);
	}
}

static void test_row(void **state)
{
	(void)state;
	assert_ptr_equal(wire_path_row(&toy, "BOX[2].colour"), &toy_box_rows[4]);
	assert_ptr_equal(wire_path_row(&toy, "ANY(1).value"), &toy_number_rows[0]);
	assert_ptr_equal(wire_path_row(&toy, "HEAD.length"), &toy_head_rows[3]);
	assert_null(wire_path_row(&toy, "BOX"));
	assert_null(wire_path_row(&toy, "BOX.nothing"));
	for (enum wire_kind k = 0; k < WIRE_KINDS; k++)
		assert_int_equal(wire_kind_value(wire_kind_name(k)), k);
	assert_int_equal(wire_kind_value("NOTHING"), -1);
}

/* The order of parts after each operation, as one letter each. */
static const char *order(struct node *in, char *text)
{
	size_t len = 0;

	for (const struct node *n = wire_find(in, "parts", NULL)->first; n; n = n->next)
		text[len++] = n->type == 1 ? "?rb"[wire_find((struct node *)n, "colour", NULL)->number]
			    : n->type == 2 ? 'P' : 'o';
	text[len] = '\0';
	return text;
}

static void test_parts(void **state)
{
	static const struct {
		const char *part, *before, *after, *order, *why;
	} cases[] = {
		{ "BOX(RED)", NULL, NULL, "rbbrPo", NULL },
		{ "BOX(RED)", "BOX(BLUE)", NULL, "rrbbPo", NULL },
		{ "BOX(BLUE)", NULL, "BOX(RED)", "rbbbPo", NULL },
		{ "OTHER(55)", "BOX", NULL, "orbbPo", NULL },
		{ "OTHER(55)", NULL, NULL, "rbbPoo", NULL },
		{ "SEALED", NULL, NULL, "rbbPoo", NULL },
		{ "PAIRS.pair", NULL, NULL, "rbbPo", NULL },
		{ "PAIRS.pair", "BOX", NULL, NULL, "pair cannot stand beside that: it is in another list" },
		{ "OTHER", NULL, NULL, NULL, "OTHER cannot be added: no list there holds 'OTHER'" },
		{ "NOTHING", NULL, NULL, NULL, "NOTHING cannot be added: no list there holds 'NOTHING'" },
		{ "IDS.ID", NULL, NULL, NULL, "IDS.ID: what it would stand in is not in the message" },
		{ "BOX(PINK)", NULL, NULL, NULL, "BOX(PINK): no such colour" },
		{ "BOX(256)", NULL, NULL, NULL, "BOX(256): does not fit 8 bits" },
		{ "BOX..", NULL, NULL, NULL, "path 'BOX..': a name is missing" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node *copy = wire_copy(arena, root), *made;
		struct node *before = cases[i].before ? wire_find(copy, cases[i].before, NULL) : NULL;
		struct node *after = cases[i].after ? wire_find(copy, cases[i].after, NULL) : NULL;
		struct why why = { .octet = 0 };
		struct bytes out;
		char text[16];

		made = wire_add(arena, copy, cases[i].part, before, after, &why);
		expect_text(cases[i].part, cases[i].why, made ? NULL : why.text);
		if (!made)
			continue;
		expect_text(cases[i].part, cases[i].order, order(copy, text));
		assert_true(wire_encode(arena, copy, &out, &why));
		assert_true(wire_validate(copy, &why));
		wire_drop(made);
		expect_text("dropped", "rbbPo", order(copy, text));
		wire_insert(wire_find(copy, "parts", NULL), wire_copy(arena, wire_find(copy, "PAIRS", NULL)),
			    wire_find(copy, "BOX", NULL));
		expect_text("copied", "PrbbPo", order(copy, text));
		expect_number("count", 6, wire_count(wire_find(copy, "parts", NULL)));
	}
}

static void test_values(void **state)
{
	struct node *copy = wire_copy(arena, root);
	struct octets long_one = octets_of("010203040506070809");
	struct why why = { .octet = 0 };
	struct bytes out;

	(void)state;
	assert_false(wire_set_number(wire_find(copy, "BOX.data", NULL), 1, &why));
	expect_text("set", "BOX(RED).data is not a number", why.text);
	assert_false(wire_set_number(wire_find(copy, "BOX.spare", NULL), 128, &why));
	expect_text("set", "BOX(RED).spare has 7 bits, 128 does not fit", why.text);
	assert_true(wire_set_octets(arena, wire_find(copy, "BOX.length", NULL),
				    bytes_make(long_one.at, 2), &why));
	assert_false(wire_set_octets(arena, wire_find(copy, "BOX.length", NULL),
				     octets_bytes(&long_one), &why));
	assert_true(wire_octets(arena, wire_find(copy, "BOX.length", NULL), &out));
	expect_hex(out, "0102", "a number");
	assert_true(wire_octets(arena, wire_find(copy, "PAIRS.pair[2]", NULL), &out));
	expect_hex(out, "00000002", "a part");
	assert_true(wire_octets(arena, wire_find(copy, "BOX[1].flag", NULL), &out));
	expect_hex(out, "00", "a bit");
	assert_true(wire_set_octets(arena, wire_find(copy, "BOX[2]", NULL), octets_bytes(&long_one), &why));
	wire_unset_derived(copy);
	assert_true(wire_encode(arena, copy, &out, &why));
	assert_true(wire_validate(copy, &why));
	expect_hex(out, "01 2000 0037  01 00 0009 01 00 0000 aa  010203040506070809"
		   "02 00 0009 02 00 0000 cc  63 00 000f 02 03 000001 00 000002 beef"
		   "00 00 0008 00112233", "a raw part");
}

/* A field that does not fit is named, and nothing is encoded. */
static void test_refused(void **state)
{
	struct node *copy = wire_copy(arena, root);
	struct why why = { .octet = 0 };
	struct bytes out, big = { arena_alloc(arena, 70000), 70000 };
	struct node *bit = wire_find(copy, "BOX.flag", NULL);

	(void)state;
	wire_unset_derived(copy);
	wire_set_octets(arena, wire_find(copy, "BOX.data", NULL), big, &why);
	assert_false(wire_encode(arena, copy, &out, &why));
	expect_text("refused", "HEAD.length", why.path);
	wire_set_octets(arena, wire_find(copy, "BOX.data", NULL), BYTES_NONE, &why);
	wire_drop(bit);
	assert_false(wire_encode(arena, copy, &out, &why));
	expect_text("refused", "octets that do not begin at a whole octet", why.text);
}

static void collect(void *ctx, const char *text, size_t len)
{
	struct sink *s = ctx;

	sink_put(s, bytes_make(text, len));
}

static void test_print(void **state)
{
	static const char wanted[] =
		"HEAD\n  first: 1\n  high: 2\n  low: 0\n  length: 55\n"
		"BOX(RED)\n  next: 1\n  flag: 0\n  spare: 0\n  length: 9\n  colour: 1 (RED)\n"
		"  tag_size: 0\n  tag: (empty)\n  stamp: 0000\n  data: aa\n";
	char text[2000];
	struct sink s = sink_over(text, sizeof(text) - 1);

	(void)state;
	wire_print(root, collect, &s);
	text[s.len] = '\0';
	if (strncmp(text, wanted, strlen(wanted)) != 0)
		fail_msg("printed:\n%s", text);
	assert_non_null(strstr(text, "PAIRS (2)\n"));
	assert_non_null(strstr(text, "  pair[2]\n    more: 0\n    value: 2\n  sum: beef\n"));
	assert_non_null(strstr(text, "OTHER (99)\n"));
}

/* Nests in nests end at a depth; what is deeper stays as octets. */
static void test_depth(void **state)
{
	uint8_t octets[5 + 2 * 100] = { 5, 0x20, 0, 0, sizeof(octets) };
	struct why why = { .octet = 0 };
	struct node *deep;
	struct bytes out;
	bool clean;

	(void)state;
	for (size_t i = 5; i < sizeof(octets); i += 2)
		octets[i + 1] = (uint8_t)(sizeof(octets) - i);
	deep = wire_decode(arena, &toy, BYTES_OF(octets), &clean, &why);
	assert_false(clean);
	assert_non_null(strstr(why.text, "inside each other"));
	assert_true(wire_encode(arena, deep, &out, &why));
	assert_true(bytes_equal(out, BYTES_OF(octets)));
	assert_true(wire_validate(deep, &why));
}

/* The cap of an arena ends a decode, an encode and a copy; nothing else happens. */
static void test_cap(void **state)
{
	struct octets o = octets_of("01 2000 0037  01 00 0009 01 00 0000 aa  01 00 0009 02 00 0000 bb"
				    "02 00 0009 02 00 0000 cc  63 00 000f 02 03 000001 00 000002 beef"
				    "00 00 0008 00112233");
	size_t refused = 0;
	bool clean;

	(void)state;
	for (size_t cap = 64; cap < 20000; cap += 500) {
		struct arena *small = arena_new(cap);
		struct node *n = small ? wire_decode(small, &toy, octets_bytes(&o), &clean, NULL) : NULL;
		struct bytes out;

		refused += n == NULL;
		if (n && wire_encode(small, n, &out, NULL))
			assert_true(bytes_equal(out, octets_bytes(&o)));
		if (small) {
			wire_copy(small, root);
			wire_new(small, &toy);
		}
		arena_free(small);
	}
	assert_in_range(refused, 1, 39);
}

/* 16,000 parts in 64 KiB: every operation goes once over them. */
static void test_linear(void **state)
{
	static uint8_t octets[5 + 4 * 16000];
	struct why why = { .octet = 0 };
	struct node *many;
	struct bytes out;
	bool clean;

	(void)state;
	octets[0] = 200;
	octets[1] = 0x20;
	store_u16(octets + 3, sizeof(octets));
	for (size_t i = 5; i < sizeof(octets); i += 4) {
		octets[i] = i + 4 < sizeof(octets) ? 200 : 0;
		octets[i + 3] = 4;
	}
	for (int round = 0; round < 20; round++) {
		arena_reset(arena);
		many = wire_decode(arena, &toy, BYTES_OF(octets), &clean, &why);
		assert_true(clean);
		wire_unset_derived(many);
		assert_true(wire_encode(arena, many, &out, &why));
		assert_true(bytes_equal(out, BYTES_OF(octets)));
		assert_true(wire_validate(many, &why));
		assert_int_equal(wire_find_all(many, "OTHER[*].length", NULL, 0), 16000);
		assert_non_null(wire_find(many, "OTHER[16000]", NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),     cmocka_unit_test(test_path_of),
		cmocka_unit_test(test_possible), cmocka_unit_test(test_row),
		cmocka_unit_test(test_parts),    cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_print),
		cmocka_unit_test(test_depth),    cmocka_unit_test(test_cap),
		cmocka_unit_test(test_linear),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
