/*
 * What the files of the authority share: its keys, and what kinds of certificates there are.
 */
#ifndef AUTHORITY_INSIDE_H
#define AUTHORITY_INSIDE_H

#include "authority/authority.h"

#include <openssl/x509.h>

/* keys.c of the build, by make-keys.c */
struct embedded_key {
	const char *name;
	const unsigned char *der;
	size_t len;
};
extern const struct embedded_key embedded_keys[];
extern const size_t embedded_keys_count;

struct authority {
	struct crypto *crypto;
	struct arena *arena;
	struct signature_key **keys;    /* one for each of embedded_keys */
	struct signature_key **read;    /* of files */
	size_t read_count;
	struct bytes root, crl;
};

/* "tester-rsa"; NULL if there is none. */
const struct signature_key *authority_key(const struct authority *a, const char *name);

enum issuer {
	BY_ROOT,
	BY_INTERMEDIATE,        /* which the root issued */
	BY_LOST,                /* another, which nobody ever sends */
	BY_OTHER,               /* a root that nobody trusts */
	BY_IMPOSTOR,            /* the same, under the name of ours */
	BY_END_ENTITY,          /* a good certificate that is no CA's */
	BY_ITSELF,
};

struct kind {
	struct authority_kind shown;
	enum issuer issuer;
	unsigned intermediates;         /* in the chain */
	bool revoked, spoilt, weak, critical;
	const char *keys;               /* which of the tester's; NULL: the good ones */
	const char *from, *until;       /* UTC; NULL: of all */
	const char *usage, *purpose;    /* NULL: what is usual, none */
	const char *name;               /* as dNSName instead of the identity; "": no name at all */
};
const struct kind *kind_find(const char *name);

#define VALID_FROM  "20200101000000Z"
#define VALID_UNTIL "20491231235959Z"
/* Certificates that are revoked have serials from here on. */
#define REVOKED_FIRST 0x0bad0000u
#define REVOKED_COUNT 256u

/* ------------------------------------------------------------ make.c */

struct subject {
	const char *name;               /* CN */
	const char *unit;               /* OU; NULL: none.  NSS has one nickname for all of a subject */
	const struct signature_key *key;
	bool ca;
	uint64_t serial;
	const struct kind *kind;        /* of an end entity */
	uint8_t id_type;
	struct bytes id;
};
struct signer {
	const char *name;
	const struct signature_key *key;
	const char *unit;
};
/* One certificate as DER. */
bool certificate_make(struct authority *a, const struct subject *s, const struct signer *by, struct arena *arena,
		      struct bytes *out, struct why *why);
bool crl_make(struct authority *a, const struct signer *by, struct arena *arena, struct bytes *out, struct why *why);
/* The first octets of a hash, as a number that is not 0. */
uint64_t label_number(struct authority *a, const char *label);

#endif
