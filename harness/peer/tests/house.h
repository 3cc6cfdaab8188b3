/*
 * Peers as processes of their own, on addresses of the loopback and ports that need no privilege.
 */
#ifndef PEER_TESTS_HOUSE_H
#define PEER_TESTS_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>
#include <jansson.h>

#include "peer/peer.h"

/* An address 127.x.y.N of this process. */
const char *loopback(unsigned n);

struct end {
	const char *id;                 /* of the profile */
	unsigned target, tester;        /* numbers of loopback addresses */
	const char *tester_id, *secret;
	unsigned net;                   /* 1 to 250: inner addresses are 10.1.NET.1 and 10.2.NET.1 */
	bool certificates;              /* of the test authority, in place of the secret */
};

struct room {
	pid_t pid;
	char control[80];
};

/* Loads the profiles and runs a peer in a process; it is there when this returns. */
struct room room_open(const struct end *ends, size_t count, bool as_target, const char *name);
/* It ended by itself or is asked to quit: its exit status, 0 if no SA was left over. */
int room_close(struct room *r);
/* The answer to an order; to be freed by json_decref. */
json_t *order(const struct room *r, const char *line);
/* Orders that must succeed, or fail with that text in the error. */
void done(const struct room *r, const char *line);
void refused(const struct room *r, const char *line, const char *text);
/* Live IKE SAs in the status. */
size_t ike_sas(const struct room *r);
int house_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count);

#endif
