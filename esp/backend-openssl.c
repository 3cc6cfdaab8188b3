/*
 * Batches through OpenSSL: the SA's own sealer, keyed once; a packet costs an IV.
 */
#include "esp-batch.h"

/* It has no state: what an SA needs is its sealer. */
static char nothing;

static void *start(unsigned flags, struct why *why)
{
	(void)flags;
	(void)why;
	return &nothing;
}

static void stop(void *state)
{
	(void)state;
}

static bool takes(const void *state, const struct suite *suite, bool insisted)
{
	(void)state;
	(void)suite;
	(void)insisted;
	return true;
}

static const char *instructions(const void *state)
{
	(void)state;
	return "";
}

static void *key(void *state, const struct esp_sa *sa, struct why *why)
{
	(void)state;
	(void)why;
	return sa->sealer;
}

static void unkey(void *key)
{
	(void)key;
}

static bool run_one(const struct esp_job *j, bool sealing)
{
	const struct esp_covered *c = &j->covered;
	const struct esp_sa *sa = j->sa;
	struct bytes iv = bytes_make(esp_job_iv(j), sa->iv), text = bytes_make(j->text, j->len);
	struct bytes aad = bytes_make(c->aad, c->aad_len), tail = bytes_make(c->tail, c->tail_len);

	if (sealing)
		return sealer_seal(sa->sealer, iv, aad, text, tail, j->out, esp_job_icv(j));
	if (esp_omits(sa, CHECK_ICV))
		return sealer_open_unchecked(sa->sealer, iv, aad, text, j->out);
	return sealer_open(sa->sealer, iv, aad, text, tail, bytes_make(esp_job_icv(j), sa->icv),
			   j->out);
}

static void run(void *state, struct esp_job *jobs, size_t count, bool sealing)
{
	(void)state;
	for (size_t i = 0; i < count; i++)
		jobs[i].right = run_one(&jobs[i], sealing);
}

const struct esp_backend esp_backend_openssl = {
	"openssl", start, stop, takes, instructions, key, unkey, run,
};
