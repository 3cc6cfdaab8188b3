/*
 * Digital signatures over OpenSSL EVP: RSA (PKCS#1 v1.5 and PSS), ECDSA and EdDSA.
 *
 * One table row per scheme holds OpenSSL's names, the number of its hash among the IKEv2 Hash Algorithms
 * and the DER AlgorithmIdentifier by which RFC 7427 and RFC 8420 name it on the wire.  What a signature
 * draws comes from the caller's generator (crypto_draw_from), so that ECDSA and PSS repeat with a seed.
 */
#ifndef BASE_SIGNATURE_H
#define BASE_SIGNATURE_H

#include "base/crypto.h"

/* IKEv2 Hash Algorithms (RFC 7427 7, RFC 8420 5). */
enum { HASH_SHA1 = 1, HASH_SHA2_256 = 2, HASH_SHA2_384 = 3, HASH_SHA2_512 = 4, HASH_IDENTITY = 5 };

struct signature_scheme {
	const char *name;           /* "rsa-pss-sha256" */
	const char *key;            /* OpenSSL's name of the kind of key */
	const char *hash;           /* OpenSSL's name; NULL: the scheme takes the message itself */
	uint16_t hash_id;
	bool pss;
	uint8_t octets[72];         /* of the AlgorithmIdentifier, see signature_algorithm */
	uint8_t octets_len;
};
extern const struct signature_scheme signature_schemes[];   /* in the order of preference for a key */
extern const size_t signature_schemes_count;
const struct signature_scheme *signature_scheme_find(const char *name);
/* Its AlgorithmIdentifier. */
struct bytes signature_algorithm(const struct signature_scheme *s);
/*
 * The scheme that a DER AlgorithmIdentifier names, parameters absent or NULL where they are optional;
 * salt gets the length of PSS's salt.  NULL with why: not DER, not known, or parameters that are missing
 * or unknown.
 */
const struct signature_scheme *signature_algorithm_read(struct bytes der, int *salt, struct why *why);

/* A key to sign or to verify with. */
struct signature_key;
/* kind: "rsa2048" (any size), "p256", "p384", "p521", "ed25519", "ed448". */
struct signature_key *signature_key_generate(struct crypto *c, struct rng *r, const char *kind, struct why *why);
/* From the DER of PKCS#8 (or a traditional private key), and of a SubjectPublicKeyInfo. */
struct signature_key *signature_key_private(struct crypto *c, struct bytes der, struct why *why);
struct signature_key *signature_key_public(struct crypto *c, struct bytes spki, struct why *why);
void signature_key_free(struct signature_key *k);
/* The private key as PKCS#8, the public one as SubjectPublicKeyInfo; BYTES_NONE past the cap. */
struct bytes signature_key_export(const struct signature_key *k, bool private, struct arena *a);
/* Can that key sign by that scheme? */
bool signature_key_fits(const struct signature_key *k, const struct signature_scheme *s);
/* "RSA", "EC", "ED25519", "ED448"; and its size in bits (of an EC key: of its field). */
const char *signature_key_kind(const struct signature_key *k);
int signature_key_bits(const struct signature_key *k);
/* OpenSSL's key, for certificates. */
struct evp_pkey_st *signature_key_evp(const struct signature_key *k);

/* The longest signature of a key of 16384 bits. */
#define SIGNATURE_MAX 2048
/* Signs the parts one after the other; salt -1: as long as the hash.  ECDSA as DER. */
bool signature_make(struct crypto *c, const struct signature_key *k, const struct signature_scheme *s,
		    const struct bytes *parts, size_t count, uint8_t out[static SIGNATURE_MAX], size_t *len,
		    struct why *why);
bool signature_good(struct crypto *c, const struct signature_key *k, const struct signature_scheme *s, int salt,
		    const struct bytes *parts, size_t count, struct bytes signature);
/* An ECDSA signature as r | s, half octets each (RFC 4754 7), and back; false if it is none. */
bool signature_to_raw(struct bytes der, size_t half, uint8_t *out);
bool signature_from_raw(struct bytes raw, uint8_t out[static SIGNATURE_MAX], size_t *len);

#endif
