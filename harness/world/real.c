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

/* For the validity of certificates alone: a calendar that is set anew while we run changes nothing. */
uint64_t real_epoch(const struct real *real)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec - real_clock(real) / USEC_S;
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

static void wait_for(struct pollfd *fds, size_t count, usec left)
{
	struct timespec t = { (time_t)(left / USEC_S), (long)(left % USEC_S * 1000) };

	ppoll(fds, count, left == USEC_NEVER ? NULL : &t, NULL);
}

static size_t sockets_of(struct real *const *reals, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += ((const struct real_device *)reals[i])->socket_count;
	return sum;
}

static size_t fill_fds(struct real *const *reals, size_t count, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct real_device *r = (const struct real_device *)reals[i];

		for (size_t k = 0; k < r->socket_count; k++)
			fds[n++] = (struct pollfd){ .fd = r->sockets[k].fd, .events = POLLIN };
	}
	return n;
}

static void read_ready(struct real *const *reals, size_t count, const struct pollfd *fds)
{
	for (size_t i = 0, n = 0; i < count; i++) {
		struct real_device *r = (struct real_device *)reals[i];

		for (size_t k = 0; k < r->socket_count; k++)
			if (fds[n++].revents)
				read_some(r, &r->sockets[k]);
	}
}

/* The descriptors are looked at however late it is. */
usec real_wait_all(struct real *const *reals, size_t reals_count, usec left, struct pollfd *extra,
		   size_t extra_count)
{
	size_t own = sockets_of(reals, reals_count), count = own + extra_count;
	struct pollfd few[REAL_POLLFDS], *fds = few;
	usec began = monotonic(), took;

	if (count > REAL_POLLFDS)
		fds = calloc(count, sizeof(*fds));
	if (fds == NULL)
		return 0;
	fill_fds(reals, reals_count, fds);
	for (size_t i = 0; i < extra_count; i++)
		fds[own + i] = (struct pollfd){ .fd = extra[i].fd, .events = extra[i].events };
	wait_for(fds, count, left);
	took = monotonic() - began;
	for (size_t i = 0; i < extra_count; i++)
		extra[i].revents = fds[own + i].revents;
	read_ready(reals, reals_count, fds);
	if (fds != few)
		free(fds);
	return took > left ? took - left : 0;
}

usec real_wait(struct real *real, usec deadline, struct pollfd *extra, size_t extra_count)
{
	usec now = real_clock(real), late = now > deadline ? now - deadline : 0;
	usec left = deadline == USEC_NEVER ? USEC_NEVER : deadline > now ? deadline - now : 0;

	return late + real_wait_all(&real, 1, left, extra, extra_count);
}
