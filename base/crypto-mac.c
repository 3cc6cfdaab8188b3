/*
 * Keyed MACs behind PRF and INTEG rows: HMAC (RFC 2104, RFC 4868) and AES-CMAC (RFC 4493, RFC 4494,
 * RFC 4615) by OpenSSL, AES-XCBC (RFC 3566, RFC 4434) here on its AES-CBC, which is all it lacks.
 */
#include "crypto-inside.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

#define BLOCK 16u

struct mac {
	const struct transform *row;
	EVP_MAC_CTX *evp;               /* HMAC and CMAC */
	/* XCBC: a chain of K1, the two masks of the last block, and what is not chained yet. */
	EVP_CIPHER_CTX *cbc;
	const EVP_CIPHER *aes;
	uint8_t whole[BLOCK], cut[BLOCK], held[BLOCK];
	size_t have;
};

enum { PRF_XCBC = 4, PRF_CMAC = 8, INTEG_XCBC = 5, INTEG_CMAC = 8 };

static bool is_xcbc(const struct transform *t)
{
	return t->id == (t->type == TRANSFORM_PRF ? PRF_XCBC : INTEG_XCBC);
}

static bool is_cmac(const struct transform *t)
{
	return t->id == (t->type == TRANSFORM_PRF ? PRF_CMAC : INTEG_CMAC);
}

bool prf_key_is_fixed(const struct transform *prf)
{
	return is_xcbc(prf) || is_cmac(prf);
}

static EVP_MAC_CTX *evp_made(struct crypto *c, const struct transform *t)
{
	bool cmac = is_cmac(t);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(cmac ? OSSL_MAC_PARAM_CIPHER
						      : OSSL_MAC_PARAM_DIGEST,
						 (char *)t->evp, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *made = EVP_MAC_CTX_new(cmac ? c->cmac : c->hmac);
	if (made && EVP_MAC_CTX_set_params(made, params))
		return made;
	EVP_MAC_CTX_free(made);
	return NULL;
}

/* A context without a key.  Copies of one HMAC per row look nothing up; OpenSSL copies no CMAC without
 * a key. */
static EVP_MAC_CTX *evp_context(struct crypto *c, const struct transform *t)
{
	struct slot *slot = crypto_slot(c, t);
	if (is_cmac(t))
		return evp_made(c, t);
	if (!slot->mac)
		slot->mac = evp_made(c, t);
	return slot->mac ? EVP_MAC_CTX_dup(slot->mac) : NULL;
}

struct mac *mac_new(struct crypto *c, const struct transform *t)
{
	if (!t->evp || !(t->suites & TRANSFORM_IMPLEMENTED))
		return NULL;
	struct mac *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->row = t;
	if (is_xcbc(t)) {
		m->aes = crypto_cipher(c, t);
		m->cbc = EVP_CIPHER_CTX_new();
	} else {
		m->evp = evp_context(c, t);
	}
	if (m->evp || (m->aes && m->cbc))
		return m;
	mac_free(m);
	return NULL;
}

void mac_free(struct mac *m)
{
	if (!m)
		return;
	EVP_MAC_CTX_free(m->evp);
	EVP_CIPHER_CTX_free(m->cbc);
	OPENSSL_cleanse(m, sizeof(*m));
	free(m);
}

/* One block behind those before it; out may be NULL. */
static bool chain(struct mac *m, const uint8_t *block, uint8_t *out)
{
	uint8_t nowhere[BLOCK];
	int len;
	return EVP_CipherUpdate(m->cbc, out ? out : nowhere, &len, block, BLOCK);
}

static bool start_chain(struct mac *m, const uint8_t *key)
{
	static const uint8_t zero[BLOCK];
	m->have = 0;
	return EVP_CipherInit_ex2(m->cbc, key ? m->aes : NULL, key, zero, 1, NULL) &&
	       EVP_CIPHER_CTX_set_padding(m->cbc, 0);
}

/* Kn is a block of octets n under the key: K1 is the chain's, K2 and K3 go into the last block. */
static bool xcbc_key(struct mac *m, const uint8_t *key)
{
	uint8_t k[3][BLOCK];
	bool good = true;
	for (uint8_t n = 0; n < 3 && good; n++) {
		uint8_t block[BLOCK];
		memset(block, n + 1, sizeof(block));
		good = start_chain(m, key) && chain(m, block, k[n]);
	}
	memcpy(m->whole, k[1], BLOCK);
	memcpy(m->cut, k[2], BLOCK);
	good = good && start_chain(m, k[0]);
	OPENSSL_cleanse(k, sizeof(k));
	return good;
}

static bool set_key(struct mac *m, struct bytes key)
{
	static const uint8_t empty[1];
	if (m->cbc)
		return key.len == BLOCK && xcbc_key(m, key.at);
	return EVP_MAC_init(m->evp, key.at ? key.at : empty, key.len, NULL);
}

/* RFC 4434 2 and RFC 4615 3: a key that has not 16 octets is made one.  XCBC fills up a short one. */
static bool set_odd_key(struct mac *m, struct bytes key)
{
	uint8_t made[EVP_MAX_MD_SIZE] = { 0 };
	bool good = true;
	if (m->cbc && key.len < BLOCK) {
		if (key.len > 0)
			memcpy(made, key.at, key.len);
	} else {
		good = set_key(m, bytes_make(made, BLOCK)) && mac_update(m, key) &&
		       mac_final(m, made);
	}
	good = good && set_key(m, bytes_make(made, BLOCK));
	OPENSSL_cleanse(made, sizeof(made));
	return good;
}

bool mac_key(struct mac *m, struct bytes key)
{
	if (m->row->type == TRANSFORM_PRF && prf_key_is_fixed(m->row) && key.len != BLOCK)
		return set_odd_key(m, key);
	return set_key(m, key);
}

bool mac_begin(struct mac *m)
{
	return m->cbc ? start_chain(m, NULL) : EVP_MAC_init(m->evp, NULL, 0, NULL);
}

bool mac_update(struct mac *m, struct bytes part)
{
	if (part.len == 0)
		return true;
	if (m->evp)
		return EVP_MAC_update(m->evp, part.at, part.len);
	while (part.len > 0) {
		if (m->have == BLOCK) {
			if (!chain(m, m->held, NULL))
				return false;
			m->have = 0;
		}
		size_t n = BLOCK - m->have < part.len ? BLOCK - m->have : part.len;
		memcpy(m->held + m->have, part.at, n);
		m->have += n;
		part = bytes_slice(part, n, SIZE_MAX);
	}
	return true;
}

/* The last block is masked with K2 if it is whole, else filled up with one bit and masked with K3. */
static bool xcbc_final(struct mac *m, uint8_t *out)
{
	const uint8_t *mask = m->have == BLOCK ? m->whole : m->cut;
	if (m->have < BLOCK) {
		memset(m->held + m->have, 0, BLOCK - m->have);
		m->held[m->have] = 0x80;
	}
	for (size_t i = 0; i < BLOCK; i++)
		m->held[i] ^= mask[i];
	return chain(m, m->held, out);
}

bool mac_final(struct mac *m, uint8_t out[static EVP_MAX_MD_SIZE])
{
	size_t len;
	return m->cbc ? xcbc_final(m, out) : EVP_MAC_final(m->evp, out, &len, EVP_MAX_MD_SIZE);
}
