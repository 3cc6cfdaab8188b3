/*
 * What AUTH covers (RFC 7296 2.15): the real first message as sent or received, the other end's
 * nonce, and prf(SK_p, ID'); and AUTH of a message on its way out.
 */
#include "inside.h"

struct auth_input {
	struct bytes message, nonce, id;
};

static bool octets_of(struct ike_sa *sa, bool of_initiator, const struct auth_input *in,
		      struct auth_octets *out)
{
	const struct transform *prf = sa->suite.prf;
	struct bytes sk_p = of_initiator ? sa->keys.sk_pi : sa->keys.sk_pr;
	if (!prf || prf->output > PRF_MAX ||
	    !prf_compute(sa->endpoint->config.crypto, prf, sk_p, &in->id, 1, out->maced))
		return false;
	out->parts[0] = in->message;
	out->parts[1] = in->nonce;
	out->parts[2] = bytes_make(out->maced, prf->output);
	return true;
}

bool auth_mac(struct ike_sa *sa, struct bytes key, const struct auth_octets *o, uint8_t *out)
{
	struct crypto *c = sa->endpoint->config.crypto;
	const struct transform *prf = sa->suite.prf;
	uint8_t padded[PRF_MAX];
	struct bytes pad = bytes_text("Key Pad for IKEv2");
	return prf_compute(c, prf, key, &pad, 1, padded) &&
	       prf_compute(c, prf, bytes_make(padded, prf->output), o->parts, 3, out);
}

static struct auth_input honest_input(const struct ike_sa *sa, bool of_initiator)
{
	return (struct auth_input){
		.message = of_initiator ? sa->message_i : sa->message_r,
		.nonce = of_initiator ? sa->nr : sa->ni,
	};
}

static void take(struct bytes *to, struct bytes from)
{
	if (from.at)
		*to = from;
}

static bool octets_to_send(struct making *m, struct node *chain, struct node *honest,
			   struct auth_octets *out, struct why *why)
{
	bool of_initiator = m->ike->initiator;
	const char *name = of_initiator ? "IDi" : "IDr";
	struct node *id = wire_find(chain, name, NULL);
	struct bytes octets;
	if (!id && honest)
		id = wire_find(honest, name, NULL);
	struct auth_input in = honest_input(m->ike, of_initiator);
	/* Nothing in the body of an ID follows from anything else, unless an edit put it there. */
	if ((m->edits && !wire_encode(m->arena, chain, &octets, why)) ||
	    (id && !message_body(m->arena, id, &in.id)))
		return false;
	take(&in.message, m->from_message);
	take(&in.nonce, m->from_nonce);
	take(&in.id, m->from_id);
	return octets_of(m->ike, of_initiator, &in, out) || why_set(why, "AUTH cannot be computed");
}

/* An edit of the method may have left other fields than it was made for. */
static bool give(struct making *m, struct node *auth, const char *field, struct bytes value)
{
	struct node *n = wire_find(auth, field, NULL);
	return !n || n->set || wire_give_octets(m->arena, auth, field, value);
}

/* AUTH over the chain as edited. */
bool auth_derive(void *ctx, struct node *chain, struct node *honest, struct why *why)
{
	struct making *m = ctx;
	struct node *auth = wire_find(chain, "AUTH", NULL);
	struct auth_octets octets;
	struct auth_content content;
	if (!auth || !m->method || m->ike->state == IKE_HALF_OPEN)
		return true;
	content.algorithm = BYTES_NONE;
	return octets_to_send(m, chain, honest, &octets, why) &&
	       m->method->make(m, &octets, &content, why) &&
	       give(m, auth, "algorithm", content.algorithm) &&
	       give(m, auth, "signature", content.value) && give(m, auth, "data", content.value);
}

/* The ID as a faulty receiver would have it in AUTH. */
static struct bytes received_id(struct incoming *x, struct node *id)
{
	const struct identity *configured = &x->ike->connection->them;
	struct bytes body = BYTES_NONE;
	if (!message_body(x->arena, id, &body) || body.len < 4)
		return body;
	uint8_t *copy = arena_alloc(x->arena, 4 + body.len + configured->data.len);
	if (!copy)
		return body;
	memcpy(copy, body.at, body.len);
	if (!check_on(x->e, CHECK_ID_RESERVED_IN_AUTH))
		memset(copy + 1, 0, 3);
	if (!check_on(x->e, CHECK_ID_IN_AUTH) && configured->type) {
		copy[0] = configured->type;
		memcpy(copy + 4, configured->data.at, configured->data.len);
		return bytes_make(copy, 4 + configured->data.len);
	}
	return bytes_make(copy, body.len);
}

bool auth_octets_heard(struct incoming *x, struct node *id, struct auth_octets *out)
{
	struct ike_sa *sa = x->ike;
	struct auth_input in = honest_input(sa, !sa->initiator);
	in.id = received_id(x, id);
	return octets_of(sa, !sa->initiator, &in, out);
}
