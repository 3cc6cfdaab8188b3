/* The interop matrix: scenarios by targets and requirements by targets, a page of its own and part of results.json. */
#include <stdlib.h>

#include "reports/matrix.h"
#include "reports/text.h"

/* From best to worst, as verdicts are weighed; what a deviation explains stands between. */
static const char *const weight[] = {
	"not-applicable", "pass", "weak", "expected-fail", "inconclusive", "error", "unexpected-pass", "fail", "died",
};

static int weight_of(const char *verdict)
{
	for (int i = 0; i < (int)ARRAY_LEN(weight); i++)
		if (strcmp(weight[i], verdict) == 0)
			return i;
	return -1;
}

static size_t target_of(const struct results *r, const char *id)
{
	size_t i = 0;

	while (i < r->target_count && strcmp(r->targets[i].id, id ? id : "") != 0)
		i++;
	return i;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct matrix_row *)a)->name, ((const struct matrix_row *)b)->name);
}

/* A cell for each verdict that was given, unsorted. */
static bool gather(const struct results *r, bool requirements, struct matrix *m)
{
	size_t cap = 0;

	for (size_t i = 0; i < r->count; i++)
		cap += requirements ? r->cases[i].requirement_count : 1;
	m->rows = calloc(cap + 1, sizeof(*m->rows));
	for (size_t i = 0; m->rows && i < r->count; i++) {
		const struct result_case *c = &r->cases[i];
		size_t at = target_of(r, c->target);

		for (size_t k = 0; at < r->target_count && at < MATRIX_TARGETS &&
				   k < (requirements ? c->requirement_count : 1); k++) {
			struct matrix_row *row = &m->rows[m->count++];
			const char *verdict = requirements ? c->requirements[k].verdict : c->verdict;

			row->name = requirements ? c->requirements[k].ref : c->id;
			row->title = requirements ? results_rule(r, row->name) : c->title;
			/* What a known deviation explains is no failure of the requirement either. */
			if (requirements && strcmp(c->verdict, "expected-fail") == 0 && weight_of(verdict) > 2)
				verdict = "expected-fail";
			row->verdict[at] = verdict;
		}
	}
	return m->rows != NULL;
}

static void join(struct matrix_row *into, const struct matrix_row *from)
{
	for (size_t t = 0; t < MATRIX_TARGETS; t++)
		if (from->verdict[t] &&
		    (!into->verdict[t] || weight_of(from->verdict[t]) > weight_of(into->verdict[t])))
			into->verdict[t] = from->verdict[t];
}

bool matrix_make(const struct results *r, bool requirements, struct matrix *m)
{
	size_t kept = 0;

	*m = (struct matrix){ 0 };
	if (!gather(r, requirements, m))
		return false;
	qsort(m->rows, m->count, sizeof(*m->rows), by_name);
	for (size_t i = 0; i < m->count; i++) {
		if (kept > 0 && strcmp(m->rows[kept - 1].name, m->rows[i].name) == 0)
			join(&m->rows[kept - 1], &m->rows[i]);
		else
			m->rows[kept++] = m->rows[i];
	}
	m->count = kept;
	return true;
}

void matrix_free(struct matrix *m)
{
	free(m->rows);
	*m = (struct matrix){ 0 };
}

/* ------------------------------------------------------------ the page */

static void escaped(FILE *f, const char *text)
{
	char clean[1000];

	for (const char *at = text_clean(text ? text : "", clean, sizeof(clean)); *at; at++)
		switch (*at) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		default:  fputc(*at, f);
		}
}

static const char style[] =
	"body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}"
	"table{border-collapse:collapse}th,td{padding:.15em .6em;border:1px solid #ddd;text-align:left;white-space:nowrap}"
	"thead th{position:sticky;top:0;background:#f4f4f4}tbody th{font-weight:normal;font-family:monospace}"
	"td{text-align:center}small{color:#777;font-family:system-ui}tr.differs th{background:#fff7d6}"
	".pass{background:#d9f2d9}.weak{background:#eef7c9}.expected-fail{background:#dfe6f5}"
	".not-applicable{color:#999}.inconclusive,.error{background:#ffe6b8}"
	".fail,.unexpected-pass{background:#f7c4c4}.died{background:#d99;font-weight:bold}";

static bool differs(const struct matrix_row *row, size_t targets)
{
	for (size_t t = 1; t < targets; t++)
		if (strcmp(row->verdict[t] ? row->verdict[t] : "", row->verdict[0] ? row->verdict[0] : "") != 0)
			return true;
	return false;
}

static void head(const struct results *r, const struct matrix *m, size_t targets, const char *what, FILE *f)
{
	fprintf(f, "<table><thead><tr><th>%s</th>", what);
	for (size_t t = 0; t < targets; t++) {
		fputs("<th>", f);
		escaped(f, r->targets[t].id);
		fputs("<br><small>", f);
		escaped(f, r->targets[t].version);
		fputs("</small></th>", f);
	}
	fputs("</tr>", f);
	for (int v = (int)ARRAY_LEN(weight) - 1; v >= 0; v--) {
		size_t sum = 0, count[MATRIX_TARGETS] = { 0 };

		for (size_t i = 0; i < m->count; i++)
			for (size_t t = 0; t < targets; t++)
				if (m->rows[i].verdict[t] && weight_of(m->rows[i].verdict[t]) == v)
					count[t]++, sum++;
		if (sum == 0)
			continue;
		fprintf(f, "<tr><th>%s</th>", weight[v]);
		for (size_t t = 0; t < targets; t++)
			fprintf(f, "<td class=\"%s\">%zu</td>", weight[v], count[t]);
		fputs("</tr>", f);
	}
	fputs("</thead><tbody>\n", f);
}

static void table(const struct results *r, const struct matrix *m, const char *what, FILE *f)
{
	size_t targets = r->target_count < MATRIX_TARGETS ? r->target_count : MATRIX_TARGETS;

	head(r, m, targets, what, f);
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_row *row = &m->rows[i];

		fprintf(f, "<tr%s><th title=\"", differs(row, targets) ? " class=\"differs\"" : "");
		escaped(f, row->title);
		fputs("\">", f);
		escaped(f, row->name);
		fputs("</th>", f);
		for (size_t t = 0; t < targets; t++)
			fprintf(f, "<td class=\"%s\">%s</td>", row->verdict[t] ? row->verdict[t] : "",
				row->verdict[t] ? row->verdict[t] : "");
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table>\n", f);
}

static bool tables(const struct results *r, FILE *f)
{
	static const struct {
		bool requirements;
		const char *title, *what;
	} parts[] = {
		{ false, "Scenarios by targets", "case" },
		{ true, "Requirements by targets, the worst verdict of all cases", "requirement" },
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct matrix m;

		if (!matrix_make(r, parts[i].requirements, &m))
			return false;
		fprintf(f, "<h2>%s</h2>\n", parts[i].title);
		table(r, &m, parts[i].what, f);
		matrix_free(&m);
	}
	return true;
}

bool matrix_html_write(const struct results *r, const char *path, struct why *why)
{
	FILE *f = fopen(path, "w");
	bool ok;

	if (!f)
		return why_set(why, "cannot write %s", path);
	fprintf(f, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>ikespec: interop matrix</title>"
		"<style>%s</style></head><body>\n<h1>Interop matrix</h1>\n<p>ikespec %s, seed %llu. A row in yellow differs "
		"between targets; a name tells what it is about when pointed at.</p>\n", style, r->version ? r->version : "",
		(unsigned long long)r->seed);
	ok = tables(r, f);
	fputs("</body></html>\n", f);
	ok = !ferror(f) && ok;
	if (fclose(f) != 0)
		ok = false;
	return ok || why_set(why, "cannot write %s", path);
}
