/*
 * A library context for a group of tests.  The default context gets the null provider alone, so that
 * whatever asks it for an algorithm fails; and a stray draw fails the group.
 */
#ifndef BASE_TESTS_WITH_CRYPTO_H
#define BASE_TESTS_WITH_CRYPTO_H

#include "base/crypto.h"
#include "test.h"

#include <openssl/provider.h>

static struct crypto *crypto;
static OSSL_PROVIDER *null_provider;

static int start_crypto(void **state)
{
	struct why why = { "no null provider" };
	(void)state;
	null_provider = OSSL_PROVIDER_load(NULL, "null");
	crypto = null_provider ? crypto_new(&why) : NULL;
	if (!crypto)
		fprintf(stderr, "%s\n", why.text);
	return crypto ? 0 : -1;
}

static int stop_crypto(void **state)
{
	(void)state;
	int strays = (int)crypto_stray_draws(crypto);
	crypto_free(crypto);
	OSSL_PROVIDER_unload(null_provider);
	return strays;
}

#endif
