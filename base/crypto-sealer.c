/*
 * Keyed contexts for one direction of an SA.  The key schedule is worked out once; a packet costs
 * one init with its IV (RFC 4106, RFC 4309, RFC 5282, RFC 7634: nonce = salt | IV; RFC 3686: a block
 * counter of 1 behind it) and, without AEAD, one MAC whose keyed state is kept too.
 *
 * CCM wants the length before all else and opens in one call, which destroys what is not authentic:
 * its unchecked way is AES-CTR.  GMAC (RFC 4543) is GCM of which nothing but AAD is given.
 */
#include "crypto-inside.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

#define SALT_MAX 4
#define IV_MAX 16
#define COUNTER 4           /* octets of the block counter of AES-CTR and CCM here */

enum { ENCR_CTR = 13, ENCR_CCM_8 = 14, ENCR_CCM_16 = 16, ENCR_GMAC = 21 };
enum style { STYLE_BLOCKS, STYLE_COUNTER, STYLE_AEAD, STYLE_CCM, STYLE_GMAC };

struct sealer {
	struct crypto *crypto;
	const struct transform *encr, *integ;
	enum style style;
	EVP_CIPHER_CTX *cipher;     /* NULL for ENCR_NULL */
	EVP_CIPHER_CTX *bare;       /* CCM, opening: the cipher without the check */
	struct mac *mac;            /* NULL with AEAD, or without integrity */
	OSSL_PARAM tag[2];          /* of an AEAD: made once, aimed for each packet */
	bool sealing;
	uint8_t salt[SALT_MAX];
};

static enum style style_of(const struct transform *encr)
{
	if (encr->id >= ENCR_CCM_8 && encr->id <= ENCR_CCM_16)
		return STYLE_CCM;
	if (encr->id == ENCR_GMAC)
		return STYLE_GMAC;
	if (encr->id == ENCR_CTR)
		return STYLE_COUNTER;
	return encr->aead ? STYLE_AEAD : STYLE_BLOCKS;
}

static EVP_CIPHER_CTX *keyed(const EVP_CIPHER *cipher, const uint8_t *key, bool sealing)
{
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx && EVP_CipherInit_ex2(ctx, cipher, key, NULL, sealing, NULL) &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* The sizes of nonce and ICV, which CCM knows before the key; and the way without a check. */
static EVP_CIPHER_CTX *keyed_ccm(struct sealer *s, struct crypto *c, const uint8_t *key)
{
	const struct transform *ctr = transform_find(TRANSFORM_ENCR, ENCR_CTR, s->encr->key_bits);
	const EVP_CIPHER *cipher = crypto_cipher(c, s->encr);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	int nonce = s->encr->salt + s->encr->iv;
	if (!s->sealing)
		s->bare = keyed(crypto_cipher(c, ctr), key, false);
	if (ctx && (s->sealing || s->bare) &&
	    EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, s->sealing, NULL) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, nonce, NULL) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, s->encr->icv, NULL) &&
	    EVP_CipherInit_ex2(ctx, NULL, key, NULL, -1, NULL))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static bool set_cipher(struct sealer *s, struct crypto *c, struct bytes key)
{
	const struct transform *encr = s->encr;
	if (!encr->evp)
		return true;
	memcpy(s->salt, key.at + encr->key, encr->salt);
	s->tag[0] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, encr->icv);
	s->tag[1] = OSSL_PARAM_construct_end();
	s->cipher = s->style == STYLE_CCM ? keyed_ccm(s, c, key.at)
					  : keyed(crypto_cipher(c, encr), key.at, s->sealing);
	return s->cipher != NULL;
}

static bool set_mac(struct sealer *s, struct crypto *c, struct bytes key)
{
	if (!s->integ || s->integ->icv == 0)
		return true;
	s->mac = mac_new(c, s->integ);
	return s->mac && mac_key(s->mac, key);
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
	CRYPTO_WATCHED(c);
	if (!fitting(encr, integ, key, integ_key, why))
		return NULL;
	struct sealer *s = calloc(1, sizeof(*s));
	if (!s) {
		why_set(why, "no memory for a keyed context");
		return NULL;
	}
	*s = (struct sealer){ .crypto = c,
			      .encr = encr,
			      .integ = encr->aead ? NULL : integ,
			      .style = style_of(encr),
			      .sealing = for_sealing };
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
	CRYPTO_WATCHED(s->crypto);
	EVP_CIPHER_CTX_free(s->cipher);
	EVP_CIPHER_CTX_free(s->bare);
	mac_free(s->mac);
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

static void copy(uint8_t *out, struct bytes in)
{
	if (in.len > 0 && out != in.at)
		memmove(out, in.at, in.len);
}

/* Salt | IV, and behind them a counter of one for a cipher that counts blocks. */
static void make_nonce(const struct sealer *s, struct bytes iv, uint8_t *nonce)
{
	size_t len = (size_t)s->encr->salt + iv.len;
	memcpy(nonce, s->salt, s->encr->salt);
	if (iv.len > 0)
		memcpy(nonce + s->encr->salt, iv.at, iv.len);
	if (s->style == STYLE_COUNTER)
		store_u32(nonce + len, 1);
}

static bool add_aad(struct sealer *s, struct bytes part)
{
	int len;
	return part.len == 0 || EVP_CipherUpdate(s->cipher, NULL, &len, part.at, (int)part.len);
}

/* Not even nothing may come as a null pointer: to CCM that means something else. */
static bool run_ccm(struct sealer *s, struct bytes aad, struct bytes in, uint8_t *out)
{
	uint8_t none[1] = { 0 };
	int len;
	return EVP_CipherUpdate(s->cipher, NULL, &len, NULL, (int)in.len) && add_aad(s, aad) &&
	       EVP_CipherUpdate(s->cipher, in.len > 0 ? out : none, &len, in.len > 0 ? in.at : none,
				(int)in.len);
}

static bool run_gmac(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes in,
		     uint8_t *out)
{
	if (!add_aad(s, aad) || !add_aad(s, iv) || !add_aad(s, in))
		return false;
	copy(out, in);
	return true;
}

/* Sets the nonce (and the tag, if it is to be checked) and runs the text through the cipher,
 * without the final call. */
static bool run_cipher(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes in,
		       const OSSL_PARAM *tag, uint8_t *out)
{
	uint8_t nonce[SALT_MAX + IV_MAX + COUNTER];
	int len;
	if (!s->cipher) {
		copy(out, in);
		return true;
	}
	make_nonce(s, iv, nonce);
	if (!EVP_CipherInit_ex2(s->cipher, NULL, NULL, nonce, -1, tag))
		return false;
	if (s->style == STYLE_CCM)
		return run_ccm(s, aad, in, out);
	if (s->style == STYLE_GMAC)
		return run_gmac(s, iv, aad, in, out);
	return (!s->encr->aead || add_aad(s, aad)) &&
	       (in.len == 0 || EVP_CipherUpdate(s->cipher, out, &len, in.at, (int)in.len));
}

/* The counter mode within CCM: flags, nonce, counter from 1. */
static bool run_bare(struct sealer *s, struct bytes iv, struct bytes in, uint8_t *out)
{
	uint8_t block[1 + SALT_MAX + IV_MAX + COUNTER] = { COUNTER - 1 };
	int len;
	make_nonce(s, iv, block + 1);
	store_u32(block + 16 - COUNTER, 1);
	return EVP_CipherInit_ex2(s->bare, NULL, NULL, block, -1, NULL) &&
	       (in.len == 0 || EVP_CipherUpdate(s->bare, out, &len, in.at, (int)in.len));
}

/* The final call of an AEAD: makes or checks the tag.  CCM has done so already. */
static bool finish(struct sealer *s)
{
	uint8_t none[EVP_MAX_BLOCK_LENGTH];
	int len;
	return (s->style == STYLE_CCM && !s->sealing) || EVP_CipherFinal_ex(s->cipher, none, &len);
}

/* The MAC over aad | iv | ciphertext | tail, cut to icv_size; out holds a whole one. */
static bool run_mac(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher,
		    struct bytes tail, uint8_t out[static EVP_MAX_MD_SIZE])
{
	const struct bytes parts[] = { aad, iv, cipher, tail };
	if (!s->mac)
		return true;
	if (!mac_begin(s->mac))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!mac_update(s->mac, parts[i]))
			return false;
	return mac_final(s->mac, out);
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
	CRYPTO_WATCHED(s->crypto);
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
	CRYPTO_WATCHED(s->crypto);
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
	       settle(s->bare ? run_bare(s, iv, cipher, out)
			      : run_cipher(s, iv, aad, cipher, NULL, out));
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
