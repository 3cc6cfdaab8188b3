/* ikespec run. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "out.h"
#include "reports/matrix.h"

static volatile sig_atomic_t interrupted;
static volatile bool stop_wanted;

static void on_interrupt(int signal)
{
	(void)signal;
	if (interrupted++ > 0)
		_exit(EXIT_INTERRUPTED);
	stop_wanted = true;
}

/* Everything that a run holds; freed in one place. */
struct running {
	struct options o;
	char root[400];
	struct library *library;
	struct crypto *crypto;
	struct event_log log;
	struct captures *captures;
	struct jsonl *jsonl;
	struct results *results;
	struct console *console;
	struct test_suite *suites[16];
	const struct profile *profiles[16];
	struct deviations *deviations[16];
	const char *files[MANY];                /* scenarios and profiles outside of the folder */
	size_t file_count;
	char again[300];
};

static usec wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (usec)ts.tv_sec * USEC_S + (usec)ts.tv_nsec / 1000;
}

/* scenarios/deviations/TARGET.json, of all versions of a target, if it is there and nothing else was said. */
static bool load_deviations(struct running *s, size_t at, struct why *why)
{
	char path[700];

	if (!s->o.expect)
		return true;
	if (strcmp(s->o.expect, "default") == 0)
		snprintf(path, sizeof(path), "%s/deviations/%.*s.json", s->root,
			 (int)strcspn(s->profiles[at]->id, ":"), s->profiles[at]->id);
	else
		snprintf(path, sizeof(path), "%s", s->o.expect);
	if (strcmp(s->o.expect, "default") == 0 && access(path, R_OK) != 0)
		return true;
	s->deviations[at] = deviations_load(path, s->profiles[at]->version, why);
	if (s->deviations[at] && s->o.bad_path)
		deviations_on_bad_path(s->deviations[at]);
	return s->deviations[at] != NULL;
}

static bool make_suite(struct running *s, size_t at, struct why *why)
{
	struct run_options options = options_run(&s->o);

	s->profiles[at] = cli_profile(s->library, s->o.targets[at]);
	if (!s->profiles[at])
		return why_set(why, "there is no profile '%s'; those below %s/profiles are known, and paths of others",
			       s->o.targets[at], s->root);
	if (!load_deviations(s, at, why))
		return false;
	options.library = s->library;
	options.crypto = s->crypto;
	options.profile = s->profiles[at];
	options.root = s->root;
	options.deviations = s->deviations[at];
	options.log = &s->log;
	options.stop = &stop_wanted;
	s->suites[at] = suite_new(&options, why);
	return s->suites[at] != NULL;
}

static size_t selected(const struct running *s)
{
	const struct scenario_case *const *cases;
	size_t i, total = 0;

	for (i = 0; i < s->o.target_count; i++)
		total += suite_cases(s->suites[i], &cases);
	return total;
}

static bool wants_colour(const struct options *o)
{
	const char *no = getenv("NO_COLOR");

	if (o->colour != COLOUR_AUTO)
		return o->colour == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* The options that the line which runs a case again must bear. */
static void again_options(struct running *s)
{
	snprintf(s->again, sizeof(s->again), "--seed %llu%s%s", (unsigned long long)s->o.seed,
		 s->o.fault ? " --fault " : "", s->o.fault ? s->o.fault : "");
}

/* A target as the user called it: its profile may be a file that has no other name. */
static const char *spelled(void *ctx, const char *target)
{
	const struct running *s = ctx;
	size_t i;

	for (i = 0; i < s->o.target_count; i++)
		if (s->profiles[i] && strcmp(s->profiles[i]->id, target) == 0)
			return strcmp(s->o.targets[i], "builtin") == 0 ? NULL : s->o.targets[i];
	return target;
}

/* A case by its id, or, if its scenario is not of the folder, by its file. */
static const char *named(void *ctx, const struct result_case *c)
{
	const struct running *s = ctx;
	size_t i;

	for (i = 0; c->file && i < s->file_count; i++)
		if (strcmp(s->files[i], c->file) == 0)
			return s->files[i];
	return c->id;
}

static bool open_outputs(struct running *s, struct why *why)
{
	char path[600];
	struct console_options console = {
		.out = s->o.tap ? stderr : stdout, .colour = wants_colour(&s->o), .verbosity = s->o.verbosity,
		.out_dir = s->o.out, .again = s->again, .spelled = spelled, .named = named, .ctx = s,
	};

	again_options(s);
	if (!out_prepare(s->o.out, why))
		return false;
	snprintf(path, sizeof(path), "%s/events.jsonl", s->o.out);
	s->captures = captures_new(s->o.out, s->o.pcap, !s->o.no_keys, s->o.target_count > 1, why);
	s->jsonl = s->captures ? jsonl_create(path, why) : NULL;
	if (!s->jsonl)
		return false;
	s->results = results_new();
	s->console = console_new(&console);
	if (!s->results || !s->console)
		return why_set(why, "no memory for reports");
	event_listen(&s->log, captures_hear, s->captures);
	event_listen(&s->log, jsonl_hear, s->jsonl);
	event_listen(&s->log, results_hear, s->results);
	event_listen(&s->log, console_hear, s->console);
	return true;
}

static void tell_begin(struct running *s)
{
	const struct requirement *const *rows;
	size_t i, count = library_requirements(s->library, &rows);

	event_emit(&s->log, &(struct event){ .kind = EVENT_BEGIN, .text = IKESPEC_VERSION,
					     .number = (int64_t)s->o.seed });
	for (i = 0; i < count; i++)
		event_emit(&s->log, &(struct event){ .kind = EVENT_CATALOGUE, .id = rows[i]->id, .text = rows[i]->rule,
						     .path = rows[i]->section, .detail = level_name(rows[i]->level),
						     .verdict = gate_name(rows[i]->gate) });
	for (i = 0; i < s->o.target_count; i++)
		event_emit(&s->log, &(struct event){ .kind = EVENT_PROFILE, .id = s->profiles[i]->id,
						     .text = s->profiles[i]->source, .path = s->profiles[i]->address });
}

/* A target that does not come up does not keep the others from running. */
static bool run_suites(struct running *s)
{
	bool ok = true;
	struct why why;
	char text[700];
	size_t i;

	for (i = 0; i < s->o.target_count && !stop_wanted; i++)
		if (!suite_run(s->suites[i], &why)) {
			fprintf(stderr, "ikespec: target %s: %s\n", s->profiles[i]->id,
				why_print(&why, text, sizeof(text)));
			ok = false;
		}
	return ok;
}

static unsigned tell_stale(const struct running *s)
{
	const char *const *rows;
	unsigned total = 0;
	size_t i, j, count;

	for (i = 0; i < s->o.target_count; i++) {
		count = suite_stale(s->suites[i], &rows);
		for (j = 0; j < count; j++, total++)
			fprintf(stderr, "ikespec: stale deviation: %s\n", rows[j]);
	}
	return total;
}

static bool write_reports(struct running *s)
{
	char path[600];
	struct why why;
	bool ok = true;
	size_t i;

	results_sort(s->results);
	out_find_captures(s->captures, s->o.out, s->results);
	for (i = 0; i < 4; i++) {
		const char *told = i < 2 ? (i == 0 ? s->o.junit : s->o.json) : NULL;

		if (i >= 2)
			snprintf(path, sizeof(path), "%s/%s", s->o.out, i == 2 ? "junit.xml" : "results.json");
		else if (told)
			snprintf(path, sizeof(path), "%s", told);
		else
			continue;
		if (!(i % 2 == 0 ? junit_write : results_json_write)(s->results, path, &why)) {
			cli_complain(&why);
			ok = false;
		}
	}
	snprintf(path, sizeof(path), "%s/matrix.html", s->o.out);
	if (s->o.target_count > 1 && !matrix_html_write(s->results, path, &why)) {
		cli_complain(&why);
		ok = false;
	}
	return ok;
}

/* Closes what listens, writes the reports and the summary; the exit code. */
static int finish(struct running *s, usec began, bool ran)
{
	struct why why;
	unsigned stale;
	int code;

	event_emit(&s->log, &(struct event){ .kind = EVENT_END, .number = (int64_t)(wall_clock() - began),
					     .verdict = stop_wanted ? "interrupted" : NULL });
	if (!captures_finish(s->captures, &why)) {
		cli_complain(&why);
		ran = false;
	}
	ran = write_reports(s) && ran;
	stale = stop_wanted ? 0 : tell_stale(s);
	if (s->o.tap)
		tap_write(s->results, stdout);
	console_summary(s->console, s->results, s->o.shard, s->o.shards);
	code = results_exit_code(s->results, s->o.strict);
	if (stale > 0)
		return EXIT_FAILED;
	return code == EXIT_OK && !ran ? EXIT_UNCLEAR : code;
}

static void end_running(struct running *s)
{
	struct why why;
	size_t i;

	for (i = 0; i < s->o.target_count; i++) {
		suite_free(s->suites[i]);
		deviations_free(s->deviations[i]);
	}
	captures_free(s->captures);
	if (s->jsonl && !jsonl_close(s->jsonl, &why))
		cli_complain(&why);
	results_free(s->results);
	console_free(s->console);
	crypto_free(s->crypto);
	library_free(s->library);
	options_free(&s->o);
	free(s);
}

static bool prepare(struct running *s, struct why *why)
{
	size_t i;

	s->crypto = crypto_new(why);
	if (!s->crypto)
		return false;
	for (i = 0; i < s->o.target_count; i++)
		if (!make_suite(s, i, why))
			return false;
	return true;
}

static int run_all(struct running *s)
{
	struct sigaction act = { .sa_handler = on_interrupt };
	usec began = wall_clock();
	struct why why;
	bool ran;

	if ((s->o.failed_dir && !out_failed(&s->o, &why)) || !prepare(s, &why)) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	if (selected(s) == 0 || (s->o.failed_dir && s->o.only_count == 0)) {
		fputs("ikespec: nothing was selected\n", stderr);
		return EXIT_NOTHING;
	}
	if (!open_outputs(s, &why)) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	tell_begin(s);
	ran = run_suites(s);
	return finish(s, began, ran);
}

int cli_run(int argc, char **argv)
{
	struct running *s = calloc(1, sizeof(*s));
	int code = EXIT_USAGE;

	if (!s)
		return EXIT_UNCLEAR;
	options_parse(OPTIONS_RUN, argc, argv, &s->o);
	s->library = options_load(&s->o, s->root, s->files, &s->file_count);
	if (s->library)
		code = run_all(s);
	end_running(s);
	return code;
}
