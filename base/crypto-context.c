#include "crypto-inside.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

bool crypto_why(struct why *why, const char *what)
{
	char text[160] = "no reason given";
	unsigned long error = ERR_peek_last_error();
	if (error)
		ERR_error_string_n(error, text, sizeof(text));
	ERR_clear_error();
	return why_set(why, "%s: OpenSSL: %s", what, text);
}

static bool set_up(struct crypto *c)
{
	c->lib = OSSL_LIB_CTX_new();
	if (!c->lib || !chance_install(c))
		return false;
	c->algorithms = OSSL_PROVIDER_load(c->lib, "default");
	c->hmac = c->algorithms ? EVP_MAC_fetch(c->lib, "HMAC", NULL) : NULL;
	c->cmac = c->hmac ? EVP_MAC_fetch(c->lib, "CMAC", NULL) : NULL;
	c->hash = EVP_MD_CTX_new();
	c->numbers = BN_CTX_new_ex(c->lib);
	c->slots = calloc(transforms_count, sizeof(*c->slots));
	return c->cmac && c->hash && c->numbers && c->slots;
}

struct crypto *crypto_new(struct why *why)
{
	struct crypto *c = calloc(1, sizeof(*c));
	if (!c) {
		why_set(why, "no memory for the library context");
		return NULL;
	}
	rng_seed(&c->inner, 0, "crypto");
	if (!set_up(c)) {
		crypto_why(why, "library context");
		crypto_free(c);
		return NULL;
	}
	return c;
}

void crypto_free(struct crypto *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->slots && i < transforms_count; i++) {
		EVP_CIPHER_free(c->slots[i].cipher);
		EVP_MAC_CTX_free(c->slots[i].mac);
		mac_free(c->slots[i].shared);
		group_clear(&c->slots[i].group);
	}
	free(c->slots);
	for (size_t i = 0; i < HASHES; i++)
		EVP_MD_free(c->hashes[i].md);
	EVP_MD_CTX_free(c->hash);
	EVP_MAC_free(c->hmac);
	EVP_MAC_free(c->cmac);
	BN_CTX_free(c->numbers);
	if (c->algorithms)
		OSSL_PROVIDER_unload(c->algorithms);
	if (c->chance)
		OSSL_PROVIDER_unload(c->chance);
	OSSL_LIB_CTX_free(c->lib);
	free(c);
}

struct ossl_lib_ctx_st *crypto_library(struct crypto *c)
{
	return c->lib;
}

void crypto_draw_from(struct crypto *c, struct rng *r)
{
	c->draw = r;
}

unsigned crypto_stray_draws(const struct crypto *c)
{
	return c->strays;
}

struct slot *crypto_slot(struct crypto *c, const struct transform *t)
{
	assert(t >= transforms && t < transforms + transforms_count);
	return &c->slots[t - transforms];
}

const EVP_CIPHER *crypto_cipher(struct crypto *c, const struct transform *t)
{
	struct slot *slot = crypto_slot(c, t);
	if (!slot->cipher && t->evp && (t->suites & TRANSFORM_IMPLEMENTED))
		slot->cipher = EVP_CIPHER_fetch(c->lib, t->evp, NULL);
	return slot->cipher;
}

/* The digest of that name from the kept ones; NULL if OpenSSL has none or too many were asked for. */
static const EVP_MD *find_hash(struct crypto *c, const char *evp)
{
	size_t i;
	for (i = 0; i < HASHES && c->hashes[i].md; i++)
		if (strcmp(c->hashes[i].name, evp) == 0)
			return c->hashes[i].md;
	if (i == HASHES || strlen(evp) >= sizeof(c->hashes[i].name))
		return NULL;
	c->hashes[i].md = EVP_MD_fetch(c->lib, evp, NULL);
	if (c->hashes[i].md)
		strcpy(c->hashes[i].name, evp);
	return c->hashes[i].md;
}

void crypto_watch(struct crypto *c, void (*told)(void *ctx, bool begins), void *ctx)
{
	c->told = told;
	c->told_ctx = ctx;
	c->depth = 0;
}

void crypto_begins(struct crypto *c)
{
	if (c->told && c->depth++ == 0)
		c->told(c->told_ctx, true);
}

void crypto_ends(struct crypto *c)
{
	if (c->told && --c->depth == 0)
		c->told(c->told_ctx, false);
}

bool crypto_hash(struct crypto *c, const char *evp, struct bytes in, uint8_t *out, size_t cap,
		 size_t *len)
{
	CRYPTO_WATCHED(c);
	const EVP_MD *md = find_hash(c, evp);
	unsigned size = 0;
	if (!md || cap < (size_t)EVP_MD_get_size(md)) {
		ERR_clear_error();
		return false;
	}
	if (!EVP_DigestInit_ex2(c->hash, md, NULL) || !EVP_DigestUpdate(c->hash, in.at, in.len) ||
	    !EVP_DigestFinal_ex(c->hash, out, &size))
		return false;
	*len = size;
	return true;
}

bool crypto_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
