/*
 * The anti-replay window (RFC 4303 3.4.3, Appendix A): a ring of bits, one for each sequence
 * number.
 *
 * The ring has at least 64 bits more than the window, so that moving right clears whole words and
 * never a bit that the window still needs.
 */
#include "replay-window.h"

#include <stdlib.h>

static uint64_t words_for(uint32_t window)
{
	uint64_t wanted = ((uint64_t)window + WINDOW_WORD - 1) / WINDOW_WORD + 1, words = 1;

	while (words < wanted)
		words *= 2;
	return words;
}

struct replay *replay_new(uint32_t window, bool esn)
{
	uint64_t words = window == 0 ? 0 : words_for(window);
	struct replay *r = calloc(1, sizeof(*r) + (size_t)words * sizeof(r->bits[0]));

	if (r == NULL)
		return NULL;
	r->window = window;
	r->esn = esn;
	r->words = words;
	return r;
}

void replay_free(struct replay *r)
{
	free(r);
}

/* Appendix A2.2: W is the window, T its right edge with halves Th and Tl.  It knows no exception for
 * Th = 0: a first packet with a number just below 2^32 gets a high half of -1, and fails its ICV. */
uint64_t replay_guess(const struct replay *r, uint32_t seq_low)
{
	uint32_t low = (uint32_t)r->right, high = (uint32_t)(r->right >> 32);
	uint32_t window = r->window == 0 ? 1 : r->window;
	uint32_t left = low - window + 1;

	if (!r->esn)
		return seq_low;
	if (low >= window - 1) {
		if (seq_low < left)
			high++; /* case A: right of the window, past a wrap */
	} else if (seq_low >= left) {
		high--; /* case B: in the part of the window below the wrap */
	}
	return (uint64_t)high << 32 | seq_low;
}

enum esp_result replay_check(const struct replay *r, uint64_t seq)
{
	return window_check(r, seq);
}

void window_clear_between(struct replay *r, uint64_t from, uint64_t to)
{
	uint64_t words = to / WINDOW_WORD - from / WINDOW_WORD;

	if (words > r->words)
		words = r->words;
	for (uint64_t i = 0; i < words; i++)
		r->bits[(to / WINDOW_WORD - i) & (r->words - 1)] = 0;
}

void replay_take(struct replay *r, uint64_t seq)
{
	window_take(r, seq);
}

uint64_t replay_right_edge(const struct replay *r)
{
	return r->right;
}

void replay_start(struct replay *r, uint64_t seq)
{
	memset(r->bits, 0, (size_t)r->words * sizeof(r->bits[0]));
	r->right = seq;
	if (seq != 0 && r->words != 0)
		r->bits[seq / WINDOW_WORD & (r->words - 1)] |= UINT64_C(1) << (seq % WINDOW_WORD);
}
