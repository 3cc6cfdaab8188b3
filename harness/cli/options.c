/* The options of run, list and selftest. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "options.h"

enum long_option {
	OPT_RFC = 256, OPT_LEVEL, OPT_AREA, OPT_ROLE, OPT_FAILED, OPT_EXPECT, OPT_SHARD, OPT_SEED, OPT_REPEAT,
	OPT_SHUFFLE, OPT_RETRIES, OPT_TIME_SCALE, OPT_NETWORK, OPT_MAX_WAIT, OPT_SLOW, OPT_FAULT, OPT_SET, OPT_JUNIT, OPT_JSON,
	OPT_TAP, OPT_PCAP, OPT_NO_KEYS, OPT_COLOR, OPT_LONG, OPT_JSON_LIST,
};

static const struct argp_option run_table[] = {
	{ 0, 0, 0, 0, "What is run:", 1 },
	{ "target", 't', "PROFILE[,PROFILE]", 0, "names or files of profiles; default: the built-in target", 0 },
	{ "filter", 'k', "GLOB", 0, "cases whose id fits", 0 },
	{ "rfc", OPT_RFC, "7296[:2.8]", 0, "scenarios that judge this RFC or section", 0 },
	{ "level", OPT_LEVEL, "LEVEL", 0, "scenarios that judge a must, should or may", 0 },
	{ "area", OPT_AREA, "AREA", 0, "scenarios of this area", 0 },
	{ "role", OPT_ROLE, "ROLE", 0, "initiator or responder: the target's role", 0 },
	{ "failed", OPT_FAILED, "DIR", 0, "what failed in this result folder", 0 },
	{ "shard", OPT_SHARD, "I/N", 0, "every Nth case from the Ith on; auto: from the CI system's variables", 0 },
	{ "slow", OPT_SLOW, 0, 0, "also what waits longer than --max-wait", 0 },
	{ "max-wait", OPT_MAX_WAIT, "TIME", 0, "longest wait against a real target (60s)", 0 },
	{ 0, 0, 0, 0, "How:", 2 },
	{ "jobs", 'j', "N", 0, "cases in flight at once; default: all that the profile allows", 0 },
	{ "seed", OPT_SEED, "N", 0, "the same seed sends the same octets", 0 },
	{ "repeat", OPT_REPEAT, "N", 0, "each case so many times", 0 },
	{ "shuffle", OPT_SHUFFLE, 0, 0, "in an order that the seed decides", 0 },
	{ "retries", OPT_RETRIES, "N", 0, "of what did not pass; a changed verdict is flaky", 0 },
	{ "time-scale", OPT_TIME_SCALE, "X", 0, "stretches within= and for= against a slow target", 0 },
	{ "network", OPT_NETWORK, "loss=30%,...", 0,
	  "a bad path for every case: loss, duplicate, reorder, corrupt (shares), delay, jitter (times), mtu", 0 },
	{ "fail-fast", 'x', 0, 0, "stop at the first failure", 0 },
	{ "strict", 'S', 0, 0, "a broken SHOULD fails the run", 0 },
	{ "expect", OPT_EXPECT, "FILE", 0, "known deviations; an unexpected pass or a stale line fails the run", 0 },
	{ "fault", OPT_FAULT, "NAME", 0, "the built-in target with that fault", 0 },
	{ "set", OPT_SET, "NAME=VALUE", 0, "overrides a variable", 0 },
	{ 0, 0, 0, 0, "Results:", 3 },
	{ "out", 'o', "DIR", 0, "result folder (ikespec-results); replaced only if it is one of ours", 0 },
	{ "junit", OPT_JUNIT, "FILE", 0, "JUnit XML here as well", 0 },
	{ "json", OPT_JSON, "FILE", 0, "results.json here as well", 0 },
	{ "tap", OPT_TAP, 0, 0, "TAP on standard output", 0 },
	{ "pcap", OPT_PCAP, "WHEN", 0, "always, fail or never", 0 },
	{ "no-keys", OPT_NO_KEYS, 0, 0, "no key files", 0 },
	{ "verbose", 'v', 0, 0, "steps; twice: trees; thrice: octets", 0 },
	{ "quiet", 'q', 0, 0, "failures and the summary only", 0 },
	{ "color", OPT_COLOR, "WHEN", 0, "auto, always or never; NO_COLOR is honoured", 0 },
	{ 0 },
};

static const struct argp_option list_table[] = {
	{ "target", 't', "PROFILE", 0, "cases as this profile makes them", 0 },
	{ "filter", 'k', "GLOB", 0, "cases whose id fits", 0 },
	{ "rfc", OPT_RFC, "7296[:2.8]", 0, "scenarios that judge this RFC or section", 0 },
	{ "level", OPT_LEVEL, "LEVEL", 0, "scenarios that judge a must, should or may", 0 },
	{ "area", OPT_AREA, "AREA", 0, "scenarios of this area", 0 },
	{ "role", OPT_ROLE, "ROLE", 0, "initiator or responder: the target's role", 0 },
	{ "set", OPT_SET, "NAME=VALUE", 0, "overrides a variable", 0 },
	{ "long", OPT_LONG, 0, 0, "with title, requirements and needs", 0 },
	{ 0 },
};

static const struct argp_option selftest_table[] = {
	{ "filter", 'k', "GLOB", 0, "cases whose id fits", 0 },
	{ "seed", OPT_SEED, "N", 0, "the same seed sends the same octets", 0 },
	{ "jobs", 'j', "N", 0, "cases in flight at once", 0 },
	{ "json", OPT_JSON_LIST, 0, 0, "the matrix as JSON (ikespec-selftest/1)", 0 },
	{ "quiet", 'q', 0, 0, "survivors and the summary only", 0 },
	{ 0 },
};

static unsigned long number(const char *text, unsigned long max, const char *option, struct argp_state *state)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	if (*text == '\0' || *text == '-' || *end || v > max)
		argp_error(state, "%s takes a number from 0 to %lu, not '%s'", option, max, text);
	return v;
}

/* One of some words; its number. */
static unsigned word(const char *text, const char *const *words, size_t count, const char *option,
		     struct argp_state *state)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return (unsigned)i;
	argp_error(state, "%s takes one of %s, %s%s%s, not '%s'", option, words[0], words[1], count > 2 ? ", " : "",
		   count > 2 ? words[2] : "", text);
	return 0;
}

static void add(const char **list, size_t *count, size_t cap, const char *text, struct argp_state *state)
{
	if (*count == cap)
		argp_error(state, "more than %zu of them: '%s'", cap, text);
	else
		list[(*count)++] = text;
}

static void parse_targets(struct options *o, const char *text, struct argp_state *state)
{
	char *list = arena_text(o->arena, text), *at;

	for (at = strtok(list, ","); at; at = strtok(NULL, ","))
		add(o->targets, &o->target_count, ARRAY_LEN(o->targets), at, state);
}

static void parse_shard(struct options *o, const char *text, struct argp_state *state)
{
	char end;

	struct why why;

	if (strcmp(text, "auto") == 0) {
		if (!options_shard_auto(&o->shard, &o->shards, &why))
			argp_error(state, "--shard auto: %s", why.text);
		return;
	}
	if (sscanf(text, "%u/%u%c", &o->shard, &o->shards, &end) != 2 || o->shard < 1 || o->shard > o->shards)
		argp_error(state, "--shard takes I/N with 1 <= I <= N, or auto, not '%s'", text);
}

static void parse_set(struct options *o, const char *text, struct argp_state *state)
{
	const char *equals = strchr(text, '=');
	struct variable *v = &o->set[o->set_count];
	struct why why;
	char *name;

	if (!equals || equals == text || o->set_count == MANY) {
		argp_error(state, "--set takes NAME=VALUE, not '%s'", text);
		return;
	}
	name = arena_text(o->arena, text);
	name[equals - text] = '\0';
	v->name = name;
	v->text = equals + 1;
	v->expr = expr_parse(o->arena, v->text, &why);
	if (!v->expr)
		argp_error(state, "--set %s: %s", text, why.text);
	o->set_count++;
}

static void parse_time(usec *out, const char *text, const char *option, struct argp_state *state)
{
	if (!usec_parse(text, out))
		argp_error(state, "%s takes a time such as 30s or 5min, not '%s'", option, text);
}

static bool parse_selection(int key, char *arg, struct argp_state *state, struct options *o)
{
	static const char *const roles[] = { "initiator", "responder" };
	static const char *const levels[] = { "must", "should", "may" };

	switch (key) {
	case 't':
		parse_targets(o, arg, state);
		return true;
	case 'k':
		add(o->globs, &o->glob_count, MANY, arg, state);
		return true;
	case OPT_RFC:
		o->rfc = strncmp(arg, "RFC", 3) == 0 ? arg + 3 : arg;
		return true;
	case OPT_LEVEL:
		o->level = levels[word(arg, levels, 3, "--level", state)];
		return true;
	case OPT_AREA:
		o->area = arg;
		return true;
	case OPT_ROLE:
		o->role = word(arg, roles, 2, "--role", state) == 0 ? ROLE_INITIATOR : ROLE_RESPONDER;
		return true;
	case OPT_FAILED:
		o->failed_dir = arg;
		return true;
	case OPT_SHARD:
		parse_shard(o, arg, state);
		return true;
	default:
		return false;
	}
}

static bool parse_manner(int key, char *arg, struct argp_state *state, struct options *o)
{
	struct why why;
	char *end;

	switch (key) {
	case 'j':
		o->jobs = (unsigned)number(arg, 10000, "--jobs", state);
		return true;
	case OPT_SEED:
		o->seed = strtoull(arg, &end, 0);
		if (*arg == '\0' || *end)
			argp_error(state, "--seed takes a number, not '%s'", arg);
		o->seed_given = true;
		return true;
	case OPT_REPEAT:
		o->repeat = (unsigned)number(arg, 100000, "--repeat", state);
		return true;
	case OPT_RETRIES:
		o->retries = (unsigned)number(arg, 100, "--retries", state);
		return true;
	case OPT_TIME_SCALE:
		o->time_scale = strtod(arg, &end);
		if (*end || !(o->time_scale >= 0.01 && o->time_scale <= 1000))
			argp_error(state, "--time-scale takes a factor from 0.01 to 1000, not '%s'", arg);
		return true;
	case OPT_NETWORK:
		if (!options_network(arg, &o->weather, &why))
			argp_error(state, "--network: %s", why.text);
		o->bad_path = true;
		return true;
	case OPT_MAX_WAIT:
		parse_time(&o->max_wait, arg, "--max-wait", state);
		return true;
	case OPT_SET:
		parse_set(o, arg, state);
		return true;
	default:
		return false;
	}
}

static bool parse_flags(int key, struct options *o)
{
	static const struct {
		int key;
		size_t at;
	} flags[] = {
		{ 'x', offsetof(struct options, fail_fast) },    { 'S', offsetof(struct options, strict) },
		{ OPT_SHUFFLE, offsetof(struct options, shuffle) }, { OPT_SLOW, offsetof(struct options, slow) },
		{ OPT_TAP, offsetof(struct options, tap) },      { OPT_NO_KEYS, offsetof(struct options, no_keys) },
		{ OPT_LONG, offsetof(struct options, long_list) },
		{ OPT_JSON_LIST, offsetof(struct options, json_list) },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].key == key) {
			*(bool *)((char *)o + flags[i].at) = true;
			return true;
		}
	return false;
}

static bool parse_results(int key, char *arg, struct argp_state *state, struct options *o)
{
	static const char *const colours[] = { "auto", "always", "never" };
	static const char *const keeps[] = { "always", "fail", "never" };

	switch (key) {
	case OPT_EXPECT:
		o->expect = arg;
		return true;
	case OPT_FAULT:
		o->fault = arg;
		return true;
	case 'o':
		o->out = arg;
		return true;
	case OPT_JUNIT:
		o->junit = arg;
		return true;
	case OPT_JSON:
		o->json = arg;
		return true;
	case OPT_PCAP:
		o->pcap = (enum capture_keep)word(arg, keeps, 3, "--pcap", state);
		return true;
	case OPT_COLOR:
		o->colour = word(arg, colours, 3, "--color", state);
		return true;
	case 'v':
		o->verbosity++;
		return true;
	case 'q':
		o->verbosity = -1;
		return true;
	default:
		return false;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key == ARGP_KEY_ARG) {
		add(o->names, &o->name_count, MANY, arg, state);
		return 0;
	}
	if (parse_selection(key, arg, state, o) || parse_manner(key, arg, state, o) || parse_flags(key, o) ||
	    parse_results(key, arg, state, o))
		return 0;
	return ARGP_ERR_UNKNOWN;
}

void options_parse(enum option_set set, int argc, char **argv, struct options *o)
{
	static const struct argp argps[] = {
		[OPTIONS_RUN] = { run_table, parse, "[ID or PATH]...",
				  "Runs scenarios (all, if none is named; an id prefix selects: ikev2.init).", 0, 0, 0 },
		[OPTIONS_LIST] = { list_table, parse, "[ID or PATH]...", "Lists the ids of cases.", 0, 0, 0 },
		[OPTIONS_SELFTEST] = { selftest_table, parse, "[ID]...",
				       "Runs each scenario with each of its faults on the built-in target.", 0, 0, 0 },
	};
	static char *titles[] = { "ikespec run", "ikespec list", "ikespec selftest" };

	*o = (struct options){ .out = "ikespec-results", .seed = 1 };
	o->arena = arena_new(16 << 20);
	argv[0] = titles[set];
	argp_parse(&argps[set], argc, argv, 0, NULL, o);
	if (o->target_count == 0)
		o->targets[o->target_count++] = "builtin";
}

void options_free(struct options *o)
{
	arena_free(o->arena);
}

bool options_is_path(const char *name)
{
	return strchr(name, '/') || (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".xml") == 0);
}

/* What CI systems and schedulers set; first: the number of the first shard, or a variable that tells it. */
static const struct {
	const char *index, *total, *first_in;
	unsigned long first;
} shard_variables[] = {
	{ "CI_NODE_INDEX", "CI_NODE_TOTAL", NULL, 1 },                                  /* GitLab */
	{ "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", NULL, 0 },                          /* CircleCI */
	{ "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", NULL, 0 },          /* Buildkite */
	{ "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", NULL, 1 },            /* Azure Pipelines */
	{ "SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", NULL, 1 },                      /* Semaphore */
	{ "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", NULL, 0 },                           /* Bazel */
	{ "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", 0 }, /* Slurm */
	{ "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", NULL, 0 },           /* AWS Batch */
};

static bool from_environment(const char *name, unsigned long *out)
{
	const char *text = name ? getenv(name) : NULL;
	char *end;

	if (!text || !*text || *text == '-')
		return false;
	*out = strtoul(text, &end, 10);
	return *end == '\0';
}

bool options_shard_auto(unsigned *shard, unsigned *shards, struct why *why)
{
	size_t i;

	*shard = *shards = 0;
	for (i = 0; i < ARRAY_LEN(shard_variables); i++) {
		const char *index = getenv(shard_variables[i].index), *total = getenv(shard_variables[i].total);
		unsigned long at, of, first = shard_variables[i].first;

		if (!index || !total)
			continue;
		from_environment(shard_variables[i].first_in, &first);
		if (!from_environment(shard_variables[i].index, &at) || !from_environment(shard_variables[i].total, &of) ||
		    at < first || at - first >= of || of > UINT16_MAX)
			return why_set(why, "%s=%s of %s=%s makes no sense", shard_variables[i].index, index,
				       shard_variables[i].total, total);
		*shard = (unsigned)(at - first) + 1;
		*shards = (unsigned)of;
		return true;
	}
	return true;
}

struct run_options options_run(const struct options *o)
{
	return (struct run_options){
		.filter = { .names = o->names, .name_count = o->name_count, .globs = o->globs,
			    .glob_count = o->glob_count, .rfc = o->rfc, .level = o->level, .area = o->area,
			    .role = o->role, .only = o->only_count ? o->only : NULL, .only_count = o->only_count,
			    .shard = o->shard, .shards = o->shards },
		.trees = o->verbosity >= 2,
		.seed = o->seed,
		.jobs = o->jobs,
		.repeat = o->repeat,
		.shuffle = o->shuffle,
		.retries = o->retries,
		.strict = o->strict,
		.fail_fast = o->fail_fast,
		.weather = o->bad_path ? &o->weather : NULL,
		.time_scale = o->time_scale,
		.max_wait = o->max_wait,
		.slow = o->slow,
		.fault = o->fault,
		.set = o->set,
		.set_count = o->set_count,
	};
}
