/*
 * The floor: ESP as one writes it first, after OpenSSL's own examples.  For each packet the cipher
 * is looked up by its name, a context is made and keyed, and thrown away.
 */
#include "entrant.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define FRONT  24u /* SPI, number and the longest IV */
#define STRIDE 9216u

struct naive {
	const struct suite *suite;
	const struct bench_size *size;
	size_t count;
	uint32_t seq;
	uint8_t *octets;
};

static void naive_free(void *self)
{
	struct naive *n = self;

	free(n->octets);
	free(n);
}

/* Nonce, and what else a cipher wants to be told before the text. */
static bool set_up(EVP_CIPHER_CTX *c, const struct suite *s, uint8_t *at, size_t len, bool sealing,
		   uint8_t *tag)
{
	uint8_t iv[16];
	int part;
	bool good = true;

	memcpy(iv, bench_key + s->encr->key, s->encr->salt);
	memcpy(iv + s->encr->salt, at + FRONT - s->encr->iv, s->encr->iv);
	if (is_ctr(s))
		store_u32(iv + 12, 1);
	if (s->encr->aead)
		good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, s->encr->salt + s->encr->iv,
					   NULL) > 0 &&
		       (!(is_ccm(s) || !sealing) ||
			EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, s->encr->icv,
					    sealing ? NULL : tag) > 0);
	good = good && EVP_CipherInit_ex(c, NULL, NULL, bench_key, iv, sealing) &&
	       EVP_CIPHER_CTX_set_padding(c, 0);
	if (is_ccm(s))
		good = good && EVP_CipherUpdate(c, NULL, &part, NULL, (int)len);
	return good && (!s->encr->aead || EVP_CipherUpdate(c, NULL, &part, at, 8));
}

static bool run_cipher(const struct suite *s, uint8_t *at, size_t len, bool sealing, uint8_t *tag)
{
	const EVP_CIPHER *cipher = EVP_get_cipherbyname(s->encr->evp);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int part;
	bool good = cipher && c && EVP_CipherInit_ex(c, cipher, NULL, NULL, NULL, sealing) &&
		    set_up(c, s, at, len, sealing, tag) &&
		    EVP_CipherUpdate(c, is_gmac(s) ? NULL : at + FRONT, &part, at + FRONT,
				     (int)len) &&
		    ((is_ccm(s) && !sealing) || EVP_CipherFinal_ex(c, at + FRONT + len, &part));

	if (s->encr->aead && sealing)
		good = good &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, s->encr->icv, tag) > 0;
	EVP_CIPHER_CTX_free(c);
	return good;
}

static bool run_mac(const struct suite *s, const uint8_t *at, size_t len,
		    uint8_t out[static EVP_MAX_MD_SIZE])
{
	bool cmac = s->integ->id == MAC_CMAC;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(cmac ? OSSL_MAC_PARAM_CIPHER
						      : OSSL_MAC_PARAM_DIGEST,
						 (char *)(uintptr_t)s->integ->evp, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = s->integ->id == MAC_XCBC
			       ? NULL
			       : EVP_MAC_fetch(NULL, cmac ? "CMAC" : "HMAC", NULL);
	EVP_MAC_CTX *c = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t size;
	bool good = c && EVP_MAC_init(c, bench_key, s->integ->key, params) &&
		    EVP_MAC_update(c, at, FRONT + len) &&
		    EVP_MAC_final(c, out, &size, EVP_MAX_MD_SIZE);

	EVP_MAC_CTX_free(c);
	EVP_MAC_free(mac);
	return good;
}

static bool seal(struct naive *n, uint8_t *at, size_t inner)
{
	const struct suite *s = n->suite;
	size_t len = plain_len(s, inner), pad = len - inner - 2;
	uint8_t mac[EVP_MAX_MD_SIZE];

	store_u32(at, 0x1001);
	store_u32(at + 4, ++n->seq);
	memset(at + 8, 0, FRONT - 8);
	store_u32(at + FRONT - 4, n->seq);
	for (size_t i = 0; i < pad; i++)
		at[FRONT + inner + i] = (uint8_t)(i + 1);
	at[FRONT + len - 2] = (uint8_t)pad;
	at[FRONT + len - 1] = 4;
	if (s->encr->evp && !run_cipher(s, at, len, true, at + FRONT + len))
		return false;
	if (s->encr->aead)
		return true;
	if (!run_mac(s, at, len, mac))
		return false;
	memcpy(at + FRONT + len, mac, suite_icv(s));
	return true;
}

static bool open(struct naive *n, uint8_t *at, size_t inner)
{
	const struct suite *s = n->suite;
	size_t len = plain_len(s, inner);
	uint8_t mac[EVP_MAX_MD_SIZE];

	if (!s->encr->aead &&
	    (!run_mac(s, at, len, mac) || CRYPTO_memcmp(mac, at + FRONT + len, suite_icv(s)) != 0))
		return false;
	if (s->encr->evp && !run_cipher(s, at, len, false, at + FRONT + len))
		return false;
	return at[FRONT + len - 2] == len - inner - 2 && at[FRONT + len - 1] == 4;
}

static bool turn(void *self, struct tally *t)
{
	struct naive *n = self;
	uint64_t begun = clock_cycles(), sealed;
	bool good = true;

	for (size_t i = 0; i < n->count; i++)
		good = seal(n, n->octets + i * STRIDE, mix_len(n->size, i)) && good;
	sealed = clock_cycles();
	for (size_t i = 0; i < n->count; i++)
		good = open(n, n->octets + i * STRIDE, mix_len(n->size, i)) && good;
	t->open += clock_cycles() - sealed;
	t->seal += sealed - begun;
	t->packets += n->count;
	return good;
}

bool naive_entrant(struct entrant *e, const struct suite *suite, const struct bench_size *size,
		   struct why *why)
{
	struct naive *n = calloc(1, sizeof(*n));
	struct tally t = { 0 };

	if (!n)
		return why_set(why, "no memory for the naive way");
	*n = (struct naive){ .suite = suite, .size = size, .count = mix_batch(size) };
	n->octets = aligned_alloc(64, n->count * STRIDE);
	if (!n->octets) {
		naive_free(n);
		return why_set(why, "no memory for packets");
	}
	for (size_t i = 0; i < n->count; i++)
		bench_inner(n->octets + i * STRIDE + FRONT, mix_len(size, i));
	if (!turn(n, &t)) {
		naive_free(n);
		return why_set(why, "%s has no naive way", suite->encr->name);
	}
	*e = (struct entrant){ n, turn, naive_free };
	return true;
}
