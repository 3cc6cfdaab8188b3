/*
 * The results as a table for people, as JSON and as CSV.
 */
#include "bench/bench.h"

#include <jansson.h>

static void put_table_row(const struct bench_result *r, const struct bench_row *row, FILE *f)
{
	fprintf(f, "%-20s %6s %-9s %2u %7.2f %7.2f %7.2f %7.3f %8.0f %8.0f %7.2f", row->suite->name,
		row->size->name, row->backend, row->cores, bench_gbps(r, row, row->ours.seal),
		bench_gbps(r, row, row->ours.open), bench_gbps(r, row, row->ours.both),
		bench_pps(r, row, row->ours.both) / 1e6, row->ours.seal, row->ours.open,
		row->ours.both / row->size->mean);
	if (row->raw.both > 0)
		fprintf(f, " %6.1f %5.0f%%", bench_raw_gbps(r, row->raw.both),
			100 * bench_share(row));
	else
		fprintf(f, " %6s %6s", "-", "-");
	if (row->naive_ratio > 0)
		fprintf(f, " %6.2f %5.1fx", bench_gbps(r, row, row->naive.both),
			bench_gain(row));
	else
		fprintf(f, " %6s %6s", "-", "-");
	if (row->cores > 1)
		fprintf(f, " %5.1f%%  x%.2f of one core (empty loop x%.2f)\n",
			100 * row->ours.spread, row->scaling, row->calibration);
	else if (row->bare.both > 0)
		fprintf(f, " %5.1f%% %+6.0f\n", 100 * row->ours.spread, bench_overhead(row));
	else
		fprintf(f, " %5.1f%%      -\n", 100 * row->ours.spread);
}

void bench_write_table(const struct bench_result *r, FILE *f)
{
	fprintf(f, "%s, %.3f GHz time stamps; %s\n%s%s\n", r->cpu, r->hertz / 1e9, r->features,
		r->libraries, r->no_aesni ? "; without AES instructions" : "");
	fprintf(f, "Inner Gbit/s one way, and sealed and opened; cycles a packet, and an octet of "
		   "both; raw is 16 KB calls of the\n"
		   "same library, naive a new context and key per packet; over: cycles of both "
		   "above the library's own calls.\n"
		   "Share, gain and over are medians of what each round says of its own.\n\n");
	fprintf(f, "%-20s %6s %-9s %2s %7s %7s %7s %7s %8s %8s %7s %6s %6s %6s %6s %6s %6s\n",
		"suite", "size", "backend", "n", "seal", "open", "both", "Mpps", "cyc.seal",
		"cyc.open", "cyc/oct", "raw", "share", "naive", "gain", "spread", "over");
	for (size_t i = 0; i < r->count; i++)
		put_table_row(r, &r->rows[i], f);
	if (r->interrupted)
		fprintf(f, "interrupted: the results so far\n");
}

static json_t *number_or_null(double v)
{
	return v > 0 ? json_real(v) : json_null();
}

static json_t *size_value(const struct bench_size *s)
{
	return s->name[0] >= '0' && s->name[0] <= '9' ? json_integer((json_int_t)s->lens[0])
						      : json_string(s->name);
}

static json_t *row_value(const struct bench_result *r, const struct bench_row *row)
{
	json_t *o = json_pack(
		"{s:s, s:o, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "suite",
		row->suite->name, "size", size_value(row->size), "backend", row->backend, "cores",
		(int)row->cores, "seal_gbps", bench_gbps(r, row, row->ours.seal), "open_gbps",
		bench_gbps(r, row, row->ours.open), "both_gbps", bench_gbps(r, row, row->ours.both),
		"seal_cycles", row->ours.seal, "open_cycles", row->ours.open, "cycles_per_octet",
		row->ours.both / row->size->mean, "packets_per_second",
		bench_pps(r, row, row->ours.both));

	json_object_set_new(o, "mean_octets", json_real(row->size->mean));
	json_object_set_new(o, "raw_gbps", number_or_null(bench_raw_gbps(r, row->raw.both)));
	json_object_set_new(o, "raw_seal_gbps", number_or_null(bench_raw_gbps(r, row->raw.seal)));
	json_object_set_new(o, "raw_open_gbps", number_or_null(bench_raw_gbps(r, row->raw.open)));
	json_object_set_new(o, "naive_gbps", number_or_null(bench_gbps(r, row, row->naive.both)));
	json_object_set_new(o, "share_of_raw", number_or_null(bench_share(row)));
	json_object_set_new(o, "overhead_cycles",
			    row->bare.both > 0 && row->cores == 1 ? json_real(bench_overhead(row))
								  : json_null());
	json_object_set_new(o, "spread", json_real(row->ours.spread));
	json_object_set_new(o, "scaling", json_real(row->scaling));
	json_object_set_new(o, "calibration", json_real(row->calibration));
	return o;
}

bool bench_write_json(const struct bench_result *r, FILE *f)
{
	json_t *rows = json_array(), *root;
	bool good;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(rows, row_value(r, &r->rows[i]));
	root = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:f, s:o}", "schema",
			 "ikespec-bench-esp/1", "cpu", r->cpu, "cpu_features", r->features,
			 "libraries", r->libraries, "no_aesni", r->no_aesni, "interrupted",
			 r->interrupted, "tsc_hertz", r->hertz, "rows", rows);
	good = root && json_dumpf(root, f, JSON_INDENT(1)) == 0 && fputc('\n', f) != EOF;
	json_decref(root);
	return good;
}

bool bench_write_csv(const struct bench_result *r, FILE *f)
{
	fprintf(f, "suite,size,backend,cores,mean_octets,seal_gbps,open_gbps,both_gbps,packets_per_"
		   "second,seal_cycles,"
		   "open_cycles,cycles_per_octet,raw_gbps,share_of_raw,naive_gbps,overhead_cycles,"
		   "spread,scaling,"
		   "calibration\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct bench_row *row = &r->rows[i];

		fprintf(f,
			"%s,%s,%s,%u,%.1f,%.4f,%.4f,%.4f,%.0f,%.1f,%.1f,%.4f,%.4f,%.4f,%.4f,%.1f,%."
			"4f,%.3f,%.3f\n",
			row->suite->name, row->size->name, row->backend, row->cores,
			row->size->mean, bench_gbps(r, row, row->ours.seal),
			bench_gbps(r, row, row->ours.open), bench_gbps(r, row, row->ours.both),
			bench_pps(r, row, row->ours.both), row->ours.seal, row->ours.open,
			row->ours.both / row->size->mean, bench_raw_gbps(r, row->raw.both),
			bench_share(row), bench_gbps(r, row, row->naive.both),
			bench_overhead(row), row->ours.spread, row->scaling, row->calibration);
	}
	return !ferror(f);
}
