/*
 * One certificate, one revocation list: their fields, by OpenSSL, signed with a generator of their own.
 */
#include "inside.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

uint64_t label_number(struct authority *a, const char *label)
{
	uint8_t hash[32];
	size_t len;
	if (!crypto_hash(a->crypto, "SHA256", bytes_text(label), hash, sizeof(hash), &len))
		return 1;
	struct cursor c = cursor_over(BYTES_OF(hash));
	uint64_t n = 0;
	cursor_u64(&c, &n);
	return n >> 1 | 1;
}

static bool add_part(X509_NAME *n, const char *part, const char *text)
{
	return X509_NAME_add_entry_by_txt(n, part, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static bool set_name(X509_NAME *n, const char *unit, const char *name)
{
	return add_part(n, "O", "ikespec") && (!unit || add_part(n, "OU", unit)) && add_part(n, "CN", name);
}

static bool set_names(X509 *cert, const struct subject *subject, const struct signer *issuer)
{
	X509_NAME *s = X509_NAME_new(), *i = X509_NAME_new();
	bool good = s && i && set_name(s, subject->unit, subject->name) &&
		    set_name(i, issuer->unit, issuer->name) &&
		    X509_set_subject_name(cert, s) && X509_set_issuer_name(cert, i);
	X509_NAME_free(s);
	X509_NAME_free(i);
	return good;
}

static bool set_time(X509 *cert, const char *from, const char *until)
{
	ASN1_TIME *t = ASN1_TIME_new();
	bool good = t && ASN1_TIME_set_string_X509(t, from) && X509_set1_notBefore(cert, t) &&
		    ASN1_TIME_set_string_X509(t, until) && X509_set1_notAfter(cert, t);
	ASN1_TIME_free(t);
	return good;
}

/* ------------------------------------------------------------ extensions */

static bool add(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	bool good = e && X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return good;
}

/* SHA-1 of the bits of a public key (RFC 5280 4.2.1.2). */
static ASN1_OCTET_STRING *key_identifier(struct authority *a, const struct signature_key *k,
					 struct arena *arena)
{
	struct bytes spki = signature_key_export(k, false, arena);
	const unsigned char *at = spki.at, *bits = NULL;
	X509_PUBKEY *public = spki.len ? d2i_X509_PUBKEY(NULL, &at, (long)spki.len) : NULL;
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	uint8_t hash[20];
	size_t size;
	int len;
	bool good = public && id && X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, public) &&
		    crypto_hash(a->crypto, "SHA1", bytes_make(bits, (size_t)len), hash, sizeof(hash), &size) &&
		    ASN1_OCTET_STRING_set(id, hash, (int)size);
	X509_PUBKEY_free(public);
	ERR_clear_error();
	if (good)
		return id;
	ASN1_OCTET_STRING_free(id);
	return NULL;
}

static bool add_key_identifier(struct authority *a, X509 *cert, const struct signature_key *k,
			       struct arena *arena)
{
	ASN1_OCTET_STRING *id = key_identifier(a, k, arena);
	bool good = id && X509_add1_ext_i2d(cert, NID_subject_key_identifier, id, 0, X509V3_ADD_DEFAULT) > 0;
	ASN1_OCTET_STRING_free(id);
	return good;
}

/* By which the CRL finds its CA. */
static bool add_issuer_identifier(struct authority *a, X509_CRL *crl, const struct signature_key *k,
				  struct arena *arena)
{
	AUTHORITY_KEYID *issuer = AUTHORITY_KEYID_new();
	bool good = issuer && (issuer->keyid = key_identifier(a, k, arena)) &&
		    X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, issuer, 0, X509V3_ADD_DEFAULT) > 0;
	AUTHORITY_KEYID_free(issuer);
	return good;
}

/* Of an OID that nobody was given. */
static bool add_unknown(X509 *cert)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("2.999.1", 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e = NULL;
	bool good = oid && data && ASN1_OCTET_STRING_set(data, (const unsigned char *)"\x05", 2) &&
		    (e = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, data)) && X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(oid);
	return good;
}

static int name_kind(uint8_t id_type)
{
	return id_type == 2 ? GEN_DNS : id_type == 3 ? GEN_EMAIL : id_type == 1 || id_type == 5 ? GEN_IPADD : -1;
}

/* The identity as the one alternative name; a name of its subject (9) or a KEY_ID has none. */
static bool add_identity(X509 *cert, int kind, struct bytes id)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *text = kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	bool good = names && name && text && ASN1_STRING_set(text, id.at, (int)id.len);
	if (good)
		GENERAL_NAME_set0_value(name, kind, text);
	else
		ASN1_STRING_free(text);
	if (good && (good = sk_GENERAL_NAME_push(names, name) > 0))
		name = NULL;
	good = good && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) > 0;
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return good;
}

static bool add_name(X509 *cert, const struct subject *s)
{
	const char *other = s->kind->name;
	if (other)
		return !*other || add_identity(cert, GEN_DNS, bytes_text(other));
	return name_kind(s->id_type) < 0 || add_identity(cert, name_kind(s->id_type), s->id);
}

static bool add_all(struct authority *a, X509 *cert, const struct subject *s, struct arena *arena)
{
	const struct kind *k = s->kind;
	if (!add(cert, NID_basic_constraints, s->ca ? "critical,CA:TRUE" : "critical,CA:FALSE") ||
	    !add_key_identifier(a, cert, s->key, arena))
		return false;
	if (s->ca)
		return add(cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	return add(cert, NID_key_usage, k->usage ? k->usage : "critical,digitalSignature") &&
	       (!k->purpose || add(cert, NID_ext_key_usage, k->purpose)) && add_name(cert, s) &&
	       (!k->critical || add_unknown(cert));
}

/* ------------------------------------------------------------ signing */

static const EVP_MD *digest_of(const struct signature_key *k)
{
	return strncmp(signature_key_kind(k), "ED", 2) == 0 ? NULL : EVP_sha256();
}

static bool sign(struct authority *a, X509 *cert, const struct signer *by, const char *label)
{
	struct rng r;
	rng_seed(&r, label_number(a, label), "certificate");
	crypto_draw_from(a->crypto, &r);
	bool good = X509_sign(cert, signature_key_evp(by->key), digest_of(by->key)) > 0;
	crypto_draw_from(a->crypto, NULL);
	return good;
}

static bool keep(struct arena *arena, int len, unsigned char **der, struct bytes *out)
{
	*out = len > 0 ? arena_copy(arena, bytes_make(*der, (size_t)len)) : BYTES_NONE;
	OPENSSL_free(*der);
	return out->len > 0;
}

static bool fill(struct authority *a, X509 *cert, const struct subject *s, const struct signer *by,
		 struct arena *arena)
{
	const struct kind *k = s->kind;
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	char label[200];
	snprintf(label, sizeof(label), "%s by %s %llu", s->name, by->name, (unsigned long long)s->serial);
	bool good = X509_set_version(cert, X509_VERSION_3) && serial &&
		    ASN1_INTEGER_set_uint64(serial, s->serial) && X509_set_serialNumber(cert, serial) &&
		    set_names(cert, s, by) &&
		    set_time(cert, k->from ? k->from : VALID_FROM, k->until ? k->until : VALID_UNTIL) &&
		    X509_set_pubkey(cert, signature_key_evp(s->key)) && add_all(a, cert, s, arena) &&
		    sign(a, cert, by, label);
	ASN1_INTEGER_free(serial);
	return good;
}

bool certificate_make(struct authority *a, const struct subject *s, const struct signer *by,
		      struct arena *arena, struct bytes *out, struct why *why)
{
	X509 *cert = X509_new_ex(crypto_library(a->crypto), NULL);
	unsigned char *der = NULL;
	bool good = cert && fill(a, cert, s, by, arena) && keep(arena, i2d_X509(cert, &der), &der, out);
	X509_free(cert);
	if (!good)
		return crypto_why(why, s->name);
	/* The signature is the last of it. */
	if (s->kind->spoilt)
		((uint8_t *)(uintptr_t)out->at)[out->len - 1] ^= 1;
	return true;
}

/* ------------------------------------------------------------ the revocation list */

static bool revoke(X509_CRL *crl, const ASN1_TIME *when, unsigned serial)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	bool good = r && n && ASN1_INTEGER_set_uint64(n, serial) && X509_REVOKED_set_serialNumber(r, n) &&
		    X509_REVOKED_set_revocationDate(r, (ASN1_TIME *)(uintptr_t)when) &&
		    X509_CRL_add0_revoked(crl, r);
	ASN1_INTEGER_free(n);
	if (!good)
		X509_REVOKED_free(r);
	return good;
}

static bool number_crl(X509_CRL *crl)
{
	ASN1_INTEGER *one = ASN1_INTEGER_new();
	bool good = one && ASN1_INTEGER_set(one, 1) &&
		    X509_CRL_add1_ext_i2d(crl, NID_crl_number, one, 0, X509V3_ADD_DEFAULT) > 0;
	ASN1_INTEGER_free(one);
	return good;
}

static bool fill_crl(struct authority *a, X509_CRL *crl, const struct signer *by, struct arena *arena)
{
	X509_NAME *name = X509_NAME_new();
	ASN1_TIME *from = ASN1_TIME_new(), *until = ASN1_TIME_new();
	struct rng r;
	bool good = name && from && until && set_name(name, by->unit, by->name) &&
		    ASN1_TIME_set_string_X509(from, VALID_FROM) &&
		    ASN1_TIME_set_string_X509(until, VALID_UNTIL) && X509_CRL_set_version(crl, 1) &&
		    X509_CRL_set_issuer_name(crl, name) && X509_CRL_set1_lastUpdate(crl, from) &&
		    X509_CRL_set1_nextUpdate(crl, until);
	for (unsigned i = 0; good && i < REVOKED_COUNT; i++)
		good = revoke(crl, from, REVOKED_FIRST + i);
	rng_seed(&r, 0, "revocation list");
	crypto_draw_from(a->crypto, &r);
	good = good && add_issuer_identifier(a, crl, by->key, arena) && number_crl(crl) && X509_CRL_sort(crl) &&
	       X509_CRL_sign(crl, signature_key_evp(by->key), digest_of(by->key)) > 0;
	crypto_draw_from(a->crypto, NULL);
	X509_NAME_free(name);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return good;
}

bool crl_make(struct authority *a, const struct signer *by, struct arena *arena, struct bytes *out,
	      struct why *why)
{
	X509_CRL *crl = X509_CRL_new_ex(crypto_library(a->crypto), NULL);
	unsigned char *der = NULL;
	bool good = crl && fill_crl(a, crl, by, arena) && keep(arena, i2d_X509_CRL(crl, &der), &der, out);
	X509_CRL_free(crl);
	return good || crypto_why(why, "revocation list");
}
