/*
 * virtual-world [FOLDER]: two endpoints in the virtual world shake hands, ping, check liveness and delete, with
 * every suite and every way of carrying ESP.
 *
 * While they do, nothing may ask the outside world for time, chance or the network: run under preload.c, which
 * aborts then.  --ask does ask, to show that it aborts.  With FOLDER, captures and keys for tshark go there.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "captures/captures.h"
#include "world/world.h"

static const struct way {
	const char *name;
	const char *ike, *esp;
	bool six, encapsulate, nat;
} ways[] = {
	{ "gcm-128",        "aes128gcm16-prfsha256-ecp256", "aes128gcm16",       false, false, false },
	{ "gcm-256",        "aes256gcm16-prfsha384-ecp384", "aes256gcm16",       true,  false, false },
	{ "gcm-256-sha512", "aes256gcm16-prfsha512-x25519", "aes256gcm16",       false, true,  false },
	{ "cbc-128-sha256", "aes128-sha256-ecp256",         "aes128-sha256",     false, false, false },
	{ "cbc-128-sha384", "aes128-sha384-modp2048",       "aes128-sha384",     true,  true,  false },
	{ "cbc-128-sha512", "aes128-sha512-ecp256",         "aes128-sha512",     false, false, true  },
	{ "cbc-256-sha256", "aes256-sha256-ecp384",         "aes256-sha256",     true,  false, true  },
	{ "cbc-256-sha384", "aes256-sha384-x25519",         "aes256-sha384",     false, true,  false },
	{ "cbc-256-sha512", "aes256-sha512-ecp256",         "aes256-sha512",     false, false, false },
	{ "esn-gcm",        "aes256gcm16-prfsha256-ecp256", "aes256gcm16-esn",   false, false, false },
	{ "esn-cbc",        "aes256-sha256-ecp256",         "aes256-sha256-esn", false, true,  false },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void must(bool good, const char *what, const struct why *why)
{
	if (!good)
		die(what, why->text);
}

/* Nothing without the preload. */
static void forbid(int yes)
{
	void (*forbidden)(int);

	*(void **)&forbidden = dlsym(RTLD_DEFAULT, "outside_world_forbidden");
	if (forbidden)
		forbidden(yes);
}

/* ------------------------------------------------------------ both ends */

struct side {
	struct connection connection;
	struct world_node *node;
	struct endpoint *e;
};

struct both {
	struct crypto *crypto;
	struct arena *arena;
	struct event_log log;
	struct captures *captures;
	struct world *world;
	struct side tester, target;
	const struct way *way;
};

static struct address address_of(const char *text)
{
	struct address a = { 0 };

	if (!address_parse(text, &a))
		die(text, "no address");
	return a;
}

static void connection_make(struct both *b, struct connection *c, bool target)
{
	const struct way *w = b->way;
	struct address near = address_of(w->six ? "[2001:db8:2::1]:500" : "198.51.100.1:500");
	struct address far = address_of(w->six ? "[2001:db8:1::1]:500" : "192.0.2.1:500");
	struct selectors here = { .count = 1 }, there = { .count = 1 };
	struct why why;

	address_range_parse("10.1.0.0/24", &here.rows[0].range);
	address_range_parse("10.2.0.0/24", &there.rows[0].range);
	here.rows[0].last_port = there.rows[0].last_port = 65535;
	*c = (struct connection){
		.name = w->name, .local = target ? far : near, .remote = target ? near : far,
		.local_nat_port = 4500, .remote_nat_port = 4500, .secret = bytes_text("a secret of both"),
		.ike_count = 1, .esp_count = 1, .ours = target ? there : here, .theirs = target ? here : there,
	};
	must(identity_parse(b->arena, target ? "fqdn:target.example" : "fqdn:tester.example", &c->us, &why) &&
	     identity_parse(b->arena, target ? "fqdn:tester.example" : "fqdn:target.example", &c->them, &why) &&
	     suite_parse(w->ike, false, &c->ike[0], &why) && suite_parse(w->esp, true, &c->esp[0], &why),
	     w->name, &why);
}

static void side_make(struct both *b, struct side *s, bool target)
{
	struct node_config c = {
		.outer = { address_of(target ? "192.0.2.1" : "198.51.100.1"),
			   address_of(target ? "2001:db8:1::1" : "2001:db8:2::1") },
		.outer_count = 2, .inner = { address_of(target ? "10.2.0.1" : "10.1.0.1") }, .inner_count = 1,
		.is_target = target, .answers_echo = true, .replay_window = 128,
	};
	struct why why;

	connection_make(b, &s->connection, target);
	c.endpoint = (struct endpoint_config){
		.name = target ? "target" : "tester", .automatic = true, .crypto = b->crypto, .log = &b->log,
		.run = b->way->name, .connections = &s->connection, .connection_count = 1,
		.retransmission = { 500 * USEC_MS, 1800, 8 }, .half_open = 30 * USEC_S,
		.liveness = target ? 30 * USEC_S : 0, .cookie_threshold = UINT32_MAX, .nat_detection = true,
		.keepalive = 20 * USEC_S, .encapsulate = b->way->encapsulate,
	};
	rng_seed(&c.endpoint.rng, (uint64_t)(b->way - ways), c.endpoint.name);
	s->node = node_new(b->world, &c, &why);
	must(s->node != NULL, b->way->name, &why);
	s->e = node_endpoint(s->node);
}

static void both_make(struct both *b)
{
	struct address outside = address_of(b->way->six ? "2001:db8:3::1" : "203.0.113.1");
	struct world_config config = { .crypto = b->crypto, .log = &b->log, .run = b->way->name };
	struct why why;

	rng_seed(&config.rng, 1, "link");
	b->world = world_new(&config, &why);
	must(b->world != NULL, b->way->name, &why);
	side_make(b, &b->tester, false);
	side_make(b, &b->target, true);
	if (b->way->nat)
		must(world_nat(b->world, b->tester.node, &outside, &why), b->way->name, &why);
}

/* ------------------------------------------------------------ what they do */

static void run(struct both *b, usec span)
{
	usec end = world_now(b->world) + span, due;

	world_pump(b->world);
	while ((due = world_deadline(b->world)) <= end) {
		world_advance(b->world, due);
		world_pump(b->world);
	}
	world_advance(b->world, end);
}

static void ping(struct both *b)
{
	struct address to = address_of("10.2.0.1");
	struct esp_counters in, out;
	struct why why = { .text = "no answer through ESP" };
	struct child_sa *c;

	must(node_ping(b->tester.node, &to, &why), b->way->name, &why);
	run(b, USEC_S);
	c = endpoint_child_sa(b->tester.e, NULL, 0);
	if (!node_esp_counters(b->tester.node, c, &in, &out) || in.packets != 1 || out.packets != 1)
		die(b->way->name, why.text);
}

static void live(struct both *b)
{
	struct why why;
	struct ike_sa *sa;

	must(endpoint_initiate(b->tester.e, 0, world_now(b->world), &why), b->way->name, &why);
	run(b, USEC_S);
	if (!(sa = endpoint_ike_sa(b->tester.e, 0)) || ike_sa_view(sa).state != IKE_ESTABLISHED)
		die(b->way->name, "no IKE SA");
	ping(b);
	run(b, USEC_H);                 /* liveness checks, NAT keepalives */
	must(endpoint_request(b->tester.e, PURPOSE_DELETE_IKE, sa, NULL, world_now(b->world), &why), b->way->name,
	     &why);
	run(b, USEC_S);
	if (endpoint_counts(b->tester.e).rowless + endpoint_counts(b->target.e).rowless > 0)
		die(b->way->name, "something was refused without a check");
}

static void one_way(struct both *b, const struct way *w)
{
	b->way = w;
	both_make(b);
	if (b->captures)
		captures_hear(b->captures, &(struct event){ .kind = EVENT_CASE, .run = w->name, .id = w->name });
	forbid(1);
	live(b);
	forbid(0);
	if (crypto_stray_draws(b->crypto) > 0)
		die(w->name, "OpenSSL drew octets that nobody had seeded");
	if (b->captures)
		captures_hear(b->captures, &(struct event){ .kind = EVENT_CASE_END, .run = w->name, .verdict = "pass" });
	world_free(b->world);
}

int main(int argc, char **argv)
{
	struct both b = { .arena = arena_new(64 << 20) };
	struct why why = { .text = "" };
	size_t i;

	if (argc > 1 && strcmp(argv[1], "--ask") == 0) {
		forbid(1);
		return time(NULL) == 0;
	}
	if (argc > 1 && strcmp(argv[1], "--preloaded") == 0 && !dlsym(RTLD_DEFAULT, "outside_world_forbidden"))
		die("preload", "is not there");
	b.crypto = crypto_new(&why);
	must(b.crypto != NULL, "crypto", &why);
	if (argc > 1 && argv[1][0] != '-') {
		b.captures = captures_new(argv[1], CAPTURE_ALWAYS, true, false, &why);
		must(b.captures != NULL, argv[1], &why);
		event_listen(&b.log, captures_hear, b.captures);
	}
	for (i = 0; i < ARRAY_LEN(ways); i++)
		one_way(&b, &ways[i]);
	if (b.captures)
		must(captures_finish(b.captures, &why), argv[1], &why);
	captures_free(b.captures);
	crypto_free(b.crypto);
	arena_free(b.arena);
	printf("%zu ways\n", ARRAY_LEN(ways));
	return 0;
}
