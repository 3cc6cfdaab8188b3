/*
 * The inside of the anti-replay window, for those who look at it several times for each packet.
 */
#ifndef ESP_REPLAY_WINDOW_H
#define ESP_REPLAY_WINDOW_H

#include "esp/esp.h"

#define WINDOW_WORD 64u

struct replay {
	uint32_t window;
	bool esn;
	uint64_t right; /* the highest number taken; 0: none yet */
	uint64_t words; /* a power of two, or 0 without a window */
	uint64_t bits[];
};

/* Clears the words that come into the ring when the right edge moves from one number to another. */
void window_clear_between(struct replay *r, uint64_t from, uint64_t to);

static inline bool window_seen(const struct replay *r, uint64_t seq)
{
	return r->bits[seq / WINDOW_WORD & (r->words - 1)] >> (seq % WINDOW_WORD) & 1;
}

static inline enum esp_result window_check(const struct replay *r, uint64_t seq)
{
	if (r->window == 0)
		return ESP_OK;
	if (seq == 0)
		return ESP_ZERO;
	if (seq > r->right)
		return ESP_OK;
	if (r->right - seq >= r->window)
		return ESP_LEFT;
	return window_seen(r, seq) ? ESP_REPLAYED : ESP_OK;
}

static inline void window_take(struct replay *r, uint64_t seq)
{
	uint64_t right = r->right;

	if (seq > right)
		r->right = seq;
	if (r->window == 0 || (seq <= right && right - seq >= r->window))
		return;
	if (seq > right)
		window_clear_between(r, right, seq);
	r->bits[seq / WINDOW_WORD & (r->words - 1)] |= UINT64_C(1) << (seq % WINDOW_WORD);
}

#endif
