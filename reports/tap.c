/* TAP, and the table of scenarios by targets. */
#include "reports/reports.h"
#include "reports/text.h"

/* On one line, and without a '#' that would begin a directive. */
static const char *plain(const char *in, char *out, size_t cap)
{
	char *at;

	text_line(in, out, cap);
	for (at = out; *at; at++)
		if (*at == '#')
			*at = '+';
	return out;
}

/* A text in double quotes, as YAML takes it. */
static void put_quoted(FILE *f, const char *name, const char *text)
{
	char line[2000], *at;

	fprintf(f, "  %s: \"", name);
	for (at = text_line(text, line, sizeof(line)); *at; at++)
		fprintf(f, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
	fputs("\"\n", f);
}

bool tap_write(const struct results *r, FILE *f)
{
	char text[2000];
	size_t i;

	fprintf(f, "TAP version 13\n1..%zu\n", r->count);
	for (i = 0; i < r->count; i++) {
		const struct result_case *c = &r->cases[i];
		enum outcome o = verdict_outcome(c->verdict);
		bool ok = o == OUTCOME_PASSED || o == OUTCOME_SKIPPED;

		fprintf(f, "%s %zu - %s %s", ok ? "ok" : "not ok", i + 1, c->target,
			plain(c->id, text, sizeof(text)));
		if (o == OUTCOME_SKIPPED)
			fprintf(f, " # SKIP %s", plain(c->reason ? c->reason : c->verdict, text, sizeof(text)));
		fputc('\n', f);
		if (ok)
			continue;
		fputs("  ---\n", f);
		put_quoted(f, "verdict", c->verdict);
		put_quoted(f, "reason", c->reason);
		fputs("  ...\n", f);
	}
	return !ferror(f);
}

static const char *verdict_at(const struct results *r, const char *target, const char *id)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->cases[i].target, target) == 0 && strcmp(r->cases[i].id, id) == 0)
			return r->cases[i].verdict;
	return "";
}

static bool first_with_id(const struct results *r, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (strcmp(r->cases[i].id, r->cases[at].id) == 0)
			return false;
	return true;
}

void matrix_print(const struct results *r, FILE *f)
{
	size_t i, t;

	fprintf(f, "%-50s", "");
	for (t = 0; t < r->target_count; t++)
		fprintf(f, " %-16s", r->targets[t].id);
	fputc('\n', f);
	for (i = 0; i < r->count; i++) {
		if (!first_with_id(r, i))
			continue;
		fprintf(f, "%-50s", r->cases[i].id);
		for (t = 0; t < r->target_count; t++)
			fprintf(f, " %-16s", verdict_at(r, r->targets[t].id, r->cases[i].id));
		fputc('\n', f);
	}
}
