/*
 * What the files of esp/ share about an SA.
 *
 * One packet and a batch go the same way: numbers, padding, checks and window are the same
 * functions; a batch differs in where packets lie and in who does the cryptography (esp-batch.h).
 */
#ifndef ESP_SA_H
#define ESP_SA_H

#include "esp/esp.h"

#define ESP_HEADER 8u           /* SPI and sequence number */
#define ESP_TRAILER 2u          /* pad length and next header */
#define ESP_IV_MAX 16u
#define ESP_ICV_MAX 64u
#define ESP_KEY_MAX 80u

/* The rows of esp_checks, by number. */
enum esp_check_row {
	CHECK_LENGTH, CHECK_ALIGNMENT, CHECK_SPI, CHECK_SEQ_ZERO, CHECK_REPLAY, CHECK_WINDOW_LEFT,
	CHECK_WINDOW_SIZE, CHECK_WINDOW_AFTER_ICV, CHECK_WINDOW_KEPT, CHECK_ESN_HIGH, CHECK_ICV,
	CHECK_PAD_LENGTH, CHECK_PADDING, CHECK_PAD_ANY, CHECK_DUMMY, CHECK_NEXT_HEADER, CHECK_INNER, CHECK_TFC,
	CHECK_SELECTORS, CHECK_BOTH_LIVE,
	DUTY_SEQ_FIRST_ONE, DUTY_SEQ_BY_ONE, DUTY_SEQ_RISING, DUTY_NO_WRAP, DUTY_IV_FRESH,
	DUTY_IV_UNPREDICTABLE, DUTY_PADDING, DUTY_ESN_HIGH,
	ESP_CHECK_ROWS
};

struct esp_sa {
	struct esp_config config;
	uint8_t key[ESP_KEY_MAX], integ_key[ESP_KEY_MAX];
	struct crypto *crypto;
	struct sealer *sealer;
	const struct esp_backend *backend;      /* of batches; NULL: in none */
	void *backend_state, *backend_key;
	struct replay *replay;          /* inbound */
	bool for_sealing;
	uint64_t omit;
	size_t iv, icv, align;          /* octets; align: of payload, padding and trailer */
	bool iv_counted;                /* it need only be fresh; else nobody may foretell it */
	uint64_t seq;                   /* outbound: the last number sent */
	bool begun;                     /* outbound: some number was sent, if only 0 */
	uint64_t iv_counter;
	bool choked;                    /* inbound, a fault: nothing is taken any more */
	struct esp_counters counters;
};

static inline bool esp_omits(const struct esp_sa *sa, enum esp_check_row row)
{
	return sa->omit >> row & 1;
}

/* What goes into the ICV beside the octets of the packet: the numbers in the order of the suite. */
struct esp_covered {
	uint8_t aad[12], tail[4];
	size_t aad_len, tail_len;
};
/* RFC 4106 5 and RFC 4303 2.2.1: an AEAD has the 64-bit number in its AAD, a MAC the high half at
 * the end.  (In whole words: what is read again at once as one should be written as one.) */
static inline void esp_cover(const struct esp_sa *sa, uint32_t spi, uint32_t seq, uint32_t seq_high,
			     struct esp_covered *out)
{
	out->aad_len = 8;
	out->tail_len = 0;
	if (!sa->config.suite.esn) {
		store_u64(out->aad, (uint64_t)spi << 32 | seq);
	} else if (sa->config.suite.encr->aead) {
		store_u64(out->aad, (uint64_t)spi << 32 | seq_high);
		store_u32(out->aad + 8, seq);
		out->aad_len = 12;
	} else {
		store_u64(out->aad, (uint64_t)spi << 32 | seq);
		store_u32(out->tail, seq_high);
		out->tail_len = 4;
	}
}

/* Padding that the suite needs behind so many octets of payload. */
static inline size_t esp_pad_needed(const struct esp_sa *sa, size_t payload)
{
	return (0 - (payload + ESP_TRAILER)) & (sa->align - 1);
}

/* The next number, or that of the shape (may be NULL); why may be NULL. */
enum esp_result esp_choose_number(const struct esp_sa *sa, const struct esp_shape *shape,
				  uint64_t *seq, struct why *why);
/* A counter where an IV must only be fresh, chance where it must not be foretold. */
void esp_choose_iv(struct esp_sa *sa, struct rng *rng, const struct esp_shape *shape,
		   uint8_t iv[static ESP_IV_MAX]);

/* A packet as it is about to be sealed. */
struct esp_draft {
	uint64_t seq;
	uint8_t iv[ESP_IV_MAX];
	struct bytes inner;
	size_t tfc, pad;
	uint8_t next_header;
};
/* Padding as it is when nobody says otherwise: 1, 2, 3, ...; no more than 255 octets of it. */
extern const uint8_t esp_counting[255];
/* Fills the padding. */
void esp_fill_padding(const struct esp_sa *sa, uint8_t *at, size_t len);
/* Seals with edits of a tree on the way; false with why. */
bool esp_seal_edited(struct esp_sa *sa, struct arena *a, const struct esp_draft *d,
		     const struct edits *edits, struct bytes *out, struct why *why);

/* A received packet cut into its parts. */
struct esp_parts {
	uint32_t spi, seq;
	struct bytes iv, cipher, icv;
};
/* Opening up to the ICV: length, parts, SPI, the whole number, and whether it may be taken. */
enum esp_result esp_open_begin(struct esp_sa *sa, struct bytes packet, struct esp_parts *p,
			       uint64_t *seq);
/* May the number be taken, as the window stands now? */
enum esp_result esp_check_number(const struct esp_sa *sa, uint64_t seq);
/* Opening behind the ICV: padding, next header, inner packet, selectors.  plain: all that was
 * encrypted. */
enum esp_result esp_open_end(struct esp_sa *sa, struct bytes plain, struct esp_opened *out);
/* The tree of an opened packet (root: format_esp); plain is all that was encrypted. */
struct node *esp_opened_tree(const struct esp_sa *sa, struct arena *a, const struct esp_parts *p,
			     struct bytes plain, const struct esp_opened *o);

/* Do the selectors allow this inner packet?  Tunnel: an IP packet; transport: what is behind the
 * outer header. */
bool esp_selected(const struct esp_sa *sa, struct bytes inner, uint8_t next_header);

#endif
