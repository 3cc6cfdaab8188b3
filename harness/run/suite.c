/* The scheduler: many cases in flight in one loop, each with its own world. */
#include "suite.h"

#include "authority/authority.h"

#define SUITE_ARENA   ((size_t)1 << 30)
#define VIRTUAL_WIDTH 16
#define SLICE         256
#define STILL_MAX     10000

bool suite_is_virtual(const struct test_suite *s)
{
	const char *driver = s->options.profile->driver;

	return driver && strcmp(driver, "builtin") == 0;
}

/* ------------------------------------------------------------ making */

static bool fault_known(const struct run_options *o, bool is_virtual, struct why *why)
{
	if (!o->fault)
		return true;
	if (!is_virtual)
		return why_set(why, "a fault needs the built-in target");
	return library_fault(o->library, o->fault) ||
	       why_set(why, "no fault is called '%s'", o->fault);
}

static void shuffle(struct test_suite *s)
{
	struct rng rng;

	rng_seed(&rng, s->options.seed, "shuffle");
	for (size_t i = s->job_count; i > 1; i--) {
		size_t k = (size_t)rng_below(&rng, i);
		struct job *keep = s->order[i - 1];

		s->order[i - 1] = s->order[k];
		s->order[k] = keep;
	}
}

static bool make_jobs(struct test_suite *s)
{
	unsigned repeat = s->options.repeat ? s->options.repeat : 1;
	size_t count = s->case_count * repeat;

	s->jobs = arena_array(s->arena, count + 1, sizeof *s->jobs);
	s->order = arena_array(s->arena, count + 1, sizeof(struct job *));
	s->again =
		arena_array(s->arena, count * (2 + s->options.retries) + 1, sizeof(struct job *));
	s->results = arena_array(s->arena, count + 1, sizeof(struct case_result *));
	if (!s->jobs || !s->order || !s->again || !s->results)
		return false;
	for (size_t i = 0; i < s->case_count; i++)
		for (unsigned n = 0; n < repeat; n++) {
			s->jobs[s->job_count] =
				(struct job){ .what = s->cases[i], .repetition = n };
			s->order[s->job_count] = &s->jobs[s->job_count];
			s->job_count++;
		}
	if (s->options.shuffle)
		shuffle(s);
	return true;
}

struct test_suite *suite_empty(const struct run_options *options, struct why *why)
{
	struct arena *a = arena_new(SUITE_ARENA);
	struct test_suite *s = a ? arena_new_of(a, struct test_suite) : NULL;

	if (!s) {
		arena_free(a);
		why_set(why, "no memory for a suite");
		return NULL;
	}
	s->arena = a;
	s->options = *options;
	library_set_fields(options->library, run_fields, s);
	if (!s->options.authority)
		s->options.authority = s->authority = authority_new(options->crypto, why);
	if (s->options.authority && fault_known(options, suite_is_virtual(s), why))
		return s;
	suite_free(s);
	return NULL;
}

struct test_suite *suite_new(const struct run_options *options, struct why *why)
{
	struct test_suite *s = suite_empty(options, why);

	if (!s || (suite_select(s, why) && make_jobs(s)))
		return s;
	suite_free(s);
	return NULL;
}

void suite_free(struct test_suite *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->in_flight; i++)
		run_free(s->flights[i].run);
	real_hosts_free(s);
	authority_free(s->authority);
	arena_free(s->arena);
}

size_t suite_cases(const struct test_suite *s, const struct scenario_case *const **out)
{
	*out = s->cases;
	return s->case_count;
}

/* ------------------------------------------------------------ one job */

bool flight_begin(struct test_suite *s, struct flight *f, struct job *job, unsigned attempt,
		  struct why *why)
{
	*f = (struct flight){ .job = job, .attempt = attempt };
	f->run = run_new(&s->options, job->what, job->repetition, attempt, why);
	if (!f->run)
		return false;
	f->run->is_virtual = suite_is_virtual(s);
	f->run->setup = builtin_setup;
	return true;
}

void flight_end(struct test_suite *s, struct flight *f)
{
	run_free(f->run);
	*f = s->flights[--s->in_flight];
}

void suite_decided(struct test_suite *s, struct flight *f, struct case_result *c)
{
	f->job->result = c;
	deviations_apply(s->options.deviations, c, s->arena);
	result_tell(f->run, c);
	if (s->options.finished)
		s->options.finished(s->options.ctx, c);
	if (s->options.fail_fast) {
		enum tally t = verdict_tally(c->verdict, s->options.strict);

		s->stopped |= t == TALLY_FAILED || t == TALLY_ERRORS;
	}
}

bool suite_wants_stop(const struct test_suite *s)
{
	return s->stopped || (s->options.stop && *s->options.stop);
}

/* ------------------------------------------------------------ the virtual world */

/* True once the case is over. */
static bool slice(struct run *r)
{
	for (unsigned i = 0; i < SLICE; i++) {
		usec t = run_move(r);

		if (run_over(r))
			return true;
		if (t == USEC_NEVER) {
			run_end(r, VERDICT_ERROR, r->place,
				"nothing more can happen in this world");
			r->phase = RUN_OVER;
			return true;
		}
		r->still = t <= run_now(r) ? r->still + 1 : 0;
		if (r->still > STILL_MAX) {
			run_end(r, VERDICT_ERROR, r->place, "the clock of this world stands still");
			r->phase = RUN_OVER;
			return true;
		}
		world_advance(r->world, t);
	}
	return false;
}

static bool launch(struct test_suite *s, struct why *why)
{
	struct flight *f = &s->flights[s->in_flight];

	if (!flight_begin(s, f, s->order[s->next], 0, why))
		return false;
	s->next++;
	s->in_flight++;
	run_begin(f->run);
	return true;
}

/* Decides, or begins another attempt. */
static bool landed(struct test_suite *s, struct flight *f, struct why *why)
{
	struct case_result *c = run_result(f->run, s->arena);
	struct job *job = f->job;
	unsigned attempt = f->attempt;

	if (!c)
		return why_set(why, "no memory for results");
	c->flaky = job->result && job->result->verdict != c->verdict;
	if (c->verdict > VERDICT_WEAK && attempt < s->options.retries) {
		job->result = c;
		run_free(f->run);
		if (!flight_begin(s, f, job, attempt + 1, why))
			return false;
		run_begin(f->run);
		return true;
	}
	suite_decided(s, f, c);
	flight_end(s, f);
	return true;
}

static bool run_virtual(struct test_suite *s, struct why *why)
{
	while (!suite_wants_stop(s) && (s->in_flight || s->next < s->job_count)) {
		while (s->in_flight < s->width && s->next < s->job_count)
			if (!launch(s, why))
				return false;
		for (size_t i = s->in_flight; i-- > 0 && !suite_wants_stop(s);)
			if (slice(s->flights[i].run) && !landed(s, &s->flights[i], why))
				return false;
	}
	return true;
}

/* ------------------------------------------------------------ running */

static void gather(struct test_suite *s)
{
	s->result_count = 0;
	for (size_t i = 0; i < s->job_count; i++)
		if (s->jobs[i].result)
			s->results[s->result_count++] = s->jobs[i].result;
}

bool suite_run(struct test_suite *s, struct why *why)
{
	usec began = wall_now();
	bool good;

	s->width = s->options.jobs ? s->options.jobs : VIRTUAL_WIDTH;
	s->flights = arena_array(s->arena, s->width, sizeof *s->flights);
	if (!s->flights)
		return why_set(why, "no memory for %zu cases in flight", s->width);
	good = suite_is_virtual(s) ? run_virtual(s, why) : suite_run_real(s, why);
	gather(s);
	s->wall = wall_now() - began;
	if (good && !suite_wants_stop(s))
		s->stale_count = deviations_stale(s->options.deviations, s, &s->stale);
	return good;
}

size_t suite_results(const struct test_suite *s, const struct case_result *const **out)
{
	*out = s->results;
	return s->result_count;
}

struct suite_summary suite_summary(const struct test_suite *s)
{
	struct suite_summary sum = { .interrupted = s->options.stop && *s->options.stop,
				     .wall_time = s->wall };
	size_t *counts[] = {
		[TALLY_PASSED] = &sum.passed,
		[TALLY_FAILED] = &sum.failed,
		[TALLY_SKIPPED] = &sum.skipped,
		[TALLY_ERRORS] = &sum.errors,
	};

	for (size_t i = 0; i < s->result_count; i++) {
		const struct case_result *c = s->results[i];

		++*counts[verdict_tally(c->verdict, s->options.strict)];
		sum.weak += c->verdict == VERDICT_WEAK;
		sum.flaky += c->flaky;
	}
	return sum;
}

size_t suite_stale(const struct test_suite *s, const char *const **out)
{
	*out = s->stale;
	return s->stale_count;
}
