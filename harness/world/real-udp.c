/*
 * UDP sockets without privilege, and raw ones for plain ESP with it: the headers of packets are taken
 * off on the way out and made again on the way in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "real-inside.h"
#include "world/sockaddr.h"

/* ------------------------------------------------------------ packets */

static const struct real_socket *socket_of(const struct real_device *r, const struct address *from)
{
	for (size_t i = 0; i < r->socket_count; i++)
		if (address_equal(&r->sockets[i].local, from))
			return &r->sockets[i];
	return NULL;
}

static bool udp_send(struct real *real, struct bytes packet, struct why *why)
{
	const struct real_device *r = (const struct real_device *)real;
	const struct real_socket *s;
	struct sockaddr_storage to;
	struct ip_packet ip;
	char text[ADDRESS_TEXT];
	struct bytes data;
	socklen_t len;

	if (!ip_parse(packet, &ip, why))
		return false;
	if ((ip.protocol != PROTO_UDP && ip.protocol != PROTO_ESP) || ip.fragment)
		return why_set(why, "IP protocol %u does not go through these sockets", ip.protocol);
	s = socket_of(r, &ip.from);
	if (s == NULL)
		return why_set(why, "no socket is bound to %s", address_print(&ip.from, text));
	len = sockaddr_of(&ip.to, &to);
	data = ip.protocol == PROTO_UDP ? ip.udp : ip.payload;
	if (sendto(s->fd, data.at, data.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&to, len) >= 0)
		return true;
	return why_set(why, "sending %zu octets to %s: %s", data.len, address_print(&ip.to, text),
		       strerror(errno));
}

/* An ICMP error shows as a failed read of a socket; there may be more behind it. */
static bool is_passing(int error)
{
	return error == EINTR || error == ECONNREFUSED || error == EHOSTUNREACH ||
	       error == ENETUNREACH;
}

/* A raw IPv6 socket gives the payload alone, an IPv4 one the whole packet (raw(7), ipv6(7)). */
static bool make_again(struct real_device *r, const struct address *from, const struct address *to,
		       struct bytes octets, struct bytes *packet)
{
	if (to->port == 0)
		return ip_make(r->arena, from, to, PROTO_ESP, 0, octets, packet);
	return udp_make(r->arena, from, to, ++r->ip_id, octets, NULL, packet, NULL);
}

static bool udp_read(struct real_device *r, struct real_socket *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	ssize_t got = recvfrom(s->fd, r->buffer, sizeof(r->buffer), MSG_DONTWAIT,
			       (struct sockaddr *)&peer, &len);
	struct bytes octets = bytes_make(r->buffer, got < 0 ? 0 : (size_t)got), packet;
	struct address from;

	if (got < 0)
		return is_passing(errno);
	if (s->local.port == 0 && s->local.family == 4)
		real_hand_over(r, octets);
	else if (sockaddr_read(&peer, &from) && make_again(r, &from, &s->local, octets, &packet))
		real_hand_over(r, packet);
	return true;
}

static const struct real_ops udp_ops = {
	.now = real_clock, .epoch = real_epoch, .send = udp_send, .claim = real_claim, .release = real_release,
	.packets = false,
};

/* ------------------------------------------------------------ sockets */

/* As much as the system allows: a burst of a whole suite waits here while one case computes. */
static void raise_buffer(int fd)
{
	int size = REAL_RCVBUF;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int raw_socket(const struct address *local)
{
	return socket(local->family == 6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      IPPROTO_ESP);
}

bool real_plain_esp(const struct address *local)
{
	int fd = raw_socket(local);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool open_socket(struct real_socket *s, const struct address *local, struct why *why)
{
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(local, &at);
	char text[ADDRESS_TEXT];
	int one = 1, dont = IP_PMTUDISC_DONT;

	s->local = *local;
	s->fd = local->port ? socket(at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
			    : raw_socket(local);
	if (s->fd < 0)
		return why_set(why, "a %s socket: %s", local->port ? "UDP" : "raw ESP",
			       strerror(errno));
	if (local->family == 6)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	else    /* long messages and packets may be fragmented on their way */
		setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
	raise_buffer(s->fd);
	if (bind(s->fd, (struct sockaddr *)&at, len) < 0) {
		why_set(why, "binding to %s: %s", address_print(local, text), strerror(errno));
		close(s->fd);
		return false;
	}
	return true;
}

struct real *real_over_udp(const struct address *locals, size_t count, struct why *why)
{
	struct real_device *r = real_device_new(&udp_ops, count, why);

	if (r == NULL)
		return NULL;
	r->read = udp_read;
	for (size_t i = 0; i < count; i++) {
		if (!open_socket(&r->sockets[i], &locals[i], why)) {
			real_free(&r->head);
			return NULL;
		}
		r->socket_count++;
	}
	return &r->head;
}
