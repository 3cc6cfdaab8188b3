/*
 * Running cases: selection, the scheduler that keeps many in flight in one loop, and verdicts.
 *
 * A case is pure in the virtual world: its events depend on (seed, case id, repetition) alone, not
 * on order, number in flight or selection.  Everything shown or kept comes from the event log and
 * from struct case_result.  Nothing here prints.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "base/crypto.h"
#include "base/event.h"
#include "scenario/scenario.h"
#include "world/world.h"

/* ------------------------------------------------------------ verdicts */

/* From best to worst; the last two stand where a known deviation was listed. */
enum verdict {
	VERDICT_NOT_APPLICABLE,
	VERDICT_PASS,
	VERDICT_WEAK,         /* a SHOULD, or where two careful readers differ, was broken */
	VERDICT_INCONCLUSIVE, /* the scenario did not get to its point */
	VERDICT_ERROR,        /* trouble of ours: a command failed, an edit did not fit */
	VERDICT_FAIL,
	VERDICT_DIED,
	VERDICT_EXPECTED_FAIL,
	VERDICT_UNEXPECTED_PASS,
};
#define VERDICTS 9
const char *verdict_name(enum verdict v); /* "not-applicable" */
bool verdict_parse(const char *name, enum verdict *out);
/* The worse of two of the first seven. */
enum verdict verdict_worse(enum verdict a, enum verdict b);
/* What a broken check of a requirement is, by its gate: fail, weak or (an option) pass. */
enum verdict verdict_of_break(enum gate gate);

/* How a verdict counts in summaries and exit codes. */
enum tally { TALLY_PASSED, TALLY_FAILED, TALLY_SKIPPED, TALLY_ERRORS };
enum tally verdict_tally(enum verdict v, bool strict);

/* ------------------------------------------------------------ results */

struct requirement_result {
	const char *name;                      /* the scenario's short name, or the oracle's */
	const struct requirement *requirement; /* NULL: an oracle's that the catalogue lacks */
	const char *ref;                       /* "RFC7296-3.2-03" */
	enum verdict verdict;
	const char *reason; /* NULL with pass */
	const char *file;   /* of the check that decided, or NULL */
	unsigned line;
	const char *path, *wanted, *got; /* or NULL */
	bool oracle;                     /* made by an oracle, not by a step */
};

struct case_result {
	const char *id;
	const struct scenario *scenario;
	enum role role;      /* of the target */
	unsigned repetition; /* from 0 */
	unsigned attempts;   /* 1, or more with retries and runs alone */
	enum verdict verdict;
	bool flaky;            /* an attempt before ended otherwise */
	bool interference;     /* broken among others, not alone */
	const char *reason;    /* one line; NULL with pass */
	const char *observed;  /* behaviours between ", ": cases of any-of, refusals; or NULL */
	const char *deviation; /* reason and reference of the known deviation, or NULL */
	const char *file;      /* of what decided; the scenario's if nothing did */
	unsigned line;
	const char *path, *wanted, *got; /* of what decided, or NULL */
	const char *log_tail; /* last lines of the target's log, where it died; or NULL */
	const struct requirement_result *requirements;
	size_t requirement_count;
	usec world_time, wall_time; /* how long it took by either clock */
	uint64_t packets;
	struct esp_carried carried; /* by all testers */
};

/* ------------------------------------------------------------ options */

/* What to run; empty fields select everything. */
struct run_filter {
	const char *const
		*names; /* ids (a prefix up to a dot selects), or paths of files or folders */
	size_t name_count;
	const char *const *globs; /* of case ids; one must fit */
	size_t glob_count;
	const char *rfc;   /* "7296" or "7296:2.8": of a requirement that the scenario judges */
	const char *level; /* "must", "should", "may" */
	const char *area;
	enum role role;          /* of the target; 0: both */
	const char *const *only; /* whole case ids (--failed); NULL: no such list */
	size_t only_count;
	unsigned shard, shards; /* 1..shards; 0: all */
};

struct authority;
struct deviations;
struct link_fate;

struct run_options {
	struct library *library;
	struct crypto *crypto;
	struct authority *authority;   /* of certificates; NULL: the suite has one of its own */
	const struct profile *profile; /* driver "builtin": the virtual world */
	const char *root;              /* the scenarios/ folder, for file: values; NULL: refused */
	struct run_filter filter;
	uint64_t seed;
	unsigned jobs;   /* cases in flight; 0: all that the profile allows */
	unsigned repeat; /* 0 and 1: once */
	bool shuffle;
	unsigned retries; /* of what did not pass */
	bool strict;      /* for fail_fast and tallies: weak counts as failed */
	bool fail_fast;
	const struct link_fate *weather; /* a bad path for every case; NULL: none */
	double time_scale;          /* of within= and for= against a slow target; 0: 1 */
	usec max_wait;              /* real world: longer waits are not-applicable; 0: 60 s */
	bool slow;                  /* ... no limit */
	const char *fault;          /* of the built-in target; NULL: correct */
	const struct variable *set; /* --set */
	size_t set_count;
	const struct deviations *deviations; /* --expect; NULL: none */
	struct event_log *log;               /* may be NULL */
	bool trees;                          /* EVENT_TREE of each IKE message that is sent */
	const volatile bool *stop;           /* ^C: looked at between steps; NULL: never */
	void (*finished)(
		void *ctx,
		const struct case_result *result); /* each case, when it is decided; may be NULL */
	void *ctx;
};

/* ------------------------------------------------------------ the suite */

struct test_suite;

/*
 * Selects the cases; borrows what options point at.  NULL with why: unknown name, fault or profile
 * that makes no sense.  An empty selection is no error here (suite_cases is 0).
 */
struct test_suite *suite_new(const struct run_options *options, struct why *why);
void suite_free(struct test_suite *s);
/* What was selected, sorted by id. */
size_t suite_cases(const struct test_suite *s, const struct scenario_case *const **out);
/*
 * Runs them all (or until stop, or the first failure): results so far are kept.  False with why
 * only if there could be no run at all (the target did not start, no privilege).
 */
bool suite_run(struct test_suite *s, struct why *why);
/* In the order of the selection, repetitions side by side; cases that never began are not there. */
size_t suite_results(const struct test_suite *s, const struct case_result *const **out);

struct suite_summary {
	size_t passed, failed, skipped, errors; /* each result is in one of them */
	size_t weak, flaky;                     /* counted among those above */
	bool interrupted;
	usec wall_time;
};
struct suite_summary suite_summary(const struct test_suite *s);

/* Known deviations that --expect names but the run proves stale (not seen, or of an unknown id):
 * texts, a line each. */
size_t suite_stale(const struct test_suite *s, const char *const **out);

/* Names that loading needs to know: the checks and duties that a fault may leave out. */
const struct scenario_facts *run_facts(void);

/* ------------------------------------------------------------ known deviations */

/*
 * scenarios/deviations/TARGET.json: {"schema": "ikespec-deviations/1", "target": "libreswan",
 * "versions": ["4.10", "5.2"], "deviations": [{"id": "ikev2.init.ke-length.as-responder",
 * "versions": ["5.2"], "requirement": "RFC7296-3.2-03", "verdict": "fail", "reason": "...",
 * "reference": "https://..."}]}.  id may end in "*"; without a requirement the verdict of the whole
 * case is meant; a row without versions is true of all.  version: of the target, or NULL; one that
 * the file does not name is an error.
 */
struct deviations *deviations_load(const char *path, const char *version, struct why *why);
/* On a bad path none of them need show. */
void deviations_on_bad_path(struct deviations *d);
void deviations_free(struct deviations *d);

/* ------------------------------------------------------------ selftest */

struct selftest_row {
	const char *fault;
	const char *scenario;    /* id of the scenario */
	const char *requirement; /* the catalogue id that should break; NULL: any */
	bool killed;             /* broke there */
	enum verdict verdict;    /* the worst of its cases */
	const char *note;        /* why it was not killed, or NULL */
};
struct selftest {
	size_t scenarios, faults,
		killed; /* rows: scenarios with faults, faults known, faults killed */
	const struct selftest_row *rows;
	size_t row_count;
	const char *const *survivors; /* faults that no scenario kills */
	size_t survivor_count;
	const char *const *never_failing; /* scenarios that no fault makes fail */
	size_t never_failing_count;
	const char *const *broken; /* scenarios that do not pass on the correct target */
	size_t broken_count;
	const char *const *crippling; /* faults under which an honest handshake or ping fails */
	size_t crippling_count;
};
/* Uses library, crypto, profile, seed, filter, jobs of the options.  NULL with why; selftest_free
 * it. */
const struct selftest *selftest_run(const struct run_options *options, struct why *why);
void selftest_free(const struct selftest *t);

#endif
