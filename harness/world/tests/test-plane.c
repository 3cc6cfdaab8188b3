/*
 * The data planes of two nodes: ESP by itself, by hand and again.
 */
#include "../fragment.h"
#include "lab.h"

static void ping_and_pong(void **state)
{
	(void)state;
	for (size_t i = 0; i < CARRIAGES; i++) {
		struct lab *l = lab_new(true);
		struct esp_sent *sent;
		const struct arrival *a;
		struct why why = { 0 };

		install(l, 0, &carriages[i]);
		assert_int_equal(l->heard.keys, 4);
		assert_int_equal(l->heard.key_spis, 2 * (0x1000 + 0x2000));
		sent = ping(l, 0, &why);
		if (sent == NULL)
			fail_msg("%s: %s", carriages[i].name, why.text);
		assert_int_equal(sent->seq, 1);
		assert_false(sent->echo.reply);
		run(l, 2 * USEC_MS);
		if (l->arrival_count != 1)
			fail_msg("%s: %zu arrivals, %s %s", carriages[i].name, l->arrival_count,
				 l->heard.last_drop, l->heard.last_note);
		a = last_arrival(l);
		assert_int_equal(a->kind, ARRIVED_ESP);
		assert_int_equal(a->result, ESP_OK);
		assert_ptr_equal(a->child, &l->child[0]);
		assert_true(a->is_echo && a->echo.reply);
		assert_int_equal(a->echo.seq, sent->echo.seq);
		assert_true(bytes_equal(a->echo.data, sent->echo.data));
		assert_non_null(a->opened.tree);
		assert_int_equal(a->time, 2 * USEC_MS);
		assert_int_equal(l->target_e->reports[0].kind, REPORT_TRAFFIC);
		assert_int_equal(l->target_e->reports[0].spi_in, 0x2000);
		assert_int_equal(l->target_e->report_count, 1);
		assert_int_equal(counters(l->tester, &l->child[0], true).packets, 1);
		assert_int_equal(counters(l->target, &l->mirror[0], false).packets, 1);
		lab_free(l);
	}
}

/* Inner addresses of the other family, given or found; a selector of ports. */
static void inner_addresses_fit(void **state)
{
	struct lab *l = lab_new(true);
	struct esp_sending s = { .kind = ESP_SEND_PING, .child = &l->child[0] };
	struct address six = address_of("fd00:2::1"), from = address_of("fd00:1::1");
	struct arena *a = arena_new(4096);
	const struct arrival *last;

	(void)state;
	install(l, 0, &carriages[0]);
	s.to = six;
	assert_non_null(node_send_esp(l->tester, &s, NULL));
	run(l, 2 * USEC_MS);
	last = last_arrival(l);
	assert_true(last->is_echo && address_same_host(&last->inner.from, &six));
	assert_true(address_same_host(&last->inner.to, &from));
	s.to = address_of("10.9.0.1");
	assert_null(node_send_esp(l->tester, &s, NULL));
	arena_free(a);
	lab_free(l);
}

static void ports_choose_the_sa(void **state)
{
	struct lab *l = lab_new(true);
	struct esp_sending s = { .kind = ESP_SEND_UDP, .child = &l->child[1] };
	struct esp_sent *sent;
	struct ip_packet ip;
	struct esp_opened opened;
	struct arena *a = arena_new(65536);

	(void)state;
	install(l, 0, &carriages[0]);
	l->port = 7000;
	install(l, 1, &carriages[0]);
	sent = node_send_esp(l->tester, &s, NULL);
	assert_non_null(sent);
	assert_int_equal(
		esp_open(node_esp_sa(l->target, &l->mirror[1], true), a, sent->esp, false, &opened),
		ESP_OK);
	assert_true(ip_parse(opened.inner, &ip, NULL));
	assert_int_equal(ip.to.port, 7000);
	assert_int_equal(ip.from.port, 40000);
	assert_int_equal(ping(l, 0, NULL)->seq, 1);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->arrival_count, 1);  /* not by the newest SA, which takes no ICMP */
	assert_ptr_equal(last_arrival(l)->child, &l->child[0]);
	arena_free(a);
	lab_free(l);
}

static void automatic_nodes_ping_by_themselves(void **state)
{
	struct lab *l = lab_new(false);
	struct address four = address_of("10.1.0.1"), six = address_of("fd00:1::1"),
		       none = address_of("10.9.0.1");
	struct why why;

	(void)state;
	assert_false(node_ping(l->target, &four, &why));
	install(l, 0, &carriages[0]);
	assert_true(node_ping(l->target, &four, &why));
	assert_true(node_ping(l->target, &six, &why));
	assert_false(node_ping(l->target, &none, &why));
	run(l, 2 * USEC_MS);
	assert_int_equal(counters(l->target, &l->mirror[0], true).packets, 2);
	assert_int_equal(counters(l->tester, &l->child[0], false).packets, 2);
	lab_free(l);
}

static void packets_have_numbers(void **state)
{
	struct lab *l = lab_new(false);
	struct address to = address_of("10.1.0.1");

	(void)state;
	install(l, 0, &carriages[1]);
	for (int i = 0; i < 10; i++)
		assert_true(node_ping(l->target, &to, NULL));
	assert_int_equal(l->heard.sent, 10);
	assert_int_equal(l->heard.same_ids, 0);
	lab_free(l);
}

static void newest_carries_during_rekey(void **state)
{
	struct lab *l = lab_new(false);
	struct address to = address_of("10.1.0.1");
	struct child_order gone;
	struct esp_counters in, out;

	(void)state;
	install(l, 0, &carriages[1]);
	install(l, 1, &carriages[1]);
	assert_true(node_ping(l->target, &to, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(counters(l->target, &l->mirror[0], false).packets, 0);
	assert_int_equal(counters(l->target, &l->mirror[1], false).packets, 1);
	assert_non_null(ping(l, 0, NULL));      /* the old one still opens */
	run(l, 2 * USEC_MS);
	assert_int_equal(counters(l->target, &l->mirror[0], true).packets, 1);
	gone = order_of(l, 1, ORDER_REMOVE);
	gone.child = &l->mirror[1];
	gone.spi_in = 0x2001;
	fake_order(l->target_e, &gone);
	world_pump(l->world);
	assert_false(node_esp_counters(l->target, &l->mirror[1], &in, &out));
	assert_null(node_esp_sa(l->target, &l->mirror[1], true));
	assert_true(node_ping(l->target, &to, NULL));
	assert_int_equal(counters(l->target, &l->mirror[0], false).packets, 1);
	lab_free(l);
}

/* A stepped node can still speak under a removed SA; the target says that it does not know it. */
static void removed_is_unknown(void **state)
{
	struct lab *l = lab_new(true);
	struct child_order gone = order_of(l, 0, ORDER_REMOVE), far = gone;

	(void)state;
	install(l, 0, &carriages[1]);
	far.child = &l->mirror[0];
	far.spi_in = 0x2000;
	fake_order(l->tester_e, &gone);
	fake_order(l->target_e, &far);
	world_pump(l->world);
	assert_non_null(ping(l, 0, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->arrival_count, 0);
	assert_int_equal(l->target_e->report_count, 1);
	assert_int_equal(l->target_e->reports[0].kind, REPORT_UNKNOWN_SPI);
	assert_int_equal(l->target_e->reports[0].spi_in, 0x2000);
	lab_free(l);
}

static void again_is_a_replay(void **state)
{
	struct lab *l = lab_new(true);
	struct esp_sent *sent, *again;

	(void)state;
	install(l, 0, &carriages[0]);
	sent = ping(l, 0, NULL);
	run(l, 2 * USEC_MS);
	again = node_send_again(l->tester, sent, NULL, NULL);
	assert_non_null(again);
	assert_true(bytes_equal(again->packet, sent->packet));
	assert_true(bytes_equal(again->esp, sent->esp));
	assert_int_equal(again->seq, sent->seq);
	run(l, 2 * USEC_MS);
	assert_int_equal(counters(l->target, &l->mirror[0], true).refused[ESP_REPLAYED], 1);
	assert_int_equal(l->target_e->report_count, 1);         /* it is no sign of life */
	assert_string_equal(l->heard.last_note, "ESP SPI 00002000 refused: replayed");
	assert_int_equal(l->arrival_count, 1);
	lab_free(l);
}

struct again_row {
	const char *path;
	enum edit_op op;
	struct edit_value value;
	enum esp_result refused;        /* at the target; OK: it is answered */
};
static const struct again_row again_rows[] = {
	{ "ESP.spi", EDIT_SET, { .number = 0x2001 }, ESP_BAD_ICV },
	{ "ESP.seq", EDIT_SET, { .number = 2 }, ESP_BAD_ICV },
	{ "ESP.iv", EDIT_CORRUPT, { .number = 0 }, ESP_BAD_ICV },
	{ "ESP.icv", EDIT_CORRUPT, { .number = 7 }, ESP_BAD_ICV },
	{ "ESP.ciphertext", EDIT_CORRUPT, { .number = 100 }, ESP_BAD_ICV },
	{ "IP.ttl", EDIT_SET, { .number = 3 }, ESP_OK },
	{ NULL, EDIT_TRUNCATE_TO, { .number = 20 }, ESP_SHORT },
};

static void again_can_be_edited(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(again_rows); i++) {
		const struct again_row *r = &again_rows[i];
		const struct edit e = { .op = r->op, .path = r->path, .value = &r->value };
		const struct edits edits = { &e, 1, value };
		struct lab *l = lab_new(true);
		int of = r->path && strcmp(r->path, "ESP.spi") == 0;
		struct esp_sent *sent, *again;
		struct why why = { 0 };

		install(l, 0, &carriages[0]);
		install(l, 1, &carriages[0]);
		sent = node_send_esp(l->tester, &(struct esp_sending){ .kind = ESP_SEND_PING,
				     .child = &l->child[0], .lost = true }, NULL);
		run(l, 2 * USEC_MS);
		assert_int_equal(l->heard.sent, 0);
		again = node_send_again(l->tester, sent, &edits, &why);
		if (again == NULL)
			fail_msg("%s: %s", r->path, why.text);
		assert_false(bytes_equal(again->packet, sent->packet));
		run(l, 2 * USEC_MS);
		assert_int_equal(l->arrival_count, r->refused == ESP_OK);
		if (r->refused != ESP_OK &&
		    counters(l->target, &l->mirror[of], true).refused[r->refused] != 1)
			fail_msg("%s: %s", r->path, l->heard.last_note);
		lab_free(l);
	}
}

static void inner_of_again_is_sealed(void **state)
{
	static const struct edit_value one = { .number = 1 };
	const struct edit e = { .op = EDIT_SET, .path = "INNER.ttl", .value = &one };
	const struct edits edits = { &e, 1, value };
	struct lab *l = lab_new(true);
	struct why why;

	(void)state;
	install(l, 0, &carriages[0]);
	assert_null(node_send_again(l->tester, ping(l, 0, NULL), &edits, &why));
	assert_string_equal(why.text, "INNER of a packet that was sent is sealed");
	lab_free(l);
}

struct kind_row {
	enum esp_kind kind;
	size_t size;
	size_t answers;         /* arrivals at the tester */
	uint64_t taken;         /* packets opened by the target */
};
static const uint8_t octets_inside[] = { 0x45, 0, 0 };
static const struct kind_row kinds[] = {
	{ ESP_SEND_PING, 0, 1, 1 },     { ESP_SEND_PING, 28, 1, 1 },   { ESP_SEND_PING, 9000, 1,
	1 },
	{ ESP_SEND_PING, 60000, 1, 1 }, { ESP_SEND_UDP, 0, 0, 1 },     { ESP_SEND_UDP, 500, 0, 1 },
	{ ESP_SEND_TCP, 0, 0, 1 },      { ESP_SEND_TCP, 99, 0, 1 },    { ESP_SEND_DUMMY, 0, 0, 0 },
	{ ESP_SEND_DUMMY, 5, 0, 0 },    { ESP_SEND_OCTETS, 0, 0, 0 },
};

static void every_kind_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct lab *l = lab_new(true);
		struct why why = { 0 };
		struct esp_sending s = { .kind = kinds[i].kind, .child = &l->child[0],
					.size = kinds[i].size,
					 .octets = BYTES_OF(octets_inside) };

		install(l, 0, &carriages[1]);
		if (node_send_esp(l->tester, &s, &why) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		run(l, 2 * USEC_MS);
		if (l->arrival_count != kinds[i].answers ||
		    counters(l->target, &l->mirror[0], true).packets != kinds[i].taken)
			fail_msg("row %zu: %zu answers, %llu taken; %s", i, l->arrival_count,
				 (unsigned long long)counters(l->target, &l->mirror[0], true)
					 .packets,
				 l->heard.last_note);
		if (kinds[i].kind == ESP_SEND_DUMMY)
			assert_int_equal(l->target_e->reports[0].kind, REPORT_TRAFFIC);
		lab_free(l);
	}
}

/* What a protected host says in clear is seen by the tester, and not taken by the target. */
static void clear_is_seen_and_not_taken(void **state)
{
	struct lab *l = lab_new(true);
	struct esp_sending s = { .kind = ESP_SEND_PING, .clear = true };
	struct address from = address_of("10.2.0.1"), to = address_of("10.1.0.1");
	struct arena *a = arena_new(4096);
	struct echo e = { .id = 9, .seq = 3 };
	struct bytes leak;

	(void)state;
	install(l, 0, &carriages[0]);
	assert_non_null(node_send_esp(l->tester, &s, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->arrival_count, 0);
	assert_true(echo_make(a, &from, &to, &e, &leak));
	node_send_packet(l->target, leak);
	run(l, 2 * USEC_MS);
	assert_int_equal(last_arrival(l)->kind, ARRIVED_CLEAR);
	assert_true(last_arrival(l)->is_echo);
	assert_int_equal(last_arrival(l)->echo.id, 9);
	arena_free(a);
	lab_free(l);
}

/* Fragments of an inner packet are answered once it is whole. */
static void inner_fragments_come_together(void **state)
{
	struct lab *l = lab_new(true);
	struct address from = address_of("10.1.0.1"), to = address_of("10.2.0.1");
	struct arena *a = arena_new(1 << 20);
	static uint8_t data[3000], room[FRAGMENT_ROOM];
	struct echo e = { .id = 5, .seq = 6, .data = BYTES_OF(data) };
	struct esp_sending s = { .kind = ESP_SEND_OCTETS, .child = &l->child[0] };
	struct splitter split;
	struct bytes packet;
	size_t parts = 0;

	(void)state;
	install(l, 0, &carriages[0]);
	assert_true(echo_make(a, &from, &to, &e, &packet));
	assert_true(splitter_begin(&split, packet, 1400, 1, false));
	for (; splitter_next(&split, room, &s.octets); parts++) {
		run(l, 2 * USEC_MS);
		assert_int_equal(l->arrival_count, 0);
		assert_non_null(node_send_esp(l->tester, &s, NULL));
	}
	run(l, 2 * USEC_MS);
	assert_int_equal(parts, 3);
	assert_int_equal(l->arrival_count, 1);
	assert_true(last_arrival(l)->is_echo && last_arrival(l)->echo.reply);
	assert_true(bytes_equal(last_arrival(l)->echo.data, BYTES_OF(data)));
	arena_free(a);
	lab_free(l);
}

/* Packets of every kind, changed, cut and made longer: dropped, or taken for what they are. */
static void any_packet_does_no_harm(void **state)
{
	struct lab *l = lab_new(false);
	struct bytes seeds[4];
	struct arena *a = arena_new(1 << 20);
	struct address from = address_of("198.51.100.1:4500"), to = address_of("192.0.2.1:4500");
	struct echo e = { .id = 1 };
	struct rng rng;
	uint8_t octets[400];

	(void)state;
	install(l, 0, &carriages[1]);
	install(l, 1, &carriages[0]);
	seeds[0] = arena_copy(a, ping(l, 0, NULL)->packet);
	seeds[1] = arena_copy(a, ping(l, 1, NULL)->packet);
	assert_true(udp_make(a, &from, &to, 1, bytes_make("\0\0\0\0and a message", 17), NULL,
			     &seeds[2], NULL));
	assert_true(echo_make(a, &from, &to, &e, &seeds[3]));
	rng_seed(&rng, 9, "packets");
	for (unsigned i = 0; i < 40000; i++) {
		struct bytes seed = seeds[i % 4];
		size_t len =
			i % 5 == 0 ? rng_below(&rng, seed.len + 1) : seed.len + (i % 7 == 0) * 3;

		memset(octets, 0xa5, sizeof(octets));
		memcpy(octets, seed.at, seed.len);
		for (uint64_t n = rng_below(&rng, 4); n > 0; n--)
			octets[rng_below(&rng, i % 3 == 0 ? 28 : len + 1)] ^=
				(uint8_t)(1u << rng_below(&rng, 8));
		node_send_packet(l->tester, bytes_make(octets, len));
		run(l, USEC_MS);
	}
	run(l, USEC_S);
	assert_true(l->heard.dropped > 1000);
	assert_true(l->target_e->inputs > 1000);
	arena_free(a);
	lab_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_and_pong),
		cmocka_unit_test(inner_addresses_fit),
		cmocka_unit_test(ports_choose_the_sa),
		cmocka_unit_test(automatic_nodes_ping_by_themselves),
		cmocka_unit_test(packets_have_numbers),
		cmocka_unit_test(newest_carries_during_rekey),
		cmocka_unit_test(removed_is_unknown),
		cmocka_unit_test(again_is_a_replay),
		cmocka_unit_test(again_can_be_edited),
		cmocka_unit_test(inner_of_again_is_sealed),
		cmocka_unit_test(every_kind_is_sent),
		cmocka_unit_test(clear_is_seen_and_not_taken),
		cmocka_unit_test(inner_fragments_come_together),
		cmocka_unit_test(any_packet_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
