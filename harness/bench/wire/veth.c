#include "veth.h"

#include <stdio.h>
#include <unistd.h>

#include "space.h"

#define MTU 9600

static const char tester_outer[] = "192.0.2.1", target_outer[] = "192.0.2.2";

static struct address host(const char *text, uint16_t port)
{
	struct address a;

	address_parse(text, &a);
	a.port = port;
	return a;
}

static bool open_at(struct port **out, struct address *at, enum port_method method, struct why *why)
{
	*out = port_udp(at, method, why);
	if (*out)
		*at = (*out)->local;
	return *out != NULL;
}

/* One end of the pair of devices, in whose namespace this thread is. */
struct veth_end {
	const char *device, *address, *card;
	uint8_t peer[6]; /* the other's card address */
};
static const struct veth_end tester_end = { "tester", tester_outer, "02:00:00:00:00:01", { 2, 0, 0, 0, 0, 2 } };
static const struct veth_end target_end = { "target", target_outer, "02:00:00:00:00:02", { 2, 0, 0, 0, 0, 1 } };

static bool open_end(bool plain, const struct veth_end *end, enum port_method method, struct port **out,
		     struct address *at, struct why *why)
{
	char lines[200];

	snprintf(lines, sizeof(lines),
		 "link set lo up\naddress add %s/24 dev %s\nlink set %s address %s mtu %d up\n", end->address,
		 end->device, end->device, end->card, MTU);
	if (!space_ip(lines, why))
		return false;
	if (!plain)
		return open_at(out, at, method, why);
	*out = port_plain(at, end->device, end->peer, why);
	return *out != NULL;
}

/* In the second namespace, entered last, with the first behind `first`. */
static bool link_both(bool plain, int first, int second, struct veth *e, enum port_method method,
		      struct why *why)
{
	char lines[200];

	snprintf(lines, sizeof(lines),
		 "link add target type veth peer name tester netns /proc/%d/fd/%d\n", getpid(), first);
	return space_ip(lines, why) && open_end(plain, &target_end, method, &e->target, &e->target_at, why) &&
	       space_enter(first, why) &&
	       open_end(plain, &tester_end, method, &e->tester, &e->tester_at, why) &&
	       space_enter(second, why);
}

static bool over_veth(bool plain, struct veth *e, enum port_method method, struct why *why)
{
	int own = space_here(why), first = own >= 0 ? space_new(why) : -1;
	int second = first >= 0 ? space_new(why) : -1;
	bool good = false;

	e->tester_at = host(tester_outer, 4500);
	e->target_at = host(target_outer, 4500);
	if (second >= 0)
		good = link_both(plain, first, second, e, method, why);
	if (own >= 0 && first >= 0 && !space_enter(own, why))
		good = false;
	for (int i = 0, fds[] = { own, first, second }; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return good;
}

static bool over_loopback(struct veth *e, enum port_method method, struct why *why)
{
	e->tester_at = e->target_at = host("127.0.0.1", 0); /* whichever port is free */
	return open_at(&e->tester, &e->tester_at, method, why) &&
	       open_at(&e->target, &e->target_at, method, why);
}

bool veth_open(struct veth *e, bool plain, enum port_method method, struct why *why)
{
	bool veth = geteuid() == 0;

	*e = (struct veth){ .path = veth ? "veth" : "loopback" };
	if (plain && !veth)
		return why_set(why, "IP protocol 50 needs root; over UDP it goes without");
	return veth ? over_veth(plain, e, method, why) : over_loopback(e, method, why);
}
