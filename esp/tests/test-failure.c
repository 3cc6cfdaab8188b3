/*
 * What cannot be made or kept: wrong configurations, and an arena that ends at every possible point.
 */
#include "pair.h"

static void refused(struct pair *p, const struct esp_config *c, const char *word)
{
	struct why why = { 0 };

	if (esp_sa_new(p->crypto, c, true, &why) != NULL)
		fail_msg("took a configuration that should have been refused for '%s'", word);
	if (strstr(why.text, word) == NULL)
		fail_msg("'%s' does not speak of '%s'", why.text, word);
}

static void configurations(void **state)
{
	static const uint8_t key[100];
	struct esp_config c;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128-sha256", 64);
	c = p.config;
	c.key.len = 15;
	refused(&p, &c, "15");
	c = p.config;
	c.integ_key.len = 31;
	refused(&p, &c, "31");
	c = p.config;
	c.key = BYTES_OF(key);
	refused(&p, &c, "100");
	c = p.config;
	c.suite.encr = NULL;
	refused(&p, &c, "no encryption");
	c = p.config;
	c.sources = ESP_SELECTORS + 1;
	refused(&p, &c, "selectors");
	c = p.config;
	c.suite.encr = transform_find(TRANSFORM_ENCR, 24, 128);         /* CAMELLIA_CTR, which is not here */
	refused(&p, &c, "not implemented");
	pair_close(&p);
}

static bool value(void *ctx, const void *expression, const struct edit_place *place, struct arena *a,
		  struct edit_value *out, struct why *why)
{
	(void)ctx, (void)expression, (void)a, (void)why;
	*out = place->honest;
	return true;
}

/* Sealing and opening with an arena of every size: refused with a why, or right. */
static bool seal_within(struct pair *p, struct bytes inner, const struct esp_shape *shape, size_t cap)
{
	struct arena *small = arena_new(cap);
	struct why why = { 0 };
	struct bytes packet;
	struct esp_opened o;
	bool good = false;

	assert_non_null(small);
	if (esp_seal(p->out, small, &p->rng, inner, PROTO_IPIP, shape, &packet, &why) != ESP_OK) {
		assert_true(why.text[0] != '\0');
	} else {
		packet = arena_copy(p->arena, packet);
		arena_reset(small);
		good = esp_open(p->in, small, packet, true, &o) == ESP_OK;
		assert_true(good || arena_failed(small));
		good = good && !arena_failed(small);
	}
	arena_free(small);
	return good;
}

static void small_arenas(void **state)
{
	static const struct edit rows[] = {
		{ .op = EDIT_SET, .path = "ESP.spi" }, { .op = EDIT_SET, .path = "INNER.ttl" },
		{ .op = EDIT_SET, .path = "ESP.icv" },
	};
	struct edits edits = { .rows = rows, .count = ARRAY_LEN(rows), .value = value };
	struct esp_shape plain = { .tfc = 20 }, edited = { .tfc = 20, .edits = &edits };
	struct bytes inner;
	size_t good = 0;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	inner = pair_ping(&p, false, 56);
	for (size_t cap = 0; cap < 32768; cap += 16) {
		good += seal_within(&p, inner, &plain, cap);
		good += seal_within(&p, inner, &edited, cap);
	}
	assert_true(good > 100);
	pair_close(&p);
}

static void missing_parts(void **state)
{
	static const char *const paths[] = { "ESP.nothing", "INNER.nothing", "INNER.UDP.source", "ESP.seq_high" };
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct edit e = { .op = EDIT_SET, .path = paths[i] };
		struct edits edits = { .rows = &e, .count = 1, .value = value };
		struct esp_shape shape = { .edits = &edits };
		struct why why = { 0 };
		struct bytes out;

		expect_result(paths[i], ESP_BAD_INNER, esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 9), PROTO_IPIP,
								&shape, &out, &why));
		if (strstr(why.text, EDIT_MISSING) == NULL)
			fail_msg("'%s' does not say that it is missing", why.text);
	}
	expect_number("no number was used", 0, esp_sa_counters(p.out).seq);
	pair_close(&p);
}

/* Edits of what is no IP packet at all. */
static void inner_of_nothing(void **state)
{
	struct edit e = { .op = EDIT_SET, .path = "INNER.ttl" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct esp_shape shape = { .edits = &edits };
	struct why why = { 0 };
	struct bytes out;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	expect_result("dummy", ESP_BAD_INNER, esp_seal(p.out, p.arena, &p.rng, BYTES_NONE, PROTO_NONE, &shape, &out, &why));
	assert_non_null(strstr(why.text, EDIT_MISSING));
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations), cmocka_unit_test(small_arenas), cmocka_unit_test(missing_parts),
		cmocka_unit_test(inner_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
