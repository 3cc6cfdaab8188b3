/*
 * Receiving: IKE goes to the endpoint, ESP is opened in groups, and what was inside is counted.
 */
#include "engine.h"

static void count_inner(struct engine *e, struct bytes inner)
{
	struct stamp s;

	if (!stamp_read(inner, &s))
		return;
	e->cut += inner.len < s.len;
	track_take(&e->tracks[s.flow % WIRE_WAYS], &s, inner.len, e->now);
}

static void open_group(struct engine *e)
{
	esp_open_batch(e->batch, e->opening, e->opening_count);
	if (e->config.turns)
		sources_turn(e, e->opening, e->opening_count);
	for (size_t i = 0; i < e->opening_count; i++) {
		const struct esp_packet *p = &e->opening[i];

		if (p->result == ESP_OK)
			count_inner(e, p->done);
		else
			e->refused[p->result]++;
	}
	e->opening_count = 0;
}

static void take_bare(struct engine *e, const struct esp_sa *sa, uint8_t *at, size_t len)
{
	size_t front = esp_front(sa);

	if (e->config.turns)
		sources_turn_bare(e, at, len);
	else if (len > front)
		count_inner(e, bytes_make(at + front, len - front));
}

static void take_esp(struct engine *e, uint8_t *at, size_t len)
{
	struct engine_child *c = len >= 8 ? children_find(e, load_u32(at)) : NULL;
	struct esp_packet *p = &e->opening[e->opening_count];

	if (!c) {
		e->no_sa++;
		return;
	}
	child_heard(e, c);
	*p = (struct esp_packet){ .sa = child_inbound(c), .at = at, .len = len };
	if (e->config.bare) {
		take_bare(e, p->sa, at, len);
		return;
	}
	if (++e->opening_count == PORT_BURST)
		open_group(e);
}

static void take_ike(struct engine *e, const struct port_parcel *p)
{
	struct datagram d = { .from = p->from,
			      .to = p->to,
			      .marker = p->marker,
			      .octets = bytes_make(p->at, p->octets) };

	endpoint_input(e->endpoint, &d, e->now / 1000);
	children_take_orders(e);
	e->ike_at = 0;
}

static void take(struct engine *e, const struct port_parcel *p)
{
	if (p->kind == PORT_IKE)
		take_ike(e, p);
	else if (p->kind == PORT_INNER)
		count_inner(e, bytes_make(p->at, p->octets));
	else
		for (size_t at = 0; at < p->octets; at += p->len)
			take_esp(e, p->at + at, p->octets - at < p->len ? p->octets - at : p->len);
}

bool sink_move(struct engine *e)
{
	struct port_parcel parcels[PORT_PARCELS];
	size_t count = e->config.port->ops->receive(e->config.port, parcels, PORT_PARCELS);

	if (count > 0)
		e->now = engine_clock();
	for (size_t i = 0; i < count; i++) {
		evidence_received(e->evidence, &parcels[i], e->now);
		take(e, &parcels[i]);
	}
	if (e->opening_count)
		open_group(e);
	return count > 0;
}
