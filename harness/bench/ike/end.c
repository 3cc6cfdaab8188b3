#define _GNU_SOURCE
#include "end.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "../clock.h"
#include "../wire/ike-burst.h"

#define TICK_EVERY 1000000u /* nanoseconds */
#define WAIT_MS    1

void cpu_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < 0)
		return;
	CPU_SET((size_t)cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* ------------------------------------------------------------ making */

static void fresh(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	for (ssize_t got; len > 0; out += got, len -= (size_t)got)
		if ((got = getrandom(out, len, 0)) <= 0)
			abort();
}

bool ike_end_open(struct ike_end *e, const struct ike_end_config *config, struct why *why)
{
	struct endpoint_config c = {
		.name = config->name,
		.automatic = true,
		.crypto = config->crypto,
		.run = "bench",
		.connections = config->connections,
		.connection_count = config->connection_count,
		.retransmission = { USEC_S, 2000, 4 },
		.half_open = 30 * USEC_S,
		.cookie_threshold = UINT_MAX,
		.nat_detection = config->nat_detection,
		.epoch = 1750000000,
	};

	/* Its own generator, started from the system's: SPIs must differ from those of another run. */
	uint8_t seed[8];
	fresh(NULL, seed, sizeof(seed));
	rng_seed(&c.rng, load_u64(seed), config->name);
	*e = (struct ike_end){ .port = config->port };
	e->endpoint = endpoint_new(&c, why);
	return e->endpoint != NULL;
}

void ike_end_close(struct ike_end *e)
{
	endpoint_free(e->endpoint);
	port_free(e->port);
	*e = (struct ike_end){ 0 };
}

/* ------------------------------------------------------------ the loop */

usec ike_end_now(struct ike_end *e)
{
	e->now = clock_nanoseconds();
	return (usec)(e->now / 1000);
}

static void take_orders(struct ike_end *e)
{
	struct child_order o;

	while (endpoint_order(e->endpoint, &o))
		if (e->ordered)
			e->ordered(e->ctx, &o);
}

static size_t say(struct ike_end *e)
{
	struct datagram d;
	size_t count = 0;

	while (endpoint_output(e->endpoint, (usec)(e->now / 1000), &d)) {
		struct port_burst b = ike_burst(&d);

		if (d.keepalive)
			continue;
		e->port->ops->send(e->port, &b);
		count++;
	}
	e->sent += count;
	return count;
}

void ike_end_say(struct ike_end *e)
{
	say(e);
}

static void tick(struct ike_end *e)
{
	if (e->now < e->tick_at)
		return;
	e->tick_at = e->now + TICK_EVERY;
	if (endpoint_deadline(e->endpoint) > (usec)(e->now / 1000))
		return;
	endpoint_tick(e->endpoint, (usec)(e->now / 1000));
	take_orders(e);
	e->repeated += say(e);
}

bool ike_end_turn(struct ike_end *e)
{
	struct port_parcel parcels[PORT_PARCELS];
	size_t count = e->port->ops->receive(e->port, parcels, PORT_PARCELS);
	usec now = ike_end_now(e);

	for (size_t i = 0; i < count; i++) {
		const struct port_parcel *p = &parcels[i];
		struct datagram d = { .from = p->from,
				      .to = p->to,
				      .marker = p->marker,
				      .octets = bytes_make(p->at, p->octets) };

		if (p->kind != PORT_IKE)
			continue;
		endpoint_input(e->endpoint, &d, now);
		say(e);
		take_orders(e);
		now = ike_end_now(e);
	}
	tick(e);
	return count > 0;
}

void ike_end_wait(const struct ike_end *e)
{
	struct pollfd fd = { e->port->fd, POLLIN, 0 };

	poll(&fd, 1, WAIT_MS);
}

/* ------------------------------------------------------------ answering */

struct ike_answerer {
	pthread_t thread;
	clockid_t clock;
	struct ike_end *end;
	int cpu;
	volatile sig_atomic_t stop;
};

static void *answer(void *answerer)
{
	struct ike_answerer *a = answerer;

	cpu_pin(a->cpu);
	while (!a->stop)
		if (!ike_end_turn(a->end))
			ike_end_wait(a->end);
	return NULL;
}

struct ike_answerer *ike_answer(struct ike_end *e, int cpu, struct why *why)
{
	struct ike_answerer *a = calloc(1, sizeof(*a));

	if (a)
		*a = (struct ike_answerer){ .end = e, .cpu = cpu };
	if (a && pthread_create(&a->thread, NULL, answer, a) == 0 &&
	    pthread_getcpuclockid(a->thread, &a->clock) == 0)
		return a;
	free(a);
	why_set(why, "no thread for the built-in target");
	return NULL;
}

void ike_answer_stop(struct ike_answerer *a)
{
	if (!a)
		return;
	a->stop = 1;
	pthread_join(a->thread, NULL);
	free(a);
}

uint64_t ike_answer_cpu(const struct ike_answerer *a)
{
	struct timespec t;

	return clock_gettime(a->clock, &t) == 0 ? (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec : 0;
}
