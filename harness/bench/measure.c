#include "measure.h"

#include <stdlib.h>

bool measure_slice(const struct entrant *e, uint64_t cycles, struct tally *sum,
		   struct bench_figure *turns, size_t *count)
{
	uint64_t begun = clock_cycles();
	size_t n = 0;

	do {
		struct tally t = { 0 };

		if (!e->turn(e->self, &t))
			return false;
		sum->packets += t.packets;
		if (turns && n < TURNS_MAX)
			turns[n++] =
				(struct bench_figure){ .seal = (double)t.seal / (double)t.packets,
						       .open = (double)t.open / (double)t.packets };
	} while (clock_cycles() - begun < cycles);
	if (count)
		*count = n;
	return true;
}

static double median_turn(const struct bench_figure *turns, size_t count, int which)
{
	double sorted[TURNS_MAX];

	for (size_t i = 0; i < count; i++)
		sorted[i] = which == 0   ? turns[i].seal
			    : which == 1 ? turns[i].open
					 : turns[i].seal + turns[i].open;
	return median(sorted, count, NULL);
}

bool contest_round(struct contest *c, uint64_t slice, unsigned round, const struct bench_watch *w,
		   struct why *why)
{
	for (size_t i = 0; i < c->count; i++) {
		struct tally spare = { 0 };
		size_t turns = 0;

		if (w->stop && *w->stop)
			return why_set(why, "stopped");
		if (!c->entrants[i].turn)
			continue;
		if (!measure_slice(&c->entrants[i], slice / 20, &spare, NULL, NULL) ||
		    !measure_slice(&c->entrants[i], slice, &spare, c->turns, &turns))
			return why_set(why, "a packet was refused");
		for (int j = 0; j < 3; j++)
			c->samples[i][j][round] = median_turn(c->turns, turns, j);
	}
	return true;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *samples, size_t count, double *spread)
{
	double middle;

	qsort(samples, count, sizeof(*samples), by_size);
	middle = count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
	if (spread)
		*spread = middle > 0
				  ? (samples[count - 1 - count / 4] - samples[count / 4]) / middle
				  : 0;
	return middle;
}

double contest_ratio(const struct contest *c, size_t i, size_t j, unsigned rounds)
{
	double each[ROUNDS_MAX];

	if (!c->entrants[i].turn || !c->entrants[j].turn)
		return 0;
	for (unsigned round = 0; round < rounds; round++)
		each[round] = c->samples[i][2][round] / c->samples[j][2][round];
	return median(each, rounds, NULL);
}

double contest_difference(const struct contest *c, size_t i, size_t j, unsigned rounds)
{
	double each[ROUNDS_MAX];

	if (!c->entrants[i].turn || !c->entrants[j].turn)
		return 0;
	for (unsigned round = 0; round < rounds; round++)
		each[round] = c->samples[i][2][round] - c->samples[j][2][round];
	return median(each, rounds, NULL);
}

static double median_of(const struct contest *c, size_t i, int which, unsigned rounds,
			double *spread)
{
	double copy[ROUNDS_MAX];

	for (unsigned round = 0; round < rounds; round++)
		copy[round] = c->samples[i][which][round];
	return median(copy, rounds, spread);
}

void contest_figures(const struct contest *c, size_t i, unsigned rounds, struct bench_figure *f)
{
	*f = (struct bench_figure){ 0 };
	if (!c->entrants[i].turn)
		return;
	f->seal = median_of(c, i, 0, rounds, NULL);
	f->open = median_of(c, i, 1, rounds, NULL);
	f->both = median_of(c, i, 2, rounds, &f->spread);
}

void contest_free(struct contest *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->entrants[i].free)
			c->entrants[i].free(c->entrants[i].self);
}
