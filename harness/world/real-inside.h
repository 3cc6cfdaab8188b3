/*
 * What the real devices share: claims on addresses, the clock, the reading loop.
 */
#ifndef WORLD_REAL_INSIDE_H
#define WORLD_REAL_INSIDE_H

#include "base/arena.h"
#include "esp/inner.h"
#include "real-ops.h"
#include "world/real.h"

#define REAL_LONGEST 65600
#define REAL_BURST 512          /* packets of one descriptor before others have their turn */
#define REAL_POLLFDS 64
#define REAL_RCVBUF (8 << 20)

struct claim {
	struct address address;
	real_deliver *deliver;
	void *world;
};

struct real_socket {
	int fd;
	struct address local;
};

struct real_device {
	struct real head;
	struct claim *claims;
	size_t claim_count, claim_cap;
	usec begun;
	uint64_t strays;
	uint16_t ip_id;
	struct arena *arena;    /* of the packet that is being read */
	struct real_socket *sockets;    /* a TUN device is one without an address */
	size_t socket_count;
	bool (*read)(struct real_device *r, struct real_socket *s); /* one packet; false: no more */
	uint8_t buffer[REAL_LONGEST];
};

struct real_device *real_device_new(const struct real_ops *ops, size_t sockets, struct why *why);
usec real_clock(const struct real *r);
uint64_t real_epoch(const struct real *r);
bool real_claim(struct real *r, const struct address *address, real_deliver *deliver, void *world);
void real_release(struct real *r, void *world);
/* To the world that owns its destination, or a stray. */
void real_hand_over(struct real_device *r, struct bytes packet);

#endif
