/*
 * Rounds, medians, and turns of several entrants within a slice of time.
 *
 * A turn is some microseconds, and the figure of a slice is its median turn: what else the machine
 * did in between does not count.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "entrant.h"

#define ROUNDS_MAX 64
#define TURNS_MAX  4096
#define FIELD      12 /* entrants of one suite and size at most */

struct contest {
	struct entrant entrants[FIELD];
	size_t count;
	double samples[FIELD][3][ROUNDS_MAX]; /* seal, open, both: cycles for a packet */
	struct bench_figure turns[TURNS_MAX]; /* of one slice */
};

/*
 * Turns for a slice of so many cycles; false if something was refused.  turns (TURNS_MAX, or NULL)
 * gets the cycles for a packet of each, *count how many there are.
 */
bool measure_slice(const struct entrant *e, uint64_t cycles, struct tally *sum,
		   struct bench_figure *turns, size_t *count);
/* One sample of each entrant in turn; false with why. */
bool contest_round(struct contest *c, uint64_t slice, unsigned round, const struct bench_watch *w,
		   struct why *why);
/*
 * Cycles of entrant i over those of j, and their difference: medians of the rounds' own.  What two
 * entrants needed one after the other says more of them than what each needed on the whole, where
 * the machine has faster and slower minutes.  0 if one of them was not there.
 */
double contest_ratio(const struct contest *c, size_t i, size_t j, unsigned rounds);
double contest_difference(const struct contest *c, size_t i, size_t j, unsigned rounds);
/* Medians of so many rounds of one entrant; zeros if it was not there. */
void contest_figures(const struct contest *c, size_t i, unsigned rounds, struct bench_figure *f);
void contest_free(struct contest *c);
/* Sorts the samples; spread may be NULL. */
double median(double *samples, size_t count, double *spread);

/*
 * Packets a second on `cores` cores over those of one, medians of rounds, and the same of a loop
 * that touches no memory.  False with why.
 */
bool measure_cores(const struct bench_plan *p, const struct bench_watch *w, struct bench_row *row,
		   const struct bench_row *one, struct why *why);

#endif
