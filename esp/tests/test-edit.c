/*
 * Edits on the way out: what is named changes, what depends on it follows, nothing else moves.
 */
#include "pair.h"

static bool value(void *ctx, const void *expression, const struct edit_place *place, struct arena *a,
		  struct edit_value *out, struct why *why)
{
	const char *text = expression;

	(void)ctx, (void)why;
	if (strcmp(text, "honest") == 0) {
		*out = place->honest;
		return true;
	}
	*out = (struct edit_value){ .is_octets = strncmp(text, "hex:", 4) == 0 };
	if (out->is_octets) {
		struct octets o = octets_of(text + 4);

		out->octets = arena_copy(a, octets_bytes(&o));
	} else {
		out->number = strtoull(text, NULL, 0);
	}
	return true;
}

#define REFUSED ESP_RESULTS     /* one way or another: the ICV is of another length in some suites */

static const char *const suites[] = { "aes128gcm16", "aes128-sha256", "aes256gcm16-esn", "aes256-sha384-esn" };

/* Up to three edits; what the receiver says, in each suite. */
static const struct {
	const char *name;
	struct {
		enum edit_op op;
		const char *path, *value;
	} edits[3];
	int wanted;
} rows[] = {
	{ "the honest value",       { { EDIT_SET, "ESP.spi", "honest" } },                              ESP_OK },
	{ "every honest value",     { { EDIT_SET, "ESP.icv", "honest" }, { EDIT_SET, "ESP.padding", "honest" },
				      { EDIT_SET, "ESP.payload", "honest" } },                         ESP_OK },
	{ "frozen, all honest",     { { EDIT_FREEZE, "ESP.icv", NULL }, { EDIT_FREEZE, "ESP.iv", NULL } }, ESP_OK },
	{ "another SPI",            { { EDIT_SET, "ESP.spi", "0x77" } },                                ESP_NO_SA },
	{ "number on the wire",     { { EDIT_SET, "ESP.seq", "3" } },                                   ESP_OK },
	{ "number under the old ICV", { { EDIT_SET, "ESP.seq", "3" }, { EDIT_FREEZE, "ESP.icv", NULL } }, ESP_BAD_ICV },
	{ "ICV bit",                { { EDIT_CORRUPT, "ESP.icv", NULL } },                              ESP_BAD_ICV },
	{ "ICV bit after an edit",  { { EDIT_SET, "ESP.seq", "3" }, { EDIT_CORRUPT, "ESP.icv", NULL } }, ESP_BAD_ICV },
	{ "ICV of zeros",           { { EDIT_SET, "ESP.icv", "hex:00000000000000000000000000000000" } }, REFUSED },
	{ "no ICV at all",          { { EDIT_SET, "ESP.icv", "hex:" } },                                REFUSED },
	{ "TFC, padding follows",   { { EDIT_SET, "ESP.tfc", "hex:0102030405" } },                      ESP_OK },
	{ "long TFC",               { { EDIT_SET, "ESP.tfc", "hex:00000000000000000000000000000000000000" } }, ESP_OK },
	{ "pad length",             { { EDIT_SET, "ESP.pad_length", "255" } },                          ESP_BAD_PADDING },
	{ "padding bit",            { { EDIT_CORRUPT, "ESP.padding", NULL } },                          ESP_BAD_PADDING },
	{ "next header",            { { EDIT_SET, "ESP.next_header", "253" } },                         ESP_BAD_INNER },
	{ "dummy",                  { { EDIT_SET, "ESP.next_header", "59" } },                          ESP_DUMMY },
	{ "source, sums follow",    { { EDIT_SET, "INNER.source", "hex:0a010005" } },                   ESP_OK },
	{ "source outside",         { { EDIT_SET, "INNER.source", "hex:c6336409" } },                   ESP_OUTSIDE },
	{ "version 5",              { { EDIT_SET, "INNER.version", "5" } },                             ESP_BAD_INNER },
	{ "longer inner data",      { { EDIT_SET, "INNER.ICMP.data", "hex:00112233445566778899" } },    ESP_OK },
	{ "appended",               { { EDIT_APPEND, NULL, "hex:00" } },                                ESP_SHORT },
	{ "truncated",              { { EDIT_TRUNCATE_TO, NULL, "20" } },                               ESP_SHORT },
	{ "an octet",               { { EDIT_CORRUPT_OCTET, NULL, "30" } },                             ESP_BAD_ICV },
	{ "of other layers",        { { EDIT_SET, "UDP.source", "7" }, { EDIT_SET, "IP.ttl", "7" } },   ESP_OK },
};

static size_t make_edits(size_t i, struct edit *out)
{
	size_t count = 0;

	for (size_t j = 0; j < ARRAY_LEN(rows[i].edits); j++)
		if (rows[i].edits[j].path || rows[i].edits[j].value)
			out[count++] = (struct edit){ .op = rows[i].edits[j].op, .path = rows[i].edits[j].path,
						      .value = rows[i].edits[j].value };
	return count;
}

static void run_row(struct pair *p, size_t i, const char *suite)
{
	struct edit e[3];
	struct edits edits = { .rows = e, .count = make_edits(i, e), .value = value };
	struct esp_shape shape = { .edits = &edits };
	struct esp_opened o;
	struct ip_packet inner;
	char what[100];
	enum esp_result r = pair_deliver(p, pair_seal(p, pair_ping(p, false, 56), &shape), &o);

	snprintf(what, sizeof(what), "%s, %s", rows[i].name, suite);
	if (rows[i].wanted != REFUSED)
		expect_result(what, (enum esp_result)rows[i].wanted, r);
	else if (r == ESP_OK)
		fail_msg("%s was taken", what);
	if (r != ESP_OK)
		return;
	if (!ip_parse(o.inner, &inner, NULL) || !inner.checksum_right)
		fail_msg("%s: the inner checksums did not follow", what);
}

static void edits_of_fields(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(suites); s++) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct pair p;

			pair_open(&p, suites[s], 64);
			assert_true(address_range_parse("10.1.0.0/16", &p.config.source[0].range));
			p.config.source[0].last_port = UINT16_MAX;
			p.config.sources = 1;
			pair_again(&p);
			run_row(&p, i, suites[s]);
			pair_close(&p);
		}
	}
}

/* Edits that change nothing give the octets of the fast path. */
static void same_as_fast(void **state)
{
	struct edit e = { .op = EDIT_SET, .path = "ESP.spi", .value = "honest" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(suites); s++) {
		for (size_t size = 0; size < 40; size++) {
			static const uint8_t iv[16] = { 9, 8, 7 };
			struct bytes fast, slow, ivb;
			struct esp_shape shape = { .has_seq = true, .seq = 77, .tfc = (uint16_t)(size % 7), .iv = &ivb };
			struct pair p;

			pair_open(&p, suites[s], 64);
			ivb = bytes_make(iv, p.config.suite.encr->iv);
			shape.pad = (uint16_t)(size % 3 * 16);
			fast = pair_seal(&p, pair_ping(&p, false, size), &shape);
			shape.edits = &edits;
			slow = pair_seal(&p, pair_ping(&p, false, size), &shape);
			expect_bytes(suites[s], fast, slow);
			pair_close(&p);
		}
	}
}

/* ESN: the high half under the ICV. */
static void seq_high(void **state)
{
	struct edit e = { .op = EDIT_SET, .path = "ESP.seq_high", .value = "1" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct esp_shape shape = { .edits = &edits };
	struct why why = { 0 };
	struct bytes out;
	struct pair p;

	(void)state;
	for (size_t s = 2; s < ARRAY_LEN(suites); s++) {
		pair_open(&p, suites[s], 64);
		expect_result("high", ESP_BAD_ICV, pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 9), &shape), NULL));
		pair_close(&p);
	}
	pair_open(&p, suites[0], 64);
	assert_true(esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 9), PROTO_IPIP, &shape, &out, &why) != ESP_OK);
	assert_non_null(strstr(why.text, EDIT_MISSING));
	expect_number("nothing was sent", 0, esp_sa_counters(p.out).seq);
	pair_close(&p);
}

/* An IV of another length and padding that ends in no whole block: sent as they are, never past the buffers. */
static void odd_lengths(void **state)
{
	static const char *const values[] = { "hex:", "hex:00", "hex:0000000000000000", "hex:000000000000000000000000000000000000" };
	static const char *const paths[] = { "ESP.iv", "ESP.padding", "ESP.payload", "ESP.tfc" };

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(suites); s++) {
		for (size_t i = 0; i < ARRAY_LEN(values) * ARRAY_LEN(paths); i++) {
			struct edit e = { .op = EDIT_SET, .path = paths[i % 4], .value = values[i / 4] };
			struct edits edits = { .rows = &e, .count = 1, .value = value };
			struct esp_shape shape = { .edits = &edits };
			struct bytes packet;
			struct pair p;

			pair_open(&p, suites[s], 64);
			packet = pair_seal(&p, pair_ping(&p, false, 9), &shape);
			assert_true(packet.len >= 8);
			pair_deliver(&p, packet, NULL);
			pair_close(&p);
		}
	}
}

/* The MAC covers what is on the wire even when that is no whole block. */
static void odd_end_is_covered(void **state)
{
	struct edit e = { .op = EDIT_SET, .path = "ESP.padding", .value = "hex:010203" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct esp_shape shape = { .edits = &edits };
	struct bytes packet, parts[1];
	struct pair p;
	uint8_t icv[64];

	(void)state;
	pair_open(&p, "aes128-sha256", 64);
	packet = pair_seal(&p, pair_ping(&p, false, 56), &shape);
	parts[0] = bytes_slice(packet, 0, packet.len - 16);
	expect_number("length", 8 + 16 + 84 + 3 + 2 + 16, packet.len);
	assert_true(integ_compute(p.crypto, p.config.suite.integ, p.config.integ_key, parts, 1, icv));
	expect_bytes("ICV", bytes_make(icv, 16), bytes_slice(packet, packet.len - 16, 16));
	expect_result("not whole blocks", ESP_SHORT, pair_deliver(&p, packet, NULL));
	pair_close(&p);
}

/* Outer headers: path, value, and the octet of the packet that must then be so; sums follow unless set. */
static const struct {
	const char *from, *to, *path, *value;
	size_t octet;
	uint8_t is;
	bool right;
} outer[] = {
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.source", "0x1234", 20, 0x12, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.destination", "0x1234", 23, 0x34, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.length", "7", 25, 7, false },
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.checksum", "1", 27, 1, false },
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.checksum", "0", 27, 0, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "UDP.marker", "hex:00000000", 25, 22, true },
	{ "192.0.2.1:4500", "192.0.2.2:4500", "UDP.marker", "hex:", 25, 14, true },
	{ "192.0.2.1:4500", "192.0.2.2:4500", "UDP.marker", "1", 31, 1, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "IP.ttl", "3", 8, 3, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "IP.source", "hex:0a090807", 12, 10, true },
	{ "192.0.2.1:500", "192.0.2.2:500", "IP.checksum", "0x1111", 10, 0x11, false },
	{ "[2001:db8::1]:500", "[2001:db8::2]:500", "IP.ttl", "3", 7, 3, true },
	{ "[2001:db8::1]:500", "[2001:db8::2]:500", "UDP.source", "0x1234", 40, 0x12, true },
	{ "[2001:db8::1]:4500", "[2001:db8::2]:4500", "UDP.marker", "hex:", 45, 14, true },
};

static void outer_headers(void **state)
{
	static const uint8_t plain[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, marked[10] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6 };
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outer); i++) {
		struct edit e = { .op = EDIT_SET, .path = outer[i].path, .value = outer[i].value };
		struct edits edits = { .rows = &e, .count = 1, .value = value };
		struct address from = address_of(outer[i].from), to = address_of(outer[i].to);
		struct why why = { 0 };
		struct bytes out;
		struct ip_packet p;
		char what[100];

		snprintf(what, sizeof(what), "%s to %s, row %zu", outer[i].path, outer[i].value, i + 1);
		if (!udp_make(a, &from, &to, 1, from.port == 4500 ? BYTES_OF(marked) : BYTES_OF(plain), &edits, &out, &why))
			fail_msg("%s: %s", what, why.text);
		expect_number(what, outer[i].is, out.at[outer[i].octet]);
		assert_true(ip_parse(out, &p, NULL));
		expect_number(what, outer[i].right, p.checksum_right);
	}
	arena_free(a);
}

/* UDP-encapsulated ESP bears no checksum, and an edit does not make one. */
static void no_sum_stays(void **state)
{
	static const uint8_t esp[40] = { 0, 0, 0x10, 1 };
	struct edit e = { .op = EDIT_SET, .path = "IP.ttl", .value = "3" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct address from = address_of("192.0.2.1:4500"), to = address_of("192.0.2.2:4500");
	struct arena *a = arena_new(1 << 20);
	struct bytes out;
	struct ip_packet p;

	(void)state;
	assert_true(udp_make(a, &from, &to, 1, BYTES_OF(esp), &edits, &out, NULL));
	assert_true(ip_parse(out, &p, NULL) && p.checksum_right && p.ttl == 3);
	expect_number("checksum", 0, load_u16(p.payload.at + 6));
	arena_free(a);
}

static void too_much_padding(void **state)
{
	char text[600];
	struct edit e = { .op = EDIT_SET, .path = "ESP.padding", .value = text };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct esp_shape shape = { .edits = &edits };
	struct why why = { 0 };
	struct bytes out;
	struct pair p;

	(void)state;
	snprintf(text, sizeof(text), "hex:%0512d", 0);
	pair_open(&p, suites[0], 64);
	assert_true(esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 9), PROTO_IPIP, &shape, &out, &why) != ESP_OK);
	assert_non_null(strstr(why.text, "256"));
	pair_close(&p);
}

static void outer_of_esp(void **state)
{
	static const uint8_t esp[40] = { 0, 0, 0x10, 1 };
	struct edit e = { .op = EDIT_SET, .path = "IP.protocol", .value = "51" };
	struct edits edits = { .rows = &e, .count = 1, .value = value };
	struct address from = address_of("192.0.2.1"), to = address_of("192.0.2.2");
	struct arena *a = arena_new(1 << 20);
	struct bytes out;
	struct ip_packet p;

	(void)state;
	assert_true(ip_make_edited(a, &from, &to, PROTO_ESP, 1, BYTES_OF(esp), NULL, &out, NULL));
	assert_true(ip_parse(out, &p, NULL) && p.checksum_right && p.protocol == PROTO_ESP);
	assert_true(ip_make_edited(a, &from, &to, PROTO_ESP, 1, BYTES_OF(esp), &edits, &out, NULL));
	assert_true(ip_parse(out, &p, NULL) && p.checksum_right && p.protocol == 51);
	expect_bytes("payload", BYTES_OF(esp), p.payload);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_of_fields), cmocka_unit_test(same_as_fast), cmocka_unit_test(seq_high),
		cmocka_unit_test(odd_lengths),     cmocka_unit_test(odd_end_is_covered),
		cmocka_unit_test(outer_headers),   cmocka_unit_test(outer_of_esp), cmocka_unit_test(no_sum_stays),
		cmocka_unit_test(too_much_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
