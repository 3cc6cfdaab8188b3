/*
 * Each check of the table: it refuses what it should, and with the check left out that is taken, while an
 * honest packet passes either way.
 */
#include "pair.h"

#include <ctype.h>

#define NUMBER(n) ((const struct edit_value[]){ { .number = (n) } })
#define OCTETS(text) ((const struct edit_value[]){ { .is_octets = true, .octets = { (const uint8_t *)(text), sizeof(text) - 1 } } })

static bool value(void *ctx, const void *expression, const struct edit_place *place, struct arena *a,
		  struct edit_value *out, struct why *why)
{
	(void)ctx, (void)place, (void)a, (void)why;
	*out = *(const struct edit_value *)expression;
	return true;
}

/* A packet with number seq (0: the next), one edit if a path is given, delivered again if twice. */
static const struct {
	const char *check;
	uint64_t before;        /* an honest packet with this number goes first */
	uint64_t seq;
	bool has_seq, twice;
	const char *path;
	const struct edit_value *to;
	enum edit_op op;
	enum esp_result wanted, omitted;
} rows[] = {
	{ "esp-alignment",   0,   0, false, false, "ESP.tfc",         OCTETS("abc"),  EDIT_SET,     ESP_OK,          ESP_OK },
	{ "esp-alignment",   0,   0, false, false, "ESP.padding",     OCTETS("\1\2\3"), EDIT_SET,   ESP_SHORT,       ESP_OK },
	{ "esp-spi",         0,   0, false, false, "ESP.spi",         NUMBER(0x2002), EDIT_SET,     ESP_NO_SA,       ESP_OK },
	{ "esp-seq-zero",    0,   0, true,  false, NULL,              NULL,           EDIT_SET,     ESP_ZERO,        ESP_OK },
	{ "esp-replay",      0,   5, true,  true,  NULL,              NULL,           EDIT_SET,     ESP_REPLAYED,    ESP_OK },
	{ "esp-window-left", 100, 36, true, false, NULL,              NULL,           EDIT_SET,     ESP_LEFT,        ESP_OK },
	{ "esp-window-size", 100, 37, true, false, NULL,              NULL,           EDIT_SET,     ESP_OK,          ESP_LEFT },
	{ "esp-icv",         0,   0, false, false, "ESP.icv",         NULL,           EDIT_CORRUPT, ESP_BAD_ICV,     ESP_OK },
	{ "esp-pad-length",  0,   0, false, false, "ESP.pad_length",  NUMBER(255),    EDIT_SET,     ESP_BAD_PADDING, ESP_OK },
	{ "esp-pad-length",  0,   0, false, false, "ESP.pad_length",  NUMBER(87),     EDIT_SET,     ESP_BAD_PADDING, ESP_OK },
	{ "esp-padding",     0,   0, false, false, "ESP.padding",     OCTETS("\1\1"), EDIT_SET,     ESP_BAD_PADDING, ESP_OK },
	{ "esp-next-header", 0,   0, false, false, "ESP.next_header", NUMBER(253),    EDIT_SET,     ESP_BAD_INNER,   ESP_OK },
	{ "esp-inner",       0,   0, false, false, "INNER.total_length", NUMBER(999), EDIT_SET,     ESP_BAD_INNER,   ESP_OUTSIDE },
	{ "esp-selectors",   0,   0, false, false, "INNER.source",    OCTETS("\12\3\0\1"), EDIT_SET, ESP_OUTSIDE,    ESP_OK },
};

static void with_selectors(struct pair *p)
{
	pair_open(p, "aes128gcm16", 64);
	assert_true(address_range_parse("10.1.0.0/16", &p->config.source[0].range));
	p->config.source[0].last_port = UINT16_MAX;
	p->config.sources = 1;
	pair_again(p);
}

static enum esp_result run_row(size_t i, bool omit)
{
	struct edit e = { .op = rows[i].op, .path = rows[i].path, .value = rows[i].to };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct esp_shape shape = { .has_seq = rows[i].has_seq, .seq = rows[i].seq };
	struct bytes packet;
	enum esp_result r;
	struct pair p;

	with_selectors(&p);
	if (rows[i].path)
		shape.edits = &edits;
	if (rows[i].before)
		expect_result("before", ESP_OK, pair_deliver(&p, pair_seal_number(&p, rows[i].before), NULL));
	packet = pair_seal(&p, pair_ping(&p, false, 56), &shape);
	if (omit)
		esp_sa_omit(p.in, UINT64_C(1) << esp_check_find(rows[i].check));
	r = pair_deliver(&p, packet, NULL);
	if (rows[i].twice)
		r = pair_deliver(&p, packet, NULL);
	expect_result("honest", ESP_OK, pair_deliver(&p, pair_seal_number(&p, 1000), NULL));
	pair_close(&p);
	return r;
}

static void left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (esp_check_find(rows[i].check) < 0)
			fail_msg("no check %s", rows[i].check);
		expect_result(rows[i].check, rows[i].wanted, run_row(i, false));
		expect_result(rows[i].check, rows[i].omitted, run_row(i, true));
	}
}

/* The packet after a forged one with a number far ahead. */
static enum esp_result after_forged(bool omit)
{
	struct bytes forged;
	struct pair p;
	enum esp_result r;

	pair_open(&p, "aes128-sha256", 64);
	if (omit)
		pair_omit(&p, "esp-window-after-icv");
	forged = arena_copy(p.arena, pair_seal_number(&p, 0xfffffff0));
	((uint8_t *)forged.at)[forged.len - 1] ^= 1;
	expect_result("forged", ESP_BAD_ICV, pair_deliver(&p, forged, NULL));
	r = pair_deliver(&p, pair_seal_number(&p, 101), NULL);
	pair_close(&p);
	return r;
}

static void window_moves_after_icv(void **state)
{
	(void)state;
	expect_result("right", ESP_OK, after_forged(false));
	expect_result("omitted", ESP_LEFT, after_forged(true));
}

static enum esp_result after_move(bool omit)
{
	struct address elsewhere = address_of("192.0.2.99:4500");
	struct bytes packet;
	struct pair p;
	enum esp_result r;

	pair_open(&p, "aes128gcm16", 64);
	if (omit)
		pair_omit(&p, "esp-window-kept");
	packet = pair_seal_number(&p, 7);
	expect_result("first", ESP_OK, pair_deliver(&p, packet, NULL));
	esp_sa_readdress(p.in, &elsewhere, &p.config.to);
	r = pair_deliver(&p, packet, NULL);
	pair_close(&p);
	return r;
}

static void window_kept(void **state)
{
	(void)state;
	expect_result("right", ESP_REPLAYED, after_move(false));
	expect_result("omitted", ESP_OK, after_move(true));
}

static enum esp_result past_wrap(const char *omit)
{
	struct pair p;
	enum esp_result r;

	pair_open(&p, "aes256gcm16-esn", 64);
	esp_sa_set_seq(p.in, 0xfffffff0);
	if (omit)
		pair_omit(&p, omit);
	expect_result("before", ESP_OK, pair_deliver(&p, pair_seal_number(&p, 0xffffffff), NULL));
	r = pair_deliver(&p, pair_seal_number(&p, UINT64_C(0x100000001)), NULL);
	pair_close(&p);
	return r;
}

static void esn_high(void **state)
{
	(void)state;
	expect_result("right", ESP_OK, past_wrap(NULL));
	expect_result("inferred wrong", ESP_BAD_ICV, past_wrap("esp-esn-high"));
	expect_result("sent wrong", ESP_BAD_ICV, past_wrap("esp-esn-high-sent"));
}

/* With every check left out nothing past the end of a short packet is read. */
static void short_without_check(void **state)
{
	struct esp_opened o;
	struct pair p;
	bool right;

	(void)state;
	pair_open(&p, "aes128-sha256", 64);
	esp_sa_omit(p.in, UINT64_MAX);
	for (size_t len = 0; len <= 100; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memset(exact, 0xff, len);
		pair_deliver(&p, bytes_make(exact, len), NULL);
		if (esp_look(p.in, p.arena, bytes_make(exact, len), 0, &o, &right))
			assert_false(right);
		free(exact);
	}
	pair_close(&p);
}

/* With the check left out the SA is of no use after a dummy packet, but before it. */
static void dummies(void **state)
{
	struct bytes packet;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (int omit = 0; omit < 2; omit++) {
		if (omit)
			pair_omit(&p, "esp-dummy");
		expect_result("before", ESP_OK, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), NULL), NULL));
		expect_result("seal", ESP_OK, esp_seal(p.out, p.arena, &p.rng, BYTES_OF("dummy"), PROTO_NONE, NULL, &packet,
						       NULL));
		expect_result("dummy", omit ? ESP_BAD_INNER : ESP_DUMMY, pair_deliver(&p, packet, NULL));
		expect_result("after", omit ? ESP_BAD_INNER : ESP_OK,
			      pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), NULL), NULL));
	}
	pair_close(&p);
}

static void short_chokes(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (int omit = 0; omit < 2; omit++) {
		if (omit)
			pair_omit(&p, "esp-length");
		expect_result("before", ESP_OK, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), NULL), NULL));
		expect_result("short", ESP_SHORT, pair_deliver(&p, BYTES_OF("\0\0\20\1\0\0\0\77"), NULL));
		expect_result("after", omit ? ESP_BAD_INNER : ESP_OK,
			      pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), NULL), NULL));
	}
	pair_close(&p);
}

static void tfc(void **state)
{
	struct esp_shape shape = { .tfc = 100 };
	struct esp_opened o;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	expect_result("right", ESP_OK, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), &shape), &o));
	expect_number("right", 84, o.inner.len);
	pair_omit(&p, "esp-tfc");
	expect_result("omitted", ESP_BAD_INNER, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), &shape), &o));
	expect_result("omitted, no TFC", ESP_OK, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 56), NULL), &o));
	pair_close(&p);
}

static void padding_sent(void **state)
{
	struct bytes packet;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	pair_omit(&p, "esp-padding-sent");
	packet = pair_seal(&p, pair_ping(&p, false, 56), NULL);
	expect_result("zero padding", ESP_BAD_PADDING, pair_deliver(&p, packet, NULL));
	pair_close(&p);
}

/* Every refusal has a row that answers with it, and rows have names and requirements of their own form. */
static void rows_are_whole(void **state)
{
	(void)state;
	for (int r = ESP_DUMMY; r < ESP_RESULTS; r++) {
		size_t found = 0;

		for (size_t i = 0; i < esp_checks_count; i++)
			found += esp_checks[i].answer == (enum esp_result)r;
		if (found == 0)
			fail_msg("no check answers %s", esp_result_name((enum esp_result)r));
	}
	for (size_t i = 0; i < esp_checks_count; i++) {
		expect_number(esp_checks[i].name, i, (uint64_t)esp_check_find(esp_checks[i].name));
		assert_true(strncmp(esp_checks[i].name, "esp-", 4) == 0);
		assert_true(strncmp(esp_checks[i].requirement, "RFC", 3) == 0);
		assert_true(isupper((unsigned char)esp_checks[i].title[0]));
	}
	expect_number("unknown", UINT64_MAX, (uint64_t)(int64_t)esp_check_find("esp-nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_out),    cmocka_unit_test(window_moves_after_icv),
		cmocka_unit_test(window_kept), cmocka_unit_test(esn_high),
		cmocka_unit_test(short_without_check), cmocka_unit_test(tfc), cmocka_unit_test(dummies), cmocka_unit_test(short_chokes),
		cmocka_unit_test(padding_sent), cmocka_unit_test(rows_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
