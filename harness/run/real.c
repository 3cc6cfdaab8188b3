/* The real world: many cases (REAL_WIDTH by default) wait in one loop, on the slots of one target. */
#include "host.h"

#include <stdlib.h>
#include <unistd.h>

#define REAL_WIDTH  24 /* on each instance */
#define ASLEEP_MAX  128
#define DOZE        (2 * USEC_S) /* then what waits for timers is in nobody's way */
#define HOSTS_MAX   4
#define MANY_CASES  100 /* for which two instances start */
#define AHEAD       64 /* so many cases are looked at for one that can begin now */
#define LOOP_WAIT   (50 * USEC_MS)
#define LOOP_BUSY   (5 * USEC_MS)
/* Those that are over and being cleared among them. */
#define FLIGHTS(width) (2 * (width) + 8)

/* ------------------------------------------------------------ launching and landing */

static bool usable(const struct real_host *h)
{
	return h->state == HOST_UP && !h->dead;
}

static struct real_host *host_for(const struct test_suite *s, const struct job *job)
{
	struct real_host *best = NULL;

	for (size_t i = 0; i < s->host_count; i++) {
		struct real_host *h = &s->hosts[i];

		if (usable(h) && (h->where == job->plan.where || job->plan.nothing) &&
		    host_free_slots(h, &job->plan) >= job->plan.slots &&
		    (!best || h->in_flight < best->in_flight) && host_has_room(h))
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
	f->asleep = job->plan.time ? wall_now() + DOZE : USEC_NEVER;
	f->run->setup = real_setup;
	f->run->target_state = h;
	s->in_flight++;
	h->in_flight++;
	h->room -= h->room > 0;
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
		if (s->hosts[i].state != HOST_UP || !host_free_slots(&s->hosts[i], &any))
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
	size_t count = 0, up = 0;
	usec late;

	for (size_t i = 0; i < s->host_count; i++) {
		if (s->hosts[i].real)
			reals[up++] = s->hosts[i].real;
		count += target_pollfds(s->hosts[i].target, fds + count, TARGET_POLLFDS);
	}
	late = real_wait_all(reals, up, left, fds, count);
	for (size_t i = 0; i < s->in_flight; i++)
		if (late > s->flights[i].run->lag)
			s->flights[i].run->lag = late;
}

/* Has it anything left to do? */
static bool wanted(const struct test_suite *s, const struct real_host *h)
{
	return (s->waiting && h->where != AT_PERIL) || again_waits(s, h);
}

/* One turn of the loop. */
static bool turn(struct test_suite *s, struct why *why)
{
	for (size_t i = 0; i < s->host_count; i++)
		if (!host_rise(&s->hosts[i], why))
			return false;
		else
			host_poll(&s->hosts[i]);
	if (!step_flights(s, why))
		return false;
	for (size_t i = 0; i < s->host_count; i++) {
		struct real_host *h = &s->hosts[i];

		if (h->dead && !h->in_flight && wanted(s, h) && !host_revive(h, why))
			return false;
	}
	wait_for_something(s, s->in_flight ? leisure(s) : LOOP_BUSY);
	return true;
}

/*
 * How many are at work.  What is over and waits for its slots to be cleared, or sleeps until a timer of the target's
 * fires, is in nobody's way, unless the number in flight was asked for.
 */
static size_t at_work(const struct test_suite *s)
{
	size_t count = 0;
	usec now = wall_now();

	if (s->options.jobs)
		return s->width == 1 ? s->in_flight : s->in_flight - s->over;
	for (size_t i = 0; i < s->in_flight; i++)
		count += !s->flights[i].result && now < s->flights[i].asleep;
	return count;
}

static bool room_for_more(const struct test_suite *s)
{
	return at_work(s) < s->width && s->in_flight < FLIGHTS(s->width) + ASLEEP_MAX;
}

/* Begins what can begin now; what remains moves up. */
static bool begin_some(struct test_suite *s, struct job **jobs, size_t *count, struct why *why)
{
	size_t kept = 0, i = 0;
	bool good = true;

	for (; i < *count && kept < AHEAD && good && room_for_more(s); i++) {
		struct real_host *h = host_for(s, jobs[i]);

		if (h)
			good = launch(s, jobs[i], h, s->width == 1, why);
		else
			jobs[kept++] = jobs[i];
	}
	memmove(jobs + kept, jobs + i, (*count - i) * sizeof(struct job *));
	*count -= i - kept;
	s->waiting = *count;
	return good;
}

/* Those that run alone, on each instance that is there for them. */
static bool begin_alone(struct test_suite *s, bool peril_only, struct why *why)
{
	for (size_t i = 0; i < s->host_count && room_for_more(s); i++) {
		struct real_host *h = &s->hosts[i];
		struct job *job = NULL;

		if (usable(h) && !h->in_flight && (h->where == AT_PERIL || !peril_only))
			job = again_next(s, h);
		if (job && !launch(s, job, h, true, why))
			return false;
	}
	return true;
}

static bool together(struct test_suite *s, struct job **jobs, size_t count, struct why *why)
{
	s->waiting = count;
	while (!suite_wants_stop(s) && (s->in_flight || count)) {
		if (!begin_some(s, jobs, &count, why) || (s->width > 1 && !begin_alone(s, true, why)))
			return false;
		if ((s->in_flight || count) && !turn(s, why))
			return false;
	}
	return true;
}

/* Each by itself on its instance; others do the same meanwhile. */
static bool alone(struct test_suite *s, struct why *why)
{
	while (!suite_wants_stop(s) && (s->in_flight || s->again_count))
		if (!begin_alone(s, false, why) || !turn(s, why))
			return false;
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

/* What runs alone is put off; the rest moves up. */
static size_t put_off(struct test_suite *s, struct job **jobs)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->job_count; i++)
		if (jobs[i]->plan.kills || jobs[i]->plan.restarts)
			s->again[s->again_count++] = jobs[i];
		else
			jobs[kept++] = jobs[i];
	return kept;
}

/* A daemon on a kernel of its own has one processor there: two of them use what there is. */
static size_t mains(const struct test_suite *s)
{
	const struct profile *p = s->options.profile;

	return provide_jobs(s, AT_MAIN) >= MANY_CASES && !s->options.jobs && host_is_ours(p) &&
	       sysconf(_SC_NPROCESSORS_ONLN) > 1 && target_in_guest(p->driver) ? 2 : 1;
}

/* All begin to start: each has its cases as soon as it is up. */
static bool start_all(struct test_suite *s, size_t main_count, struct why *why)
{
	for (enum instance where = AT_MAIN; where < INSTANCES; where++) {
		size_t count = where == AT_MAIN ? main_count : 1, jobs = provide_jobs(s, where);
		size_t width = where == AT_PERIL ? 1 : s->width / count;
		bool whatever = where == AT_PERIL && !s->host_count; /* for what is not applicable */

		for (size_t i = 0; i < count && (jobs || whatever); i++) {
			struct host_plan plan;

			if (!provide(s, where, count, jobs && jobs < width ? jobs : width, &plan))
				return why_set(why, "no memory for slots");
			if (!host_begin(&s->hosts[s->host_count++], s, &plan, why))
				return false;
		}
	}
	return true;
}

bool suite_run_real(struct test_suite *s, struct why *why)
{
	struct job **jobs = arena_array(s->arena, s->job_count + 1, sizeof *jobs);
	size_t main_count;
	bool good;

	if (!jobs || !make_order(s, jobs, why))
		return false;
	main_count = mains(s);
	if (!s->options.jobs)
		s->width = REAL_WIDTH * main_count;
	s->hosts = arena_array(s->arena, HOSTS_MAX, sizeof *s->hosts);
	s->flights = arena_array(s->arena, FLIGHTS(s->width) + ASLEEP_MAX, sizeof *s->flights);
	s->held = arena_array(s->arena, s->job_count + 1, sizeof *s->held);
	s->blamed = arena_array(s->arena, DEATHS, sizeof *s->blamed);
	if (!s->hosts || !s->flights || !s->held || !s->blamed)
		return why_set(why, "no memory");
	good = start_all(s, main_count, why) && together(s, jobs, put_off(s, jobs), why) && alone(s, why);
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
