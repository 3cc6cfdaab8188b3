/* ikespec doctor: what the machine has, what a target can do, and a profile of it. */
#include <argp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doctor/doctor.h"
#include "options.h"

#define TEXTS ((size_t)4 << 20)

struct doctor_arguments {
	bool json, quiet;
};

enum { OPTION_JSON = 256 };

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0, "findings as JSON, schema ikespec-doctor/1", 1 },
	{ "quiet", 'q', NULL, 0, "only what is not ok", 1 },
	{ 0 },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct doctor_arguments *a = state->input;

	switch (key) {
	case OPTION_JSON:
		a->json = true;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much", text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* ------------------------------------------------------------ text */

static void put_finding(const struct finding *f)
{
	printf("  %-11s  %-18s %s\n", finding_state_name(f->state), f->name, f->what);
	if (f->costs)
		printf("  %-11s  %-18s   costs: %s\n", "", "", f->costs);
	if (f->mend)
		printf("  %-11s  %-18s   mend:  %s\n", "", "", f->mend);
}

static void put_findings(const struct findings *f, bool quiet)
{
	const char *group = "";

	for (size_t i = 0; i < f->count; i++) {
		const struct finding *row = &f->rows[i];

		if (quiet && row->state == FINDING_OK)
			continue;
		if (strcmp(group, row->group) != 0)
			printf("%s%s\n", *group ? "\n" : "", row->group);
		group = row->group;
		put_finding(row);
	}
	printf("\n%zu checks: %zu ok, %zu missing, %zu not checked\n", f->count,
	       findings_in(f, FINDING_OK) + findings_in(f, FINDING_NOTE), findings_in(f, FINDING_MISSING),
	       findings_in(f, FINDING_UNCHECKED));
}

/* ------------------------------------------------------------ JSON */

static void set_text(json_t *o, const char *name, const char *text)
{
	if (text)
		json_object_set_new(o, name, json_string(text));
}

static json_t *findings_json(const struct findings *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->count; i++) {
		const struct finding *row = &f->rows[i];
		json_t *o = json_object();

		set_text(o, "group", row->group);
		set_text(o, "name", row->name);
		set_text(o, "state", finding_state_name(row->state));
		set_text(o, "what", row->what);
		set_text(o, "costs", row->costs);
		set_text(o, "mend", row->mend);
		json_array_append_new(rows, o);
	}
	return rows;
}

static void put_json(const struct findings *machine)
{
	json_t *o = json_pack("{ss so}", "schema", "ikespec-doctor/1", "machine", findings_json(machine));

	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

/* ------------------------------------------------------------ running */

static int look(const struct doctor_arguments *a, struct run_options *run, struct findings *machine)
{
	doctor_machine(run, machine);
	if (a->json)
		put_json(machine);
	else
		put_findings(machine, a->quiet);
	return EXIT_OK;
}

int cli_doctor(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, NULL,
		"Looks at what this machine has of what ikespec needs: what is missing, what that costs, and the command "
		"that mends it."
		"\vExit: 0 looked at everything, 4 usage.",
		NULL, NULL, NULL,
	};
	struct doctor_arguments a = { 0 };
	struct run_options run = { .seed = 1 };
	struct findings *machine = calloc(1, sizeof *machine);
	char root[400];
	struct why why = { "" };
	int code = EXIT_UNCLEAR;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	run.library = cli_load(NULL, 0, root);
	run.root = root;
	run.crypto = run.library ? crypto_new(&why) : NULL;
	if (machine)
		machine->arena = arena_new(TEXTS);
	if (run.crypto && machine && machine->arena)
		code = look(&a, &run, machine);
	else if (run.library)
		cli_complain(&why);
	else
		code = EXIT_USAGE;
	if (machine)
		arena_free(machine->arena);
	free(machine);
	crypto_free(run.crypto);
	library_free(run.library);
	return code;
}
