/*
 * Fuzz target: esp_open, and batches through both backends, with keys known.
 *
 * Octet 0 picks the suite.  Octet 1: bit 0 transport mode, 1 checks left out, 2 a window of 4096,
 * 3 the rest is what is encrypted (and is sealed first, so that it comes past the ICV) instead of
 * the packet.
 */
#include "esp/batch.h"
#include "esp/inner.h"

#include <stdlib.h>

enum { BIT_TRANSPORT = 1, BIT_OMIT = 2, BIT_WIDE = 4, BIT_PLAIN = 8, PICKS = 8 };

static const char *const suites[] = {
	"aes128gcm16",      "aes256gcm16-esn",   "aes128-sha256",     "aes256-sha512-esn",
	"chacha20poly1305", "null-sha256",       "aes128gcm8",        "aes256-sha384-esn",
	"aes192gcm12",      "aes128gcm16-esn",   "aes128ccm8",        "aes192ccm12-esn",
	"aes256ccm16",      "aes256ccm8-esn",    "chacha20poly1305-esn", "aes128gmac",
	"aes192gmac-esn",   "aes256gmac",        "aes128ctr-sha1",    "aes192ctr-sha256-esn",
	"aes256ctr-sha512", "aes128ctr-aesxcbc", "aes128ctr-aescmac-esn", "aes128-sha1",
	"aes192-sha256-esn", "aes128-aesxcbc",   "aes128-aesxcbc-esn", "aes256-aescmac",
	"3des-sha1",        "3des-sha256-esn",   "3des-aesxcbc",      "null-sha1",
	"null-sha384-esn",  "null-sha512",       "null-aesxcbc",      "null-aescmac-esn",
	"aes192gcm16",      "aes256gcm8-esn",    "aes256gcm12",       "aes192ccm16",
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))
#define BACKENDS 2

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

struct bench {
	struct crypto *crypto;
	struct arena *arena;
	struct esp_sa *in[SUITES][PICKS], *joined[BACKENDS][SUITES][PICKS];
	struct esp_batch *batch[BACKENDS];
	struct sealer *sealer[SUITES];
};

struct pick {
	size_t suite;
	uint8_t flags;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void configure(struct esp_config *c, struct pick pick)
{
	static const uint8_t key[128] = { 1, 2, 3 };
	struct suite s;

	must(suite_parse(suites[pick.suite], true, &s, NULL));
	*c = (struct esp_config){
		.spi = 0x1001,
		.suite = s,
		.key = bytes_make(key, (size_t)s.encr->key + s.encr->salt),
		.integ_key = bytes_make(key, s.encr->aead ? 0 : s.integ->key),
		.mode = pick.flags & BIT_TRANSPORT ? ESP_TRANSPORT : ESP_TUNNEL,
		.replay_window = pick.flags & BIT_WIDE ? 4096 : 64,
		.sources = 1,
	};
	must(address_parse("192.0.2.1", &c->from) && address_parse("192.0.2.2", &c->to));
	must(address_range_parse(pick.suite & 1 ? "10.1.0.0/16" : "fd01::/64", &c->source[0].range));
	c->source[0].last_port = UINT16_MAX;
}

/* All checks but those whose omission spoils an SA for good. */
static uint64_t omissions(void)
{
	return ~(UINT64_C(1) << esp_check_find("esp-length") |
		 UINT64_C(1) << esp_check_find("esp-dummy"));
}

static struct esp_sa *sa_made(struct bench *b, struct pick pick, struct esp_config *c)
{
	struct esp_sa *sa;

	configure(c, pick);
	must((sa = esp_sa_new(b->crypto, c, false, NULL)) != NULL);
	return sa;
}

/* Everything is made once; an input starts from a fresh window. */
static struct esp_sa *sa_of(struct bench *b, struct pick pick)
{
	struct esp_config c;
	size_t i = pick.suite, j = pick.flags & (PICKS - 1);

	if (!b->crypto) {
		must((b->crypto = crypto_new(NULL)) != NULL);
		must((b->arena = arena_new(1 << 20)) != NULL);
	}
	if (!b->in[i][j]) {
		b->in[i][j] = sa_made(b, pick, &c);
		if (!b->sealer[i])
			b->sealer[i] = sealer_new(b->crypto, c.suite.encr, c.suite.integ, c.key,
						  c.integ_key, true, NULL);
		must(b->sealer[i] != NULL);
	}
	esp_sa_set_seq(b->in[i][j], 0);
	esp_sa_omit(b->in[i][j], pick.flags & BIT_OMIT ? omissions() : 0);
	return b->in[i][j];
}

/* NULL where the backend does not know the suite. */
static struct esp_sa *sa_joined(struct bench *b, size_t backend, struct pick pick)
{
	struct esp_sa **at = &b->joined[backend][pick.suite][pick.flags & (PICKS - 1)];
	struct esp_config c;

	if (!b->batch[backend])
		b->batch[backend] = esp_batch_new(esp_backend_name(backend), 0, NULL);
	if (!b->batch[backend])
		return NULL;
	if (!*at)
		*at = sa_made(b, pick, &c);
	if (!esp_sa_backend(*at) && !esp_batch_join(b->batch[backend], *at, NULL))
		return NULL;
	esp_sa_set_seq(*at, 0);
	return *at;
}

/* An honest packet around any plaintext, with number 1. */
static struct bytes seal(struct bench *b, const struct esp_sa *sa, struct pick pick, struct bytes plain)
{
	const struct suite *s = &esp_sa_config(sa)->suite;
	size_t icv = s->encr->aead ? s->encr->icv : s->integ->icv, front = 8u + s->encr->iv;
	size_t len = plain.len - plain.len % s->encr->block;
	uint8_t *out = arena_alloc(b->arena, front + len + icv), aad[12] = { 0 }, high[4] = { 0 };
	struct bytes tail = bytes_make(high, s->esn ? 4 : 0);

	must(out != NULL);
	store_u32(out, 0x1001);
	store_u32(out + 4, 1);
	store_u32(aad, 0x1001);
	store_u32(aad + (s->esn && s->encr->aead ? 8 : 4), 1);
	must(sealer_seal(b->sealer[pick.suite], bytes_make(out + 8, s->encr->iv),
			 bytes_make(aad, s->esn && s->encr->aead ? 12 : 8),
			 bytes_make(plain.at, len), tail, out + front, out + front + len));
	return bytes_make(out, front + len + icv);
}

static unsigned touch(struct bytes b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < b.len; i++)
		sum += b.at[i];
	return sum;
}

static void use(struct bench *b, const struct esp_opened *o, bool tunnel)
{
	struct ip_packet p;
	struct bytes answer;

	touch(o->inner);
	if (o->tree)
		must(wire_validate(o->tree, NULL));
	if (tunnel && ip_parse(o->inner, &p, NULL))
		echo_answer(b->arena, &p, &answer);
}

/* A batch says of a packet what esp_open says. */
static void open_batches(struct bench *b, struct pick pick, struct bytes packet,
			 enum esp_result wanted, const struct esp_opened *o)
{
	for (size_t i = 0; i < BACKENDS && esp_backend_name(i); i++) {
		struct esp_sa *sa = sa_joined(b, i, pick);
		uint8_t *copy = malloc(packet.len + 1);
		struct esp_packet p = { .sa = sa, .at = copy, .len = packet.len };

		must(copy != NULL);
		memcpy(copy, packet.at, packet.len);
		if (sa) {
			esp_open_batch(b->batch[i], &p, 1);
			must(p.result == wanted);
			must(wanted != ESP_OK || bytes_equal(p.done, o->inner));
		}
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct bench b;
	struct esp_opened o, spare;
	struct pick pick;
	struct esp_sa *sa;
	struct bytes packet;
	enum esp_result r, again;
	bool right;

	if (len < 2 || len > 4096)
		return 0;
	pick = (struct pick){ at[0] % SUITES, at[1] };
	sa = sa_of(&b, pick);
	packet = bytes_make(at + 2, len - 2);
	if (pick.flags & BIT_PLAIN)
		packet = seal(&b, sa, pick, packet);
	if (esp_look(sa, b.arena, packet, 0, &o, &right))
		use(&b, &o, !(pick.flags & BIT_TRANSPORT));
	r = esp_open(sa, b.arena, packet, true, &o);
	must(r < ESP_RESULTS);
	use(&b, &o, !(pick.flags & BIT_TRANSPORT));
	again = esp_open(sa, b.arena, packet, false, &spare);
	if (!(pick.flags & BIT_OMIT)) {
		must(r != ESP_OK || again == ESP_REPLAYED);
		open_batches(&b, pick, packet, r, &o);
	}
	arena_reset(b.arena);
	return 0;
}
