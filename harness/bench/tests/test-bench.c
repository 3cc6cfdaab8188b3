/*
 * Measuring: plans from words, every entrant's turn, and results that say what was measured.  How
 * fast anything is, is not judged here.
 */
#include "bench/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "esp/batch.h"

/* A word that is wrong, and what must be named. */
static const struct {
	bool (*add)(struct bench_plan *, const char *, struct why *);
	const char *word, *named;
} wrong[] = {
	{ bench_add_suite, "rot13", "aes128gcm16" },
	{ bench_add_suite, "aes128", "no integrity" },
	{ bench_add_suite, "camellia128-sha1", "not implemented" },
	{ bench_add_suite, "", "chacha20poly1305" },
	{ bench_add_size, "", "imix" },
	{ bench_add_size, "0", "28 to 9000" },
	{ bench_add_size, "27", "28 to 9000" },
	{ bench_add_size, "9001", "28 to 9000" },
	{ bench_add_size, "-64", "28 to 9000" },
	{ bench_add_size, "64x", "28 to 9000" },
	{ bench_add_size, "18446744073709551680", "28 to 9000" },
	{ bench_add_size, "imix:", "1 to 24 letters" },
	{ bench_add_size, "imix:aq", "'q'" },
	{ bench_add_size, "imix:aaaaaaaaaaaaaaaaaaaaaaaaa", "1 to 24 letters" },
	{ bench_set_backend, "kernel", "openssl" },
	{ bench_set_backend, "", "all" },
};

static void wrong_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bench_plan plan = { 0 };
		struct why why = { "" };

		if (wrong[i].add(&plan, wrong[i].word, &why))
			fail_msg("'%s' was taken", wrong[i].word);
		if (!strstr(why.text, wrong[i].named))
			fail_msg("'%s': wanted '%s' in: %s", wrong[i].word, wrong[i].named,
				 why.text);
		assert_int_equal(0, plan.suite_count + plan.size_count + plan.backend_count);
	}
}

static void mixes(void **state)
{
	struct bench_plan plan = { 0 };
	size_t small = 0, i;

	(void)state;
	assert_true(bench_add_size(&plan, "imix", NULL));
	assert_true(bench_add_size(&plan, "imix:aei", NULL));
	assert_true(bench_add_size(&plan, "1420", NULL));
	for (i = 0; i < plan.sizes[0].count; i++)
		small += plan.sizes[0].lens[i] == 64;
	assert_int_equal(12, plan.sizes[0].count);
	assert_int_equal(7, small);
	assert_int_equal((7 * 64 + 4 * 594 + 1518) * 10 / 12, (int)(plan.sizes[0].mean * 10));
	assert_int_equal(9000, plan.sizes[1].lens[2]);
	assert_int_equal(1420, (int)plan.sizes[2].mean);
}

static void defaults(void **state)
{
	struct bench_plan plan = { 0 };
	struct why why = { "" };

	(void)state;
	if (!bench_complete(&plan, &why))
		fail_msg("%s", why.text);
	assert_int_equal(8, plan.size_count);
	assert_true(plan.suite_count >= 4);
	assert_string_equal(esp_backend_name(0), plan.backends[0]);
	assert_int_equal(1, plan.cores);
}

static void make_plan(struct bench_plan *plan)
{
	static const char *const suites[] = { "aes128gcm16",       "aes192gcm12", "aes256gcm8-esn",
					      "chacha20poly1305",  "aes128-sha1", "aes192-sha384",
					      "aes256-sha512-esn", "null-sha256" };

	*plan = (struct bench_plan){ .rounds = 2, .seconds = 0.001, .cores = 1 };
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		assert_true(bench_add_suite(plan, suites[i], NULL));
	assert_true(bench_add_size(plan, "28", NULL));
	assert_true(bench_add_size(plan, "imix", NULL));
	assert_true(bench_set_backend(plan, "all", NULL));
}

static char *text_of(const struct bench_result *r, bool (*put)(const struct bench_result *, FILE *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_true(put(r, f));
	fclose(f);
	return text;
}

static void check_json(const struct bench_result *r)
{
	static const char *const members[] = { "seal_gbps",   "open_gbps",   "both_gbps",
					       "seal_cycles", "open_cycles", "raw_gbps",
					       "naive_gbps",  "spread" };
	char *text = text_of(r, bench_write_json);
	json_t *root = json_loads(text, 0, NULL), *row;
	size_t i, j;

	assert_non_null(root);
	assert_string_equal("ikespec-bench-esp/1",
			    json_string_value(json_object_get(root, "schema")));
	assert_true(json_is_string(json_object_get(root, "cpu_features")));
	assert_int_equal(r->count, json_array_size(json_object_get(root, "rows")));
	json_array_foreach(json_object_get(root, "rows"), i, row)
	{
		for (j = 0; j < sizeof(members) / sizeof(members[0]); j++)
			if (!json_is_real(json_object_get(row, members[j])))
				fail_msg("row %zu has no %s", i, members[j]);
		assert_true(json_is_integer(json_object_get(row, "cores")));
	}
	assert_int_equal(28, json_integer_value(json_object_get(
				     json_array_get(json_object_get(root, "rows"), 0), "size")));
	json_decref(root);
	free(text);
}

static void check_texts(const struct bench_result *r)
{
	char *csv = text_of(r, bench_write_csv), *html = text_of(r, bench_write_html);
	size_t lines = 0, charts = 0;

	for (const char *at = csv; (at = strchr(at, '\n')); at++)
		lines++;
	for (const char *at = html; (at = strstr(at, "<svg ")); at++)
		charts++;
	assert_int_equal(r->count + 1, lines);
	assert_int_equal(8, charts);
	assert_null(strstr(html, "http"));
	assert_null(strstr(html, "nan"));
	assert_non_null(strstr(html, "</html>"));
	free(csv);
	free(html);
}

static void count_calls(void *ctx, size_t done, size_t of, const char *what)
{
	assert_true(done < of && what[0] != '\0');
	++*(size_t *)ctx;
}

static void measured(void **state)
{
	static struct bench_plan plan;
	size_t calls = 0;
	struct bench_watch watch = { .progress = count_calls, .ctx = &calls };
	struct bench_result r;
	struct why why = { "" };

	(void)state;
	make_plan(&plan);
	if (!bench_esp(&plan, &watch, &r, &why))
		fail_msg("%s", why.text);
	assert_int_equal(plan.suite_count * plan.size_count * plan.backend_count, r.count);
	assert_int_equal(plan.suite_count * plan.size_count * plan.rounds, calls);
	for (size_t i = 0; i < r.count; i++)
		if (r.rows[i].ours.both <= 0 || r.rows[i].raw.both <= 0 ||
		    r.rows[i].naive.both <= 0)
			fail_msg("%s %s %s was not measured", r.rows[i].suite->name,
				 r.rows[i].size->name, r.rows[i].backend);
	check_json(&r);
	check_texts(&r);
	bench_result_free(&r);
}

static void cores(void **state)
{
	static struct bench_plan plan;
	struct bench_watch watch = { 0 };
	struct bench_result r;
	struct why why = { "" };

	(void)state;
	plan = (struct bench_plan){ .rounds = 2, .seconds = 0.002, .cores = 2 };
	assert_true(bench_add_suite(&plan, "aes128gcm16", NULL) &&
		    bench_add_size(&plan, "64", NULL));
	assert_true(bench_complete(&plan, &why) && bench_set_backend(&plan, "openssl", &why));
	if (!bench_esp(&plan, &watch, &r, &why))
		fail_msg("%s", why.text);
	assert_int_equal(2, r.count);
	assert_non_null(bench_find(&r, "aes128gcm16", "64", "openssl", 2));
	assert_true(r.rows[1].scaling > 0 && r.rows[1].calibration > 0);
	bench_result_free(&r);
}

static void stopped(void **state)
{
	static struct bench_plan plan;
	static volatile sig_atomic_t stop = 1;
	struct bench_watch watch = { .stop = &stop };
	struct bench_result r;
	struct why why = { "" };

	(void)state;
	make_plan(&plan);
	assert_true(bench_esp(&plan, &watch, &r, &why));
	assert_true(r.interrupted);
	assert_int_equal(0, r.count);
	bench_result_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_words), cmocka_unit_test(mixes), cmocka_unit_test(defaults),
		cmocka_unit_test(measured),    cmocka_unit_test(cores), cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
