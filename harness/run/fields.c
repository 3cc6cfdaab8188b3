/* for-each in="fields:MESSAGE:KIND": the fields of a kind in the payloads of the honest message
 * that the tester sends. */
#include "suite.h"

#define FIELD_PATHS 512

struct gathering {
	const char **paths;
	size_t count;
	struct arena *arena;
	enum wire_kind kind;
};

/* Of the payloads: what the header's fields mean is another matter, with other rules. */
static void gather(struct gathering *g, const struct node *n)
{
	char path[128];
	bool fits = n->row && n->row->kind == g->kind && !n->first && g->count < FIELD_PATHS;

	if (fits && strncmp(wire_path_of(n, path, sizeof path), "HDR.", 4) != 0)
		g->paths[g->count++] = arena_text(g->arena, path);
	for (const struct node *c = n->first; c; c = c->next)
		gather(g, c);
}

/* An honest handshake of a run of its own; the message is looked for among what the tester sent. */
static const struct sent *message_sent(struct run *r, enum purpose purpose)
{
	static const char *const names[] = { "message.request", "message.response" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct known *k = known_find(r, names[i]);

		if (k && k->count && k->messages[0]->kind == SAVED_SENT &&
		    k->messages[0]->sent->purpose == purpose)
			return k->messages[0]->sent;
	}
	return NULL;
}

/* ------------------------------------------------------------ a scenario by hand */

static struct attr attr_of(enum attribute name, const char *text)
{
	return (struct attr){ .name = name, .text = text };
}

static struct element_node *step_of(struct arena *a, struct scenario *s, enum element element,
				    struct attr first, struct attr second)
{
	struct element_node *el = &s->steps[s->step_count++];
	struct attr *attrs = arena_array(a, 3, sizeof *attrs);

	if (!attrs)
		return NULL;
	attrs[0] = first;
	attrs[1] = second;
	*el = (struct element_node){ .element = element,
				     .file = "message",
				     .line = 1,
				     .attrs = attrs,
				     .attr_count = !first.text   ? 0
						   : second.text ? 2
								 : 1 };
	return el;
}

static bool add_attr(struct element_node *el, struct attr more)
{
	if (el && more.text)
		((struct attr *)el->attrs)[el->attr_count++] = more;
	return el != NULL;
}

/* One suite is enough: what holds for the fields of a proposal holds for those of the next. */
static struct attr one_suite(const struct profile *p, enum purpose purpose)
{
	const struct profile_connection *c = p->connection_count ? &p->connections[0] : NULL;

	if (!c || (purpose != PURPOSE_IKE_SA_INIT && purpose != PURPOSE_IKE_AUTH))
		return (struct attr){ 0 };
	if (purpose == PURPOSE_IKE_SA_INIT)
		return attr_of(AT_PROPOSE, c->ike_count ? c->ike_suites[0] : NULL);
	return attr_of(AT_PROPOSE, c->esp_count ? c->esp_suites[0] : NULL);
}

static bool steps_for(struct arena *a, struct scenario *s, const struct profile *p,
		      const char *message, enum purpose purpose, enum role target)
{
	struct attr none = { 0 }, save = attr_of(AT_SAVE, "message"),
		    request = attr_of(AT_REQUEST, message);
	bool first = purpose == PURPOSE_IKE_SA_INIT, theirs = target == ROLE_INITIATOR;

	s->steps = arena_array(a, 2, sizeof *s->steps);
	if (!s->steps)
		return false;
	if (first && theirs)
		step_of(a, s, EL_TARGET, attr_of(AT_DO, "initiate"), none);
	else if (!first)
		step_of(a, s, EL_ESTABLISH,
			purpose == PURPOSE_IKE_AUTH ? attr_of(AT_UNTIL, "IKE_SA_INIT") : none,
			none);
	theirs = theirs && (first || purpose == PURPOSE_IKE_AUTH);
	return add_attr(step_of(a, s, theirs ? EL_ANSWER : EL_EXCHANGE, request, save),
			one_suite(p, purpose));
}

static bool run_one(struct test_suite *s, struct arena *a, const char *message,
		    enum purpose purpose, enum role target, struct gathering *g, struct why *why)
{
	struct run_options o = { .library = s->options.library,
				 .crypto = s->options.crypto,
				 .authority = s->options.authority,
				 .profile = s->options.profile,
				 .seed = 1 };
	struct scenario scenario = {
		.id = "fields", .title = "An honest message", .file = "message", .target = target
	};
	struct scenario_case one = { .scenario = &scenario, .id = "fields", .target = target };
	const struct sent *sent = NULL;
	struct run *r;

	if (!suite_is_virtual(s))
		o.profile = library_profile(o.library, "builtin");
	if (!o.profile || !steps_for(a, &scenario, o.profile, message, purpose, target))
		return why_set(why, "the profile 'builtin' is needed to make an honest message");
	r = run_new(&o, &one, 0, 0, why);
	if (!r)
		return false;
	r->is_virtual = true;
	r->setup = builtin_setup;
	run_begin(r);
	for (unsigned i = 0; i < 1000 && !run_over(r) && !sent; i++) {
		usec t = run_move(r);

		sent = message_sent(r, purpose);
		if (!run_over(r) && t != USEC_NEVER)
			world_advance(r->world, t);
	}
	if (sent && sent->composed.message.inner)
		gather(g, sent->composed.message.inner);
	if (sent)
		gather(g, sent->composed.message.outer);
	else
		why_set(why, "there was no such honest message: %s",
			r->reason ? r->reason : "no reason");
	run_free(r);
	return sent != NULL;
}

bool run_fields(void *ctx, const char *message, enum role target, int kind, struct arena *a,
		const char ***out, size_t *count, struct why *why)
{
	struct test_suite *s = ctx;
	struct gathering g = { .paths = arena_array(a, FIELD_PATHS, sizeof(char *)),
			       .arena = a,
			       .kind = kind };
	enum purpose purpose;
	uint8_t exchange;

	if (!g.paths || !purpose_parse(message, &exchange, &purpose))
		return why_set(why, "'%s' is no message", message);
	if (purpose == PURPOSE_NONE)
		purpose = purpose_default(exchange);
	if (!run_one(s, a, message, purpose, target, &g, why))
		return false;
	*out = g.paths;
	*count = g.count;
	return true;
}
