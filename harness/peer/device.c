/*
 * The TUN device: the host that the SAs protect is this machine, or a network namespace of it.  It
 * goes when its descriptor does, however the process ends, and its addresses and routes with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inside.h"
#include "netlink.h"

#define DEVICE_BURST 256        /* packets before others have their turn */
#define ASSIGNED 64
#define DEVICE_MTU 1400         /* ESP around it fits into 1500 octets */

struct device {
	int fd, netlink;
	unsigned index;
	char name[IFNAMSIZ];
	struct assigned {
		struct address address;
		bool seen;
	} assigned[ASSIGNED];           /* by peers, as long as their IKE SAs live */
	size_t assigned_count;
	uint64_t refused;               /* by the kernel */
	uint8_t buffer[65600];
};

/* ------------------------------------------------------------ namespaces */

static int open_netns(const char *netns, struct why *why)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), strchr(netns, '/') ? "%s" : "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		why_set(why, "the network namespace %s: %s", path, strerror(errno));
	return fd;
}

/* Both descriptors belong to the namespace in which they were opened. */
static bool open_here(int *tun, int *netlink, struct why *why)
{
	*tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*tun < 0)
		return why_set(why, "/dev/net/tun: %s (--echo needs no device)", strerror(errno));
	*netlink = netlink_open(why);
	return *netlink >= 0;
}

static bool open_there(int netns, int *tun, int *netlink, struct why *why)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool good;

	if (own < 0 || setns(netns, CLONE_NEWNET) != 0) {
		good = why_set(why, "entering the network namespace: %s", strerror(errno));
	} else {
		good = open_here(tun, netlink, why);
		if (setns(own, CLONE_NEWNET) != 0)
			abort();        /* nothing that follows would be where it belongs */
	}
	if (own >= 0)
		close(own);
	return good;
}

static bool open_both(const char *netns, int *tun, int *netlink, struct why *why)
{
	int there;
	bool good;

	if (!netns)
		return open_here(tun, netlink, why);
	there = open_netns(netns, why);
	if (there < 0)
		return false;
	good = open_there(there, tun, netlink, why);
	close(there);
	return good;
}

/* ------------------------------------------------------------ addresses and routes */

/* A route over the device to where its own packets go would be a loop. */
static bool would_loop(const struct peer *p, const struct address_range *range)
{
	for (size_t i = 0; i < p->connection_count && !p->options.netns; i++)
		if (address_in_range(&p->connections[i].remote, range))
			return true;
	return false;
}

/* The inner address that the connection's selectors hold. */
static const struct address *source_for(const struct peer *p, const struct connection *c, uint8_t family)
{
	for (size_t i = 0; i < p->inner_count; i++)
		for (size_t k = 0; k < c->ours.count && p->inner[i].family == family; k++)
			if (address_in_range(&p->inner[i], &c->ours.rows[k].range))
				return &p->inner[i];
	return NULL;
}

static void route_range(struct peer *p, const struct connection *c, const struct address_range *range)
{
	struct device *d = p->device;

	struct address_range rest = *range;
	char text[ADDRESS_RANGE_TEXT];
	struct address network;
	unsigned prefix;
	struct why why;

	if (would_loop(p, range)) {
		peer_say(p, p->device->name, "no route to %s: a peer's own address is in it (give the device a "
			 "network namespace of its own)", address_range_print(range, text));
		return;
	}
	while (address_range_network(&rest, &network, &prefix))
		if (!netlink_route(d->netlink, d->index, &network, prefix,
				   source_for(p, c, network.family), &why))
			peer_say(p, p->device->name, "%s", why.text);
}

static bool same_range(const struct address_range *a, const struct address_range *b)
{
	return address_range_inside(a, b) && address_range_inside(b, a);
}

/* Has it been a selector of a connection before the n-th? */
static bool range_known(const struct peer *p, size_t n, const struct address_range *range)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p->connections[i].theirs.count; k++)
			if (same_range(&p->connections[i].theirs.rows[k].range, range))
				return true;
	return false;
}

static void set_routes(struct peer *p)
{
	for (size_t i = 0; i < p->connection_count; i++) {
		const struct selectors *s = &p->connections[i].theirs;

		for (size_t k = 0; k < s->count; k++)
			if (!range_known(p, i, &s->rows[k].range))
				route_range(p, &p->connections[i], &s->rows[k].range);
	}
}

/* What cannot be had (IPv6 is off, say) is told, and the rest is there. */
static bool set_up(struct peer *p, struct device *d, struct why *why)
{
	unsigned mtu = p->options.mtu ? p->options.mtu : DEVICE_MTU;
	struct why trouble;

	p->device = d;
	d->index = netlink_index(d->netlink, d->name, why);
	if (d->index == 0 || !netlink_up(d->netlink, d->index, mtu, why))
		return false;
	for (size_t i = 0; i < p->inner_count; i++)
		if (!netlink_address(d->netlink, d->index, &p->inner[i], &trouble))
			peer_say(p, d->name, "%s", trouble.text);
	set_routes(p);
	return true;
}

static bool make(struct peer *p, struct device *d, struct why *why)
{
	const char *name = p->options.device ? p->options.device : "ikespec%d";
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	bool good = open_both(p->options.netns, &d->fd, &d->netlink, why);

	if (good && strlen(name) >= IFNAMSIZ)
		good = why_set(why, "'%s' is too long for the name of a device", name);
	if (good) {
		memcpy(request.ifr_name, name, strlen(name));
		good = ioctl(d->fd, TUNSETIFF, &request) == 0 ||
		       why_set(why, "the TUN device %s: %s (--echo needs none)", name, strerror(errno));
		memcpy(d->name, request.ifr_name, IFNAMSIZ - 1);
	}
	return good && set_up(p, d, why);
}

struct device *device_new(struct peer *p, struct why *why)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d) {
		why_set(why, "no memory for a device");
		return NULL;
	}
	d->fd = d->netlink = -1;
	if (make(p, d, why))
		return d;
	p->device = NULL;
	device_free(d);
	return NULL;
}

void device_free(struct device *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	if (d->netlink >= 0)
		close(d->netlink);
	free(d);
}

int device_fd(const struct device *d)
{
	return d->fd;
}

const char *device_name(const struct device *d)
{
	return d->name;
}

/* ------------------------------------------------------------ addresses that peers assign */

static struct assigned *assigned_find(struct device *d, const struct address *a)
{
	for (size_t i = 0; i < d->assigned_count; i++)
		if (address_same_host(&d->assigned[i].address, a))
			return &d->assigned[i];
	return NULL;
}

void device_assign(struct peer *p, const struct address *a)
{
	struct device *d = p->device;
	struct assigned *found = d ? assigned_find(d, a) : NULL;
	struct why why;

	if (!d || a->family == 0)
		return;
	if (!found && d->assigned_count < ASSIGNED) {
		found = &d->assigned[d->assigned_count++];
		found->address = *a;
		found->address.port = 0;
		if (!netlink_address(d->netlink, d->index, &found->address, &why))
			peer_say(p, d->name, "%s", why.text);
	}
	if (found)
		found->seen = true;
}

void device_assigned(struct peer *p)
{
	struct device *d = p->device;
	size_t kept = 0;

	for (size_t i = 0; d && i < d->assigned_count; i++) {
		struct assigned a = d->assigned[i];

		if (!a.seen)
			netlink_address_gone(d->netlink, d->index, &a.address);
		else
			d->assigned[kept++] = (struct assigned){ a.address, false };
	}
	if (d)
		d->assigned_count = kept;
}

/* ------------------------------------------------------------ packets */

/* What a kernel says to its neighbours (RFC 4861, RFC 3810) is for no SA. */
static bool is_for_neighbours(struct bytes inner)
{
	if (inner.len >= 40 && inner.at[0] >> 4 == 6)
		return inner.at[24] == 0xff;
	return inner.len >= 20 && inner.at[16] >= 224;
}

void device_read(struct peer *p)
{
	struct device *d = p->device;

	for (int i = 0; i < DEVICE_BURST; i++) {
		ssize_t got = read(d->fd, d->buffer, sizeof(d->buffer));
		struct bytes inner = bytes_make(d->buffer, got < 0 ? 0 : (size_t)got);
		struct why why;

		if (got <= 0)
			return;
		if (is_for_neighbours(inner))
			continue;
		if (node_forward(p->node, inner, &why))
			p->figures.packets_out++;
		else
			p->figures.unrouted++;
	}
}

void device_write(struct device *d, struct bytes inner)
{
	ssize_t put;

	do
		put = write(d->fd, inner.at, inner.len);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		d->refused++;
}
