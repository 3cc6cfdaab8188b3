/*
 * OpenSSL's own rate: update calls of 16 KB with a keyed context, as its speed tool does it.
 */
#include "entrant.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define CALLS 4 /* of a turn; they share one IV */

struct raw {
	const struct suite *suite;
	EVP_CIPHER_CTX *seal, *open;
	EVP_MAC_CTX *mac;
	uint8_t octets[RAW_LEN];
};

static void raw_free(void *self)
{
	struct raw *r = self;

	EVP_CIPHER_CTX_free(r->seal);
	EVP_CIPHER_CTX_free(r->open);
	EVP_MAC_CTX_free(r->mac);
	free(r);
}

static EVP_CIPHER_CTX *keyed(const struct suite *s, bool sealing)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, s->encr->evp, NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	bool good = cipher && c && EVP_CipherInit_ex2(c, cipher, NULL, NULL, sealing, NULL);

	if (is_ccm(s))
		good = good &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, s->encr->salt + s->encr->iv,
					   NULL) > 0 &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, s->encr->icv, NULL) > 0;
	if (!good || !EVP_CipherInit_ex2(c, NULL, bench_key, bench_key, -1, NULL)) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	EVP_CIPHER_free(cipher);
	return c;
}

/* OpenSSL has no XCBC. */
static EVP_MAC_CTX *keyed_mac(const struct transform *integ)
{
	bool cmac = integ->id == MAC_CMAC;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(cmac ? OSSL_MAC_PARAM_CIPHER
						      : OSSL_MAC_PARAM_DIGEST,
						 (char *)(uintptr_t)integ->evp, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = integ->id == MAC_XCBC ? NULL
					     : EVP_MAC_fetch(NULL, cmac ? "CMAC" : "HMAC", NULL);
	EVP_MAC_CTX *c = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (c && EVP_MAC_init(c, bench_key, integ->key, params))
		return c;
	EVP_MAC_CTX_free(c);
	return NULL;
}

/* CCM begins anew with each call, and wants to know its length. */
static bool call(struct raw *r, EVP_CIPHER_CTX *c)
{
	uint8_t *out = is_gmac(r->suite) ? NULL : r->octets;
	int len;

	if (is_ccm(r->suite) && !(EVP_CipherInit_ex2(c, NULL, NULL, bench_key, -1, NULL) &&
				  EVP_CipherUpdate(c, NULL, &len, NULL, RAW_LEN)))
		return false;
	return EVP_CipherUpdate(c, out, &len, r->octets, RAW_LEN);
}

static bool one_way(struct raw *r, EVP_CIPHER_CTX *c)
{
	if (c && !EVP_CipherInit_ex2(c, NULL, NULL, bench_key, -1, NULL))
		return false;
	for (size_t i = 0; i < CALLS; i++)
		if ((c && !call(r, c)) ||
		    (r->mac && !EVP_MAC_update(r->mac, r->octets, RAW_LEN)))
			return false;
	return true;
}

static bool turn(void *self, struct tally *t)
{
	struct raw *r = self;
	uint64_t begun = clock_cycles(), sealed;
	bool good = one_way(r, r->seal);

	sealed = clock_cycles();
	good = one_way(r, r->open) && good;
	t->open += clock_cycles() - sealed;
	t->seal += sealed - begun;
	t->packets += CALLS;
	return good;
}

bool raw_openssl_entrant(struct entrant *e, const struct suite *suite, struct why *why)
{
	struct raw *r = calloc(1, sizeof(*r));
	struct tally t = { 0 };

	if (!r)
		return why_set(why, "no memory for 16 KB");
	r->suite = suite;
	if (suite->encr->evp) {
		r->seal = keyed(suite, true);
		/* CCM opens nothing that is not authentic; both ways are the same work. */
		r->open = keyed(suite, is_ccm(suite));
	}
	if (!suite->encr->aead && suite->integ)
		r->mac = keyed_mac(suite->integ);
	if ((suite->encr->evp && (!r->seal || !r->open)) ||
	    (!suite->encr->aead && suite->integ && !r->mac) || !(r->seal || r->mac) ||
	    !turn(r, &t)) {
		raw_free(r);
		return why_set(why, "OpenSSL has no 16 KB calls of %s", suite->encr->name);
	}
	*e = (struct entrant){ r, turn, raw_free };
	return true;
}
