/*
 * The payloads around AUTH: certificates and what is asked of them (RFC 7296 3.6, 3.7), and the
 * hashes that signatures may use (RFC 7427 4).
 */
#include "inside.h"

#define SIGNATURE_HASH_ALGORITHMS 16431
#define X509_SIGNATURE 4
#define HASHES_MAX 16

static bool announces(const struct making *m)
{
	const struct connection *c = m->ike->connection;
	return c->hashes && check_on(m->e, CHECK_SIGNATURE_HASHES_SENT) &&
	       (!m->request || message_notify(&m->request->m, SIGNATURE_HASH_ALGORITHMS));
}

static bool write_hashes(struct making *m)
{
	uint8_t octets[2 * HASHES_MAX];
	struct sink s = sink_over(octets, sizeof(octets));
	for (uint16_t id = 1; id < HASHES_MAX; id++)
		if (m->ike->connection->hashes & HASH_BIT(id))
			sink_u16(&s, id);
	return payload_notify(m, SIGNATURE_HASH_ALGORITHMS, sink_bytes(&s));
}

bool auth_init_payloads(struct making *m)
{
	return (!announces(m) || write_hashes(m)) &&
	       (!m->response || auth_certificate_request(m));
}

unsigned auth_hashes(const struct message *m)
{
	struct node *n = message_notify(m, SIGNATURE_HASH_ALGORITHMS);
	struct cursor c = cursor_over(n ? payload_octets(n, "data") : BYTES_NONE);
	unsigned hashes = 0;
	uint16_t id;
	while (cursor_u16(&c, &id))
		if (id < HASHES_MAX)
			hashes |= HASH_BIT(id);
	return hashes;
}

bool auth_certificates(struct making *m)
{
	const struct credentials *c = &m->ike->connection->proof;
	size_t count = check_on(m->e, CHECK_CERT_CHAIN_SENT) ? c->chain.count : 1;
	bool turned = !check_on(m->e, CHECK_CERT_FIRST_SENT);
	if (c->proof != PROOF_SIGNATURE || !check_on(m->e, CHECK_CERT_SENT))
		return true;
	for (size_t i = 0; i < count && i < c->chain.count; i++) {
		size_t at = turned ? c->chain.count - 1 - i : i;
		if (!payload_certificate(m, PAYLOAD_CERT, X509_SIGNATURE, c->chain.rows[at]))
			return false;
	}
	return true;
}

bool auth_certificate_request(struct making *m)
{
	const struct connection *c = m->ike->connection;
	uint8_t hashes[20 * ANCHORS];
	if (c->their_proof != PROOF_SIGNATURE || !c->asks_certificate)
		return true;
	for (size_t i = 0; i < c->trust.anchor_count; i++)
		if (!certificate_authority_hash(m->e->config.crypto, c->trust.anchors[i],
						hashes + 20 * i))
			return why_set(m->why, "the certificate of a CA cannot be read");
	if (!check_on(m->e, CHECK_CERTREQ_HASH))
		memset(hashes, 0xff, sizeof(hashes));
	return payload_certificate(m, PAYLOAD_CERTREQ, X509_SIGNATURE,
				   bytes_make(hashes, 20 * c->trust.anchor_count));
}

static bool names_ours(struct incoming *x, struct bytes hashes)
{
	const struct trust *t = &x->ike->connection->trust;
	uint8_t hash[20];
	for (size_t at = 0; at + 20 <= hashes.len; at += 20)
		for (size_t i = 0; i < t->anchor_count; i++)
			if (certificate_authority_hash(x->e->config.crypto, t->anchors[i], hash) &&
			    bytes_equal(bytes_slice(hashes, at, 20), BYTES_OF(hash)))
				return true;
	return false;
}

/* One that cannot be met is no error (3.7): only a fault refuses. */
bool auth_certreq_refused(struct incoming *x)
{
	if (check_on(x->e, CHECK_CERTREQ_UNKNOWN))
		return false;
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_CERTREQ, n);
		if (!p)
			return false;
		if (!names_ours(x, payload_octets(p, "data")))
			return true;
	}
}
