/*
 * A TUN device: whole IP packets, both ways.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "real-inside.h"

static bool tun_send(struct real *real, struct bytes packet, struct why *why)
{
	const struct real_device *r = (const struct real_device *)real;
	ssize_t put;

	do
		put = write(r->sockets[0].fd, packet.at, packet.len);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return true;
	return why_set(why, "the TUN device refused %zu octets: %s", packet.len, strerror(errno));
}

static bool tun_read(struct real_device *r, struct real_socket *s)
{
	ssize_t got;

	do
		got = read(s->fd, r->buffer, sizeof(r->buffer));
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	real_hand_over(r, bytes_make(r->buffer, (size_t)got));
	return true;
}

static const struct real_ops tun_ops = {
	.now = real_clock, .epoch = real_epoch, .send = tun_send, .claim = real_claim, .release = real_release,
	.packets = true,
};

struct real *real_over_tun(int fd, struct why *why)
{
	struct real_device *r;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		why_set(why, "the TUN descriptor %d: %s", fd, strerror(errno));
		return NULL;
	}
	r = real_device_new(&tun_ops, 1, why);
	if (r == NULL)
		return NULL;
	r->read = tun_read;
	r->sockets[0].fd = fd;
	r->socket_count = 1;
	return &r->head;
}
