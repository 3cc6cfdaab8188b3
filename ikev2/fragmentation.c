/*
 * Fragmentation of what is sent (RFC 7383 2.3 to 2.5): it is agreed upon in IKE_SA_INIT, a message
 * that makes too large a datagram is cut, and where there is no answer the pieces become smaller.
 */
#include "ikev2/formats.h"
#include "inside.h"

#define SUPPORTED 16430
#define LEAST4 576 /* what every path takes: RFC 7383 2.5.1 */
#define LEAST6 1280
#define UDP_HEADER 8
#define MARKER 4

static bool supported(const struct message *m)
{
	return message_notify(m, SUPPORTED) != NULL;
}

bool fragmentation_payload(struct making *m)
{
	const struct endpoint *e = m->e;
	bool asked = !m->response || !check_on(e, CHECK_FRAGMENT_ASKED) ||
		     (m->request && supported(&m->request->m));
	if (!e->config.fragmentation.offered || !asked)
		return true;
	return payload_notify(m, SUPPORTED, BYTES_NONE);
}

/* What left is believed, whatever it was to be. */
void fragmentation_said(struct making *m, struct ike_sa *sa)
{
	sa->fragmentation_said = supported(&m->composed.message);
}

void fragmentation_heard(struct incoming *x, struct ike_sa *sa)
{
	sa->fragmentation_heard = supported(&x->m);
}

bool fragmentation_agreed(const struct ike_sa *sa)
{
	return sa->fragmentation_said && sa->fragmentation_heard;
}

/* ------------------------------------------------------------ sizes */

static size_t least(const struct address *to)
{
	return to->family == 6 ? LEAST6 : LEAST4;
}

/* Of the IP datagram. */
static size_t threshold(const struct ike_sa *sa, const struct address *to)
{
	size_t octets = sa->endpoint->config.fragmentation.octets;
	if (sa->fragment_octets)
		return sa->fragment_octets;
	return octets ? octets : least(to);
}

/* What is left of a datagram for the IKE message. */
static size_t room(size_t datagram, const struct address *to, bool marker)
{
	size_t around = (to->family == 6 ? 40u : 20u) + UDP_HEADER + (marker ? MARKER : 0);
	return datagram > around ? datagram - around : 1;
}

size_t fragmentation_limit(const struct making *m)
{
	const struct ike_sa *sa = m->ike;
	const struct datagram *in = m->request ? m->request->datagram : NULL;
	if (!sa || m->clear)
		return 0;
	bool anyway = m->exchange == CREATE_CHILD_SA && !check_on(m->e, CHECK_FRAGMENT_AGREED);
	if (!fragmentation_agreed(sa) && !anyway)
		return 0;
	const struct address *to = in ? &in->from : &sa->remote;
	size_t limit = threshold(sa, to);
	if (!check_on(m->e, CHECK_FRAGMENT_SIZE))
		limit *= 2;
	return room(limit, to, in ? in->marker : sa->marker);
}

/* ------------------------------------------------------------ smaller ones */

/* The next smaller size: what every path of IPv6 takes, then what every path takes; 0: there is
 * none. */
static size_t smaller(size_t now, const struct address *to)
{
	if (now > LEAST6)
		return LEAST6;
	return to->family == 4 && now > LEAST4 ? LEAST4 : 0;
}

/* The same payloads, sealed anew. */
static bool seal_anew(struct ike_sa *sa, const struct kept *k, size_t limit, struct composed *out)
{
	struct endpoint *e = sa->endpoint;
	struct message_keys keys = { &sa->suite, sa->seal };
	struct why why;
	bool clean;
	struct node *chain = wire_decode_chain(e->scratch, &ike_chain, k->first, k->plain, &clean,
					       &why);
	struct composition c = {
		.arena = e->scratch,
		.rng = &e->rng,
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = k->exchange,
		.initiator = sa->initiator,
		.id = k->id,
		.chain = chain,
		.protect = true,
		.keys = &keys,
		.fragment_octets = limit,
	};
	return chain && message_finish(&c, out, &why);
}

/* A request without an answer goes out in more and smaller fragments, which its timers start anew for. */
bool fragmentation_probe(struct ike_sa *sa, struct pending *p, usec now)
{
	const struct endpoint *e = sa->endpoint;
	unsigned probes = e->config.fragmentation.probes;
	struct kept *k = &p->kept;
	struct composed *out = arena_new_of(e->scratch, struct composed);
	size_t size = threshold(sa, &k->to);
	if (!probes || !fragmentation_agreed(sa) || p->sendings < probes || !k->plain.at || !out ||
	    !check_on(e, CHECK_FRAGMENT_PROBE))
		return false;
	while ((size = smaller(size, &k->to)) != 0)
		if (seal_anew(sa, k, room(size, &k->to, k->marker), out) && out->count > k->count)
			break;
	if (!size || !kept_replace(k, out))
		return false;
	sa->fragment_octets = size;
	note_state(sa->endpoint, sa, "fragments of at most %zu octets from here on", size);
	put_out(sa->endpoint, k);
	sa->last_sent = now;
	return true;
}
