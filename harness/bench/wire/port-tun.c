/*
 * A TUN device behind which the target stands: its outer packets and those of its protected side
 * come and go as whole IP packets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "esp/inner.h"
#include "port.h"

#define HEADROOM 48u /* IPv6 and UDP */
#define PACKET   16384u
#define UDP_HEADER 8u
#define MARKER   4u
#define NAT_PORT 4500
#define IKE_PORT 500

struct tun_port {
	struct port head;
	struct arena *arena; /* of the packet being sent */
	uint16_t id;
	uint8_t packets[PORT_PARCELS][PACKET];
};

static bool put(struct tun_port *t, struct bytes packet)
{
	ssize_t n;

	do
		n = write(t->head.fd, packet.at, packet.len);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

/* ------------------------------------------------------------ headers before ESP */

/* An IP header that ends at `end`; returns where it begins. */
static uint8_t *put_ip(struct tun_port *t, uint8_t *end, const struct port_burst *b, uint8_t protocol,
		       size_t payload)
{
	uint8_t *at;

	if (b->from->family == 4) {
		at = end - 20;
		memset(at, 0, 20);
		at[0] = 0x45;
		store_u16(at + 2, (uint16_t)(20 + payload));
		store_u16(at + 4, t->id++);
		at[8] = 64;
		at[9] = protocol;
		memcpy(at + 12, b->from->ip, 4);
		memcpy(at + 16, b->to->ip, 4);
		store_u16(at + 10, ip4_checksum(at));
		return at;
	}
	at = end - 40;
	store_u32(at, 0x60000000);
	store_u16(at + 4, (uint16_t)payload);
	at[6] = protocol;
	at[7] = 64;
	memcpy(at + 8, b->from->ip, 16);
	memcpy(at + 24, b->to->ip, 16);
	return at;
}

/* UDP has no checksum here (RFC 3948 2.1, and RFC 6935 over IPv6). */
static uint8_t *put_udp(uint8_t *end, const struct port_burst *b)
{
	uint8_t *at = end - UDP_HEADER;

	store_u16(at, b->from->port);
	store_u16(at + 2, b->to->port);
	store_u16(at + 4, (uint16_t)(UDP_HEADER + b->len));
	store_u16(at + 6, 0);
	return at;
}

static bool send_esp(struct tun_port *t, const struct port_burst *b, uint8_t *packet)
{
	bool udp = b->kind == PORT_ESP;
	uint8_t *at = udp ? put_udp(packet, b) : packet;
	uint8_t *begin = put_ip(t, at, b, udp ? PROTO_UDP : PROTO_ESP,
				b->len + (udp ? UDP_HEADER : 0));

	return put(t, bytes_make(begin, (size_t)(packet - begin) + b->len));
}

static bool send_ike(struct tun_port *t, const struct port_burst *b)
{
	size_t marker = b->marker ? MARKER : 0;
	struct bytes packet;
	struct why why;
	uint8_t *data;

	arena_reset(t->arena);
	data = arena_alloc(t->arena, b->len + marker);
	if (!data)
		return false;
	memset(data, 0, marker);
	memcpy(data + marker, b->at, b->len);
	return udp_make(t->arena, b->from, b->to, t->id++, bytes_make(data, b->len + marker), NULL,
			&packet, &why) &&
	       put(t, packet);
}

static size_t tun_send(struct port *p, const struct port_burst *b)
{
	struct tun_port *t = (struct tun_port *)p;
	uint8_t *at = b->at;
	size_t i;

	if (b->kind == PORT_IKE)
		return send_ike(t, b);
	for (i = 0; i < b->count; i++, at += b->len + HEADROOM)
		if (b->kind == PORT_INNER ? !put(t, bytes_make(at, b->len)) : !send_esp(t, b, at))
			break;
	return i;
}

/* ------------------------------------------------------------ receiving */

static bool outer_udp(const struct ip_packet *ip, struct port_parcel *out)
{
	bool nat = ip->from.port == NAT_PORT || ip->to.port == NAT_PORT;
	struct bytes data = ip->udp;

	if (!nat && ip->from.port != IKE_PORT && ip->to.port != IKE_PORT)
		return false;
	out->kind = PORT_IKE;
	if (nat && data.len >= MARKER) {
		out->marker = load_u32(data.at) == 0;
		out->kind = out->marker ? PORT_IKE : PORT_ESP;
		data = bytes_slice(data, out->marker ? MARKER : 0, data.len);
	}
	out->at = (uint8_t *)(uintptr_t)data.at;
	out->octets = out->len = data.len;
	return data.len > 1; /* a keepalive is one octet (RFC 3948 2.3) */
}

static bool to_parcel(struct tun_port *t, uint8_t *packet, size_t len, struct port_parcel *out)
{
	struct ip_packet ip;
	struct why why;

	if (!ip_parse(bytes_make(packet, len), &ip, &why))
		return false;
	t->head.fragments += ip.fragment;
	if (ip.fragment)
		return false;
	*out = (struct port_parcel){ .kind = PORT_INNER,
				     .from = ip.from,
				     .to = ip.to,
				     .at = packet,
				     .octets = len,
				     .len = len };
	if (ip.protocol == PROTO_ESP) {
		out->kind = PORT_PLAIN;
		out->at = (uint8_t *)(uintptr_t)ip.payload.at;
		out->octets = out->len = ip.payload.len;
	} else if (ip.protocol == PROTO_UDP) {
		outer_udp(&ip, out);
	}
	return true;
}

static size_t tun_receive(struct port *p, struct port_parcel *out, size_t cap)
{
	struct tun_port *t = (struct tun_port *)p;
	size_t made = 0;

	while (made < cap && made < PORT_PARCELS) {
		ssize_t n = read(p->fd, t->packets[made], PACKET);

		if (n <= 0)
			break;
		made += to_parcel(t, t->packets[made], (size_t)n, &out[made]);
	}
	return made;
}

static void tun_free(struct port *p)
{
	struct tun_port *t = (struct tun_port *)p;

	close(p->fd);
	arena_free(t->arena);
	free(t);
}

static const struct port_ops tun_ops = { tun_send, tun_receive, tun_free };

struct port *port_tun(int fd, struct why *why)
{
	struct tun_port *t = calloc(1, sizeof(*t));
	int flags = fcntl(fd, F_GETFL);

	if (t)
		t->arena = arena_new(1 << 20);
	if (!t || !t->arena || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		why_set(why, "no port over the TUN device: %s", strerror(errno));
		free(t);
		return NULL;
	}
	t->head = (struct port){
		.ops = &tun_ops, .fd = fd, .headroom = HEADROOM, .carries_inner = true
	};
	return &t->head;
}

void port_free(struct port *p)
{
	if (p)
		p->ops->free(p);
}
