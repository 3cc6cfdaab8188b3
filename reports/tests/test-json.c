/* results.json as the contract has it, the JSON Lines log there and back, TAP. */
#include "test.h"

#include <jansson.h>

#include "base/crypto.h"

static const struct told rows[] = {
	{ .id = "a.fail", .verdict = "fail", .reason = "wanted x, got y", .wanted = "x", .got = "y",
	  .capture = "captures/a.fail.pcapng" },
	{ .id = "b.weak", .verdict = "weak" },
	{ .id = "c.error", .verdict = "error", .reason = AWKWARD },
	{ .id = "d.skip", .verdict = "not-applicable", .reason = "needs nat # here" },
	{ .id = "e.pass", .verdict = "pass", .target = "libreswan" },
	{ 0 },
};

/* ------------------------------------------------------------ results.json */

static const char *const run_members[] = { "schema", "version", "seed", "wall_seconds", "targets" };
static const char *const target_members[] = { "id", "version", "address", "summary", "scenarios" };
static const char *const summary_members[] = { "passed", "failed", "weak", "skipped", "errors" };
static const char *const case_members[] = { "id", "verdict", "seconds", "wall_seconds", "file", "line", "reason",
					    "observed", "capture", "requirements" };
static const char *const requirement_members[] = { "ref", "level", "gate", "verdict" };

static void expect_members(json_t *o, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!json_object_get(o, names[i]))
			fail_msg("%s is missing", names[i]);
}

static json_t *results_json(void)
{
	struct results *r = results_of(rows, false);
	struct scratch s = scratch_new();
	json_error_t error;
	struct why why;
	json_t *root;

	if (!results_json_write(r, s.path, &why))
		fail_msg("%s", why.text);
	root = json_load_file(s.path, 0, &error);
	if (!root)
		fail_msg("%s", error.text);
	unlink(s.path);
	results_free(r);
	return root;
}

static void test_schema(void **state)
{
	json_t *root = results_json(), *target, *one, *q;
	size_t i, k, m, cases = 0;

	(void)state;
	expect_members(root, run_members, ARRAY_LEN(run_members));
	expect_text("schema", "ikespec-results/1", json_string_value(json_object_get(root, "schema")));
	assert_int_equal(json_integer_value(json_object_get(root, "seed")), 7);
	assert_true(json_number_value(json_object_get(root, "wall_seconds")) == 3.0);
	json_array_foreach(json_object_get(root, "targets"), i, target) {
		expect_members(target, target_members, ARRAY_LEN(target_members));
		expect_members(json_object_get(target, "summary"), summary_members, ARRAY_LEN(summary_members));
		json_array_foreach(json_object_get(target, "scenarios"), k, one) {
			cases++;
			expect_members(one, case_members, ARRAY_LEN(case_members));
			json_array_foreach(json_object_get(one, "requirements"), m, q)
				expect_members(q, requirement_members, ARRAY_LEN(requirement_members));
			assert_int_equal(m, 1);
		}
	}
	assert_int_equal(cases, 5);
	json_decref(root);
}

static void test_values(void **state)
{
	json_t *root = results_json(), *target = json_array_get(json_object_get(root, "targets"), 0), *one;
	int passed, failed, weak, skipped, errors, line;
	const char *file, *capture, *ref;
	double seconds, wall;

	(void)state;
	assert_int_equal(json_unpack(target, "{s:{s:i,s:i,s:i,s:i,s:i}}", "summary", "passed", &passed, "failed", &failed,
				     "weak", &weak, "skipped", &skipped, "errors", &errors), 0);
	assert_int_equal(passed * 10000 + failed * 1000 + weak * 100 + skipped * 10 + errors, 12111);
	one = json_array_get(json_object_get(target, "scenarios"), 0);
	assert_int_equal(json_unpack(one, "{s:F,s:F,s:s,s:i,s:s,s:[{s:s}]}", "seconds", &seconds, "wall_seconds", &wall,
				     "file", &file, "line", &line, "capture", &capture, "requirements", "ref", &ref), 0);
	assert_true(seconds == 0.041 && wall == 0.25);
	expect_text("file", "scenarios/a.xml", file);
	assert_int_equal(line, 14);
	expect_text("capture", "captures/a.fail.pcapng", capture);
	expect_text("ref", "RFC7296-3.2-03", ref);
	one = json_array_get(json_object_get(target, "scenarios"), 2);
	expect_text("awkward", AWKWARD_CLEAN, json_string_value(json_object_get(one, "reason")));
	assert_int_equal(json_integer_value(json_object_get(one, "line")), 1);
	assert_true(json_is_null(json_object_get(one, "capture")));
	json_decref(root);
}

static void test_json_that_cannot_be_written(void **state)
{
	struct results *r = results_of(rows, false);
	struct why why = { 0 };

	(void)state;
	assert_false(results_json_write(r, "/nonexistent/x", &why));
	assert_non_null(strstr(why.text, "/nonexistent/x"));
	results_free(r);
}

/* ------------------------------------------------------------ JSON Lines */

static const uint8_t octets[] = { 0, 1, 0xfe, 0xff };
static const struct event events[] = {
	{ .kind = EVENT_BEGIN, .text = "0.1.0", .number = -5 },
	{ .kind = EVENT_SENT, .time = 1, .run = "a.b#2", .target = "t", .endpoint = "tester",
	  .octets = { octets, sizeof(octets) }, .number = 9007199254740993 },
	{ .kind = EVENT_CHECK, .time = 123456789, .run = "a", .target = "t", .file = "a.xml", .line = 14, .id = "R",
	  .path = "KE.length", .wanted = "x", .got = "y", .verdict = "fail", .detail = "d", .text = "t" },
	{ .kind = EVENT_NOTE, .time = 8 * USEC_H + 1, .text = "a\"b\\c\nd\te \xc3\xa9" },
	{ .kind = EVENT_NOTE, .text = "" },
	{ .kind = EVENT_END, .number = 1 },
};

static size_t heard;

static void expect_same(void *ctx, const struct event *e)
{
	const struct event *w = &events[heard++];

	(void)ctx;
	assert_true(heard <= ARRAY_LEN(events));
	assert_int_equal(e->kind, w->kind);
	assert_int_equal(e->time, w->time);
	assert_int_equal(e->line, w->line);
	assert_int_equal(e->number, w->number);
	assert_true(bytes_equal(e->octets, w->octets));
	expect_text("run", w->run, e->run);
	expect_text("target", w->target, e->target);
	expect_text("endpoint", w->endpoint, e->endpoint);
	expect_text("file", w->file, e->file);
	expect_text("id", w->id, e->id);
	expect_text("path", w->path, e->path);
	expect_text("text", w->text, e->text);
	expect_text("detail", w->detail, e->detail);
	expect_text("wanted", w->wanted, e->wanted);
	expect_text("got", w->got, e->got);
	expect_text("verdict", w->verdict, e->verdict);
}

static void write_log(const struct scratch *s)
{
	struct jsonl *j = jsonl_create(s->path, NULL);
	size_t i;

	assert_non_null(j);
	for (i = 0; i < ARRAY_LEN(events); i++)
		jsonl_hear(j, &events[i]);
	assert_true(jsonl_close(j, NULL));
}

static void test_round_trip(void **state)
{
	struct scratch s = scratch_new();
	struct why why;

	(void)state;
	write_log(&s);
	heard = 0;
	if (!jsonl_read(s.path, expect_same, NULL, &why))
		fail_msg("%s", why.text);
	assert_int_equal(heard, ARRAY_LEN(events));
	unlink(s.path);
}

/* A killed run leaves a cut last line: everything before it counts, wherever the cut is. */
static void test_cut_last_line(void **state)
{
	struct scratch s = scratch_new();
	size_t len, whole, first;
	char text[4000];
	struct why why;

	(void)state;
	write_log(&s);
	whole = strlen(strcpy(text, scratch_text(&s)));
	first = (size_t)(strchr(text, '\n') - text) + 1;
	for (len = first; len < whole; len++) {
		FILE *f = fopen(s.path, "w");
		size_t i, lines = 0;

		fwrite(text, 1, len, f);
		fclose(f);
		heard = 0;
		if (!jsonl_read(s.path, expect_same, NULL, &why))
			fail_msg("cut at %zu: %s", len, why.text);
		for (i = 0; i < len; i++)
			lines += text[i] == '\n';
		assert_true(heard == lines || (heard == lines + 1 && text[len] == '\n'));
	}
	unlink(s.path);
}

static const struct {
	const char *title, *text, *why;
} wrong_logs[] = {
	{ "no JSON", "hello\n", ":1:" },
	{ "no JSON and no newline", "hello", ":1:" },
	{ "JSON of something else", "{\"a\":1}\n", "unknown kind" },
	{ "an unknown kind", "{\"kind\":\"begin\",\"t\":0}\n{\"kind\":\"party\",\"t\":0}\n", ":2:" },
	{ "damage in the middle", "{\"kind\":\"begin\",\"t\":0}\n{\"kind\":\n{\"kind\":\"end\",\"t\":0}\n", ":2:" },
	{ "an array", "[]\n", "unknown kind" },
};

static void ignore(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static void test_wrong_logs(void **state)
{
	struct scratch s = scratch_new();
	char text[700];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(wrong_logs); i++) {
		struct why why = { 0 };
		FILE *f = fopen(s.path, "w");

		fputs(wrong_logs[i].text, f);
		fclose(f);
		if (jsonl_read(s.path, ignore, NULL, &why))
			fail_msg("%s: was read", wrong_logs[i].title);
		if (!strstr(why_print(&why, text, sizeof(text)), wrong_logs[i].why))
			fail_msg("%s: %s", wrong_logs[i].title, text);
	}
	unlink(s.path);
	assert_false(jsonl_read(s.path, ignore, NULL, NULL));
}

/* Every line is JSON, whatever the texts; keys and their suites are there. */
static void test_lines_are_json(void **state)
{
	static const uint8_t key[36] = { 1, 2, 3 };
	struct scratch s = scratch_new();
	struct jsonl *j = jsonl_create(s.path, NULL);
	struct event_child_keys child = { .spi = 0xc0ffee, .key = { key, 36 } };
	struct event_ike_keys ike = { .spi_i = 1, .sk_ei = { key, 36 } };
	struct suite suite;
	const char *line;
	json_t *o;

	(void)state;
	assert_true(suite_parse("aes256gcm16-esn", true, &suite, NULL));
	child.suite = ike.suite = &suite;
	jsonl_hear(j, &(struct event){ .kind = EVENT_NOTE, .text = AWKWARD });
	jsonl_hear(j, &(struct event){ .kind = EVENT_KEYS_CHILD, .child_keys = &child });
	jsonl_hear(j, &(struct event){ .kind = EVENT_KEYS_IKE, .ike_keys = &ike });
	assert_true(jsonl_close(j, NULL));
	for (line = scratch_text(&s); *line; line = strchr(line, '\n') + 1) {
		o = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
		assert_non_null(o);
		if (strstr(json_string_value(json_object_get(o, "kind")), "keys"))
			expect_text("encr", "AES_GCM_16_256", json_string_value(json_object_get(o, "encr")));
		else
			expect_text("text", AWKWARD_CLEAN, json_string_value(json_object_get(o, "text")));
		json_decref(o);
	}
	assert_non_null(strstr(scratch_text(&s), "\"spi\":\"00c0ffee\""));
	assert_non_null(strstr(scratch_text(&s), "\"esn\":true"));
	unlink(s.path);
}

static void test_a_full_disk_is_told(void **state)
{
	struct jsonl *j = jsonl_create("/dev/full", NULL);
	struct why why = { 0 };

	(void)state;
	jsonl_hear(j, &events[0]);
	assert_false(jsonl_close(j, &why));
	assert_non_null(strstr(why.text, "/dev/full"));
	assert_null(jsonl_create("/nonexistent/x", &why));
}

/* ------------------------------------------------------------ TAP */

static void test_tap(void **state)
{
	static const char wanted[] =
		"TAP version 13\n1..5\n"
		"not ok 1 - builtin a.fail\n  ---\n  verdict: \"fail\"\n  reason: \"wanted x, got y\"\n  ...\n"
		"ok 2 - builtin b.weak\n"
		"not ok 3 - builtin c.error\n  ---\n  verdict: \"error\"\n"
		"  reason: \"a\\\"b'c<d>&]]>e?[31mf?g x y\\\\z # SKIP {} \xc3\xa9\xe2\x86\x92 ??" "?( ? ?\"\n  ...\n"
		"ok 4 - builtin d.skip # SKIP needs nat + here\n"
		"ok 5 - libreswan e.pass\n";
	struct results *r = results_of(rows, false);
	struct scratch s = scratch_new();
	FILE *f = fopen(s.path, "w");

	(void)state;
	assert_true(tap_write(r, f));
	fclose(f);
	expect_text("TAP", wanted, scratch_text(&s));
	unlink(s.path);
	results_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_json_that_cannot_be_written),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_last_line),
		cmocka_unit_test(test_wrong_logs),
		cmocka_unit_test(test_lines_are_json),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_tap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
