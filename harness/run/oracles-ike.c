/* Oracles over IKE messages. */
#include "oracles.h"

/* ------------------------------------------------------------ keys */

static struct sealer *opener(struct oracles *o, const struct suite *s, struct bytes key,
			     struct bytes integ)
{
	return sealer_new(o->run->options->crypto, s->encr, s->integ, key, integ, false, NULL);
}

void oracle_ike_keys(struct oracles *o, const struct event_ike_keys *k)
{
	struct oracle_keys *n = arena_new_of(o->run->arena, struct oracle_keys);

	if (!n)
		return;
	n->spi_i = k->spi_i;
	n->spi_r = k->spi_r;
	n->suite = *k->suite;
	n->from_initiator =
		(struct message_keys){ &n->suite, opener(o, &n->suite, k->sk_ei, k->sk_ai) };
	n->from_responder =
		(struct message_keys){ &n->suite, opener(o, &n->suite, k->sk_er, k->sk_ar) };
	n->next = o->keys;
	o->keys = n;
}

static const struct oracle_keys *keys_of(const struct oracles *o, const struct message *m)
{
	for (const struct oracle_keys *k = o->keys; k; k = k->next)
		if (k->spi_i == m->spi_i && k->spi_r == m->spi_r)
			return k;
	return NULL;
}

/* ------------------------------------------------------------ requests and responses */

/* Any datagram of the request. */
static struct oracle_request *request_of(const struct oracles *o, const struct message *m,
					 bool by_target)
{
	for (struct oracle_request *q = o->requests; q; q = q->next)
		if (q->spi_i == m->spi_i && q->id == m->id && q->by_target == by_target &&
		    q->initiator == (m->response ? !m->initiator : m->initiator) &&
		    q->exchange == m->exchange)
			return q;
	return NULL;
}

/* This one: another cut of the message makes other datagrams (RFC 7383 2.5.2). */
static struct oracle_request *same_cut(const struct oracles *o, const struct message *m,
				       bool by_target)
{
	struct oracle_request *q = request_of(o, m, by_target);

	while (q && (q->fragment != m->fragment || q->fragments != m->fragments ||
		     q->spi_i != m->spi_i || q->id != m->id || q->by_target != by_target ||
		     q->initiator != m->initiator || q->exchange != m->exchange))
		q = q->next;
	return q;
}

static void note_request(struct oracles *o, const struct message *m, bool by_target)
{
	struct oracle_request *q = same_cut(o, m, by_target);

	if (!q) {
		q = arena_new_of(o->run->arena, struct oracle_request);
		if (!q)
			return;
		*q = (struct oracle_request){ .spi_i = m->spi_i,
					      .id = m->id,
					      .exchange = m->exchange,
					      .by_target = by_target,
					      .initiator = m->initiator,
					      .fragment = m->fragment,
					      .fragments = m->fragments,
					      .next = o->requests };
		o->requests = q;
	} else if (by_target && !q->answered && !bytes_equal(q->octets, m->octets)) {
		fire(o, ORACLE_RETRANSMISSION, NULL,
		     run_printf(o->run, "request %u with other octets", m->id));
	}
	/* A repetition may have been on its way when the answer came: it is no new question. */
	if (by_target && bytes_equal(q->octets, m->octets))
		return;
	q->answered = false;
	if (by_target)
		q->octets = arena_copy(o->run->arena, m->octets);
}

static void match_response(struct oracles *o, const struct message *m)
{
	char spare[32];

	if (request_of(o, m, false))
		return;
	fire(o, ORACLE_RESPONSE, NULL,
	     run_printf(o->run, "%s response, ID %u, SPI %016llx",
			names_print(&names_exchange, m->exchange, spare, sizeof spare), m->id,
			(unsigned long long)m->spi_i));
}

/* A response that reaches the target: its next request with that ID may be another one. */
static void note_answer(struct oracles *o, const struct message *m)
{
	for (struct oracle_request *q = o->requests; q; q = q->next)
		if (q->spi_i == m->spi_i && q->id == m->id && q->by_target &&
		    q->initiator == !m->initiator && q->exchange == m->exchange)
			q->answered = true;
}

/* ------------------------------------------------------------ fields */

static void look_at_field(struct oracles *o, const struct node *n)
{
	char path[96];

	if (n->row->kind == WIRE_RESERVED && n->number)
		fire(o, ORACLE_RESERVED, NULL,
		     run_printf(o->run, "%s = %llu", wire_path_of(n, path, sizeof path),
				(unsigned long long)n->number));
	if (strcmp(n->row->name, "critical") == 0 && n->number && n->parent &&
	    n->parent->type >= PAYLOAD_SA && n->parent->type <= PAYLOAD_EAP)
		fire(o, ORACLE_CRITICAL, NULL,
		     run_printf(o->run, "%s = 1", wire_path_of(n, path, sizeof path)));
}

static void look_at_fields(struct oracles *o, const struct node *n)
{
	if (n->row && !n->first)
		look_at_field(o, n);
	for (const struct node *c = n->first; c; c = c->next)
		look_at_fields(o, c);
}

static void look_at_nat_hashes(struct oracles *o, const struct message *m)
{
	struct node *n;

	for (uint16_t type = 16388; type <= 16389; type++) {
		struct node *data;

		if (!(n = message_notify(m, type)) || !(data = wire_find(n, "data", NULL)) ||
		    data->octets.len == 20)
			continue;
		fire(o, ORACLE_NAT_HASH, NULL, run_printf(o->run, "%zu octets", data->octets.len));
	}
}

/* A nonce belongs to one exchange; a retry of IKE_SA_INIT may bear it again. */
static void look_at_nonce(struct oracles *o, const struct message *m)
{
	struct node *n = message_payload(m, PAYLOAD_NONCE, 1),
		    *data = n ? wire_find(n, "data", NULL) : NULL;
	uint64_t exchange = m->spi_i ^ (uint64_t)m->id << 8 ^ m->response;

	if (data && !once(o, &o->nonces, 0, data->octets, exchange))
		fire(o, ORACLE_NONCE, NULL, "a nonce that another exchange bore");
}

static void look_at_spi(struct oracles *o, const struct message *m)
{
	uint8_t spi[8];

	if (m->exchange != IKE_SA_INIT || !m->response || !m->spi_r ||
	    !message_payload(m, PAYLOAD_NONCE, 1))
		return;
	store_u64(spi, m->spi_r);
	if (!once(o, &o->spis, 0, BYTES_OF(spi), m->spi_i))
		fire(o, ORACLE_SPI, NULL, "an SPI that another IKE SA has");
}

static void look_at_iv(struct oracles *o, const struct message *m, const struct oracle_keys *k)
{
	struct node *iv = message_find(m, m->is_fragment ? "SKF.iv" : "SK.iv", NULL);

	if (!iv || !k->suite.encr->aead)
		return;
	if (!once(o, &o->ike_ivs, k->spi_i ^ k->spi_r, iv->octets, oracle_hash(m->octets)))
		fire(o, ORACLE_IKE_IV, NULL, "an IV that an earlier message bore");
}

/* ------------------------------------------------------------ trees, for people */

#define TREE_TEXT 24000

struct tree_text {
	char text[TREE_TEXT];
	size_t len;
};

static void put(void *ctx, const char *text, size_t len)
{
	struct tree_text *t = ctx;

	if (len > sizeof t->text - 1 - t->len)
		len = sizeof t->text - 1 - t->len;
	memcpy(t->text + t->len, text, len);
	t->len += len;
}

static void tell_tree(struct oracles *o, const struct message *m, bool by_target)
{
	struct tree_text *t = arena_alloc(o->scratch, sizeof *t);

	if (!t)
		return;
	wire_print(m->outer, put, t);
	if (m->inner)
		wire_print(m->inner, put, t);
	event_emit(&o->run->log, &(struct event){ .kind = EVENT_TREE,
						  .time = run_now(o->run),
						  .text = t->text,
						  .endpoint = by_target ? "target" : "tester" });
}

/* ------------------------------------------------------------ a message */

static const struct oracle_keys *open_message(struct oracles *o, struct message *m)
{
	const struct oracle_keys *k = keys_of(o, m);
	struct why why;

	if (k && m->protection == MESSAGE_SEALED)
		message_open(m, m->initiator ? &k->from_initiator : &k->from_responder, true, true,
			     &why);
	return k;
}

/* The last fragment makes it whole. */
static void put_together(struct oracles *o, struct message *m)
{
	struct why why;

	if (!o->fragments)
		o->fragments = fragment_queue_new(&fragment_limits_usual);
	if (o->fragments &&
	    fragment_queue_add(o->fragments, m, 0, run_now(o->run)) == FRAGMENT_WHOLE)
		fragment_queue_join(o->fragments, m, &why);
}

static void look(struct oracles *o, struct message *m, const struct oracle_keys *k)
{
	if (k && m->protection == MESSAGE_OPENED)
		look_at_iv(o, m, k);
	if (m->is_fragment && m->protection == MESSAGE_OPENED)
		put_together(o, m);
	if (!m->clean && m->protection != MESSAGE_SEALED)
		fire(o, ORACLE_LENGTHS, NULL, m->why.text);
	look_at_fields(o, m->outer);
	if (m->inner)
		look_at_fields(o, m->inner);
	look_at_nat_hashes(o, m);
	look_at_nonce(o, m);
	look_at_spi(o, m);
}

void oracle_ike(struct oracles *o, struct bytes octets, bool by_target)
{
	const struct oracle_keys *k;
	struct message m;

	arena_reset(o->scratch);
	if (!message_decode(o->scratch, octets, &m, NULL))
		return;
	if (!m.response)
		note_request(o, &m, by_target);
	else if (by_target)
		match_response(o, &m);
	else
		note_answer(o, &m);
	if (!by_target && !o->run->options->trees)
		return;
	k = open_message(o, &m);
	if (by_target)
		look(o, &m, k);
	if (o->run->options->trees)
		tell_tree(o, &m, by_target);
}
