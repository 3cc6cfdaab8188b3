/*
 * How the two ends of an IKE SA prove who they are (RFC 7296 2.15): by a shared secret, by a signature with a
 * certificate, or not at all (RFC 7619).  Each end has its own way.
 *
 * Certificates are octets here; OpenSSL alone looks inside (certificates.c).
 */
#ifndef IKEV2_CREDENTIALS_H
#define IKEV2_CREDENTIALS_H

#include "base/signature.h"

enum proof {
	PROOF_SECRET,           /* method 2 */
	PROOF_SIGNATURE,        /* methods 1, 9, 10, 11 and 14, by the key and by what the peer announced */
	PROOF_NONE,             /* method 13 */
};

#define CHAIN 8                 /* certificates of a chain, of those that a peer sends too */
struct certificate_chain {
	struct bytes rows[CHAIN];       /* DER, the end entity first, without the root */
	size_t count;
};
/* What we prove ourselves with. */
struct credentials {
	enum proof proof;
	const struct signature_key *key;        /* of the first certificate */
	/* Method 14 by this scheme, whatever the peer announced; NULL: the first that fits. */
	const struct signature_scheme *scheme;
	bool old;                       /* never method 14 */
	struct certificate_chain chain;
};

#define ANCHORS 4
/* What a peer's certificate is measured by. */
struct trust {
	struct bytes anchors[ANCHORS];  /* certificates of CAs */
	size_t anchor_count;
	struct bytes crls[ANCHORS];
	size_t crl_count;
};

/* Bit n: the hash algorithm n is announced in SIGNATURE_HASH_ALGORITHMS. */
#define HASH_BIT(id) (1u << (id))
#define HASHES_SHA2 (HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_SHA2_512))

#endif
