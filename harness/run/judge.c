/* Checks: what was wanted and got, and which requirement it settles. */
#include "inside.h"

#include <stdio.h>

static struct requirement_state *requirement_named(struct run *r, const char *name, size_t len)
{
	for (size_t i = 0; i < r->scenario->requirement_count; i++) {
		const char *id = r->requirements[i].row->id;

		if (strlen(id) == len && strncmp(id, name, len) == 0)
			return &r->requirements[i];
	}
	return NULL;
}

const char *judges_of(struct run *r, const struct element_node *el)
{
	struct why why;
	const char *text;

	if (!attr_find(el, AT_JUDGES))
		return NULL;
	text = run_text(r, el, AT_JUDGES, &why);
	if (!text)
		run_end(r, VERDICT_ERROR, el, "judges: %s", why.text);
	return text && *text ? text : NULL;
}

static void settle(struct run *r, struct requirement_state *q, const struct element_node *el,
		   bool held, const char *path, const char *wanted, const char *got)
{
	q->reached = true;
	if (held || q->broken)
		return;
	q->broken = true;
	q->file = el->file;
	q->line = el->line;
	q->path = path && *path ? arena_text(r->arena, path) : NULL;
	q->wanted = arena_text(r->arena, wanted);
	q->got = arena_text(r->arena, got);
	q->reason = q->path ? run_printf(r, "%s: wanted %s, got %s", q->path, wanted, got)
			    : run_printf(r, "wanted %s, got %s", wanted, got);
}

static void emit(struct run *r, const struct element_node *el, const char *id, const char *verdict,
		 const char *path, const char *wanted, const char *got)
{
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_CHECK,
				    .time = run_now(r),
				    .file = el->file,
				    .line = el->line,
				    .id = id,
				    .path = path,
				    .wanted = wanted,
				    .got = got,
				    .verdict = verdict,
			    });
}

static void condition(struct run *r, const struct element_node *el, bool held, const char *path,
		      const char *wanted, const char *got)
{
	bool closing = r->phase == RUN_ALIVE;
	/* After a bad path only the driver says that a target has died. */
	bool dies = closing && !r->options->weather;
	enum verdict v = dies ? VERDICT_DIED : VERDICT_INCONCLUSIVE;

	emit(r, el, NULL, held ? "pass" : verdict_name(v), path, wanted, got);
	if (held)
		return;
	r->dead |= dies;
	run_floor(r, v, el,
		  run_printf(r, "%s%s%swanted %s, got %s", closing ? "the closing handshake: " : "",
			     path ? path : "", path && *path ? ": " : "", wanted, got));
}

void judge(struct run *r, const struct element_node *el, const char *judges, bool held,
	   const char *path, const char *wanted, const char *got)
{
	if (!judges || (!held && r->late)) {
		condition(r, el, held, path, wanted, got);
		return;
	}
	while (*judges) {
		size_t len = strcspn(judges, " ");
		struct requirement_state *q = requirement_named(r, judges, len);

		if (!q) {
			run_end(r, VERDICT_ERROR, el,
				"judges '%.*s', which is no requirement of the scenario", (int)len,
				judges);
			return;
		}
		emit(r, el, q->row->requirement ? q->row->requirement->id : q->row->id,
		     held ? "pass"
			  : verdict_name(q->row->requirement
						 ? verdict_of_break(q->row->requirement->gate)
						 : VERDICT_FAIL),
		     path, wanted, got);
		settle(r, q, el, held, path, wanted, got);
		judges += len + strspn(judges + len, " ");
	}
}

/* ------------------------------------------------------------ comparisons */

#define PRINTED 160

static bool each_item(const struct value *v,
		      bool (*test)(const struct value *, const struct value *),
		      const struct value *with)
{
	if (v->kind != VALUE_LIST)
		return test(v, with);
	for (size_t i = 0; i < v->count; i++)
		if (!test(&v->items[i], with))
			return false;
	return true;
}

static bool not_equal(const struct value *a, const struct value *b)
{
	return !value_equal(a, b);
}

static bool at_least(const struct value *a, const struct value *b)
{
	int order;

	return value_order(a, b, &order) && order >= 0;
}

static bool at_most(const struct value *a, const struct value *b)
{
	int order;

	return value_order(a, b, &order) && order <= 0;
}

static bool one_of(const struct value *a, const struct value *list)
{
	if (list->kind != VALUE_LIST)
		return value_equal(a, list);
	for (size_t i = 0; i < list->count; i++)
		if (value_equal(a, &list->items[i]))
			return true;
	return false;
}

/* clang-format off */
static const struct {
	enum attribute attribute;
	const char *words;
	bool (*test)(const struct value *, const struct value *);
} comparisons[] = {
	{ AT_IS,     "",          value_equal },
	{ AT_IS_NOT, "not ",      not_equal },
	{ AT_ONE_OF, "one of ",   one_of },
	{ AT_MIN,    "at least ", at_least },
	{ AT_MAX,    "at most ",  at_most },
};
/* clang-format on */

/* A value as people read it: with the name of the registry if it has one. */
static const char *value_words(struct run *r, const struct value *v, const struct names *names)
{
	char text[PRINTED];
	const char *name = NULL;

	if (names && v->kind == VALUE_NUMBER && !v->negative && v->number <= UINT32_MAX)
		name = names_text(names, (uint32_t)v->number);
	value_print(v, text, sizeof text);
	return name ? run_printf(r, "%s (%s)", name, text) : arena_text(r->arena, text);
}

static void broken_value(struct run *r, const struct element_node *el, const char *judges,
			 const char *path, const char *wanted, const struct why *why)
{
	judge(r, el, judges, false, path, wanted, why->text);
}

static const char *check_path(struct run *r, const struct element_node *el, struct why *why)
{
	const char *path = run_text(r, el, AT_FIELD, why);

	return path ? path : attr_text(el, AT_VALUE) ? attr_text(el, AT_VALUE) : "value";
}

/* The value that is judged, and the registry of its field. */
static bool judged_value(struct run *r, const struct element_node *el, struct saved *s,
			 const char *path, struct value *out, struct edit_place *place,
			 const struct names **names, struct why *why)
{
	struct node *node = NULL;

	*names = NULL;
	if (!attr_find(el, AT_FIELD))
		return run_value(r, attr_find(el, AT_VALUE), NULL, out, why);
	if (!s)
		return why_set(why, "there is no message to look at");
	if (saved_nodes(r, s, path, &node, 1) && node->row) {
		*names = node->row->names;
		place->node = node;
		r->edit_place = honest_value(r, s, node, &place->honest) ? place : NULL;
	}
	return saved_value(r, s, path, out, why);
}

bool judge_check(struct run *r, const struct element_node *el, struct saved *s,
		 const char *inherited)
{
	const char *judges = attr_find(el, AT_JUDGES) ? judges_of(r, el) : inherited;
	struct why why = { 0 };
	const char *path = check_path(r, el, &why);
	struct edit_place place = { 0 };
	const struct names *names;
	struct value got, wanted;

	if (attr_find(el, AT_SUBSET_OF) || attr_find(el, AT_COVERS))
		return judge_selectors(r, el, s, path, judges);
	for (size_t i = 0; i < ARRAY_LEN(comparisons); i++) {
		const struct attr *a = attr_find(el, comparisons[i].attribute);
		bool held;

		if (!a)
			continue;
		if (!judged_value(r, el, s, path, &got, &place, &names, &why)) {
			if (!attr_find(el, AT_FIELD))
				run_end(r, VERDICT_ERROR, el, "%s", why.text);
			else
				broken_value(r, el, judges, path,
					     run_printf(r, "%s%s", comparisons[i].words, a->text),
					     &why);
			return false;
		}
		held = run_value(r, a, names, &wanted, &why);
		r->edit_place = NULL;
		if (!held) {
			run_end(r, VERDICT_ERROR, el, "%s", why.text);
			return false;
		}
		held = each_item(&got, comparisons[i].test, &wanted);
		judge(r, el, judges, held, path,
		      run_printf(r, "%s%s", comparisons[i].words, value_words(r, &wanted, names)),
		      value_words(r, &got, names));
	}
	return true;
}

static void judge_presence(struct run *r, const struct element_node *el, struct saved *s,
			   const char *inherited)
{
	const char *judges = attr_find(el, AT_JUDGES) ? judges_of(r, el) : inherited;
	struct why why = { 0 };
	const char *part = run_text(r, el, AT_PART, &why);
	bool want = el->element == EL_PRESENT, there;

	if (!part) {
		run_end(r, VERDICT_ERROR, el, "part: %s", why.text);
		return;
	}
	there = saved_nodes(r, s, part, NULL, 0) > 0;
	judge(r, el, judges, there == want, part, want ? "present" : "absent",
	      there ? "present" : "absent");
}

void judge_message(struct run *r, const struct element_node *el, struct saved *s)
{
	const char *judges = judges_of(r, el);

	for (size_t i = 0; i < el->child_count && !r->stopped; i++) {
		const struct element_node *c = &el->children[i];

		if (c->element == EL_CHECK)
			judge_check(r, c, s, judges);
		else if (c->element == EL_PRESENT || c->element == EL_ABSENT)
			judge_presence(r, c, s, judges);
	}
}

/* ------------------------------------------------------------ what was not reached */

enum mark { MARK_LEFT, MARK_REACHED, MARK_JUDGED };

static void mark_one(struct run *r, const struct element_node *el, enum mark mark)
{
	struct why why;
	const char *judges = attr_find(el, AT_JUDGES) ? run_text(r, el, AT_JUDGES, &why) : NULL;

	/* A parameter of an include is not known before: it may be any of them. */
	if (attr_find(el, AT_JUDGES) && !judges && mark == MARK_JUDGED)
		for (size_t i = 0; i < r->scenario->requirement_count; i++)
			r->requirements[i].judged = true;
	while (judges && *judges) {
		size_t len = strcspn(judges, " ");
		struct requirement_state *q = requirement_named(r, judges, len);

		if (q)
			*(mark == MARK_LEFT      ? &q->left
			  : mark == MARK_REACHED ? &q->reached
						 : &q->judged) = true;
		judges += len + strspn(judges + len, " ");
	}
}

static void mark_all(struct run *r, const struct element_node *el, enum mark mark)
{
	mark_one(r, el, mark);
	for (size_t i = 0; i < el->child_count; i++)
		mark_all(r, &el->children[i], mark);
}

void judge_vacuous(struct run *r, const struct element_node *el)
{
	for (size_t i = 0; i < el->child_count; i++)
		mark_all(r, &el->children[i], MARK_REACHED);
}

void judge_unsettled(struct run *r, const struct element_node *el)
{
	mark_all(r, el, MARK_LEFT);
}

void judge_left(struct run *r)
{
	if (r->stepping)
		mark_all(r, r->step.el, MARK_LEFT);
	for (size_t d = r->depth; d-- > 0;)
		for (size_t i = r->frames[d].next; i < r->frames[d].count; i++)
			mark_all(r, &r->frames[d].steps[i], MARK_LEFT);
}

void judge_begin(struct run *r)
{
	for (size_t i = 0; i < r->scenario->step_count; i++)
		mark_all(r, &r->scenario->steps[i], MARK_JUDGED);
}
