/*
 * What a NAT does to a packet: new addresses and ports, checksums mended (RFC 3022 4.1, RFC 1624).
 *
 * A checksum that was wrong stays wrong, and one that was left out (UDP over IPv4) stays left out.
 */
#include "checksum.h"
#include "ip-header.h"

struct rewrite {
	uint8_t *at;
	struct ip_header h;
	size_t checksum; /* octet of the upper checksum, or 0 */
};

static void mend(uint8_t *checksum, struct bytes before, struct bytes after)
{
	store_u16(checksum, checksum_mend(load_u16(checksum), before, after));
}

/* The upper checksum follows a change of what it covers. */
static void mend_upper(struct rewrite *r, struct bytes before, struct bytes after)
{
	bool udp = r->h.protocol == PROTO_UDP;

	if (r->checksum == 0 || (udp && r->h.family == 4 && load_u16(r->at + r->checksum) == 0))
		return;
	mend(r->at + r->checksum, before, after);
	if (udp && load_u16(r->at + r->checksum) == 0)
		store_u16(r->at + r->checksum, 0xffff);
}

static void new_address(struct rewrite *r, size_t place, const struct address *address)
{
	struct bytes after = address_octets(address), before = bytes_make(r->at + place, after.len);

	if (r->h.family == 4)
		mend(r->at + 10, before, after);
	if (r->h.protocol != PROTO_ICMP)
		mend_upper(r, before, after);
	memcpy(r->at + place, after.at, after.len);
}

static void new_port(struct rewrite *r, size_t place, uint16_t port)
{
	uint8_t after[2];

	if (!r->h.has_ports || port == 0)
		return;
	store_u16(after, port);
	mend_upper(r, bytes_make(r->at + place, 2), BYTES_OF(after));
	store_u16(r->at + place, port);
}

static size_t upper_checksum(const struct ip_header *h)
{
	size_t least, place = ip_checksum_place(h->family, h->protocol, &least);

	if (place == 0 || h->later_fragment || h->length - h->payload < least)
		return 0;
	return h->payload + place;
}

bool ip_rewrite(struct arena *a, struct bytes packet, const struct address *from,
		const struct address *to, struct bytes *out)
{
	struct rewrite r;
	size_t len;

	if (!ip_header_read(packet, &r.h, NULL))
		return false;
	if ((from && from->family != r.h.family) || (to && to->family != r.h.family))
		return false;
	*out = arena_copy(a, packet);
	if (out->at == NULL)
		return false;
	r.at = (uint8_t *)out->at;
	r.checksum = upper_checksum(&r.h);
	len = ip_address_len(r.h.family);
	if (from) {
		new_address(&r, r.h.addresses, from);
		new_port(&r, r.h.payload, from->port);
	}
	if (to) {
		new_address(&r, r.h.addresses + len, to);
		new_port(&r, r.h.payload + 2, to->port);
	}
	return true;
}
