/*
 * A tree as text: a field a line, parts indented.
 */
#include <inttypes.h>
#include <stdio.h>

#include "wire-internal.h"

#define HEX_OCTETS 64

struct printer {
	wire_write *write;
	void *ctx;
};

static void line(const struct printer *p, unsigned depth, const char *name, const char *value)
{
	static const char spaces[] = "                                ";
	size_t indent = depth * 2;

	p->write(p->ctx, spaces, indent < sizeof(spaces) ? indent : sizeof(spaces) - 1);
	p->write(p->ctx, name, strlen(name));
	if (value) {
		p->write(p->ctx, ": ", 2);
		p->write(p->ctx, value, strlen(value));
	}
	p->write(p->ctx, "\n", 1);
}

static void print_number(const struct printer *p, const struct node *n, unsigned depth)
{
	const char *text = n->row->names ? names_text(n->row->names, (uint32_t)n->number) : NULL;
	char value[120];

	if (text)
		snprintf(value, sizeof(value), "%" PRIu64 " (%s)", n->number, text);
	else if (n->row->bits > 32)
		snprintf(value, sizeof(value), "0x%016" PRIx64, n->number);
	else
		snprintf(value, sizeof(value), "%" PRIu64, n->number);
	line(p, depth, n->row->name, value);
}

static void print_octets(const struct printer *p, const struct node *n, unsigned depth)
{
	char hex[HEX_OCTETS * 2 + 1], value[sizeof(hex) + 40];

	bytes_hex(bytes_slice(n->octets, 0, HEX_OCTETS), hex, sizeof(hex));
	if (n->octets.len > HEX_OCTETS)
		snprintf(value, sizeof(value), "%s... (%zu octets)", hex, n->octets.len);
	else
		snprintf(value, sizeof(value), "%s", n->octets.len ? hex : "(empty)");
	line(p, depth, n->row->name, value);
}

static void print_element(const struct printer *p, const struct node *n, unsigned depth,
			  unsigned index)
{
	const struct node *field = n->format->pick ? wire_field(n, n->format->pick) : NULL;
	const char *text = NULL;
	char name[120];

	if (field && node_is_number(field) && field->row->names)
		text = names_text(field->row->names, (uint32_t)field->number);
	if (text)
		snprintf(name, sizeof(name), "%s(%s)", n->format->name, text);
	else if (n->parent->row && n->parent->row->choices && n->format->pick)
		snprintf(name, sizeof(name), "%s", n->format->name);
	else if (n->parent->row && n->parent->row->choices)
		snprintf(name, sizeof(name), "%s (%u)", n->format->name, n->type);
	else
		snprintf(name, sizeof(name), "%s[%u]", n->format->name, index);
	line(p, depth, name, NULL);
}

static void print_node(const struct printer *p, const struct node *n, unsigned depth,
		       unsigned index)
{
	unsigned child_index = 0;

	if (node_is_number(n)) {
		print_number(p, n, depth);
		return;
	}
	if (node_is_octets(n)) {
		print_octets(p, n, depth);
		return;
	}
	if (!n->row && n->parent)
		print_element(p, n, depth++, index);
	else if (node_is(n, WIRE_STRUCT))
		line(p, depth++, n->row->name, NULL);
	for (const struct node *child = n->first; child; child = child->next)
		print_node(p, child, depth, ++child_index);
}

void wire_print(const struct node *root, wire_write *write, void *ctx)
{
	struct printer p = { write, ctx };

	print_node(&p, root, 0, 1);
}
