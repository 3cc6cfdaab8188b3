/*
 * Pass 1b: our own look at the names of elements and attributes and at simple values, because the
 * schema's messages name no nearest word and end with the first fault of a parent.
 */
#include <libxml/tree.h>

#include "expr.h"
#include "grammar.h"
#include "library.h"

#define NAMESPACE "urn:ikespec:scenario:1"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define DEPTH_MAX 100

struct check {
	struct library *l;
	const char *file;
};

static unsigned line_of(const xmlNode *node)
{
	long line = xmlGetLineNo((xmlNodePtr)node);
	return line > 0 ? (unsigned)line : 0;
}

static const char *name_of(const xmlNode *node)
{
	return (const char *)node->name;
}

static bool in_namespace(const xmlNode *node)
{
	return node->ns != NULL && node->ns->href != NULL &&
	       strcmp((const char *)node->ns->href, NAMESPACE) == 0;
}

/* ------------------------------------------------------------ attributes */

static void unknown_attribute(struct check *c, const xmlNode *node, const struct shape *shape,
			      const char *name)
{
	const char *names[64];
	size_t count = 0;
	struct shape_word word;
	for (const char *at = shape->attributes;
	     shape_word(&at, &word) && count < ARRAY_LEN(names);)
		names[count++] = arena_printf(c->l->arena, "%.*s", (int)word.len, word.name);
	complain(c->l, c->file, line_of(node), "<%s> has no attribute '%.60s'%s", shape->name, name,
		 did_you_mean(c->l, name, names, count));
}

static void check_value(struct check *c, const xmlNode *node, const struct shape *shape,
			const char *name, const struct type_row *type, const char *text)
{
	struct why why = { .text = "" };
	if (strnlen(text, EXPR_TEXT_MAX) >= EXPR_TEXT_MAX)
		complain(c->l, c->file, line_of(node), "<%s %s>: the text is too long", shape->name,
			 name);
	else if (type != NULL && !type_fits(type, text, &why))
		complain(c->l, c->file, line_of(node), "<%s %s>: %s", shape->name, name, why.text);
}

static void check_attribute(struct check *c, const xmlNode *node, const struct shape *shape,
			    const xmlAttr *attr)
{
	bool any;
	const char *name = (const char *)attr->name;
	if (attr->ns != NULL) {
		if (strcmp((const char *)attr->ns->href, XSI) != 0)
			complain(c->l, c->file, line_of(node),
				 "<%s> has no attribute '%.60s:%.60s'", shape->name,
				 (const char *)attr->ns->prefix, name);
		return;
	}
	const struct type_row *type = shape_attribute(shape, name, &any);
	if (type == NULL && !any) {
		unknown_attribute(c, node, shape, name);
		return;
	}
	xmlChar *text = xmlNodeListGetString(node->doc, attr->children, 1);
	check_value(c, node, shape, name, type, text != NULL ? (const char *)text : "");
	xmlFree(text);
}

static void check_required(struct check *c, const xmlNode *node, const struct shape *shape)
{
	struct shape_word word;
	for (const char *at = shape->attributes; shape_word(&at, &word);) {
		char name[64];
		if (!word.required || word.len >= sizeof(name))
			continue;
		memcpy(name, word.name, word.len);
		name[word.len] = '\0';
		if (xmlHasNsProp((xmlNodePtr)node, (const xmlChar *)name, NULL) == NULL)
			complain(c->l, c->file, line_of(node), "<%s> needs the attribute '%s'",
				 shape->name, name);
	}
}

/* ------------------------------------------------------------ elements */

static void unknown_element(struct check *c, const xmlNode *node, const struct shape *parent)
{
	const char *names[96];
	unsigned holds = parent != NULL ? parent->holds : IN_FILE;
	size_t count = shape_names(0, names, ARRAY_LEN(names));
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name_of(node)) == 0) {
			complain(c->l, c->file, line_of(node), "<%s> does not belong %s%s%s",
				 name_of(node), parent != NULL ? "in <" : "at the root of a file",
				 parent != NULL ? parent->name : "", parent != NULL ? ">" : "");
			return;
		}
	count = shape_names(holds, names, ARRAY_LEN(names));
	complain(c->l, c->file, line_of(node), "unknown element <%.60s>%s", name_of(node),
		 did_you_mean(c->l, name_of(node), names, count));
}

static void check_node(struct check *c, const xmlNode *node, const struct shape *parent,
		       unsigned depth)
{
	if (!in_namespace(node)) {
		complain(c->l, c->file, line_of(node), "<%.60s> is not in the namespace " NAMESPACE,
			 name_of(node));
		return;
	}
	if (depth > DEPTH_MAX) {
		complain(c->l, c->file, line_of(node), "elements are nested too deeply");
		return;
	}
	const struct shape *shape =
		shape_find(name_of(node), parent != NULL ? parent->holds : IN_FILE);
	if (shape == NULL) {
		unknown_element(c, node, parent);
		return;
	}
	for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
		check_attribute(c, node, shape, attr);
	check_required(c, node, shape);
	for (const xmlNode *child = node->children; child != NULL; child = child->next)
		if (child->type == XML_ELEMENT_NODE)
			check_node(c, child, shape, depth + 1);
}

/* Uniqueness is checked by comparing each with each. */
static bool has_measure(struct check *c, const xmlNode *root)
{
	size_t count = 0;
	if (strcmp(name_of(root), "scenario") != 0)
		return true;
	for (const xmlNode *n = root->children; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE && ++count > ROWS_MAX)
			return complain(c->l, c->file, line_of(n),
					"the scenario has more than %d elements beside its steps",
					ROWS_MAX);
	return true;
}

bool grammar_check(struct library *l, const char *file, struct _xmlNode *root)
{
	struct check c = { l, file };
	if (!has_measure(&c, root))
		return false;
	check_node(&c, root, NULL, 0);
	return true;
}
