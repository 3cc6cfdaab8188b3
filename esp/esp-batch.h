/*
 * A backend of batches: cryptography over packets that are laid out already.
 *
 * The framing (batch.c) knows no library, a backend knows no numbers, windows and padding.
 */
#ifndef ESP_BATCH_INSIDE_H
#define ESP_BATCH_INSIDE_H

#include "esp-sa.h"
#include "esp/batch.h"

#define ESP_GROUP 64u /* jobs of one run at most */

/* One packet.  Before text lie IV, number and SPI, behind it the ICV, all in the packet. */
struct esp_job {
	struct esp_sa *sa;
	struct esp_packet *packet;
	uint8_t *text; /* all that is encrypted, padding and trailer too */
	uint8_t *out;  /* opening: where it is decrypted to */
	size_t len;
	struct esp_covered covered;
	bool right; /* set by the backend: sealed, or the ICV was right */
};

static inline uint8_t *esp_job_icv(const struct esp_job *j)
{
	return j->text + j->len;
}
static inline uint8_t *esp_job_iv(const struct esp_job *j)
{
	return j->text - j->sa->iv;
}

struct esp_backend {
	const char *name;
	/* One state for each batch; NULL with why. */
	void *(*start)(unsigned flags, struct why *why);
	void (*stop)(void *state);
	/* Is it for this suite, and (unless insisted upon) of use on this CPU? */
	bool (*takes)(const void *state, const struct suite *suite, bool insisted);
	const char *(*instructions)(const void *state);
	/* What the SA's keys become; NULL with why. */
	void *(*key)(void *state, const struct esp_sa *sa, struct why *why);
	void (*unkey)(void *key);
	void (*run)(void *state, struct esp_job *jobs, size_t count, bool sealing);
};
extern const struct esp_backend esp_backend_openssl;
extern const struct esp_backend esp_backend_ipsec_mb;

/* The SA forgets its backend. */
void esp_backend_leave(struct esp_sa *sa);

#endif
