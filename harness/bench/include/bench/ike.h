/*
 * Measuring IKE in memory: what a message costs to decode, encode, seal and open, and what a
 * handshake costs both ends together, by group and by the way to authenticate; and how much of that
 * is not cryptography.
 *
 * Two endpoints in one process pass their datagrams by hand: no socket, no clock, no data plane.
 */
#ifndef BENCH_IKE_H
#define BENCH_IKE_H

#include "bench/bench.h"

#define IKE_ROWS 64
#define IKE_WORDS 16

struct ike_plan {
	const char *groups[IKE_WORDS]; /* keywords: "x25519", "ecp256" */
	size_t group_count;
	const char *auths[IKE_WORDS];  /* "psk", or a kind of key of the test authority */
	size_t auth_count;
	const char *suite;             /* what goes before the group: "aes256gcm16-prfsha256" */
	double seconds;                /* for each row */
	unsigned rounds;
	bool instructions;             /* count them under valgrind where the CPU does not */
	const char *self;              /* the program, for that */
};
/* Each names what there is when it does not know the word. */
bool ike_add_group(struct ike_plan *p, const char *text, struct why *why);
bool ike_add_auth(struct ike_plan *p, const char *text, struct why *why);
/* Fills in what was not said. */
bool ike_complete(struct ike_plan *p, struct why *why);

struct ike_row {
	char name[64];          /* "open IKE_AUTH request", "handshake x25519 psk" */
	bool handshake;
	size_t octets;          /* of the message */
	double cycles, spread;  /* median of rounds; distance of the quartiles over it */
	double instructions;    /* 0: not counted */
	double other_share;     /* handshake: the part that is not cryptography */
};
struct ike_result {
	double hertz;
	char cpu[64], libraries[80], counter[120]; /* how instructions were counted, or why not */
	bool interrupted;
	struct ike_row rows[IKE_ROWS];
	size_t count;
};
bool bench_ike(const struct ike_plan *p, const struct bench_watch *w, struct ike_result *out, struct why *why);
/* One row so many times, for those who count instructions from outside. */
bool bench_ike_one(const struct ike_plan *p, const char *name, unsigned times, struct why *why);

void ike_write_table(const struct ike_result *r, FILE *f);
/* Schema ikespec-bench-ike/1. */
bool ike_write_json(const struct ike_result *r, FILE *f);
bool ike_write_csv(const struct ike_result *r, FILE *f);

#endif
