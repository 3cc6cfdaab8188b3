#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxml/parser.h>

#include "build.h"

struct library *library_new(const char *root, const struct scenario_facts *facts, struct why *why)
{
	char real[PATH_MAX];
	struct arena *a = arena_new(LIBRARY_CAP);
	struct library *l = a != NULL ? arena_new_of(a, struct library) : NULL;
	if (l == NULL) {
		arena_free(a);
		why_set(why, "no memory");
		return NULL;
	}
	l->arena = a;
	l->scratch = arena_new(SCRATCH_CAP);
	if (facts != NULL)
		l->facts = *facts;
	rng_seed(&l->rng, 0, "library");
	xmlInitParser();
	bool ok = realpath(root, real) != NULL || why_set(why, "there is no folder '%.200s'", root);
	l->root = arena_text(a, root);
	l->real_root = ok ? arena_text(a, real) : NULL;
	if (ok && (l->scratch == NULL || l->root == NULL || l->real_root == NULL))
		ok = why_set(why, "no memory");
	if (ok && xml_schema_load(l, why))
		return l;
	library_free(l);
	return NULL;
}

void library_free(struct library *l)
{
	if (l == NULL)
		return;
	xml_schema_free(l);
	arena_free(l->scratch);
	arena_free(l->arena);
}

void library_set_fields(struct library *l, library_fields *fields, void *ctx)
{
	l->fields = fields;
	l->fields_ctx = ctx;
}

/* ------------------------------------------------------------ telling */

static int by_place(const void *a, const void *b)
{
	const struct why *const *x = a, *const *y = b;
	int order = strcmp((*x)->file, (*y)->file);
	if (order == 0)
		order = (*x)->line < (*y)->line ? -1 : (*x)->line > (*y)->line;
	return order != 0 ? order : strcmp((*x)->text, (*y)->text);
}

static int by_id(const void *a, const void *b)
{
	const struct scenario *const *x = a, *const *y = b;
	return strcmp((*x)->id, (*y)->id);
}

static void sort(struct list *list, int (*order)(const void *a, const void *b))
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), order);
}

/* Hands out what was complained of, each once and by place; ends a load. */
static bool tell(struct library *l, library_complaint *hear, void *ctx)
{
	size_t count = l->complaints.count;
	bool lost = l->complaints_lost;
	sort(&l->complaints, by_place);
	for (size_t i = 0; i < count && hear != NULL; i++)
		if (i == 0 || by_place(&l->complaints.items[i - 1], &l->complaints.items[i]) != 0)
			hear(ctx, l->complaints.items[i]);
	if (lost && hear != NULL) {
		struct why why;
		why_at_line(&why, l->root, 0,
			    arena_failed(l->arena) ? "the files take too much memory"
						   : "there are more faults than are shown");
		hear(ctx, &why);
	}
	l->complaints = (struct list){ NULL, 0, 0 };
	l->complaints_lost = false;
	sort(&l->scenarios, by_id);
	return count == 0 && !lost && !arena_failed(l->arena);
}

/* ------------------------------------------------------------ files */

static const struct {
	const char *root;
	enum { ROOT_SCENARIO, ROOT_STEPS, ROOT_PROFILE, ROOT_REQUIREMENTS, ROOT_FAULTS } kind;
} roots[] = {
	{ "scenario",     ROOT_SCENARIO     },
	{ "steps",        ROOT_STEPS        },
	{ "profile",      ROOT_PROFILE      },
	{ "requirements", ROOT_REQUIREMENTS },
	{ "faults",       ROOT_FAULTS       },
};

static bool load_catalogues(struct library *l);

static bool build_root(struct library *l, const char *shown, const char *real, struct bytes text,
		       xmlNode *root, size_t before)
{
	struct steps_file steps = { .path = real };
	size_t i = 0;
	while (i < ARRAY_LEN(roots) && strcmp(roots[i].root, dom_name(root)) != 0)
		i++;
	if (i == ARRAY_LEN(roots))
		return false;
	switch (roots[i].kind) {
	case ROOT_SCENARIO:
		return load_catalogues(l) && build_scenario(l, shown, real, text, root, before);
	case ROOT_STEPS:        return build_steps(l, shown, real, root, &steps);
	case ROOT_PROFILE:      return build_profile(l, shown, text, root);
	case ROOT_REQUIREMENTS: return build_requirements(l, shown, root);
	case ROOT_FAULTS:       return build_faults(l, shown, root);
	}
	return false;
}

bool build_file(struct library *l, const char *shown, const char *real, struct bytes text)
{
	size_t before = l->complaints.count;
	xmlDocPtr doc = xml_load(l, shown, text);
	if (doc == NULL)
		return false;
	bool ok = build_root(l, shown, real, text, xmlDocGetRootElement(doc), before);
	xml_free(doc);
	return ok && l->complaints.count == before;
}

static struct loaded_file *loaded_before(struct library *l, const char *real)
{
	for (size_t i = 0; i < l->loaded.count; i++) {
		struct loaded_file *f = l->loaded.items[i];
		if (strcmp(f->path, real) == 0)
			return f;
	}
	return NULL;
}

/* A <steps> file of the tree goes through the cache of the includes, so that it is checked once. */
static bool is_steps_file(struct library *l, const char *real)
{
	size_t len = strlen(l->real_root);
	return file_below(real, l->real_root) && strncmp(real + len, "/steps/", 7) == 0;
}

static bool load_path(struct library *l, const char *real, const char *shown)
{
	struct bytes text;
	struct loaded_file *f = loaded_before(l, real);
	if (f != NULL)
		return f->sound;
	f = arena_new_of(l->arena, struct loaded_file);
	if (f == NULL || (f->path = arena_text(l->arena, real)) == NULL ||
	    !list_add(l->arena, &l->loaded, f))
		return complain(l, shown, 0, "no memory");
	if (is_steps_file(l, real))
		f->sound = build_steps_file(l, f->path) != NULL;
	else
		f->sound = source_read(l, real, shown, &text) && build_file(l, shown, f->path, text);
	return f->sound;
}

const struct profile *profile_needed(struct library *l, const char *id)
{
	const struct profile *p = library_profile(l, id);
	char *path, real[PATH_MAX];
	if (p != NULL)
		return p;
	path = arena_printf(l->arena, "%s/profiles/%s.xml", l->real_root, id);
	for (char *at = path != NULL ? strrchr(path, '/') : NULL; at != NULL && *at != '\0'; at++)
		if (*at == ':')
			*at = '-';
	if (path == NULL || realpath(path, real) == NULL ||
	    !load_path(l, real, file_shown(l, real)))
		return NULL;
	return library_profile(l, id);
}

static bool load_folder(struct library *l, const char *folder)
{
	struct list files = { NULL, 0, 0 };
	bool ok = file_walk(l, folder, &files);
	for (size_t i = 0; i < files.count; i++)
		if (!load_path(l, files.items[i], file_shown(l, files.items[i])))
			ok = false;
	return ok;
}

/* Scenarios speak of requirements and faults, so these are read first, once. */
static bool load_catalogues(struct library *l)
{
	if (l->catalogues)
		return true;
	l->catalogues = true;
	load_folder(l, "requirements");
	load_folder(l, "faults");
	return true;
}

bool library_load(struct library *l, library_complaint *hear, void *ctx)
{
	load_catalogues(l);
	load_folder(l, "");
	return tell(l, hear, ctx);
}

bool library_load_file(struct library *l, const char *path, library_complaint *hear, void *ctx)
{
	char real[PATH_MAX];
	const char *shown = arena_text(l->arena, path);
	bool there = realpath(path, real) != NULL;
	bool ok = there && shown != NULL && load_path(l, real, shown);
	if (!ok && l->complaints.count == 0)
		complain(l, path, 0, "%s", there ? "the file has faults" : "there is no such file");
	return tell(l, hear, ctx) && ok;
}

bool library_load_text(struct library *l, const char *name, struct bytes text,
		       library_complaint *hear, void *ctx)
{
	const char *shown = arena_text(l->arena, name);
	bool ok = shown != NULL && build_file(l, shown, NULL, text);
	if (!ok && l->complaints.count == 0)
		complain(l, name, 0, "the file cannot be used");
	return tell(l, hear, ctx) && ok;
}

/* ------------------------------------------------------------ asking */

static size_t slot_of(const struct library *l, const char *id)
{
	size_t h = 5381;
	for (const char *at = id; *at != '\0'; at++)
		h = h * 33 ^ (unsigned char)*at;
	for (h &= l->index_cap - 1; l->index[h] != NULL && strcmp(l->index[h]->id, id) != 0;)
		h = (h + 1) & (l->index_cap - 1);
	return h;
}

static bool grow_index(struct library *l)
{
	l->index_cap = l->index_cap == 0 ? 256 : 2 * l->index_cap;
	l->index = arena_array(l->arena, l->index_cap, sizeof(struct requirement *));
	if (l->index == NULL) {
		l->index_cap = 0;
		return false;
	}
	for (size_t i = 0; i < l->requirements.count; i++) {
		struct requirement *r = l->requirements.items[i];
		l->index[slot_of(l, r->id)] = r;
	}
	return true;
}

bool library_add_requirement(struct library *l, struct requirement *r)
{
	if (2 * (l->requirements.count + 1) > l->index_cap && !grow_index(l))
		return false;
	l->index[slot_of(l, r->id)] = r;
	return list_add(l->arena, &l->requirements, r);
}

const struct requirement *library_requirement(const struct library *l, const char *id)
{
	return l->index_cap > 0 ? l->index[slot_of(l, id)] : NULL;
}

const struct fault *library_fault(const struct library *l, const char *id)
{
	for (size_t i = 0; i < l->faults.count; i++) {
		const struct fault *f = l->faults.items[i];
		if (strcmp(f->id, id) == 0)
			return f;
	}
	return NULL;
}

const struct profile *library_profile(const struct library *l, const char *id)
{
	for (size_t i = 0; i < l->profiles.count; i++) {
		const struct profile *p = l->profiles.items[i];
		if (strcmp(p->id, id) == 0)
			return p;
	}
	return NULL;
}

const struct profile *library_profile_in(const struct library *l, const char *path)
{
	char wanted[PATH_MAX], file[PATH_MAX];
	if (realpath(path, wanted) == NULL)
		return NULL;
	for (size_t i = 0; i < l->profiles.count; i++) {
		const struct profile *p = l->profiles.items[i];
		if (realpath(p->file, file) != NULL && strcmp(file, wanted) == 0)
			return p;
	}
	return NULL;
}

size_t library_scenarios(const struct library *l, const struct scenario *const **out)
{
	*out = (const struct scenario *const *)l->scenarios.items;
	return l->scenarios.count;
}

size_t library_requirements(const struct library *l, const struct requirement *const **out)
{
	*out = (const struct requirement *const *)l->requirements.items;
	return l->requirements.count;
}

size_t library_faults(const struct library *l, const struct fault *const **out)
{
	*out = (const struct fault *const *)l->faults.items;
	return l->faults.count;
}

/* ------------------------------------------------------------ the tree */

const struct attr *attr_find(const struct element_node *n, enum attribute name)
{
	for (size_t i = 0; i < n->attr_count; i++)
		if (n->attrs[i].name == name)
			return &n->attrs[i];
	return NULL;
}

const char *attr_text(const struct element_node *n, enum attribute name)
{
	const struct attr *a = attr_find(n, name);
	return a != NULL ? a->text : NULL;
}
