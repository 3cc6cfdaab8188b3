/* Edits and judgements inside a message. */
#include <stdio.h>

#include "expr.h"
#include "mean.h"

/* ------------------------------------------------------------ edits */

/* A path that ends at a field (or an input of a derived one); false if there is nothing more to
 * say. */
static bool field_path(struct mean *m, const struct element_node *n, enum message_kind kind,
		       struct field *f)
{
	const char *text = attr_text(n, AT_FIELD);
	if (text == NULL || !mean_path(m, text, kind, f))
		return false;
	if (f->computed != NULL)
		return mean_complain(m, text, "'%s' is computed: it cannot be edited", text);
	if (f->row == NULL && !f->input)
		return mean_complain(m, text, "'%s' is a part; a field of it is wanted", text);
	return true;
}

static void part_path(struct mean *m, const char *text, enum message_kind kind)
{
	struct field f;
	if (text == NULL || !mean_path(m, text, kind, &f))
		return;
	if (f.row != NULL || f.computed != NULL || f.input)
		mean_complain(m, text, "'%s' is a field; a part is wanted", text);
}

static void check_bit(struct mean *m, const struct element_node *n, const struct field *f)
{
	const struct attr *bit = attr_find(n, AT_BIT);
	uint64_t number;
	if (bit == NULL || f->row == NULL || f->row->kind > WIRE_SIZE ||
	    settle_number(m, bit, &number) != SETTLED || number < f->row->bits)
		return;
	/* A random octet picks among the bits there are. */
	if (!expr_constant(bit->expr))
		return;
	mean_complain(m, bit->text, "'%s' has %u bits: there is no bit %llu", f->row->name,
		      f->row->bits, (unsigned long long)number);
}

static void check_added_field(struct mean *m, const char *part, const struct attr *a,
			      enum message_kind kind)
{
	struct field f;
	struct why why = { .text = "" };
	const char *path;
	mean_references(m, a->text);
	if (settle_text(m, part, &path) != SETTLED)
		return;
	path = arena_printf(m->scratch, "%s.%s", path, a->other);
	if (path == NULL)
		return;
	if (!path_possible(kind, path, &f, m->scratch, &why))
		mean_complain(m, part, "%s", why.text);
	else
		mean_fits(m, a, &f);
}

static void check_add(struct mean *m, const struct element_node *n, enum message_kind kind)
{
	const char *part = attr_text(n, AT_PART);
	for (size_t i = 0; part != NULL && i < n->attr_count; i++)
		if (n->attrs[i].name == AT_OTHER)
			check_added_field(m, part, &n->attrs[i], kind);
}

void mean_edit(struct mean *m, const struct element_node *n, enum message_kind kind)
{
	struct field f;
	const struct attr *to = attr_find(n, AT_TO);
	m->at = n;
	for (size_t i = 0; i < n->attr_count; i++)
		mean_references(m, n->attrs[i].text);
	mean_rules(m, n, true);
	part_path(m, attr_text(n, AT_PART), kind);
	part_path(m, attr_text(n, AT_BEFORE), kind);
	part_path(m, attr_text(n, AT_AFTER), kind);
	if (n->element == EL_ADD)
		check_add(m, n, kind);
	if (!field_path(m, n, kind, &f))
		return;
	if (n->element == EL_SET && to != NULL)
		mean_fits(m, to, &f);
	if (n->element == EL_CORRUPT)
		check_bit(m, n, &f);
}

/* ------------------------------------------------------------ judgements */

/* Both are constants: can the check hold at all? */
static void check_bounds(struct mean *m, const struct element_node *n)
{
	const struct attr *min = attr_find(n, AT_MIN), *max = attr_find(n, AT_MAX);
	const struct attr *is = attr_find(n, AT_IS), *is_not = attr_find(n, AT_IS_NOT);
	struct value low, high;
	int order;
	if (min != NULL && max != NULL && settle_value(m, min, NULL, &low) == SETTLED &&
	    settle_value(m, max, NULL, &high) == SETTLED && value_order(&low, &high, &order) &&
	    order > 0)
		mean_complain(m, min->text, "the check can never hold: min is above max");
	if (is != NULL && is_not != NULL && settle_value(m, is, NULL, &low) == SETTLED &&
	    settle_value(m, is_not, NULL, &high) == SETTLED && value_equal(&low, &high))
		mean_complain(m, is->text, "the check can never hold: is and is-not are the same");
}

static void check_one_of(struct mean *m, const struct element_node *n)
{
	const struct attr *a = attr_find(n, AT_ONE_OF);
	struct value v;
	if (a != NULL && settle_value(m, a, NULL, &v) == SETTLED && v.kind == VALUE_LIST &&
	    v.count == 0)
		mean_complain(m, a->text, "the check can never hold: one-of is empty");
}

static void check_field(struct mean *m, const struct element_node *n, enum message_kind kind)
{
	static const enum attribute compared[] = { AT_IS, AT_IS_NOT, AT_ONE_OF, AT_MIN, AT_MAX };
	const char *text = attr_text(n, AT_FIELD);
	struct field f;
	if (text == NULL || !mean_path(m, text, kind, &f))
		return;
	for (size_t i = 0; i < ARRAY_LEN(compared); i++) {
		const struct attr *a = attr_find(n, compared[i]);
		if (a == NULL)
			continue;
		if (f.row == NULL && f.computed == NULL) {
			mean_complain(m, text, "'%s' is a part; compare a field of it, or octets()",
				      text);
			return;
		}
		mean_fits(m, a, &f);
	}
}

static void check_common(struct mean *m, const struct element_node *n, bool inside_message)
{
	m->at = n;
	for (size_t i = 0; i < n->attr_count; i++)
		if (n->attrs[i].name != AT_NOTE)
			mean_references(m, n->attrs[i].text);
	mean_rules(m, n, inside_message);
	mean_judges(m, n);
}

void mean_check_step(struct mean *m, const struct element_node *n)
{
	check_common(m, n, false);
	check_bounds(m, n);
	check_one_of(m, n);
}

void mean_judgement(struct mean *m, const struct element_node *n, enum message_kind kind)
{
	struct field f;
	const char *part = attr_text(n, AT_PART);
	check_common(m, n, true);
	if (part != NULL)
		mean_path(m, part, kind, &f);
	if (n->element != EL_CHECK)
		return;
	check_field(m, n, kind);
	check_bounds(m, n);
	check_one_of(m, n);
}
