/* Known deviations of a target: what is listed with a reason and a reference does not fail the run.
 */
#include "suite.h"

#include <fnmatch.h>
#include <jansson.h>

struct deviation {
	const char *id, *requirement, *reason, *reference;
	enum verdict verdict;
	bool sometimes; /* it hangs on what the target does first: a pass is no surprise */
	bool seen, met; /* its case was run; and the verdict was there */
};

struct deviations {
	struct arena *arena;
	struct deviation *rows;
	size_t count;
	const char *path;
};

#define DEVIATIONS_ARENA ((size_t)16 << 20)

static const char *text_of(struct arena *a, const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? arena_text(a, text) : NULL;
}

/* Is the version in a list of them?  What names none is true of all. */
static bool of_version(const json_t *list, const char *version)
{
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && version && strcmp(text, version) == 0)
			return true;
	}
	return !list;
}

/* A row of another version is read, for its faults, and left out. */
static bool read_row(struct deviations *d, const json_t *row, size_t n, const char *version,
		     struct why *why)
{
	struct deviation *out = &d->rows[d->count];
	const char *verdict = json_string_value(json_object_get(row, "verdict"));

	out->id = text_of(d->arena, row, "id");
	out->requirement = text_of(d->arena, row, "requirement");
	out->reason = text_of(d->arena, row, "reason");
	out->reference = text_of(d->arena, row, "reference");
	if (!out->id || !out->reason || !verdict)
		return why_set(why, "%s: deviation %zu needs id, verdict and reason", d->path,
			       n + 1);
	if (!verdict_parse(verdict, &out->verdict))
		return why_set(why, "%s: deviation %zu: '%s' is no verdict", d->path, n + 1,
			       verdict);
	out->sometimes = json_is_true(json_object_get(row, "sometimes"));
	d->count += of_version(json_object_get(row, "versions"), version);
	return true;
}

static bool read_all(struct deviations *d, const json_t *root, const char *version,
		     struct why *why)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const json_t *rows = json_object_get(root, "deviations");

	if (!schema || strcmp(schema, "ikespec-deviations/1") != 0)
		return why_set(why, "%s: schema is not 'ikespec-deviations/1'", d->path);
	if (!json_is_array(rows))
		return why_set(why, "%s: there is no array 'deviations'", d->path);
	d->rows = arena_array(d->arena, json_array_size(rows) + 1, sizeof *d->rows);
	if (!d->rows)
		return why_set(why, "%s: no memory", d->path);
	if (version && !of_version(json_object_get(root, "versions"), version))
		return why_set(why, "%s: version %s is none of its 'versions'", d->path, version);
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (!read_row(d, json_array_get(rows, i), i, version, why))
			return false;
	return true;
}

struct deviations *deviations_load(const char *path, const char *version, struct why *why)
{
	struct arena *a = arena_new(DEVIATIONS_ARENA);
	struct deviations *d = a ? arena_new_of(a, struct deviations) : NULL;
	json_error_t error;
	json_t *root;
	bool good;

	if (!d) {
		arena_free(a);
		why_set(why, "no memory");
		return NULL;
	}
	d->arena = a;
	d->path = arena_text(a, path);
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	good = root ? read_all(d, root, version, why)
		    : why_at_line(why, path, (unsigned)error.line, "%s", error.text);
	json_decref(root);
	if (good)
		return d;
	deviations_free(d);
	return NULL;
}

void deviations_free(struct deviations *d)
{
	if (d)
		arena_free(d->arena);
}

/* ------------------------------------------------------------ applying */

void deviations_on_bad_path(struct deviations *d)
{
	for (size_t i = 0; i < d->count; i++)
		d->rows[i].sometimes = true;
}

static bool breaks_it(enum verdict v)
{
	return v > VERDICT_PASS && v <= VERDICT_DIED;
}

static enum verdict verdict_at(const struct case_result *c, const char *requirement)
{
	enum verdict worst = VERDICT_PASS;

	if (!requirement)
		return c->verdict;
	for (size_t i = 0; i < c->requirement_count; i++)
		if (strcmp(c->requirements[i].ref, requirement) == 0)
			worst = verdict_worse(worst, c->requirements[i].verdict);
	return worst;
}

/* Is every break of the case listed?  A death is not excused by what else is broken. */
static bool all_listed(const struct deviations *d, const struct case_result *c)
{
	bool whole = false;

	for (size_t i = 0; i < d->count; i++)
		whole |= fnmatch(d->rows[i].id, c->id, 0) == 0 && !d->rows[i].requirement &&
			 d->rows[i].verdict == c->verdict;
	if (whole)
		return true;
	for (size_t k = 0; k < c->requirement_count; k++) {
		bool listed = !breaks_it(c->requirements[k].verdict);

		for (size_t i = 0; i < d->count && !listed; i++)
			listed = fnmatch(d->rows[i].id, c->id, 0) == 0 && d->rows[i].requirement &&
				 strcmp(d->rows[i].requirement, c->requirements[k].ref) == 0 &&
				 d->rows[i].verdict == c->requirements[k].verdict;
		if (!listed)
			return false;
	}
	return c->verdict != VERDICT_DIED;
}

void deviations_apply(const struct deviations *d, struct case_result *c, struct arena *a)
{
	const struct deviation *met = NULL, *missed = NULL;

	for (size_t i = 0; d && i < d->count; i++) {
		struct deviation *row = &d->rows[i];

		if (fnmatch(row->id, c->id, 0) != 0 || c->verdict == VERDICT_NOT_APPLICABLE)
			continue;
		row->seen = true;
		if (verdict_at(c, row->requirement) == row->verdict) {
			row->met = true;
			met = row;
		} else if (!row->sometimes && !breaks_it(verdict_at(c, row->requirement))) {
			missed = row;
		}
	}
	if (met && all_listed(d, c)) {
		c->deviation = arena_printf(a, "%s%s%s", met->reason, met->reference ? " " : "",
					    met->reference ? met->reference : "");
		c->reason = c->reason ? arena_printf(a, "%s [known: %s]", c->reason, c->deviation)
				      : c->deviation;
		c->verdict = VERDICT_EXPECTED_FAIL;
	} else if (missed && !met && !breaks_it(c->verdict) && !strchr(missed->id, '*')) {
		c->verdict = VERDICT_UNEXPECTED_PASS;
		c->reason = arena_printf(a, "a known deviation does not show any more: %s",
					 missed->reason);
	}
}

bool deviations_know(const struct deviations *d, const struct case_result *c)
{
	bool met = false;

	for (size_t i = 0; d && i < d->count; i++)
		met |= fnmatch(d->rows[i].id, c->id, 0) == 0 &&
		       verdict_at(c, d->rows[i].requirement) == d->rows[i].verdict;
	return met && all_listed(d, c);
}

bool deviations_kill(const struct deviations *d, const char *id)
{
	for (size_t i = 0; d && i < d->count; i++)
		if (d->rows[i].verdict == VERDICT_DIED && fnmatch(d->rows[i].id, id, 0) == 0)
			return true;
	return false;
}

static bool in_library(const struct test_suite *s, const struct deviation *row)
{
	for (size_t i = 0; i < s->case_count; i++)
		if (fnmatch(row->id, s->cases[i]->id, 0) == 0)
			return true;
	return false;
}

static bool narrowed(const struct run_filter *f)
{
	return f->name_count || f->glob_count || f->rfc || f->level || f->area || f->role ||
	       f->only || f->shards;
}

size_t deviations_stale(const struct deviations *d, struct test_suite *s, const char ***out)
{
	size_t count = 0;

	if (!d)
		return 0;
	*out = arena_array(s->arena, d->count + 1, sizeof **out);
	for (size_t i = 0; *out && i < d->count; i++) {
		const struct deviation *row = &d->rows[i];

		if (row->met || (row->seen && row->sometimes) ||
		    (!row->seen && narrowed(&s->options.filter)))
			continue;
		if (!row->seen)
			(*out)[count++] = arena_printf(s->arena, "%s: %s", row->id,
						       in_library(s, row) ? "it was not run"
									  : "no case has this id");
		else
			(*out)[count++] =
				arena_printf(s->arena, "%s%s%s: %s was expected and not seen",
					     row->id, row->requirement ? " " : "",
					     row->requirement ? row->requirement : "",
					     verdict_name(row->verdict));
	}
	return count;
}
