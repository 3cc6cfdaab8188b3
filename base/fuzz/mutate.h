/*
 * A small seeded mutator: the same seed and corpus give the same inputs everywhere.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct input {
	uint8_t *at;
	size_t len, cap;
};

struct mutator {
	uint64_t state;
	const struct input *corpus;
	size_t count;
};

/* Uniform in [0, n), n > 0. */
size_t mutator_below(struct mutator *m, size_t n);
/* Fills out (whose at has cap octets) with a member of the corpus, changed. */
void mutator_next(struct mutator *m, struct input *out);

#endif
