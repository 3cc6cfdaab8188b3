/*
 * What is measured, set up: the tester's engine, and either the built-in target's engine on
 * another thread or a real target in namespaces of its own.
 */
#ifndef WIRE_RIG_H
#define WIRE_RIG_H

#include "bench/wire.h"
#include "engine.h"
#include "target/driver.h"

struct rig {
	const struct wire_plan *plan;
	const struct bench_watch *watch;
	struct engine *tester, *builtin; /* builtin: NULL with a real target */
	struct target_config config;
	struct target *target;
	struct connection *connections[2]; /* the tester's, the built-in target's */
	struct address *ours, *theirs;     /* inner, of each connection */
	struct wire_sizes sizes;
	struct arena *arena;
	struct evidence *evidence;
	unsigned serial; /* of trials */
	char path[40];
};

enum rig_method { RIG_SEGMENTS, RIG_MESSAGES, RIG_BARE };
/* Both ends, without an SA; rig_close it also after false. */
bool rig_prepare(struct rig *r, const struct wire_plan *p, const struct bench_watch *w, enum rig_method method,
		 bool echo, struct why *why);
/* With every SA up; false with why. */
bool rig_open(struct rig *r, const struct wire_plan *p, const struct bench_watch *w, enum rig_method method,
	      bool echo, struct why *why);
/* Deletes the SAs and ends everything. */
void rig_close(struct rig *r);

struct rig_load {
	enum wire_side side;
	double rate; /* of each direction, packets a second */
	unsigned burst;
	double seconds;
	bool rekey, rekey_ike; /* halfway */
	bool record;           /* as evidence, if that is wanted */
};
/* One trial; false with why if it could not be made whole (or was stopped). */
bool rig_trial(struct rig *r, const struct rig_load *load, struct wire_count *out, struct why *why);
/* Latencies of the last trial, both directions together. */
void rig_latency(const struct rig *r, struct wire_latency *out);

/* rig-builtin.c, rig-real.c */
bool rig_builtin(struct rig *r, enum rig_method method, bool echo, struct why *why);
bool rig_real(struct rig *r, bool echo, struct why *why);
/* A real target's connection with one of its children as the tester has it, but for suites. */
bool rig_real_connection(struct arena *arena, const struct target_connection *from, const struct target_child *child,
			 struct connection *out, struct why *why);
/* Does something while the built-in target answers. */
bool rig_beside(struct rig *r, bool (*act)(struct rig *r, struct why *why), struct why *why);

#endif
