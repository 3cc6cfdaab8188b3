/* From the connections of a profile to those of an endpoint, of either end. */
#include "inside.h"

/* "text:...", "hex:...", "env:..." and so on; anything else is the octets themselves. */
static bool secret_octets(struct run *r, const char *text, struct bytes *out, struct why *why)
{
	static const char *const prefixes[] = { "text:",   "hex:",  "env:", "file:",
						"random:", "zero:", "ones:" };
	struct scope scope = run_scope(r, NULL);
	struct expr *e;
	struct value v;

	*out = BYTES_NONE;
	if (!text)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		e = expr_parse(r->arena, text, why);
		return e && expr_eval(e, &scope, r->arena, &v, why) &&
		       value_octets(&v, 0, r->arena, out, why);
	}
	*out = bytes_text(text);
	return true;
}

static bool suites(struct run *r, const char *const *names, size_t count, bool esp,
		   struct suite *out, size_t *made, struct why *why)
{
	(void)r;
	*made = 0;
	for (size_t i = 0; i < count; i++) {
		if (*made == SUITES)
			return why_set(why, "more than %d suites", SUITES);
		if (!suite_parse(names[i], esp, &out[(*made)++], why))
			return false;
	}
	return true;
}

/* Words between spaces; each is handed to take. */
static bool words(struct run *r, const char *text,
		  bool (*take)(void *ctx, const char *word, struct why *why), void *ctx,
		  struct why *why)
{
	char *copy = text ? arena_text(r->arena, text) : NULL, *save = NULL;

	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
		if (!take(ctx, w, why))
			return false;
	return true;
}

static bool take_range(void *ctx, const char *word, struct why *why)
{
	struct selectors *s = ctx;
	struct traffic_selector *row = &s->rows[s->count];

	if (s->count == SELECTORS)
		return why_set(why, "more than %d selectors", SELECTORS);
	*row = (struct traffic_selector){ .last_port = 0xffff };
	s->count++;
	return address_range_parse(word, &row->range) ||
	       why_set(why, "'%s' is no range of addresses", word);
}

struct address_list {
	struct address *rows;
	size_t count, cap;
};

static bool take_address(void *ctx, const char *word, struct why *why)
{
	struct address_list *l = ctx;

	if (l->count == l->cap)
		return true;
	return address_parse(word, &l->rows[l->count++]) ||
	       why_set(why, "'%s' is no address", word);
}

bool addresses_make(struct run *r, const char *text, struct address *out, size_t cap, size_t *count,
		    struct why *why)
{
	struct address_list list = { out, 0, cap };
	bool good = words(r, text, take_address, &list, why);

	*count = list.count;
	return good;
}

static bool identity(struct run *r, const char *text, struct identity *out, struct why *why)
{
	return !text || identity_parse(r->arena, text, out, why);
}

bool connection_make(struct run *r, const struct profile_connection *pc, bool tester_side,
		     struct connection *out, struct why *why)
{
	const struct profile *p = r->options->profile;
	const struct profile_end *us = tester_side ? &pc->tester : &pc->target;
	const struct profile_end *them = tester_side ? &pc->target : &pc->tester;

	if (strcmp(us->auth ? us->auth : "psk", "psk") != 0)
		return why_set(why, "connection %s: authentication by %s is not built yet",
			       pc->name, us->auth);
	*out = (struct connection){
		.name = pc->name,
		.local_nat_port = tester_side ? 4500 : p->nat_port,
		.remote_nat_port = tester_side ? p->nat_port : 4500,
	};
	return identity(r, us->identity, &out->us, why) &&
	       identity(r, them->identity, &out->them, why) &&
	       secret_octets(r, us->secret ? us->secret : them->secret, &out->secret, why) &&
	       suites(r, pc->ike_suites, pc->ike_count, false, out->ike, &out->ike_count, why) &&
	       suites(r, pc->esp_suites, pc->esp_count, true, out->esp, &out->esp_count, why) &&
	       words(r, us->selectors, take_range, &out->ours, why) &&
	       words(r, them->selectors, take_range, &out->theirs, why);
}

const struct profile_connection *profile_connection_find(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->connection_count; i++)
		if (!name || strcmp(p->connections[i].name, name) == 0)
			return &p->connections[i];
	return NULL;
}

/* What <tester identity secret> overrides. */
bool connection_override(struct run *r, const struct scenario_tester *t, struct connection *c,
			 struct why *why)
{
	struct scope scope = run_scope(r, NULL);
	const char *text;

	if (t->certificate || t->ppk || t->over)
		return why_set(why, "tester %s: certificate, ppk and over are not built yet",
			       t->name ? t->name : "");
	if (t->identity && (!text_expand(t->identity, &scope, r->arena, &text, why) ||
			    !identity_parse(r->arena, text, &c->us, why)))
		return false;
	if (t->secret && (!text_expand(t->secret, &scope, r->arena, &text, why) ||
			  !secret_octets(r, text, &c->secret, why)))
		return false;
	return true;
}
