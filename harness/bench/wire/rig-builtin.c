/*
 * The built-in target: another engine on a thread of its own.
 */
#include <stdio.h>
#include <unistd.h>

#include "rig.h"
#include "veth.h"

static const char tester_inner[] = "10.1.1.1", target_inner[] = "10.2.1.1";

static struct address host(const char *text)
{
	struct address a;

	address_parse(text, &a);
	return a;
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

static bool connections(struct rig *r, const struct veth *e, struct why *why)
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
		r->ours[i] = host(tester_inner);
		r->theirs[i] = host(target_inner);
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
	struct veth e = { 0 };
	bool opened = veth_open(&e, r->plan->plain, method == RIG_MESSAGES ? PORT_MESSAGES : PORT_SEGMENTS, why);

	snprintf(r->path, sizeof(r->path), "%s", e.path);
	if (opened && connections(r, &e, why)) {
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
