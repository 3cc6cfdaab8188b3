/* results.json, schema ikespec-results/1. */
#include <jansson.h>

#include "reports/reports.h"
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
	rc = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(root);
	return rc == 0 || why_set(why, "cannot write %s", path);
}
