/*
 * The path MTU of an SA (RFC 4301 8.1, 8.2): what routers say of our ESP packets is believed down to a
 * floor and for ten minutes; inner packets that must not be cut are answered with what fits, others leave
 * as outer fragments.
 */
#include "internal.h"

#include "esp/batch.h"
#include "fragment.h"

#define FLOOR_4 576u
#define FLOOR_6 1280u           /* RFC 8200 5 */
#define AGES    (600 * USEC_S)  /* RFC 1191 6.3 */

static size_t outer_header(const struct pair *p)
{
	return (p->remote.family == 4 ? 20u : 40u) + (p->udp ? 8u : 0u);
}

static size_t outer_len(const struct pair *p, size_t body)
{
	return outer_header(p) + esp_sealed_len(p->out, body + p->tfc);
}

static uint32_t path_mtu(const struct world_node *n, const struct pair *p)
{
	return p->mtu && world_now(n->world) < p->mtu_ages ? p->mtu : UINT32_MAX;
}

/* Whoever sent an IPv6 packet cuts it, or nobody. */
static bool uncut(struct bytes inner)
{
	return inner.len < 20 || inner.at[0] >> 4 == 6 || inner.at[6] & 0x40;
}

/* The longest inner packet whose ESP packet is not longer than the path's MTU. */
static uint32_t inner_mtu(const struct pair *p, uint32_t mtu)
{
	uint32_t inner = mtu - (uint32_t)outer_header(p);

	while (inner > 0 && outer_len(p, inner) > mtu)
		inner--;
	return inner;
}

/* To the host behind us, in the name of the one that it speaks to. */
static void tell_inside(struct world_node *n, struct bytes inner, uint32_t mtu)
{
	struct ip_packet ip;
	struct bytes error;

	if (n->config.inside && ip_parse(inner, &ip, NULL) &&
	    icmp_too_big_make(n->world->message, &ip.to, &ip.from, mtu, inner, &error))
		n->config.inside(n->config.ctx, n, error);
}

bool plane_fits(struct world_node *n, const struct pair *p, struct bytes inner, size_t body,
		struct why *why)
{
	uint32_t mtu = path_mtu(n, p), fit;

	if (p->transport || outer_len(p, body) <= mtu || !uncut(inner))
		return true;
	fit = inner_mtu(p, mtu);
	if (inner.at[0] >> 4 == 6 && fit < FLOOR_6)
		return true;    /* an IPv6 host need not send less: RFC 2473 7.1 */
	tell_inside(n, inner, fit);
	return why_set(why, "an inner packet of %zu octets, at most %u fit the path", inner.len, fit);
}

void plane_put(struct world_node *n, const struct pair *p, struct bytes packet)
{
	static const uint32_t id = 0x65737000;
	uint32_t mtu = path_mtu(n, p);
	struct splitter s;
	struct bytes piece;
	uint8_t *room = packet.len > mtu ? arena_alloc(n->world->message, FRAGMENT_ROOM) : NULL;

	if (!room || !splitter_begin(&s, packet, mtu, id + n->ip_id, false)) {
		world_send(n->world, n, packet);
		return;
	}
	while (splitter_next(&s, room, &piece))
		world_send(n->world, n, arena_copy(n->world->message, piece));
}

/* The SPI of the ESP packet that an ICMP error quotes; 0 if it is none. */
static uint32_t quoted_spi(struct bytes about)
{
	size_t upper = upper_offset_cut(about);
	uint8_t protocol = upper == 0 ? 0 : about.at[0] >> 4 == 4 ? about.at[9] : about.at[6];

	if (protocol == PROTO_UDP)
		upper += 8;
	else if (protocol != PROTO_ESP)
		return 0;
	return about.len >= upper + 4 ? load_u32(about.at + upper) : 0;
}

bool plane_heard_too_big(struct world_node *n, const struct ip_packet *icmp)
{
	struct bytes said = icmp->payload;
	bool four = icmp->family == 4;
	uint32_t floor = four ? FLOOR_4 : FLOOR_6, spi, mtu;

	if (said.len < 8 || said.at[0] != (four ? 3 : 2) || (four && said.at[1] != 4))
		return false;
	mtu = four ? load_u16(said.at + 6) : load_u32(said.at + 4);
	mtu = mtu < floor ? floor : mtu;
	spi = quoted_spi(bytes_slice(said, 8, said.len));
	for (struct pair *p = n->newest; p && spi; p = p->older) {
		if (p->removed || p->spi_out != spi || mtu >= path_mtu(n, p))
			continue;
		p->mtu = mtu;
		p->mtu_ages = usec_after(world_now(n->world), AGES);
		world_note(n->world, node_name(n), "ESP SPI %08x: the path takes %u octets", spi, mtu);
	}
	return true;
}
