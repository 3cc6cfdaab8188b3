/*
 * The table of timers, and the walk through it: the deadline is the least time of all rows, a tick
 * fires the rows that are due in the order of the table.
 */
#include "inside.h"

#define LINGER (30 * USEC_S)

/* ------------------------------------------------------------ the half-open IKE SA */

static usec half_open_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	const struct endpoint *e = sa->endpoint;
	bool waits = !sa->initiator && (sa->state == IKE_HALF_OPEN || sa->state == IKE_KEYED);
	if (!waits || !e->config.automatic || !e->config.half_open ||
	    !check_on(e, CHECK_HALF_OPEN_EXPIRY))
		return USEC_NEVER;
	return usec_after(sa->created, e->config.half_open);
}

static void half_open_fire(const struct timed *t, usec now)
{
	ike_sa_gone(t->ike, "it was never completed", now);
}

/* ------------------------------------------------------------ the peer's life */

static usec liveness_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	const struct endpoint *e = sa->endpoint;
	if (sa->state != IKE_ESTABLISHED || !e->config.automatic || !e->config.liveness ||
	    sa->deleting || sa->want_liveness || !check_on(e, CHECK_LIVENESS) || pending_any(t->ike))
		return USEC_NEVER;
	return usec_after(sa->last_heard, e->config.liveness);
}

static void liveness_fire(const struct timed *t, usec now)
{
	(void)now;
	t->ike->want_liveness = true;
}

static usec keepalive_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	const struct endpoint *e = sa->endpoint;
	if (!sa->nat_here || !sa->marker || sa->state != IKE_ESTABLISHED || !e->config.keepalive ||
	    !check_on(e, CHECK_KEEPALIVE))
		return USEC_NEVER;
	return usec_after(sa->last_sent, e->config.keepalive);
}

static void keepalive_fire(const struct timed *t, usec now)
{
	static const uint8_t octet[] = { 0xff };
	struct datagram d = route_of(t->ike);
	d.marker = false;
	d.keepalive = true;
	d.octets = BYTES_OF(octet);
	t->ike->last_sent = now;
	put_out_datagram(t->ike->endpoint, &d);
}

/* ------------------------------------------------------------ the end */

static usec linger_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	return sa->lingering && sa->endpoint->config.automatic && !ike_sa_orders_wait(sa) && !sa->revive_at
		       ? usec_after(sa->gone_at, LINGER)
		       : USEC_NEVER;
}

static void linger_fire(const struct timed *t, usec now)
{
	(void)now;
	ike_sa_free(t->ike);
}

/* ------------------------------------------------------------ the page */

/* clang-format off */
const struct timer_row timers[] = {
	{ TIMER_OF_IKE_SA, "half-open SA",
	  "an IKE_SA_INIT request that is answered in full", "IKE_AUTH that succeeds",
	  "the IKE SA is forgotten", "RFC 7296 2.21.1", half_open_due, half_open_fire },
	{ TIMER_OF_REQUEST, "retransmission",
	  "a request that is sent; anew with a longer gap each time it fires", "its response",
	  "the same octets are sent again", "RFC 7296 2.1, 2.4", retransmission_due, retransmission_fire },
	{ TIMER_OF_REQUEST, "retransmission limit",
	  "the last repetition of a request", "its response",
	  "the IKE SA and its Child SAs are discarded", "RFC 7296 2.1, 2.4",
	  retransmission_limit_due, retransmission_limit_fire },
	{ TIMER_OF_IKE_SA, "response repetition",
	  "a response, if the endpoint has that fault", "its firing",
	  "a response is sent unasked", "against RFC 7296 2.1", repetition_due, repetition_fire },
	{ TIMER_OF_IKE_SA, "liveness check",
	  "a fresh protected message or ESP packet of the peer", "a request in flight, a Delete of ours",
	  "an empty INFORMATIONAL request is sent", "RFC 7296 2.4", liveness_due, liveness_fire },
	{ TIMER_OF_IKE_SA, "NAT keepalive",
	  "a datagram that is sent from behind a NAT", "the end of the IKE SA",
	  "one octet ff is sent", "RFC 3948 4", keepalive_due, keepalive_fire },
	{ TIMER_OF_IKE_SA, "IKE SA soft lifetime",
	  "its establishment, and each message under its keys (octets, messages)",
	  "its rekey or Delete", "it is rekeyed", "RFC 7296 2.8", ike_soft_due, ike_soft_fire },
	{ TIMER_OF_IKE_SA, "IKE SA hard lifetime",
	  "its establishment, and each message under its keys (octets, messages)", "its Delete",
	  "its Child SAs carry no packet any more, and it is deleted", "RFC 7296 2.8, 2.4",
	  ike_hard_due, ike_hard_fire },
	{ TIMER_OF_CHILD_SA, "Child SA soft lifetime",
	  "its installation, and each packet (octets, packets, sequence numbers)",
	  "its rekey or Delete", "it is rekeyed", "RFC 7296 2.8", child_soft_due, child_soft_fire },
	{ TIMER_OF_CHILD_SA, "Child SA hard lifetime",
	  "its installation, and each packet (octets, packets, sequence numbers)", "its Delete",
	  "no packet uses it any more, and it is deleted; after failed rekeys the IKE SA too",
	  "RFC 7296 2.8", child_hard_due, child_hard_fire },
	{ TIMER_OF_IKE_SA, "retry after a refusal",
	  "TEMPORARY_FAILURE; anew with a longer gap each time", "an exchange that succeeds",
	  "what was refused is asked for again", "RFC 7296 2.25", retry_due, retry_fire },
	{ TIMER_OF_GONE_SA, "revival",
	  "an IKE SA that ends without an answer, if its connection is to stay; later each time",
	  "nothing", "the connection is begun again", "RFC 7296 2.4", revive_due, revive_fire },
	{ TIMER_OF_IKE_SA, "reassembly",
	  "the first fragment of a message", "the last one, or the message without fragments",
	  "its fragments are dropped", "RFC 7383 2.6", reassembly_due, reassembly_fire },
	{ TIMER_OF_IKE_SA, "replaced IKE SA",
	  "a rekey by the peer, or a redundant IKE SA of its making", "the peer's Delete",
	  "it is deleted; a redundant one, which the peer may not know, without a word", "RFC 7296 2.8, 2.8.2",
	  replaced_ike_due, replaced_ike_fire },
	{ TIMER_OF_CHILD_SA, "replaced Child SA",
	  "a rekey by the peer", "the peer's Delete",
	  "it is deleted", "RFC 7296 2.8, 2.8.1", replaced_child_due, replaced_child_fire },
	{ TIMER_OF_GONE_SA, "memory of an ended SA",
	  "the end of an IKE SA", "nothing",
	  "its last response is not repeated any more", "RFC 7296 2.1", linger_due, linger_fire },
	{ TIMER_OF_ENDPOINT, "cookie secret",
	  "the first cookie; anew each time it fires", "nothing",
	  "the secret of new cookies is another; two secrets ago is forgotten", "RFC 7296 2.6", NULL, NULL },
	{ TIMER_OF_ENDPOINT, "answers to unknown SPIs",
	  "such an answer, once a second", "nothing",
	  "as many may be given again", "RFC 7296 2.4, 2.21.4", NULL, NULL },
};
/* clang-format on */
const size_t timers_count = ARRAY_LEN(timers);

const char *timer_owner_name(enum timer_owner of)
{
	static const char *const names[] = {
		[TIMER_OF_ENDPOINT] = "endpoint", [TIMER_OF_IKE_SA] = "IKE SA",
		[TIMER_OF_REQUEST] = "request",   [TIMER_OF_CHILD_SA] = "Child SA",
		[TIMER_OF_GONE_SA] = "ended SA",
	};
	return (size_t)of < ARRAY_LEN(names) ? names[of] : "nothing";
}

/* ------------------------------------------------------------ the walk */

static bool owned(const struct ike_sa *sa, enum timer_owner of)
{
	return sa->state == IKE_GONE ? of == TIMER_OF_GONE_SA
				     : of != TIMER_OF_GONE_SA && of != TIMER_OF_ENDPOINT;
}

/* The next owner of such a timer in the IKE SA; false if there is none.  t starts as all zeros. */
static bool next_owner(struct ike_sa *sa, enum timer_owner of, struct timed *t)
{
	bool first = !t->ike;
	t->ike = sa;
	if (of == TIMER_OF_CHILD_SA) {
		t->child = first ? sa->children : t->child->older;
		while (t->child && t->child->gone)
			t->child = t->child->older;
		return t->child != NULL;
	}
	if (of != TIMER_OF_REQUEST)
		return first;
	struct pending *p = first ? sa->pending : t->request + 1;
	while (p < sa->pending + PENDING && !p->used && !p->zombie)
		p++;
	t->request = p;
	return p < sa->pending + PENDING;
}

static usec row_due(struct ike_sa *sa, const struct timer_row *row)
{
	usec least = USEC_NEVER;
	for (struct timed t = { 0 }; next_owner(sa, row->of, &t);)
		least = usec_min(least, row->due(&t));
	return least;
}

usec ike_sa_deadline(struct ike_sa *sa)
{
	usec least = USEC_NEVER;
	for (size_t i = 0; i < timers_count; i++)
		if (owned(sa, timers[i].of))
			least = usec_min(least, row_due(sa, &timers[i]));
	return least;
}

/* False if the IKE SA ended (it may be freed). */
static bool row_tick(struct ike_sa *sa, const struct timer_row *row, usec now)
{
	for (struct timed t = { 0 }; next_owner(sa, row->of, &t);) {
		if (now < row->due(&t))
			continue;
		note_timer(sa->endpoint, sa, row->name);
		row->fire(&t, now);
		if (row->fire == linger_fire || (sa->state == IKE_GONE && row->of != TIMER_OF_GONE_SA))
			return false;
	}
	return true;
}

void ike_sa_tick(struct ike_sa *sa, usec now)
{
	bool gone = sa->state == IKE_GONE;
	for (size_t i = 0; i < timers_count; i++)
		if (owned(sa, timers[i].of) && !row_tick(sa, &timers[i], now))
			return;
	if (!gone)
		ike_sa_advance(sa, now);
}
