/*
 * What a world asks of the real devices.  A table of functions, so that the virtual world refers to
 * no clock, no chance and no socket.
 */
#ifndef WORLD_REAL_OPS_H
#define WORLD_REAL_OPS_H

#include "base/address.h"
#include "base/time.h"
#include "base/why.h"

struct real;

/* A packet for one of the addresses that were claimed; the octets are gone afterwards. */
typedef void real_deliver(void *world, struct bytes packet, usec now);

struct real_ops {
	usec (*now)(const struct real *r);
	uint64_t (*epoch)(const struct real *r);        /* seconds since 1970 when now was 0 */
	bool (*send)(struct real *r, struct bytes packet, struct why *why);
	/* Packets to this address (port 0: any) go to the world; older claims come first. */
	bool (*claim)(struct real *r, const struct address *address, real_deliver *deliver,
		      void *world);
	void (*release)(struct real *r, void *world);
	bool packets;           /* whole IP packets of any kind, not UDP data alone */
};

/* What each device begins with. */
struct real {
	const struct real_ops *ops;
};

#endif
