/*
 * Peers that talk to each other: every order, several peers at once with unlike addresses, identities
 * and secrets, and an end that leaves nothing over.
 */
#include "house.h"

#include <unistd.h>

static const struct end two[] = { { "one", 0, 1, "first", "a secret", 1 } };

static void until(const struct room *r, size_t wanted)
{
	for (int turns = 0; turns < 200 && ike_sas(r) != wanted; turns++)
		usleep(10000);
	assert_int_equal(ike_sas(r), wanted);
}

static void every_order_is_carried_out(void **state)
{
	struct room target = room_open(two, 1, true, "target"), tester = room_open(two, 1, false, "tester");
	static const char *const orders[] = {
		"initiate", "ping", "liveness", "rekey-child", "ping", "rekey-ike net", "ping", "new-child net", "ping",
		"delete-child net", "rekey-child", "rekey-ike", "ping",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		done(&tester, orders[i]);
	until(&tester, 1);
	until(&target, 1);
	done(&target, "ping");
	done(&target, "rekey-ike");
	done(&target, "rekey-child");
	done(&target, "ping");
	done(&tester, "delete-ike");
	until(&target, 0);
	done(&target, "initiate net");
	done(&tester, "ping");
	done(&target, "delete-child");
	refused(&tester, "ping", "no SA");
	refused(&tester, "rekey-child", "no Child SA");
	assert_int_equal(room_close(&tester), 0);
	until(&target, 0);
	assert_int_equal(room_close(&target), 0);
}

static void peers_are_told_apart(void **state)
{
	static const struct end ends[] = {
		{ "one", 0, 1, "first", "the first secret", 1 },
		{ "two", 0, 2, "second", "another", 2 },
		{ "three", 3, 4, "third", "a third", 3 },
	};
	static const struct end stranger[] = { { "two", 0, 2, "second", "not that secret", 2 } };
	struct room target = room_open(ends, 3, true, "target"), tester[3], x;

	(void)state;
	x = room_open(stranger, 1, false, "stranger");
	refused(&x, "initiate", "AUTHENTICATION_FAILED");
	assert_int_equal(room_close(&x), 0);
	for (unsigned i = 0; i < 3; i++) {
		tester[i] = room_open(&ends[i], 1, false, ends[i].id);
		done(&tester[i], "initiate");
	}
	until(&target, 3);
	refused(&target, "ping", "several IKE SAs");
	done(&target, "ping net");
	done(&target, "ping two/net");
	done(&target, "rekey-ike three/net");
	for (unsigned i = 0; i < 3; i++) {
		done(&tester[i], "rekey-child");
		done(&tester[i], "ping");
	}
	done(&target, "delete-ike two/net");
	until(&tester[1], 0);
	until(&target, 2);
	assert_int_equal(room_close(&target), 0);
	for (unsigned i = 0; i < 3; i++) {
		until(&tester[i], 0);
		assert_int_equal(room_close(&tester[i]), 0);
	}
}

/* The clock of the wall tells whether they are valid. */
static void certificates_prove_who_they_are(void **state)
{
	static const struct end ends[] = { { "one", 0, 1, "first.example.org", "", 1, true } };
	struct room target = room_open(ends, 1, true, "target"), tester = room_open(ends, 1, false, "tester");

	(void)state;
	done(&tester, "initiate");
	done(&tester, "ping");
	assert_int_equal(room_close(&tester), 0);
	until(&target, 0);
	assert_int_equal(room_close(&target), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_is_carried_out),
		cmocka_unit_test(peers_are_told_apart),
		cmocka_unit_test(certificates_prove_who_they_are),
	};

	return house_main(argc, argv, tests, ARRAY_LEN(tests));
}
