/*
 * How a receiver that trusts no length of a payload (a fault) finds its way: it tries which length
 * makes the rest of the chain come out even.
 */
#include "ikev2/formats.h"
#include "inside.h"

/* Does the chain from o on end exactly where the octets end? */
static bool even(const uint8_t *at, size_t len, size_t o)
{
	while (len - o >= 4) {
		uint16_t l = load_u16(at + o + 2);
		if (l < 4 || l > len - o)
			return false;
		if (at[o] == 0)
			return o + l == len;
		o += l;
	}
	return false;
}

/* The smallest: a larger one would skip payloads. */
static void try_lengths(uint8_t *at, size_t len, size_t o)
{
	uint16_t before = load_u16(at + o + 2);
	for (size_t l = 4; l <= len - o && l <= 65535; l++) {
		store_u16(at + o + 2, (uint16_t)l);
		if (even(at, len, o))
			return;
	}
	store_u16(at + o + 2, before);
}

static struct bytes repaired(struct arena *a, struct bytes chain)
{
	uint8_t *at = arena_alloc(a, chain.len);
	size_t o = 0;
	if (!at)
		return chain;
	memcpy(at, chain.at, chain.len);
	while (chain.len - o >= 4) {
		uint16_t l = load_u16(at + o + 2);
		if (l < 4 || l > chain.len - o) {
			try_lengths(at, chain.len, o);
			break;
		}
		o += l;
	}
	return bytes_make(at, chain.len);
}

/* The message is read once more; AUTH still covers what came. */
void receive_repair(struct incoming *x)
{
	struct why why;
	bool clean;
	if (x->m.inner) {
		struct node *inner =
			wire_decode_chain(x->arena, &ike_chain, x->m.first,
					  repaired(x->arena, x->m.plain), &clean, &why);
		if (inner)
			x->m.inner = inner;
		return;
	}
	uint8_t *at = arena_alloc(x->arena, x->m.octets.len);
	struct message m;
	if (!at || x->m.octets.len < IKE_HEADER)
		return;
	struct bytes chain =
		repaired(x->arena, bytes_slice(x->m.octets, IKE_HEADER, x->m.octets.len));
	memcpy(at, x->m.octets.at, IKE_HEADER);
	memcpy(at + IKE_HEADER, chain.at, chain.len);
	if (message_decode(x->arena, bytes_make(at, x->m.octets.len), &m, &why))
		x->m = m;
}
