/*
 * The only reader of the monotonic clock, and the waiting of all real worlds of a process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "real-inside.h"

static usec monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * USEC_S + (usec)t.tv_nsec / 1000;
}

struct real_device *real_device_new(const struct real_ops *ops, size_t sockets, struct why *why)
{
	struct real_device *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		why_set(why, "no memory for a device");
		return NULL;
	}
	r->head.ops = ops;
	r->begun = monotonic();
	r->arena = arena_new((size_t)4 << 20);
	r->sockets = calloc(sockets, sizeof(*r->sockets));
	if (r->arena && r->sockets)
		return r;
	why_set(why, "no memory for a device");
	real_free(&r->head);
	return NULL;
}

void real_free(struct real *real)
{
	struct real_device *r = (struct real_device *)real;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->socket_count; i++)
		close(r->sockets[i].fd);
	free(r->sockets);
	free(r->claims);
	arena_free(r->arena);
	free(r);
}

usec real_clock(const struct real *real)
{
	return monotonic() - ((const struct real_device *)real)->begun;
}

usec real_now(struct real *r)
{
	return real_clock(r);
}

void real_entropy(void *r, uint8_t *out, size_t len)
{
	(void)r;
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);

		if (got < 0 && errno != EINTR)
			abort();        /* no secret is better than a guessable one */
		if (got > 0) {
			out += got;
			len -= (size_t)got;
		}
	}
}

uint64_t real_strays(const struct real *r)
{
	return ((const struct real_device *)r)->strays;
}

/* ------------------------------------------------------------ who owns an address */

bool real_claim(struct real *real, const struct address *address, real_deliver *deliver,
		void *world)
{
	struct real_device *r = (struct real_device *)real;
	size_t cap = r->claim_cap ? 2 * r->claim_cap : 64;
	struct claim *claims;

	if (r->claim_count == r->claim_cap) {
		claims = realloc(r->claims, cap * sizeof(*claims));
		if (claims == NULL)
			return false;
		r->claims = claims;
		r->claim_cap = cap;
	}
	r->claims[r->claim_count++] = (struct claim){ *address, deliver, world };
	return true;
}

void real_release(struct real *real, void *world)
{
	struct real_device *r = (struct real_device *)real;
	size_t kept = 0;

	for (size_t i = 0; i < r->claim_count; i++)
		if (r->claims[i].world != world)
			r->claims[kept++] = r->claims[i];
	r->claim_count = kept;
}

static const struct claim *owner(const struct real_device *r, const struct address *to)
{
	for (size_t i = 0; i < r->claim_count; i++) {
		const struct claim *c = &r->claims[i];

		if (address_same_host(&c->address, to) &&
		    (c->address.port == 0 || c->address.port == to->port))
			return c;
	}
	return NULL;
}

/* What a kernel says to its neighbours (RFC 4861, RFC 3810) is nobody's loss. */
static bool is_multicast(const struct address *to)
{
	return to->family == 6 ? to->ip[0] == 0xff : to->ip[0] >= 224;
}

void real_hand_over(struct real_device *r, struct bytes packet)
{
	const struct claim *c;
	struct ip_packet ip;

	if (!ip_parse(packet, &ip, NULL)) {
		r->strays++;
		return;
	}
	c = owner(r, &ip.to);
	if (c)
		c->deliver(c->world, ip.octets, real_clock(&r->head));
	else if (!is_multicast(&ip.to))
		r->strays++;
}

/* ------------------------------------------------------------ waiting */

static void read_some(struct real_device *r, struct real_socket *s)
{
	for (int i = 0; i < REAL_BURST; i++) {
		bool more = r->read(r, s);

		arena_reset(r->arena);
		if (!more)
			return;
	}
}

static void wait_for(struct pollfd *fds, size_t count, usec now, usec deadline)
{
	usec left = deadline > now ? deadline - now : 0;
	struct timespec t = { (time_t)(left / USEC_S), (long)(left % USEC_S * 1000) };

	ppoll(fds, count, deadline == USEC_NEVER ? NULL : &t, NULL);
}

/* The descriptors are looked at however late it is. */
usec real_wait(struct real *real, usec deadline, struct pollfd *extra, size_t extra_count)
{
	struct real_device *r = (struct real_device *)real;
	size_t own = r->socket_count, count = own + extra_count;
	struct pollfd few[REAL_POLLFDS], *fds = few;
	usec now;

	if (count > REAL_POLLFDS)
		fds = calloc(count, sizeof(*fds));
	if (fds == NULL)
		return 0;
	for (size_t i = 0; i < own; i++)
		fds[i] = (struct pollfd){ .fd = r->sockets[i].fd, .events = POLLIN };
	for (size_t i = 0; i < extra_count; i++)
		fds[own + i] = (struct pollfd){ .fd = extra[i].fd, .events = extra[i].events };
	wait_for(fds, count, real_clock(real), deadline);
	now = real_clock(real);
	for (size_t i = 0; i < extra_count; i++)
		extra[i].revents = fds[own + i].revents;
	for (size_t i = 0; i < own; i++)
		if (fds[i].revents)
			read_some(r, &r->sockets[i]);
	if (fds != few)
		free(fds);
	return now > deadline ? now - deadline : 0;
}
