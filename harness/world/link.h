/*
 * The link of a world: a bounded queue of IP packets, ordered by when they arrive, and the fate of
 * each packet on its way.
 *
 * The fate of the n-th packet of a direction depends on the seed, the direction and n alone, never
 * on what was drawn before; ties in time are settled by the order in which packets were put.
 */
#ifndef WORLD_LINK_H
#define WORLD_LINK_H

#include "world/world.h"

#define LINK_PACKETS 65536
#define LINK_OCTETS ((size_t)256 << 20)
/* A reordered packet waits for another to pass, at most so long. */
#define LINK_HOLD (50 * USEC_MS)

struct packet {
	usec due;
	uint64_t order;         /* among packets of the same moment */
	uint64_t serial;        /* of the packet in events */
	enum link_way way;
	unsigned depth;         /* how many packets answered each other before it */
	bool outward;           /* to the real device, not to a node of this world */
	size_t len;
	uint8_t octets[];
};

struct lane {
	struct link_fate fate;
	uint64_t count;         /* packets put so far */
	struct packet *held;    /* lets the next one pass */
	usec held_until;
};

struct link {
	struct rng rng;
	struct lane lanes[2];
	struct packet **heap;
	size_t count, cap, octets;
	uint64_t order;
	uint32_t fragment_id;
};

/* What is put on the link, and how. */
struct passage {
	struct bytes octets;
	enum link_way way;      /* one of them */
	usec now, latency;
	uint64_t serial;
	unsigned depth;
	bool outward;
	bool whole;             /* cannot be sent as fragments: over sockets */
	bool foreign;           /* from a real target: IPv6 is not fragmented on its way */
};

void link_init(struct link *l, const struct rng *rng);
void link_free(struct link *l);
struct lane *link_lane(struct link *l, enum link_way way);
/* NULL, or why the packet (or a fragment of it) was lost.  A duplicate is put as well. */
const char *link_put(struct link *l, const struct passage *p);
/* LINK_TOO_BIG is what link_put returns if the sender must be told by ICMP. */
extern const char link_too_big[];
/* The next packet that is due, or NULL; the caller frees it. */
struct packet *link_take(struct link *l, usec now);
/* When the next one is due; USEC_NEVER if there is none. */
usec link_due(const struct link *l);
/* Lets go of what is held back. */
void link_flush(struct link *l, usec now);

#endif
