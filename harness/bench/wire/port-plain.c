/*
 * ESP as IP protocol 50 between our own ends: out by AF_PACKET, past the queueing discipline, in by
 * a raw socket; IKE goes over UDP beside it.  There are no segments for this protocol, so a burst is
 * one call but as many packets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esp/inner.h"
#include "port.h"

#define HEADER  20u /* IPv4 */
#define PACKET  16384u
#define BUFFERS 32u
#define SOCKET_OCTETS (64 << 20)

struct plain_port {
	struct port head; /* its descriptor is the raw socket's */
	struct port *ike;
	int out;
	struct sockaddr_ll peer;
	uint16_t id;
	uint8_t packets[BUFFERS][PACKET];
};

/* ------------------------------------------------------------ sending */

static void put_header(struct plain_port *t, uint8_t *at, const struct port_burst *b)
{
	struct sink s = sink_over(at, HEADER);

	sink_u16(&s, 0x4500);
	sink_u16(&s, (uint16_t)(HEADER + b->len));
	sink_u16(&s, t->id++);
	sink_u16(&s, 0);
	sink_u8(&s, 64);
	sink_u8(&s, PROTO_ESP);
	sink_u16(&s, 0);
	sink_put(&s, address_octets(b->from));
	sink_put(&s, address_octets(b->to));
	store_u16(at + 10, ip4_checksum(at));
}

static size_t send_plain(struct plain_port *t, const struct port_burst *b)
{
	struct mmsghdr rows[PORT_BURST];
	struct iovec parts[PORT_BURST];
	int put;

	for (size_t i = 0; i < b->count; i++) {
		uint8_t *packet = b->at + i * (HEADER + b->len) - HEADER;

		put_header(t, packet, b);
		parts[i] = (struct iovec){ packet, HEADER + b->len };
		rows[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &t->peer,
							 .msg_namelen = sizeof(t->peer),
							 .msg_iov = &parts[i],
							 .msg_iovlen = 1 } };
	}
	do
		put = sendmmsg(t->out, rows, (unsigned)b->count, MSG_DONTWAIT);
	while (put < 0 && errno == EINTR);
	return put < 0 ? 0 : (size_t)put;
}

static size_t plain_send(struct port *p, const struct port_burst *b)
{
	struct plain_port *t = (struct plain_port *)p;

	if (b->kind == PORT_IKE)
		return t->ike->ops->send(t->ike, b);
	return b->kind == PORT_PLAIN ? send_plain(t, b) : 0;
}

/* ------------------------------------------------------------ receiving */

static bool to_parcel(uint8_t *at, size_t len, struct port_parcel *out)
{
	struct cursor c = cursor_over(bytes_make(at, len));
	struct bytes from, to;
	uint8_t first;
	size_t header;

	if (!cursor_u8(&c, &first) || !cursor_skip(&c, 11) || !cursor_take(&c, 4, &from) ||
	    !cursor_take(&c, 4, &to))
		return false;
	header = (size_t)(first & 15) * 4;
	if (header < HEADER || header >= len)
		return false;
	*out = (struct port_parcel){ .kind = PORT_PLAIN,
				     .at = at + header,
				     .octets = len - header,
				     .len = len - header };
	return address_from_octets(from, 0, &out->from) && address_from_octets(to, 0, &out->to);
}

static size_t plain_receive(struct port *p, struct port_parcel *out, size_t cap)
{
	struct plain_port *t = (struct plain_port *)p;
	struct mmsghdr rows[BUFFERS];
	struct iovec parts[BUFFERS];
	size_t made = t->ike->ops->receive(t->ike, out, cap);
	size_t wanted = cap - made < BUFFERS ? cap - made : BUFFERS;
	int got;

	for (size_t i = 0; i < wanted; i++) {
		parts[i] = (struct iovec){ t->packets[i], PACKET };
		rows[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 } };
	}
	got = wanted ? recvmmsg(p->fd, rows, (unsigned)wanted, MSG_DONTWAIT, NULL) : 0;
	for (int i = 0; i < got; i++)
		made += to_parcel(t->packets[i], rows[i].msg_len, &out[made]);
	return made;
}

/* ------------------------------------------------------------ making */

static void plain_free(struct port *p)
{
	struct plain_port *t = (struct plain_port *)p;

	if (p->fd >= 0)
		close(p->fd);
	if (t->out >= 0)
		close(t->out);
	port_free(t->ike);
	free(t);
}

static const struct port_ops plain_ops = { plain_send, plain_receive, plain_free };

static bool open_sockets(struct plain_port *t, const char *device, const uint8_t peer[static 6], struct why *why)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int one = 1, size = SOCKET_OCTETS;

	memcpy(&at.sin_addr, t->head.local.ip, 4);
	t->peer = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					.sll_protocol = htons(ETHERTYPE_IP),
					.sll_ifindex = (int)if_nametoindex(device),
					.sll_halen = 6 };
	memcpy(t->peer.sll_addr, peer, 6);
	t->head.fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ESP);
	t->out = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->head.fd < 0 || t->out < 0 || bind(t->head.fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return why_set(why, "sockets for IP protocol 50: %s", strerror(errno));
	setsockopt(t->head.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(t->out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return true;
}

struct port *port_plain(const struct address *local, const char *device, const uint8_t peer[static 6],
			struct why *why)
{
	struct plain_port *t = calloc(1, sizeof(*t));

	if (!t) {
		why_set(why, "no memory for a port");
		return NULL;
	}
	t->head = (struct port){ .ops = &plain_ops, .fd = -1, .local = *local, .headroom = HEADER };
	t->out = -1;
	t->ike = port_udp(local, PORT_MESSAGES, why);
	if (t->ike && open_sockets(t, device, peer, why))
		return &t->head;
	plain_free(&t->head);
	return NULL;
}
