/*
 * IP packets made: headers, UDP, ICMP echo and errors.
 */
#include "checksum.h"
#include "ip-header.h"
#include "ip-tree.h"

#define TTL 64
#define LONGEST 65535u

static size_t header_len(uint8_t family)
{
	return family == 4 ? IPV4_HEADER : IPV6_HEADER;
}

static void put_ipv4(struct sink *s, const struct address *from, const struct address *to,
		     uint8_t protocol, uint16_t id, size_t payload)
{
	sink_u16(s, 0x4500);
	sink_u16(s, (uint16_t)(IPV4_HEADER + payload));
	sink_u16(s, id);
	sink_u16(s, 0);
	sink_u8(s, TTL);
	sink_u8(s, protocol);
	sink_u16(s, 0);
	sink_put(s, address_octets(from));
	sink_put(s, address_octets(to));
	sink_patch_u16(s, 10, checksum_finish(checksum_add(0, sink_bytes(s))));
}

static void put_ipv6(struct sink *s, const struct address *from, const struct address *to,
		     uint8_t protocol, size_t payload)
{
	sink_u32(s, 0x60000000);
	sink_u16(s, (uint16_t)payload);
	sink_u8(s, protocol);
	sink_u8(s, TTL);
	sink_put(s, address_octets(from));
	sink_put(s, address_octets(to));
}

/* A sink of the arena with the IP header in it and room for just the payload. */
static bool begin(struct arena *a, const struct address *from, const struct address *to,
		  uint8_t protocol, uint16_t id, size_t payload, struct sink *s)
{
	size_t total = header_len(from->family) + payload;
	uint8_t *at;

	if ((from->family != 4 && from->family != 6) || from->family != to->family)
		return false;
	if ((from->family == 4 ? total : payload) > LONGEST)
		return false;
	at = arena_alloc(a, total);
	if (at == NULL)
		return false;
	*s = sink_over(at, total);
	if (from->family == 4)
		put_ipv4(s, from, to, protocol, id, payload);
	else
		put_ipv6(s, from, to, protocol, payload);
	return true;
}

/* Puts the right checksum into the upper packet that ends the sink. */
static void end(struct sink *s, const struct address *from, uint8_t protocol)
{
	size_t least, place = ip_checksum_place(from->family, protocol, &least);
	size_t header = header_len(from->family), len = ip_address_len(from->family);
	struct bytes upper = bytes_slice(sink_bytes(s), header, s->len);
	struct bytes addresses = bytes_slice(sink_bytes(s), header - 2 * len, 2 * len);

	sink_patch_u16(s, header + place,
		       ip_upper_checksum(from->family, addresses, protocol, upper, place));
}

static bool finished(const struct sink *s, struct bytes *out)
{
	*out = sink_bytes(s);
	return !s->full;
}

bool ip_make(struct arena *a, const struct address *from, const struct address *to,
	     uint8_t protocol, uint16_t id, struct bytes payload, struct bytes *out)
{
	struct sink s;

	if (!begin(a, from, to, protocol, id, payload.len, &s))
		return false;
	sink_put(&s, payload);
	return finished(&s, out);
}

/* RFC 3948 2.1, 2.3: no checksum over UDP-encapsulated ESP and keepalives on IPv4. */
static bool bears_checksum(const struct address *from, const struct address *to, struct bytes data)
{
	return from->family != 4 || (from->port != 4500 && to->port != 4500) ||
	       udp_marked(from, to, data);
}

static bool udp_plain(struct arena *a, const struct address *from, const struct address *to,
		      uint16_t id, struct bytes data, struct bytes *out)
{
	size_t length = UDP_HEADER + data.len;
	struct sink s;

	if (length > LONGEST || !begin(a, from, to, PROTO_UDP, id, length, &s))
		return false;
	sink_u16(&s, from->port);
	sink_u16(&s, to->port);
	sink_u16(&s, (uint16_t)length);
	sink_u16(&s, 0);
	sink_put(&s, data);
	if (bears_checksum(from, to, data))
		end(&s, from, PROTO_UDP);
	return finished(&s, out);
}

bool udp_make(struct arena *a, const struct address *from, const struct address *to, uint16_t id,
	      struct bytes data, const struct edits *edits, struct bytes *out, struct why *why)
{
	if (!udp_plain(a, from, to, id, data, out))
		return why_set(why, "no UDP packet of %zu octets from family %u to family %u",
			       data.len, from->family, to->family);
	return ip_edit_outer(a, edits, out, why);
}

bool ip_make_edited(struct arena *a, const struct address *from, const struct address *to,
		    uint8_t protocol, uint16_t id, struct bytes payload, const struct edits *edits,
		    struct bytes *out, struct why *why)
{
	if (!ip_make(a, from, to, protocol, id, payload, out))
		return why_set(why, "no IP packet of %zu octets from family %u to family %u",
			       payload.len, from->family, to->family);
	return ip_edit_outer(a, edits, out, why);
}

bool echo_make(struct arena *a, const struct address *from, const struct address *to,
	       const struct echo *e, struct bytes *out)
{
	uint8_t protocol = from->family == 4 ? PROTO_ICMP : PROTO_ICMP6;
	uint8_t type = from->family == 4 ? (e->reply ? 0 : 8) : (e->reply ? 129 : 128);
	struct sink s;

	if (e->data.len > LONGEST || !begin(a, from, to, protocol, e->seq, 8 + e->data.len, &s))
		return false;
	sink_u8(&s, type);
	sink_zero(&s, 3);
	sink_u16(&s, e->id);
	sink_u16(&s, e->seq);
	sink_put(&s, e->data);
	end(&s, from, protocol);
	return finished(&s, out);
}

bool echo_answer(struct arena *a, const struct ip_packet *request, struct bytes *out)
{
	struct echo e;

	if (!request->checksum_right || !echo_parse(request, &e) || e.reply)
		return false;
	e.reply = true;
	return echo_make(a, &request->to, &request->from, &e, out);
}

/* An ICMP error by name: type and code of IPv4 and IPv6, and the MTU it tells. */
static const struct icmp_error {
	const char *name;
	uint8_t type4, code4, type6, code6;
	uint16_t mtu4, mtu6;
} icmp_errors[] = {
	{ "port-unreachable",            3,  3,  1, 4, 0,   0    },
	{ "host-unreachable",            3,  1,  1, 3, 0,   0    },
	{ "network-unreachable",         3,  0,  1, 0, 0,   0    },
	{ "protocol-unreachable",        3,  2,  4, 1, 0,   0    },
	{ "administratively-prohibited", 3,  13, 1, 1, 0,   0    },
	{ "packet-too-big",              3,  4,  2, 0, 576, 1280 },
	{ "time-exceeded",               11, 0,  3, 0, 0,   0    },
};

static const struct icmp_error *find_error(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(icmp_errors); i++)
		if (strcmp(icmp_errors[i].name, kind) == 0)
			return &icmp_errors[i];
	return NULL;
}

static bool make_error(struct arena *a, const struct address *from, const struct address *to,
		       const struct icmp_error *row, uint32_t mtu, struct bytes about,
		       struct bytes *out)
{
	bool four = from->family == 4;
	uint8_t protocol = four ? PROTO_ICMP : PROTO_ICMP6;
	/* RFC 1812 4.3.2.3: not more than 576 octets in all; RFC 4443 2.4: not more than 1280. */
	struct bytes part = bytes_slice(about, 0, four ? 576 - 28 : 1280 - 48);
	struct sink s;

	if (!begin(a, from, to, protocol, 0, 8 + part.len, &s))
		return false;
	sink_u8(&s, four ? row->type4 : row->type6);
	sink_u8(&s, four ? row->code4 : row->code6);
	sink_u16(&s, 0);
	sink_u32(&s, four ? mtu & 0xffff : mtu);
	sink_put(&s, part);
	end(&s, from, protocol);
	return finished(&s, out);
}

bool icmp_error_make(struct arena *a, const struct address *from, const struct address *to,
		     const char *kind, struct bytes about, struct bytes *out)
{
	const struct icmp_error *row = find_error(kind);

	return row && make_error(a, from, to, row, from->family == 4 ? row->mtu4 : row->mtu6, about,
				 out);
}

bool icmp_too_big_make(struct arena *a, const struct address *from, const struct address *to,
		       uint32_t mtu, struct bytes about, struct bytes *out)
{
	return make_error(a, from, to, find_error("packet-too-big"), mtu, about, out);
}
