#include "track.h"

#include <string.h>

void track_begin(struct track *t, uint32_t flow)
{
	memset(t, 0, sizeof(*t));
	t->flow = flow;
}

static bool bit(const struct track *t, uint64_t number)
{
	return t->seen[number % TRACK_WINDOW / 64] >> (number % 64) & 1;
}

/* The numbers between the highest so far and this one have not been seen. */
static void advance(struct track *t, uint64_t number)
{
	uint64_t steps = number - t->next;

	if (steps >= TRACK_WINDOW) {
		memset(t->seen, 0, sizeof(t->seen));
	} else {
		for (uint64_t n = t->next; n <= number; n++)
			t->seen[n % TRACK_WINDOW / 64] &= ~(UINT64_C(1) << (n % 64));
	}
	t->next = number + 1;
}

static bool is_new(struct track *t, uint64_t number)
{
	if (number >= t->next) {
		advance(t, number);
		return true;
	}
	if (t->next - number > TRACK_WINDOW || bit(t, number))
		return false;
	t->reordered++;
	return true;
}

void track_take(struct track *t, const struct stamp *s, size_t len, uint64_t now)
{
	if (s->flow != t->flow)
		return;
	if (!is_new(t, s->number)) {
		t->duplicates++;
		return;
	}
	t->seen[s->number % TRACK_WINDOW / 64] |= UINT64_C(1) << (s->number % 64);
	t->received++;
	t->octets += len;
	histogram_add(&t->latency, now > s->time ? now - s->time : 0);
	if (t->last && now - t->last > t->longest_gap)
		t->longest_gap = now - t->last;
	t->last = now;
}

uint64_t track_lost(const struct track *t, uint64_t sent)
{
	return sent > t->received ? sent - t->received : 0;
}
