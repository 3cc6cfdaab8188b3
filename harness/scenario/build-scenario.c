#include "build.h"

struct build {
	struct library *l;
	const char *file, *real;
	xmlNode *root;
	struct scenario *s;
};

static enum role role_of(const char *text)
{
	if (text != NULL && strcmp(text, "initiator") == 0)
		return ROLE_INITIATOR;
	return text != NULL && strcmp(text, "responder") == 0 ? ROLE_RESPONDER : ROLE_BOTH;
}

static const char *unknown_requirement(struct library *l, const char *ref)
{
	const char **names = arena_array(l->arena, l->requirements.count + 1, sizeof(*names));
	if (names == NULL)
		return "";
	for (size_t i = 0; i < l->requirements.count; i++)
		names[i] = ((const struct requirement *)l->requirements.items[i])->id;
	return did_you_mean(l, ref, names, l->requirements.count);
}

static bool build_requirements_of(struct build *b)
{
	struct scenario *s = b->s;
	s->requirements = build_array(b->l, b->file, dom_count(b->root, "requirement"),
				      sizeof(*s->requirements));
	if (s->requirements == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "requirement"); n != NULL;
	     n = dom_next(n, "requirement")) {
		struct scenario_requirement *r = &s->requirements[s->requirement_count];
		const char *ref = dom_attr(b->l, n, "ref");
		r->id = dom_attr(b->l, n, "id");
		r->line = dom_line(n);
		if (r->id == NULL || ref == NULL)
			continue;
		s->requirement_count++;
		r->requirement = library_requirement(b->l, ref);
		if (r->requirement == NULL && !told(b->l, b->file, r->line))
			complain(b->l, b->file, r->line, "the catalogue has no requirement '%s'%s",
				 ref, unknown_requirement(b->l, ref));
	}
	return true;
}

static bool build_faults_of(struct build *b)
{
	struct scenario *s = b->s;
	s->faults = build_array(b->l, b->file, dom_count(b->root, "fault"), sizeof(*s->faults));
	if (s->faults == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "fault"); n != NULL; n = dom_next(n, "fault")) {
		struct scenario_fault *f = &s->faults[s->fault_count++];
		f->ref = dom_attr(b->l, n, "ref");
		f->breaks = dom_attr(b->l, n, "breaks");
		f->line = dom_line(n);
		if (f->ref == NULL)
			s->fault_count--;
	}
	return true;
}

static bool build_needs(struct build *b)
{
	struct scenario *s = b->s;
	s->needs = build_array(b->l, b->file, dom_count(b->root, "needs"), sizeof(*s->needs));
	if (s->needs == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "needs"); n != NULL; n = dom_next(n, "needs")) {
		struct scenario_need *need = &s->needs[s->need_count++];
		need->feature = dom_attr(b->l, n, "feature");
		need->is = build_expr(b->l, b->file, n, "is");
		need->min = build_expr(b->l, b->file, n, "min");
		need->max = build_expr(b->l, b->file, n, "max");
		need->line = dom_line(n);
		if (need->feature == NULL)
			s->need_count--;
	}
	return true;
}

static bool build_testers(struct build *b)
{
	struct scenario *s = b->s;
	struct library *l = b->l;
	s->testers = build_array(l, b->file, dom_count(b->root, "tester"), sizeof(*s->testers));
	if (s->testers == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "tester"); n != NULL; n = dom_next(n, "tester"))
		s->testers[s->tester_count++] = (struct scenario_tester){
			.name = dom_attr(l, n, "name"),
			.connection = dom_attr(l, n, "connection"),
			.identity = dom_attr(l, n, "identity"),
			.secret = dom_attr(l, n, "secret"),
			.address = dom_attr(l, n, "address"),
			.certificate = dom_attr(l, n, "certificate"),
			.ppk = dom_attr(l, n, "ppk"),
			.over = dom_attr(l, n, "over"),
			.auth = dom_attr(l, n, "auth"),
			.signature = dom_attr(l, n, "signature"),
			.hashes = dom_attr(l, n, "hashes"),
			.line = dom_line(n),
		};
	return true;
}

static bool build_vars(struct build *b)
{
	struct scenario *s = b->s;
	s->vars = build_array(b->l, b->file, dom_count(b->root, "var"), sizeof(*s->vars));
	if (s->vars == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "var"); n != NULL; n = dom_next(n, "var")) {
		const char *name = dom_attr(b->l, n, "name"), *value = dom_attr(b->l, n, "value");
		if (name == NULL || value == NULL)
			continue;
		s->vars[s->var_count] = build_variable(b->l, name, value);
		s->vars[s->var_count++].line = dom_line(n);
	}
	return true;
}

static bool build_row(struct build *b, xmlNode *n, struct scenario_row *row)
{
	size_t count = 0;
	for (const xmlAttr *at = n->properties; at != NULL; at = at->next)
		count++;
	*row = (struct scenario_row){ .id = dom_attr(b->l, n, "id") };
	row->line = dom_line(n);
	row->vars = build_array(b->l, b->file, count, sizeof(*row->vars));
	if (row->vars == NULL)
		return false;
	for (const xmlAttr *at = n->properties; at != NULL; at = at->next) {
		const char *name = arena_text(b->l->arena, (const char *)at->name);
		if (name == NULL || strcmp(name, "id") == 0 || at->ns != NULL)
			continue;
		const char *text = dom_attr(b->l, n, name);
		if (text == NULL)
			continue;
		row->vars[row->count] = build_variable(b->l, name, text);
		row->vars[row->count++].line = row->line;
	}
	return true;
}

static bool build_rows(struct build *b)
{
	struct scenario *s = b->s;
	s->rows = build_array(b->l, b->file, dom_count(b->root, "row"), sizeof(*s->rows));
	if (s->rows == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "row"); n != NULL; n = dom_next(n, "row")) {
		if (!build_row(b, n, &s->rows[s->row_count]))
			return false;
		if (s->rows[s->row_count].id != NULL)
			s->row_count++;
	}
	return true;
}

static bool build_for_each(struct build *b)
{
	struct scenario *s = b->s;
	s->for_each =
		build_array(b->l, b->file, dom_count(b->root, "for-each"), sizeof(*s->for_each));
	if (s->for_each == NULL)
		return false;
	for (xmlNode *n = dom_child(b->root, "for-each"); n != NULL; n = dom_next(n, "for-each")) {
		struct scenario_each *each = &s->for_each[s->for_each_count];
		each->name = dom_attr(b->l, n, "name");
		each->in = dom_attr(b->l, n, "in");
		each->line = dom_line(n);
		if (each->name != NULL && each->in != NULL)
			s->for_each_count++;
	}
	return true;
}

/* The second word of the id: "rekey" of "ikev2.rekey.child". */
static const char *area_of(struct library *l, const char *id)
{
	const char *dot = strchr(id, '.');
	const char *from = dot != NULL ? dot + 1 : id;
	return arena_printf(l->arena, "%.*s", (int)strcspn(from, "."), from);
}

static bool build_head(struct build *b)
{
	struct scenario *s = b->s;
	const char *alive = dom_attr(b->l, b->root, "alive");
	const char *lossy = dom_attr(b->l, b->root, "lossy-ok");
	s->id = dom_attr(b->l, b->root, "id");
	s->title = dom_child_text(b->l, b->root, "title");
	s->target = role_of(dom_attr(b->l, b->root, "target"));
	s->alive = alive == NULL || strcmp(alive, "no") != 0;
	s->lossy_ok = lossy != NULL && strcmp(lossy, "yes") == 0;
	s->line = dom_line(b->root);
	if (s->id == NULL || s->title == NULL)
		return false;
	s->area = area_of(b->l, s->id);
	return build_requirements_of(b) && build_faults_of(b) && build_needs(b) &&
	       build_testers(b) && build_vars(b) && build_rows(b) && build_for_each(b);
}

static bool is_new_id(struct build *b)
{
	for (size_t i = 0; i < b->l->scenarios.count; i++) {
		const struct scenario *other = b->l->scenarios.items[i];
		if (strcmp(other->id, b->s->id) == 0)
			return complain(b->l, b->file, b->s->line,
					"the id '%s' is also that of %s:%u", b->s->id, other->file,
					other->line);
	}
	return true;
}

bool build_scenario(struct library *l, const char *file, const char *real, struct bytes text,
		    struct _xmlNode *root, size_t before)
{
	struct build b = { l, file, real, root, arena_new_of(l->arena, struct scenario) };
	xmlNode *steps = dom_child(root, "steps");
	if (b.s == NULL)
		return complain(l, file, 0, "no memory");
	b.s->file = file;
	b.s->source = arena_printf(l->arena, "%.*s", (int)text.len, (const char *)text.at);
	if (!build_head(&b) || steps == NULL || !is_new_id(&b))
		return false;
	if (!build_nodes(l, file, real, steps, &b.s->steps, &b.s->step_count))
		return false;
	l->first_pass = l->complaints.count;
	mean_scenario(l, b.s, l->complaints.count == before);
	l->first_pass = 0;
	return l->complaints.count == before && list_add(l->arena, &l->scenarios, b.s);
}
