/*
 * The table of signature schemes, and reading an AlgorithmIdentifier (RFC 7427 appendix A, RFC 8420
 * appendix A).  DER is OpenSSL's to parse; what it found is compared with the rows.
 */
#include "crypto-inside.h"

#include "base/signature.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define ALGORITHM_MAX 255
#define SALT_MAX      512

/* SEQUENCE { OID, NULL }, { OID }, { RSASSA-PSS, { hash, MGF1 of the same hash, salt as long } } */
#define RSA(last) { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 5, 0 }, 15
#define ECDSA(last) { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last }, 12
#define EDDSA(last) { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, last }, 7
#define SHA2(last)  0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 5, 0
#define PSS(last, salt)                                                                           \
	{ 0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34,  \
	  0xa0, 0x0f, SHA2(last), 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,  \
	  0x0d, 0x01, 0x01, 0x08, SHA2(last), 0xa2, 0x03, 0x02, 0x01, salt }, 67

const struct signature_scheme signature_schemes[] = {
	{ "rsa-sha256",     "RSA",     "SHA256", HASH_SHA2_256, false, RSA(0x0b) },
	{ "rsa-sha512",     "RSA",     "SHA512", HASH_SHA2_512, false, RSA(0x0d) },
	{ "rsa-sha384",     "RSA",     "SHA384", HASH_SHA2_384, false, RSA(0x0c) },
	{ "rsa-pss-sha256", "RSA",     "SHA256", HASH_SHA2_256, true,  PSS(1, 0x20) },
	{ "rsa-pss-sha512", "RSA",     "SHA512", HASH_SHA2_512, true,  PSS(3, 0x40) },
	{ "rsa-pss-sha384", "RSA",     "SHA384", HASH_SHA2_384, true,  PSS(2, 0x30) },
	{ "ecdsa-sha256",   "EC",      "SHA256", HASH_SHA2_256, false, ECDSA(2) },
	{ "ecdsa-sha384",   "EC",      "SHA384", HASH_SHA2_384, false, ECDSA(3) },
	{ "ecdsa-sha512",   "EC",      "SHA512", HASH_SHA2_512, false, ECDSA(4) },
	{ "ed25519",        "ED25519", NULL,     HASH_IDENTITY, false, EDDSA(0x70) },
	{ "ed448",          "ED448",   NULL,     HASH_IDENTITY, false, EDDSA(0x71) },
	{ "rsa-sha1",       "RSA",     "SHA1",   HASH_SHA1,     false, RSA(0x05) },
	{ "ecdsa-sha1",     "EC",      "SHA1",   HASH_SHA1,     false,
	  { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01 }, 11 },
};
const size_t signature_schemes_count = ARRAY_LEN(signature_schemes);

const struct signature_scheme *signature_scheme_find(const char *name)
{
	for (size_t i = 0; i < signature_schemes_count; i++)
		if (strcmp(signature_schemes[i].name, name) == 0)
			return &signature_schemes[i];
	return NULL;
}

struct bytes signature_algorithm(const struct signature_scheme *s)
{
	return bytes_make(s->octets, s->octets_len);
}

/* OpenSSL takes BER too: what it writes itself must be the same octets. */
static X509_ALGOR *parse(struct bytes der)
{
	const unsigned char *at = der.at;
	unsigned char again[2 * ALGORITHM_MAX], *to = again;
	X509_ALGOR *algorithm = der.len && der.len <= ALGORITHM_MAX
					? d2i_X509_ALGOR(NULL, &at, (long)der.len)
					: NULL;
	int len = algorithm ? i2d_X509_ALGOR(algorithm, NULL) : 0;
	if (len > 0 && (size_t)len == der.len && i2d_X509_ALGOR(algorithm, &to) == len &&
	    memcmp(again, der.at, der.len) == 0)
		return algorithm;
	X509_ALGOR_free(algorithm);
	return NULL;
}

static int algorithm_nid(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	if (!algorithm)
		return NID_undef;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return OBJ_obj2nid(object);
}

/* The hash of PSS, and of its MGF1, which must be the same one. */
static int pss_hash(const RSA_PSS_PARAMS *p)
{
	int type = V_ASN1_UNDEF;
	const void *value = NULL;
	if (algorithm_nid(p->hashAlgorithm) == NID_undef || algorithm_nid(p->maskGenAlgorithm) != NID_mgf1)
		return NID_undef;
	X509_ALGOR_get0(NULL, &type, &value, p->maskGenAlgorithm);
	if (type != V_ASN1_SEQUENCE)
		return NID_undef;
	X509_ALGOR *mask = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR));
	int hash = algorithm_nid(mask) == algorithm_nid(p->hashAlgorithm) ? algorithm_nid(mask)
									  : NID_undef;
	X509_ALGOR_free(mask);
	return hash;
}

/* The parameters of RSASSA-PSS must be there: without them nothing says what was hashed. */
static int pss_read(const X509_ALGOR *algorithm, int *salt)
{
	int type = V_ASN1_UNDEF;
	const void *value = NULL;
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	RSA_PSS_PARAMS *p = type == V_ASN1_SEQUENCE
				    ? ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS))
				    : NULL;
	long octets = p && p->saltLength ? ASN1_INTEGER_get(p->saltLength) : 20;
	long trailer = p && p->trailerField ? ASN1_INTEGER_get(p->trailerField) : 1;
	int hash = p && octets >= 0 && octets <= SALT_MAX && trailer == 1 ? pss_hash(p) : NID_undef;
	RSA_PSS_PARAMS_free(p);
	*salt = (int)octets;
	return hash;
}

static bool optional_parameters(const X509_ALGOR *algorithm)
{
	int type = V_ASN1_UNDEF;
	X509_ALGOR_get0(NULL, &type, NULL, algorithm);
	return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

static bool same_object(const struct signature_scheme *s, const X509_ALGOR *algorithm)
{
	X509_ALGOR *row = parse(signature_algorithm(s));
	bool same = row && algorithm_nid(row) == algorithm_nid(algorithm);
	X509_ALGOR_free(row);
	return same;
}

static const struct signature_scheme *find(const X509_ALGOR *algorithm, int *salt, struct why *why)
{
	bool pss = algorithm_nid(algorithm) == NID_rsassaPss;
	int hash = pss ? pss_read(algorithm, salt) : NID_undef;
	for (size_t i = 0; i < signature_schemes_count; i++) {
		const struct signature_scheme *s = &signature_schemes[i];
		if (s->pss != pss || (pss ? hash != OBJ_sn2nid(s->hash) : !same_object(s, algorithm)))
			continue;
		if (pss || optional_parameters(algorithm))
			return s;
	}
	why_set(why, pss ? "parameters of RSASSA-PSS that are missing or not supported"
			 : "an unknown algorithm, or parameters that it does not have");
	return NULL;
}

const struct signature_scheme *signature_algorithm_read(struct bytes der, int *salt, struct why *why)
{
	X509_ALGOR *algorithm = parse(der);
	const struct signature_scheme *s = NULL;
	*salt = -1;
	if (algorithm)
		s = find(algorithm, salt, why);
	else
		why_set(why, "%zu octets that are no AlgorithmIdentifier", der.len);
	X509_ALGOR_free(algorithm);
	ERR_clear_error();
	return s;
}
