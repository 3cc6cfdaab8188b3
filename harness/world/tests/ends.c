#include "ends.h"

#include <stdio.h>

static void hear(void *ctx, const struct event *e)
{
	struct end *x = ctx;

	x->sent += e->kind == EVENT_SENT;
	x->received += e->kind == EVENT_RECEIVED;
	if (e->kind == EVENT_DROPPED) {
		x->dropped++;
		snprintf(x->last_drop, sizeof(x->last_drop), "%s", e->text);
	}
}

static void arrived(void *ctx, struct world_node *n, struct arrival *a)
{
	struct end *x = ctx;

	(void)n;
	x->arrivals[x->arrival_count++ % ARRAY_LEN(x->arrivals)] = a;
}

void end_open(struct end *x, struct real *real, bool target, bool stepped, const char *outer4,
	      const char *outer6, const char *inner, uint16_t ike, uint16_t nat_t)
{
	struct world_config wc = { .log = &x->log, .real = real };
	struct node_config nc = { .is_target = target, .answers_echo = true, .replay_window = 64,
				.ctx = x };
	struct why why;

	*x = (struct end){ .real = real };
	assert_true(event_listen(&x->log, hear, x));
	x->crypto = crypto_new(&why);
	wc.crypto = x->crypto;
	rng_seed(&wc.rng, 1, "real");
	x->world = world_new(&wc, &why);
	x->connection.local.port = ike;
	x->connection.local_nat_port = nat_t;
	nc.endpoint = (struct endpoint_config){ .name = target ? "target" : "tester",
				.crypto = x->crypto,
						.connections = &x->connection,
						.connection_count = 1 };
	rng_seed(&nc.endpoint.rng, 2, nc.endpoint.name);
	nc.outer[nc.outer_count++] = address_of(outer4);
	if (outer6)
		nc.outer[nc.outer_count++] = address_of(outer6);
	if (inner)
		nc.inner[nc.inner_count++] = address_of(inner);
	nc.arrived = stepped ? arrived : NULL;
	x->node = node_new(x->world, &nc, &why);
	assert_non_null(x->node);
	x->e = node_endpoint(x->node);
}

void end_close(struct end *x)
{
	world_free(x->world);
	crypto_free(x->crypto);
}

static void turn(struct end *x)
{
	world_pump(x->world);
	real_wait(x->real, usec_min(world_deadline(x->world), real_now(x->real) + USEC_MS), NULL,
		  0);
	world_advance(x->world, 0);
	world_pump(x->world);
}

size_t both(struct end *a, struct end *b, const size_t *what, size_t wanted)
{
	usec end = real_now(a->real) + USEC_S;

	while (*what < wanted && real_now(a->real) < end) {
		turn(a);
		turn(b);
	}
	return *what;
}
