/*
 * Retransmission (RFC 7296 2.1, 2.4): requests by a timer whose gaps grow, responses only when
 * their request comes again.
 */
#include "inside.h"

void retransmit_start(struct ike_sa *sa, struct pending *p, usec now)
{
	const struct retransmission *r = &sa->endpoint->config.retransmission;
	p->sendings = 1;
	p->gap = r->first;
	p->next = p->retransmit && r->first ? usec_after(now, r->first) : USEC_NEVER;
}

/* A fault: the request is made anew, with another nonce or IV. */
static void make_anew(struct ike_sa *sa, struct pending *p, usec now)
{
	struct pending before = *p;
	struct making m;
	struct why why;
	if (p->purpose == PURPOSE_IKE_SA_INIT)
		init_nonce(sa);
	p->used = false; /* so that the message ID is the same */
	if (!request_send_made(sa, p->purpose, p->child, p->made, NULL, now, &m, &why)) {
		p->used = true;
		return;
	}
	struct pending *anew = pending_find(sa, before.id);
	if (anew != p)
		*p = (struct pending){ .kept = p->kept };
	if (!anew)
		return;
	anew->sendings = before.sendings;
	anew->gap = before.gap;
}

static void again(struct ike_sa *sa, struct pending *p, usec now)
{
	struct endpoint *e = sa->endpoint;
	bool probed = !p->zombie && fragmentation_probe(sa, p, now);
	if (probed && check_on(e, CHECK_FRAGMENT_TIMERS)) {
		retransmit_start(sa, p, now);
		return;
	}
	if (!probed && check_on(e, CHECK_RETRANSMIT)) {
		if (check_on(e, CHECK_RETRANSMIT_OCTETS) || p->purpose == PURPOSE_NONE || p->zombie)
			put_out(e, &p->kept);
		else
			make_anew(sa, p, now);
		sa->last_sent = now;
		if (p->sent)
			p->sent->retransmitted++;
	}
	p->sendings++;
	if (check_on(e, CHECK_RETRANSMIT_GAP))
		p->gap = p->gap * e->config.retransmission.factor_permille / 1000;
	p->next = usec_after(now, p->gap ? p->gap : USEC_MS);
}

static void timed_out(struct ike_sa *sa, struct pending *p, usec now)
{
	bool error = p->clear_error;
	if (p->zombie || !sa->endpoint->config.automatic) {
		p->next = USEC_NEVER;
		p->zombie = false;
		return;
	}
	sa->spares_children = !check_on(sa->endpoint, CHECK_DEAD_CHILDREN);
	ike_sa_gone(sa, error ? "no answer but an unprotected error" : "no answer", now);
	revive_later(sa, now);
}

static unsigned limit(const struct ike_sa *sa, const struct pending *p)
{
	if (p->zombie)
		return 3;
	if (p->purpose == PURPOSE_LIVENESS && !check_on(sa->endpoint, CHECK_LIVENESS_PROBES))
		return 1;
	return sa->endpoint->config.retransmission.sendings;
}

/* ------------------------------------------------------------ timers of a request */

static bool at_limit(const struct timed *t)
{
	return t->request->sendings >= limit(t->ike, t->request);
}

usec retransmission_due(const struct timed *t)
{
	return t->request->retransmit && !at_limit(t) ? t->request->next : USEC_NEVER;
}

void retransmission_fire(const struct timed *t, usec now)
{
	again(t->ike, t->request, now);
}

usec retransmission_limit_due(const struct timed *t)
{
	return t->request->retransmit && at_limit(t) ? t->request->next : USEC_NEVER;
}

void retransmission_limit_fire(const struct timed *t, usec now)
{
	timed_out(t->ike, t->request, now);
}

usec repetition_due(const struct timed *t)
{
	usec least = USEC_NEVER;
	for (size_t i = 0; i < WINDOW_LIMIT; i++) {
		const struct retained *r = &t->ike->window.retained[i];
		least = usec_min(least, r->used ? r->again : USEC_NEVER);
	}
	return least;
}

void repetition_fire(const struct timed *t, usec now)
{
	for (size_t i = 0; i < WINDOW_LIMIT; i++) {
		struct retained *r = &t->ike->window.retained[i];
		if (!r->used || now < r->again)
			continue;
		r->again = USEC_NEVER;
		put_out(t->ike->endpoint, &r->kept);
	}
}

/* ------------------------------------------------------------ responses */

/* A repeated request gets the stored response, where the request came from. */
void retained_again(struct incoming *x)
{
	struct retained *r = window_retained(&x->ike->window, x->m.id);
	x->done = x->accepted = true;
	if (!r || !check_on(x->e, CHECK_RETAINED_RESPONSE))
		return;
	if (!check_on(x->e, CHECK_RETAINED_OCTETS) && x->purpose == PURPOSE_LIVENESS) {
		informational_request(x);
		return;
	}
	if (check_on(x->e, CHECK_REPLY_TO_SOURCE)) {
		r->kept.from = x->datagram->to;
		r->kept.to = x->datagram->from;
		r->kept.marker = x->datagram->marker;
	}
	put_out(x->e, &r->kept);
}
