/* The real world: many cases (REAL_WIDTH by default) wait in one loop, on the slots of one target. */
#include "host.h"

#include <stdlib.h>

#define REAL_WIDTH  24
#define SLOTS_SPARE 8
#define HOSTS_MAX   4
#define AHEAD       64 /* so many cases are looked at for one that can begin now */
#define LOOP_WAIT   (50 * USEC_MS)
#define LOOP_BUSY   (5 * USEC_MS)
/* Those that are over and being cleared among them. */
#define FLIGHTS(width) (2 * (width) + SLOTS_SPARE)

/* ------------------------------------------------------------ launching and landing */

static struct real_host *host_for(const struct test_suite *s, const struct job *job)
{
	struct real_host *best = NULL;

	for (size_t i = 0; i < s->host_count; i++) {
		struct real_host *h = &s->hosts[i];

		if (!h->dead && (h->cookies == job->plan.cookies || job->plan.nothing) &&
		    host_free_slots(h, &job->plan) >= job->plan.slots &&
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

/* ------------------------------------------------------------ the loop */

static bool step_flight(struct test_suite *s, struct flight *f, struct why *why)
{
	if (!f->result) {
		if (f->run->world)
			world_advance(f->run->world, real_now(f->host->real));
		f->wake = run_move(f->run);
		if (!run_over(f->run))
			return true;
		if (!flight_over(s, f, why))
			return false;
	}
	if (flight_settled(s, f))
		flight_landed(s, f);
	return true;
}

static bool step_flights(struct test_suite *s, struct why *why)
{
	for (size_t i = s->in_flight; i-- > 0;)
		if (!step_flight(s, &s->flights[i], why))
			return false;
	return true;
}

/* How long nothing has to be done. */
static usec leisure(const struct test_suite *s)
{
	static const struct job_plan any = { 0 };
	usec left = LOOP_WAIT;

	for (size_t i = 0; i < s->host_count; i++)
		if (!s->hosts[i].dead && !host_free_slots(&s->hosts[i], &any))
			left = LOOP_BUSY;
	for (size_t i = 0; i < s->in_flight; i++) {
		usec now = real_now(s->flights[i].host->real), wake = s->flights[i].wake;

		if (s->flights[i].result)
			left = s->flights[i].host->urgent ? 0 : left;
		else
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
		if (s->hosts[i].dead && !s->hosts[i].in_flight && (s->waiting || s->again_count) &&
		    !host_revive(&s->hosts[i], why))
			return false;
	wait_for_something(s, s->in_flight ? leisure(s) : LOOP_BUSY);
	return true;
}

/* What is over and waits for its slots to be cleared is in nobody's way; of one at a time each ends first. */
static bool room_for_more(const struct test_suite *s)
{
	return s->width == 1 ? s->in_flight == 0
			     : s->in_flight - s->over < s->width && s->in_flight < FLIGHTS(s->width);
}

/* Begins what can begin now, and puts off what must run alone; what remains moves up. */
static bool begin_some(struct test_suite *s, struct job **jobs, size_t *count, struct why *why)
{
	size_t kept = 0, i = 0;
	bool good = true;

	for (; i < *count && kept < AHEAD && good; i++) {
		struct real_host *h;

		if (jobs[i]->plan.restarts || jobs[i]->plan.kills) {
			s->again[s->again_count++] = jobs[i];
			continue;
		}
		h = room_for_more(s) ? host_for(s, jobs[i]) : NULL;
		if (h)
			good = launch(s, jobs[i], h, s->width == 1, why);
		else
			jobs[kept++] = jobs[i];
		if (!room_for_more(s))
			break;
	}
	i += good && i < *count && !room_for_more(s);
	memmove(jobs + kept, jobs + i, (*count - i) * sizeof(struct job *));
	*count -= i - kept;
	s->waiting = *count;
	return good;
}

static bool together(struct test_suite *s, struct job **jobs, size_t count, struct why *why)
{
	s->waiting = count;
	while (!suite_wants_stop(s) && (s->in_flight || count)) {
		if (count && room_for_more(s) && !begin_some(s, jobs, &count, why))
			return false;
		if ((s->in_flight || count) && !turn(s, why))
			return false;
	}
	return true;
}

/* Each by itself on its instance; others do the same meanwhile. */
static bool alone(struct test_suite *s, struct why *why)
{
	while (!suite_wants_stop(s) && (s->in_flight || s->again_count)) {
		for (size_t i = 0; i < s->host_count; i++) {
			struct real_host *h = &s->hosts[i];
			struct job *job = h->dead || h->in_flight ? NULL : again_next(s, h);

			if (job && !launch(s, job, h, true, why))
				return false;
		}
		if (!turn(s, why))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------ instances */

/* The long ones first, in their order otherwise. */
static bool make_order(struct test_suite *s, struct job **out, struct why *why)
{
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *job = s->order[i];
		size_t k = i;

		if (!job_plan_make(s, job, why))
			return false;
		for (; k > 0 && out[k - 1]->plan.time < job->plan.time; k--)
			out[k] = out[k - 1];
		out[k] = job;
	}
	return true;
}

/* All begin to start, then each is waited for. */
static bool start_all(struct test_suite *s, struct why *why)
{
	for (int cookies = 0; cookies < 2; cookies++) {
		size_t jobs = provide_jobs(s, cookies), width = jobs < s->width ? jobs : s->width;
		struct host_plan plan;

		if (!jobs && (!cookies || s->host_count))
			continue;
		if (!provide(s, cookies, width, &plan))
			return why_set(why, "no memory for slots");
		if (!host_begin(&s->hosts[s->host_count++], s, &plan, why))
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
	s->flights = arena_array(s->arena, FLIGHTS(s->width), sizeof *s->flights);
	s->held = arena_array(s->arena, s->job_count + 1, sizeof *s->held);
	s->blamed = arena_array(s->arena, DEATHS, sizeof *s->blamed);
	if (!s->hosts || !jobs || !s->flights || !s->held || !s->blamed)
		return why_set(why, "no memory");
	good = make_order(s, jobs, why) && start_all(s, why) && together(s, jobs, s->job_count, why) && alone(s, why);
	flights_drop(s);
	held_let_go(s);
	real_hosts_free(s);
	return good;
}

void real_hosts_free(struct test_suite *s)
{
	for (size_t i = 0; i < s->host_count; i++)
		host_stop(&s->hosts[i]);
	s->host_count = 0;
}
