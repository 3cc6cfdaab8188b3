/*
 * Adding a part by its path: "N(COOKIE)", "SA.P[1].T(ENCR)", "PAYLOAD(200)".
 */
#include "wire-internal.h"

/* What an element of a list may be that answers to the step. */
struct maker {
	struct node *list;
	const struct wire_format *format;
	uint32_t type;
};

static bool made_by_chain(const struct wire_row *row, const struct wire_step *step, struct maker *m)
{
	const struct wire_choices *c = row->choices;
	size_t len = strlen(step->name);

	for (size_t i = 0; i < c->count; i++) {
		if (wire_named(c->rows[i].format, step->name, len)) {
			m->format = c->rows[i].format;
			m->type = c->rows[i].value;
			return true;
		}
	}
	m->format = c->other;
	return c->other && wire_named(c->other, step->name, len) &&
	       wire_pick_value(step->pick, row->names, &m->type);
}

static bool made_by(struct node *list, const struct wire_step *step, struct maker *m)
{
	m->list = list;
	m->type = 0;
	if (list->row->choices)
		return made_by_chain(list->row, step, m);
	m->format = list->row->item;
	return wire_named(m->format, step->name, strlen(step->name));
}

/* The list in or at a node that can hold the step. */
static bool find_maker(struct node *at, const struct wire_step *step, struct maker *m)
{
	if (node_is(at, WIRE_LIST))
		return made_by(at, step, m);
	for (struct node *n = at->first; n; n = n->next)
		if ((node_is(n, WIRE_LIST) || node_is(n, WIRE_CHOICE)) && find_maker(n, step, m))
			return true;
	return false;
}

static bool pick_new(struct node *part, const struct wire_step *step, struct why *why)
{
	const struct wire_row *row = wire_pick_row(part->format);
	uint32_t value;

	if (!step->pick[0] || !row)
		return true;
	if (!wire_pick_value(step->pick, row->names, &value))
		return why_set(why, "%s(%s): no such %s", step->name, step->pick, row->name);
	if (!wire_give_number(part, row->name, value))
		return why_set(why, "%s(%s): does not fit %u bits", step->name, step->pick,
			       row->bits);
	return true;
}

/* After the last of its kind; NULL: at the end. */
static struct node *default_place(const struct maker *m)
{
	for (struct node *n = m->list->last; n; n = n->prev)
		if (n->format == m->format)
			return n->next;
	return NULL;
}

static bool place_of(const struct maker *m, struct node *before, struct node *after,
		     struct node **out, struct why *why)
{
	const struct node *beside = before ? before : after;

	if (beside && beside->parent != m->list)
		return why_set(why, "%s cannot stand beside that: it is in another list",
			       m->format->name);
	*out = before ? before : after ? after->next : default_place(m);
	return true;
}

struct node *wire_add(struct arena *a, struct node *root, const char *part, struct node *before,
		      struct node *after, struct why *why)
{
	struct wire_steps steps;
	const struct wire_step *last;
	struct node *at = root, *n, *place;
	struct maker m;

	if (!wire_parse_path(part, &steps, why))
		return NULL;
	last = &steps.step[--steps.count];
	if (steps.count > 0 && !wire_find_steps(root, &steps, &at)) {
		why_set(why, "%s: what it would stand in is not in the message", part);
		return NULL;
	}
	if (!find_maker(at, last, &m)) {
		why_set(why, "%s cannot be added: no list there holds '%s'", part, last->name);
		return NULL;
	}
	if (!place_of(&m, before, after, &place, why))
		return NULL;
	n = wire_new(a, m.format);
	if (!n) {
		why_set(why, "no memory for %s", part);
		return NULL;
	}
	n->type = m.type;
	wire_insert(m.list, n, place);
	if (pick_new(n, last, why))
		return n;
	wire_unlink(n);
	return NULL;
}
