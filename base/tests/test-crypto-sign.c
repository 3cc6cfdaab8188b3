/*
 * Signatures: every scheme with every kind of key, published vectors (RFC 6979 A.2.5, RFC 8032 7.1),
 * repetition with a seed, and AlgorithmIdentifiers good and bad.
 */
#include "with-crypto.h"

#include "base/signature.h"

static const char *const kinds[] = { "rsa2048", "p256", "p384", "p521", "ed25519", "ed448" };
static struct signature_key *keys[ARRAY_LEN(kinds)];

static int make_keys(void **state)
{
	if (start_crypto(state))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct why why = { .text = "" };
		struct rng r;
		rng_seed(&r, 1, kinds[i]);
		keys[i] = signature_key_generate(crypto, &r, kinds[i], &why);
		if (!keys[i]) {
			fprintf(stderr, "%s: %s\n", kinds[i], why.text);
			return -1;
		}
	}
	return 0;
}

static int drop_keys(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		signature_key_free(keys[i]);
	return stop_crypto(state);
}

static bool make(size_t key, const struct signature_scheme *s, uint64_t seed, struct bytes parts[2],
		 uint8_t out[static SIGNATURE_MAX], size_t *len)
{
	struct rng r;
	struct why why;
	rng_seed(&r, seed, "sign");
	crypto_draw_from(crypto, &r);
	bool good = signature_make(crypto, keys[key], s, parts, 2, out, len, &why);
	crypto_draw_from(crypto, NULL);
	return good;
}

/* Good as made; bad with a bit changed anywhere, cut short, or of other octets. */
static void try_scheme(size_t key, const struct signature_scheme *s)
{
	struct bytes parts[2] = { bytes_text("octets that are "), bytes_text("signed") },
		     whole = bytes_text("octets that are signed"), other = bytes_text("Octets that are signed");
	uint8_t out[SIGNATURE_MAX];
	size_t len;
	assert_true(make(key, s, 1, parts, out, &len));
	assert_true(signature_good(crypto, keys[key], s, -1, &whole, 1, bytes_make(out, len)));
	assert_false(signature_good(crypto, keys[key], s, -1, &other, 1, bytes_make(out, len)));
	assert_false(signature_good(crypto, keys[key], s, -1, &whole, 1, bytes_make(out, len - 1)));
	assert_false(signature_good(crypto, keys[key], s, -1, &whole, 1, BYTES_NONE));
	for (size_t at = 0; at < len; at += len / 7) {
		out[at] ^= 0x10;
		assert_false(signature_good(crypto, keys[key], s, -1, &whole, 1, bytes_make(out, len)));
		out[at] ^= 0x10;
	}
}

static void test_schemes(void **state)
{
	(void)state;
	size_t tried = 0;
	for (size_t i = 0; i < signature_schemes_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			const struct signature_scheme *s = &signature_schemes[i];
			struct bytes parts[2] = { BYTES_NONE, BYTES_NONE };
			uint8_t out[SIGNATURE_MAX];
			size_t len;
			if (signature_key_fits(keys[k], s)) {
				try_scheme(k, s);
				tried++;
			} else {
				assert_false(make(k, s, 1, parts, out, &len));
				assert_false(signature_good(crypto, keys[k], s, -1, parts, 1, BYTES_OF("x")));
			}
		}
	assert_int_equal(tried, 7 + 3 * 4 + 2);
}

/* The second signature of a key is blinded otherwise than the first, and yet the same. */
static void test_repeats(void **state)
{
	(void)state;
	struct bytes parts[2] = { bytes_text("a"), bytes_text("b") };
	for (size_t i = 0; i < signature_schemes_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			const struct signature_scheme *s = &signature_schemes[i];
			uint8_t out[3][SIGNATURE_MAX];
			size_t len[3];
			if (!signature_key_fits(keys[k], s))
				continue;
			for (size_t n = 0; n < 3; n++)
				assert_true(make(k, s, n == 2 ? 8 : 7, parts, out[n], &len[n]));
			assert_true(bytes_equal(bytes_make(out[0], len[0]), bytes_make(out[1], len[1])));
			bool chance = s->pss || strcmp(s->key, "EC") == 0;
			assert_int_equal(chance, !bytes_equal(bytes_make(out[0], len[0]),
							      bytes_make(out[2], len[2])));
		}
}

static void test_keys(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 16);
	struct why why;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct bytes private = signature_key_export(keys[k], true, a);
		struct bytes public = signature_key_export(keys[k], false, a);
		struct signature_key *one = signature_key_private(crypto, private, &why);
		struct signature_key *two = signature_key_public(crypto, public, &why);
		assert_non_null(one);
		assert_non_null(two);
		assert_true(bytes_equal(signature_key_export(one, true, a), private));
		assert_true(bytes_equal(signature_key_export(two, false, a), public));
		assert_null(signature_key_public(crypto, bytes_slice(public, 0, public.len - 1), &why));
		assert_null(signature_key_private(crypto, BYTES_NONE, &why));
		signature_key_free(one);
		signature_key_free(two);
	}
	assert_int_equal(signature_key_bits(keys[0]), 2048);
	assert_int_equal(signature_key_bits(keys[3]), 521);
	assert_string_equal(signature_key_kind(keys[4]), "ED25519");
	arena_free(a);
}

static struct bytes hex(struct arena *a, const char *text)
{
	uint8_t *at = arena_alloc(a, strlen(text) / 2 + 1);
	size_t len;
	assert_true(bytes_from_hex(text, at, strlen(text) / 2 + 1, &len));
	return bytes_make(at, len);
}

static void test_vectors(void **state)
{
	static const struct {
		const char *scheme, *spki, *message, *signature;
		bool raw;
	} cases[] = {
		{ "ecdsa-sha256",
		  "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
		  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
		  "73616d706c65",
		  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8", true },
		{ "ed25519", "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		  "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b", false },
		{ "ed25519", "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		  "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00", false },
	};
	(void)state;
	struct arena *a = arena_new(1 << 16);
	struct why why;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct signature_key *k = signature_key_public(crypto, hex(a, cases[i].spki), &why);
		struct bytes message = hex(a, cases[i].message), sig = hex(a, cases[i].signature);
		uint8_t der[SIGNATURE_MAX], raw[64];
		size_t len;
		assert_non_null(k);
		if (cases[i].raw) {
			assert_true(signature_from_raw(sig, der, &len));
			assert_true(signature_to_raw(bytes_make(der, len), 32, raw));
			assert_memory_equal(raw, sig.at, 64);
			sig = bytes_make(der, len);
		}
		assert_true(signature_good(crypto, k, signature_scheme_find(cases[i].scheme), -1, &message,
					   1, sig));
		signature_key_free(k);
	}
	arena_free(a);
}

static void test_raw(void **state)
{
	(void)state;
	uint8_t out[SIGNATURE_MAX], zero[300] = { 0 };
	size_t len;
	assert_false(signature_from_raw(BYTES_NONE, out, &len));
	assert_false(signature_from_raw(bytes_make(zero, 63), out, &len));
	assert_false(signature_from_raw(bytes_make(zero, 300), out, &len));
	assert_true(signature_from_raw(bytes_make(zero, 64), out, &len));
	assert_false(signature_to_raw(bytes_text("no DER"), 32, out));
	assert_true(signature_from_raw(BYTES_OF("\xff\xff\xff\xff\xff\xff\xff"), out, &len));
	assert_false(signature_to_raw(bytes_make(out, len), 2, zero));  /* numbers that do not fit */
}

/* ------------------------------------------------------------ AlgorithmIdentifiers */

static void test_algorithms(void **state)
{
	(void)state;
	struct why why;
	int salt;
	for (size_t i = 0; i < signature_schemes_count; i++) {
		const struct signature_scheme *s = &signature_schemes[i];
		struct bytes der = signature_algorithm(s);
		assert_int_equal(der.len, 2u + der.at[1]);
		assert_ptr_equal(signature_algorithm_read(der, &salt, &why), s);
		assert_int_equal(salt, s->pss ? der.at[der.len - 1] : -1);
		for (size_t cut = 0; cut < der.len; cut++)
			assert_null(signature_algorithm_read(bytes_slice(der, 0, cut), &salt, &why));
	}
}

static void test_other_algorithms(void **state)
{
	static const struct {
		const char *what, *der, *scheme;
		int salt;
	} cases[] = {
		{ "RSA without NULL", "300b06092a864886f70d01010b", "rsa-sha256", -1 },
		{ "ECDSA with NULL", "300c06082a8648ce3d0403020500", "ecdsa-sha256", -1 },
		{ "a salt of 20",
		  "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a"
		  "06092a864886f70d010108300d06096086480165030402010500a203020114", "rsa-pss-sha256", 20 },
		{ "trailer field",
		  "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a"
		  "06092a864886f70d010108300d06096086480165030402010500a203020120a303020101", "rsa-pss-sha256", 32 },
		{ "PSS without parameters", "300b06092a864886f70d01010a", NULL, 0 },
		{ "PSS with the defaults", "300d06092a864886f70d01010a3000", NULL, 0 },
		{ "PSS with NULL", "300d06092a864886f70d01010a0500", NULL, 0 },
		{ "another hash in the mask",
		  "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a"
		  "06092a864886f70d010108300d06096086480165030402020500a203020120", NULL, 0 },
		{ "a salt of 32767",
		  "304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a"
		  "06092a864886f70d010108300d06096086480165030402010500a20402027fff", NULL, 0 },
		{ "a negative salt",
		  "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a"
		  "06092a864886f70d010108300d06096086480165030402010500a2030201ff", NULL, 0 },
		{ "rsaEncryption", "300d06092a864886f70d0101010500", NULL, 0 },
		{ "MD5", "300d06092a864886f70d0101040500", NULL, 0 },
		{ "octets behind it", "300506032b657000", NULL, 0 },
		{ "parameters of Ed25519", "300806032b6570020101", NULL, 0 },
		{ "an OID without octets", "30020600", NULL, 0 },
		{ "indefinite length", "308006032b65700000", NULL, 0 },
		{ "nothing", "", NULL, 0 },
	};
	(void)state;
	struct arena *a = arena_new(1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why;
		int salt;
		const struct signature_scheme *s =
			signature_algorithm_read(hex(a, cases[i].der), &salt, &why);
		if ((s != NULL) != (cases[i].scheme != NULL) ||
		    (s && (strcmp(s->name, cases[i].scheme) != 0 || salt != cases[i].salt)))
			fail_msg("%s: %s, salt %d", cases[i].what, s ? s->name : why.text, salt);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),    cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_keys),       cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_raw),        cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_other_algorithms),
	};
	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
