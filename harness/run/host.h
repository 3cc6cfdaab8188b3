/*
 * A real target that cases share: its slots, its device, its log.
 *
 * A slot is leased to one tester of one case and cleared before the next lease.  Nothing here waits
 * but the start and the end.
 */
#ifndef RUN_HOST_H
#define RUN_HOST_H

#include "suite.h"
#include "target/driver.h"
#include "world/real.h"

enum slot_state { SLOT_FREE, SLOT_LEASED, SLOT_CLEARING };
struct slot {
	unsigned number; /* from 1: "s3", "s3-ip6" */
	bool lively;     /* the target probes the peer's liveness there, and only there */
	struct need has; /* what is configured there */
	enum slot_state state;
	unsigned tickets[2]; /* resets under way, over IPv4 and IPv6 */
};

/* Until it has answered a ping over both families: its first packets may be lost, and must not be a case's. */
struct path_probe {
	int fd;
	unsigned family; /* of those asked: 0 IPv4, 1 IPv6, 2 both have answered */
	unsigned asked;
	usec next;
	bool failed;
};

enum host_state { HOST_STARTS, HOST_FINDS_PATH, HOST_UP };

#define LOG_TAIL 12
#define FORGOTTEN 512
struct real_host {
	struct test_suite *suite;
	struct target_config config;
	struct target *target;
	struct real *real;
	struct slot *slots;
	size_t slot_count;
	size_t in_flight; /* cases on it */
	enum host_state state;
	struct path_probe path;
	enum instance where;
	bool foreign; /* somebody else runs it */
	bool standing; /* it was up before, and stays */
	bool dead;
	unsigned death; /* the last, by number */
	bool asked;    /* a scenario has it killed or restarted: no death of its own */
	unsigned probe; /* does it answer?  And what its process was doing when that was asked */
	usec probed, looked;
	usec took; /* the last probe, until its answer */
	unsigned downs;                 /* of a foreign target: status commands in a row that said it is down */
	unsigned room; /* so many cases may begin until it has answered again */
	bool starved; /* more would begin */
	usec proven; /* when it was last asked whether it lives, and did */
	bool urgent; /* somebody waits for that */
	struct target_pulse pulse;
	unsigned revival; /* the order that takes it up again after its death */
	usec revive_by;
	char how[120]; /* it died */
	uint64_t mark; /* of the log */
	char tail[LOG_TAIL][240];
	unsigned lines;
	unsigned forgotten[FORGOTTEN];  /* orders whose result nobody waits for */
	size_t forgotten_count;
};

struct host_plan {
	size_t slots, lively; /* the latter among the former */
	enum instance where;
	struct need *needs; /* of each slot; NULL: everything is needed */
};
/* The profile's connections with other proofs than a secret, as variants of the slots. */
bool host_proofs(struct real_host *h, const struct profile *p, struct why *why);
/* Begins to start an instance; host_rise moves that along until it is up, false with why if it does not come;
 * host_await waits for it. */
bool host_begin(struct real_host *h, struct test_suite *s, const struct host_plan *plan,
		struct why *why);
bool host_rise(struct real_host *h, struct why *why);
bool host_await(struct real_host *h, struct why *why);
void host_stop(struct real_host *h);
/* Goes on with taking the daemon up again after its death; false with why if it does not come. */
bool host_revive(struct real_host *h, struct why *why);
void path_begin(struct path_probe *p, int fd);
/* Has it answered over both? */
bool path_look(struct path_probe *p, const struct target_config *config);
/* Moves orders along, reads the log, looks whether the daemon lives. */
void host_poll(struct real_host *h);
/* Nobody waits for that order any more (0: none). */
void host_forget(struct real_host *h, unsigned ticket);
/* How many slots are free that such a case can have; one of them, with as little more than that as can be. */
size_t host_free_slots(const struct real_host *h, const struct job_plan *p);
struct slot *host_lease(struct real_host *h, const struct job_plan *p);
void host_release(struct real_host *h, unsigned number);
/*
 * May another case begin on it?  A target that takes its time to answer its own driver has enough to do: with more,
 * cases would fail that wait for it.
 */
bool host_has_room(struct real_host *h);
bool host_clearing(const struct real_host *h, unsigned number);
const char *host_tail(const struct real_host *h, struct arena *a);

/* One that somebody else runs: slots are the profile's testers. */
bool host_is_foreign(const struct profile *p);
/* One that is configured for the run: instances and slots are as its cases need them. */
bool host_is_ours(const struct profile *p);
size_t foreign_slots(const struct profile *p);
bool foreign_config(struct target_config *config, const struct profile *p, struct why *why);
struct real *foreign_device(const struct profile *p, struct why *why);
/* Addresses and ports of a connection made from the profile. */
bool foreign_connection(struct run *r, const struct target_connection *tc, struct connection *c,
			struct why *why);
/* Do steps have the target killed or restarted?  Such a case runs alone. */
bool plan_restarts(const struct element_node *steps, size_t count);
/* Does it need the instance that asks for cookies, or slots where the target probes liveness? */
bool plan_cookies(const struct scenario *s);
bool plan_lively(const struct scenario *s);
/* How long its steps wait by themselves or for the target's timers, roughly; the longest begin first. */
usec plan_time(const struct profile *p, const struct element_node *steps, size_t count);
/* Do steps put a tester behind a NAT? */
bool steps_behind_nat(const struct element_node *steps, size_t count);
/* What the slots of a case have to have; is that there?  How much it is. */
struct need need_of(const struct profile *p, const struct scenario *s);
bool need_met(const struct need *has, const struct need *wants);
size_t need_size(const struct need *n);
/* Leaves out the children of a connection that are not needed. */
void need_trim(const struct profile *p, const struct need *n, struct target_connection *c);
/* The slots of one of so many instances, each for so many of its jobs at once; and how many such jobs there are. */
bool provide(const struct test_suite *s, enum instance where, size_t instances, size_t width, struct host_plan *plan);
size_t provide_jobs(const struct test_suite *s, enum instance where);
bool job_plan_make(struct test_suite *s, struct job *job, struct why *why);
/* Slots that a case needs, one for each tester and one for a second address. */
size_t slots_needed(const struct scenario *s);
/* The setup of a case on a real host (r->host); its slots are given back by slots_release. */
bool real_setup(struct run *r, struct why *why);
void slots_release(struct run *r);
/* Is everything of the case gone from its slots? */
bool slots_cleared(const struct run *r);
/* After a case of which the target is known to die: whatever else it left in there, nobody gets it. */
void host_tire(struct real_host *h, const struct job *job);

/* blame.c: A case is over; has it settled, so that it can land?  Then it is decided or run again. */
bool flight_over(struct test_suite *s, struct flight *f, struct why *why);
bool flight_settled(struct test_suite *s, struct flight *f);
void flight_landed(struct test_suite *s, struct flight *f);
/* The end of the run: what is in flight, and what was held until the death of others was explained. */
void flights_drop(struct test_suite *s);
void held_let_go(struct test_suite *s);
struct job *again_next(struct test_suite *s, const struct real_host *h);
bool again_waits(const struct test_suite *s, const struct real_host *h);

#endif
