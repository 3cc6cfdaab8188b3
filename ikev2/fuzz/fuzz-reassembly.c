/*
 * Fragments in any order, number, total and size, over several messages and in time: the queue beside a
 * simple model of RFC 7383 2.6.  What it says of each fragment and what it puts together are the same,
 * and it never holds more than its limits.
 *
 * Each step is six octets: message and habits, number, total, length, seconds, content.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "ikev2/fragments.h"

enum { MESSAGES = 4, NUMBERS = 260, LONGEST = 255 * 40, STEPS = 400 };

static const struct fragment_limits limits = {
	.octets = 20000, .fragments = 200, .messages = 3, .time = 30 * USEC_S
};

static void broken(const char *what, const struct why *why)
{
	fprintf(stderr, "fuzz-reassembly: %s: %s\n", what, why ? why->text : "");
	abort();
}

/* ------------------------------------------------------------ the model */

struct model {
	bool used;
	uint16_t total;
	unsigned count;
	usec since;
	uint64_t turn;          /* when it began: the oldest goes first */
	uint8_t there[NUMBERS];
	uint8_t content[NUMBERS];
	uint16_t len[NUMBERS];
};
struct models {
	struct model rows[MESSAGES];
	uint64_t turn;
};

static void expire(struct models *m, usec now)
{
	for (int i = 0; i < MESSAGES; i++)
		if (m->rows[i].used && now >= m->rows[i].since + limits.time)
			m->rows[i].used = false;
}

static void make_room(struct models *m)
{
	struct model *oldest = NULL;
	unsigned used = 0;
	for (int i = 0; i < MESSAGES; i++) {
		struct model *r = &m->rows[i];
		used += r->used;
		if (r->used && (!oldest || r->turn < oldest->turn))
			oldest = r;
	}
	if (used >= limits.messages)
		oldest->used = false;
}

static size_t octets(const struct model *r)
{
	size_t len = 0;
	for (unsigned n = 1; n < NUMBERS; n++)
		len += r->there[n] ? r->len[n] : 0;
	return len;
}

static enum fragment_fate model_add(struct models *m, unsigned id, unsigned number, unsigned total,
				    uint16_t len, uint8_t content, usec now)
{
	struct model *r = &m->rows[id];
	if (!number || !total || number > total)
		return FRAGMENT_NUMBERS;
	if (r->used && total < r->total)
		return FRAGMENT_SMALLER;
	if (r->used && total > r->total)
		r->used = false;
	if (r->used && r->there[number])
		return FRAGMENT_AGAIN;
	if (!r->used) {
		make_room(m);
		*r = (struct model){ .used = true, .total = (uint16_t)total, .since = now, .turn = m->turn++ };
	}
	if (total > limits.fragments || octets(r) + len > limits.octets) {
		r->used = false;
		return FRAGMENT_TOO_MUCH;
	}
	r->there[number] = 1;
	r->len[number] = len;
	r->content[number] = content;
	return ++r->count == total ? FRAGMENT_WHOLE : FRAGMENT_KEPT;
}

/* ------------------------------------------------------------ the queue beside it */

static void compare_whole(const struct model *r, const struct message *m)
{
	size_t at = 0;
	for (unsigned n = 1; n <= r->total; n++) {
		for (size_t i = 0; i < r->len[n]; i++)
			if (at + i >= m->plain.len || m->plain.at[at + i] != r->content[n])
				broken("another message was put together", NULL);
		at += r->len[n];
	}
	if (at != m->plain.len)
		broken("a message of another length was put together", NULL);
}

static size_t most(void)
{
	return limits.messages * (limits.octets + limits.fragments * 64 + 64);
}

static void step(struct fragment_queue *q, struct models *models, struct arena *a,
		 const uint8_t *at, usec *now)
{
	static const uint8_t header[IKE_HEADER] = { 0 };
	static uint8_t text[LONGEST];
	struct why why = { .octet = WHY_NO_OCTET };
	unsigned id = at[0] % MESSAGES;
	uint16_t len = (uint16_t)(at[3] * (at[0] & 0x40 ? 40u : 1u));
	uint16_t number = at[1], total = (uint16_t)(at[2] + (at[0] & 0x80 ? 4u : 0u));
	struct message m = { .arena = a, .octets = BYTES_OF(header), .id = id, .is_fragment = true,
			     .fragment = number, .fragments = total, .first = at[5] & 63,
			     .plain = bytes_make(text, len), .clean = true };
	memset(text, at[5], len);
	*now += at[4] * USEC_S;
	fragment_queue_expire(q, *now);
	expire(models, *now);
	const struct message key = m;
	enum fragment_fate judged = fragment_queue_judge(q, &m);
	enum fragment_fate wanted = model_add(models, id, number, total, len, at[5], *now);
	enum fragment_fate got = fragment_queue_add(q, &m, 0, *now);
	if (got != wanted)
		broken("a fragment has another fate", NULL);
	if (judged != got && got != FRAGMENT_TOO_MUCH)
		broken("a fragment was judged otherwise", NULL);
	if (got == FRAGMENT_WHOLE) {
		if (!fragment_queue_join(q, &m, &why))
			broken("not joined", &why);
		compare_whole(&models->rows[id], &m);
		models->rows[id].used = false;
	}
	unsigned count = models->rows[id].used ? models->rows[id].count : 0;
	if (fragment_queue_count(q, &key) != count)
		broken("another number of fragments", NULL);
	if (!fragment_queue_validate(q, &why) || fragment_queue_octets(q) > most())
		broken("not valid", &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	static struct models models;
	struct fragment_queue *q = fragment_queue_new(&limits);
	usec now = USEC_S;
	if (!arena)
		arena = arena_new(64 << 20);
	memset(&models, 0, sizeof(models));
	for (size_t i = 0; i < STEPS && size >= 6; i++, data += 6, size -= 6) {
		arena_reset(arena);
		step(q, &models, arena, data, &now);
	}
	fragment_queue_free(q);
	return 0;
}
