/* ikespec bench wire: ESP through a target. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/wire.h"
#include "cli-bench.h"
#include "esp/batch.h"

struct wire_options {
	struct wire_plan plan;
	const char *json, *csv, *html;
};

enum {
	OPTION_JSON = 256, OPTION_CSV, OPTION_HTML, OPTION_PLAIN, OPTION_TRIAL, OPTION_WIDTH, OPTION_LOSS,
	OPTION_AGAIN, OPTION_RATE, OPTION_LIMIT, OPTION_SLEEP, OPTION_NO_REKEY, OPTION_COMPARE, OPTION_SAS,
	OPTION_PCAP,
};

static const struct argp_option options[] = {
	{ "target", 't', "NAME", 0,
	  "builtin (default), strongswan, libreswan, with a version if wanted (libreswan:5.2)", 0 },
	{ "suite", 's', "SUITE", 0, "as in esp= of ipsec.conf (default aes256gcm16)", 0 },
	{ "size", 'n', "N|imix", 0, "octets of the inner packet, imix or imix:LETTERS (default 1400, which fits kernel-libipsec)", 0 },
	{ "side", 'S', "SIDE", 0,
	  "out (towards the target), in, both at once, or echo; may be repeated (default: the first three)", 0 },
	{ "backend", 'b', "NAME", 0, "ESP of the tester by openssl or ipsec-mb (default: the faster)", 0 },
	{ "sas", OPTION_SAS, "N", 0, "so many Child SAs, each of an IKE SA of its own (default 1)", 0 },
	{ "plain", OPTION_PLAIN, NULL, 0, "ESP as IP protocol 50 rather than in UDP", 0 },
	{ "trial", OPTION_TRIAL, "S", 0, "seconds of a trial (default 1)", 0 },
	{ "width", OPTION_WIDTH, "PERCENT", 0, "goal width of the search (default 2)", 0 },
	{ "loss", OPTION_LOSS, "PERCENT", 0, "loss that the PDR allows (default 0.5)", 0 },
	{ "again", OPTION_AGAIN, "N", 0, "trials more before a loss counts (default 1)", 0 },
	{ "rate", OPTION_RATE, "PPS", 0, "never send more packets a second than this", 0 },
	{ "limit", OPTION_LIMIT, "S", 0, "end after so many seconds, with what there is (default 600)", 0 },
	{ "sleep", OPTION_SLEEP, NULL, 0, "sleep between packets: one core is enough, latencies are coarser", 0 },
	{ "no-rekey", OPTION_NO_REKEY, NULL, 0, "no rekeys under load", 0 },
	{ "compare", OPTION_COMPARE, NULL, 0,
	  "builtin: also what cryptography and the ways of sending cost, and the time of a turn-round", 0 },
	{ "pcap", OPTION_PCAP, "FILE", 0,
	  "record the first 128 octets of each packet of the latency and rekey measurements (pcapng)", 0 },
	{ "json", OPTION_JSON, "FILE", 0, "results, schema ikespec-bench-wire/1", 0 },
	{ "csv", OPTION_CSV, "FILE", 0, "the same as a table of numbers", 0 },
	{ "html", OPTION_HTML, "FILE", 0, "one page with charts", 0 },
	{ 0 },
};

static bool take_side(struct wire_plan *p, const char *text, struct why *why)
{
	for (size_t i = 0; i < WIRE_SIDES; i++)
		if (strcmp(text, wire_side_name((enum wire_side)i)) == 0) {
			p->sides[i] = true;
			return true;
		}
	return why_set(why, "--side takes out, in, both or echo, got '%s'", text);
}

static bool take_backend(struct wire_plan *p, const char *text, struct why *why)
{
	for (size_t i = 0; esp_backend_name(i); i++)
		if (strcmp(text, esp_backend_name(i)) == 0) {
			p->backend = esp_backend_name(i);
			return true;
		}
	return why_set(why, "no backend '%s' was built in", text);
}

static bool take_size(struct wire_plan *p, const char *text, struct why *why)
{
	struct bench_plan spare = { .size_count = 0 };

	if (!bench_add_size(&spare, text, why))
		return false;
	p->size = spare.sizes[0];
	return true;
}

static bool take_suite(struct wire_plan *p, const char *text, struct why *why)
{
	struct bench_plan spare = { .suite_count = 0 };

	if (!bench_add_suite(&spare, text, why))
		return false;
	p->suite = spare.suites[0];
	return true;
}

/* Numbers with their bounds. */
static bool take_number(struct wire_plan *p, int key, const char *text, struct why *why)
{
	double n = 0;
	bool good;

	switch (key) {
	case OPTION_TRIAL:
		return bench_number("trial", text, 0.05, 60, &p->trial_seconds, why);
	case OPTION_RATE:
		return bench_number("rate", text, 1, 1e9, &p->limit_pps, why);
	case OPTION_LIMIT:
		return bench_number("limit", text, 1, 86400, &p->limit_seconds, why);
	case OPTION_WIDTH:
		good = bench_number("width", text, 0.1, 50, &n, why);
		p->width = n / 100;
		return good;
	case OPTION_LOSS:
		good = bench_number("loss", text, 0.001, 50, &n, why);
		p->loss_goal = n / 100;
		return good;
	case OPTION_AGAIN:
		good = bench_number("again", text, 0, 9, &n, why);
		p->again = (unsigned)n;
		return good;
	default:
		good = bench_number("sas", text, 1, 4000, &n, why);
		p->sas = (unsigned)n;
		return good;
	}
}

static bool take(struct wire_options *o, int key, char *text, struct why *why)
{
	switch (key) {
	case 't':
		o->plan.target = text;
		return true;
	case 's':
		return take_suite(&o->plan, text, why);
	case 'n':
		return take_size(&o->plan, text, why);
	case 'S':
		return take_side(&o->plan, text, why);
	case 'b':
		return take_backend(&o->plan, text, why);
	default:
		return take_number(&o->plan, key, text, why);
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct wire_options *o = state->input;
	struct why why = { "" };

	switch (key) {
	case OPTION_JSON:
		o->json = text;
		return 0;
	case OPTION_CSV:
		o->csv = text;
		return 0;
	case OPTION_HTML:
		o->html = text;
		return 0;
	case OPTION_PCAP:
		o->plan.pcap = text;
		return 0;
	case OPTION_PLAIN:
		o->plan.plain = true;
		return 0;
	case OPTION_SLEEP:
		o->plan.spin = false;
		return 0;
	case OPTION_NO_REKEY:
		o->plan.rekey = false;
		return 0;
	case OPTION_COMPARE:
		o->plan.compare = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much", text);
		return 0;
	}
	if (!text)
		return ARGP_ERR_UNKNOWN;
	if (!take(o, key, text, &why))
		argp_failure(state, EXIT_USAGE, 0, "%s", why.text);
	return 0;
}

static bool write_one(const struct wire_result *r, const char *path,
		      bool (*put)(const struct wire_result *, FILE *))
{
	FILE *f = path ? fopen(path, "w") : NULL;

	return !path || bench_close(f, path, f && put(r, f));
}

static int report(const struct wire_options *o, const struct wire_result *r)
{
	bool good;

	wire_write_table(r, stdout);
	good = write_one(r, o->json, wire_write_json);
	good = write_one(r, o->csv, wire_write_csv) && good;
	good = write_one(r, o->html, wire_write_html) && good;
	return !good ? EXIT_UNCLEAR : r->interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

int cli_bench_wire(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
					  "ESP through a target: rates without loss and with a little, "
					  "latency below them, rekeys under load.",
					  NULL, NULL, NULL };
	struct wire_options o = { .plan = { .again = 1, .rekey = true } };
	struct wire_result result;
	struct why why = { "" };
	bool good;

	o.plan.spin = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	take_size(&o.plan, "1400", &why);
	if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
		return EXIT_USAGE;
	if (!wire_complete(&o.plan, &why)) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	good = bench_wire(&o.plan, bench_watch_begin(), &result, &why);
	bench_watch_end();
	if (good)
		return report(&o, &result);
	if (result.plan)
		report(&o, &result);
	cli_complain(&why);
	return EXIT_UNCLEAR;
}
