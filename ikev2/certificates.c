/*
 * Certificates, by OpenSSL (RFC 5280 6.1, profiled by RFC 4945): the path from a peer's certificate to
 * a CA that we trust, at the time of the world, and whether it is for IKE and for that identity.
 *
 * Nothing of a certificate is parsed here; its octets are bounded and handed over.  Each defect has its
 * row, and with the row left out it passes.
 */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "inside.h"

#define CERTIFICATE_MAX 16384
#define CRL_MAX         65536
#define STRENGTH        2       /* of OpenSSL's levels: 112 bits, RSA of 2048 */

static X509 *read_certificate(struct crypto *c, struct bytes der)
{
	const unsigned char *at = der.at;
	X509 *cert = der.len && der.len <= CERTIFICATE_MAX ? X509_new_ex(crypto_library(c), NULL) : NULL;
	if (cert && d2i_X509(&cert, &at, (long)der.len) && at == der.at + der.len)
		return cert;
	X509_free(cert); /* d2i_X509 frees and clears it when it fails */
	ERR_clear_error();
	return NULL;
}

static X509_CRL *read_crl(struct crypto *c, struct bytes der)
{
	const unsigned char *at = der.at;
	X509_CRL *crl = der.len && der.len <= CRL_MAX ? X509_CRL_new_ex(crypto_library(c), NULL) : NULL;
	if (crl && d2i_X509_CRL(&crl, &at, (long)der.len) && at == der.at + der.len)
		return crl;
	X509_CRL_free(crl);
	ERR_clear_error();
	return NULL;
}

/* The SubjectPublicKeyInfo; its octets are OpenSSL's to free. */
static int key_info(struct crypto *c, struct bytes der, unsigned char **out)
{
	X509 *cert = read_certificate(c, der);
	*out = NULL;
	int len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), out) : 0;
	X509_free(cert);
	return len;
}

struct signature_key *certificate_key(struct crypto *c, struct arena *a, struct bytes der)
{
	unsigned char *spki;
	struct why why;
	int len = key_info(c, der, &spki);
	struct bytes copy = len > 0 ? arena_copy(a, bytes_make(spki, (size_t)len)) : BYTES_NONE;
	OPENSSL_free(spki);
	return copy.len ? signature_key_public(c, copy, &why) : NULL;
}

bool certificate_authority_hash(struct crypto *c, struct bytes der, uint8_t out[static 20])
{
	unsigned char *spki;
	size_t size;
	int len = key_info(c, der, &spki);
	bool good = len > 0 && crypto_hash(c, "SHA1", bytes_make(spki, (size_t)len), out, 20, &size);
	OPENSSL_free(spki);
	return good;
}

/* ------------------------------------------------------------ the path */

struct judging {
	struct incoming *x;
	enum check bad;
	int error;
};

static enum check row_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED: return CHECK_CERT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID: return CHECK_CERT_NOT_YET;
	case X509_V_ERR_CERT_REVOKED: return CHECK_CERT_REVOKED;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return CHECK_CERT_CA;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION: return CHECK_CERT_CRITICAL;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK: return CHECK_CERT_STRENGTH;
	default: return CHECK_CERT_CHAIN;
	}
}

/* A CRL that is not there, or not of now, says nothing. */
static bool about_crl(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ||
	       error == X509_V_ERR_CRL_NOT_YET_VALID || error == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER;
}

static int judge(int good, X509_STORE_CTX *ctx)
{
	struct judging *j = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	if (good || about_crl(error) || !check_on(j->x->e, row_of(error)))
		return 1;
	j->bad = row_of(error);
	j->error = error;
	return 0;
}

static X509_STORE *store_of(struct crypto *c, const struct trust *t)
{
	X509_STORE *store = X509_STORE_new();
	for (size_t i = 0; store && i < t->anchor_count; i++) {
		X509 *cert = read_certificate(c, t->anchors[i]);
		if (cert)
			X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	for (size_t i = 0; store && i < t->crl_count; i++) {
		X509_CRL *crl = read_crl(c, t->crls[i]);
		if (crl)
			X509_STORE_add_crl(store, crl);
		X509_CRL_free(crl);
	}
	return store;
}

static STACK_OF(X509) *others(struct crypto *c, const struct certificate_chain *chain)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	for (size_t i = 1; stack && i < chain->count; i++) {
		X509 *cert = read_certificate(c, chain->rows[i]);
		if (cert && !sk_X509_push(stack, cert))
			X509_free(cert);
	}
	return stack;
}

static bool path_good(struct judging *j, X509 *leaf, const struct certificate_chain *chain)
{
	struct incoming *x = j->x;
	struct crypto *c = x->e->config.crypto;
	const struct trust *t = &x->ike->connection->trust;
	X509_STORE *store = store_of(c, t);
	STACK_OF(X509) *stack = others(c, chain);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(crypto_library(c), NULL);
	bool good = false;
	if (store && stack && ctx && X509_STORE_CTX_init(ctx, store, leaf, stack)) {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_time(p, (time_t)(x->e->config.epoch + x->now / USEC_S));
		X509_VERIFY_PARAM_set_auth_level(p, STRENGTH);
		X509_VERIFY_PARAM_set_depth(p, CHAIN);
		if (t->crl_count)
			X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_CRL_CHECK);
		X509_STORE_CTX_set_app_data(ctx, j);
		X509_STORE_CTX_set_verify_cb(ctx, judge);
		j->bad = CHECK_CERT_CHAIN;
		good = X509_verify_cert(ctx) > 0;
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(stack, X509_free);
	X509_STORE_free(store);
	ERR_clear_error();
	return good;
}

/* ------------------------------------------------------------ the end entity */

/* RFC 4945 5.1.3.2: signatures are what it is used for. */
static bool may_sign(X509 *leaf)
{
	uint32_t usage = X509_get_key_usage(leaf);
	return usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
}

/* RFC 4945 5.1.3.12; and those of TLS, which certificates for IKE bear in practice. */
static bool for_ike(X509 *leaf)
{
	static const int purposes[] = { NID_anyExtendedKeyUsage, NID_ipsec_IKE, NID_server_auth,
					NID_client_auth };
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
	bool good = !list;
	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++)
		for (size_t k = 0; k < ARRAY_LEN(purposes); k++)
			good |= OBJ_obj2nid(sk_ASN1_OBJECT_value(list, i)) == purposes[k];
	EXTENDED_KEY_USAGE_free(list);
	return good;
}

/* Octets between two elements would be another name: the length counts, NUL and all. */
static bool same_text(const ASN1_STRING *s, struct bytes text, bool any_case)
{
	const unsigned char *at = ASN1_STRING_get0_data(s);
	if ((size_t)ASN1_STRING_length(s) != text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool letter = (text.at[i] | 0x20) >= 'a' && (text.at[i] | 0x20) <= 'z';
		uint8_t fold = any_case && letter ? 0x20 : 0;
		if ((at[i] | fold) != (text.at[i] | fold))
			return false;
	}
	return true;
}

static bool same_name(const GENERAL_NAME *n, uint64_t type, struct bytes data)
{
	int kind;
	const void *value = GENERAL_NAME_get0_value(n, &kind);
	if (type == 2 && kind == GEN_DNS)
		return same_text(value, data, true);
	if (type == 3 && kind == GEN_EMAIL)
		return same_text(value, data, true);
	return (type == 1 || type == 5) && kind == GEN_IPADD && same_text(value, data, false);
}

static bool in_alternative_names(X509 *leaf, uint64_t type, struct bytes data)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		found |= same_name(sk_GENERAL_NAME_value(names, i), type, data);
	GENERAL_NAMES_free(names);
	return found;
}

static bool is_subject(X509 *leaf, struct bytes data)
{
	const unsigned char *at = data.at;
	X509_NAME *name = data.len ? d2i_X509_NAME(NULL, &at, (long)data.len) : NULL;
	bool same = name && at == data.at + data.len &&
		    X509_NAME_cmp(name, X509_get_subject_name(leaf)) == 0;
	X509_NAME_free(name);
	ERR_clear_error();
	return same;
}

/* RFC 4945 3.1: the subject for a name, else the alternative names; a KEY_ID says nothing of it. */
static bool of_identity(X509 *leaf, struct node *id)
{
	uint64_t type = payload_number(id, "type");
	struct bytes data = payload_octets(id, "data");
	return type == 11 || (type == 9 ? is_subject(leaf, data)
					: in_alternative_names(leaf, type, data));
}

static bool end_entity_refused(struct incoming *x, X509 *leaf, struct node *id, enum check *bad)
{
	*bad = CHECK_CERT_KEY_USAGE;
	if (!may_sign(leaf) && check_on(x->e, *bad))
		return true;
	*bad = CHECK_CERT_PURPOSE;
	if (!for_ike(leaf) && check_on(x->e, *bad))
		return true;
	*bad = CHECK_CERT_IDENTITY;
	return !of_identity(leaf, id) && check_on(x->e, *bad);
}

bool certificates_refused(struct incoming *x, const struct certificate_chain *chain,
			  struct node *id, enum check *bad)
{
	struct judging j = { .x = x, .bad = CHECK_CERT };
	crypto_begins(x->e->config.crypto);
	X509 *leaf = chain->count ? read_certificate(x->e->config.crypto, chain->rows[0]) : NULL;
	bool refused = leaf && !path_good(&j, leaf, chain);
	crypto_ends(x->e->config.crypto);
	*bad = CHECK_CERT;
	if (!leaf)
		return check_on(x->e, *bad);
	*bad = j.bad;
	if (refused && j.error)
		note_state(x->e, x->ike, "certificate: %s", X509_verify_cert_error_string(j.error));
	refused = refused || end_entity_refused(x, leaf, id, bad);
	X509_free(leaf);
	return refused;
}
