/* ikespec bench: what it measures is picked by the first word. */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "cli.h"

/* Bits 57 and 33 of OpenSSL's capabilities: AES-NI and PCLMULQDQ; it reads them once, when it is
 * loaded. */
#define CAPABILITIES "OPENSSL_ia32cap"
#define NO_AESNI     "~0x200000200000000"

struct bench_options {
	struct bench_plan plan;
	const char *json, *csv, *html;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

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

static bool read_number(const char *name, const char *text, double least, double most, double *out,
			struct why *why)
{
	char *end;

	*out = strtod(text, &end);
	return (end != text && *end == '\0' && *out >= least && *out <= most) ||
	       why_set(why, "--%s takes %g to %g, got '%s'", name, least, most, text);
}

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
		return read_number("seconds", text, 0.01, 3600, &o->plan.seconds, why);
	case 'c':
		good = read_number("cores", text, 1, (double)sysconf(_SC_NPROCESSORS_ONLN), &n,
				   why);
		o->plan.cores = (unsigned)n;
		return good;
	case OPTION_ROUNDS:
		good = read_number("rounds", text, 1, 63, &n, why);
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

static void show(void *ctx, size_t done, size_t of, const char *what)
{
	(void)ctx;
	fprintf(stderr, "\r%3zu%% %-48s", done * 100 / of, what);
	fflush(stderr);
}

static bool write_one(const struct bench_result *r, const char *path,
		      bool (*put)(const struct bench_result *, FILE *))
{
	FILE *f = path ? fopen(path, "w") : NULL;
	bool good = !path || (f && put(r, f));

	if (f && fclose(f) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "ikespec: cannot write %s\n", path);
	return good;
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
	struct sigaction catch = { .sa_handler = on_signal };
	bool terminal = isatty(STDERR_FILENO);
	struct bench_watch watch = { .progress = terminal ? show : NULL, .stop = &stop };
	struct bench_result result;
	struct why why = { "" };
	int code = EXIT_USAGE;

	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	if (bench_esp(&o->plan, &watch, &result, &why)) {
		if (terminal)
			fprintf(stderr, "\r%60s\r", "");
		code = report(o, &result);
	} else {
		cli_complain(&why);
	}
	bench_result_free(&result);
	return code;
}

static int bench_esp_command(int argc, char **argv, char **again)
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
	if (o.plan.no_aesni && !getenv(CAPABILITIES)) {
		setenv(CAPABILITIES, NO_AESNI, 1);
		execv("/proc/self/exe", again);
	}
	return measure(&o);
}

static int usage(FILE *f, int code)
{
	fputs("Usage: ikespec bench esp [OPTIONS]\n"
	      "  esp   sealing and opening in memory, per suite, size and backend\n"
	      "ikespec bench esp --help tells the options.\n",
	      f);
	return code;
}

int cli_bench(int argc, char **argv)
{
	char *again[256];
	int i;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_OK);
	if (argc < 2 || strcmp(argv[1], "esp") != 0 || argc > 250)
		return usage(stderr, EXIT_USAGE);
	again[0] = (char *)(uintptr_t) "ikespec";
	for (i = 0; i < argc; i++)
		again[i + 1] = argv[i];
	again[argc + 1] = NULL;
	argv[1] = (char *)(uintptr_t) "ikespec bench esp";
	return bench_esp_command(argc - 1, argv + 1, again);
}
