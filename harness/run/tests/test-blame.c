/* Whose death it was: cases on instances of a target that is not there, moved by hand. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "../host.h"

#define SLOTS 4


/* ------------------------------------------------------------ a suite of three cases, and one instance */

static struct slot slots[SLOTS];
static struct real_host host;

static struct test_suite *three(const struct deviations *known)
{
	static const char *const names[] = { "ikev2.auth.psk", "ikev2.init.honest", "ikev2.init.large" };
	struct run_options o = {
		.library = whole, .crypto = whole_crypto, .profile = library_profile(whole, "builtin"), .root = scenarios_root,
		.filter = { .names = names, .name_count = ARRAY_LEN(names) }, .seed = 7, .deviations = known,
	};
	struct address local = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct why why = { 0 };
	struct test_suite *s = suite_new(&o, &why);

	assert_non_null(s);
	assert_int_equal(s->job_count, 3);
	s->width = 3;
	s->flights = arena_array(s->arena, 8, sizeof *s->flights);
	s->held = arena_array(s->arena, 8, sizeof *s->held);
	s->blamed = arena_array(s->arena, DEATHS, sizeof *s->blamed);
	memset(slots, 0, sizeof slots);
	host = (struct real_host){ .suite = s, .slots = slots, .slot_count = SLOTS };
	host.real = real_over_udp(&local, 1, &why);
	assert_non_null(host.real);
	for (size_t i = 0; i < s->job_count; i++)
		s->jobs[i].plan.slots = 1;
	return s;
}

static void over(struct test_suite *s)
{
	flights_drop(s);
	real_free(host.real);
	suite_free(s);
}

/* The case is run against the built-in target as far as its last step, and leaves a slot to be cleared. */
static struct flight *flown(struct test_suite *s, struct job *job, bool alone)
{
	struct flight *f = &s->flights[s->in_flight++];
	struct why why = { 0 };

	assert_true(flight_begin(s, f, job, job->result ? job->result->attempts : 0, &why));
	f->alone = alone;
	f->host = &host;
	host.in_flight++;
	run_begin(f->run);
	while (!run_over(f->run)) {
		usec t = run_move(f->run);

		if (!run_over(f->run))
			world_advance(f->run->world, t);
	}
	f->run->target_state = &host;
	assert_true(flight_over(s, f, &why));
	assert_int_equal(f->result->verdict, VERDICT_PASS);
	f->run->testers[0].slot = 1;
	slots[0].state = SLOT_CLEARING;
	return f;
}

static void killed(void)
{
	host.dead = true;
	host.death = ++host.suite->deaths;
	snprintf(host.how, sizeof host.how, "ended by signal 7");
}

static void lives(void)
{
	host.dead = false;
	slots[0].state = SLOT_FREE;
	host.proven = real_now(host.real) + USEC_S;
}

static void lands(struct test_suite *s, struct flight *f)
{
	assert_true(flight_settled(s, f));
	flight_landed(s, f);
}

/* ------------------------------------------------------------ tests */

static void clearing(void **state)
{
	struct test_suite *s = three(NULL);
	struct flight *f = flown(s, &s->jobs[0], true);

	(void)state;
	assert_false(flight_settled(s, f));
	slots[0].state = SLOT_FREE;
	assert_false(flight_settled(s, f)); /* it has not been seen alive since */
	assert_true(host.urgent);
	host.proven = f->cleared - 1;
	assert_false(flight_settled(s, f));
	lives();
	lands(s, f);
	assert_int_equal(s->jobs[0].result->verdict, VERDICT_PASS);
	assert_int_equal(s->in_flight, 0);

	f = flown(s, &s->jobs[1], true);
	killed();
	lands(s, f);
	assert_int_equal(s->jobs[1].result->verdict, VERDICT_DIED);
	assert_non_null(strstr(s->jobs[1].result->reason, "signal 7"));

	f = flown(s, &s->jobs[2], true); /* after its slots are free, before the target was seen alive */
	lives();
	host.proven = 0;
	assert_false(flight_settled(s, f));
	killed();
	lands(s, f);
	assert_int_equal(s->jobs[2].result->verdict, VERDICT_DIED);
	over(s);
}

/* A case that has it killed on purpose is not to blame. */
static void by_order(void **state)
{
	struct test_suite *s = three(NULL);
	struct flight *f;

	(void)state;
	host.asked = true;
	f = flown(s, &s->jobs[0], true);
	assert_true(f->spared);
	killed();
	lands(s, f);
	assert_int_equal(s->jobs[0].result->verdict, VERDICT_PASS);
	over(s);
}

/* All three are there when it dies; run alone, the second is its death: the others are well, or none is clear of it. */
static void suspects(void **state)
{
	for (int found = 0; found < 2; found++) {
		struct test_suite *s = three(NULL);

		for (size_t i = 0; i < 3; i++)
			flown(s, &s->jobs[i], false);
		killed();
		while (s->in_flight)
			lands(s, &s->flights[s->in_flight - 1]);
		assert_int_equal(s->again_count, 3);
		for (struct job *job; lives(), (job = again_next(s, &host));) {
			struct flight *f = flown(s, job, true);

			if (found && job == &s->jobs[1])
				killed();
			else
				lives();
			lands(s, f);
		}
		held_let_go(s);
		assert_int_equal(s->jobs[0].result->verdict, found ? VERDICT_PASS : VERDICT_INCONCLUSIVE);
		assert_int_equal(s->jobs[1].result->verdict, found ? VERDICT_DIED : VERDICT_INCONCLUSIVE);
		assert_int_equal(s->jobs[2].result->interference, !found);
		over(s);
	}
	(void)state;
}

/* What another case is known to do explains no death before. */
static void another_death(void **state)
{
	struct test_suite *s = three(NULL);
	struct flight *f = flown(s, &s->jobs[0], false);

	(void)state;
	killed();
	lands(s, f);
	lives();
	f = flown(s, &s->jobs[1], true);
	killed();
	lands(s, f);
	assert_int_equal(s->jobs[1].result->verdict, VERDICT_DIED);
	lives();
	f = flown(s, again_next(s, &host), true);
	lives();
	lands(s, f);
	held_let_go(s);
	assert_int_equal(s->jobs[0].result->verdict, VERDICT_INCONCLUSIVE);
	over(s);
}

static void order(void **state)
{
	struct test_suite *s = three(NULL);

	(void)state;
	s->jobs[0].plan.kills = true;
	s->jobs[1].plan.restarts = true;
	s->jobs[2].plan.slots = SLOTS;
	for (size_t i = 0; i < 3; i++)
		s->again[s->again_count++] = &s->jobs[i];
	slots[1].state = SLOT_CLEARING;
	assert_null(again_next(s, &host)); /* it waits for room rather than that a worse one overtakes it */
	slots[1].state = SLOT_FREE;
	assert_ptr_equal(again_next(s, &host), &s->jobs[2]);
	assert_ptr_equal(again_next(s, &host), &s->jobs[1]);
	host.where = AT_COOKIES;
	assert_null(again_next(s, &host));
	host.where = AT_MAIN;
	assert_ptr_equal(again_next(s, &host), &s->jobs[0]);
	assert_null(again_next(s, &host));
	over(s);
}

#define LISTED "{\"schema\": \"ikespec-deviations/1\", \"target\": \"builtin\", \"deviations\": [" \
	"{\"id\": \"ikev2.auth.psk*\", \"requirement\": \"RFC7296-2.15-01\", \"verdict\": \"weak\", \"reason\": \"known\"}," \
	"{\"id\": \"ikev2.init.h*\", \"verdict\": \"died\", \"sometimes\": true, \"reason\": \"known\"}]}"

/* A requirement that is known to be broken is no excuse for a death. */
static void excuses(void **state)
{
	struct requirement_result weak = { .ref = "RFC7296-2.15-01", .verdict = VERDICT_WEAK };
	struct case_result c = { .id = "ikev2.auth.psk.as-responder", .verdict = VERDICT_WEAK,
				 .requirements = &weak, .requirement_count = 1 };
	char path[] = "/tmp/deviations-XXXXXX";
	struct why why = { 0 };
	struct deviations *d;
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	fputs(LISTED, f);
	fclose(f);
	d = deviations_load(path, NULL, &why);
	remove(path);
	assert_non_null(d);
	assert_true(deviations_know(d, &c));
	c.verdict = VERDICT_DIED;
	assert_false(deviations_know(d, &c));
	c.id = "ikev2.init.honest";
	assert_true(deviations_know(d, &c));
	assert_true(deviations_kill(d, c.id));
	assert_false(deviations_kill(d, "ikev2.auth.psk.as-responder"));
	deviations_free(d);
}

/* After one that is known to kill nobody else gets what it left. */
static void tired(void **state)
{
	struct test_suite *s = three(NULL);

	(void)state;
	s->jobs[0].plan.kills = true;
	host_tire(&host, &s->jobs[0]);
	assert_false(host.dead); /* there is nobody else */
	s->again[s->again_count++] = &s->jobs[1];
	host_tire(&host, &s->jobs[2]);
	assert_false(host.dead);
	host_tire(&host, &s->jobs[0]);
	assert_true(host.dead);
	assert_int_equal(s->deaths, 0);
	over(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clearing, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(by_order, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(suspects, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(another_death, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(order, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(tired, whole_begin, whole_end),
		cmocka_unit_test_setup_teardown(excuses, whole_begin, whole_end),
	};

	return tests_main(argc, argv, tests, ARRAY_LEN(tests));
}
