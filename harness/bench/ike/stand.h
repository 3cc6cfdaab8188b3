/*
 * What handshakes are measured with, set up: the tester's end, and the built-in target's on another
 * core or a real target in namespaces of its own.
 */
#ifndef IKE_STAND_H
#define IKE_STAND_H

#include "bench/ike-load.h"
#include "end.h"
#include "pair.h"
#include "target/driver.h"

struct stand {
	const struct load_plan *plan;
	const struct bench_watch *watch;
	int tester_cpu, target_cpu; /* -1: wherever */
	char path[40];
	/* The real target; it stays up from row to row. */
	struct target *target;
	struct target_config config;
	struct crypto *crypto; /* of its certificates */
	struct authority *authority;
	struct arena *kept;
	int tun;
	struct arena *arena;
	/* Of a row. */
	struct ike_pair own, others; /* crypto and credentials of each end; the endpoints measure the limit */
	struct connection *connections[2];
	size_t connection_count;
	struct ike_end tester, builtin;
	struct ike_answerer *answerer;
};
bool stand_open(struct stand *s, const struct load_plan *p, const struct bench_watch *w, struct why *why);
void stand_close(struct stand *s);
/* A fresh tester (and built-in target) for a group and a way to authenticate. */
bool stand_begin(struct stand *s, const char *group, const char *auth, struct why *why);
void stand_end(struct stand *s);
/* CPU time that the target has used, nanoseconds. */
uint64_t stand_target_cpu(const struct stand *s);

/* stand-proof.c: a real target gets a certificate for each way to authenticate. */
bool stand_proofs(struct stand *s, struct why *why);
/* Its child of a slot that is authenticated so; NULL if there is none. */
const struct target_child *stand_child(const struct target_connection *c, const char *auth);

#endif
