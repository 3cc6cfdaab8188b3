/*
 * A message on its way out: its chain is built, finished with its edits, remembered and put out.
 */
#include <stdlib.h>

#include "inside.h"

bool making_begin(struct making *m, struct endpoint *e, struct ike_sa *sa, enum purpose purpose,
		  bool response)
{
	*m = (struct making){
		.e = e,
		.ike = sa,
		.purpose = purpose,
		.exchange = purpose_exchange(purpose),
		.response = response,
		.arena = e->config.automatic ? e->scratch : run_arena(e),
	};
	if (sa) {
		m->spi_i = sa->spi_i;
		m->spi_r = sa->spi_r;
		m->initiator_flag = sa->initiator;
		m->clear = sa->state == IKE_HALF_OPEN || purpose == PURPOSE_IKE_SA_INIT;
		m->keys = (struct message_keys){ &sa->suite, sa->seal };
	} else {
		m->clear = true;
	}
	m->chain = message_chain_new(m->arena);
	return m->chain != NULL;
}

bool making_build(struct making *m, struct why *why)
{
	const struct exchange_row *row = exchange_row(m->purpose);
	why_set(why, "the message cannot be composed");
	if (m->notify)
		return payload_notify(m, m->notify, m->notify_data);
	m->why = why;
	return row->build && row->build(m);
}

static bool fault_fits(const struct message_fault *f, const struct making *m)
{
	uint8_t exchange;
	enum purpose purpose;
	if (f->response != m->response || !purpose_parse(f->message, &exchange, &purpose))
		return false;
	return purpose == PURPOSE_NONE ? exchange == m->exchange : purpose == m->purpose;
}

/* The edits of a fault, where the harness has none of its own. */
static void take_faults(struct making *m)
{
	const struct endpoint_config *c = &m->e->config;
	for (size_t i = 0; i < c->fault_count && !m->edits; i++)
		if (fault_fits(&c->faults[i], m))
			m->edits = &c->faults[i].edits;
}

/* Bad habits of a faulty sender that no edit list says. */
static void take_habits(struct making *m)
{
	struct endpoint *e = m->e;
	struct node *first = m->chain->first,
		    *critical = first ? wire_find(first, "critical", NULL) : NULL;
	if (!check_on(e, CHECK_RESERVED_ZERO))
		reserved_ones(m->chain);
	if (!check_on(e, CHECK_RESPONSE_CRITICAL_SENT) && m->response && critical)
		wire_set_number(critical, 1, NULL);
	for (struct node *p = first; p && !check_on(e, CHECK_NOTIFY_PROTOCOL); p = p->next)
		if (p->type == PAYLOAD_NOTIFY && !payload_octets(p, "spi").len)
			wire_give_number(p, "protocol", PROTOCOL_IKE);
}

size_t fragments_order(const char *text, unsigned out[static MESSAGE_FRAGMENTS])
{
	size_t count = 0;
	while (text && *text && count < MESSAGE_FRAGMENTS) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);
		if (end == text)
			break;
		out[count++] = (unsigned)n;
		text = end;
	}
	return count;
}

/* SK.from.key: SK_e (and, if longer, SK_a behind it) of another making. */
static bool other_key(struct making *m, struct bytes key, struct why *why)
{
	const struct suite *s = &m->ike->suite;
	const struct ike_keys *k = &m->ike->keys;
	size_t len = (size_t)s->encr->key + s->encr->salt;
	struct bytes integ = key.len > len       ? bytes_slice(key, len, key.len - len)
			     : m->ike->initiator ? k->sk_ai
						 : k->sk_ar;
	sealer_free(m->other_key);
	m->other_key = sealer_new(m->e->config.crypto, s->encr, s->encr->aead ? NULL : s->integ,
				  bytes_slice(key, 0, len), integ, true, why);
	m->keys.sealer = m->other_key;
	return m->other_key != NULL;
}

static bool take_input(void *ctx, const char *path, const struct edit_value *value, struct why *why)
{
	struct making *m = ctx;
	struct bytes octets = value->octets;
	uint8_t number[8];
	if (!value->is_octets) {
		store_u64(number, value->number);
		octets = BYTES_OF(number);
	}
	octets = octets.len ? arena_copy(m->arena, octets) : bytes_make("", 0);
	if (strcmp(path, "SK.from.key") == 0)
		return m->ike && m->ike->seal ? other_key(m, octets, why)
					      : why_set(why, "there are no keys yet");
	struct bytes *at = strcmp(path, "AUTH.from.message") == 0 ? &m->from_message
			   : strcmp(path, "AUTH.from.nonce") == 0 ? &m->from_nonce
			   : strcmp(path, "AUTH.from.id") == 0    ? &m->from_id
			   : strcmp(path, "AUTH.from.key") == 0   ? &m->from_key
								  : NULL;
	if (!at)
		return why_set(why, "%s is not computed in this message", path);
	*at = octets;
	return true;
}

bool making_finish(struct making *m, struct why *why)
{
	const struct sending *s = m->sending;
	unsigned order[MESSAGE_FRAGMENTS];
	if (s && s->clear)
		m->clear = true;
	if (s && !m->edits)
		m->edits = s->edits;
	take_faults(m);
	take_habits(m);
	struct composition c = {
		.arena = m->arena,
		.rng = &m->e->rng,
		.spi_i = m->spi_i,
		.spi_r = m->spi_r,
		.exchange = m->exchange,
		.initiator = m->initiator_flag,
		.response = m->response,
		.id = m->id,
		.chain = m->chain,
		.protect = !m->clear,
		.keys = &m->keys,
		.fragments = s ? s->fragments : 0,
		.fragment_octets = fragmentation_limit(m),
		.order = order,
		.order_count = s ? fragments_order(s->order, order) : 0,
		.edits = m->edits,
		.derive = auth_derive,
		.input = take_input,
		.ctx = m,
	};
	if (!c.order_count)
		c.order = NULL;
	if (c.protect && !m->keys.sealer)
		return why_set(why, "the IKE SA has no keys to seal %s with",
			       purpose_name(m->purpose));
	bool made = message_finish(&c, &m->composed, why);
	sealer_free(m->other_key);
	m->other_key = NULL;
	m->keys.sealer = m->ike ? m->ike->seal : NULL;
	return made;
}

/* ------------------------------------------------------------ out */

struct datagram route_of(const struct ike_sa *sa)
{
	return (struct datagram){ .from = sa->local, .to = sa->remote, .marker = sa->marker };
}

static struct datagram route_back(const struct making *m)
{
	const struct datagram *in = m->request->datagram;
	struct datagram d = { .from = in->to, .to = in->from, .marker = in->marker };
	const struct ike_sa *sa = m->ike;
	if (sa && !check_on(m->e, CHECK_REPLY_TO_SOURCE)) {
		d.to = sa->connection->remote;
		if (in->marker)
			d.to.port = sa->connection->remote_nat_port;
	}
	return d;
}

static void enqueue(struct endpoint *e, const struct datagram *d, struct bytes octets)
{
	struct outgoing *o =
		e->out_count < OUT_LIMIT ? arena_new_of(e->out, struct outgoing) : NULL;
	struct bytes copy = o ? arena_copy(e->out, octets) : BYTES_NONE;
	if (!o || (octets.len && !copy.at))
		return; /* as if the network had lost it */
	o->datagram = *d;
	o->datagram.octets = copy;
	if (e->out_last)
		e->out_last->next = o;
	else
		e->out_first = o;
	e->out_last = o;
	e->out_count++;
}

void put_out(struct endpoint *e, const struct kept *k)
{
	struct datagram d = { .from = k->from,
			      .to = k->to,
			      .marker = k->marker,
			      .edits = k->edits,
			      .sent = k->sent };
	for (size_t i = 0; i < k->count; i++)
		enqueue(e, &d, k->rows[i]);
}

void put_out_datagram(struct endpoint *e, const struct datagram *d)
{
	enqueue(e, d, d->octets);
}

/* A stepped endpoint remembers what it sent. */
static struct sent *record(struct making *m, const struct datagram *route, usec now)
{
	struct endpoint *e = m->e;
	struct sent_record *r =
		e->config.automatic ? NULL : arena_new_of(run_arena(e), struct sent_record);
	if (!r)
		return NULL;
	r->older = e->sent;
	e->sent = r;
	if (m->sending)
		r->sending = *m->sending;
	r->wire_id = m->composed.message.id;
	r->sent = (struct sent){
		.ike = m->ike,
		.child = m->child,
		.purpose = m->purpose,
		.response = m->response,
		.id = m->composed.message.id,
		.from = route->from,
		.to = route->to,
		.marker = route->marker,
		.composed = m->composed,
		.time = now,
	};
	return &r->sent;
}

bool making_send(struct making *m, struct kept *kept, usec now)
{
	struct datagram route = m->response ? route_back(m) : route_of(m->ike);
	struct kept once = { .arena = NULL };
	struct kept *k = kept ? kept : &once;
	m->sent = record(m, &route, now);
	bool stored = kept_store(k, &m->composed);
	k->from = route.from;
	k->to = route.to;
	k->marker = route.marker;
	k->edits = m->edits;
	k->sent = m->sent;
	window_said(m);
	if (m->ike && !m->clear)
		ike_sa_used(&m->ike->life.out, m->composed.honest.len);
	if (stored && (!m->sending || !m->sending->lost))
		put_out(m->e, k);
	if (m->ike)
		m->ike->last_sent = now;
	if (!kept)
		kept_free(&once);
	return stored || why_set(m->why, "no memory to keep the message");
}
