/*
 * Nodes on a virtual link: datagrams, time, NAT and addresses.
 */
#include "lab.h"

/* ------------------------------------------------------------ datagrams */

struct datagram_row {
	const char *from, *to;
	const char *text;
	bool marker;
};
static const struct datagram_row datagram_rows[] = {
	{ "198.51.100.1:500", "192.0.2.1:500", "on the port of IKE", false },
	{ "198.51.100.1:4500", "192.0.2.1:4500", "behind a marker", true },
	{ "[2001:db8:2::1]:500", "[2001:db8:1::1]:500", "over IPv6", false },
	{ "[2001:db8:2::1]:4500", "[2001:db8:1::1]:4500", "over IPv6, behind a marker", true },
	{ "198.51.100.1:500", "192.0.2.1:500", "", false },
};

static void datagrams_cross_the_link(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(datagram_rows); i++) {
		const struct datagram_row *r = &datagram_rows[i];
		struct address from = address_of(r->from), to = address_of(r->to);
		struct ip_packet ip;

		fake_say(l->tester_e, r->from, r->to, bytes_text(r->text));
		world_pump(l->world);
		assert_int_equal(l->target_e->inputs, i);
		assert_int_equal(world_deadline(l->world), world_now(l->world) + USEC_MS);
		run(l, USEC_MS);
		assert_int_equal(l->target_e->inputs, i + 1);
		assert_true(bytes_equal(l->target_e->last.octets, bytes_text(r->text)));
		assert_true(address_equal(&l->target_e->last.from, &from));
		assert_true(address_equal(&l->target_e->last.to, &to));
		assert_int_equal(l->target_e->last.marker, r->marker);
		assert_true(ip_parse(bytes_make(l->heard.octets, l->heard.len), &ip, NULL));
		assert_true(ip.checksum_right);
	}
	assert_int_equal(l->heard.sent, ARRAY_LEN(datagram_rows));
	assert_int_equal(l->heard.received, ARRAY_LEN(datagram_rows));
	assert_int_equal(l->heard.dropped, 0);
	lab_free(l);
}

static void keepalive_is_told_apart(void **state)
{
	struct lab *l = lab_new(false);
	static const uint8_t ff[] = { 0xff };

	(void)state;
	fake_say(l->tester_e, "198.51.100.1:4500", "192.0.2.1:4500", BYTES_OF(ff));
	l->tester_e->outputs[0].marker = false;
	l->tester_e->outputs[0].keepalive = true;
	run(l, USEC_MS);
	assert_int_equal(l->heard.len, 20 + 8 + 1);
	assert_int_equal(l->target_e->inputs, 1);
	assert_true(l->target_e->last.keepalive);
	lab_free(l);
}

struct outer_edit {
	const char *path;
	struct edit_value to;
	size_t inputs;                  /* that the target hears of */
	bool marker;
	size_t len;                     /* of the octets it hears; 0: as sent */
};
static const uint8_t other_marker[] = { 0, 0, 0, 1 };
static const struct outer_edit outer_edits[] = {
	{ "IP.ttl",       { .number = 1 },                                   1, true },
	{ "UDP.source",   { .number = 4501 },                                1, true },
	{ "UDP.checksum", { .number = 1 },                                   0, false },
	{ "UDP.marker",   { true, .octets = { other_marker, 4 } },           0, false },
	{ "UDP.marker",   { true, .octets = { other_marker, 0 } },           0, false },
	{ "UDP.destination", { .number = 500 },                              1, false, 4 + 28 },
};

/* Without a marker the header's first octets are an SPI; with another one too. */
static void outer_edits_are_done(void **state)
{
	static const uint8_t message[28] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outer_edits); i++) {
		const struct outer_edit *r = &outer_edits[i];
		const struct edit e = { .op = EDIT_SET, .path = r->path, .value = &r->to };
		const struct edits edits = { &e, 1, value };
		struct lab *l = lab_new(false);

		fake_say(l->tester_e, "198.51.100.1:4500", "192.0.2.1:4500", BYTES_OF(message));
		l->tester_e->outputs[0].edits = &edits;
		run(l, USEC_MS);
		assert_int_equal(l->heard.notes, 0);
		if (l->target_e->inputs != r->inputs)
			fail_msg("row %zu, %s: %zu heard", i, r->path, l->target_e->inputs);
		if (r->inputs) {
			assert_int_equal(l->target_e->last.marker, r->marker);
			assert_int_equal(l->target_e->last.octets.len,
					 r->len ? r->len : sizeof(message));
		} else if (strcmp(r->path, "UDP.marker") == 0) {
			assert_int_equal(l->target_e->reports[0].kind, REPORT_UNKNOWN_SPI);
			assert_int_equal(l->target_e->reports[0].spi_in,
					 r->to.octets.len ? 1 : 0x01020304);
		}
		lab_free(l);
	}
}

static void drops_say_why(void **state)
{
	static const struct link_fate down = { .down = true };
	struct lab *l = lab_new(false);

	(void)state;
	fake_say(l->tester_e, "198.51.100.1:500", "192.0.2.99:500", bytes_text("hello"));
	run(l, USEC_MS);
	assert_string_equal(l->heard.last_drop, "no host has this address");
	world_fate(l->world, LINK_TO_TARGET, &down);
	assert_true(world_fate_now(l->world, LINK_TO_TARGET).down);
	assert_false(world_fate_now(l->world, LINK_TO_TESTER).down);
	fake_say(l->tester_e, "198.51.100.1:500", "192.0.2.1:500", bytes_text("hello"));
	run(l, USEC_MS);
	assert_string_equal(l->heard.last_drop, "the link is down");
	fake_say(l->target_e, "192.0.2.1:500", "198.51.100.1:500", bytes_text("hello"));
	run(l, USEC_MS);
	assert_int_equal(l->tester_e->inputs, 1);
	world_heal(l->world);
	fake_say(l->tester_e, "198.51.100.1:500", "192.0.2.1:500", bytes_text("hello"));
	run(l, USEC_MS);
	assert_int_equal(l->target_e->inputs, 1);
	assert_int_equal(l->heard.dropped, 2);
	lab_free(l);
}

/* A datagram larger than the MTU crosses in fragments and is whole again. */
static void mtu_makes_fragments(void **state)
{
	static const struct link_fate narrow = { .mtu = 1280 }, closed = { .mtu = 1280,
				.drop_ip_fragments = true };
	static uint8_t large[2000];

	(void)state;
	for (int six = 0; six < 2; six++) {
		struct lab *l = lab_new(false);
		const char *from = six ? "[2001:db8:2::1]:500" : "198.51.100.1:500";
		const char *to = six ? "[2001:db8:1::1]:500" : "192.0.2.1:500";

		memset(large, 7, sizeof(large));
		world_fate(l->world, LINK_BOTH, &narrow);
		fake_say(l->tester_e, from, to, BYTES_OF(large));
		run(l, USEC_MS);
		assert_int_equal(l->target_e->inputs, 1);
		assert_true(bytes_equal(l->target_e->last.octets, BYTES_OF(large)));
		world_fate(l->world, LINK_BOTH, &closed);
		fake_say(l->tester_e, from, to, BYTES_OF(large));
		run(l, USEC_MS);
		assert_int_equal(l->target_e->inputs, 1);
		assert_string_equal(l->heard.last_drop, "an IP fragment");
		lab_free(l);
	}
}

/* An ICMP error is told to the endpoint, with the address that it is about; an echo is answered. */
static void icmp_errors_are_told(void **state)
{
	static const char *const ends[][2] = { { "198.51.100.1:500", "192.0.2.1:500" },
					       { "[2001:db8:2::1]:500", "[2001:db8:1::1]:500" } };
	struct arena *a = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct address tester = address_of(ends[i][0]), target = address_of(ends[i][1]);
		struct lab *l = lab_new(true);
		struct echo e = { .id = 1 };
		struct bytes packet;

		fake_say(l->target_e, ends[i][1], ends[i][0], bytes_text("a datagram"));
		run(l, 2 * USEC_MS);
		assert_true(icmp_error_make(a, &tester, &target, "port-unreachable",
					    bytes_make(l->heard.octets, 28 + i * 20), &packet));
		node_send_packet(l->tester, packet);
		run(l, 2 * USEC_MS);
		assert_int_equal(l->target_e->report_count, 1);
		assert_int_equal(l->target_e->reports[0].kind, REPORT_UNREACHABLE);
		assert_true(address_equal(&l->target_e->reports[0].address, &tester));
		assert_true(echo_make(a, &tester, &target, &e, &packet));
		node_send_packet(l->tester, packet);
		run(l, 2 * USEC_MS);
		assert_int_equal(last_arrival(l)->kind, ARRIVED_ICMP);
		assert_true(last_arrival(l)->is_echo && last_arrival(l)->echo.reply);
		assert_int_equal(l->target_e->report_count, 1);
		lab_free(l);
	}
	arena_free(a);
}

/* ------------------------------------------------------------ time */

/* An endpoint that is never done does not hold the clock. */
static void a_stuck_deadline_is_noted(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	l->target_e->deadline = USEC_S;
	l->target_e->stuck = true;
	world_advance(l->world, USEC_MIN);
	assert_int_equal(world_now(l->world), USEC_MIN);
	assert_in_range(l->target_e->ticks, 2, 2000);
	assert_string_equal(l->heard.last_note, "a deadline stays in the past");
	lab_free(l);
}

static void a_loop_is_cut(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	l->tester_e->parrot = l->target_e->parrot = true;
	fake_say(l->tester_e, "198.51.100.1:500", "192.0.2.1:500", bytes_text("hello"));
	run(l, USEC_H);
	assert_int_equal(world_deadline(l->world), USEC_NEVER);
	assert_in_range(l->heard.sent, 900, 1100);
	assert_int_equal(l->heard.notes, 1);
	assert_string_equal(l->heard.last_drop, "a loop");
	lab_free(l);
}

static void ticks_come_when_due(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	l->tester_e->deadline = 10 * USEC_S;
	l->target_e->deadline = 30 * USEC_S;
	l->target_e->period = 30 * USEC_S;
	world_pump(l->world);
	assert_int_equal(world_deadline(l->world), 10 * USEC_S);
	world_advance(l->world, 10 * USEC_S - 1);
	assert_int_equal(l->tester_e->ticks, 0);
	world_advance(l->world, 10 * USEC_S);
	assert_int_equal(l->tester_e->ticks, 1);
	world_advance(l->world, 8 * USEC_H);
	assert_int_equal(world_now(l->world), 8 * USEC_H);
	assert_int_equal(l->target_e->ticks, 8 * 120);
	world_advance(l->world, USEC_S);
	assert_int_equal(world_now(l->world), 8 * USEC_H);
	lab_free(l);
}

/* ------------------------------------------------------------ NAT and addresses */

static void nat_is_rewritten_both_ways(void **state)
{
	struct lab *l = lab_new(true);
	struct address outside = address_of("203.0.113.1"),
		       inside = address_of("198.51.100.1:4500"), seen;

	(void)state;
	assert_true(world_nat(l->world, l->tester, &outside, NULL));
	fake_say(l->tester_e, "198.51.100.1:4500", "192.0.2.1:4500", bytes_text("hello"));
	run(l, USEC_MS);
	seen = address_of("203.0.113.1:31000");
	assert_true(address_equal(&l->target_e->last.from, &seen));
	fake_say(l->target_e, "192.0.2.1:4500", "203.0.113.1:31000", bytes_text("hi"));
	l->target_e->outputs[0].marker = true;
	run(l, USEC_MS);
	assert_int_equal(last_arrival(l)->kind, ARRIVED_IKE);
	assert_true(address_equal(&last_arrival(l)->ip.to, &seen));
	assert_true(address_equal(&last_arrival(l)->datagram.to, &inside));
	assert_true(bytes_equal(last_arrival(l)->datagram.octets, bytes_text("hi")));
	fake_say(l->target_e, "192.0.2.1:4500", "203.0.113.1:31001", bytes_text("hi"));
	run(l, USEC_MS);
	assert_string_equal(l->heard.last_drop, "the NAT has no mapping for it");
	assert_false(world_nat(l->world, l->tester, &inside, NULL));
	lab_free(l);
}

static void readdress_both(struct lab *l, const char *tester)
{
	struct child_order o = { .kind = ORDER_READDRESS, .child = &l->mirror[0], .udp = true,
				 .local = address_of("192.0.2.1:4500"),
				 .remote = address_of(tester) };

	fake_order(l->target_e, &o);
	world_pump(l->world);
}

/* A NAT forgets its mapping: the target learns the new port from the next packet (2.23). */
static void rebinding_is_reported(void **state)
{
	struct lab *l = lab_new(true);
	struct address outside = address_of("203.0.113.1"),
		       second = address_of("203.0.113.1:31001");

	(void)state;
	assert_true(world_nat(l->world, l->tester, &outside, NULL));
	install(l, 0, &carriages[1]);
	install(l, 1, &carriages[1]);
	readdress_both(l, "203.0.113.1:31000");
	ping(l, 0, NULL);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->arrival_count, 1);
	assert_int_equal(l->target_e->report_count, 1);
	assert_true(world_nat(l->world, l->tester, &outside, NULL));
	ping(l, 0, NULL);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->target_e->report_count, 3);
	assert_int_equal(l->target_e->reports[2].kind, REPORT_NEW_ADDRESS);
	assert_true(address_equal(&l->target_e->reports[2].address, &second));
	assert_int_equal(l->arrival_count,
			 2); /* the answer went to the old mapping, which is open */
	lab_free(l);
}

static void plain_esp_passes_a_nat(void **state)
{
	struct lab *l = lab_new(true);
	struct address outside = address_of("203.0.113.1");
	struct child_order o = { .kind = ORDER_READDRESS, .child = &l->mirror[0],
				 .local = address_of("192.0.2.1"), .remote = outside };

	(void)state;
	assert_true(world_nat(l->world, l->tester, &outside, NULL));
	install(l, 0, &carriages[0]);
	fake_order(l->target_e, &o);
	ping(l, 0, NULL);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->arrival_count, 1);
	assert_true(address_same_host(&last_arrival(l)->ip.to, &outside));
	lab_free(l);
}

static void second_address_speaks_first_listens(void **state)
{
	struct lab *l = lab_new(true);
	struct address second = address_of("198.51.100.77"), seen = address_of("198.51.100.77:500"),
		       first;

	(void)state;
	first = node_address(l->tester, 4);
	assert_true(world_readdress(l->world, l->tester, &second));
	fake_say(l->tester_e, "198.51.100.1:500", "192.0.2.1:500", bytes_text("hello"));
	run(l, USEC_MS);
	assert_true(address_equal(&l->target_e->last.from, &seen));
	fake_say(l->target_e, "192.0.2.1:500", "198.51.100.1:500", bytes_text("old"));
	fake_say(l->target_e, "192.0.2.1:500", "198.51.100.77:500", bytes_text("new"));
	run(l, USEC_MS);
	assert_int_equal(l->arrival_count, 2);
	world_heal(l->world);
	second = node_address(l->tester, 4);
	assert_true(address_same_host(&first, &second));
	lab_free(l);
}

static void strangers_speak_from_their_own_address(void **state)
{
	struct lab *l = lab_new(true);
	struct node_config c = config_of(l, false, true);
	struct world_node *other;
	struct datagram d = { .from = address_of("198.51.100.1:500"),
				.to = address_of("192.0.2.1:500"),
			      .octets = bytes_text("stolen") };
	struct address seen = address_of("198.51.100.9:500");
	struct esp_sent *sent, *again;
	struct ip_packet ip;

	(void)state;
	c.endpoint.name = "stranger";
	c.outer[0] = address_of("198.51.100.9");
	c.outer_count = 1;
	c.inner_count = 0;
	other = node_new(l->world, &c, NULL);
	assert_non_null(other);
	node_send_datagram(other, &d);
	run(l, USEC_MS);
	assert_true(address_equal(&l->target_e->last.from, &seen));
	install(l, 0, &carriages[1]);
	sent = ping(l, 0, NULL);
	again = node_send_again(other, sent, NULL, NULL);
	assert_true(ip_parse(again->packet, &ip, NULL));
	assert_true(address_same_host(&ip.from, &seen));
	assert_true(ip.checksum_right);
	assert_true(bytes_equal(again->esp, sent->esp));
	lab_free(l);
}

/* ------------------------------------------------------------ the whole */

static uint64_t story(uint64_t seed)
{
	struct link_fate f = { .delay = 300, .jitter = 20000, .loss_ppm = 200000,
				.duplicate_ppm = 100000,
			       .reorder_ppm = 100000, .corrupt_ppm = 100000 };
	struct lab *l = lab_new(true);
	struct world_config wc = { .log = &l->log, .crypto = l->crypto };
	struct node_config tester = config_of(l, false, true), target = config_of(l, true, false);
	uint64_t digest;

	world_free(l->world);
	rng_seed(&wc.rng, seed, "story");
	l->world = world_new(&wc, NULL);
	l->tester = node_new(l->world, &tester, NULL);
	l->target = node_new(l->world, &target, NULL);
	l->tester_e = node_endpoint(l->tester);
	l->target_e = node_endpoint(l->target);
	install(l, 0, &carriages[4]);
	world_fate(l->world, LINK_BOTH, &f);
	for (int i = 0; i < 200; i++) {
		assert_non_null(ping(l, 0, NULL));
		run(l, 3000);
	}
	run(l, USEC_S);
	assert_in_range(l->arrival_count, 100, 190);
	digest = l->heard.digest;
	lab_free(l);
	return digest;
}

static void same_seed_same_events(void **state)
{
	(void)state;
	assert_true(story(3) == story(3));
	assert_true(story(3) != story(4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_cross_the_link),
		cmocka_unit_test(keepalive_is_told_apart),
		cmocka_unit_test(outer_edits_are_done),
		cmocka_unit_test(drops_say_why),
		cmocka_unit_test(mtu_makes_fragments),
		cmocka_unit_test(icmp_errors_are_told),
		cmocka_unit_test(a_stuck_deadline_is_noted),
		cmocka_unit_test(a_loop_is_cut),
		cmocka_unit_test(ticks_come_when_due),
		cmocka_unit_test(nat_is_rewritten_both_ways),
		cmocka_unit_test(rebinding_is_reported),
		cmocka_unit_test(plain_esp_passes_a_nat),
		cmocka_unit_test(second_address_speaks_first_listens),
		cmocka_unit_test(strangers_speak_from_their_own_address),
		cmocka_unit_test(same_seed_same_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
