/* What a person reads: the failure block of the contract, the last line, the matrix, colour. */
#include "test.h"

static const struct told one_failure[] = {
	{ .id = "ikev2.malformed.ke-length", .target = "libreswan", .verdict = "fail",
	  .reason = "wanted silence or an error notify, got IKE_SA_INIT response with SA, KE, Nr after 4 ms",
	  .wanted = "silence or an error notify", .got = "IKE_SA_INIT response with SA, KE, Nr after 4 ms",
	  .capture = "captures/ikev2.malformed.ke-length.pcapng" },
	{ .id = "b", .target = "libreswan", .verdict = "weak" },
	{ .id = "c", .target = "libreswan", .verdict = "not-applicable" },
	{ .id = "d", .target = "libreswan", .verdict = "inconclusive", .reason = "no\nanswer \033[2J" },
	{ 0 },
};

static const char *spelled(void *ctx, const char *target)
{
	(void)ctx;
	return strcmp(target, "builtin") == 0 ? NULL : target;
}

static const char *named(void *ctx, const struct result_case *c)
{
	(void)ctx;
	return c->id;
}

static const char *summary(const struct told *rows, unsigned shard, unsigned shards, bool interrupted, bool colour)
{
	struct results *r = results_of(rows, interrupted);
	struct scratch s = scratch_new();
	struct console_options o = { .out = fopen(s.path, "w"), .colour = colour, .out_dir = "ikespec-results",
				     .again = "--seed 7", .spelled = spelled, .named = named };
	struct console *c = console_new(&o);
	const char *text;

	console_summary(c, r, shard, shards);
	console_free(c);
	fclose(o.out);
	text = scratch_text(&s);
	unlink(s.path);
	results_free(r);
	return text;
}

static const char *last_line(const char *text)
{
	size_t at = strlen(text);

	assert_true(at > 0 && text[at - 1] == '\n');
	for (at--; at > 0 && text[at - 1] != '\n'; at--)
		;
	return text + at;
}

static void test_failure_block(void **state)
{
	static const char wanted[] =
		"FAIL   0.041s  ikev2.malformed.ke-length      RFC7296-3.2-03 MUST  lengths past the message are refused\n"
		"         scenarios/a.xml:14: expected silence or an error notify\n"
		"         got IKE_SA_INIT response with SA, KE, Nr after 4 ms\n"
		"         capture  ikespec-results/captures/ikev2.malformed.ke-length.pcapng\n"
		"         again    ikespec run ikev2.malformed.ke-length -t libreswan --seed 7\n";
	const char *text = summary(one_failure, 0, 0, false, false);

	(void)state;
	if (!strstr(text, wanted))
		fail_msg("got <%s>", text);
}

static void test_what_nobody_wanted(void **state)
{
	static const char wanted[] = "UNCLEAR 0.041s  d\n"
				     "         scenarios/a.xml:1: no answer ?[2J\n"
				     "         again    ikespec run d -t libreswan --seed 7\n";
	const char *text = summary(one_failure, 0, 0, false, false);

	(void)state;
	if (!strstr(text, wanted))
		fail_msg("got <%s>", text);
}

static const struct told one_pass[] = { { .id = "a", .verdict = "pass" }, { 0 } };
static const struct told two_targets[] = {
	{ "a", "strongswan", "pass" }, { "a", "libreswan", "fail" }, { "b", "libreswan", "weak" }, { 0 },
};
static const struct {
	const struct told *told;
	unsigned shard, shards;
	const char *last;
} lines[] = {
	{ one_pass,    0, 0, "1 passed, 0 failed, 0 skipped\n" },
	{ one_failure, 0, 0, "1 passed, 2 failed, 1 skipped\n" },
	{ one_failure, 1, 1, "1 passed, 2 failed, 1 skipped\n" },
	{ one_failure, 2, 5, "shard-2/5: 1 passed, 2 failed, 1 skipped\n" },
	{ two_targets, 0, 0, "2 passed, 1 failed, 0 skipped\n" },
};

static void test_last_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lines); i++) {
		expect_text("last line", lines[i].last,
			    last_line(summary(lines[i].told, lines[i].shard, lines[i].shards, false, false)));
		expect_text("last line", lines[i].last,
			    last_line(summary(lines[i].told, lines[i].shard, lines[i].shards, true, true)));
	}
}

static void test_seed_and_interruption(void **state)
{
	(void)state;
	assert_non_null(strstr(summary(one_pass, 0, 0, false, false), "\nseed 7\n"));
	assert_non_null(strstr(summary(one_pass, 0, 0, true, false), "\nseed 7, interrupted\n"));
}

static void test_matrix(void **state)
{
	const char *text = summary(two_targets, 0, 0, false, false);

	(void)state;
	assert_non_null(strstr(text, "strongswan       libreswan"));
	assert_non_null(strstr(text, " pass             fail"));
}

static void test_colour(void **state)
{
	(void)state;
	assert_non_null(strchr(summary(one_failure, 0, 0, false, true), '\033'));
	assert_null(strchr(summary(one_failure, 0, 0, false, false), '\033'));
}

/* What each degree of talkativeness shows while cases run. */
static void test_verbosity(void **state)
{
	static const uint8_t octets[2] = { 0xab, 0xcd };
	static const struct event events[] = {
		{ .kind = EVENT_STEP, .text = "the-step\033", .file = "a.xml", .line = 3 },
		{ .kind = EVENT_CHECK, .wanted = "w", .got = "the-check", .verdict = "pass" },
		{ .kind = EVENT_TREE, .text = "the-tree\033\n" },
		{ .kind = EVENT_SENT, .octets = { octets, 2 } },
		{ .kind = EVENT_CASE_END, .run = "good-case", .verdict = "pass" },
		{ .kind = EVENT_CASE_END, .run = "bad-case", .verdict = "fail", .text = "the\nreason" },
		{ .kind = EVENT_CASE_END, .run = "odd-case" },
	};
	static const char *const words[] = { "bad-case", "good-case", "the-step", "the-check", "the-tree", "ab cd" };
	static const int least[] = { -1, 0, 1, 1, 2, 3 };
	int v;
	size_t i;

	(void)state;
	for (v = -1; v <= 3; v++) {
		struct scratch s = scratch_new();
		struct console_options o = { .out = fopen(s.path, "w"), .verbosity = v };
		struct console *c = console_new(&o);

		for (i = 0; i < ARRAY_LEN(events); i++)
			console_hear(c, &events[i]);
		console_free(c);
		fclose(o.out);
		for (i = 0; i < ARRAY_LEN(words); i++)
			if ((strstr(scratch_text(&s), words[i]) != NULL) != (v >= least[i]))
				fail_msg("%s at %d: %s", words[i], v, scratch_text(&s));
		assert_null(strchr(scratch_text(&s), '\033'));
		unlink(s.path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failure_block),
		cmocka_unit_test(test_what_nobody_wanted),
		cmocka_unit_test(test_last_line),
		cmocka_unit_test(test_seed_and_interruption),
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_verbosity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
