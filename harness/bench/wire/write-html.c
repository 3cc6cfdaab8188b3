/*
 * One page that needs nothing else: rates as bars with the interval that the search left, latency
 * percentiles as lines over the load, then all figures as text.
 */
#include <math.h>
#include <string.h>

#include "bench/wire.h"
#include "../html.h"

#define WIDTH  860.0
#define HEIGHT 300.0
#define LEFT   64.0
#define BOTTOM 260.0
#define TOP    30.0

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ikespec bench wire</title>\n"
	"<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#1c2733;"
	"background:#fff}\n"
	"h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .2em}svg{width:100%;height:auto}\n"
	"text{font:12px system-ui,sans-serif;fill:#44505c}pre{font-size:.78em;overflow-x:auto;background:#f5f7f9;"
	"padding:1em}\n"
	".flood{fill:#dfe4e8}.ndr{fill:#1769aa}.pdr{fill:#e08a1e}.grid{stroke:#e3e8ec}.gap{stroke:#1c2733}\n"
	".p50{stroke:#1769aa}.p99{stroke:#e08a1e}.max{stroke:#b03a3a}.p50,.p99,.max{fill:none;stroke-width:2}\n"
	"</style></head><body>\n";

/* 1, 2 or 5 times a power of ten, four to ten of which reach the top. */
static double step_of(double top)
{
	double step = pow(10, floor(log10(top > 0 ? top : 1)));

	return top / step < 2 ? step / 5 : top / step < 5 ? step / 2 : step;
}

static double y_of(double value, double top)
{
	return BOTTOM - value / top * (BOTTOM - TOP);
}

static void put_axis(FILE *f, double top, const char *unit)
{
	double step = step_of(top);

	for (double v = 0; v <= top; v += step)
		fprintf(f,
			"<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%.0f\" "
			"y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT, WIDTH, y_of(v, top), y_of(v, top), LEFT - 6, y_of(v, top) + 4, v);
	fprintf(f, "<text x=\"4\" y=\"14\">%s</text>\n", unit);
}

/* ------------------------------------------------------------ rates */

static void put_bar(FILE *f, const char *class, double x, double width, double low, double high, double top)
{
	fprintf(f, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", class, x,
		y_of(low, top), width, BOTTOM - y_of(low, top));
	fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.1f</text>\n", x + width / 2,
		y_of(fmax(low, high), top) - 4, low);
	if (high > low)
		fprintf(f, "<line class=\"gap\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			x + width / 2, x + width / 2, y_of(low, top), y_of(high, top));
}

static void put_rates(const struct wire_result *r, FILE *f)
{
	double top = 1e-9, slot = (WIDTH - LEFT) / (double)(r->count ? r->count : 1);

	for (size_t i = 0; i < r->count; i++)
		top = fmax(top, fmax(r->rows[i].ceiling, r->rows[i].pdr.upper) / 1e3);
	top *= 1.1;
	fprintf(f, "<h2>Rates</h2>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n", WIDTH, HEIGHT);
	put_axis(f, top, "thousand packets a second, of each direction");
	for (size_t i = 0; i < r->count; i++) {
		const struct wire_figures *row = &r->rows[i];
		double x = LEFT + slot * ((double)i + 0.15), width = slot * 0.22;

		put_bar(f, "flood", x, width, row->ceiling / 1e3, 0, top);
		put_bar(f, "ndr", x + width, width, row->ndr.lower / 1e3, row->ndr.upper / 1e3, top);
		put_bar(f, "pdr", x + 2 * width, width, row->pdr.lower / 1e3, row->pdr.upper / 1e3, top);
		fprintf(f, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s (limited by: %s)</text>\n",
			x + 1.5 * width, BOTTOM + 18, wire_side_name(row->side), row->limit);
	}
	fprintf(f, "<rect class=\"flood\" x=\"560\" y=\"4\" width=\"11\" height=\"11\"/><text x=\"576\" y=\"14\">"
		   "flood</text><rect class=\"ndr\" x=\"640\" y=\"4\" width=\"11\" height=\"11\"/><text x=\"656\" "
		   "y=\"14\">NDR</text><rect class=\"pdr\" x=\"720\" y=\"4\" width=\"11\" height=\"11\"/><text "
		   "x=\"736\" y=\"14\">PDR</text>\n</svg>\n");
}

/* ------------------------------------------------------------ latency */

static double decades(double ns)
{
	return log10(fmax(ns, 1000) / 1000); /* from 1 us */
}

static void put_line(FILE *f, const struct wire_figures *row, const char *class, size_t which, double x,
		     double step, double top)
{
	fprintf(f, "<polyline class=\"%s\" points=\"", class);
	for (size_t i = 0; i < row->latencies; i++) {
		const struct wire_latency *l = &row->latency[i];
		double v = (double)(which == 0 ? l->p50 : which == 1 ? l->p99 : l->longest);

		fprintf(f, "%.1f,%.1f ", x + step * (double)i, y_of(decades(v), top));
	}
	fputs("\"/>\n", f);
}

static void put_decades(FILE *f, double top)
{
	static const char *const names[] = { "1 us", "10 us", "100 us", "1 ms", "10 ms", "100 ms", "1 s" };

	for (size_t i = 0; i < ARRAY_LEN(names) && (double)i <= top; i++)
		fprintf(f,
			"<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%.0f\" "
			"y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			LEFT, WIDTH, y_of((double)i, top), y_of((double)i, top), LEFT - 6,
			y_of((double)i, top) + 4, names[i]);
}

static void put_latencies(const struct wire_result *r, FILE *f)
{
	static const char *const classes[] = { "p50", "p99", "max" };
	double top = 1, slot = (WIDTH - LEFT) / (double)(r->count ? r->count : 1);

	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->rows[i].latencies; k++)
			top = fmax(top, ceil(decades((double)r->rows[i].latency[k].longest)));
	fprintf(f, "<h2>Latency</h2>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n", WIDTH, HEIGHT);
	put_decades(f, top);
	for (size_t i = 0; i < r->count; i++) {
		double x = LEFT + slot * ((double)i + 0.1), step = slot * 0.8 / (WIRE_LATENCIES - 1);

		for (size_t k = 0; k < ARRAY_LEN(classes); k++)
			put_line(f, &r->rows[i], classes[k], k, x, step, top);
		for (size_t k = 0; k < r->rows[i].latencies; k++)
			fprintf(f, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%.0f%%</text>\n",
				x + step * (double)k, BOTTOM + 16, 100 * r->rows[i].latency[k].share);
		fprintf(f, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s: load as a share of PDR</text>\n",
			x + slot * 0.4, BOTTOM + 34, wire_side_name(r->rows[i].side));
	}
	for (size_t k = 0; k < ARRAY_LEN(classes); k++)
		fprintf(f,
			"<line class=\"%s\" x1=\"%zu\" x2=\"%zu\" y1=\"10\" y2=\"10\"/><text x=\"%zu\" y=\"14\">%s"
			"</text>\n",
			classes[k], 560 + 80 * k, 574 + 80 * k, 578 + 80 * k, classes[k]);
	fputs("</svg>\n", f);
}

/* ------------------------------------------------------------ all figures */

static void put_figures(const struct wire_result *r, FILE *f)
{
	char line[400];
	FILE *text = tmpfile();

	if (!text)
		return;
	wire_write_table(r, text);
	rewind(text);
	fputs("<h2>All figures</h2>\n<pre>", f);
	while (fgets(line, sizeof(line), text))
		html_text(f, line);
	fputs("</pre>\n", f);
	fclose(text);
}

bool wire_write_html(const struct wire_result *r, FILE *f)
{
	fputs(head, f);
	fputs("<h1>ESP through ", f);
	html_text(f, r->plan->target);
	fprintf(f, " %s</h1>\n<p>", r->version);
	html_text(f, r->plan->suite.name);
	fprintf(f, " in %s over %s, inner packets of %s octets, %u SAs%s</p>\n", r->encapsulation, r->path,
		r->plan->size.name, r->sas, r->interrupted ? "; <b>interrupted: the results so far</b>" : "");
	put_rates(r, f);
	put_latencies(r, f);
	put_figures(r, f);
	fputs("</body></html>\n", f);
	return !ferror(f);
}
