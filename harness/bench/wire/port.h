/*
 * A way for packets between the tester and what it measures: a UDP socket that takes and gives
 * up to 64 equal packets in one call (UDP_SEGMENT, UDP_GRO), or a TUN device that takes and gives
 * whole IP packets one by one.
 *
 * Packets to be sent lie one behind the other, `headroom` octets before each for the port's own
 * headers.
 */
#ifndef WIRE_PORT_H
#define WIRE_PORT_H

#include "base/address.h"
#include "base/why.h"

#define PORT_BURST   64u
#define PORT_OCTETS  65507u /* of one UDP_SEGMENT call, RFC 768's largest datagram over IPv4 */
#define PORT_PARCELS 64u

enum port_kind {
	PORT_IKE,   /* behind a non-ESP marker, or on the port of IKE */
	PORT_ESP,   /* encapsulated in UDP */
	PORT_PLAIN, /* ESP as IP protocol 50 */
	PORT_INNER, /* an IP packet in clear, of the protected side */
};

/* count packets of len octets; the first after headroom octets at `at`. */
struct port_burst {
	enum port_kind kind;
	const struct address *from, *to;
	uint8_t *at;
	size_t len, count;
	bool marker; /* IKE: a non-ESP marker goes before it */
};

/* What came: equal packets of len octets, the last may be shorter. */
struct port_parcel {
	enum port_kind kind;
	struct address from, to;
	bool marker;
	uint8_t *at; /* the caller may spoil it; valid until the next call */
	size_t octets, len;
};

struct port;
struct port_ops {
	/* Packets that were taken; fewer than count: no room now. */
	size_t (*send)(struct port *p, const struct port_burst *b);
	/* Never waits. */
	size_t (*receive)(struct port *p, struct port_parcel *out, size_t cap);
	void (*free)(struct port *p);
};
struct port {
	const struct port_ops *ops;
	int fd;
	struct address local; /* UDP: as it was bound */
	size_t headroom;
	bool carries_inner; /* PORT_INNER and PORT_PLAIN can be had */
	uint64_t fragments; /* of outer packets, which nobody puts together here */
	uint64_t dropped;   /* packets that the kernel told it has no room for on the way in */
};

enum port_method { PORT_SEGMENTS, PORT_MESSAGES };
/* segments: UDP_SEGMENT and UDP_GRO; messages: one sendmmsg or recvmmsg for a burst. */
struct port *port_udp(const struct address *local, enum port_method method, struct why *why);
/* ESP as IP protocol 50 (IPv4) through a device whose peer has that card address; IKE over UDP beside it. */
struct port *port_plain(const struct address *local, const char *device, const uint8_t peer[static 6],
			struct why *why);
/* The descriptor becomes the port's. */
struct port *port_tun(int fd, struct why *why);
void port_free(struct port *p);

#endif
