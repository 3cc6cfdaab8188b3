/* ikespec bench ike: handshakes with a target, or messages and handshakes in memory. */
#include <argp.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ike-load.h"
#include "cli-bench.h"

struct ike_options {
	struct load_plan load; /* its plan is also that of the measurement in memory */
	const char *json, *csv, *html, *one;
	unsigned times;
};

enum { OPTION_JSON = 256, OPTION_CSV, OPTION_ROUNDS, OPTION_INSTRUCTIONS, OPTION_ONE, OPTION_TIMES, OPTION_HTML,
       OPTION_WINDOW, OPTION_HOLD, OPTION_FIRST, OPTION_NO_REKEY, OPTION_LIMIT };

static const struct argp_option options[] = {
	{ "target", 't', "NAME", 0,
	  "handshakes with builtin, strongswan, libreswan, with a version if wanted (libreswan:5.2); without: in memory", 0 },
	{ "group", 'g', "GROUP", 0, "x25519, ecp256, modp2048 ...; may be repeated (default: these and ecp384)", 0 },
	{ "auth", 'a', "KEY", 0, "psk, or a signature by rsa, ecdsa256, ed25519 ...; may be repeated", 0 },
	{ "suite", 's', "SUITE", 0, "of IKE, without a group (default aes256gcm16-prfsha256)", 0 },
	{ "seconds", 'S', "S", 0, "for each row (default 0.3; with a target 3)", 0 },
	{ "rounds", OPTION_ROUNDS, "N", 0, "whose median counts (default 15)", 0 },
	{ "instructions", OPTION_INSTRUCTIONS, NULL, 0,
	  "where the CPU counts none for us: count them under valgrind, which takes minutes", 0 },
	{ "one", OPTION_ONE, "ROW", 0, "do one row, --times N, and print nothing: for perf stat or valgrind", 0 },
	{ "times", OPTION_TIMES, "N", 0, "how often --one does it (default 100)", 0 },
	{ "window", OPTION_WINDOW, "N", 0, "with a target: handshakes under way at once (default 32)", 0 },
	{ "hold", OPTION_HOLD, "N", 0, "with a target: SAs to be held at once (default 2000; 0: not measured)", 0 },
	{ "first", OPTION_FIRST, "N", 0,
	  "with a target: handshakes until the first ESP packet is back (default 16; 0: not measured)", 0 },
	{ "no-rekey", OPTION_NO_REKEY, NULL, 0, "with a target: no rekeys", 0 },
	{ "limit", OPTION_LIMIT, "S", 0, "with a target: end after so many seconds, with what there is (default 600)", 0 },
	{ "json", OPTION_JSON, "FILE", 0, "results, schema ikespec-bench-ike/1", 0 },
	{ "csv", OPTION_CSV, "FILE", 0, "the same as a table of numbers", 0 },
	{ "html", OPTION_HTML, "FILE", 0, "with a target: one page with a chart", 0 },
	{ 0 },
};

static bool take_count(const char *name, const char *text, double least, double most, unsigned *out, struct why *why)
{
	double n = 0;
	bool good = bench_number(name, text, least, most, &n, why);

	*out = (unsigned)n;
	return good;
}

static bool take(struct ike_options *o, int key, char *text, struct why *why)
{
	struct ike_plan *p = &o->load.ike;

	switch (key) {
	case 'g':
		return ike_add_group(p, text, why);
	case 'a':
		return ike_add_auth(p, text, why);
	case 'S':
		return bench_number("seconds", text, 0.01, 60, &p->seconds, why);
	case OPTION_ROUNDS:
		return take_count("rounds", text, 1, 64, &p->rounds, why);
	case OPTION_TIMES:
		return take_count("times", text, 1, 3000, &o->times, why);
	case OPTION_WINDOW:
		return take_count("window", text, 1, LOAD_WINDOW, &o->load.window, why);
	case OPTION_HOLD:
		return take_count("hold", text, 0, 100000, &o->load.hold, why);
	case OPTION_FIRST:
		return take_count("first", text, 0, 200, &o->load.first, why);
	case OPTION_LIMIT:
		return bench_number("limit", text, 1, 86400, &o->load.limit_seconds, why);
	default:
		return true;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct ike_options *o = state->input;
	struct why why = { "" };

	switch (key) {
	case 't':
		o->load.target = text;
		break;
	case 's':
		o->load.ike.suite = text;
		break;
	case OPTION_INSTRUCTIONS:
		o->load.ike.instructions = true;
		break;
	case OPTION_NO_REKEY:
		o->load.rekey = false;
		break;
	case OPTION_HTML:
		o->html = text;
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
	case ARGP_KEY_INIT:
	case ARGP_KEY_END:
	case ARGP_KEY_FINI:
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_ERROR:
		break;
	default:
		if (!text)
			return ARGP_ERR_UNKNOWN;
		if (!take(o, key, text, &why))
			argp_failure(state, EXIT_USAGE, 0, "%s", why.text);
		break;
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

static bool write_load(const struct load_result *r, const char *path, bool (*put)(const struct load_result *, FILE *))
{
	FILE *f = path ? fopen(path, "w") : NULL;

	return !path || bench_close(f, path, f && put(r, f));
}

static int report_load(const struct ike_options *o, const struct load_result *r)
{
	bool good;

	load_write_table(r, stdout);
	good = write_load(r, o->json, load_write_json);
	good = write_load(r, o->csv, load_write_csv) && good;
	good = write_load(r, o->html, load_write_html) && good;
	return !good ? EXIT_UNCLEAR : r->interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

static int over_target(struct ike_options *o)
{
	struct load_result *r = calloc(1, sizeof(*r));
	struct why why = { "" };
	int code = EXIT_USAGE;
	bool good = false;

	if (!r)
		return EXIT_UNCLEAR;
	if (load_complete(&o->load, &why)) {
		good = bench_load(&o->load, bench_watch_begin(), r, &why);
		bench_watch_end();
		code = r->plan ? report_load(o, r) : EXIT_UNCLEAR;
		code = good ? code : EXIT_UNCLEAR;
	}
	if (!good)
		cli_complain(&why);
	free(r);
	return code;
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
		.doc = "Measures handshakes with a target: how many a second and how long they take, rekeys, the first ESP packet, "
		       "SAs held.  Without a target, in memory: what an IKE message costs to decode, encode, seal and open, what a handshake "
		       "costs both ends by group and way to authenticate, and how much of it is not cryptography.",
	};
	char self[400] = "ikespec";
	struct ike_options o = { .load = { .ike = { .self = self }, .hold = 2000, .first = 16, .rekey = true },
				 .times = 100 };
	struct ike_result *result = calloc(1, sizeof(*result));
	const struct bench_watch *watch;
	struct why why = { "" };
	int code = EXIT_USAGE;
	bool good;

	mallopt(M_TRIM_THRESHOLD, 256 << 20); /* what is given back is kept for the next */
	own_path(self, sizeof(self));
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.load.target) {
		free(result);
		return over_target(&o);
	}
	good = result && ike_complete(&o.load.ike, &why);
	if (good && o.one) {
		code = bench_ike_one(&o.load.ike, o.one, o.times, &why) ? EXIT_OK : EXIT_USAGE;
		good = code == EXIT_OK;
	} else if (good) {
		watch = bench_watch_begin();
		good = bench_ike(&o.load.ike, watch, result, &why);
		bench_watch_end();
		code = good ? report(&o, result) : code;
	}
	if (!good)
		cli_complain(&why);
	free(result);
	return code;
}
