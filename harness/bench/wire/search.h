/*
 * The highest rate at which no more than a given share of packets is lost (NDR: none, RFC 2544
 * 26.1; PDR: half a per cent by default): bisection over trials that are remembered, so that one
 * goal's trials serve the next.
 *
 * What it knows is an interval: the highest rate that was well, and the lowest above it that was
 * not.  A rate that lost too much is tried again before it counts, for a machine that is shared
 * loses packets that no target lost.
 */
#ifndef WIRE_SEARCH_H
#define WIRE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define SEARCH_TRIALS 128

/* One trial at a rate: the share that was lost.  False ends the search. */
typedef bool search_trial(void *ctx, double rate, double *loss);

struct search {
	double least, most; /* packets a second; most is tried first */
	double width;       /* goal: the interval over its upper end */
	unsigned again;     /* more trials for a rate that lost too much */
	search_trial *trial;
	void *ctx;
	struct {
		double rate, loss; /* the least of all trials at that rate */
		unsigned tries;
	} known[SEARCH_TRIALS];
	size_t count;
};

struct search_bounds {
	double lower, upper; /* upper = lower: the highest rate there is was well */
	double loss;         /* at lower */
	unsigned trials;
	bool found; /* false: even the least rate lost too much, or it was ended */
};

struct search_bounds search_goal(struct search *s, double goal);

#endif
