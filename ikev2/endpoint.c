/*
 * The endpoint: its making, its calls, its deadline.
 */
#include <stdlib.h>

#include "inside.h"

struct endpoint *endpoint_new(const struct endpoint_config *config, struct why *why)
{
	struct endpoint *e = calloc(1, sizeof(*e));
	if (!e) {
		why_set(why, "no memory for an endpoint");
		return NULL;
	}
	e->config = *config;
	e->rng = config->rng;
	e->counts.last_refusal = -1;
	e->scratch = arena_new(SCRATCH_ARENA);
	e->out = arena_new(OUT_ARENA);
	if (!e->scratch || !e->out || !index_make(&e->index) || !config->crypto) {
		why_set(why, config->crypto ? "no memory for an endpoint"
					    : "an endpoint needs a crypto context");
		endpoint_free(e);
		return NULL;
	}
	return e;
}

void endpoint_empty(struct endpoint *e)
{
	while (e->newest)
		ike_sa_free(e->newest);
	while (e->bare) {
		struct child_sa *c = e->bare;
		e->bare = c->older;
		c->ike = NULL; /* it is gone */
		child_free(c);
	}
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	endpoint_empty(e);
	arena_free(e->scratch);
	arena_free(e->out);
	arena_free(e->run);
	index_free(&e->index);
	free(e);
}

struct arena *run_arena(struct endpoint *e)
{
	if (!e->run)
		e->run = arena_new(RUN_ARENA);
	return e->run ? e->run : e->scratch;
}

/* What was handed out in the last call is over now. */
static void begin(struct endpoint *e, usec now)
{
	e->now = now;
	arena_reset(e->scratch);
	if (!e->out_first)
		arena_reset(e->out);
	crypto_draw_from(e->config.crypto, &e->rng);
	endpoint_reap(e);
}

void endpoint_begin(struct endpoint *e, usec now)
{
	begin(e, now);
}

void endpoint_input(struct endpoint *e, const struct datagram *in, usec now)
{
	struct why why;
	begin(e, now);
	if (!e->config.automatic) { /* its records want it kept */
		struct seen *s = endpoint_look(e, in, now);
		if (s)
			endpoint_take(e, s, TAKE_AUTOMATIC, now);
		return;
	}
	struct incoming x = { .e = e,
			      .datagram = in,
			      .arena = e->scratch,
			      .how = TAKE_AUTOMATIC,
			      .why = &why,
			      .now = now };
	receive(&x);
}

bool endpoint_output(struct endpoint *e, usec now, struct datagram *out)
{
	struct outgoing *o = e->out_first;
	e->now = now;
	if (!o)
		return false;
	*out = o->datagram;
	e->out_first = o->next;
	if (!e->out_first)
		e->out_last = NULL;
	e->out_count--;
	return true;
}

/* ------------------------------------------------------------ reports of the data plane */

static void moved(struct child_sa *c, const struct address *to, usec now)
{
	struct endpoint *e = c->ike->endpoint;
	struct ike_sa *sa = c->ike;
	struct datagram d = { .from = *to, .to = sa->local, .marker = sa->marker };
	if (!to->port)
		d.from.port = sa->remote.port;
	struct incoming x = { .e = e, .datagram = &d, .arena = e->scratch, .ike = sa, .now = now };
	nat_follow(&x, true, true);
}

static void counted(struct child_sa *c, const struct child_report *r, usec now)
{
	struct ike_sa *sa = c->ike;
	c->life.in = r->in;
	c->life.out = r->out;
	if (now >= usec_min(life_soft_due(&c->life), life_hard_due(&c->life)))
		ike_sa_tick(sa, now);
}

/* An ICMP error is a hint, and nothing more (2.4). */
static void unreachable(struct endpoint *e, const struct address *a, usec now)
{
	for (struct ike_sa *sa = ike_sa_by_host(e, NULL, a), *next; sa; sa = next) {
		next = ike_sa_by_host(e, sa, a);
		if (check_on(e, CHECK_UNREACHABLE))
			liveness_hint(sa, now);
		else
			ike_sa_gone(sa, "an ICMP error was believed", now);
	}
}

void endpoint_report(struct endpoint *e, const struct child_report *r, usec now)
{
	begin(e, now);
	if (r->kind == REPORT_UNREACHABLE) {
		unreachable(e, &r->address, now);
		return;
	}
	struct child_sa *c = index_child(e, r->spi_in);
	if (!c && r->kind == REPORT_UNKNOWN_SPI && r->spi_in)
		unknown_spi_seen(e, &r->address, r->spi_in, now);
	if (!c)
		return;
	ike_sa_touch(c->ike);
	if (r->kind != REPORT_COUNTS && check_on(e, CHECK_LIVENESS_TRAFFIC))
		c->ike->last_heard = now;
	if (r->kind == REPORT_NEW_ADDRESS)
		moved(c, &r->address, now);
	else if (r->kind == REPORT_TRAFFIC || r->kind == REPORT_COUNTS)
		counted(c, r, now);
}

/* ------------------------------------------------------------ what an automatic endpoint is asked
 */

bool endpoint_initiate(struct endpoint *e, size_t connection, usec now, struct why *why)
{
	begin(e, now);
	if (connection >= e->config.connection_count)
		return why_set(why, "there is no connection %zu", connection);
	return connection_begin(e, &e->config.connections[connection], 0, now, why);
}

bool connection_begin(struct endpoint *e, const struct connection *c, usec gap, usec now,
		      struct why *why)
{
	struct making m;
	struct ike_sa *sa = ike_sa_new(e, c, true, now);
	if (!sa)
		return why_set(why, "no room for another IKE SA");
	sa->revive_gap = gap;
	if (!init_begin(sa, NULL, why)) {
		ike_sa_free(sa);
		return false;
	}
	ike_sa_link(sa);
	if (request_send(sa, PURPOSE_IKE_SA_INIT, NULL, NULL, now, &m, why))
		return true;
	ike_sa_free(sa);
	return false;
}

bool endpoint_request(struct endpoint *e, enum purpose purpose, struct ike_sa *ike,
		      struct child_sa *child, usec now, struct why *why)
{
	begin(e, now);
	ike = child ? child->ike : ike;
	ike = ike ? rekey_ike_acting(ike) : NULL;
	if (!ike || ike->state != IKE_ESTABLISHED)
		return why_set(why, "the IKE SA is not established");
	if (purpose == PURPOSE_DELETE_IKE)
		ike->want_delete = true;
	else if (purpose == PURPOSE_LIVENESS || purpose == PURPOSE_INFORMATIONAL)
		ike->want_liveness = true;
	else if (purpose == PURPOSE_CONFIGURE)
		ike->want_configuration = true;
	else if (purpose == PURPOSE_DELETE_CHILD && child && !child->gone)
		child->want_delete = true;
	else if (purpose == PURPOSE_REKEY_CHILD && child && !child->gone && !child->replaced)
		child->want_rekey = true;
	else if (purpose == PURPOSE_NEW_CHILD)
		ike->want_child = true;
	else if (purpose == PURPOSE_REKEY_IKE)
		ike->want_rekey = true;
	else
		return why_set(why, "%s cannot be asked for", purpose_name(purpose));
	ike_sa_advance(ike, now);
	return true;
}

/* ------------------------------------------------------------ views */

static bool is_busy(const struct ike_sa *sa)
{
	bool wants = sa->want_delete || sa->want_rekey || sa->want_child || sa->want_liveness;
	for (size_t i = 0; i < PENDING && !wants; i++)
		wants = sa->pending[i].used;
	for (const struct child_sa *c = sa->children; c && !wants; c = c->older)
		wants = !c->gone && (c->want_delete || c->want_rekey);
	return wants;
}

struct ike_view ike_sa_view(const struct ike_sa *sa)
{
	const struct ike_keys *k = &sa->keys;
	return (struct ike_view){
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.initiator = sa->initiator,
		.state = sa->state,
		.connection = sa->connection,
		.suite = sa->suite,
		.sk_d = k->sk_d,
		.sk_ai = k->sk_ai,
		.sk_ar = k->sk_ar,
		.sk_ei = k->sk_ei,
		.sk_er = k->sk_er,
		.sk_pi = k->sk_pi,
		.sk_pr = k->sk_pr,
		.ni = sa->ni,
		.nr = sa->nr,
		.next_request = sa->window.next_request,
		.next_expected = sa->window.next_expected,
		.local = sa->local,
		.remote = sa->remote,
		.nat_here = sa->nat_here,
		.nat_there = sa->nat_there,
		.assigned = { sa->assigned[0], sa->assigned[1] },
		.given = { sa->given[0], sa->given[1] },
		.mobike = sa->mobike.on,
		.begins_childless = auth_purpose(sa) == PURPOSE_CHILDLESS,
		.last_heard = sa->last_heard,
		.busy = is_busy(sa),
		.deleting = sa->deleting || sa->want_delete,
		.rekeyed = sa->successor != NULL,
		.heir = sa->successor,
	};
}

struct ike_sa *endpoint_ike_sa(struct endpoint *e, size_t newest)
{
	struct ike_sa *sa = e->newest;
	while (sa && newest--)
		sa = sa->older;
	return sa;
}

struct child_sa *endpoint_child_sa(struct endpoint *e, struct ike_sa *of, size_t newest)
{
	for (struct ike_sa *sa = of ? of : e->newest; sa; sa = of ? NULL : sa->older)
		for (struct child_sa *c = sa->children; c; c = c->older)
			if (newest-- == 0)
				return c;
	return NULL;
}

struct ike_sa *endpoint_find(struct endpoint *e, bool we_initiated, uint64_t spi)
{
	return ike_sa_by_own(e, we_initiated, spi);
}

struct message_keys ike_sa_keys(const struct ike_sa *sa, bool from_peer)
{
	return (struct message_keys){ &sa->suite, from_peer ? sa->open : sa->seal };
}

struct endpoint_counts endpoint_counts(const struct endpoint *e)
{
	struct endpoint_counts c = e->counts;
	c.ike_sas = e->sa_count;
	c.half_open = e->half_open;
	c.child_sas = e->child_count;
	return c;
}

static bool validate_sa(const struct endpoint *e, const struct ike_sa *sa, struct why *why)
{
	if (sa->endpoint != e || !sa->linked)
		return why_set(why, "an IKE SA is not linked");
	if (sa->newer && sa->newer->older != sa)
		return why_set(why, "the list of IKE SAs is torn");
	if (sa->state != IKE_HALF_OPEN && sa->state != IKE_GONE && (!sa->open || !sa->seal))
		return why_set(why, "an IKE SA with state %d has no keys", sa->state);
	for (const struct child_sa *c = sa->children; c; c = c->older)
		if (c->ike != sa || !c->installed)
			return why_set(why, "a Child SA of another IKE SA");
	return true;
}

bool endpoint_validate(const struct endpoint *e, struct why *why)
{
	size_t count = 0, half = 0, children = 0;
	for (const struct ike_sa *sa = e->newest; sa; sa = sa->older) {
		if (!validate_sa(e, sa, why))
			return false;
		count++;
		for (const struct child_sa *c = sa->children; c; c = c->older)
			children += !c->gone;
		half += !sa->initiator && (sa->state == IKE_HALF_OPEN || sa->state == IKE_KEYED);
	}
	if (count != e->sa_count || half != e->half_open)
		return why_set(why, "%zu IKE SAs (%zu half-open), counted %zu (%zu)", e->sa_count,
			       e->half_open, count, half);
	if (children != e->child_count)
		return why_set(why, "%zu Child SAs, counted %zu", e->child_count, children);
	if (!index_validate(e, why))
		return false;
	return e->counts.rowless == 0 || why_set(why, "%llu messages refused without a row",
						 (unsigned long long)e->counts.rowless);
}
