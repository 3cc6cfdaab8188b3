/*
 * From a case that is over to its verdict, where many share one real target: what it left is cleared, and only when the
 * target lives after that has the case landed.  So a death while its SAs are cleared away is that of the case.
 *
 * What broke among others is run again by itself; which of those that were on a target when it died was its death
 * shows then.
 */
#include "host.h"

/* ------------------------------------------------------------ over, cleared, settled */

bool flight_over(struct test_suite *s, struct flight *f, struct why *why)
{
	f->result = run_result(f->run, s->arena);
	if (!f->result)
		return why_set(why, "no memory for results");
	f->spared = f->host->asked;
	f->host->asked = false;
	s->over++;
	if (f->run->world)
		slots_release(f->run);
	return true;
}

static void died_of_clearing(struct test_suite *s, struct flight *f)
{
	struct case_result *c = f->result;
	struct run *r = f->run;

	c->verdict = VERDICT_DIED;
	c->reason = arena_printf(s->arena, "the target %s when what the case had left was cleared; last packet to it: %s",
				 f->host->how, run_last_words(r));
	c->log_tail = host_tail(f->host, s->arena);
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_NOTE,
				    .time = run_clock(r),
				    .endpoint = "target",
				    .text = c->reason,
				    .detail = c->log_tail,
				    .octets = r->last_sent,
				    .verdict = verdict_name(VERDICT_DIED),
			    });
}

/* A driver that says nothing of its target for so long will not. */
#define SETTLE_LONGEST (20 * USEC_S)

/* One whose case had it killed is dead by order. */
bool flight_settled(struct test_suite *s, struct flight *f)
{
	struct real_host *h = f->host;

	if (f->spared || (!f->run->world && !f->cleared))
		return true;
	if (h->dead) {
		if (f->result->verdict != VERDICT_DIED)
			died_of_clearing(s, f);
		return true;
	}
	if (!f->cleared) {
		if (!slots_cleared(f->run))
			return false;
		run_leave(f->run);
		f->cleared = real_now(h->real) + 1;
		h->urgent |= f->alone;
	}
	return h->proven >= f->cleared || real_now(h->real) > f->cleared + SETTLE_LONGEST;
}

/* ------------------------------------------------------------ what came of it */

/* On a bad path that is what becomes of most that do not say otherwise: alone it would be the same. */
static bool undecided_by_weather(const struct test_suite *s, const struct case_result *c)
{
	return s->options.weather && !c->scenario->lossy_ok && c->verdict == VERDICT_INCONCLUSIVE;
}

static bool provisional(const struct test_suite *s, const struct flight *f)
{
	const struct case_result *c = f->result;
	bool broken = c->verdict == VERDICT_FAIL || c->verdict == VERDICT_DIED ||
		      c->verdict == VERDICT_INCONCLUSIVE || c->verdict == VERDICT_ERROR;

	return broken && !f->alone && s->width > 1 && !undecided_by_weather(s, c) &&
	       !deviations_know(s->options.deviations, c);
}

/* --retries count what was run alone. */
static bool another_try(const struct test_suite *s, const struct flight *f)
{
	unsigned alone = f->alone && s->width > 1 ? f->attempt : f->attempt + 1;

	return f->result->verdict > VERDICT_WEAK && alone <= s->options.retries &&
	       !deviations_know(s->options.deviations, f->result);
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
static void hold(struct test_suite *s, struct flight *f)
{
	if (f->run->world)
		run_leave(f->run);
	s->held[s->held_count++] = *f;
	*f = s->flights[--s->in_flight];
}

void held_let_go(struct test_suite *s)
{
	for (size_t i = 0; i < s->held_count; i++) {
		struct flight *f = &s->held[i];

		if (!s->blamed[f->job->death])
			compare(s, f->job->result, f->result);
		else
			f->result->flaky = false;
		suite_decided(s, f, f->result);
		run_free(f->run);
	}
	s->held_count = 0;
}

static void try_again(struct test_suite *s, struct flight *f)
{
	if (f->result->verdict == VERDICT_DIED)
		f->job->death = f->host->death;
	f->job->result = f->result;
	s->again[s->again_count++] = f->job;
	flight_end(s, f);
}

void flight_landed(struct test_suite *s, struct flight *f)
{
	const struct case_result *before = f->job->result;
	struct case_result *c = f->result;
	bool suspect = before && before->verdict == VERDICT_DIED;

	f->host->in_flight--;
	s->over--;
	host_tire(f->host, f->job);
	c->flaky = before && before->verdict != c->verdict;
	if (provisional(s, f) || another_try(s, f)) {
		try_again(s, f);
	} else if (f->cleared && suspect && c->verdict != VERDICT_DIED) {
		hold(s, f);
	} else {
		if (suspect && c->verdict == VERDICT_DIED)
			s->blamed[f->job->death] = true;
		compare(s, before, c);
		suite_decided(s, f, c);
		flight_end(s, f);
	}
}

/* ^C: what is over is told, however it was cleared. */
void flights_drop(struct test_suite *s)
{
	while (s->in_flight) {
		struct flight *f = &s->flights[s->in_flight - 1];

		if (f->result)
			suite_decided(s, f, f->result);
		flight_end(s, f);
	}
	s->over = 0;
}

/* ------------------------------------------------------------ alone */

/* The later, the more it may cost those behind it. */
static unsigned class_of(const struct job *job)
{
	return job->plan.kills ? 2 : job->plan.restarts ? 1 : 0;
}

/*
 * Takes out the next that is to run alone on that instance, or NULL.  What may kill the target waits until nothing
 * else that could run there is left.
 */
struct job *again_next(struct test_suite *s, const struct real_host *h)
{
	size_t best = s->again_count;
	struct job *job;

	for (size_t i = 0; i < s->again_count; i++)
		if (s->again[i]->plan.where == h->where &&
		    (best == s->again_count || class_of(s->again[i]) < class_of(s->again[best])))
			best = i;
	if (best == s->again_count || host_free_slots(h, &s->again[best]->plan) < s->again[best]->plan.slots)
		return NULL;
	job = s->again[best];
	s->again_count--;
	memmove(s->again + best, s->again + best + 1, (s->again_count - best) * sizeof(struct job *));
	return job;
}

bool again_waits(const struct test_suite *s, const struct real_host *h)
{
	for (size_t i = 0; i < s->again_count; i++)
		if (s->again[i]->plan.where == h->where)
			return true;
	return false;
}
