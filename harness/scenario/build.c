#include <libxml/parser.h>

#include "build.h"

unsigned dom_line(const xmlNode *node)
{
	long line = xmlGetLineNo((xmlNodePtr)node);
	return line > 0 ? (unsigned)line : 0;
}

const char *dom_name(const xmlNode *node)
{
	return (const char *)node->name;
}

static xmlNode *element_from(xmlNode *node, const char *name)
{
	for (; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE &&
		    (name == NULL || strcmp(dom_name(node), name) == 0))
			return node;
	return NULL;
}

xmlNode *dom_child(const xmlNode *node, const char *name)
{
	return element_from(node->children, name);
}

xmlNode *dom_next(const xmlNode *node, const char *name)
{
	return element_from(node->next, name);
}

size_t dom_count(const xmlNode *node, const char *name)
{
	size_t count = 0;
	for (xmlNode *n = dom_child(node, name); n != NULL; n = dom_next(n, name))
		count++;
	return count;
}

const char *dom_attr(struct library *l, const xmlNode *node, const char *name)
{
	xmlChar *text = xmlGetNoNsProp((xmlNodePtr)node, (const xmlChar *)name);
	const char *out = text != NULL ? arena_text(l->arena, (const char *)text) : NULL;
	xmlFree(text);
	return out;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char *collapse(char *text)
{
	char *to = text;
	for (const char *at = text; *at != '\0'; at++) {
		if (!is_space(*at))
			*to++ = *at;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	return text;
}

const char *dom_text(struct library *l, const xmlNode *node)
{
	xmlChar *text = xmlNodeGetContent(node);
	char *out = text != NULL ? arena_text(l->arena, (const char *)text) : NULL;
	xmlFree(text);
	return out != NULL ? collapse(out) : NULL;
}

const char *dom_child_text(struct library *l, const xmlNode *node, const char *name)
{
	const xmlNode *child = dom_child(node, name);
	return child != NULL ? dom_text(l, child) : NULL;
}

struct variable build_variable(struct library *l, const char *name, const char *text)
{
	return (struct variable){ name, text, expr_parse(l->arena, text, NULL), 0 };
}

const struct expr *build_expr(struct library *l, const char *file, const xmlNode *node,
			      const char *name)
{
	struct why why;
	const char *text = dom_attr(l, node, name);
	if (text == NULL)
		return NULL;
	const struct expr *e = expr_parse(l->arena, text, &why);
	if (e == NULL)
		complain(l, file, dom_line(node), "<%s %s>: %s", dom_name(node), name, why.text);
	return e;
}

void *build_array(struct library *l, const char *file, size_t count, size_t size)
{
	void *out = arena_array(l->arena, count > 0 ? count : 1, size);
	if (out == NULL)
		complain(l, file, 0, "no memory");
	return out;
}
