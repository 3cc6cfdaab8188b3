/*
 * Many handshakes in one process, one after the other: both ends initiate in turn, a ping goes through,
 * each eighth Child SA is rekeyed, the IKE SA is deleted.  After a warm-up of a tenth the heap stays
 * what it was, and no descriptor is left.
 *
 *   SOAK=HANDSHAKES soak
 */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "whole.h"

#define GROWTH 65536 /* octets that the heap may have more than after the warm-up */
#define TENTH 10

struct end {
	struct connection connection;
	struct world_node *node;
	struct endpoint *e;
};
struct soak {
	struct crypto *crypto;
	struct arena *arena;
	struct event_log log;
	struct world *world;
	struct end end[2];
	size_t heap, files;
};

static const struct way way = {
	.name = "plain", .ike = "aes256gcm16-prfsha256-x25519", .esp = "aes256gcm16"
};

static void fail_at(unsigned long n, const char *what)
{
	fail_msg("handshake %lu: %s", n, what);
}

static void add(struct soak *s, int i)
{
	struct node_config c = {
		.outer = { address_of(i ? TARGET4 : TESTER4) }, .outer_count = 1,
		.inner = { address_of(i ? "10.2.0.1" : "10.1.0.1") }, .inner_count = 1,
		.is_target = i, .answers_echo = true, .replay_window = 64,
	};
	struct why why;

	connection_of(s->arena, &way, i, &s->end[i].connection);
	c.endpoint = endpoint_of(s->crypto, &s->end[i].connection, i, true);
	s->end[i].node = node_new(s->world, &c, &why);
	must(s->end[i].node != NULL, &why);
	s->end[i].e = node_endpoint(s->end[i].node);
}

static void start(struct soak *s)
{
	struct world_config wc = { .log = &s->log, .run = "soak" };
	struct why why;

	s->crypto = crypto_new(&why);
	s->arena = arena_new(1 << 20);
	wc.crypto = s->crypto;
	rng_seed(&wc.rng, 1, "link");
	s->world = world_new(&wc, &why);
	must(s->world != NULL, &why);
	add(s, 0);
	add(s, 1);
}

static void run(struct soak *s, usec span)
{
	usec end = world_now(s->world) + span;

	world_pump(s->world);
	while (world_deadline(s->world) <= end) {
		world_advance(s->world, world_deadline(s->world));
		world_pump(s->world);
	}
	world_advance(s->world, end);
}

static void ask(struct soak *s, int end, enum purpose purpose, struct child_sa *c)
{
	struct why why;
	struct endpoint *e = s->end[end].e;

	must(endpoint_request(e, purpose, endpoint_ike_sa(e, 0), c, world_now(s->world), &why), &why);
	run(s, 50 * USEC_MS);
}

static void one(struct soak *s, unsigned long n)
{
	int from = n & 1;
	struct endpoint *e = s->end[from].e;
	struct address to = address_of(from ? "10.1.0.1" : "10.2.0.1");
	struct why why;

	must(endpoint_initiate(e, 0, world_now(s->world), &why), &why);
	run(s, 50 * USEC_MS);
	if (!is_up(s->end[0].e) || !is_up(s->end[1].e))
		fail_at(n, "not established");
	must(node_ping(s->end[from].node, &to, &why), &why);
	run(s, 50 * USEC_MS);
	if (n % 8 == 0)
		ask(s, !from, PURPOSE_REKEY_CHILD, endpoint_child_sa(s->end[!from].e, NULL, 0));
	ask(s, n & 2 ? from : !from, PURPOSE_DELETE_IKE, NULL);
	if (is_up(s->end[0].e) || is_up(s->end[1].e))
		fail_at(n, "an IKE SA is left over");
	run(s, USEC_S);
}

static size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

/* What ended is forgotten by now: the two endpoints are as they were in the beginning. */
static void look(struct soak *s, unsigned long n, bool warm)
{
	size_t heap, files;

	run(s, USEC_MIN);
	for (int i = 0; i < 2; i++) {
		struct endpoint_counts c = endpoint_counts(s->end[i].e);
		struct why why;

		if (c.ike_sas || c.child_sas || c.rowless)
			fail_at(n, "SAs that ended are remembered");
		must(endpoint_validate(s->end[i].e, &why), &why);
	}
	heap = mallinfo2().uordblks;
	files = descriptors();
	printf("%lu handshakes: %zu octets of heap, %zu descriptors\n", n, heap, files);
	fflush(stdout);
	if (!warm) {
		s->heap = heap;
		s->files = files;
	} else if (heap > s->heap + GROWTH) {
		fail_at(n, "the heap grows");
	} else if (files != s->files) {
		fail_at(n, "the number of open descriptors is another");
	}
}

static void handshakes(void **state)
{
	const char *wanted = getenv("SOAK");
	unsigned long count = wanted ? strtoul(wanted, NULL, 10) : 1000;
	struct soak s = { .world = NULL };
	clock_t began = clock();

	(void)state;
	start(&s);
	for (unsigned long n = 1; n <= count; n++) {
		one(&s, n);
		if (n % (count / TENTH ? count / TENTH : 1) == 0)
			look(&s, n, s.heap != 0);
	}
	printf("%.0f handshakes a second of CPU\n",
	       (double)count * CLOCKS_PER_SEC / (double)(clock() - began + 1));
	world_free(s.world);
	crypto_free(s.crypto);
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(handshakes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
