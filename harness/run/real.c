/* The real world: many cases (REAL_WIDTH by default) wait in one loop, on the slots of one target. */
#include "host.h"

#include <stdlib.h>

#define REAL_WIDTH  24
#define SLOTS_SPARE 8
#define SLOTS_MAX   250
#define LOOP_WAIT   (50 * USEC_MS)
#define LOOP_BUSY   (5 * USEC_MS)

/* ------------------------------------------------------------ which cases need what */

/* Cases that end the target for all: they run alone. */
static bool any_restart(const struct element_node *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *verb =
			steps[i].element == EL_TARGET ? attr_text(&steps[i], AT_DO) : NULL;

		if (verb && (strcmp(verb, "restart") == 0 || strcmp(verb, "kill") == 0))
			return true;
		if (any_restart(steps[i].children, steps[i].child_count))
			return true;
	}
	return false;
}

static bool restarts(const struct test_suite *s, const struct job *job)
{
	return any_restart(job->what->scenario->steps, job->what->scenario->step_count) ||
	       deviations_kill(s->options.deviations, job->what->id);
}

static bool wants_cookies(const struct scenario *s)
{
	for (size_t i = 0; i < s->tester_count; i++)
		if (s->testers[i].connection && strcmp(s->testers[i].connection, "cookies") == 0)
			return true;
	return false;
}

/* Cases that wait for the target's own timers take longest, and so begin first. */
static bool waits_long(const struct scenario *s)
{
	for (size_t i = 0; i < s->need_count; i++)
		if (strcmp(s->needs[i].feature, "liveness") == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------ launching and landing */

static bool launch(struct test_suite *s, struct job *job, bool alone, struct why *why)
{
	struct flight *f = &s->flights[s->in_flight];
	unsigned attempt = job->result ? job->result->attempts : 0;

	if (!flight_begin(s, f, job, attempt, why))
		return false;
	f->alone = alone;
	f->run->setup = real_setup;
	f->run->target_state = s->host;
	s->in_flight++;
	run_begin(f->run);
	f->wake = 0;
	return true;
}

static bool provisional(const struct test_suite *s, const struct flight *f,
			const struct case_result *c)
{
	bool broken = c->verdict == VERDICT_FAIL || c->verdict == VERDICT_DIED ||
		      c->verdict == VERDICT_INCONCLUSIVE || c->verdict == VERDICT_ERROR;

	return broken && !f->alone && s->width > 1 && !deviations_know(s->options.deviations, c);
}

/* --retries count what was run alone. */
static bool another_try(const struct test_suite *s, const struct flight *f,
			const struct case_result *c)
{
	unsigned alone = f->alone && s->width > 1 ? f->attempt : f->attempt + 1;

	return c->verdict > VERDICT_WEAK && alone <= s->options.retries;
}

/* Alone it was well: what was seen among others is interference. */
static void compare(struct test_suite *s, const struct case_result *before, struct case_result *c)
{
	if (!before || c->verdict > VERDICT_WEAK || before->verdict <= VERDICT_WEAK)
		return;
	c->interference = true;
	c->flaky = true;
	c->reason = arena_printf(s->arena, "interference: %s among other cases (%s), %s alone",
				 verdict_name(before->verdict),
				 before->reason ? before->reason : "no reason",
				 verdict_name(c->verdict));
	c->verdict = VERDICT_INCONCLUSIVE;
}

/*
 * One case of those in flight was the target's death.  The others are what they are alone, once
 * that one is found; without it none of them is above suspicion.
 */
static void hold(struct test_suite *s, struct flight *f, struct case_result *c)
{
	world_free(f->run->world);
	f->run->world = NULL;
	s->held[s->held_count++] = (struct held){ *f, c };
	*f = s->flights[--s->in_flight];
}

static void let_go(struct test_suite *s)
{
	for (size_t i = 0; i < s->held_count; i++) {
		struct held *h = &s->held[i];

		if (!s->blamed)
			compare(s, h->flight.job->result, h->result);
		else
			h->result->flaky = false;
		suite_decided(s, &h->flight, h->result);
		run_free(h->flight.run);
	}
	s->held_count = 0;
	s->blamed = false;
}

static bool landed(struct test_suite *s, struct flight *f, struct why *why)
{
	struct case_result *c = run_result(f->run, s->arena);
	const struct case_result *before = f->job->result;

	if (!c)
		return why_set(why, "no memory for results");
	if (f->run->world)
		slots_release(f->run);
	s->host->asked = false;
	c->flaky = before && before->verdict != c->verdict;
	if (provisional(s, f, c) || another_try(s, f, c)) {
		f->job->result = c;
		s->again[s->again_count++] = f->job;
	} else if (f->run->world && before && before->verdict == VERDICT_DIED &&
		   c->verdict != VERDICT_DIED) {
		hold(s, f, c);
		return true;
	} else {
		s->blamed |= c->verdict == VERDICT_DIED;
		compare(s, before, c);
		suite_decided(s, f, c);
	}
	flight_end(s, f);
	return true;
}

/* ------------------------------------------------------------ the loop */

static bool step_flights(struct test_suite *s, struct why *why)
{
	for (size_t i = s->in_flight; i-- > 0;) {
		struct flight *f = &s->flights[i];

		if (f->run->world)
			world_advance(f->run->world, real_now(s->host->real));
		f->wake = run_move(f->run);
		if (run_over(f->run) && !landed(s, f, why))
			return false;
	}
	return true;
}

static void wait_for_something(struct test_suite *s)
{
	struct real *real = s->host->real;
	usec now = real_now(real), until = now + (host_free_slots(s->host) ? LOOP_WAIT : LOOP_BUSY),
	     late;
	struct pollfd fds[TARGET_POLLFDS];
	size_t count = target_pollfds(s->host->target, fds, TARGET_POLLFDS);

	for (size_t i = 0; i < s->in_flight; i++)
		until = usec_min(until, s->flights[i].wake);
	late = real_wait(real, until, fds, count);
	for (size_t i = 0; i < s->in_flight; i++)
		if (late > s->flights[i].run->lag)
			s->flights[i].run->lag = late;
}

/* One turn of the loop. */
static bool turn(struct test_suite *s, struct why *why)
{
	host_poll(s->host);
	if (!step_flights(s, why))
		return false;
	if (s->host->dead && !s->in_flight && !host_revive(s->host, why))
		return false;
	if (s->in_flight)
		wait_for_something(s);
	return true;
}

static bool may_launch(const struct test_suite *s, const struct job *job)
{
	return !s->host->dead && s->in_flight < s->width &&
	       host_free_slots(s->host) >= slots_needed(job->what->scenario);
}

static bool together(struct test_suite *s, struct job **jobs, size_t count, struct why *why)
{
	for (size_t next = 0; !suite_wants_stop(s) && (s->in_flight || next < count);) {
		while (next < count && (restarts(s, jobs[next]) || may_launch(s, jobs[next]))) {
			if (restarts(s, jobs[next]))
				s->again[s->again_count++] = jobs[next++];
			else if (!launch(s, jobs[next++], s->width == 1, why))
				return false;
		}
		if (!turn(s, why))
			return false;
		if (!s->in_flight && next < count && !may_launch(s, jobs[next]))
			real_wait(s->host->real, real_now(s->host->real) + LOOP_BUSY, NULL, 0);
	}
	return true;
}

static bool alone(struct test_suite *s, struct why *why)
{
	for (size_t i = 0; i < s->again_count && !suite_wants_stop(s); i++) {
		while (!suite_wants_stop(s) && !may_launch(s, s->again[i])) {
			if (!turn(s, why))
				return false;
			real_wait(s->host->real, real_now(s->host->real) + LOOP_BUSY, NULL, 0);
		}
		if (suite_wants_stop(s) || !launch(s, s->again[i], true, why))
			return suite_wants_stop(s);
		while (s->in_flight)
			if (!turn(s, why))
				return false;
	}
	s->again_count = 0;
	return true;
}

/* All jobs of one instance of the target. */
static bool on_instance(struct test_suite *s, struct job **jobs, size_t count, bool cookies,
			struct why *why)
{
	struct real_host *h = s->host;
	size_t slots = s->width + SLOTS_SPARE;
	bool good;

	if (!count)
		return true;
	if (!host_start(h, s, slots < SLOTS_MAX ? slots : SLOTS_MAX, cookies, why))
		return false;
	good = together(s, jobs, count, why) && alone(s, why);
	let_go(s);
	while (s->in_flight)
		flight_end(s, &s->flights[s->in_flight - 1]);
	host_stop(h);
	return good;
}

/* Adds those of an instance, the long ones or the others. */
static size_t jobs_of(const struct test_suite *s, bool cookies, bool are_long, struct job **out,
		      size_t count)
{
	for (size_t i = 0; i < s->job_count; i++) {
		const struct scenario *what = s->order[i]->what->scenario;

		if (wants_cookies(what) == cookies && waits_long(what) == are_long)
			out[count++] = s->order[i];
	}
	return count;
}

bool suite_run_real(struct test_suite *s, struct why *why)
{
	struct job **jobs = arena_array(s->arena, s->job_count + 1, sizeof *jobs);
	bool good = jobs != NULL;

	s->host = calloc(1, sizeof *s->host);
	if (!s->host || !jobs)
		return why_set(why, "no memory");
	if (!s->options.jobs)
		s->width = REAL_WIDTH;
	s->flights = arena_array(s->arena, s->width, sizeof *s->flights);
	s->held = arena_array(s->arena, s->job_count + 1, sizeof *s->held);
	if (!s->flights || !s->held)
		return why_set(why, "no memory");
	for (int cookies = 0; cookies < 2 && good && !suite_wants_stop(s); cookies++) {
		size_t count = jobs_of(s, cookies == 1, true, jobs, 0);

		count = jobs_of(s, cookies == 1, false, jobs, count);
		good = on_instance(s, jobs, count, cookies == 1, why);
	}
	return good;
}

void real_host_free(struct real_host *h)
{
	if (h)
		host_stop(h);
	free(h);
}
