/* Starting an instance of a real target and making it anew, without ever waiting for it. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------ its configuration */

static unsigned number_of(const struct profile *p, const char *feature, unsigned otherwise)
{
	const char *text = profile_feature(p, feature);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static usec time_of(const struct profile *p, const char *feature)
{
	const char *text = profile_feature(p, feature);
	usec t;

	return text && usec_parse(text, &t) ? t : 0;
}

static bool any_proof(const struct target_config *config)
{
	for (size_t i = 0; i < config->connections; i++)
		for (size_t k = 0; k < config->connection[i].children; k++)
			if (config->connection[i].child[k].variant == TARGET_PROOF)
				return true;
	return false;
}

static void configure(struct real_host *h, const struct profile *p)
{
	bool weather = h->suite->options.weather != NULL;
	/* pluto doubles its gaps whatever it is told, and so begins early and sends seven times. */
	bool doubles = weather && strcmp(p->driver, "libreswan") == 0;
	struct retransmission t = doubles ? (struct retransmission){ 250 * USEC_MS, 2000, 7 }
					  : profile_retransmission(p, weather);

	h->config.retransmission = (struct target_retransmission){
		t.first,
		t.factor_permille / 1000.0,
		t.sendings > 1 ? t.sendings - 1 : 1,
	};
	h->config.childless = profile_feature(p, "childless") != NULL;
	h->config.lifetimes = (struct target_lifetimes){
		.ike = (unsigned)(time_of(p, "ike-lifetime") / USEC_S),
		.ike_hard = (unsigned)(time_of(p, "ike-lifetime-hard") / USEC_S),
		.child = (unsigned)(time_of(p, "child-lifetime") / USEC_S),
		.child_hard = (unsigned)(time_of(p, "child-lifetime-hard") / USEC_S),
		.jitter_percent = number_of(p, "lifetime-jitter", 0),
	};
	for (size_t i = 0; i < p->connection_count; i++) {
		enum target_variant v = target_variant_find(p->connections[i].name);

		if (v != TARGET_PLAIN)
			target_config_add(&h->config, v);
	}
	h->config.cookies = h->where == AT_COOKIES ? TARGET_COOKIES_ALWAYS : TARGET_COOKIES_NEVER;
	for (size_t i = 0; i < h->config.connections; i++) {
		struct target_connection *c = &h->config.connection[i];

		c->liveness_s = h->slots[i / 2].lively ?
			(unsigned)(time_of(p, "liveness") / USEC_S) : 0;
		c->replay_window = number_of(p, "replay-window", c->replay_window);
		c->esp_dh = profile_feature(p, "x-child-ke") != NULL;
		c->esn = profile_feature(p, "esn") ? TARGET_ESN_BOTH : TARGET_ESN_NO;
		c->force_encapsulation = !profile_feature(p, "plain-esp");
		need_trim(p, &h->slots[i / 2].has, c);
	}
	if (!any_proof(&h->config))
		h->config.authority = NULL;
}

static const struct need everything = { { ~(uint64_t)0, ~(uint64_t)0 }, { ~(uint64_t)0, ~(uint64_t)0 } };

static bool make_slots(struct real_host *h, const struct host_plan *plan)
{
	h->slots = calloc(plan->slots, sizeof *h->slots);
	h->slot_count = h->slots ? plan->slots : 0;
	for (size_t i = 0; i < h->slot_count; i++)
		h->slots[i] = (struct slot){
			.number = (unsigned)i + 1,
			.lively = i >= plan->slots - plan->lively,
			.has = plan->needs ? plan->needs[i] : everything,
		};
	return h->slots != NULL;
}

/* As `ikespec target up` configured it. */
static bool attach(struct real_host *h, const struct profile *p, struct why *why)
{
	struct host_plan plan = { .slots = TARGET_UP_SLOTS };

	if (!target_config_slots(&h->config, TARGET_UP_SLOTS, why))
		return false;
	if (!make_slots(h, &plan))
		return why_set(why, "no memory for slots");
	h->standing = true;
	h->target = target_attach(p->standing, &h->config, why);
	return h->target != NULL;
}

bool host_begin(struct real_host *h, struct test_suite *s, const struct host_plan *plan,
		struct why *why)
{
	const struct profile *p = s->options.profile;
	char name[TARGET_NAME];

	*h = (struct real_host){ .suite = s, .where = plan->where };
	h->foreign = host_is_foreign(p);
	if (p->standing)
		return attach(h, p, why);
	snprintf(name, sizeof name, "%s%s%s", p->driver ? p->driver : "none",
		 !h->foreign && p->version ? ":" : "", !h->foreign && p->version ? p->version : "");
	if (!(h->foreign ? foreign_config(&h->config, p, why)
			 : target_config_slots(&h->config, plan->slots, why)))
		return false;
	if (!make_slots(h, plan))
		return why_set(why, "no memory for slots");
	if (!h->foreign && plan->where != AT_COOKIES && !host_proofs(h, p, why))
		return false;
	if (!h->foreign)
		configure(h, p);
	h->target = target_begin(name, &h->config, why);
	return h->target != NULL;
}

/* ------------------------------------------------------------ from its start to its first packet */

static bool up(struct real_host *h, struct real *real)
{
	const struct profile *p = h->suite->options.profile;

	h->real = real;
	h->state = HOST_UP;
	h->mark = target_log_mark(h->target);
	event_emit(h->suite->options.log,
		   &(struct event){ .kind = EVENT_PROFILE,
				    .id = p->id,
				    .path = p->address,
				    .text = p->source,
				    .got = target_facts(h->target)->version });
	return true;
}

static bool start_over(struct real_host *h, struct why *why)
{
	struct real *real = NULL;
	int fd;

	if (h->foreign) {
		real = foreign_device(h->suite->options.profile, why);
		return real && up(h, real);
	}
	fd = target_tun(h->target, why);
	if (fd < 0)
		return false;
	path_begin(&h->path, fd);
	h->state = HOST_FINDS_PATH;
	return true;
}

static bool path_over(struct real_host *h, struct why *why)
{
	struct real *real = real_over_tun(h->path.fd, why);

	if (!real)
		return false;
	h->path.fd = -1;
	return up(h, real);
}

bool host_rise(struct real_host *h, struct why *why)
{
	switch (h->state) {
	case HOST_STARTS:
		switch (h->standing ? TARGET_DONE : target_ready(h->target, why)) {
		case TARGET_DONE:
			return start_over(h, why);
		case TARGET_REFUSED:
			return false;
		case TARGET_PENDING:
			return true;
		}
		return true;
	case HOST_FINDS_PATH:
		if (path_look(&h->path, &h->config))
			return path_over(h, why);
		return !h->path.failed ||
		       why_set(why, "the target answers no ping over IPv%d", h->path.family ? 6 : 4);
	case HOST_UP:
		return true;
	}
	return true;
}

bool host_await(struct real_host *h, struct why *why)
{
	while (h->state != HOST_UP) {
		struct pollfd fds[TARGET_POLLFDS];
		size_t count = target_pollfds(h->target, fds, TARGET_POLLFDS);

		if (!host_rise(h, why))
			return false;
		poll(fds, count, 5);
		target_poll(h->target);
	}
	return true;
}

void host_stop(struct real_host *h)
{
	if (h->state == HOST_FINDS_PATH && h->path.fd >= 0)
		close(h->path.fd);
	real_free(h->real);
	target_stop(h->target);
	free(h->slots);
	target_config_free(&h->config);
	*h = (struct real_host){ .suite = h->suite };
}

/* All its connections again, on a busy machine. */
#define RESTART_LEAST (30 * USEC_S)

static usec revive_limit(const struct real_host *h)
{
	usec restart = h->suite->options.profile->restart;

	return restart > RESTART_LEAST ? restart : RESTART_LEAST;
}

void host_tire(struct real_host *h, const struct job *job)
{
	if (job->plan.kills && !h->dead && again_waits(h->suite, h)) {
		h->dead = true;
		snprintf(h->how, sizeof h->how, "is begun anew");
	}
}

static void revived(struct real_host *h)
{
	h->dead = false;
	host_forget(h, h->probe);
	h->probe = 0;
	h->mark = target_log_mark(h->target);
	for (size_t i = 0; i < h->slot_count; i++)
		if (h->slots[i].state == SLOT_CLEARING) {
			h->slots[i].state = SLOT_FREE;
			host_forget(h, h->slots[i].tickets[0]);
			host_forget(h, h->slots[i].tickets[1]);
			h->slots[i].tickets[0] = h->slots[i].tickets[1] = 0;
		}
}

/* What has no life left to be restarted, a guest that was ended, say, is made anew. */
static bool anew(struct real_host *h, struct why *why)
{
	struct host_plan plan = { .slots = h->slot_count, .where = h->where };
	struct test_suite *s = h->suite;

	if (h->standing)
		return why_set(why, "the target that was up does not come back: ikespec target down and up");
	plan.needs = arena_array(s->arena, h->slot_count + 1, sizeof *plan.needs);
	if (!plan.needs)
		return why_set(why, "no memory for slots");
	for (size_t i = 0; i < h->slot_count; i++) {
		plan.lively += h->slots[i].lively;
		plan.needs[i] = h->slots[i].has;
	}
	host_stop(h);
	return host_begin(h, s, &plan, why);
}

bool host_revive(struct real_host *h, struct why *why)
{
	struct target_result result;

	if (!h->revival && target_lost(h->target))
		return anew(h, why);
	if (!h->revival) {
		h->revival = target_order(h->target, TARGET_RESTART, NULL, why);
		h->revive_by = real_now(h->real) + revive_limit(h);
	}
	result = target_result(h->target, h->revival);
	if (h->revival && result.progress == TARGET_PENDING && real_now(h->real) < h->revive_by)
		return true;
	h->revival = 0;
	if (result.progress == TARGET_DONE) {
		revived(h);
		return true;
	}
	return anew(h, why);
}
