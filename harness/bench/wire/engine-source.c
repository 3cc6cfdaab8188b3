/*
 * Sending: bursts of stamped packets of one size, through one SA after the other.
 */
#include <math.h>
#include <stdlib.h>

#include "engine.h"
#include "esp/inner.h"

#define SECOND 1000000000.0
#define LINE   64u

/* ------------------------------------------------------------ the packets */

static bool is_echo(const struct engine *e)
{
	return e->sources[WAY_OUT].echo;
}

/* PORT_BURST copies of one packet with the port's headroom before each. */
static uint8_t *lay(struct engine *e, const struct address *from, const struct address *to, bool echo,
		    size_t len)
{
	size_t stride = e->config.port->headroom + len;
	uint8_t *at = arena_alloc(e->arena, stride * PORT_BURST);
	struct arena *scratch = arena_new(1 << 20);
	struct bytes packet;
	bool good = at && scratch && stamp_packet(scratch, from, to, echo, len, &packet);

	for (size_t i = 0; good && i < PORT_BURST; i++)
		memcpy(at + i * stride + e->config.port->headroom, packet.at, packet.len);
	arena_free(scratch);
	return good ? at : NULL;
}

/* Connections with the same inner addresses share their packets. */
static const struct engine_slot *twin(const struct engine *e, size_t slot)
{
	const struct engine_config *c = &e->config;

	for (size_t i = 0; i < slot; i++)
		if (address_same_host(&c->ours[i], &c->ours[slot]) &&
		    address_same_host(&c->theirs[i], &c->theirs[slot]))
			return &e->slots[i];
	return NULL;
}

static bool lay_slot(struct engine *e, size_t slot)
{
	const struct engine_slot *same = twin(e, slot);
	const struct address *ours = &e->config.ours[slot], *theirs = &e->config.theirs[slot];
	bool both = e->config.port->carries_inner, good = true;

	for (size_t k = 0; good && k < e->sizes.count; k++) {
		struct engine_slot *s = &e->slots[slot];

		s->packets[k] = same ? same->packets[k]
				     : lay(e, ours, theirs, is_echo(e), e->sizes.lens[k]);
		good = s->packets[k] != NULL;
		if (!good || !both)
			continue;
		s->clear[k] = same ? same->clear[k] : lay(e, theirs, ours, false, e->sizes.lens[k]);
		good = s->clear[k] != NULL;
	}
	return good;
}

bool sources_lay(struct engine *e, struct why *why)
{
	e->family_6 = e->config.ours[0].family == 6;
	for (size_t k = 0; k < e->sizes.count; k++)
		if (e->sizes.lens[k] < stamp_least(e->config.ours[0].family))
			return why_set(why, "an inner packet has at least %zu octets here, not %zu",
				       stamp_least(e->config.ours[0].family), e->sizes.lens[k]);
	for (size_t i = 0; i < e->config.connection_count; i++)
		if (!lay_slot(e, i))
			return why_set(why, "no memory for the packets of %zu SAs",
				       e->config.connection_count);
	return true;
}

/* ------------------------------------------------------------ bursts */

static void next_size(struct engine *e, struct engine_source *s)
{
	if (s->left > 0)
		return;
	s->size = (s->size + 1) % e->sizes.count;
	s->left = e->sizes.count == 1 ? UINT32_MAX : e->sizes.parts[s->size] * s->burst;
}

static void stamp_all(const struct engine *e, const struct engine_source *s, uint8_t *at, size_t len,
		      size_t count)
{
	struct stamp stamp = { s->flow, s->sent, e->now, (uint16_t)len };
	size_t stride = e->config.port->headroom + len;

	at += e->config.port->headroom + stamp_offset(e->family_6 ? 6 : 4);
	for (size_t i = 0; i < count; i++, at += stride, stamp.number++)
		stamp_write(at, &stamp);
}

/* ESP's framing around each, without cryptography: the SPI, and what the inner packet is. */
static void frame_bare(const struct engine_child *c, struct esp_packet *p)
{
	memcpy(p->out + esp_front(p->sa), p->at, p->len);
	store_u32(p->out, child_spi_out(c));
}

static bool seal(struct engine *e, const struct engine_child *c, uint8_t *from, size_t len, size_t sealed,
		 size_t count)
{
	size_t headroom = e->config.port->headroom;
	struct esp_packet packets[PORT_BURST];

	for (size_t i = 0; i < count; i++) {
		packets[i] = (struct esp_packet){
			.sa = child_outbound(c),
			.at = from + headroom + i * (headroom + len),
			.len = len,
			.out = e->slab + headroom + i * (headroom + sealed),
			.room = sealed,
			.next_header = e->family_6 ? PROTO_IPV6 : PROTO_IPIP,
		};
		if (e->config.bare)
			frame_bare(c, &packets[i]);
	}
	return e->config.bare || esp_seal_batch(e->batch, &e->rng, packets, count) == count ||
	       why_set(&e->trouble, "sealing failed: %s", esp_result_name(packets[0].result));
}

static bool send_sealed(struct engine *e, struct engine_source *s, const struct engine_slot *slot,
			size_t len, size_t count, size_t *taken)
{
	size_t headroom = e->config.port->headroom;
	size_t sealed = esp_sealed_len(child_outbound(slot->current), len);
	struct port_burst b = { .at = e->slab + headroom, .len = sealed };

	if (count * sealed > PORT_OCTETS)
		count = PORT_OCTETS / sealed;
	stamp_all(e, s, slot->packets[s->size], len, count);
	if (!seal(e, slot->current, slot->packets[s->size], len, sealed, count))
		return false;
	child_path(slot->current, &b);
	b.count = count;
	*taken = e->config.port->ops->send(e->config.port, &b);
	evidence_sent(e->evidence, &b, headroom, *taken, e->now);
	s->refused += *taken < count;
	return true;
}

static void send_clear(struct engine *e, struct engine_source *s, const struct engine_slot *slot,
		       size_t len, size_t count, size_t *taken)
{
	struct port *p = e->config.port;
	struct port_burst b = { .kind = PORT_INNER,
				.at = slot->clear[s->size] + p->headroom,
				.len = len,
				.count = count };

	stamp_all(e, s, slot->clear[s->size], len, count);
	*taken = p->ops->send(p, &b);
	evidence_sent(e->evidence, &b, p->headroom, *taken, e->now);
	s->refused += *taken < count;
}

/* False if nothing could be sent now. */
static bool send_burst(struct engine *e, struct engine_source *s, size_t count)
{
	const struct engine_slot *slot = &e->slots[s->slot++ % e->config.connection_count];
	size_t taken = 0, len;

	next_size(e, s);
	len = e->sizes.lens[s->size];
	if (count > s->left)
		count = s->left;
	if (count > s->burst)
		count = s->burst;
	if (!slot->current)
		return false;
	if (s->clear)
		send_clear(e, s, slot, len, count, &taken);
	else if (!send_sealed(e, s, slot, len, count, &taken))
		return false;
	s->sent += taken;
	s->octets += taken * len;
	s->left -= (unsigned)taken;
	return taken > 0;
}

/* ------------------------------------------------------------ turning round */

static void exchange_addresses(uint8_t *inner, bool six)
{
	uint8_t *from = inner + (six ? 8 : 12), spare[16];
	size_t len = six ? 16 : 4;

	memcpy(spare, from, len);
	memcpy(from, from + len, len);
	memcpy(from + len, spare, len);
}

/* One after the other: what is turned round is a few packets, and soon is what counts. */
static void turn(struct engine *e, const struct engine_slot *slot, const struct esp_packet *p)
{
	size_t headroom = e->config.port->headroom, len = p->done.len;
	struct esp_packet out = { .sa = child_outbound(slot->current),
				  .at = (uint8_t *)(uintptr_t)p->done.at,
				  .len = len,
				  .out = e->slab + headroom,
				  .room = esp_sealed_len(child_outbound(slot->current), len),
				  .next_header = e->family_6 ? PROTO_IPV6 : PROTO_IPIP };
	struct port_burst b = { .at = out.out, .len = out.room, .count = 1 };

	exchange_addresses(out.at, e->family_6);
	if (esp_seal_batch(e->batch, &e->rng, &out, 1) != 1)
		return;
	child_path(slot->current, &b);
	e->config.port->ops->send(e->config.port, &b);
}

void sources_turn(struct engine *e, const struct esp_packet *packets, size_t count)
{
	const struct engine_slot *slot = &e->slots[0];

	for (size_t i = 0; i < count && slot->current; i++)
		if (packets[i].result == ESP_OK &&
		    packets[i].done.len >= stamp_least(e->family_6 ? 6 : 4))
			turn(e, slot, &packets[i]);
}

void sources_turn_bare(struct engine *e, uint8_t *esp, size_t len)
{
	const struct engine_child *c = e->slots[0].current;
	struct port_burst b = { .at = esp, .len = len, .count = 1 };
	size_t front = esp_front(child_outbound(c));

	if (len < front + stamp_least(e->family_6 ? 6 : 4))
		return;
	exchange_addresses(esp + front, e->family_6);
	store_u32(esp, child_spi_out(c));
	child_path(c, &b);
	e->config.port->ops->send(e->config.port, &b);
}

/* ------------------------------------------------------------ at a rate */

static uint64_t due(const struct engine *e, const struct engine_source *s, const struct engine_load *load)
{
	double wanted;

	if (isinf(s->rate))
		return s->burst;
	wanted = (double)(e->now - load->begin) / SECOND * s->rate + 1;
	return wanted > (double)s->sent ? (uint64_t)wanted - s->sent : 0;
}

static uint64_t next_at(const struct engine_source *s, const struct engine_load *load)
{
	return load->begin + (uint64_t)((double)s->sent / s->rate * SECOND) + 1;
}

uint64_t sources_move(struct engine *e, const struct engine_load *load)
{
	uint64_t next = load->over;
	bool sent = false;

	for (size_t i = 0; i < WIRE_WAYS; i++) {
		struct engine_source *s = &e->sources[i];
		uint64_t count;

		if (!s->on || e->now < load->begin || e->now >= load->end)
			continue;
		count = due(e, s, load);
		if (count > 0)
			sent |= send_burst(e, s, (size_t)count);
		else if (next_at(s, load) < next)
			next = next_at(s, load);
	}
	return sent ? 0 : next;
}
