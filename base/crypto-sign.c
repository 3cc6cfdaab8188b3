/*
 * Keys and signatures.  A signature draws from a generator of its own, split off the caller's by one
 * number: whatever OpenSSL draws besides (blinding, and that only with the first use of a key) changes
 * nothing else in the run.
 */
#include "crypto-inside.h"

#include "base/signature.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX ((size_t)1 << 20)

struct signature_key {
	EVP_PKEY *evp;
};

/* ------------------------------------------------------------ keys */

static struct signature_key *wrap(EVP_PKEY *evp, struct why *why)
{
	struct signature_key *k = evp ? calloc(1, sizeof(*k)) : NULL;
	if (k)
		k->evp = evp;
	else if (evp)
		why_set(why, "no memory for a key");
	else
		crypto_why(why, "key for signatures");
	if (!k)
		EVP_PKEY_free(evp);
	return k;
}

static EVP_PKEY *generate(struct crypto *c, const char *kind)
{
	static const struct {
		const char *kind, *curve;
	} curves[] = { { "p256", "P-256" }, { "p384", "P-384" }, { "p521", "P-521" } };
	if (strncmp(kind, "rsa", 3) == 0)
		return EVP_PKEY_Q_keygen(c->lib, NULL, "RSA", (size_t)strtoul(kind + 3, NULL, 10));
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (strcmp(kind, curves[i].kind) == 0)
			return EVP_PKEY_Q_keygen(c->lib, NULL, "EC", curves[i].curve);
	if (strcmp(kind, "ed25519") == 0)
		return EVP_PKEY_Q_keygen(c->lib, NULL, "ED25519");
	return strcmp(kind, "ed448") == 0 ? EVP_PKEY_Q_keygen(c->lib, NULL, "ED448") : NULL;
}

struct signature_key *signature_key_generate(struct crypto *c, struct rng *r, const char *kind,
					     struct why *why)
{
	struct rng *draw = c->draw;
	c->draw = r;
	EVP_PKEY *evp = generate(c, kind);
	c->draw = draw;
	return wrap(evp, why);
}

struct signature_key *signature_key_private(struct crypto *c, struct bytes der, struct why *why)
{
	const unsigned char *at = der.at;
	EVP_PKEY *evp = der.len ? d2i_AutoPrivateKey_ex(NULL, &at, (long)der.len, c->lib, NULL) : NULL;
	return wrap(evp, why);
}

struct signature_key *signature_key_public(struct crypto *c, struct bytes spki, struct why *why)
{
	const unsigned char *at = spki.at;
	EVP_PKEY *evp = spki.len ? d2i_PUBKEY_ex(NULL, &at, (long)spki.len, c->lib, NULL) : NULL;
	return wrap(evp, why);
}

void signature_key_free(struct signature_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->evp);
	free(k);
}

static struct bytes take_octets(unsigned char **der, int len, struct arena *a)
{
	struct bytes out = BYTES_NONE;
	if (len > 0)
		out = arena_copy(a, bytes_make(*der, (size_t)len));
	OPENSSL_clear_free(*der, len > 0 ? (size_t)len : 0);
	return out;
}

struct bytes signature_key_export(const struct signature_key *k, bool private, struct arena *a)
{
	unsigned char *der = NULL;
	if (!private)
		return take_octets(&der, i2d_PUBKEY(k->evp, &der), a);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->evp);
	int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
	PKCS8_PRIV_KEY_INFO_free(info);
	return take_octets(&der, len, a);
}

bool signature_key_fits(const struct signature_key *k, const struct signature_scheme *s)
{
	return EVP_PKEY_is_a(k->evp, s->key);
}

const char *signature_key_kind(const struct signature_key *k)
{
	return EVP_PKEY_get0_type_name(k->evp);
}

int signature_key_bits(const struct signature_key *k)
{
	return EVP_PKEY_get_bits(k->evp);
}

struct evp_pkey_st *signature_key_evp(const struct signature_key *k)
{
	return k->evp;
}

/* ------------------------------------------------------------ signatures */

/* EdDSA wants the message in one piece. */
static uint8_t *joined(const struct bytes *parts, size_t count, size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < count; i++)
		*len += parts[i].len;
	uint8_t *out = *len <= MESSAGE_MAX ? malloc(*len + 1) : NULL;
	if (!out)
		return NULL;
	struct sink s = sink_over(out, *len);
	for (size_t i = 0; i < count; i++)
		sink_put(&s, parts[i]);
	return out;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct signature_scheme *s, int salt)
{
	if (!s->pss)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt < 0 ? RSA_PSS_SALTLEN_DIGEST : salt) > 0;
}

static bool make(struct crypto *c, EVP_MD_CTX *md, const struct signature_key *k,
		 const struct signature_scheme *s, struct bytes message, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = NULL;
	*len = SIGNATURE_MAX;
	return EVP_DigestSignInit_ex(md, &ctx, s->hash, c->lib, NULL, k->evp, NULL) > 0 &&
	       set_padding(ctx, s, -1) && EVP_PKEY_get_size(k->evp) <= SIGNATURE_MAX &&
	       EVP_DigestSign(md, out, len, message.at, message.len) > 0;
}

bool signature_make(struct crypto *c, const struct signature_key *k,
		    const struct signature_scheme *s, const struct bytes *parts, size_t count,
		    uint8_t out[static SIGNATURE_MAX], size_t *len, struct why *why)
{
	CRYPTO_WATCHED(c);
	if (!signature_key_fits(k, s))
		return why_set(why, "a key of kind %s cannot sign by %s", signature_key_kind(k),
			       s->name);
	struct rng *draw = c->draw, own = c->inner;
	char label[32];
	size_t size;
	if (draw) {
		snprintf(label, sizeof(label), "signature %016llx", (unsigned long long)rng_u64(draw));
		own = rng_split(draw, label);
		c->draw = &own;
	}
	uint8_t *message = joined(parts, count, &size);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = message && md && make(c, md, k, s, bytes_make(message, size), out, len);
	c->draw = draw;
	EVP_MD_CTX_free(md);
	free(message);
	return good || crypto_why(why, s->name);
}

bool signature_good(struct crypto *c, const struct signature_key *k,
		    const struct signature_scheme *s, int salt, const struct bytes *parts,
		    size_t count, struct bytes signature)
{
	CRYPTO_WATCHED(c);
	if (!signature_key_fits(k, s) || !signature.len)
		return false;
	struct rng *draw = c->draw;
	EVP_PKEY_CTX *ctx = NULL;
	size_t size;
	uint8_t *message = joined(parts, count, &size);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	c->draw = &c->inner;
	bool good = message && md &&
		    EVP_DigestVerifyInit_ex(md, &ctx, s->hash, c->lib, NULL, k->evp, NULL) > 0 &&
		    set_padding(ctx, s, salt) &&
		    EVP_DigestVerify(md, signature.at, signature.len, message, size) == 1;
	c->draw = draw;
	EVP_MD_CTX_free(md);
	free(message);
	ERR_clear_error();
	return good;
}

/* ------------------------------------------------------------ ECDSA as RFC 4754 has it */

bool signature_to_raw(struct bytes der, size_t half, uint8_t *out)
{
	const unsigned char *at = der.at;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half) >= 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half) >= 0;
	ECDSA_SIG_free(sig);
	ERR_clear_error();
	return good;
}

bool signature_from_raw(struct bytes raw, uint8_t out[static SIGNATURE_MAX], size_t *len)
{
	int half = (int)(raw.len / 2);
	ECDSA_SIG *sig = raw.len && raw.len % 2 == 0 && raw.len <= 256 ? ECDSA_SIG_new() : NULL;
	BIGNUM *r = sig ? BN_bin2bn(raw.at, half, NULL) : NULL;
	BIGNUM *s = sig ? BN_bin2bn(raw.at + half, half, NULL) : NULL;
	bool good = r && s && ECDSA_SIG_set0(sig, r, s);
	if (!good) {
		BN_free(r);
		BN_free(s);
	}
	unsigned char *at = out;
	int size = good ? i2d_ECDSA_SIG(sig, &at) : 0;
	ECDSA_SIG_free(sig);
	*len = size > 0 ? (size_t)size : 0;
	return size > 0;
}
