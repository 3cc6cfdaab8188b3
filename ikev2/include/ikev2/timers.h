/*
 * The timers of an endpoint, one row each: what starts and what stops it, what it does, and where
 * that is written.  Named after protocol events; no timer is anywhere else.
 *
 * A timer is no object: its time follows from the state of its owner, so it needs no starting and
 * cannot be forgotten.  The deadline of an endpoint is the least time of all rows and owners.
 */
#ifndef IKEV2_TIMERS_H
#define IKEV2_TIMERS_H

#include <stddef.h>

#include "base/time.h"

struct ike_sa;
struct child_sa;
struct pending;

enum timer_owner {
	TIMER_OF_ENDPOINT,      /* looked at when it matters: no deadline of its own */
	TIMER_OF_IKE_SA,
	TIMER_OF_REQUEST,       /* that is in flight */
	TIMER_OF_CHILD_SA,
	TIMER_OF_GONE_SA,       /* an IKE SA that ended and is remembered */
};
/* Whom it is about: request or child are NULL where the owner is not one. */
struct timed {
	struct ike_sa *ike;
	struct pending *request;
	struct child_sa *child;
};
struct timer_row {
	enum timer_owner of;
	const char *name;
	const char *started, *stopped, *does, *reference;
	usec (*due)(const struct timed *t);             /* USEC_NEVER: it does not run */
	void (*fire)(const struct timed *t, usec now);  /* ends SAs or notes wishes; sends what waits for nobody */
};
extern const struct timer_row timers[];
extern const size_t timers_count;
const char *timer_owner_name(enum timer_owner of);

#endif
