/*
 * What the peer is told to do: a line "VERB [NAME]", answered when it is done or came to nothing.
 *
 * NAME is a connection (its newest SA is meant), or an SPI in hex: 16 digits of an IKE SA, 8 of a
 * Child SA.  Without a name the only SA is meant.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

#define ORDER_LIMIT (90 * USEC_S)       /* longer than all retransmissions of a request */
#define PING_LIMIT (3 * USEC_S)
#define ORDERS 64

struct verb;
struct order {
	struct order *next;
	struct peer *peer;
	const struct verb *verb;
	size_t connection;
	uint64_t spi_i, spi_r;          /* of the IKE SA */
	uint32_t spi_in;                /* of the Child SA; 0: none */
	size_t children;                /* live ones when it began */
	usec begun;
	char last[300];                 /* what was last heard of the IKE SA */
};

/* What a name stands for. */
struct meant {
	size_t connection;
	struct ike_sa *ike;
	struct child_sa *child;
};

enum outcome { WAITS, DONE, FAILED };
enum meaning { MEANS_NOTHING, MEANS_CONNECTION, MEANS_IKE, MEANS_CHILD };
struct verb {
	const char *name, *does;
	enum meaning meaning;
	enum purpose purpose;
	/* Those that wait: has it happened?  WAITS: not yet. */
	enum outcome (*look)(const struct order *o, struct ike_sa *sa);
	/* Those that are answered at once. */
	json_t *(*at_once)(struct peer *p, size_t connection);
};

static usec limit_of(const struct verb *verb)
{
	return verb->purpose == PURPOSE_NONE ? PING_LIMIT : ORDER_LIMIT;
}

/* ------------------------------------------------------------ finding */

static struct ike_sa *ike_of(const struct order *o)
{
	struct ike_sa *sa;

	for (size_t n = 0; (sa = endpoint_ike_sa(o->peer->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.spi_i == o->spi_i && (!o->spi_r || v.spi_r == o->spi_r))
			return sa;
	}
	return NULL;
}

static struct child_sa *live_child(struct peer *p, struct ike_sa *of, uint32_t spi_in)
{
	struct child_sa *c;

	for (size_t n = 0; (c = endpoint_child_sa(p->endpoint, of, n)) != NULL; n++) {
		struct child_view v = child_sa_view(c);

		if (!v.gone && (!spi_in || v.spi_in == spi_in))
			return c;
	}
	return NULL;
}

static size_t live_children(struct peer *p, struct ike_sa *of)
{
	struct child_sa *c;
	size_t count = 0;

	for (size_t n = 0; (c = endpoint_child_sa(p->endpoint, of, n)) != NULL; n++)
		count += !child_sa_view(c).gone;
	return count;
}

static bool by_spi(struct peer *p, const char *name, struct meant *m)
{
	size_t len = strlen(name);
	char *end;
	unsigned long long spi = strtoull(name, &end, 16);
	struct ike_sa *sa;

	if (*end || (len != 8 && len != 16))
		return false;
	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.state == IKE_GONE)
			continue;
		m->child = len == 8 ? live_child(p, sa, (uint32_t)spi) : live_child(p, sa, 0);
		m->ike = sa;
		if (len == 8 ? m->child != NULL : v.spi_i == spi || v.spi_r == spi)
			return true;
	}
	return false;
}

static bool the_only_one(struct peer *p, struct meant *m, struct why *why)
{
	struct ike_sa *sa;

	m->ike = NULL;
	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		if (ike_sa_view(sa).state != IKE_ESTABLISHED)
			continue;
		if (m->ike)
			return why_set(why, "there are several IKE SAs: name a connection or an SPI");
		m->ike = sa;
	}
	if (!m->ike)
		return why_set(why, "there is no IKE SA");
	m->child = live_child(p, m->ike, 0);
	return true;
}

static bool by_name(struct peer *p, const char *name, struct meant *m, struct why *why)
{
	int n;

	if (by_spi(p, name, m))
		return true;
	n = peer_connection(p, name, why);
	if (n < 0)
		return false;
	m->ike = peer_sa_of(p, &p->connections[n], IKE_ESTABLISHED);
	if (!m->ike)
		return why_set(why, "connection %s has no IKE SA", name);
	m->child = live_child(p, m->ike, 0);
	return true;
}

static bool find(struct peer *p, const struct verb *verb, const char *name, struct meant *m, struct why *why)
{
	int n = 0;

	*m = (struct meant){ 0 };
	if (verb->meaning == MEANS_NOTHING)
		return !name || why_set(why, "%s takes no name", verb->name);
	if (verb->meaning == MEANS_CONNECTION) {
		n = peer_connection(p, name, why);
		m->connection = n < 0 ? 0 : (size_t)n;
		return n >= 0;
	}
	if (!(name ? by_name(p, name, m, why) : the_only_one(p, m, why)))
		return false;
	m->connection = (size_t)(ike_sa_view(m->ike).connection - p->connections);
	return verb->meaning != MEANS_CHILD || m->child ||
	       why_set(why, "connection %s has no Child SA", p->connections[m->connection].name);
}

/* ------------------------------------------------------------ has it happened? */

static bool is_up(struct ike_sa *sa)
{
	return sa && ike_sa_view(sa).state == IKE_ESTABLISHED;
}

static bool is_gone(struct ike_sa *sa)
{
	return !sa || ike_sa_view(sa).state == IKE_GONE;
}

/* Nothing is in flight any more, so nothing more comes of it. */
static enum outcome unless_over(struct ike_sa *sa)
{
	return is_gone(sa) || !ike_sa_view(sa).busy ? FAILED : WAITS;
}

static enum outcome initiated(const struct order *o, struct ike_sa *sa)
{
	(void)o;
	return is_up(sa) ? DONE : is_gone(sa) ? FAILED : WAITS;
}

/* In the place of the one that was meant there is another. */
static enum outcome ike_rekeyed(const struct order *o, struct ike_sa *sa)
{
	const struct connection *c = &o->peer->connections[o->connection];

	if (!is_gone(sa))
		return ike_sa_view(sa).busy ? WAITS : FAILED;
	return peer_sa_of(o->peer, c, IKE_ESTABLISHED) ? DONE : FAILED;
}

static enum outcome child_rekeyed(const struct order *o, struct ike_sa *sa)
{
	struct ike_sa *now = peer_sa_of(o->peer, &o->peer->connections[o->connection], IKE_ESTABLISHED);

	if (!live_child(o->peer, NULL, o->spi_in))
		return now && live_child(o->peer, now, 0) ? DONE : FAILED;
	return unless_over(is_gone(sa) ? now : sa);
}

static enum outcome child_made(const struct order *o, struct ike_sa *sa)
{
	return is_up(sa) && live_children(o->peer, sa) > o->children ? DONE : unless_over(sa);
}

static enum outcome ike_deleted(const struct order *o, struct ike_sa *sa)
{
	(void)o;
	return is_gone(sa) ? DONE : unless_over(sa);
}

static enum outcome child_deleted(const struct order *o, struct ike_sa *sa)
{
	return live_child(o->peer, NULL, o->spi_in) ? unless_over(sa) : DONE;
}

static enum outcome answered(const struct order *o, struct ike_sa *sa)
{
	if (!is_up(sa))
		return FAILED;
	if (ike_sa_view(sa).busy)
		return WAITS;
	return ike_sa_view(sa).last_heard >= o->begun ? DONE : FAILED;
}

static enum outcome ponged(const struct order *o, struct ike_sa *sa)
{
	const struct peer *p = o->peer;

	(void)sa;
	if (p->ponged_at >= o->begun && address_same_host(&p->ponged, &p->connections[o->connection].their_host))
		return DONE;
	return peer_now(p) >= usec_after(o->begun, limit_of(o->verb)) ? FAILED : WAITS;
}

/* ------------------------------------------------------------ the verbs */

static json_t *status_at_once(struct peer *p, size_t connection)
{
	(void)connection;
	return peer_status(p);
}

static json_t *quit_at_once(struct peer *p, size_t connection)
{
	(void)connection;
	peer_end(p);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *help_at_once(struct peer *p, size_t connection);

static const struct verb verbs[] = {
	{ "status", "connections, SAs and counters", MEANS_NOTHING, PURPOSE_NONE, NULL, status_at_once },
	{ "initiate", "an IKE SA of a connection, with its Child SA", MEANS_CONNECTION, PURPOSE_IKE_SA_INIT, initiated,
	  NULL },
	{ "new-child", "another Child SA", MEANS_IKE, PURPOSE_NEW_CHILD, child_made, NULL },
	{ "rekey-child", "a Child SA in place of another", MEANS_CHILD, PURPOSE_REKEY_CHILD, child_rekeyed, NULL },
	{ "rekey-ike", "an IKE SA in place of another", MEANS_IKE, PURPOSE_REKEY_IKE, ike_rekeyed, NULL },
	{ "liveness", "asks whether the peer is there", MEANS_IKE, PURPOSE_LIVENESS, answered, NULL },
	{ "ping", "the host behind the peer that its profile names", MEANS_IKE, PURPOSE_NONE, ponged, NULL },
	{ "delete-child", "ends a Child SA", MEANS_CHILD, PURPOSE_DELETE_CHILD, child_deleted, NULL },
	{ "delete-ike", "ends an IKE SA with its Child SAs", MEANS_IKE, PURPOSE_DELETE_IKE, ike_deleted, NULL },
	{ "quit", "deletes all SAs and ends", MEANS_NOTHING, PURPOSE_NONE, NULL, quit_at_once },
	{ "help", "these verbs", MEANS_NOTHING, PURPOSE_NONE, NULL, help_at_once },
};

static json_t *help_at_once(struct peer *p, size_t connection)
{
	json_t *all = json_object();

	(void)p;
	(void)connection;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		json_object_set_new(all, verbs[i].name, json_string(verbs[i].does));
	return json_pack("{s:b, s:o}", "ok", 1, "verbs", all);
}

const char *peer_verb(size_t n, const char **does)
{
	if (n >= ARRAY_LEN(verbs))
		return NULL;
	if (does)
		*does = verbs[n].does;
	return verbs[n].name;
}

json_t *answer_error(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return json_pack("{s:b, s:s#}", "ok", 0, "error", text, (int)strlen(text));
}

static const struct verb *verb_find(const char *name, json_t **answer)
{
	const char *names[ARRAY_LEN(verbs)], *near;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		names[i] = verbs[i].name;
	}
	near = why_nearest(name, names, ARRAY_LEN(names));
	*answer = near ? answer_error("there is no verb '%s'; did you mean '%s'?", name, near)
		       : answer_error("there is no verb '%s'; help tells them", name);
	return NULL;
}

/* ------------------------------------------------------------ beginning */

/* Somebody wants it up or gone: what was wanted before counts no more. */
static void note_wish(struct peer *p, const struct verb *verb, size_t connection)
{
	if (verb->purpose == PURPOSE_DELETE_IKE)
		p->upkeep[connection].stopped = true;
	if (verb->purpose == PURPOSE_IKE_SA_INIT)
		p->upkeep[connection].stopped = false;
}

static bool ping(struct peer *p, size_t connection, struct why *why)
{
	const struct address *host = &p->connections[connection].their_host;

	if (!host->family)
		return why_set(why, "the profile names no inner host of the peer");
	p->figures.packets_out++;
	return node_ping(p->node, host, why);
}

static bool ask(struct peer *p, const struct verb *verb, struct meant *m, struct why *why)
{
	note_wish(p, verb, m->connection);
	if (verb->purpose == PURPOSE_NONE)
		return ping(p, m->connection, why);
	if (verb->purpose != PURPOSE_IKE_SA_INIT)
		return endpoint_request(p->endpoint, verb->purpose, m->ike, m->child, peer_now(p), why);
	if (!endpoint_initiate(p->endpoint, m->connection, peer_now(p), why))
		return false;
	m->ike = endpoint_ike_sa(p->endpoint, 0);
	return true;
}

static struct order *order_new(struct peer *p, const struct verb *verb, const struct meant *m)
{
	struct order *o = calloc(1, sizeof(*o));
	struct ike_view v = ike_sa_view(m->ike);

	if (!o)
		return NULL;
	*o = (struct order){ .peer = p, .verb = verb, .connection = m->connection, .spi_i = v.spi_i,
			     .spi_r = v.spi_r, .begun = peer_now(p), .next = p->orders };
	if (verb->meaning == MEANS_CHILD)
		o->spi_in = child_sa_view(m->child).spi_in;
	p->orders = o;
	return o;
}

static struct order *begin(struct peer *p, const struct verb *verb, const char *name, json_t **answer)
{
	struct meant m;
	struct order *o;
	struct why why;
	size_t children = 0;

	if (!find(p, verb, name, &m, &why)) {
		*answer = answer_error("%s", why.text);
		return NULL;
	}
	if (verb->at_once) {
		*answer = verb->at_once(p, m.connection);
		return NULL;
	}
	if (m.ike)
		children = live_children(p, m.ike);
	if (p->ending || !ask(p, verb, &m, &why)) {
		*answer = answer_error("%s", p->ending ? "the peer is ending" : why.text);
		return NULL;
	}
	o = order_new(p, verb, &m);
	if (o)
		o->children = children;
	else
		*answer = answer_error("no memory");
	return o;
}

struct order *order_begin(struct peer *p, const char *line, json_t **answer)
{
	char copy[200], *save = NULL, *word, *name, *more;
	const struct verb *verb;
	size_t waiting = 0;

	*answer = NULL;
	snprintf(copy, sizeof(copy), "%s", line);
	word = strtok_r(copy, " \t", &save);
	name = word ? strtok_r(NULL, " \t", &save) : NULL;
	more = name ? strtok_r(NULL, " \t", &save) : NULL;
	for (const struct order *o = p->orders; o; o = o->next)
		waiting++;
	verb = word ? verb_find(word, answer) : NULL;
	if (!word)
		*answer = answer_error("an empty line; help tells the verbs");
	else if (verb && more)
		*answer = answer_error("'%s' is too much behind %s %s", more, word, name);
	else if (verb && waiting >= ORDERS)
		*answer = answer_error("%d orders are waiting already", ORDERS);
	else if (verb)
		return begin(p, verb, name, answer);
	return NULL;
}

/* ------------------------------------------------------------ waiting */

void orders_hear(struct peer *p, const struct event *e)
{
	char id[20];

	if (e->kind != EVENT_STATE || !e->id || !e->text)
		return;
	for (struct order *o = p->orders; o; o = o->next) {
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)o->spi_i);
		if (strncmp(e->id, id, 16) == 0)
			snprintf(o->last, sizeof(o->last), "%s", e->text);
	}
}

static json_t *success(const struct order *o, struct ike_sa *sa)
{
	const struct connection *c = &o->peer->connections[o->connection];
	char spi_i[20], spi_r[20], spi_in[12];
	struct child_sa *child = NULL;
	struct ike_view v;
	json_t *answer = json_pack("{s:b, s:s, s:s, s:f}", "ok", 1, "done", o->verb->name, "connection", c->name,
				   "seconds", (double)(peer_now(o->peer) - o->begun) / 1e6);

	if (is_gone(sa))
		sa = peer_sa_of(o->peer, c, IKE_ESTABLISHED);
	if (!sa)
		return answer;
	v = ike_sa_view(sa);
	child = live_child(o->peer, sa, 0);
	snprintf(spi_i, sizeof(spi_i), "%016llx", (unsigned long long)v.spi_i);
	snprintf(spi_r, sizeof(spi_r), "%016llx", (unsigned long long)v.spi_r);
	json_object_set_new(answer, "spi_i", json_string(spi_i));
	json_object_set_new(answer, "spi_r", json_string(spi_r));
	if (child) {
		snprintf(spi_in, sizeof(spi_in), "%08x", child_sa_view(child).spi_in);
		json_object_set_new(answer, "child", json_string(spi_in));
	}
	return answer;
}

static json_t *judge(const struct order *o)
{
	struct ike_sa *sa = ike_of(o);

	switch (o->verb->look(o, sa)) {
	case DONE:
		return success(o, sa);
	case FAILED:
		return answer_error("%s came to nothing: %s", o->verb->name,
				    o->last[0] ? o->last : "the peer did not do it");
	default:
		break;
	}
	if (peer_now(o->peer) < usec_after(o->begun, ORDER_LIMIT))
		return NULL;
	return answer_error("%s is not done after %llu s", o->verb->name,
			    (unsigned long long)(ORDER_LIMIT / USEC_S));
}

void orders_look(struct peer *p, void (*done)(void *ctx, struct order *o, json_t *answer), void *ctx)
{
	for (struct order *o = p->orders, *next; o; o = next) {
		json_t *answer = judge(o);

		next = o->next;
		if (!answer)
			continue;
		done(ctx, o, answer);
		order_drop(p, o);
	}
}

usec orders_deadline(const struct peer *p)
{
	usec t = USEC_NEVER;

	for (const struct order *o = p->orders; o; o = o->next)
		t = usec_min(t, usec_after(o->begun, limit_of(o->verb)));
	return t;
}

void order_drop(struct peer *p, struct order *o)
{
	for (struct order **at = &p->orders; *at; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			free(o);
			return;
		}
}
