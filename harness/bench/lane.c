/*
 * Our own way: two SAs, a batch of IPv4 packets sealed and opened where they lie.
 */
#include "entrant.h"

#include "esp/batch.h"
#include "esp/inner.h"

#include <stdlib.h>

#define WINDOW      1024u
#define SPI         0x1001u
#define NUMBERS_END 0xf0000000u /* where numbering starts again */
#define LINE        64u

const uint8_t bench_key[128] = { 2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5 };

struct lane {
	struct crypto *crypto;
	struct esp_batch *batch;
	struct esp_sa *out, *in;
	struct rng rng;
	struct esp_packet *seal, *open;
	size_t count;
	uint8_t *octets;
};

static void put_checksum(uint8_t header[static 20])
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 20; i += 2)
		sum += load_u16(header + i);
	sum = (sum & 0xffff) + (sum >> 16);
	store_u16(header + 10, (uint16_t) ~(sum + (sum >> 16)));
}

void bench_inner(uint8_t *at, size_t len)
{
	static const uint8_t header[28] = {
		0x45, 0, 0, 0, 0,  0, 0, 0, 64,   PROTO_UDP, 0,    0,
		10,   1, 0, 1, 10, 2, 0, 1, 0x13, 0x88,      0x13, 0x89
	};

	memset(at, 0x5a, len);
	memcpy(at, header, sizeof(header));
	store_u16(at + 2, (uint16_t)len);
	store_u16(at + 24, (uint16_t)(len - 20));
	put_checksum(at);
}

static void lane_free(void *self)
{
	struct lane *l = self;

	esp_sa_free(l->out);
	esp_sa_free(l->in);
	esp_batch_free(l->batch);
	crypto_free(l->crypto);
	free(l->seal);
	free(l->open);
	free(l->octets);
	free(l);
}

static struct esp_sa *sa_new(struct lane *l, const struct suite *s, bool sealing, struct why *why)
{
	struct esp_config c = {
		.spi = SPI, .suite = *s, .mode = ESP_TUNNEL, .replay_window = WINDOW
	};
	struct esp_sa *sa;

	c.key = bytes_make(bench_key, (size_t)s->encr->key + s->encr->salt);
	c.integ_key = bytes_make(bench_key, s->encr->aead || !s->integ ? 0 : s->integ->key);
	sa = esp_sa_new(l->crypto, &c, sealing, why);
	if (sa && esp_batch_join(l->batch, sa, why))
		return sa;
	esp_sa_free(sa);
	return NULL;
}

/* What is encrypted begins at a cache line, as a caller with buffers of its own would place it: each load of
 * 64 octets from between two lines costs two. */
static bool lay_packets(struct lane *l, const struct bench_size *size)
{
	size_t room[BENCH_BATCH + BENCH_MIX], total = LINE, front = esp_front(l->out) % LINE;
	uint8_t *at;

	l->count = mix_batch(size);
	for (size_t i = 0; i < l->count; i++) {
		room[i] = (esp_sealed_len(l->out, mix_len(size, i)) + LINE - 1) / LINE * LINE;
		total += room[i];
	}
	l->octets = at = aligned_alloc(LINE, total);
	l->seal = calloc(l->count, sizeof(*l->seal));
	l->open = calloc(l->count, sizeof(*l->open));
	if (at)
		at += LINE - front;
	for (size_t i = 0; at && l->seal && l->open && i < l->count; at += room[i++]) {
		uint8_t *inner = at + esp_front(l->out);

		bench_inner(inner, mix_len(size, i));
		l->seal[i] = (struct esp_packet){ .sa = l->out,
						  .at = inner,
						  .len = mix_len(size, i),
						  .out = at,
						  .room = room[i],
						  .next_header = PROTO_IPIP };
		l->open[i] = (struct esp_packet){ .sa = l->in,
						  .at = at,
						  .len = esp_sealed_len(l->out, mix_len(size, i)) };
	}
	return at && l->seal && l->open;
}

static bool turn(void *self, struct tally *t)
{
	struct lane *l = self;
	uint64_t begun = clock_cycles(), sealed, opened;
	size_t good = esp_seal_batch(l->batch, &l->rng, l->seal, l->count);

	sealed = clock_cycles();
	good += esp_open_batch(l->batch, l->open, l->count);
	opened = clock_cycles();
	t->seal += sealed - begun;
	t->open += opened - sealed;
	t->packets += l->count;
	if (l->seal[l->count - 1].seq > NUMBERS_END) {
		esp_sa_set_seq(l->out, 0);
		esp_sa_set_seq(l->in, 0);
	}
	return good == 2 * l->count;
}

bool lane_entrant(struct entrant *e, const struct bench_suite *suite, const struct bench_size *size,
		  const char *backend, bool no_aesni, struct why *why)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (!l)
		return why_set(why, "no memory for a lane");
	rng_seed(&l->rng, 1, "bench");
	l->crypto = crypto_new(why);
	l->batch = l->crypto ? esp_batch_new(backend, no_aesni ? ESP_NO_AESNI : 0, why) : NULL;
	l->out = l->batch ? sa_new(l, &suite->suite, true, why) : NULL;
	l->in = l->out ? sa_new(l, &suite->suite, false, why) : NULL;
	if (!l->in || !lay_packets(l, size)) {
		if (l->in)
			why_set(why, "no memory for packets");
		lane_free(l);
		return false;
	}
	*e = (struct entrant){ l, turn, lane_free };
	return true;
}
