/*
 * The authentication methods as rows of one table (RFC 7296 3.8): how AUTH is made over the octets that it
 * covers, and how the peer's is looked at.
 */
#ifndef IKEV2_AUTH_METHOD_H
#define IKEV2_AUTH_METHOD_H

#include "ikev2/credentials.h"

#define PRF_MAX 64

enum {
	METHOD_RSA = 1, METHOD_SECRET = 2, METHOD_ECDSA_256 = 9, METHOD_ECDSA_384 = 10, METHOD_ECDSA_521 = 11,
	METHOD_NULL = 13, METHOD_SIGNATURE = 14,
};

struct endpoint;
struct ike_sa;
struct incoming;
struct making;
struct node;

/* What AUTH covers (2.15): message | nonce | prf(SK_p, ID'). */
struct auth_octets {
	struct bytes parts[3];
	uint8_t maced[PRF_MAX];
};

/* The content of an AUTH payload behind its method. */
struct auth_content {
	struct bytes algorithm;         /* method 14 only */
	struct bytes value;
	uint8_t at[SIGNATURE_MAX];      /* where value lies */
};

struct auth_method {
	uint8_t id;
	enum proof proof;
	const char *key;                /* a signature: the kind of key, NULL: any */
	int bits;                       /* an EC key: of its field */
	const char *scheme;             /* the one that the method fixes, NULL: method 14 */
	bool (*make)(struct making *m, const struct auth_octets *o, struct auth_content *out, struct why *why);
	/* key: of the peer's certificate; true if it is what the octets give. */
	bool (*good)(struct incoming *x, const struct auth_method *m, const struct auth_octets *o,
		     struct node *auth, const struct signature_key *key);
};

const struct auth_method *auth_method_find(uint64_t id);
/* The method by which an IKE SA's own end is to sign, and the scheme of a signature; false with why if there
 * is none that the peer can verify. */
bool auth_method_choose(const struct ike_sa *sa, const struct auth_method **method,
			const struct signature_scheme **scheme, struct why *why);
/* A signature that a method or an AlgorithmIdentifier should not have (faults): is it any of that key? */
bool auth_signed_somehow(struct incoming *x, const struct auth_octets *o, struct node *auth,
			 const struct signature_key *key);

#endif
