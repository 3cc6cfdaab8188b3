/*
 * The parts of `bench wire` that no machine's speed can change: percentiles, stamps, tracks and the
 * search over a target that is made up.
 */
#include "../wire/search.h"
#include "../wire/stamp.h"
#include "../wire/track.h"
#include "bench/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "esp/inner.h"

/* ------------------------------------------------------------ histogram */

static void test_percentiles(void **state)
{
	struct histogram *h = calloc(1, sizeof(*h));

	(void)state;
	assert_int_equal(histogram_at(h, 0.5), 0);
	for (uint64_t ns = 1; ns <= 100000; ns++)
		histogram_add(h, ns);
	for (double share = 0.1; share < 1; share += 0.1) {
		double right = share * 100000, got = (double)histogram_at(h, share);

		assert_true(fabs(got - right) <= right * 0.04);
	}
	assert_int_equal(histogram_at(h, 1), 100000);
	assert_int_equal(h->longest, 100000);
	histogram_add(h, UINT64_MAX); /* longer than it has steps for */
	assert_int_equal(histogram_at(h, 1), UINT64_MAX);
	free(h);
}

static void test_one_sample(void **state)
{
	static const uint64_t values[] = { 0, 1, 31, 32, 33, 1000, 123456789, (uint64_t)1 << 39 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct histogram *h = calloc(1, sizeof(*h));

		histogram_add(h, values[i]);
		assert_int_equal(histogram_at(h, 0.999), values[i]);
		free(h);
	}
}

/* ------------------------------------------------------------ stamps */

static struct address host(const char *text)
{
	struct address a;

	assert_true(address_parse(text, &a));
	return a;
}

static const struct {
	const char *from, *to;
	bool echo;
	size_t len;
} packets[] = {
	{ "10.1.1.1", "10.2.1.1", false, 54 },	  { "10.1.1.1", "10.2.1.1", false, 1400 },
	{ "10.1.1.1", "10.2.1.1", true, 54 },	  { "fd00::1", "fd00::2", false, 74 },
	{ "fd00::1", "fd00::2", true, 1280 },	  { "10.1.1.1", "10.2.1.1", false, 9000 },
};

/* Whatever the stamp says, the checksum that was worked out before holds. */
static void test_stamp_in_packet(void **state)
{
	static const struct stamp stamps[] = {
		{ 0, 0, 0, 0 },
		{ 7, 1, 123456789, 54 },
		{ UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT16_MAX },
		{ 0x8000, (uint64_t)1 << 63, 0xffff0000ffff0000, 1400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct arena *a = arena_new(1 << 20);
		struct address from = host(packets[i].from), to = host(packets[i].to);
		struct ip_packet parsed;
		struct bytes packet;
		struct stamp got;
		struct why why;

		assert_true(stamp_packet(a, &from, &to, packets[i].echo, packets[i].len, &packet));
		assert_int_equal(packet.len, packets[i].len);
		for (size_t k = 0; k < ARRAY_LEN(stamps); k++) {
			stamp_write((uint8_t *)(uintptr_t)packet.at + stamp_offset(from.family),
				    &stamps[k]);
			assert_true(ip_parse(packet, &parsed, &why));
			assert_true(parsed.checksum_right);
			assert_int_equal(stamp_read(packet, &got), !packets[i].echo);
			if (packets[i].echo) /* a request; the reply is what counts */
				continue;
			assert_int_equal(got.flow, stamps[k].flow);
			assert_int_equal(got.number, stamps[k].number);
			assert_int_equal(got.time, stamps[k].time);
			assert_int_equal(got.len, stamps[k].len);
		}
		arena_free(a);
	}
}

static void test_echo_reply_is_read(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct address from = host("10.1.1.1"), to = host("10.2.1.1");
	struct bytes request, reply;
	struct ip_packet parsed;
	struct stamp got;
	struct why why;

	(void)state;
	assert_true(stamp_packet(a, &from, &to, true, 100, &request));
	stamp_write((uint8_t *)(uintptr_t)request.at + stamp_offset(4), &(struct stamp){ 5, 6, 7, 100 });
	assert_true(ip_parse(request, &parsed, &why));
	assert_true(echo_answer(a, &parsed, &reply));
	assert_true(stamp_read(reply, &got));
	assert_int_equal(got.number, 6);
	arena_free(a);
}

/* Every cut of a packet, and octets that are no such packet at all. */
static void test_stamp_not_there(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct address from = host("10.1.1.1"), to = host("10.2.1.1");
	uint8_t *copy;
	struct bytes packet;
	struct stamp got;

	(void)state;
	assert_true(stamp_packet(a, &from, &to, false, 54, &packet));
	for (size_t len = 0; len < packet.len - 2; len++) {
		copy = malloc(len ? len : 1); /* of that length, so that a tool sees a read past it */
		memcpy(copy, packet.at, len);
		assert_false(stamp_read(bytes_make(copy, len), &got));
		free(copy);
	}
	for (unsigned first = 0; first < 256; first++) {
		uint8_t octets[60] = { (uint8_t)first };

		assert_false(stamp_read(BYTES_OF(octets), &got));
	}
	assert_false(stamp_packet(a, &from, &to, false, stamp_least(4) - 1, &packet));
	arena_free(a);
}

/* ------------------------------------------------------------ tracks */

static void test_track(void **state)
{
	static const struct {
		const char *numbers; /* as they came, a letter each */
		uint64_t received, duplicates, reordered, lost;
	} rows[] = {
		{ "abcd", 4, 0, 0, 0 },	  { "abd", 3, 0, 0, 1 },  { "acbd", 4, 0, 1, 0 },
		{ "aabcd", 4, 1, 0, 0 },  { "dcba", 4, 0, 3, 0 }, { "", 0, 0, 0, 4 },
		{ "abcdabcd", 4, 4, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct track *t = calloc(1, sizeof(*t));
		uint64_t now = 1000;

		track_begin(t, 9);
		track_take(t, &(struct stamp){ .flow = 8 }, 100, now); /* an earlier trial's */
		for (const char *c = rows[i].numbers; *c; c++)
			track_take(t, &(struct stamp){ .flow = 9, .number = (uint64_t)(*c - 'a') }, 100, now++);
		assert_int_equal(t->received, rows[i].received);
		assert_int_equal(t->duplicates, rows[i].duplicates);
		assert_int_equal(t->reordered, rows[i].reordered);
		assert_int_equal(track_lost(t, 4), rows[i].lost);
		free(t);
	}
}

static void test_track_far(void **state)
{
	struct track *t = calloc(1, sizeof(*t));

	(void)state;
	track_begin(t, 0);
	for (uint64_t n = 0; n < 3 * TRACK_WINDOW; n += 2)
		track_take(t, &(struct stamp){ .number = n }, 1, n);
	assert_int_equal(t->received, 3 * TRACK_WINDOW / 2);
	track_take(t, &(struct stamp){ .number = (uint64_t)1 << 40 }, 1, 5);
	assert_int_equal(t->received, 3 * TRACK_WINDOW / 2 + 1);
	track_take(t, &(struct stamp){ .number = ((uint64_t)1 << 40) - 1 }, 1, 6);
	assert_int_equal(t->reordered, 1);
	free(t);
}

/* ------------------------------------------------------------ search */

struct made_up { /* a target that loses what is above its rate */
	double capacity;
	unsigned trials, noisy; /* every noisy-th trial loses something whatever the rate */
	unsigned ends_at;
};

static bool made_up_trial(void *ctx, double rate, double *loss)
{
	struct made_up *m = ctx;

	if (++m->trials == m->ends_at)
		return false;
	*loss = rate > m->capacity ? 1 - m->capacity / rate : 0;
	if (m->noisy && m->trials % m->noisy == 0)
		*loss += 0.1;
	return true;
}

static void test_search(void **state)
{
	static const double capacities[] = { 1500, 40000, 99999, 100000, 250000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
		struct made_up m = { .capacity = capacities[i] };
		struct search s = { .least = 100, .most = 100000, .width = 0.01, .trial = made_up_trial,
				    .ctx = &m };
		struct search_bounds pdr = search_goal(&s, 0.005), ndr = search_goal(&s, 0);
		double most = fmin(capacities[i], 100000);

		assert_true(ndr.found && pdr.found);
		assert_true(ndr.lower <= most && ndr.upper >= most * 0.9999);
		assert_true(ndr.upper - ndr.lower <= 0.01 * ndr.upper);
		assert_true(pdr.lower >= ndr.lower);
		assert_true(pdr.lower * 0.995 <= capacities[i]);
		assert_true(ndr.trials < pdr.trials || pdr.trials <= 2);
	}
}

/* One bad trial in three does not change the verdict if a loss must show twice in a row. */
static void test_search_among_noise(void **state)
{
	struct made_up m = { .capacity = 50000, .noisy = 3 };
	struct search s = { .least = 100, .most = 100000, .width = 0.01, .again = 1,
			    .trial = made_up_trial, .ctx = &m };
	struct search_bounds b = search_goal(&s, 0);

	(void)state;
	assert_true(b.found && b.lower > 49000 && b.lower <= 50000);
}

static void test_search_ends(void **state)
{
	struct made_up nothing = { .capacity = 1 }, stopped = { .capacity = 50000, .ends_at = 4 };
	struct search s = { .least = 100, .most = 100000, .width = 0.01, .trial = made_up_trial,
			    .ctx = &nothing };

	(void)state;
	assert_false(search_goal(&s, 0).found);
	s.count = 0;
	s.ctx = &stopped;
	assert_false(search_goal(&s, 0).found);
	assert_int_equal(stopped.trials, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles),	   cmocka_unit_test(test_one_sample),
		cmocka_unit_test(test_stamp_in_packet),	   cmocka_unit_test(test_echo_reply_is_read),
		cmocka_unit_test(test_stamp_not_there),	   cmocka_unit_test(test_track),
		cmocka_unit_test(test_track_far),	   cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_among_noise), cmocka_unit_test(test_search_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
