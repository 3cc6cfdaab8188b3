/*
 * A certification authority for tests: a root, intermediates, and certificates of every kind that is good or
 * wrong in one way, issued when they are asked for.
 *
 * The private keys are made by the build from a fixed seed and everybody has them: nothing but a test may trust
 * this root.  The same names give the same octets, in every run and for every seed.
 */
#ifndef AUTHORITY_AUTHORITY_H
#define AUTHORITY_AUTHORITY_H

#include "base/signature.h"

struct authority;
/* Everything is made when it is first asked for; c must live as long. */
struct authority *authority_new(struct crypto *c, struct why *why);
void authority_free(struct authority *a);
/* The root's certificate, and the list of what it revoked: DER, the authority's; BYTES_NONE if OpenSSL fails. */
struct bytes authority_root(struct authority *a);
struct bytes authority_crl(struct authority *a);

/* Kinds of keys of end entities, "rsa", "ecdsa256" ...; NULL past the last. */
const char *authority_key_name(size_t n);
/* Kinds of certificates, "good", "expired" ..., and what each is; NULL past the last. */
struct authority_kind {
	const char *name, *title;
	bool good;
};
const struct authority_kind *authority_kind(size_t n);
bool authority_knows_key(const char *name);
bool authority_knows_kind(const char *name);

struct authority_wish {
	const char *owner;              /* "tester" or "target": each has keys of its own */
	const char *key;                /* a kind of key */
	const char *kind;               /* NULL: good */
	uint8_t id_type;                /* of the identity (RFC 7296 3.5) that it is for */
	struct bytes id;
};
#define AUTHORITY_CHAIN 4
struct authority_issued {
	struct bytes chain[AUTHORITY_CHAIN];    /* DER, the end entity first, without the root */
	size_t count;
	const struct signature_key *key;        /* the authority's */
	struct bytes private_key;               /* the same as DER of PKCS#8 */
};
/* Octets belong to the arena.  False with why: an unknown kind, an identity that no certificate can bear. */
bool authority_issue(struct authority *a, const struct authority_wish *wish, struct arena *arena,
		     struct authority_issued *out, struct why *why);
/*
 * Certificates of others, as they lie in a file: PEM, any number of them, or one as DER; copies in the arena.
 * What they are good for is not looked at.  label: "CERTIFICATE" or "X509 CRL".
 */
bool authority_read(struct authority *a, const char *label, struct bytes file, struct arena *arena,
		    struct bytes *out, size_t cap, size_t *count, struct why *why);
/* A private key from a file, PEM without a password or DER; the authority's. */
const struct signature_key *authority_read_key(struct authority *a, struct bytes file, struct why *why);
/* SHA-1 of the key of a certificate, by which a CERTREQ names a CA (RFC 7296 3.7). */
bool authority_hash(struct authority *a, struct bytes certificate, uint8_t out[static 20]);
/* The subject of a certificate as the data of an ID_DER_ASN1_DN. */
bool authority_subject(struct authority *a, struct bytes certificate, struct arena *arena, struct bytes *out);
/* All of it in one file for a database of keys, under a name and a password. */
bool authority_pkcs12(struct authority *a, const struct authority_issued *issued, const char *name,
		      const char *password, struct rng *r, struct arena *arena, struct bytes *out);
/* As people and daemons keep it on disk: "CERTIFICATE", "PRIVATE KEY", "X509 CRL". */
const char *authority_pem(struct arena *arena, const char *label, struct bytes der);

#endif
