/*
 * Two automatic endpoints and the wire between them, all in memory.
 */
#ifndef IKE_PAIR_H
#define IKE_PAIR_H

#include "authority/authority.h"
#include "ikev2/endpoint.h"

struct ike_pair {
	struct crypto *crypto;
	struct authority *authority;
	struct arena *arena;
	struct connection connections[2];
	struct endpoint *ends[2]; /* the initiator, the responder */
	usec now;
	/* Called with each datagram before it is delivered; or NULL. */
	void (*seen)(void *ctx, const struct datagram *d);
	void *ctx;
};
/* suite: of IKE, with its group; auth: "psk" or a kind of key.  False with why. */
bool ike_pair_open(struct ike_pair *p, const char *suite, const char *auth, struct why *why);
/* Both ends of a connection of that end (0: the tester) by certificates of the test authority. */
bool ike_pair_prove(struct ike_pair *p, struct connection *c, size_t end, const char *kind, struct why *why);
void ike_pair_close(struct ike_pair *p);
/* Both ends have an IKE SA and a Child SA more; false if it did not come to that. */
bool ike_pair_handshake(struct ike_pair *p);
/* The newest IKE SA is deleted. */
bool ike_pair_delete(struct ike_pair *p);
bool ike_pair_liveness(struct ike_pair *p);

#endif
