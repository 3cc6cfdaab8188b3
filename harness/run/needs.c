/* What a case needs of a profile, said by <needs> or following from its steps; else it is not
 * applicable. */
#include "host.h"

#include <stdlib.h>

static bool of_feature(struct run *r, const char *text, struct value *out)
{
	const char *space = strchr(text, ' ');
	struct why why;
	struct expr *e;
	struct scope scope = run_scope(r, NULL);

	e = space ? expr_parse_list(r->arena, text, &why) : expr_parse(r->arena, text, &why);
	return e && expr_eval(e, &scope, r->arena, out, &why);
}

/* min and max of a list speak of how many there are. */
static void counted(struct value *v)
{
	if (v->kind == VALUE_LIST)
		*v = (struct value){ .kind = VALUE_NUMBER, .number = v->count };
}

static bool compare(struct run *r, const struct expr *e, const struct value *feature, int sense)
{
	struct scope scope = run_scope(r, NULL);
	struct value wanted, got = *feature;
	struct why why;
	int order;

	if (!e)
		return true;
	if (!expr_eval(e, &scope, r->arena, &wanted, &why))
		return false;
	if (sense == 0)
		return value_equal(&got, &wanted);
	counted(&got);
	return value_order(&got, &wanted, &order) && order * sense >= 0;
}

static const char *need(struct run *r, const struct scenario_need *n)
{
	const char *text = profile_feature(r->options->profile, n->feature);
	struct value v = { .kind = VALUE_TEXT, .text = "" };

	if (!text && strcmp(n->feature, "virtual-time") == 0 && r->is_virtual)
		return NULL;
	if (!text && profile_lacks(r->options->profile, n->feature))
		return run_printf(r, "no %s: %s", n->feature, profile_lacks(r->options->profile, n->feature));
	if (!text)
		return run_printf(r, "the target has no %s", n->feature);
	if (!n->is && !n->min && !n->max)
		return NULL;
	if (!of_feature(r, text, &v))
		return run_printf(r, "the profile's %s cannot be understood", n->feature);
	if (!compare(r, n->is, &v, 0))
		return run_printf(r, "the target's %s is %s", n->feature, text);
	if (!compare(r, n->min, &v, 1))
		return run_printf(r, "the target's %s is only %s", n->feature, text);
	if (!compare(r, n->max, &v, -1))
		return run_printf(r, "the target's %s is %s, too much", n->feature, text);
	return NULL;
}

/* ------------------------------------------------------------ what follows from the steps */

static bool driver_knows(const struct run *r, const char *verb)
{
	const struct profile *p = r->options->profile;

	if (!p->driver || strcmp(p->driver, "none") == 0)
		return false;
	if (strcmp(verb, "move") == 0)
		return p->second != NULL;
	if (strcmp(p->driver, "exec") != 0)
		return true;
	for (size_t i = 0; i < p->command_count; i++)
		if (strcmp(p->commands[i].verb, verb) == 0)
			return true;
	return false;
}

struct uses {
	bool esp;
	const char *missing;    /* what the driver cannot do */
};

static void look_through(const struct run *r, const struct element_node *steps, size_t count,
			 struct uses *u)
{
	for (size_t i = 0; i < count; i++) {
		const struct element_node *el = &steps[i];
		bool child = attr_find(el, AT_CHILD) &&
			     (el->element == EL_WORKS || el->element == EL_GONE);

		u->esp |= child || ((attr_find(el, AT_ESP) || attr_find(el, AT_IP)) &&
				    !element_is_edit(el->element));
		if (el->element == EL_TARGET && !driver_knows(r, attr_text(el, AT_DO)))
			u->missing = attr_text(el, AT_DO);
		look_through(r, el->children, el->child_count, u);
	}
}

static const char *derived(struct run *r)
{
	struct uses u = { 0 };

	look_through(r, r->scenario->steps, r->scenario->step_count, &u);
	if (u.esp && !profile_feature(r->options->profile, "dataplane"))
		return "the target has no data plane";
	if (u.missing)
		return run_printf(r, "the profile has no driver that can %s", u.missing);
	if (r->what->target == ROLE_INITIATOR && !driver_knows(r, "initiate"))
		return "the profile has no driver that lets the target initiate";
	if (r->scenario->tester_count > r->options->profile->tester_count)
		return run_printf(r, "it needs %zu tester addresses", r->scenario->tester_count);
	if (!r->is_virtual && host_is_foreign(r->options->profile) &&
	    slots_needed(r->scenario) > foreign_slots(r->options->profile))
		return run_printf(r, "it needs %zu tester addresses of one family", slots_needed(r->scenario));
	return NULL;
}

const char *run_inapplicable(struct run *r)
{
	const char *not = r->what->not_applicable;

	for (size_t i = 0; i < r->scenario->need_count && !not ; i++)
		not = need(r, &r->scenario->needs[i]);
	for (size_t i = 0; i < r->scenario->tester_count && !not ; i++) {
		const char *name = r->scenario->testers[i].connection;

		if (name && !profile_connection_find(r->options->profile, name))
			not = run_printf(r, "the profile has no connection '%s'", name);
	}
	return not ? not : derived(r);
}
