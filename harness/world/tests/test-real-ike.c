/*
 * Whole endpoints on real devices: over UDP sockets on the loopback; as root, the tester over a TUN
 * device and the target over this kernel's sockets.  One loop for both ends.
 */
#include <stdio.h>
#include <unistd.h>

#include "tun.h"
#include "whole.h"
#include "world/real.h"

struct end {
	struct real *real;
	struct world *world;
	struct world_node *node;
	struct endpoint *e;
	struct connection connection;
	const struct connection *connections;   /* many, in place of that one */
	size_t connection_count;
};

struct both {
	struct crypto *crypto;
	struct arena *arena;
	struct end tester, target;
	size_t notes;
	struct event_log log;
};

static void end_open(struct both *b, struct end *x, const struct way *w, bool target)
{
	struct world_config wc = { .crypto = b->crypto, .real = x->real, .log = &b->log };
	struct node_config nc = { .outer_count = 1, .inner_count = 1, .is_target = target,
				.answers_echo = true,
				  .inner = { address_of(target ? "10.2.0.1" : "10.1.0.1") },
				  .replay_window = 64 };
	struct why why;

	rng_seed(&wc.rng, 1, "link");
	x->world = world_new(&wc, &why);
	must(x->world != NULL, &why);
	connection_of(b->arena, w, target, &x->connection);
	nc.endpoint = endpoint_of(b->crypto, &x->connection, target, true);
	nc.endpoint.encapsulate = w->encapsulate;
	if (x->connections) {
		nc.endpoint.connections = x->connections;
		nc.endpoint.connection_count = x->connection_count;
	}
	nc.endpoint.rng.fresh = true;
	nc.endpoint.rng.entropy = real_entropy;
	nc.outer[0] = x->connection.local;
	x->node = node_new(x->world, &nc, &why);
	must(x->node != NULL, &why);
	x->e = node_endpoint(x->node);
}

static struct both *both_new(const struct way *w, struct real *tester, struct real *target)
{
	struct both *b = calloc(1, sizeof(*b));
	struct address outside = address_of(w->six ? "2001:db8:3::1" : "203.0.113.1");
	struct why why;

	b->crypto = crypto_new(&why);
	b->arena = arena_new(1 << 20);
	b->tester.real = tester;
	b->target.real = target;
	end_open(b, &b->tester, w, false);
	end_open(b, &b->target, w, true);
	if (w->nat)
		must(world_nat(b->tester.world, b->tester.node, &outside, &why), &why);
	return b;
}

static void both_free(struct both *b)
{
	world_free(b->tester.world);
	world_free(b->target.world);
	crypto_free(b->crypto);
	arena_free(b->arena);
	free(b);
}

static void turn(struct end *x)
{
	world_pump(x->world);
	real_wait(x->real, usec_min(world_deadline(x->world), real_now(x->real) + USEC_MS), NULL,
		  0);
	world_advance(x->world, 0);
	world_pump(x->world);
}

static uint64_t answered(struct both *b)
{
	struct child_sa *c = endpoint_child_sa(b->target.e, NULL, 0);
	struct esp_counters in = { 0 }, out = { 0 };

	if (c)
		node_esp_counters(b->target.node, c, &in, &out);
	return out.packets;
}

static void live(struct both *b, bool (*done)(struct both *))
{
	usec end = real_now(b->tester.real) + 5 * USEC_S;

	while (!done(b) && real_now(b->tester.real) < end) {
		turn(&b->tester);
		turn(&b->target);
	}
}

static bool up(struct both *b)
{
	return is_up(b->tester.e) && is_up(b->target.e);
}

static bool down(struct both *b)
{
	return !is_up(b->tester.e) && !is_up(b->target.e);
}

static bool pinged(struct both *b)
{
	return answered(b) > 0;
}

/* Handshake, ping, delete. */
static void whole_way(const struct way *w, struct real *tester, struct real *target)
{
	struct both *b = both_new(w, tester, target);
	struct address to = address_of("10.2.0.1");
	struct why why;

	must(endpoint_initiate(b->tester.e, 0, world_now(b->tester.world), &why), &why);
	live(b, up);
	if (!up(b))
		fail_msg("%s: not established", w->name);
	must(node_ping(b->tester.node, &to, &why), &why);
	live(b, pinged);
	if (!pinged(b))
		fail_msg("%s: no ping", w->name);
	must(endpoint_request(b->tester.e, PURPOSE_DELETE_IKE, endpoint_ike_sa(b->tester.e, 0),
			      NULL, world_now(b->tester.world), &why),
	     &why);
	live(b, down);
	if (!down(b))
		fail_msg("%s: not deleted", w->name);
	both_free(b);
}

static struct address with_port(struct address a, uint16_t port)
{
	a.port = port;
	return a;
}

static struct real *sockets(const struct address *ike, uint16_t nat_port)
{
	struct address locals[] = { *ike, with_port(*ike, nat_port) };
	struct why why;
	struct real *r = real_over_udp(locals, 2, &why);

	must(r != NULL, &why);
	return r;
}

static void over_sockets(void **state)
{
	char near[32], far[32];
	struct way w = { "sockets", .encapsulate = true, .ike = "aes256gcm16-prfsha256-x25519",
				.esp = "aes256gcm16",
			 .tester = near, .target = far, .nat_port = 24501 };
	struct address a, b;
	struct real *tester, *target;

	(void)state;
	snprintf(near, sizeof(near), "127.%d.%d.201:25501", 64 + getpid() / 256 % 128,
		 getpid() % 256);
	snprintf(far, sizeof(far), "127.%d.%d.202:25501", 64 + getpid() / 256 % 128,
		 getpid() % 256);
	a = address_of(near);
	b = address_of(far);
	tester = sockets(&a, w.nat_port);
	target = sockets(&b, w.nat_port);
	whole_way(&w, tester, target);
	whole_way(&w, tester, target);          /* the devices outlive the worlds */
	real_free(tester);
	real_free(target);
}

static const struct way device_ways[] = {
	{ "TUN, in UDP, IPv4", false, true,  false, "aes256gcm16-prfsha256-ecp256", "aes256gcm16" },
	{ "TUN, in UDP, IPv6", true,  true,  false, "aes128-sha256-ecp256", "aes128-sha256" },
	{ "TUN, NAT, IPv4",    false, false, true,  "aes256gcm16-prfsha256-ecp256", "aes256gcm16" },
	{ "TUN, NAT, IPv6",    true,  false, true,  "aes256gcm16-prfsha256-x25519", "aes256gcm16" },
};

#define MANY 100

/* So many testers, each in a world of its own, all at once over one device to one target. */
static void many_over(struct real *tun, struct real *udp)
{
	static const struct way w = { "many", .ike = "aes256gcm16-prfsha256-x25519",
				.esp = "aes256gcm16", .encapsulate = true };
	struct both *many = calloc(MANY, sizeof(*many)), all = { .target.real = udp };
	struct connection *connections = calloc(MANY, sizeof(*connections));
	struct crypto *crypto = crypto_new(NULL);
	struct arena *arena = arena_new(1 << 20);
	char near[MANY][32];
	size_t ups = 0;
	usec end;

	all.crypto = crypto;
	all.arena = arena;
	for (int i = 0; i < MANY; i++) {
		struct way one = w;

		snprintf(near[i], sizeof(near[i]), "198.51.100.%d:500", i + 1);
		one.tester = near[i];
		connection_of(arena, &one, true, &connections[i]);
		many[i] = (struct both){ .crypto = crypto, .arena = arena, .tester.real = tun };
		end_open(&many[i], &many[i].tester, &one, false);
		must(endpoint_initiate(many[i].tester.e, 0, world_now(many[i].tester.world), NULL),
		     NULL);
	}
	all.target.connections = connections;
	all.target.connection_count = MANY;
	end_open(&all, &all.target, &w, true);
	end = real_now(tun) + 20 * USEC_S;
	while (ups < MANY && real_now(tun) < end) {
		ups = 0;
		for (int i = 0; i < MANY; i++) {
			world_pump(many[i].tester.world);
			world_advance(many[i].tester.world, 0);
			ups += is_up(many[i].tester.e);
		}
		real_wait(tun, real_now(tun) + USEC_MS, NULL, 0);
		turn(&all.target);
	}
	assert_int_equal(ups, MANY);
	assert_int_equal(endpoint_counts(all.target.e).ike_sas, MANY);
	for (int i = 0; i < MANY; i++)
		world_free(many[i].tester.world);
	world_free(all.target.world);
	crypto_free(crypto);
	arena_free(arena);
	free(connections);
	free(many);
}

static void over_a_device(void **state)
{
	struct address locals[] = { address_of(KERNEL4 ":500"), address_of(KERNEL4 ":4500"),
				    address_of("[" KERNEL6 "]:500"),
				    address_of("[" KERNEL6 "]:4500") };
	struct real *tun, *udp;
	struct why why;

	(void)state;
	if (!tun_possible()) {
		print_message("no root or no /dev/net/tun: only the sockets were tested\n");
		return;
	}
	tun = real_over_tun(tun_room(), &why);
	must(tun != NULL, &why);
	udp = real_over_udp(locals, 4, &why);
	must(udp != NULL, &why);
	for (size_t i = 0; i < ARRAY_LEN(device_ways); i++)
		whole_way(&device_ways[i], tun, udp);
	many_over(tun, udp);
	assert_int_equal(real_strays(tun), 0);
	real_free(tun);
	real_free(udp);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(over_sockets),
				cmocka_unit_test(over_a_device) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
