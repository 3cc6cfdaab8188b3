/*
 * Endpoints in a prepared state, at little cost: real handshakes are made once, and each input has
 * copies of what came of them, with sealers of its own.  So the keys are known, and the same for all.
 */
#ifndef FUZZ_STAGE_H
#define FUZZ_STAGE_H

#include "../inside.h"

enum { TESTER, TARGET };

/* What the target is found in. */
enum stage {
	STAGE_NOTHING,
	STAGE_COOKIES,          /* it asks for cookies */
	STAGE_INITIATED,        /* it sent IKE_SA_INIT */
	STAGE_KEYED_RESPONDER,  /* waits for IKE_AUTH */
	STAGE_KEYED_INITIATOR,  /* sent it */
	STAGE_ESTABLISHED,
	STAGE_LIVENESS,         /* and has asked for something: */
	STAGE_NEW_CHILD,
	STAGE_REKEY_CHILD,
	STAGE_REKEY_IKE,
	STAGE_DELETE_CHILD,
	STAGE_DELETE_IKE,
	STAGE_FRAGMENTS,        /* two of three fragments of a request are there */
	STAGE_WINDOW,           /* windows of four, three requests in flight */
	STAGE_GONE,             /* its IKE SA has just ended */
	STAGES
};

struct stage_options {
	enum stage stage;
	bool initiator;         /* the target is the original initiator */
	bool cbc;               /* a suite with separate integrity */
	bool stepped;           /* the target is a stepped endpoint */
	uint64_t omit[CHECK_WORDS];
};

struct staged {
	struct endpoint *target;
	struct ike_sa *ike;             /* of the target; may go with any call.  NULL: none */
	uint64_t spi_i, spi_r;
	const struct suite *suite;
	struct sealer *seal;            /* as the tester seals; NULL: there are no keys */
	bool tester_initiated;
	struct address from, to;        /* of what the tester sends */
	usec now;
};

void stage_begin(struct staged *s, const struct stage_options *o);
void stage_end(struct staged *s);
/* An honest chain of the tester's, its octets; first is the type of its first payload. */
#define STAGE_CHAINS 24
struct stage_chain {
	uint8_t exchange, first;
	bool response;
	struct bytes plain;
};
extern const size_t stage_chain_count;
const struct stage_chain *stage_chain(const struct stage_options *o, size_t n);

#endif
