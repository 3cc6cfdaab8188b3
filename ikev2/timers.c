/*
 * The timers of an IKE SA, named after what they are for: retransmission, half-open SA, liveness
 * check, NAT keepalive.
 */
#include "inside.h"

static usec half_open_end(const struct ike_sa *sa)
{
	const struct endpoint *e = sa->endpoint;
	bool waits = !sa->initiator && (sa->state == IKE_HALF_OPEN || sa->state == IKE_KEYED);
	if (!waits || !e->config.automatic || !e->config.half_open ||
	    !check_on(e, CHECK_HALF_OPEN_EXPIRY))
		return USEC_NEVER;
	return usec_after(sa->created, e->config.half_open);
}

static usec liveness_due(const struct ike_sa *sa)
{
	const struct endpoint *e = sa->endpoint;
	if (sa->state != IKE_ESTABLISHED || !e->config.automatic || !e->config.liveness ||
	    sa->deleting || !check_on(e, CHECK_LIVENESS))
		return USEC_NEVER;
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used)
			return USEC_NEVER;
	return usec_after(sa->last_heard, e->config.liveness);
}

static usec keepalive_due(const struct ike_sa *sa)
{
	const struct endpoint *e = sa->endpoint;
	if (!sa->nat_here || !sa->marker || sa->state != IKE_ESTABLISHED || !e->config.keepalive ||
	    !check_on(e, CHECK_KEEPALIVE))
		return USEC_NEVER;
	return usec_after(sa->last_sent, e->config.keepalive);
}

static void send_keepalive(struct ike_sa *sa, usec now)
{
	static const uint8_t octet[] = { 0xff };
	struct datagram d = route_of(sa);
	d.marker = false;
	d.keepalive = true;
	d.octets = BYTES_OF(octet);
	sa->last_sent = now;
	put_out_datagram(sa->endpoint, &d);
}

void ike_sa_tick(struct ike_sa *sa, usec now)
{
	if (sa->state == IKE_GONE)
		return;
	if (now >= half_open_end(sa)) {
		note_timer(sa->endpoint, sa, "half-open SA");
		ike_sa_gone(sa, "it was never completed", now);
		return;
	}
	retransmit_tick(sa, now);
	if (sa->state == IKE_GONE)
		return;
	if (now >= liveness_due(sa))
		sa->want_liveness = true;
	if (now >= keepalive_due(sa))
		send_keepalive(sa, now);
	ike_sa_advance(sa, now);
}

usec ike_sa_deadline(const struct ike_sa *sa)
{
	if (sa->state == IKE_GONE)
		return USEC_NEVER;
	usec t = usec_min(retransmit_deadline(sa), half_open_end(sa));
	return usec_min(t, usec_min(liveness_due(sa), keepalive_due(sa)));
}
