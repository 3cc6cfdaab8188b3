/*
 * The real world over a TUN device, in a network namespace of its own; the other end is this
 * kernel: its UDP sockets, its ICMP, its fragments.  Needs root, else 77.
 */
#include "ends.h"
#include "tun.h"

#define TESTER4 "198.51.100.1"
#define TESTER6 "2001:db8:2::1"

static struct end tester, target;

static void say(struct end *x, const char *from, const char *to, struct bytes octets)
{
	fake_say(x->e, from, to, octets);
}

static void datagrams_cross(void **state)
{
	static const char *const ends[][2] = {
		{ TESTER4 ":500", KERNEL4 ":500" },
		{ TESTER4 ":4500", KERNEL4 ":4500" },
		{ "[" TESTER6 "]:500", "[" KERNEL6 "]:500" },
		{ "[" TESTER6 "]:4500", "[" KERNEL6 "]:4500" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t before = target.e->inputs, answers = tester.arrival_count;
		struct address from = address_of(ends[i][0]);

		say(&tester, ends[i][0], ends[i][1], bytes_text("over the device"));
		assert_int_equal(both(&tester, &target, &target.e->inputs, before + 1), before + 1);
		assert_true(bytes_equal(target.e->last.octets, bytes_text("over the device")));
		assert_true(address_equal(&target.e->last.from, &from));
		say(&target, ends[i][1], ends[i][0], bytes_text("and back"));
		assert_int_equal(both(&tester, &target, &tester.arrival_count, answers + 1),
				 answers + 1);
		assert_true(bytes_equal(tester.arrivals[answers % 16]->datagram.octets,
					bytes_text("and back")));
	}
}

/* The kernel's fragments are put together; ours are taken by the kernel. */
static void fragments_cross(void **state)
{
	static const struct link_fate narrow = { .mtu = 1300 };
	static uint8_t large[6000];
	size_t heard = target.e->inputs, answers = tester.arrival_count;

	(void)state;
	memset(large, 3, sizeof(large));
	target.e->last.octets = BYTES_NONE;
	say(&target, KERNEL4 ":500", TESTER4 ":500", BYTES_OF(large));
	say(&target, "[" KERNEL6 "]:500", "[" TESTER6 "]:500", BYTES_OF(large));
	assert_int_equal(both(&tester, &target, &tester.arrival_count, answers + 2), answers + 2);
	assert_true(bytes_equal(tester.arrivals[answers % 16]->datagram.octets, BYTES_OF(large)));
	assert_true(
		bytes_equal(tester.arrivals[(answers + 1) % 16]->datagram.octets, BYTES_OF(large)));
	world_fate(tester.world, LINK_TO_TARGET, &narrow);
	say(&tester, TESTER4 ":500", KERNEL4 ":500", bytes_make(large, 2000));
	say(&tester, "[" TESTER6 "]:500", "[" KERNEL6 "]:500", bytes_make(large, 2000));
	assert_int_equal(both(&tester, &target, &target.e->inputs, heard + 2), heard + 2);
	assert_int_equal(target.e->last.octets.len, 2000);
	world_heal(tester.world);
}

static void nat_is_rewritten(void **state)
{
	struct address outside = address_of("203.0.113.1"), seen = address_of("203.0.113.1:31000");
	size_t heard = target.e->inputs, answers = tester.arrival_count;
	struct why why;

	(void)state;
	if (!world_nat(tester.world, tester.node, &outside, &why))
		fail_msg("%s", why.text);
	say(&tester, TESTER4 ":500", KERNEL4 ":500", bytes_text("from behind"));
	assert_int_equal(both(&tester, &target, &target.e->inputs, heard + 1), heard + 1);
	assert_true(address_equal(&target.e->last.from, &seen));
	say(&target, KERNEL4 ":500", "203.0.113.1:31000", bytes_text("to the outside"));
	assert_int_equal(both(&tester, &target, &tester.arrival_count, answers + 1), answers + 1);
	assert_true(bytes_equal(tester.arrivals[answers % 16]->datagram.octets,
				bytes_text("to the outside")));
	world_heal(tester.world);
}

static void kernel_speaks_icmp(void **state)
{
	struct address from = address_of(TESTER4), to = address_of(KERNEL4);
	struct arena *a = arena_new(65536);
	size_t answers = tester.arrival_count;
	struct echo e = { .id = 7, .seq = 8 };
	struct bytes packet;

	(void)state;
	assert_true(echo_make(a, &from, &to, &e, &packet));
	node_send_packet(tester.node, packet);
	assert_int_equal(both(&tester, &target, &tester.arrival_count, answers + 1), answers + 1);
	assert_int_equal(tester.arrivals[answers % 16]->kind, ARRIVED_ICMP);
	assert_true(tester.arrivals[answers % 16]->is_echo);
	say(&tester, TESTER4 ":500", KERNEL4 ":9", bytes_text("nobody there"));
	assert_int_equal(both(&tester, &target, &tester.arrival_count, answers + 2), answers + 2);
	assert_int_equal(tester.arrivals[(answers + 1) % 16]->kind, ARRIVED_ICMP);
	assert_false(tester.arrivals[(answers + 1) % 16]->is_echo);
	arena_free(a);
}

/* What the target says to nobody of ours. */
static void strays_are_counted(void **state)
{
	uint64_t before = real_strays(tester.real);

	(void)state;
	say(&target, KERNEL4 ":500", "198.51.100.200:500", bytes_text("hello?"));
	for (int i = 0; i < 100 && real_strays(tester.real) == before; i++) {
		world_pump(target.world);
		real_wait(tester.real, real_now(tester.real) + USEC_MS, NULL, 0);
	}
	assert_int_equal(real_strays(tester.real), before + 1);
}

static int open_ends(void **state)
{
	struct address locals[] = { address_of(KERNEL4 ":500"), address_of(KERNEL4 ":4500"),
				    address_of("[" KERNEL6 "]:500"),
				    address_of("[" KERNEL6 "]:4500") };
	struct real *tun, *udp;
	struct why why;

	(void)state;
	tun = real_over_tun(tun_room(), &why);
	udp = real_over_udp(locals, ARRAY_LEN(locals), &why);
	if (tun == NULL || udp == NULL)
		fail_msg("%s", why.text);
	end_open(&tester, tun, false, true, TESTER4, TESTER6, NULL, 500, 4500);
	end_open(&target, udp, true, false, KERNEL4, KERNEL6, NULL, 500, 4500);
	return 0;
}

static int close_ends(void **state)
{
	(void)state;
	end_close(&tester);
	end_close(&target);
	real_free(tester.real);
	real_free(target.real);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_cross),    cmocka_unit_test(fragments_cross),
		cmocka_unit_test(nat_is_rewritten),   cmocka_unit_test(kernel_speaks_icmp),
		cmocka_unit_test(strays_are_counted),
	};

	if (!tun_possible())
		return 77;
	return cmocka_run_group_tests(tests, open_ends, close_ends);
}
