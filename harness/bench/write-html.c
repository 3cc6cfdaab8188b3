/*
 * One page that needs nothing else: for each suite a chart of bars, sizes from left to right, naive
 * and each backend side by side, the raw rate of each backend as a line above.  Then the table.
 */
#include "bench/bench.h"
#include "html.h"

#include <string.h>

#define WIDTH  860.0
#define HEIGHT 300.0
#define LEFT   56.0
#define BOTTOM 262.0
#define TOP    26.0

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ikespec bench "
	"esp</title>\n<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 "
	"1em;color:#1c2733;background:#fff}\n"
	"h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .2em}svg{width:100%;height:auto}\n"
	"text{font:12px "
	"system-ui,sans-serif;fill:#44505c}table{border-collapse:collapse;font-size:.8em}\n"
	"th,td{padding:.15em .6em;text-align:right;border-bottom:1px solid "
	"#dde3e8}td:first-child,th:first-child{text-align:left}\n"
	".scroll{overflow-x:auto}.naive{fill:#b6bec6}.b0{fill:#1769aa}.b1{fill:#e08a1e}\n"
	".r0{stroke:#1769aa}.r1{stroke:#e08a1e}.r0,.r1{stroke-dasharray:5 4;stroke-width:1.5}\n"
	"</style></head><body>\n";

struct chart {
	const struct bench_result *r;
	const struct bench_suite *suite;
	const char *backends[4];
	size_t backend_count;
	const struct bench_size *sizes[BENCH_SIZES];
	size_t size_count;
	double top; /* Gbit/s at the upper edge */
	FILE *f;
};

static double y_of(const struct chart *c, double gbps)
{
	return BOTTOM - gbps / c->top * (BOTTOM - TOP);
}

static void put_bar(const struct chart *c, double x, double width, double gbps, const char *class,
		    const char *who)
{
	double y = y_of(c, gbps);

	fprintf(c->f,
		"<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\"><title>%s: %.2f Gbit/s</title>"
		"</rect>\n",
		class, x, y, width, BOTTOM - y, who, gbps);
	fprintf(c->f,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" "
		"style=\"font-size:10px\">%.*f</text>\n",
		x + width / 2, y - 3, gbps < 10 ? 1 : 0, gbps);
}

/* Steps of 1, 2 or 5 times a power of ten, four to eight of them. */
static double step_of(double top)
{
	double step = 0.001;

	for (int i = 0; top / step > 8; i++)
		step *= i % 3 == 1 ? 2.5 : 2;
	return step;
}

static void put_axis(const struct chart *c)
{
	double step = step_of(c->top);

	for (double v = 0; v <= c->top; v += step) {
		fprintf(c->f,
			"<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\" "
			"stroke=\"#e3e8ec\"/>\n",
			LEFT, WIDTH, y_of(c, v), y_of(c, v));
		fprintf(c->f, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT - 6, y_of(c, v) + 4, v);
	}
	fprintf(c->f, "<text x=\"4\" y=\"14\">Gbit/s of inner packets, sealed and opened on one "
		      "core</text>\n");
}

static void put_legend(const struct chart *c)
{
	double x = WIDTH - 150.0 * (double)(c->backend_count + 1);

	fprintf(c->f,
		"<rect class=\"naive\" x=\"%.0f\" y=\"4\" width=\"11\" height=\"11\"/><text "
		"x=\"%.0f\" y=\"14\">naive</text>\n",
		x + 60, x + 76);
	for (size_t i = 0; i < c->backend_count; i++) {
		x += 150;
		fprintf(c->f,
			"<rect class=\"b%zu\" x=\"%.0f\" y=\"4\" width=\"11\" height=\"11\"/><text "
			"x=\"%.0f\" y=\"14\">%s (- - raw)"
			"</text>\n",
			i, x, x + 16, c->backends[i]);
	}
}

static void put_raw(const struct chart *c, const struct bench_row *row, size_t i)
{
	double raw = bench_raw_gbps(c->r, row->raw.both);

	if (raw > 0)
		fprintf(c->f,
			"<line class=\"r%zu\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" "
			"y2=\"%.1f\"><title>raw %s: %.1f Gbit/s</title>"
			"</line>\n",
			i, LEFT, WIDTH, y_of(c, raw), y_of(c, raw), row->backend, raw);
}

static void put_group(const struct chart *c, size_t at)
{
	double slot = (WIDTH - LEFT) / (double)c->size_count, x = LEFT + slot * ((double)at + 0.1);
	double width = slot * 0.8 / (double)(c->backend_count + 1);
	const struct bench_row *row = NULL;

	for (size_t i = 0; i < c->backend_count; i++) {
		static const char *const classes[] = { "b0", "b1" };

		row = bench_find(c->r, c->suite->name, c->sizes[at]->name, c->backends[i], 1);
		if (!row)
			continue;
		put_bar(c, x, width, bench_gbps(c->r, row, row->naive.both), "naive", "naive");
		put_bar(c, x + width * (double)(i + 1), width,
			bench_gbps(c->r, row, row->ours.both), classes[i % 2], row->backend);
		if (at == 0)
			put_raw(c, row, i % 2);
	}
	fprintf(c->f, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s%s</text>\n",
		x + slot * 0.4, BOTTOM + 16, c->sizes[at]->name,
		c->sizes[at]->count == 1 ? " B" : "");
}

static bool known(const void *const *list, size_t count, const void *what)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == what)
			return true;
	return false;
}

/* What of the result belongs to this suite, and how high it reaches. */
static void gather(struct chart *c)
{
	for (size_t i = 0; i < c->r->count; i++) {
		const struct bench_row *row = &c->r->rows[i];
		double raw = bench_raw_gbps(c->r, row->raw.both),
		       ours = bench_gbps(c->r, row, row->ours.both);

		if (row->suite != c->suite || row->cores > 1)
			continue;
		if (!known((const void *const *)c->backends, c->backend_count, row->backend))
			c->backends[c->backend_count++] = row->backend;
		if (!known((const void *const *)c->sizes, c->size_count, row->size))
			c->sizes[c->size_count++] = row->size;
		c->top = raw > c->top ? raw : c->top;
		c->top = ours > c->top ? ours : c->top;
	}
	c->top = c->top * 1.06 + 0.001;
}

static void put_chart(const struct bench_result *r, const struct bench_suite *suite, FILE *f)
{
	struct chart c = { .r = r, .suite = suite, .f = f };

	gather(&c);
	fputs("<h2>", f);
	html_text(f, suite->name);
	fprintf(f, "</h2>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n", WIDTH, HEIGHT);
	put_axis(&c);
	put_legend(&c);
	for (size_t i = 0; i < c.size_count; i++)
		put_group(&c, i);
	fputs("</svg>\n", f);
}

static void put_row(const struct bench_result *r, const struct bench_row *row, FILE *f)
{
	fprintf(f,
		"<tr><td>%s</td><td>%s</td><td>%s</td><td>%u</td><td>%.2f</td><td>%.2f</"
		"td><td>%.2f</td><td>%.3f</td>"
		"<td>%.0f</td><td>%.0f</td><td>%.1f</td><td>%.0f%%</td><td>%.2f</td><td>%.1f%%</"
		"td></tr>\n",
		row->suite->name, row->size->name, row->backend, row->cores,
		bench_gbps(r, row, row->ours.seal), bench_gbps(r, row, row->ours.open),
		bench_gbps(r, row, row->ours.both), bench_pps(r, row, row->ours.both) / 1e6,
		row->ours.seal, row->ours.open, bench_raw_gbps(r, row->raw.both),
		100 * bench_share(row), bench_gbps(r, row, row->naive.both),
		100 * row->ours.spread);
}

bool bench_write_html(const struct bench_result *r, FILE *f)
{
	const struct bench_suite *last = NULL;

	fputs(head, f);
	fputs("<h1>ESP in memory</h1>\n<p>", f);
	html_text(f, r->cpu);
	fprintf(f, ", %.3f GHz time stamps; ", r->hertz / 1e9);
	html_text(f, r->features);
	fputs("<br>", f);
	html_text(f, r->libraries);
	fprintf(f, "%s%s</p>\n", r->no_aesni ? "; <b>without AES instructions</b>" : "",
		r->interrupted ? "<br><b>interrupted: the results so far</b>" : "");
	for (size_t i = 0; i < r->count; last = r->rows[i++].suite)
		if (r->rows[i].suite != last)
			put_chart(r, r->rows[i].suite, f);
	fputs("<h2>All figures</h2>\n<div "
	      "class=\"scroll\"><table><tr><th>suite</th><th>size</th><th>backend</th><th>cores</"
	      "th>"
	      "<th>seal Gbit/s</th><th>open Gbit/s</th><th>both Gbit/s</th><th>both "
	      "Mpps</th><th>seal cycles</th><th>open cycles"
	      "</th><th>raw Gbit/s</th><th>share</th><th>naive Gbit/s</th><th>spread</th></tr>\n",
	      f);
	for (size_t i = 0; i < r->count; i++)
		put_row(r, &r->rows[i], f);
	fputs("</table></div>\n<p>raw: calls of 16 KB of the same library, sealed and opened; "
	      "naive: cipher fetched by name, a new "
	      "context and key for each packet; medians of rounds in turns, spread: distance of "
	      "the quartiles.</p>\n"
	      "</body></html>\n",
	      f);
	return !ferror(f);
}
