/*
 * The table of authentication methods: a MAC by a shared secret (RFC 7296 2.15) or by SK_p (RFC 7619
 * 2.1), signatures with a hash that the method fixes (RFC 7296 3.8, RFC 4754), and those that name
 * their algorithm (RFC 7427).
 */
#include "inside.h"

/* ------------------------------------------------------------ MACs */

static struct bytes mac_key(const struct ike_sa *sa, enum proof proof, bool of_initiator)
{
	if (proof == PROOF_SECRET || !check_on(sa->endpoint, CHECK_NULL_KEY))
		return sa->connection->secret;
	return of_initiator ? sa->keys.sk_pi : sa->keys.sk_pr;
}

static bool mac_make(struct making *m, const struct auth_octets *o, struct auth_content *out,
		     struct why *why)
{
	struct ike_sa *sa = m->ike;
	struct bytes key = m->from_key.at ? m->from_key
					  : mac_key(sa, m->method->proof, sa->initiator);
	out->value = bytes_make(out->at, sa->suite.prf->output);
	return auth_mac(sa, key, o, out->at) || why_set(why, "AUTH cannot be computed");
}

static bool mac_good(struct incoming *x, const struct auth_method *m, const struct auth_octets *o,
		     struct node *auth, const struct signature_key *key)
{
	struct ike_sa *sa = x->ike;
	bool data = wire_find(auth, "data", NULL);
	struct bytes got = payload_octets(auth, data ? "data" : "signature");
	uint8_t out[PRF_MAX];
	(void)key;
	if (!auth_mac(sa, mac_key(sa, m->proof, !sa->initiator), o, out))
		return false;
	struct bytes wanted = bytes_make(out, sa->suite.prf->output);
	if (!check_on(x->e, CHECK_AUTH_LENGTH))
		wanted = bytes_slice(wanted, 0, got.len);
	return crypto_equal(wanted, got);
}

/* ------------------------------------------------------------ signatures */

/* Octets of r and of s. */
static size_t half_of(const struct signature_key *k)
{
	return ((size_t)signature_key_bits(k) + 7) / 8;
}

static bool sign(struct making *m, const struct signature_key *k, const struct auth_octets *o,
		 struct auth_content *out, struct why *why)
{
	uint8_t der[SIGNATURE_MAX];
	size_t len;
	bool raw = m->method->id != METHOD_SIGNATURE && strcmp(m->scheme->key, "EC") == 0;
	if (!signature_make(m->e->config.crypto, k, m->scheme, o->parts, 3, der, &len, why))
		return false;
	if (raw && check_on(m->e, CHECK_ECDSA_FORM_SENT)) {
		if (!signature_to_raw(bytes_make(der, len), half_of(k), out->at))
			return why_set(why, "an ECDSA signature that is none");
		len = 2 * half_of(k);
	} else {
		memcpy(out->at, der, len);
	}
	out->value = bytes_make(out->at, len);
	return true;
}

/* AUTH.from.key is a private key then, in DER. */
static bool signature_content(struct making *m, const struct auth_octets *o,
			      struct auth_content *out, struct why *why)
{
	struct signature_key *other = NULL;
	if (m->method->id == METHOD_SIGNATURE)
		out->algorithm = signature_algorithm(m->scheme);
	if (m->from_key.at) {
		other = signature_key_private(m->e->config.crypto, m->from_key, why);
		if (!other)
			return false;
	}
	bool good = sign(m, other ? other : m->ike->connection->proof.key, o, out, why);
	signature_key_free(other);
	return good;
}

static bool verify(struct incoming *x, const struct signature_key *k,
		   const struct signature_scheme *s, int salt, const struct auth_octets *o,
		   struct bytes value)
{
	return signature_good(x->e->config.crypto, k, s, salt, o->parts, 3, value);
}

/* Method 1 names no hash: SHA-1 is the usual one, SHA-2 is in use too. */
static bool rsa_good(struct incoming *x, const struct auth_method *m, const struct auth_octets *o,
		     struct node *auth, const struct signature_key *key)
{
	static const char *const names[] = { "rsa-sha1", "rsa-sha256", "rsa-sha384", "rsa-sha512" };
	(void)m;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (verify(x, key, signature_scheme_find(names[i]), -1, o,
			   payload_octets(auth, "data")))
			return true;
	return false;
}

static bool ecdsa_good(struct incoming *x, const struct auth_method *m, const struct auth_octets *o,
		       struct node *auth, const struct signature_key *key)
{
	struct bytes raw = payload_octets(auth, "data");
	uint8_t der[SIGNATURE_MAX];
	size_t len, half = half_of(key);
	if (!check_on(x->e, CHECK_ECDSA_LENGTH))
		raw = bytes_slice(raw, 0, 2 * half);
	return raw.len == 2 * half && signature_from_raw(raw, der, &len) &&
	       verify(x, key, signature_scheme_find(m->scheme), -1, o, bytes_make(der, len));
}

static bool digital_good(struct incoming *x, const struct auth_method *m,
			 const struct auth_octets *o, struct node *auth,
			 const struct signature_key *key)
{
	struct why why;
	int salt;
	(void)m;
	const struct signature_scheme *s = signature_algorithm_read(
		payload_octets(auth, "algorithm"), &salt, &why);
	return s && verify(x, key, s, salt, o, payload_octets(auth, "signature"));
}

bool auth_signed_somehow(struct incoming *x, const struct auth_octets *o, struct node *auth,
			 const struct signature_key *key)
{
	struct bytes all = BYTES_NONE;
	message_body(x->arena, auth, &all);
	for (size_t i = 0; i < signature_schemes_count; i++)
		for (size_t from = 4; from < all.len && from < 80; from++)
			if (verify(x, key, &signature_schemes[i], -1, o,
				   bytes_slice(all, from, all.len - from)))
				return true;
	return false;
}

/* ------------------------------------------------------------ the table */

/* clang-format off */
static const struct auth_method methods[] = {
	{ METHOD_RSA,       PROOF_SIGNATURE, "RSA", 0,   "rsa-sha1",     signature_content, rsa_good     },
	{ METHOD_SECRET,    PROOF_SECRET,    NULL,  0,   NULL,           mac_make,          mac_good     },
	{ METHOD_ECDSA_256, PROOF_SIGNATURE, "EC",  256, "ecdsa-sha256", signature_content, ecdsa_good   },
	{ METHOD_ECDSA_384, PROOF_SIGNATURE, "EC",  384, "ecdsa-sha384", signature_content, ecdsa_good   },
	{ METHOD_ECDSA_521, PROOF_SIGNATURE, "EC",  521, "ecdsa-sha512", signature_content, ecdsa_good   },
	{ METHOD_NULL,      PROOF_NONE,      NULL,  0,   NULL,           mac_make,          mac_good     },
	{ METHOD_SIGNATURE, PROOF_SIGNATURE, NULL,  0,   NULL,           signature_content, digital_good },
};
/* clang-format on */

const struct auth_method *auth_method_find(uint64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].id == id)
			return &methods[i];
	return NULL;
}

static const struct auth_method *method_of_key(const struct signature_key *k)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].key && strcmp(methods[i].key, signature_key_kind(k)) == 0 &&
		    (!methods[i].bits || methods[i].bits == signature_key_bits(k)))
			return &methods[i];
	return NULL;
}

/* The first that the peer can verify; an omission takes the last of the key's instead. */
static const struct signature_scheme *scheme_for(const struct ike_sa *sa)
{
	const struct credentials *c = &sa->connection->proof;
	const struct signature_scheme *last = NULL;
	bool heeds = check_on(sa->endpoint, CHECK_SIGNATURE_HASH_SENT) &&
		     check_on(sa->endpoint, CHECK_SIGNATURE_UNASKED);
	for (size_t i = 0; i < signature_schemes_count && !c->scheme; i++) {
		const struct signature_scheme *s = &signature_schemes[i];
		if (!signature_key_fits(c->key, s) || s->hash_id == HASH_SHA1)
			continue;
		if (heeds && sa->hashes_heard & HASH_BIT(s->hash_id))
			return s;
		if (!heeds && !last)
			last = s;
	}
	return c->scheme ? c->scheme : last;
}

/* RFC 7427 3: method 14 if both announced hashes, and only then. */
static bool digital(const struct ike_sa *sa)
{
	const struct endpoint *e = sa->endpoint;
	bool both = (sa->hashes_sent && sa->hashes_heard) || !check_on(e, CHECK_SIGNATURE_UNASKED);
	return !sa->connection->proof.old &&
	       (sa->connection->proof.scheme || (both && check_on(e, CHECK_SIGNATURE_METHOD_SENT)));
}

static bool choose_signature(const struct ike_sa *sa, const struct auth_method **method,
			     const struct signature_scheme **scheme, struct why *why)
{
	const struct signature_key *k = sa->connection->proof.key;
	if (!k)
		return why_set(why, "connection %s has no key to sign with", sa->connection->name);
	*method = digital(sa) ? auth_method_find(METHOD_SIGNATURE) : method_of_key(k);
	if (!*method)
		return why_set(why, "a key of kind %s (%d bits) signs by method 14 alone, which the "
				    "peer did not ask for", signature_key_kind(k), signature_key_bits(k));
	*scheme = (*method)->scheme ? signature_scheme_find((*method)->scheme) : scheme_for(sa);
	return *scheme || why_set(why, "the peer announced no hash that a key of kind %s signs with",
				  signature_key_kind(k));
}

bool auth_method_choose(const struct ike_sa *sa, const struct auth_method **method,
			const struct signature_scheme **scheme, struct why *why)
{
	enum proof proof = sa->connection->proof.proof;
	*scheme = NULL;
	if (proof == PROOF_SIGNATURE)
		return choose_signature(sa, method, scheme, why);
	*method = auth_method_find(proof == PROOF_NONE ? METHOD_NULL : METHOD_SECRET);
	return true;
}
