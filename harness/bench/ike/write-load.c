/*
 * The results of handshakes over a target as a table for people, as JSON, as CSV and as a page.
 */
#include "bench/ike-load.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "../html.h"

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static double share(const struct load_row *row)
{
	return row->limit > 0 ? row->full.rate / row->limit : 0;
}

/* ------------------------------------------------------------ the table */

static void put_head(const struct load_result *r, FILE *f)
{
	const struct load_plan *p = r->plan;

	fprintf(f, "%s%s%s over %s; %s; %s\n", p->target, r->version[0] ? " " : "", r->version, r->path, r->cpu,
		r->libraries);
	fprintf(f, "%s-GROUP, ESP aes256gcm16; %u handshakes under way at once; %g s for each figure; %s\n",
		p->ike.suite, p->window, p->ike.seconds,
		r->pinned ? "tester and target on a core each" : "tester and target share a core");
	fprintf(f, "limit: handshakes a second that the cryptography of one end allows on one core, measured beside "
		   "each row\n\n");
}

static void put_times(const struct load_times *t, FILE *f)
{
	fprintf(f, " %8.2f %8.2f %8.2f %8.2f", ms(t->p50), ms(t->p90), ms(t->p99), ms(t->longest));
}

static void put_rows(const struct load_result *r, FILE *f)
{
	fprintf(f, "%-22s %8s %8s %6s %9s %9s %6s %6s %6s %6s %8s %8s %8s %8s\n", "group, authentication", "per s",
		"limit", "share", "attempts", "successes", "failed", "again", "tester", "target", "p50 ms", "p90", "p99",
		"max");
	for (size_t i = 0; i < r->count; i++) {
		const struct load_row *row = &r->rows[i];
		const struct load_rate *a = &row->full;

		fprintf(f, "%-10s %-11s %8.1f %8.1f %5.0f%% %9llu %9llu %6llu %6llu %5.0f%% %5.0f%%", row->group,
			row->auth, a->rate, row->limit, 100 * share(row), (unsigned long long)a->attempts,
			(unsigned long long)a->successes, (unsigned long long)a->failures,
			(unsigned long long)a->repeated, 100 * a->tester, 100 * a->target);
		put_times(&a->times, f);
		fputc('\n', f);
	}
	fprintf(f, "again: requests that were sent once more; tester, target: share of a core\n");
}

static void put_alone(const struct load_result *r, FILE *f)
{
	fprintf(f, "\n%-22s %8s %8s %8s %8s %8s\n", "one at a time", "per s", "p50 ms", "p90", "p99", "max");
	for (size_t i = 0; i < r->count; i++) {
		const struct load_row *row = &r->rows[i];

		if (row->alone.seconds <= 0)
			continue;
		fprintf(f, "%-10s %-11s %8.1f", row->group, row->auth, row->alone.rate);
		put_times(&row->alone.times, f);
		fputc('\n', f);
	}
}

static void put_rekey(const char *what, const struct load_row *row, const struct load_rate *k, FILE *f)
{
	if (k->seconds <= 0)
		return;
	fprintf(f, "%-9s %-10s %-11s %8.1f %9llu %6llu %6llu %5.0f%%", what, row->group, row->auth, k->rate,
		(unsigned long long)k->successes, (unsigned long long)k->failures, (unsigned long long)k->repeated,
		100 * k->target);
	put_times(&k->times, f);
	fputc('\n', f);
}

static void put_rekeys(const struct load_result *r, FILE *f)
{
	if (!r->plan->rekey)
		return;
	fprintf(f, "\n%-32s %8s %9s %6s %6s %6s %8s %8s %8s %8s\n", "rekeys", "per s", "successes", "failed", "again",
		"target", "p50 ms", "p90", "p99", "max");
	for (size_t i = 0; i < r->count; i++) {
		put_rekey("Child SA", &r->rows[i], &r->rows[i].child, f);
		put_rekey("IKE SA", &r->rows[i], &r->rows[i].ike, f);
	}
}

void load_write_table(const struct load_result *r, FILE *f)
{
	put_head(r, f);
	put_rows(r, f);
	put_alone(r, f);
	put_rekeys(r, f);
	if (r->first.samples) {
		fprintf(f, "\nFrom the first request to the first ESP packet that came back, %llu times: p50 %.2f, "
			   "p90 %.2f, max %.2f ms\n",
			(unsigned long long)r->first.samples, ms(r->first.p50), ms(r->first.p90), ms(r->first.longest));
	}
	if (r->hold.asked)
		fprintf(f, "\n%llu of %u IKE SAs with a Child SA each are held, made in %.1f s (%.0f a second at first, "
			   "%.0f at last); %llu answered a liveness check\n",
			(unsigned long long)r->hold.held, r->hold.asked, r->hold.seconds, r->hold.first, r->hold.last,
			(unsigned long long)r->hold.answered);
	if (r->interrupted)
		fprintf(f, "interrupted: the results so far\n");
}

/* ------------------------------------------------------------ JSON and CSV */

static json_t *times_json(const struct load_times *t)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "samples", (json_int_t)t->samples, "p50_ms", ms(t->p50),
			 "p90_ms", ms(t->p90), "p99_ms", ms(t->p99), "p999_ms", ms(t->p999), "max_ms", ms(t->longest));
}

static json_t *rate_json(const struct load_rate *a)
{
	if (a->seconds <= 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o}", "attempts", (json_int_t)a->attempts,
			 "successes", (json_int_t)a->successes, "failures", (json_int_t)a->failures, "repeated",
			 (json_int_t)a->repeated, "seconds", a->seconds, "per_second", a->rate, "tester_cores", a->tester,
			 "target_cores", a->target, "latency", times_json(&a->times));
}

static json_t *row_json(const struct load_row *row)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:o, s:o, s:o, s:o}", "group", row->group, "auth", row->auth,
			 "cryptographic_limit_per_second", row->limit, "share_of_limit", share(row), "handshakes",
			 rate_json(&row->full), "one_at_a_time", rate_json(&row->alone), "child_rekeys",
			 rate_json(&row->child), "ike_rekeys", rate_json(&row->ike));
}

static json_t *hold_json(const struct load_hold *h)
{
	if (!h->asked)
		return json_null();
	return json_pack("{s:i, s:I, s:I, s:f, s:f, s:f}", "asked", (int)h->asked, "held", (json_int_t)h->held, "answered",
			 (json_int_t)h->answered, "seconds", h->seconds, "first_per_second", h->first, "last_per_second",
			 h->last);
}

bool load_write_json(const struct load_result *r, FILE *f)
{
	json_t *rows = json_array(), *root;
	bool good;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(rows, row_json(&r->rows[i]));
	root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:b, s:o, s:o, s:o}", "schema",
			 "ikespec-bench-ike/1", "target", r->plan->target, "version", r->version, "path", r->path, "suite",
			 r->plan->ike.suite, "cpu", r->cpu, "libraries", r->libraries, "a_core_each", r->pinned, "window",
			 (int)r->plan->window, "interrupted", r->interrupted, "rows", rows, "first_packet",
			 r->first.samples ? times_json(&r->first) : json_null(), "held", hold_json(&r->hold));
	good = root && json_dumpf(root, f, JSON_INDENT(1)) == 0 && fputc('\n', f) != EOF;
	json_decref(root);
	return good;
}

static void put_csv(const struct load_row *row, const char *what, const struct load_rate *a, FILE *f)
{
	if (a->seconds <= 0)
		return;
	fprintf(f, "%s,%s,%s,%.2f,%.2f,%llu,%llu,%llu,%llu,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f\n", row->group, row->auth, what,
		a->rate, row->limit, (unsigned long long)a->attempts, (unsigned long long)a->successes,
		(unsigned long long)a->failures, (unsigned long long)a->repeated, a->tester, a->target,
		ms(a->times.p50), ms(a->times.p90), ms(a->times.p99), ms(a->times.longest));
}

bool load_write_csv(const struct load_result *r, FILE *f)
{
	fprintf(f, "group,auth,what,per_second,limit,attempts,successes,failures,repeated,tester_cores,target_cores,p50_ms,"
		   "p90_ms,p99_ms,max_ms\n");
	for (size_t i = 0; i < r->count; i++) {
		put_csv(&r->rows[i], "handshakes", &r->rows[i].full, f);
		put_csv(&r->rows[i], "one at a time", &r->rows[i].alone, f);
		put_csv(&r->rows[i], "child rekeys", &r->rows[i].child, f);
		put_csv(&r->rows[i], "ike rekeys", &r->rows[i].ike, f);
	}
	return !ferror(f);
}

/* ------------------------------------------------------------ a page */

#define WIDTH 860.0
#define BAR   22.0
#define LEFT  170.0

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ikespec bench ike</title>\n<style>\n"
	"body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1c2733;"
	"background:#fff}\nh1{font-size:1.4em}svg{width:100%;height:auto}text{font:12px system-ui,sans-serif;"
	"fill:#44505c}\npre{font-size:.75em;overflow-x:auto;background:#f5f7f9;padding:1em}\n"
	".limit{fill:#dfe4e8}.rate{fill:#1769aa}\n</style></head><body>\n";

/* A bar for what was done, over one for what the cryptography allows. */
static void put_bars(const struct load_result *r, FILE *f)
{
	double top = 1;

	for (size_t i = 0; i < r->count; i++)
		top = fmax(top, fmax(r->rows[i].full.rate, r->rows[i].limit));
	fprintf(f, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n", WIDTH, (double)r->count * (BAR + 10) + 10);
	for (size_t i = 0; i < r->count; i++) {
		const struct load_row *row = &r->rows[i];
		double y = 6 + (double)i * (BAR + 10), scale = (WIDTH - LEFT - 120) / top;

		fprintf(f, "<text x=\"0\" y=\"%.1f\">", y + 15);
		html_text(f, row->group);
		fputs(", ", f);
		html_text(f, row->auth);
		fprintf(f, "</text>\n<rect class=\"limit\" x=\"%.0f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\"/>\n", LEFT, y,
			row->limit * scale, BAR);
		fprintf(f, "<rect class=\"rate\" x=\"%.0f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\"/>\n", LEFT, y + 5,
			row->full.rate * scale, BAR - 10);
		fprintf(f, "<text x=\"%.1f\" y=\"%.1f\">%.0f of %.0f</text>\n",
			LEFT + 6 + fmax(row->full.rate, row->limit) * scale, y + 15, row->full.rate, row->limit);
	}
	fputs("</svg>\n", f);
}

bool load_write_html(const struct load_result *r, FILE *f)
{
	char *text = NULL;
	size_t len;
	FILE *table = open_memstream(&text, &len);

	if (!table)
		return false;
	load_write_table(r, table);
	fclose(table);
	fputs(head, f);
	fputs("<h1>Handshakes a second: ", f);
	html_text(f, r->plan->target);
	fputs("</h1>\n<p>Blue: what came about; grey: what the cryptography of one end allows on one core.</p>\n", f);
	put_bars(r, f);
	fputs("<pre>", f);
	html_text(f, text);
	fputs("</pre></body></html>\n", f);
	free(text);
	return !ferror(f);
}
