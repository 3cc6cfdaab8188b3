/* ${honest} in a check: what the rules would have put into a field that the target sent. */
#include "inside.h"

/* SHA-1 over SPIi, SPIr, address and port as the target sent them (RFC 7296 2.23). */
static bool nat_hash(struct run *r, const struct saved *s, bool source, struct edit_value *out)
{
	const struct message *m = &s->seen->message;
	const struct address *a = source ? &s->arrival->ip.from : &s->arrival->ip.to;
	struct bytes ip = address_octets(a);
	uint8_t in[34], *hash = arena_alloc(r->arena, 20);
	struct sink sink = sink_over(in, sizeof in);
	size_t len;

	sink_u64(&sink, m->spi_i);
	sink_u64(&sink, m->spi_r);
	sink_put(&sink, ip);
	sink_u16(&sink, a->port);
	if (!hash || !crypto_hash(r->options->crypto, "SHA1", sink_bytes(&sink), hash, 20, &len))
		return false;
	*out = (struct edit_value){ .is_octets = true, .octets = bytes_make(hash, len) };
	return true;
}

static bool is_derived(enum wire_kind kind)
{
	return kind == WIRE_NEXT || kind == WIRE_MORE || kind == WIRE_LENGTH ||
	       kind == WIRE_COUNT || kind == WIRE_SIZE;
}

bool honest_value(struct run *r, const struct saved *s, const struct node *n,
		  struct edit_value *out)
{
	uint64_t type = 0;

	*out = (struct edit_value){ 0 };
	if (!n || !n->row)
		return false;
	if (is_derived(n->row->kind)) {
		out->number = wire_derive(n);
		return true;
	}
	if (n->row->kind == WIRE_RESERVED)
		return true;
	if (s->kind == SAVED_SEEN && s->arrival && n->parent && n->parent->type == PAYLOAD_NOTIFY &&
	    strcmp(n->row->name, "data") == 0 && wire_number(n->parent, "type", &type) &&
	    (type == NOTIFY_NAT_SOURCE || type == NOTIFY_NAT_DESTINATION))
		return nat_hash(r, s, type == NOTIFY_NAT_SOURCE, out);
	return false;
}
