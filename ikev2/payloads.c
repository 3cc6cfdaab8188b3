/*
 * Payloads by their fields: short words for what the exchanges read and write.
 */
#include "inside.h"

struct node *payload_list(struct node *n)
{
	for (struct node *c = n->first; c; c = c->next)
		if (c->row && c->row->kind == WIRE_LIST)
			return c;
	return NULL;
}

struct node *payload_element(struct arena *a, struct node *list)
{
	return wire_append(a, list, list->row->item, 0);
}

uint64_t payload_number(struct node *n, const char *field)
{
	uint64_t v = 0;
	return n && wire_number(n, field, &v) ? v : 0;
}

struct bytes payload_octets(struct node *n, const char *field)
{
	struct node *f = n ? wire_find(n, field, NULL) : NULL;
	return f ? f->octets : BYTES_NONE;
}

struct node *payload_chain(const struct message *m)
{
	if (m->inner)
		return m->inner;
	return m->outer ? payload_list(m->outer) : NULL;
}

bool type_known(uint32_t payload)
{
	return (payload >= PAYLOAD_SA && payload <= PAYLOAD_EAP) || payload == PAYLOAD_SKF;
}

bool payload_notify(struct making *m, uint16_t type, struct bytes data)
{
	return message_chain_notify(m->arena, m->chain, type, data) != NULL;
}

bool payload_ke(struct making *m, uint16_t group, struct bytes data)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_KE);
	return p && wire_give_number(p, "group", group) &&
	       wire_give_octets(m->arena, p, "data", data);
}

bool payload_nonce(struct making *m, struct bytes data)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_NONCE);
	return p && wire_give_octets(m->arena, p, "data", data);
}

bool payload_id(struct making *m, uint8_t type, const struct identity *id)
{
	struct node *p = message_chain_add(m->arena, m->chain, type);
	bool fills = id->type == ID_NULL && !check_on(m->e, CHECK_NULL_ID_SENT);
	return p && wire_give_number(p, "type", id->type) &&
	       wire_give_octets(m->arena, p, "data", fills ? bytes_text("nobody") : id->data);
}

bool payload_auth(struct making *m)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_AUTH);
	return p && auth_method_choose(m->ike, &m->method, &m->scheme, m->why) &&
	       wire_give_number(p, "method", m->method->id);
}

bool payload_certificate(struct making *m, uint8_t type, uint8_t encoding, struct bytes data)
{
	struct node *p = message_chain_add(m->arena, m->chain, type);
	return p && wire_give_number(p, "encoding", encoding) &&
	       wire_give_octets(m->arena, p, "data", data);
}

bool payload_delete(struct making *m, uint8_t protocol, const uint32_t *spis, size_t count)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_DELETE);
	struct node *list = p ? payload_list(p) : NULL;
	if (!list || !wire_give_number(p, "protocol", protocol))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct node *n = payload_element(m->arena, list);
		uint8_t spi[4];
		store_u32(spi, spis[i]);
		if (!n || !wire_give_octets(m->arena, n, "spi", BYTES_OF(spi)))
			return false;
	}
	return true;
}

uint16_t error_notify(const struct message *m)
{
	struct node *chain = payload_chain(m);
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next) {
		uint64_t type = p->type == PAYLOAD_NOTIFY ? payload_number(p, "type") : 0;
		if (type > 0 && type < 16384)
			return (uint16_t)type;
	}
	return 0;
}

/* A sender that does not clear what is reserved: a fault.  Ones in the first reserved field of each
 * composite. */
void reserved_ones(struct node *n)
{
	for (struct node *c = n->first; c; c = c->next) {
		if (c->row && c->row->kind == WIRE_RESERVED && c->row->bits < 64)
			wire_set_number(c, ((uint64_t)1 << c->row->bits) - 1, NULL);
		reserved_ones(c);
	}
}
