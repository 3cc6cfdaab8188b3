/*
 * What a router says of the path of an SA: what fits is told to the host behind, the rest is cut.
 */
#include "lab.h"

/* An ICMP error of a router about the last packet that the target sent. */
static void say_too_big(struct lab *l, uint32_t mtu, bool other_spi)
{
	struct address router;
	struct bytes about = bytes_make(l->heard.octets, l->heard.len), error;
	struct arena *a = arena_new(65536);
	struct ip_packet ip;
	uint8_t quoted[4096];

	memcpy(quoted, about.at, about.len);
	about.at = quoted;
	assert_true(ip_parse(about, &ip, NULL));
	router = address_of(ip.family == 4 ? "192.0.2.99" : "2001:db8::99");
	if (other_spi)
		quoted[ip.protocol == PROTO_UDP ? ip.udp.at - quoted : ip.payload.at - quoted] ^= 0x80;
	assert_true(icmp_too_big_make(a, &router, &ip.from, mtu, about, &error));
	node_send_packet(l->tester, error);
	run(l, 2 * USEC_MS);
	arena_free(a);
}

/* UDP of so many octets from the target's host to the tester's, perhaps not to be cut. */
static bool forward(struct lab *l, size_t size, bool df, struct why *why)
{
	struct address from = address_of("10.2.0.1"), to = address_of("10.1.0.1");
	struct arena *a = arena_new(65536);
	static uint8_t data[4000];
	struct bytes inner;
	bool sent;

	from.port = to.port = 7000;
	assert_true(udp_make(a, &from, &to, 1, bytes_make(data, size - 28), NULL, &inner, NULL));
	if (df) {
		uint8_t *at = (uint8_t *)inner.at;
		uint32_t sum = (uint16_t)~load_u16(at + 10) + 0x4000u;

		at[6] |= 0x40;
		store_u16(at + 10, (uint16_t)~((sum & 0xffff) + (sum >> 16)));
	}
	sent = node_forward(l->target, inner, why);
	run(l, 2 * USEC_MS);
	arena_free(a);
	return sent;
}

static void what_fits_is_told(void **state)
{
	static const struct {
		uint32_t said;          /* by the router */
		uint32_t told;          /* to the host: inner */
	} rows[] = { { 1400, 1346 }, { 600, 546 }, { 68, 522 /* of 576 */ } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct lab *l = lab_lingering();
		struct why why = { "" };
		struct ip_packet ip;

		install(l, 0, &carriages[0]);
		assert_true(forward(l, 1500, true, &why));
		say_too_big(l, rows[i].said, false);
		assert_false(forward(l, 1500, true, &why));
		assert_int_equal(l->insides, 1);
		assert_true(ip_parse(bytes_make(l->inside, l->inside_len), &ip, NULL));
		assert_true(ip.checksum_right && ip.protocol == PROTO_ICMP);
		assert_int_equal(ip.payload.at[0], 3);
		assert_int_equal(ip.payload.at[1], 4);
		assert_int_equal(rows[i].told, load_u16(ip.payload.at + 6));
		assert_false(forward(l, rows[i].told + 1, true, &why));
		assert_true(forward(l, rows[i].told, true, &why));
		lab_free(l);
	}
}

/* Without DF the ESP packet is cut, and comes whole. */
static void the_rest_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < CARRIAGES; i++) {
		struct lab *l = lab_new(true);
		size_t sent;

		if (carriages[i].transport) {
			lab_free(l);
			continue;
		}
		install(l, 0, &carriages[i]);
		assert_true(forward(l, 1400, false, NULL));
		say_too_big(l, 1300, false);
		sent = l->heard.sent;
		assert_true(forward(l, 1400, false, NULL));
		assert_int_equal(2, l->heard.sent - sent);
		assert_true(l->heard.len <= 1300);
		assert_int_equal(l->arrival_count, 2);
		assert_int_equal(last_arrival(l)->result, ESP_OK);
		assert_int_equal(last_arrival(l)->opened.inner.len, 1400);
		lab_free(l);
	}
}

static void not_for_ever_and_not_for_others(void **state)
{
	struct lab *l = lab_lingering();

	(void)state;
	install(l, 0, &carriages[0]);
	assert_true(forward(l, 1500, true, NULL));
	say_too_big(l, 600, true);
	assert_true(forward(l, 1500, true, NULL));
	say_too_big(l, 600, false);
	assert_false(forward(l, 1500, true, NULL));
	run(l, 599 * USEC_S);
	assert_false(forward(l, 1500, true, NULL));
	run(l, 2 * USEC_S);
	assert_true(forward(l, 1500, true, NULL));
	lab_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_told),
		cmocka_unit_test(the_rest_is_cut),
		cmocka_unit_test(not_for_ever_and_not_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
