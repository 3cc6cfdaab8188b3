/*
 * IP fragments of the outer packets: split at an MTU, put together on arrival (RFC 791 3.2,
 * RFC 8200 4.5).
 *
 * Bounded in datagrams, pieces, octets and time; overlapping pieces give it up (RFC 5722).
 */
#ifndef WORLD_FRAGMENT_H
#define WORLD_FRAGMENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/time.h"

#define FRAGMENT_ROOM 65600             /* octets of the longest packet */
#define REASSEMBLY_DATAGRAMS 16
#define REASSEMBLY_PIECES 256
#define REASSEMBLY_TIME (30 * USEC_S)

/* A fragment of a datagram: more to come, or not at its start. */
bool is_fragment(struct bytes packet);
/* Octet of the upper header in a packet that has one (not a later fragment); 0 if none. */
size_t upper_offset(struct bytes packet);
/* The same where only the beginning of the packet is there (in an ICMP error). */
size_t upper_offset_cut(struct bytes start);
bool is_whole_udp(struct bytes packet);
/* Makes a checksum follow the flip of bits in the octet that lies `at` octets behind the start of
 * what it covers; leaves alone one that is zero. */
void mend_flip(uint8_t checksum[static 2], size_t at, uint8_t flipped, uint8_t before);

struct splitter {
	struct bytes packet;
	uint32_t id;
	size_t header; /* octets repeated in each fragment, without IPv6's fragment header */
	size_t step;            /* payload octets of each but the last */
	size_t at;
	size_t base;            /* offset that the packet itself had */
	bool more;              /* and whether more followed it */
	uint8_t family;
};
/* False if the packet must not be split: DF, IPv6 of a foreign sender, no whole packet. */
bool splitter_begin(struct splitter *s, struct bytes packet, uint32_t mtu, uint32_t id,
		    bool foreign);
/* The next fragment, in room (FRAGMENT_ROOM octets); false after the last. */
bool splitter_next(struct splitter *s, uint8_t *room, struct bytes *out);

struct reassembly;
struct reassembly *reassembly_new(void);
void reassembly_free(struct reassembly *r);
/*
 * Takes a fragment.  True once the datagram is whole: *whole belongs to the arena.
 */
bool reassembly_take(struct reassembly *r, struct arena *a, struct bytes fragment, usec now,
		     struct bytes *whole);

#endif
