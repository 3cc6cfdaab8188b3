/* matrix.html: what worked with whom, then all scenarios and requirements by targets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/matrix.h"
#include "reports/text.h"

static const char style[] =
	"body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:110em;padding:0 2em;color:#222}"
	"h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}p,li{max-width:60em}"
	"table{border-collapse:collapse}th,td{padding:.2em .6em;border:1px solid #ddd;text-align:left}"
	"thead th{position:sticky;top:0;background:#f4f4f4;white-space:nowrap}thead th,td{text-align:center}"
	"tbody th{font-weight:normal}code,table.all tbody th{font-family:monospace;white-space:nowrap}"
	"td{white-space:nowrap}small{color:#777}tr.differs th{background:#fff7d6}a{color:inherit}"
	"td.none{color:#ccc}th.target{border-left:2px solid #999}td.target{border-left:2px solid #999}"
	".pass{background:#d9f2d9}.weak{background:#eef7c9}.expected-fail{background:#dfe6f5}"
	".not-applicable{color:#999}.inconclusive,.error{background:#ffe6b8}"
	".fail,.unexpected-pass{background:#f7c4c4}.died{background:#d99;font-weight:bold}"
	"details{margin-top:2em}summary{font-size:1.15em;font-weight:bold;cursor:pointer}";

/* What stands in a cell of the first table. */
static const struct { const char *verdict, *sign, *meaning; } signs[] = {
	{ "pass", "\xe2\x9c\x93", "works" },
	{ "weak", "\xe2\x9c\x93 weak", "works, but a recommendation is not followed" },
	{ "expected-fail", "known", "departs from an RFC in a way that scenarios/deviations explains" },
	{ "not-applicable", "n/a", "the target cannot do it, for the reason given below" },
	{ "inconclusive", "unclear", "the case did not get to its point" },
	{ "error", "error", "trouble of the tester" },
	{ "unexpected-pass", "passes", "a known deviation that is not seen any more" },
	{ "fail", "\xe2\x9c\x97 fails", "a requirement is broken" },
	{ "died", "\xe2\x9c\x97 died", "the target did not survive" },
};

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

static size_t targets_of(const struct results *r)
{
	return r->target_count < MATRIX_TARGETS ? r->target_count : MATRIX_TARGETS;
}

static void target_head(const struct result_target *t, unsigned width, FILE *f)
{
	fprintf(f, "<th class=\"target\" colspan=\"%u\">", width);
	escaped(f, t->id);
	fputs("<br><small>", f);
	escaped(f, t->version);
	fputs("</small></th>", f);
}

/* ------------------------------------------------------------ what worked with whom */

static const char *sign_of(const char *verdict)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strcmp(signs[i].verdict, verdict) == 0)
			return signs[i].sign;
	return verdict;
}

static void interop_cell(const struct interop_cell *cell, bool first, FILE *f)
{
	const struct result_case *c = cell->shown;
	const char *edge = first ? " target" : "";

	if (!cell->count) {
		fprintf(f, "<td class=\"none%s\">\xc2\xb7</td>", edge);
		return;
	}
	fprintf(f, "<td class=\"%s%s\" title=\"", cell->verdict, edge);
	escaped(f, c->id);
	if (c->reason)
		fputs(": ", f);
	escaped(f, c->reason);
	fputs("\">", f);
	if (c->capture) {
		fputs("<a href=\"", f);
		escaped(f, c->capture);
		fputs("\">", f);
	}
	fputs(sign_of(cell->verdict), f);
	if (cell->count > 1)
		fprintf(f, " %zu/%zu", cell->good, cell->count);
	fputs(c->capture ? "</a></td>" : "</td>", f);
}

static void interop_row(const struct interop_row *row, size_t targets, FILE *f)
{
	fputs("<tr><th>", f);
	escaped(f, row->title);
	fputs("<br><small><code>", f);
	escaped(f, row->name);
	fputs("</code>", f);
	for (size_t i = 0; i < row->first->requirement_count; i++) {
		fputs(" <a href=\"#", f);
		escaped(f, row->first->requirements[i].ref);
		fputs("\">", f);
		escaped(f, row->first->requirements[i].ref);
		fputs("</a>", f);
	}
	fputs("</small></th>", f);
	for (size_t t = 0; t < targets; t++)
		for (int role = 0; role < INTEROP_ROLES; role++)
			interop_cell(&row->cell[t][role], role == 0, f);
	fputs("</tr>\n", f);
}

static void legend(FILE *f)
{
	fputs("<p>", f);
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		fprintf(f, "<span class=\"%s\">&nbsp;%s&nbsp;</span> %s. ", signs[i].verdict, signs[i].sign, signs[i].meaning);
	fputs("<span class=\"none\">\xc2\xb7</span> no such case. A sign leads to the capture of the case, a "
	      "requirement to the last table.</p>\n", f);
}

static bool told_before(const struct results *r, size_t at)
{
	const struct result_case *c = &r->cases[at];

	for (size_t i = 0; i < at; i++)
		if (strcmp(r->cases[i].verdict, "not-applicable") == 0 && r->cases[i].reason &&
		    strcmp(r->cases[i].reason, c->reason) == 0 && strcmp(r->cases[i].target, c->target) == 0 &&
		    strncmp(r->cases[i].id, "interop.", 8) == 0)
			return true;
	return false;
}

/* Each reason once. */
static void reasons(const struct results *r, FILE *f)
{
	fputs("<ul>\n", f);
	for (size_t i = 0; i < r->count; i++) {
		const struct result_case *c = &r->cases[i];

		if (strncmp(c->id, "interop.", 8) != 0 || strcmp(c->verdict, "not-applicable") != 0 || !c->reason ||
		    told_before(r, i))
			continue;
		fputs("<li>", f);
		escaped(f, c->target);
		fputs(": ", f);
		escaped(f, c->reason);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

/* A feature that no target has is among the reasons. */
static bool anywhere(const struct interop_row *row, size_t targets)
{
	for (size_t t = 0; t < targets; t++)
		for (int role = 0; role < INTEROP_ROLES; role++)
			if (row->cell[t][role].count && strcmp(row->cell[t][role].verdict, "not-applicable") != 0)
				return true;
	return false;
}

static bool interop_section(const struct results *r, FILE *f)
{
	size_t targets = targets_of(r);
	struct interop t;

	if (!interop_make(r, &t))
		return false;
	if (t.count > 0) {
		fputs("<h2>What works with whom</h2>\n<p>Columns say which role the target had.</p>\n", f);
		legend(f);
		fputs("<table><thead><tr><th rowspan=\"2\">feature</th>", f);
		for (size_t i = 0; i < targets; i++)
			target_head(&r->targets[i], INTEROP_ROLES, f);
		fputs("</tr><tr>", f);
		for (size_t i = 0; i < targets; i++)
			fputs("<th class=\"target\"><small>initiator</small></th><th><small>responder</small></th>", f);
		fputs("</tr></thead><tbody>\n", f);
		for (size_t i = 0; i < t.count; i++)
			if (anywhere(&t.rows[i], targets))
				interop_row(&t.rows[i], targets, f);
		fputs("</tbody></table>\n", f);
		reasons(r, f);
	}
	interop_free(&t);
	return true;
}

/* ------------------------------------------------------------ all of it */

static bool differs(const struct matrix_row *row, size_t targets)
{
	for (size_t t = 1; t < targets; t++)
		if (strcmp(row->verdict[t] ? row->verdict[t] : "", row->verdict[0] ? row->verdict[0] : "") != 0)
			return true;
	return false;
}

/* How often each verdict was given. */
static void sums(const struct matrix *m, size_t targets, FILE *f)
{
	for (size_t v = sizeof(signs) / sizeof(*signs); v-- > 0;) {
		size_t sum = 0, count[MATRIX_TARGETS] = { 0 };

		for (size_t i = 0; i < m->count; i++)
			for (size_t t = 0; t < targets; t++)
				if (m->rows[i].verdict[t] && strcmp(m->rows[i].verdict[t], signs[v].verdict) == 0)
					count[t]++, sum++;
		if (sum == 0)
			continue;
		fprintf(f, "<tr><th>%s</th>", signs[v].verdict);
		for (size_t t = 0; t < targets; t++)
			fprintf(f, "<td class=\"%s\">%zu</td>", signs[v].verdict, count[t]);
		fputs("</tr>", f);
	}
}

static void table(const struct results *r, const struct matrix *m, const char *what, FILE *f)
{
	size_t targets = targets_of(r);

	fprintf(f, "<table class=\"all\"><thead><tr><th>%s</th>", what);
	for (size_t t = 0; t < targets; t++)
		target_head(&r->targets[t], 1, f);
	fputs("</tr>", f);
	sums(m, targets, f);
	fputs("</thead><tbody>\n", f);
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_row *row = &m->rows[i];

		fprintf(f, "<tr%s id=\"", differs(row, targets) ? " class=\"differs\"" : "");
		escaped(f, row->name);
		fputs("\"><th title=\"", f);
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

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct matrix m;

		if (!matrix_make(r, parts[i].requirements, &m))
			return false;
		fprintf(f, "<details open><summary>%s</summary>\n", parts[i].title);
		table(r, &m, parts[i].what, f);
		fputs("</details>\n", f);
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
	ok = interop_section(r, f) && tables(r, f);
	fputs("</body></html>\n", f);
	ok = !ferror(f) && ok;
	if (fclose(f) != 0)
		ok = false;
	return ok || why_set(why, "cannot write %s", path);
}
