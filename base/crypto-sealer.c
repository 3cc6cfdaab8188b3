/*
 * Keyed contexts for one direction of an SA.  The key schedule is worked out once; a packet costs
 * one init with its IV (RFC 4106, RFC 5282, RFC 7634: nonce = salt | IV) and, without AEAD, one
 * HMAC whose keyed state is kept too.
 */
#include "crypto-inside.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

#define SALT_MAX 4
#define IV_MAX 16

struct sealer {
	const struct transform *encr, *integ;
	EVP_CIPHER_CTX *cipher;     /* NULL for ENCR_NULL */
	EVP_MAC_CTX *mac;           /* NULL with AEAD, or without integrity */
	OSSL_PARAM tag[2];          /* of an AEAD: made once, aimed for each packet */
	bool sealing;
	uint8_t salt[SALT_MAX];
};

static bool set_cipher(struct sealer *s, struct crypto *c, struct bytes key)
{
	const struct transform *encr = s->encr;
	if (!encr->evp)
		return true;
	const EVP_CIPHER *cipher = crypto_cipher(c, encr);
	s->cipher = EVP_CIPHER_CTX_new();
	if (!cipher || !s->cipher)
		return false;
	memcpy(s->salt, key.at + encr->key, encr->salt);
	s->tag[0] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, encr->icv);
	s->tag[1] = OSSL_PARAM_construct_end();
	return EVP_CipherInit_ex2(s->cipher, cipher, key.at, NULL, s->sealing, NULL) &&
	       EVP_CIPHER_CTX_set_padding(s->cipher, 0);
}

static bool set_mac(struct sealer *s, struct crypto *c, struct bytes key)
{
	if (!s->integ || s->integ->icv == 0)
		return true;
	EVP_MAC_CTX *plain = crypto_mac(c, s->integ);
	s->mac = plain ? EVP_MAC_CTX_dup(plain) : NULL;
	return s->mac && EVP_MAC_init(s->mac, key.at, key.len, NULL);
}

static bool fitting(const struct transform *encr, const struct transform *integ, struct bytes key,
		    struct bytes integ_key, struct why *why)
{
	size_t wanted = (size_t)encr->key + encr->salt, integ_wanted = integ ? integ->key : 0;
	if (!(encr->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "%s is not implemented", encr->name);
	if (integ && !(integ->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "%s is not implemented", integ->name);
	if (key.len != wanted)
		return why_set(why, "%s takes a key of %zu octets, got %zu", encr->name, wanted,
			       key.len);
	if (integ_key.len != integ_wanted)
		return why_set(why, "%s takes a key of %zu octets, got %zu",
			       integ ? integ->name : "no integrity", integ_wanted, integ_key.len);
	if (encr->aead && integ_wanted > 0)
		return why_set(why, "%s brings its own integrity, got %s too", encr->name,
			       integ->name);
	return true;
}

struct sealer *sealer_new(struct crypto *c, const struct transform *encr,
			  const struct transform *integ, struct bytes key, struct bytes integ_key,
			  bool for_sealing, struct why *why)
{
	if (!fitting(encr, integ, key, integ_key, why))
		return NULL;
	struct sealer *s = calloc(1, sizeof(*s));
	if (!s) {
		why_set(why, "no memory for a keyed context");
		return NULL;
	}
	*s = (struct sealer){ .encr = encr, .integ = encr->aead ? NULL : integ, .sealing = for_sealing };
	if (!set_cipher(s, c, key) || !set_mac(s, c, integ_key)) {
		crypto_why(why, encr->name);
		sealer_free(s);
		return NULL;
	}
	return s;
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->cipher);
	EVP_MAC_CTX_free(s->mac);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static size_t icv_size(const struct sealer *s)
{
	if (s->encr->aead)
		return s->encr->icv;
	return s->integ ? s->integ->icv : 0;
}

static bool lengths_fit(const struct sealer *s, struct bytes iv, struct bytes aad,
			struct bytes text)
{
	return iv.len == s->encr->iv && text.len <= INT_MAX && aad.len <= INT_MAX &&
	       text.len % s->encr->block == 0;
}

/* Sets the nonce (and the tag, if it is to be checked) and runs the text through the cipher,
 * without the final call. */
static bool run_cipher(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes in,
		       const OSSL_PARAM *tag, uint8_t *out)
{
	uint8_t nonce[SALT_MAX + IV_MAX];
	int len;
	if (!s->cipher) {
		if (in.len > 0)
			memmove(out, in.at, in.len);
		return true;
	}
	memcpy(nonce, s->salt, s->encr->salt);
	memcpy(nonce + s->encr->salt, iv.at, iv.len);
	return EVP_CipherInit_ex2(s->cipher, NULL, NULL, nonce, -1, tag) &&
	       (!s->encr->aead || aad.len == 0 ||
		EVP_CipherUpdate(s->cipher, NULL, &len, aad.at, (int)aad.len)) &&
	       (in.len == 0 || EVP_CipherUpdate(s->cipher, out, &len, in.at, (int)in.len));
}

/* The final call of an AEAD: makes or checks the tag. */
static bool finish(struct sealer *s)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int len;
	return EVP_CipherFinal_ex(s->cipher, none, &len);
}

/* The MAC over aad | iv | ciphertext | tail, cut to icv_size; out holds a whole one. */
static bool run_mac(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
		    struct bytes tail, uint8_t out[static EVP_MAX_MD_SIZE])
{
	const struct bytes parts[] = { aad, iv, cipher, tail };
	size_t len;
	if (!s->mac)
		return true;
	if (!EVP_MAC_init(s->mac, NULL, 0, NULL))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].len > 0 && !EVP_MAC_update(s->mac, parts[i].at, parts[i].len))
			return false;
	return EVP_MAC_final(s->mac, out, &len, EVP_MAX_MD_SIZE);
}

static bool settle(bool good)
{
	if (!good)
		ERR_clear_error();
	return good;
}

bool sealer_seal(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes plain,
		 struct bytes tail, uint8_t *out, uint8_t *icv)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	if (!s->sealing || !lengths_fit(s, iv, aad, plain) ||
	    !run_cipher(s, iv, aad, plain, NULL, out))
		return settle(false);
	s->tag[0].data = icv;
	if (s->encr->aead)
		return settle(finish(s) && EVP_CIPHER_CTX_get_params(s->cipher, s->tag));
	if (!run_mac(s, iv, aad, bytes_make(out, plain.len), tail, mac))
		return settle(false);
	if (icv_size(s) > 0)
		memcpy(icv, mac, icv_size(s));
	return true;
}

static bool open_aead(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
		      struct bytes icv, uint8_t *out)
{
	uint8_t tag[EVP_MAX_MD_SIZE];
	/* OpenSSL wants octets that it may write; and out may lie over icv. */
	memcpy(tag, icv.at, icv.len);
	s->tag[0].data = tag;
	return run_cipher(s, iv, aad, cipher, s->tag, out) && finish(s);
}

bool sealer_open(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
		 struct bytes tail, struct bytes icv, uint8_t *out)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	if (s->sealing || icv.len != icv_size(s) || !lengths_fit(s, iv, aad, cipher))
		return false;
	if (s->encr->aead)
		return settle(open_aead(s, iv, aad, cipher, icv, out));
	return settle(run_mac(s, iv, aad, cipher, tail, mac) &&
		      crypto_equal(bytes_make(mac, icv.len), icv) &&
		      run_cipher(s, iv, aad, cipher, NULL, out));
}

bool sealer_open_unchecked(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
			   uint8_t *out)
{
	return !s->sealing && lengths_fit(s, iv, aad, cipher) &&
	       settle(run_cipher(s, iv, aad, cipher, NULL, out));
}

bool sealer_mac(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
		struct bytes tail, uint8_t *icv)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	if (s->encr->aead || !run_mac(s, iv, aad, cipher, tail, mac))
		return settle(false);
	if (icv_size(s) > 0)
		memcpy(icv, mac, icv_size(s));
	return true;
}
