/*
 * Loss of each message of a whole life, repetition of each, a dead peer; random and mutated
 * datagrams in every state; memory that does not grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>

#include "stand.h"

/* ------------------------------------------------------------ loss */

struct fate {
	size_t n, lost, lost_too; /* which datagrams, from 1 */
	size_t twice;
};

static bool fate(struct pair *p, int from, struct datagram *d)
{
	struct fate *f = p->ctx;
	f->n++;
	if (f->n == f->twice)
		endpoint_input(p->end[!from].endpoint, d, p->now);
	return f->n != f->lost && f->n != f->lost_too;
}

static bool life(struct pair *p, struct fate *f)
{
	struct why why;
	p->pass = fate;
	p->ctx = f;
	pair_start(p);
	endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why);
	pair_run(p, p->now + 40 * USEC_S);
	if (!pair_agrees(p) || p->end[LEFT].installs != 1 || p->end[RIGHT].installs != 1)
		return false;
	pair_ask(p, RIGHT, PURPOSE_LIVENESS);
	pair_run(p, p->now + 40 * USEC_S);
	pair_ask(p, LEFT, PURPOSE_DELETE_CHILD);
	pair_run(p, p->now + 40 * USEC_S);
	if (p->end[LEFT].removes != 1 || p->end[RIGHT].removes != 1)
		return false;
	pair_ask(p, RIGHT, PURPOSE_DELETE_IKE);
	pair_run(p, p->now + 40 * USEC_S);
	return pair_living(p, LEFT) + pair_living(p, RIGHT) == 0 &&
	       endpoint_validate(p->end[LEFT].endpoint, &why) &&
	       endpoint_validate(p->end[RIGHT].endpoint, &why);
}

static struct pair *with_retries(uint64_t seed)
{
	struct pair *p = pair_new(&(struct pair_setup){
		.ike = "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-x25519",
		.ike_right = "aes128gcm16-prfsha256-x25519",
		.seed = seed });
	p->end[RIGHT].config.cookie_threshold = 0;
	return p;
}

static void every_message_lost(void **state)
{
	(void)state;
	for (size_t a = 0; a < 16; a++) {
		for (size_t b = a; b < 18; b++) {
			struct pair *p = with_retries(a);
			struct fate f = { .lost = a, .lost_too = b };
			if (!life(p, &f))
				fail_msg("datagrams %zu and %zu lost", a, b);
			pair_free(p);
		}
	}
}

static void every_message_twice(void **state)
{
	(void)state;
	for (size_t a = 1; a < 16; a++) {
		struct pair *p = with_retries(a);
		struct fate f = { .twice = a };
		if (!life(p, &f))
			fail_msg("datagram %zu twice", a);
		pair_free(p);
	}
}

static bool nothing_passes(struct pair *p, int from, struct datagram *d)
{
	(void)p;
	(void)from;
	(void)d;
	return false;
}

static void dead_peer(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 3 });
	p->end[LEFT].config.liveness = 10 * USEC_S;
	pair_start(p);
	assert_true(pair_handshake(p));
	pair_run(p, p->now + 60 * USEC_S); /* it answers */
	assert_int_equal(pair_living(p, LEFT), 1);
	p->pass = nothing_passes;
	size_t before = p->end[LEFT].sent;
	pair_run(p, p->now + 100 * USEC_S);
	assert_int_equal(pair_living(p, LEFT), 0);
	assert_int_equal(p->end[LEFT].removes, 1);
	assert_int_equal(p->end[LEFT].sent - before, 5);
	pair_free(p);
}

/* ------------------------------------------------------------ anything at all */

static void mutate(struct rng *r, uint8_t *at, size_t *len, size_t cap)
{
	switch (rng_below(r, 5)) {
	case 0:
		if (*len)
			at[rng_below(r, *len)] = (uint8_t)rng_u64(r);
		break;
	case 1:
		*len = (size_t)rng_below(r, *len + 1);
		break;
	case 2:
		for (size_t n = 0; n < 12 && *len < cap; n++)
			at[(*len)++] = (uint8_t)rng_u64(r);
		break;
	case 3:
		if (*len > 30)
			at[28 + rng_below(r, *len - 28)] ^= (uint8_t)(1u << rng_below(r, 8));
		break;
	default:
		if (*len > 28)
			at[16 + rng_below(r, 12)] = (uint8_t)rng_below(r, 64);
	}
}

/* Datagrams of one life, kept to be mutated. */
#define KEPT 24
struct recorded {
	uint8_t at[KEPT][1500];
	size_t len[KEPT];
	struct datagram d[KEPT];
	int to[KEPT];
	size_t count;
};

static bool record(struct pair *p, int from, struct datagram *d)
{
	struct recorded *r = p->ctx;
	if (r->count < KEPT && d->octets.len <= 1400) {
		memcpy(r->at[r->count], d->octets.at, d->octets.len);
		r->len[r->count] = d->octets.len;
		r->d[r->count] = *d;
		r->to[r->count++] = !from;
	}
	return true;
}

static void throw_one(struct pair *p, struct recorded *rec, struct rng *rng)
{
	uint8_t at[2000];
	size_t i = (size_t)rng_below(rng, rec->count), len = rec->len[i];
	struct datagram d = rec->d[i];
	struct why why;
	memcpy(at, rec->at[i], len);
	for (uint64_t n = 1 + rng_below(rng, 4); n; n--)
		mutate(rng, at, &len, sizeof(at));
	if (rng_below(rng, 20) == 0)
		rng_fill(rng, at, len);
	d.octets = bytes_make(at, len);
	int to = rng_below(rng, 8) ? rec->to[i] : !rec->to[i];
	endpoint_input(p->end[to].endpoint, &d, p->now);
	if (!endpoint_validate(p->end[to].endpoint, &why))
		fail_msg("%s", why.text);
	while (endpoint_output(p->end[to].endpoint, p->now, &d))
		continue;
}

/* In every state of a life: before each of its datagrams. */
static void anything_in_every_state(void **state)
{
	(void)state;
	struct rng rng;
	rng_seed(&rng, 42, "mutations");
	for (int round = 0; round < 2; round++) {
		struct recorded *rec = calloc(1, sizeof(*rec));
		struct pair *p = with_retries((uint64_t)round);
		struct why why;
		if (round)
			p->end[LEFT].config.automatic = false;
		p->pass = record;
		p->ctx = rec;
		pair_start(p);
		if (round)
			stand_establish(p);
		else
			endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why);
		for (int step = 0; step < 14; step++) {
			struct datagram d;
			for (int from = 0; from < 2; from++)
				if (endpoint_output(p->end[from].endpoint, p->now, &d)) {
					record(p, from, &d);
					endpoint_input(p->end[!from].endpoint, &d, p->now);
				}
			if (step == 6)
				for (int k = 0; k < 2; k++)
					endpoint_request(p->end[k].endpoint, PURPOSE_LIVENESS,
							 endpoint_ike_sa(p->end[k].endpoint, 0),
							 NULL, p->now, &why);
			for (int n = 0; n < 400 && rec->count; n++)
				throw_one(p, rec, &rng);
		}
		pair_free(p);
		free(rec);
	}
}

/* With the ICV not looked at, the inside of SK is reached by mutations too. */
static void anything_inside(void **state)
{
	(void)state;
	struct rng rng;
	rng_seed(&rng, 43, "inside");
	for (uint64_t round = 0; round < 60; round++) {
		struct recorded *rec = calloc(1, sizeof(*rec));
		struct pair *p = pair_new(
			&(struct pair_setup){ .seed = round, .ike = "aes128-sha256-x25519" });
		struct why why;
		pair_omit(p, LEFT, "icv");
		pair_omit(p, RIGHT, "icv");
		if (round & 1)
			for (size_t i = 0; i < checks_count; i++)
				if (rng_below(&rng, 8) == 0)
					pair_omit(p, RIGHT, checks[i].name);
		p->pass = record;
		p->ctx = rec;
		pair_start(p);
		pair_handshake(p);
		for (int n = 0; n < 100 && rec->count; n++) {
			if (n % 25 == 0)
				endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why);
			pair_pump(p);
			throw_one(p, rec, &rng);
			p->now += USEC_S;
			endpoint_tick(p->end[n & 1].endpoint, p->now);
		}
		pair_free(p);
		free(rec);
	}
}

/* ------------------------------------------------------------ memory */

static void whole_life(struct pair *p)
{
	assert_true(pair_handshake(p));
	assert_true(pair_ask(p, LEFT, PURPOSE_DELETE_CHILD));
	assert_true(pair_ask(p, LEFT, PURPOSE_DELETE_IKE));
	p->now += USEC_S;
}

static void constant_memory(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 11 });
	pair_start(p);
	for (int i = 0; i < 200; i++)
		whole_life(p);
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < 2000; i++)
		whole_life(p);
	struct mallinfo2 after = mallinfo2();
	assert_true(after.uordblks <= before.uordblks + 65536);
	assert_true(endpoint_counts(p->end[LEFT].endpoint).ike_sas <= 70);
	pair_free(p);
}

static void constant_memory_of_one_sa(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 12 });
	pair_start(p);
	assert_true(pair_handshake(p));
	for (int i = 0; i < 100; i++)
		pair_ask(p, i & 1, PURPOSE_LIVENESS);
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < 5000; i++)
		pair_ask(p, i & 1, PURPOSE_LIVENESS);
	struct mallinfo2 after = mallinfo2();
	assert_true(after.uordblks <= before.uordblks + 4096);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_lost),
		cmocka_unit_test(every_message_twice),
		cmocka_unit_test(dead_peer),
		cmocka_unit_test(anything_in_every_state),
		cmocka_unit_test(anything_inside),
		cmocka_unit_test(constant_memory),
		cmocka_unit_test(constant_memory_of_one_sa),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
