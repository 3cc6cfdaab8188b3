#define _GNU_SOURCE
#include "engine.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "ike-burst.h"

#define SLAB         ((PORT_BURST * 2048u + PORT_OCTETS * 2 + 63) / 64 * 64)
#define PACKET_ARENA ((size_t)1 << 30)
#define IKE_EVERY    1000000u /* nanoseconds */
#define SLEEP_LEAST  20000u   /* what is due sooner is waited for awake */
#define SLEEP_MOST   1000000u

static uint64_t clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t engine_clock(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

/* ------------------------------------------------------------ making */

static void fresh(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);

		if (got <= 0)
			abort();
		out += got;
		len -= (size_t)got;
	}
}

static bool make_endpoint(struct engine *e, struct why *why)
{
	struct endpoint_config c = {
		.name = e->config.name,
		.automatic = true,
		.crypto = e->crypto,
		.rng = e->rng,
		.run = "bench",
		.connections = e->config.connections,
		.connection_count = e->config.connection_count,
		.retransmission = { 500000, 2000, 6 },
		.keepalive = 20 * USEC_S,
		.half_open = 30 * USEC_S,
		.cookie_threshold = UINT32_MAX,
		.nat_detection = e->config.nat_detection,
		.encapsulate = e->config.encapsulate,
	};

	e->endpoint = endpoint_new(&c, why);
	return e->endpoint != NULL;
}

static bool make(struct engine *e, struct why *why)
{
	e->slots = calloc(e->config.connection_count, sizeof(*e->slots));
	e->tracks = calloc(WIRE_WAYS, sizeof(*e->tracks));
	e->slab = aligned_alloc(64, SLAB);
	e->arena = arena_new(PACKET_ARENA);
	if (!e->slots || !e->tracks || !e->slab || !e->arena)
		return why_set(why, "no memory for an engine");
	rng_seed(&e->rng, e->config.seed, e->config.name);
	e->rng.fresh = true;
	e->rng.entropy = fresh;
	e->crypto = crypto_new(why);
	e->batch = e->crypto ? esp_batch_new(e->config.backend, 0, why) : NULL;
	return e->batch && make_endpoint(e, why);
}

struct engine *engine_new(const struct engine_config *config, const struct wire_sizes *sizes, struct why *why)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e) {
		why_set(why, "no memory for an engine");
		port_free(config->port);
		return NULL;
	}
	e->config = *config;
	e->sizes = *sizes;
	if (make(e, why))
		return e;
	engine_free(e);
	return NULL;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	children_free(e);
	endpoint_free(e->endpoint);
	esp_batch_free(e->batch);
	crypto_free(e->crypto);
	port_free(e->config.port);
	arena_free(e->arena);
	free(e->slots);
	free(e->tracks);
	free(e->slab);
	free(e);
}

/* ------------------------------------------------------------ IKE */

static void say(struct engine *e)
{
	struct datagram d;

	while (endpoint_output(e->endpoint, e->now / 1000, &d)) {
		struct port_burst b = ike_burst(&d);

		if (d.keepalive)
			continue;
		e->config.port->ops->send(e->config.port, &b);
		evidence_sent(e->evidence, &b, 0, 1, e->now);
	}
}

static void tend_ike(struct engine *e)
{
	if (e->now < e->ike_at)
		return;
	e->ike_at = e->now + IKE_EVERY;
	if (endpoint_deadline(e->endpoint) <= e->now / 1000)
		endpoint_tick(e->endpoint, e->now / 1000);
	children_take_orders(e);
	say(e);
}

bool engine_start_more(struct engine *e, unsigned window, struct why *why)
{
	struct endpoint_counts counts = endpoint_counts(e->endpoint);
	size_t begun = counts.ike_sas;

	e->now = engine_clock();
	while (begun < e->config.connection_count && begun < e->slot_count + window) {
		if (!endpoint_initiate(e->endpoint, begun, e->now / 1000, why))
			return false;
		begun++;
	}
	e->ike_at = 0;
	return true;
}

bool engine_rekey(struct engine *e, bool ike, struct why *why)
{
	struct ike_sa *sa = endpoint_ike_sa(e->endpoint, 0);
	bool good;

	if (!sa)
		return why_set(why, "there is no IKE SA");
	e->asked = !ike;
	good = endpoint_request(e->endpoint, ike ? PURPOSE_REKEY_IKE : PURPOSE_REKEY_CHILD, sa,
				endpoint_child_sa(e->endpoint, sa, 0), e->now / 1000, why);
	e->ike_at = 0;
	return good;
}

void engine_delete(struct engine *e)
{
	struct why spare;

	e->now = engine_clock();
	for (size_t i = 0;; i++) {
		struct ike_sa *sa = endpoint_ike_sa(e->endpoint, i);

		if (!sa)
			break;
		endpoint_request(e->endpoint, PURPOSE_DELETE_IKE, sa, NULL, e->now / 1000, &spare);
	}
	e->ike_at = 0;
}

/* ------------------------------------------------------------ the loop */

static void wait_until(struct engine *e, uint64_t at)
{
	struct pollfd fd = { e->config.port->fd, POLLIN, 0 };
	uint64_t span = at > e->now ? at - e->now : 0;
	struct timespec t;

	if (span < SLEEP_LEAST)
		return;
	if (span > SLEEP_MOST)
		span = SLEEP_MOST;
	t = (struct timespec){ 0, (long)span };
	ppoll(&fd, 1, &t, NULL);
}

void engine_poll(struct engine *e)
{
	e->now = engine_clock();
	if (!sink_move(e))
		wait_until(e, e->now + SLEEP_MOST);
	e->now = engine_clock();
	tend_ike(e);
}

void engine_clear(struct engine *e, const uint32_t flows[WIRE_WAYS])
{
	for (size_t i = 0; i < WIRE_WAYS; i++) {
		track_begin(&e->tracks[i], flows[i]);
		e->sources[i] = (struct engine_source){ .echo = e->sources[i].echo,
							.flow = flows[i] };
	}
	memset(e->refused, 0, sizeof(e->refused));
	e->no_sa = e->cut = 0;
	e->config.port->dropped = e->config.port->fragments = 0;
}

/* One that cannot be asked for is one that was not done: the load goes on. */
static void rekey_if_due(struct engine *e, uint64_t *at, const struct engine_load *load)
{
	struct why spare;

	if (!*at || e->now < *at)
		return;
	*at = 0;
	engine_rekey(e, load->rekey_ike, &spare);
}

void engine_run(struct engine *e, const struct engine_load *load)
{
	uint64_t cpu = clock_of(CLOCK_THREAD_CPUTIME_ID), begun = engine_clock();
	uint64_t rekey_at = load->rekey_at;

	for (;;) {
		uint64_t next;
		bool got;

		e->now = engine_clock();
		if (e->now >= load->over || (load->stop && *load->stop) || e->trouble.text[0])
			break;
		rekey_if_due(e, &rekey_at, load);
		next = sources_move(e, load);
		got = sink_move(e);
		tend_ike(e);
		if (!load->spin && next && !got)
			wait_until(e, next);
	}
	e->busy = (double)(clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu) / (double)(engine_clock() - begun);
}
