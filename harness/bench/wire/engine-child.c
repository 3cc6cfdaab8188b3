/*
 * The orders of the endpoint become pairs of ESP SAs.
 *
 * A new Child SA of an IKE SA that has one takes its place: at once if the rekey was ours, else
 * once the peer has used it or the old one is gone (RFC 7296 2.8: the peer may not have it yet).
 */
#include <stdlib.h>

#include "engine.h"

struct engine_child {
	struct engine_child *next, *next_spi;
	struct child_sa *child;
	uint32_t spi_in, spi_out;
	struct esp_sa *in, *out;
	struct address local, remote;
	bool udp, removed;
	size_t slot;
	uint64_t serial; /* the later one has the higher */
};

#define WINDOW 4096u

static struct esp_sa *make_sa(struct engine *e, const struct child_order *o, bool sealing)
{
	const struct child_keys *keys = sealing ? &o->out : &o->in;
	struct esp_config c = {
		.spi = sealing ? o->spi_out : o->spi_in,
		.suite = o->suite,
		.key = keys->key,
		.integ_key = keys->integ_key,
		.mode = ESP_TUNNEL,
		.replay_window = WINDOW,
	};
	struct esp_sa *sa = esp_sa_new(e->crypto, &c, sealing, &e->trouble);

	if (!sa || esp_batch_join(e->batch, sa, &e->trouble))
		return sa;
	esp_sa_free(sa);
	return NULL;
}

static struct engine_child *find(const struct engine *e, const struct child_sa *child)
{
	for (struct engine_child *c = e->children; c; c = c->next)
		if (c->child == child && !c->removed)
			return c;
	return NULL;
}

/* Who initiated knows by the connection; else that of a live Child SA of the same IKE SA, or the next. */
static size_t slot_for(const struct engine *e, const struct engine_child *made)
{
	struct ike_sa *ike = child_sa_view(made->child).ike;

	if (e->config.initiator)
		return (size_t)(ike_sa_view(ike).connection - e->config.connections);
	for (const struct engine_child *c = e->children; c; c = c->next)
		if (c != made && !c->removed && child_sa_view(c->child).ike == ike)
			return c->slot;
	return e->slot_count;
}

static void place(struct engine *e, struct engine_child *c)
{
	c->slot = slot_for(e, c);
	if (c->slot >= e->config.connection_count) {
		why_set(&e->trouble, "more Child SAs than connections");
		return;
	}
	if (!e->slots[c->slot].current) {
		e->slots[c->slot].current = c;
		e->slot_count++;
	} else if (e->asked) {
		e->asked = false;
		e->slots[c->slot].current = c;
	}
}

static void install(struct engine *e, const struct child_order *o)
{
	struct engine_child *c = calloc(1, sizeof(*c)), **bucket;

	if (!c) {
		why_set(&e->trouble, "no memory for a Child SA");
		return;
	}
	*c = (struct engine_child){ .child = o->child,
				    .spi_in = o->spi_in,
				    .spi_out = o->spi_out,
				    .local = o->local,
				    .remote = o->remote,
				    .udp = o->udp };
	c->in = make_sa(e, o, false);
	c->out = c->in ? make_sa(e, o, true) : NULL;
	if (!c->out) {
		esp_sa_free(c->in);
		free(c);
		return;
	}
	c->next = e->children;
	e->children = c;
	bucket = &e->by_spi[c->spi_in % ENGINE_BUCKETS];
	c->next_spi = *bucket;
	*bucket = c;
	c->serial = ++e->installed;
	place(e, c);
}

/* What takes over from a Child SA that is gone: another of its slot, or nothing. */
static void succeed(struct engine *e, const struct engine_child *gone)
{
	struct engine_slot *slot = &e->slots[gone->slot];

	if (slot->current != gone)
		return;
	slot->current = NULL;
	for (struct engine_child *c = e->children; c && !slot->current; c = c->next)
		if (!c->removed && c->slot == gone->slot)
			slot->current = c;
	e->slot_count -= slot->current == NULL;
}

static void take(struct engine *e, const struct child_order *o)
{
	struct engine_child *c = o->kind == ORDER_INSTALL ? NULL : find(e, o->child);

	if (o->kind == ORDER_INSTALL) {
		install(e, o);
	} else if (c && o->kind == ORDER_REMOVE) {
		c->removed = true;
		e->removed++;
		succeed(e, c);
	} else if (c && o->kind == ORDER_READDRESS) {
		c->local = o->local;
		c->remote = o->remote;
		c->udp = o->udp;
	}
}

void children_take_orders(struct engine *e)
{
	struct child_order o;

	while (endpoint_order(e->endpoint, &o))
		take(e, &o);
}

struct engine_child *children_find(struct engine *e, uint32_t spi_in)
{
	struct engine_child *c = e->by_spi[spi_in % ENGINE_BUCKETS];

	while (c && (c->spi_in != spi_in || c->removed))
		c = c->next_spi;
	return c;
}

struct esp_sa *child_inbound(const struct engine_child *c)
{
	return c->in;
}

struct esp_sa *child_outbound(const struct engine_child *c)
{
	return c->out;
}

uint32_t child_spi_out(const struct engine_child *c)
{
	return c->spi_out;
}

void child_path(const struct engine_child *c, struct port_burst *b)
{
	b->kind = c->udp ? PORT_ESP : PORT_PLAIN;
	b->from = &c->local;
	b->to = &c->remote;
}

void child_heard(struct engine *e, struct engine_child *c)
{
	const struct engine_child *now = e->slots[c->slot].current;

	if (now && c->serial > now->serial)
		e->slots[c->slot].current = c;
}

void children_free(struct engine *e)
{
	struct engine_child *next;

	for (struct engine_child *c = e->children; c; c = next) {
		next = c->next;
		esp_sa_free(c->in);
		esp_sa_free(c->out);
		free(c);
	}
	e->children = NULL;
}
