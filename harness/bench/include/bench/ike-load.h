/*
 * Measuring IKE through a target: handshakes a second and how long one takes, by group and way to
 * authenticate, the time until the first ESP packet is back, rekeys a second, and how many SAs are
 * held; beside the limit that the cryptography of one end sets on one core.
 *
 * The tester initiates, on a core of its own.  Each attempt is a new IKE SA with a Child SA; a
 * window says how many are under way at once.  No data plane but for the first packet.
 */
#ifndef BENCH_IKE_LOAD_H
#define BENCH_IKE_LOAD_H

#include "bench/ike.h"

#define LOAD_WINDOW 256
struct load_plan {
	struct ike_plan ike;    /* groups, ways to authenticate, suite; seconds of each figure */
	const char *target;     /* "builtin", or a driver: "strongswan", "libreswan:5.2" */
	unsigned window;        /* handshakes under way at once */
	unsigned hold;          /* so many SAs are to be held; 0: that is not measured */
	unsigned first;         /* times that the first ESP packet is waited for; 0: not */
	bool rekey;
	double limit_seconds;   /* of all together */
};
/* Fills in what was not said; false with why. */
bool load_complete(struct load_plan *p, struct why *why);

struct load_times { /* nanoseconds */
	uint64_t samples, p50, p90, p99, p999, longest;
};
struct load_rate {
	uint64_t attempts, successes, failures;
	uint64_t repeated;      /* requests that the tester sent again */
	double seconds, rate;   /* successes a second */
	double tester, target;  /* share of a core that each used */
	struct load_times times;
};
struct load_row {
	char group[25], auth[25];
	struct load_rate full, alone;   /* with the window, and one at a time */
	double limit;                   /* handshakes a second: one end's cryptography on one core */
	struct load_rate child, ike;    /* rekeys; seconds 0: not measured */
};
struct load_hold {
	unsigned asked;
	uint64_t held, answered;        /* and how many of those answered a liveness check */
	double seconds, first, last;    /* handshakes a second in the first and the last tenth */
};
struct load_result {
	const struct load_plan *plan;
	char version[60], path[40], cpu[64], libraries[80];
	bool pinned;                    /* each end on a core of its own */
	struct load_row rows[2 * IKE_WORDS];
	size_t count;
	struct load_times first;        /* from the first request to the first ESP packet that came back */
	struct load_hold hold;
	bool interrupted;
};
/* False with why if it could not go on; result has what there is (plan NULL: nothing). */
bool bench_load(const struct load_plan *p, const struct bench_watch *w, struct load_result *out, struct why *why);

void load_write_table(const struct load_result *r, FILE *f);
/* Schema ikespec-bench-ike/1, as bench ike in memory: rows of another kind. */
bool load_write_json(const struct load_result *r, FILE *f);
bool load_write_csv(const struct load_result *r, FILE *f);
bool load_write_html(const struct load_result *r, FILE *f);

#endif
