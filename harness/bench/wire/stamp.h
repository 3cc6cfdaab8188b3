/*
 * Inner packets of a measurement: UDP, or ICMP echo where the target's own host answers, with a
 * stamp that says which flow, which packet and when it left.
 *
 * The 16-bit words of a stamp add up to nothing whatever it says, so the checksum over the packet
 * is worked out once.
 */
#ifndef WIRE_STAMP_H
#define WIRE_STAMP_H

#include "base/address.h"
#include "base/arena.h"

#define STAMP      26u
#define STAMP_PORT 4789 /* of UDP, both ends */

struct stamp {
	uint32_t flow;
	uint64_t number;
	uint64_t time; /* nanoseconds */
	uint16_t len;  /* octets of the whole inner packet */
};

void stamp_write(uint8_t at[static STAMP], const struct stamp *s);
/* Octets of a packet before its stamp. */
size_t stamp_offset(uint8_t family);
/* The smallest packet of that family that holds one. */
size_t stamp_least(uint8_t family);
/* A whole inner packet of len octets, its stamp blank; false if it cannot be made so short. */
bool stamp_packet(struct arena *a, const struct address *from, const struct address *to, bool echo,
		  size_t len, struct bytes *out);
/* The stamp of an inner packet (of an echo only if it is a reply); false if it bears none. */
bool stamp_read(struct bytes inner, struct stamp *out);

#endif
