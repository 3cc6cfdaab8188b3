/*
 * Rekeys between two automatic endpoints: new keys on both ends, counters from 0, Child SAs carried
 * over, nothing left of the old.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pair.h"

static struct pair *up(const struct pair_setup *setup)
{
	struct pair *p = pair_new(setup);
	pair_start(p);
	assert_true(pair_handshake(p));
	return p;
}

/* The one IKE SA that is left at both ends, the same, and its living Child SAs. */
static void one_left(struct pair *p, size_t children)
{
	struct why why;
	struct ike_view l = pair_ike(p, LEFT), r = pair_ike(p, RIGHT);
	assert_int_equal(l.state, IKE_ESTABLISHED);
	assert_int_equal(r.state, IKE_ESTABLISHED);
	assert_true(l.spi_i == r.spi_i && l.spi_r == r.spi_r && l.initiator != r.initiator);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pair_living(p, i), 1);
		assert_int_equal(endpoint_counts(p->end[i].endpoint).child_sas, children);
		assert_true(endpoint_validate(p->end[i].endpoint, &why));
	}
}

static const struct {
	const char *name;
	struct pair_setup setup;
	int end; /* that rekeys */
} cases[] = {
	{ "initiator", { 0 }, LEFT },
	{ "responder", { 0 }, RIGHT },
	{ "ipv6", { .ipv6 = true }, RIGHT },
	{ "cbc", { .ike = "aes256-sha512-ecp384" }, LEFT },
};

static void ike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair *p = up(&cases[i].setup);
		uint64_t before = pair_ike(p, LEFT).spi_i;
		for (int round = 0; round < 3; round++) {
			assert_true(pair_ask(p, cases[i].end, PURPOSE_REKEY_IKE));
			one_left(p, 1);
			assert_true(pair_ike(p, LEFT).spi_i != before);
			assert_int_equal(pair_ike(p, cases[i].end).initiator, true);
			assert_int_equal(pair_ike(p, LEFT).next_request, 0);
			assert_int_equal(pair_ike(p, RIGHT).next_request, 0);
			assert_int_equal(p->end[LEFT].removes + p->end[RIGHT].removes, 0);
			before = pair_ike(p, LEFT).spi_i;
		}
		assert_true(pair_ask(p, !cases[i].end, PURPOSE_LIVENESS));
		assert_int_equal(pair_ike(p, !cases[i].end).next_request, 1);
		assert_true(pair_ask(p, cases[i].end, PURPOSE_NEW_CHILD));
		one_left(p, 2);
		assert_true(pair_agrees(p));
		assert_true(pair_ask(p, !cases[i].end, PURPOSE_DELETE_CHILD));
		one_left(p, 1);
		assert_true(pair_ask(p, cases[i].end, PURPOSE_DELETE_IKE));
		assert_int_equal(pair_living(p, LEFT) + pair_living(p, RIGHT), 0);
		assert_int_equal(p->end[LEFT].removes, 2);
		pair_free(p);
	}
}

/* An end that only answers forgets what was replaced, however often that happens. */
static void child_many_times(void **state)
{
	struct pair *p = up(&(struct pair_setup){ 0 });
	(void)state;
	for (int round = 0; round < 300; round++) {
		assert_true(pair_ask(p, LEFT, PURPOSE_REKEY_CHILD));
		one_left(p, 1);
	}
	assert_true(pair_agrees(p));
	assert_int_equal(p->end[RIGHT].installs, 301);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ike),
		cmocka_unit_test(child_many_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
