/*
 * A datagram to trees: decode, open, find.
 */
#include "message-internal.h"

#include <assert.h>
#include <stdio.h>

bool message_read_header(struct message *m, struct why *why)
{
	struct cursor c = cursor_over(m->octets);
	uint8_t version, flags;

	if (!cursor_u64(&c, &m->spi_i) || !cursor_u64(&c, &m->spi_r) ||
	    !cursor_u8(&c, &m->next_payload) || !cursor_u8(&c, &version) ||
	    !cursor_u8(&c, &m->exchange) || !cursor_u8(&c, &flags) || !cursor_u32(&c, &m->id) ||
	    !cursor_u32(&c, &m->length))
		return why_set(why, "%zu octets, an IKE header has %d", m->octets.len, IKE_HEADER);
	m->major_version = version >> 4;
	m->minor_version = version & 15;
	m->initiator = flags & 0x08;
	m->response = flags & 0x20;
	return true;
}

struct node *message_list(const struct node *outer)
{
	struct node *n = outer->first;

	while (n && (!n->row || n->row->kind != WIRE_LIST))
		n = n->next;
	return n;
}

struct node *message_sealed(const struct node *outer)
{
	const struct node *list = message_list(outer);

	for (struct node *n = list ? list->first : NULL; n; n = n->next)
		if (n->format && (n->type == PAYLOAD_SK || n->type == PAYLOAD_SKF))
			return n;
	return NULL;
}

static void read_number(struct node *n, const char *path, uint16_t *out)
{
	uint64_t v;

	if (wire_number(n, path, &v))
		*out = (uint16_t)v;
}

bool message_decode(struct arena *a, struct bytes octets, struct message *out, struct why *why)
{
	const struct node *sealed;

	*out = (struct message){ .arena = a, .octets = octets };
	if (!message_read_header(out, why))
		return false;
	out->outer = wire_decode(a, &ike_message, octets, &out->clean, &out->why);
	if (!out->outer)
		return why_set(why, "no memory for the tree of %zu octets", octets.len);
	sealed = message_sealed(out->outer);
	out->protection = sealed ? MESSAGE_SEALED : MESSAGE_CLEAR;
	out->is_fragment = sealed && sealed->type == PAYLOAD_SKF;
	if (out->is_fragment) {
		read_number(out->outer, "SKF.number", &out->fragment);
		read_number(out->outer, "SKF.total", &out->fragments);
	}
	return true;
}

static void place(struct node *n, struct bytes b, size_t at)
{
	n->octets = b;
	n->at_bits = at * 8;
	n->size_bits = b.len * 8;
}

bool message_split(const struct message *m, struct node *sealed, const struct suite *suite)
{
	struct node *iv = wire_find(sealed, "iv", NULL);
	struct node *ciphertext = wire_find(sealed, "ciphertext", NULL);
	struct node *icv = wire_find(sealed, "icv", NULL);
	size_t icv_len = suite_icv(suite), iv_len = suite->encr->iv, at, len;

	if (!iv || !ciphertext || !icv)
		return false;
	at = iv->at_bits / 8;
	len = (icv->at_bits + icv->size_bits) / 8 - at;
	if (len < iv_len + icv_len)
		return false;
	place(iv, bytes_slice(m->octets, at, iv_len), at);
	at += iv_len;
	len -= iv_len + icv_len;
	place(ciphertext, bytes_slice(m->octets, at, len), at);
	place(icv, bytes_slice(m->octets, at + len, icv_len), at + len);
	return true;
}

static bool refuse(struct message *m, enum message_protection protection, struct why *why,
		   const char *text)
{
	m->protection = protection;
	return why_set(why, "%s", text);
}

/* The plaintext's tail, as a tree of its own. */
static struct node *decode_trailer(struct arena *a, struct bytes padding, uint8_t pad_length)
{
	struct node *trailer = wire_new(a, &ike_trailer);

	if (!trailer)
		return NULL;
	trailer->first->octets = padding;
	trailer->last->number = pad_length;
	trailer->first->set = trailer->last->set = true;
	return trailer;
}

/* Takes the padding off; a length past the start is no padding at all. */
static bool take_off_padding(struct message *m, struct bytes plain, bool check_padding,
			     struct why *why)
{
	size_t len = plain.len - 1;
	uint8_t pad = plain.at[len];
	bool good = pad <= len;

	if (!good && check_padding)
		return refuse(m, MESSAGE_BAD_PADDING, why, "SK.pad_length runs past the start");
	len -= good ? pad : 0;
	m->plain = bytes_slice(plain, 0, len);
	m->trailer = decode_trailer(m->arena, bytes_slice(plain, len, good ? pad : 0), pad);
	return m->trailer || why_set(why, "no memory for the padding");
}

static bool decode_inner(struct message *m, struct why *why)
{
	struct why inner = { .octet = WHY_NO_OCTET };
	bool clean;

	m->inner = wire_decode_chain(m->arena, &ike_chain, m->first, m->plain, &clean, &inner);
	if (!m->inner)
		return why_set(why, "no memory for the inner payloads");
	if (m->clean && !clean)
		m->why = inner;
	m->clean = m->clean && clean;
	return true;
}

static bool unseal(struct message *m, struct node *sealed, const struct message_keys *keys,
		   bool check_icv, struct bytes *plain, struct why *why)
{
	struct bytes iv = wire_find(sealed, "iv", NULL)->octets;
	struct bytes text = wire_find(sealed, "ciphertext", NULL)->octets;
	struct bytes icv = wire_find(sealed, "icv", NULL)->octets;
	struct bytes aad = bytes_slice(m->octets, 0, wire_find(sealed, "iv", NULL)->at_bits / 8);
	uint8_t *out = arena_alloc(m->arena, text.len);

	if (!out)
		return why_set(why, "no memory for the plaintext");
	*plain = bytes_make(out, text.len);
	if (sealer_open(keys->sealer, iv, aad, text, BYTES_NONE, icv, out))
		return true;
	if (check_icv || !sealer_open_unchecked(keys->sealer, iv, aad, text, out))
		return refuse(m, MESSAGE_BAD_ICV, why, "SK.icv is wrong");
	return true;
}

bool message_open(struct message *m, const struct message_keys *keys, bool check_icv,
		  bool check_padding, struct why *why)
{
	struct node *sealed = message_sealed(m->outer);
	struct bytes plain = BYTES_NONE;
	size_t len;

	if (!sealed)
		return why_set(why, "there is no SK payload");
	if (!message_split(m, sealed, keys->suite))
		return refuse(m, MESSAGE_SHORT, why, "SK is too short for its IV and ICV");
	len = wire_find(sealed, "ciphertext", NULL)->octets.len;
	if (len == 0 || len % keys->suite->encr->block != 0)
		return refuse(m, MESSAGE_SHORT, why, "SK.ciphertext is not whole blocks");
	if (!unseal(m, sealed, keys, check_icv, &plain, why) ||
	    !take_off_padding(m, plain, check_padding, why))
		return false;
	m->first = (uint8_t)sealed->first->number;
	m->protection = MESSAGE_OPENED;
	return m->is_fragment || decode_inner(m, why);
}

bool message_join(struct message *m, const struct message *fragments, size_t count, struct why *why)
{
	size_t len = 0;
	struct sink s;
	uint8_t *at;

	if (count == 0)
		return decode_inner(m, why);
	for (size_t i = 0; i < count; i++)
		len += fragments[i].plain.len;
	at = arena_alloc(m->arena, len + 1);
	if (!at)
		return why_set(why, "no memory for %zu octets of fragments", len);
	s = sink_over(at, len);
	for (size_t i = 0; i < count; i++) {
		sink_put(&s, fragments[i].plain);
		m->clean = m->clean && fragments[i].clean;
	}
	m->plain = sink_bytes(&s);
	m->first = fragments[0].first;
	return decode_inner(m, why);
}

struct node *message_payload(const struct message *m, uint8_t type, unsigned n)
{
	const struct node *list = m->inner ? m->inner : message_list(m->outer);

	for (struct node *e = list ? list->first : NULL; e; e = e->next)
		if (e->format && e->type == type && --n == 0)
			return e;
	return NULL;
}

struct node *message_notify(const struct message *m, uint16_t type)
{
	struct node *n;
	uint64_t v;

	for (unsigned i = 1; (n = message_payload(m, PAYLOAD_NOTIFY, i)) != NULL; i++)
		if (wire_number(n, "type", &v) && v == type)
			return n;
	return NULL;
}

bool message_body(struct arena *a, struct node *payload, struct bytes *out)
{
	struct bytes all;

	if (!wire_octets(a, payload, &all))
		return false;
	*out = bytes_slice(all, 4, all.len);
	return true;
}
