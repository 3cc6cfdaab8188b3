/*
 * Opening what is right and refusing what is not: every length, padding, SPI, inner packet.
 */
#include "pair.h"

static const char *const suites[] = {
	"aes128gcm16", "aes256gcm16-esn", "aes128-sha256", "aes256-sha512-esn", "aes256-sha384", "chacha20poly1305",
	"null-sha256", "aes128ccm8", "aes256ccm16-esn", "aes192ccm12", "aes128gmac", "aes256gmac-esn",
	"aes128ctr-sha1", "aes256ctr-sha256-esn", "aes128-aesxcbc", "aes128-aescmac-esn", "3des-sha1",
	"null-aesxcbc-esn", "aes192gcm12", "aes128gcm8-esn", "chacha20poly1305-esn",
};

typedef void with_pair(struct pair *p, const char *suite);

static void each_suite(with_pair *run)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct pair p;

		pair_open(&p, suites[i], 64);
		run(&p, suites[i]);
		pair_close(&p);
	}
}

static void round_trip(struct pair *p, const char *suite)
{
	for (size_t size = 0; size < 300; size++) {
		struct bytes inner = pair_ping(p, size % 2, size), packet = pair_seal(p, inner, NULL);
		struct esp_opened o;

		expect_result(suite, ESP_OK, pair_deliver(p, packet, &o));
		expect_bytes(suite, inner, o.inner);
		expect_number(suite, size + 1, o.seq);
		assert_true(o.pad_length < 16);
		assert_non_null(o.tree);
		assert_true(wire_validate(o.tree, NULL));
		arena_reset(p->arena);
	}
	expect_number("packets", 300, esp_sa_counters(p->in).packets);
	expect_number("right edge", 300, esp_sa_counters(p->in).seq);
}

/* Every length from 0 to 100, of zeros and of a right packet that is cut, in a buffer of just that size. */
static void lengths(struct pair *p, const char *suite)
{
	struct bytes good = pair_seal(p, pair_ping(p, false, 20), NULL);

	for (size_t len = 0; len <= 100; len++) {
		uint8_t *at = calloc(1, len + 1), *exact = malloc(len ? len : 1);

		if (len > 4)
			store_u32(at, 0x1001);
		memcpy(exact, at, len);
		assert_true(pair_deliver(p, bytes_make(exact, len), NULL) != ESP_OK);
		if (len < good.len) {
			memcpy(exact, good.at, len);
			assert_true(pair_deliver(p, bytes_make(exact, len), NULL) != ESP_OK);
		}
		free(at);
		free(exact);
	}
	expect_result(suite, ESP_OK, pair_deliver(p, good, NULL));
}

/* One bit of a right packet changed: refused, and the right one is still taken afterwards. */
static void bits(struct pair *p, const char *suite)
{
	struct bytes good = pair_seal(p, pair_ping(p, false, 30), NULL);

	for (size_t bit = 0; bit < good.len * 8; bit++) {
		struct bytes copy = arena_copy(p->arena, good);

		((uint8_t *)copy.at)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (pair_deliver(p, copy, NULL) == ESP_OK)
			fail_msg("%s: took a packet with bit %zu changed", suite, bit);
	}
	expect_result(suite, ESP_OK, pair_deliver(p, good, NULL));
	expect_result(suite, ESP_REPLAYED, pair_deliver(p, good, NULL));
}

static void looks(struct pair *p, const char *suite)
{
	struct bytes inner = pair_ping(p, false, 40), packet = pair_seal(p, inner, NULL);
	struct bytes bad = arena_copy(p->arena, packet);
	struct esp_opened o;
	bool right;

	assert_true(esp_look(p->in, p->arena, packet, 0, &o, &right) && right);
	expect_bytes(suite, inner, o.inner);
	((uint8_t *)bad.at)[bad.len - 1] ^= 1;
	assert_true(esp_look(p->in, p->arena, bad, 0, &o, &right) && !right);
	expect_bytes(suite, inner, o.inner);
	expect_number("untouched", 0, esp_sa_counters(p->in).seq);
}

static void all_round_trips(void **state)
{
	(void)state;
	each_suite(round_trip);
}

static void all_lengths(void **state)
{
	(void)state;
	each_suite(lengths);
}

static void all_bits(void **state)
{
	(void)state;
	each_suite(bits);
}

static void all_looks(void **state)
{
	(void)state;
	each_suite(looks);
}

static const uint16_t pads[] = { 0, 4, 16, 64, 128, 240, 252 };

static void paddings(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (size_t i = 0; i < ARRAY_LEN(pads); i++) {
		for (size_t size = 0; size < 4; size++) {
			struct esp_shape shape = { .pad = pads[i], .tfc = (uint16_t)(i * 33) };
			struct bytes inner = pair_ping(&p, false, size), packet = pair_seal(&p, inner, &shape);
			struct esp_opened o;

			expect_result("padded", ESP_OK, pair_deliver(&p, packet, &o));
			expect_bytes("inner", inner, o.inner);
			assert_true(o.pad_length >= pads[i] && o.pad_length < pads[i] + 4);
			expect_number("tfc", shape.tfc, wire_find(o.tree, "tfc", NULL)->octets.len);
			expect_number("padding", o.pad_length, wire_find(o.tree, "padding", NULL)->octets.len);
		}
	}
	pair_close(&p);
}

static void bad_shapes(void **state)
{
	static const uint16_t bad[] = { 1, 2, 3, 5, 256, 260 };
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct esp_shape shape = { .pad = bad[i] };
		struct why why = { 0 };
		struct bytes out;

		expect_result("pad", ESP_BAD_PADDING, esp_seal(p.out, p.arena, &p.rng, pair_ping(&p, false, 2), PROTO_IPIP,
							       &shape, &out, &why));
		assert_true(why.text[0] != '\0');
	}
	expect_number("nothing was sent", 0, esp_sa_counters(p.out).seq);
	pair_close(&p);
}

static void spis(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (uint32_t spi = 0; spi <= 255; spi++) {
		struct bytes packet = arena_copy(p.arena, pair_seal_number(&p, spi + 1));

		store_u32((uint8_t *)packet.at, spi);
		expect_result("SPI", ESP_NO_SA, pair_deliver(&p, packet, NULL));
	}
	expect_number("counted", 256, esp_sa_counters(p.in).refused[ESP_NO_SA]);
	pair_close(&p);
}

/* What is inside, as an IP packet in hex or as an ICMP echo from and to. */
static const struct {
	const char *name, *from, *to, *hex;
	uint8_t next_header;
	enum esp_result wanted;
} inners[] = {
	{ "IPv4",               "10.1.0.1", "10.2.0.1", NULL, 4,  ESP_OK },
	{ "IPv6",               "fd01::1",  "fd02::1",  NULL, 41, ESP_OK },
	{ "IPv4 as IPv6",       "10.1.0.1", "10.2.0.1", NULL, 41, ESP_BAD_INNER },
	{ "IPv6 as IPv4",       "fd01::1",  "fd02::1",  NULL, 4,  ESP_BAD_INNER },
	{ "next header 0",      "10.1.0.1", "10.2.0.1", NULL, 0,  ESP_BAD_INNER },
	{ "next header 50",     "10.1.0.1", "10.2.0.1", NULL, 50, ESP_BAD_INNER },
	{ "next header 253",    "10.1.0.1", "10.2.0.1", NULL, 253, ESP_BAD_INNER },
	{ "dummy",              "10.1.0.1", "10.2.0.1", NULL, 59, ESP_DUMMY },
	{ "empty dummy",        NULL, NULL, "",               59, ESP_DUMMY },
	{ "empty",              NULL, NULL, "",               4,  ESP_BAD_INNER },
	{ "one octet",          NULL, NULL, "45",             4,  ESP_BAD_INNER },
	{ "version 5",          NULL, NULL, "5500001400000000400066e60a0100010a020001", 4, ESP_BAD_INNER },
	{ "shorter than it says", NULL, NULL, "4500001500000000400066e50a0100010a020001", 4, ESP_BAD_INNER },
	{ "source outside",     "10.3.0.1", "10.2.0.1", NULL, 4,  ESP_OUTSIDE },
	{ "destination outside", "10.1.0.1", "10.1.0.1", NULL, 4, ESP_OUTSIDE },
	{ "turned round",       "10.2.0.1", "10.1.0.1", NULL, 4,  ESP_OUTSIDE },
};

static void add_range(struct esp_selector *s, const char *range)
{
	*s = (struct esp_selector){ .last_port = UINT16_MAX };
	assert_true(address_range_parse(range, &s->range));
}

static void inner_packets(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	add_range(&p.config.source[0], "10.1.0.0/16");
	add_range(&p.config.source[1], "fd01::/64");
	add_range(&p.config.destination[0], "10.2.0.0/16");
	add_range(&p.config.destination[1], "fd02::/64");
	p.config.sources = p.config.destinations = 2;
	pair_again(&p);
	for (size_t i = 0; i < ARRAY_LEN(inners); i++) {
		struct octets hex = octets_of(inners[i].hex ? inners[i].hex : "");
		struct bytes inner = octets_bytes(&hex), packet;
		struct why why = { 0 };

		if (inners[i].from) {
			struct address from = address_of(inners[i].from), to = address_of(inners[i].to);
			struct echo e = { .id = 1 };

			assert_true(echo_make(p.arena, &from, &to, &e, &inner));
		}
		expect_result(inners[i].name, ESP_OK, esp_seal(p.out, p.arena, &p.rng, inner, inners[i].next_header, NULL,
							       &packet, &why));
		expect_result(inners[i].name, inners[i].wanted, pair_deliver(&p, packet, NULL));
	}
	pair_close(&p);
}

/* Protocol and ports of a selector against UDP from 5000 to 53 and an echo request (type 8, code 0). */
static const struct {
	uint8_t protocol;
	uint16_t first, last;
	bool udp, echo;
} ports[] = {
	{ 0,  0,     65535, true,  true  },
	{ 17, 0,     65535, true,  false },
	{ 17, 53,    53,    true,  false },
	{ 17, 54,    65535, false, false },
	{ 17, 0,     52,    false, false },
	{ 6,  0,     65535, false, false },
	{ 1,  0,     65535, false, true  },
	{ 1,  0x800, 0x8ff, false, true  },
	{ 1,  0,     0xff,  false, false },
	{ 17, 65535, 0,     false, false },
};

static void port_selectors(void **state)
{
	struct address from = address_of("10.1.0.1:5000"), to = address_of("10.2.0.1:53");
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		struct bytes udp;

		add_range(&p.config.destination[0], "10.2.0.1");
		p.config.destination[0].protocol = ports[i].protocol;
		p.config.destination[0].first_port = ports[i].first;
		p.config.destination[0].last_port = ports[i].last;
		p.config.destinations = 1;
		pair_again(&p);
		assert_true(udp_make(p.arena, &from, &to, 1, BYTES_NONE, NULL, &udp, NULL));
		expect_result("UDP", ports[i].udp ? ESP_OK : ESP_OUTSIDE,
			      pair_deliver(&p, pair_seal(&p, udp, NULL), NULL));
		expect_result("echo", ports[i].echo ? ESP_OK : ESP_OUTSIDE,
			      pair_deliver(&p, pair_seal(&p, pair_ping(&p, false, 8), NULL), NULL));
	}
	pair_close(&p);
}

/* A first fragment shows its ports, a later one does not: first and last port, what either gets. */
static const struct {
	uint16_t first, last;
	bool first_taken, later_taken;
} fragments[] = {
	{ 0,     65535, true,  true  },
	{ 53,    53,    true,  false },
	{ 54,    65535, false, false },
	{ 65535, 0,     false, true  },
};

static void fragment_selectors(void **state)
{
	struct address from = address_of("10.1.0.1:5000"), to = address_of("10.2.0.1:53");
	struct bytes first, later;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	assert_true(udp_make(p.arena, &from, &to, 1, BYTES_OF("0123456"), NULL, &first, NULL));
	later = arena_copy(p.arena, first);
	store_u16((uint8_t *)first.at + 6, 0x2000);
	store_u16((uint8_t *)later.at + 6, 0x2001);
	for (size_t i = 0; i < ARRAY_LEN(fragments); i++) {
		add_range(&p.config.destination[0], "10.2.0.1");
		p.config.destination[0].first_port = fragments[i].first;
		p.config.destination[0].last_port = fragments[i].last;
		p.config.destinations = 1;
		pair_again(&p);
		expect_result("first", fragments[i].first_taken ? ESP_OK : ESP_OUTSIDE,
			      pair_deliver(&p, pair_seal(&p, first, NULL), NULL));
		expect_result("later", fragments[i].later_taken ? ESP_OK : ESP_OUTSIDE,
			      pair_deliver(&p, pair_seal(&p, later, NULL), NULL));
	}
	pair_close(&p);
}

static void transport(void **state)
{
	static const uint8_t udp[] = { 0x13, 0x88, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4 };
	struct esp_opened o;
	struct bytes packet;
	struct pair p;

	(void)state;
	pair_open(&p, "aes128-sha256", 64);
	p.config.mode = ESP_TRANSPORT;
	pair_again(&p);
	assert_int_equal(esp_seal(p.out, p.arena, &p.rng, BYTES_OF(udp), PROTO_UDP, NULL, &packet, NULL), ESP_OK);
	expect_result("transport", ESP_OK, pair_deliver(&p, packet, &o));
	expect_bytes("upper", BYTES_OF(udp), o.inner);
	expect_number("next header", PROTO_UDP, o.next_header);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_round_trips), cmocka_unit_test(all_lengths),   cmocka_unit_test(all_bits),
		cmocka_unit_test(all_looks),       cmocka_unit_test(paddings),      cmocka_unit_test(bad_shapes),
		cmocka_unit_test(spis),            cmocka_unit_test(inner_packets), cmocka_unit_test(port_selectors),
		cmocka_unit_test(fragment_selectors), cmocka_unit_test(transport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
