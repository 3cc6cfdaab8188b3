/*
 * A message sent before, again: its octets, with edits that change only what they name.
 */
#include "message-compose.h"

static bool recompute_icv(struct work *w, struct node *sealed)
{
	struct node *iv = wire_find(sealed, "iv", NULL), *icv = wire_find(sealed, "icv", NULL);
	struct node *text = wire_find(sealed, "ciphertext", NULL);
	struct bytes octets, aad;

	if (!iv || !icv || !text || icv->set || !w->c->keys)
		return true;
	if (!wire_encode(w->a, w->out->outer[0], &octets, w->why))
		return false;
	aad = bytes_slice(octets, 0, iv->at_bits / 8);
	return message_icv(w->a, w->c->keys, iv->octets, aad, text->octets, &icv->octets) ||
	       why_set(w->why, "no ICV for the edited message");
}

static bool apply_edits(struct work *w, struct node *root, struct node *honest,
			struct bytes *octets)
{
	for (size_t i = 0; w->edits && i < w->edits->count; i++) {
		const struct edit *e = &w->edits->rows[i];
		enum edit_phase phase = edit_phase_of(e);

		if (phase == EDIT_DATAGRAM || phase == EDIT_LATER)
			continue;
		if (!edit_apply(w->a, root, honest, w->edits, e, w->why) ||
		    !wire_encode(w->a, root, octets, w->why))
			return false;
	}
	return true;
}

static bool datagram_edits(struct work *w)
{
	for (size_t i = 0; w->edits && i < w->edits->count; i++)
		if (edit_phase_of(&w->edits->rows[i]) == EDIT_DATAGRAM &&
		    !edit_apply_datagram(w->a, &w->out->datagrams[0], w->edits, &w->edits->rows[i],
					 w->why))
			return false;
	return true;
}

/* Octets too few for a header can only be sent as they are. */
static bool short_again(struct work *w, struct bytes sent)
{
	w->out->count = 1;
	w->out->honest = w->out->datagrams[0] = sent;
	w->out->message.octets = sent;
	return datagram_edits(w);
}

bool message_again(struct arena *a, struct bytes sent, const struct message_keys *keys,
		   const struct edits *edits, struct composed *out, struct why *why)
{
	const struct composition c = { .arena = a, .keys = keys };
	struct work w = { .a = a, .c = &c, .edits = edits, .out = out, .why = why };
	struct message *m = &out->message;
	struct node *sealed, *honest;

	*out = (struct composed){ .count = 0 };
	if (!message_decode(a, sent, m, why))
		return sent.len < IKE_HEADER && short_again(&w, sent);
	sealed = message_sealed(m->outer);
	if (sealed && keys)
		message_split(m, sealed, keys->suite);
	honest = wire_copy(a, m->outer);
	out->outer[0] = m->outer;
	if (!honest || !wire_encode(a, m->outer, &out->honest, why) ||
	    !apply_edits(&w, m->outer, honest, &out->honest) ||
	    (sealed && !recompute_icv(&w, sealed)) || !wire_encode(a, m->outer, &out->honest, why))
		return false;
	out->count = 1;
	out->datagrams[0] = m->octets = out->honest;
	return message_read_header(m, why) && datagram_edits(&w);
}
