/*
 * A real target: a daemon in namespaces of its own, and the orders it takes.
 *
 * Nothing but target_start, target_attach and target_stop waits: an order returns a ticket at once,
 * target_poll moves things along, target_result tells how a ticket fared.  A target dies with the
 * process that started it, however that ends, and so do its namespaces and mounts, which have no
 * name outside it.  Needs root.  Drivers: "strongswan", "libreswan" (with a version of their tree,
 * "libreswan:5.2"), "exec" and "none".
 */
#ifndef TARGET_DRIVER_H
#define TARGET_DRIVER_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/config.h"

struct target;

enum target_verb {
	TARGET_INITIATE,        /* the IKE SA and the child of that name */
	TARGET_NEW_CHILD,       /* the child of that name, on the IKE SA there is */
	TARGET_REKEY_IKE,
	TARGET_REKEY_CHILD,
	TARGET_DELETE_IKE,
	TARGET_DELETE_CHILD,
	TARGET_RESET,           /* ends every SA of the connection, half-open ones too */
	TARGET_PING,            /* from the child's inner target address to the tester's */
	TARGET_STATUS,          /* of a connection's SAs, or of all */
	TARGET_COUNTERS,        /* of all Child SAs */
	TARGET_PROBE,           /* does the daemon itself answer? */
	TARGET_RESTART,         /* the daemon alone; its SAs are gone, devices and addresses stay */
	TARGET_KILL,            /* SIGKILL to the daemon */
	TARGET_VERBS,
};

/* "initiate", "rekey-ike", ...; and back, TARGET_VERBS if it is none. */
const char *target_verb_name(enum target_verb verb);
enum target_verb target_verb_find(const char *name);

struct target_counters {
	size_t sas;                     /* one direction each */
	uint64_t in_packets, in_octets; /* accepted, inner */
	uint64_t out_packets, out_octets;
	uint64_t replays, bad_icv;      /* where the data plane counts them */
};

enum target_progress {
	TARGET_PENDING,
	TARGET_DONE,            /* the daemon took the order; what comes of it is on the wire */
	TARGET_REFUSED,         /* it did not, or the order failed or took too long */
};

struct target_result {
	enum target_progress progress;
	int code;                       /* of the command: exit status, or -1 for too long */
	const char *text;               /* what it said; valid until the next result is asked for */
	size_t ike_sas, half_open;      /* TARGET_STATUS: all, and those not established */
	size_t child_sas;               /* in pairs */
	struct target_counters counters;        /* TARGET_COUNTERS */
	usec rtt;                       /* TARGET_PING: of the answer */
};

struct target_exit {
	bool exited;
	int signal;                     /* or 0 */
	int code;
};

/* What the daemon's process does, besides answering: for telling one that hangs from one that is busy. */
struct target_pulse {
	char state;                     /* of /proc/PID/stat: 'T' is stopped; 0: not known */
	usec cpu;                       /* that it has used so far */
};

/* What is true of a driver and tree, for profiles. */
struct target_facts {
	const char *driver;
	const char *version;            /* "5.9.8" */
	const char *ike_suites;         /* the daemon's keywords with spaces, preferred first */
	const char *esp_suites;
	const char *esp_more;           /* accepted, but offered last; NULL: none */
	bool plain_esp;                 /* IP protocol 50, besides UDP encapsulation */
	bool esn;
	bool ipv6;
	bool user_mode_linux;           /* the daemon runs on a kernel of its own */
	bool child_dh_of_ike;           /* takes a KE for a Child SA only in the IKE SA's group */
	bool repeats_first_gap;         /* retransmits after first, first, first*base, ... */
	unsigned fixed_replay_window;   /* packets; 0: as configured, up to the next */
	unsigned max_replay_window;
};

/* How long the harness should give a target's own start, at most. */
#define TARGET_START_LIMIT (60 * USEC_S)

/* Does this kernel have ESP?  Asked by an SA in a network namespace that is gone at once; without privilege in a
 * user namespace of its own.  False if no such namespace can be made, too. */
bool target_kernel_esp(void);
/* Calls found with the path of each run directory whose owner is gone: what a crash left, and the next start removes. */
void target_leftovers(void (*found)(void *ctx, const char *path), void *ctx);
/* The same with the name of each target that was left up. */
void target_standing(void (*found)(void *ctx, const char *name), void *ctx);

/* Could it be started here and now, without making its tree first? */
bool target_available(const char *name, const struct target_config *config, struct why *why);
/*
 * Starts a target that ends with the caller (its thread, to be exact), ready for orders.  A tree
 * that is not there yet is made, which takes some 20 s.  config must stay as long as the target.
 */
struct target *target_start(const char *name, const struct target_config *config, struct why *why);
/* The same in two steps, so that several start side by side: target_ready tells how the start goes, REFUSED with why;
 * target_await waits for that. */
struct target *target_begin(const char *name, const struct target_config *config, struct why *why);
enum target_progress target_ready(const struct target *target, struct why *why);
bool target_await(struct target *target, struct why *why);
/* Does a target of that name run on a kernel of its own here? */
bool target_in_guest(const char *name);
/* Ends it and all that belongs to it, and frees it.  NULL is allowed. */
void target_stop(struct target *target);

/* Starts one that stays after this process; at most one of a name. */
bool target_up(const char *name, const struct target_config *config, struct why *why);
/* Ends it, and whatever crashed starts left behind; true if nothing of it is there afterwards. */
bool target_down(const char *name, struct why *why);
/* Takes orders for one that is up, started with this config; target_stop only lets go of it. */
struct target *target_attach(const char *name, const struct target_config *config, struct why *why);
/* Is one up?  What it is, in a line or more, for people. */
bool target_show(const char *name, char *text, size_t cap);

/*
 * The tester's end of the wire: a TUN device (IP packets, no header before them) inside the
 * target's namespace, to which all that is not the target's is routed.  Non-blocking; the caller
 * closes it.  -1 on failure.
 */
int target_tun(struct target *target, struct why *why);

/* Gives an order; 0 if it could not be given.  connection may be NULL where none is meant. */
unsigned target_order(struct target *target, enum target_verb verb, const char *connection,
		struct why *why);
/* How it fares.  Once it is not TARGET_PENDING the ticket is over, and unknown to the next call. */
struct target_result target_result(struct target *target, unsigned ticket);
/* The descriptors that make target_poll worth calling; how many of cap were filled in. */
#define TARGET_POLLFDS 3
size_t target_pollfds(const struct target *target, struct pollfd *fds, size_t cap);
/* Moves things along, never waits.  Returns when it wants to be called again at the latest. */
usec target_poll(struct target *target);

/* Is the daemon's process there?  Costs next to nothing. */
bool target_alive(struct target *target, struct target_exit *how);
/* Is nothing left of it that could take an order, to restart the daemon say: its first process, or its guest, is gone? */
bool target_lost(const struct target *target);

/* Its process as the kernel sees it; of a guest, the guest's. */
struct target_pulse target_pulse(const struct target *target);

/* The end of the log now; and the next whole line after a mark, which moves on.  False: no more. */
uint64_t target_log_mark(struct target *target);
bool target_log_line(struct target *target, uint64_t *mark, char *line, size_t cap);

const struct target_facts *target_facts(const struct target *target);
/* Where its files are (configuration, logs), and its first process: for people. */
const char *target_directory(const struct target *target);
pid_t target_pid(const struct target *target);

#endif
