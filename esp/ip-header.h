/*
 * The shape of an IP packet, found without looking at any checksum: what esp_open and a NAT need.
 */
#ifndef ESP_IP_HEADER_H
#define ESP_IP_HEADER_H

#include "esp/inner.h"

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define UDP_HEADER 8u
#define IPV6_EXTENSIONS 16      /* more extension headers than that are refused */

/* Where things lie in a packet, in octets from its start. */
struct ip_header {
	uint8_t family;
	uint8_t protocol;
	uint8_t ttl;
	bool fragment;          /* not whole */
	bool later_fragment;    /* its payload does not start with the upper header */
	bool has_ports;         /* UDP or TCP, and the octets are there */
	size_t addresses;       /* source, and behind it destination */
	size_t payload;
	size_t length;          /* of the packet, as its header says */
	uint16_t source_port, destination_port;
};

/* False with why if it is no whole IP packet. */
bool ip_header_read(struct bytes octets, struct ip_header *out, struct why *why);
/* Its length as the header says; 0 if it is no whole IP packet. */
static inline size_t ip_length(struct bytes in)
{
	size_t header, length;
	struct ip_header h;

	if (in.len < IPV4_HEADER || in.at[0] >> 4 != 4)
		return ip_header_read(in, &h, NULL) ? h.length : 0;
	header = (size_t)(in.at[0] & 15) * 4;
	length = load_u16(in.at + 2);
	return header < IPV4_HEADER || length < header || length > in.len ? 0 : length;
}
static inline size_t ip_address_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}
/* Octet of the checksum in a header of this protocol, and how long that is at least; or 0. */
size_t ip_checksum_place(uint8_t family, uint8_t protocol, size_t *least);
/* The right checksum over an upper layer packet, whatever stands in its field (at place). */
uint16_t ip_upper_checksum(uint8_t family, struct bytes addresses, uint8_t protocol,
			   struct bytes upper, size_t place);

#endif
