/*
 * Two ends in one process, each with its own devices and its own loop, as two processes would have;
 * their endpoints are told what to say.
 */
#ifndef WORLD_TESTS_ENDS_H
#define WORLD_TESTS_ENDS_H

#include "cm.h"
#include "fake.h"
#include "world/real.h"
#include "world/world.h"

struct end {
	struct real *real;
	struct world *world;
	struct world_node *node;
	struct endpoint *e;
	struct connection connection;
	struct crypto *crypto;
	struct event_log log;
	char last_drop[128];
	size_t sent, received, dropped;
	struct arrival *arrivals[16];
	size_t arrival_count;
};

/* A world over the device with one node; inner may be NULL.  Ports are those of the connection. */
void end_open(struct end *x, struct real *real, bool target, bool stepped, const char *outer4,
	      const char *outer6, const char *inner, uint16_t ike, uint16_t nat_t);
/* The world alone: devices are the test's. */
void end_close(struct end *x);
/* Both loops, until *what reaches wanted or for a second; what it was is returned. */
size_t both(struct end *a, struct end *b, const size_t *what, size_t wanted);

#endif
