/* Helpers that turn parsed XML into the structs of scenario.h. */
#ifndef SCENARIO_BUILD_H
#define SCENARIO_BUILD_H

#include <libxml/tree.h>

#include "grammar.h"
#include "library.h"

unsigned dom_line(const xmlNode *node);
const char *dom_name(const xmlNode *node);
/* The first element child of this name (NULL: any), and the next sibling of the same kind. */
xmlNode *dom_child(const xmlNode *node, const char *name);
xmlNode *dom_next(const xmlNode *node, const char *name);
size_t dom_count(const xmlNode *node, const char *name);
/* An attribute's text in the arena, or NULL. */
const char *dom_attr(struct library *l, const xmlNode *node, const char *name);
/* The text inside an element, white space collapsed; NULL if there is no such child. */
const char *dom_child_text(struct library *l, const xmlNode *node, const char *name);
const char *dom_text(struct library *l, const xmlNode *node);
/* A variable from an attribute: an expression if it is one. */
struct variable build_variable(struct library *l, const char *name, const char *text);
/* An expression of an attribute; complains if it is none.  NULL without the attribute. */
const struct expr *build_expr(struct library *l, const char *file, const xmlNode *node,
			      const char *name);

/* count zeroed things in the arena, at least one. */
void *build_array(struct library *l, const char *file, size_t count, size_t size);

#endif
