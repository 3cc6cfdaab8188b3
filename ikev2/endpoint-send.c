/*
 * The stepped conduct, outbound: what the harness wants sent, with its edits.
 */
#include "inside.h"

static struct sending *keep(struct endpoint *e, const struct sending *s)
{
	struct sending *copy = arena_new_of(run_arena(e), struct sending);
	if (!copy)
		return NULL;
	*copy = *s;
	if (s->propose_count) {
		struct suite *suites = arena_array(run_arena(e), s->propose_count, sizeof(*suites));
		if (!suites)
			return NULL;
		memcpy(suites, s->propose, s->propose_count * sizeof(*suites));
		copy->propose = suites;
	}
	if (s->order)
		copy->order = arena_text(run_arena(e), s->order);
	return copy;
}

static struct ike_sa *new_sa(struct endpoint *e, const struct sending *s, usec now, struct why *why)
{
	if (s->connection >= e->config.connection_count) {
		why_set(why, "there is no connection %zu", s->connection);
		return NULL;
	}
	struct ike_sa *sa = ike_sa_new(e, &e->config.connections[s->connection], true, now);
	if (!sa) {
		why_set(why, "no room for another IKE SA");
		return NULL;
	}
	if (!init_begin(sa, s, why)) {
		ike_sa_free(sa);
		return NULL;
	}
	return sa;
}

/* The SA that a request goes over. */
static struct ike_sa *sa_of(struct endpoint *e, const struct sending *s, usec now, struct why *why)
{
	if (s->ike)
		return s->ike;
	if (s->purpose == PURPOSE_IKE_SA_INIT)
		return new_sa(e, s, now, why);
	if (s->child)
		return s->child->ike;
	why_set(why, "there is no IKE SA to send %s over", purpose_name(s->purpose));
	return NULL;
}

static struct child_sa *child_of(struct endpoint *e, const struct sending *s, struct ike_sa *sa)
{
	bool wanted = s->purpose == PURPOSE_DELETE_CHILD || s->purpose == PURPOSE_REKEY_CHILD;
	return !wanted ? NULL : s->child ? s->child : endpoint_child_sa(e, sa, 0);
}

static bool send_request(struct endpoint *e, const struct sending *s, struct making *m, usec now,
			 struct why *why)
{
	struct ike_sa *sa = sa_of(e, s, now, why);
	if (!sa)
		return false;
	bool sent = request_send(sa, s->purpose, child_of(e, s, sa), s, now, m, why);
	if (sent)
		ike_sa_link(sa);
	else if (!sa->linked)
		ike_sa_free(sa);
	return sent;
}

/* The request once more, now with an answer that the harness shapes. */
static bool answer(struct incoming *x, struct seen *request)
{
	const struct sending *s = x->sending;
	x->datagram = &request->datagram;
	x->seen = request;
	x->how = TAKE_AUTOMATIC;
	x->e->refused = false;
	if (!receive_decode(x))
		return false;
	x->purpose = purpose_of(&x->m);
	x->ike = request->ike ? request->ike : receive_lookup(x->e, &x->m);
	if (x->m.exchange != IKE_SA_INIT) {
		if (!x->ike || !x->ike->open)
			return why_set(x->why, "the request belongs to no IKE SA with keys");
		if (x->m.protection == MESSAGE_SEALED)
			receive_open(x);
		if (x->done)
			return false;
		x->purpose = purpose_of(&x->m);
	}
	return !s->notify || answer_with(x, s->notify);
}

static bool send_response(struct endpoint *e, const struct sending *s, struct incoming *x)
{
	if (!s->answers)
		return why_set(x->why, "a response needs the request that it answers");
	x->e = e;
	x->sending = s;
	if (!answer(x, s->answers))
		return false;
	if (!s->notify && x->ike && x->m.exchange != IKE_SA_INIT)
		nat_follow(x, s->answers->authentic, true);
	if (!s->notify)
		receive_carry_out(x);
	return x->response || x->composed.count;
}

struct sent *endpoint_send(struct endpoint *e, const struct sending *sending, usec now,
			   struct why *why)
{
	struct making m = { .e = e };
	endpoint_begin(e, now);
	why_set(why, "it was not sent");
	const struct sending *s = keep(e, sending);
	if (!s) {
		why_set(why, "no memory for what is to be sent");
		return NULL;
	}
	if (!s->response)
		return send_request(e, s, &m, now, why) ? m.sent : NULL;
	struct incoming x = { .arena = run_arena(e), .why = why, .now = now };
	return send_response(e, s, &x) ? x.response : NULL;
}

/* ------------------------------------------------------------ again, and raw octets */

/* The octets of the k-th datagram to leave: as they left then, or, of a message in fragments, those of
 * a number. */
static struct bytes again_octets(const struct composed *c, const unsigned *order, size_t k)
{
	return order ? c->pieces[order[k] - 1] : c->datagrams[k];
}

/* Each datagram has the edits that name it, or none in particular. */
static bool again_edited(struct arena *a, struct bytes octets, size_t k,
			 const struct message_keys *keys, const struct edits *edits,
			 struct composed *out, struct why *why)
{
	struct edits mine = *edits;
	struct edit *rows = arena_array(a, edits->count + 1, sizeof(*rows));
	if (!rows)
		return why_set(why, "no memory for edits");
	mine.rows = rows;
	mine.count = 0;
	for (size_t i = 0; i < edits->count; i++) {
		struct edit e = edits->rows[i];
		if (!message_path_of_datagram(a, &e.path, k + 1))
			continue;
		rows[mine.count++] = e;
	}
	return message_again(a, octets, keys->sealer ? keys : NULL, &mine, out, why);
}

static bool again_as(struct endpoint *e, const struct sent *s, const char *text,
		     const struct edits *edits, struct composed *out, struct why *why)
{
	struct arena *a = run_arena(e);
	struct message_keys keys = { NULL, NULL };
	unsigned order[MESSAGE_FRAGMENTS];
	size_t count = text ? fragments_order(text, order) : s->composed.count;
	struct composed one;
	if (s->ike && s->ike->seal && s->composed.message.protection != MESSAGE_CLEAR)
		keys = ike_sa_keys(s->ike, false);
	*out = s->composed;
	out->count = count;
	for (size_t k = 0; k < count; k++) {
		if (text && (order[k] < 1 || order[k] > s->composed.fragments))
			return why_set(why, "the message has no fragment %u", order[k]);
		struct bytes octets = again_octets(&s->composed, text ? order : NULL, k);
		out->datagrams[k] = octets;
		if (!edits || !edits->count)
			continue;
		if (!again_edited(a, octets, k, &keys, edits, &one, why))
			return false;
		out->datagrams[k] = one.datagrams[0];
		if (k == 0) {
			out->message = one.message;
			out->honest = one.honest;
			out->outer[0] = one.outer[0];
		}
	}
	return true;
}

struct sent *endpoint_again(struct endpoint *e, const struct sent *s, const struct edits *edits,
			    bool lost, usec now, struct why *why)
{
	return endpoint_again_ordered(e, s, NULL, edits, lost, now, why);
}

struct sent *endpoint_again_ordered(struct endpoint *e, const struct sent *s, const char *order,
				    const struct edits *edits, bool lost, usec now, struct why *why)
{
	struct sent_record *r;
	endpoint_begin(e, now);
	r = arena_new_of(run_arena(e), struct sent_record);
	if (!r || !again_as(e, s, order, edits, &r->sent.composed, why)) {
		if (!r)
			why_set(why, "no memory for a message");
		return NULL;
	}
	struct composed composed = r->sent.composed;
	r->sent = *s;
	r->sent.composed = composed;
	r->sent.time = now;
	r->wire_id = composed.message.id;
	r->sent.id = r->wire_id;
	r->older = e->sent;
	e->sent = r;
	struct datagram d = {
		.from = s->from, .to = s->to, .marker = s->marker, .edits = edits, .sent = &r->sent
	};
	for (size_t i = 0; i < composed.count && !lost; i++) {
		d.octets = composed.datagrams[i];
		put_out_datagram(e, &d);
	}
	return &r->sent;
}

void endpoint_send_octets(struct endpoint *e, size_t connection, bool nat_port, struct bytes octets,
			  usec now)
{
	endpoint_begin(e, now);
	if (connection >= e->config.connection_count)
		return;
	const struct connection *c = &e->config.connections[connection];
	struct datagram d = { .from = c->local, .to = c->remote, .octets = octets };
	if (nat_port) {
		d.from.port = c->local_nat_port;
		d.to.port = c->remote_nat_port;
		d.marker = true;
	}
	put_out_datagram(e, &d);
}

/* ------------------------------------------------------------ what would be sent */

static bool compose_request(struct endpoint *e, const struct sending *s, struct making *m,
			    struct why *why)
{
	struct ike_sa *sa = sa_of(e, s, e->now, why);
	if (!sa)
		return false;
	bool made = making_begin(m, e, sa, s->purpose, false);
	m->sending = s;
	m->notify = s->notify;
	m->child = child_of(e, s, sa);
	m->id = s->purpose == PURPOSE_IKE_SA_INIT ? 0 : window_next(sa);
	if (s->purpose == PURPOSE_IKE_SA_INIT)
		m->spi_r = 0;
	struct child_sa *before = m->child; /* and no new IKE SA */
	made = made && making_build(m, why) && making_finish(m, why);
	if (m->child != before)
		child_drop(m->child);
	ike_sa_drop(m->made);
	if (!sa->linked)
		ike_sa_free(sa);
	return made;
}

struct node *endpoint_compose(struct endpoint *e, const struct sending *sending, struct arena *a,
			      struct why *why)
{
	struct sending s = *sending;
	struct rng rng = e->rng;
	struct endpoint_counts counts = e->counts;
	struct making m = { .e = e };
	struct message *out;
	s.edits = NULL;
	crypto_draw_from(e->config.crypto, &e->rng);
	struct incoming x = { .arena = run_arena(e), .why = why, .now = e->now, .dry = true };
	if (s.response) {
		send_response(e, &s, &x);
		m.composed = x.composed;
	} else if (!compose_request(e, &s, &m, why)) {
		m.composed.count = 0;
	}
	e->rng = rng;
	e->counts = counts;
	if (!m.composed.count)
		return NULL;
	out = &m.composed.message;
	return wire_copy(a, out->inner ? out->inner : out->outer);
}
