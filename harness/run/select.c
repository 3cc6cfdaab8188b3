/* Which cases of a library are run. */
#include "suite.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <strings.h>

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 4 && strcmp(name + len - 4, ".xml") == 0);
}

/* A prefix up to a dot. */
static bool id_fits(const char *id, const char *name)
{
	size_t len = strlen(name);

	return strncmp(id, name, len) == 0 &&
	       (id[len] == 0 || id[len] == '.' || (len && name[len - 1] == '.'));
}

/* A file, or a folder above it; written from anywhere. */
static bool path_fits(const char *file, const char *path)
{
	char a[4096], b[4096];
	size_t len;

	if (!realpath(file, a) || !realpath(path, b))
		return strcmp(file, path) == 0;
	len = strlen(b);
	return strncmp(a, b, len) == 0 && (a[len] == 0 || a[len] == '/');
}

static bool name_fits(const struct scenario_case *c, const char *name)
{
	if (is_path(name))
		return path_fits(c->scenario->file, name);
	return id_fits(c->id, name) || id_fits(c->scenario->id, name);
}

static bool rfc_fits(const struct scenario *s, const char *rfc)
{
	size_t len = strcspn(rfc, ":");

	for (size_t i = 0; i < s->requirement_count; i++) {
		const struct requirement *q = s->requirements[i].requirement;

		if (!q || strlen(q->rfc) != len || strncmp(q->rfc, rfc, len) != 0)
			continue;
		if (!rfc[len] || id_fits(q->section, rfc + len + 1))
			return true;
	}
	return false;
}

static bool level_fits(const struct scenario *s, const char *level)
{
	for (size_t i = 0; i < s->requirement_count; i++) {
		const struct requirement *q = s->requirements[i].requirement;
		const char *name = q ? level_name(q->level) : "";

		if (strncasecmp(name, level, strlen(level)) == 0 &&
		    (name[strlen(level)] == 0 || name[strlen(level)] == ' '))
			return true;
	}
	return false;
}

static bool area_fits(const struct scenario *s, const char *area)
{
	if (s->area && strcmp(s->area, area) == 0)
		return true;
	for (size_t i = 0; i < s->requirement_count; i++)
		if (s->requirements[i].requirement &&
		    strcmp(s->requirements[i].requirement->area, area) == 0)
			return true;
	return false;
}

static bool any_name(const struct run_filter *f, const struct scenario_case *c)
{
	for (size_t i = 0; i < f->name_count; i++)
		if (name_fits(c, f->names[i]))
			return true;
	return !f->name_count;
}

static bool any_glob(const struct run_filter *f, const char *id)
{
	for (size_t i = 0; i < f->glob_count; i++)
		if (fnmatch(f->globs[i], id, 0) == 0)
			return true;
	return !f->glob_count;
}

static bool is_only(const struct run_filter *f, const char *id)
{
	for (size_t i = 0; i < f->only_count; i++)
		if (strcmp(f->only[i], id) == 0)
			return true;
	return !f->only;
}

/* By the hash of the id, so that a new scenario moves no other one. */
static bool shard_fits(const struct run_filter *f, const char *id)
{
	uint64_t h = 14695981039346656037u;

	if (!f->shards)
		return true;
	for (; *id; id++)
		h = (h ^ (uint8_t)*id) * 1099511628211u;
	return h % f->shards == (f->shard - 1) % f->shards;
}

static bool fits(const struct run_filter *f, const struct scenario_case *c)
{
	return any_name(f, c) && any_glob(f, c->id) && is_only(f, c->id) && shard_fits(f, c->id) &&
	       (!f->rfc || rfc_fits(c->scenario, f->rfc)) &&
	       (!f->level || level_fits(c->scenario, f->level)) &&
	       (!f->area || area_fits(c->scenario, f->area)) && (!f->role || (c->target & f->role));
}

/* A name that means nothing at all is a mistake, not an empty selection. */
static bool names_known(const struct test_suite *s, struct why *why)
{
	const struct run_filter *f = &s->options.filter;
	const struct scenario *const *all;
	size_t count = library_scenarios(s->options.library, &all);

	for (size_t i = 0; i < f->name_count; i++) {
		bool known = false;

		for (size_t k = 0; k < count && !known; k++)
			known = is_path(f->names[i]) ? path_fits(all[k]->file, f->names[i])
						     : id_fits(all[k]->id, f->names[i]) ||
							       id_fits(f->names[i], all[k]->id);
		if (!known)
			return why_set(why, "no scenario is called '%s'", f->names[i]);
	}
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct scenario_case *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

/* Cases are made in the library's memory for good: none of a scenario that no name can mean. */
static bool concerned(const struct run_filter *f, const struct scenario *s)
{
	for (size_t i = 0; i < f->name_count; i++)
		if (is_path(f->names[i]) || id_fits(s->id, f->names[i]) ||
		    id_fits(f->names[i], s->id))
			return true;
	return !f->name_count;
}

static bool add_cases(struct test_suite *s, const struct scenario *scenario, size_t *cap,
		      struct why *why)
{
	const struct run_options *o = &s->options;
	const struct scenario_case *cases;
	size_t count;

	if (!concerned(&o->filter, scenario))
		return true;
	if (!scenario_cases(o->library, scenario, o->profile, o->set, o->set_count, &cases, &count,
			    why))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!fits(&o->filter, &cases[i]))
			continue;
		if (s->case_count == *cap) {
			size_t more = *cap ? 2 * *cap : 256;
			const struct scenario_case **grown =
				arena_array(s->arena, more, sizeof *grown);

			if (!grown)
				return why_set(why, "no memory for %zu cases", more);
			if (s->case_count)
				memcpy(grown, s->cases, s->case_count * sizeof *grown);
			s->cases = grown;
			*cap = more;
		}
		s->cases[s->case_count++] = &cases[i];
	}
	return true;
}

bool suite_select(struct test_suite *s, struct why *why)
{
	const struct scenario *const *all;
	size_t count = library_scenarios(s->options.library, &all), cap = 0;

	if (!names_known(s, why))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_cases(s, all[i], &cap, why))
			return false;
	if (s->case_count)
		qsort(s->cases, s->case_count, sizeof *s->cases, by_id);
	return true;
}
