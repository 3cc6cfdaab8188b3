/* Tallies, exit codes, attempts, order. */
#include "reports/matrix.h"
#include "test.h"

static const struct {
	const char *verdict;
	enum outcome outcome;
	int code, strict;               /* exit code of a run of this one case */
} verdicts[] = {
	{ "pass",            OUTCOME_PASSED,  0, 0 },
	{ "weak",            OUTCOME_PASSED,  0, 1 },
	{ "fail",            OUTCOME_FAILED,  1, 1 },
	{ "died",            OUTCOME_FAILED,  1, 1 },
	{ "unexpected-pass", OUTCOME_FAILED,  1, 1 },
	{ "inconclusive",    OUTCOME_ERROR,   3, 3 },
	{ "error",           OUTCOME_ERROR,   3, 3 },
	{ "not-applicable",  OUTCOME_SKIPPED, 0, 0 },
	{ "expected-fail",   OUTCOME_SKIPPED, 0, 0 },
	{ "nonsense",        OUTCOME_ERROR,   3, 3 },
	{ NULL,              OUTCOME_ERROR,   3, 3 },
};

static void test_verdicts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verdicts); i++) {
		struct told rows[2] = { { .id = "a", .verdict = verdicts[i].verdict } };
		struct results *r = results_of(rows, false);
		enum outcome o = verdicts[i].outcome;
		const struct result_target *t = r->targets;

		if (verdict_outcome(verdicts[i].verdict) != o || results_exit_code(r, false) != verdicts[i].code ||
		    results_exit_code(r, true) != verdicts[i].strict)
			fail_msg("%s: outcome %d, exit %d, strict %d", verdicts[i].verdict,
				 verdict_outcome(verdicts[i].verdict), results_exit_code(r, false),
				 results_exit_code(r, true));
		assert_int_equal(results_total(r, o), 1);
		assert_int_equal(t->passed, o == OUTCOME_PASSED);
		assert_int_equal(t->failed, o == OUTCOME_FAILED || o == OUTCOME_ERROR);
		assert_int_equal(t->errors, o == OUTCOME_ERROR);
		assert_int_equal(t->skipped, o == OUTCOME_SKIPPED);
		assert_int_equal(t->passed + t->failed + t->skipped, 1);
		results_free(r);
	}
}

/* 1 before 3 before 2 before 0. */
static const struct {
	const char *a, *b;
	bool interrupted;
	int code;
} precedence[] = {
	{ "pass",         "pass",           false, 0 },
	{ "pass",         "pass",           true,  2 },
	{ "pass",         "not-applicable", true,  2 },
	{ "pass",         "inconclusive",   false, 3 },
	{ "inconclusive", "pass",           true,  3 },
	{ "error",        "fail",           false, 1 },
	{ "fail",         "error",          false, 1 },
	{ "fail",         "pass",           true,  1 },
	{ "died",         "inconclusive",   true,  1 },
};

static void test_exit_codes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(precedence); i++) {
		struct told rows[3] = { { .id = "a", .verdict = precedence[i].a }, { .id = "b", .verdict = precedence[i].b } };
		struct results *r = results_of(rows, precedence[i].interrupted);

		if (results_exit_code(r, false) != precedence[i].code)
			fail_msg("%s, %s, %d: wanted %d, got %d", precedence[i].a, precedence[i].b,
				 precedence[i].interrupted, precedence[i].code, results_exit_code(r, false));
		results_free(r);
	}
}

static void test_a_killed_run(void **state)
{
	struct results *r = results_new();

	(void)state;
	tell_begin(results_hear, r);
	tell_case(results_hear, r, &(struct told){ .id = "a", .verdict = "pass" });
	assert_int_equal(results_exit_code(r, false), 2);
	tell_end(results_hear, r, false);
	assert_int_equal(results_exit_code(r, false), 0);
	results_free(r);
}

static void test_the_last_attempt_counts(void **state)
{
	static const struct told rows[] = {
		{ .id = "a", .verdict = "fail", .wanted = "x", .got = "y" }, { .id = "b", .verdict = "pass" },
		{ .id = "a", .verdict = "inconclusive", .reason = "interference" },
		{ .id = "a", .target = "other", .verdict = "pass" }, { 0 },
	};
	struct results *r = results_of(rows, false);

	(void)state;
	assert_int_equal(r->count, 3);
	expect_text("verdict", "inconclusive", r->cases[0].verdict);
	assert_null(r->cases[0].wanted);
	assert_int_equal(results_exit_code(r, false), 3);
	results_free(r);
}

static void test_an_undecided_attempt_is_forgotten(void **state)
{
	struct results *r = results_new();
	struct event begin = { .kind = EVENT_CASE, .run = "a", .target = "builtin" };
	struct event note = { .kind = EVENT_NOTE, .run = "a", .target = "builtin", .text = "first" };

	(void)state;
	results_hear(r, &begin);
	results_hear(r, &note);
	tell_case(results_hear, r, &(struct told){ .id = "a", .verdict = "pass" });
	assert_int_equal(r->count, 1);
	assert_int_equal(r->open_count, 0);
	assert_null(r->cases[0].notes);
	assert_int_equal(r->cases[0].requirement_count, 1);
	results_free(r);
}

static void test_order(void **state)
{
	static const struct told rows[] = {
		{ "b", "z", "pass" }, { "a", "z", "pass" }, { "c", "y", "pass" }, { "a.b", "z", "pass" }, { 0 },
	};
	static const char *const wanted[] = { "c", "a", "a.b", "b" };
	struct results *r = results_of(rows, false);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		expect_text("order", wanted[i], r->cases[i].id);
	results_sort(r);
	assert_int_equal(r->targets[0].passed + r->targets[1].passed, 4);
	results_free(r);
}

/* Both roles of a feature in one row, whether one scenario has both or each has its own. */
static void test_interop(void **state)
{
	static const struct told told[] = {
		{ .id = "interop.ping.as-responder", .target = "one", .verdict = "pass", .capture = "captures/p.pcapng" },
		{ .id = "interop.ping.as-initiator", .target = "one", .verdict = "pass" },
		{ .id = "interop.fragments-responder", .target = "two", .verdict = "fail", .reason = "a<b" },
		{ .id = "ikev2.other", .target = "one", .verdict = "pass" }, { 0 },
	};
	char path[] = "/tmp/matrix-XXXXXX", text[20000];
	struct results *r = results_of(told, false);
	struct interop t;
	struct why why;
	FILE *f;

	(void)state;
	assert_true(interop_make(r, &t));
	assert_int_equal(t.count, 2);
	assert_string_equal(t.rows[0].name, "fragments");
	assert_int_equal(t.rows[0].cell[0][INTEROP_RESPONDER].count, 0);
	assert_string_equal(t.rows[0].cell[1][INTEROP_RESPONDER].verdict, "fail");
	assert_int_equal(t.rows[0].cell[1][INTEROP_RESPONDER].good, 0);
	assert_string_equal(t.rows[1].name, "ping");
	assert_int_equal(t.rows[1].cell[0][INTEROP_RESPONDER].good + t.rows[1].cell[0][INTEROP_INITIATOR].good, 2);
	interop_free(&t);
	assert_true(close(mkstemp(path)) == 0);
	assert_true(matrix_html_write(r, path, &why));
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "interop.fragments-responder: a&lt;b"));
	assert_non_null(strstr(text, "<a href=\"#RFC7296-3.2-03\">"));
	assert_non_null(strstr(text, " id=\"RFC7296-3.2-03\">"));
	remove(path);
	results_free(r);
}

static void test_matrix(void **state)
{
	static const struct told told[] = {
		{ .id = "b", .target = "one", .verdict = "pass" },
		{ .id = "a<", .target = "one", .verdict = "pass" },
		{ .id = "b", .target = "two", .verdict = "fail", .reason = "r" }, { 0 },
	};
	char path[] = "/tmp/matrix-XXXXXX", text[20000];
	struct results *r = results_of(told, false);
	struct why why;
	struct matrix m;
	FILE *f;

	(void)state;
	assert_true(close(mkstemp(path)) == 0);
	assert_true(matrix_make(r, false, &m));
	assert_int_equal(m.count, 2);
	assert_string_equal(m.rows[0].name, "a<");
	assert_null(m.rows[0].verdict[1]);
	assert_string_equal(m.rows[1].verdict[0], "pass");
	assert_string_equal(m.rows[1].verdict[1], "fail");
	matrix_free(&m);
	assert_true(matrix_make(r, true, &m));
	assert_int_equal(m.count, 1);
	assert_string_equal(m.rows[0].verdict[1], "fail");
	matrix_free(&m);
	assert_true(matrix_html_write(r, path, &why));
	assert_false(matrix_html_write(r, "/nonexistent/x", &why));
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "a&lt;"));
	assert_non_null(strstr(text, "<td class=\"fail\">fail</td>"));
	remove(path);
	results_free(r);
}

static void test_in_flight_and_notes(void **state)
{
	struct results *r = results_new();
	char longish[9000];

	(void)state;
	memset(longish, 'x', sizeof(longish) - 1);
	longish[sizeof(longish) - 1] = '\0';
	results_hear(r, &(struct event){ .kind = EVENT_CASE, .run = "a", .target = "t" });
	results_hear(r, &(struct event){ .kind = EVENT_CASE, .run = "b", .target = "t" });
	results_hear(r, &(struct event){ .kind = EVENT_TARGET, .run = "a", .target = "t", .text = "one" });
	results_hear(r, &(struct event){ .kind = EVENT_NOTE, .run = "b", .target = "t", .text = "two" });
	results_hear(r, &(struct event){ .kind = EVENT_NOTE, .run = "b", .target = "t", .text = longish });
	results_hear(r, &(struct event){ .kind = EVENT_NOTE, .run = "c", .target = "t", .text = "of none" });
	results_hear(r, &(struct event){ .kind = EVENT_NOTE, .text = "of none" });
	results_hear(r, &(struct event){ .kind = EVENT_CASE_END, .run = "a", .target = "t", .verdict = "pass" });
	results_hear(r, &(struct event){ .kind = EVENT_CASE_END, .run = "a", .target = "t", .verdict = "fail" });
	results_hear(r, &(struct event){ .kind = EVENT_CASE_END, .run = "b", .target = "t", .verdict = "pass" });
	results_sort(r);
	assert_int_equal(r->count, 2);
	expect_text("notes", "one\n", r->cases[0].notes);
	expect_text("notes", "two\n", r->cases[1].notes);
	expect_text("verdict", "pass", r->cases[0].verdict);
	results_free(r);
}

static void test_shards_are_added(void **state)
{
	struct results *r = results_new();

	(void)state;
	tell_begin(results_hear, r);
	tell_case(results_hear, r, &(struct told){ .id = "a", .verdict = "pass" });
	tell_end(results_hear, r, false);
	tell_begin(results_hear, r);
	tell_case(results_hear, r, &(struct told){ .id = "b", .verdict = "weak" });
	tell_end(results_hear, r, true);
	results_sort(r);
	assert_int_equal(r->count, 2);
	assert_int_equal(r->wall, 6000000);
	assert_int_equal(r->targets[0].passed, 2);
	assert_int_equal(r->targets[0].weak, 1);
	assert_int_equal(results_exit_code(r, false), 2);
	results_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_a_killed_run),
		cmocka_unit_test(test_the_last_attempt_counts),
		cmocka_unit_test(test_an_undecided_attempt_is_forgotten),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_interop),
		cmocka_unit_test(test_in_flight_and_notes),
		cmocka_unit_test(test_shards_are_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
