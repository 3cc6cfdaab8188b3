/*
 * IP packets: what is parsed, what is refused, checksums, NAT, echo.
 */
#include "test.h"
#include "checksum.h"
#include "ip-tree.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(16 << 20);
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct {
	const char *hex;
	uint16_t wanted;
} sums[] = {
	{ "",                   0xffff },
	{ "00",                 0xffff },
	{ "ffff",               0x0000 },
	{ "0001f203f4f5f6f7",   0x220d },       /* RFC 1071 3 */
	{ "0001f203f4f5f6",     0x2304 },
	{ "4500003044224000800600008c7c19acae241e2b", 0x442e },
	{ "ffffffffffffffff01", 0xfeff },
};

static void checksums(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sums); i++) {
		struct octets o = octets_of(sums[i].hex);

		expect_number(sums[i].hex, sums[i].wanted, checksum_finish(checksum_add(0, octets_bytes(&o))));
	}
}

/* Packets that are no whole IP packets, or are odd. */
static const struct {
	const char *name, *hex;
	bool good, right, fragment;
	uint8_t protocol;
} packets[] = {
	{ "nothing",             "",   false, false, false, 0 },
	{ "version 5",           "5500001400000000400000000a0100010a020001", false, false, false, 0 },
	{ "19 octets",           "45000014000000004000 00000a0100010a0200", false, false, false, 0 },
	{ "header of 16",        "44000014000000004000 00000a0100010a020001", false, false, false, 0 },
	{ "header past the end", "4f000014000000004000 00000a0100010a020001", false, false, false, 0 },
	{ "length past the end", "45000015000000004000 00000a0100010a020001", false, false, false, 0 },
	{ "length in the header", "45000013000000004000 00000a0100010a020001", false, false, false, 0 },
	{ "empty",               "4500001400000000400066e60a0100010a020001", true, true, false, 0 },
	{ "wrong header sum",    "4500001400000000400066e70a0100010a020001", true, false, false, 0 },
	{ "with an option",      "4600001800000000400063e00a0100010a02000101010101", true, true, false, 0 },
	{ "first fragment",      "4500001c000020004011 46cd0a0100010a020001 0007000800100000", true, true, true, 17 },
	{ "later fragment",      "4500001c000000014011 66cc0a0100010a020001 0007000800100000", true, true, true, 17 },
	{ "UDP too short",       "4500001b00000000401166ce0a0100010a020001 00070008000800", true, false, false, 17 },
	{ "UDP of length 7",     "4500001c00000000401166cd0a0100010a020001 0007000800070000", true, false, false, 17 },
	{ "UDP without sum",     "4500001c00000000401166cd0a0100010a020001 0007000800080000", true, true, false, 17 },
	{ "IPv6 of 39",          "600000000000 3b40 fd010000000000000000000000000001 fd0200000000000000000000000000", false, false, false, 0 },
	{ "IPv6, none inside",   "600000000000 3b40 fd010000000000000000000000000001 fd020000000000000000000000000001", true, true, false, 59 },
	{ "IPv6, length past the end", "600000000001 3b40 fd010000000000000000000000000001 fd020000000000000000000000000001", false, false, false, 0 },
	{ "IPv6, UDP without sum", "600000000008 1140 fd010000000000000000000000000001 fd020000000000000000000000000001 0007000800080000", true, false, false, 17 },
	{ "IPv6, hop by hop",    "600000000008 0040 fd010000000000000000000000000001 fd020000000000000000000000000001 3b00010400000000", true, true, false, 59 },
	{ "IPv6, extension cut", "600000000008 0040 fd010000000000000000000000000001 fd020000000000000000000000000001 3b01010400000000", false, false, false, 0 },
	{ "IPv6, atomic fragment", "600000000008 2c40 fd010000000000000000000000000001 fd020000000000000000000000000001 3b00000000000001", true, true, false, 59 },
	{ "IPv6, reserved bits", "600000000008 2c40 fd010000000000000000000000000001 fd020000000000000000000000000001 3b00000600000001", true, true, false, 59 },
	{ "ICMP of 3 octets",    "4500001700000000400166e20a0100010a020001 080000", true, false, false, 1 },
	{ "IPv6, first fragment", "600000000008 2c40 fd010000000000000000000000000001 fd020000000000000000000000000001 1100000100000001", true, true, true, 17 },
};

static void parsing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct octets o = octets_of(packets[i].hex);
		struct ip_packet p;
		struct why why = { 0 };

		expect_number(packets[i].name, packets[i].good, ip_parse(octets_bytes(&o), &p, &why));
		if (!packets[i].good && why.text[0] == '\0')
			fail_msg("%s: refused without a why", packets[i].name);
		if (!packets[i].good)
			continue;
		expect_number(packets[i].name, packets[i].right, p.checksum_right);
		expect_number(packets[i].name, packets[i].fragment, p.fragment);
		expect_number(packets[i].name, packets[i].protocol, p.protocol);
	}
}

static const struct {
	const char *from, *to;
	size_t size;
	bool marked, bears;     /* non-ESP marker first; does it bear a checksum? */
} udps[] = {
	{ "192.0.2.1:500",        "192.0.2.2:500",        28,   false, true  },
	{ "192.0.2.1:500",        "192.0.2.2:500",        0,    false, true  },
	{ "192.0.2.1:4500",       "192.0.2.2:4500",       101,  false, false },
	{ "192.0.2.1:4500",       "192.0.2.2:31000",      1,    false, false },
	{ "192.0.2.1:4500",       "192.0.2.2:4500",       32,   true,  true  },
	{ "192.0.2.1:7",          "192.0.2.2:8",          1472, false, true  },
	{ "[2001:db8::1]:4500",   "[2001:db8::2]:4500",   101,  false, true  },
	{ "[2001:db8::1]:500",    "[2001:db8::2]:500",    64,   false, true  },
};

static struct bytes make_udp(size_t i)
{
	struct address from = address_of(udps[i].from), to = address_of(udps[i].to);
	static uint8_t data[1500];
	struct bytes out;
	struct why why = { 0 };

	for (size_t j = 0; j < udps[i].size; j++)
		data[j] = (uint8_t)(udps[i].marked && j < 4 ? 0 : j + 1);
	if (!udp_make(arena, &from, &to, 77, bytes_make(data, udps[i].size), NULL, &out, &why))
		fail_msg("%s", why.text);
	return out;
}

static void udp_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(udps); i++) {
		struct address from = address_of(udps[i].from), to = address_of(udps[i].to);
		struct bytes packet = make_udp(i);
		struct ip_packet p;

		assert_true(ip_parse(packet, &p, NULL));
		assert_true(p.checksum_right);
		assert_true(address_equal(&p.from, &from) && address_equal(&p.to, &to));
		expect_number("data", udps[i].size, p.udp.len);
		expect_number("checksum", udps[i].bears, load_u16(p.payload.at + 6) != 0);
	}
}

/* Every single wrong bit of a packet with a checksum is seen, but in what no checksum covers. */
static void wrong_bits(void **state)
{
	struct bytes packet = make_udp(0);
	size_t unseen = 0;

	(void)state;
	for (size_t bit = 0; bit < packet.len * 8; bit++) {
		struct bytes copy = arena_copy(arena, packet);
		struct ip_packet p;

		((uint8_t *)copy.at)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		unseen += ip_parse(copy, &p, NULL) && p.checksum_right;
	}
	expect_number("unseen", 0, unseen);
}

static const struct {
	const char *from, *to;
} nats[] = {
	{ "203.0.113.7:31000", NULL },
	{ NULL, "10.0.0.5:500" },
	{ "203.0.113.7:31000", "10.0.0.5:4500" },
	{ "203.0.113.7", NULL },
	{ "255.255.255.255:65535", "0.0.0.0:1" },
	{ "[2001:db8:ffff::7]:31000", NULL },
	{ "[2001:db8:ffff::7]:31000", "[fd00::1]:1" },
};

static void rewrites(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(udps); i++) {
		struct bytes packet = make_udp(i), out;
		struct ip_packet before, after;

		assert_true(ip_parse(packet, &before, NULL));
		for (size_t j = 0; j < ARRAY_LEN(nats); j++) {
			struct address from = nats[j].from ? address_of(nats[j].from) : before.from;
			struct address to = nats[j].to ? address_of(nats[j].to) : before.to;
			bool fits = from.family == before.family && to.family == before.family;

			expect_number("fits", fits, ip_rewrite(arena, packet, nats[j].from ? &from : NULL,
							       nats[j].to ? &to : NULL, &out));
			if (!fits)
				continue;
			assert_true(ip_parse(out, &after, NULL));
			if (from.port == 0)
				from.port = before.from.port;
			assert_true(after.checksum_right);
			assert_true(address_equal(&after.from, &from) && address_equal(&after.to, &to));
			expect_bytes("data", before.udp, after.udp);
		}
	}
}

/* A checksum that was wrong before the NAT is wrong behind it. */
static void rewrite_keeps_wrong(void **state)
{
	struct address from = address_of("203.0.113.7:31000");
	struct bytes packet = make_udp(0), out;
	struct ip_packet p;

	(void)state;
	((uint8_t *)packet.at)[packet.len - 1] ^= 1;
	assert_true(ip_rewrite(arena, packet, &from, NULL, &out));
	assert_true(ip_parse(out, &p, NULL));
	assert_false(p.checksum_right);
}

/* A later fragment has no ports to rewrite: only the address and the header's checksum change. */
static void rewrite_fragment(void **state)
{
	struct address from = address_of("203.0.113.7:31000");
	struct octets o = octets_of("4500001c0000000140116 6cc0a0100010a020001 0007000800101234");
	struct ip_packet p;
	struct bytes out;

	(void)state;
	assert_true(ip_rewrite(arena, octets_bytes(&o), &from, NULL, &out));
	assert_true(ip_parse(out, &p, NULL) && p.checksum_right && address_same_host(&p.from, &from));
	expect_hex("payload", "0007000800101234", p.payload);
}

/* A sum of 0 is sent as ffff (RFC 768): over all values of two octets, made and rewritten, it never stands as 0. */
static void never_zero(void **state)
{
	static const char *const ends[][2] = { { "192.0.2.1:500", "192.0.2.2:500" },
					       { "[2001:db8::1]:500", "[2001:db8::2]:500" } };
	size_t all_ones = 0;

	(void)state;
	for (uint32_t v = 0; v < 2 * 65536; v++) {
		struct address from = address_of(ends[v >> 16][0]), to = address_of(ends[v >> 16][1]);
		uint8_t data[2];
		struct bytes made, moved;
		struct ip_packet p;

		store_u16(data, (uint16_t)v);
		assert_true(udp_make(arena, &from, &to, 1, BYTES_OF(data), NULL, &made, NULL));
		from.port = 31000;
		assert_true(ip_rewrite(arena, made, &from, NULL, &moved));
		for (int i = 0; i < 2; i++) {
			assert_true(ip_parse(i ? moved : made, &p, NULL) && p.checksum_right);
			assert_true(load_u16(p.payload.at + 6) != 0);
			all_ones += load_u16(p.payload.at + 6) == 0xffff;
		}
		arena_reset(arena);
	}
	assert_true(all_ones >= 4);
}

static struct bytes extended(uint8_t extensions)
{
	struct address from = address_of("fd01::1"), to = address_of("fd02::1");
	uint8_t headers[32 * 8] = { 0 };
	struct bytes out;

	for (uint8_t i = 0; i < extensions; i++)
		headers[8 * i] = i + 1 < extensions ? 60 : PROTO_NONE;
	assert_true(ip_make(arena, &from, &to, 60, 0, bytes_make(headers, 8u * extensions), &out));
	return out;
}

static void many_extensions(void **state)
{
	struct ip_packet p;

	(void)state;
	assert_true(ip_parse(extended(16), &p, NULL) && p.protocol == PROTO_NONE && p.payload.len == 0);
	assert_false(ip_parse(extended(17), &p, NULL));
}

/* Source and destination port, data: do they begin with a non-ESP marker? */
static const struct {
	uint16_t source, destination;
	const char *data;
	bool marked;
} markers[] = {
	{ 4500,  4500,  "0000000001", true  },
	{ 4500,  31000, "00000000",   true  },
	{ 31000, 4500,  "00000000",   true  },
	{ 4500,  4500,  "0000000101", false },
	{ 4500,  4500,  "000000",     false },
	{ 4500,  4500,  "ff",         false },
	{ 500,   4500,  "0000000001", false },
	{ 4500,  500,   "0000000001", false },
};

static void markers_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(markers); i++) {
		struct address from = { .port = markers[i].source }, to = { .port = markers[i].destination };
		struct octets o = octets_of(markers[i].data);

		expect_number(markers[i].data, markers[i].marked, udp_marked(&from, &to, octets_bytes(&o)));
	}
}

static void no_echo(void **state)
{
	struct address from = address_of("10.1.0.1"), to = address_of("10.2.0.1");
	static const uint8_t code_1[8] = { 8, 1 }, other[8] = { 13 }, cut[7] = { 8 };
	static const struct bytes rows[] = { { code_1, 8 }, { other, 8 }, { cut, 7 } };
	struct echo e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ip_packet p;
		struct bytes out;

		assert_true(ip_make(arena, &from, &to, PROTO_ICMP, 1, rows[i], &out) && ip_parse(out, &p, NULL));
		assert_false(echo_parse(&p, &e));
	}
}

static void echoes(void **state)
{
	static const char *const ends[][2] = { { "10.1.0.1", "10.2.0.1" }, { "fd01::1", "fd02::1" } };
	static const uint8_t data[] = "abcdefg";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct address from = address_of(ends[i][0]), to = address_of(ends[i][1]), nat;
		struct echo e = { .id = 0x1234, .seq = 9, .data = BYTES_OF(data) }, got;
		struct bytes request, reply, moved;
		struct ip_packet p, q;

		assert_true(echo_make(arena, &from, &to, &e, &request));
		assert_true(ip_parse(request, &p, NULL) && p.checksum_right && echo_parse(&p, &got));
		assert_true(!got.reply && got.id == 0x1234 && got.seq == 9);
		expect_bytes("data", e.data, got.data);
		assert_true(echo_answer(arena, &p, &reply));
		assert_true(ip_parse(reply, &q, NULL) && q.checksum_right && echo_parse(&q, &got));
		assert_true(got.reply && got.id == 0x1234 && got.seq == 9);
		assert_true(address_equal(&q.from, &to) && address_equal(&q.to, &from));
		expect_bytes("data", e.data, got.data);
		assert_false(echo_answer(arena, &q, &reply));
		nat = address_of(i == 0 ? "203.0.113.9" : "2001:db8::9");
		assert_true(ip_rewrite(arena, request, &nat, NULL, &moved));
		assert_true(ip_parse(moved, &q, NULL) && q.checksum_right);
		((uint8_t *)moved.at)[moved.len - 1] ^= 1;
		assert_true(ip_parse(moved, &q, NULL) && !echo_answer(arena, &q, &reply));
	}
}

static void icmp_errors(void **state)
{
	static const char *const kinds[] = { "port-unreachable", "host-unreachable", "packet-too-big" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(udps); i++) {
		struct bytes about = make_udp(i), out;
		struct ip_packet p, q;

		assert_true(ip_parse(about, &p, NULL));
		for (size_t j = 0; j < ARRAY_LEN(kinds); j++) {
			assert_true(icmp_error_make(arena, &p.to, &p.from, kinds[j], about, &out));
			assert_true(ip_parse(out, &q, NULL) && q.checksum_right);
			expect_bytes("about", bytes_slice(about, 0, q.payload.len - 8),
				     bytes_slice(q.payload, 8, q.payload.len));
			assert_true(out.len <= (q.family == 4 ? 576 : 1280));
		}
		assert_false(icmp_error_make(arena, &p.to, &p.from, "no-such-thing", about, &out));
	}
}

/* Every cut and every octet changed: never past the end (the sanitizers look), and trees encode back. */
static void bad_octets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(udps); i++) {
		struct bytes packet = make_udp(i);

		for (size_t len = 0; len <= packet.len && len < 80; len++) {
			uint8_t *cut = malloc(len + 1);
			struct ip_packet p;
			struct bytes out;

			memcpy(cut, packet.at, len);
			if (ip_parse(bytes_make(cut, len), &p, NULL) && len < packet.len)
				fail_msg("took %zu of %zu octets", len, packet.len);
			ip_rewrite(arena, bytes_make(cut, len), &p.from, &p.to, &out);
			free(cut);
		}
	}
}

static void trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(udps); i++) {
		struct bytes packet = make_udp(i), again;
		struct node *root = ip_outer_tree(arena, packet);
		struct ip_packet p;
		uint64_t v;

		assert_non_null(root);
		assert_true(ip_parse(packet, &p, NULL));
		assert_true(wire_number(root, "UDP.source", &v) && v == p.from.port);
		assert_true(wire_number(root, "UDP.length", &v) && v == 8 + udps[i].size);
		assert_true(wire_number(root, "IP.ttl", &v) && v == 64);
		expect_number("marker", udps[i].marked ? 4 : 0, wire_find(root, "UDP.marker", NULL)->octets.len);
		assert_true(wire_encode(arena, root, &again, NULL));
		expect_bytes("encode(decode)", packet, again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums), cmocka_unit_test(parsing),     cmocka_unit_test(udp_made),
		cmocka_unit_test(wrong_bits), cmocka_unit_test(rewrites),   cmocka_unit_test(rewrite_keeps_wrong),
		cmocka_unit_test(echoes),    cmocka_unit_test(icmp_errors), cmocka_unit_test(bad_octets),
		cmocka_unit_test(trees),     cmocka_unit_test(rewrite_fragment), cmocka_unit_test(never_zero),
		cmocka_unit_test(many_extensions), cmocka_unit_test(no_echo), cmocka_unit_test(markers_known),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
