/* Inside of the suite: what was selected, in which order it runs, what came of it. */
#ifndef RUN_SUITE_H
#define RUN_SUITE_H

#include "inside.h"

struct need { /* children of a slot's connections, over IPv4 and IPv6, and from behind a NAT (provide.c) */
	uint64_t child[2], nat[2];
};

/* Which instance of a real target: that asks for cookies; for what it may not survive; for all the rest. */
enum instance { AT_MAIN, AT_COOKIES, AT_PERIL };
#define INSTANCES 3

struct job_plan { /* what a case asks of a real target */
	bool nothing; /* it is not applicable */
	enum instance where;
	bool lively;
	bool restarts; /* its steps have the target killed or restarted */
	bool kills;    /* the target is known to die of it */
	size_t slots;
	struct need need; /* of each of them */
	usec time;
};

struct job {
	const struct scenario_case *what;
	unsigned repetition;
	struct job_plan plan;
	struct case_result *result; /* of the last attempt; NULL: it never began */
	unsigned death;             /* of the target, during which that attempt was in flight */
};

struct real_host;

struct flight { /* a job in flight */
	struct run *run;
	struct real_host *host; /* real world: on which instance */
	struct job *job;
	unsigned attempt;
	bool alone; /* nothing else is in flight on that instance */
	usec wake;
	usec asleep; /* real world: by then it waits for timers, in nobody's way; USEC_NEVER: it never does */
	struct case_result *result; /* real world: it is over, and its slots are being cleared */
	usec cleared;               /* when they were */
	bool spared;                /* the target is dead because its steps wanted that */
};

#define DEATHS 256

struct test_suite {
	struct run_options options;
	struct authority *authority; /* its own */
	struct arena *arena;
	const struct scenario_case **cases;
	size_t case_count;
	struct job *jobs; /* cases x repetitions, in the order of the selection */
	size_t job_count;
	struct job **order; /* in which they run */
	size_t next;
	struct flight *flights;
	size_t in_flight, width;
	size_t over; /* of those in flight: being cleared */
	size_t waiting; /* real world: jobs that have not begun */
	struct job **again; /* to be run alone, in the real world */
	size_t again_count;
	struct flight *held; /* real world: well alone, in flight when the target died */
	size_t held_count;
	unsigned deaths; /* of the target */
	bool *blamed;    /* of each death: a case of those was found whose run alone is a death, too */
	struct real_host *hosts; /* real world: instances of the target */
	size_t host_count;
	const struct case_result **results;
	size_t result_count;
	const char **stale;
	size_t stale_count;
	bool stopped;
	usec wall;
};

/* Without cases. */
struct test_suite *suite_empty(const struct run_options *options, struct why *why);
bool suite_select(struct test_suite *s, struct why *why);
bool suite_is_virtual(const struct test_suite *s);
/* What the known deviations make of a result, before it is told. */
void deviations_apply(const struct deviations *d, struct case_result *c, struct arena *a);
/* Is all that is broken in a result known? */
bool deviations_know(const struct deviations *d, const struct case_result *c);
/* Is the target known to die of that case? */
bool deviations_kill(const struct deviations *d, const char *id);
size_t deviations_stale(const struct deviations *d, struct test_suite *s, const char ***out);
/* Tells the log and whoever waits of a decided case. */
void suite_decided(struct test_suite *s, struct flight *f, struct case_result *c);
bool suite_wants_stop(const struct test_suite *s);
/* One job begins; false if it could not. */
bool flight_begin(struct test_suite *s, struct flight *f, struct job *job, unsigned attempt,
		  struct why *why);
void flight_end(struct test_suite *s, struct flight *f);
bool suite_run_real(struct test_suite *s, struct why *why);
void real_hosts_free(struct test_suite *s);

#endif
