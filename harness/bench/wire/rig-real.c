/*
 * A real target in namespaces of its own: the tester's TUN device is both its outer side and the
 * network that it protects.  Packets that come out of it in clear are routed into the device by
 * the target itself; those that go into it in clear enter there.
 */
#include <stdio.h>
#include <unistd.h>

#include "rig.h"

#define IKE_SUITE "aes256gcm16-prfsha256-ecp256"
#define PROTECTED_HOST 2 /* the last octet: .1 is the target itself */
#define REPLAY_WINDOW 4096

static bool configure(struct rig *r, struct why *why)
{
	const struct wire_plan *p = r->plan;

	if (!target_config_slots(&r->config, p->sas, why))
		return false;
	r->config.gateway = true;
	for (size_t i = 0; i < r->config.connections; i++) {
		struct target_connection *c = &r->config.connection[i];

		c->force_encapsulation = !p->plain;
		c->replay_window = REPLAY_WINDOW;
		c->esp_dh = false;
	}
	return true;
}

bool rig_real_connection(struct arena *arena, const struct target_connection *from, const struct target_child *child,
			 struct connection *out, struct why *why)
{
	const char *id = child->tester_id[0] ? child->tester_id : from->tester_id;

	*out = (struct connection){
		.name = from->name,
		.local = from->tester,
		.remote = from->target,
		.local_nat_port = 4500,
		.remote_nat_port = 4500,
		.secret = bytes_text(from->secret),
		.ike_count = 1,
		.esp_count = 1,
	};
	out->local.port = out->remote.port = 500;
	out->ours.count = out->theirs.count = 1;
	out->ours.rows[0] = out->theirs.rows[0] = (struct traffic_selector){ .last_port = UINT16_MAX };
	return address_range_parse(child->tester_selector, &out->ours.rows[0].range) &&
	       address_range_parse(child->target_selector, &out->theirs.rows[0].range) &&
	       identity_parse(arena, arena_printf(arena, "fqdn:%s", id), &out->us, why) &&
	       identity_parse(arena, arena_printf(arena, "fqdn:%s", from->target_id), &out->them, why);
}

static bool fill(struct rig *r, size_t i, bool echo, struct why *why)
{
	const struct target_connection *from = &r->config.connection[2 * i]; /* the one over IPv4 */
	const struct target_child *child = &from->child[0];
	struct connection *c = &r->connections[0][i];

	if (!rig_real_connection(r->arena, from, child, c, why))
		return false;
	c->esp[0] = r->plan->suite.suite;
	r->ours[i] = child->tester;
	r->theirs[i] = child->target;
	if (!echo)
		r->theirs[i].ip[3] = PROTECTED_HOST;
	return suite_parse(IKE_SUITE, false, &c->ike[0], why);
}

static bool connections(struct rig *r, bool echo, struct why *why)
{
	size_t count = r->plan->sas;

	r->connections[0] = arena_array(r->arena, count, sizeof(struct connection));
	r->ours = arena_array(r->arena, count, sizeof(*r->ours));
	r->theirs = arena_array(r->arena, count, sizeof(*r->theirs));
	if (!r->connections[0] || !r->ours || !r->theirs)
		return why_set(why, "no memory for %zu connections", count);
	for (size_t i = 0; i < count; i++)
		if (!fill(r, i, echo, why))
			return false;
	return true;
}

static bool tester(struct rig *r, bool echo, struct why *why)
{
	struct engine_config c = {
		.name = "tester",
		.connections = r->connections[0],
		.connection_count = r->plan->sas,
		.initiator = true,
		.encapsulate = !r->plan->plain,
		.nat_detection = true,
		.backend = r->plan->backend,
		.ours = r->ours,
		.theirs = r->theirs,
	};
	int fd = target_tun(r->target, why);

	if (fd < 0)
		return false;
	c.port = port_tun(fd, why);
	if (!c.port) {
		close(fd);
		return false;
	}
	r->tester = engine_new(&c, &r->sizes, why);
	if (r->tester)
		r->tester->sources[WAY_OUT].echo = echo;
	return r->tester != NULL;
}

bool rig_real(struct rig *r, bool echo, struct why *why)
{
	snprintf(r->path, sizeof(r->path), "TUN device");
	if (!configure(r, why) || !connections(r, echo, why))
		return false;
	r->target = target_start(r->plan->target, &r->config, why);
	if (!r->target)
		return false;
	if (r->plan->plain && !target_facts(r->target)->plain_esp)
		return why_set(why, "%s has no ESP but encapsulated in UDP", r->plan->target);
	return tester(r, echo, why);
}
