/*
 * The results as a table for people, as JSON and as CSV.
 */
#include "bench/ike.h"

#include <jansson.h>

static double microseconds(const struct ike_result *r, const struct ike_row *row)
{
	return row->cycles / r->hertz * 1e6;
}

void ike_write_table(const struct ike_result *r, FILE *f)
{
	fprintf(f, "%s, %.3f GHz time stamps; %s\nInstructions: %s.  A handshake is IKE_SA_INIT and IKE_AUTH with a "
		   "Child SA, both ends together;\nother is the part of its cycles outside of cryptography.\n\n",
		r->cpu, r->hertz / 1e9, r->libraries, r->counter);
	fprintf(f, "%-36s %7s %12s %11s %7s %13s %7s\n", "", "octets", "cycles", "us", "spread", "instructions",
		"other");
	for (size_t i = 0; i < r->count; i++) {
		const struct ike_row *row = &r->rows[i];

		fprintf(f, "%-36s ", row->name);
		if (row->handshake)
			fprintf(f, "%7s", "");
		else
			fprintf(f, "%7zu", row->octets);
		fprintf(f, " %12.0f %11.2f %6.1f%% ", row->cycles, microseconds(r, row), 100 * row->spread);
		if (row->instructions > 0)
			fprintf(f, "%13.0f", row->instructions);
		else
			fprintf(f, "%13s", "-");
		if (row->handshake)
			fprintf(f, " %6.1f%%", 100 * row->other_share);
		fputc('\n', f);
	}
	if (r->interrupted)
		fprintf(f, "interrupted: the results so far\n");
}

bool ike_write_json(const struct ike_result *r, FILE *f)
{
	json_t *rows = json_array(), *root;
	bool good;

	for (size_t i = 0; i < r->count; i++) {
		const struct ike_row *row = &r->rows[i];
		json_t *o = json_pack("{s:s, s:f, s:f, s:f, s:o}", "name", row->name, "cycles", row->cycles,
				      "microseconds", microseconds(r, row), "spread", row->spread, "instructions",
				      row->instructions > 0 ? json_real(row->instructions) : json_null());

		if (row->handshake)
			json_object_set_new(o, "share_outside_cryptography", json_real(row->other_share));
		else
			json_object_set_new(o, "octets", json_integer((json_int_t)row->octets));
		json_array_append_new(rows, o);
	}
	root = json_pack("{s:s, s:s, s:s, s:f, s:s, s:b, s:o}", "schema", "ikespec-bench-ike/1", "cpu", r->cpu,
			 "libraries", r->libraries, "tsc_hertz", r->hertz, "instruction_counter", r->counter,
			 "interrupted", r->interrupted, "rows", rows);
	good = root && json_dumpf(root, f, JSON_INDENT(1)) == 0 && fputc('\n', f) != EOF;
	json_decref(root);
	return good;
}

bool ike_write_csv(const struct ike_result *r, FILE *f)
{
	fprintf(f, "name,octets,cycles,microseconds,spread,instructions,share_outside_cryptography\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct ike_row *row = &r->rows[i];

		fprintf(f, "%s,%zu,%.1f,%.3f,%.4f,%.1f,%.4f\n", row->name, row->octets, row->cycles,
			microseconds(r, row), row->spread, row->instructions, row->other_share);
	}
	return !ferror(f);
}
