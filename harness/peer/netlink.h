/*
 * A few requests to the kernel about network devices (rtnetlink(7)).
 *
 * The socket speaks of the network namespace in which it was opened.  False (or 0, or -1) with why.
 */
#ifndef PEER_NETLINK_H
#define PEER_NETLINK_H

#include "base/address.h"
#include "base/why.h"

int netlink_open(struct why *why);
/* The number of a device; 0 if there is none of that name. */
unsigned netlink_index(int fd, const char *device, struct why *why);
bool netlink_up(int fd, unsigned index, unsigned mtu, struct why *why);
/* A single address. */
bool netlink_address(int fd, unsigned index, const struct address *a, struct why *why);
void netlink_address_gone(int fd, unsigned index, const struct address *a);
/* Never in place of one that is there.  source: what packets that have none yet get; NULL: the kernel's choice. */
bool netlink_route(int fd, unsigned index, const struct address *network, unsigned prefix,
		   const struct address *source, struct why *why);

#endif
