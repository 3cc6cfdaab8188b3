#include "cryptography.h"

#include <stdlib.h>

#include "../clock.h"
#include "../measure.h"

struct meter {
	uint64_t began, cycles;
};

static void told(void *ctx, bool begins)
{
	struct meter *m = ctx;

	if (begins)
		m->began = clock_cycles();
	else
		m->cycles += clock_cycles() - m->began;
}

bool cryptography_of(struct ike_pair *p, double cycles, double *in_cryptography, double *all)
{
	uint64_t end = clock_cycles() + (uint64_t)cycles;
	double inside[TURNS_MAX], whole[TURNS_MAX];
	size_t count = 0;

	do {
		struct meter meter = { 0 };
		uint64_t begin = clock_cycles();

		crypto_watch(p->crypto, told, &meter);
		if (!ike_pair_handshake(p))
			return false;
		whole[count] = (double)(clock_cycles() - begin);
		crypto_watch(p->crypto, NULL, NULL);
		inside[count++] = (double)meter.cycles;
		if (!ike_pair_delete(p))
			return false;
	} while (clock_cycles() < end && count < TURNS_MAX);
	*in_cryptography = median(inside, count, NULL);
	if (all)
		*all = median(whole, count, NULL);
	return true;
}
