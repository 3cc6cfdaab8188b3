/*
 * A tester before the target of a profile, set up as for a case but without steps: for whoever asks by himself
 * (the doctor).  Worlds, slots, drivers and faults are those of cases; the tester announces all that it can.
 *
 * Unlike a case a stage waits: in the virtual world by jumps of its clock, in the real one in the loop of its
 * target's instance.  One tester at a time.
 */
#ifndef RUN_STAGE_H
#define RUN_STAGE_H

#include "run/run.h"

struct stage;
/* Starts the target if its driver does that (which may take some seconds), else opens the way to it.  options:
 * library, crypto, root, profile, seed, fault, log, stop.  NULL with why: the machine could not, nothing is said
 * about the target. */
struct stage *stage_open(const struct run_options *options, struct why *why);
/* Ends what it started.  NULL is allowed. */
void stage_close(struct stage *s);

struct stage_tester {
	const char *connection; /* of the profile; NULL: the first */
	uint8_t family;         /* of its outer address, 4 or 6 */
	bool encapsulate;       /* as if behind a NAT: both move to the NAT-T port, ESP goes in UDP */
};
/* A fresh tester in a slot of its own; the one before is gone. */
bool stage_enter(struct stage *s, const struct stage_tester *t, struct why *why);
/* Its SAs are deleted, and the slot is given back. */
void stage_leave(struct stage *s);

struct endpoint *stage_endpoint(const struct stage *s);
struct world_node *stage_node(const struct stage *s);
/* May be changed until the first message. */
struct connection *stage_connection(const struct stage *s);
usec stage_now(const struct stage *s);
bool stage_virtual(const struct stage *s);

/* The next IKE datagram, looked at but not taken, until that time; NULL: none came.  What is no IKE is handled as by
 * an automatic endpoint. */
struct seen *stage_hear(struct stage *s, usec until);
/* A ping through that SA: true if its reply came in time; was it encapsulated in UDP? */
bool stage_ping(struct stage *s, struct child_sa *child, usec span, bool *in_udp, struct why *why);
/* Did the target's process end?  In words; NULL: it lives, or nobody knows. */
const char *stage_dead(const struct stage *s);
/* "5.9.8", by its driver; NULL: not known. */
const char *stage_version(const struct stage *s);

#endif
