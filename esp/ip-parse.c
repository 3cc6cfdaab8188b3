/*
 * IP packets read: ip_parse and echo_parse.
 */
#include "checksum.h"
#include "ip-header.h"

static struct bytes addresses_of(struct bytes octets, const struct ip_header *h)
{
	return bytes_slice(octets, h->addresses, 2 * ip_address_len(h->family));
}

static bool header_right(struct bytes octets, const struct ip_header *h)
{
	size_t header = h->family == 4 ? (size_t)(octets.at[0] & 15) * 4 : 0;

	return h->family != 4 ||
	       checksum_finish(checksum_add(0, bytes_slice(octets, 0, header))) == 0;
}

static bool upper_right(struct bytes octets, const struct ip_header *h, struct bytes upper)
{
	size_t least, place = ip_checksum_place(h->family, h->protocol, &least);
	uint16_t got;

	if (place == 0 || h->fragment)
		return true;
	if (upper.len < least)
		return false;
	got = load_u16(upper.at + place);
	if (h->protocol == PROTO_UDP && h->family == 4 && got == 0)
		return true;
	return got ==
	       ip_upper_checksum(h->family, addresses_of(octets, h), h->protocol, upper, place);
}

/* Cuts a UDP packet to its own length; false if that is less than a header or more than there is.
 */
static bool cut_udp(struct bytes *udp)
{
	size_t length;

	if (udp->len < UDP_HEADER)
		return false;
	length = load_u16(udp->at + 4);
	if (length < UDP_HEADER || length > udp->len)
		return false;
	udp->len = length;
	return true;
}

static void read_addresses(struct bytes octets, const struct ip_header *h, struct ip_packet *p)
{
	size_t len = ip_address_len(h->family);
	struct bytes both = addresses_of(octets, h);

	address_from_octets(bytes_slice(both, 0, len), h->source_port, &p->from);
	address_from_octets(bytes_slice(both, len, len), h->destination_port, &p->to);
}

bool ip_parse(struct bytes octets, struct ip_packet *out, struct why *why)
{
	struct ip_header h;
	struct bytes upper;
	bool udp_whole = true;

	*out = (struct ip_packet){ 0 };
	if (!ip_header_read(octets, &h, why))
		return false;
	octets.len = h.length;
	*out = (struct ip_packet){
		.octets = octets,
		.family = h.family,
		.protocol = h.protocol,
		.ttl = h.ttl,
		.fragment = h.fragment,
		.payload = bytes_slice(octets, h.payload, octets.len),
	};
	read_addresses(octets, &h, out);
	upper = out->payload;
	if (h.protocol == PROTO_UDP && !h.fragment) {
		udp_whole = cut_udp(&upper);
		if (udp_whole)
			out->udp = bytes_slice(upper, UDP_HEADER, upper.len);
	}
	out->checksum_right =
		udp_whole && header_right(octets, &h) && upper_right(octets, &h, upper);
	return true;
}

bool echo_parse(const struct ip_packet *p, struct echo *out)
{
	uint8_t request = p->family == 4 ? 8 : 128, reply = p->family == 4 ? 0 : 129;
	bool icmp = p->protocol == (p->family == 4 ? PROTO_ICMP : PROTO_ICMP6);
	uint8_t type;

	if (!icmp || p->fragment || p->payload.len < 8 || p->payload.at[1] != 0)
		return false;
	type = p->payload.at[0];
	if (type != request && type != reply)
		return false;
	*out = (struct echo){
		.reply = type == reply,
		.id = load_u16(p->payload.at + 4),
		.seq = load_u16(p->payload.at + 6),
		.data = bytes_slice(p->payload, 8, p->payload.len),
	};
	return true;
}
