/*
 * A built-in provider with one algorithm, a RAND that draws from the generator of the caller.  It is
 * the seed source and every DRBG of our library context, so that nothing OpenSSL makes there depends
 * on the machine: ECDSA, PSS and blinding repeat with the seed.
 */
#include "crypto-inside.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define NAME "IKESPEC-CHANCE"
#define STRENGTH 256u
#define REQUEST_MAX ((size_t)65536)

struct chance {                 /* the provider; every RAND context points back at it */
	struct crypto *owner;
};

struct source {
	struct chance *chance;
	int state;
};

static void *source_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
	(void)parent;
	(void)parent_calls;
	struct source *s = calloc(1, sizeof(*s));
	if (s)
		*s = (struct source){ provider, EVP_RAND_STATE_UNINITIALISED };
	return s;
}

static void source_free(void *ctx)
{
	free(ctx);
}

static int source_start(void *ctx, unsigned strength, int resistance, const unsigned char *text,
			size_t len, const OSSL_PARAM params[])
{
	(void)resistance, (void)text, (void)len, (void)params;
	((struct source *)ctx)->state = EVP_RAND_STATE_READY;
	return strength <= STRENGTH;
}

static int source_stop(void *ctx)
{
	((struct source *)ctx)->state = EVP_RAND_STATE_UNINITIALISED;
	return 1;
}

static int source_draw(void *ctx, unsigned char *out, size_t len, unsigned strength, int resistance,
		       const unsigned char *more, size_t more_len)
{
	(void)strength, (void)resistance, (void)more, (void)more_len;
	struct crypto *c = ((struct source *)ctx)->chance->owner;
	if (c->draw) {
		rng_secret(c->draw, out, len);
	} else {
		c->strays++;
		rng_fill(&c->inner, out, len);
	}
	return 1;
}

static int source_reseed(void *ctx, int resistance, const unsigned char *seed, size_t seed_len,
			 const unsigned char *more, size_t more_len)
{
	(void)ctx, (void)resistance, (void)seed, (void)seed_len, (void)more, (void)more_len;
	return 1;
}

/* A library context is used by one thread at a time, so there is nothing to lock. */
static int source_lock(void *ctx)
{
	(void)ctx;
	return 1;
}

static void source_unlock(void *ctx)
{
	(void)ctx;
}

static const OSSL_PARAM *source_knows(void *ctx, void *provider)
{
	static const OSSL_PARAM list[] = {
		OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
		OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
		OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
		OSSL_PARAM_END,
	};
	(void)ctx, (void)provider;
	return list;
}

static int source_get(void *ctx, OSSL_PARAM params[])
{
	const struct source *s = ctx;
	OSSL_PARAM *state = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
	OSSL_PARAM *strength = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	OSSL_PARAM *request = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return (!state || OSSL_PARAM_set_int(state, s->state)) &&
	       (!strength || OSSL_PARAM_set_uint(strength, STRENGTH)) &&
	       (!request || OSSL_PARAM_set_size_t(request, REQUEST_MAX));
}

#define CALL(id, function) { id, (void (*)(void))(function) }

static const OSSL_DISPATCH source_calls[] = {
	CALL(OSSL_FUNC_RAND_NEWCTX, source_new),
	CALL(OSSL_FUNC_RAND_FREECTX, source_free),
	CALL(OSSL_FUNC_RAND_INSTANTIATE, source_start),
	CALL(OSSL_FUNC_RAND_UNINSTANTIATE, source_stop),
	CALL(OSSL_FUNC_RAND_GENERATE, source_draw),
	CALL(OSSL_FUNC_RAND_RESEED, source_reseed),
	CALL(OSSL_FUNC_RAND_ENABLE_LOCKING, source_lock),
	CALL(OSSL_FUNC_RAND_LOCK, source_lock),
	CALL(OSSL_FUNC_RAND_UNLOCK, source_unlock),
	CALL(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, source_knows),
	CALL(OSSL_FUNC_RAND_GET_CTX_PARAMS, source_get),
	{ 0, NULL },    /* the end, as OpenSSL wants it */
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM list[] = {
		{ NAME, "provider=ikespec", source_calls, "octets of the run's generator" },
		{ NULL, NULL, NULL, NULL },
	};
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? list : NULL;
}

static int provider_start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
			  const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH calls[] = {
		CALL(OSSL_FUNC_PROVIDER_TEARDOWN, source_free),
		CALL(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
		{ 0, NULL },
	};
	(void)handle, (void)in;
	*out = calls;
	*provider = calloc(1, sizeof(struct chance));
	return *provider != NULL;
}

bool chance_install(struct crypto *c)
{
	if (!OSSL_PROVIDER_add_builtin(c->lib, "ikespec", provider_start))
		return false;
	c->chance = OSSL_PROVIDER_load(c->lib, "ikespec");
	if (!c->chance)
		return false;
	((struct chance *)OSSL_PROVIDER_get0_provider_ctx(c->chance))->owner = c;
	return RAND_set_seed_source_type(c->lib, NAME, NULL) == 1 &&
	       RAND_set_DRBG_type(c->lib, NAME, NULL, NULL, NULL) == 1;
}
