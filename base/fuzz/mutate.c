#include "mutate.h"

#include <string.h>

static uint64_t draw(struct mutator *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

size_t mutator_below(struct mutator *m, size_t n)
{
	return (size_t)(draw(m) % n);
}

static void flip_bit(struct mutator *m, struct input *in)
{
	in->at[mutator_below(m, in->len)] ^= (uint8_t)(1u << mutator_below(m, 8));
}

static void set_octet(struct mutator *m, struct input *in)
{
	static const uint8_t liked[] = { 0, 1, 2, 3, 4, 7, 8, 14, 33, 40, 41, 46, 53, 127, 128, 254, 255 };
	size_t pick = mutator_below(m, 2 * sizeof(liked));

	in->at[mutator_below(m, in->len)] = pick < sizeof(liked) ? liked[pick] : (uint8_t)draw(m);
}

/* A length a little off, or a limit. */
static void set_u16(struct mutator *m, struct input *in)
{
	static const uint16_t liked[] = { 0, 1, 3, 4, 7, 8, 16, 255, 256, 0x7fff, 0x8000, 0xffff };
	size_t at;
	unsigned v;

	if (in->len < 2)
		return;
	at = mutator_below(m, in->len - 1);
	v = (unsigned)in->at[at] << 8 | in->at[at + 1];
	v = mutator_below(m, 2) ? liked[mutator_below(m, sizeof(liked) / 2)]
				: v + (unsigned)mutator_below(m, 17) - 8;
	in->at[at] = (uint8_t)(v >> 8);
	in->at[at + 1] = (uint8_t)v;
}

/* Opens a gap of len octets at `at`. */
static void make_room(struct input *in, size_t at, size_t len)
{
	memmove(in->at + at + len, in->at + at, in->len - at);
	in->len += len;
}

static size_t run_length(struct mutator *m, size_t most)
{
	size_t len = 1 + mutator_below(m, mutator_below(m, 4) ? 8 : 300);

	return len < most ? len : most;
}

static void insert(struct mutator *m, struct input *in)
{
	size_t at = mutator_below(m, in->len + 1), len = run_length(m, in->cap - in->len);
	uint8_t v = (uint8_t)draw(m);

	make_room(in, at, len);
	memset(in->at + at, mutator_below(m, 2) ? 0 : v, len);
}

static void cut(struct mutator *m, struct input *in)
{
	size_t at = mutator_below(m, in->len), len = run_length(m, in->len - at);

	memmove(in->at + at, in->at + at + len, in->len - at - len);
	in->len -= len;
}

static void truncate_end(struct mutator *m, struct input *in)
{
	in->len = mutator_below(m, in->len + 1);
}

/* A run of another input (or of this one) over or into this one. */
static void splice(struct mutator *m, struct input *in)
{
	const struct input *from = &m->corpus[mutator_below(m, m->count)];
	size_t at = mutator_below(m, in->len + 1), start, len;

	if (from->len == 0)
		return;
	start = mutator_below(m, from->len);
	len = run_length(m, from->len - start);
	if (len > in->cap - in->len)
		return;
	make_room(in, at, len);
	memcpy(in->at + at, from->at + start, len);
}

typedef void mutation(struct mutator *m, struct input *in);
static mutation *const mutations[] = {
	flip_bit, flip_bit, set_octet, set_octet, set_u16, set_u16, set_u16, insert, cut, truncate_end, splice, splice,
};

void mutator_next(struct mutator *m, struct input *out)
{
	const struct input *from = &m->corpus[mutator_below(m, m->count)];
	size_t changes = 1 + mutator_below(m, 6);

	out->len = from->len < out->cap ? from->len : out->cap;
	if (out->len > 0)
		memcpy(out->at, from->at, out->len);
	if (out->len == 0)
		insert(m, out);
	while (changes-- > 0 && out->len > 0)
		mutations[mutator_below(m, sizeof(mutations) / sizeof(mutations[0]))](m, out);
}
