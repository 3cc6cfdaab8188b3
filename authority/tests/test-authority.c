/*
 * Every kind of certificate with every kind of key: OpenSSL's own verification, without ours, finds exactly what
 * the kind says; and the same wish gives the same octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "authority/authority.h"

#define NOW 1767225600  /* 2026-01-01 */

struct state {
	OSSL_PROVIDER *null_provider;
	struct crypto *crypto;
	struct authority *authority;
	struct arena *arena;
};
static struct state s;

static int start(void **state)
{
	struct why why = { .text = "" };
	(void)state;
	s.null_provider = OSSL_PROVIDER_load(NULL, "null");
	s.crypto = crypto_new(&why);
	s.authority = s.crypto ? authority_new(s.crypto, &why) : NULL;
	s.arena = arena_new(1 << 24);
	if (!s.authority)
		fprintf(stderr, "%s\n", why.text);
	return s.authority && s.arena ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	int strays = (int)crypto_stray_draws(s.crypto);
	authority_free(s.authority);
	crypto_free(s.crypto);
	arena_free(s.arena);
	OSSL_PROVIDER_unload(s.null_provider);
	return strays;
}

static struct authority_issued issue(const char *key, const char *kind)
{
	struct authority_wish wish = { "tester", key, kind, 2, bytes_text("tester.example.org") };
	struct authority_issued out;
	struct why why;
	if (!authority_issue(s.authority, &wish, s.arena, &out, &why))
		fail_msg("%s %s: %s", key, kind, why.text);
	return out;
}

static X509 *read(struct bytes der)
{
	const unsigned char *at = der.at;
	X509 *cert = X509_new_ex(crypto_library(s.crypto), NULL);
	assert_non_null(d2i_X509(&cert, &at, (long)der.len));
	return cert;
}

/* What X509_verify_cert says: the first error, or X509_V_OK. */
static int verify(const struct authority_issued *in)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(crypto_library(s.crypto), NULL);
	X509 *root = read(authority_root(s.authority)), *leaf = read(in->chain[0]);
	struct bytes der = authority_crl(s.authority);
	const unsigned char *at = der.at;
	X509_CRL *crl = X509_CRL_new_ex(crypto_library(s.crypto), NULL);
	assert_non_null(d2i_X509_CRL(&crl, &at, (long)der.len));
	X509_STORE_add_cert(store, root);
	X509_STORE_add_crl(store, crl);
	for (size_t i = 1; i < in->count; i++)
		sk_X509_push(others, read(in->chain[i]));
	assert_true(X509_STORE_CTX_init(ctx, store, leaf, others));
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(p, NOW);
	X509_VERIFY_PARAM_set_auth_level(p, 2);
	if (in->count == 1)
		X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_CRL_CHECK);
	int error = X509_verify_cert(ctx) > 0 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(others, X509_free);
	X509_free(root);
	X509_free(leaf);
	X509_CRL_free(crl);
	return error;
}

static const struct {
	const char *kind;
	int error;
	size_t count;
} expected[] = {
	{ "good",                 X509_V_OK,                                     1 },
	{ "with-intermediate",    X509_V_OK,                                     2 },
	{ "chain-of-four",        X509_V_OK,                                     4 },
	{ "for-ike",              X509_V_OK,                                     1 },
	{ "never-sent",           X509_V_OK,                                     1 },
	{ "expired",              X509_V_ERR_CERT_HAS_EXPIRED,                   1 },
	{ "not-yet-valid",        X509_V_ERR_CERT_NOT_YET_VALID,                 1 },
	{ "revoked",              X509_V_ERR_CERT_REVOKED,                       1 },
	{ "other-ca",             X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,  1 },
	{ "other-ca-same-name",   X509_V_ERR_CERT_SIGNATURE_FAILURE,             1 },
	{ "self-signed",          X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,        1 },
	{ "missing-intermediate", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,  1 },
	{ "issued-by-end-entity", X509_V_ERR_INVALID_CA,                         2 },
	{ "bad-signature",        X509_V_ERR_CERT_SIGNATURE_FAILURE,             1 },
	{ "other-identity",       X509_V_OK,                                     1 },
	{ "wildcard-identity",    X509_V_OK,                                     1 },
	{ "no-identity",          X509_V_OK,                                     1 },
	{ "wrong-purpose",        X509_V_OK,                                     1 },
	{ "wrong-usage",          X509_V_OK,                                     1 },
	{ "critical-extension",   X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,       1 },
	{ "weak-key",             X509_V_ERR_EE_KEY_TOO_SMALL,                   1 },
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_string_equal(authority_kind(i)->name, expected[i].kind);
		for (size_t k = 0; authority_key_name(k); k++) {
			struct authority_issued out = issue(authority_key_name(k), expected[i].kind);
			int error = verify(&out);
			if (error != expected[i].error || out.count != expected[i].count)
				fail_msg("%s %s: %s, %zu certificates", authority_key_name(k), expected[i].kind,
					 X509_verify_cert_error_string(error), out.count);
		}
	}
	assert_null(authority_kind(ARRAY_LEN(expected)));
	assert_false(authority_knows_kind("excellent"));
	assert_false(authority_knows_key("dsa"));
}

/* The names, usages and purposes that verification does not look at. */
static void test_end_entities(void **state)
{
	static const struct {
		const char *kind;
		bool host, sign, purpose;
	} cases[] = {
		{ "good",           true,  true,  false }, { "other-identity", false, true,  false },
		{ "no-identity",    false, true,  false }, { "wrong-usage",    true,  false, false },
		{ "wrong-purpose",  true,  true,  true  }, { "for-ike",        true,  true,  true  },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct authority_issued out = issue("ecdsa256", cases[i].kind);
		X509 *cert = read(out.chain[0]);
		unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
		assert_int_equal(X509_check_host(cert, "tester.example.org", 0, flags, NULL), cases[i].host);
		assert_int_equal(!!(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE), cases[i].sign);
		assert_int_equal(!!(X509_get_extension_flags(cert) & EXFLAG_XKUSAGE), cases[i].purpose);
		X509_free(cert);
	}
}

static void test_repeats(void **state)
{
	struct why why;
	(void)state;
	struct authority *again = authority_new(s.crypto, &why);
	assert_non_null(again);
	assert_true(bytes_equal(authority_root(again), authority_root(s.authority)));
	assert_true(bytes_equal(authority_crl(again), authority_crl(s.authority)));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct authority_wish wish = { "tester", "rsa", expected[i].kind, 2, bytes_text("tester.example.org") };
		struct authority_issued one = issue("rsa", expected[i].kind), two;
		assert_true(authority_issue(again, &wish, s.arena, &two, &why));
		for (size_t k = 0; k < one.count; k++)
			assert_true(bytes_equal(one.chain[k], two.chain[k]));
		assert_true(bytes_equal(one.private_key, two.private_key));
	}
	authority_free(again);
}

/* Each owner and each identity has a certificate of its own; a serial comes once. */
static void test_identities(void **state)
{
	static const struct {
		const char *owner;
		uint8_t type;
		const char *id;
	} cases[] = {
		{ "tester", 2, "a.example.org" }, { "tester", 2, "b.example.org" }, { "target", 2, "a.example.org" },
		{ "tester", 3, "a@example.org" }, { "tester", 1, "\xc0\x00\x02\x01" }, { "tester", 9, "" },
	};
	struct bytes seen[ARRAY_LEN(cases)], subject;
	struct why why;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct authority_wish wish = { cases[i].owner, "ecdsa256", NULL, cases[i].type,
					       bytes_make(cases[i].id, cases[i].type == 1 ? 4 : strlen(cases[i].id)) };
		struct authority_issued out;
		assert_true(authority_issue(s.authority, &wish, s.arena, &out, &why));
		assert_int_equal(verify(&out), X509_V_OK);
		assert_true(authority_subject(s.authority, out.chain[0], s.arena, &subject));
		seen[i] = out.chain[0];
		for (size_t k = 0; k < i; k++)
			assert_false(bytes_equal(seen[i], seen[k]));
	}
}

static void test_refusals(void **state)
{
	static const struct authority_wish wrong[] = {
		{ "tester", "rsa", "excellent", 2, { NULL, 0 } },
		{ "tester", "dsa", "good",      2, { NULL, 0 } },
		{ "nobody", "rsa", "good",      2, { NULL, 0 } },
	};
	struct authority_issued out;
	struct why why;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		why.text[0] = '\0';
		assert_false(authority_issue(s.authority, &wrong[i], s.arena, &out, &why));
		assert_non_null(strstr(why.text, "test authority"));
	}
	assert_false(authority_subject(s.authority, bytes_text("no certificate"), s.arena, &out.chain[0]));
}

static void test_pem(void **state)
{
	(void)state;
	assert_string_equal(authority_pem(s.arena, "X", bytes_text("0123456789012345678901234567890123456789012345678")),
			    "-----BEGIN X-----\n"
			    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\nOA==\n"
			    "-----END X-----\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),      cmocka_unit_test(test_end_entities),
		cmocka_unit_test(test_repeats),    cmocka_unit_test(test_identities),
		cmocka_unit_test(test_refusals),   cmocka_unit_test(test_pem),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
