/* ikespec bench esp: sealing and opening in memory. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "cli-bench.h"

/* Bits 57 and 33 of OpenSSL's capabilities: AES-NI and PCLMULQDQ; it reads them once, when it is
 * loaded. */
#define CAPABILITIES "OPENSSL_ia32cap"
#define NO_AESNI     "~0x200000200000000"

struct bench_options {
	struct bench_plan plan;
	const char *json, *csv, *html;
};

enum { OPTION_NO_AESNI = 256, OPTION_JSON, OPTION_CSV, OPTION_HTML, OPTION_ROUNDS };

static const struct argp_option options[] = {
	{ "suite", 's', "SUITE", 0,
	  "as in esp= of ipsec.conf; may be repeated (default: five common ones)", 0 },
	{ "size", 'n', "N|imix", 0,
	  "octets of the inner packet, imix or imix:LETTERS (RFC 6985); may be repeated", 0 },
	{ "backend", 'b', "NAME", 0, "openssl, ipsec-mb or all (default)", 0 },
	{ "cores", 'c', "N", 0, "from 1 to N cores (default 1)", 0 },
	{ "seconds", 't', "S", 0, "for each suite and size (default 1)", 0 },
	{ "rounds", OPTION_ROUNDS, "N", 0, "of which the median counts (default 11)", 0 },
	{ "no-aesni", OPTION_NO_AESNI, NULL, 0, "as on a CPU without AES instructions", 0 },
	{ "json", OPTION_JSON, "FILE", 0, "results, schema ikespec-bench-esp/1", 0 },
	{ "csv", OPTION_CSV, "FILE", 0, "the same as a table of numbers", 0 },
	{ "html", OPTION_HTML, "FILE", 0, "one page with charts", 0 },
	{ 0 },
};

static bool take(struct bench_options *o, int key, const char *text, struct why *why)
{
	double n = 0;
	bool good = true;

	switch (key) {
	case 's':
		return bench_add_suite(&o->plan, text, why);
	case 'n':
		return bench_add_size(&o->plan, text, why);
	case 'b':
		return bench_set_backend(&o->plan, text, why);
	case 't':
		return bench_number("seconds", text, 0.01, 3600, &o->plan.seconds, why);
	case 'c':
		good = bench_number("cores", text, 1, (double)sysconf(_SC_NPROCESSORS_ONLN), &n,
				   why);
		o->plan.cores = (unsigned)n;
		return good;
	case OPTION_ROUNDS:
		good = bench_number("rounds", text, 1, 63, &n, why);
		o->plan.rounds = (unsigned)n;
		return good;
	default:
		return true;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct bench_options *o = state->input;
	struct why why = { "" };

	switch (key) {
	case OPTION_NO_AESNI:
		o->plan.no_aesni = true;
		break;
	case OPTION_JSON:
		o->json = text;
		break;
	case OPTION_CSV:
		o->csv = text;
		break;
	case OPTION_HTML:
		o->html = text;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much", text);
		break;
	case 's':
	case 'n':
	case 'b':
	case 'c':
	case 't':
	case OPTION_ROUNDS:
		if (!take(o, key, text, &why))
			argp_failure(state, EXIT_USAGE, 0, "%s", why.text);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool write_one(const struct bench_result *r, const char *path,
		      bool (*put)(const struct bench_result *, FILE *))
{
	FILE *f = path ? fopen(path, "w") : NULL;

	return !path || bench_close(f, path, f && put(r, f));
}

static int report(const struct bench_options *o, const struct bench_result *r)
{
	bool good;

	bench_write_table(r, stdout);
	good = write_one(r, o->json, bench_write_json);
	good = write_one(r, o->csv, bench_write_csv) && good;
	good = write_one(r, o->html, bench_write_html) && good;
	return !good ? EXIT_UNCLEAR : r->interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

static int measure(const struct bench_options *o)
{
	const struct bench_watch *watch = bench_watch_begin();
	struct bench_result result;
	struct why why = { "" };
	int code = EXIT_USAGE;
	bool good = bench_esp(&o->plan, watch, &result, &why);

	bench_watch_end();
	if (good)
		code = report(o, &result);
	else
		cli_complain(&why);
	bench_result_free(&result);
	return code;
}

/* OpenSSL looks once, when it is loaded. */
static void begin_again(int argc, char **argv)
{
	char *again[256] = { (char *)(uintptr_t) "ikespec", (char *)(uintptr_t) "bench",
			     (char *)(uintptr_t) "esp" };

	for (int i = 1; i < argc && i < 250; i++)
		again[i + 2] = argv[i];
	setenv(CAPABILITIES, NO_AESNI, 1);
	execv("/proc/self/exe", again);
}

int cli_bench_esp(int argc, char **argv)
{
	static const struct argp argp = { options,
					  parse,
					  NULL,
					  "ESP sealing and opening in memory, beside the rate of "
					  "the bare cipher and the naive way.",
					  NULL,
					  NULL,
					  NULL };
	struct bench_options o = { 0 };
	struct why why = { "" };

	if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
		return EXIT_USAGE;
	if (!bench_complete(&o.plan, &why)) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	if (o.plan.no_aesni && !getenv(CAPABILITIES))
		begin_again(argc, argv);
	return measure(&o);
}
