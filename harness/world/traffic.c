/*
 * Packets through the data plane: sealed and wrapped on the way out, opened, reported and handed to
 * the protected host on the way in.
 */
#include "internal.h"

/* ------------------------------------------------------------ out */

struct esp_carried node_carried(const struct world_node *n)
{
	return n->carried;
}

static void carry(struct world_node *n, size_t octets, bool out)
{
	struct esp_carried *c = &n->carried;

	c->last = world_now(n->world);
	if (c->sent + c->received == 0)
		c->first = c->last;
	c->sent += out;
	c->received += !out;
	c->octets += octets;
}

struct bytes plane_body(const struct pair *p, struct bytes inner, uint8_t *next_header)
{
	struct ip_packet ip;

	if (p->transport && ip_parse(inner, &ip, NULL)) {
		*next_header = ip.protocol;
		return ip.payload;
	}
	*next_header = inner.len > 0 && inner.at[0] >> 4 == 6 ? PROTO_IPV6 : PROTO_IPIP;
	return inner;
}

bool plane_outer(struct world_node *n, const struct address *from, const struct address *to,
		 bool udp, struct bytes esp, const struct edits *edits, struct bytes *packet,
		 struct why *why)
{
	struct arena *a = n->world->message;

	if (udp)
		return udp_make(a, from, to, node_next_id(n), esp, edits, packet, why);
	return ip_make_edited(a, from, to, PROTO_ESP, node_next_id(n), esp, edits, packet, why);
}

bool plane_wrap(struct world_node *n, struct pair *p, struct bytes body, uint8_t next_header,
		const struct esp_shape *shape, struct wrapped *out, struct why *why)
{
	struct address from = node_from(n, &p->local);
	enum esp_result result;
	struct why reason;

	why_set(&reason, "it cannot be sealed");
	result = esp_seal(p->out, n->world->message, &n->rng, body, next_header, shape, &out->esp,
			  &reason);
	if (result != ESP_OK)
		return why_set(why, "ESP SPI %08x: %s: %s", p->spi_out, esp_result_name(result),
			       reason.text);
	out->seq = esp_sa_counters(p->out).seq;
	carry(n, body.len, true);
	return plane_outer(n, &from, &p->remote, p->udp, out->esp, shape->edits, &out->packet, why);
}

static struct traffic traffic_of(const struct esp_sa *sa)
{
	struct esp_counters c = esp_sa_counters(sa);

	return (struct traffic){ c.packets, c.octets, c.seq };
}

static void report(struct world_node *n, enum report_kind kind, uint32_t spi,
		   const struct address *from)
{
	struct child_report r = { .kind = kind, .spi_in = spi, .address = *from };
	const struct pair *p = plane_by_spi(n, spi);

	if (p) {
		r.in = traffic_of(p->in);
		r.out = traffic_of(p->out);
	}
	endpoint_report(n->endpoint, &r, world_now(n->world));
}

bool plane_send(struct world_node *n, struct bytes inner, struct why *why)
{
	struct esp_shape shape = { .edits = n->config.esp_edits };
	struct ip_packet ip;
	struct wrapped made;
	struct pair *p;
	uint8_t next_header;
	struct bytes body;

	if (!ip_parse(inner, &ip, why))
		return false;
	p = plane_route(n, &ip);
	if (p == NULL)
		return why_set(why, "no SA whose selectors fit the inner packet");
	body = plane_body(p, inner, &next_header);
	shape.tfc = p->tfc;
	if (!plane_fits(n, p, inner, body.len, why) ||
	    !plane_wrap(n, p, body, next_header, &shape, &made, why))
		return false;
	if (n->config.endpoint.automatic)
		report(n, REPORT_COUNTS, p->spi_in, &p->remote);
	plane_put(n, p, made.packet);
	node_speak(n);          /* it may have been the last one */
	return true;
}

bool node_forward(struct world_node *n, struct bytes inner, struct why *why)
{
	bool sent;

	world_enter(n->world);
	sent = plane_send(n, inner, why);
	world_leave(n->world);
	return sent;
}

struct pair *plane_for_ping(const struct world_node *n, const struct address *from,
			    const struct address *to)
{
	uint8_t request[2] = { to->family == 4 ? 8 : 128 };
	struct ip_packet flow = { .family = to->family, .from = *from, .to = *to,
				  .payload = BYTES_OF(request),
				  .protocol = to->family == 4 ? PROTO_ICMP : PROTO_ICMP6 };

	return plane_route(n, &flow);
}

/* The address of our host from which an SA leads there; any of ours if there is no such SA. */
static struct address host_towards(const struct world_node *n, const struct address *to)
{
	const struct address *any = NULL;

	for (size_t i = 0; i < n->config.inner_count; i++) {
		const struct address *from = &n->config.inner[i];

		if (from->family != to->family)
			continue;
		if (plane_for_ping(n, from, to))
			return *from;
		any = any ? any : from;
	}
	return any ? *any : (struct address){ 0 };
}

bool node_ping(struct world_node *n, const struct address *to, struct why *why)
{
	struct address from = host_towards(n, to);
	struct world *w = n->world;
	static const uint8_t data[56];
	struct echo e = { .id = n->echo_id, .seq = ++n->echo_seq, .data = BYTES_OF(data) };
	struct bytes inner;
	bool ok;

	if (from.family == 0)
		return why_set(why, "the node has no inner address of IPv%u", to->family);
	world_enter(w);
	ok = echo_make(w->message, &from, to, &e, &inner) || why_set(why, "no memory for a ping");
	ok = ok && plane_send(n, inner, why);
	world_leave(w);
	return ok;
}

/* ------------------------------------------------------------ in */

/*
 * Transport mode: the inner packet is the outer header with the payload in clear.  Its checksum is
 * over the addresses that its sender knows (RFC 3948 3.1.2).
 */
static struct bytes whole_inner(struct arena *arena, const struct pair *p,
				const struct arrival *a)
{
	struct bytes inner = BYTES_NONE;
	struct ip_packet outer;
	struct address from, to;

	if (!p->transport)
		return a->opened.inner;
	if (!ip_parse(a->delivered, &outer, NULL))
		return inner;
	from = p->original_remote.family ? p->original_remote : outer.from;
	to = p->original_local.family ? p->original_local : outer.to;
	if (!ip_make(arena, &from, &to, a->opened.next_header, 0, a->opened.inner, &inner))
		return BYTES_NONE;
	from = outer.from;
	to = outer.to;
	from.port = to.port = 0;
	return ip_rewrite(arena, inner, &from, &to, &inner) ? inner : BYTES_NONE;
}

/* An inner packet that went through the SA in fragments is whole with the last of them. */
static bool whole_again(struct world_node *n, struct arena *arena, struct ip_packet *inner)
{
	struct bytes whole;

	if (!inner->fragment)
		return true;
	if (n->fragments == NULL)
		n->fragments = reassembly_new();
	return n->fragments &&
	       reassembly_take(n->fragments, arena, inner->octets, world_now(n->world), &whole) &&
	       ip_parse(whole, inner, NULL);
}

static bool omits(const struct world_node *n, const char *check)
{
	int row = esp_check_find(check);

	return row >= 0 && (n->config.esp_omit >> row & 1);
}

/* Is there a younger one for the same traffic?  (a fault) */
static bool is_superseded(const struct world_node *n, const struct pair *p)
{
	for (const struct pair *q = n->newest; q && q != p; q = q->older)
		if (!q->removed && selectors_subset(&p->ours, &q->ours) &&
		    selectors_subset(&p->theirs, &q->theirs) &&
		    address_same_host(&p->remote, &q->remote))
			return true;
	return false;
}

void plane_open(struct world_node *n, struct arena *arena, struct bytes esp, struct arrival *a)
{
	struct pair *p = esp.len < 4 ? NULL : plane_by_spi(n, load_u32(esp.at));

	if (p == NULL && esp.len >= 4 && omits(n, "esp-spi"))
		p = n->newest;
	a->kind = ARRIVED_ESP;
	a->result = esp.len < 4 ? ESP_SHORT : ESP_NO_SA;
	if (p == NULL || (omits(n, "esp-both-live") && is_superseded(n, p)))
		return;
	a->child = p->child;
	a->result = esp_open(p->in, arena, esp, n->config.arrived != NULL, &a->opened);
	if (a->result == ESP_OK)
		carry(n, a->opened.inner.len, false);
	/* What the peer should not have sent inside is shown to a stepped node all the same. */
	bool opened = a->result == ESP_OK || (a->result == ESP_OUTSIDE && n->config.arrived);
	if (opened && ip_parse(whole_inner(arena, p, a), &a->inner, NULL) &&
	    whole_again(n, arena, &a->inner))
		a->is_echo = echo_parse(&a->inner, &a->echo);
}

static uint32_t spi_of(const struct ip_packet *outer)
{
	struct bytes esp = outer->protocol == PROTO_UDP ? outer->udp : outer->payload;

	return esp.len < 4 ? 0 : load_u32(esp.at);
}

/* RFC 7296 2.23: the peer is where its newest authenticated packet came from. */
static bool has_moved(const struct pair *p, const struct arrival *a, const struct ip_packet *outer)
{
	return p->udp && outer->protocol == PROTO_UDP && !address_equal(&p->remote, &outer->from) &&
	       a->opened.seq >= esp_sa_counters(p->in).seq;
}

static void answer(struct world_node *n, const struct arrival *a)
{
	struct bytes reply;
	struct why why;

	if (!n->config.answers_echo || !a->is_echo || a->echo.reply ||
	    !node_has_inner(n, &a->inner.to))
		return;
	if (echo_answer(n->world->message, &a->inner, &reply) && !plane_send(n, reply, &why))
		world_note(n->world, node_name(n), "a ping was not answered: %s", why.text);
}

/* The pair is looked for again: the endpoint may have removed it since. */
static void hand_inside(struct world_node *n, uint32_t spi, const struct arrival *a)
{
	struct pair *p = plane_by_spi(n, spi);

	if (n->config.inside && p)
		n->config.inside(n->config.ctx, n, whole_inner(n->world->message, p, a));
}

void plane_handle(struct world_node *n, const struct arrival *a)
{
	struct ip_packet outer;
	struct pair *p;
	uint32_t spi;

	if (!ip_parse(a->delivered, &outer, NULL))
		return;
	spi = spi_of(&outer);
	p = plane_by_spi(n, spi);
	if (p == NULL && a->result == ESP_OK)
		p = n->newest;          /* a fault took it */
	if (p == NULL || (p->removed && !plane_lingers(n, p))) {
		report(n, REPORT_UNKNOWN_SPI, spi, &outer.from);
		if (p == NULL)
			early_keep(n, a->delivered, spi);
		return;
	}
	if (a->result != ESP_OK && a->result != ESP_DUMMY) {
		world_note(n->world, node_name(n), "ESP SPI %08x refused: %s", spi,
			   esp_result_name(a->result));
		return;
	}
	p->unproven = false;
	report(n, REPORT_TRAFFIC, spi, &outer.from);
	if (has_moved(p, a, &outer))
		report(n, REPORT_NEW_ADDRESS, spi, &outer.from);
	node_speak(n);          /* what follows goes to the new address already */
	if (a->result != ESP_OK)
		return;
	hand_inside(n, spi, a);
	answer(n, a);
}
