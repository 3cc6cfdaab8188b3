/*
 * A node: an endpoint, its data plane and a protected host behind it, at some outer addresses.
 */
#include <stdlib.h>

#include "internal.h"

void node_free(struct world_node *n)
{
	if (n == NULL)
		return;
	plane_free(n);
	early_free(n);
	reassembly_free(n->fragments);
	if (n->endpoint)
		endpoint_free(n->endpoint);
	free(n);
}

static bool claim_all(struct world_node *n, struct why *why)
{
	struct address host;

	for (size_t i = 0; i < n->config.outer_count; i++) {
		host = n->config.outer[i];
		host.port = 0;
		n->outer[n->outer_count++] = host;
		if (!world_claim(n->world, &host, why))
			return false;
	}
	for (size_t i = 0; i < n->config.inner_count; i++) {
		host = n->config.inner[i];
		host.port = 0;
		if (!world_claim(n->world, &host, why))
			return false;
	}
	return true;
}

static void append(struct world *w, struct world_node *n)
{
	struct world_node **end = &w->nodes;

	while (*end)
		end = &(*end)->next;
	*end = n;
}

struct world_node *node_new(struct world *w, const struct node_config *config, struct why *why)
{
	struct world_node *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		why_set(why, "no memory for a node");
		return NULL;
	}
	n->world = w;
	n->config = *config;
	n->rng = rng_split(&config->endpoint.rng, "data-plane");
	n->config.endpoint.epoch = world_epoch(w);
	n->echo_id = (uint16_t)(0x1ce + (config->is_target ? 0x8000 : 0));
	n->endpoint = endpoint_new(&n->config.endpoint, why);
	if (n->endpoint == NULL || !claim_all(n, why)) {
		node_free(n);
		return NULL;
	}
	append(w, n);
	return n;
}

bool node_restart(struct world_node *n, const char *label, struct why *why)
{
	struct endpoint_config config = n->config.endpoint;
	struct endpoint *anew;

	config.rng = rng_split(&n->config.endpoint.rng, label);
	anew = endpoint_new(&config, why);
	if (anew == NULL)
		return false;
	plane_free(n);
	endpoint_free(n->endpoint);
	n->endpoint = anew;
	n->rng = rng_split(&config.rng, "data-plane");
	n->removed = 0;
	n->down = false;
	return true;
}

bool node_kill(struct world_node *n, const char *label, struct why *why)
{
	n->down = node_restart(n, label, why);
	return n->down;
}

struct endpoint *node_endpoint(struct world_node *n)
{
	return n->endpoint;
}

const struct node_config *node_configuration(const struct world_node *n)
{
	return &n->config;
}

/* ------------------------------------------------------------ addresses */

static bool has_host(const struct address *list, size_t count, const struct address *host)
{
	for (size_t i = 0; i < count; i++)
		if (address_same_host(&list[i], host))
			return true;
	return false;
}

bool node_has_outer(const struct world_node *n, const struct address *host)
{
	return has_host(n->outer, n->outer_count, host);
}

bool node_has_inner(const struct world_node *n, const struct address *host)
{
	return has_host(n->config.inner, n->config.inner_count, host);
}

/* It stands before what was configured. */
void node_own(struct world_node *n, const struct address *inner)
{
	struct node_config *c = &n->config;
	struct address host = *inner;
	struct why why;

	host.port = 0;
	if (node_has_inner(n, &host))
		return;
	if (c->inner_count == ARRAY_LEN(c->inner))
		c->inner_count--;
	memmove(&c->inner[1], &c->inner[0], c->inner_count * sizeof(c->inner[0]));
	c->inner[0] = host;
	c->inner_count++;
	if (!world_claim(n->world, &host, &why))
		world_note(n->world, node_name(n), "an inner address cannot be had: %s", why.text);
}

struct address node_address(const struct world_node *n, uint8_t family)
{
	if (n->speak[family == 6].family != 0)
		return n->speak[family == 6];
	for (size_t i = 0; i < n->outer_count; i++)
		if (n->outer[i].family == family)
			return n->outer[i];
	return (struct address){ 0 };
}

struct address node_from(const struct world_node *n, const struct address *wanted)
{
	struct address from = n->speak[wanted->family == 6];

	if (from.family == 0)
		return *wanted;
	from.port = wanted->port;
	return from;
}

uint16_t node_next_id(struct world_node *n)
{
	return ++n->ip_id;
}

enum port_kind node_port_kind(const struct world_node *n, uint16_t port)
{
	const struct endpoint_config *e = &n->config.endpoint;

	for (size_t i = 0; i < e->connection_count; i++)
		if (port == e->connections[i].local_nat_port)
			return PORT_NAT_T;
	for (size_t i = 0; i < e->connection_count; i++)
		if (port == e->connections[i].local.port)
			return PORT_IKE;
	return port == 4500 ? PORT_NAT_T : port == 500 ? PORT_IKE : PORT_OTHER;
}

/* ------------------------------------------------------------ what the endpoint says */

/* The UDP data of a datagram: behind a non-ESP marker, or as it is. */
static struct bytes udp_data(struct arena *a, const struct datagram *d)
{
	size_t marker = d->marker && !d->keepalive ? 4 : 0;
	uint8_t *at;

	if (marker == 0)
		return d->octets;
	at = arena_alloc(a, marker + d->octets.len);
	if (at == NULL)
		return BYTES_NONE;
	if (d->octets.len != 0)
		memcpy(at + marker, d->octets.at, d->octets.len);
	return bytes_make(at, marker + d->octets.len);
}

static void send_datagram(struct world_node *n, const struct datagram *d,
			  const struct address *from)
{
	struct world *w = n->world;
	struct bytes packet;
	struct why why;

	world_enter(w);
	if (udp_make(w->message, from, &d->to, node_next_id(n), udp_data(w->message, d), d->edits,
		     &packet, &why))
		world_send(w, n, packet);
	else
		world_note(w, node_name(n), "a datagram could not be sent: %s", why.text);
	world_leave(w);
}

static bool say_all(struct world_node *n, unsigned *budget)
{
	struct child_order order;
	struct datagram d;
	struct address from;
	bool said = false;

	while (endpoint_order(n->endpoint, &order)) {
		plane_order(n, &order);
		said = true;
	}
	while (*budget > 0 && endpoint_output(n->endpoint, world_now(n->world), &d)) {
		from = node_from(n, &d.from);
		send_datagram(n, &d, &from);
		said = true;
		--*budget;
	}
	return said;
}

void node_speak(struct world_node *n)
{
	unsigned budget = NODE_OUTPUT;

	while (say_all(n, &budget) && budget > 0)
		;
	if (budget == 0)
		world_note(n->world, node_name(n), "%d datagrams at once", NODE_OUTPUT);
	early_look(n);
}

void node_tick(struct world_node *n, usec now)
{
	if (endpoint_deadline(n->endpoint) > now)
		return;
	endpoint_tick(n->endpoint, now);
	node_speak(n);
}

/* ------------------------------------------------------------ by hand */

void node_send_packet(struct world_node *n, struct bytes ip)
{
	world_send(n->world, n, ip);
}

void node_send_datagram(struct world_node *n, const struct datagram *d)
{
	struct address from = node_address(n, d->to.family);

	from.port = d->from.port;
	send_datagram(n, d, &from);
}
