/* The connections of a case: those of the profile, and what <tester> overrides. */
#include "inside.h"

bool connection_make(struct run *r, const struct profile_connection *pc, bool tester_side,
		     struct connection *out, struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	struct connecting x = { r->options->profile, &scope, r->arena, r->options->authority };

	return connection_from_profile(&x, pc, tester_side, out, why);
}

void extensions_needed(const struct run *r, struct connection *c)
{
	c->childless |= r->announces;
	c->mobike |= r->announces;
	for (size_t i = 0; i < r->scenario->need_count; i++)
		c->childless |= strcmp(r->scenario->needs[i].feature, "childless") == 0;
	for (size_t i = 0; i < r->scenario->need_count; i++)
		c->mobike |= strcmp(r->scenario->needs[i].feature, "mobike") == 0;
}

bool connection_prove_again(struct run *r, const struct profile_connection *pc, struct connection *c,
			    struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	struct connecting x = { r->options->profile, &scope, r->arena, r->options->authority };

	return connection_prove(&x, pc, true, c, why);
}

static bool expand(const struct connecting *x, const char **text, struct why *why)
{
	return !*text || text_expand(*text, x->scope, x->arena, text, why);
}

static bool override_proof(struct run *r, const struct connecting *x, const struct scenario_tester *t,
			   struct connection *c, struct why *why)
{
	const struct profile_connection *pc =
		profile_connection_find(r->options->profile, t->connection);
	struct proof_words w = { t->auth, t->certificate, t->signature, t->hashes };

	return expand(x, &w.auth, why) && expand(x, &w.certificate, why) &&
	       expand(x, &w.signature, why) && expand(x, &w.hashes, why) &&
	       connection_prove_otherwise(x, pc, &w, c, why);
}

bool connection_override(struct run *r, const struct scenario_tester *t, struct connection *c,
			 struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	struct connecting x = { r->options->profile, &scope, r->arena, r->options->authority };
	const char *text;

	if (t->ppk || t->over)
		return why_set(why, "tester %s: ppk and over are not built yet",
			       t->name ? t->name : "");
	if (t->identity && (!text_expand(t->identity, &scope, r->arena, &text, why) ||
			    !identity_parse(r->arena, text, &c->us, why)))
		return false;
	if (t->secret && (!text_expand(t->secret, &scope, r->arena, &text, why) ||
			  !secret_octets(&x, text, &c->secret, why)))
		return false;
	return override_proof(r, &x, t, c, why);
}
