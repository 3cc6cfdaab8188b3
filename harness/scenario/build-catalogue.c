/* Requirement catalogues and fault lists. */
#include <stdio.h>
#include <stdlib.h>

#include "build.h"

static const struct {
	const char *word, *name;
} levels[] = {
	[LEVEL_MUST] =       { "must",       "MUST"       },
	[LEVEL_MUST_NOT] =   { "must-not",   "MUST NOT"   },
	[LEVEL_SHOULD] =     { "should",     "SHOULD"     },
	[LEVEL_SHOULD_NOT] = { "should-not", "SHOULD NOT" },
	[LEVEL_MAY] =        { "may",        "MAY"        },
};

static const char *const gates[] = {
	[GATE_VIOLATION] = "violation",           [GATE_DEFINITION] = "definition",
	[GATE_RECOMMENDATION] = "recommendation", [GATE_INTERPRETATION] = "interpretation",
	[GATE_OPTION] = "option",
};

/* What a break is where the catalogue does not say: by the level. */
static const enum gate default_gates[] = {
	[LEVEL_MUST] = GATE_VIOLATION,        [LEVEL_MUST_NOT] = GATE_VIOLATION,
	[LEVEL_SHOULD] = GATE_RECOMMENDATION, [LEVEL_SHOULD_NOT] = GATE_RECOMMENDATION,
	[LEVEL_MAY] = GATE_OPTION,
};

const char *level_name(enum level l)
{
	return levels[l].name;
}

const char *gate_name(enum gate g)
{
	return gates[g];
}

static enum level level_of(const char *text)
{
	for (size_t i = 0; text != NULL && i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i].word, text) == 0)
			return (enum level)i;
	return LEVEL_MUST;
}

static enum gate gate_of(const char *text, enum level level)
{
	for (size_t i = 0; text != NULL && i < ARRAY_LEN(gates); i++)
		if (strcmp(gates[i], text) == 0)
			return (enum gate)i;
	return default_gates[level];
}

static void build_requirement(struct library *l, const char *file, const char *rfc, xmlNode *n,
			      struct requirement *r)
{
	const char *explicit_keyword = dom_attr(l, n, "explicit"),
		   *observable = dom_attr(l, n, "observable");
	r->id = dom_attr(l, n, "id");
	r->rfc = rfc;
	r->section = dom_attr(l, n, "section");
	r->level = level_of(dom_attr(l, n, "level"));
	r->gate = gate_of(dom_attr(l, n, "gate"), r->level);
	r->explicit_keyword = explicit_keyword == NULL || strcmp(explicit_keyword, "no") != 0;
	r->role = dom_attr(l, n, "role");
	r->area = dom_attr(l, n, "area");
	r->observable = observable != NULL ? observable : "yes";
	r->rule = dom_child_text(l, n, "rule");
	r->stimulus = dom_child_text(l, n, "stimulus");
	r->expected = dom_child_text(l, n, "expected");
	r->waiver = dom_child_text(l, n, "waiver");
	r->note = dom_child_text(l, n, "note");
	r->file = file;
	r->line = dom_line(n);
}

static bool sound_requirement(struct library *l, const struct requirement *r)
{
	const struct requirement *other = library_requirement(l, r->id);
	if (r->rule == NULL)
		return false;
	if (other != NULL)
		return complain(l, r->file, r->line, "'%s' is also defined in %s:%u", r->id,
				other->file, other->line);
	size_t len = strlen(r->rfc);
	bool rfc = strncmp(r->id, "RFC", 3) == 0;
	if (rfc && (strncmp(r->id + 3, r->rfc, len) != 0 || r->id[3 + len] != '-'))
		return complain(l, r->file, r->line, "'%s' is no requirement of RFC %s", r->id,
				r->rfc);
	if (strcmp(r->observable, "no") == 0 && r->waiver == NULL)
		return complain(l, r->file, r->line, "'%s' cannot be observed and needs a <waiver>",
				r->id);
	return true;
}

bool build_requirements(struct library *l, const char *file, struct _xmlNode *root)
{
	const char *rfc = dom_attr(l, root, "rfc");
	size_t before = l->complaints.count, count = dom_count(root, "requirement");
	struct requirement *all = build_array(l, file, count, sizeof(*all));
	if (all == NULL || rfc == NULL)
		return false;
	for (xmlNode *n = dom_child(root, "requirement"); n != NULL;
	     n = dom_next(n, "requirement"), all++) {
		build_requirement(l, file, rfc, n, all);
		if (all->id != NULL && sound_requirement(l, all))
			library_add_requirement(l, all);
	}
	return l->complaints.count == before;
}

/* ------------------------------------------------------------ faults */

static void check_omission(struct library *l, const struct fault *f, unsigned line)
{
	const struct scenario_facts *facts = &l->facts;
	if (facts->check_known == NULL || facts->check_known(facts->ctx, f->omit))
		return;
	complain(l, f->file, line, "there is no check '%s'%s", f->omit,
		 did_you_mean(l, f->omit, facts->check_names, facts->check_count));
}

static bool build_edit(struct library *l, struct fault *f, xmlNode *edit)
{
	const char *request = dom_attr(l, edit, "request"),
		   *response = dom_attr(l, edit, "response");
	const char *esp = dom_attr(l, edit, "esp");
	if ((request != NULL) + (response != NULL) + (esp != NULL) != 1)
		return complain(l, f->file, dom_line(edit),
				"<edit> needs exactly one of request, response, esp");
	f->message = request != NULL ? request : response != NULL ? response : esp;
	f->response = response != NULL;
	f->esp = esp != NULL;
	return build_nodes(l, f->file, NULL, edit, &f->edits, &f->edit_count);
}

static void build_fault(struct library *l, const char *file, xmlNode *n)
{
	struct fault *f = arena_new_of(l->arena, struct fault);
	xmlNode *omit = dom_child(n, "omit"), *edit = dom_child(n, "edit");
	size_t before = l->complaints.count;
	if (f == NULL || (f->id = dom_attr(l, n, "id")) == NULL)
		return;
	f->file = file;
	f->line = dom_line(n);
	f->title = dom_child_text(l, n, "title");
	const struct fault *other = library_fault(l, f->id);
	if (other != NULL)
		complain(l, file, f->line, "the fault '%s' is also defined in %s:%u", f->id,
			 other->file, other->line);
	if (omit != NULL && (f->omit = dom_attr(l, omit, "check")) != NULL)
		check_omission(l, f, dom_line(omit));
	if (edit != NULL && build_edit(l, f, edit))
		mean_fault(l, f);
	if (l->complaints.count == before && f->title != NULL && (omit != NULL || edit != NULL))
		list_add(l->arena, &l->faults, f);
}

bool build_faults(struct library *l, const char *file, struct _xmlNode *root)
{
	size_t before = l->complaints.count;
	for (xmlNode *n = dom_child(root, "fault"); n != NULL; n = dom_next(n, "fault"))
		build_fault(l, file, n);
	return l->complaints.count == before;
}
