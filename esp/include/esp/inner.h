/*
 * IP packets in octets: IPv4 and IPv6 headers, UDP, ICMP echo, with their wire tables.
 *
 * Both the outer packets of the tester (UDP port 500 and 4500, ESP) and what goes through the tunnel.
 * Everything is parsed through the bounded cursor; checksums are checked on receipt and made on sending.
 */
#ifndef ESP_INNER_H
#define ESP_INNER_H

#include "base/address.h"
#include "base/arena.h"
#include "base/edit.h"

extern const struct wire_format format_ipv4, format_ipv6, format_udp, format_icmp_echo;

enum { PROTO_ICMP = 1, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_ESP = 50,
       PROTO_ICMP6 = 58, PROTO_NONE = 59 };

/* A parsed packet: borrowed parts of the octets. */
struct ip_packet {
	struct bytes octets;            /* all of it, as long as the header says */
	uint8_t family;                 /* 4 or 6 */
	uint8_t protocol;               /* after IPv6 extension headers */
	uint8_t ttl;
	bool fragment;                  /* not whole */
	struct address from, to;        /* with ports if UDP or TCP */
	struct bytes payload;           /* behind the IP header(s) */
	struct bytes udp;               /* UDP: its data */
	bool checksum_right;            /* IPv4 header, UDP (0 is right on IPv4), ICMP */
};
/* False with why if it is no whole IP packet. */
bool ip_parse(struct bytes octets, struct ip_packet *out, struct why *why);

/* Makes an IP packet around a payload; id is IPv4's identification. */
bool ip_make(struct arena *a, const struct address *from, const struct address *to, uint8_t protocol,
	     uint16_t id, struct bytes payload, struct bytes *out);
/* The same with a UDP header; ports from the addresses; edits of UDP.* and IP.* applied (may be NULL). */
bool udp_make(struct arena *a, const struct address *from, const struct address *to, uint16_t id,
	      struct bytes data, const struct edits *edits, struct bytes *out, struct why *why);
/* ip_make with the edits of IP.* applied (may be NULL): the outer header of plain ESP. */
bool ip_make_edited(struct arena *a, const struct address *from, const struct address *to,
		    uint8_t protocol, uint16_t id, struct bytes payload, const struct edits *edits,
		    struct bytes *out, struct why *why);
/*
 * A packet as a tree whose paths are "IP.ttl", "UDP.source", "UDP.marker" (4 octets if the non-ESP marker
 * is there, else none), or "INNER.source", "INNER.UDP.destination", "INNER.ICMP.sequence"; every field is
 * set.  NULL if it is no whole IP packet, or past the arena's cap.
 */
struct node *ip_outer_tree(struct arena *a, struct bytes packet);
struct node *ip_inner_tree(struct arena *a, struct bytes packet);
/* The checksum of an IPv4 header without options, whatever stands in its place now. */
uint16_t ip4_checksum(const uint8_t header[static 20]);
/* New addresses and ports in a packet (a NAT), checksums mended; NULL leaves one alone. */
bool ip_rewrite(struct arena *a, struct bytes packet, const struct address *from, const struct address *to,
		struct bytes *out);

/* ICMP or ICMPv6 echo. */
struct echo {
	bool reply;
	uint16_t id, seq;
	struct bytes data;
};
bool echo_make(struct arena *a, const struct address *from, const struct address *to, const struct echo *e,
	       struct bytes *out);
bool echo_parse(const struct ip_packet *p, struct echo *out);
/* The honest reply to an echo request; false if it is none. */
bool echo_answer(struct arena *a, const struct ip_packet *request, struct bytes *out);
/* An ICMP(v6) error about a packet: code as "port-unreachable", "host-unreachable", "packet-too-big". */
bool icmp_error_make(struct arena *a, const struct address *from, const struct address *to, const char *kind,
		     struct bytes about, struct bytes *out);
/* "packet-too-big" that tells an MTU. */
bool icmp_too_big_make(struct arena *a, const struct address *from, const struct address *to, uint32_t mtu,
		       struct bytes about, struct bytes *out);

#endif
