#include "turn-round.h"

#include <stdlib.h>

#include "rig.h"

#define RATE    5000.0
#define SECONDS 0.3
#define ROUNDS  5

static int by_time(const void *a, const void *b)
{
	const struct wire_latency *x = a, *y = b;

	return (x->p50 > y->p50) - (x->p50 < y->p50);
}

static bool sample(struct rig *r, struct wire_latency *out, struct why *why)
{
	struct rig_load load = { .side = SIDE_ECHO, .rate = RATE, .burst = 1, .seconds = SECONDS };
	struct wire_count n;

	if (!rig_trial(r, &load, &n, why))
		return false;
	rig_latency(r, out);
	return true;
}

/* The round whose median is the median of all. */
static void middle(struct wire_latency *rounds, struct wire_latency *out)
{
	qsort(rounds, ROUNDS, sizeof(*rounds), by_time);
	*out = rounds[ROUNDS / 2];
	out->rate = RATE;
}

bool turn_round(const struct wire_plan *p, const struct bench_watch *w, struct wire_latency *bare,
		struct wire_latency *esp, struct why *why)
{
	struct wire_plan spinning = *p;
	struct wire_latency rounds[2][ROUNDS];
	struct rig rigs[2];
	bool good;

	spinning.spin = true;
	spinning.sas = 1;
	if (!rig_open(&rigs[0], &spinning, w, RIG_BARE, true, why))
		return false;
	good = rig_open(&rigs[1], &spinning, w, RIG_SEGMENTS, true, why);
	for (size_t i = 0; good && i < 2 * ROUNDS; i++)
		good = sample(&rigs[i % 2], &rounds[i % 2][i / 2], why);
	if (good) {
		middle(rounds[0], bare);
		middle(rounds[1], esp);
		rig_close(&rigs[1]);
	}
	rig_close(&rigs[0]);
	return good;
}
