/* results.json, schema ikespec-results/1. */
#include <jansson.h>

#include "reports/matrix.h"
#include "reports/text.h"

static json_t *text(const char *t)
{
	char clean[8000];

	return t ? json_string(text_clean(t, clean, sizeof(clean))) : json_null();
}

static json_t *seconds(usec t)
{
	return json_real((double)t / 1e6);
}

static json_t *requirement(const struct result_requirement *q)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "ref", text(q->ref), "level", text(q->level), "gate",
			 text(q->gate), "verdict", text(q->verdict));
}

static json_t *one_case(const struct result_case *c)
{
	json_t *requirements = json_array(), *o;
	size_t i;

	for (i = 0; i < c->requirement_count; i++)
		json_array_append_new(requirements, requirement(&c->requirements[i]));
	o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "id", text(c->id), "verdict", text(c->verdict), "seconds",
		      seconds(c->seconds), "wall_seconds", seconds(c->wall), "file",
		      text(results_file(c)), "line", (json_int_t)results_line(c));
	if (!o) {
		json_decref(requirements);
		return NULL;
	}
	json_object_set_new(o, "title", text(c->title));
	json_object_set_new(o, "reason", text(c->reason));
	json_object_set_new(o, "broken", text(c->broken));
	json_object_set_new(o, "wanted", text(c->wanted));
	json_object_set_new(o, "got", text(c->got));
	json_object_set_new(o, "observed", text(c->observed));
	json_object_set_new(o, "capture", text(c->capture));
	if (c->esp)
		json_object_set_new(o, "esp", json_pack("{s:o, s:I, s:o, s:f}", "carried", text(c->esp), "packets",
							(json_int_t)c->esp_packets, "seconds", seconds(c->esp_span),
							"packets_per_second", results_esp_rate(c)));
	json_object_set_new(o, "requirements", requirements);
	return o;
}

static json_t *one_target(const struct results *r, const struct result_target *t)
{
	json_t *cases = json_array();
	size_t i;

	for (i = 0; i < r->count; i++)
		if (strcmp(r->cases[i].target ? r->cases[i].target : "", t->id) == 0)
			json_array_append_new(cases, one_case(&r->cases[i]));
	return json_pack("{s:o, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I}, s:o}", "id", text(t->id), "version",
			 text(t->version), "address", text(t->address), "summary", "passed",
			 (json_int_t)t->passed, "failed", (json_int_t)t->failed, "weak", (json_int_t)t->weak,
			 "skipped", (json_int_t)t->skipped, "errors", (json_int_t)t->errors, "scenarios", cases);
}

/* {NAME: {TARGET: VERDICT}}: the worst of all cases. */
static json_t *matrix_object(const struct results *r, bool requirements)
{
	json_t *out = json_object();
	struct matrix m;

	if (!matrix_make(r, requirements, &m))
		return out;
	for (size_t i = 0; i < m.count; i++) {
		json_t *row = json_object();

		for (size_t t = 0; t < r->target_count && t < MATRIX_TARGETS; t++)
			if (m.rows[i].verdict[t])
				json_object_set_new(row, r->targets[t].id, text(m.rows[i].verdict[t]));
		json_object_set_new(out, m.rows[i].name, row);
	}
	matrix_free(&m);
	return out;
}

bool results_json_write(const struct results *r, const char *path, struct why *why)
{
	json_t *targets = json_array(), *root;
	size_t i;
	int rc;

	for (i = 0; i < r->target_count; i++)
		json_array_append_new(targets, one_target(r, &r->targets[i]));
	root = json_pack("{s:s, s:o, s:I, s:o, s:b, s:o}", "schema", "ikespec-results/1", "version",
			 text(r->version), "seed", (json_int_t)r->seed, "wall_seconds", seconds(r->wall),
			 "interrupted", r->interrupted, "targets", targets);
	if (!root)
		return why_set(why, "no memory for %s", path);
	if (r->target_count > 1)
		json_object_set_new(root, "matrix", json_pack("{s:o, s:o}", "scenarios", matrix_object(r, false),
							      "requirements", matrix_object(r, true)));
	rc = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(root);
	return rc == 0 || why_set(why, "cannot write %s", path);
}
