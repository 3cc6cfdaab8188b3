#include "pair.h"

static const uint8_t key[128] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void must(bool good, const struct why *why)
{
	if (!good)
		fail_msg("%s", why->text);
}

void pair_again(struct pair *p)
{
	struct why why = { 0 };

	esp_sa_free(p->out);
	esp_sa_free(p->in);
	p->out = esp_sa_new(p->crypto, &p->config, true, &why);
	must(p->out != NULL, &why);
	p->in = esp_sa_new(p->crypto, &p->config, false, &why);
	must(p->in != NULL, &why);
}

void pair_open(struct pair *p, const char *suite, uint32_t window)
{
	struct why why = { 0 };
	struct suite s;

	*p = (struct pair){ 0 };
	p->crypto = crypto_new(&why);
	must(p->crypto != NULL, &why);
	p->arena = arena_new(64 << 20);
	assert_non_null(p->arena);
	rng_seed(&p->rng, 7, "esp");
	must(suite_parse(suite, true, &s, &why), &why);
	p->config = (struct esp_config){
		.spi = 0x1001,
		.suite = s,
		.replay_window = window,
		.key = bytes_make(key, (size_t)s.encr->key + s.encr->salt),
		.integ_key = bytes_make(key, s.integ && !s.encr->aead ? s.integ->key : 0),
		.from = address_of("192.0.2.1"),
		.to = address_of("192.0.2.2"),
	};
	pair_again(p);
}

void pair_close(struct pair *p)
{
	esp_sa_free(p->out);
	esp_sa_free(p->in);
	arena_free(p->arena);
	crypto_free(p->crypto);
}

struct bytes pair_ping(struct pair *p, bool six, size_t data)
{
	struct address from = address_of(six ? "fd01::1" : "10.1.0.1"),
		       to = address_of(six ? "fd02::1" : "10.2.0.1");
	uint8_t *at = arena_alloc(p->arena, data + 1);
	struct echo e = { .id = 7, .seq = 1, .data = bytes_make(at, data) };
	struct bytes out;

	assert_non_null(at);
	for (size_t i = 0; i < data; i++)
		at[i] = (uint8_t)i;
	assert_true(echo_make(p->arena, &from, &to, &e, &out));
	return out;
}

struct bytes pair_seal(struct pair *p, struct bytes inner, const struct esp_shape *shape)
{
	struct why why = { 0 };
	struct bytes out;
	uint8_t next = inner.len > 0 && inner.at[0] >> 4 == 6 ? PROTO_IPV6 : PROTO_IPIP;

	if (esp_seal(p->out, p->arena, &p->rng, inner, next, shape, &out, &why) != ESP_OK)
		fail_msg("seal: %s", why.text);
	return out;
}

struct bytes pair_seal_number(struct pair *p, uint64_t seq)
{
	struct esp_shape shape = { .has_seq = true, .seq = seq };

	return pair_seal(p, pair_ping(p, false, 56), &shape);
}

enum esp_result pair_deliver(struct pair *p, struct bytes packet, struct esp_opened *out)
{
	struct esp_opened spare;

	return esp_open(p->in, p->arena, packet, true, out ? out : &spare);
}

void pair_omit(struct pair *p, const char *check)
{
	int row = esp_check_find(check);

	if (row < 0)
		fail_msg("no check %s", check);
	esp_sa_omit(p->in, UINT64_C(1) << row);
	esp_sa_omit(p->out, UINT64_C(1) << row);
}
