/*
 * What arrived at a node: told apart, then handled by itself or shown to whoever steps the node.
 */
#include "internal.h"

static void icmp(struct arrival *a, const struct ip_packet *ip)
{
	a->kind = ARRIVED_ICMP;
	a->is_echo = echo_parse(ip, &a->echo);
}

static void clear(struct arrival *a, const struct ip_packet *ip)
{
	a->kind = ARRIVED_CLEAR;
	a->inner = *ip;
	a->is_echo = echo_parse(ip, &a->echo);
}

static void ike(struct arrival *a, const struct ip_packet *ip, bool marker)
{
	a->kind = ARRIVED_IKE;
	a->datagram = (struct datagram){
		.from = ip->from, .to = ip->to, .marker = marker,
		.octets = bytes_slice(ip->udp, marker ? 4 : 0, ip->udp.len),
	};
}

/* RFC 3948 2.2 to 2.4: an octet 0xff, four zero octets and IKE, or ESP. */
static void on_nat_port(struct world_node *n, struct arena *arena, struct arrival *a,
			const struct ip_packet *ip)
{
	static const uint8_t marker[4], keepalive[1] = { 0xff };

	if (bytes_equal(ip->udp, BYTES_OF(keepalive))) {
		ike(a, ip, false);
		a->kind = ARRIVED_KEEPALIVE;
		a->datagram.keepalive = true;
	} else if (ip->udp.len < 4) {
		a->kind = ARRIVED_OTHER;
	} else if (memcmp(ip->udp.at, marker, 4) == 0) {
		ike(a, ip, true);
	} else {
		plane_open(n, arena, ip->udp, a);
	}
}

static void udp(struct world_node *n, struct arena *arena, struct arrival *a,
		const struct ip_packet *ip)
{
	switch (node_port_kind(n, ip->to.port)) {
	case PORT_IKE:
		ike(a, ip, false);
		break;
	case PORT_NAT_T:
		on_nat_port(n, arena, a, ip);
		break;
	case PORT_OTHER:
		a->kind = ARRIVED_OTHER;
		break;
	}
}

static void tell_apart(struct world_node *n, struct arena *arena, struct arrival *a,
		       const struct ip_packet *ip)
{
	bool to_inner = node_has_inner(n, &ip->to) && !node_has_outer(n, &ip->to);

	if (to_inner)
		clear(a, ip);
	else if (ip->fragment)
		a->kind = ARRIVED_OTHER;
	else if (ip->protocol == PROTO_UDP)
		udp(n, arena, a, ip);
	else if (ip->protocol == PROTO_ESP)
		plane_open(n, arena, ip->payload, a);
	else if (ip->protocol == (ip->family == 4 ? PROTO_ICMP : PROTO_ICMP6))
		icmp(a, ip);
	else
		a->kind = ARRIVED_OTHER;
}

/* Whom a router or host says it cannot reach: where the packet inside, which is cut, went. */
static bool unreachable(const struct ip_packet *icmp, struct address *whom)
{
	struct bytes about = bytes_slice(icmp->payload, 8, icmp->payload.len);
	size_t at = icmp->family == 4 ? 16 : 24, len = icmp->family == 4 ? 4 : 16;
	size_t upper = upper_offset_cut(about);
	bool udp = upper != 0 && about.at[icmp->family == 4 ? 9 : 6] == PROTO_UDP;

	if (icmp->payload.len < 8 || icmp->payload.at[0] != (icmp->family == 4 ? 3 : 1) ||
	    upper == 0)
		return false;
	if (about.at[0] >> 4 != icmp->family)
		return false;
	return address_from_octets(
		bytes_slice(about, at, len),
		udp && about.len >= upper + 4 ? load_u16(about.at + upper + 2) : 0, whom);
}

/* An error is a hint at most (RFC 7296 2.4): the endpoint is told, and may look for itself. */
static void handle_icmp(struct world_node *n, const struct arrival *a)
{
	struct child_report r = { .kind = REPORT_UNREACHABLE };
	struct ip_packet ip;
	struct bytes reply;

	if (!ip_parse(a->delivered, &ip, NULL))
		return;
	if (echo_answer(n->world->message, &ip, &reply))
		world_send(n->world, n, reply);
	else if (!a->is_echo && plane_heard_too_big(n, &ip))
		return;
	else if (!a->is_echo && unreachable(&ip, &r.address))
		endpoint_report(n->endpoint, &r, world_now(n->world));
}

void node_handle(struct world_node *n, struct arrival *a)
{
	struct world *w = n->world;

	world_enter(w);
	switch (a->kind) {
	case ARRIVED_IKE:
	case ARRIVED_KEEPALIVE:
		endpoint_input(n->endpoint, &a->datagram, world_now(w));
		break;
	case ARRIVED_ESP:
		plane_handle(n, a);
		break;
	case ARRIVED_ICMP:
		handle_icmp(n, a);
		break;
	case ARRIVED_CLEAR: /* RFC 4301 5.2: what must be protected is not taken in clear */
	case ARRIVED_OTHER:
		break;
	}
	node_speak(n);
	world_leave(w);
}

static void fill(struct world_node *n, struct arena *arena, struct arrival *a, struct bytes sent,
		 const struct ip_packet *ip)
{
	a->time = world_now(n->world);
	a->packet = sent;
	a->delivered = ip->octets;
	ip_parse(sent, &a->ip, NULL);
	tell_apart(n, arena, a, ip);
}

static void show(struct world_node *n, struct bytes sent, struct bytes delivered)
{
	struct arena *kept = n->world->kept;
	struct arrival *a = arena_new_of(kept, struct arrival);
	bool same = sent.at == delivered.at;
	struct ip_packet ip;

	sent = arena_copy(kept, sent);
	delivered = same ? sent : arena_copy(kept, delivered);
	if (a == NULL || sent.at == NULL || delivered.at == NULL || !ip_parse(delivered, &ip, NULL))
		return;
	fill(n, kept, a, sent, &ip);
	n->config.arrived(n->config.ctx, n, a);
	node_speak(n);
}

void node_receive(struct world_node *n, struct bytes sent, struct bytes delivered, uint64_t serial)
{
	struct world *w = n->world;
	struct arrival a = { 0 };
	struct ip_packet ip;
	struct happening h = { EVENT_RECEIVED, node_name(n), delivered, NULL, serial };

	if (n->down || !ip_parse(delivered, &ip, NULL) || !ip.checksum_right) {
		h.kind = EVENT_DROPPED;
		h.text = n->down ? "nobody is there" : "wrong checksum";
		world_event(w, &h);
		return;
	}
	world_event(w, &h);
	if (n->config.arrived) {
		show(n, sent, delivered);
		return;
	}
	fill(n, w->message, &a, sent, &ip);
	node_handle(n, &a);
}

void node_take(struct world_node *n, struct bytes packet)
{
	struct arrival a = { 0 };
	struct ip_packet ip;

	if (!ip_parse(packet, &ip, NULL))
		return;
	world_enter(n->world);
	fill(n, n->world->message, &a, packet, &ip);
	node_handle(n, &a);
	world_leave(n->world);
}
