/*
 * xoshiro256** 1.0 and splitmix64 (Blackman and Vigna, https://prng.di.unimi.it, public domain
 * algorithms): quick, equidistributed, and good enough for the fate of packets.  Not for secrets:
 * where those matter, rng_secret takes octets from the entropy that the world supplies.
 */
#include "base/rng.h"

#include <assert.h>

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Each octet of the label goes through the full mixer, so that labels differing anywhere, and
 * "a" + "bc" against "ab" + "c", give unrelated seeds. */
static uint64_t absorb(uint64_t seed, const char *label)
{
	uint64_t h = splitmix(&seed);
	for (; *label; label++) {
		h ^= (uint8_t)*label;
		h = splitmix(&h);
	}
	h ^= 0x100;    /* the end; no octet has this bit */
	return splitmix(&h);
}

static void set_seed(struct rng *r, uint64_t seed)
{
	uint64_t x = seed;
	r->seed = seed;
	for (size_t i = 0; i < ARRAY_LEN(r->state); i++)
		r->state[i] = splitmix(&x);
}

void rng_seed(struct rng *r, uint64_t seed, const char *label)
{
	*r = (struct rng){ .fresh = false };
	set_seed(r, absorb(seed, label));
}

struct rng rng_split(const struct rng *r, const char *label)
{
	struct rng child = *r;
	set_seed(&child, absorb(r->seed, label));
	return child;
}

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->state;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	assert(n > 0);
	uint64_t uneven = (0 - n) % n;    /* 2^64 mod n: so many results at the low end are one too many */
	uint64_t x;
	do
		x = rng_u64(r);
	while (x < uneven);
	return x % n;
}

bool rng_chance(struct rng *r, uint32_t parts_per_million)
{
	return rng_below(r, 1000000) < parts_per_million;
}

void rng_fill(struct rng *r, uint8_t *out, size_t len)
{
	uint8_t word[8];
	while (len > 0) {
		size_t part = len < sizeof(word) ? len : sizeof(word);
		store_u64(word, rng_u64(r));
		memcpy(out, word, part);
		out += part;
		len -= part;
	}
}

void rng_secret(struct rng *r, uint8_t *out, size_t len)
{
	if (r->fresh) {
		assert(r->entropy);
		r->entropy(r->entropy_ctx, out, len);
	} else {
		rng_fill(r, out, len);
	}
}
