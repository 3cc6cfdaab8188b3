/*
 * Composing a message through the phases of its edits: the inner chain; what is computed around it;
 * header and protection; the finished datagram.
 *
 * With edits everything is done twice, first honestly, so that an edit can speak of the honest
 * values.
 */
#include "message-compose.h"

#include <stdlib.h>

struct node *message_chain_new(struct arena *a)
{
	struct node *list = arena_new_of(a, struct node);

	if (list)
		list->row = &ike_chain;
	return list;
}

struct node *message_chain_add(struct arena *a, struct node *chain, uint8_t type)
{
	return wire_append(a, chain, ike_payload_format(type), type);
}

struct node *message_chain_notify(struct arena *a, struct node *chain, uint16_t type,
				  struct bytes data)
{
	struct node *n = message_chain_add(a, chain, PAYLOAD_NOTIFY);

	if (!n || !wire_give_number(n, "type", type) || !wire_give_octets(a, n, "data", data))
		return NULL;
	return n;
}

static bool at_edit(struct work *w, size_t i, const char *text)
{
	const struct edit *e = &w->edits->rows[i];

	if (w->edits->where_there)
		return true;
	return why_at_line(w->why, e->file ? e->file : "", e->line, "%s %s", e->path, text);
}

/* "SKF[2].icv": which datagram, 0 if it says none. */
static size_t datagram_index(const char *path)
{
	return path && strncmp(path, "SKF[", 4) == 0 ? strtoul(path + 4, NULL, 10) : 0;
}

bool work_elsewhere(const struct edit *e, size_t k)
{
	size_t place = datagram_index(e->before ? e->before : e->after);

	return place && place != k;
}

bool work_apply(struct work *w, size_t i, struct node *root, struct node *honest, const char *path)
{
	struct edit e = w->edits->rows[i];

	if (path && e.op != EDIT_ADD && wire_find_all(root, path, NULL, 0) == 0)
		return at_edit(w, i, EDIT_MISSING);
	if (path)
		e.path = path;
	if (datagram_index(e.before))
		e.before = "SKF";
	if (datagram_index(e.after))
		e.after = "SKF";
	w->plan[i].done = true;
	return edit_apply(w->a, root, honest, w->edits, &e, w->why);
}

static bool make_plan(struct work *w)
{
	w->plan = arena_array(w->a, w->edits->count + 1, sizeof(struct plan));
	if (!w->plan)
		return why_set(w->why, "no memory for %zu edits", w->edits->count);
	for (size_t i = 0; i < w->edits->count; i++)
		w->plan[i].phase = edit_phase_of(&w->edits->rows[i]);
	return true;
}

/* A part that is not inside SK may stand outside of it. */
static bool elsewhere(struct work *w, size_t i)
{
	const struct edit *e = &w->edits->rows[i];

	if (!w->c->protect || e->op == EDIT_ADD || wire_find_all(w->chain, e->path, NULL, 0) > 0)
		return false;
	w->plan[i].phase = EDIT_OUTER;
	return true;
}

/* before="SK": what is moved there leaves the chain before it is encrypted. */
static void move_out(struct work *w, size_t i)
{
	const struct edit *e = &w->edits->rows[i];

	if (e->op != EDIT_MOVE || w->plan[i].phase != EDIT_OUTER || !w->c->protect)
		return;
	w->plan[i].moved = wire_find(w->chain, e->path, NULL);
	if (w->plan[i].moved)
		wire_drop(w->plan[i].moved);
}

static bool inner_phase(struct work *w)
{
	for (size_t i = 0; w->edits && i < w->edits->count; i++) {
		move_out(w, i);
		if (w->plan[i].phase == EDIT_INNER && !elsewhere(w, i) &&
		    !work_apply(w, i, w->chain, w->honest_chain, NULL))
			return false;
	}
	return true;
}

/* "AUTH.from.id": told to the caller before it computes AUTH. */
static bool give_input(struct work *w, size_t i)
{
	const struct edit *e = &w->edits->rows[i];
	struct edit_place place = { .root = w->chain, .index = 1 };
	struct edit_value v = { 0 };
	struct why below = { .octet = WHY_NO_OCTET };

	w->plan[i].done = true;
	if (e->op != EDIT_SET || !w->c->input)
		return at_edit(w, i, "can only be set, and only where it is computed");
	if (!w->edits->value(w->edits->ctx, e->value, &place, w->a, &v, &below) ||
	    !w->c->input(w->c->ctx, e->path, &v, &below))
		return at_edit(w, i, below.text);
	if (w->edits->edited)
		w->edits->edited(w->edits->ctx, e, e->path, "honest", "set");
	return true;
}

static bool give_inputs(struct work *w)
{
	for (size_t i = 0; w->edits && i < w->edits->count; i++)
		if (w->plan[i].phase == EDIT_DERIVED &&
		    message_path_is_input(w->edits->rows[i].path) && !give_input(w, i))
			return false;
	return true;
}

/* Without any there is nobody who could look at a message half made. */
static bool has_edits(const struct work *w)
{
	return w->c->edits && w->c->edits->count > 0;
}

static bool encode_chain(struct work *w)
{
	const struct node *first;

	if (!wire_encode(w->a, w->chain, &w->plain, w->why))
		return false;
	first = w->chain->first;
	w->first = first && !first->undecoded ? (uint8_t)first->type : 0;
	return true;
}

static bool of_trailer(const char *path)
{
	char root[8];

	edit_root(path, root, sizeof(root));
	return strcmp(root, "SK") == 0 || strcmp(root, "SKF") == 0;
}

/* After each edit the rest follows anew, so that the next one sees what the rules give. */
static bool derived_phase(struct work *w)
{
	if (!give_inputs(w))
		return false;
	if (w->c->derive && !w->c->derive(w->c->ctx, w->chain, w->honest_chain, w->why))
		return false;
	if ((w->c->protect || has_edits(w)) && !encode_chain(w))
		return false;
	for (size_t i = 0; w->edits && i < w->edits->count; i++) {
		if (w->plan[i].phase != EDIT_DERIVED || w->plan[i].done ||
		    of_trailer(w->edits->rows[i].path) || elsewhere(w, i))
			continue;
		if (!work_apply(w, i, w->chain, w->honest_chain, NULL) || !encode_chain(w))
			return false;
	}
	return true;
}

bool message_path_of_datagram(struct arena *a, const char **path, size_t k)
{
	size_t index = datagram_index(*path);
	const char *end = index ? strchr(*path, ']') : NULL;

	if (!end)
		return true;
	*path = arena_printf(a, "SKF%s", end + 1);
	return index == k && *path;
}

const char *work_local_path(struct work *w, const char *path, size_t k)
{
	return message_path_of_datagram(w->a, &path, k) ? path : NULL;
}

static bool all_done(struct work *w)
{
	for (size_t i = 0; w->edits && i < w->edits->count; i++) {
		enum edit_phase phase = w->plan[i].phase;

		if (!w->plan[i].done && phase != EDIT_LATER && phase != EDIT_DATAGRAM)
			return at_edit(w, i, EDIT_MISSING);
	}
	return true;
}

static bool datagram_phase(struct work *w)
{
	w->out->honest = w->out->datagrams[0];
	for (size_t k = 0; w->edits && k < w->out->count; k++)
		for (size_t i = 0; i < w->edits->count; i++)
			if (w->plan[i].phase == EDIT_DATAGRAM &&
			    !edit_apply_datagram(w->a, &w->out->datagrams[k], w->edits,
						 &w->edits->rows[i], w->why))
				return false;
	return true;
}

static bool fill_parts(struct work *w, struct message *m)
{
	struct composed *out = w->out;
	size_t size = out->count * sizeof(struct node *);
	struct node **parts = arena_alloc(w->a, size), **trailers = arena_alloc(w->a, size);

	if (!parts || !trailers)
		return false;
	memcpy(parts, out->outer, size);
	memcpy(trailers, out->trailer, size);
	m->parts = parts;
	m->part_trailers = trailers;
	m->part_count = out->count;
	return true;
}

/* What was composed, as if it had been decoded and opened. */
static bool fill_message(struct work *w)
{
	struct message *m = &w->out->message;

	*m = (struct message){ .arena = w->a, .octets = w->out->honest, .outer = w->out->outer[0],
			       .protection = MESSAGE_CLEAR, .clean = true };
	if (w->c->protect) {
		m->protection = MESSAGE_OPENED;
		m->inner = w->chain;
		m->trailer = w->out->trailer[0];
		m->plain = w->plain;
		m->first = w->first;
		m->is_fragment = w->out->number[0] != 0;
		if (m->is_fragment && !fill_parts(w, m))
			return why_set(w->why, "no memory for the fragments");
	}
	return message_read_header(m, w->why);
}

static bool compose(struct work *w)
{
	return (!has_edits(w) || encode_chain(w)) && inner_phase(w) && derived_phase(w) &&
	       (w->c->protect ? work_seal(w) : work_clear(w)) && all_done(w) && datagram_phase(w) &&
	       fill_message(w);
}

/* The same again with the edits; the honest message is there to speak of. */
static bool compose_edited(struct work *honest, struct composed *out)
{
	struct work w = *honest;

	w.edits = w.c->edits;
	w.honest = honest->out;
	w.honest_chain = honest->chain;
	w.chain = wire_copy(w.a, honest->chain);
	w.out = out;
	if (!w.chain)
		return why_set(w.why, "no memory for a copy of the payloads");
	return make_plan(&w) && compose(&w);
}

bool message_finish(const struct composition *c, struct composed *out, struct why *why)
{
	struct bytes ivs[MESSAGE_FRAGMENTS] = { 0 };
	struct work w = {
		.a = c->arena, .c = c, .chain = c->chain, .ivs = ivs, .out = out, .why = why
	};

	*out = (struct composed){ .count = 0 };
	if (c->protect && !c->keys)
		return why_set(why, "there are no keys to seal the message with");
	if (!c->edits || c->edits->count == 0)
		return compose(&w);
	w.out = arena_new_of(c->arena, struct composed);
	if (!w.out)
		return why_set(why, "no memory for the honest message");
	return compose(&w) && compose_edited(&w, out);
}
