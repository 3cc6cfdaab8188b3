/* The connections of a case: those of the profile, and what <tester identity secret> overrides. */
#include "inside.h"

bool connection_make(struct run *r, const struct profile_connection *pc, bool tester_side,
		     struct connection *out, struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	struct connecting x = { r->options->profile, &scope, r->arena };

	return connection_from_profile(&x, pc, tester_side, out, why);
}

void extensions_needed(const struct run *r, struct connection *c)
{
	for (size_t i = 0; i < r->scenario->need_count; i++)
		c->childless |= strcmp(r->scenario->needs[i].feature, "childless") == 0;
}

bool connection_override(struct run *r, const struct scenario_tester *t, struct connection *c,
			 struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	struct connecting x = { r->options->profile, &scope, r->arena };
	const char *text;

	if (t->certificate || t->ppk || t->over)
		return why_set(why, "tester %s: certificate, ppk and over are not built yet",
			       t->name ? t->name : "");
	if (t->identity && (!text_expand(t->identity, &scope, r->arena, &text, why) ||
			    !identity_parse(r->arena, text, &c->us, why)))
		return false;
	if (t->secret && (!text_expand(t->secret, &scope, r->arena, &text, why) ||
			  !secret_octets(&x, text, &c->secret, why)))
		return false;
	return true;
}
