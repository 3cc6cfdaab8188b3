/* IKE_SA_INIT requests that leave no state behind. */
#include "exam.h"

#include "world/real.h"

#define COOKIES       3      /* that are followed */
#define PRIVATE_ENCR  65280  /* of private use: taken by nobody */
#define NONCE         32
#define FIRST_WAIT    (500 * USEC_MS)
enum { NOTIFY_NO_PROPOSAL = 14, NOTIFY_INVALID_KE = 17, NOTIFY_COOKIE = 16390 };

/* ------------------------------------------------------------ composing */

static bool add_transform(struct arena *a, struct node *proposal, unsigned type, unsigned id, unsigned key_bits)
{
	struct node *t = wire_add(a, proposal, "T", NULL, NULL, NULL), *attribute;

	if (!t || !wire_give_number(t, "type", type) || !wire_give_number(t, "id", id))
		return false;
	if (!key_bits)
		return true;
	attribute = wire_add(a, t, "A(KEY_LENGTH)", NULL, NULL, NULL);
	return attribute && wire_give_number(attribute, "value", key_bits);
}

static struct node *add_proposal(struct arena *a, struct node *payload, unsigned number)
{
	struct node *p = wire_add(a, payload, "P", NULL, NULL, NULL);

	return p && wire_give_number(p, "number", number) && wire_give_number(p, "protocol", 1) ? p : NULL;
}

/* A group that the offer does not hold, and whose public value is of a known length. */
static const struct transform *other_group(const struct transform_set *offer)
{
	static const uint16_t ids[] = { 24, 23, 22, 14, 19, 31 };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct transform *t = transform_find(TRANSFORM_KE, ids[i], 0);

		if (t && !set_has(offer, t))
			return t;
	}
	return NULL;
}

static bool add_offer(struct arena *a, struct node *payload, const struct transform_set *offer,
		      const struct transform *group)
{
	struct node *p = add_proposal(a, payload, 1);

	for (size_t i = 0; p && i < offer->count; i++)
		if (!add_transform(a, p, offer->rows[i]->type, offer->rows[i]->id, offer->rows[i]->key_bits))
			return false;
	p = p ? add_proposal(a, payload, 2) : NULL;
	return p && add_transform(a, p, TRANSFORM_ENCR, PRIVATE_ENCR, 0) &&
	       add_transform(a, p, TRANSFORM_PRF, 5, 0) && add_transform(a, p, TRANSFORM_INTEG, 12, 0) &&
	       add_transform(a, p, TRANSFORM_KE, group->id, 0);
}

struct question {
	uint64_t spi;
	uint8_t nonce[NONCE], public[512];
	struct bytes cookie;
	struct rng rng;
};

static bool compose(struct arena *a, const struct transform_set *offer, struct question *q, struct bytes *out)
{
	const struct transform *group = other_group(offer);
	struct composition c = {
		.arena = a, .rng = &q->rng, .spi_i = q->spi, .exchange = IKE_SA_INIT, .initiator = true,
		.chain = message_chain_new(a),
	};
	struct composed *made = arena_new_of(a, struct composed);
	struct node *n;

	if (!c.chain || !made || !group || group->public_initiator > sizeof q->public)
		return false;
	if (q->cookie.len && !message_chain_notify(a, c.chain, NOTIFY_COOKIE, q->cookie))
		return false;
	if (!(n = message_chain_add(a, c.chain, PAYLOAD_SA)) || !add_offer(a, n, offer, group))
		return false;
	if (!(n = message_chain_add(a, c.chain, PAYLOAD_KE)) || !wire_give_number(n, "group", group->id) ||
	    !wire_give_octets(a, n, "data", bytes_make(q->public, group->public_initiator)))
		return false;
	if (!(n = message_chain_add(a, c.chain, PAYLOAD_NONCE)) ||
	    !wire_give_octets(a, n, "data", BYTES_OF(q->nonce)) || !message_finish(&c, made, NULL))
		return false;
	*out = made->datagrams[0];
	return true;
}

/* ------------------------------------------------------------ asking */

static void send_once(struct exam *x, struct bytes octets)
{
	const struct connection *c = stage_connection(x->stage);
	struct datagram d = { .from = c->local, .to = c->remote, .octets = octets };

	x->questions++;
	node_send_datagram(stage_node(x->stage), &d);
}

/* The answer to that SPI; what else comes is handled. */
static struct seen *hear(struct exam *x, uint64_t spi, usec until)
{
	struct seen *s;

	while ((s = stage_hear(x->stage, until))) {
		if (s->is_ike && s->message.response && s->message.spi_i == spi)
			return s;
		if (!s->is_ike || s->message.exchange != IKE_SA_INIT)
			endpoint_take(stage_endpoint(x->stage), s, TAKE_AUTOMATIC, stage_now(x->stage));
	}
	return NULL;
}

/* Sent again after 0.5 and 1.5 s. */
static struct seen *converse(struct exam *x, uint64_t spi, struct bytes octets)
{
	usec began = stage_now(x->stage);
	struct seen *s = NULL;

	for (usec gap = FIRST_WAIT, at = began; !s && at < began + EXAM_PATIENCE; gap *= 2) {
		send_once(x, octets);
		at += gap;
		if (stage_dead(x->stage))
			break;
		s = hear(x, spi, usec_min(at, began + EXAM_PATIENCE));
		if (!s && stage_now(x->stage) < at && at < began + EXAM_PATIENCE)
			break; /* interrupted */
	}
	return s;
}

static struct bytes data_of(struct arena *a, struct node *notify)
{
	struct node *n = notify ? wire_find(notify, "data", NULL) : NULL;

	return n ? arena_copy(a, n->octets) : BYTES_NONE;
}

static uint16_t first_error(const struct message *m)
{
	struct node *n;
	uint64_t type;

	for (unsigned i = 1; (n = message_payload(m, PAYLOAD_NOTIFY, i)); i++)
		if (wire_number(n, "type", &type) && type < 16384)
			return (uint16_t)type;
	return 0;
}

static struct init_answer read_answer(struct arena *a, const struct message *m)
{
	struct init_answer out = { .outcome = INIT_TAKEN, .notify = first_error(m) };
	struct bytes group = data_of(a, message_notify(m, NOTIFY_INVALID_KE));

	if (out.notify == NOTIFY_INVALID_KE && group.len == 2)
		out.group = (uint16_t)(group.at[0] << 8 | group.at[1]);
	else if (out.notify == NOTIFY_NO_PROPOSAL)
		out.outcome = INIT_REFUSED;
	else if (out.notify || !message_payload(m, PAYLOAD_SA, 1))
		out.outcome = INIT_OTHER;
	return out;
}

struct init_answer init_ask(struct exam *x, const struct transform_set *offer)
{
	struct init_answer out = { .outcome = INIT_SILENT };
	struct question q = { .spi = 0 };
	struct arena *a = arena_new((size_t)4 << 20);
	struct bytes octets;

	rng_seed(&q.rng, x->run.seed + 7919 * x->questions, "doctor");
	if (!stage_virtual(x->stage)) {
		q.rng.fresh = true;
		q.rng.entropy = real_entropy;
	}
	rng_secret(&q.rng, q.nonce, sizeof q.nonce);
	rng_secret(&q.rng, q.public, sizeof q.public);
	rng_secret(&q.rng, (uint8_t *)&q.spi, sizeof q.spi);
	q.public[0] &= 0x7f;
	for (unsigned i = 0; a && i <= COOKIES && compose(a, offer, &q, &octets); i++) {
		usec began = stage_now(x->stage);
		struct seen *s = converse(x, q.spi, octets);
		struct node *cookie = s ? message_notify(&s->message, NOTIFY_COOKIE) : NULL;

		if (!s)
			break;
		q.cookie = data_of(a, cookie);
		if (cookie && q.cookie.len)
			continue;
		out = read_answer(a, &s->message);
		out.rtt = stage_now(x->stage) - began;
		break;
	}
	arena_free(a);
	x->silences = out.outcome == INIT_SILENT ? x->silences + 1 : 0;
	return out;
}
