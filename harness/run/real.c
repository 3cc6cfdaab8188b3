/* The real world: many cases (REAL_WIDTH by default) wait in one loop, on the slots of one target. */
#include "host.h"

#include <stdlib.h>

#define REAL_WIDTH  24
#define SLOTS_SPARE 8
#define SLOTS_MAX   250
#define LIVELY_MAX  8
#define HOSTS_MAX   4
#define AHEAD       64 /* so many cases are looked at for one that can begin now */
#define LOOP_WAIT   (50 * USEC_MS)
#define LOOP_BUSY   (5 * USEC_MS)
#define LONG_CASE   (2 * USEC_S)

/* ------------------------------------------------------------ which cases need what */

static struct job_plan plan_of(const struct test_suite *s, const struct job *job)
{
	const struct scenario *what = job->what->scenario;

	return (struct job_plan){
		.cookies = plan_cookies(what) && !host_is_foreign(s->options.profile),
		.lively = plan_lively(what) && !host_is_foreign(s->options.profile),
		.restarts = plan_restarts(what->steps, what->step_count) ||
			    deviations_kill(s->options.deviations, job->what->id),
		.slots = slots_needed(what),
		.time = plan_time(s->options.profile, what->steps, what->step_count),
	};
}

/* ------------------------------------------------------------ launching and landing */

static struct real_host *host_for(const struct test_suite *s, const struct job *job)
{
	struct real_host *best = NULL;

	for (size_t i = 0; i < s->host_count; i++) {
		struct real_host *h = &s->hosts[i];

		if (!h->dead && h->cookies == job->plan.cookies &&
		    host_free_slots(h, job->plan.lively) >= job->plan.slots &&
		    (!best || h->in_flight < best->in_flight))
			best = h;
	}
	return best;
}

static bool launch(struct test_suite *s, struct job *job, struct real_host *h, bool alone,
		   struct why *why)
{
	struct flight *f = &s->flights[s->in_flight];
	unsigned attempt = job->result ? job->result->attempts : 0;

	if (!flight_begin(s, f, job, attempt, why))
		return false;
	f->alone = alone;
	f->host = h;
	f->run->setup = real_setup;
	f->run->target_state = h;
	s->in_flight++;
	h->in_flight++;
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
	f->host->asked = false;
	f->host->in_flight--;
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
			world_advance(f->run->world, real_now(f->host->real));
		f->wake = run_move(f->run);
		if (run_over(f->run) && !landed(s, f, why))
			return false;
	}
	return true;
}

/* How long nothing has to be done. */
static usec leisure(const struct test_suite *s)
{
	usec left = LOOP_WAIT;

	for (size_t i = 0; i < s->host_count; i++)
		if (!s->hosts[i].dead && !host_free_slots(&s->hosts[i], false))
			left = LOOP_BUSY;
	for (size_t i = 0; i < s->in_flight; i++) {
		usec now = real_now(s->flights[i].host->real), wake = s->flights[i].wake;

		left = usec_min(left, wake > now ? wake - now : 0);
	}
	return left;
}

static void wait_for_something(struct test_suite *s, usec left)
{
	struct pollfd fds[HOSTS_MAX * TARGET_POLLFDS];
	struct real *reals[HOSTS_MAX];
	size_t count = 0;
	usec late;

	for (size_t i = 0; i < s->host_count; i++) {
		reals[i] = s->hosts[i].real;
		count += target_pollfds(s->hosts[i].target, fds + count, TARGET_POLLFDS);
	}
	late = real_wait_all(reals, s->host_count, left, fds, count);
	for (size_t i = 0; i < s->in_flight; i++)
		if (late > s->flights[i].run->lag)
			s->flights[i].run->lag = late;
}

/* One turn of the loop. */
static bool turn(struct test_suite *s, struct why *why)
{
	for (size_t i = 0; i < s->host_count; i++)
		host_poll(&s->hosts[i]);
	if (!step_flights(s, why))
		return false;
	for (size_t i = 0; i < s->host_count; i++)
		if (s->hosts[i].dead && !s->hosts[i].in_flight && !host_revive(&s->hosts[i], why))
			return false;
	wait_for_something(s, s->in_flight ? leisure(s) : LOOP_BUSY);
	return true;
}

/* Begins what can begin now, and puts off what must run alone; what remains moves up. */
static bool begin_some(struct test_suite *s, struct job **jobs, size_t *count, struct why *why)
{
	size_t kept = 0, i = 0;
	bool good = true;

	for (; i < *count && kept < AHEAD && good; i++) {
		struct real_host *h;

		if (jobs[i]->plan.restarts) {
			s->again[s->again_count++] = jobs[i];
			continue;
		}
		h = s->in_flight < s->width ? host_for(s, jobs[i]) : NULL;
		if (h)
			good = launch(s, jobs[i], h, s->width == 1, why);
		else
			jobs[kept++] = jobs[i];
		if (s->in_flight == s->width)
			break;
	}
	i += good && i < *count && s->in_flight == s->width;
	memmove(jobs + kept, jobs + i, (*count - i) * sizeof(struct job *));
	*count -= i - kept;
	return good;
}

static bool together(struct test_suite *s, struct job **jobs, size_t count, struct why *why)
{
	while (!suite_wants_stop(s) && (s->in_flight || count)) {
		if (count && s->in_flight < s->width && !begin_some(s, jobs, &count, why))
			return false;
		if ((s->in_flight || count) && !turn(s, why))
			return false;
	}
	return true;
}

static bool alone(struct test_suite *s, struct why *why)
{
	for (size_t i = 0; i < s->again_count && !suite_wants_stop(s); i++) {
		struct real_host *h;

		while (!(h = host_for(s, s->again[i])) && !suite_wants_stop(s))
			if (!turn(s, why))
				return false;
		if (suite_wants_stop(s) || !launch(s, s->again[i], h, true, why))
			return suite_wants_stop(s);
		while (s->in_flight)
			if (!turn(s, why))
				return false;
	}
	s->again_count = 0;
	return true;
}

/* ------------------------------------------------------------ instances */

/* The long ones first, in their order otherwise. */
static void make_order(struct test_suite *s, struct job **out)
{
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *job = s->order[i];
		size_t k = i;

		job->plan = plan_of(s, job);
		if (job->plan.time < LONG_CASE)
			job->plan.time = 0;
		for (; k > 0 && out[k - 1]->plan.time < job->plan.time; k--)
			out[k] = out[k - 1];
		out[k] = job;
	}
}

/* Slots of an instance for so many cases, with those that its cases need at the least. */
static struct host_plan slots_of(const struct test_suite *s, bool cookies, size_t width)
{
	struct host_plan plan = { .slots = width + SLOTS_SPARE, .cookies = cookies };
	size_t most = 0;

	if (host_is_foreign(s->options.profile)) {
		plan.slots = foreign_slots(s->options.profile);
		return plan;
	}
	for (size_t i = 0; i < s->job_count; i++) {
		const struct job_plan *p = &s->jobs[i].plan;

		if (p->cookies == cookies && p->lively) {
			plan.lively += p->slots;
			most = p->slots > most ? p->slots : most;
		}
	}
	if (plan.lively > LIVELY_MAX)
		plan.lively = most > LIVELY_MAX ? most : LIVELY_MAX;
	plan.slots = plan.slots > SLOTS_MAX ? SLOTS_MAX : plan.slots;
	if (plan.slots > SLOTS_MAX - plan.lively)
		plan.slots = SLOTS_MAX - plan.lively;
	plan.slots += plan.lively;
	return plan;
}

static size_t jobs_of(const struct test_suite *s, bool cookies)
{
	size_t count = 0;

	for (size_t i = 0; i < s->job_count; i++)
		count += s->jobs[i].plan.cookies == cookies;
	return count;
}

/* All begin to start, then each is waited for. */
static bool start_all(struct test_suite *s, struct why *why)
{
	for (int cookies = 0; cookies < 2; cookies++) {
		size_t jobs = jobs_of(s, cookies), width = jobs < s->width ? jobs : s->width;
		struct host_plan plan = slots_of(s, cookies, width);

		if (jobs && !host_begin(&s->hosts[s->host_count++], s, &plan, why))
			return false;
	}
	for (size_t i = 0; i < s->host_count; i++)
		if (!host_await(&s->hosts[i], why))
			return false;
	return true;
}

bool suite_run_real(struct test_suite *s, struct why *why)
{
	struct job **jobs = arena_array(s->arena, s->job_count + 1, sizeof *jobs);
	bool good;

	if (!s->options.jobs)
		s->width = REAL_WIDTH;
	s->hosts = arena_array(s->arena, HOSTS_MAX, sizeof *s->hosts);
	s->flights = arena_array(s->arena, s->width, sizeof *s->flights);
	s->held = arena_array(s->arena, s->job_count + 1, sizeof *s->held);
	if (!s->hosts || !jobs || !s->flights || !s->held)
		return why_set(why, "no memory");
	make_order(s, jobs);
	good = start_all(s, why) && together(s, jobs, s->job_count, why) && alone(s, why);
	let_go(s);
	while (s->in_flight)
		flight_end(s, &s->flights[s->in_flight - 1]);
	real_hosts_free(s);
	return good;
}

void real_hosts_free(struct test_suite *s)
{
	for (size_t i = 0; i < s->host_count; i++)
		host_stop(&s->hosts[i]);
	s->host_count = 0;
}
