/*
 * Two whole nodes in a virtual world: handshake, ping, delete, over every carriage; a NAT, loss,
 * and hours that cost nothing.
 */
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "whole.h"

struct side {
	struct connection connection;
	struct world_node *node;
	struct endpoint *e;
};

struct pair {
	struct crypto *crypto;
	struct arena *arena;
	struct event_log log;
	struct world *world;
	struct side tester, target;
	size_t sent, esp_seen, udp_seen, keys, notes;
	char last_note[256];
	uint64_t digest;
	size_t arrivals, ike_arrivals, pongs;
};

#define GCM "aes256gcm16-prfsha256-ecp256"
#define CURVE "aes256gcm16-prfsha256-x25519"

static const struct way ways[] = {
	{ "plain, IPv4",        false, false, false, GCM,                    "aes256gcm16"     },
	{ "plain, IPv6",        true,  false, false, CURVE,                  "aes256gcm16-esn" },
	{ "in UDP, IPv4",       false, true,  false, "aes128-sha256-ecp256", "aes128-sha256"   },
	{ "in UDP, IPv6",       true,  true,  false, GCM,                    "aes128gcm16"     },
	{ "behind a NAT, IPv4", false, false, true,  GCM,                    "aes256gcm16"     },
	{ "behind a NAT, IPv6", true,  false, true,  "aes256-sha512-ecp384", "aes256-sha512"   },
};

static void hear(void *ctx, const struct event *e)
{
	struct pair *p = ctx;
	struct ip_packet ip;

	p->digest = p->digest * 31 + e->kind + e->time + (uint64_t)e->number;
	for (size_t i = 0; i < e->octets.len; i++)
		p->digest = p->digest * 31 + e->octets.at[i];
	p->keys += e->kind == EVENT_KEYS_CHILD;
	if (e->kind == EVENT_NOTE) {
		p->notes++;
		snprintf(p->last_note, sizeof(p->last_note), "%s", e->text);
	}
	if (e->kind != EVENT_SENT || !ip_parse(e->octets, &ip, NULL))
		return;
	p->sent++;
	p->esp_seen += ip.protocol == PROTO_ESP;
	p->udp_seen += ip.protocol == PROTO_UDP && ip.udp.len > 4 &&
		       (ip.to.port == 4500 || ip.from.port == 4500) && load_u32(ip.udp.at) != 0;
}

static void arrived(void *ctx, struct world_node *n, struct arrival *a)
{
	struct pair *p = ctx;

	p->arrivals++;
	p->ike_arrivals += a->kind == ARRIVED_IKE;
	p->pongs += a->kind == ARRIVED_ESP && a->is_echo && a->echo.reply;
	node_handle(n, a);
}

static void add(struct pair *p, const struct way *w, struct side *s, bool target, bool stepped)
{
	struct node_config c = {
		.outer = { address_of(target ? "192.0.2.1" : "198.51.100.1"),
			   address_of(target ? "2001:db8:1::1" : "2001:db8:2::1") },
		.outer_count = 2, .inner = { address_of(target ? "10.2.0.1" : "10.1.0.1") },
		.inner_count = 1,
		.is_target = target, .answers_echo = true, .replay_window = 128,
	};
	struct why why;

	connection_of(p->arena, w, target, &s->connection);
	c.endpoint = endpoint_of(p->crypto, &s->connection, target, !stepped);
	c.endpoint.log = &p->log;
	c.endpoint.encapsulate = w->encapsulate;
	c.endpoint.liveness = target ? 30 * USEC_S : 0;
	if (stepped) {
		c.arrived = arrived;
		c.ctx = p;
	}
	s->node = node_new(p->world, &c, &why);
	must(s->node != NULL, &why);
	s->e = node_endpoint(s->node);
}

static struct pair *pair_new(const struct way *w, bool stepped)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct address outside = address_of(w->six ? "2001:db8:3::1" : "203.0.113.1");
	struct world_config wc = { .log = &p->log, .run = "test" };
	struct why why;

	p->crypto = crypto_new(&why);
	p->arena = arena_new(1 << 20);
	assert_true(event_listen(&p->log, hear, p));
	wc.crypto = p->crypto;
	rng_seed(&wc.rng, 1, "link");
	p->world = world_new(&wc, &why);
	must(p->world != NULL, &why);
	add(p, w, &p->tester, false, stepped);
	add(p, w, &p->target, true, false);
	if (w->nat)
		must(world_nat(p->world, p->tester.node, &outside, &why), &why);
	return p;
}

static void pair_free(struct pair *p)
{
	world_free(p->world);
	crypto_free(p->crypto);
	arena_free(p->arena);
	free(p);
}

static void run(struct pair *p, usec span)
{
	usec end = world_now(p->world) + span;

	world_pump(p->world);
	while (world_deadline(p->world) <= end) {
		world_advance(p->world, world_deadline(p->world));
		world_pump(p->world);
	}
	world_advance(p->world, end);
}

static void establish(struct pair *p, const char *name)
{
	struct why why;

	must(endpoint_initiate(p->tester.e, 0, world_now(p->world), &why), &why);
	run(p, USEC_S);
	if (!is_up(p->tester.e) || !is_up(p->target.e))
		fail_msg("%s: not established; %s", name, p->last_note);
}

static uint64_t answered(struct pair *p)
{
	struct esp_counters in, out;

	assert_true(node_esp_counters(p->target.node, endpoint_child_sa(p->target.e, NULL, 0), &in,
				      &out));
	assert_int_equal(in.packets, out.packets);
	return in.packets;
}

/* ------------------------------------------------------------ the whole way */

static void each_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		const struct way *w = &ways[i];
		struct pair *p = pair_new(w, false);
		struct address to = address_of("10.2.0.1");
		bool udp = w->encapsulate || w->nat;
		struct why why;

		establish(p, w->name);
		assert_int_equal(p->keys, 4);
		must(node_ping(p->tester.node, &to, &why), &why);
		run(p, USEC_S);
		if (answered(p) != 1)
			fail_msg("%s: no ping; %s", w->name, p->last_note);
		if (p->esp_seen != (udp ? 0 : 2) || p->udp_seen < (udp ? 2 : 0))
			fail_msg("%s: %zu plain, %zu in UDP", w->name, p->esp_seen, p->udp_seen);
		must(endpoint_request(p->tester.e, PURPOSE_DELETE_IKE,
				      endpoint_ike_sa(p->tester.e, 0), NULL, world_now(p->world),
				      &why),
		     &why);
		run(p, USEC_S);
		assert_false(is_up(p->tester.e));
		assert_false(is_up(p->target.e));
		assert_false(node_ping(p->tester.node, &to, &why));
		assert_int_equal(crypto_stray_draws(p->crypto), 0);
		assert_int_equal(endpoint_counts(p->tester.e).rowless +
					 endpoint_counts(p->target.e).rowless,
				 0);
		pair_free(p);
	}
}

static void stepped_node_sees_what_arrives(void **state)
{
	struct pair *p = pair_new(&ways[0], true);
	struct esp_sending s = { .kind = ESP_SEND_PING };
	struct sending request = { .purpose = PURPOSE_IKE_SA_INIT };
	struct why why;

	(void)state;
	must(endpoint_send(p->tester.e, &request, 0, &why) != NULL, &why);
	run(p, USEC_S);
	assert_int_equal(p->ike_arrivals, 1);
	request.purpose = PURPOSE_IKE_AUTH;
	request.ike = endpoint_ike_sa(p->tester.e, 0);
	must(endpoint_send(p->tester.e, &request, world_now(p->world), &why) != NULL, &why);
	run(p, USEC_S);
	assert_int_equal(p->ike_arrivals, 2);
	assert_true(is_up(p->tester.e));
	s.child = endpoint_child_sa(p->tester.e, NULL, 0);
	must(node_send_esp(p->tester.node, &s, &why) != NULL, &why);
	run(p, USEC_S);
	assert_int_equal(p->pongs, 1);
	assert_int_equal(p->arrivals, 3);
	pair_free(p);
}

/* ------------------------------------------------------------ time and chance */

static void eight_hours_cost_nothing(void **state)
{
	struct pair *p = pair_new(&ways[2], false);
	struct timespec a, b;
	double seconds;
	size_t before, after;

	(void)state;
	establish(p, "hours");
	run(p, 10 * USEC_MIN);
	before = mallinfo2().uordblks;
	clock_gettime(CLOCK_MONOTONIC, &a);
	run(p, 8 * USEC_H);
	clock_gettime(CLOCK_MONOTONIC, &b);
	after = mallinfo2().uordblks;
	seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	assert_true(is_up(p->tester.e) && is_up(p->target.e));
	assert_true(p->sent > 900);             /* liveness checks, each 30 s of idle time */
	print_message("8 hours, %zu packets: %.3f s, %zd octets more\n", p->sent, seconds,
		      (ssize_t)(after - before));
	assert_true(seconds < 20);
	assert_true(after <= before + 65536);
	pair_free(p);
}

static void loss_is_overcome(void **state)
{
	static const struct link_fate f = { .loss_ppm = 300000, .jitter = 30 * USEC_MS,
				.duplicate_ppm = 50000,
					    .reorder_ppm = 50000 };
	unsigned up = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct pair *p = pair_new(&ways[seed % ARRAY_LEN(ways)], false);
		struct why why;

		world_fate(p->world, LINK_BOTH, &f);
		for (uint64_t i = 0; i < seed; i++) {   /* another fate for each */
			struct bytes nothing = bytes_text("no packet");
			node_send_packet(p->tester.node, nothing);
		}
		must(endpoint_initiate(p->tester.e, 0, 0, &why), &why);
		run(p, 5 * USEC_MIN);
		up += is_up(p->tester.e) && is_up(p->target.e);
		pair_free(p);
	}
	assert_in_range(up, 28, 30);
}

static uint64_t story(void)
{
	static const struct link_fate f = { .loss_ppm = 200000, .jitter = 30 * USEC_MS,
				.corrupt_ppm = 100000 };
	struct pair *p = pair_new(&ways[5], false);
	struct address to = address_of("10.2.0.1");
	uint64_t digest;
	struct why why;

	world_fate(p->world, LINK_BOTH, &f);
	must(endpoint_initiate(p->tester.e, 0, 0, &why), &why);
	run(p, USEC_MIN);
	for (int i = 0; i < 20; i++) {
		node_ping(p->tester.node, &to, &why);
		run(p, USEC_S);
	}
	digest = p->digest;
	pair_free(p);
	return digest;
}

static void same_seed_same_story(void **state)
{
	(void)state;
	assert_true(story() == story());
}

/* The NAT forgets its mapping: the tester's next packet moves the answers (RFC 7296 2.23). */
static void rebinding_is_followed(void **state)
{
	struct pair *p = pair_new(&ways[4], false);
	struct address outside = address_of("203.0.113.1"), to = address_of("10.2.0.1"), now;
	struct why why;

	(void)state;
	establish(p, "rebinding");
	must(world_nat(p->world, p->tester.node, &outside, &why), &why);
	must(node_ping(p->tester.node, &to, &why), &why);
	run(p, USEC_S);
	now = ike_sa_view(endpoint_ike_sa(p->target.e, 0)).remote;
	assert_int_equal(now.port, 31002);
	must(node_ping(p->tester.node, &to, &why), &why);
	run(p, USEC_S);
	assert_int_equal(answered(p), 2);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way),
		cmocka_unit_test(stepped_node_sees_what_arrives),
		cmocka_unit_test(eight_hours_cost_nothing),
		cmocka_unit_test(loss_is_overcome),
		cmocka_unit_test(same_seed_same_story),
		cmocka_unit_test(rebinding_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
