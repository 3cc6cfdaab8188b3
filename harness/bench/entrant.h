/*
 * What is measured in turns with others: something that seals and opens a set of packets.
 */
#ifndef BENCH_ENTRANT_H
#define BENCH_ENTRANT_H

#include "bench/bench.h"
#include "clock.h"

#define RAW_LEN 16384u
#define BENCH_BATCH                                                                                \
	32u /* packets of one call; a mix fills it up with whole turns of its genome               \
	     */

struct tally {
	uint64_t seal, open; /* cycles */
	uint64_t packets;
};

struct entrant {
	void *self;
	/* Seals and opens every packet once; false if one was refused. */
	bool (*turn)(void *self, struct tally *t);
	void (*free)(void *self);
};

/* Each is left without `turn`, with why, where there is no such thing. */

/* Our backend: SAs, packets in place. */
bool lane_entrant(struct entrant *e, const struct bench_suite *suite, const struct bench_size *size,
		  const char *backend, bool no_aesni, struct why *why);
/* 16 KB calls of a library. */
bool raw_openssl_entrant(struct entrant *e, const struct suite *suite, struct why *why);
bool raw_ipsec_mb_entrant(struct entrant *e, const struct suite *suite, bool no_aesni,
			  struct why *why);
/* The library's calls for each packet, without ESP around them. */
bool bare_ipsec_mb_entrant(struct entrant *e, const struct suite *suite,
			   const struct bench_size *size, bool no_aesni, struct why *why);
/* The cipher fetched by name, a context and key for each packet. */
bool naive_entrant(struct entrant *e, const struct suite *suite, const struct bench_size *size,
		   struct why *why);

/* Octets of the inner packet i of a batch, and how many there are. */
static inline size_t mix_len(const struct bench_size *s, size_t i)
{
	return s->lens[i % s->count];
}
static inline size_t mix_batch(const struct bench_size *s)
{
	return (BENCH_BATCH + s->count - 1) / s->count * s->count;
}
/* All that is encrypted for an inner packet: with padding and trailer. */
static inline size_t plain_len(const struct suite *s, size_t inner)
{
	size_t align = s->encr->block > 4 ? s->encr->block : 4;

	return (inner + 2 + align - 1) / align * align;
}
static inline size_t suite_icv(const struct suite *s)
{
	return s->encr->aead ? s->encr->icv : s->integ ? s->integ->icv : 0;
}

/* Ciphers that a library is asked in another way than the rest. */
static inline bool is_ctr(const struct suite *s)
{
	return s->encr->id == 13;
}
static inline bool is_ccm(const struct suite *s)
{
	return s->encr->id >= 14 && s->encr->id <= 16;
}
static inline bool is_gmac(const struct suite *s)
{
	return s->encr->id == 21;
}
enum { MAC_XCBC = 5, MAC_CMAC = 8 };

extern const uint8_t bench_key[128];
/* An IPv4 packet of UDP with right checksums of the header, from 10.1.0.1 to 10.2.0.1. */
void bench_inner(uint8_t *at, size_t len);

#endif
