/*
 * Many packets at once: the same ESP as esp_seal and esp_open, octet for octet, without an
 * allocation per packet, through one of two libraries.
 *
 * A batch belongs to one thread, with the SAs that joined it and the crypto context they were made
 * with.  Packets are taken in groups of 64: the number of each is worked out from the window as it
 * stood before its group, and judged again as it stands when its turn comes.
 */
#ifndef ESP_BATCH_H
#define ESP_BATCH_H

#include "esp/esp.h"

/* The backends that were built in, fastest first; index past the last gives NULL. */
const char *esp_backend_name(size_t index);

#define ESP_NO_AESNI 1u /* as on a CPU without AES instructions (OpenSSL: see OPENSSL_ia32cap) */

struct esp_batch;
/* backend: one for all SAs, or NULL for the fastest that knows the suite.  NULL with why, which
 * names the backends there are. */
struct esp_batch *esp_batch_new(const char *backend, unsigned flags, struct why *why);
/* Its SAs must have been freed or have joined another. */
void esp_batch_free(struct esp_batch *b);
/* The instructions that a library said it would use ("VAES AVX512"); empty if it does not tell. */
const char *esp_batch_instructions(const struct esp_batch *b);

/* Does one of its backends take the suite? */
bool esp_batch_knows(const struct esp_batch *b, const struct suite *suite);
/* Keys an SA for batches, once; it leaves when it is freed or joins another. */
bool esp_batch_join(struct esp_batch *b, struct esp_sa *sa, struct why *why);
/* The backend that an SA got; NULL before it joined. */
const char *esp_sa_backend(const struct esp_sa *sa);

/* Octets that come before the inner packet on the wire: header and IV. */
size_t esp_front(const struct esp_sa *sa);
/* Octets of the ESP packet around an inner packet of this length. */
size_t esp_sealed_len(const struct esp_sa *sa, size_t inner);

struct esp_packet {
	struct esp_sa *sa;
	uint8_t *at; /* what goes in; opening may spoil it */
	size_t len;
	uint8_t *out;        /* where it goes; opening: NULL is in place */
	size_t room;         /* octets at out; opening: of all that was encrypted */
	uint8_t next_header; /* sealing: goes in; opening: comes out */
	/* What comes out. */
	enum esp_result result;
	uint64_t seq;
	struct bytes done; /* the ESP packet; or the inner packet, without padding */
};

/*
 * Seals inner packets, in place if each lies at out + esp_front.  A packet with no room is
 * ESP_BAD_INNER and takes no number; one of an SA that has not joined is ESP_NO_SA.  Returns how
 * many are ESP_OK.
 */
size_t esp_seal_batch(struct esp_batch *b, struct rng *rng, struct esp_packet *packets,
		      size_t count);
/* Opens ESP packets; out may not lie over at.  What was refused leaves unspecified octets. */
size_t esp_open_batch(struct esp_batch *b, struct esp_packet *packets, size_t count);

#endif
