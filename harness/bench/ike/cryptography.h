/*
 * What of a handshake in memory is cryptography: the calls into the library, without the endpoint.
 */
#ifndef IKE_CRYPTOGRAPHY_H
#define IKE_CRYPTOGRAPHY_H

#include "pair.h"

/* Medians of as many handshakes as fit into so many cycles (one at least): cycles of both ends in
 * cryptography, and (or NULL) all together; instructions: see instructions.h. */
bool cryptography_of(struct ike_pair *p, double cycles, double *in_cryptography, double *all);

#endif
