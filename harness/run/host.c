/* Starting, watching and ending a real target; leasing its slots. */
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
	h->config.cookies = h->cookies ? TARGET_COOKIES_ALWAYS : TARGET_COOKIES_NEVER;
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

static bool open_device(struct real_host *h, struct why *why)
{
	int fd;

	if (h->foreign) {
		h->real = foreign_device(h->suite->options.profile, why);
		return h->real != NULL;
	}
	fd = target_tun(h->target, why);
	if (fd < 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (!path_up(fd, &h->config.connection[i])) {
			close(fd);
			return why_set(why, "the target answers no ping over IPv%d", i ? 6 : 4);
		}
	h->real = real_over_tun(fd, why);
	if (!h->real)
		close(fd);
	return h->real != NULL;
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

	*h = (struct real_host){ .suite = s, .cookies = plan->cookies };
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
	if (!h->foreign && !plan->cookies && !host_proofs(h, p, why))
		return false;
	if (!h->foreign)
		configure(h, p);
	h->target = target_begin(name, &h->config, why);
	return h->target != NULL;
}

bool host_await(struct real_host *h, struct why *why)
{
	const struct profile *p = h->suite->options.profile;

	if ((!h->standing && !target_await(h->target, why)) || !open_device(h, why))
		return false;
	h->mark = target_log_mark(h->target);
	event_emit(h->suite->options.log,
		   &(struct event){ .kind = EVENT_PROFILE,
				    .id = p->id,
				    .path = p->address,
				    .text = p->source,
				    .got = target_facts(h->target)->version });
	return true;
}

void host_stop(struct real_host *h)
{
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
	if (job->plan.kills && !h->dead && h->suite->again_count) {
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
	struct host_plan plan = { .slots = h->slot_count, .cookies = h->cookies };
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
	return host_begin(h, s, &plan, why) && host_await(h, why);
}

bool host_revive(struct real_host *h, struct why *why)
{
	struct target_result result;

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

/* ------------------------------------------------------------ log and life */

/* Does a line speak of that slot ("s3" and not "s31")? */
static bool speaks_of(const char *line, unsigned slot)
{
	char name[16];
	size_t len = (size_t)snprintf(name, sizeof name, "s%u", slot);

	for (const char *at = line; (at = strstr(at, name)); at++)
		if ((at == line ||
		     !((at[-1] >= '0' && at[-1] <= '9') || (at[-1] >= 'a' && at[-1] <= 'z'))) &&
		    !(at[len] >= '0' && at[len] <= '9'))
			return true;
	return false;
}

static bool concerns(const struct real_host *h, const struct run *r, const char *line)
{
	if (h->in_flight <= 1)
		return true;
	for (size_t i = 0; i < r->tester_count; i++) {
		char text[ADDRESS_TEXT];
		struct address a = r->testers[i].connections[0].local;

		if (r->testers[i].slot && speaks_of(line, r->testers[i].slot))
			return true;
		a.port = 0;
		if (a.family && strstr(line, address_print(&a, text)))
			return true;
	}
	return false;
}

static void hear_line(struct real_host *h, const char *line)
{
	snprintf(h->tail[h->lines++ % LOG_TAIL], sizeof h->tail[0], "%.230s", line);
	for (size_t i = 0; i < h->suite->in_flight; i++) {
		struct run *r = h->suite->flights[i].run;

		if (h->suite->flights[i].host == h && r->world && concerns(h, r, line))
			event_emit(&r->log, &(struct event){ .kind = EVENT_TARGET,
							     .time = run_now(r),
							     .endpoint = "target",
							     .text = line });
	}
}

const char *host_tail(const struct real_host *h, struct arena *a)
{
	const char *text = "";
	unsigned first = h->lines > LOG_TAIL ? h->lines - LOG_TAIL : 0;

	for (unsigned i = first; i < h->lines; i++)
		text = arena_printf(a, "%s%s%s", text, *text ? "\n" : "", h->tail[i % LOG_TAIL]);
	return text;
}

/* ------------------------------------------------------------ alive, busy, hung */

#define PROBE_EVERY   (500 * USEC_MS)
#define PROBE_PATIENT (2 * USEC_S)  /* with one that does nothing meanwhile */
#define PROBE_LONGEST (15 * USEC_S) /* with one that is busy */

static void is_dead(struct real_host *h)
{
	struct test_suite *s = h->suite;

	h->dead = true;
	s->deaths += s->deaths < DEATHS - 1;
	h->death = s->deaths;
}

static void found_dead(struct real_host *h, const char *how, int number)
{
	is_dead(h);
	snprintf(h->how, sizeof h->how, "%s %d", how, number);
}

static void found_hung(struct real_host *h, const char *why)
{
	is_dead(h);
	snprintf(h->how, sizeof h->how, "hangs: %.*s", (int)strcspn(why, "\n"), why);
}

static void answered(struct real_host *h)
{
	h->downs = 0;
	h->proven = h->probed;
}

/*
 * A status command that failed once may have met trouble of its own (a refused connection of ssh); one that cannot
 * be run (126, 127) says nothing at all.
 */
static bool down_again(struct real_host *h, int code)
{
	if (code == 126 || code == 127 || ++h->downs < 2)
		return false;
	h->downs = 0;
	return true;
}

/* IKE silence alone is no sign: what counts is that its own interface is silent and its process idle. */
static void wait_for_probe(struct real_host *h, usec now)
{
	struct target_result result = target_result(h->target, h->probe);
	struct target_pulse pulse;

	if (result.progress != TARGET_PENDING) {
		h->probe = 0;
		if (result.progress == TARGET_REFUSED && result.text && strstr(result.text, "hung"))
			found_hung(h, result.text);
		else if (result.progress == TARGET_REFUSED && h->foreign && down_again(h, result.code))
			found_dead(h, "is down: its status command ended with", result.code);
		else if (result.progress == TARGET_DONE)
			answered(h);
		return;
	}
	if (now < h->probed + PROBE_PATIENT)
		return;
	pulse = target_pulse(h->target);
	if (pulse.state == 'S' && pulse.cpu == h->pulse.cpu)
		found_hung(h, "no answer to its driver, and idle");
	else if (now > h->probed + PROBE_LONGEST)
		found_hung(h, "no answer to its driver for 15 s");
}

static void probe(struct real_host *h)
{
	usec now = real_now(h->real);

	if (h->probe) {
		wait_for_probe(h, now);
	} else if (h->urgent || now >= h->probed + PROBE_EVERY) {
		h->urgent = false;
		h->pulse = target_pulse(h->target);
		h->probe = target_order(h->target, TARGET_PROBE, NULL, NULL);
		h->probed = now;
		if (!h->probe && h->foreign) /* nobody can tell */
			h->proven = now;
	}
	if (now >= h->looked + PROBE_EVERY / 2) {
		h->looked = now;
		if (target_pulse(h->target).state == 'T')
			found_hung(h, "its process is stopped");
	}
}

static void watch(struct real_host *h)
{
	struct target_exit how;

	if (h->dead || h->asked)
		return;
	if (target_alive(h->target, &how))
		probe(h);
	else if (how.signal)
		found_dead(h, "ended by signal", how.signal);
	else
		found_dead(h, "ended with exit status", how.code);
}

static void clear_slots(struct real_host *h)
{
	for (size_t i = 0; i < h->slot_count; i++) {
		struct slot *s = &h->slots[i];
		bool pending = false;

		if (s->state != SLOT_CLEARING)
			continue;
		for (size_t k = 0; k < 2; k++) {
			if (s->tickets[k] &&
			    target_result(h->target, s->tickets[k]).progress != TARGET_PENDING)
				s->tickets[k] = 0;
			pending |= s->tickets[k] != 0;
		}
		if (!pending)
			s->state = SLOT_FREE;
	}
}

void host_forget(struct real_host *h, unsigned ticket)
{
	if (ticket && h->forgotten_count < FORGOTTEN)
		h->forgotten[h->forgotten_count++] = ticket;
}

/* A ticket is over only once its result was asked for. */
static void collect(struct real_host *h)
{
	for (size_t i = h->forgotten_count; i-- > 0;)
		if (target_result(h->target, h->forgotten[i]).progress != TARGET_PENDING)
			h->forgotten[i] = h->forgotten[--h->forgotten_count];
}

void host_poll(struct real_host *h)
{
	char line[400];

	target_poll(h->target);
	while (target_log_line(h->target, &h->mark, line, sizeof line))
		hear_line(h, line);
	clear_slots(h);
	collect(h);
	watch(h);
}

/* ------------------------------------------------------------ slots */

static bool fits(const struct slot *s, const struct job_plan *p)
{
	return s->state == SLOT_FREE && s->lively == p->lively && need_met(&s->has, &p->need);
}

size_t host_free_slots(const struct real_host *h, const struct job_plan *p)
{
	size_t count = 0;

	for (size_t i = 0; i < h->slot_count; i++)
		count += fits(&h->slots[i], p);
	return count;
}

struct slot *host_lease(struct real_host *h, const struct job_plan *p)
{
	struct slot *best = NULL;

	for (size_t i = 0; i < h->slot_count; i++)
		if (fits(&h->slots[i], p) && (!best || need_size(&h->slots[i].has) < need_size(&best->has)))
			best = &h->slots[i];
	if (best)
		best->state = SLOT_LEASED;
	return best;
}

bool host_clearing(const struct real_host *h, unsigned number)
{
	return number && h->slots[number - 1].state == SLOT_CLEARING;
}

void host_release(struct real_host *h, unsigned number)
{
	struct slot *s = &h->slots[number - 1];
	char name[TARGET_NAME];

	s->state = SLOT_CLEARING;
	for (size_t k = 0; k < 2 && !h->dead; k++) {
		snprintf(name, sizeof name, k ? "s%u-ip6" : "s%u", number);
		s->tickets[k] = target_order(h->target, TARGET_RESET, name, NULL);
	}
}
