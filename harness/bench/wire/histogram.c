#include "histogram.h"

#include <stddef.h>

#define LAST (HISTOGRAM_POWERS * HISTOGRAM_STEPS - 1)
#define SHIFT_OF_STEPS 5u

static size_t step_of(uint64_t ns)
{
	unsigned shift;
	size_t step;

	if (ns < HISTOGRAM_STEPS)
		return (size_t)ns;
	shift = 63u - (unsigned)__builtin_clzll(ns) - SHIFT_OF_STEPS;
	step = (shift + 1) * HISTOGRAM_STEPS + (size_t)((ns >> shift) - HISTOGRAM_STEPS);
	return step < LAST ? step : LAST;
}

static uint64_t end_of(size_t step)
{
	unsigned shift;

	if (step < HISTOGRAM_STEPS)
		return step;
	shift = (unsigned)(step / HISTOGRAM_STEPS) - 1;
	return ((HISTOGRAM_STEPS + step % HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->counts[step_of(ns)]++;
	h->total++;
	if (ns > h->longest)
		h->longest = ns;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)h->total), seen = 0;

	if (wanted < 1)
		wanted = 1;
	for (size_t i = 0; i <= LAST; i++) {
		seen += h->counts[i];
		if (h->counts[i] && seen >= wanted)
			return i < LAST && end_of(i) < h->longest ? end_of(i) : h->longest;
	}
	return h->longest;
}
