/*
 * Measuring ESP through a target: the tester stands on both sides of it, or its echo turns what it
 * gets.  What is found is the highest rate without loss (NDR) and with a little (PDR), latency
 * below that, and what a rekey under load costs.
 *
 * Traffic stays on loopback or in namespaces made for it.  Every trial ends by itself.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "bench/bench.h"
#include "esp/esp.h"

enum wire_side { SIDE_OUT, SIDE_IN, SIDE_BOTH, SIDE_ECHO, WIRE_SIDES };
/* "out", "in", "both", "echo": towards the target, from it, at the same time, turned by its host. */
const char *wire_side_name(enum wire_side s);

struct wire_plan {
	const char *target; /* "builtin", or a driver: "strongswan", "libreswan:5.2" */
	struct bench_suite suite; /* of ESP */
	struct bench_size size;
	bool sides[WIRE_SIDES];
	bool plain;         /* ESP as IP protocol 50 */
	unsigned sas;
	const char *backend;
	double trial_seconds, width, loss_goal; /* width and goal as shares */
	unsigned again;     /* trials more before a loss counts */
	double limit_pps;   /* never more than this is sent */
	double limit_seconds;
	bool spin;          /* never sleeps (default where there are two cores) */
	bool rekey;
	const char *pcap;   /* latencies and rekeys are recorded there; or NULL */
	bool compare;       /* builtin: what cryptography and the ways of sending cost, and a turn-round */
};

/* Fills in what was not said; false with why. */
bool wire_complete(struct wire_plan *p, struct why *why);

#define WIRE_LATENCIES 4 /* at 0, 10, 50 and 90 per cent of the PDR */
struct wire_latency {
	double share, rate; /* of the PDR; packets a second */
	uint64_t samples, p50, p90, p99, p999, longest; /* nanoseconds */
};

struct wire_count { /* of one trial, both directions together */
	double offered, achieved; /* packets a second */
	uint64_t sent, received, lost, reordered, duplicates, bad_icv, other;
	uint64_t fragments;    /* came in pieces: too large for the path */
	uint64_t dropped_here; /* on the tester's own way in */
	uint64_t longest_gap;  /* nanoseconds */
	double busy;           /* of the tester's thread */
};

struct wire_bounds {
	double lower, upper, loss;
	unsigned trials;
	bool found;
};

struct wire_rekey {
	bool done;
	struct wire_count count;
	uint64_t usual_gap; /* the longest in the same load without a rekey */
};

struct wire_figures {
	enum wire_side side;
	double ceiling; /* packets a second that were received of what went as fast as it could */
	double ceiling_sent;
	struct wire_bounds ndr, pdr;
	struct wire_count at_pdr;
	const char *limit; /* "tester", "target", "path": who stood in the way */
	struct wire_latency latency[WIRE_LATENCIES];
	size_t latencies;
	struct wire_rekey child, ike;
};

struct wire_comparison { /* highest rate without loss, SIDE_OUT of the built-in target */
	const char *name;
	double pps;
};
#define WIRE_COMPARISONS 4

struct wire_result {
	const struct wire_plan *plan;
	char version[60];  /* of the target */
	char path[40];     /* "veth", "loopback", "TUN device" */
	char encapsulation[24];
	char cpu[64], features[160], backend[32];
	unsigned sas;
	double setup_seconds; /* for all SAs */
	struct wire_figures rows[WIRE_SIDES];
	size_t count;
	struct wire_comparison comparisons[WIRE_COMPARISONS];
	size_t comparison_count;
	struct wire_latency bare_turn, esp_turn; /* there and back, busy polling */
	bool interrupted;
};

bool bench_wire(const struct wire_plan *p, const struct bench_watch *w, struct wire_result *out,
		struct why *why);

double wire_gbps(const struct wire_result *r, double pps);
void wire_write_table(const struct wire_result *r, FILE *f);
/* Schema ikespec-bench-wire/1. */
bool wire_write_json(const struct wire_result *r, FILE *f);
bool wire_write_csv(const struct wire_result *r, FILE *f);
/* One self-contained page with charts. */
bool wire_write_html(const struct wire_result *r, FILE *f);

#endif
