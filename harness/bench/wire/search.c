#include "search.h"

#include <math.h>

/* The rate with that result, or a new row without one; NULL if there is no room. */
static size_t row_of(struct search *s, double rate)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (fabs(s->known[i].rate - rate) <= rate * 1e-6)
			return i;
	if (i < SEARCH_TRIALS) {
		s->known[i].rate = rate;
		s->known[i].loss = 1;
		s->known[i].tries = 0;
		s->count++;
	}
	return i;
}

/* Is that rate well?  False with *ended if it cannot be said. */
static bool well(struct search *s, double rate, double goal, bool *ended)
{
	size_t i = row_of(s, rate);
	double loss;

	*ended = i == SEARCH_TRIALS;
	while (!*ended && s->known[i].loss > goal && s->known[i].tries <= s->again) {
		*ended = !s->trial(s->ctx, rate, &loss);
		if (*ended)
			break;
		s->known[i].tries++;
		if (loss < s->known[i].loss)
			s->known[i].loss = loss;
	}
	return !*ended && s->known[i].loss <= goal;
}

static unsigned tries(const struct search *s)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += s->known[i].tries;
	return sum;
}

/* What was learnt for other goals bounds this one. */
static void bound(struct search *s, double goal, double *lower, double *upper)
{
	for (size_t i = 0; i < s->count; i++) {
		double rate = s->known[i].rate;

		if (s->known[i].loss <= goal && rate > *lower)
			*lower = rate;
	}
	for (size_t i = 0; i < s->count; i++) {
		double rate = s->known[i].rate;

		if (s->known[i].loss > goal && s->known[i].tries > s->again && rate < *upper &&
		    rate > *lower)
			*upper = rate;
	}
}

static double loss_at(const struct search *s, double rate)
{
	for (size_t i = 0; i < s->count; i++)
		if (fabs(s->known[i].rate - rate) <= rate * 1e-6)
			return s->known[i].loss;
	return 0;
}

struct search_bounds search_goal(struct search *s, double goal)
{
	unsigned before = tries(s);
	double lower = 0, upper = s->most;
	bool ended = false;

	if (well(s, s->most, goal, &ended)) {
		lower = upper;
	} else if (!ended) {
		bound(s, goal, &lower, &upper);
		if (lower < s->least && well(s, s->least, goal, &ended))
			lower = s->least;
	}
	while (!ended && lower > 0 && (upper - lower) > s->width * upper) {
		double middle = (lower + upper) / 2;

		if (well(s, middle, goal, &ended))
			lower = middle;
		else
			upper = middle;
	}
	return (struct search_bounds){ lower, upper, loss_at(s, lower), tries(s) - before,
				       !ended && lower > 0 };
}
