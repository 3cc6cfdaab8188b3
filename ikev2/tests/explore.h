/*
 * The explorer: two automatic endpoints, an operation of each, and every order in which datagrams can
 * be delivered, with at most one accident: a datagram that is lost, or comes any time later.
 *
 * A state is what made it, a list of choices, and is made again by repeating them; an endpoint is a
 * function of what it was given and when, so that two orders after which both have the same history,
 * and the same is under way, are one state.  In the end both must agree.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include "ikev2/endpoint.h"

#define EXPLORE_OPERATIONS 6
extern const enum purpose explore_operations[EXPLORE_OPERATIONS];

struct exploration {
	enum purpose operation[2]; /* of the left end (the original initiator), of the right one */
	uint64_t seed;             /* decides whose nonces are low */
	bool calm;                 /* no accidents */
	const char *omit;          /* a check that an end leaves out; NULL: none */
	bool omit_at[2];
	bool tells;                /* the path to a disagreement is printed */
	size_t limit;              /* of paths; 0: all */
	struct crypto *crypto;
	/* out */
	size_t paths, states, disagreements;
	char what[160];            /* of the first disagreement */
};

/* Walks all of it, or to the first disagreement. */
void explore(struct exploration *x);

#endif
