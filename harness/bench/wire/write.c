/*
 * The results as a table for people, as JSON and as CSV.
 */
#include <jansson.h>

#include "bench/wire.h"

#define MICRO 1e-3 /* of nanoseconds */

static void put_head(const struct wire_result *r, FILE *f)
{
	const struct wire_plan *p = r->plan;

	fprintf(f, "%s%s%s over %s: ESP %s in %s, inner packets of %s octets, %u SA%s (up in %.2f s)\n",
		p->target, r->version[0] ? " " : "", r->version, r->path, p->suite.name,
		r->encapsulation, p->size.name, r->sas, r->sas == 1 ? "" : "s", r->setup_seconds);
	fprintf(f, "%s; %s; ESP of the tester by %s\n", r->cpu, r->features, r->backend);
	fprintf(f, "trials of %g s, goal width %g%%, PDR: at most %g%% lost; a loss counts if it shows %u times\n\n",
		p->trial_seconds, 100 * p->width, 100 * p->loss_goal, p->again + 1);
}

static void put_bounds(const struct wire_bounds *b, FILE *f)
{
	if (b->found)
		fprintf(f, " %9.1f..%-9.1f", b->lower / 1e3, b->upper / 1e3);
	else
		fprintf(f, " %20s", "none");
}

static void put_rates(const struct wire_result *r, FILE *f)
{
	fprintf(f, "%-5s %10s %20s %20s %8s %8s  %s\n", "side", "flood kpps", "NDR kpps", "PDR kpps",
		"NDR Gb/s", "PDR Gb/s", "limited by");
	for (size_t i = 0; i < r->count; i++) {
		const struct wire_figures *row = &r->rows[i];

		fprintf(f, "%-5s %10.1f", wire_side_name(row->side), row->ceiling / 1e3);
		put_bounds(&row->ndr, f);
		put_bounds(&row->pdr, f);
		fprintf(f, " %8.3f %8.3f  %s\n", wire_gbps(r, row->ndr.lower), wire_gbps(r, row->pdr.lower),
			row->limit);
	}
	fprintf(f, "Rates are of each direction, of inner packets; flood: what came through of %s.\n",
		"packets sent as fast as they went");
}

/* A path that cuts packets measures something else. */
static void put_fragments(const struct wire_result *r, FILE *f)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].at_pdr.fragments)
			fprintf(f, "%s: %llu of %llu packets came in fragments; a smaller --size fits the path\n",
				wire_side_name(r->rows[i].side),
				(unsigned long long)r->rows[i].at_pdr.fragments,
				(unsigned long long)r->rows[i].at_pdr.received);
}

static void put_latency(const struct wire_latency *l, FILE *f)
{
	fprintf(f, " %10.1f %8llu %9.1f %9.1f %9.1f %9.1f %9.1f\n", l->rate / 1e3,
		(unsigned long long)l->samples, (double)l->p50 * MICRO, (double)l->p90 * MICRO,
		(double)l->p99 * MICRO, (double)l->p999 * MICRO, (double)l->longest * MICRO);
}

static void put_latencies(const struct wire_result *r, FILE *f)
{
	fprintf(f, "\n%-5s %5s %10s %8s %9s %9s %9s %9s %9s  (microseconds)\n", "side", "load", "kpps",
		"packets", "p50", "p90", "p99", "p99.9", "max");
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->rows[i].latencies; k++) {
			fprintf(f, "%-5s %4.0f%%", wire_side_name(r->rows[i].side),
				100 * r->rows[i].latency[k].share);
			put_latency(&r->rows[i].latency[k], f);
		}
}

static void put_rekey(const struct wire_figures *row, const char *what, const struct wire_rekey *k, FILE *f)
{
	if (!k->count.sent)
		return;
	fprintf(f, "%-5s %-16s %10.1f %8llu %8llu %10.1f %10.1f%s\n", wire_side_name(row->side), what,
		k->count.offered / 1e3, (unsigned long long)k->count.sent,
		(unsigned long long)k->count.lost, (double)k->count.longest_gap * MICRO,
		(double)k->usual_gap * MICRO, k->done ? "" : "  refused");
}

static void put_rekeys(const struct wire_result *r, FILE *f)
{
	bool any = false;

	for (size_t i = 0; i < r->count; i++)
		any |= r->rows[i].child.count.sent > 0;
	if (!any)
		return;
	fprintf(f, "\n%-5s %-16s %10s %8s %8s %10s %10s  (microseconds)\n", "side", "rekey of", "kpps",
		"packets", "lost", "gap", "usual gap");
	for (size_t i = 0; i < r->count; i++) {
		put_rekey(&r->rows[i], "the Child SA", &r->rows[i].child, f);
		put_rekey(&r->rows[i], "the IKE SA", &r->rows[i].ike, f);
	}
}

static void put_comparisons(const struct wire_result *r, FILE *f)
{
	if (!r->comparison_count)
		return;
	fprintf(f, "\nOne direction between two engines of our own, without loss:\n");
	for (size_t i = 0; i < r->comparison_count; i++)
		fprintf(f, "  %-28s %9.1f kpps  %7.3f Gbit/s\n", r->comparisons[i].name,
			r->comparisons[i].pps / 1e3, wire_gbps(r, r->comparisons[i].pps));
	if (r->esp_turn.samples)
		fprintf(f, "  there and back (p50): ESP %.1f us, bare UDP %.1f us, ratio %.2f\n",
			(double)r->esp_turn.p50 * MICRO, (double)r->bare_turn.p50 * MICRO,
			r->bare_turn.p50 ? (double)r->esp_turn.p50 / (double)r->bare_turn.p50 : 0);
}

void wire_write_table(const struct wire_result *r, FILE *f)
{
	put_head(r, f);
	put_rates(r, f);
	put_fragments(r, f);
	put_latencies(r, f);
	put_rekeys(r, f);
	put_comparisons(r, f);
	if (r->interrupted)
		fprintf(f, "\ninterrupted: the results so far\n");
}

/* ------------------------------------------------------------ JSON */

static json_t *bounds_value(const struct wire_bounds *b)
{
	if (!b->found)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:i}", "lower_pps", b->lower, "upper_pps", b->upper,
			 "loss", b->loss, "trials", (int)b->trials);
}

static json_t *latency_value(const struct wire_latency *l)
{
	return json_pack("{s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "share_of_pdr", l->share, "pps",
			 l->rate, "packets", (json_int_t)l->samples, "p50_ns", (json_int_t)l->p50,
			 "p90_ns", (json_int_t)l->p90, "p99_ns", (json_int_t)l->p99, "p99_9_ns",
			 (json_int_t)l->p999, "max_ns", (json_int_t)l->longest);
}

static json_t *count_value(const struct wire_count *c)
{
	return json_pack("{s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "offered_pps",
			 c->offered, "achieved_pps", c->achieved, "sent", (json_int_t)c->sent,
			 "received", (json_int_t)c->received, "lost", (json_int_t)c->lost, "reordered",
			 (json_int_t)c->reordered, "duplicates", (json_int_t)c->duplicates, "bad_icv",
			 (json_int_t)c->bad_icv, "refused", (json_int_t)c->other, "fragments",
			 (json_int_t)c->fragments, "dropped_by_tester",
			 (json_int_t)c->dropped_here, "longest_gap_ns", (json_int_t)c->longest_gap,
			 "tester_busy", c->busy);
}

static json_t *rekey_value(const struct wire_rekey *k)
{
	if (!k->count.sent)
		return json_null();
	return json_pack("{s:b, s:o, s:I}", "done", k->done, "count", count_value(&k->count),
			 "usual_gap_ns", (json_int_t)k->usual_gap);
}

static json_t *row_value(const struct wire_result *r, const struct wire_figures *row)
{
	json_t *latency = json_array();

	for (size_t i = 0; i < row->latencies; i++)
		json_array_append_new(latency, latency_value(&row->latency[i]));
	return json_pack("{s:s, s:f, s:f, s:o, s:o, s:f, s:f, s:s, s:o, s:o, s:o, s:o}", "side",
			 wire_side_name(row->side), "flood_pps", row->ceiling, "flood_sent_pps",
			 row->ceiling_sent, "ndr", bounds_value(&row->ndr), "pdr",
			 bounds_value(&row->pdr), "ndr_gbps", wire_gbps(r, row->ndr.lower), "pdr_gbps",
			 wire_gbps(r, row->pdr.lower), "limited_by", row->limit, "at_pdr",
			 count_value(&row->at_pdr), "latency", latency, "rekey_child",
			 rekey_value(&row->child), "rekey_ike", rekey_value(&row->ike));
}

bool wire_write_json(const struct wire_result *r, FILE *f)
{
	const struct wire_plan *p = r->plan;
	json_t *rows = json_array(), *comparisons = json_array(), *root;
	bool good;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(rows, row_value(r, &r->rows[i]));
	for (size_t i = 0; i < r->comparison_count; i++)
		json_array_append_new(comparisons,
				      json_pack("{s:s, s:f, s:f}", "way", r->comparisons[i].name, "pps",
						r->comparisons[i].pps, "gbps",
						wire_gbps(r, r->comparisons[i].pps)));
	root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:i, s:f, s:f, s:f, s:f, s:i}", "schema",
			 "ikespec-bench-wire/1", "target", p->target, "version", r->version, "path",
			 r->path, "encapsulation", r->encapsulation, "suite", p->suite.name,
			 "mean_octets", p->size.mean, "sas", (int)r->sas, "setup_seconds",
			 r->setup_seconds, "trial_seconds", p->trial_seconds, "width", p->width,
			 "pdr_loss_goal", p->loss_goal, "trials_again", (int)p->again);
	json_object_set_new(root, "size", json_string(p->size.name));
	json_object_set_new(root, "cpu", json_string(r->cpu));
	json_object_set_new(root, "cpu_features", json_string(r->features));
	json_object_set_new(root, "backend", json_string(r->backend));
	json_object_set_new(root, "interrupted", json_boolean(r->interrupted));
	json_object_set_new(root, "rows", rows);
	json_object_set_new(root, "comparisons", comparisons);
	if (r->esp_turn.samples) {
		json_object_set_new(root, "turn_round_esp", latency_value(&r->esp_turn));
		json_object_set_new(root, "turn_round_bare", latency_value(&r->bare_turn));
	}
	good = root && json_dumpf(root, f, JSON_INDENT(1)) == 0 && fputc('\n', f) != EOF;
	json_decref(root);
	return good;
}

bool wire_write_csv(const struct wire_result *r, FILE *f)
{
	fprintf(f, "target,suite,size,encapsulation,sas,side,flood_pps,ndr_lower_pps,ndr_upper_pps,pdr_lower_pps,"
		   "pdr_upper_pps,ndr_gbps,pdr_gbps,limited_by");
	for (size_t k = 0; k < WIRE_LATENCIES; k++)
		fprintf(f, ",latency%zu_pps,latency%zu_p50_ns,latency%zu_p99_ns,latency%zu_max_ns", k, k, k, k);
	fputc('\n', f);
	for (size_t i = 0; i < r->count; i++) {
		const struct wire_figures *row = &r->rows[i];

		fprintf(f, "%s,%s,%s,%s,%u,%s,%.0f,%.0f,%.0f,%.0f,%.0f,%.4f,%.4f,%s", r->plan->target,
			r->plan->suite.name, r->plan->size.name, r->encapsulation, r->sas,
			wire_side_name(row->side), row->ceiling, row->ndr.lower, row->ndr.upper,
			row->pdr.lower, row->pdr.upper, wire_gbps(r, row->ndr.lower),
			wire_gbps(r, row->pdr.lower), row->limit);
		for (size_t k = 0; k < WIRE_LATENCIES; k++) {
			const struct wire_latency *l = &row->latency[k];

			fprintf(f, ",%.0f,%llu,%llu,%llu", l->rate, (unsigned long long)l->p50,
				(unsigned long long)l->p99, (unsigned long long)l->longest);
		}
		fputc('\n', f);
	}
	return !ferror(f);
}
