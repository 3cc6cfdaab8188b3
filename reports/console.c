/* The console: what a person reads while and after a run. */
#include <ctype.h>
#include <stdlib.h>

#include "reports/reports.h"
#include "reports/text.h"

#define LINE 1200

struct console {
	struct console_options o;
};

static const struct {
	const char *verdict, *label, *colour;
} labels[] = {
	{ "pass", "ok", "32" },
	{ "weak", "WEAK", "33" },
	{ "fail", "FAIL", "31;1" },
	{ "died", "DIED", "31;1" },
	{ "error", "ERROR", "35" },
	{ "inconclusive", "UNCLEAR", "35" },
	{ "not-applicable", "n/a", "90" },
	{ "expected-fail", "known", "90" },
	{ "unexpected-pass", "UNEXPECTED", "31;1" },
};

struct console *console_new(const struct console_options *options)
{
	struct console *c = calloc(1, sizeof(*c));

	if (c)
		c->o = *options;
	return c;
}

void console_free(struct console *c)
{
	free(c);
}

static void put_label(const struct console *c, const char *verdict)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(labels); i++) {
		if (!verdict || strcmp(labels[i].verdict, verdict) != 0)
			continue;
		if (c->o.colour)
			fprintf(c->o.out, "\033[%sm%-6s\033[0m ", labels[i].colour, labels[i].label);
		else
			fprintf(c->o.out, "%-6s ", labels[i].label);
		return;
	}
	fprintf(c->o.out, "%-6s ", verdict ? verdict : "?");
}

static bool bad(const char *verdict)
{
	enum outcome o = verdict_outcome(verdict);

	return o == OUTCOME_FAILED || o == OUTCOME_ERROR;
}

static double seconds(usec t)
{
	return (double)t / 1e6;
}

static void put_case(const struct console *c, const struct event *e)
{
	bool plain = !e->text || !*e->text || !e->verdict || strcmp(e->verdict, "pass") == 0;
	char text[LINE];

	put_label(c, e->verdict);
	fprintf(c->o.out, "%.3fs  %-44s %s%s%s\n", seconds(e->time), e->run ? e->run : "", e->target ? e->target : "",
		plain ? "" : "  ", plain ? "" : text_line(e->text, text, sizeof(text)));
}

static void put_step(const struct console *c, const struct event *e)
{
	char text[LINE];

	fprintf(c->o.out, "        %9.3fs  %s:%u: %s\n", seconds(e->time), e->file ? e->file : "", e->line,
		text_line(e->text, text, sizeof(text)));
}

static void put_check(const struct console *c, const struct event *e)
{
	char wanted[LINE], got[LINE];

	fprintf(c->o.out, "            %s %s %s: wanted %s, got %s\n", e->verdict ? e->verdict : "fired",
		e->id ? e->id : "", e->path ? e->path : "", text_line(e->wanted, wanted, sizeof(wanted)),
		text_line(e->got, got, sizeof(got)));
}

static void put_tree(const struct console *c, const struct event *e)
{
	char text[LINE * 20];

	fputs(text_clean(e->text, text, sizeof(text)), c->o.out);
}

static void put_octets(const struct console *c, struct bytes b)
{
	size_t i;

	for (i = 0; i < b.len; i++)
		fprintf(c->o.out, "%s%02x", i % 32 == 0 ? "\n          " : " ", b.at[i]);
	fputc('\n', c->o.out);
}

static void put_packet(const struct console *c, const struct event *e)
{
	fprintf(c->o.out, "        %9.3fs  %s %s %zu octets", seconds(e->time), e->endpoint ? e->endpoint : "",
		e->kind == EVENT_SENT ? "sent" : "received", e->octets.len);
	put_octets(c, e->octets);
}

void console_hear(void *console, const struct event *e)
{
	struct console *c = console;

	switch (e->kind) {
	case EVENT_CASE_END:
		if (c->o.verbosity >= 0 || bad(e->verdict))
			put_case(c, e);
		break;
	case EVENT_STEP:
		if (c->o.verbosity >= 1)
			put_step(c, e);
		break;
	case EVENT_CHECK:
	case EVENT_ORACLE:
		if (c->o.verbosity >= 1)
			put_check(c, e);
		break;
	case EVENT_TREE:
		if (c->o.verbosity >= 2)
			put_tree(c, e);
		break;
	case EVENT_SENT:
	case EVENT_RECEIVED:
		if (c->o.verbosity >= 3)
			put_packet(c, e);
		break;
	default:
		break;
	}
}

static const struct result_requirement *broken_requirement(const struct result_case *k)
{
	size_t i;

	for (i = 0; k->broken && i < k->requirement_count; i++)
		if (strcmp(k->requirements[i].ref, k->broken) == 0)
			return &k->requirements[i];
	return NULL;
}

/* "RFC7296-3.2-03 MUST  lengths past the message are refused" */
static void put_requirement(FILE *f, const struct results *r, const struct result_case *k)
{
	const struct result_requirement *q = broken_requirement(k);
	const char *rule = results_rule(r, k->broken), *level = q && q->level ? q->level : "";
	char text[LINE];

	fprintf(f, "  %s ", k->broken);
	for (; *level; level++)
		fputc(toupper((unsigned char)*level), f);
	fprintf(f, "  %s", text_line(rule, text, sizeof(text)));
}

static void put_again(const struct console *c, const struct result_case *k)
{
	const char *target = c->o.spelled ? c->o.spelled(c->o.ctx, k->target) : NULL;
	const char *name = c->o.named ? c->o.named(c->o.ctx, k) : k->id;

	fprintf(c->o.out, "         again    ikespec run %s%s%s%s%s\n", name, target ? " -t " : "", target ? target : "",
		c->o.again && *c->o.again ? " " : "", c->o.again ? c->o.again : "");
}

static void put_failure(const struct console *c, const struct results *r, const struct result_case *k)
{
	FILE *f = c->o.out;
	char text[LINE];

	put_label(c, k->verdict);
	fprintf(f, "%.3fs  %-*s", seconds(k->seconds), k->broken ? 29 : 0, k->id);
	if (k->broken)
		put_requirement(f, r, k);
	fprintf(f, "\n         %s:%u: ", results_file(k), results_line(k));
	if (k->wanted) {
		fprintf(f, "expected %s\n", text_line(k->wanted, text, sizeof(text)));
		fprintf(f, "         got %s\n", text_line(k->got ? k->got : "?", text, sizeof(text)));
	} else {
		fprintf(f, "%s\n", text_line(k->reason ? k->reason : k->verdict, text, sizeof(text)));
	}
	if (k->capture)
		fprintf(f, "         capture  %s/%s\n", c->o.out_dir ? c->o.out_dir : ".", k->capture);
	put_again(c, k);
}

static void put_target(const struct console *c, const struct result_target *t)
{
	fprintf(c->o.out, "%s%s%s: %zu passed (%zu weak), %zu failed (%zu without a verdict), %zu not applicable or known\n",
		t->id, t->version ? " " : "", t->version ? t->version : "", t->passed, t->weak, t->failed,
		t->errors, t->skipped);
}

/* What ESP there was, and which case carried most of it a second. */
static void put_esp(const struct console *c, const struct results *r)
{
	const struct result_case *busiest = NULL;
	uint64_t packets = 0;
	size_t cases = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct result_case *k = &r->cases[i];

		packets += k->esp_packets;
		cases += k->esp_packets > 0;
		if (results_esp_rate(k) > 0 && (!busiest || results_esp_rate(k) > results_esp_rate(busiest)))
			busiest = k;
	}
	if (cases == 0)
		return;
	fprintf(c->o.out, "ESP: %llu packet%s in %zu case%s", (unsigned long long)packets, packets == 1 ? "" : "s",
		cases, cases == 1 ? "" : "s");
	if (busiest)
		fprintf(c->o.out, ", at most %.0f/s (%s)", results_esp_rate(busiest), busiest->id);
	fputc('\n', c->o.out);
}

void console_summary(struct console *c, const struct results *r, unsigned shard, unsigned shards)
{
	size_t i, failures = 0;

	for (i = 0; i < r->count; i++) {
		if (!bad(r->cases[i].verdict))
			continue;
		if (failures++ == 0)
			fputc('\n', c->o.out);
		put_failure(c, r, &r->cases[i]);
	}
	if (failures > 0)
		fputc('\n', c->o.out);
	for (i = 0; i < r->target_count; i++)
		put_target(c, &r->targets[i]);
	if (r->target_count > 1)
		matrix_print(r, c->o.out);
	put_esp(c, r);
	fprintf(c->o.out, "seed %llu%s\n", (unsigned long long)r->seed, r->interrupted || r->open_runs ? ", interrupted" : "");
	if (shards > 1)
		fprintf(c->o.out, "shard-%u/%u: ", shard, shards);
	fprintf(c->o.out, "%zu passed, %zu failed, %zu skipped\n", results_total(r, OUTCOME_PASSED),
		results_total(r, OUTCOME_FAILED) + results_total(r, OUTCOME_ERROR), results_total(r, OUTCOME_SKIPPED));
	fflush(c->o.out);
}
