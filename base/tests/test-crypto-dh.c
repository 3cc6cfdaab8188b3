/*
 * Key exchange against RFC 5903 section 8, RFC 8031 appendix A and RFC 7748 section 6, and the checks
 * of public values that RFC 6989 and RFC 8031 demand.
 */
#include "with-crypto.h"

static const uint16_t implemented[] = { 1, 2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 27, 28, 29, 30, 31, 32 };
static const uint16_t quick[] = { 5, 14, 15, 19, 20, 21, 28, 29, 30, 31, 32 };

static const struct transform *ke_row(uint16_t id)
{
	const struct transform *t = transform_find(TRANSFORM_KE, id, 0);
	assert_non_null(t);
	return t;
}

static struct dh *pair_of(uint16_t id, const char *label)
{
	struct rng r;
	struct why why;
	rng_seed(&r, id, label);
	struct dh *d = dh_generate(crypto, &r, ke_row(id), &why);
	if (!d)
		fail_msg("%s", why.text);
	return d;
}

static void test_figures(void **state)
{
	static const struct {
		const char *name;
		uint16_t id;
		const char *i, *public_i, *r, *public_r, *shared;
	} cases[] = {
		{ "RFC 5903 8.1", 19,
		  "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
		  "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
		  "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
		  "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
		  "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
		  "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
		  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
		{ "RFC 5903 8.2", 20,
		  "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
		  "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
		  "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
		  "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
		  "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
		  "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
		  "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746" },
		{ "RFC 5903 8.3", 21,
		  "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa"
		  "85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
		  "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3"
		  "bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e"
		  "017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10ad8a7"
		  "88015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
		  "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c67"
		  "7d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
		  "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97"
		  "c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
		  "015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b"
		  "6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
		  "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d142"
		  "7e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea" },
		{ "RFC 8031 A", 31,
		  "751fb4308655b476b6789b7325f9ea8cddd16a58533ff6d9e60009464a5f9d94",
		  "48d5ddd4061257ba166fa3f9bbdb74f1a4e81c089384fa77f790709f0dfbc766",
		  "0a54645253290d60ddadd0e030bacd9e5501efdc220755a1e978f1b839a05688",
		  "0be7c1f5aad87d7e448662673298a443478b859745179eaf564c79c0ef6eee25",
		  "c74950607a12327f3204d94b6825bfb068b7f8319a9e3708ed3d43ce8130c950" },
		{ "RFC 7748 6.1", 31,
		  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
		  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
		  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
		{ "RFC 7748 6.2", 32,
		  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d"
		  "9ac2d8c0a598726b",
		  "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53"
		  "177f80e532c41fa0",
		  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0"
		  "366f10b65173992d",
		  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae"
		  "07bdc1c67bf33609",
		  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a"
		  "449a5037514a879d" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *ke = ke_row(cases[i].id);
		struct octets a = octets_of(cases[i].i), b = octets_of(cases[i].r);
		struct why why = { "" };
		uint8_t out[66];
		size_t len;
		struct dh *di = dh_from_private(crypto, ke, octets_bytes(&a), &why);
		struct dh *dr = dh_from_private(crypto, ke, octets_bytes(&b), &why);
		if (!di || !dr)
			fail_msg("%s: %s", cases[i].name, why.text);
		expect_hex(dh_public(di), cases[i].public_i, cases[i].name);
		expect_hex(dh_public(dr), cases[i].public_r, cases[i].name);
		assert_true(dh_shared(crypto, di, dh_public(dr), out, sizeof(out), &len, &why));
		expect_hex(bytes_make(out, len), cases[i].shared, cases[i].name);
		assert_true(dh_shared(crypto, dr, dh_public(di), out, sizeof(out), &len, &why));
		expect_hex(bytes_make(out, len), cases[i].shared, cases[i].name);
		dh_free(di);
		dh_free(dr);
	}
}

/* 2^x mod p by hand for small x: the value itself, padded to the length of p; and (2^3)^5 = 2^15. */
static void test_modp_is_padded(void **state)
{
	static const uint8_t three[] = { 3 }, five[] = { 0, 0, 5 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(implemented) && implemented[i] <= 18; i++) {
		const struct transform *ke = ke_row(implemented[i]);
		uint8_t wanted[1024] = { 0 }, out[1024];
		size_t len;
		struct dh *a = dh_from_private(crypto, ke, BYTES_OF(three), NULL);
		struct dh *b = dh_from_private(crypto, ke, BYTES_OF(five), NULL);
		assert_non_null(a);
		assert_non_null(b);
		wanted[ke->public_initiator - 1] = 8;
		assert_int_equal(dh_public(a).len, ke->public_initiator);
		assert_memory_equal(dh_public(a).at, wanted, ke->public_initiator);
		assert_true(dh_shared(crypto, b, dh_public(a), out, sizeof(out), &len, NULL));
		store_u16(wanted + ke->output - 2, 1 << 15);
		assert_int_equal(len, ke->output);
		assert_memory_equal(out, wanted, len);
		dh_free(a);
		dh_free(b);
	}
}

static void test_both_ends_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(implemented); i++) {
		const struct transform *ke = ke_row(implemented[i]);
		struct dh *a = pair_of(ke->id, "a"), *b = pair_of(ke->id, "b");
		struct why why = { "" };
		uint8_t x[1024], y[1024];
		size_t x_len, y_len;
		assert_int_equal(dh_public(a).len, ke->public_initiator);
		assert_int_equal(ke->public_initiator, ke->public_responder);
		assert_true(dh_check_public(crypto, ke, dh_public(a), &why));
		assert_true(dh_shared(crypto, a, dh_public(b), x, sizeof(x), &x_len, &why));
		assert_true(dh_shared(crypto, b, dh_public(a), y, sizeof(y), &y_len, &why));
		assert_int_equal(x_len, ke->output);
		assert_true(bytes_equal(bytes_make(x, x_len), bytes_make(y, y_len)));
		assert_false(bytes_zero(bytes_make(x, x_len)));
		dh_free(a);
		dh_free(b);
	}
}

/* The same seed gives the same pair, another seed another one, and OpenSSL's own draws (blinding)
 * leave the caller's generators alone. */
static void test_pairs_repeat_with_the_seed(void **state)
{
	struct rng untouched, draw;
	(void)state;
	rng_seed(&draw, 1, "draw");
	untouched = draw;
	crypto_draw_from(crypto, &draw);
	for (size_t i = 0; i < ARRAY_LEN(quick); i++) {
		struct dh *a = pair_of(quick[i], "a"), *again = pair_of(quick[i], "a"), *b = pair_of(quick[i], "b");
		assert_true(bytes_equal(dh_public(a), dh_public(again)));
		assert_false(bytes_equal(dh_public(a), dh_public(b)));
		dh_free(a);
		dh_free(again);
		dh_free(b);
	}
	assert_memory_equal(&draw, &untouched, sizeof(draw));
	crypto_draw_from(crypto, NULL);
	assert_int_equal(crypto_stray_draws(crypto), 0);
}

/* The private value is what the generator gives next, all of it. */
static void test_private_is_drawn(void **state)
{
	static const struct {
		uint16_t id;
		size_t len;
	} cases[] = { { 14, 32 }, { 16, 64 }, { 19, 32 }, { 20, 48 }, { 31, 32 }, { 32, 56 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rng r;
		uint8_t secret[64];
		rng_seed(&r, cases[i].id, "a");
		rng_fill(&r, secret, cases[i].len);
		struct dh *a = pair_of(cases[i].id, "a");
		struct dh *b = dh_from_private(crypto, ke_row(cases[i].id), bytes_make(secret, cases[i].len), NULL);
		assert_non_null(b);
		assert_true(bytes_equal(dh_public(a), dh_public(b)));
		dh_free(a);
		dh_free(b);
	}
}

static void test_one_stream_gives_different_pairs(void **state)
{
	struct rng r;
	(void)state;
	rng_seed(&r, 1, "stream");
	struct dh *a = dh_generate(crypto, &r, ke_row(31), NULL), *b = dh_generate(crypto, &r, ke_row(31), NULL);
	assert_false(bytes_equal(dh_public(a), dh_public(b)));
	dh_free(a);
	dh_free(b);
}

/*
 * kinds: what dh_special_public makes; 'x' refused by the check or, for Curve25519 and Curve448, when
 * the secret comes out as zero; '.' lawful; '-' the group has no such value.
 */
static void test_special_publics(void **state)
{
	static const char *const kinds[] = { "zero", "one", "off-curve", "infinity", "too-large", "low-order",
					     "short", "long" };
	static const struct {
		uint16_t id;
		const char *wanted;
	} cases[] = {
		{ 5,  "xx--xxxx" }, { 14, "xx--xxxx" }, { 15, "xx--xxxx" }, { 18, "xx--xxxx" },
		{ 19, "xxxxx-xx" }, { 20, "xxxxx-xx" }, { 21, "xxxxx-xx" }, { 28, "xxxxx-xx" },
		{ 30, "xxxxx-xx" }, { 31, "xx-xxxxx" }, { 32, "xx-xxxxx" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dh *d = pair_of(cases[i].id, "a");
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			const struct transform *ke = ke_row(cases[i].id);
			uint8_t value[1025], out[1024];
			size_t len = 0, out_len = 0;
			struct why why = { "" };
			char what[64], got = '-';
			snprintf(what, sizeof(what), "%s %s", ke->name, kinds[k]);
			if (dh_special_public(ke, kinds[k], value, sizeof(value), &len))
				got = dh_shared(crypto, d, bytes_make(value, len), out, sizeof(out), &out_len,
						&why) ? '.' : 'x';
			expect_number(what, cases[i].wanted[k], got);
			size_t size = ke->public_initiator;
			if (got != '-')
				expect_number(what, size - (kinds[k][0] == 's') + (kinds[k][1] == 'o' && k == 7), len);
			assert_int_equal(why.text[0] != '\0', got == 'x');
		}
		dh_free(d);
	}
}

static void test_special_publics_are_refused(void **state)
{
	uint8_t value[256];
	size_t len;
	(void)state;
	assert_false(dh_special_public(ke_row(14), "nonsense", value, sizeof(value), &len));
	assert_false(dh_special_public(ke_row(22), "zero", value, sizeof(value), &len));
	assert_false(dh_special_public(ke_row(14), "zero", value, 255, &len));
	assert_true(dh_special_public(ke_row(14), "zero", value, 256, &len));
	assert_false(dh_special_public(ke_row(14), "long", value, 256, &len));
}

/* The bounds of RFC 6989 2.1 at the octet: 1 and p-1 refused, 2 and p-2 taken. */
static void test_modp_bounds(void **state)
{
	const struct transform *ke = ke_row(14);
	uint8_t p_minus_1[256], value[256] = { 0 };
	size_t len;
	(void)state;
	assert_true(dh_special_public(ke, "low-order", p_minus_1, sizeof(p_minus_1), &len));
	assert_false(dh_check_public(crypto, ke, BYTES_OF(p_minus_1), NULL));
	p_minus_1[255]--;
	assert_true(dh_check_public(crypto, ke, BYTES_OF(p_minus_1), NULL));
	value[255] = 1;
	assert_false(dh_check_public(crypto, ke, BYTES_OF(value), NULL));
	value[255] = 2;
	assert_true(dh_check_public(crypto, ke, BYTES_OF(value), NULL));
	memset(value, 0xff, sizeof(value));
	assert_false(dh_check_public(crypto, ke, BYTES_OF(value), NULL));
}

/* The ends of the primes of RFC 2409 6 and RFC 3526; too-large is p itself. */
static void test_primes(void **state)
{
	static const struct {
		uint16_t id;
		const char *last;
	} cases[] = {
		{ 1,  "f44c42e9a63a3620ffffffffffffffff" }, { 2,  "49286651ece65381ffffffffffffffff" },
		{ 5,  "f1746c08ca237327ffffffffffffffff" }, { 14, "15728e5a8aacaa68ffffffffffffffff" },
		{ 15, "4b82d120a93ad2caffffffffffffffff" }, { 16, "4df435c934063199ffffffffffffffff" },
		{ 17, "6dcc4024ffffffffffffffff" },         { 18, "60c980dd98edd3dfffffffffffffffff" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t p[1024];
		size_t len, tail = strlen(cases[i].last) / 2;
		assert_true(dh_special_public(ke_row(cases[i].id), "too-large", p, sizeof(p), &len));
		expect_hex(bytes_make(p, 16), "ffffffffffffffffc90fdaa22168c234", "first octets");
		expect_hex(bytes_make(p + len - tail, tail), cases[i].last, "last octets");
	}
}

/* Each bit of an honest point flipped: never on the curve (or, one in many, another point). */
static void test_flipped_points(void **state)
{
	const struct transform *ke = ke_row(19);
	struct dh *d = pair_of(19, "a");
	uint8_t value[64];
	unsigned taken = 0;
	(void)state;
	for (unsigned bit = 0; bit < 512; bit++) {
		memcpy(value, dh_public(d).at, 64);
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
		taken += dh_check_public(crypto, ke, BYTES_OF(value), NULL);
	}
	assert_int_equal(taken, 0);
	dh_free(d);
}

/* A coordinate and the same plus p are one element of the field; only the first may be sent.  P-521 has
 * seven bits of room for it. */
static void test_unreduced_coordinates(void **state)
{
	const struct transform *ke = ke_row(21);
	(void)state;
	for (size_t half = 0; half < 2; half++) {
		struct dh *d = pair_of(21, "a");
		uint8_t value[132];
		memcpy(value, dh_public(d).at, sizeof(value));
		assert_true(dh_check_public(crypto, ke, BYTES_OF(value), NULL));
		/* + 2^521 - 1: minus 1 at the last octet, plus 2 at the first (no borrow with this seed) */
		assert_true(value[66 * half + 65] > 0);
		value[66 * half + 65]--;
		value[66 * half] += 2;
		assert_false(dh_check_public(crypto, ke, BYTES_OF(value), NULL));
		dh_free(d);
	}
}

static void test_lengths(void **state)
{
	uint8_t value[1025] = { 9 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(quick); i++) {
		const struct transform *ke = ke_row(quick[i]);
		struct dh *d = pair_of(ke->id, "a");
		uint8_t out[1024];
		size_t len;
		memcpy(value, dh_public(d).at, dh_public(d).len);
		for (int more = -1; more <= 1; more++)
			assert_int_equal(dh_check_public(crypto, ke, bytes_make(value, ke->public_initiator + more), NULL),
					 more == 0);
		assert_false(dh_check_public(crypto, ke, BYTES_NONE, NULL));
		assert_false(dh_shared(crypto, d, dh_public(d), out, ke->output - 1u, &len, NULL));
		assert_true(dh_shared(crypto, d, dh_public(d), out, ke->output, &len, NULL));
		dh_free(d);
	}
}

static void test_private_values(void **state)
{
	static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	struct octets n = octets_of(order);
	struct why why = { "" };
	uint8_t zero[67] = { 0 };
	(void)state;
	assert_null(dh_from_private(crypto, ke_row(19), octets_bytes(&n), &why));
	assert_string_equal(why.text, "ECP_256: the private value is not in [1, order)");
	n.at[31]--;
	struct dh *d = dh_from_private(crypto, ke_row(19), octets_bytes(&n), &why);
	assert_non_null(d);
	dh_free(d);
	assert_null(dh_from_private(crypto, ke_row(19), bytes_make(zero, 32), &why));
	assert_string_equal(why.text, "ECP_256: the private value is not in [1, order)");
	assert_null(dh_from_private(crypto, ke_row(14), BYTES_NONE, &why));
	assert_null(dh_from_private(crypto, ke_row(14), bytes_make(zero, 67), &why));
	assert_null(dh_from_private(crypto, ke_row(31), bytes_make(zero, 31), &why));
	assert_non_null(strstr(why.text, "CURVE25519"));
	dh_free(NULL);
}

static void test_not_implemented(void **state)
{
	static const uint16_t ids[] = { 0, 22, 23, 24, 25, 26, 33, 34, 35, 36, 37 };
	struct rng r;
	(void)state;
	rng_seed(&r, 1, "x");
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct why why = { "" };
		uint8_t value[2000] = { 0 };
		assert_null(dh_generate(crypto, &r, ke_row(ids[i]), &why));
		assert_non_null(strstr(why.text, "is not implemented"));
		assert_null(dh_from_private(crypto, ke_row(ids[i]), bytes_make(value, 32), &why));
		assert_false(dh_check_public(crypto, ke_row(ids[i]),
					     bytes_make(value, ke_row(ids[i])->public_initiator), &why));
	}
	assert_null(dh_generate(crypto, &r, transform_find(TRANSFORM_PRF, 5, 0), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_modp_is_padded),
		cmocka_unit_test(test_both_ends_agree),
		cmocka_unit_test(test_pairs_repeat_with_the_seed),
		cmocka_unit_test(test_one_stream_gives_different_pairs),
		cmocka_unit_test(test_special_publics),
		cmocka_unit_test(test_special_publics_are_refused),
		cmocka_unit_test(test_modp_bounds),
		cmocka_unit_test(test_primes),
		cmocka_unit_test(test_flipped_points),
		cmocka_unit_test(test_unreduced_coordinates),
		cmocka_unit_test(test_private_is_drawn),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_private_values),
		cmocka_unit_test(test_not_implemented),
	};
	return cmocka_run_group_tests(tests, start_crypto, stop_crypto);
}
