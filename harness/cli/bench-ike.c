/* ikespec bench ike: messages and handshakes in memory. */
#include <argp.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ike.h"
#include "cli-bench.h"

struct ike_options {
	struct ike_plan plan;
	const char *json, *csv, *one;
	unsigned times;
};

enum { OPTION_JSON = 256, OPTION_CSV, OPTION_ROUNDS, OPTION_INSTRUCTIONS, OPTION_ONE, OPTION_TIMES };

static const struct argp_option options[] = {
	{ "group", 'g', "GROUP", 0, "x25519, ecp256, modp2048 ...; may be repeated (default: these and ecp384)", 0 },
	{ "auth", 'a', "KEY", 0, "psk, or a signature by rsa, ecdsa256, ed25519 ...; may be repeated", 0 },
	{ "suite", 's', "SUITE", 0, "of IKE, without a group (default aes256gcm16-prfsha256)", 0 },
	{ "seconds", 't', "S", 0, "for each row (default 0.3)", 0 },
	{ "rounds", OPTION_ROUNDS, "N", 0, "whose median counts (default 15)", 0 },
	{ "instructions", OPTION_INSTRUCTIONS, NULL, 0,
	  "where the CPU counts none for us: count them under valgrind, which takes minutes", 0 },
	{ "one", OPTION_ONE, "ROW", 0, "do one row, --times N, and print nothing: for perf stat or valgrind", 0 },
	{ "times", OPTION_TIMES, "N", 0, "how often --one does it (default 100)", 0 },
	{ "json", OPTION_JSON, "FILE", 0, "results, schema ikespec-bench-ike/1", 0 },
	{ "csv", OPTION_CSV, "FILE", 0, "the same as a table of numbers", 0 },
	{ 0 },
};

static bool take(struct ike_options *o, int key, char *text, struct why *why)
{
	double n = 0;
	bool good;

	switch (key) {
	case 'g':
		return ike_add_group(&o->plan, text, why);
	case 'a':
		return ike_add_auth(&o->plan, text, why);
	case 't':
		return bench_number("seconds", text, 0.01, 60, &o->plan.seconds, why);
	case OPTION_ROUNDS:
		good = bench_number("rounds", text, 1, 64, &n, why);
		o->plan.rounds = (unsigned)n;
		return good;
	case OPTION_TIMES:
		good = bench_number("times", text, 1, 3000, &n, why);
		o->times = (unsigned)n;
		return good;
	default:
		return true;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct ike_options *o = state->input;
	struct why why = { "" };

	switch (key) {
	case 's':
		o->plan.suite = text;
		break;
	case OPTION_INSTRUCTIONS:
		o->plan.instructions = true;
		break;
	case OPTION_ONE:
		o->one = text;
		break;
	case OPTION_JSON:
		o->json = text;
		break;
	case OPTION_CSV:
		o->csv = text;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much", text);
		break;
	case 'g':
	case 'a':
	case 't':
	case OPTION_ROUNDS:
	case OPTION_TIMES:
		if (!take(o, key, text, &why))
			argp_failure(state, EXIT_USAGE, 0, "%s", why.text);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool write_one(const struct ike_result *r, const char *path, bool (*put)(const struct ike_result *, FILE *))
{
	FILE *f = path ? fopen(path, "w") : NULL;

	return !path || bench_close(f, path, f && put(r, f));
}

static int report(const struct ike_options *o, const struct ike_result *r)
{
	bool good;

	ike_write_table(r, stdout);
	good = write_one(r, o->json, ike_write_json);
	good = write_one(r, o->csv, ike_write_csv) && good;
	return !good ? EXIT_UNCLEAR : r->interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

/* Under valgrind the link would name valgrind. */
static void own_path(char *out, size_t cap)
{
	char path[400];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len > 0 && (size_t)len < cap)
		snprintf(out, cap, "%.*s", (int)len, path);
}

int cli_bench_ike(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Measures in memory what an IKE message costs to decode, encode, seal and open, what a handshake "
		       "costs both ends by group and way to authenticate, and how much of it is not cryptography.",
	};
	char self[400] = "ikespec";
	struct ike_options o = { .plan = { .self = self }, .times = 100 };
	struct ike_result *result = calloc(1, sizeof(*result));
	const struct bench_watch *watch;
	struct why why = { "" };
	int code = EXIT_USAGE;
	bool good;

	mallopt(M_TRIM_THRESHOLD, 256 << 20); /* what is given back is kept for the next */
	own_path(self, sizeof(self));
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	good = result && ike_complete(&o.plan, &why);
	if (good && o.one) {
		code = bench_ike_one(&o.plan, o.one, o.times, &why) ? EXIT_OK : EXIT_USAGE;
		good = code == EXIT_OK;
	} else if (good) {
		watch = bench_watch_begin();
		good = bench_ike(&o.plan, watch, result, &why);
		bench_watch_end();
		code = good ? report(&o, result) : code;
	}
	if (!good)
		cli_complain(&why);
	free(result);
	return code;
}
