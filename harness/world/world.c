#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct world *world_new(const struct world_config *config, struct why *why)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		why_set(why, "no memory for a world");
		return NULL;
	}
	w->config = *config;
	if (config->real == NULL && config->latency == 0)
		w->config.latency = WORLD_LATENCY;
	link_init(&w->link, &config->rng);
	w->reassembly = reassembly_new();
	w->kept = arena_new(WORLD_KEPT);
	w->message = arena_new(WORLD_MESSAGE);
	if (w->reassembly == NULL || w->kept == NULL || w->message == NULL) {
		why_set(why, "no memory for a world");
		world_free(w);
		return NULL;
	}
	return w;
}

void world_free(struct world *w)
{
	struct world_node *next;

	if (w == NULL)
		return;
	if (w->config.real)
		w->config.real->ops->release(w->config.real, w);
	for (struct world_node *n = w->nodes; n; n = next) {
		next = n->next;
		node_free(n);
	}
	link_free(&w->link);
	nat_free(&w->nat);
	reassembly_free(w->reassembly);
	arena_free(w->kept);
	arena_free(w->message);
	free(w);
}

usec world_now(const struct world *w)
{
	return w->config.real ? w->config.real->ops->now(w->config.real) : w->now;
}

uint64_t world_epoch(const struct world *w)
{
	return w->config.real ? w->config.real->ops->epoch(w->config.real) : WORLD_EPOCH;
}

bool world_virtual(const struct world *w)
{
	return w->config.real == NULL;
}

bool world_failed(const struct world *w)
{
	return arena_failed(w->kept);
}

void world_enter(struct world *w)
{
	w->inside++;
}

void world_leave(struct world *w)
{
	if (--w->inside == 0)
		arena_reset(w->message);
}

/* ------------------------------------------------------------ events */

void world_event(const struct world *w, const struct happening *h)
{
	event_emit(w->config.log, &(struct event){
		.kind = h->kind, .time = world_now(w), .run = w->config.run,
		.target = w->config.target, .endpoint = h->endpoint, .octets = h->octets,
		.text = h->text, .number = (int64_t)h->serial,
	});
}

void world_note(const struct world *w, const char *endpoint, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	world_event(w, &(struct happening){ EVENT_NOTE, endpoint, BYTES_NONE, text, 0 });
}

/* ------------------------------------------------------------ time */

static void speak_all(struct world *w)
{
	for (struct world_node *n = w->nodes; n; n = n->next)
		node_speak(n);
}

/* What is due now and was not delivered: it would go on for ever. */
static void cut(struct world *w)
{
	struct packet *p;
	size_t dropped = 0;

	while ((p = link_take(&w->link, world_now(w))) != NULL) {
		free(p);
		dropped++;
	}
	world_note(w, NULL, "%d packets at one moment: %zu more were dropped", WORLD_PUMP, dropped);
}

void world_pump(struct world *w)
{
	struct packet *p;
	unsigned budget = WORLD_PUMP;
	bool moved;
	usec now;

	do {
		speak_all(w);
		moved = false;
		now = world_now(w);     /* not before what was just said */
		while (budget > 0 && (p = link_take(&w->link, now)) != NULL) {
			world_arrive(w, p);
			free(p);
			moved = true;
			budget--;
		}
	} while (moved && budget > 0);
	if (budget == 0)
		cut(w);
}

usec world_deadline(const struct world *w)
{
	usec due = link_due(&w->link);

	for (const struct world_node *n = w->nodes; n; n = n->next)
		due = usec_min(due, endpoint_deadline(n->endpoint));
	return due;
}

static void tick_all(struct world *w)
{
	usec now = world_now(w);

	for (struct world_node *n = w->nodes; n; n = n->next)
		node_tick(n, now);
}

/* What happens before t happens in its order, even if the caller jumps past it. */
static void live_until(struct world *w, usec t)
{
	unsigned stuck = 0;
	usec due;

	while ((due = world_deadline(w)) < t && stuck < WORLD_DEPTH) {
		stuck = due <= w->now ? stuck + 1 : 0;
		w->now = due > w->now ? due : w->now;
		tick_all(w);
		world_pump(w);
	}
	if (stuck == WORLD_DEPTH)
		world_note(w, NULL, "a deadline stays in the past");
}

void world_advance(struct world *w, usec t)
{
	if (world_virtual(w) && t != USEC_NEVER) {
		live_until(w, t);
		w->now = t > w->now ? t : w->now;
	}
	tick_all(w);
}
