/* A case without steps, for whoever asks by himself. */
#include "run/stage.h"

#include <stdlib.h>

#include "host.h"

#define STAGE_SLOTS 4
#define STAGE_TURN  (20 * USEC_MS)
#define STAGE_FREE  (5 * USEC_S) /* until a slot is free again */
#define STAGE_CLEAN (2 * USEC_S) /* for the deletes at the end */

struct stage {
	struct run_options options;
	struct test_suite *suite;
	struct real_host *host; /* NULL: virtual */
	struct flight flight;
	struct scenario scenario;
	struct scenario_tester tester;
	struct scenario_case what;
	struct job job;
	struct run *run; /* of the tester; NULL: there is none */
};

/* ------------------------------------------------------------ opening */

static bool open_host(struct stage *s, struct why *why)
{
	const struct profile *p = s->options.profile;
	struct host_plan plan = { .slots = host_is_foreign(p) ? foreign_slots(p) : STAGE_SLOTS };

	s->suite->hosts = arena_array(s->suite->arena, 1, sizeof *s->suite->hosts);
	s->suite->flights = arena_array(s->suite->arena, 1, sizeof *s->suite->flights);
	if (!s->suite->hosts || !s->suite->flights)
		return why_set(why, "no memory for a target");
	s->suite->width = 1;
	s->suite->host_count = 1;
	s->host = &s->suite->hosts[0];
	return host_begin(s->host, s->suite, &plan, why) && host_await(s->host, why);
}

struct stage *stage_open(const struct run_options *options, struct why *why)
{
	struct stage *s = calloc(1, sizeof *s);

	if (!s) {
		why_set(why, "no memory for a stage");
		return NULL;
	}
	s->options = *options;
	s->suite = suite_empty(&s->options, why);
	if (s->suite && (suite_is_virtual(s->suite) || open_host(s, why)))
		return s;
	stage_close(s);
	return NULL;
}

void stage_close(struct stage *s)
{
	if (!s)
		return;
	stage_leave(s);
	suite_free(s->suite);
	free(s);
}

/* ------------------------------------------------------------ the loop */

static void turn_host(struct stage *s, usec until)
{
	struct pollfd fds[TARGET_POLLFDS];
	usec now = real_now(s->host->real), left = STAGE_TURN;
	size_t count;

	host_poll(s->host);
	if (s->run)
		world_advance(s->run->world, now);
	if (s->run)
		world_pump(s->run->world);
	if (s->run && s->run->first)
		return;
	left = usec_min(left, until > now ? until - now : 0);
	count = target_pollfds(s->host->target, fds, TARGET_POLLFDS);
	real_wait_all(&s->host->real, 1, left, fds, count);
}

static void turn(struct stage *s, usec until)
{
	struct world *w = s->run ? s->run->world : NULL;

	if (s->host) {
		turn_host(s, until);
		return;
	}
	world_pump(w);
	if (s->run->first)
		return;
	world_advance(w, usec_min(world_deadline(w), until));
	world_pump(w);
}

static bool stopped(const struct stage *s)
{
	return s->options.stop && *s->options.stop;
}

/* ------------------------------------------------------------ a tester */

static bool wait_for_slot(struct stage *s, struct why *why)
{
	usec limit;

	if (!s->host)
		return true;
	limit = real_now(s->host->real) + STAGE_FREE;
	while (!host_free_slots(s->host, &s->job.plan) && real_now(s->host->real) < limit && !s->host->dead)
		turn_host(s, limit);
	return host_free_slots(s->host, &s->job.plan) || why_set(why, "the target did not end the SAs of its last tester");
}

static void describe(struct stage *s, const struct stage_tester *t)
{
	s->tester = (struct scenario_tester){
		.connection = t->connection, .address = t->family == 6 ? "ipv6" : NULL,
	};
	s->scenario = (struct scenario){
		.id = "stage", .title = "A tester without steps", .file = "", .area = "", .source = "",
		.target = ROLE_RESPONDER, .testers = &s->tester, .tester_count = 1,
	};
	s->what = (struct scenario_case){ .scenario = &s->scenario, .id = "stage", .target = ROLE_RESPONDER };
	s->job = (struct job){ .what = &s->what, .repetition = s->job.repetition + 1 };
}

bool stage_enter(struct stage *s, const struct stage_tester *t, struct why *why)
{
	stage_leave(s);
	if (!wait_for_slot(s, why))
		return false;
	describe(s, t);
	if (!flight_begin(s->suite, &s->flight, &s->job, 0, why))
		return false;
	s->flight.run->announces = true;
	s->flight.run->encapsulates = t->encapsulate;
	s->flight.run->phase = RUN_STEPS;
	if (s->host) {
		s->flight.run->setup = real_setup;
		s->flight.run->target_state = s->flight.host = s->host;
	}
	if (s->flight.run->setup(s->flight.run, why)) {
		s->run = s->flight.run;
		return true;
	}
	if (s->host && s->flight.run->world)
		slots_release(s->flight.run);
	run_free(s->flight.run);
	return false;
}

static bool delete_sas(struct stage *s)
{
	struct endpoint *e = stage_endpoint(s);
	struct ike_sa *sa;
	bool any = false;

	for (size_t n = 0; (sa = endpoint_ike_sa(e, n)); n++) {
		struct ike_view v = ike_sa_view(sa);
		struct sending out = { .purpose = PURPOSE_DELETE_IKE, .ike = sa, .retransmit = true };

		if (v.state != IKE_ESTABLISHED)
			continue;
		any = true;
		if (!v.deleting)
			endpoint_send(e, &out, stage_now(s), NULL);
	}
	return any;
}

void stage_leave(struct stage *s)
{
	usec limit;

	if (!s->run)
		return;
	limit = stage_now(s) + STAGE_CLEAN;
	while (!stage_dead(s) && delete_sas(s) && stage_now(s) < limit) {
		struct seen *seen = stage_hear(s, limit);

		if (seen)
			endpoint_take(stage_endpoint(s), seen, TAKE_AUTOMATIC, stage_now(s));
	}
	if (s->host)
		slots_release(s->run);
	run_free(s->run);
	s->run = NULL;
}

struct endpoint *stage_endpoint(const struct stage *s)
{
	return s->run->testers[0].endpoint;
}

struct world_node *stage_node(const struct stage *s)
{
	return s->run->testers[0].node;
}

struct connection *stage_connection(const struct stage *s)
{
	return &s->run->testers[0].connections[CONNECTION_ASKED];
}

usec stage_now(const struct stage *s)
{
	return run_now(s->run);
}

bool stage_virtual(const struct stage *s)
{
	return !s->host;
}

const char *stage_dead(const struct stage *s)
{
	return s->host && s->host->dead ? s->host->how : NULL;
}

const char *stage_version(const struct stage *s)
{
	return s->host ? target_facts(s->host->target)->version : NULL;
}

/* ------------------------------------------------------------ what comes */

/* The first of the queue, which loses it. */
static struct item *next_item(struct run *r)
{
	struct item *it = r->first;

	if (!it)
		return NULL;
	r->first = it->next;
	if (!r->first)
		r->last = NULL;
	return it;
}

struct seen *stage_hear(struct stage *s, usec until)
{
	do {
		struct item *it;

		while ((it = next_item(s->run)))
			if (it->seen)
				return it->seen;
			else
				node_handle(it->tester->node, it->arrival);
		if (stage_now(s) < until)
			turn(s, until);
	} while ((s->run->first || stage_now(s) < until) && !stopped(s) && !stage_dead(s));
	return NULL;
}

bool stage_ping(struct stage *s, struct child_sa *child, usec span, bool *in_udp, struct why *why)
{
	struct esp_sending out = { .kind = ESP_SEND_PING, .child = child };
	struct esp_sent *ping;
	usec until = stage_now(s) + span;

	world_pump(s->run->world); /* the SA is installed when the world moves on */
	ping = node_send_esp(stage_node(s), &out, why);
	while (ping && stage_now(s) < until && !stopped(s) && !stage_dead(s)) {
		struct item *it = next_item(s->run);

		if (it && item_is_pong(it, ping)) {
			*in_udp = it->arrival->ip.protocol == PROTO_UDP;
			return true;
		}
		if (!it)
			turn(s, until);
		else if (it->seen)
			endpoint_take(it->tester->endpoint, it->seen, TAKE_AUTOMATIC, stage_now(s));
		else
			node_handle(it->tester->node, it->arrival);
	}
	return ping && why_set(why, "no reply came to a ping");
}
