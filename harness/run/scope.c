/* The scope in which expressions of a case are worked out: variables and special values. */
#include "inside.h"

static const struct variable *among(const struct variable *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static const char *attr_name(const struct attr *a)
{
	return a->name == AT_OTHER ? a->other : attribute_name(a->name);
}

/* A parameter of the innermost include that has it. */
static const struct variable *parameter(struct run *r, const char *name)
{
	for (size_t i = r->depth; i-- > 0;) {
		const struct element_node *el =
			r->frames[i].kind == FRAME_INCLUDE ? r->frames[i].el : NULL;

		for (size_t k = 0; el && k < el->attr_count; k++) {
			const struct attr *a = &el->attrs[k];
			struct variable *v;

			if (a->name == AT_HREF || strcmp(attr_name(a), name) != 0)
				continue;
			v = arena_new_of(r->arena, struct variable);
			if (!v)
				return NULL;
			*v = (struct variable){ .name = name, .text = a->text, .expr = a->expr };
			return v;
		}
	}
	return NULL;
}

const struct variable *run_variable(struct run *r, const char *name)
{
	const struct variable *v = among(r->options->set, r->options->set_count, name);

	if (!v)
		v = parameter(r, name);
	if (!v)
		v = among(r->what->vars, r->what->var_count, name);
	if (!v)
		v = among(r->scenario->vars, r->scenario->var_count, name);
	return v;
}

static const struct variable *variable_of(void *ctx, const char *name)
{
	return run_variable(ctx, name);
}

/* The KE method of the message that is being edited, else of the newest SA. */
static const struct transform *ke_method(struct run *r)
{
	uint64_t group = 0;
	struct ike_sa *sa;

	if (r->edit_place && r->edit_place->root &&
	    wire_number(r->edit_place->root, "KE.group", &group) && group <= UINT16_MAX)
		return transform_find(TRANSFORM_KE, (uint16_t)group, 0);
	sa = r->tester_count ? newest_ike(r, &r->testers[0]) : NULL;
	return sa ? ike_sa_view(sa).suite.ke : NULL;
}

static bool special_public(void *ctx, const char *kind, struct arena *a, struct value *out,
			   struct why *why)
{
	const struct transform *ke = ke_method(ctx);
	uint8_t octets[1024];
	size_t len;

	if (!ke)
		return why_set(why, "public:%s needs a message with a KE payload of a known group",
			       kind);
	if (!dh_special_public(ke, kind, octets, sizeof octets, &len))
		return why_set(why, "%s has no public value of kind '%s'", ke->name, kind);
	*out = (struct value){ .kind = VALUE_OCTETS,
			       .octets = arena_copy(a, bytes_make(octets, len)) };
	return true;
}

struct scope run_scope(struct run *r, const struct names *names)
{
	return (struct scope){
		.variable = variable_of,
		.lookup = lookup_reference,
		.special = special_public,
		.ctx = r,
		.names = names,
		.rng = &r->rng,
		.base = r->options->root,
	};
}

bool run_value(struct run *r, const struct attr *a, const struct names *names, struct value *out,
	       struct why *why)
{
	struct scope scope = run_scope(r, names);

	if (!a->expr) {
		*out = (struct value){ .kind = VALUE_TEXT };
		return text_expand(a->text, &scope, r->arena, &out->text, why);
	}
	return expr_eval(a->expr, &scope, r->arena, out, why);
}

bool run_number(struct run *r, const struct attr *a, uint64_t *out, struct why *why)
{
	struct value v;

	return run_value(r, a, NULL, &v, why) && value_number(&v, out, why);
}

bool run_time(struct run *r, const struct attr *a, usec *out, struct why *why)
{
	struct value v;

	if (!a->expr) {
		const char *text = a->text;

		return usec_parse(text, out) || why_set(why, "'%s' is no time", text);
	}
	return run_value(r, a, NULL, &v, why) && value_time(&v, out, why);
}

const char *run_text(struct run *r, const struct element_node *el, enum attribute name,
		     struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	const char *text = attr_text(el, name), *out;

	if (!text)
		return NULL;
	if (!strstr(text, "${"))
		return text;
	return text_expand(text, &scope, r->arena, &out, why) ? out : NULL;
}
