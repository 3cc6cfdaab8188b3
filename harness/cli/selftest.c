/* ikespec selftest: the scenario x fault matrix on the built-in target. */
#include <jansson.h>
#include <stdlib.h>

#include "cli.h"
#include "options.h"

static json_t *texts(const char *const *rows, size_t count)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(a, json_string(rows[i]));
	return a;
}

static void put_json(const struct selftest *t)
{
	json_t *matrix = json_array(), *root;
	size_t i;

	for (i = 0; i < t->row_count; i++) {
		const struct selftest_row *r = &t->rows[i];

		json_array_append_new(matrix, json_pack("{s:s, s:s, s:s?, s:b, s:s, s:s?}", "fault", r->fault, "scenario",
							r->scenario, "requirement", r->requirement, "killed", r->killed,
							"verdict", verdict_name(r->verdict), "note", r->note));
	}
	root = json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "schema", "ikespec-selftest/1", "scenarios",
			 (json_int_t)t->scenarios, "faults", (json_int_t)t->faults, "killed", (json_int_t)t->killed,
			 "survivors", texts(t->survivors, t->survivor_count), "never_failing",
			 texts(t->never_failing, t->never_failing_count), "broken", texts(t->broken, t->broken_count),
			 "crippling", texts(t->crippling, t->crippling_count), "matrix", matrix);
	json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void put_list(const char *title, const char *const *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		printf("%s: %s\n", title, rows[i]);
}

static void put_text(const struct selftest *t, bool quiet)
{
	size_t i;

	for (i = 0; i < t->row_count; i++) {
		const struct selftest_row *r = &t->rows[i];

		if (!r->killed || !quiet)
			printf("%-9s %-36s %-40s %s%s%s\n", r->killed ? "killed" : "SURVIVES", r->fault, r->scenario,
			       r->requirement ? r->requirement : "", r->note ? "  " : "", r->note ? r->note : "");
	}
	put_list("does not pass on the correct target", t->broken, t->broken_count);
	put_list("a fault that breaks everything", t->crippling, t->crippling_count);
	put_list("a fault that no scenario kills", t->survivors, t->survivor_count);
	put_list("a scenario that no fault makes fail", t->never_failing, t->never_failing_count);
	printf("%zu scenarios, %zu faults, %zu killed, %zu survive\n", t->scenarios, t->faults, t->killed,
	       t->survivor_count);
}

static int judge(const struct selftest *t)
{
	size_t i;

	for (i = 0; i < t->row_count; i++)
		if (!t->rows[i].killed)
			return EXIT_FAILED;
	return t->broken_count + t->crippling_count + t->survivor_count + t->never_failing_count > 0 ? EXIT_FAILED
												      : EXIT_OK;
}

static int run_selftest(const struct options *o, struct library *l, const char *root)
{
	struct run_options options = options_run(o);
	const struct selftest *t = NULL;
	struct why why;
	int code = EXIT_USAGE;

	options.library = l;
	options.root = root;
	options.profile = library_profile(l, "builtin");
	options.crypto = crypto_new(&why);
	if (!options.profile)
		why_set(&why, "the profile 'builtin' is not there");
	else if (options.crypto)
		t = selftest_run(&options, &why);
	if (!t) {
		cli_complain(&why);
	} else {
		if (o->json_list)
			put_json(t);
		else
			put_text(t, o->verbosity < 0);
		code = t->row_count == 0 ? EXIT_NOTHING : judge(t);
		selftest_free(t);
	}
	crypto_free(options.crypto);
	return code;
}

int cli_selftest(int argc, char **argv)
{
	struct options o;
	struct library *l;
	const char *files[MANY];
	size_t count;
	char root[400];
	int code = EXIT_USAGE;

	options_parse(OPTIONS_SELFTEST, argc, argv, &o);
	l = options_load(&o, root, files, &count);
	if (l)
		code = run_selftest(&o, l, root);
	library_free(l);
	options_free(&o);
	return code;
}
