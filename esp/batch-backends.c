/*
 * Which library serves which SA.
 */
#include "esp-batch.h"

#include "batch-state.h"

#include <stdio.h>
#include <stdlib.h>

static const struct esp_backend *const backends[] = {
#ifdef HAVE_IPSEC_MB
	&esp_backend_ipsec_mb,
#endif
	&esp_backend_openssl,
};

_Static_assert(ARRAY_LEN(backends) <= ESP_BACKENDS, "room for each backend");

const char *esp_backend_name(size_t index)
{
	return index < ARRAY_LEN(backends) ? backends[index]->name : NULL;
}

static bool unknown(const char *name, struct why *why)
{
	char names[80] = "";

	for (size_t i = 0, len = 0; i < ARRAY_LEN(backends) && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					backends[i]->name);
	return why_set(why, "there is no backend '%s' in this build; there is %s", name, names);
}

static bool start(struct esp_batch *b, const char *name, unsigned flags, struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct esp_started *s = &b->started[b->count];

		if (name && strcmp(name, backends[i]->name) != 0)
			continue;
		s->backend = backends[i];
		s->state = s->backend->start(flags, why);
		if (s->state == NULL && name)
			return false;
		b->count += s->state != NULL;
	}
	return b->count > 0 || (name && unknown(name, why));
}

struct esp_batch *esp_batch_new(const char *backend, unsigned flags, struct why *why)
{
	struct esp_batch *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		why_set(why, "no memory for a batch");
		return NULL;
	}
	b->insisted = backend != NULL;
	if (start(b, backend, flags, why))
		return b;
	esp_batch_free(b);
	return NULL;
}

void esp_batch_free(struct esp_batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->count; i++)
		b->started[i].backend->stop(b->started[i].state);
	free(b);
}

const char *esp_batch_instructions(const struct esp_batch *b)
{
	return b->started[0].backend->instructions(b->started[0].state);
}

void esp_backend_leave(struct esp_sa *sa)
{
	if (sa->backend)
		sa->backend->unkey(sa->backend_key);
	sa->backend = NULL;
	sa->backend_state = sa->backend_key = NULL;
}

static const struct esp_started *taker(const struct esp_batch *b, const struct suite *suite)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->started[i].backend->takes(b->started[i].state, suite, b->insisted))
			return &b->started[i];
	return NULL;
}

bool esp_batch_knows(const struct esp_batch *b, const struct suite *suite)
{
	return taker(b, suite) != NULL;
}

bool esp_batch_join(struct esp_batch *b, struct esp_sa *sa, struct why *why)
{
	const struct suite *suite = &sa->config.suite;

	const struct esp_started *s = taker(b, suite);

	esp_backend_leave(sa);
	if (s) {
		sa->backend_key = s->backend->key(s->state, sa, why);
		if (sa->backend_key == NULL)
			return false;
		sa->backend = s->backend;
		sa->backend_state = s->state;
		return true;
	}
	return why_set(why, "backend %s does not know %s%s%s", b->started[0].backend->name,
		       suite->encr->name, suite->integ ? " with " : "",
		       suite->integ ? suite->integ->name : "");
}

const char *esp_sa_backend(const struct esp_sa *sa)
{
	return sa->backend ? sa->backend->name : NULL;
}
