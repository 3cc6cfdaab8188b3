/*
 * The key schedule against published values: NIST CAVP and ACVP cases of the IKEv2 KDF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../inside.h"

static const struct {
	uint16_t prf;
	const char *ni, *nr, *spi_i, *spi_r, *secret, *skeyseed, *keys;
} vectors[] = {
	{ 2, "32b50d5f4a3763f3", "9206a04b26564cb1", "34c9e7c188868785", "3ff77d760d2b2199",
	  "4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52",
	  "a9a7b222b59f8f48645f28a1db5b5f5d7479cba7",
	  "a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062768b7660"
	  "6f9fa5e992204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702c979fa280870d2ed"
	  "41efa9c549fd11198af1670b143d384bd275c5f594cf266b05ebadca855e4249520a441a81157435a7a56cc"
	  "4" },
	{ 5, "ed80dc79912c32a9", "35fb6d1a3feac078", "47c1858efc932ea4", "606fd05609624002",
	  "42968e5d0ccc3cfc5a3e4bc1bba370cea1fae0d54c49ccba34b2bee804beeb2e9e8c57a4e01bd45102cf2433"
	  "aacc6cfec06792f363e5170e6aa6650274e906648e449d27a8f00b5b44261982c9835c748a751ec5138eaacc"
	  "5e025661339538a61bf418e454699e19c32db8d9ce5dd86b220f1e89afc5872e68be36cb1a0c8866",
	  "37fde90b81d63692620f67367b62092e3efdc6a03509137d731004767ff35010",
	  "63d018a08f7a29daa7d1f92cb63f45fa39bbaf5e5f1a78139613bb891e3e6bf9d0448f7c74e05b4c1a25c0b6"
	  "1e62c875e852f287e192d4ae536112db5197216400bd5e123470efc15f53161865fe8b19a1416518a157d651"
	  "ecd2caddab6a9eae6a27a55af088218d5156edaa9789f934d9836ed43edffda553822202ff9f7d4860ca72e"
	  "0" },
	{ 6, "d672b0bc852829b9", "3509f3b724706364", "0f9a016d7b22223c", "85f710daf8b982d8",
	  "4df040b70978629c49437cff41a0d46cbea68c8d75b370ffc11d7b387144ea83bb5903fbb92e473df50a9b19"
	  "ea43e9c2f3da9a849c03864276c6f264ecf02a60d40ba65c06656b633f02a87427e928eb66a2dabd9dc05744"
	  "717bcaf7ae78c296872f5c48d1a8120c2155b70c565ce271998e3e44af263d487ea3ba7f56132d7d",
	  "54436a9ea95d6ff79b967f4b07f6de976a376e8ea26aa9574709afc60243c9c141da4ca0e158e627a75ea87f"
	  "6feb07ef",
	  "10b00a654643b3b985764f86e23ef62431122fcc96de16e338a372bee49391db1f83a7358c080380abbf4af4"
	  "7cdb83b9530343168f7dbc9221260e1546c6b383e2235d2705a727f0b41aebf6a1b4c61cb460660152a17ba7"
	  "4c20d5191ba6841794945270d829587b7f3294639ea7b77149e1d07230ac16e0cd5ab236fa3212bd569ee70"
	  "f" },
	{ 7, "df7931db9b429e10", "b8aa8e4d46042393", "9ba40af9157f4792", "5383c7cd3d1046e6",
	  "1e3b007d2da913ca60ecc98c25a22db08073d5c35c11b2524b298a922b6abfe6acf7359db66ae5f85d67aacf"
	  "f686419cd8666d05ae7977cefad7f54dd8e312a8e8e5e0370f88142fbdd659dd6fde22bdd531f5402881a8de"
	  "85c1024e595ec93c575618af7fd3dbac7982919078d71cc13eff1910a032750e1ff428675de189ee",
	  "daf9bd6f2f912da553867966af386e67909a8df0ca7e84b83b355cb7d7f1026f17d8ea34b5d57fd0d1ba3895"
	  "28fca1e81d1c8ce511b28a2458241143fee30ccc",
	  "919a75deaeccbd393bebc89615f8a215edb7073b2319d86740221eee7a2deb92509044d7e61fcb1bf9676b38"
	  "81c7ced49e6bba1549da3113601677a2445d91ac13a597335782dd3a9cf496d9e19b932f27dd35e36f8070d2"
	  "32d0a3b3f4c4a0b4ba4470778dc090f31f52ab1b6d81e4c7dfb35063ad96c327adcdbde714cc9a6b5ef049b"
	  "8" },
};

static const char *const child_keys =
	"8059e3ee8810e6c3a91bc8bcd2a7a41151b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d1cdabd9560b2d5e0"
	"92d1f24e2d4b85eccdf0ad0dc9abd94b51ee71814ca6dbc8bb51b6309f5b9545c7eb35cf5580b1e521a8fe20"
	"754a2d883ba0c2cf285f524aea6545b33106bc03e614296d319d41d4b50b3f510b1c0a22f3e664994d234cb4";
static const char *const child_dh_keys =
	"bb43244c1860ad65ee1e211ffe8bb3661750c8f89cb9f547df7f4fa61d37301628190e38c66232eab4b3ab14"
	"c400a5197dd3730ed4820a8a10394d51e1c0400052f63ebd36b0e7ef53aaed31eba4a5080d7d4b5666023a8b"
	"bb5ffb7857240f9a05884d1b7d2f933708450b7b3288f1fc863ab49fa901227cffc06e27899c7054d56fd74c";
static const char *const new_secret =
	"863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330";
static const char *const rekeyed = "63e81194946ebd05df7df5ebf5d8750056bf1f1d";

static struct bytes hex(struct arena *a, const char *text)
{
	size_t cap = strlen(text) / 2, len;
	uint8_t *at = arena_alloc(a, cap);
	assert_true(bytes_from_hex(text, at, cap, &len));
	return bytes_make(at, len);
}

/* The keys one behind the other, as far as the vector goes. */
static void same_start(struct arena *a, const struct bytes *parts, size_t count, const char *wanted)
{
	uint8_t all[1024];
	struct bytes w = hex(a, wanted);
	struct sink s = sink_over(all, sizeof(all));
	for (size_t i = 0; i < count; i++)
		sink_put(&s, parts[i]);
	size_t len = s.len < w.len ? s.len : w.len;
	assert_true(len >= 72);
	assert_memory_equal(all, w.at, len);
}

static void ike_keys(void **state)
{
	(void)state;
	struct why why;
	struct crypto *c = crypto_new(&why);
	struct arena *a = arena_new(1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct suite s = { .encr = transform_find(TRANSFORM_ENCR, 20, 128),
				   .prf = transform_find(TRANSFORM_PRF, vectors[i].prf, 0) };
		struct bytes ni = hex(a, vectors[i].ni), nr = hex(a, vectors[i].nr);
		uint8_t skeyseed[64];
		struct ike_keys k;
		assert_true(keymat_skeyseed(c, s.prf, ni, nr, hex(a, vectors[i].secret), skeyseed));
		assert_memory_equal(skeyseed, hex(a, vectors[i].skeyseed).at, s.prf->output);
		assert_true(keymat_ike(c, a, &s, s.prf, bytes_make(skeyseed, s.prf->output), ni, nr,
				       load_u64(hex(a, vectors[i].spi_i).at),
				       load_u64(hex(a, vectors[i].spi_r).at), &k));
		struct bytes parts[] = { k.sk_d,  k.sk_ai, k.sk_ar, k.sk_ei,
					 k.sk_er, k.sk_pi, k.sk_pr };
		same_start(a, parts, ARRAY_LEN(parts), vectors[i].keys);
	}
	arena_free(a);
	crypto_free(c);
}

/* RFC 7296 2.14: a PRF of fixed key length takes the first 8 octets of each nonce as the key of SKEYSEED,
 * and all of both in the seed of what follows. */
static void fixed_key_length(void **state)
{
	(void)state;
	static const uint16_t fixed[] = { 4, 8 };
	struct why why;
	struct crypto *c = crypto_new(&why);
	struct arena *a = arena_new(1 << 20);
	struct bytes ni = hex(a, "000102030405060708090a0b0c0d0e0f10"), nr = hex(a, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
	struct bytes key = hex(a, "0001020304050607a0a1a2a3a4a5a6a7"), secret = hex(a, "0badcafe");
	struct bytes seed = hex(a, "000102030405060708090a0b0c0d0e0f10a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
				   "11111111111111112222222222222222");
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		struct suite s = { .encr = transform_find(TRANSFORM_ENCR, 20, 128),
				   .prf = transform_find(TRANSFORM_PRF, fixed[i], 0) };
		uint8_t skeyseed[64], wanted[64], keys[16];
		struct ike_keys k;
		assert_true(keymat_skeyseed(c, s.prf, ni, nr, secret, skeyseed));
		assert_true(prf_compute(c, s.prf, key, &secret, 1, wanted));
		assert_memory_equal(skeyseed, wanted, 16);
		assert_true(keymat_ike(c, a, &s, s.prf, bytes_make(skeyseed, s.prf->output), ni,
				       nr, UINT64_C(0x1111111111111111), UINT64_C(0x2222222222222222), &k));
		assert_true(prf_plus(c, s.prf, bytes_make(skeyseed, 16), seed, keys, sizeof(keys)));
		assert_int_equal(k.sk_d.len, 16);
		assert_int_equal(k.sk_pr.len, 16);
		assert_memory_equal(k.sk_d.at, keys, 16);
	}
	arena_free(a);
	crypto_free(c);
}

static void child(void **state)
{
	(void)state;
	struct why why;
	struct crypto *c = crypto_new(&why);
	struct arena *a = arena_new(1 << 20);
	const struct transform *prf = transform_find(TRANSFORM_PRF, 2, 0);
	struct suite esp = { .encr = transform_find(TRANSFORM_ENCR, 20, 256) };
	struct bytes sk_d = bytes_slice(hex(a, vectors[0].keys), 0, 20), ni = hex(a, vectors[0].ni);
	struct bytes nr = hex(a, vectors[0].nr), secret = hex(a, new_secret);
	struct child_keys i, r;
	assert_true(keymat_child(c, a, prf, sk_d, &esp, BYTES_NONE, ni, nr, &i, &r));
	same_start(a, ((struct bytes[]){ i.key, r.key }), 2, child_keys);
	assert_true(keymat_child(c, a, prf, sk_d, &esp, secret, ni, nr, &i, &r));
	same_start(a, ((struct bytes[]){ i.key, r.key }), 2, child_dh_keys);
	uint8_t skeyseed[64];
	assert_true(keymat_rekeyed_skeyseed(c, prf, sk_d, secret, ni, nr, skeyseed));
	assert_memory_equal(skeyseed, hex(a, rekeyed).at, 20);
	arena_free(a);
	crypto_free(c);
}

static const struct {
	const char *text;
	uint8_t type;
	const char *data;
} identities[] = {
	{ "fqdn:a.example", 2, "612e6578616d706c65" },
	{ "192.0.2.1", 1, "c0000201" },
	{ "2001:db8::1", 5, "20010db8000000000000000000000001" },
	{ "rfc822:a@b", 3, "614062" },
	{ "a@b", 3, "614062" },
	{ "@a", 2, "61" },
	{ "a.b", 2, "612e62" },
	{ "keyid:00ff", 11, "00ff" },
	{ "keyid:0", 0, NULL },
	{ "", 0, NULL },
	{ "what:ever", 0, NULL },
};

static void identity(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(identities); i++) {
		struct identity id = { 0 };
		struct why why;
		bool read = identity_parse(a, identities[i].text, &id, &why);
		assert_int_equal(read, identities[i].type != 0);
		if (!read)
			continue;
		assert_int_equal(id.type, identities[i].type);
		assert_true(bytes_equal(id.data, hex(a, identities[i].data)));
	}
	arena_free(a);
}

static void purposes(void **state)
{
	(void)state;
	uint8_t exchange;
	enum purpose purpose;
	assert_true(purpose_parse("rekey-child", &exchange, &purpose));
	assert_int_equal(exchange, CREATE_CHILD_SA);
	assert_int_equal(purpose, PURPOSE_REKEY_CHILD);
	assert_true(purpose_parse("INFORMATIONAL", &exchange, &purpose));
	assert_int_equal(purpose, PURPOSE_NONE);
	assert_false(purpose_parse("rekey", &exchange, &purpose));
	for (enum purpose p = PURPOSE_NEW_CHILD; p < PURPOSE_INFORMATIONAL; p++) {
		assert_true(purpose_parse(purpose_name(p), &exchange, &purpose));
		assert_int_equal(purpose, p);
		assert_int_equal(exchange, purpose_exchange(p));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ike_keys),
		cmocka_unit_test(fixed_key_length),
		cmocka_unit_test(child),
		cmocka_unit_test(identity),
		cmocka_unit_test(purposes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
