/*
 * The real world's devices: a TUN device that owns all tester addresses, or UDP sockets without
 * privilege; and the monotonic clock.  Shared by all real worlds of a process; a library of its own
 * (world_real_dep), so that the virtual world refers to none of it.
 */
#ifndef WORLD_REAL_H
#define WORLD_REAL_H

#include <poll.h>

#include "base/address.h"
#include "base/time.h"
#include "base/why.h"

struct real;
struct world;
struct world_node;

/* Over a TUN device (IFF_TUN | IFF_NO_PI) that the caller opened; the descriptor becomes ours. */
struct real *real_over_tun(int fd, struct why *why);
/* Over sockets bound to the given local addresses: UDP, one for each port (IKE and NAT-T); an address without a port
 * is a raw socket for plain ESP (IP protocol 50), which needs privilege.  They are read in that order.  No NAT.
 * Worlds are told apart by their address. */
struct real *real_over_udp(const struct address *locals, size_t count, struct why *why);
void real_free(struct real *r);
usec real_now(struct real *r);
/* Waits until something came, a descriptor of extra is ready, or the deadline; then hands packets to the
 * worlds that own their destination.  Returns how late it woke after the deadline (the loop's own lag). */
usec real_wait(struct real *r, usec deadline, struct pollfd *extra, size_t extra_count);
/* The same for several devices at once, for at most so long (USEC_NEVER: until something comes); returns by how
 * much it was longer. */
usec real_wait_all(struct real *const *reals, size_t count, usec left, struct pollfd *extra,
		   size_t extra_count);
/* Fresh octets, for rng.entropy. */
void real_entropy(void *r, uint8_t *out, size_t len);
/* Packets that no world owned, since the start. */
uint64_t real_strays(const struct real *r);
/* May this process open raw sockets for plain ESP? */
bool real_plain_esp(const struct address *local);

#endif
