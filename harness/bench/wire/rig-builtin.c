/*
 * The built-in target: another engine on a thread of its own, behind a pair of veth devices in two
 * namespaces, or over loopback where there is no privilege for them.
 */
#include <stdio.h>
#include <unistd.h>

#include "rig.h"
#include "space.h"

#define MTU       9600

static const char tester_outer[] = "192.0.2.1", target_outer[] = "192.0.2.2";
static const char tester_inner[] = "10.1.1.1", target_inner[] = "10.2.1.1";

static struct address host(const char *text, uint16_t port)
{
	struct address a;

	address_parse(text, &a);
	a.port = port;
	return a;
}

/* ------------------------------------------------------------ the path */

struct ends {
	struct port *tester, *target;
	struct address tester_at, target_at;
};

static bool open_at(struct port **out, struct address *at, enum rig_method method, struct why *why)
{
	*out = port_udp(at, method == RIG_MESSAGES ? PORT_MESSAGES : PORT_SEGMENTS, why);
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

static bool open_end(const struct rig *r, const struct veth_end *end, enum rig_method method, struct port **out,
		     struct address *at, struct why *why)
{
	char lines[200];

	snprintf(lines, sizeof(lines),
		 "link set lo up\naddress add %s/24 dev %s\nlink set %s address %s mtu %d up\n", end->address,
		 end->device, end->device, end->card, MTU);
	if (!space_ip(lines, why))
		return false;
	if (!r->plan->plain)
		return open_at(out, at, method, why);
	*out = port_plain(at, end->device, end->peer, why);
	return *out != NULL;
}

/* In the second namespace, entered last, with the first behind `first`. */
static bool link_both(const struct rig *r, int first, int second, struct ends *e, enum rig_method method,
		      struct why *why)
{
	char lines[200];

	snprintf(lines, sizeof(lines),
		 "link add target type veth peer name tester netns /proc/%d/fd/%d\n", getpid(), first);
	return space_ip(lines, why) && open_end(r, &target_end, method, &e->target, &e->target_at, why) &&
	       space_enter(first, why) &&
	       open_end(r, &tester_end, method, &e->tester, &e->tester_at, why) &&
	       space_enter(second, why);
}

static bool over_veth(const struct rig *r, struct ends *e, enum rig_method method, struct why *why)
{
	int own = space_here(why), first = own >= 0 ? space_new(why) : -1;
	int second = first >= 0 ? space_new(why) : -1;
	bool good = false;

	e->tester_at = host(tester_outer, 4500);
	e->target_at = host(target_outer, 4500);
	if (second >= 0)
		good = link_both(r, first, second, e, method, why);
	if (own >= 0 && first >= 0 && !space_enter(own, why))
		good = false;
	for (int i = 0, fds[] = { own, first, second }; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return good;
}

static bool over_loopback(struct ends *e, enum rig_method method, struct why *why)
{
	e->tester_at = e->target_at = host("127.0.0.1", 0); /* whichever port is free */
	return open_at(&e->tester, &e->tester_at, method, why) &&
	       open_at(&e->target, &e->target_at, method, why);
}

/* ------------------------------------------------------------ the ends */

static void inner_range(struct selectors *s, const char *text)
{
	s->count = 1;
	s->rows[0] = (struct traffic_selector){ .last_port = UINT16_MAX };
	address_range_parse(text, &s->rows[0].range);
}

static bool fill(struct rig *r, struct connection *c, const struct address *local,
		 const struct address *remote, bool tester, struct why *why)
{
	*c = (struct connection){
		.name = "bench",
		.local = *local,
		.remote = *remote,
		.local_nat_port = local->port,
		.remote_nat_port = remote->port,
		.secret = bytes_text("the secret of a measurement"),
		.ike_count = 1,
		.esp_count = 1,
	};
	c->esp[0] = r->plan->suite.suite;
	inner_range(tester ? &c->ours : &c->theirs, "10.1.1.0/24");
	inner_range(tester ? &c->theirs : &c->ours, "10.2.1.0/24");
	return suite_parse("aes128gcm16-prfsha256-x25519", false, &c->ike[0], why) &&
	       identity_parse(r->arena, tester ? "fqdn:tester.example.org" : "fqdn:target.example.org",
			      &c->us, why) &&
	       identity_parse(r->arena, tester ? "fqdn:target.example.org" : "fqdn:tester.example.org",
			      &c->them, why);
}

static bool connections(struct rig *r, const struct ends *e, struct why *why)
{
	size_t count = r->plan->sas;

	for (size_t side = 0; side < 2; side++) {
		r->connections[side] = arena_array(r->arena, count, sizeof(struct connection));
		if (!r->connections[side])
			return why_set(why, "no memory for %zu connections", count);
		for (size_t i = 0; i < count; i++)
			if (!fill(r, &r->connections[side][i], side ? &e->target_at : &e->tester_at,
				  side ? &e->tester_at : &e->target_at, side == 0, why))
				return false;
	}
	r->ours = arena_array(r->arena, count, sizeof(*r->ours));
	r->theirs = arena_array(r->arena, count, sizeof(*r->theirs));
	if (!r->ours || !r->theirs)
		return why_set(why, "no memory for %zu connections", count);
	for (size_t i = 0; i < count; i++) {
		r->ours[i] = host(tester_inner, 0);
		r->theirs[i] = host(target_inner, 0);
	}
	return true;
}

static struct engine *end(struct rig *r, struct port *port, bool tester, enum rig_method method, bool echo,
			  struct why *why)
{
	struct engine_config c = {
		.name = tester ? "tester" : "target",
		.port = port,
		.connections = r->connections[!tester],
		.connection_count = r->plan->sas,
		.initiator = tester,
		.encapsulate = !r->plan->plain,
		.backend = r->plan->backend,
		.ours = tester ? r->ours : r->theirs,
		.theirs = tester ? r->theirs : r->ours,
		.bare = method == RIG_BARE,
		.turns = echo && !tester,
	};

	return engine_new(&c, &r->sizes, why);
}

bool rig_builtin(struct rig *r, enum rig_method method, bool echo, struct why *why)
{
	struct ends e = { 0 };
	bool veth = geteuid() == 0;

	if (r->plan->plain && !veth)
		return why_set(why, "IP protocol 50 needs root; over UDP it goes without");
	snprintf(r->path, sizeof(r->path), veth ? "veth" : "loopback");
	if ((veth ? over_veth(r, &e, method, why) : over_loopback(&e, method, why)) &&
	    connections(r, &e, why)) {
		r->tester = end(r, e.tester, true, method, echo, why);
		e.tester = NULL;
		r->builtin = r->tester ? end(r, e.target, false, method, echo, why) : NULL;
		if (r->tester)
			e.target = NULL;
	}
	port_free(e.tester);
	port_free(e.target);
	return r->builtin != NULL;
}
