/* The head of a scenario, the walk for each of its rows, and the edits of faults. */
#include <stdio.h>

#include "cases.h"
#include "expr.h"
#include "grammar.h"
#include "mean.h"

static bool listed(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

void mark_used(struct mean *m, const char *name)
{
	char *copy = listed(&m->used, name) ? NULL : arena_text(m->scratch, name);
	if (copy != NULL)
		list_add(m->scratch, &m->used, copy);
}

static const char *nearest_requirement(struct mean *m, const char *id)
{
	const char *names[64];
	size_t count = 0;
	for (size_t i = 0; i < m->s->requirement_count && count < ARRAY_LEN(names); i++)
		names[count++] = m->s->requirements[i].id;
	return did_you_mean(m->l, id, names, count);
}

static bool has_requirement(const struct scenario *s, const char *id)
{
	for (size_t i = 0; i < s->requirement_count; i++)
		if (strcmp(s->requirements[i].id, id) == 0)
			return true;
	return false;
}

void mean_judges(struct mean *m, const struct element_node *n)
{
	const char *text = attr_text(n, AT_JUDGES), *ids;
	if (text == NULL || m->s == NULL || settle_text(m, text, &ids) != SETTLED)
		return;
	for (const char *at = ids, *id; (id = word_next(m->scratch, &at)) != NULL;) {
		if (!has_requirement(m->s, id)) {
			if (m->sound)
				mean_complain(m, text, "the scenario has no requirement '%s'%s", id,
					      nearest_requirement(m, id));
		} else if (!listed(&m->judged, id))
			list_add(m->scratch, &m->judged, (void *)id);
	}
}

/* ------------------------------------------------------------ the head */

static bool fault_known(struct library *l, const char *ref, const char **hint)
{
	*hint = "";
	if (library_fault(l, ref) != NULL)
		return true;
	const char **names = arena_array(l->arena, l->faults.count + 1, sizeof(*names));
	for (size_t i = 0; names != NULL && i < l->faults.count; i++)
		names[i] = ((const struct fault *)l->faults.items[i])->id;
	if (names != NULL)
		*hint = did_you_mean(l, ref, names, l->faults.count);
	return false;
}

static void check_faults(struct mean *m)
{
	const char *hint;
	for (size_t i = 0; i < m->s->fault_count; i++) {
		const struct scenario_fault *f = &m->s->faults[i];
		if (!fault_known(m->l, f->ref, &hint))
			complain(m->l, m->s->file, f->line, "there is no fault '%s'%s", f->ref,
				 hint);
		if (f->breaks != NULL && !has_requirement(m->s, f->breaks))
			complain(m->l, m->s->file, f->line,
				 "the scenario has no requirement '%s'%s", f->breaks,
				 nearest_requirement(m, f->breaks));
	}
}

static void check_needs(struct mean *m)
{
	const char *hint;
	struct value low, high;
	struct scope scope = { .names = NULL };
	int order;
	for (size_t i = 0; i < m->s->need_count; i++) {
		const struct scenario_need *n = &m->s->needs[i];
		if (!feature_known(m->l, n->feature, &hint))
			complain(m->l, m->s->file, n->line, "a target has no feature '%s'%s",
				 n->feature, hint);
		if (n->min == NULL || n->max == NULL || !expr_constant(n->min) ||
		    !expr_constant(n->max))
			continue;
		if (expr_eval(n->min, &scope, m->scratch, &low, NULL) &&
		    expr_eval(n->max, &scope, m->scratch, &high, NULL) &&
		    value_order(&low, &high, &order) && order > 0)
			complain(m->l, m->s->file, n->line,
				 "no target has a '%s' with min above max", n->feature);
	}
}

/* Testers, and the texts in them, which may speak of rows. */
static void check_testers(struct mean *m)
{
	m->at = &m->head;
	for (size_t i = 0; i < m->s->tester_count; i++) {
		const struct scenario_tester *t = &m->s->testers[i];
		const char *const texts[] = { t->connection,  t->identity, t->secret, t->address,
					      t->certificate, t->ppk,      t->over,
					      t->auth,        t->signature, t->hashes };
		m->head.line = t->line;
		if (t->name == NULL && m->s->tester_count > 1)
			mean_complain(m, NULL, "one of several testers needs a name");
		if (t->name != NULL)
			mean_learn(m, t->name, &(struct known){ .kind = KNOWN_TESTER });
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			mean_references(m, texts[k]);
	}
}

static void check_variables(struct mean *m)
{
	for (size_t i = 0; m->row != NULL && i < m->row->count; i++) {
		const char *name = m->row->vars[i].name;
		for (size_t k = 0; k < m->s->var_count; k++)
			if (strcmp(m->s->vars[k].name, name) == 0)
				complain(m->l, m->s->file, m->row->line, "'%s' is also a <var>",
					 name);
		if (mean_is_each(m, name))
			complain(m->l, m->s->file, m->row->line, "'%s' is also a <for-each>", name);
	}
	m->at = &m->head;
	for (size_t i = 0; i < m->s->for_each_count; i++) {
		m->head.line = m->s->for_each[i].line;
		mean_references(m, m->s->for_each[i].in);
	}
}

static void check_lists(struct mean *m)
{
	for (size_t i = 0; i < m->s->for_each_count; i++) {
		const struct scenario_each *each = &m->s->for_each[i];
		struct why why;
		char message[32];
		uint64_t low, high;
		int kind;
		if (range_parse(each->in, &low, &high) && low > high)
			complain(m->l, m->s->file, each->line, "the range '%s' is empty", each->in);
		if (strncmp(each->in, "fields:", 7) != 0)
			continue;
		if (!fields_parse(each->in, message, &kind, &why))
			complain(m->l, m->s->file, each->line, "%s", why.text);
		else if (!words_have(&message_words, message))
			complain(m->l, m->s->file, each->line, "'%s' is no message%s", message,
				 did_you_mean(m->l, message, message_words.words,
					      message_words.count));
	}
}

/* ------------------------------------------------------------ what is left over */

static void check_unjudged(struct mean *m)
{
	for (size_t i = 0; i < m->s->requirement_count; i++) {
		const struct scenario_requirement *r = &m->s->requirements[i];
		if (!listed(&m->judged, r->id))
			complain(m->l, m->s->file, r->line, "no step judges '%s'", r->id);
	}
}

static void check_unused(struct mean *m)
{
	const struct scenario *s = m->s;
	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < s->rows[i].count; k++)
			if (!listed(&m->used, s->rows[i].vars[k].name))
				complain(m->l, s->file, s->rows[i].line,
					 "nothing uses '%s' of the row", s->rows[i].vars[k].name);
	for (size_t i = 0; i < s->for_each_count; i++)
		if (!listed(&m->used, s->for_each[i].name))
			complain(m->l, s->file, s->for_each[i].line, "nothing uses '%s'",
				 s->for_each[i].name);
}

/* Ids can be told before the run where no list depends on a profile or on the engine. */
static void check_ids(struct mean *m)
{
	const struct scenario_case *cases;
	size_t count;
	struct why why;
	for (size_t i = 0; i < m->s->for_each_count; i++)
		if (strstr(m->s->for_each[i].in, "${") != NULL ||
		    strncmp(m->s->for_each[i].in, "fields:", 7) == 0)
			return;
	if (m->s->row_count + m->s->for_each_count > 0 &&
	    !scenario_cases(m->l, m->s, NULL, NULL, 0, &cases, &count, &why))
		complain(m->l, m->s->file, m->s->line, "%s", why.text);
}

static void check_row_ids(struct mean *m)
{
	const struct scenario *s = m->s;
	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->rows[i].id, s->rows[k].id) == 0)
				complain(m->l, s->file, s->rows[i].line, "a second row '%s'",
					 s->rows[i].id);
}

static void walk(struct mean *m, const struct scenario_row *row)
{
	m->row = row;
	m->known = (struct list){ NULL, 0, 0 };
	check_variables(m);
	check_testers(m);
	mean_steps(m, m->s->steps, m->s->step_count);
}

bool mean_scenario(struct library *l, const struct scenario *s, bool sound)
{
	struct mean m = { .l = l, .scratch = l->scratch, .s = s, .sound = sound };
	size_t before = l->complaints.count;
	m.head = (struct element_node){ .element = EL_COUNT, .file = s->file };
	arena_reset(l->scratch);
	check_faults(&m);
	check_needs(&m);
	check_lists(&m);
	check_row_ids(&m);
	if (s->row_count == 0)
		walk(&m, NULL);
	for (size_t i = 0; i < s->row_count; i++)
		walk(&m, &s->rows[i]);
	if (sound) {
		check_unjudged(&m);
		check_unused(&m);
	}
	if (arena_failed(l->scratch))
		complain(l, s->file, s->line, "the scenario is too large to be checked");
	if (l->complaints.count == before)
		check_ids(&m);
	return l->complaints.count == before;
}

/* ------------------------------------------------------------ faults */

bool mean_fault(struct library *l, const struct fault *f)
{
	struct mean m = { .l = l, .scratch = l->scratch, .sound = true };
	size_t before = l->complaints.count;
	arena_reset(l->scratch);
	for (size_t i = 0; i < f->edit_count; i++)
		mean_edit(&m, &f->edits[i], f->esp ? MESSAGE_ESP : MESSAGE_IKE);
	return l->complaints.count == before;
}
