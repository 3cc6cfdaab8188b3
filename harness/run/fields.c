/* for-each in="fields:MESSAGE:KIND": the fields of a kind in the honest message that the tester sends. */
#include "suite.h"

#define FIELD_PATHS 512

struct gathering {
	const char **paths;
	size_t count;
	struct arena *arena;
	enum wire_kind kind;
};

static void gather(struct gathering *g, const struct node *n)
{
	char path[128];

	if (n->row && n->row->kind == g->kind && !n->first && g->count < FIELD_PATHS)
		g->paths[g->count++] = arena_text(g->arena, wire_path_of(n, path, sizeof path));
	for (const struct node *c = n->first; c; c = c->next)
		gather(g, c);
}

/* An honest handshake of a run of its own; the message is looked for among what the tester sent. */
static const struct sent *message_sent(struct run *r, enum purpose purpose, bool response)
{
	const struct known *k = known_find(r, response ? "message.response" : "message.request");

	for (; k && k->count; k = NULL)
		if (k->messages[0]->sent && k->messages[0]->sent->purpose == purpose)
			return k->messages[0]->sent;
	return NULL;
}

static const char *steps_for(enum purpose purpose, enum role target)
{
	bool asks = target != ROLE_INITIATOR;

	switch (purpose) {
	case PURPOSE_IKE_SA_INIT:
		return asks ? "<exchange request=\"IKE_SA_INIT\" save=\"message\"/>"
			    : "<target do=\"initiate\"/><answer request=\"IKE_SA_INIT\" save=\"message\"/>";
	case PURPOSE_IKE_AUTH:
		return asks ? "<establish until=\"IKE_SA_INIT\"/><exchange request=\"IKE_AUTH\" save=\"message\"/>"
			    : "<establish until=\"IKE_SA_INIT\"/><answer request=\"IKE_AUTH\" save=\"message\"/>";
	case PURPOSE_DELETE_CHILD:
		return "<establish/><exchange request=\"delete-child\" save=\"message\"/>";
	case PURPOSE_DELETE_IKE:
		return "<establish/><exchange request=\"delete-ike\" save=\"message\"/>";
	case PURPOSE_NEW_CHILD:
		return "<establish/><exchange request=\"new-child\" save=\"message\"/>";
	default:
		return "<establish/><exchange request=\"liveness\" save=\"message\"/>";
	}
}

#define HEAD "<scenario xmlns=\"urn:ikespec:scenario:1\" id=\"fields.of.message\" target=\"%s\" alive=\"no\">" \
	"<title>An honest message</title><requirement id=\"r\" ref=\"RFC7296-4-02\"/><steps>%s" \
	"<establish judges=\"r\"/></steps></scenario>"

/* A library of its own, for one scenario as text. */
static struct library *small_library(struct test_suite *s, const char *text, struct why *why)
{
	static const char catalogue[] = "<requirements xmlns=\"urn:ikespec:scenario:1\" rfc=\"7296\">"
		"<requirement id=\"RFC7296-4-02\" section=\"4\" level=\"must\" role=\"both\" area=\"sa-init\">"
		"<rule>A handshake</rule></requirement></requirements>";
	struct library *l = library_new(s->options.root ? s->options.root : ".", run_facts(), why);

	if (!l)
		return NULL;
	if (library_load_text(l, "catalogue.xml", bytes_text(catalogue), NULL, NULL) &&
	    library_load_text(l, "message.xml", bytes_text(text), NULL, NULL))
		return l;
	library_free(l);
	why_set(why, "the honest message could not be made");
	return NULL;
}

static bool run_one(struct test_suite *s, struct library *l, enum purpose purpose, bool response, struct gathering *g,
		    struct why *why)
{
	struct run_options o = { .library = l, .crypto = s->options.crypto, .profile = s->options.profile, .seed = 1 };
	const struct scenario *const *all;
	const struct scenario_case *cases;
	const struct sent *sent = NULL;
	size_t count;
	struct run *r;

	if (!library_scenarios(l, &all) || !scenario_cases(l, all[0], o.profile, NULL, 0, &cases, &count, why) || !count)
		return false;
	r = run_new(&o, &cases[0], 0, 0, why);
	if (!r)
		return false;
	r->is_virtual = true;
	r->setup = builtin_setup;
	run_begin(r);
	for (unsigned i = 0; i < 1000 && !run_over(r) && !sent; i++) {
		usec t = run_move(r);

		sent = message_sent(r, purpose, response);
		if (!run_over(r) && t != USEC_NEVER)
			world_advance(r->world, t);
	}
	if (sent) {
		gather(g, sent->composed.message.outer);
		if (sent->composed.message.inner)
			gather(g, sent->composed.message.inner);
	} else {
		why_set(why, "there was no such honest message: %s", r->reason ? r->reason : "no reason");
	}
	run_free(r);
	return sent != NULL;
}

bool run_fields(void *ctx, const char *message, enum role target, int kind, struct arena *a, const char ***out,
		size_t *count, struct why *why)
{
	struct test_suite *s = ctx;
	struct gathering g = { .paths = arena_array(a, FIELD_PATHS, sizeof(char *)), .arena = a, .kind = kind };
	enum purpose purpose;
	uint8_t exchange;
	struct library *l;
	bool good;

	if (!g.paths || !purpose_parse(message, &exchange, &purpose))
		return why_set(why, "'%s' is no message", message);
	if (purpose == PURPOSE_NONE)
		purpose = exchange == CREATE_CHILD_SA ? PURPOSE_NEW_CHILD : PURPOSE_LIVENESS;
	l = small_library(s, arena_printf(a, HEAD, target == ROLE_INITIATOR ? "initiator" : "responder",
					  steps_for(purpose, target)), why);
	if (!l)
		return false;
	good = run_one(s, l, purpose, target == ROLE_INITIATOR, &g, why);
	library_free(l);
	*out = g.paths;
	*count = g.count;
	return good;
}
