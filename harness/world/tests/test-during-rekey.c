/*
 * What two SAs of the same selectors carry while one takes the other's place, and a host behind a node.
 */
#include "lab.h"

static uint64_t sent_on(struct lab *l, int i)
{
	return counters(l->target, &l->mirror[i], false).packets;
}

static void target_pings(struct lab *l)
{
	struct address to = address_of("10.1.0.1");

	assert_true(node_ping(l->target, &to, NULL));
	run(l, 2 * USEC_MS);
}

static void remove_at_target(struct lab *l, int i)
{
	struct child_order gone = order_of(l, i, ORDER_REMOVE);

	gone.child = &l->mirror[i];
	gone.spi_in = 0x2000 + (uint32_t)i;
	fake_order(l->target_e, &gone);
	world_pump(l->world);
}

/* RFC 7296 2.8: whoever answered a rekey sends on the old SA until the peer is heard on the new one ... */
static void old_one_is_used_until_heard(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	install(l, 0, &carriages[1]);
	l->asked = true;
	install(l, 1, &carriages[1]);
	target_pings(l);
	assert_int_equal(sent_on(l, 0), 1);
	assert_int_equal(sent_on(l, 1), 0);
	assert_non_null(ping(l, 1, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(sent_on(l, 1), 1);     /* the answer already */
	target_pings(l);
	assert_int_equal(sent_on(l, 0), 1);
	assert_int_equal(sent_on(l, 1), 2);
	lab_free(l);
}

/* ... or until the old one is deleted. */
static void new_one_is_used_alone(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	install(l, 0, &carriages[1]);
	l->asked = true;
	install(l, 1, &carriages[1]);
	remove_at_target(l, 0);
	target_pings(l);
	assert_int_equal(sent_on(l, 1), 1);
	lab_free(l);
}

/* One that replaces nothing may be used at once, whoever asked for it. */
static void first_one_is_used_at_once(void **state)
{
	struct lab *l = lab_new(false);

	(void)state;
	l->asked = true;
	install(l, 0, &carriages[1]);
	target_pings(l);
	assert_int_equal(sent_on(l, 0), 1);
	lab_free(l);
}

static void removed_one_receives_for_a_while(void **state)
{
	struct lab *l = lab_lingering();

	(void)state;
	install(l, 0, &carriages[1]);
	install(l, 1, &carriages[1]);
	remove_at_target(l, 0);
	assert_non_null(ping(l, 0, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 1);
	assert_int_equal(sent_on(l, 1), 1);     /* the answer */
	run(l, USEC_S);
	assert_non_null(ping(l, 0, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 1);
	assert_int_equal(l->target_e->reports[l->target_e->report_count - 1].kind,
			 REPORT_UNKNOWN_SPI);
	lab_free(l);
}

/* The target is told of its SA after the first packets came on it. */
static void packets_wait_for_their_sa(void **state)
{
	struct lab *l = lab_lingering();
	struct child_order gone = order_of(l, 0, ORDER_REMOVE);

	(void)state;
	install(l, 0, &carriages[1]);
	gone.child = &l->mirror[0];
	gone.spi_in = 0x2000;
	fake_order(l->target_e, &gone);
	run(l, 10 * USEC_S);
	fake_order(l->target_e, &gone);         /* any order: what lingered is forgotten */
	world_pump(l->world);
	for (int i = 0; i < 3; i++)
		assert_non_null(ping(l, 0, NULL));
	run(l, 500 * USEC_MS);
	assert_int_equal(l->insides, 0);
	install_at_target(l, 0, &carriages[1]);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 3);
	fake_order(l->target_e, &gone);
	world_pump(l->world);
	run(l, 10 * USEC_S);
	fake_order(l->target_e, &gone);
	world_pump(l->world);
	for (int i = 0; i < 100; i++)
		assert_non_null(ping(l, 0, NULL));
	run(l, 2 * USEC_S);
	install_at_target(l, 0, &carriages[1]);
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 3);        /* too late */
	lab_free(l);
}

static void many_removed_ones_are_forgotten(void **state)
{
	struct lab *l = lab_lingering();

	(void)state;
	for (int round = 0; round < 200; round++) {
		install(l, round % 8, &carriages[1]);
		remove_at_target(l, round % 8);
		run(l, round % 100 == 50 ? 2 * USEC_S : USEC_MS);
	}
	assert_non_null(ping(l, 7, NULL));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 1);
	lab_free(l);
}

static void host_behind_a_node(void **state)
{
	struct lab *l = lab_new(false);
	struct arena *a = arena_new(4096);
	struct address from = address_of("10.1.0.77"), to = address_of("10.2.3.4"),
		       elsewhere = address_of("10.9.0.1");
	struct echo e = { .id = 7, .seq = 1, .data = bytes_text("a host's own") };
	struct bytes inner, outside;
	struct why why;

	(void)state;
	assert_true(echo_make(a, &from, &to, &e, &inner));
	assert_true(echo_make(a, &from, &elsewhere, &e, &outside));
	assert_false(node_forward(l->tester, inner, &why));
	install(l, 0, &carriages[1]);
	assert_true(node_forward(l->tester, inner, &why));
	assert_false(node_forward(l->tester, outside, &why));
	assert_non_null(strstr(why.text, "selectors"));
	assert_false(node_forward(l->tester, bytes_text("no packet"), &why));
	run(l, 2 * USEC_MS);
	assert_int_equal(l->insides, 1);
	assert_true(bytes_equal(bytes_make(l->inside, l->inside_len), inner));
	arena_free(a);
	lab_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_one_is_used_until_heard),
		cmocka_unit_test(new_one_is_used_alone),
		cmocka_unit_test(first_one_is_used_at_once),
		cmocka_unit_test(removed_one_receives_for_a_while),
		cmocka_unit_test(packets_wait_for_their_sa),
		cmocka_unit_test(many_removed_ones_are_forgotten),
		cmocka_unit_test(host_behind_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
