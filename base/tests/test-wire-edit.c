#include "test.h"
#include "toy-format.h"
#include "test-values.h"

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

/* A RED and a BLUE box and two pairs, honest: nothing set. */
static struct node *honest_tree(void)
{
	struct node *root = wire_new(arena, &toy), *list = wire_find(root, "parts", NULL), *n;
	struct octets o = octets_of("a1a2");
	struct bytes out;

	wire_append(arena, list, NULL, 1);
	n = wire_append(arena, list, NULL, 1);
	wire_give_number(n, "colour", 2);
	wire_give_octets(arena, n, "tag", octets_bytes(&o));
	n = wire_append(arena, list, NULL, 2);
	wire_append(arena, wire_find(n, "items", NULL), NULL, 0);
	wire_append(arena, wire_find(n, "items", NULL), NULL, 0);
	wire_give_number(n, "pair[2].value", 5);
	wire_encode(arena, root, &out, NULL);
	return root;
}

#define HONEST \
	"01 2000 0026", "01 00 0008 01 00 0000", "02 00 000a 02 02 a1a2 0000", "00 00 000f 02 03000000 00000005 0000"

struct edit_case {
	struct edit edit;
	const char *wanted;             /* octets, or NULL */
	const char *text;               /* what was told, or why it was refused; NULL: not looked at */
};

static void run_case(const struct edit_case *c)
{
	struct node *root = honest_tree(), *honest = wire_copy(arena, root);
	struct edit_log log = { "" };
	struct edits edits = { &c->edit, 1, test_value, test_edited, &log };
	struct why why = { .octet = 0 };
	struct bytes out;
	bool good = edit_apply(arena, root, honest, &edits, &c->edit, &why);
	char what[160];

	snprintf(what, sizeof(what), "%s (operation %d)", c->edit.path, c->edit.op);
	if (c->text)
		expect_text(what, c->text, good ? log.text : why.text);
	if (!good && c->wanted)
		fail_msg("%s: %s", what, why.text);
	assert_int_equal(good, c->wanted != NULL);
	if (!good) {
		assert_string_equal(why.file, "case.xml");
		assert_int_equal(why.line, 7);
		return;
	}
	assert_true(wire_encode(arena, root, &out, &why));
	expect_hex(out, c->wanted, what);
	assert_true(wire_validate(root, &why));
}

#define EDIT(o, p, ...) { .op = o, .path = p, .file = "case.xml", .line = 7, __VA_ARGS__ }

static void test_fields(void **state)
{
	static const struct edit_field two[] = { { "colour", "2" }, { "tag", "hee" } };
	static const struct edit_field wrong[] = { { "color", "2" } };
	static const struct edit_field picks[] = { { "kind", "2" }, { "text", "h4142" } };
	static const struct edit_case cases[] = {
		/* set: numbers and octets, one or many, whatever fits; lengths follow */
		{ EDIT(EDIT_SET, "BOX.length", .value = "65535"),
		  "01 2000 0026  01 00 ffff 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  "BOX(RED).length: 8 -> 65535\n" },
		{ EDIT(EDIT_SET, "BOX.length", .value = "honest+1"),
		  "01 2000 0026  01 00 0009 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_SET, "BOX[*].spare", .value = "index"),
		  "01 2000 0026  01 01 0008 01 00 0000 02 02 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  "BOX(RED).spare: 0 -> 1\nBOX(BLUE).spare: 0 -> 2\n" },
		{ EDIT(EDIT_SET, "BOX(BLUE).tag", .value = "h"),
		  "01 2000 0024  01 00 0008 01 00 0000 02 00 0008 02 00 0000 00 00 000f 02 03000000 00000005 0000",
		  "BOX(BLUE).tag: a1a2 (2 octets) ->  (0 octets)\n" },
		{ EDIT(EDIT_SET, "BOX(BLUE).tag", .value = "5"),
		  "01 2000 0026  01 00 0008 01 00 0000 02 00 000a 02 02 0005 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_SET, "BOX.data", .value = "0x102"),
		  "01 2000 0028  01 00 000a 01 00 0000 0102 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_SET, "BOX.length", .value = "h0102"),
		  "01 2000 0026  01 00 0102 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_SET, "PAIRS", .value = "h0000000401"),
		  "01 2000 001c  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000 0000000401", NULL },
		{ EDIT(EDIT_SET, "BOX.length", .value = "65536"), NULL, "BOX(RED).length has 16 bits, 65536 does not fit" },
		{ EDIT(EDIT_SET, "BOX(BLUE).tag", .value = "65536"), NULL, "tag has 2 octets, 65536 does not fit" },
		{ EDIT(EDIT_SET, "PAIRS", .value = "1"), NULL, "a part takes octets, not a number" },
		{ EDIT(EDIT_SET, "BOX.nothing", .value = "1"), NULL, "BOX.nothing is not in the message" },
		{ EDIT(EDIT_SET, "BOX.length", .value = "fail"), NULL, "no such variable" },
		/* corrupt: the honest value with a bit flipped */
		{ EDIT(EDIT_CORRUPT, "BOX.length"),
		  "01 2000 0026  01 00 0009 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_CORRUPT, "BOX(BLUE).tag", .bit = "15"),
		  "01 2000 0026  01 00 0008 01 00 0000 02 00 000a 02 02 21a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_CORRUPT, "BOX(BLUE).tag", .bit = "h11"),
		  "01 2000 0026  01 00 0008 01 00 0000 02 00 000a 02 02 a1a0 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_CORRUPT, "BOX(BLUE).tag", .bit = "16"), NULL, "the field has fewer bits" },
		{ EDIT(EDIT_CORRUPT, "BOX.tag"), NULL, "an empty field has no bits to corrupt" },
		/* freeze: the honest value, never corrected */
		{ EDIT(EDIT_FREEZE, "HEAD.length"),
		  "01 2000 0026  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  "HEAD.length: 38 -> 38\n" },
		/* parts */
		{ EDIT(EDIT_ADD, "BOX", .fields = two, .field_count = 2, .times = 2),
		  "01 2000 0038  01 00 0008 01 00 0000 01 00 000a 02 02 a1a2 0000 01 00 0009 02 01 ee 0000"
		  "02 00 0009 02 01 ee 0000 00 00 000f 02 03000000 00000005 0000",
		  "BOX(BLUE)[2]: not there -> added\nBOX(BLUE)[3]: not there -> added\n" },
		{ EDIT(EDIT_ADD, "ANY", .fields = picks, .field_count = 2, .before = "BOX[2]"),
		  "01 2000 002e  03 00 0008 01 00 0000 01 00 0008 02 04 4142 02 00 000a 02 02 a1a2 0000"
		  "00 00 000f 02 03000000 00000005 0000", NULL },
		{ EDIT(EDIT_ADD, "OTHER(99)", .after = "PAIRS"),
		  "01 2000 002a  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000 63 00 000f 02 03000000 00000005 0000"
		  "00 00 0004", NULL },
		{ EDIT(EDIT_ADD, "PAIRS.pair"),
		  "01 2000 002a  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000"
		  "00 00 0013 03 03000000 03000005 00000000 0000", NULL },
		{ EDIT(EDIT_ADD, "BOX", .fields = wrong, .field_count = 1), NULL, "BOX has no field 'color'" },
		{ EDIT(EDIT_ADD, "BOX", .before = "IDS"), NULL, "IDS is not in the message" },
		{ EDIT(EDIT_ADD, "BOX", .after = "IDS"), NULL, "IDS is not in the message" },
		{ EDIT(EDIT_ADD, "NIX"), NULL, "NIX cannot be added: no list there holds 'NIX'" },
		{ EDIT(EDIT_DROP, "BOX[*]"), "02 2000 0014  00 00 000f 02 03000000 00000005 0000",
		  "BOX(RED): there -> dropped\nBOX: there -> dropped\n" },
		{ EDIT(EDIT_DROP, "PAIRS.pair[1]"),
		  "01 2000 0022  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000b 01 00000005 0000", NULL },
		{ EDIT(EDIT_DROP, "BOX.length"), NULL, "is a field: only parts can be added, dropped or moved" },
		{ EDIT(EDIT_COPY, "BOX.length"), NULL, "is a field: only parts can be added, dropped or moved" },
		{ EDIT(EDIT_MOVE, "BOX.length"), NULL, "is a field: only parts can be added, dropped or moved" },
		{ EDIT(EDIT_COPY, "BOX(RED)", .times = 2),
		  "01 2000 0036  01 00 0008 01 00 0000 01 00 0008 01 00 0000 01 00 0008 01 00 0000"
		  "02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000", NULL },
		{ EDIT(EDIT_MOVE, "BOX(RED)", .after = "PAIRS"),
		  "01 2000 0026  02 00 000a 02 02 a1a2 0000 01 00 000f 02 03000000 00000005 0000 00 00 0008 01 00 0000",
		  "BOX(RED): there -> moved\n" },
		{ EDIT(EDIT_MOVE, "PAIRS", .before = "BOX"),
		  "02 2000 0026  01 00 000f 02 03000000 00000005 0000 01 00 0008 01 00 0000 00 00 000a 02 02 a1a2 0000",
		  NULL },
		{ EDIT(EDIT_MOVE, "BOX", .before = "BOX"),
		  "01 2000 0026  01 00 0008 01 00 0000 02 00 000a 02 02 a1a2 0000 00 00 000f 02 03000000 00000005 0000",
		  NULL },
		{ EDIT(EDIT_MOVE, "BOX", .before = "PAIRS.pair"), NULL, "the place to move to is in another list" },
		{ EDIT(EDIT_TRUNCATE_TO, "", .value = "1"), NULL, "is an edit of the finished datagram, not of a field" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		run_case(&cases[i]);
}

/* After an edit, honest speaks of what the rules give; after a set, of the honest message. */
static void test_sequences(void **state)
{
	static const struct {
		struct edit edits[3];
		const char *path;
		uint64_t wanted;
	} cases[] = {
		{ { EDIT(EDIT_SET, "BOX.data", .value = "haabb"), EDIT(EDIT_FREEZE, "BOX.length") }, "BOX.length", 8 },
		{ { EDIT(EDIT_SET, "BOX.data", .value = "haabb"), EDIT(EDIT_CORRUPT, "BOX.length") }, "BOX.length", 11 },
		{ { EDIT(EDIT_SET, "BOX.length", .value = "99"), EDIT(EDIT_CORRUPT, "BOX.length") }, "BOX.length", 9 },
		{ { EDIT(EDIT_SET, "BOX.length", .value = "99"), EDIT(EDIT_UNSET, "BOX.length") }, "BOX.length", 8 },
		{ { EDIT(EDIT_SET, "BOX.spare", .value = "9"), EDIT(EDIT_UNSET, "BOX.spare") }, "BOX.spare", 0 },
		{ { EDIT(EDIT_COPY, "BOX(RED)", .times = 1), EDIT(EDIT_DROP, "PAIRS") }, "HEAD.length", 31 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node *root = honest_tree(), *honest = wire_copy(arena, root);
		struct edits edits = { cases[i].edits, 2, test_value, NULL, NULL };
		struct why why = { .octet = 0 };
		struct bytes out;
		uint64_t v;

		for (size_t e = 0; e < 2; e++) {
			if (!edit_apply(arena, root, honest, &edits, &cases[i].edits[e], &why))
				fail_msg("%s: %s", cases[i].path, why.text);
			assert_true(wire_encode(arena, root, &out, &why));
		}
		assert_true(wire_number(root, cases[i].path, &v));
		expect_number(cases[i].path, cases[i].wanted, v);
	}
}

static void test_datagram(void **state)
{
	static const struct edit_case cases[] = {
		{ EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "0"), "010203", "datagram: 3 octets -> 3 octets\n" },
		{ EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "2", .bit = "7"), "000283", NULL },
		{ EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "1", .bit = "h09"), "000003", NULL },
		{ EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "3"), NULL, "no such octet or bit in the datagram" },
		{ EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "1", .bit = "8"), NULL, NULL },
		{ EDIT(EDIT_TRUNCATE_TO, NULL, .value = "2"), "0002", "datagram: 3 octets -> 2 octets\n" },
		{ EDIT(EDIT_TRUNCATE_TO, NULL, .value = "0"), "", NULL },
		{ EDIT(EDIT_TRUNCATE_TO, NULL, .value = "4"), NULL, "the datagram is shorter" },
		{ EDIT(EDIT_TRUNCATE_BY, NULL, .value = "1"), "0002", NULL },
		{ EDIT(EDIT_TRUNCATE_BY, NULL, .value = "4"), NULL, "the datagram is shorter" },
		{ EDIT(EDIT_APPEND, NULL, .value = "hffee"), "000203ffee", NULL },
		{ EDIT(EDIT_APPEND, NULL, .value = "7"), "00020307", NULL },
		{ EDIT(EDIT_APPEND, NULL, .value = "fail"), NULL, "no such variable" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const uint8_t octets[] = { 0, 2, 3 };
		struct bytes io = BYTES_OF(octets);
		struct edit_log log = { "" };
		struct edits edits = { &cases[i].edit, 1, test_value, test_edited, &log };
		struct why why = { .octet = 0 };
		bool good = edit_apply_datagram(arena, &io, &edits, &cases[i].edit, &why);

		assert_true(edit_of_datagram(&cases[i].edit));
		assert_int_equal(good, cases[i].wanted != NULL);
		if (good)
			expect_hex(io, cases[i].wanted, "datagram");
		if (cases[i].text)
			expect_text("datagram", cases[i].text, good ? log.text : why.text);
	}
}

static void test_root(void **state)
{
	char text[8];

	(void)state;
	assert_string_equal(edit_root("KE.length", text, sizeof(text)), "KE");
	assert_string_equal(edit_root("N(COOKIE)", text, sizeof(text)), "N");
	assert_string_equal(edit_root("SKF[2].icv", text, sizeof(text)), "SKF");
	assert_string_equal(edit_root(NULL, text, sizeof(text)), "");
	assert_string_equal(edit_root("SOMETHINGLONG", text, sizeof(text)), "SOMETHI");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_root),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
