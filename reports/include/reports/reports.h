/*
 * Reports of a run: readers of the event log and of nothing else.
 *
 * `struct results` gathers; JUnit, JSON, TAP and the summary are written from it.  The JSON Lines
 * writer streams, so that a killed run leaves a readable log, from which results can be gathered again.
 */
#ifndef REPORTS_REPORTS_H
#define REPORTS_REPORTS_H

#include <stdio.h>

#include "base/event.h"
#include "base/why.h"

struct result_requirement {
	char *ref, *level, *gate, *verdict;
};
struct result_case {
	char *id, *target, *title, *area, *role, *verdict, *reason, *observed;
	char *file;                             /* of the scenario */
	unsigned line;
	char *at_file;                          /* of what decided */
	unsigned at_line;                       /* 0: nothing did */
	char *broken, *wanted, *got;            /* the requirement id; may be NULL */
	char *capture;                          /* path in the result folder, or NULL */
	usec seconds, wall;
	char *esp;                              /* "12 sent, 12 received, 1008 octets"; NULL: none */
	uint64_t esp_packets;
	usec esp_span;                          /* from the first of them to the last */
	struct result_requirement *requirements;
	size_t requirement_count;
	char *notes;                            /* target log lines and notes, bounded */
};
struct result_target {
	char *id, *version, *address;
	size_t passed, failed, weak, skipped, errors;   /* cases; errors and weak are in failed and passed too */
};
struct results {
	char *version;
	uint64_t seed;
	usec wall;
	struct result_target *targets;
	size_t target_count;
	struct result_case *cases;              /* in the order of their id once sorted */
	size_t count;
	struct { char *id, *rule, *section; } *catalogue;
	size_t catalogue_count;
	bool interrupted;
	unsigned open_runs;                     /* logs without an end: the run was killed */
	/* internal */
	struct result_case *open;
	size_t open_count;
};

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_ERROR, OUTCOME_SKIPPED };
/* How a verdict counts (cli.md): inconclusive and error are errors, which are failed too. */
enum outcome verdict_outcome(const char *verdict);

struct results *results_new(void);
void results_free(struct results *r);
/* The listener. */
void results_hear(void *results, const struct event *e);
/* Where the capture of a case lies, set after the run; path copied. */
void results_capture(struct result_case *c, const char *path);
/* The place of what was broken, or of the scenario; never NULL. */
const char *results_file(const struct result_case *c);
unsigned results_line(const struct result_case *c);
/* By target, then id; counts made. */
void results_sort(struct results *r);
/* Packets of ESP a second, in a case that carried more than one; else 0. */
double results_esp_rate(const struct result_case *c);
/* The rule of a requirement, or NULL. */
const char *results_rule(const struct results *r, const char *ref);
size_t results_total(const struct results *r, enum outcome o);
/* 0, 1 (failed), 2 (interrupted), 3 (inconclusive or error), as in the contract of the command line. */
int results_exit_code(const struct results *r, bool strict);

/* Each false with why if the file could not be written. */
bool junit_write(const struct results *r, const char *path, struct why *why);
bool results_json_write(const struct results *r, const char *path, struct why *why);
bool tap_write(const struct results *r, FILE *f);

/* Scenarios by targets, when there are several: one line a case, one column a target. */
void matrix_print(const struct results *r, FILE *f);

/* The JSON Lines log. */
struct jsonl;
struct jsonl *jsonl_create(const char *path, struct why *why);
void jsonl_hear(void *jsonl, const struct event *e);
bool jsonl_close(struct jsonl *j, struct why *why);
/* Hands the events of a log over again; false with why (file and line) if it is none. */
bool jsonl_read(const char *path, event_listener *hear, void *ctx, struct why *why);

/* The console: a line a case, failures with all they need, in colour or not. */
struct console_options {
	FILE *out;
	bool colour;
	int verbosity;                          /* -1 quiet, 0, 1 steps, 2 trees, 3 octets */
	const char *out_dir;                    /* for the capture's path */
	const char *again;                      /* options for the reproduce line: "--seed 7" */
	/* What the user calls each target, for the same line; NULL: the built-in one, which nobody needs to name. */
	const char *(*spelled)(void *ctx, const char *target);
	const char *(*named)(void *ctx, const struct result_case *c);   /* a case: its id, or the path of its file */
	void *ctx;
};
struct console;
struct console *console_new(const struct console_options *options);
void console_hear(void *console, const struct event *e);
/* The failure block of each case, and the closing summary; its last line names the shard if there are several. */
void console_summary(struct console *c, const struct results *r, unsigned shard, unsigned shards);
void console_free(struct console *c);

#endif
