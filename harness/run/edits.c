/* Edits as they stand in a scenario, made into edits of messages; values are worked out where used.
 */
#include "inside.h"

/* What edit values point at. */
struct edit_expr {
	const struct attr *attr;
	bool number; /* of a bit or an octet, not of a field */
};

static bool convert(const struct value *v, const struct edit_place *place, struct arena *a,
		    struct edit_value *out, struct why *why)
{
	const struct wire_row *row = place->node ? place->node->row : NULL;
	bool wants_octets = row && (row->kind == WIRE_OCTETS || row->kind == WIRE_REST ||
				    row->kind == WIRE_COMPUTED);

	*out = (struct edit_value){ 0 };
	if ((v->kind == VALUE_NUMBER || v->kind == VALUE_TIME) && !wants_octets) {
		if (v->negative)
			return why_set(why,
				       "the value is -%llu, and a field cannot hold less than 0",
				       (unsigned long long)v->number);
		out->number = v->number;
		return true;
	}
	out->is_octets = true;
	return value_octets(v,
			    wants_octets && v->kind == VALUE_NUMBER ? place->node->octets.len : 0,
			    a, &out->octets, why);
}

static bool count_of(const struct value *v, struct edit_value *out, struct why *why)
{
	*out = (struct edit_value){ 0 };
	return value_number(v, &out->number, why);
}

static bool edit_value_of(void *ctx, const void *expression, const struct edit_place *place,
			  struct arena *a, struct edit_value *out, struct why *why)
{
	struct run *r = ctx;
	const struct edit_expr *e = expression;
	const struct edit_place *before = r->edit_place;
	const struct names *names =
		place->node && place->node->row ? place->node->row->names : NULL;
	struct value v;
	bool good;

	r->edit_place = place;
	good = run_value(r, e->attr, e->number ? NULL : names, &v, why) &&
	       (e->number ? count_of(&v, out, why) : convert(&v, place, a, out, why));
	r->edit_place = before;
	return good;
}

void edit_tell(struct run *r, const char *endpoint, const struct edit *e, const char *path, const char *from,
	       const char *to)
{
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_EDITED,
				    .time = run_now(r),
				    .endpoint = endpoint,
				    .file = e->file,
				    .line = e->line,
				    .path = path,
				    .wanted = from,
				    .got = to,
			    });
}

static void edited(void *ctx, const struct edit *e, const char *path, const char *from,
		   const char *to)
{
	struct run *r = ctx;

	edit_tell(r, "tester", e, path, from, to);
	oracles_edited(r, path);
}

static const void *expr_of(struct run *r, const struct element_node *el, enum attribute name,
			   bool number)
{
	const struct attr *a = attr_find(el, name);
	struct edit_expr *e = a ? arena_new_of(r->arena, struct edit_expr) : NULL;

	if (e)
		*e = (struct edit_expr){ .attr = a, .number = number };
	return e;
}

static bool path_of(struct run *r, const struct element_node *el, enum attribute name,
		    const char **out, struct why *why)
{
	if (!attr_find(el, name))
		return true;
	*out = run_text(r, el, name, why);
	return *out != NULL;
}

static bool is_place(const struct attr *a)
{
	return a->name == AT_PART || a->name == AT_BEFORE || a->name == AT_AFTER ||
	       a->name == AT_TIMES || a->name == AT_NOTE || a->name == AT_BY;
}

static bool new_fields(struct run *r, const struct element_node *el, struct edit *out,
		       struct why *why)
{
	struct edit_field *fields =
		arena_array(r->arena, el->attr_count ? el->attr_count : 1, sizeof *fields);

	if (!fields)
		return why_set(why, "no memory");
	for (size_t i = 0; i < el->attr_count; i++) {
		const struct attr *a = &el->attrs[i];
		struct edit_expr *e;

		if (is_place(a))
			continue;
		e = arena_new_of(r->arena, struct edit_expr);
		if (!e)
			return why_set(why, "no memory");
		*e = (struct edit_expr){ .attr = a };
		fields[out->field_count].name =
			a->name == AT_OTHER ? a->other : attribute_name(a->name);
		fields[out->field_count++].value = e;
	}
	out->fields = fields;
	return true;
}

static bool times_of(struct run *r, const struct element_node *el, struct edit *out,
		     struct why *why)
{
	const char *text = run_text(r, el, AT_TIMES, why);
	unsigned most;

	out->times = 1;
	if (!attr_find(el, AT_TIMES))
		return true;
	return text &&
	       (count_parse(text, &out->times, &most) || why_set(why, "'%s' is no count", text));
}

static bool simple(struct run *r, const struct element_node *el, enum edit_op op, struct edit *out,
		   struct why *why)
{
	out->op = op;
	out->value = expr_of(r, el, AT_TO, false);
	return path_of(r, el, AT_FIELD, &out->path, why) &&
	       path_of(r, el, AT_PART, &out->path, why) &&
	       path_of(r, el, AT_BEFORE, &out->before, why) &&
	       path_of(r, el, AT_AFTER, &out->after, why) && times_of(r, el, out, why);
}

static bool corrupt(struct run *r, const struct element_node *el, struct edit *out, struct why *why)
{
	out->bit = expr_of(r, el, AT_BIT, true);
	if (attr_find(el, AT_OCTET)) {
		out->op = EDIT_CORRUPT_OCTET;
		out->value = expr_of(r, el, AT_OCTET, true);
		return true;
	}
	out->op = EDIT_CORRUPT;
	out->value = out->bit;
	return path_of(r, el, AT_FIELD, &out->path, why);
}

static bool truncated(struct run *r, const struct element_node *el, struct edit *out)
{
	bool to = attr_find(el, AT_TO) != NULL;

	out->op = to ? EDIT_TRUNCATE_TO : EDIT_TRUNCATE_BY;
	out->value = expr_of(r, el, to ? AT_TO : AT_BY, true);
	return true;
}

/* clang-format off */
static const struct { enum element element; enum edit_op op; } simple_ops[] = {
	{ EL_SET, EDIT_SET }, { EL_UNSET, EDIT_UNSET }, { EL_FREEZE, EDIT_FREEZE }, { EL_ADD, EDIT_ADD },
	{ EL_DROP, EDIT_DROP }, { EL_COPY, EDIT_COPY }, { EL_MOVE, EDIT_MOVE },
};
/* clang-format on */

static bool edit_of(struct run *r, const struct element_node *el, struct edit *out, struct why *why)
{
	*out = (struct edit){ .file = el->file, .line = el->line, .times = 1 };
	if (el->element == EL_CORRUPT)
		return corrupt(r, el, out, why);
	if (el->element == EL_TRUNCATE)
		return truncated(r, el, out);
	if (el->element == EL_APPEND) {
		out->op = EDIT_APPEND;
		out->value = expr_of(r, el, AT_OCTETS, false);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(simple_ops); i++)
		if (simple_ops[i].element == el->element)
			return simple(r, el, simple_ops[i].op, out, why) &&
			       (el->element != EL_ADD || new_fields(r, el, out, why));
	return why_set(why, "%s is no edit", element_name(el->element));
}

const struct edits *edits_from(struct run *r, const struct element_node *rows, size_t count,
			       struct why *why)
{
	struct edits *edits = arena_new_of(r->arena, struct edits);
	struct edit *out = arena_array(r->arena, count ? count : 1, sizeof *out);

	if (!edits || !out) {
		why_set(why, "no memory for edits");
		return NULL;
	}
	*edits = (struct edits){ .rows = out, .value = edit_value_of, .edited = edited, .ctx = r };
	for (size_t i = 0; i < count; i++) {
		if (!element_is_edit(rows[i].element))
			continue;
		if (!edit_of(r, &rows[i], &out[edits->count++], why))
			return NULL;
	}
	return edits;
}

const struct edits *edits_of(struct run *r, const struct element_node *el, struct why *why)
{
	return edits_from(r, el->children, el->child_count, why);
}
