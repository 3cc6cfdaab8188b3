/*
 * The link alone: fates, order, bounds.
 */
#include <stdio.h>

#include "../link.h"
#include "cm.h"
#include "esp/inner.h"

#define LATENCY 1000

static struct link *fresh(uint64_t seed, const struct link_fate *fate)
{
	struct link *l = malloc(sizeof(*l));
	struct rng rng;

	rng_seed(&rng, seed, "test-link");
	link_init(l, &rng);
	l->lanes[0].fate = l->lanes[1].fate = *fate;
	return l;
}

static void done(struct link *l)
{
	link_free(l);
	free(l);
}

static const char *put(struct link *l, struct bytes octets, usec now, uint64_t serial)
{
	return link_put(l, &(struct passage){ .octets = octets, .way = LINK_TO_TARGET, .now = now,
					      .latency = LATENCY, .serial = serial });
}

/* A packet that only has a number. */
static const char *put_number(struct link *l, usec now, uint32_t number)
{
	uint8_t octets[40] = { 0 };

	store_u32(octets, number);
	return put(l, BYTES_OF(octets), now, number);
}

/* ------------------------------------------------------------ determinism */

struct fate_log {
	char text[200000];
	size_t len;
};

static void note(struct fate_log *log, const char *what, usec when, uint64_t serial)
{
	log->len += (size_t)snprintf(log->text + log->len, sizeof(log->text) - log->len,
				     "%llu %s %llu\n", (unsigned long long)serial, what,
				     (unsigned long long)when);
}

static void drain(struct link *l, struct fate_log *log, usec until)
{
	usec due;
	struct packet *p;

	while ((due = link_due(l)) <= until) {
		p = link_take(l, due);
		if (p == NULL)
			break;
		note(log, "arrived", due, p->serial);
		free(p);
	}
}

static const struct link_fate wild = {
	.delay = 3000, .jitter = 5000, .loss_ppm = 100000, .duplicate_ppm = 50000,
	.reorder_ppm = 50000,
	.corrupt_ppm = 20000,
};

static struct fate_log *wild_log(uint64_t seed, const struct link_fate *before)
{
	struct link *l = fresh(seed, before);
	struct fate_log *log = calloc(1, sizeof(*log));

	for (uint32_t i = 0; i < 2000; i++) {
		if (i == 100)
			l->lanes[0].fate = wild;
		drain(l, log, i * 700);
		if (put_number(l, i * 700, i) && i >= 100)
			note(log, "lost", i * 700, i);
	}
	drain(l, log, USEC_NEVER - 1);
	done(l);
	return log;
}

static void same_seed_same_fate(void **state)
{
	struct fate_log *a = wild_log(1, &wild), *b = wild_log(1, &wild), *c = wild_log(2, &wild);

	(void)state;
	assert_true(a->len > 20000);
	assert_string_equal(a->text, b->text);
	assert_string_not_equal(a->text, c->text);
	free(a);
	free(b);
	free(c);
}

/* The fate of a packet does not hang on what was drawn for those before it. */
static void fate_is_the_packets_own(void **state)
{
	static const struct link_fate calm, lossy = { .loss_ppm = 500000 };
	struct fate_log *a = wild_log(1, &calm), *b = wild_log(1, &lossy);
	const char *tail_a = strstr(a->text, "\n150 "), *tail_b = strstr(b->text, "\n150 ");

	(void)state;
	assert_non_null(tail_a);
	assert_non_null(tail_b);
	assert_string_equal(tail_a, tail_b);
	free(a);
	free(b);
}

/* ------------------------------------------------------------ shares */

struct share {
	const char *name;
	struct link_fate fate;
	unsigned least, most;   /* packets that arrive out of 10,000 */
};

static const struct share shares[] = {
	{ "none lost",    { 0 },                        10000, 10000 },
	{ "1 % lost",     { .loss_ppm = 10000 },        9860,  9940  },
	{ "30 % lost",    { .loss_ppm = 300000 },       6850,  7150  },
	{ "all lost",     { .loss_ppm = 1000000 },      0,     0     },
	{ "down",         { .down = true },             0,     0     },
	{ "10 % twice",   { .duplicate_ppm = 100000 },  10900, 11100 },
	{ "all twice",    { .duplicate_ppm = 1000000 }, 20000, 20000 },
	{ "all reorder",  { .reorder_ppm = 1000000 },   10000, 10000 },
	{ "mtu too small and fragments dropped", { .mtu = 39, .drop_ip_fragments = true }, 0, 0 },
	{ "mtu large enough", { .mtu = 40, .drop_ip_fragments = true }, 10000, 10000 },
};

static unsigned arrivals(const struct link_fate *fate)
{
	struct link *l = fresh(7, fate);
	unsigned count = 0;
	struct packet *p;

	for (uint32_t i = 0; i < 10000; i++) {
		put_number(l, i, i);
		for (; (p = link_take(l, i)) != NULL; count++)
			free(p);
	}
	for (; (p = link_take(l, USEC_NEVER - 1)) != NULL; count++)
		free(p);
	assert_int_equal(link_due(l), USEC_NEVER);
	done(l);
	return count;
}

static void shares_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		unsigned got = arrivals(&shares[i].fate);

		if (got < shares[i].least || got > shares[i].most)
			fail_msg("%s: wanted %u to %u of 10000, got %u", shares[i].name,
				 shares[i].least, shares[i].most, got);
	}
}

/* ------------------------------------------------------------ time */

static void arrives_when_due(void **state)
{
	static const struct link_fate slow = { .delay = 50000 };
	struct link *l = fresh(1, &slow);
	struct packet *p;

	(void)state;
	assert_null(put_number(l, 10, 1));
	assert_int_equal(link_due(l), 10 + LATENCY + 50000);
	assert_null(link_take(l, 10 + LATENCY + 49999));
	p = link_take(l, 10 + LATENCY + 50000);
	assert_non_null(p);
	assert_int_equal(p->serial, 1);
	free(p);
	done(l);
}

static void jitter_stays_in_bounds(void **state)
{
	static const struct link_fate f = { .delay = 1000, .jitter = 4000 };
	struct link *l = fresh(3, &f);
	usec least = USEC_NEVER, most = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct packet *p;
		usec due;

		assert_null(put_number(l, 0, i));
		due = link_due(l);
		p = link_take(l, due);
		assert_non_null(p);
		free(p);
		least = due < least ? due : least;
		most = due > most ? due : most;
	}
	assert_in_range(least, LATENCY + 1000, LATENCY + 1050);
	assert_in_range(most, LATENCY + 4950, LATENCY + 5000);
	done(l);
}

static void ties_keep_their_order(void **state)
{
	static const struct link_fate calm;
	struct link *l = fresh(1, &calm);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		put_number(l, 5, i);
	for (uint32_t i = 0; i < 1000; i++) {
		struct packet *p = link_take(l, 5 + LATENCY);

		assert_non_null(p);
		assert_int_equal(p->serial, i);
		free(p);
	}
	done(l);
}

static uint64_t taken(struct link *l, usec now)
{
	struct packet *p = link_take(l, now);
	uint64_t serial = p ? p->serial : 0;

	free(p);
	return serial;
}

static void reordered_lets_one_pass(void **state)
{
	static const struct link_fate calm, swap = { .reorder_ppm = 1000000 };
	struct link *l = fresh(1, &swap);

	(void)state;
	put_number(l, 0, 1);
	l->lanes[0].fate = calm;
	put_number(l, 0, 2);
	put_number(l, 0, 3);
	assert_int_equal(taken(l, LATENCY), 2);
	assert_int_equal(taken(l, LATENCY), 1);
	assert_int_equal(taken(l, LATENCY), 3);
	l->lanes[0].fate = swap;
	put_number(l, 0, 4);
	assert_int_equal(link_due(l), LATENCY + LINK_HOLD);
	assert_int_equal(taken(l, LATENCY + LINK_HOLD - 1), 0);
	assert_int_equal(taken(l, LATENCY + LINK_HOLD), 4);
	done(l);
}

static void flush_lets_go(void **state)
{
	static const struct link_fate swap = { .reorder_ppm = 1000000 };
	struct link *l = fresh(1, &swap);

	(void)state;
	put_number(l, 0, 1);
	link_flush(l, 10);
	assert_int_equal(taken(l, LATENCY), 1);
	done(l);
}

/* ------------------------------------------------------------ octets */

static unsigned bits_apart(struct bytes a, struct bytes b)
{
	unsigned bits = 0;

	for (size_t i = 0; i < a.len; i++)
		bits += (unsigned)__builtin_popcount(a.at[i] ^ b.at[i]);
	return bits;
}

/* One bit of the data differs, and no checksum on the way tells it. */
static void corrupt_flips_one_bit(void **state)
{
	static const struct link_fate bad = { .corrupt_ppm = 1000000 };
	static const char *const ends[][2] = {
		{ "192.0.2.1:500", "192.0.2.2:500" }, { "[2001:db8::1]:500", "[2001:db8::2]:500" },
	};
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		struct address from = address_of(ends[i % 2][0]), to = address_of(ends[i % 2][1]);
		struct link *l = fresh(i, &bad);
		uint8_t data[77] = { 1, 2, 3, (uint8_t)i };
		struct ip_packet before, after;
		struct bytes packet;
		struct packet *p;

		assert_true(udp_make(a, &from, &to, 1, bytes_make(data, 20 + i % 57), NULL, &packet,
				     NULL));
		assert_null(put(l, packet, 0, 1));
		p = link_take(l, LATENCY);
		assert_true(ip_parse(packet, &before, NULL));
		assert_true(ip_parse(bytes_make(p->octets, p->len), &after, NULL));
		assert_int_equal(bits_apart(before.udp, after.udp), 1);
		assert_true(after.checksum_right);
		free(p);
		done(l);
		arena_reset(a);
	}
	arena_free(a);
}

static void queue_is_bounded(void **state)
{
	static const struct link_fate calm;
	struct link *l = fresh(1, &calm);
	const char *why = NULL;
	uint32_t i;

	(void)state;
	for (i = 0; why == NULL && i < 2 * LINK_PACKETS; i++)
		why = put_number(l, 0, i);
	assert_non_null(why);
	assert_string_equal(why, "the queue of the link is full");
	assert_in_range(i, LINK_PACKETS - 10, LINK_PACKETS);
	done(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_fate),
		cmocka_unit_test(fate_is_the_packets_own),
		cmocka_unit_test(shares_are_kept),
		cmocka_unit_test(arrives_when_due),
		cmocka_unit_test(jitter_stays_in_bounds),
		cmocka_unit_test(ties_keep_their_order),
		cmocka_unit_test(reordered_lets_one_pass),
		cmocka_unit_test(flush_lets_go),
		cmocka_unit_test(corrupt_flips_one_bit),
		cmocka_unit_test(queue_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
