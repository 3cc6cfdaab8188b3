/*
 * Fuzz target: esp_open with keys known.
 *
 * Octet 0 picks: bits 0-2 the suite, 3 transport mode, 4 checks left out, 5 a window of 4096,
 * 6 the rest is what is encrypted (and is sealed first, so that it comes past the ICV) instead of
 * the packet.
 */
#include "esp/esp.h"
#include "esp/inner.h"

#include <stdlib.h>

enum { BIT_TRANSPORT = 8, BIT_OMIT = 16, BIT_WIDE = 32, BIT_PLAIN = 64 };

static const char *const suites[] = {
	"aes128gcm16",      "aes256gcm16-esn", "aes128-sha256", "aes256-sha512-esn",
	"chacha20poly1305", "null-sha256",     "aes128gcm8",    "aes256-sha384-esn",
};

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

struct bench {
	struct crypto *crypto;
	struct arena *arena;
	struct esp_sa *in[256];
	struct sealer *sealer[8];
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void configure(struct esp_config *c, uint8_t pick)
{
	static const uint8_t key[128] = { 1, 2, 3 };
	struct suite s;

	must(suite_parse(suites[pick & 7], true, &s, NULL));
	*c = (struct esp_config){
		.spi = 0x1001,
		.suite = s,
		.key = bytes_make(key, (size_t)s.encr->key + s.encr->salt),
		.integ_key = bytes_make(key, s.encr->aead ? 0 : s.integ->key),
		.mode = pick & BIT_TRANSPORT ? ESP_TRANSPORT : ESP_TUNNEL,
		.replay_window = pick & BIT_WIDE ? 4096 : 64,
		.sources = 1,
	};
	must(address_parse("192.0.2.1", &c->from) && address_parse("192.0.2.2", &c->to));
	must(address_range_parse(pick & 1 ? "10.1.0.0/16" : "fd01::/64", &c->source[0].range));
	c->source[0].last_port = UINT16_MAX;
}

/* All checks but those whose omission spoils an SA for good. */
static uint64_t omissions(void)
{
	return ~(UINT64_C(1) << esp_check_find("esp-length") |
		 UINT64_C(1) << esp_check_find("esp-dummy"));
}

/* Everything is made once; an input starts from a fresh window. */
static struct esp_sa *sa_of(struct bench *b, uint8_t pick)
{
	struct esp_config c;

	if (!b->crypto) {
		must((b->crypto = crypto_new(NULL)) != NULL);
		must((b->arena = arena_new(1 << 20)) != NULL);
	}
	if (!b->in[pick]) {
		configure(&c, pick);
		must((b->in[pick] = esp_sa_new(b->crypto, &c, false, NULL)) != NULL);
		if (!b->sealer[pick & 7])
			b->sealer[pick & 7] = sealer_new(b->crypto, c.suite.encr, c.suite.integ,
							 c.key, c.integ_key, true, NULL);
		must(b->sealer[pick & 7] != NULL);
	}
	esp_sa_set_seq(b->in[pick], 0);
	esp_sa_omit(b->in[pick], pick & BIT_OMIT ? omissions() : 0);
	return b->in[pick];
}

/* An honest packet around any plaintext, with number 1. */
static struct bytes seal(struct bench *b, const struct esp_sa *sa, uint8_t pick, struct bytes plain)
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
	must(sealer_seal(b->sealer[pick & 7], bytes_make(out + 8, s->encr->iv),
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

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct bench b;
	struct esp_opened o;
	struct esp_sa *sa;
	struct bytes packet;
	enum esp_result r, again;
	bool right;

	if (len == 0 || len > 4096)
		return 0;
	sa = sa_of(&b, at[0]);
	packet = bytes_make(at + 1, len - 1);
	if (at[0] & BIT_PLAIN)
		packet = seal(&b, sa, at[0], packet);
	if (esp_look(sa, b.arena, packet, 0, &o, &right))
		use(&b, &o, !(at[0] & BIT_TRANSPORT));
	r = esp_open(sa, b.arena, packet, true, &o);
	must(r < ESP_RESULTS);
	use(&b, &o, !(at[0] & BIT_TRANSPORT));
	again = esp_open(sa, b.arena, packet, false, &o);
	if (!(at[0] & BIT_OMIT))
		must(r != ESP_OK || again == ESP_REPLAYED);
	arena_reset(b.arena);
	return 0;
}
