/*
 * What the files of crypto share: the library context and everything fetched from it once.
 *
 * Each row of the transform table has one slot here, filled when it is first used and kept, so that
 * a handshake looks nothing up by name.
 */
#ifndef BASE_CRYPTO_INSIDE_H
#define BASE_CRYPTO_INSIDE_H

#include "base/crypto.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

/* What a KE method computes in: MODP has p and mont, ECP has curve, field and order. */
struct group {
	BIGNUM *p;
	BN_MONT_CTX *mont;
	EC_GROUP *curve;
	const BIGNUM *order;
};

struct slot {
	EVP_CIPHER *cipher;     /* ENCR, and the AES of XCBC */
	EVP_MAC_CTX *mac;       /* PRF and INTEG: HMAC with the hash set, never keyed */
	struct mac *shared;     /* PRF and INTEG alone: rekeyed by whoever uses it */
	struct group group;     /* KE */
};

#define HASHES 8

struct crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *algorithms;  /* OpenSSL's "default" */
	OSSL_PROVIDER *chance;      /* ours */
	struct rng *draw;
	struct rng inner;           /* blinding, and what nobody had set a generator for */
	unsigned strays;
	EVP_MAC *hmac, *cmac;
	EVP_MD_CTX *hash;
	struct {
		char name[24];
		EVP_MD *md;
	} hashes[HASHES];
	BN_CTX *numbers;
	struct slot *slots;         /* transforms_count of them */
	void (*told)(void *ctx, bool begins);
	void *told_ctx;
	unsigned depth;             /* of calls within calls, while somebody is told */
};

/* The rest of the block is cryptography. */
static inline struct crypto *crypto_watched(struct crypto *c)
{
	crypto_begins(c);
	return c;
}
static inline void crypto_unwatched(struct crypto **c)
{
	crypto_ends(*c);
}
#define CRYPTO_WATCHED(c)                                                                          \
	struct crypto *watched __attribute__((unused, cleanup(crypto_unwatched))) =                \
		crypto_watched(c)

/* The slot of a row; asserts that t is a row of the table. */
struct slot *crypto_slot(struct crypto *c, const struct transform *t);
const EVP_CIPHER *crypto_cipher(struct crypto *c, const struct transform *t);

/* The MAC of a PRF or INTEG row, without a key; NULL if there is none, or no memory. */
struct mac;
struct mac *mac_new(struct crypto *c, const struct transform *t);
void mac_free(struct mac *m);
/* Sets the key and begins.  A PRF of fixed key length makes its key of any other (RFC 4434, RFC 4615). */
bool mac_key(struct mac *m, struct bytes key);
/* Begins again with the key that it has. */
bool mac_begin(struct mac *m);
bool mac_update(struct mac *m, struct bytes part);
/* The whole MAC, not yet cut to the length of an ICV. */
bool mac_final(struct mac *m, uint8_t out[static EVP_MAX_MD_SIZE]);

/* The numbers of a MODP or ECP row; on failure the group may be half filled and is still to be cleared. */
bool group_load(struct group *g, const struct transform *ke, OSSL_LIB_CTX *lib, BN_CTX *numbers);
/* Gives back what a group holds. */
void group_clear(struct group *g);

/* Our RAND provider, registered in c->lib and made the only source there. */
bool chance_install(struct crypto *c);

#endif
