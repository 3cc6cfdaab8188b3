/* The result folder: replaced only if it is ours, never left through a symbolic link; what failed in one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "out.h"

static char base[] = "/tmp/ikespec-out-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(base) && chdir(base) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	char line[100];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", base);
	return chdir("/") == 0 && system(line) == 0 ? 0 : -1;
}

static void shell(const char *line)
{
	if (system(line) != 0)
		fail_msg("%s", line);
}

static bool there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static const struct {
	const char *title, *before;     /* a command that prepares */
	bool good;
	const char *gone, *kept;        /* paths afterwards; NULL: none */
} rows[] = {
	{ "a new folder", ":", true, NULL, "d/.ikespec-results" },
	{ "an empty folder", "mkdir d", true, NULL, "d/.ikespec-results" },
	{ "one of ours", "mkdir -p d/captures/t; touch d/.ikespec-results d/junit.xml d/captures/t/x", true, "d/captures",
	  "d/.ikespec-results" },
	{ "somebody's folder", "mkdir d; touch d/thesis", false, "d/.ikespec-results", "d/thesis" },
	{ "a file", "touch d", false, NULL, "d" },
	{ "a folder that cannot be made", "rm -rf d; mkdir no; chmod 0 no; ln -s /nonexistent/x d", false, NULL, "d" },
	{ "a link to a folder of ours", "mkdir o; touch o/.ikespec-results o/x; ln -s o d", false, NULL, "o/x" },
	{ "a link to an empty folder", "mkdir o; ln -s o d", false, "o/.ikespec-results", "o" },
	{ "a mark that is a link", "mkdir d; touch x; ln -s ../x d/.ikespec-results; touch d/y", false, NULL, "d/y" },
	{ "a mark that is a folder", "mkdir -p d/.ikespec-results; touch d/y", false, NULL, "d/y" },
	{ "a link inside to a folder outside", "mkdir -p o d; touch o/x d/.ikespec-results; ln -s ../o d/captures", true,
	  "d/captures", "o/x" },
	{ "a link inside to a file outside", "mkdir d; echo 1 >x; touch d/.ikespec-results; ln -s ../x d/junit.xml", true,
	  "d/junit.xml", "x" },
};

static void test_prepare(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct why why = { 0 };
		bool good;

		shell("chmod -R u+rwx . && rm -rf ./* ./.i*");
		shell(rows[i].before);
		good = out_prepare("d", &why);
		if (good != rows[i].good)
			fail_msg("%s: %s", rows[i].title, good ? "was taken" : why.text);
		assert_true(good || why.text[0]);
		if (rows[i].gone && there(rows[i].gone))
			fail_msg("%s: %s is still there", rows[i].title, rows[i].gone);
		if (rows[i].kept && !there(rows[i].kept))
			fail_msg("%s: %s is gone", rows[i].title, rows[i].kept);
	}
}

static void test_prepare_elsewhere(void **state)
{
	struct why why = { 0 };

	(void)state;
	assert_false(out_prepare("/", &why));
	assert_non_null(strstr(why.text, "left alone"));
	assert_false(out_prepare("/nonexistent/d", &why));
	assert_non_null(strstr(why.text, "/nonexistent/d"));
}

#define CASE(id, verdict) "{\"id\":\"" id "\",\"verdict\":\"" verdict "\"}"
static const struct {
	const char *title, *text;
	bool good;
	unsigned count;
	const char *first;
} results[] = {
	{ "nothing failed", "{\"targets\":[{\"scenarios\":[" CASE("a", "pass") "," CASE("b", "weak") "]}]}", true, 0, NULL },
	{ "some failed",
	  "{\"targets\":[{\"scenarios\":[" CASE("a", "pass") "," CASE("b", "fail") "]},{\"scenarios\":[" CASE("c", "died")
	  "," CASE("d", "inconclusive") "," CASE("e", "error") "," CASE("f", "expected-fail") "," CASE("g", "unexpected-pass")
	  "]}]}", true, 5, "b" },
	{ "a repetition", "{\"targets\":[{\"scenarios\":[" CASE("a.b#3", "fail") "]}]}", true, 1, "a.b" },
	{ "no JSON", "hello", false, 0, NULL },
	{ "no targets", "{}", true, 0, NULL },
};

static void test_failed(void **state)
{
	size_t i;

	(void)state;
	shell("chmod -R u+rwx . && rm -rf ./* && mkdir r");
	for (i = 0; i < ARRAY_LEN(results); i++) {
		struct options o = { .failed_dir = "r", .arena = arena_new(1 << 20) };
		FILE *f = fopen("r/results.json", "w");
		struct why why = { 0 };

		fputs(results[i].text, f);
		fclose(f);
		if (out_failed(&o, &why) != results[i].good || o.only_count != results[i].count)
			fail_msg("%s: %zu cases; %s", results[i].title, o.only_count, why.text);
		if (results[i].first)
			assert_string_equal(o.only[0], results[i].first);
		arena_free(o.arena);
	}
}

static void test_failed_in_no_folder(void **state)
{
	struct options o = { .failed_dir = "nowhere", .arena = NULL };
	struct why why = { 0 };

	(void)state;
	assert_false(out_failed(&o, &why));
	assert_non_null(strstr(why.text, "nowhere/results.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_prepare_elsewhere),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_failed_in_no_folder),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
