/*
 * The data plane of a node: child orders become pairs of ESP SAs, packets go through them.
 *
 * During a rekey both pairs live; what goes out takes the newest that fits, but not one of the peer's
 * making before the peer is known to be ready for it.
 */
#include "internal.h"

#include <stdlib.h>

static void pair_free(struct pair *p)
{
	esp_sa_free(p->in);
	esp_sa_free(p->out);
	free(p);
}

void plane_free(struct world_node *n)
{
	struct pair *older;

	for (struct pair *p = n->newest; p; p = older) {
		older = p->older;
		pair_free(p);
	}
	n->newest = NULL;
}

/* ------------------------------------------------------------ finding */

struct pair *plane_by_spi(const struct world_node *n, uint32_t spi_in)
{
	struct pair *removed = NULL;

	for (struct pair *p = n->newest; p; p = p->older) {
		if (p->spi_in != spi_in)
			continue;
		if (!p->removed)
			return p;
		removed = removed ? removed : p;
	}
	return removed;
}

struct pair *plane_by_child(const struct world_node *n, const struct child_sa *c)
{
	for (struct pair *p = n->newest; p; p = p->older)
		if (p->child == c)
			return p;
	return NULL;
}

/* For ICMP both ports are type and code (RFC 4301 4.4.1.1); what has none fits where any does. */
static bool port_fits(const struct traffic_selector *row, const uint16_t *port, bool fragment)
{
	if (fragment)
		return true;
	if (row->first_port == 0 && row->last_port == UINT16_MAX)
		return true;
	return port && *port >= row->first_port && *port <= row->last_port;
}

static bool allows(const struct selectors *s, const struct address *a, uint8_t protocol,
		   const uint16_t *port, bool fragment)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct traffic_selector *row = &s->rows[i];

		if ((row->protocol == 0 || row->protocol == protocol) &&
		    address_in_range(a, &row->range) && port_fits(row, port, fragment))
			return true;
	}
	return false;
}

/* A fault: who does not look at selectors does not look at them when sending either. */
static bool selectors_ignored(const struct world_node *n)
{
	int check = esp_check_find("esp-selectors");

	return check >= 0 && (n->config.esp_omit >> check & 1) && n->newest && !n->newest->removed;
}

struct pair *plane_route(const struct world_node *n, const struct ip_packet *inner)
{
	bool ported = inner->protocol == PROTO_UDP || inner->protocol == PROTO_TCP;
	bool icmp = inner->protocol == PROTO_ICMP || inner->protocol == PROTO_ICMP6;
	bool known = (ported || icmp) && !inner->fragment && inner->payload.len >= 2;
	uint16_t type = known ? load_u16(inner->payload.at) : 0;
	uint16_t from = icmp ? type : inner->from.port, to = icmp ? type : inner->to.port;
	struct pair *unproven = NULL;

	for (struct pair *p = n->newest; p; p = p->older) {
		bool later = p->fragments_too && inner->fragment && !known;

		if (p->removed ||
		    !allows(&p->ours, &inner->from, inner->protocol, known ? &from : NULL, later) ||
		    !allows(&p->theirs, &inner->to, inner->protocol, known ? &to : NULL, later))
			continue;
		if (!p->unproven)
			return p;
		unproven = unproven ? unproven : p;
	}
	return unproven || !selectors_ignored(n) ? unproven : n->newest;
}

/* ------------------------------------------------------------ orders */

static size_t copy_selectors(const struct selectors *from, struct esp_selector *to)
{
	size_t count = from->count < ESP_SELECTORS ? from->count : ESP_SELECTORS;

	for (size_t i = 0; i < count; i++)
		to[i] = (struct esp_selector){ from->rows[i].range, from->rows[i].protocol,
					       from->rows[i].first_port, from->rows[i].last_port };
	return count;
}

static struct esp_sa *sa_new(const struct world_node *n, const struct child_order *o, bool inbound,
			     struct why *why)
{
	const struct child_keys *keys = inbound ? &o->in : &o->out;
	struct esp_config c = {
		.spi = inbound ? o->spi_in : o->spi_out, .suite = o->suite, .key = keys->key,
		.integ_key = keys->integ_key, .mode = o->transport ? ESP_TRANSPORT : ESP_TUNNEL,
		.replay_window = inbound ? n->config.replay_window : 0,
		.from = inbound ? o->remote : o->local, .to = inbound ? o->local : o->remote,
		.udp = o->udp, .fragments_too = o->fragments_too,
	};
	struct esp_sa *sa;

	c.sources = copy_selectors(inbound ? &o->theirs : &o->ours, c.source);
	c.destinations = copy_selectors(inbound ? &o->ours : &o->theirs, c.destination);
	sa = esp_sa_new(n->config.endpoint.crypto, &c, !inbound, why);
	if (sa)
		esp_sa_omit(sa, n->config.esp_omit);
	return sa;
}

static void tell_keys(const struct world_node *n, const struct child_order *o, bool inbound)
{
	const struct child_keys *keys = inbound ? &o->in : &o->out;
	const struct world *w = n->world;
	struct event_child_keys k = {
		.spi = inbound ? o->spi_in : o->spi_out, .from = inbound ? o->remote : o->local,
		.to = inbound ? o->local : o->remote, .suite = &o->suite, .key = keys->key,
		.integ_key = keys->integ_key,
	};

	event_emit(w->config.log, &(struct event){
		.kind = EVENT_KEYS_CHILD, .time = world_now(w), .run = w->config.run,
		.target = w->config.target, .endpoint = node_name(n), .child_keys = &k,
	});
}

static bool same_selectors(const struct selectors *a, const struct selectors *b)
{
	return selectors_subset(a, b) && selectors_subset(b, a);
}

/* Does it stand in the place of another that lives? */
static bool replaces(const struct world_node *n, const struct child_order *o)
{
	for (const struct pair *p = n->newest; p; p = p->older)
		if (!p->removed && same_selectors(&p->ours, &o->ours) &&
		    same_selectors(&p->theirs, &o->theirs) && address_same_host(&p->remote, &o->remote))
			return true;
	return false;
}

static void install(struct world_node *n, const struct child_order *o)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct why why;

	why_set(&why, "no memory");
	if (p) {
		p->in = sa_new(n, o, true, &why);
		p->out = p->in ? sa_new(n, o, false, &why) : NULL;
	}
	if (p == NULL || p->out == NULL) {
		world_note(n->world, node_name(n), "a Child SA could not be installed: %s",
			   why.text);
		if (p) {
			esp_sa_free(p->in);
			free(p);
		}
		return;
	}
	p->child = o->child;
	p->spi_in = o->spi_in;
	p->spi_out = o->spi_out;
	p->ours = o->ours;
	p->theirs = o->theirs;
	p->local = o->local;
	p->remote = o->remote;
	p->udp = o->udp;
	p->transport = o->transport;
	p->unproven = !o->initiator && replaces(n, o);
	p->fragments_too = o->fragments_too;
	p->tfc = o->transport ? 0 : o->tfc;
	for (size_t i = 0; i < ARRAY_LEN(o->inner); i++)
		if (o->inner[i].family)
			node_own(n, &o->inner[i]);
	p->original_local = o->original_local;
	p->original_remote = o->original_remote;
	p->older = n->newest;
	n->newest = p;
	tell_keys(n, o, true);
	tell_keys(n, o, false);
}

/* Takes the oldest removed pair out of the list. */
static void forget_oldest(struct world_node *n)
{
	struct pair **oldest = NULL, *p;

	for (struct pair **at = &n->newest; *at; at = &(*at)->older)
		if ((*at)->removed)
			oldest = at;
	if (oldest == NULL)
		return;
	p = *oldest;
	*oldest = p->older;
	pair_free(p);
	n->removed--;
}

static size_t removed_limit(const struct world_node *n)
{
	return n->config.arrived ? PLANE_REMOVED : n->config.linger ? PLANE_LINGER : 0;
}

static void remove_pair(struct world_node *n, const struct child_order *o)
{
	for (struct pair *p = n->newest; p; p = p->older) {
		if (p->removed || p->child != o->child ||
		    (o->spi_in != 0 && p->spi_in != o->spi_in))
			continue;
		p->removed = true;
		p->removed_at = world_now(n->world);
		if (!n->config.arrived)
			p->child = NULL;        /* it may be freed */
		n->removed++;
		break;
	}
	if (n->removed > removed_limit(n))
		forget_oldest(n);
}

bool plane_lingers(const struct world_node *n, const struct pair *p)
{
	return p->removed && n->config.linger &&
	       world_now(n->world) < usec_after(p->removed_at, n->config.linger);
}

/* What lingered long enough goes when something else is ordered. */
static void forget_lingering(struct world_node *n)
{
	struct pair **at = &n->newest, *p;

	while (n->config.linger && (p = *at) != NULL) {
		if (!p->removed || plane_lingers(n, p)) {
			at = &p->older;
			continue;
		}
		*at = p->older;
		pair_free(p);
		n->removed--;
	}
}

static void readdress(struct world_node *n, const struct child_order *o)
{
	for (struct pair *p = n->newest; p; p = p->older) {
		if (p->child != o->child || p->removed)
			continue;
		p->local = o->local;
		p->remote = o->remote;
		p->udp = o->udp;
		esp_sa_readdress(p->in, &o->remote, &o->local);
		esp_sa_readdress(p->out, &o->local, &o->remote);
	}
}

void plane_order(struct world_node *n, const struct child_order *o)
{
	forget_lingering(n);
	switch (o->kind) {
	case ORDER_INSTALL:
		install(n, o);
		break;
	case ORDER_REMOVE:
		remove_pair(n, o);
		break;
	case ORDER_READDRESS:
		readdress(n, o);
		break;
	}
}

/* ------------------------------------------------------------ as others see it */

bool node_esp_counters(struct world_node *n, const struct child_sa *c, struct esp_counters *in,
		       struct esp_counters *out)
{
	struct pair *p = plane_by_child(n, c);

	if (p == NULL)
		return false;
	*in = esp_sa_counters(p->in);
	*out = esp_sa_counters(p->out);
	return true;
}

struct esp_sa *node_esp_sa(struct world_node *n, const struct child_sa *c, bool inbound)
{
	struct pair *p = plane_by_child(n, c);

	return p == NULL ? NULL : inbound ? p->in : p->out;
}
