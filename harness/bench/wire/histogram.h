/*
 * Latencies: a log-linear histogram of nanoseconds, 32 steps for each power of two, so that any
 * percentile is right within 3 per cent and a million samples cost as much as one.
 */
#ifndef WIRE_HISTOGRAM_H
#define WIRE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS  32u
#define HISTOGRAM_POWERS 36u /* up to 2^40 ns, 18 minutes; what is longer counts as that */

struct histogram {
	uint64_t counts[HISTOGRAM_POWERS * HISTOGRAM_STEPS];
	uint64_t total, longest; /* nanoseconds */
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The upper end of the step that holds that share (0 to 1) of all samples; 0 if there is none. */
uint64_t histogram_at(const struct histogram *h, double share);

#endif
