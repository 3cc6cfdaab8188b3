/* Watching a real target; leasing its slots. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

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

#define PROBE_STARVED (100 * USEC_MS)
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
	if (code == 126 || code == 127)
		h->proven = h->probed; /* nobody can tell */
	else
		h->downs++;
	if (h->downs < 2)
		return false;
	h->downs = 0;
	return true;
}

#define AT_EASE (50 * USEC_MS)
#define AT_WORK (150 * USEC_MS)
#define FEW     8

/* However slow the machine is, a few go on. */
static void make_room(struct real_host *h, usec took)
{
	h->room = took < AT_EASE ? 8 : took < AT_WORK ? 3 : h->in_flight < FEW ? 2 : 0;
}

/* IKE silence alone is no sign: what counts is that its own interface is silent and its process idle. */
static void wait_for_probe(struct real_host *h, usec now)
{
	struct target_result result = target_result(h->target, h->probe);
	struct target_pulse pulse;

	if (result.progress != TARGET_PENDING) {
		h->probe = 0;
		h->took = now - h->probed;
		make_room(h, h->took);
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
	} else if (h->urgent || now >= h->probed + (h->starved ? PROBE_STARVED : PROBE_EVERY)) {
		h->urgent = h->starved = false;
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
	if (h->state != HOST_UP)
		return;
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

bool host_has_room(struct real_host *h)
{
	h->starved |= !h->room;
	return h->room || h->foreign;
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
