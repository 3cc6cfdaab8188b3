/*
 * IP fragments: whatever is split comes together again, in any order; nonsense does not.
 */
#include "../fragment.h"
#include "base/rng.h"
#include "cm.h"
#include "esp/inner.h"

#define PARTS 200

struct parts {
	struct bytes part[PARTS];
	size_t count;
};

static struct bytes packet_of(struct arena *a, bool six, size_t data)
{
	struct address from = address_of(six ? "[2001:db8::1]:500" : "192.0.2.1:500");
	struct address to = address_of(six ? "[2001:db8::2]:500" : "192.0.2.2:500");
	uint8_t *at = arena_alloc(a, data + 1);
	struct bytes packet;

	for (size_t i = 0; i < data; i++)
		at[i] = (uint8_t)(i * 7 + i / 256);
	assert_true(udp_make(a, &from, &to, 77, bytes_make(at, data), NULL, &packet, NULL));
	return packet;
}

static void split(struct arena *a, struct bytes packet, uint32_t mtu, struct parts *out)
{
	uint8_t *room = arena_alloc(a, FRAGMENT_ROOM);
	struct splitter s;
	struct bytes part;

	out->count = 0;
	assert_true(splitter_begin(&s, packet, mtu, 1234, false));
	while (splitter_next(&s, room, &part)) {
		assert_true(part.len <= mtu);
		assert_true(is_fragment(part));
		assert_true(out->count < PARTS);
		out->part[out->count++] = arena_copy(a, part);
	}
}

static void shuffle(struct parts *p, struct rng *rng)
{
	for (size_t i = p->count; i > 1; i--) {
		size_t j = rng_below(rng, i);
		struct bytes b = p->part[i - 1];

		p->part[i - 1] = p->part[j];
		p->part[j] = b;
	}
}

static const struct size_row {
	bool six;
	size_t data;
	uint32_t mtu;
} sizes[] = {
	{ false, 100, 68 },    { false, 1500, 576 },  { false, 1481, 1500 }, { false, 65000, 1500 },
	{ true, 1500, 1280 },  { true, 100, 64 },     { true, 65000, 1280 }, { false, 60, 28 },
};

static void comes_together_in_any_order(void **state)
{
	struct reassembly *r = reassembly_new();
	struct arena *a = arena_new(16 << 20);
	struct parts *p = malloc(sizeof(*p));
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1, "fragments");
	for (size_t i = 0; i < 10 * ARRAY_LEN(sizes); i++) {
		const struct size_row *row = &sizes[i % ARRAY_LEN(sizes)];
		struct bytes packet = packet_of(a, row->six, row->data), whole = BYTES_NONE;

		split(a, packet, row->mtu, p);
		assert_true(p->count > 1);
		if (i >= ARRAY_LEN(sizes))
			shuffle(p, &rng);
		for (size_t j = 0; j < p->count; j++)
			assert_int_equal(reassembly_take(r, a, p->part[j], 0, &whole),
					 j + 1 == p->count);
		assert_true(bytes_equal(whole, packet));
		arena_reset(a);
	}
	free(p);
	arena_free(a);
	reassembly_free(r);
}

static void two_at_once(void **state)
{
	struct reassembly *r = reassembly_new();
	struct arena *a = arena_new(1 << 20);
	struct bytes one = packet_of(a, false, 200), two = packet_of(a, true, 200), whole;
	struct parts p, q;

	(void)state;
	split(a, one, 120, &p);
	split(a, two, 152, &q);
	assert_int_equal(p.count, 3);
	assert_int_equal(q.count, 2);
	assert_false(reassembly_take(r, a, p.part[0], 0, &whole));
	assert_false(reassembly_take(r, a, q.part[1], 0, &whole));
	assert_false(reassembly_take(r, a, p.part[2], 0, &whole));
	assert_false(reassembly_take(r, a, p.part[2], 0, &whole)); /* once more harms nothing */
	assert_true(reassembly_take(r, a, q.part[0], 0, &whole));
	assert_true(bytes_equal(whole, two));
	assert_true(reassembly_take(r, a, p.part[1], 0, &whole));
	assert_true(bytes_equal(whole, one));
	arena_free(a);
	reassembly_free(r);
}

static void late_ones_are_forgotten(void **state)
{
	struct reassembly *r = reassembly_new();
	struct arena *a = arena_new(1 << 20);
	struct bytes whole;
	struct parts p;

	(void)state;
	split(a, packet_of(a, false, 100), 100, &p);
	assert_int_equal(p.count, 2);
	assert_false(reassembly_take(r, a, p.part[0], 0, &whole));
	assert_false(reassembly_take(r, a, p.part[1], REASSEMBLY_TIME + 1, &whole));
	arena_free(a);
	reassembly_free(r);
}

/* A piece that lies over another, or behind the end, gives the datagram up. */
static void overlaps_are_refused(void **state)
{
	static const int moves[] = { -8, 800 };
	struct arena *a = arena_new(1 << 20);
	struct bytes whole;
	struct parts p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		struct reassembly *r = reassembly_new();
		uint8_t *second;

		split(a, packet_of(a, false, 200), 100, &p);
		assert_int_equal(p.count, 3);
		second = (uint8_t *)p.part[1].at;
		store_u16(second + 6, (uint16_t)(load_u16(second + 6) + moves[i] / 8));
		assert_false(reassembly_take(r, a, p.part[0], 0, &whole));
		assert_false(reassembly_take(r, a, p.part[1], 0, &whole));
		assert_false(reassembly_take(r, a, p.part[2], 0, &whole));
		reassembly_free(r);
	}
	arena_free(a);
}

static void refuses_to_split(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct bytes four = packet_of(a, false, 1000), six = packet_of(a, true, 1000);
	struct splitter s;

	(void)state;
	assert_false(splitter_begin(&s, six, 576, 1, true));
	assert_false(splitter_begin(&s, four, 27, 1, false));
	((uint8_t *)four.at)[6] |= 0x40;
	assert_false(splitter_begin(&s, four, 576, 1, false));
	assert_false(splitter_begin(&s, bytes_slice(four, 0, 500), 300, 1, false));
	assert_false(splitter_begin(&s, BYTES_NONE, 300, 1, false));
	arena_free(a);
}

static void any_octets_do_no_harm(void **state)
{
	struct reassembly *r = reassembly_new();
	struct arena *a = arena_new(1 << 20);
	struct rng rng;
	uint8_t octets[120];
	struct bytes whole;

	(void)state;
	rng_seed(&rng, 2, "octets");
	for (unsigned i = 0; i < 200000; i++) {
		size_t len = rng_below(&rng, sizeof(octets));

		rng_fill(&rng, octets, len);
		if (len > 48) {
			octets[0] = i % 2 ? 0x45 : 0x60;
			store_u16(octets + (i % 2 ? 2 : 4), (uint16_t)(i % 2 ? len : len - 40));
			memset(octets + (i % 2 ? 12 : 8), 0, i % 2 ? 8 : 32);
			octets[6] = i % 2 ? octets[6] & 0x20 : 44;
			octets[42] = 0;
			store_u32(octets + 44, i / 100);
			store_u16(octets + 4, i % 2 ? (uint16_t)(i / 100) : (uint16_t)(len - 40));
		}
		reassembly_take(r, a, bytes_make(octets, len), i, &whole);
		arena_reset(a);
	}
	arena_free(a);
	reassembly_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_together_in_any_order),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(late_ones_are_forgotten),
		cmocka_unit_test(overlaps_are_refused),
		cmocka_unit_test(refuses_to_split),
		cmocka_unit_test(any_octets_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
