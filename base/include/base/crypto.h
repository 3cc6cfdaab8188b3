/*
 * The transforms of IKEv2 and ESP over OpenSSL EVP.
 *
 * One table row per transform serves negotiation, KEYMAT slicing, sealing, key files and target
 * configuration alike.  OpenSSL lives in a library context of its own whose random numbers come from
 * the caller's generator, so the virtual world repeats octet for octet.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/rng.h"
#include "base/why.h"

/* Transform types (RFC 7296 3.3.2). */
enum { TRANSFORM_ENCR = 1, TRANSFORM_PRF = 2, TRANSFORM_INTEG = 3, TRANSFORM_KE = 4, TRANSFORM_ESN = 5 };

struct transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;          /* the Key Length attribute, 0 if it bears none */
	const char *name;           /* "AES_GCM_16_256" */
	const char *evp;            /* OpenSSL's name of cipher, digest or group; NULL if none is needed */
	bool aead;                  /* ENCR that brings its own ICV */
	uint16_t key;               /* octets of key, without salt (PRF: preferred key = output length) */
	uint16_t salt;              /* octets of salt behind the key in KEYMAT */
	uint16_t iv;                /* octets of IV in the packet */
	uint16_t block;             /* padding alignment of the cipher: 1 for AEAD and stream, 16 for AES-CBC */
	uint16_t icv;               /* octets of ICV (AEAD, INTEG) */
	uint16_t output;            /* PRF: octets of output; KE: octets of the shared secret */
	uint16_t public_initiator;  /* KE: octets of KE data */
	uint16_t public_responder;
	const char *wireshark_ike;  /* "AES-GCM-256 with 16 octet ICV [RFC5282]"; NULL if it has no row */
	const char *wireshark_esp;
	const char *libreswan;      /* keyword in ike=/esp= */
	const char *strongswan;
	uint8_t suites;             /* bit 0: usable in IKE, bit 1: in ESP, bit 2: implemented here */
};
#define TRANSFORM_IN_IKE 1
#define TRANSFORM_IN_ESP 2
#define TRANSFORM_IMPLEMENTED 4

extern const struct transform transforms[];
extern const size_t transforms_count;

/* The row, or NULL. */
const struct transform *transform_find(uint8_t type, uint16_t id, uint16_t key_bits);

/* Requirement levels: RFC 8247 for IKE, RFC 8221 for ESP, RFC 9395. */
enum transform_level {
	TRANSFORM_MAY, TRANSFORM_SHOULD, TRANSFORM_SHOULD_PLUS, TRANSFORM_MUST_MINUS, TRANSFORM_MUST,
	TRANSFORM_SHOULD_NOT, TRANSFORM_MUST_NOT
};
enum transform_level transform_level(const struct transform *t, bool esp);
const char *transform_level_name(enum transform_level level);
/* SHOULD NOT or MUST NOT? */
bool transform_discouraged(const struct transform *t, bool esp);

/* A negotiated suite.  integ is NULL with an AEAD; prf and ke are NULL in ESP when not there. */
struct suite {
	const struct transform *encr, *integ, *prf, *ke;
	bool esn;
};
/*
 * A suite from keywords joined by '-', in the manner of Libreswan or strongSwan
 * ("aes256gcm16-prfsha256-x25519", "aes128-sha256-ecp256", "aes_gcm256-sha2_256-dh19", ESP: "aes256gcm16-esn").
 * why names the unknown word and the nearest known one.
 */
bool suite_parse(const char *text, bool esp, struct suite *out, struct why *why);
/* What of a suite SHOULD NOT or MUST NOT be used: "MODP_768 MUST NOT be used for IKE"; false if nothing is. */
bool suite_discouraged(const struct suite *s, bool esp, char *text, size_t cap);
/* As keywords of Libreswan or strongSwan; returns text. */
char *suite_print_libreswan(const struct suite *s, bool esp, char *text, size_t cap);
char *suite_print_strongswan(const struct suite *s, bool esp, char *text, size_t cap);

/* The library context with our RAND provider.  One a process is enough; not for several threads at once. */
struct crypto;
struct crypto *crypto_new(struct why *why);
void crypto_free(struct crypto *c);
/* The OSSL_LIB_CTX, for what needs more of OpenSSL than is wrapped here (certificates, signatures). */
struct ossl_lib_ctx_st *crypto_library(struct crypto *c);
/* Where OpenSSL draws random octets from until the next call; must be set before anything that draws. */
void crypto_draw_from(struct crypto *c, struct rng *r);
/* "WHAT: OpenSSL: the text of its last error", and an empty queue; returns false. */
bool crypto_why(struct why *why, const char *what);
/* Draws that nobody had set a generator for: must stay 0 (a test looks). */
unsigned crypto_stray_draws(const struct crypto *c);

/* Whoever measures is told when cryptography begins and when it ends, calls within calls once; NULL: nobody. */
void crypto_watch(struct crypto *c, void (*told)(void *ctx, bool begins), void *ctx);
/* For what uses crypto_library: between the two, cryptography goes on. */
void crypto_begins(struct crypto *c);
void crypto_ends(struct crypto *c);

bool crypto_hash(struct crypto *c, const char *evp, struct bytes in, uint8_t *out, size_t cap, size_t *len);
bool crypto_equal(struct bytes a, struct bytes b);   /* constant time */

/* RFC 7296 2.14: does it take a key of fixed length, so that SKEYSEED is keyed with the first half of
 * that from each nonce?  (AES-XCBC and AES-CMAC) */
bool prf_key_is_fixed(const struct transform *prf);
/* prf(key, parts...): out has prf->output octets.  (RFC 7296 2.13) */
bool prf_compute(struct crypto *c, const struct transform *prf, struct bytes key,
		 const struct bytes *parts, size_t count, uint8_t *out);
/* prf+(key, seed) of len octets. */
bool prf_plus(struct crypto *c, const struct transform *prf, struct bytes key, struct bytes seed,
	      uint8_t *out, size_t len);

/* A key pair of a KE method. */
struct dh;
/* A fresh pair; memory is OpenSSL's: dh_free it (an SA does so when it is freed). */
struct dh *dh_generate(struct crypto *c, struct rng *r, const struct transform *ke, struct why *why);
struct dh *dh_from_private(struct crypto *c, const struct transform *ke, struct bytes secret, struct why *why);
void dh_free(struct dh *d);
/* Our KE data: public_initiator/public_responder octets. */
struct bytes dh_public(const struct dh *d);
/* Checks a peer's KE data as RFC 6989 and RFC 8031 demand (length, range, on curve). */
bool dh_check_public(struct crypto *c, const struct transform *ke, struct bytes peer, struct why *why);
/* g^ir: ke->output octets to out (cap at least that); false if the public value is bad or, for
 * Curve25519, the secret is all zero. */
bool dh_shared(struct crypto *c, const struct dh *d, struct bytes peer, uint8_t *out, size_t cap,
	       size_t *len, struct why *why);
/* A bad or special public value for scenarios: kind "zero one off-curve infinity too-large low-order short long". */
bool dh_special_public(const struct transform *ke, const char *kind, uint8_t *out, size_t cap, size_t *len);

/*
 * Sealing, for SK payloads and ESP alike: a keyed context for one direction.  key includes the salt
 * for AEAD.  In and out may be the same octets.  For CBC the plaintext must be whole blocks.
 */
struct sealer;
struct sealer *sealer_new(struct crypto *c, const struct transform *encr, const struct transform *integ,
			  struct bytes key, struct bytes integ_key, bool for_sealing, struct why *why);
void sealer_free(struct sealer *s);
/* Encrypts plain to out (same length).  AEAD: icv gets encr->icv octets over aad and ciphertext.
 * Else icv gets integ->icv octets of the MAC over aad | iv | ciphertext | tail.  (tail: ESN high half; may be empty) */
bool sealer_seal(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes plain, struct bytes tail,
		 uint8_t *out, uint8_t *icv);
/* Checks the ICV, then decrypts; false if it is wrong, and out is then unspecified. */
bool sealer_open(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher, struct bytes tail,
		 struct bytes icv, uint8_t *out);
/* Decrypts without looking at the ICV (a fault of the built-in target, and `explain`). */
bool sealer_open_unchecked(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher, uint8_t *out);
/* The MAC of a sealer for a ciphertext that somebody else made, of any length.  Not for AEAD. */
bool sealer_mac(struct sealer *s, struct bytes iv, struct bytes aad, struct bytes cipher, struct bytes tail,
		uint8_t *icv);
/* MAC alone: integ over the parts; out has integ->icv octets.  Not for AEAD. */
bool integ_compute(struct crypto *c, const struct transform *integ, struct bytes key,
		   const struct bytes *parts, size_t count, uint8_t *out);

#endif
