/*
 * Seeded chance.  Each run has its own generator, H(seed, scenario id, row, repetition), so order,
 * number in flight and selection change nothing.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/bytes.h"

struct rng {
	uint64_t state[4];
	uint64_t seed;              /* what state was made of; a split depends on it alone */
	bool fresh;                 /* the real world: octets for keys, SPIs and nonces are fresh */
	void (*entropy)(void *ctx, uint8_t *out, size_t len);   /* where fresh octets come from */
	void *entropy_ctx;
};

/* Seeds from a number and a label (hashed together); deterministic, and not fresh. */
void rng_seed(struct rng *r, uint64_t seed, const char *label);
/* A child generator that depends on the parent's seed and the label, not on what was drawn; it is as
 * fresh as its parent. */
struct rng rng_split(const struct rng *r, const char *label);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n); n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* True with probability parts / 1,000,000. */
bool rng_chance(struct rng *r, uint32_t parts_per_million);
void rng_fill(struct rng *r, uint8_t *out, size_t len);
/* Octets for secrets, SPIs and nonces: from the seed in the virtual world, fresh in the real one. */
void rng_secret(struct rng *r, uint8_t *out, size_t len);

#endif
