/*
 * Is the peer who it says it is?  The identity, the method, the certificates and AUTH of an IKE_AUTH
 * message, each defect with its row.
 */
#include "inside.h"

#define X509_SIGNATURE 4
#define ENCODINGS_KNOWN 15

static bool same_id(const struct identity *id, struct node *payload)
{
	return id->type == payload_number(payload, "type") &&
	       bytes_equal(id->data, payload_octets(payload, "data"));
}

static bool length_fits(struct node *id)
{
	uint64_t type = payload_number(id, "type");
	size_t len = payload_octets(id, "data").len;
	return type == 1 ? len == 4 : type == 5 ? len == 16 : type == ID_NULL ? len == 0 : len > 0;
}

static bool on_that_path(const struct connection *c, const struct ike_sa *sa)
{
	return !c->local.family || address_same_host(&c->local, &sa->local);
}

/* The connection whose peer this is; the one of IKE_SA_INIT goes before. */
static const struct connection *connection_of(struct incoming *x, struct node *id)
{
	const struct endpoint_config *config = &x->e->config;
	const struct connection *now = x->ike->connection;
	if (x->ike->initiator)
		return !now->them.type || same_id(&now->them, id) ? now : NULL;
	if (now->them.type && same_id(&now->them, id))
		return now;
	for (size_t i = 0; i < config->connection_count; i++)
		if (config->connections[i].them.type && same_id(&config->connections[i].them, id) &&
		    on_that_path(&config->connections[i], x->ike))
			return &config->connections[i];
	return now->them.type ? NULL : now;
}

static bool identity_refused(struct incoming *x, struct node *id, enum check *bad)
{
	const struct connection *c = id ? connection_of(x, id) : NULL;
	if (c)
		x->ike->connection = c;
	*bad = CHECK_ID_LENGTH;
	if (id && !length_fits(id) && check_on(x->e, *bad))
		return true;
	*bad = CHECK_ID;
	return !c && check_on(x->e, *bad) && check_on(x->e, CHECK_ID_IN_AUTH);
}

/* ------------------------------------------------------------ the method */

static const struct auth_method *method_of_proof(enum proof proof)
{
	return auth_method_find(proof == PROOF_SECRET ? METHOD_SECRET
				: proof == PROOF_NONE ? METHOD_NULL
						      : METHOD_SIGNATURE);
}

/* RFC 7427 3: method 14 and no other signature, if both announced hashes; else never. */
static bool other_signature(const struct ike_sa *sa, const struct auth_method *method)
{
	bool both = sa->hashes_sent && sa->hashes_heard;
	return method->proof == PROOF_SIGNATURE && both != (method->id == METHOD_SIGNATURE);
}

static bool method_refused(struct incoming *x, struct node *auth, const struct auth_method **out,
			   enum check *bad)
{
	const struct connection *c = x->ike->connection;
	enum proof wanted = check_on(x->e, CHECK_PROOF_OF_EACH) ? c->their_proof : c->proof.proof;
	const struct auth_method *m = auth_method_find(payload_number(auth, "method"));
	bool none = m && m->proof == PROOF_NONE && wanted != PROOF_NONE;
	*bad = none ? CHECK_NULL_AUTH : CHECK_AUTH_METHOD;
	if ((!m || m->proof != wanted) && check_on(x->e, *bad))
		return true;
	*out = m && (m->proof == wanted || none) ? m : method_of_proof(wanted);
	*bad = CHECK_SIGNATURE_METHOD;
	return other_signature(x->ike, *out) && check_on(x->e, *bad);
}

/* ------------------------------------------------------------ signatures */

/* Those of the encoding that we take; the others are skipped. */
static struct certificate_chain chain_of(struct incoming *x)
{
	struct certificate_chain chain = { .count = 0 };
	size_t most = check_on(x->e, CHECK_CERT_OTHERS) ? CHAIN : 1;
	for (unsigned n = 1; chain.count < most; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_CERT, n);
		if (!p)
			break;
		if (payload_number(p, "encoding") == X509_SIGNATURE ||
		    !check_on(x->e, CHECK_CERT_ENCODING))
			chain.rows[chain.count++] = payload_octets(p, "data");
	}
	return chain;
}

static bool key_fits(const struct auth_method *m, const struct signature_scheme *s,
		     const struct signature_key *k)
{
	return signature_key_fits(k, s) && (!m->bits || m->bits == signature_key_bits(k));
}

/* The scheme that is claimed: known, of the kind of the key, with a hash that we announced. */
static bool scheme_refused(struct incoming *x, const struct auth_method *m, struct node *auth,
			   const struct signature_key *key, bool *odd, enum check *bad)
{
	struct why why = { .text = "" };
	int salt;
	const struct signature_scheme *s =
		m->scheme ? signature_scheme_find(m->scheme)
			  : signature_algorithm_read(payload_octets(auth, "algorithm"), &salt, &why);
	*odd = true;
	*bad = CHECK_SIGNATURE_ALGORITHM;
	if (!s)
		return check_on(x->e, *bad);
	*bad = CHECK_SIGNATURE_KEY;
	if (!key_fits(m, s, key))
		return check_on(x->e, *bad);
	*odd = false;
	*bad = CHECK_SIGNATURE_HASH;
	return !m->scheme && !(x->ike->hashes_sent & HASH_BIT(s->hash_id)) && check_on(x->e, *bad);
}

static bool signed_by(struct incoming *x, const struct auth_method *m, const struct auth_octets *o,
		      struct node *auth, struct bytes certificate, enum check *bad)
{
	struct signature_key *key = certificate_key(x->e->config.crypto, x->arena, certificate);
	bool odd, good = !key && !check_on(x->e, CHECK_CERT);
	*bad = CHECK_CERT;
	if (key && !scheme_refused(x, m, auth, key, &odd, bad)) {
		*bad = CHECK_AUTH;
		good = odd ? auth_signed_somehow(x, o, auth, key) : m->good(x, m, o, auth, key);
		good |= !check_on(x->e, CHECK_AUTH);
	}
	signature_key_free(key);
	return good;
}

/* A receiver that takes any of the certificates for the peer's: a fault. */
static void pick_signer(struct incoming *x, const struct auth_method *m,
			const struct auth_octets *o, struct node *auth,
			struct certificate_chain *chain)
{
	enum check bad;
	for (size_t i = 1; i < chain->count && !check_on(x->e, CHECK_CERT_FIRST); i++) {
		struct bytes first = chain->rows[0], row = chain->rows[i];
		if (!signed_by(x, m, o, auth, row, &bad))
			continue;
		chain->rows[0] = row;
		chain->rows[i] = first;
	}
}

static bool signature_refused(struct incoming *x, const struct auth_method *m,
			      const struct auth_octets *o, struct node *id, struct node *auth,
			      enum check *bad)
{
	struct certificate_chain chain = chain_of(x);
	pick_signer(x, m, o, auth, &chain);
	*bad = CHECK_CERT;
	if (!chain.count)
		return check_on(x->e, *bad);
	return certificates_refused(x, &chain, id, bad) ||
	       !signed_by(x, m, o, auth, chain.rows[0], bad);
}

bool auth_refused(struct incoming *x, enum check *bad)
{
	struct node *id = message_payload(&x->m, x->m.response ? PAYLOAD_IDR : PAYLOAD_IDI, 1);
	struct node *auth = message_payload(&x->m, PAYLOAD_AUTH, 1);
	const struct auth_method *method;
	struct auth_octets octets;
	if (identity_refused(x, id, bad) || method_refused(x, auth, &method, bad))
		return true;
	*bad = CHECK_CERTREQ_UNKNOWN;
	if (auth_certreq_refused(x))
		return true;
	*bad = CHECK_AUTH;
	if (!id || !auth || !auth_octets_heard(x, id, &octets))
		return check_on(x->e, *bad);
	if (method->proof == PROOF_SIGNATURE)
		return signature_refused(x, method, &octets, id, auth, bad);
	return !method->good(x, method, &octets, auth, NULL) && check_on(x->e, *bad);
}
