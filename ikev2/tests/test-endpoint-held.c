/*
 * What a packet costs must not depend on how many SAs are held.  The library is built so that each
 * branch that it takes calls back (-fsanitize-coverage=trace-pc): steps are counted, not time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pair.h"

#define FEW  10u
#define MANY 10000u

static uint64_t steps;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

static void look(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		assert_true(endpoint_deadline(p->end[i].endpoint) > p->now);
}

/* With the deadline asked for after each datagram, as a loop does. */
static bool watched(struct pair *p, int from, struct datagram *d)
{
	(void)from;
	(void)d;
	look(p);
	return true;
}

/* ------------------------------------------------------------ what is counted */

static void liveness(struct pair *p)
{
	assert_true(pair_ask(p, LEFT, PURPOSE_LIVENESS));
}

static void rekey_child(struct pair *p)
{
	assert_true(pair_ask(p, RIGHT, PURPOSE_REKEY_CHILD));
}

static void rekey_ike(struct pair *p)
{
	assert_true(pair_ask(p, LEFT, PURPOSE_REKEY_IKE));
}

static void one_more_and_less(struct pair *p)
{
	struct why why;
	assert_true(endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why));
	pair_pump(p);
	assert_true(pair_ask(p, LEFT, PURPOSE_DELETE_IKE));
}

/* The oldest of all that are left; it is remembered for a while. */
static void old_one_away(struct pair *p)
{
	struct endpoint *e = p->end[LEFT].endpoint;
	size_t n = endpoint_counts(e).ike_sas - 1;
	struct ike_sa *sa;
	struct why why;
	while (ike_sa_view(sa = endpoint_ike_sa(e, n)).state != IKE_ESTABLISHED)
		n--;
	steps = 0; /* that walk was the test's */
	assert_true(endpoint_request(e, PURPOSE_DELETE_IKE, sa, NULL, p->now, &why));
	pair_pump(p);
}

static void report(struct pair *p, enum report_kind kind, uint32_t spi)
{
	struct child_report r = { .kind = kind, .spi_in = spi, .address = p->end[LEFT].connection.local };
	endpoint_report(p->end[RIGHT].endpoint, &r, p->now);
}

/* Of the first Child SA of all. */
static void traffic(struct pair *p)
{
	struct ike_sa *sa = endpoint_ike_sa(p->end[RIGHT].endpoint, 0);
	report(p, REPORT_TRAFFIC, child_sa_view(endpoint_child_sa(p->end[RIGHT].endpoint, sa, 0)).spi_in);
}

static void unknown_esp(struct pair *p)
{
	report(p, REPORT_UNKNOWN_SPI, 0x12345678);
}

static void unknown_ike(struct pair *p)
{
	static const uint8_t octets[28] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 46, 0x20, 37,
					    8, 0, 0, 0, 1, 0, 0, 0, 28 };
	struct datagram d = { .from = p->end[LEFT].connection.local, .to = p->end[RIGHT].connection.local,
			      .octets = BYTES_OF(octets) };
	endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	pair_pump(p);
}

static void nothing_due(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		endpoint_tick(p->end[i].endpoint, p->now);
}

static const struct {
	const char *name;
	void (*run)(struct pair *p);
} rows[] = {
	{ "a liveness check", liveness },
	{ "a rekey of a Child SA", rekey_child },
	{ "a rekey of an IKE SA", rekey_ike },
	{ "a handshake and a Delete", one_more_and_less },
	{ "a Delete of the oldest", old_one_away },
	{ "a report of ESP packets", traffic },
	{ "an ESP packet of an unknown SPI", unknown_esp },
	{ "an IKE message of an unknown SPI", unknown_ike },
	{ "a tick", nothing_due },
};

/* ------------------------------------------------------------ the test */

static struct pair *holding(size_t count)
{
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 5 });
	struct why why;
	for (int i = 0; i < 2; i++) {
		p->end[i].config.liveness = 3600 * USEC_S;
		p->end[i].config.tell_spi = 60 * USEC_S;
		p->end[i].config.cookie_threshold = UINT32_MAX;
	}
	pair_start(p);
	for (size_t i = 0; i < count; i++) {
		assert_true(endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, &why));
		pair_pump(p);
		p->now += USEC_MS;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(endpoint_counts(p->end[i].endpoint).ike_sas, count);
		assert_int_equal(endpoint_counts(p->end[i].endpoint).child_sas, count);
	}
	p->pass = watched;
	return p;
}

/* The second time: the first one finds what the handshakes left to be looked at. */
static void count(struct pair *p, uint64_t out[static ARRAY_LEN(rows)])
{
	struct why why;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int again = 0; again < 2; again++) {
			p->now += USEC_MS;
			steps = 0;
			rows[i].run(p);
			look(p);
			out[i] = steps;
		}
	for (int i = 0; i < 2; i++)
		if (!endpoint_validate(p->end[i].endpoint, &why))
			fail_msg("%s", why.text);
}

static void test_held(void **state)
{
	struct pair *few = holding(FEW), *many = holding(MANY);
	uint64_t a[ARRAY_LEN(rows)], b[ARRAY_LEN(rows)];
	(void)state;
	count(few, a);
	count(many, b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("%-34s %8llu steps with %u IKE SAs, %8llu with %u\n", rows[i].name,
			      (unsigned long long)a[i], FEW, (unsigned long long)b[i], MANY);
		assert_true(a[i] > 0);
		/* The heap is deeper: a few steps for each datagram. */
		assert_in_range(b[i], 1, a[i] + a[i] / 10 + 100);
	}
	pair_free(few);
	pair_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_held) };
	return cmocka_run_group_tests_name("endpoint held", tests, NULL, NULL);
}
