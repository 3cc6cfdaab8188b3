/* The command line of run and list: what each option sets, what is refused with exit 4, shards of CI systems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli.h"
#include "options.h"

#define WORDS 32

/* Cuts a line at its blanks. */
static int words(char *line, char *argv[WORDS])
{
	int argc = 0;
	char *at;

	for (at = strtok(line, " "); at && argc < WORDS - 1; at = strtok(NULL, " "))
		argv[argc++] = at;
	argv[argc] = NULL;
	return argc;
}

static void parsed(enum option_set set, const char *line, struct options *o)
{
	static char copy[400];
	char *argv[WORDS];

	snprintf(copy, sizeof(copy), "x %s", line);
	options_parse(set, words(copy, argv), argv, o);
}

/* ------------------------------------------------------------ what is refused */

static const struct {
	const char *line;
	int code;
} endings[] = {
	{ "", 100 },
	{ "--help", 0 },
	{ "--usage", 0 },
	{ "--no-such-option", 4 },
	{ "-j", 4 },
	{ "-j x", 4 },
	{ "-j -1", 4 },
	{ "-j 10001", 4 },
	{ "-j 8", 100 },
	{ "--seed x", 4 },
	{ "--seed 18446744073709551615", 100 },
	{ "--role both", 4 },
	{ "--level perhaps", 4 },
	{ "--color blue", 4 },
	{ "--pcap sometimes", 4 },
	{ "--shard 0/5", 4 },
	{ "--shard 6/5", 4 },
	{ "--shard 5", 4 },
	{ "--shard 1/2x", 4 },
	{ "--shard 5/5", 100 },
	{ "--time-scale 0", 4 },
	{ "--time-scale nan", 4 },
	{ "--max-wait soon", 4 },
	{ "--max-wait 5min", 100 },
	{ "--set x", 4 },
	{ "--set =x", 4 },
	{ "--set x=(", 4 },
	{ "--set x=1", 100 },
	{ "-t a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", 4 },
};

/* The exit status of a process that parses the line; 100 if the line is good. */
static int ending(enum option_set set, const char *line)
{
	struct options o;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(101);
		parsed(set, line, &o);
		_exit(100);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static void test_endings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(endings); i++)
		if (ending(OPTIONS_RUN, endings[i].line) != endings[i].code)
			fail_msg("run %s: wanted %d, got %d", endings[i].line, endings[i].code,
				 ending(OPTIONS_RUN, endings[i].line));
	assert_int_equal(ending(OPTIONS_LIST, "--long"), 100);
	assert_int_equal(ending(OPTIONS_LIST, "--tap"), 4);
	assert_int_equal(ending(OPTIONS_SELFTEST, "--json"), 100);
	assert_int_equal(ending(OPTIONS_SELFTEST, "-t x"), 4);
}

/* ------------------------------------------------------------ what is set */

static void test_defaults(void **state)
{
	struct run_options r;
	struct options o;

	(void)state;
	parsed(OPTIONS_RUN, "", &o);
	r = options_run(&o);
	assert_int_equal(o.target_count, 1);
	assert_string_equal(o.targets[0], "builtin");
	assert_string_equal(o.out, "ikespec-results");
	assert_int_equal(r.seed, 1);
	assert_int_equal(r.filter.name_count + r.filter.glob_count + r.filter.shards + r.filter.role + r.jobs, 0);
	assert_null(r.filter.only);
	assert_false(r.strict || r.fail_fast || r.shuffle || o.tap || o.no_keys);
	assert_int_equal(o.pcap, CAPTURE_ALWAYS);
	options_free(&o);
}

static void test_everything(void **state)
{
	struct run_options r;
	struct options o;

	(void)state;
	parsed(OPTIONS_RUN, "-t strongswan,libreswan -t x.xml -k a* -k b* --rfc RFC7296:2.8 --level should --role responder a.b",
	       &o);
	r = options_run(&o);
	assert_int_equal(o.target_count, 3);
	assert_string_equal(o.targets[1], "libreswan");
	assert_string_equal(o.targets[2], "x.xml");
	assert_int_equal(r.filter.glob_count, 2);
	assert_string_equal(r.filter.rfc, "7296:2.8");
	assert_string_equal(r.filter.level, "should");
	assert_int_equal(r.filter.role, ROLE_RESPONDER);
	assert_string_equal(r.filter.names[0], "a.b");
	options_free(&o);
	parsed(OPTIONS_RUN, "-xS -j 3 --seed 0x10 --repeat 5 --retries 2 --shuffle --slow --time-scale 2.5 --max-wait 2s", &o);
	r = options_run(&o);
	assert_true(r.fail_fast && r.strict && r.shuffle && r.slow);
	assert_int_equal(r.jobs * 1000 + r.seed, 3016);
	assert_int_equal(r.repeat * 10 + r.retries, 52);
	assert_true(r.time_scale == 2.5 && r.max_wait == 2 * USEC_S);
	options_free(&o);
	parsed(OPTIONS_RUN, "-o d --junit j --json s --tap --pcap never --no-keys -vv --color never --fault f --set a=b", &o);
	r = options_run(&o);
	assert_string_equal(o.out, "d");
	assert_string_equal(o.junit, "j");
	assert_string_equal(o.json, "s");
	assert_true(o.tap && o.no_keys && o.pcap == CAPTURE_NEVER && o.verbosity == 2 && o.colour == COLOUR_NEVER);
	assert_string_equal(r.fault, "f");
	assert_int_equal(r.set_count, 1);
	assert_string_equal(r.set[0].name, "a");
	options_free(&o);
}

static void test_paths(void **state)
{
	static const struct {
		const char *name;
		bool path;
	} rows[] = {
		{ "ikev2.init", false }, { "a.xml", true }, { "./a", true }, { "a/b", true }, { ".xml", false }, { "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (options_is_path(rows[i].name) != rows[i].path)
			fail_msg("%s", rows[i].name);
}

/* ------------------------------------------------------------ shards */

static const char *const variables[] = {
	"CI_NODE_INDEX", "CI_NODE_TOTAL", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", "BUILDKITE_PARALLEL_JOB",
	"BUILDKITE_PARALLEL_JOB_COUNT", "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", "SEMAPHORE_JOB_INDEX",
	"SEMAPHORE_JOB_COUNT", "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT",
	"SLURM_ARRAY_TASK_MIN", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE",
};

static const struct {
	const char *environment;        /* "A=1 B=2" */
	bool good;
	unsigned shard, shards;
} shards[] = {
	{ "", true, 0, 0 },
	{ "CI_NODE_INDEX=1 CI_NODE_TOTAL=4", true, 1, 4 },
	{ "CI_NODE_INDEX=4 CI_NODE_TOTAL=4", true, 4, 4 },
	{ "CI_NODE_INDEX=0 CI_NODE_TOTAL=4", false, 0, 0 },
	{ "CI_NODE_INDEX=5 CI_NODE_TOTAL=4", false, 0, 0 },
	{ "CI_NODE_INDEX=1", true, 0, 0 },
	{ "CI_NODE_TOTAL=1", true, 0, 0 },
	{ "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=3", true, 1, 3 },
	{ "CIRCLE_NODE_INDEX=3 CIRCLE_NODE_TOTAL=3", false, 0, 0 },
	{ "BUILDKITE_PARALLEL_JOB=2 BUILDKITE_PARALLEL_JOB_COUNT=3", true, 3, 3 },
	{ "SYSTEM_JOBPOSITIONINPHASE=2 SYSTEM_TOTALJOBSINPHASE=2", true, 2, 2 },
	{ "SEMAPHORE_JOB_INDEX=1 SEMAPHORE_JOB_COUNT=2", true, 1, 2 },
	{ "TEST_SHARD_INDEX=0 TEST_TOTAL_SHARDS=2", true, 1, 2 },
	{ "SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=8", true, 1, 8 },
	{ "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=8 SLURM_ARRAY_TASK_MIN=1", true, 1, 8 },
	{ "SLURM_ARRAY_TASK_ID=8 SLURM_ARRAY_TASK_COUNT=8 SLURM_ARRAY_TASK_MIN=1", true, 8, 8 },
	{ "SLURM_ARRAY_TASK_ID=8 SLURM_ARRAY_TASK_COUNT=8", false, 0, 0 },
	{ "AWS_BATCH_JOB_ARRAY_INDEX=7 AWS_BATCH_JOB_ARRAY_SIZE=10", true, 8, 10 },
	{ "CI_NODE_INDEX=x CI_NODE_TOTAL=4", false, 0, 0 },
	{ "CI_NODE_INDEX=1 CI_NODE_TOTAL=4x", false, 0, 0 },
	{ "CI_NODE_INDEX=-1 CI_NODE_TOTAL=4", false, 0, 0 },
	{ "CI_NODE_INDEX= CI_NODE_TOTAL=4", false, 0, 0 },
	{ "CI_NODE_INDEX=1 CI_NODE_TOTAL=0", false, 0, 0 },
	{ "CI_NODE_INDEX=1 CI_NODE_TOTAL=1000000", false, 0, 0 },
	{ "CI_NODE_INDEX=99999999999999999999 CI_NODE_TOTAL=4", false, 0, 0 },
};

static void set_environment(const char *line)
{
	char copy[300], *argv[WORDS];
	int i, count;
	size_t k;

	for (k = 0; k < ARRAY_LEN(variables); k++)
		unsetenv(variables[k]);
	snprintf(copy, sizeof(copy), "%s", line);
	count = words(copy, argv);
	for (i = 0; i < count; i++) {
		char *equals = strchr(argv[i], '=');

		*equals = '\0';
		setenv(argv[i], equals + 1, 1);
	}
}

static void test_shard_auto(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(shards); i++) {
		struct why why = { 0 };
		unsigned shard = 77, of = 77;
		bool good;

		set_environment(shards[i].environment);
		good = options_shard_auto(&shard, &of, &why);
		if (good != shards[i].good || (good && (shard != shards[i].shard || of != shards[i].shards)))
			fail_msg("%s: got %d, %u/%u", shards[i].environment, good, shard, of);
		assert_true(good || why.text[0]);
		assert_int_equal(ending(OPTIONS_RUN, "--shard auto"), shards[i].good ? 100 : 4);
	}
	set_environment("");
}

static void test_network(void **state)
{
	static const struct {
		const char *text, *wrong;
	} rows[] = {
		{ "loss=30%", NULL },        { "loss=0.3,delay=20ms,mtu=1280", NULL },
		{ "loss=130%", "below 100%" }, { "loss", "has no '='" },
		{ "delay=5", "takes a time" },  { "lost=3%", "there is no 'lost'" },
		{ "mtu=10", "576 to 65535" },   { "loss=-1%", "below 100%" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct link_fate f;
		struct why why;
		bool good = options_network(rows[i].text, &f, &why);

		assert_int_equal(good, rows[i].wrong == NULL);
		if (good)
			assert_int_equal(f.loss_ppm, 300000);
		else
			assert_non_null(strstr(why.text, rows[i].wrong));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_shard_auto),
		cmocka_unit_test(test_network),
	};
	argp_err_exit_status = EXIT_USAGE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
