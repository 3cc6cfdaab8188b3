/*
 * Lifetimes of SAs (RFC 7296 2.8, RFC 4301 4.4.2.1): at a soft limit an SA is rekeyed, at the hard
 * one it is not used any more.  Limits are times, octets and packets, each direction by itself; for
 * an IKE SA they are the messages under its keys.
 */
#ifndef IKEV2_LIFETIME_H
#define IKEV2_LIFETIME_H

#include "base/time.h"

struct limits {
	usec time;                      /* 0: no limit, as with the others */
	uint64_t octets, packets;
};
struct lifetime {
	struct limits soft, hard;
	unsigned jitter_percent;        /* each SA takes its soft limits short by up to this (2.8.1) */
};

/* What went through an SA in one direction, since it was made. */
struct traffic {
	uint64_t packets, octets;
	uint64_t seq;                   /* the highest ESP sequence number; 0 for IKE */
};

/* What waits after a refusal: first, then twice as long each time up to longest; 0: 2 s, 60 s. */
struct retrying {
	usec first, longest;
	usec limit;                     /* the IKE SA is closed if it goes on for so long (2.25); 0: 5 min */
};

#endif
