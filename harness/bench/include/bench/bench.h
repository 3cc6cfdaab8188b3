/*
 * Measuring: ESP sealing and opening in memory, beside the limit and the floor of the same minute.
 *
 * Everything that is compared was measured in turns within one run, and a figure is the median of
 * its rounds.  The one box besides harness/world that reads clocks.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/crypto.h"
#include "base/why.h"

#define BENCH_SUITES 32
#define BENCH_SIZES  16
#define BENCH_MIX    24 /* packets of a genome at most */
#define BENCH_CORES  64

struct bench_suite {
	char name[48]; /* as it was asked for */
	struct suite suite;
};

/* Inner packets of one size, or of a mix in turn (RFC 6985). */
struct bench_size {
	char name[40]; /* "1420", "imix", "imix:aag" */
	size_t lens[BENCH_MIX];
	size_t count;
	double mean;
};

struct bench_plan {
	struct bench_suite suites[BENCH_SUITES];
	size_t suite_count;
	struct bench_size sizes[BENCH_SIZES];
	size_t size_count;
	const char *backends[4];
	size_t backend_count;
	unsigned cores; /* 1 to this many */
	double seconds; /* for each suite and size */
	unsigned rounds;
	bool no_aesni;
	char left_out[200]; /* a backend that does not run here, and why; or empty */
};

/* Each names what there is when it does not know the word. */
bool bench_add_suite(struct bench_plan *p, const char *text, struct why *why);
bool bench_add_size(struct bench_plan *p, const char *text, struct why *why);
/* "all", or one of esp_backend_name. */
bool bench_set_backend(struct bench_plan *p, const char *text, struct why *why);
/* Fills in what was not said, and leaves out a backend that does not run here if another does. */
bool bench_complete(struct bench_plan *p, struct why *why);

/* Cycles of the time stamp counter for a packet, medians; 0 where it could not be measured. */
struct bench_figure {
	double seal, open, both;
	double spread; /* of both: distance of the quartiles over the median */
};

struct bench_row {
	const struct bench_suite *suite;
	const struct bench_size *size;
	const char *backend;
	unsigned cores;
	struct bench_figure ours, raw, naive,
		bare; /* raw: for 16,384 octets; bare: the library's calls alone */
	double raw_ratio, naive_ratio; /* their cycles over ours, medians of the rounds' own; or 0 */
	double over;                   /* cycles of ours above those of bare, likewise */
	double scaling,
		calibration; /* packets of all cores over those of one; the same of an empty loop */
};

struct bench_result {
	double hertz; /* of the time stamp counter */
	char cpu[64], features[160], libraries[400];
	bool no_aesni, interrupted;
	struct bench_row *rows;
	size_t count;
};

/* What is wanted of whoever waits: called after each slice of time. */
struct bench_watch {
	void (*progress)(void *ctx, size_t done, size_t of, const char *what);
	void *ctx;
	const volatile sig_atomic_t
		*stop; /* ends it early, with the rows that are whole; or NULL */
};

/* False with why if it could not begin; rows are freed by bench_result_free, plan must outlive
 * them. */
bool bench_esp(const struct bench_plan *p, const struct bench_watch *w, struct bench_result *out,
	       struct why *why);
void bench_result_free(struct bench_result *r);

/* Gbit/s of inner octets at so many cycles a packet of that row; raw and naive alike. */
double bench_gbps(const struct bench_result *r, const struct bench_row *row, double cycles);
double bench_raw_gbps(const struct bench_result *r, double cycles);
double bench_pps(const struct bench_result *r, const struct bench_row *row, double cycles);
/* Seal and open as a part of the raw rate, and as a multiple of the naive one; 0 without one. */
double bench_share(const struct bench_row *row);
double bench_gain(const struct bench_row *row);
/* Cycles for seal + open above the library's own calls. */
double bench_overhead(const struct bench_row *row);
/* "aes128gcm16 1420 openssl" and so on, or NULL. */
const struct bench_row *bench_find(const struct bench_result *r, const char *suite,
				   const char *size, const char *backend, unsigned cores);

void bench_write_table(const struct bench_result *r, FILE *f);
/* Schema ikespec-bench-esp/1. */
bool bench_write_json(const struct bench_result *r, FILE *f);
bool bench_write_csv(const struct bench_result *r, FILE *f);
/* One self-contained page with a chart for each suite. */
bool bench_write_html(const struct bench_result *r, FILE *f);

#endif
