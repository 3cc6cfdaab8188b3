/*
 * The library context, hashes, prf, prf+ and the key schedule against published figures.
 */
#include "with-crypto.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static const struct transform *row(uint8_t type, uint16_t id)
{
	const struct transform *t = transform_find(type, id, 0);
	assert_non_null(t);
	return t;
}

/*
 * SP 800-135 IKEv2 KDF cases: SKEYSEED = prf(Ni | Nr, g^ir), then prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
 * SHA-1: the ACVP sample of libreswan (programs/cavp/test.acvp.ikev2.json, tcId 100); the others:
 * NIST CAVP cases that strongSwan carries (plugins/test_vectors/test_vectors/kdf_prf*.c).
 */
static const struct {
	const char *name;
	uint16_t prf;
	const char *nonces, *spis, *secret, *skeyseed, *keys;
} schedules[] = {
	{ "SHA-1", 2, "32b50d5f4a3763f39206a04b26564cb1", "34c9e7c1888687853ff77d760d2b2199",
	  "4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52",
	  "a9a7b222b59f8f48645f28a1db5b5f5d7479cba7",
	  "a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062768b76606f9fa5"
	  "e992204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702c979fa280870d2ed41efa9c549fd"
	  "11198af1670b143d384bd275c5f594cf266b05ebadca855e4249520a441a81157435a7a56cc4" },
	{ "SHA-256", 5, "ed80dc79912c32a935fb6d1a3feac078", "47c1858efc932ea4606fd05609624002",
	  "42968e5d0ccc3cfc5a3e4bc1bba370cea1fae0d54c49ccba34b2bee804beeb2e9e8c57a4e01bd45102cf2433aacc6c"
	  "fec06792f363e5170e6aa6650274e906648e449d27a8f00b5b44261982c9835c748a751ec5138eaacc5e0256613395"
	  "38a61bf418e454699e19c32db8d9ce5dd86b220f1e89afc5872e68be36cb1a0c8866",
	  "37fde90b81d63692620f67367b62092e3efdc6a03509137d731004767ff35010",
	  "63d018a08f7a29daa7d1f92cb63f45fa39bbaf5e5f1a78139613bb891e3e6bf9d0448f7c74e05b4c1a25c0b61e62c8"
	  "75e852f287e192d4ae536112db5197216400bd5e123470efc15f53161865fe8b19a1416518a157d651ecd2caddab6a"
	  "9eae6a27a55af088218d5156edaa9789f934d9836ed43edffda553822202ff9f7d4860ca72e0" },
	{ "SHA-384", 6, "d672b0bc852829b93509f3b724706364", "0f9a016d7b22223c85f710daf8b982d8",
	  "4df040b70978629c49437cff41a0d46cbea68c8d75b370ffc11d7b387144ea83bb5903fbb92e473df50a9b19ea43e9"
	  "c2f3da9a849c03864276c6f264ecf02a60d40ba65c06656b633f02a87427e928eb66a2dabd9dc05744717bcaf7ae78"
	  "c296872f5c48d1a8120c2155b70c565ce271998e3e44af263d487ea3ba7f56132d7d",
	  "54436a9ea95d6ff79b967f4b07f6de976a376e8ea26aa9574709afc60243c9c141da4ca0e158e627a75ea87f6feb07"
	  "ef",
	  "10b00a654643b3b985764f86e23ef62431122fcc96de16e338a372bee49391db1f83a7358c080380abbf4af47cdb83"
	  "b9530343168f7dbc9221260e1546c6b383e2235d2705a727f0b41aebf6a1b4c61cb460660152a17ba74c20d5191ba6"
	  "841794945270d829587b7f3294639ea7b77149e1d07230ac16e0cd5ab236fa3212bd569ee70f" },
	{ "SHA-512", 7, "df7931db9b429e10b8aa8e4d46042393", "9ba40af9157f47925383c7cd3d1046e6",
	  "1e3b007d2da913ca60ecc98c25a22db08073d5c35c11b2524b298a922b6abfe6acf7359db66ae5f85d67aacff68641"
	  "9cd8666d05ae7977cefad7f54dd8e312a8e8e5e0370f88142fbdd659dd6fde22bdd531f5402881a8de85c1024e595e"
	  "c93c575618af7fd3dbac7982919078d71cc13eff1910a032750e1ff428675de189ee",
	  "daf9bd6f2f912da553867966af386e67909a8df0ca7e84b83b355cb7d7f1026f17d8ea34b5d57fd0d1ba389528fca1"
	  "e81d1c8ce511b28a2458241143fee30ccc",
	  "919a75deaeccbd393bebc89615f8a215edb7073b2319d86740221eee7a2deb92509044d7e61fcb1bf9676b3881c7ce"
	  "d49e6bba1549da3113601677a2445d91ac13a597335782dd3a9cf496d9e19b932f27dd35e36f8070d232d0a3b3f4c4"
	  "a0b4ba4470778dc090f31f52ab1b6d81e4c7dfb35063ad96c327adcdbde714cc9a6b5ef049b8" },
};

static void test_skeyseed_and_prf_plus(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schedules); i++) {
		const struct transform *prf = row(TRANSFORM_PRF, schedules[i].prf);
		struct octets nonces = octets_of(schedules[i].nonces), secret = octets_of(schedules[i].secret);
		struct octets keys = octets_of(schedules[i].keys), seed = octets_of(schedules[i].nonces);
		struct octets spis = octets_of(schedules[i].spis);
		uint8_t skeyseed[64], out[256];
		memcpy(seed.at + seed.len, spis.at, spis.len);
		seed.len += spis.len;
		assert_true(prf_compute(crypto, prf, octets_bytes(&nonces),
					(struct bytes[]){ octets_bytes(&secret) }, 1, skeyseed));
		struct bytes key = { skeyseed, prf->output };
		expect_hex(key, schedules[i].skeyseed, schedules[i].name);
		assert_true(prf_plus(crypto, prf, key, octets_bytes(&seed), out, keys.len));
		expect_hex(bytes_make(out, keys.len), schedules[i].keys, schedules[i].name);
	}
}

/* The other outputs of the ACVP case: KEYMAT without and with a fresh key exchange, and an IKE rekey.
 * SK_d is the first prf output of the keys above. */
static void test_keymat_and_rekey(void **state)
{
	static const char no_ke[] =
		"8059e3ee8810e6c3a91bc8bcd2a7a41151b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d1cdabd9560b2d5e092d1"
		"f24e2d4b85eccdf0ad0dc9abd94b51ee71814ca6dbc8bb51b6309f5b9545c7eb35cf5580b1e521a8fe20754a2d88"
		"3ba0c2cf285f524aea6545b33106bc03e614296d319d41d4b50b3f510b1c0a22f3e664994d234cb4";
	static const char with_ke[] =
		"bb43244c1860ad65ee1e211ffe8bb3661750c8f89cb9f547df7f4fa61d37301628190e38c66232eab4b3ab14c400"
		"a5197dd3730ed4820a8a10394d51e1c0400052f63ebd36b0e7ef53aaed31eba4a5080d7d4b5666023a8bbb5ffb78"
		"57240f9a05884d1b7d2f933708450b7b3288f1fc863ab49fa901227cffc06e27899c7054d56fd74c";
	const struct transform *prf = row(TRANSFORM_PRF, 2);
	struct octets keys = octets_of(schedules[0].keys);
	struct octets nonces = octets_of(schedules[0].nonces);
	struct octets fresh = octets_of("863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330"
					"32b50d5f4a3763f39206a04b26564cb1");
	struct bytes sk_d = { keys.at, 20 };
	struct bytes parts[] = { { fresh.at, 32 }, octets_bytes(&nonces) };
	uint8_t out[132];
	(void)state;
	assert_true(prf_plus(crypto, prf, sk_d, octets_bytes(&nonces), out, sizeof(out)));
	expect_hex(BYTES_OF(out), no_ke, "KEYMAT");
	assert_true(prf_plus(crypto, prf, sk_d, octets_bytes(&fresh), out, sizeof(out)));
	expect_hex(BYTES_OF(out), with_ke, "KEYMAT with a key exchange");
	assert_true(prf_compute(crypto, prf, sk_d, parts, ARRAY_LEN(parts), out));
	expect_hex(bytes_make(out, 20), "63e81194946ebd05df7df5ebf5d8750056bf1f1d", "SKEYSEED of a rekey");
}

/* RFC 2202, RFC 4231 and RFC 4868 2.7; keys of 131 octets are longer than a block of SHA-256. */
static void test_prf(void **state)
{
	static const struct {
		uint16_t id;
		size_t key_len;
		uint8_t key;
		const char *text, *wanted;
	} cases[] = {
		{ 2, 20,  0x0b, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ 5, 20,  0x0b, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ 6, 20,  0x0b, "Hi There", "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
					    "faea9ea9076ede7f4af152e8b2fa9cb6" },
		{ 7, 20,  0x0b, "Hi There", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
					    "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
		{ 5, 131, 0xaa, "Test Using Larger Than Block-Size Key - Hash Key First",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ 5, 0,   0x00, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t key[131], out[64];
		const struct transform *prf = row(TRANSFORM_PRF, cases[i].id);
		memset(key, cases[i].key, sizeof(key));
		struct bytes k = { cases[i].key_len ? key : NULL, cases[i].key_len };
		struct bytes text = bytes_text(cases[i].text);
		assert_true(prf_compute(crypto, prf, k, &text, 1, out));
		expect_hex(bytes_make(out, prf->output), cases[i].wanted, prf->name);
		for (size_t cut = 0; cut <= text.len; cut += 3) {
			struct bytes parts[] = { bytes_slice(text, 0, cut), BYTES_NONE,
						 bytes_slice(text, cut, SIZE_MAX) };
			assert_true(prf_compute(crypto, prf, k, parts, ARRAY_LEN(parts), out));
			expect_hex(bytes_make(out, prf->output), cases[i].wanted, "in parts");
		}
	}
}

/* RFC 4868 2.7.2.1 (test case AUTH256-1 and so on), RFC 2202 case 1. */
static void test_integ(void **state)
{
	static const struct {
		uint16_t id;
		size_t key_len;
		const char *wanted;
	} cases[] = {
		{ 2,  20, "b617318655057264e28bc0b6" },
		{ 12, 32, "198a607eb44bfbc69903a0f1cf2bbdc5" },
		{ 13, 48, "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973" },
		{ 14, 64, "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *integ = row(TRANSFORM_INTEG, cases[i].id);
		uint8_t key[64], out[65] = { 0 };
		memset(key, 0x0b, sizeof(key));
		struct bytes parts[] = { bytes_text("Hi "), bytes_text("There") };
		assert_int_equal(integ->key, cases[i].key_len);
		assert_true(integ_compute(crypto, integ, bytes_make(key, integ->key), parts, 2, out));
		expect_hex(bytes_make(out, integ->icv), cases[i].wanted, integ->name);
		assert_int_equal(out[integ->icv], 0);
	}
}

/* RFC 3566 4.6 and RFC 4434 2.1 (XCBC), RFC 4493 4 and RFC 4615 4 (CMAC), the whole of 16 octets.  Keys
 * and messages count up from 0 as far as "" says so. */
static void test_block_cipher_macs(void **state)
{
	static const char nist[] = "2b7e151628aed2a6abf7158809cf4f3c", text[] =
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
	static const char count16[] = "000102030405060708090a0b0c0d0e0f", count34[] =
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021";
	static const struct {
		uint16_t prf;
		const char *key, *text;
		size_t len;
		const char *wanted;
	} cases[] = {
		{ 4, count16, count34, 0,  "75f0251d528ac01c4573dfd584d79f29" },
		{ 4, count16, count34, 3,  "5b376580ae2f19afe7219ceef172756f" },
		{ 4, count16, count34, 16, "d2a246fa349b68a79998a4394ff7a263" },
		{ 4, count16, count34, 20, "47f51b4564966215b8985c63055ed308" },
		{ 4, count16, count34, 32, "f54f0ec8d2b9f3d36807734bd5283fd4" },
		{ 4, count16, count34, 34, "becbb3bccdb518a30677d5481fb6b4d8" },
		{ 4, "00010203040506070809", count34, 20, "0fa087af7d866e7653434e602fdde835" },
		{ 4, "000102030405060708090a0b0c0d0e0fedcb", count34, 20, "8cd3c93ae598a9803006ffb67c40e9e4" },
		{ 8, nist, text, 0,  "bb1d6929e95937287fa37d129b756746" },
		{ 8, nist, text, 16, "070a16b46b4d4144f79bdd9dd04a287c" },
		{ 8, nist, text, 40, "dfa66747de9ae63030ca32611497c827" },
		{ 8, nist, text, 64, "51f0bebf7e3b9d92fc49741779363cfe" },
		{ 8, count16, count34, 20, "980ae87b5f4c9c5214f5b6a8455e4c2d" },
		{ 8, "00010203040506070809", count34, 20, "290d9e112edb09ee141fcf64c0b72f3d" },
		{ 8, "000102030405060708090a0b0c0d0e0fedcb", count34, 20, "84a348a4a45d235babfffc0d2b4da09a" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *prf = row(TRANSFORM_PRF, cases[i].prf);
		const struct transform *integ = row(TRANSFORM_INTEG, cases[i].prf == 4 ? 5 : 8);
		struct octets key = octets_of(cases[i].key), message = octets_of(cases[i].text);
		struct bytes whole = bytes_slice(octets_bytes(&message), 0, cases[i].len);
		uint8_t out[16];
		assert_true(prf_key_is_fixed(prf));
		for (size_t cut = 0; cut <= whole.len; cut++) {
			struct bytes parts[] = { bytes_slice(whole, 0, cut), bytes_slice(whole, cut, SIZE_MAX) };
			assert_true(prf_compute(crypto, prf, octets_bytes(&key), parts, 2, out));
			expect_hex(BYTES_OF(out), cases[i].wanted, prf->name);
		}
		if (key.len != 16)
			continue;
		assert_true(integ_compute(crypto, integ, octets_bytes(&key), &whole, 1, out));
		assert_int_equal(memcmp(octets_of(cases[i].wanted).at, out, integ->icv), 0);
	}
	assert_false(prf_key_is_fixed(row(TRANSFORM_PRF, 5)));
}

static void test_prf_plus_limits(void **state)
{
	const struct transform *prf = row(TRANSFORM_PRF, 2);
	static uint8_t out[255 * 20 + 1], less[45];
	struct bytes key = bytes_text("key"), seed = bytes_text("seed");
	(void)state;
	assert_true(prf_plus(crypto, prf, key, seed, out, 255 * 20));
	assert_false(prf_plus(crypto, prf, key, seed, out, 255 * 20 + 1));
	assert_true(prf_plus(crypto, prf, key, seed, less, sizeof(less)));
	assert_memory_equal(out, less, sizeof(less));
	assert_true(prf_plus(crypto, prf, key, seed, less, 0));
}

static void test_the_wrong_sort_is_refused(void **state)
{
	uint8_t out[64];
	struct bytes key = bytes_text("key");
	(void)state;
	assert_false(prf_compute(crypto, row(TRANSFORM_INTEG, 12), key, NULL, 0, out));
	assert_false(integ_compute(crypto, row(TRANSFORM_PRF, 5), key, NULL, 0, out));
	assert_false(prf_compute(crypto, row(TRANSFORM_PRF, 1), key, NULL, 0, out));
	assert_false(prf_plus(crypto, row(TRANSFORM_PRF, 9), key, key, out, 1));
	assert_false(integ_compute(crypto, row(TRANSFORM_INTEG, 1), key, NULL, 0, out));
	assert_false(integ_compute(crypto, row(TRANSFORM_INTEG, 5), key, NULL, 0, out));
}

/* FIPS 180-4 examples: "abc". */
static void test_hash(void **state)
{
	static const struct {
		const char *evp, *wanted;
	} cases[] = {
		{ "SHA1",   "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "SHA256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "SHA384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
			    "58baeca134c825a7" },
		{ "SHA512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
			    "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
		{ "MD5",    "900150983cd24fb0d6963f7d28e17f72" },
	};
	uint8_t out[64];
	size_t len;
	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			assert_true(crypto_hash(crypto, cases[i].evp, bytes_text("abc"), out, sizeof(out), &len));
			expect_hex(bytes_make(out, len), cases[i].wanted, cases[i].evp);
		}
	assert_true(crypto_hash(crypto, "SHA1", BYTES_NONE, out, 20, &len));
	expect_hex(bytes_make(out, len), "da39a3ee5e6b4b0d3255bfef95601890afd80709", "SHA1 of nothing");
	assert_false(crypto_hash(crypto, "SHA1", BYTES_NONE, out, 19, &len));
	assert_false(crypto_hash(crypto, "no-such-hash", BYTES_NONE, out, sizeof(out), &len));
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(crypto_equal(bytes_text("abc"), bytes_text("abc")));
	assert_false(crypto_equal(bytes_text("abc"), bytes_text("abd")));
	assert_false(crypto_equal(bytes_text("abc"), bytes_text("ab")));
	assert_true(crypto_equal(BYTES_NONE, bytes_text("")));
}

/* A key pair made by OpenSSL itself in our library context; its private value in hex, or its whole
 * public encoding. */
static void make_pair(const char *type, const char *group, char *text, size_t cap)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_library(crypto), type, NULL);
	EVP_PKEY *key = NULL;
	unsigned char *public = NULL;
	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	if (group)
		assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, group), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &public);
	assert_true(len > 0);
	bytes_hex(bytes_make(public, len), text, cap);
	OPENSSL_free(public);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static void test_openssl_repeats_with_the_seed(void **state)
{
	static const struct {
		const char *type, *group;
	} cases[] = { { "EC", "P-256" }, { "EC", "P-384" }, { "X25519", NULL }, { "DH", "modp_2048" } };
	struct rng r;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char first[600], again[600], other[600];
		rng_seed(&r, 1, "keygen");
		crypto_draw_from(crypto, &r);
		make_pair(cases[i].type, cases[i].group, first, sizeof(first));
		make_pair(cases[i].type, cases[i].group, other, sizeof(other));
		assert_string_not_equal(first, other);
		rng_seed(&r, 1, "keygen");
		make_pair(cases[i].type, cases[i].group, again, sizeof(again));
		expect_text(cases[i].type, first, again);
		rng_seed(&r, 2, "keygen");
		make_pair(cases[i].type, cases[i].group, again, sizeof(again));
		assert_string_not_equal(first, again);
	}
	assert_int_equal(crypto_stray_draws(crypto), 0);
}

/* ECDSA and PSS draw too (a nonce, a salt): the same signature for the same seed. */
static void sign(EVP_PKEY *key, uint8_t *out, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", crypto_library(crypto), NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, out, len, (const uint8_t *)"octets", 6), 1);
	EVP_MD_CTX_free(ctx);
}

static void test_signatures_repeat_with_the_seed(void **state)
{
	struct rng r;
	uint8_t first[128], again[128];
	size_t first_len = sizeof(first), again_len = sizeof(again);
	(void)state;
	rng_seed(&r, 1, "key");
	crypto_draw_from(crypto, &r);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(crypto_library(crypto), NULL, "EC", "P-256");
	assert_non_null(key);
	rng_seed(&r, 2, "sign");
	sign(key, first, &first_len);
	rng_seed(&r, 2, "sign");
	sign(key, again, &again_len);
	assert_true(bytes_equal(bytes_make(first, first_len), bytes_make(again, again_len)));
	again_len = sizeof(again);
	sign(key, again, &again_len);
	assert_false(bytes_equal(bytes_make(first, first_len), bytes_make(again, again_len)));
	EVP_PKEY_free(key);
	assert_int_equal(crypto_stray_draws(crypto), 0);
}

static void test_stray_draws_are_counted(void **state)
{
	struct crypto *c = crypto_new(NULL);
	struct rng r, copy;
	uint8_t x[16], y[16];
	(void)state;
	rng_seed(&r, 1, "r");
	copy = r;
	assert_int_equal(crypto_stray_draws(c), 0);
	assert_int_equal(RAND_bytes_ex(crypto_library(c), x, sizeof(x), 0), 1);
	assert_int_equal(crypto_stray_draws(c), 1);
	crypto_draw_from(c, &r);
	assert_int_equal(RAND_priv_bytes_ex(crypto_library(c), x, sizeof(x), 0), 1);
	assert_int_equal(crypto_stray_draws(c), 1);
	rng_fill(&copy, y, sizeof(y));
	assert_memory_equal(x, y, sizeof(x));
	crypto_draw_from(c, NULL);
	assert_int_equal(RAND_bytes_ex(crypto_library(c), x, sizeof(x), 0), 1);
	assert_int_equal(crypto_stray_draws(c), 2);
	crypto_free(c);
	crypto_free(NULL);
}

/* The default library context has the null provider alone (see with-crypto.h), so whatever of this file or
 * of base had asked it for an algorithm would have failed. */
static void test_the_default_context_is_of_no_use(void **state)
{
	(void)state;
	assert_null(EVP_MD_fetch(NULL, "SHA256", NULL));
	assert_null(EVP_RAND_fetch(NULL, "CTR-DRBG", NULL));
	EVP_MD *md = EVP_MD_fetch(crypto_library(crypto), "SHA256", NULL);
	assert_non_null(md);
	EVP_MD_free(md);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skeyseed_and_prf_plus),
		cmocka_unit_test(test_keymat_and_rekey),
		cmocka_unit_test(test_prf),
		cmocka_unit_test(test_integ),
		cmocka_unit_test(test_block_cipher_macs),
		cmocka_unit_test(test_prf_plus_limits),
		cmocka_unit_test(test_the_wrong_sort_is_refused),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_openssl_repeats_with_the_seed),
		cmocka_unit_test(test_signatures_repeat_with_the_seed),
		cmocka_unit_test(test_stray_draws_are_counted),
		cmocka_unit_test(test_the_default_context_is_of_no_use),
	};
	return cmocka_run_group_tests(tests, start_crypto, stop_crypto);
}
