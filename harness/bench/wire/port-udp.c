/*
 * A UDP socket: what it carries stands behind UDP headers that the kernel makes.  IKE has its
 * non-ESP marker (RFC 3948 2.2), for both share the socket.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port.h"
#include "world/sockaddr.h"

#define BUFFERS   16u
#define BUFFER    65536u
#define MARKER    4u
#define SOCKET_OCTETS (64 << 20)
#define SOL_OF_UDP 17
#ifndef SO_RXQ_OVFL
#define SO_RXQ_OVFL 40
#endif

struct udp_port {
	struct port head;
	enum port_method method;
	uint32_t overflows; /* of the socket, as it counts them */
	uint8_t control[BUFFERS][128];
	uint8_t buffers[BUFFERS][BUFFER];
};

/* ------------------------------------------------------------ sending */

static bool again(void)
{
	return errno == EINTR;
}

/* One call, cut into segments by the kernel or the card. */
static size_t send_segments(struct udp_port *u, const struct port_burst *b, struct sockaddr_storage *to,
			    socklen_t to_len)
{
	union {
		struct cmsghdr align;
		uint8_t at[CMSG_SPACE(sizeof(uint16_t))];
	} control = { 0 };
	struct iovec octets = { b->at, b->len * b->count };
	struct msghdr m = { .msg_name = to,
			    .msg_namelen = to_len,
			    .msg_iov = &octets,
			    .msg_iovlen = 1 };
	uint16_t size = (uint16_t)b->len;
	ssize_t put;

	if (b->count > 1) {
		m.msg_control = control.at;
		m.msg_controllen = sizeof(control.at);
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_level = SOL_OF_UDP,
						       .cmsg_type = UDP_SEGMENT,
						       .cmsg_len = CMSG_LEN(sizeof(size)) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &size, sizeof(size));
	}
	do
		put = sendmsg(u->head.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (put < 0 && again());
	return put < 0 ? 0 : b->count;
}

static size_t send_messages(struct udp_port *u, const struct port_burst *b, struct sockaddr_storage *to,
			    socklen_t to_len)
{
	struct mmsghdr rows[PORT_BURST];
	struct iovec octets[PORT_BURST];
	int put;

	for (size_t i = 0; i < b->count; i++) {
		octets[i] = (struct iovec){ b->at + i * b->len, b->len };
		rows[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = to,
							 .msg_namelen = to_len,
							 .msg_iov = &octets[i],
							 .msg_iovlen = 1 } };
	}
	do
		put = sendmmsg(u->head.fd, rows, (unsigned)b->count, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (put < 0 && again());
	return put < 0 ? 0 : (size_t)put;
}

static size_t send_ike(struct udp_port *u, const struct port_burst *b, struct sockaddr_storage *to,
		       socklen_t to_len)
{
	static uint8_t marker[MARKER];
	struct iovec parts[2] = { { marker, MARKER }, { b->at, b->len } };
	struct msghdr m = {
		.msg_name = to, .msg_namelen = to_len, .msg_iov = parts, .msg_iovlen = 2
	};

	return sendmsg(u->head.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

static size_t udp_send(struct port *p, const struct port_burst *b)
{
	struct udp_port *u = (struct udp_port *)p;
	struct sockaddr_storage to;
	socklen_t len = sockaddr_of(b->to, &to);

	switch (b->kind) {
	case PORT_IKE:
		return send_ike(u, b, &to, len);
	case PORT_ESP:
		return u->method == PORT_SEGMENTS ? send_segments(u, b, &to, len)
						  : send_messages(u, b, &to, len);
	default:
		return 0;
	}
}

/* ------------------------------------------------------------ receiving */

static void read_control(struct udp_port *u, struct msghdr *m, size_t *len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		uint32_t overflows;
		int size;

		if (c->cmsg_level == SOL_OF_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			*len = (size_t)size;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&overflows, CMSG_DATA(c), sizeof(overflows));
			u->head.dropped += overflows - u->overflows;
			u->overflows = overflows;
		}
	}
}

static bool to_parcel(struct udp_port *u, size_t i, struct msghdr *m, size_t octets,
		      struct port_parcel *out)
{
	*out = (struct port_parcel){
		.kind = PORT_ESP, .to = u->head.local, .at = u->buffers[i], .octets = octets, .len = octets
	};
	if (!sockaddr_read(m->msg_name, &out->from))
		return false;
	read_control(u, m, &out->len);
	if (octets < MARKER)
		return false;
	if (load_u32(out->at) == 0) {
		out->kind = PORT_IKE;
		out->marker = true;
		out->at += MARKER;
		out->octets -= MARKER;
		out->len = out->octets;
	}
	return out->octets > 0;
}

static size_t udp_receive(struct port *p, struct port_parcel *out, size_t cap)
{
	struct udp_port *u = (struct udp_port *)p;
	struct mmsghdr rows[BUFFERS];
	struct iovec parts[BUFFERS];
	struct sockaddr_storage from[BUFFERS];
	size_t wanted = cap < BUFFERS ? cap : BUFFERS, made = 0;
	int got;

	for (size_t i = 0; i < wanted; i++) {
		parts[i] = (struct iovec){ u->buffers[i], BUFFER };
		rows[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &from[i],
							 .msg_namelen = sizeof(from[i]),
							 .msg_iov = &parts[i],
							 .msg_iovlen = 1,
							 .msg_control = u->control[i],
							 .msg_controllen = sizeof(u->control[i]) } };
	}
	got = recvmmsg(u->head.fd, rows, (unsigned)wanted, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		made += to_parcel(u, (size_t)i, &rows[i].msg_hdr, rows[i].msg_len, &out[made]);
	return made;
}

/* ------------------------------------------------------------ making */

static void udp_free(struct port *p)
{
	close(p->fd);
	free(p);
}

static const struct port_ops udp_ops = { udp_send, udp_receive, udp_free };

/* As much as the system allows. */
static void raise_buffers(int fd)
{
	int size = SOCKET_OCTETS, one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	size = 4 << 20;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
}

static bool open_socket(struct udp_port *u, struct why *why)
{
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(&u->head.local, &at);
	char text[ADDRESS_TEXT];
	int one = 1;

	u->head.fd = socket(at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->head.fd < 0)
		return why_set(why, "a UDP socket: %s", strerror(errno));
	raise_buffers(u->head.fd);
	if (u->method == PORT_SEGMENTS &&
	    setsockopt(u->head.fd, SOL_OF_UDP, UDP_GRO, &one, sizeof(one)) < 0)
		return why_set(why, "UDP_GRO: %s", strerror(errno));
	if (bind(u->head.fd, (struct sockaddr *)&at, len) < 0)
		return why_set(why, "binding to %s: %s", address_print(&u->head.local, text),
			       strerror(errno));
	len = sizeof(at);
	if (getsockname(u->head.fd, (struct sockaddr *)&at, &len) == 0)
		sockaddr_read(&at, &u->head.local);
	return true;
}

struct port *port_udp(const struct address *local, enum port_method method, struct why *why)
{
	struct udp_port *u = calloc(1, sizeof(*u));

	if (!u) {
		why_set(why, "no memory for a port");
		return NULL;
	}
	*u = (struct udp_port){ .head = { .ops = &udp_ops, .fd = -1, .local = *local }, .method = method };
	if (open_socket(u, why))
		return &u->head;
	if (u->head.fd >= 0)
		close(u->head.fd);
	free(u);
	return NULL;
}
