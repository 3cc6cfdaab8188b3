#include "drive.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../clock.h"

#define SECOND      1000000000u
#define SWEEP_EVERY (20 * 1000000u)
#define GIVE_UP     (12ull * SECOND) /* longer than the retransmissions go on */
#define DRAIN       (2ull * SECOND)
#define WARM        0.15
#define FAILURES    64u              /* in a row, and nothing came of it at all */

void times_of(const struct histogram *h, struct load_times *out)
{
	*out = (struct load_times){
		.samples = h->total,
		.p50 = histogram_at(h, 0.5),
		.p90 = histogram_at(h, 0.9),
		.p99 = histogram_at(h, 0.99),
		.p999 = histogram_at(h, 0.999),
		.longest = h->longest,
	};
}

static bool stopped(const struct drive *d)
{
	const struct bench_watch *w = d->stand->watch;

	return w && w->stop && *w->stop;
}

static bool may_go_on(const struct drive *d, struct why *why)
{
	if (stopped(d))
		return why_set(why, "stopped");
	if (d->stand->tester.now > d->limit)
		return why_set(why, "the time is over");
	return !d->trouble.text[0] || why_set(why, "%s", d->trouble.text);
}

/* ------------------------------------------------------------ what is under way */

static struct ike_sa *find(struct drive *d, uint64_t spi)
{
	return endpoint_find(d->stand->tester.endpoint, true, spi);
}

static struct attempt *attempt_of(struct drive *d, uint64_t spi)
{
	for (unsigned i = 0; i < d->window; i++)
		if (d->under_way[i].used && d->under_way[i].spi == spi)
			return &d->under_way[i];
	return NULL;
}

static void begin(struct drive *d, uint64_t spi)
{
	for (unsigned i = 0; i < d->window; i++) {
		if (d->under_way[i].used)
			continue;
		d->under_way[i] = (struct attempt){ true, spi, d->stand->tester.now };
		d->count++;
		d->rate.attempts++;
		return;
	}
}

static void over(struct drive *d, struct attempt *a, bool good)
{
	a->used = false;
	d->count--;
	if (!good) {
		d->rate.failures++;
		return;
	}
	d->rate.successes++;
	histogram_add(&d->times, clock_nanoseconds() - a->begun);
}

static void hold(struct drive *d, uint64_t spi)
{
	if (d->held_count == d->held_room) {
		size_t room = d->held_room ? 2 * d->held_room : 1024;
		uint64_t *wide = realloc(d->held, room * sizeof(*wide));

		if (!wide) {
			why_set(&d->trouble, "no memory for %zu SPIs", room);
			return;
		}
		d->held = wide;
		d->held_room = room;
	}
	d->held[d->held_count++] = spi;
}

/* A Child SA is there, or none any more: what was under way for it is done. */
static void ordered(void *ctx, const struct child_order *o)
{
	struct drive *d = ctx;
	uint64_t spi = ike_sa_view(child_sa_view(o->child).ike).spi_i;
	struct attempt *a = attempt_of(d, spi);
	bool wanted = d->job == DRIVE_DELETES ? o->kind == ORDER_REMOVE : o->kind == ORDER_INSTALL;

	if (!a || !wanted || d->job == DRIVE_REKEYS || d->job == DRIVE_LIVENESS)
		return;
	if (d->job == DRIVE_HANDSHAKES)
		hold(d, spi);
	over(d, a, true);
}

/* Is it done, as far as it gave no order? */
static bool is_done(const struct drive *d, const struct ike_view *v)
{
	return d->job == DRIVE_REKEYS ? v->rekeyed : d->job == DRIVE_LIVENESS && !v->busy;
}

/* Rekeyed: its heir is held in its place. */
static void replace(struct drive *d, uint64_t spi, const struct ike_view *v)
{
	for (size_t i = 0; v->heir && i < d->window && i < d->held_count; i++)
		if (d->held[i] == spi)
			d->held[i] = ike_sa_view(v->heir).spi_i;
}

/* Looks at each: at those that tell nothing always, at the others now and then for failures. */
static void sweep(struct drive *d)
{
	bool tells = d->job != DRIVE_REKEYS && d->job != DRIVE_LIVENESS;

	if (tells && d->stand->tester.now < d->sweep_at)
		return;
	d->sweep_at = d->stand->tester.now + SWEEP_EVERY;
	for (unsigned i = 0; i < d->window; i++) {
		struct attempt *a = &d->under_way[i];
		struct ike_sa *sa = a->used ? find(d, a->spi) : NULL;
		struct ike_view v = { .state = IKE_GONE };

		if (!a->used)
			continue;
		if (sa)
			v = ike_sa_view(sa);
		if (sa && is_done(d, &v)) {
			replace(d, a->spi, &v);
			over(d, a, true);
		} else if (v.state == IKE_GONE || d->stand->tester.now - a->begun > GIVE_UP) {
			over(d, a, d->job == DRIVE_DELETES && v.state == IKE_GONE);
		}
	}
}

/* ------------------------------------------------------------ beginning */

static bool initiate(struct drive *d)
{
	struct ike_end *e = &d->stand->tester;
	size_t connection = d->serial++ % d->stand->connection_count;
	struct why why;

	if (!endpoint_initiate(e->endpoint, connection, ike_end_now(e), &why)) {
		d->trouble = why;
		return false;
	}
	begin(d, ike_sa_view(endpoint_ike_sa(e->endpoint, 0)).spi_i);
	ike_end_say(e);
	return true;
}

static bool ask(struct drive *d, enum purpose purpose, uint64_t spi)
{
	struct ike_end *e = &d->stand->tester;
	struct ike_sa *sa = find(d, spi);
	struct child_sa *c = sa && purpose == PURPOSE_REKEY_CHILD ? endpoint_child_sa(e->endpoint, sa, 0) : NULL;
	struct why why;

	if (!sa || attempt_of(d, spi) || ike_sa_view(sa).busy ||
	    !endpoint_request(e->endpoint, purpose, sa, c, ike_end_now(e), &why))
		return false;
	begin(d, spi);
	ike_end_say(e);
	return true;
}

/* One more, if there is something to begin. */
static bool begin_one(struct drive *d)
{
	static const enum purpose purposes[] = {
		[DRIVE_CHILDREN] = PURPOSE_REKEY_CHILD, [DRIVE_REKEYS] = PURPOSE_REKEY_IKE,
		[DRIVE_DELETES] = PURPOSE_DELETE_IKE, [DRIVE_LIVENESS] = PURPOSE_LIVENESS,
	};
	bool round = d->job == DRIVE_CHILDREN || d->job == DRIVE_REKEYS;
	size_t among = round && d->window < d->held_count ? d->window : d->held_count;

	if (d->job == DRIVE_HANDSHAKES)
		return (!d->most || d->held_count + d->count < d->most) && initiate(d);
	for (size_t tried = 0; tried < among && (round || d->next < among); tried++)
		if (ask(d, purposes[d->job], d->held[d->next++ % among]))
			return true;
	return false;
}

static void turn(struct drive *d, bool begins)
{
	struct ike_end *e = &d->stand->tester;
	bool any = false;

	while (begins && d->count < d->window && begin_one(d))
		any = true;
	any |= ike_end_turn(e);
	sweep(d);
	if (!any)
		ike_end_wait(e);
}

/* ------------------------------------------------------------ a figure */

static uint64_t own_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void start(struct drive *d, int job, unsigned window)
{
	d->job = job;
	d->window = window > LOAD_WINDOW ? LOAD_WINDOW : window;
	d->next = 0;
	d->rate = (struct load_rate){ 0 };
	memset(&d->times, 0, sizeof(d->times));
	memset(d->under_way, 0, sizeof(d->under_way));
	d->count = 0;
}

/* What is left is waited for, and begun no more. */
static void drain(struct drive *d)
{
	uint64_t end = ike_end_now(&d->stand->tester) * 1000 + DRAIN;

	while (d->count && d->stand->tester.now < end && !stopped(d))
		turn(d, false);
}

static bool for_a_while(struct drive *d, double seconds, struct why *why)
{
	uint64_t end = ike_end_now(&d->stand->tester) * 1000 + (uint64_t)(seconds * SECOND);

	while (d->stand->tester.now < end) {
		if (!may_go_on(d, why))
			return false;
		if (!d->rate.successes && d->rate.failures > FAILURES)
			break;
		turn(d, true);
	}
	return true;
}

/* A rate over the time in the middle: before it things get going, after it they come to an end. */
static bool measure(struct drive *d, int job, unsigned window, double seconds, struct load_rate *out,
		    struct why *why)
{
	uint64_t sent_again, cpu, target, begun, span;

	start(d, job, window);
	if (!for_a_while(d, seconds * WARM, why))
		return false;
	memset(&d->times, 0, sizeof(d->times));
	d->rate = (struct load_rate){ .attempts = d->count }; /* those under way */
	sent_again = d->stand->tester.repeated;
	cpu = own_cpu();
	target = stand_target_cpu(d->stand);
	begun = clock_nanoseconds();
	bool good = for_a_while(d, seconds, why);
	span = clock_nanoseconds() - begun;
	*out = d->rate;
	out->seconds = (double)span / SECOND;
	out->rate = (double)out->successes / out->seconds;
	out->tester = (double)(own_cpu() - cpu) / (double)span;
	out->target = (double)(stand_target_cpu(d->stand) - target) / (double)span;
	drain(d);
	out->attempts -= d->count; /* nobody knows what became of them */
	out->successes = d->rate.successes;
	out->failures = d->rate.failures;
	out->repeated = d->stand->tester.repeated - sent_again;
	times_of(&d->times, &out->times);
	return good;
}

bool drive_handshakes(struct drive *d, unsigned window, double seconds, struct load_rate *out, struct why *why)
{
	return measure(d, DRIVE_HANDSHAKES, window, seconds, out, why);
}

bool drive_rekeys(struct drive *d, bool ike, unsigned window, double seconds, struct load_rate *out, struct why *why)
{
	if (!d->held_count)
		return why_set(why, "there is no SA to rekey");
	return measure(d, ike ? DRIVE_REKEYS : DRIVE_CHILDREN, window, seconds, out, why);
}

/* Each that is held once. */
static bool all(struct drive *d, int job, unsigned window, struct why *why)
{
	start(d, job, window);
	while (d->next < d->held_count || d->count) {
		if (!may_go_on(d, why))
			return false;
		turn(d, true);
	}
	return true;
}

bool drive_liveness(struct drive *d, unsigned window, uint64_t *answered, struct why *why)
{
	bool good = all(d, DRIVE_LIVENESS, window, why);

	*answered = d->rate.successes;
	return good;
}

bool drive_deletes(struct drive *d, unsigned window, struct why *why)
{
	bool good = all(d, DRIVE_DELETES, window, why);

	d->held_count = 0;
	return good;
}

static double rate_between(const uint64_t at[static 11], unsigned wanted, unsigned from)
{
	double seconds = (double)(at[from + 1] - at[from]) / SECOND;

	return seconds > 0 && at[from + 1] ? wanted / 10.0 / seconds : 0;
}

bool drive_hold(struct drive *d, unsigned window, unsigned wanted, struct load_hold *out, struct why *why)
{
	uint64_t at[11] = { 0 };
	unsigned tenth = 0;
	bool good = true;

	start(d, DRIVE_HANDSHAKES, window);
	*out = (struct load_hold){ .asked = wanted };
	d->most = wanted;
	at[0] = ike_end_now(&d->stand->tester) * 1000;
	while (d->held_count < wanted && d->rate.failures <= FAILURES && (good = may_go_on(d, why))) {
		turn(d, true);
		while (tenth < 10 && d->held_count >= (tenth + 1) * (wanted / 10.0))
			at[++tenth] = d->stand->tester.now;
	}
	drain(d);
	d->most = 0;
	out->held = d->held_count;
	out->seconds = (double)(d->stand->tester.now - at[0]) / SECOND;
	out->first = rate_between(at, wanted, 0);
	out->last = tenth == 10 ? rate_between(at, wanted, 9) : 0;
	return good && drive_liveness(d, window, &out->answered, why);
}

bool drive_begin(struct drive *d, struct stand *s, uint64_t limit)
{
	*d = (struct drive){ .stand = s, .limit = limit };
	s->tester.ordered = ordered;
	s->tester.ctx = d;
	return true;
}

void drive_end(struct drive *d)
{
	free(d->held);
	d->held = NULL;
}
