/*
 * What AUTH covers (RFC 7296 2.15): the real first message as sent or received, the other end's
 * nonce, and prf(SK_p, ID').  With a shared secret it is prf(prf(secret, "Key Pad for IKEv2"),
 * octets).
 */
#include "inside.h"

#define PRF_MAX       64
#define METHOD_SECRET 2

struct auth_input {
	struct bytes message, nonce, id, key;
};

static bool compute(struct ike_sa *sa, bool of_initiator, const struct auth_input *in,
		    uint8_t out[static PRF_MAX])
{
	struct crypto *c = sa->endpoint->config.crypto;
	const struct transform *prf = sa->suite.prf;
	uint8_t maced[PRF_MAX], padded[PRF_MAX];
	struct bytes sk_p = of_initiator ? sa->keys.sk_pi : sa->keys.sk_pr,
		     pad = bytes_text("Key Pad for IKEv2");
	if (!prf || prf->output > PRF_MAX || !prf_compute(c, prf, sk_p, &in->id, 1, maced) ||
	    !prf_compute(c, prf, in->key, &pad, 1, padded))
		return false;
	struct bytes parts[] = { in->message, in->nonce, bytes_make(maced, prf->output) };
	return prf_compute(c, prf, bytes_make(padded, prf->output), parts, 3, out);
}

static struct auth_input honest_input(const struct ike_sa *sa, bool of_initiator)
{
	return (struct auth_input){
		.message = of_initiator ? sa->message_i : sa->message_r,
		.nonce = of_initiator ? sa->nr : sa->ni,
		.key = sa->connection->secret,
	};
}

static void take(struct bytes *to, struct bytes from)
{
	if (from.at)
		*to = from;
}

/* AUTH of a message on its way out, over its chain as edited. */
bool auth_derive(void *ctx, struct node *chain, struct node *honest, struct why *why)
{
	struct making *m = ctx;
	uint8_t out[PRF_MAX];
	struct bytes octets;
	struct node *auth = wire_find(chain, "AUTH", NULL);
	if (m->exchange != IKE_AUTH || !auth || !m->ike || m->ike->state == IKE_HALF_OPEN)
		return true;
	bool of_initiator = m->ike->initiator;
	const char *name = of_initiator ? "IDi" : "IDr";
	struct node *id = wire_find(chain, name, NULL);
	if (!id && honest)
		id = wire_find(honest, name, NULL);
	struct auth_input in = honest_input(m->ike, of_initiator);
	if (!wire_encode(m->arena, chain, &octets, why) ||
	    (id && !message_body(m->arena, id, &in.id)))
		return false;
	take(&in.message, m->from_message);
	take(&in.nonce, m->from_nonce);
	take(&in.id, m->from_id);
	take(&in.key, m->from_key);
	if (!compute(m->ike, of_initiator, &in, out))
		return why_set(why, "AUTH cannot be computed");
	struct node *data = wire_find(auth, "data", NULL);
	if (data && data->set)
		return true;
	return wire_give_octets(m->arena, auth, "data", bytes_make(out, m->ike->suite.prf->output));
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

bool auth_verify(struct incoming *x, struct node *id, struct node *auth)
{
	struct ike_sa *sa = x->ike;
	uint8_t out[PRF_MAX];
	struct auth_input in = honest_input(sa, !sa->initiator);
	struct bytes got = payload_octets(auth, "data");
	in.id = received_id(x, id);
	if (!compute(sa, !sa->initiator, &in, out))
		return false;
	struct bytes wanted = bytes_make(out, sa->suite.prf->output);
	if (!check_on(x->e, CHECK_AUTH_LENGTH))
		wanted = bytes_slice(wanted, 0, got.len);
	return crypto_equal(wanted, got);
}
