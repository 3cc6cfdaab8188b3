/*
 * Paths against formats: could a path ever match, and which row does it end at?
 */
#include "wire-internal.h"

/* Where a path has got to: a composite's format, or a plain field. */
struct place {
	const struct wire_format *format;
	const struct wire_row *row;
	const struct wire_step *step;       /* that led here: its (X) says which variant */
};

static bool step_in_format(const struct wire_format *f, const struct wire_step *from,
			   const struct wire_step *step, struct place *out);

const struct wire_row *wire_row_named(const struct wire_format *format, const char *name)
{
	struct wire_step step = { .index = 0 };
	struct place p;

	if (strlen(name) >= sizeof(step.name))
		return NULL;
	memcpy(step.name, name, strlen(name));
	return step_in_format(format, NULL, &step, &p) ? p.row : NULL;
}

const struct wire_row *wire_pick_row(const struct wire_format *format)
{
	for (size_t i = 0; format->pick && i < format->count; i++)
		if (name_is(format->rows[i].name, format->pick))
			return &format->rows[i];
	return NULL;
}

static bool step_in_list(const struct wire_row *list, const struct wire_step *step,
			 struct place *out)
{
	const struct wire_choices *choices = list->choices;
	size_t len = strlen(step->name);

	*out = (struct place){ list->item, NULL, step };
	if (!choices)
		return wire_named(list->item, step->name, len);
	for (size_t i = 0; i < choices->count; i++) {
		out->format = choices->rows[i].format;
		if (wire_named(out->format, step->name, len))
			return true;
	}
	out->format = choices->other;
	return choices->other && wire_named(choices->other, step->name, len);
}

/* Only the variant that an (X) picks, where it does; else any. */
static bool step_in_choice(const struct wire_format *f, const struct wire_row *choice,
			   const struct wire_step *from, const struct wire_step *step,
			   struct place *out)
{
	const struct wire_choices *choices = choice->choices;
	const struct wire_row *by = wire_pick_row(f);
	uint32_t value;

	if (from && from->pick[0] && by && name_is(by->name, choice->of) &&
	    wire_pick_value(from->pick, by->names, &value)) {
		const struct wire_format *variant = wire_pick(choices, value);

		return variant && step_in_format(variant, from, step, out);
	}
	for (size_t i = 0; i < choices->count; i++)
		if (step_in_format(choices->rows[i].format, from, step, out))
			return true;
	return choices->other && step_in_format(choices->other, from, step, out);
}

static bool step_in_format(const struct wire_format *f, const struct wire_step *from,
			   const struct wire_step *step, struct place *out)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct wire_row *row = &f->rows[i];

		if (name_is(row->name, step->name)) {
			*out = (struct place){ row->kind == WIRE_STRUCT ? row->item : NULL, row,
					       step };
			return true;
		}
		if (row->kind == WIRE_LIST && step_in_list(row, step, out))
			return true;
		if (row->kind == WIRE_CHOICE && step_in_choice(f, row, from, step, out))
			return true;
	}
	*out = (struct place){ NULL, &wire_undecoded_row, step };
	return name_is(step->name, wire_undecoded_row.name);
}

static bool take(const struct place *at, const struct wire_step *step, struct place *out)
{
	if (at->format)
		return step_in_format(at->format, at->step, step, out);
	if (at->row->kind == WIRE_LIST)
		return step_in_list(at->row, step, out);
	return false;
}

/* The names that a step could have had. */
struct known {
	const char *names[128];
	size_t count;
};

static void know(struct known *k, const char *name)
{
	if (k->count < ARRAY_LEN(k->names))
		k->names[k->count++] = name;
}

static void know_format(struct known *k, const struct wire_format *f);

static void know_row(struct known *k, const struct wire_row *row)
{
	const struct wire_choices *c = row->choices;

	if (row->kind != WIRE_LIST && row->kind != WIRE_CHOICE)
		know(k, row->name);
	if (row->kind == WIRE_LIST && row->item)
		know(k, row->item->name);
	for (size_t i = 0; c && i < c->count; i++) {
		if (row->kind == WIRE_CHOICE)
			know_format(k, c->rows[i].format);
		else
			know(k, c->rows[i].format->name);
	}
	if (c && c->other && row->kind == WIRE_CHOICE)
		know_format(k, c->other);
}

static void know_format(struct known *k, const struct wire_format *f)
{
	for (size_t i = 0; i < f->count; i++)
		know_row(k, &f->rows[i]);
}

static bool no_such(const struct place *at, const struct wire_step *step, struct why *why)
{
	struct known k = { .count = 0 };
	const char *near, *where = at->format ? at->format->name : at->row->name;

	if (!at->format && at->row->kind != WIRE_LIST)
		return why_set(why, "%s is a field: it has no '%s'", where, step->name);
	if (at->format)
		know_format(&k, at->format);
	else
		know_row(&k, at->row);
	near = why_nearest(step->name, k.names, k.count);
	if (near && name_is(near, step->name))
		near = NULL;        /* it is a field of another variant */
	return why_set(why, "%s has no field '%s'%s%s%s", where, step->name,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool bad_pick(const struct place *at, const struct names *names, struct why *why)
{
	const char *known[512], *near;
	size_t count = 0;

	for (; names && count < names->count && count < ARRAY_LEN(known); count++)
		known[count] = names->rows[count].text;
	near = why_nearest(at->step->pick, known, count);
	return why_set(why, "%s(%s): %s%s%s%s%s", at->step->name, at->step->pick,
		       names ? "not a name of " : "a number is wanted",
		       names ? names->registry : "", near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

static bool pick_possible(const struct place *at, struct why *why)
{
	const struct wire_row *by = at->format ? wire_pick_row(at->format) : NULL;
	const struct names *names = by ? by->names : &names_payload;
	uint32_t value;

	if (!at->step->pick[0] || wire_pick_value(at->step->pick, names, &value))
		return true;
	return bad_pick(at, names, why);
}

static bool follow(const struct wire_format *root, const char *path, struct place *out,
		   struct why *why)
{
	struct wire_steps steps;
	struct place at = { root, NULL, NULL };

	if (!wire_parse_path(path, &steps, why))
		return false;
	for (size_t i = 0; i < steps.count; i++) {
		if (!take(&at, &steps.step[i], out))
			return no_such(&at, &steps.step[i], why);
		at = *out;
		at.step = &steps.step[i];
		if (!pick_possible(&at, why))
			return false;
	}
	out->step = NULL;
	return true;
}

bool wire_path_possible(const struct wire_format *root, const char *path, struct why *why)
{
	struct place at;

	return follow(root, path, &at, why);
}

const struct wire_row *wire_path_row(const struct wire_format *root, const char *path)
{
	struct place at;

	return follow(root, path, &at, NULL) ? at.row : NULL;
}
