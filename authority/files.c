/*
 * Certificates and keys in other forms: of files, for files.
 */
#include "inside.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>

#define READ_KEYS 64

static bool keep_one(struct arena *arena, struct bytes der, struct bytes *out, size_t cap, size_t *count,
		     struct why *why)
{
	if (*count == cap)
		return why_set(why, "more than %zu of a kind in one file", cap);
	out[(*count)++] = arena_copy(arena, der);
	return out[*count - 1].at || why_set(why, "no memory for a certificate");
}

static bool read_pem(BIO *bio, const char *label, struct arena *arena, struct bytes *out, size_t cap, size_t *count,
		     struct why *why)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len;
	bool good = true;
	while (good && PEM_read_bio(bio, &name, &header, &der, &len)) {
		if (strcmp(name, label) == 0)
			good = keep_one(arena, bytes_make(der, (size_t)len), out, cap, count, why);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	ERR_clear_error();
	return good;
}

static bool is_pem(struct bytes file)
{
	return file.len > 10 && (memcmp(file.at, "-----BEGIN", 10) == 0 || file.at[0] != 0x30);
}

bool authority_read(struct authority *a, const char *label, struct bytes file, struct arena *arena,
		    struct bytes *out, size_t cap, size_t *count, struct why *why)
{
	(void)a;
	*count = 0;
	if (file.len && !is_pem(file))
		return keep_one(arena, file, out, cap, count, why);
	BIO *bio = BIO_new_mem_buf(file.at, (int)file.len);
	bool good = bio && read_pem(bio, label, arena, out, cap, count, why);
	BIO_free(bio);
	return good && (*count || why_set(why, "the file holds no %s", label));
}

/* A key without its PEM; the labels of PKCS#8 and of the older forms. */
static struct bytes key_octets(struct authority *a, struct bytes file, struct arena *arena)
{
	static const char *const labels[] = { "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY" };
	struct bytes der = BYTES_NONE;
	struct why why;
	size_t count;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (authority_read(a, labels[i], file, arena, &der, 1, &count, &why))
			return der;
	return BYTES_NONE;
}

const struct signature_key *authority_read_key(struct authority *a, struct bytes file, struct why *why)
{
	struct arena *arena = arena_new(1 << 17);
	struct bytes der = arena ? key_octets(a, file, arena) : BYTES_NONE;
	struct signature_key *k = NULL;
	if (!a->read)
		a->read = calloc(READ_KEYS, sizeof(struct signature_key *));
	if (!der.len)
		why_set(why, "the file holds no private key without a password");
	else if (!a->read || a->read_count == READ_KEYS)
		why_set(why, "more than %d private keys", READ_KEYS);
	else
		k = signature_key_private(a->crypto, der, why);
	if (k)
		a->read[a->read_count++] = k;
	arena_free(arena);
	return k;
}

static X509 *read_certificate(struct authority *a, struct bytes certificate)
{
	const unsigned char *at = certificate.at;
	X509 *cert = X509_new_ex(crypto_library(a->crypto), NULL);
	return cert && d2i_X509(&cert, &at, (long)certificate.len) ? cert : NULL;
}

bool authority_hash(struct authority *a, struct bytes certificate, uint8_t out[static 20])
{
	X509 *cert = read_certificate(a, certificate);
	unsigned char *der = NULL;
	int len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : 0;
	size_t size;
	bool good = len > 0 && crypto_hash(a->crypto, "SHA1", bytes_make(der, (size_t)len), out, 20, &size);
	OPENSSL_free(der);
	X509_free(cert);
	return good;
}

bool authority_subject(struct authority *a, struct bytes certificate, struct arena *arena,
		       struct bytes *out)
{
	X509 *cert = read_certificate(a, certificate);
	unsigned char *der = NULL;
	int len = cert ? i2d_X509_NAME(X509_get_subject_name(cert), &der) : 0;
	*out = len > 0 ? arena_copy(arena, bytes_make(der, (size_t)len)) : BYTES_NONE;
	OPENSSL_free(der);
	X509_free(cert);
	return out->len > 0;
}

static STACK_OF(X509) *others_of(struct authority *a, const struct authority_issued *issued)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	for (size_t i = 1; stack && i < issued->count; i++)
		sk_X509_push(stack, read_certificate(a, issued->chain[i]));
	if (stack)
		sk_X509_push(stack, read_certificate(a, authority_root(a)));
	return stack;
}

bool authority_pkcs12(struct authority *a, const struct authority_issued *issued, const char *name,
		      const char *password, struct rng *r, struct arena *arena, struct bytes *out)
{
	X509 *cert = read_certificate(a, issued->chain[0]);
	STACK_OF(X509) *others = others_of(a, issued);
	unsigned char *der = NULL;
	crypto_draw_from(a->crypto, r);
	PKCS12 *p = PKCS12_create_ex(password, name, signature_key_evp(issued->key), cert, others, 0, 0, 0, 0, 0,
				     crypto_library(a->crypto), NULL);
	crypto_draw_from(a->crypto, NULL);
	int len = p ? i2d_PKCS12(p, &der) : 0;
	*out = len > 0 ? arena_copy(arena, bytes_make(der, (size_t)len)) : BYTES_NONE;
	OPENSSL_free(der);
	PKCS12_free(p);
	sk_X509_pop_free(others, X509_free);
	X509_free(cert);
	ERR_clear_error();
	return out->len > 0;
}

const char *authority_pem(struct arena *arena, const char *label, struct bytes der)
{
	size_t size = 4 * (der.len / 3 + 2), line = 64;
	char *text = arena_alloc(arena, size);
	const char *out = text ? arena_printf(arena, "-----BEGIN %s-----\n", label) : NULL;
	if (!out || !EVP_EncodeBlock((unsigned char *)text, der.at, (int)der.len))
		return NULL;
	for (const char *at = text; out && *at; at += strnlen(at, line))
		out = arena_printf(arena, "%s%.64s\n", out, at);
	return out ? arena_printf(arena, "%s-----END %s-----\n", out, label) : NULL;
}
