/*
 * The keys of a rekeyed IKE SA (RFC 7296 2.18) against OpenSSL's HKDF (RFC 5869), which knows nothing of our key
 * schedule: SKEYSEED is its extraction with SK_d of the old IKE SA as salt, prf+ is its expansion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "../inside.h"
#include "pair.h"

static const struct ike_sa *newest(struct pair *p, int end)
{
	return p->end[end].endpoint->newest;
}

static void hkdf(const char *digest, struct bytes salt, struct bytes key, struct bytes info, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.at, salt.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.at, key.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.at, info.len),
		OSSL_PARAM_construct_end(),
	};

	assert_non_null(ctx);
	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* Every key of the SA, in the order in which they are cut off: those that the suite has not are empty. */
static struct bytes all_keys(const struct ike_sa *sa, uint8_t *at, size_t cap)
{
	const struct ike_keys *k = &sa->keys;
	const struct bytes parts[] = { k->sk_d, k->sk_ai, k->sk_ar, k->sk_ei, k->sk_er, k->sk_pi, k->sk_pr };
	struct sink s = sink_over(at, cap);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		sink_put(&s, parts[i]);
	assert_false(s.full);
	return sink_bytes(&s);
}

static void same_as_hkdf(const struct ike_sa *sa, const char *digest, struct bytes old_sk_d)
{
	uint8_t secret[1024], info[1024], got[1024], wanted[1024], spis[16];
	struct sink key = sink_over(secret, sizeof(secret)), seed = sink_over(info, sizeof(info));
	struct bytes keys = all_keys(sa, got, sizeof(got));

	store_u64(spis, sa->spi_i);
	store_u64(spis + 8, sa->spi_r);
	sink_put(&key, sa->secret);
	sink_put(&key, sa->ni);
	sink_put(&key, sa->nr);
	sink_put(&seed, sa->ni);
	sink_put(&seed, sa->nr);
	sink_put(&seed, BYTES_OF(spis));
	assert_false(key.full || seed.full);
	hkdf(digest, old_sk_d, sink_bytes(&key), sink_bytes(&seed), wanted, keys.len);
	assert_memory_equal(keys.at, wanted, keys.len);
}

static void rekeyed(void **state)
{
	static const struct {
		const char *ike, *digest;
		int end;        /* that rekeys */
	} cases[] = {
		{ "aes128gcm16-prfsha256-x25519", "SHA2-256", LEFT },
		{ "aes256gcm16-prfsha384-ecp384", "SHA2-384", RIGHT },
		{ "aes256-sha512-ecp256", "SHA2-512", LEFT },
		{ "aes128-sha1-modp2048", "SHA1", RIGHT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair *p = pair_new(&(struct pair_setup){ .ike = cases[i].ike });
		uint8_t old[64];

		pair_start(p);
		assert_true(pair_handshake(p));
		for (int round = 0; round < 3; round++) {
			struct bytes sk_d = newest(p, LEFT)->keys.sk_d;

			assert_in_range(sk_d.len, 1, sizeof(old));
			memcpy(old, sk_d.at, sk_d.len);
			assert_true(pair_ask(p, cases[i].end, PURPOSE_REKEY_IKE));
			same_as_hkdf(newest(p, LEFT), cases[i].digest, bytes_make(old, sk_d.len));
			same_as_hkdf(newest(p, RIGHT), cases[i].digest, bytes_make(old, sk_d.len));
		}
		pair_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rekeyed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
