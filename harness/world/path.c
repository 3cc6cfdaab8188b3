/*
 * The path of a packet: out of a node, through its NAT, over the link, back through the NAT, into a
 * node; in the real world one end of it is the device.
 */
#include <stdio.h>

#include "internal.h"

/* Is the target one of our nodes, and what is behind the device a tester? */
static bool is_ours(const struct world *w)
{
	return w->nodes && w->nodes->config.is_target;
}

static const char *name_of(const struct world *w, const struct world_node *n)
{
	return n ? node_name(n) : is_ours(w) ? "tester" : "target";
}

static enum link_way way_from(const struct world *w, const struct world_node *n)
{
	bool target = n ? n->config.is_target : !is_ours(w);

	return target ? LINK_TO_TESTER : LINK_TO_TARGET;
}

static void dropped(struct world *w, const char *endpoint, struct bytes octets, uint64_t serial,
		    const char *why)
{
	world_event(w, &(struct happening){ EVENT_DROPPED, endpoint, octets, why, serial });
}

bool world_claim(struct world *w, const struct address *address, struct why *why)
{
	struct real *real = w->config.real;

	if (real == NULL || real->ops->claim(real, address, world_from_device, w))
		return true;
	return why_set(why, "no memory for one more address");
}

/* ------------------------------------------------------------ outwards */

/* The packet as it leaves the NAT in front of its sender; false: dropped there. */
static bool translate_out(struct world *w, struct world_node *from, struct bytes *packet,
			  const char **why)
{
	struct address outside;
	struct ip_packet ip;

	if (from == NULL || from->config.is_target || !ip_parse(*packet, &ip, NULL) ||
	    !node_has_outer(from, &ip.from))
		return true;
	switch (nat_out(&w->nat, from, &ip.from, &outside)) {
	case NAT_NONE:
		return true;
	case NAT_FULL:
		*why = "the NAT has no mapping left";
		return false;
	case NAT_MAPPED:
		break;
	}
	*why = "the NAT cannot rewrite it";
	return ip_rewrite(w->message, *packet, &outside, NULL, packet);
}

/* Two ends that answer each other for ever are cut. */
static bool is_loop(struct world *w)
{
	if (w->depth < WORLD_DEPTH)
		return false;
	if (!w->looping)
		world_note(w, NULL,
			   "%d packets answered each other without a pause: the loop is cut",
			   WORLD_DEPTH);
	w->looping = true;
	return true;
}

/* A router's word to a real target that must send less at a time. */
static void say_too_big(struct world *w, struct bytes packet)
{
	struct ip_packet ip;
	struct bytes error;

	if (ip_parse(packet, &ip, NULL) &&
	    icmp_error_make(w->message, &ip.to, &ip.from, "packet-too-big", packet, &error))
		w->config.real->ops->send(w->config.real, error, NULL);
}

static void put(struct world *w, const struct world_node *from, struct bytes packet,
		uint64_t serial)
{
	const struct real *real = w->config.real;
	const char *lost = link_put(&w->link, &(struct passage){
		.octets = packet, .way = way_from(w, from), .now = world_now(w),
		.latency = w->config.latency, .serial = serial, .depth = w->depth + 1,
		.outward = real != NULL && from != NULL, .whole = real && !real->ops->packets,
		.foreign = from == NULL,
	});

	if (lost)
		dropped(w, name_of(w, from), packet, serial, lost);
	if (lost == link_too_big && from == NULL)
		say_too_big(w, packet);
}

void world_send(struct world *w, struct world_node *from, struct bytes packet)
{
	uint64_t serial = ++w->serial;
	const char *why = NULL;

	world_enter(w);
	world_event(w, &(struct happening){ EVENT_SENT, name_of(w, from), packet, NULL, serial });
	if (is_loop(w))
		dropped(w, name_of(w, from), packet, serial, "a loop");
	else if (!translate_out(w, from, &packet, &why))
		dropped(w, name_of(w, from), packet, serial, why);
	else
		put(w, from, packet, serial);
	world_leave(w);
}

/* ------------------------------------------------------------ inwards */

void world_from_device(void *world, struct bytes packet, usec now)
{
	struct world *w = world;

	(void)now;
	w->depth = 0;
	world_send(w, NULL, packet);
}

static struct world_node *owner_of(const struct world *w, const struct address *host)
{
	for (struct world_node *n = w->nodes; n; n = n->next)
		if (node_has_outer(n, host))
			return n;
	for (struct world_node *n = w->nodes; n; n = n->next)
		if (node_has_inner(n, host))
			return n;
	return NULL;
}

/* Back through a NAT, if it came to the outside of one.  NULL with why: nothing is mapped there. */
static struct world_node *translate_in(struct world *w, const struct ip_packet *ip,
				       struct bytes *packet, const char **why)
{
	const struct world_node *owner;
	struct address inside;
	bool mapped;

	owner = nat_in(&w->nat, &ip->to, &inside, &mapped);
	if (owner == NULL) {
		*why = "no host has this address";
		return owner_of(w, &ip->to);
	}
	*why = "the NAT has no mapping for it";
	if (!mapped)
		return NULL;
	*why = "the NAT cannot rewrite it";
	return ip_rewrite(w->message, *packet, NULL, &inside, packet) ? owner_of(w, &inside) : NULL;
}

static void inward(struct world *w, struct packet *p)
{
	struct bytes sent = bytes_make(p->octets, p->len), delivered;
	const char *why = "no whole IP packet";
	struct world_node *to = NULL;
	struct ip_packet ip;

	if (is_fragment(sent) &&
	    !reassembly_take(w->reassembly, w->message, sent, world_now(w), &sent))
		return;
	delivered = sent;
	if (ip_parse(sent, &ip, NULL))
		to = translate_in(w, &ip, &delivered, &why);
	if (to)
		node_receive(to, sent, delivered, p->serial);
	else
		dropped(w, NULL, sent, p->serial, why);
}

static void outward(struct world *w, struct packet *p)
{
	struct bytes octets = bytes_make(p->octets, p->len);
	struct why why;

	if (!w->config.real->ops->send(w->config.real, octets, &why))
		dropped(w, NULL, octets, p->serial, why.text);
}

void world_arrive(struct world *w, struct packet *p)
{
	world_enter(w);
	w->depth = p->depth;
	if (p->outward)
		outward(w, p);
	else
		inward(w, p);
	w->depth = 0;
	world_leave(w);
}

/* ------------------------------------------------------------ the script's hand on it */

static uint32_t worse_ppm(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct link_fate worse_fate(const struct link_fate *a, const struct link_fate *b)
{
	struct link_fate f = *a;

	f.delay = b->delay > f.delay ? b->delay : f.delay;
	f.jitter = b->jitter > f.jitter ? b->jitter : f.jitter;
	f.loss_ppm = worse_ppm(f.loss_ppm, b->loss_ppm);
	f.duplicate_ppm = worse_ppm(f.duplicate_ppm, b->duplicate_ppm);
	f.reorder_ppm = worse_ppm(f.reorder_ppm, b->reorder_ppm);
	f.corrupt_ppm = worse_ppm(f.corrupt_ppm, b->corrupt_ppm);
	if (b->mtu && (!f.mtu || b->mtu < f.mtu))
		f.mtu = b->mtu;
	return f;
}

void world_fate(struct world *w, enum link_way way, const struct link_fate *fate)
{
	struct link_fate f = worse_fate(fate, &w->weather);

	if (way & LINK_TO_TARGET)
		link_lane(&w->link, LINK_TO_TARGET)->fate = f;
	if (way & LINK_TO_TESTER)
		link_lane(&w->link, LINK_TO_TESTER)->fate = f;
}

void world_weather(struct world *w, const struct link_fate *fate)
{
	w->weather = *fate;
	world_fate(w, LINK_TO_TARGET, &w->link.lanes[0].fate);
	world_fate(w, LINK_TO_TESTER, &w->link.lanes[1].fate);
}

struct link_fate world_fate_now(const struct world *w, enum link_way way)
{
	return w->link.lanes[way == LINK_TO_TESTER].fate;
}

bool world_nat(struct world *w, struct world_node *tester, const struct address *outside,
	       struct why *why)
{
	struct address host;

	if (outside == NULL)
		return nat_set(&w->nat, tester, NULL);
	if (w->config.real && !w->config.real->ops->packets)
		return why_set(why, "no NAT over UDP sockets: the outside address is not ours");
	if (owner_of(w, outside))
		return why_set(why, "the outside of a NAT must be an address of its own");
	if (!nat_set(&w->nat, tester, outside))
		return why_set(why, "more than %d NATs in one world", NAT_RULES);
	host = *outside;
	host.port = 0;
	return world_claim(w, &host, why);
}

bool world_readdress(struct world *w, struct world_node *tester, const struct address *now)
{
	struct address host = *now;

	host.port = 0;
	if (!node_has_outer(tester, now)) {
		if (tester->outer_count == NODE_OUTERS || !world_claim(w, &host, NULL))
			return false;
		tester->outer[tester->outer_count++] = host;
	}
	tester->speak[now->family == 6] = host;
	return true;
}

void world_heal(struct world *w)
{
	static const struct link_fate honest;

	w->weather = honest;
	world_fate(w, LINK_BOTH, &honest);
	link_flush(&w->link, world_now(w));
	for (struct world_node *n = w->nodes; n; n = n->next) {
		nat_set(&w->nat, n, NULL);
		n->speak[0] = n->speak[1] = (struct address){ 0 };
	}
}
