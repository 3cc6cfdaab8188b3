/*
 * Numbers and IVs of a sender, and ESN across 2^32 from seal to open.
 */
#include "pair.h"

#define E32 UINT64_C(0x100000000)

/* What the next numbers on the wire are, after a number was set; omit: the duty left out. */
static const struct {
	const char *suite, *omit;
	uint64_t after;
	size_t count;
	uint64_t wanted[6];
} rows[] = {
	{ "aes128gcm16",     NULL,                0,              4, { 1, 2, 3, 4 } },
	{ "aes128gcm16",     NULL,                41,             2, { 42, 43 } },
	{ "aes128gcm16",     NULL,                0xfffffffe,     2, { 0xffffffff, UINT64_MAX } },
	{ "aes128-sha256",   NULL,                0xffffffff,     2, { UINT64_MAX, UINT64_MAX } },
	{ "aes128gcm16-esn", NULL,                0xfffffffe,     3, { 0xffffffff, 0, 1 } },
	{ "aes128gcm16-esn", NULL,                UINT64_MAX - 1, 2, { 0xffffffff, UINT64_MAX } },
	{ "aes128gcm16",     "esp-no-wrap",       0xfffffffe,     3, { 0xffffffff, 0, 1 } },
	{ "aes128gcm16",     "esp-seq-first-one", 0,              3, { 0, 1, 2 } },
	{ "aes128gcm16",     "esp-seq-by-one",    0,              4, { 1, 3, 5, 7 } },
	{ "aes128gcm16",     "esp-seq-rising",    0,              6, { 1, 2, 3, 3, 4, 5 } },
};

static void numbers(void **state)
{
	char what[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair p;

		pair_open(&p, rows[i].suite, 64);
		if (rows[i].omit)
			pair_omit(&p, rows[i].omit);
		if (rows[i].after)
			esp_sa_set_seq(p.out, rows[i].after);
		for (size_t j = 0; j < rows[i].count; j++) {
			struct why why = { 0 };
			struct bytes out;
			enum esp_result r = esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 9), PROTO_IPIP, NULL,
						     &out, &why);

			snprintf(what, sizeof(what), "row %zu, packet %zu", i + 1, j + 1);
			if (rows[i].wanted[j] == UINT64_MAX) {
				expect_result(what, ESP_EXHAUSTED, r);
				continue;
			}
			expect_result(what, ESP_OK, r);
			expect_number(what, rows[i].wanted[j], load_u32(out.at + 4));
		}
		pair_close(&p);
	}
}

static void set_numbers(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	expect_number("given", 1000, load_u32(pair_seal_number(&p, 1000).at + 4));
	expect_number("goes on", 1001, load_u32(pair_seal(&p, pair_ping(&p, false, 1), NULL).at + 4));
	expect_number("zero", 0, load_u32(pair_seal_number(&p, 0).at + 4));
	pair_close(&p);
}

static void too_large(void **state)
{
	struct esp_shape shape = { .has_seq = true, .seq = E32 };
	struct why why = { 0 };
	struct bytes out;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	expect_result("2^32 without ESN", ESP_EXHAUSTED,
		      esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 1), PROTO_IPIP, &shape, &out, &why));
	assert_true(why.text[0] != '\0');
	pair_close(&p);
}

static const struct {
	const char *suite;
} esn_suites[] = { { "aes128gcm16-esn" }, { "aes128-sha256-esn" }, { "chacha20poly1305-esn" } };

/* The steps of a peer across 2^32; the receiver stands at 2^32 - 17 before. */
static const struct {
	uint64_t seq;
	enum esp_result wanted;
} crossing[] = {
	{ 0xfffffff0, ESP_OK },       { E32 + 2, ESP_OK },        { 0xffffffff, ESP_OK },
	{ E32 + 2, ESP_REPLAYED },    { 0xffffffff, ESP_REPLAYED }, { E32, ESP_OK },
	{ 2 * E32 + 3, ESP_BAD_ICV }, { 3, ESP_BAD_ICV },          { E32 + 3, ESP_OK },
	{ E32 + 3, ESP_REPLAYED },
};

static void esn_crossing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(esn_suites); i++) {
		struct pair p;

		pair_open(&p, esn_suites[i].suite, 64);
		esp_sa_set_seq(p.in, E32 - 17);
		for (size_t j = 0; j < ARRAY_LEN(crossing); j++) {
			struct esp_opened o;

			expect_result(esn_suites[i].suite, crossing[j].wanted,
				      pair_deliver(&p, pair_seal_number(&p, crossing[j].seq), &o));
			if (crossing[j].wanted == ESP_OK)
				expect_number(esn_suites[i].suite, crossing[j].seq, o.seq);
		}
		pair_close(&p);
	}
}

/* IVs: all different; with a counter, or by chance where it must not be foretold. */
static const struct {
	const char *suite, *omit;
	bool same, counted;
} ivs[] = {
	{ "aes128gcm16",      NULL,                   false, true  },
	{ "chacha20poly1305", NULL,                   false, true  },
	{ "aes128-sha256",    NULL,                   false, false },
	{ "aes128gcm16",      "esp-iv-fresh",         true,  false },
	{ "aes128-sha256",    "esp-iv-fresh",         true,  false },
	{ "aes128-sha256",    "esp-iv-unpredictable", false, true  },
};

static void fresh_ivs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ivs); i++) {
		struct bytes a, b, iv_a, iv_b;
		struct pair p;
		size_t len;

		pair_open(&p, ivs[i].suite, 64);
		if (ivs[i].omit)
			pair_omit(&p, ivs[i].omit);
		len = p.config.suite.encr->iv;
		a = pair_seal(&p, pair_ping(&p, false, 9), NULL);
		b = pair_seal(&p, pair_ping(&p, false, 9), NULL);
		iv_a = bytes_slice(a, 8, len);
		iv_b = bytes_slice(b, 8, len);
		expect_number(ivs[i].suite, ivs[i].same, bytes_equal(iv_a, iv_b));
		expect_number(ivs[i].suite, ivs[i].counted,
			      load_u64(iv_b.at + len - 8) == load_u64(iv_a.at + len - 8) + 1);
		expect_result(ivs[i].suite, ESP_OK, pair_deliver(&p, a, NULL));
		expect_result(ivs[i].suite, ESP_OK, pair_deliver(&p, b, NULL));
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),      cmocka_unit_test(set_numbers), cmocka_unit_test(too_large),
		cmocka_unit_test(esn_crossing), cmocka_unit_test(fresh_ivs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
