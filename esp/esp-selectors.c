/*
 * Selectors of an SA against an inner packet (RFC 4301 5.2 step 4, RFC 7296 3.13.1 for ICMP and
 * OPAQUE).
 */
#include "esp-sa.h"
#include "ip-header.h"

/* What selectors look at.  For ICMP both ports are type and code. */
struct flow {
	struct address from, to;
	uint8_t protocol;
	bool has_ports, later_fragment;
	uint16_t source_port, destination_port;
};

static bool port_allowed(const struct esp_selector *s, bool known, uint16_t port)
{
	if (s->first_port == 0 && s->last_port == UINT16_MAX)
		return true;
	if (!known)
		return s->first_port > s->last_port; /* OPAQUE */
	return port >= s->first_port && port <= s->last_port;
}

static bool any_allows(const struct esp_selector *s, size_t count, const struct address *address,
		       const struct flow *f, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (s[i].protocol != 0 && s[i].protocol != f->protocol)
			continue;
		if (address_in_range(address, &s[i].range) &&
		    (f->later_fragment || port_allowed(&s[i], f->has_ports, port)))
			return true;
	}
	return count == 0;
}

static void read_upper(struct bytes upper, bool whole_start, struct flow *f)
{
	bool icmp = f->protocol == PROTO_ICMP || f->protocol == PROTO_ICMP6;
	bool ported = f->protocol == PROTO_UDP || f->protocol == PROTO_TCP;

	if (!whole_start || upper.len < 4 || (!icmp && !ported))
		return;
	f->has_ports = true;
	f->source_port = load_u16(upper.at);
	f->destination_port = icmp ? f->source_port : load_u16(upper.at + 2);
}

static bool read_inner(struct bytes inner, struct flow *f)
{
	struct ip_header h;
	size_t len;

	if (!ip_header_read(inner, &h, NULL))
		return false;
	len = ip_address_len(h.family);
	address_from_octets(bytes_slice(inner, h.addresses, len), 0, &f->from);
	address_from_octets(bytes_slice(inner, h.addresses + len, len), 0, &f->to);
	f->protocol = h.protocol;
	f->later_fragment = h.later_fragment;
	read_upper(bytes_slice(inner, h.payload, h.length - h.payload), !h.later_fragment, f);
	return true;
}

bool esp_selected(const struct esp_sa *sa, struct bytes inner, uint8_t next_header)
{
	const struct esp_config *c = &sa->config;
	struct flow f = { .from = c->from, .to = c->to, .protocol = next_header };

	if (c->mode == ESP_TRANSPORT)
		read_upper(inner, true, &f);
	else if (!read_inner(inner, &f))
		return false;
	f.later_fragment &= c->fragments_too;
	return any_allows(c->source, c->sources, &f.from, &f, f.source_port) &&
	       any_allows(c->destination, c->destinations, &f.to, &f, f.destination_port);
}
