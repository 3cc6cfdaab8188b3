/*
 * ESP packets that came before their SA.  Whoever answers CREATE_CHILD_SA may send on the new SA at
 * once (RFC 7296 2.8), and a packet may overtake the answer: a few wait for a moment.
 */
#include "internal.h"

#include <stdlib.h>

#define EARLY_PACKETS 64
#define EARLY_TIME USEC_S

struct early {
	struct early *next;
	usec time;
	uint32_t spi;
	size_t len;
	uint8_t octets[];
};

static void drop_first(struct world_node *n)
{
	struct early *first = n->early;

	n->early = first->next;
	n->early_count--;
	free(first);
}

void early_free(struct world_node *n)
{
	while (n->early)
		drop_first(n);
}

/* The oldest one gives way. */
void early_keep(struct world_node *n, struct bytes packet, uint32_t spi)
{
	struct early *e, **last = &n->early;

	if (!n->config.linger || n->config.arrived)
		return;
	while (n->early && (n->early_count == EARLY_PACKETS ||
			    world_now(n->world) >= usec_after(n->early->time, EARLY_TIME)))
		drop_first(n);
	e = malloc(sizeof(*e) + packet.len);
	if (e == NULL)
		return;
	*e = (struct early){ .time = world_now(n->world), .spi = spi, .len = packet.len };
	memcpy(e->octets, packet.at, packet.len);
	while (*last)
		last = &(*last)->next;
	*last = e;
	n->early_count++;
}

/* The first whose SA is there by now, taken off the list. */
static struct early *take(struct world_node *n)
{
	for (struct early **at = &n->early; *at; at = &(*at)->next) {
		struct early *e = *at;
		const struct pair *p = plane_by_spi(n, e->spi);

		if (p == NULL || p->removed)
			continue;
		*at = e->next;
		n->early_count--;
		return e;
	}
	return NULL;
}

void early_look(struct world_node *n)
{
	struct early *e;

	while (n->early && (e = take(n)) != NULL) {
		if (world_now(n->world) < usec_after(e->time, EARLY_TIME))
			node_take(n, bytes_make(e->octets, e->len));
		free(e);
	}
}
