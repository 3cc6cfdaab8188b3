#define _GNU_SOURCE
#include "stand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clock.h"
#include "../wire/rig.h"
#include "../wire/veth.h"

#define ARENA ((size_t)16 << 20)
#define SLOTS 64u /* of a real target: more than one peer, as it would have */

static bool is_builtin(const struct load_plan *p)
{
	return strcmp(p->target, "builtin") == 0;
}

/* ------------------------------------------------------------ the real target */

/* What it starts inherits the CPU. */
static bool start_real(struct stand *s, struct why *why)
{
	if (!target_config_slots(&s->config, SLOTS, why))
		return false;
	s->config.load = true;
	if (!stand_proofs(s, why))
		return false;
	for (size_t i = 0; i < s->config.connections; i++)
		s->config.connection[i].esp_dh = false;
	cpu_pin(s->target_cpu);
	s->target = target_start(s->plan->target, &s->config, why);
	cpu_pin(s->tester_cpu);
	s->tun = s->target ? target_tun(s->target, why) : -1;
	return s->tun >= 0;
}

bool stand_open(struct stand *s, const struct load_plan *p, const struct bench_watch *w, struct why *why)
{
	*s = (struct stand){ .plan = p, .watch = w, .tun = -1, .tester_cpu = cpu_allowed(0), .arena = arena_new(ARENA) };
	s->target_cpu = cpu_allowed(1);
	if (s->target_cpu < 0)
		s->tester_cpu = -1;
	cpu_pin(s->tester_cpu);
	snprintf(s->path, sizeof(s->path), "TUN device");
	if (s->arena && (is_builtin(p) || start_real(s, why)))
		return true;
	stand_close(s);
	return false;
}

void stand_close(struct stand *s)
{
	stand_end(s);
	if (s->tun >= 0)
		close(s->tun);
	target_stop(s->target);
	target_config_free(&s->config);
	arena_free(s->arena);
	authority_free(s->authority);
	crypto_free(s->crypto);
	arena_free(s->kept);
	s->authority = NULL;
	s->crypto = NULL;
	s->kept = NULL;
	s->target = NULL;
	s->arena = NULL;
	s->tun = -1;
}

/* ------------------------------------------------------------ a row */

static bool suite_into(struct stand *s, const char *group, char text[static 64])
{
	return snprintf(text, 64, "%s-%s", s->plan->ike.suite, group) < 64;
}

/* The tester's connections to a real target, one for each peer that it has. */
static bool to_real(struct stand *s, const char *auth, struct why *why)
{
	const struct connection *like = &s->own.connections[0];

	s->connection_count = SLOTS;
	s->connections[0] = arena_array(s->arena, SLOTS, sizeof(struct connection));
	for (size_t i = 0; s->connections[0] && i < SLOTS; i++) {
		struct connection *c = &s->connections[0][i];
		const struct target_connection *from = &s->config.connection[2 * i];
		const struct target_child *child = stand_child(from, auth);

		if (!child)
			return why_set(why, "%s is not set up to be authenticated by %s", s->plan->target, auth);
		if (!rig_real_connection(s->arena, from, child, c, why) ||
		    (child->variant == TARGET_PROOF && !ike_pair_prove(&s->own, c, 0, auth, why)))
			return false;
		c->ike[0] = like->ike[0];
		c->esp[0] = like->esp[0];
	}
	return s->connections[0] || why_set(why, "no memory for connections");
}

static bool begin_real(struct stand *s, const char *auth, struct why *why)
{
	struct ike_end_config c = { "tester", s->own.crypto, NULL, SLOTS, NULL, true };
	int fd = dup(s->tun);

	if (fd < 0)
		return why_set(why, "the TUN device: %s", strerror(errno));
	c.port = port_tun(fd, why);
	if (!c.port || !to_real(s, auth, why)) {
		port_free(c.port);
		return false;
	}
	c.connections = s->connections[0];
	return ike_end_open(&s->tester, &c, why);
}

static void place(struct connection *c, const struct address *local, const struct address *remote)
{
	c->local = *local;
	c->remote = *remote;
	c->local_nat_port = local->port;
	c->remote_nat_port = remote->port;
}

static bool begin_builtin(struct stand *s, const char *suite, const char *auth, struct why *why)
{
	struct veth v = { 0 };
	bool good = ike_pair_open(&s->others, suite, auth, why) && veth_open(&v, false, PORT_MESSAGES, why);
	struct ike_end_config tester = { "tester", s->own.crypto, &s->own.connections[0], 1, v.tester, false };
	struct ike_end_config target = { "target", s->others.crypto, &s->others.connections[1], 1, v.target, false };

	s->connection_count = 1;
	if (good) {
		snprintf(s->path, sizeof(s->path), "%s", v.path);
		place(&s->own.connections[0], &v.tester_at, &v.target_at);
		place(&s->others.connections[1], &v.target_at, &v.tester_at);
		good = ike_end_open(&s->tester, &tester, why);
		good = ike_end_open(&s->builtin, &target, why) && good;
	} else {
		port_free(v.tester);
		port_free(v.target);
	}
	if (good)
		s->answerer = ike_answer(&s->builtin, s->target_cpu, why);
	return s->answerer != NULL;
}

bool stand_begin(struct stand *s, const char *group, const char *auth, struct why *why)
{
	char suite[64];

	stand_end(s);
	if (!suite_into(s, group, suite) || !ike_pair_open(&s->own, suite, auth, why))
		return false;
	return s->target ? begin_real(s, auth, why) : begin_builtin(s, suite, auth, why);
}

void stand_end(struct stand *s)
{
	ike_answer_stop(s->answerer);
	s->answerer = NULL;
	ike_end_close(&s->tester);
	ike_end_close(&s->builtin);
	ike_pair_close(&s->own);
	ike_pair_close(&s->others);
	if (s->arena)
		arena_reset(s->arena);
}

uint64_t stand_target_cpu(const struct stand *s)
{
	return s->answerer ? ike_answer_cpu(s->answerer) : s->target ? (uint64_t)target_pulse(s->target).cpu * 1000 : 0;
}
