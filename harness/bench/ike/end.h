/*
 * One end of a measurement of handshakes: an endpoint on a port, turned by one thread.  What it
 * orders of the data plane is told and not done.
 */
#ifndef IKE_END_H
#define IKE_END_H

#include <signal.h>

#include "../wire/port.h"
#include "ikev2/endpoint.h"

struct ike_end {
	struct endpoint *endpoint;
	struct port *port;
	uint64_t now, tick_at;  /* nanoseconds */
	uint64_t sent, repeated; /* repeated: what a timer put out */
	void (*ordered)(void *ctx, const struct child_order *o); /* or NULL */
	void *ctx;
};
struct ike_end_config {
	const char *name;
	struct crypto *crypto;
	const struct connection *connections;
	size_t connection_count;
	struct port *port; /* becomes the end's */
	bool nat_detection;
};
bool ike_end_open(struct ike_end *e, const struct ike_end_config *config, struct why *why);
void ike_end_close(struct ike_end *e);
/* What came is dealt with, what is due is done; false if nothing came. */
bool ike_end_turn(struct ike_end *e);
/* What the endpoint wants sent, after it was asked for something. */
void ike_end_say(struct ike_end *e);
/* Until something comes, a millisecond at most. */
void ike_end_wait(const struct ike_end *e);
/* Now, in the endpoint's time. */
usec ike_end_now(struct ike_end *e);

/* An end on a thread of its own that answers until it is stopped. */
struct ike_answerer;
struct ike_answerer *ike_answer(struct ike_end *e, int cpu, struct why *why);
void ike_answer_stop(struct ike_answerer *a);
/* CPU time that it used so far, nanoseconds. */
uint64_t ike_answer_cpu(const struct ike_answerer *a);

/* This thread stays on that CPU (-1: any). */
void cpu_pin(int cpu);

#endif
