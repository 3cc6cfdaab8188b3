/*
 * The real world over UDP sockets on the loopback, on high ports and addresses of this process.
 */
#include <stdio.h>
#include <unistd.h>

#include "ends.h"

#define IKE_PORT 25500
#define NAT_T_PORT 24500

static char name[200][32];

/* 127.x.y.z of this process; n below 200. */
static const char *host(int n)
{
	snprintf(name[n], sizeof(name[n]), "127.%d.%d.%d", 64 + getpid() / 256 % 128,
		 getpid() % 256, n + 1);
	return name[n];
}

static struct address at(const char *ip, uint16_t port)
{
	struct address a = address_of(ip);

	a.port = port;
	return a;
}

static struct real *sockets(const char *four, const char *six)
{
	struct address locals[4] = { at(four, IKE_PORT), at(four, NAT_T_PORT) };
	struct real *r;
	struct why why;

	if (six) {
		locals[2] = at(six, (uint16_t)(20000 + getpid() % 20000));
		locals[3] = at(six, (uint16_t)(20000 + (getpid() + 10000) % 20000));
	}
	r = real_over_udp(locals, six ? 4 : 2, &why);
	if (r == NULL)
		fail_msg("%s", why.text);
	return r;
}

struct wire {
	struct end a, b;
};

static void open_wire(struct wire *w, bool stepped)
{
	end_open(&w->a, sockets(host(0), NULL), false, stepped, host(0), NULL, "10.1.0.1", IKE_PORT,
		 NAT_T_PORT);
	end_open(&w->b, sockets(host(1), NULL), true, false, host(1), NULL, "10.2.0.1", IKE_PORT,
		 NAT_T_PORT);
}

static void close_wire(struct wire *w)
{
	end_close(&w->a);
	end_close(&w->b);
	real_free(w->a.real);
	real_free(w->b.real);
}

static void say(struct end *x, struct address from, struct address to, bool marker,
		struct bytes octets)
{
	x->e->outputs[x->e->output_count++] = (struct datagram){ .from = from, .to = to,
				.marker = marker,
								 .octets = octets };
}

static void datagrams_cross(void **state)
{
	struct wire w;
	struct address from = at(host(0), IKE_PORT), from_nat = at(host(0), NAT_T_PORT);

	(void)state;
	open_wire(&w, false);
	say(&w.a, from, at(host(1), IKE_PORT), false, bytes_text("hello"));
	assert_int_equal(both(&w.a, &w.b, &w.b.e->inputs, 1), 1);
	assert_true(bytes_equal(w.b.e->last.octets, bytes_text("hello")));
	assert_true(address_equal(&w.b.e->last.from, &from));
	assert_false(w.b.e->last.marker);
	say(&w.a, from_nat, at(host(1), NAT_T_PORT), true, bytes_text("marked"));
	assert_int_equal(both(&w.a, &w.b, &w.b.e->inputs, 2), 2);
	assert_true(bytes_equal(w.b.e->last.octets, bytes_text("marked")));
	assert_true(w.b.e->last.marker);
	assert_true(address_equal(&w.b.e->last.from, &from_nat));
	w.b.e->parrot = true;
	say(&w.a, from, at(host(1), IKE_PORT), false, bytes_text("echo"));
	assert_int_equal(both(&w.a, &w.b, &w.a.e->inputs, 1), 1);
	assert_true(bytes_equal(w.a.e->last.octets, bytes_text("echo")));
	assert_int_equal(w.a.sent, 4);          /* the target's as well */
	close_wire(&w);
}

static void over_ipv6(void **state)
{
	uint16_t ike = (uint16_t)(20000 + getpid() % 20000),
		 far = (uint16_t)(20000 + (getpid() + 10000) % 20000);
	struct end a;
	struct real *r = sockets(host(0), "::1");

	(void)state;
	end_open(&a, r, false, false, host(0), "::1", NULL, ike, NAT_T_PORT);
	say(&a, at("::1", far), at("::1", ike), false, bytes_text("six"));
	assert_int_equal(both(&a, &a, &a.e->inputs, 1), 1);
	assert_true(bytes_equal(a.e->last.octets, bytes_text("six")));
	end_close(&a);
	real_free(r);
}

static struct child_sa child, mirror;

static void install(struct end *x, bool near)
{
	static const uint8_t key[2][36] = { { 1 }, { 2 } };
	struct child_order o = { .kind = ORDER_INSTALL, .child = near ? &child : &mirror,
				.udp = true,
				 .spi_in = near ? 0x1000 : 0x2000,
				 .spi_out = near ? 0x2000 : 0x1000,
				 .local = at(host(near ? 0 : 1), NAT_T_PORT),
				 .remote = at(host(near ? 1 : 0), NAT_T_PORT) };

	assert_true(suite_parse("aes256gcm16", true, &o.suite, NULL));
	o.in.key = BYTES_OF(key[near]);
	o.out.key = BYTES_OF(key[!near]);
	o.ours.count = o.theirs.count = 1;
	assert_true(
		address_range_parse(near ? "10.1.0.0/16" : "10.2.0.0/16", &o.ours.rows[0].range));
	assert_true(
		address_range_parse(near ? "10.2.0.0/16" : "10.1.0.0/16", &o.theirs.rows[0].range));
	o.ours.rows[0].last_port = o.theirs.rows[0].last_port = 65535;
	fake_order(x->e, &o);
	world_pump(x->world);
}

static void ping_in_udp(void **state)
{
	struct esp_sending s = { .kind = ESP_SEND_PING, .child = &child };
	struct wire w;

	(void)state;
	open_wire(&w, true);
	install(&w.a, true);
	install(&w.b, false);
	assert_non_null(node_send_esp(w.a.node, &s, NULL));
	assert_int_equal(both(&w.a, &w.b, &w.a.arrival_count, 1), 1);
	assert_int_equal(w.a.arrivals[0]->kind, ARRIVED_ESP);
	assert_true(w.a.arrivals[0]->is_echo && w.a.arrivals[0]->echo.reply);
	close_wire(&w);
}

static void the_link_stands_between(void **state)
{
	static const struct link_fate lost = { .loss_ppm = 1000000 },
				slow = { .delay = 30 * USEC_MS };
	struct wire w;
	usec begun;

	(void)state;
	open_wire(&w, false);
	world_fate(w.a.world, LINK_TO_TARGET, &lost);
	say(&w.a, at(host(0), IKE_PORT), at(host(1), IKE_PORT), false, bytes_text("lost"));
	assert_int_equal(both(&w.a, &w.b, &w.a.dropped, 1), 1);
	assert_string_equal(w.a.last_drop, "lost on the way");
	world_fate(w.a.world, LINK_TO_TARGET, &slow);
	begun = real_now(w.a.real);
	say(&w.a, at(host(0), IKE_PORT), at(host(1), IKE_PORT), false, bytes_text("late"));
	assert_int_equal(both(&w.a, &w.b, &w.b.e->inputs, 1), 1);
	assert_true(bytes_equal(w.b.e->last.octets, bytes_text("late")));
	assert_true(real_now(w.a.real) >= begun + 30 * USEC_MS);
	close_wire(&w);
}

/* With privilege: raw sockets of both families carry plain ESP, and nothing else. */
static void plain_esp_has_sockets_of_its_own(void **state)
{
	const char *six = "::1";
	struct address locals[2] = { address_of(host(2)), address_of(six) }, far = locals[0];
	struct real *r = real_plain_esp(&locals[0]) ? real_over_udp(locals, 2, NULL) : NULL;
	struct arena *a = arena_new(4096);
	struct bytes packet;
	struct end x;

	(void)state;
	if (r == NULL && geteuid() != 0) {
		print_message("no privilege for raw sockets\n");
		arena_free(a);
		return;
	}
	assert_non_null(r);
	end_open(&x, r, false, true, host(2), six, NULL, IKE_PORT, NAT_T_PORT);
	for (size_t i = 0; i < 2; i++) {
		far = locals[i];
		assert_true(ip_make(a, &locals[i], &far, PROTO_ESP, 1, bytes_text("SPI.and the rest"), &packet));
		node_send_packet(x.node, packet);
		assert_int_equal(both(&x, &x, &x.arrival_count, i + 1), i + 1);
		assert_int_equal(x.arrivals[i]->kind, ARRIVED_ESP);
		assert_int_equal(x.arrivals[i]->ip.protocol, PROTO_ESP);
		assert_true(address_same_host(&x.arrivals[i]->ip.from, &locals[i]));
		assert_true(bytes_equal(x.arrivals[i]->ip.payload, bytes_text("SPI.and the rest")));
	}
	end_close(&x);
	real_free(r);
	arena_free(a);
}

static void what_cannot_be_done_is_said(void **state)
{
	struct wire w;
	struct address outside = address_of("203.0.113.1"), foreign = at("127.0.0.1", IKE_PORT);
	struct arena *a = arena_new(4096);
	struct bytes esp, packet;
	struct address from = address_of(host(0)), to = address_of(host(1));
	char expected[80];
	struct why why;

	(void)state;
	open_wire(&w, false);
	assert_false(world_nat(w.a.world, w.a.node, &outside, &why));
	esp = bytes_text("not really ESP");
	assert_true(ip_make(a, &from, &to, PROTO_ESP, 1, esp, &packet));
	node_send_packet(w.a.node, packet);
	assert_int_equal(both(&w.a, &w.b, &w.a.dropped, 1), 1);
	snprintf(expected, sizeof(expected), "no socket is bound to %s", host(0));
	assert_string_equal(w.a.last_drop, expected);
	assert_true(ip_make(a, &from, &to, PROTO_TCP, 1, esp, &packet));
	node_send_packet(w.a.node, packet);
	assert_int_equal(both(&w.a, &w.b, &w.a.dropped, 2), 2);
	assert_string_equal(w.a.last_drop, "IP protocol 6 does not go through these sockets");
	say(&w.a, foreign, at(host(1), IKE_PORT), false, bytes_text("x"));
	assert_int_equal(both(&w.a, &w.b, &w.a.dropped, 3), 3);
	arena_free(a);
	close_wire(&w);
}

/* Lateness is counted from the deadline, and packets are taken however late it is. */
static void lag_is_accounted(void **state)
{
	struct real *r = sockets(host(0), NULL);
	usec now = real_now(r), lag;
	int pipes[2];
	struct pollfd extra;

	(void)state;
	lag = real_wait(r, now + 5 * USEC_MS, NULL, 0);
	assert_in_range(real_now(r) - now, 5 * USEC_MS, USEC_S);
	assert_in_range(lag, 0, USEC_S);
	usleep(20000);
	assert_in_range(real_wait(r, now + 5 * USEC_MS, NULL, 0), 15 * USEC_MS, 10 * USEC_S);
	assert_int_equal(pipe(pipes), 0);
	extra = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(real_wait(r, USEC_NEVER, &extra, 1), 0);
	assert_true(extra.revents & POLLIN);
	close(pipes[0]);
	close(pipes[1]);
	real_free(r);
}

/* What comes for a world that is gone is a stray, and harms nothing. */
static void strays_are_counted(void **state)
{
	struct wire w;
	struct real *far;

	(void)state;
	open_wire(&w, false);
	far = w.b.real;
	end_close(&w.b);
	say(&w.a, at(host(0), IKE_PORT), at(host(1), IKE_PORT), false, bytes_text("too late"));
	world_pump(w.a.world);
	real_wait(far, real_now(far) + USEC_S, NULL, 0);
	assert_int_equal(real_strays(far), 1);
	end_close(&w.a);
	real_free(w.a.real);
	real_free(far);
}

#define MANY 60
static void many_worlds_share_one(void **state)
{
	struct address locals[MANY + 1];
	struct end *ends = calloc(MANY + 1, sizeof(*ends));
	struct real *r;
	struct why why;

	(void)state;
	for (int i = 0; i <= MANY; i++)
		locals[i] = at(host(i), IKE_PORT);
	r = real_over_udp(locals, MANY + 1, &why);
	assert_non_null(r);
	for (int i = 0; i <= MANY; i++)
		end_open(&ends[i], r, i == MANY, false, host(i), NULL, NULL, IKE_PORT, NAT_T_PORT);
	for (int i = 0; i < MANY; i++) {
		say(&ends[i], locals[i], locals[MANY], false, bytes_text(host(i)));
		world_pump(ends[i].world);
	}
	assert_int_equal(both(&ends[MANY], &ends[MANY], &ends[MANY].e->inputs, MANY), MANY);
	for (int i = 0; i < MANY; i++) {
		say(&ends[MANY], locals[MANY], locals[i], false, bytes_text(host(i)));
		world_pump(ends[MANY].world);
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(both(&ends[i], &ends[MANY], &ends[i].e->inputs, 1), 1);
		assert_true(bytes_equal(ends[i].e->last.octets, bytes_text(host(i))));
	}
	assert_int_equal(real_strays(r), 0);
	for (int i = 0; i <= MANY; i++)
		end_close(&ends[i]);
	real_free(r);
	free(ends);
}

static void entropy_is_fresh(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	real_entropy(NULL, a, sizeof(a));
	real_entropy(NULL, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_cross),
		cmocka_unit_test(over_ipv6),
		cmocka_unit_test(ping_in_udp),
		cmocka_unit_test(the_link_stands_between),
		cmocka_unit_test(plain_esp_has_sockets_of_its_own),
		cmocka_unit_test(what_cannot_be_done_is_said),
		cmocka_unit_test(lag_is_accounted),
		cmocka_unit_test(strays_are_counted),
		cmocka_unit_test(many_worlds_share_one),
		cmocka_unit_test(entropy_is_fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
