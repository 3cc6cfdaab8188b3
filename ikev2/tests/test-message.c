/*
 * Sealing and opening in every suite, fragments, and what an attacker may send.
 */
#include "../message-internal.h"
#include "sealing.h"

static struct arena *arena;
static struct rng rng;

static const char *const suites[] = {
	"aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha512-ecp256", "aes128-sha256-modp2048",
	"aes256-sha384-ecp384", "aes256-sha512-x25519",
};

static int setup(void **state)
{
	arena = arena_new(64 << 20);
	rng_seed(&rng, 7, "message");
	return arena ? start_crypto(state) : -1;
}

static int teardown(void **state)
{
	arena_free(arena);
	return stop_crypto(state);
}

static struct composition composition(const struct sample *s, const struct sealing *keys)
{
	struct why why = { .octet = 0 };
	struct node *chain = sample_chain(arena, s, &why);
	struct composition c = sample_composition(arena, s, chain);

	if (!chain)
		fail_msg("%s: %s", s->name, why.text);
	c.protect = true;
	c.keys = &keys->seal;
	c.rng = &rng;
	return c;
}

static struct composed finish(const struct composition *c)
{
	struct why why = { .octet = 0 };
	struct composed out;

	if (!message_finish(c, &out, &why))
		fail_msg("%s", why.text);
	return out;
}

static struct bytes chain_octets(struct node *chain)
{
	struct bytes b;

	assert_true(wire_octets(arena, chain, &b));
	return b;
}

/* Sealed and opened again: the same payloads, in every suite; both ends agree on every field. */
static void test_every_suite(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(suites); k++) {
		struct sealing keys;

		sealing_start(&keys, suites[k]);
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			struct composition c = composition(&samples[i], &keys);
			struct composed out = finish(&c);
			struct why why = { .octet = 0 };
			struct message m;

			assert_true(message_decode(arena, out.datagrams[0], &m, &why));
			assert_true(m.clean);
			assert_int_equal(m.protection, MESSAGE_SEALED);
			if (!message_open(&m, &keys.open, true, true, &why))
				fail_msg("%s, %s: %s", suites[k], samples[i].name, why.text);
			assert_true(m.clean);
			assert_int_equal(m.protection, MESSAGE_OPENED);
			assert_int_equal(m.exchange, samples[i].exchange);
			assert_int_equal(m.length, m.octets.len);
			assert_true(bytes_equal(chain_octets(m.inner), chain_octets(c.chain)));
			assert_true(bytes_equal(chain_octets(m.outer), out.datagrams[0]));
			assert_true(wire_validate(m.outer, &why) && wire_validate(m.inner, &why));
			assert_true(m.trailer->last->number < 16);
		}
		sealing_stop(&keys);
	}
}

/* Any one bit flipped anywhere, or any octet missing, and the message is not opened. */
static void test_every_bit(void **state)
{
	struct sealing keys;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(suites); k += 2) {
		sealing_start(&keys, suites[k]);
		struct composition c = composition(&samples[12], &keys);
		struct composed out = finish(&c);
		size_t len = out.datagrams[0].len;
		uint8_t octets[400];

		assert_in_range(len, 1, sizeof(octets));
		memcpy(octets, out.datagrams[0].at, len);
		for (size_t bit = 0; bit < len * 8; bit++) {
			struct message m;

			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(message_decode(arena, bytes_make(octets, len), &m, NULL));
			assert_false(message_sealed(m.outer) &&
				     message_open(&m, &keys.open, true, true, NULL) && m.clean);
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t cut = 0; cut < len; cut++) {
			struct message m;

			assert_int_equal(message_decode(arena, bytes_make(octets, cut), &m, NULL),
					 cut >= IKE_HEADER);
			assert_false(cut >= IKE_HEADER && message_open(&m, &keys.open, true, true, NULL));
		}
		sealing_stop(&keys);
		arena_reset(arena);
	}
}

static void test_faulty_receivers(void **state)
{
	struct sealing keys;
	struct why why = { .octet = 0 };
	struct message m;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(suites); k++) {
		sealing_start(&keys, suites[k]);
		struct composition c = composition(&samples[4], &keys);
		struct composed out = finish(&c);
		uint8_t *last = (uint8_t *)out.datagrams[0].at + out.datagrams[0].len - 1;

		*last ^= 1;
		assert_true(message_decode(arena, out.datagrams[0], &m, NULL));
		assert_false(message_open(&m, &keys.open, true, true, &why));
		assert_int_equal(m.protection, MESSAGE_BAD_ICV);
		expect_text("icv", "SK.icv is wrong", why.text);
		assert_true(message_open(&m, &keys.open, false, true, &why));
		assert_true(bytes_equal(chain_octets(m.inner), chain_octets(c.chain)));
		sealing_stop(&keys);
	}
}

static void test_too_short(void **state)
{
	static const struct {
		const char *octets;
		enum message_protection protection;
		const char *why;
	} cases[] = {
		{ "0000", MESSAGE_SHORT, "SK is too short for its IV and ICV" },
		{ "000000000000000000000000000000000000000000000000", MESSAGE_SHORT,
		  "SK.ciphertext is not whole blocks" },
		{ "00000000000000000000000000000000000000000000000000", MESSAGE_BAD_ICV, "SK.icv is wrong" },
	};
	struct sealing keys;

	(void)state;
	sealing_start(&keys, suites[0]);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct octets body = octets_of(cases[i].octets), whole;
		struct why why = { .octet = 0 };
		struct message m;
		struct sink s = sink_over(whole.at, sizeof(whole.at));

		sink_zero(&s, 16);
		sink_u32(&s, 0x2e202308);
		sink_u32(&s, 1);
		sink_u32(&s, (uint32_t)(32 + body.len));
		sink_u16(&s, 0x2900);
		sink_u16(&s, (uint16_t)(4 + body.len));
		sink_put(&s, octets_bytes(&body));
		assert_true(message_decode(arena, sink_bytes(&s), &m, NULL));
		assert_false(message_open(&m, &keys.open, true, true, &why));
		expect_number(cases[i].octets, cases[i].protection, m.protection);
		expect_text(cases[i].octets, cases[i].why, why.text);
	}
	sealing_stop(&keys);
}

/* Fragments carry the chain in order, and none can be opened as another. */
static void test_fragments(void **state)
{
	static const struct {
		unsigned fragments;
		size_t octets, fewest, most;
	} cases[] = {
		{ 2, 0, 2, 2 },     { 3, 0, 3, 3 },    { 64, 0, 64, 64 },
		{ 0, 2000, 1, 1 },  { 0, 200, 3, 10 }, { 0, 120, 6, 60 },
	};
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(suites); k++) {
		struct sealing keys;

		sealing_start(&keys, suites[k]);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct composition c = composition(&samples[4], &keys);
			struct message m[MESSAGE_FRAGMENTS];
			struct why why = { .octet = 0 };
			struct composed out;

			c.fragments = cases[i].fragments;
			c.fragment_octets = cases[i].octets;
			out = finish(&c);
			assert_in_range(out.count, cases[i].fewest, cases[i].most);
			for (size_t f = 0; f < out.count; f++) {
				assert_true(message_decode(arena, out.datagrams[f], &m[f], NULL));
				assert_true(!cases[i].octets || m[f].octets.len <= cases[i].octets);
				if (!message_open(&m[f], &keys.open, true, true, &why))
					fail_msg("%s: %s", suites[k], why.text);
				assert_int_equal(m[f].fragments, out.count > 1 ? out.count : 0);
				assert_int_equal(m[f].fragment, out.count > 1 ? f + 1 : 0);
				assert_int_equal(m[f].first, f == 0 ? PAYLOAD_IDI : 0);
			}
			assert_true(message_join(&m[0], m, out.count, &why));
			assert_true(m[0].clean);
			assert_true(bytes_equal(chain_octets(m[0].inner), chain_octets(c.chain)));
		}
		sealing_stop(&keys);
	}
}

/* Copies of a fragment are the same octets; an order out of range is refused. */
static void test_order(void **state)
{
	static const unsigned order[] = { 3, 1, 1, 2 }, wrong[] = { 1, 4 };
	struct sealing keys;
	struct why why = { .octet = 0 };

	(void)state;
	sealing_start(&keys, suites[0]);
	struct composition c = composition(&samples[4], &keys);
	struct composed out, refused;
	struct message m;

	c.fragments = 3;
	c.order = order;
	c.order_count = ARRAY_LEN(order);
	out = finish(&c);
	assert_int_equal(out.count, 4);
	assert_true(bytes_equal(out.datagrams[1], out.datagrams[2]));
	for (size_t i = 0; i < out.count; i++) {
		assert_true(message_decode(arena, out.datagrams[i], &m, NULL));
		assert_true(message_open(&m, &keys.open, true, true, NULL));
		assert_int_equal(m.fragment, order[i]);
	}
	c.order = wrong;
	c.order_count = 2;
	assert_false(message_finish(&c, &refused, &why));
	expect_text("order", "fragment 4 of 3 cannot be sent", why.text);
	sealing_stop(&keys);
}

static void test_find(void **state)
{
	struct sealing keys;
	struct why why = { .octet = 0 };
	struct message m;
	struct bytes body;
	uint64_t v;

	(void)state;
	sealing_start(&keys, suites[2]);
	struct composition c = composition(&samples[9], &keys);
	struct composed out = finish(&c);

	assert_true(message_decode(arena, out.datagrams[0], &m, NULL));
	assert_null(message_find(&m, "N(REKEY_SA)", &why));
	assert_null(message_find(&m, "SK.padding", &why));
	assert_true(message_open(&m, &keys.open, true, true, NULL));
	assert_non_null(message_find(&m, "N(REKEY_SA).spi", &why));
	assert_non_null(message_find(&m, "SK.padding", &why));
	assert_non_null(message_find(&m, "SK.pad_length", &why));
	assert_int_equal(message_find(&m, "SK.iv", &why)->octets.len, 16);
	assert_int_equal(message_find(&m, "SK.icv", &why)->octets.len, 16);
	assert_non_null(message_find(&m, "HDR.message_id", &why));
	assert_null(message_find(&m, "IDi.data", &why));
	assert_true(strncmp(why.text, "IDi.data is not in the message", 30) == 0);
	assert_int_equal(message_find_all(&m, "N[*]", NULL, 0), 2);
	assert_ptr_equal(message_payload(&m, PAYLOAD_NOTIFY, 2), message_notify(&m, 16391));
	assert_null(message_payload(&m, PAYLOAD_NOTIFY, 3));
	assert_null(message_notify(&m, 1));
	assert_true(message_body(arena, message_find(&m, "N(REKEY_SA)", NULL), &body));
	expect_hex(body, "03 04 4009 c0ffee01", "body");
	assert_true(wire_number(message_payload(&m, PAYLOAD_KE, 1), "group", &v));
	assert_int_equal(v, 19);
	sealing_stop(&keys);
}

/* No keys, or an arena too small: refused in words. */
static void test_refused(void **state)
{
	struct sealing keys;

	(void)state;
	sealing_start(&keys, suites[0]);
	struct composition c = composition(&samples[4], &keys);
	struct composed out;
	struct why why = { .octet = 0 };
	size_t refused = 0;

	c.keys = NULL;
	assert_false(message_finish(&c, &out, &why));
	c.keys = &keys.seal;
	c.fragments = 65;
	assert_false(message_finish(&c, &out, &why));
	expect_text("fragments", "more than 64 fragments", why.text);
	c.fragments = 2;
	for (size_t cap = 256; cap < 60000; cap += 997) {
		struct arena *small = arena_new(cap);

		c.arena = small;
		why.text[0] = '\0';
		if (small && !message_finish(&c, &out, &why)) {
			refused++;
			assert_true(why.text[0] != '\0');
		}
		arena_free(small);
	}
	assert_true(refused > 3);
	sealing_stop(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite), cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_faulty_receivers), cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_fragments),   cmocka_unit_test(test_order),
		cmocka_unit_test(test_find),        cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
