#include "checksum.h"
#include "ip-header.h"

enum { EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DESTINATION = 60 };

static bool read_ipv4(struct bytes in, struct ip_header *h, struct why *why)
{
	size_t header, length;
	uint16_t fragment;

	if (in.len < IPV4_HEADER)
		return why_at_octet(why, in.len, "IP", "IPv4 header: wanted 20 octets, got %zu",
				    in.len);
	header = (size_t)(in.at[0] & 15) * 4;
	length = load_u16(in.at + 2);
	if (header < IPV4_HEADER)
		return why_at_octet(why, 0, "IP.ihl", "header length %zu is below 20", header);
	if (length < header || length > in.len)
		return why_at_octet(why, 2, "IP.total_length",
				    "length %zu, header %zu, packet %zu octets", length, header,
				    in.len);
	fragment = load_u16(in.at + 6);
	*h = (struct ip_header){
		.family = 4, .protocol = in.at[9], .ttl = in.at[8], .addresses = 12,
		.payload = header, .length = length, .fragment = (fragment & 0x3fff) != 0,
		.later_fragment = (fragment & 0x1fff) != 0,
	};
	return true;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == EXT_HOP_BY_HOP || protocol == EXT_ROUTING || protocol == EXT_FRAGMENT ||
	       protocol == EXT_DESTINATION;
}

/* One extension header: next header and length in units of 8 octets behind the first 8. */
static bool skip_extension(struct cursor *c, struct ip_header *h)
{
	struct bytes fixed;
	bool fragment = h->protocol == EXT_FRAGMENT;

	if (!cursor_take(c, 8, &fixed))
		return false;
	h->protocol = fixed.at[0];
	if (!fragment)
		return cursor_skip(c, (size_t)fixed.at[1] * 8);
	if (load_u16(fixed.at + 2) & 0xfff9)
		h->fragment = true;
	if (load_u16(fixed.at + 2) & 0xfff8)
		h->later_fragment = true;
	return true;
}

static bool read_ipv6(struct bytes in, struct ip_header *h, struct why *why)
{
	struct cursor c;
	size_t length;

	if (in.len < IPV6_HEADER)
		return why_at_octet(why, in.len, "IP", "IPv6 header: wanted 40 octets, got %zu",
				    in.len);
	length = IPV6_HEADER + load_u16(in.at + 4);
	if (length > in.len)
		return why_at_octet(why, 4, "IP.payload_length", "length %zu, packet %zu octets",
				    length - IPV6_HEADER, in.len);
	*h = (struct ip_header){
		.family = 6, .protocol = in.at[6], .ttl = in.at[7], .addresses = 8, .length = length
	};
	c = cursor_over(bytes_make(in.at, length));
	cursor_skip(&c, IPV6_HEADER);
	for (int i = 0; is_extension(h->protocol) && !h->later_fragment; i++) {
		if (i == IPV6_EXTENSIONS || !skip_extension(&c, h))
			return why_at_octet(why, c.octet, "IP",
					    "extension headers: too many or cut short");
	}
	h->payload = c.octet;
	return true;
}

static void read_ports(struct bytes in, struct ip_header *h)
{
	bool ported = h->protocol == PROTO_UDP || h->protocol == PROTO_TCP;

	if (!ported || h->later_fragment || h->length - h->payload < 4)
		return;
	h->has_ports = true;
	h->source_port = load_u16(in.at + h->payload);
	h->destination_port = load_u16(in.at + h->payload + 2);
}

bool ip_header_read(struct bytes octets, struct ip_header *out, struct why *why)
{
	uint8_t version = octets.len == 0 ? 0 : octets.at[0] >> 4;
	bool ok;

	if (version == 4)
		ok = read_ipv4(octets, out, why);
	else if (version == 6)
		ok = read_ipv6(octets, out, why);
	else
		return why_at_octet(why, 0, "IP.version",
				    "wanted IP version 4 or 6, got %u in %zu octets", version,
				    octets.len);
	if (ok)
		read_ports(octets, out);
	return ok;
}

size_t ip_checksum_place(uint8_t family, uint8_t protocol, size_t *least)
{
	static const struct {
		uint8_t family, protocol, place, least;
	} rows[] = {
		{ 4, PROTO_ICMP, 2, 4 }, { 6, PROTO_ICMP6, 2, 4 },
		{ 4, PROTO_UDP, 6, 8 },  { 6, PROTO_UDP, 6, 8 },
		{ 4, PROTO_TCP, 16, 20 }, { 6, PROTO_TCP, 16, 20 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].family == family && rows[i].protocol == protocol) {
			*least = rows[i].least;
			return rows[i].place;
		}
	}
	return 0;
}

uint16_t ip_upper_checksum(uint8_t family, struct bytes addresses, uint8_t protocol,
			   struct bytes upper, size_t place)
{
	size_t len = ip_address_len(family);
	uint32_t sum = 0;
	uint16_t checksum;

	if (protocol != PROTO_ICMP)
		sum = checksum_pseudo(bytes_slice(addresses, 0, len),
				      bytes_slice(addresses, len, len), protocol, upper.len);
	sum = checksum_add(sum, bytes_slice(upper, 0, place));
	sum = checksum_add(sum, bytes_slice(upper, place + 2, upper.len));
	checksum = checksum_finish(sum);
	return protocol == PROTO_UDP && checksum == 0 ? 0xffff : checksum;
}
