/* Working out what can be known before a run. */
#include <stdio.h>

#include "expr.h"
#include "mean.h"

static bool of_row(const struct mean *m, const char *text)
{
	for (const char *at = text; m->row != NULL && (at = strstr(at, "${")) != NULL; at += 2) {
		size_t len = strcspn(at + 2, "}");
		for (size_t i = 0; i < m->row->count; i++)
			if (strlen(m->row->vars[i].name) == len &&
			    memcmp(m->row->vars[i].name, at + 2, len) == 0)
				return true;
	}
	return false;
}

/* Pass 1 has spoken of this line: what is said here would only follow from it. */
static bool spoken_of(const struct mean *m, const char *file, unsigned line)
{
	for (size_t i = 0; i < m->l->first_pass && i < m->l->complaints.count; i++) {
		const struct why *why = m->l->complaints.items[i];
		if (why->line == line && strncmp(why->file, file, sizeof(why->file) - 1) == 0)
			return true;
	}
	return false;
}

bool mean_complain(struct mean *m, const char *text, const char *format, ...)
{
	char message[320];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	bool row = text != NULL && of_row(m, text);
	const char *file = row ? m->s->file : m->at->file;
	unsigned line = row ? m->row->line : m->at->line;
	return !spoken_of(m, file, line) && complain(m->l, file, line, "%s", message);
}

/* ------------------------------------------------------------ variables */

static const struct variable *parameter(const struct mean *m, const char *name)
{
	for (size_t i = m->depth; i-- > 0;)
		for (size_t k = 0; k < m->frames[i]->attr_count; k++) {
			const struct attr *a = &m->frames[i]->attrs[k];
			if (a->name != AT_OTHER || strcmp(a->other, name) != 0)
				continue;
			struct variable *v = arena_new_of(m->scratch, struct variable);
			if (v != NULL)
				*v = (struct variable){ name, a->text, a->expr,
							m->frames[i]->line };
			return v;
		}
	return NULL;
}

static const struct variable *among(const struct variable *vars, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(vars[i].name, name) == 0)
			return &vars[i];
	return NULL;
}

const struct variable *mean_variable(const struct mean *m, const char *name)
{
	const struct variable *v = parameter(m, name);
	if (v == NULL && m->row != NULL)
		v = among(m->row->vars, m->row->count, name);
	if (v == NULL && m->s != NULL)
		v = among(m->s->vars, m->s->var_count, name);
	return v;
}

bool mean_is_each(const struct mean *m, const char *name)
{
	for (size_t i = 0; m->s != NULL && i < m->s->for_each_count; i++)
		if (strcmp(m->s->for_each[i].name, name) == 0)
			return true;
	return false;
}

static const struct variable *find_variable(void *ctx, const char *name)
{
	return mean_variable(ctx, name);
}

/* Whatever is no variable is known in the run alone. */
static bool lookup(void *ctx, const char *reference, struct arena *a, struct value *out,
		   struct why *why)
{
	struct mean *m = ctx;
	(void)a;
	(void)out;
	m->dynamic = true;
	return why_set(why, "'%s' is not known yet", reference);
}

static struct scope scope_of(struct mean *m, const struct names *names)
{
	m->dynamic = false;
	return (struct scope){ .variable = find_variable,
			       .lookup = lookup,
			       .special = lookup,
			       .ctx = m,
			       .names = names,
			       .rng = &m->l->rng };
}

static enum settled settled(struct mean *m, bool ok, const char *text, const struct why *why)
{
	if (ok)
		return SETTLED;
	if (m->dynamic)
		return UNSETTLED;
	mean_complain(m, text, "%s", why->text);
	return WRONG;
}

/* The same for an attribute, which is named. */
static enum settled settled_attr(struct mean *m, bool ok, const struct attr *a,
				 const struct why *why)
{
	struct why named = { .text = "" };
	const char *name = a->name == AT_OTHER ? a->other : attribute_name(a->name);
	if (!ok && !m->dynamic)
		why_set(&named, "<%s %s>: %.250s", element_name(m->at->element), name, why->text);
	return settled(m, ok, a->text, &named);
}

enum settled settle_text(struct mean *m, const char *text, const char **out)
{
	struct why why = { .text = "" };
	struct scope scope = scope_of(m, NULL);
	return settled(m, text_expand(text, &scope, m->scratch, out, &why), text, &why);
}

/* Files and the environment belong to the run. */
static bool of_the_run(const struct expr *e)
{
	for (; e != NULL; e = e->next)
		if (e->op == EXPR_FILE || e->op == EXPR_ENV || of_the_run(e->left) ||
		    of_the_run(e->right))
			return true;
	return false;
}

enum settled settle_value(struct mean *m, const struct attr *a, const struct names *names,
			  struct value *out)
{
	struct why why = { .text = "" };
	struct scope scope = scope_of(m, names);
	if (a->expr == NULL) {
		*out = value_of_text(a->text);
		return settled_attr(m, text_expand(a->text, &scope, m->scratch, &out->text, &why),
				    a, &why);
	}
	if (of_the_run(a->expr))
		return UNSETTLED;
	return settled_attr(m, expr_eval(a->expr, &scope, m->scratch, out, &why), a, &why);
}

enum settled settle_time(struct mean *m, const struct attr *a, usec *out)
{
	struct value v;
	struct why why;
	enum settled s = settle_value(m, a, NULL, &v);
	if (s != SETTLED || value_time(&v, out, &why))
		return s;
	mean_complain(m, a->text, "<%s %s>: %s", element_name(m->at->element),
		      attribute_name(a->name), why.text);
	return WRONG;
}

enum settled settle_number(struct mean *m, const struct attr *a, uint64_t *out)
{
	struct value v;
	struct why why;
	enum settled s = settle_value(m, a, NULL, &v);
	if (s != SETTLED || value_number(&v, out, &why))
		return s;
	mean_complain(m, a->text, "<%s %s>: %s", element_name(m->at->element),
		      attribute_name(a->name), why.text);
	return WRONG;
}
