/*
 * With the engines of the measurement of ESP, one SA after the other: the target sends back what it
 * is sent, a real one as a host that answers an echo request.
 */
#include "first-packet.h"

#include <math.h>

#include "../wire/rig.h"
#include "drive.h"

#define SETUP_LIMIT 10000000000u /* nanoseconds, of one */
#define ECHO_LIMIT  5000000000u
#define OCTETS      "200"

struct firsts {
	struct rig rig; /* first: what is done beside the target gets it */
	struct histogram times;
};

static bool come_up(struct engine *e, size_t slot, struct why *why)
{
	uint64_t limit = engine_clock() + SETUP_LIMIT;

	while (e->slot_count <= slot) {
		if (engine_clock() > limit)
			return why_set(why, "Child SA %zu did not come up within 10 s", slot + 1);
		if (!engine_start_more(e, 1, why))
			return false;
		engine_poll(e);
	}
	return !e->trouble.text[0] || why_set(why, "%s", e->trouble.text);
}

/* One packet, through that SA. */
static bool echoed(struct engine *e, size_t slot, struct why *why)
{
	uint32_t flows[WIRE_WAYS] = { (uint32_t)(2 * slot), (uint32_t)(2 * slot + 1) };
	struct engine_load load = { .begin = 0, .end = UINT64_MAX, .over = UINT64_MAX };
	struct engine_source *s = &e->sources[WAY_OUT];
	uint64_t limit = engine_clock() + ECHO_LIMIT;

	engine_clear(e, flows);
	s->on = true;
	s->rate = HUGE_VAL;
	s->burst = 1;
	s->slot = slot;
	e->now = engine_clock();
	sources_move(e, &load);
	s->on = false;
	while (!e->tracks[WAY_OUT].received) {
		if (engine_clock() > limit)
			return why_set(why, "the first ESP packet did not come back within 5 s");
		engine_poll(e);
	}
	return true;
}

static bool one_after_the_other(struct rig *r, struct why *why)
{
	struct firsts *f = (struct firsts *)r;
	const struct bench_watch *w = r->watch;

	if (!sources_lay(r->tester, why))
		return false;
	for (size_t i = 0; i < r->tester->config.connection_count; i++) {
		uint64_t begun = engine_clock();

		if (w && w->stop && *w->stop)
			return why_set(why, "stopped");
		if (!come_up(r->tester, i, why) || !echoed(r->tester, i, why))
			return false;
		histogram_add(&f->times, engine_clock() - begun);
	}
	return true;
}

bool first_packets(const struct load_plan *p, const struct bench_watch *w, struct load_times *out, struct why *why)
{
	struct wire_plan plan = { .target = p->target, .sides = { [SIDE_ECHO] = true }, .sas = p->first };
	struct firsts f = { .times = { .total = 0 } };
	struct bench_plan size = { .size_count = 0 };
	bool good = bench_add_size(&size, OCTETS, why);

	plan.size = size.sizes[0];
	good = good && wire_complete(&plan, why) &&
	       rig_prepare(&f.rig, &plan, w, RIG_MESSAGES, true, why) &&
	       (!f.rig.builtin || sources_lay(f.rig.builtin, why)) &&
	       rig_beside(&f.rig, one_after_the_other, why);
	times_of(&f.times, out);
	rig_close(&f.rig);
	return good;
}
