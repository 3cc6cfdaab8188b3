/* Sending a capture again: a stepped node that says nothing of its own. */
#include "peer/replay.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ikev2/message.h"
#include "scenario/connect.h"
#include "world/real.h"
#include "world/world.h"

#define ARENA ((size_t)1 << 20)
#define FASTEST (20 * 1)                /* microseconds between two datagrams at least: 50,000 a second */
#define NAT_PORT 4500

struct replay {
	const struct replay_options *o;
	struct replay_figures *out;
	struct arena *arena, *message;
	struct connection connections[2];       /* IPv4, IPv6 */
	size_t connection_count;
	struct real *real;
	struct world *world;
	struct world_node *node;
	usec begun;
};

static void tell(struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct replay *r, const char *format, ...)
{
	char text[1000];
	va_list args;

	if (!r->o->line)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r->o->line(r->o->line_ctx, PEER_MESSAGE, text);
}

/* ------------------------------------------------------------ what a packet is */

/* An IKE message in a line; "ESP 01020304 number 7" of anything else. */
static const char *words(struct replay *r, struct bytes octets, bool esp)
{
	struct message m;

	arena_reset(r->message);
	if (!esp)
		return message_decode(r->message, octets, &m, NULL) ? message_line(r->message, &m) : "no IKE message";
	if (octets.len < 8)
		return "no ESP packet";
	return arena_printf(r->message, "ESP %08x number %u", load_u32(octets.at), load_u32(octets.at + 4));
}

static const char *words_of(struct replay *r, const struct ip_packet *ip)
{
	static const uint8_t marker[4];
	bool nat = ip->from.port == NAT_PORT || ip->to.port == NAT_PORT;

	if (ip->protocol == PROTO_ESP)
		return words(r, ip->payload, true);
	if (nat && ip->udp.len == 1)
		return "NAT keepalive";
	if (nat && ip->udp.len >= 4 && memcmp(ip->udp.at, marker, 4) == 0)
		return words(r, bytes_slice(ip->udp, 4, ip->udp.len), false);
	return words(r, ip->udp, nat);
}

static void arrived(void *ctx, struct world_node *node, struct arrival *a)
{
	struct replay *r = ctx;

	(void)node;
	r->out->answers++;
	tell(r, "<  %s", a->kind == ARRIVED_IKE ? words(r, a->datagram.octets, false)
		: a->kind == ARRIVED_KEEPALIVE ? "NAT keepalive" : "a packet that is no IKE message");
}

/* ------------------------------------------------------------ where it goes */

static const struct connection *connection_of(const struct replay *r, uint8_t family)
{
	for (size_t i = 0; i < r->connection_count; i++)
		if (r->connections[i].local.family == family)
			return &r->connections[i];
	return NULL;
}

static bool make_connections(struct replay *r, struct why *why)
{
	const struct profile *p = r->o->profile;
	struct address a;

	for (size_t t = 0; t < p->tester_count; t++) {
		struct connection *c = &r->connections[r->connection_count];

		if (!address_parse(p->testers[t], &a) || connection_of(r, a.family) ||
		    (a.family == 6 && !p->address6))
			continue;
		if (!connection_ends(p, t, true, c, why))
			return false;
		r->connection_count++;
	}
	return r->connection_count > 0 || why_set(why, "the profile '%s' has no tester address", p->id);
}

/* As the profile has it; false: it is nothing that can be sent. */
static bool redirect(struct replay *r, struct bytes packet, struct bytes *out)
{
	const struct connection *c;
	struct address from, to;
	struct ip_packet ip;

	if (!ip_parse(packet, &ip, NULL) || ip.fragment ||
	    (ip.protocol != PROTO_UDP && ip.protocol != PROTO_ESP))
		return false;
	c = connection_of(r, ip.family);
	if (!c)
		return false;
	from = c->local;
	to = c->remote;
	if (ip.protocol == PROTO_ESP) {
		from.port = to.port = 0;
	} else if (ip.to.port == NAT_PORT) {
		from.port = c->local_nat_port;
		to.port = c->remote_nat_port;
	}
	return ip_rewrite(r->message, packet, &from, &to, out);
}

/* ------------------------------------------------------------ the world */

static bool open_real(struct replay *r, struct why *why)
{
	struct address list[6];
	size_t count = 0;

	for (size_t i = 0; i < r->connection_count; i++) {
		const struct connection *c = &r->connections[i];

		list[count] = c->local;
		list[count].port = 0;
		if (real_plain_esp(&c->local))
			count++;
		list[count++] = c->local;
		list[count] = c->local;
		list[count++].port = c->local_nat_port;
	}
	r->real = real_over_udp(list, count, why);
	return r->real != NULL;
}

static bool open_node(struct replay *r, struct why *why)
{
	struct world_config w = { .crypto = r->o->crypto, .log = r->o->log, .run = "replay", .real = r->real };
	struct node_config n = {
		.endpoint = { .name = "tester", .crypto = r->o->crypto, .log = r->o->log, .run = "replay",
			      .connections = r->connections, .connection_count = r->connection_count },
		.outer_count = r->connection_count, .arrived = arrived, .ctx = r,
	};

	rng_seed(&w.rng, 0, "link");
	rng_seed(&n.endpoint.rng, 0, "replay");
	for (size_t i = 0; i < r->connection_count; i++)
		n.outer[i] = r->connections[i].local;
	r->world = world_new(&w, why);
	r->node = r->world ? node_new(r->world, &n, why) : NULL;
	return r->node != NULL;
}

/* ------------------------------------------------------------ sending */

static usec due(const struct replay *r, size_t n)
{
	usec gap = r->o->gap > FASTEST ? r->o->gap : FASTEST;
	usec since = r->o->packets[n].time - r->o->packets[0].time, own;

	if (r->o->packets[n].time < r->o->packets[0].time)
		since = 0;
	own = r->o->speed > 0 ? (usec)((double)since / r->o->speed) : 0;
	if (r->o->speed > 0 && own > n * FASTEST)
		return usec_after(r->begun, own);
	return usec_after(r->begun, n * (r->o->speed > 0 ? FASTEST : gap));
}

static void hear_dropped(void *ctx, const struct event *e)
{
	struct replay *r = ctx;

	if (e->kind != EVENT_DROPPED)
		return;
	r->out->refused++;
	tell(r, "-  not sent: %s", e->text);
}

static void send_one(struct replay *r, size_t n)
{
	struct bytes packet = r->o->packets[n].ip, out;
	size_t refused = r->out->refused;
	struct ip_packet ip;

	if (!ip_parse(packet, &ip, NULL) || !redirect(r, packet, &out)) {
		r->out->left_out++;
		return;
	}
	node_send_packet(r->node, out);
	world_pump(r->world);
	if (r->out->refused > refused)
		return;
	r->out->sent++;
	tell(r, ">  %s", words_of(r, &ip));
}

/* Until then, or a signal: false. */
static bool wait_until(struct replay *r, usec until)
{
	struct pollfd fds[1] = { { .fd = r->o->signals, .events = POLLIN } };

	while (real_now(r->real) < until) {
		real_wait(r->real, until, fds, r->o->signals >= 0 ? 1 : 0);
		world_pump(r->world);
		if (r->o->signals >= 0 && fds[0].revents) {
			r->out->interrupted = true;
			return false;
		}
	}
	return true;
}

static void send_all(struct replay *r)
{
	r->begun = real_now(r->real);
	for (size_t i = 0; i < r->o->count; i++) {
		if (!wait_until(r, due(r, i)))
			return;
		send_one(r, i);
	}
	wait_until(r, usec_after(real_now(r->real), r->o->wait));
}

bool replay_run(const struct replay_options *o, struct replay_figures *out, struct why *why)
{
	struct replay r = { .o = o, .out = out, .arena = arena_new(ARENA), .message = arena_new(ARENA * 16) };
	bool good;

	*out = (struct replay_figures){ 0 };
	good = r.arena && r.message && event_listen(o->log, hear_dropped, &r) && make_connections(&r, why) &&
	       open_real(&r, why) && open_node(&r, why);
	if (good)
		send_all(&r);
	event_unlisten(o->log, hear_dropped, &r);
	world_free(r.world);
	real_free(r.real);
	arena_free(r.message);
	arena_free(r.arena);
	return good;
}
