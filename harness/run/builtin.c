/* The built-in target: our own endpoint in its automatic conduct, in a virtual world of its own. */
#include "inside.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define RETRANSMIT_FIRST (500 * USEC_MS)
/* On a bad path: often, and given up no later than otherwise (16 s).  Under 30 % loss one exchange in a million
 * is without an answer then. */
#define PATIENT_FIRST    (250 * USEC_MS)
#define PATIENT_PERMILLE 1100
#define PATIENT_SENDINGS 21

/* ------------------------------------------------------------ figures of the profile */

static usec feature_time(const struct profile *p, const char *name, usec otherwise)
{
	const char *text = profile_feature(p, name);
	usec t;

	return text && usec_parse(text, &t) ? t : otherwise;
}

static unsigned long feature_number(const struct profile *p, const char *name,
				    unsigned long otherwise)
{
	const char *text = profile_feature(p, name);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

struct retransmission profile_retransmission(const struct profile *p, bool weather)
{
	const char *factor = profile_feature(p, "retransmit-factor");

	if (weather)
		return (struct retransmission){ PATIENT_FIRST, PATIENT_PERMILLE, PATIENT_SENDINGS };
	return (struct retransmission){
		.first = feature_time(p, "retransmit-first", RETRANSMIT_FIRST),
		.factor_permille =
			factor && *factor ? (unsigned)(strtod(factor, NULL) * 1000) : 2000,
		.sendings = (unsigned)feature_number(p, "retransmit-sendings", 6),
	};
}

static struct retransmission tester_retransmission(const struct run *r)
{
	if (r->options->weather)
		return profile_retransmission(r->options->profile, true);
	return (struct retransmission){ RETRANSMIT_FIRST, 2000, 7 };
}

void run_weather(struct run *r)
{
	if (r->world && r->options->weather)
		world_weather(r->world, r->options->weather);
}

/* ------------------------------------------------------------ addresses */

static bool outer_of(const struct profile *p, uint8_t family, size_t nth, size_t *index)
{
	struct address a;

	for (size_t i = 0; i < p->tester_count; i++) {
		if (!address_parse(p->testers[i], &a) || a.family != family)
			continue;
		if (nth-- == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* "2": the second of the profile, "ipv6": the first of that family, or an address itself. */
static bool chosen_address(const struct profile *p, const char *text, size_t nth, size_t *index,
			   struct why *why)
{
	struct address a, b;
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (!text)
		return outer_of(p, 4, nth, index) || outer_of(p, 6, nth, index) ||
		       why_set(why, "the profile has no %zu addresses for testers", nth + 1);
	if (strcmp(text, "ipv6") == 0)
		return outer_of(p, 6, nth, index) ||
		       why_set(why, "the profile has no IPv6 address for a tester");
	if (n && !*end && n <= p->tester_count) {
		*index = n - 1;
		return true;
	}
	for (*index = 0; *index < p->tester_count; ++*index)
		if (address_parse(text, &a) && address_parse(p->testers[*index], &b) &&
		    address_same_host(&a, &b))
			return true;
	return why_set(why, "the profile has no tester address '%s'", text);
}

static void second_address(struct run *r, struct tester *t)
{
	const struct profile *p = r->options->profile;
	size_t index;

	if (!outer_of(p, t->connections[0].local.family, r->scenario->tester_count + 1, &index) &&
	    !outer_of(p, t->connections[0].local.family, r->tester_count, &index))
		return;
	address_parse(p->testers[index], &t->second);
	t->second.port = 500;
	if (address_same_host(&t->second, &t->connections[0].local))
		t->second.family = 0;
}

/* ------------------------------------------------------------ testers */

/* With several testers on one connection each has an inner address of its own, and a selector of
 * it. */
static void apart(struct address *inner, size_t count, struct selectors *s, size_t nth)
{
	for (size_t i = 0; i < count; i++)
		inner[i].ip[inner[i].family == 6 ? 15 : 3] += (uint8_t)(16 * nth);
	for (size_t i = 0; i < s->count && i < count; i++) {
		s->rows[i].range.first = inner[i];
		s->rows[i].range.last = inner[i];
	}
}

/* In transport mode the hosts are the ends themselves. */
static void hosts_outside(struct tester *t, const struct connection *c)
{
	t->inner[0] = c->local;
	t->target_inner[0] = c->remote;
	t->inner[0].port = t->target_inner[0].port = 0;
	t->inner_count = t->target_inner_count = 1;
}

static const struct scenario_tester no_tester = { 0 };

static const struct scenario_tester *row_of(const struct run *r, size_t nth)
{
	return r->scenario->tester_count ? &r->scenario->testers[nth] : &no_tester;
}

/* A target that asks for its inner address has none when it is the responder: the closing handshake
 * is on the profile's first connection then. */
static bool honest_connection(struct run *r, const struct profile_connection *pc, size_t index,
			      struct tester *t, struct why *why)
{
	const struct profile *p = r->options->profile;
	struct connection *c = &t->connections[CONNECTION_HONEST];

	if (!pc->target.asks) {
		*c = t->connections[CONNECTION_ASKED];
		return true;
	}
	return connection_make(r, &p->connections[0], true, c, why) &&
	       connection_ends(p, index, true, c, why) &&
	       addresses_parse(r->arena, p->connections[0].target.inner, t->target_inner, NODE_ADDRESSES,
			       &t->target_inner_count, why);
}

static bool tester_make(struct run *r, size_t nth, struct why *why)
{
	const struct profile *p = r->options->profile;
	const struct scenario_tester *row = row_of(r, nth);
	const struct profile_connection *pc = profile_connection_find(p, row->connection);
	struct tester *t = &r->testers[nth];
	struct connection *c = &t->connections[CONNECTION_ASKED];
	size_t index = 0;

	if (!pc)
		return why_set(why, "the profile has no connection '%s'",
			       row->connection ? row->connection : "");
	*t = (struct tester){ .name = row->name ? row->name : "tester", .index = nth };
	if (!connection_make(r, pc, true, c, why) ||
	    !chosen_address(p, row->address, nth, &index, why) ||
	    !connection_ends(p, index, true, c, why) ||
	    !addresses_parse(r->arena, pc->tester.inner, t->inner, NODE_ADDRESSES, &t->inner_count, why) ||
	    !addresses_parse(r->arena, pc->target.inner, t->target_inner, NODE_ADDRESSES,
			     &t->target_inner_count, why))
		return false;
	if (c->transport)
		hosts_outside(t, c);
	else if (r->tester_count > 1)
		apart(t->inner, t->inner_count, &c->ours, nth);
	if (p->nats && p->nats[index])
		address_parse(p->nats[index], &t->nat);
	if (!honest_connection(r, pc, index, t, why))
		return false;
	extensions_needed(r, c);
	return connection_override(r, row, c, why);
}

bool tester_node(struct run *r, struct tester *t, struct why *why)
{
	struct node_config config = {
		.endpoint = {
			.name = t->name, .crypto = r->options->crypto, .rng = rng_split(&r->rng, t->name),
			.log = &r->log, .run = r->label, .connections = t->connections, .connection_count = 2,
			.retransmission = tester_retransmission(r), .half_open = USEC_H,
			.cookie_threshold = UINT_MAX, .nat_detection = true, .keepalive = 20 * USEC_S,
		},
		.outer = { t->connections[0].local, t->second }, .outer_count = t->second.family ? 2 : 1,
		.inner_count = t->inner_count, .answers_echo = true, .replay_window = 64,
		.arrived = queue_arrived, .ctx = r,
	};

	tester_extensions(r, &config.endpoint);
	memcpy(config.inner, t->inner, sizeof t->inner);
	t->node = node_new(r->world, &config, why);
	if (!t->node)
		return false;
	t->endpoint = node_endpoint(t->node);
	return true;
}

/* ------------------------------------------------------------ the target */

/* In transport mode a peer behind a NAT is known by the address outside. */
static void behind_nat_too(struct connection *c, const struct tester *t)
{
	connection_hosts(c);
	if (!t->nat.family)
		return;
	c->theirs.rows[1] = c->theirs.rows[0];
	c->theirs.rows[1].range = (struct address_range){ t->nat, t->nat };
	c->theirs.count = 2;
}

static struct limits feature_limits(const struct profile *p, const char *sa, const char *hard)
{
	char name[3][32];

	snprintf(name[0], sizeof name[0], "%s-lifetime%s", sa, hard);
	snprintf(name[1], sizeof name[1], "%s-octets%s", sa, hard);
	snprintf(name[2], sizeof name[2], "%s-packets%s", sa, hard);
	return (struct limits){ feature_time(p, name[0], 0), feature_number(p, name[1], 0),
				feature_number(p, name[2], 0) };
}

/* The connections "short-lived" and "counted" have the lifetimes that the features name: those of
 * time, and those of octets and packets. */
static struct lifetime lifetime_of(const struct profile *p, const char *connection, const char *sa)
{
	struct lifetime l = { feature_limits(p, sa, ""), feature_limits(p, sa, "-hard"),
			      (unsigned)feature_number(p, "lifetime-jitter", 0) };

	if (connection && strcmp(connection, "short-lived") == 0)
		return (struct lifetime){ { l.soft.time, 0, 0 }, { l.hard.time, 0, 0 },
					  l.jitter_percent };
	if (connection && strcmp(connection, "counted") == 0)
		return (struct lifetime){ { 0, l.soft.octets, l.soft.packets },
					  { 0, l.hard.octets, l.hard.packets }, l.jitter_percent };
	return (struct lifetime){ .jitter_percent = 0 };
}

static bool target_connection(struct run *r, const struct tester *t,
			      const struct profile_connection *pc, const struct connection *theirs,
			      struct connection *out, struct why *why)
{
	if (!connection_make(r, pc, false, out, why))
		return false;
	out->local = theirs->remote;
	out->remote = theirs->local;
	out->remote_nat_port = theirs->local_nat_port;
	if (!out->pool_count)
		out->theirs = theirs->ours;
	if (out->transport)
		behind_nat_too(out, t);
	out->ike_lifetime = lifetime_of(r->options->profile, pc->name, "ike");
	out->child_lifetime = lifetime_of(r->options->profile, pc->name, "child");
	return true;
}

/* One for each tester, and what its closing handshake is on if that is another; how many. */
static size_t target_connections(struct run *r, struct connection *out, struct why *why)
{
	const struct profile *p = r->options->profile;
	size_t count = r->tester_count;

	for (size_t i = 0; i < r->tester_count; i++) {
		const struct tester *t = &r->testers[i];
		const struct profile_connection *pc =
			profile_connection_find(p, row_of(r, i)->connection);

		if (!target_connection(r, t, pc, &t->connections[CONNECTION_ASKED], &out[i], why))
			return 0;
		if (pc->target.asks &&
		    !target_connection(r, t, &p->connections[0], &t->connections[CONNECTION_HONEST],
				       &out[count++], why))
			return 0;
	}
	return count;
}

static bool wants_cookies(const struct run *r)
{
	for (size_t i = 0; i < r->tester_count; i++) {
		const char *name = row_of(r, i)->connection;

		if (name && strcmp(name, "cookies") == 0)
			return true;
	}
	return false;
}

static void target_outer(const struct run *r, struct node_config *config)
{
	for (size_t i = 0; i < r->tester_count && config->outer_count < ARRAY_LEN(config->outer);
	     i++) {
		const struct address *a = &r->testers[i].connections[0].remote;
		bool there = false;

		for (size_t k = 0; k < config->outer_count; k++)
			there |= address_same_host(&config->outer[k], a);
		if (!there)
			config->outer[config->outer_count++] = *a;
	}
}

static bool target_node(struct run *r, struct why *why)
{
	const struct profile *p = r->options->profile;
	struct connection *connections =
		arena_array(r->arena, 2 * r->tester_count, sizeof *connections);
	struct node_config config = {
		.endpoint = {
			.name = "target", .automatic = true, .crypto = r->options->crypto,
			.rng = rng_split(&r->rng, "target"), .log = &r->log, .run = r->label,
			.connections = connections,
			.retransmission = profile_retransmission(p, r->options->weather != NULL),
			.liveness = feature_time(p, "liveness", 0),
			.keepalive = feature_time(p, "keepalive", 20 * USEC_S),
			.hint = 10 * USEC_S, .tell_spi = 10 * USEC_S, .half_open = 30 * USEC_S,
			.cookie_threshold = wants_cookies(r) ? 0 : UINT_MAX,
			.child_limit = (unsigned)feature_number(p, "child-limit", 0), .nat_detection = true,
		},
		.is_target = true, .answers_echo = true,
		.replay_window = (uint32_t)feature_number(p, "replay-window", 64),
	};

	target_extensions(r, &config.endpoint);
	config.endpoint.connection_count =
		connections ? target_connections(r, connections, why) : 0;
	if (!config.endpoint.connection_count || !fault_apply(r, &config, why))
		return false;
	target_outer(r, &config);
	config.inner_count = r->testers[0].target_inner_count;
	memcpy(config.inner, r->testers[0].target_inner, sizeof config.inner);
	r->target_node = node_new(r->world, &config, why);
	return r->target_node != NULL;
}

/* ------------------------------------------------------------ orders */

/* clang-format off */
static const struct { const char *verb; enum purpose purpose; } orders[] = {
	{ "new-child",    PURPOSE_NEW_CHILD    }, { "rekey-child",  PURPOSE_REKEY_CHILD  },
	{ "rekey-ike",    PURPOSE_REKEY_IKE    }, { "delete-child", PURPOSE_DELETE_CHILD },
	{ "delete-ike",   PURPOSE_DELETE_IKE   },
};
/* clang-format on */

static struct ike_sa *their_ike(const struct run *r, const struct ike_sa *ours)
{
	struct ike_view v = ike_sa_view(ours);
	struct ike_sa *sa;

	for (size_t i = 0; (sa = endpoint_ike_sa(node_endpoint(r->target_node), i)); i++) {
		struct ike_view w = ike_sa_view(sa);

		if (w.spi_i == v.spi_i && w.spi_r == v.spi_r)
			return sa;
	}
	return NULL;
}

static struct child_sa *their_child(const struct run *r, struct ike_sa *of,
				    const struct child_sa *ours)
{
	struct child_sa *c;

	for (size_t i = 0; (c = endpoint_child_sa(node_endpoint(r->target_node), of, i)); i++)
		if (child_sa_view(c).spi_in == child_sa_view(ours).spi_out)
			return c;
	return NULL;
}

static bool request(struct run *r, const char *verb, const struct ike_sa *ike,
		    const struct child_sa *child, struct why *why)
{
	struct ike_sa *sa = ike ? their_ike(r, ike) : NULL;
	struct child_sa *c = sa && child ? their_child(r, sa, child) : NULL;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (strcmp(verb, orders[i].verb) != 0)
			continue;
		if (!sa)
			return why_set(why, "the target has no such IKE SA");
		return endpoint_request(node_endpoint(r->target_node), orders[i].purpose, sa, c,
					run_now(r), why);
	}
	return why_set(why, "'%s' is not built yet for the built-in target", verb);
}

#define TICKET_DONE  1
#define TICKET_WAITS 2

/* A process of its own that ends and begins; what it knew is gone. */
static bool ended(struct run *r, const char *verb, struct why *why)
{
	const char *label = run_printf(r, "life %u", ++r->lives);

	r->killed = strcmp(verb, "kill") == 0;
	return r->killed ? node_kill(r->target_node, label, why)
			 : node_restart(r->target_node, label, why);
}

/* The tester's host as the target knows it: by the address that it gave, or that a NAT gave. */
static struct address ping_goal(struct run *r, struct tester *t)
{
	struct child_sa *c = newest_child(r, t, NULL);
	struct ike_view v;

	if (!c)
		return t->inner[0];
	v = ike_sa_view(child_sa_view(c).ike);
	if (v.assigned[0].family || v.assigned[1].family)
		return v.assigned[0].family ? v.assigned[0] : v.assigned[1];
	return child_sa_view(c).transport && v.nat_here && t->nat.family ? t->nat : t->inner[0];
}

/* Its protected host pings; without any SA the packet is discarded. */
static bool pinged(struct run *r, struct tester *t, struct why *why)
{
	struct address to = ping_goal(r, t);

	if (node_ping(r->target_node, &to, why))
		return true;
	if (endpoint_counts(node_endpoint(r->target_node)).child_sas > 0)
		return false;
	run_note(r, "the target's ping is discarded: %s", why->text);
	return true;
}

/* To the second address of the profile. */
static bool target_moves(struct run *r, struct why *why)
{
	const struct profile *p = r->options->profile;
	struct address to, from;

	if (!p->second || !address_parse(p->second, &to))
		return why_set(why, "the target has no second address");
	from = node_address(r->target_node, to.family);
	if (!world_readdress(r->world, r->target_node, &to))
		return why_set(why, "the target has no address '%s'", p->second);
	endpoint_move(node_endpoint(r->target_node), &from, &to, run_now(r));
	return true;
}

static unsigned builtin_order(struct run *r, struct tester *t, const char *verb, struct ike_sa *ike,
			      struct child_sa *child, struct why *why)
{
	if (strcmp(verb, "restart") == 0 || strcmp(verb, "kill") == 0)
		return ended(r, verb, why) ? TICKET_DONE : 0;
	if (r->killed)
		return why_set(why, "the target was killed");
	if (strcmp(verb, "initiate") == 0)
		return endpoint_initiate(node_endpoint(r->target_node), t->index, run_now(r), why)
			       ? TICKET_DONE
			       : 0;
	if (strcmp(verb, "move") == 0)
		return target_moves(r, why) ? TICKET_DONE : 0;
	if (strcmp(verb, "ping") == 0)
		return pinged(r, t, why) ? TICKET_DONE : 0;
	if (request(r, verb, ike, child, why))
		return TICKET_DONE;
	/* What makes the SA whole may still be on its way to the target. */
	if (!ike || !their_ike(r, ike))
		return 0;
	r->ordered.verb = verb;
	r->ordered.ike = ike;
	r->ordered.child = child;
	return TICKET_WAITS;
}

static int builtin_result(struct run *r, unsigned ticket, struct why *why)
{
	if (ticket == TICKET_DONE)
		return 1;
	return request(r, r->ordered.verb, r->ordered.ike, r->ordered.child, why) ? 1 : 0;
}

static const struct target_kind builtin = { builtin_order, builtin_result, NULL, NULL, NULL };

bool builtin_setup(struct run *r, struct why *why)
{
	struct world_config config = {
		.crypto = r->options->crypto,
		.rng = rng_split(&r->rng, "link"),
		.log = &r->log,
		.run = r->label,
		.target = r->options->profile->id,
	};

	r->world = world_new(&config, why);
	run_weather(r);
	r->tester_count = r->scenario->tester_count ? r->scenario->tester_count : 1;
	r->testers = arena_array(r->arena, r->tester_count, sizeof *r->testers);
	if (!r->world || !r->testers)
		return false;
	for (size_t i = 0; i < r->tester_count; i++) {
		if (!tester_make(r, i, why))
			return false;
		second_address(r, &r->testers[i]);
		if (!tester_node(r, &r->testers[i], why))
			return false;
	}
	r->target = &builtin;
	return target_node(r, why);
}
