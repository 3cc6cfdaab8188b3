#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "scenario/value.h"

static const struct variable variables[] = {
	{ "size",  "16",             NULL, 0 },
	{ "less",  "${honest} - 1",  NULL, 0 },
	{ "path",  "SK.padding",     NULL, 0 },
	{ "order", "1 3 2",          NULL, 0 },
	{ "suite", "${group}-esn",   NULL, 0 },
	{ "group", "x25519",         NULL, 0 },
	{ "loop",  "${loop2} + 1",   NULL, 0 },
	{ "loop2", "${loop}",        NULL, 0 },
	{ "laugh", "${la}${la}${la}${la}${la}${la}${la}${la}",          NULL, 0 },
	{ "la",    "${ha}${ha}${ha}${ha}${ha}${ha}${ha}${ha}",          NULL, 0 },
	{ "ha",    "${group}${group}${group}${group}${group}${group}",  NULL, 0 },
	{ "sum",   "${su} + ${su} + ${su} + ${su} + ${su} + ${su} + ${su} + ${su}",     NULL, 0 },
	{ "su",    "${s} + ${s} + ${s} + ${s} + ${s} + ${s} + ${s}",    NULL, 0 },
	{ "s",     "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + "
		   "${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size} + ${size}", NULL },
};

static struct arena *arena;
static struct variable found;

static const struct variable *find(void *ctx, const char *name)
{
	(void)ctx;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (strcmp(variables[i].name, name) != 0)
			continue;
		found = variables[i];
		found.expr = expr_parse(arena, found.text, NULL);
		struct variable *copy = arena_new_of(arena, struct variable);
		*copy = found;
		return copy;
	}
	return NULL;
}

static bool lookup(void *ctx, const char *reference, struct arena *a, struct value *out,
		   struct why *why)
{
	static const uint8_t icv[16] = { [15] = 0xff };
	static struct value groups[2] = { { .kind = VALUE_TEXT, .text = "ecp256" },
					  { .kind = VALUE_TEXT, .text = "x25519" } };
	(void)ctx;
	(void)a;
	if (strcmp(reference, "honest") == 0)
		*out = (struct value){ .kind = VALUE_NUMBER, .number = 40, .bits = 16 };
	else if (strcmp(reference, "icv") == 0)
		*out = (struct value){ .kind = VALUE_OCTETS, .octets = BYTES_OF(icv) };
	else if (strcmp(reference, "target.groups[2]") == 0)
		*out = groups[1];
	else if (strcmp(reference, "target.groups") == 0)
		*out = (struct value){ .kind = VALUE_LIST, .items = groups, .count = 2 };
	else if (strcmp(reference, "wait") == 0)
		*out = (struct value){ .kind = VALUE_TIME, .number = 30 * USEC_S };
	else
		return why_set(why, "no '%s'", reference);
	return true;
}

static bool special(void *ctx, const char *kind, struct arena *a, struct value *out,
		    struct why *why)
{
	(void)ctx;
	(void)a;
	(void)why;
	*out = (struct value){ .kind = VALUE_OCTETS, .octets = bytes_text(kind) };
	return true;
}

static struct scope scope_of(struct rng *rng, const struct names *names)
{
	rng_seed(rng, 1, "value");
	return (struct scope){
		.variable = find, .lookup = lookup, .special = special, .names = names, .rng = rng
	};
}

/* What an expression gives, printed; or what it is refused with. */
static const struct row {
	const char *text;
	const char *wanted;
	const struct names *names;
} rows[] = {
	{ "12", "12", NULL },
	{ "0xff", "255", NULL },
	{ "0.48", "0.480000", NULL },
	{ "30%", "0.300000", NULL },
	{ "150%", "1.500000", NULL },
	{ "2000/s", "2000", NULL },
	{ "18446744073709551615", "18446744073709551615", NULL },
	{ "18446744073709551616", "more than 64 bits", NULL },
	{ "0x1ffffffffffffffff", "more than 64 bits", NULL },
	{ "18446744073709551615 + 1", "more than 64 bits", NULL },
	{ "18446744073709551615 * 2", "more than 64 bits", NULL },
	{ "18446744073709551615 * 18446744073709551615 * 2", "more than 64 bits", NULL },
	{ "1 + 2 * 3", "7", NULL },
	{ "(1 + 2) * 3", "9", NULL },
	{ "10 - 3 - 2", "5", NULL },
	{ "3 - 10", "-7", NULL },
	{ "-5 + 6", "1", NULL },
	{ "0xf0 ^ 0x0f", "255", NULL },
	{ "1 ^ 2 + 1", "2", NULL },
	{ "1000 * 0.99", "990", NULL },
	{ "1.5 * 1.5", "2.250000", NULL },
	{ "1 +", "a value is missing", NULL },
	{ "1 2", "an operator (+ - * ^ |) is missing", NULL },
	{ "(1", "')' is missing", NULL },
	{ ")", "no value begins here", NULL },
	{ "", "a value is missing", NULL },
	{ "${", "'${' without its '}'", NULL },
	{ "${}", "'${}' names nothing", NULL },
	{ "((((((((((((((((((((((((((1))))))))))))))))))))))))))", "nested too deeply", NULL },
	{ "hex:00ff", "hex:00ff", NULL },
	{ "hex:", "hex:", NULL },
	{ "hex:0", "pairs of hex digits", NULL },
	{ "hex:0g", "pairs of hex digits", NULL },
	{ "text:ab", "hex:6162", NULL },
	{ "text:a b | text:c", "hex:61206263", NULL },
	{ "text:'a b'", "hex:612062", NULL },
	{ "text:'a b", "the quote does not end", NULL },
	{ "zero:3", "hex:000000", NULL },
	{ "ones:2", "hex:ffff", NULL },
	{ "zero:${size}", "hex:00000000000000000000000000000000", NULL },
	{ "zero:(1 + 1)", "hex:0000", NULL },
	{ "zero:2000000", "2000000 octets are more than", NULL },
	{ "zero:-1", "below zero", NULL },
	{ "hex:01 | zero:2 | ones:1", "hex:010000ff", NULL },
	{ "hex:02 | text:nobody", "hex:026e6f626f6479", NULL },
	{ "5 | 0x0102", "hex:050102", NULL },
	{ "${icv} ^ 1", "hex:000000000000000000000000000000fe", NULL },
	{ "${icv} + 1", "hex:00000000000000000000000000000100", NULL },
	{ "hex:ff + 1", "does not fit 1 octet", NULL },
	{ "hex:00 - 1", "does not fit 1 octet", NULL },
	{ "hex:01 * 2", "2", NULL },
	{ "${icv} * 2", "510", NULL },
	{ "ones:16 * 2", "one cannot compute with octets", NULL },
	{ "${honest} - 1", "39", NULL },
	{ "${less} * 2", "78", NULL },
	{ "${nobody}", "no 'nobody'", NULL },
	{ "${loop}", "is worked out from itself", NULL },
	{ "${sum}", "too many variables", NULL },
	{ "public:off-curve", "hex:6f66662d6375727665", NULL },
	{ "public:", "nothing stands behind the colon", NULL },
	{ "file:x", "file: is not allowed here", NULL },
	{ "env:IKESPEC_NOT_THERE", "no variable 'IKESPEC_NOT_THERE'", NULL },
	{ "192.0.2.1", "192.0.2.1", NULL },
	{ "203.0.113.7:31000", "203.0.113.7:31000", NULL },
	{ "2001:db8::1", "2001:db8::1", NULL },
	{ "fd00::1", "fd00::1", NULL },
	{ "[2001:db8::1]:500", "[2001:db8::1]:500", NULL },
	{ "5s", "5s", NULL },
	{ "5s + 500ms", "5.500s", NULL },
	{ "${wait} + 5s", "35s", NULL },
	{ "${wait} * 1.1", "33s", NULL },
	{ "(${wait} - 10s) * 2", "40s", NULL },
	{ "5s + 1", "a time and a number cannot be added", NULL },
	{ "5s * 5s", "two times can only be added", NULL },
	{ "INVALID_SYNTAX", "INVALID_SYNTAX", NULL },
	{ "invalid-syntax + 1", "8", &names_notify },
	{ "CREATE_CHILD_SA", "CREATE_CHILD_SA", &names_exchange },
	{ "x25519 + 0", "31", &names_ke },
	{ "${target.groups[2]} + 0", "31", &names_ke },
	{ "hex: | ${target.groups[2]}", "hex:001f", NULL },
	{ "hex: | x25519", "hex:001f", NULL },
	{ "nonsense", "nonsense", &names_ke },
	{ "nonsense + 1", "'nonsense' is no number", &names_ke },
};

static void expressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rng rng;
		struct scope scope = scope_of(&rng, rows[i].names);
		struct value v;
		struct why why = { .text = "" };
		char text[400];
		arena = arena_new((size_t)1 << 24);
		struct expr *e = expr_parse(arena, rows[i].text, &why);
		if (e != NULL && expr_eval(e, &scope, arena, &v, &why))
			value_print(&v, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%s", why.text);
		if (why.text[0] == '\0' ? strcmp(text, rows[i].wanted) != 0
					: strstr(text, rows[i].wanted) == NULL)
			fail_msg("'%s' gives '%s', not '%s'", rows[i].text, text, rows[i].wanted);
		arena_free(arena);
	}
}

static const struct {
	const char *text;
	const char *wanted;
} texts[] = {
	{ "KE.length", "KE.length" },
	{ "${path}", "SK.padding" },
	{ "${order}", "1 3 2" },
	{ "aes256gcm16-${suite}", "aes256gcm16-x25519-esn" },
	{ "T(${target.groups[2]})", "T(x25519)" },
	{ "${honest}${size}", "4016" },
	{ "${target.groups}", "ecp256 x25519" },
	{ "${nobody}", "no 'nobody'" },
	{ "${laugh}${laugh}${laugh}${laugh}${laugh}${laugh}${laugh}${laugh}${laugh}", "too many" },
	{ "a ${b", "'${' without its '}'" },
	{ "${loop}", "from itself" },
};

static void expansions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct rng rng;
		struct scope scope = scope_of(&rng, NULL);
		struct why why = { .text = "" };
		const char *out = NULL;
		arena = arena_new((size_t)1 << 24);
		if (!text_expand(texts[i].text, &scope, arena, &out, &why))
			out = why.text;
		if (strstr(out, texts[i].wanted) == NULL)
			fail_msg("'%s' gives '%s'", texts[i].text, out);
		arena_free(arena);
	}
}

static const struct {
	const char *list;
	const char *what;
	const char *wanted;
} functions[] = {
	{ "1 2 3 2", "count", "4" },
	{ "1 2 3 2", "distinct", "3" },
	{ "4 2 3", "min", "2" },
	{ "4 2 3", "max", "4" },
	{ "1 2", "mean", "1.500000" },
	{ "1s 4s", "mean", "2.500s" },
	{ "1 2 4", "step", "1 2" },
	{ "4 1", "step", "-3" },
	{ "7", "step", "" },
	{ "hex:ff hex:00", "ones", "0.500000" },
	{ "hex:0102 hex:03", "size", "2 1" },
	{ "hex:aa hex:bb hex:aa", "distinct", "2" },
	{ "1 2 3 4 5 6 7 8 9 10", "p99", "10" },
	{ "", "count", "0" },
	{ "", "mean", "cannot be worked out" },
	{ "1", "median", "no function median()" },
};

static void computed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		struct rng rng;
		struct scope scope = scope_of(&rng, NULL);
		struct why why = { .text = "" };
		struct value v, out;
		char text[400];
		arena = arena_new((size_t)1 << 20);
		struct expr *e = expr_parse_list(arena, functions[i].list, &why);
		assert_non_null(e);
		assert_true(expr_eval(e, &scope, arena, &v, &why));
		if (value_computed(&v, functions[i].what, arena, &out, &why))
			value_print(&out, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%s", why.text);
		if (why.text[0] == '\0' ? strcmp(text, functions[i].wanted) != 0 :
		    strstr(text, functions[i].wanted) == NULL)
			fail_msg("%s() of %s gives '%s'", functions[i].what, functions[i].list,
				 text);
		arena_free(arena);
	}
}

static const struct {
	const char *text;
	bool ok;
	unsigned least, most;
} counts[] = {
	{ "3", true, 3, 3 },        { "0..5", true, 0, 5 }, { "2..", true, 2, UINT32_MAX },
	{ "", false, 0, 0 },        { "..5", false, 0, 0 }, { "3 ", false, 0, 0 },
	{ "1..x", false, 0, 0 },    { "99999999999", false, 0, 0 },
};

static void ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		unsigned least = 0, most = 0;
		assert_int_equal(count_parse(counts[i].text, &least, &most), counts[i].ok);
		if (counts[i].ok) {
			assert_int_equal(least, counts[i].least);
			assert_int_equal(most, counts[i].most);
		}
	}
}

static struct value value_from(const char *text)
{
	struct rng rng;
	struct scope scope = scope_of(&rng, NULL);
	struct value v;
	struct why why;
	struct expr *e = expr_parse(arena, text, &why);
	assert_non_null(e);
	assert_true(expr_eval(e, &scope, arena, &v, &why));
	return v;
}

/* order 9: cannot be ordered. */
static const struct {
	const char *a, *b;
	bool equal;
	int order;
} pairs[] = {
	{ "1", "1", true, 0 },             { "1", "2", false, -1 },
	{ "1", "hex:01", true, 0 },        { "256", "hex:0100", true, 0 },
	{ "1.5", "1", false, 1 },          { "hex:00", "hex:0000", false, 0 },
	{ "5s", "5000ms", true, 0 },       { "5s", "5", false, 9 },
	{ "192.0.2.1", "hex:c0000201", true, -9 }, { "192.0.2.1", "192.0.2.1:500", true, 0 },
	{ "192.0.2.1:501", "192.0.2.1:500", false, 0 }, { "abc", "abc", true, 9 },
	{ "abc", "abd", false, 9 },        { "zero:20", "ones:20", false, -1 },
	{ "-1", "1", false, -1 },
};

static void comparisons(void **state)
{
	(void)state;
	arena = arena_new((size_t)1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct value a = value_from(pairs[i].a), b = value_from(pairs[i].b);
		int order = 9;
		if (value_equal(&a, &b) != pairs[i].equal)
			fail_msg("'%s' and '%s'", pairs[i].a, pairs[i].b);
		if (pairs[i].order == -9)
			continue;
		bool can = value_order(&a, &b, &order);
		if (can ? order != pairs[i].order : pairs[i].order != 9)
			fail_msg("order of '%s' and '%s' is %d", pairs[i].a, pairs[i].b, order);
	}
	arena_free(arena);
}

static void octets(void **state)
{
	struct bytes b;
	struct why why;
	(void)state;
	arena = arena_new((size_t)1 << 20);
	struct value v = value_from("0x1234");
	assert_true(value_octets(&v, 4, arena, &b, &why));
	assert_true(bytes_equal(b, bytes_make("\x00\x00\x12\x34", 4)));
	assert_false(value_octets(&v, 1, arena, &b, &why));
	assert_string_equal(why.text, "4660 does not fit 1 octet");
	v = value_from("random:7");
	assert_true(value_octets(&v, 0, arena, &b, &why));
	assert_int_equal(b.len, 7);
	v = value_from("5");
	v.bits = 32;
	assert_true(value_octets(&v, 0, arena, &b, &why));
	assert_int_equal(b.len, 4);
	arena_free(arena);
}

static void note(void *ctx, const char *reference)
{
	char *all = ctx;
	strcat(all, reference);
	strcat(all, ";");
}

static void references(void **state)
{
	char all[200] = "";
	(void)state;
	arena = arena_new((size_t)1 << 20);
	expr_references(expr_parse(arena, "${a} + zero:${b.c} * (${target.groups[${n}]})", NULL),
			note, all);
	assert_string_equal(all, "a;b.c;target.groups[${n}];n;");
	assert_true(expr_constant(expr_parse(arena, "1 + hex:00", NULL)));
	assert_false(expr_constant(expr_parse(arena, "1 + ${a}", NULL)));
	assert_false(expr_constant(expr_parse(arena, "random:1", NULL)));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions), cmocka_unit_test(expansions),
		cmocka_unit_test(computed),    cmocka_unit_test(ranges),
		cmocka_unit_test(comparisons), cmocka_unit_test(octets),
		cmocka_unit_test(references),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
