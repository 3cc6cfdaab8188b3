/*
 * What became of the packets of one flow: each is received, received again, late (behind a later
 * one) or lost.
 */
#ifndef WIRE_TRACK_H
#define WIRE_TRACK_H

#include "histogram.h"
#include "stamp.h"

#define TRACK_WINDOW 65536u /* packets that are remembered one by one; what is older counts as duplicate */

struct track {
	uint32_t flow;
	uint64_t received; /* different ones */
	uint64_t duplicates, reordered;
	uint64_t next; /* behind the highest number seen */
	uint64_t octets;
	uint64_t last, longest_gap; /* nanoseconds between one and the next that came */
	struct histogram latency;
	uint64_t seen[TRACK_WINDOW / 64];
};

/* Begins anew, for that flow. */
void track_begin(struct track *t, uint32_t flow);
/* A packet of len octets; one of another flow is left out. */
void track_take(struct track *t, const struct stamp *s, size_t len, uint64_t now);
uint64_t track_lost(const struct track *t, uint64_t sent);

#endif
