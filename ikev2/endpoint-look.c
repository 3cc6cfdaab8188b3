/*
 * The stepped conduct, inbound: looking at a datagram, which changes nothing, and taking it.
 */
#include "inside.h"

static struct bytes run_copy(struct endpoint *e, struct bytes b)
{
	return arena_copy(run_arena(e), b);
}

static const struct seen *earlier(struct endpoint *e, const struct datagram *d, uint64_t hash)
{
	for (const struct seen_record *r = e->seen; r; r = r->older)
		if (r->hash == hash && bytes_equal(r->seen.datagram.octets, d->octets))
			return &r->seen;
	return NULL;
}

/* Our request that a response answers: the newest with its SA, ID and exchange (as an edit had made
 * it, too); best one that is open. */
static struct sent *request_of(struct endpoint *e, const struct ike_sa *sa, const struct message *m)
{
	struct sent *found = NULL;
	for (struct sent_record *r = e->sent; r; r = r->older) {
		if (r->sent.response || r->sent.ike != sa || r->wire_id != m->id ||
		    (purpose_exchange(r->sent.purpose) != m->exchange &&
		     r->sent.composed.message.exchange != m->exchange))
			continue;
		if (!r->sent.answered)
			return &r->sent;
		if (!found)
			found = &r->sent;
	}
	return found;
}

/* Our request whose header this response repeats, whatever an edit had made of its SPIs: an answer
 * about an IKE SA that is unknown over there bears what it was asked with (2.21.4). */
static struct sent *mirrored(struct endpoint *e, const struct message *m)
{
	for (struct sent_record *r = e->sent; r; r = r->older) {
		const struct message *q = &r->sent.composed.message;
		if (!r->sent.response && r->wire_id == m->id && q->spi_i == m->spi_i &&
		    q->spi_r == m->spi_r && q->exchange == m->exchange)
			return &r->sent;
	}
	return NULL;
}

static struct ike_sa *owner(struct endpoint *e, const struct message *m)
{
	if (m->exchange != IKE_SA_INIT)
		return receive_lookup(e, m);
	if (m->response)
		return ike_sa_by_own(e, true, m->spi_i);
	return NULL;
}

/* ------------------------------------------------------------ fragments */

static bool goes_with(const struct seen *a, const struct seen *b)
{
	const struct message *m = &a->message, *n = &b->message;
	return a->part && !a->whole && !a->repeats && a->authentic && a->ike == b->ike &&
	       m->id == n->id && m->response == n->response && m->fragments == n->fragments &&
	       m->fragment && m->fragment <= m->fragments;
}

/* The newest of each number that is in no whole message yet; false if one is missing. */
static bool gather(struct endpoint *e, struct seen *s, struct seen **parts)
{
	size_t count = 1;
	parts[s->message.fragment - 1] = s;
	for (struct seen_record *r = e->seen; r && count < s->message.fragments; r = r->older) {
		struct seen *o = &r->seen, **at;
		if (o == s || !goes_with(o, s))
			continue;
		at = &parts[o->message.fragment - 1];
		count += !*at;
		if (!*at)
			*at = o;
	}
	return count == s->message.fragments;
}

static bool make_whole(struct seen *s, struct seen **parts)
{
	struct arena *a = s->message.arena;
	size_t count = s->message.fragments;
	struct message *each = arena_array(a, count, sizeof(*each));
	struct node **outers = arena_array(a, count, sizeof(*outers)),
		    **trailers = arena_array(a, count, sizeof(*trailers));
	struct why why;
	for (size_t i = 0; each && outers && trailers && i < count; i++) {
		each[i] = parts[i]->message;
		outers[i] = each[i].outer;
		trailers[i] = each[i].trailer;
	}
	if (!each || !outers || !trailers || !message_join(&s->message, each, count, &why))
		return false;
	s->message.outer = outers[0];
	s->message.parts = outers;
	s->message.part_trailers = trailers;
	s->message.part_count = count;
	for (size_t i = 0; i < count; i++)
		parts[i]->whole = s;
	return true;
}

static void put_together(struct endpoint *e, struct seen *s)
{
	const struct message *m = &s->message;
	bool possible = m->fragment && m->fragment <= m->fragments && m->fragments <= MESSAGE_FRAGMENTS;
	struct seen *parts[MESSAGE_FRAGMENTS] = { NULL };
	s->part = true;
	if (possible && !s->repeats && gather(e, s, parts) && make_whole(s, parts))
		s->part = false;
}

static void open_seen(struct endpoint *e, struct seen *s)
{
	struct why why;
	const struct ike_sa *sa = s->ike;
	if (!sa || !sa->open || s->message.protection != MESSAGE_SEALED)
		return;
	struct message_keys keys = { &sa->suite, sa->open };
	bool opened = message_open(&s->message, &keys, true, true, &why);
	s->authentic = opened || s->message.protection == MESSAGE_BAD_PADDING;
	if (opened && s->message.is_fragment)
		put_together(e, s);
}

static bool lacks(const struct seen *s)
{
	const struct payload_rules *rules = exchange_rules(s->purpose, true);
	return error_notify(&s->message) || message_notify(&s->message, 16390) ||
	       !exchange_has_all(rules, &s->message);
}

static void classify(struct endpoint *e, struct seen *s)
{
	struct message *m = &s->message;
	s->ike = owner(e, m);
	s->part = m->is_fragment;
	open_seen(e, s);
	if (!m->response) {
		s->purpose = purpose_of(m);
		return;
	}
	struct sent *mirror = s->ike ? NULL : mirrored(e, m);
	if (mirror)
		s->ike = mirror->ike;
	s->answers = mirror ? mirror : s->ike ? request_of(e, s->ike, m) : NULL;
	s->purpose = s->answers ? s->answers->purpose : PURPOSE_NONE;
	if (!s->answers)
		s->purpose = m->exchange == IKE_SA_INIT ? PURPOSE_IKE_SA_INIT
			     : m->exchange == IKE_AUTH  ? PURPOSE_IKE_AUTH
							: PURPOSE_NONE;
	s->error = lacks(s);
}

struct seen *endpoint_look(struct endpoint *e, const struct datagram *in, usec now)
{
	struct why why;
	struct seen_record *r = arena_new_of(run_arena(e), struct seen_record);
	if (!r)
		return NULL;
	struct seen *s = &r->seen;
	s->datagram = *in;
	s->datagram.octets = run_copy(e, in->octets);
	s->time = now;
	r->hash = octets_hash(in->octets);
	s->repeats = in->keepalive ? NULL : earlier(e, in, r->hash);
	s->copy = s->repeats ? s->repeats->copy + 1 : 0;
	s->is_ike = !in->keepalive &&
		    message_decode(run_arena(e), s->datagram.octets, &s->message, &why);
	if (s->is_ike)
		classify(e, s);
	r->older = e->seen;
	e->seen = r;
	return s;
}

void endpoint_look_again(struct endpoint *e, struct seen *s)
{
	if (s->is_ike && (!s->ike || s->message.protection == MESSAGE_SEALED))
		classify(e, s);
}

/* A request that the harness answers: authentic ones are still a sign of life. */
static void hold(struct endpoint *e, struct seen *s, usec now)
{
	(void)e;
	if (s->authentic && s->ike && s->ike->state != IKE_GONE) {
		s->ike->last_heard = now;
		ike_sa_touch(s->ike);
	}
	s->taken = true;
}

void endpoint_take(struct endpoint *e, struct seen *s, enum take how, usec now)
{
	struct why why;
	endpoint_begin(e, now);
	endpoint_look_again(e, s);
	if (how == TAKE_LOST)
		return;
	bool request = s->is_ike && !s->message.response;
	if (how == TAKE_HOLD && request) {
		hold(e, s, now);
		return;
	}
	struct incoming x = {
		.e = e,
		.datagram = &s->datagram,
		.arena = run_arena(e),
		.how = how,
		.seen = s,
		.why = &why,
		.now = now,
	};
	s->taken = true;
	receive(&x);
	if (!s->ike)
		s->ike = x.ike;
}
