/* Steps, edits and judgements as trees of element_node, and the includes among them. */
#include "build.h"

struct build {
	struct library *l;
	const char *file, *real;
};

static bool build_list(struct build *b, xmlNode *parent, struct element_node **out, size_t *count);

/* ------------------------------------------------------------ attributes */

static bool wants_expr(enum attribute_type type, const char *text)
{
	switch (type) {
	case TYPE_VALUE:
	case TYPE_TIME:
	case TYPE_SHARE:
		return true;
	case TYPE_PACKET:
		return !words_have(&packet_words, text);
	default:
		return false;
	}
}

static void parse_attr(struct build *b, const xmlNode *node, const struct type_row *type,
		       struct attr *a, const char *name)
{
	struct why why = { .text = "" };
	if (type->type == TYPE_VALUES)
		a->expr = expr_parse_list(b->l->arena, a->text, &why);
	else if (wants_expr(type->type, a->text))
		a->expr = expr_parse(b->l->arena, a->text, &why);
	else
		return;
	if (a->expr == NULL)
		complain(b->l, b->file, dom_line(node), "<%s %s>: %s", dom_name(node), name,
			 why.text);
}

/* A field of an added part is a value; a parameter of an include may be any text. */
static void parse_other(struct build *b, const xmlNode *node, struct attr *a)
{
	struct why why = { .text = "" };
	a->expr = expr_parse(b->l->arena, a->text, &why);
	if (a->expr == NULL && strcmp(dom_name(node), "add") == 0)
		complain(b->l, b->file, dom_line(node), "<add %s>: %s", a->other, why.text);
}

static void build_attr(struct build *b, const xmlNode *node, const struct shape *shape,
		       const char *name, struct attr *a)
{
	bool any;
	const struct type_row *type = shape_attribute(shape, name, &any);
	a->text = dom_attr(b->l, node, name);
	if (a->text == NULL)
		a->text = "";
	if (type != NULL) {
		a->name = attribute_find(name);
		parse_attr(b, node, type, a, name);
		return;
	}
	a->name = AT_OTHER;
	a->other = arena_text(b->l->arena, name);
	if (any)
		parse_other(b, node, a);
}

static bool build_attrs(struct build *b, const xmlNode *node, const struct shape *shape,
			struct element_node *out)
{
	size_t count = 0, extra = strcmp(shape->name, "include") == 0 ? 32 : 0;
	for (const xmlAttr *at = node->properties; at != NULL; at = at->next)
		count++;
	struct attr *attrs = build_array(b->l, b->file, count + extra, sizeof(*attrs));
	if (attrs == NULL)
		return false;
	out->attrs = attrs;
	for (const xmlAttr *at = node->properties; at != NULL; at = at->next)
		if (at->ns == NULL)
			build_attr(b, node, shape, (const char *)at->name,
				   &attrs[out->attr_count++]);
	return true;
}

/* ------------------------------------------------------------ includes */

static bool has_param(const struct steps_file *s, const char *name)
{
	for (size_t i = 0; i < s->param_count; i++)
		if (strcmp(s->params[i].name, name) == 0)
			return true;
	return false;
}

static void check_params(struct build *b, const struct element_node *n, const struct steps_file *s)
{
	const char *names[32];
	size_t count = 0;
	for (size_t i = 0; i < s->param_count && count < ARRAY_LEN(names); i++)
		names[count++] = s->params[i].name;
	for (size_t i = 0; i < n->attr_count; i++) {
		const struct attr *a = &n->attrs[i];
		if (a->name == AT_OTHER && !has_param(s, a->other))
			complain(b->l, b->file, n->line, "'%s' has no parameter '%s'%s", s->file,
				 a->other, did_you_mean(b->l, a->other, names, count));
	}
}

static bool is_given(const struct element_node *n, const char *name)
{
	for (size_t i = 0; i < n->attr_count; i++)
		if (n->attrs[i].name == AT_OTHER && strcmp(n->attrs[i].other, name) == 0)
			return true;
	return false;
}

/* Parameters that are not given take their defaults; the array has room for all. */
static void add_defaults(struct build *b, struct element_node *n, const struct steps_file *s)
{
	struct attr *attrs = (struct attr *)n->attrs;
	for (size_t i = 0; i < s->param_count; i++) {
		const struct variable *p = &s->params[i];
		if (is_given(n, p->name))
			continue;
		if (p->text == NULL)
			complain(b->l, b->file, n->line, "'%s' needs the parameter '%s'", s->file,
				 p->name);
		else
			attrs[n->attr_count++] =
				(struct attr){ AT_OTHER, p->name, p->text, p->expr };
	}
}

static bool build_include(struct build *b, struct element_node *n)
{
	struct why why;
	const char *href = attr_text(n, AT_HREF);
	if (href == NULL)
		return false;
	const char *real = file_include(b->l, b->real, href, &why);
	if (real == NULL)
		return complain(b->l, b->file, n->line, "<include>: %s", why.text);
	size_t before = b->l->complaints.count;
	struct steps_file *s = build_steps_file(b->l, real);
	if (s == NULL)
		return b->l->complaints.count == before &&
		       complain(b->l, b->file, n->line, "<include>: '%s' cannot be used", href);
	if (s->loading)
		return complain(b->l, b->file, n->line, "<include>: '%s' includes itself", href);
	check_params(b, n, s);
	add_defaults(b, n, s);
	n->children = s->steps;
	n->child_count = s->step_count;
	return true;
}

/* ------------------------------------------------------------ nodes */

static const struct shape *shape_of(const xmlNode *node, const struct shape *parent)
{
	const struct shape *shape = shape_find(dom_name(node), parent != NULL ? parent->holds : 0);
	return shape != NULL && shape->element != EL_COUNT ? shape : NULL;
}

static void build_node(struct build *b, xmlNode *node, const struct shape *shape,
		       struct element_node *out)
{
	out->element = shape->element;
	out->file = b->file;
	out->line = dom_line(node);
	if (!build_attrs(b, node, shape, out))
		return;
	if (shape->element == EL_INCLUDE)
		build_include(b, out);
	else
		build_list(b, node, &out->children, &out->child_count);
}

/* What the parent's shape does not hold was complained of and is left out. */
static bool build_list(struct build *b, xmlNode *parent, struct element_node **out, size_t *count)
{
	unsigned all =
		IN_STEPS | IN_HEAD | IN_EDITS | IN_JUDGEMENTS | IN_ANY_OF | IN_FAULT | IN_FILE;
	const struct shape *shape = shape_find(dom_name(parent), all);
	*count = 0;
	*out = build_array(b->l, b->file, dom_count(parent, NULL), sizeof(**out));
	if (*out == NULL)
		return false;
	for (xmlNode *n = dom_child(parent, NULL); n != NULL; n = dom_next(n, NULL)) {
		const struct shape *child = shape_of(n, shape);
		if (child != NULL)
			build_node(b, n, child, &(*out)[(*count)++]);
	}
	return true;
}

bool build_nodes(struct library *l, const char *file, const char *real, struct _xmlNode *parent,
		 struct element_node **out, size_t *count)
{
	struct build b = { l, file, real };
	return build_list(&b, parent, out, count);
}

/* ------------------------------------------------------------ files of steps */

static bool build_params(struct library *l, const char *file, xmlNode *root, struct steps_file *out)
{
	out->params = build_array(l, file, dom_count(root, "param"), sizeof(*out->params));
	if (out->params == NULL)
		return false;
	for (xmlNode *n = dom_child(root, "param"); n != NULL; n = dom_next(n, "param")) {
		const char *name = dom_attr(l, n, "name"), *text = dom_attr(l, n, "default");
		if (name == NULL)
			continue;
		if (out->param_count == 32)
			return complain(l, file, dom_line(n), "more than 32 parameters");
		if (has_param(out, name))
			complain(l, file, dom_line(n), "a second parameter '%s'", name);
		out->params[out->param_count++] = text != NULL ? build_variable(l, name, text) :
						  (struct variable){ .name = name };
	}
	return true;
}

bool build_steps(struct library *l, const char *file, const char *real, struct _xmlNode *root,
		 struct steps_file *out)
{
	return build_params(l, file, root, out) &&
	       build_nodes(l, file, real, root, &out->steps, &out->step_count);
}

static bool load_steps(struct library *l, struct steps_file *s)
{
	struct bytes text;
	size_t before = l->complaints.count;
	if (!source_read(l, s->path, s->file, &text))
		return false;
	xmlDocPtr doc = xml_load(l, s->file, text);
	if (doc == NULL)
		return false;
	xmlNode *root = xmlDocGetRootElement(doc);
	bool ok = strcmp(dom_name(root), "steps") == 0;
	if (!ok)
		complain(l, s->file, dom_line(root),
			 "<steps> is wanted in an included file, not <%s>", dom_name(root));
	else
		ok = build_steps(l, s->file, s->path, root, s);
	xml_free(doc);
	return ok && l->complaints.count == before;
}

struct steps_file *build_steps_file(struct library *l, const char *real)
{
	for (size_t i = 0; i < l->steps.count; i++) {
		struct steps_file *s = l->steps.items[i];
		if (strcmp(s->path, real) == 0)
			return s->loading || s->sound ? s : NULL;
	}
	struct steps_file *s = arena_new_of(l->arena, struct steps_file);
	if (s == NULL || l->include_depth >= INCLUDE_DEPTH_MAX || !list_add(l->arena, &l->steps, s))
		return NULL;
	s->path = real;
	s->file = file_shown(l, real);
	s->loading = true;
	l->include_depth++;
	s->sound = load_steps(l, s);
	l->include_depth--;
	s->loading = false;
	return s->sound ? s : NULL;
}
