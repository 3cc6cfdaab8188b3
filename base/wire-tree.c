/*
 * The tree itself: making nodes, linking them, parts.
 */
#include <assert.h>

#include "wire-internal.h"

const struct wire_row wire_undecoded_row = { .name = "undecoded", .kind = WIRE_REST };

static const char *const kind_names[WIRE_KINDS] = {
	"UINT", "RESERVED", "NEXT", "MORE", "LENGTH", "COUNT", "SIZE",
	"OCTETS", "REST", "LIST", "CHOICE", "COMPUTED", "STRUCT",
};

const char *wire_kind_name(enum wire_kind kind)
{
	assert((size_t)kind < WIRE_KINDS);
	return kind_names[kind];
}

int wire_kind_value(const char *name)
{
	for (int i = 0; i < WIRE_KINDS; i++)
		if (strcmp(kind_names[i], name) == 0)
			return i;
	return -1;
}

void wire_link(struct node *parent, struct node *n, struct node *before)
{
	n->parent = parent;
	n->next = before;
	n->prev = before ? before->prev : parent->last;
	if (n->prev)
		n->prev->next = n;
	else
		parent->first = n;
	if (before)
		before->prev = n;
	else
		parent->last = n;
}

void wire_unlink(struct node *n)
{
	if (!n->parent)
		return;
	if (n->prev)
		n->prev->next = n->next;
	else
		n->parent->first = n->next;
	if (n->next)
		n->next->prev = n->prev;
	else
		n->parent->last = n->prev;
	n->parent = n->prev = n->next = NULL;
}

struct node *wire_node(struct arena *a, struct node *parent, const struct wire_row *row)
{
	struct node *n = arena_take(a, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct node){ .row = row };
	if (parent)
		wire_link(parent, n, NULL);
	return n;
}

struct node *wire_room(struct arena *a, const struct wire_format *format)
{
	return arena_take(a, format->count * sizeof(struct node));
}

const struct wire_format *wire_pick(const struct wire_choices *choices, uint64_t value)
{
	for (size_t i = 0; i < choices->count; i++)
		if (choices->rows[i].value == value)
			return choices->rows[i].format;
	return choices->other;
}

struct node *wire_field(const struct node *composite, const char *name)
{
	for (struct node *n = composite->first; n; n = n->next) {
		struct node *inside = NULL;

		if (n->row && name_is(n->row->name, name))
			return n;
		if (node_is(n, WIRE_CHOICE))
			inside = wire_field(n, name);
		if (inside)
			return inside;
	}
	return NULL;
}

struct node *wire_look_up(const struct node *from, const char *name)
{
	for (const struct node *c = from->parent; c; c = c->parent) {
		struct node *n = node_is(c, WIRE_LIST) ? NULL : wire_field(c, name);

		if (n)
			return n;
	}
	return NULL;
}

struct node *wire_ruler(const struct node *composite, enum wire_kind kind, const char *name)
{
	for (struct node *n = composite->first; n; n = n->next) {
		struct node *inside = NULL;

		if (node_is(n, kind) && n->row->of && name_is(n->row->of, name))
			return n;
		if (node_is_embedded(n))
			inside = wire_ruler(n, kind, name);
		if (inside)
			return inside;
	}
	return NULL;
}

struct node *wire_element_of(const struct node *n)
{
	const struct node *c = n;

	while (c->parent && c->row)
		c = c->parent;
	return (struct node *)c;
}

struct node *wire_next_element(const struct node *element)
{
	for (struct node *n = element->next; n; n = n->next)
		if (!n->undecoded)
			return n;
	return NULL;
}

static bool fill(struct arena *a, struct node *n, const struct wire_format *format);

/* The variant that the field `of` picks now, honest and empty. */
static bool fill_choice(struct arena *a, struct node *n)
{
	const struct node *by = wire_look_up(n, n->row->of);

	n->arena = a;
	n->first = n->last = NULL;
	n->format = by ? wire_pick(n->row->choices, by->number) : NULL;
	return !n->format || fill(a, n, n->format);
}

static bool fill_octets(struct arena *a, struct node *n)
{
	if (n->row->bits == 0 || n->row->kind == WIRE_REST)
		return true;
	n->octets.len = n->row->bits / 8;
	n->octets.at = arena_alloc(a, n->octets.len);
	return n->octets.at != NULL;
}

static bool fill_field(struct arena *a, struct node *n)
{
	switch (n->row->kind) {
	case WIRE_UINT:
	case WIRE_RESERVED:
		n->number = n->row->constant;
		return true;
	case WIRE_OCTETS:
	case WIRE_REST:
	case WIRE_COMPUTED:
		return fill_octets(a, n);
	case WIRE_CHOICE:
		return fill_choice(a, n);
	case WIRE_STRUCT:
		n->format = n->row->item;
		return fill(a, n, n->format);
	default:
		return true;
	}
}

static bool fill(struct arena *a, struct node *n, const struct wire_format *format)
{
	struct node *room = wire_room(a, format);

	for (size_t i = 0; room && i < format->count; i++)
		if (!fill_field(a, wire_place(&room[i], n, &format->rows[i])))
			return false;
	return room != NULL;
}

struct node *wire_new(struct arena *a, const struct wire_format *format)
{
	struct node *n = wire_node(a, NULL, NULL);

	if (!n)
		return NULL;
	n->format = format;
	return fill(a, n, format) ? n : NULL;
}

/* A given number picks the variants of its CHOICEs anew; what was in them goes. */
bool wire_repick(struct node *field)
{
	for (struct node *n = field->next; n; n = n->next) {
		if (!node_is(n, WIRE_CHOICE) || !n->arena || !name_is(n->row->of, field->row->name))
			continue;
		if (wire_pick(n->row->choices, field->number) != n->format &&
		    !fill_choice(n->arena, n))
			return false;
	}
	return true;
}

struct node *wire_append(struct arena *a, struct node *list, const struct wire_format *format,
			 uint32_t type)
{
	struct node *n;

	assert(node_is(list, WIRE_LIST));
	if (!format)
		format = list->row->choices ? wire_pick(list->row->choices, type) : list->row->item;
	n = format ? wire_new(a, format) : NULL;
	if (!n)
		return NULL;
	n->type = type;
	wire_link(list, n, NULL);
	return n;
}

void wire_drop(struct node *part)
{
	wire_unlink(part);
}

struct node *wire_copy(struct arena *a, const struct node *part)
{
	struct node *copy = wire_node(a, NULL, part->row);

	if (!copy)
		return NULL;
	*copy = *part;
	copy->parent = copy->first = copy->last = copy->prev = copy->next = NULL;
	for (const struct node *n = part->first; n; n = n->next) {
		struct node *child = wire_copy(a, n);

		if (!child)
			return NULL;
		wire_link(copy, child, NULL);
	}
	return copy;
}

void wire_insert(struct node *list, struct node *part, struct node *before)
{
	assert(!part->parent && (!before || before->parent == list));
	wire_link(list, part, before);
}

size_t wire_count(const struct node *list)
{
	size_t count = 0;

	for (const struct node *n = list->first; n; n = n->next)
		count += !n->undecoded;
	return count;
}
