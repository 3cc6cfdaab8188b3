#include "rig.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define MS            1000000u
#define START_AFTER   (5 * MS)
#define DRAIN_NEAR    (150 * MS) /* the built-in target */
#define DRAIN_FAR     (300 * MS) /* a real one may hold packets back */
#define SETUP_LIMIT   60000.0    /* milliseconds */
#define SETUP_WINDOW  16u
#define DELETE_FOR    (300 * MS)
#define SECOND        1e9

static bool stopped(const struct rig *r)
{
	return r->watch && r->watch->stop && *r->watch->stop;
}

/* ------------------------------------------------------------ opening and closing */

static void sizes_of(const struct bench_size *s, struct wire_sizes *out)
{
	out->count = 0;
	for (size_t i = 0; i < s->count; i++) {
		size_t k = 0;

		while (k < out->count && out->lens[k] != s->lens[i])
			k++;
		if (k == out->count) {
			out->lens[k] = s->lens[i];
			out->parts[k] = 0;
			out->count++;
		}
		out->parts[k]++;
	}
}

struct poller {
	pthread_t thread;
	struct engine *engine;
	volatile sig_atomic_t stop;
};

static void *poll_on(void *poller)
{
	struct poller *p = poller;

	while (!p->stop)
		engine_poll(p->engine);
	return NULL;
}

/* The other end answers meanwhile. */
bool rig_beside(struct rig *r, bool (*act)(struct rig *r, struct why *why), struct why *why)
{
	struct poller p = { .engine = r->builtin };
	bool good;

	if (!r->builtin)
		return act(r, why);
	if (pthread_create(&p.thread, NULL, poll_on, &p) != 0)
		return why_set(why, "no thread for the built-in target");
	good = act(r, why);
	p.stop = 1;
	pthread_join(p.thread, NULL);
	return good;
}

static bool establish(struct rig *r, struct why *why)
{
	size_t wanted = r->tester->config.connection_count;
	uint64_t limit = engine_clock() + (uint64_t)SETUP_LIMIT * MS;

	while (r->tester->slot_count < wanted) {
		if (stopped(r))
			return why_set(why, "stopped");
		if (r->tester->trouble.text[0])
			return why_set(why, "%s", r->tester->trouble.text);
		if (engine_clock() > limit)
			return why_set(why, "only %zu of %zu Child SAs came up within %.0f s",
				       r->tester->slot_count, wanted, SETUP_LIMIT / 1000);
		if (!engine_start_more(r->tester, SETUP_WINDOW, why))
			return false;
		engine_poll(r->tester);
	}
	return true;
}

static bool take_down(struct rig *r, struct why *why)
{
	uint64_t end = engine_clock() + DELETE_FOR;

	(void)why;
	engine_delete(r->tester);
	while (engine_clock() < end && endpoint_counts(r->tester->endpoint).child_sas > 0)
		engine_poll(r->tester);
	return true;
}

bool rig_prepare(struct rig *r, const struct wire_plan *p, const struct bench_watch *w, enum rig_method method,
		 bool echo, struct why *why)
{
	bool real = strcmp(p->target, "builtin") != 0;

	*r = (struct rig){ .plan = p, .watch = w };
	sizes_of(&p->size, &r->sizes);
	r->arena = arena_new(64 << 20);
	if (!r->arena)
		return why_set(why, "no memory for a rig");
	return real ? rig_real(r, echo, why) : rig_builtin(r, method, echo, why);
}

bool rig_open(struct rig *r, const struct wire_plan *p, const struct bench_watch *w, enum rig_method method,
	      bool echo, struct why *why)
{
	if (rig_prepare(r, p, w, method, echo, why) &&
	    rig_beside(r, establish, why) && sources_lay(r->tester, why) &&
	    (!r->builtin || sources_lay(r->builtin, why))) {
		why_set(why, "%s", ""); /* what did not matter */
		return true;
	}
	rig_close(r);
	return false;
}

void rig_close(struct rig *r)
{
	struct why spare;

	if (r->tester && !r->tester->trouble.text[0])
		rig_beside(r, take_down, &spare);
	engine_free(r->tester);
	engine_free(r->builtin);
	target_stop(r->target);
	target_config_free(&r->config);
	arena_free(r->arena);
	*r = (struct rig){ .plan = r->plan, .watch = r->watch };
}

/* ------------------------------------------------------------ a trial */

struct runner {
	pthread_t thread;
	struct engine *engine;
	struct engine_load load;
};

static void *run_on(void *runner)
{
	struct runner *u = runner;

	engine_run(u->engine, &u->load);
	return NULL;
}

static bool run_both(struct rig *r, const struct engine_load *load, struct why *why)
{
	struct runner other = { .engine = r->builtin, .load = *load };

	other.load.rekey_at = 0;
	if (r->builtin && pthread_create(&other.thread, NULL, run_on, &other) != 0)
		return why_set(why, "no thread for the built-in target");
	engine_run(r->tester, load);
	if (r->builtin)
		pthread_join(other.thread, NULL);
	if (r->tester->trouble.text[0])
		return why_set(why, "%s", r->tester->trouble.text);
	if (r->builtin && r->builtin->trouble.text[0])
		return why_set(why, "the built-in target: %s", r->builtin->trouble.text);
	return !stopped(r) || why_set(why, "stopped");
}

/* Who sends in a direction, and who counts what arrives. */
static struct engine *sender(const struct rig *r, enum wire_way way)
{
	return way == WAY_IN && r->builtin ? r->builtin : r->tester;
}

static struct engine *receiver(const struct rig *r, enum wire_side side, enum wire_way way)
{
	return way == WAY_OUT && r->builtin && side != SIDE_ECHO ? r->builtin : r->tester;
}

static bool goes(enum wire_side side, enum wire_way way)
{
	return side == SIDE_BOTH || (side == SIDE_IN) == (way == WAY_IN);
}

static void arm(struct rig *r, const struct rig_load *l)
{
	uint32_t flows[WIRE_WAYS];

	r->serial++;
	for (uint32_t way = 0; way < WIRE_WAYS; way++)
		flows[way] = r->serial * WIRE_WAYS + way;
	engine_clear(r->tester, flows);
	if (r->builtin)
		engine_clear(r->builtin, flows);
	for (size_t way = 0; way < WIRE_WAYS; way++) {
		struct engine_source *s = &sender(r, (enum wire_way)way)->sources[way];

		s->on = goes(l->side, (enum wire_way)way);
		s->clear = way == WAY_IN && !r->builtin;
		s->rate = l->rate;
		s->burst = l->burst;
	}
}

static void add_way(const struct rig *r, const struct rig_load *l, enum wire_way way, double seconds,
		    struct wire_count *c)
{
	const struct engine_source *s = &sender(r, way)->sources[way];
	const struct track *t = &receiver(r, l->side, way)->tracks[way];

	if (!s->on)
		return;
	c->offered += isinf(l->rate) ? 0 : l->rate;
	c->achieved += (double)s->sent / seconds;
	c->sent += s->sent;
	c->received += t->received;
	c->lost += track_lost(t, s->sent);
	c->reordered += t->reordered;
	c->duplicates += t->duplicates;
	if (t->longest_gap > c->longest_gap)
		c->longest_gap = t->longest_gap;
}

static void add_engine(const struct engine *e, struct wire_count *c)
{
	if (!e)
		return;
	c->bad_icv += e->refused[ESP_BAD_ICV];
	c->other += e->no_sa;
	c->fragments += e->cut + e->config.port->fragments;
	for (size_t i = 0; i < ESP_RESULTS; i++)
		if (i != ESP_BAD_ICV)
			c->other += e->refused[i];
	c->dropped_here += e->config.port->dropped;
}

bool rig_trial(struct rig *r, const struct rig_load *l, struct wire_count *out, struct why *why)
{
	uint64_t begin = engine_clock() + START_AFTER, span = (uint64_t)(l->seconds * SECOND);
	struct engine_load load = {
		.begin = begin,
		.end = begin + span,
		.over = begin + span + (r->builtin ? DRAIN_NEAR : DRAIN_FAR),
		.spin = r->plan->spin,
		.rekey_at = l->rekey ? begin + span / 2 : 0,
		.rekey_ike = l->rekey_ike,
		.stop = r->watch ? r->watch->stop : NULL,
	};

	*out = (struct wire_count){ 0 };
	r->tester->evidence = l->record ? r->evidence : NULL;
	arm(r, l);
	if (!run_both(r, &load, why))
		return false;
	for (size_t way = 0; way < WIRE_WAYS; way++)
		add_way(r, l, (enum wire_way)way, l->seconds, out);
	add_engine(r->tester, out);
	add_engine(r->builtin, out);
	out->busy = r->tester->busy;
	return true;
}

void rig_latency(const struct rig *r, struct wire_latency *out)
{
	struct histogram *sum = calloc(1, sizeof(*sum));

	for (size_t way = 0; sum && way < WIRE_WAYS; way++) {
		const struct engine *ends[] = { r->tester, r->builtin };

		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			const struct histogram *h = ends[k] ? &ends[k]->tracks[way].latency : NULL;

			for (size_t i = 0; h && i < ARRAY_LEN(h->counts); i++)
				sum->counts[i] += h->counts[i];
			sum->total += h ? h->total : 0;
			if (h && h->longest > sum->longest)
				sum->longest = h->longest;
		}
	}
	out->samples = sum ? sum->total : 0;
	out->p50 = sum ? histogram_at(sum, 0.5) : 0;
	out->p90 = sum ? histogram_at(sum, 0.9) : 0;
	out->p99 = sum ? histogram_at(sum, 0.99) : 0;
	out->p999 = sum ? histogram_at(sum, 0.999) : 0;
	out->longest = sum ? sum->longest : 0;
	free(sum);
}
