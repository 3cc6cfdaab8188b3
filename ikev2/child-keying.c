/*
 * Nonces and key exchange of a Child SA made by CREATE_CHILD_SA (RFC 7296 1.3.1, 2.17).
 */
#include "inside.h"

#define INVALID_SYNTAX 7
#define INVALID_KE_PAYLOAD 17

bool child_keypair(struct child_sa *c, uint16_t group, struct why *why)
{
	struct endpoint *e = c->endpoint;
	const struct transform *ke = transform_find(TRANSFORM_KE, group, 0);
	if (!ke || !(ke->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "group %u is not implemented here", group);
	dh_free(c->dh);
	c->group = group;
	c->dh = dh_generate(e->config.crypto, &e->rng, ke, why);
	return c->dh != NULL;
}

static bool own_nonce(struct child_sa *c, struct bytes *out)
{
	uint8_t nonce[NONCE];
	if (out->len)
		return true;
	if (check_on(c->endpoint, CHECK_NONCE_FRESH))
		rng_secret(&c->endpoint->rng, nonce, sizeof(nonce));
	else
		memset(nonce, 'n', sizeof(nonce));
	*out = arena_copy(c->arena, BYTES_OF(nonce));
	return out->at != NULL;
}

bool child_write_keying(struct making *m, struct child_sa *c)
{
	struct bytes *nonce = c->initiator ? &c->ni : &c->nr;
	if (m->exchange != CREATE_CHILD_SA)
		return true;
	return own_nonce(c, nonce) && payload_nonce(m, *nonce) &&
	       (!c->dh || payload_ke(m, c->group, dh_public(c->dh)));
}

/* As initiator our pair is there; as responder one of the group chosen is made. */
static uint16_t read_ke(struct incoming *x, struct child_sa *c, const struct transform *ke)
{
	struct node *payload = message_payload(&x->m, PAYLOAD_KE, 1);
	struct bytes data = payload_octets(payload, "data");
	uint8_t secret[1024];
	size_t len;
	struct why why;
	if (!payload || payload_number(payload, "group") != ke->id)
		return INVALID_KE_PAYLOAD;
	if (!c->dh && !child_keypair(c, ke->id, &why))
		return INVALID_KE_PAYLOAD;
	if (c->group != ke->id || !dh_check_public(x->e->config.crypto, ke, data, &why) ||
	    !dh_shared(x->e->config.crypto, c->dh, data, secret, sizeof(secret), &len, &why))
		return INVALID_SYNTAX;
	c->secret = arena_copy(c->arena, bytes_make(secret, len));
	return c->secret.at ? 0 : INVALID_SYNTAX;
}

uint16_t child_read_keying(struct incoming *x, struct child_sa *c)
{
	struct bytes nonce = payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data");
	if (x->m.exchange != CREATE_CHILD_SA)
		return 0;
	if ((nonce.len < 16 || nonce.len > 256) && check_on(x->e, CHECK_NONCE_LENGTH))
		return INVALID_SYNTAX;
	*(c->initiator ? &c->nr : &c->ni) = arena_copy(c->arena, nonce);
	if (c->chosen.suite.ke)
		return read_ke(x, c, c->chosen.suite.ke);
	dh_free(c->dh); /* NONE was chosen: KE is not used (3.3.6) */
	c->dh = NULL;
	return 0;
}
