/* any-of: all cases listen at once, the first message that fits the first step of a case takes it.
 */
#include "inside.h"

static bool is_silence(const struct step *c)
{
	const char *text = attr_text(c->el, AT_SILENCE);

	return c->el->element == EL_EXPECT_NOTHING ||
	       (c->el->element == EL_EXPECT_REFUSAL && !(text && strcmp(text, "no") == 0));
}

/* A first step listens, but does nothing yet: no request is sent, no fence of its own. */
static bool listen(struct run *r, struct step *c, const struct element_node *el,
		   const struct step *s, struct why *why)
{
	bool silence = el->element == EL_EXPECT_NOTHING || el->element == EL_EXPECT_REFUSAL;

	*c = (struct step){ .el = el, .began = s->began };
	c->tester = tester_of(r, el, why);
	if (!c->tester || !selector_make(r, el, &c->selector, why) || !times_of_step(r, c, why))
		return false;
	return within_of(r, c, silence ? AT_FOR : AT_WITHIN,
			 silence ? r->options->profile->silence : r->options->profile->answer, why);
}

static void begin_fence(struct run *r, struct step *s)
{
	const struct step *quiet = NULL;
	bool full = false, again = false;

	for (size_t i = 0; i < s->case_count; i++) {
		const struct step *c = &s->cases[i];

		again |= c->selector.kind == SELECT_AGAIN;
		if (is_silence(c))
			quiet = !quiet || c->within > quiet->within ? c : quiet;
		else if (own_accord(&c->selector) && c->selector.kind != SELECT_AGAIN)
			full = true;
	}
	if (!quiet)
		return;
	fence_begin(r, &s->fence, quiet->tester, fenced_child(r, quiet), NULL,
		    full ? quiet->deadline : s->began, quiet->within);
	s->fence.fresh = again;
	s->wake = fence_look(r, &s->fence);
}

static bool any_begin(struct run *r, struct step *s, struct why *why)
{
	s->cases = arena_array(r->arena, s->el->child_count, sizeof *s->cases);
	if (!s->cases)
		return why_set(why, "no memory");
	s->deadline = s->began;
	for (size_t i = 0; i < s->el->child_count; i++) {
		const struct element_node *when = &s->el->children[i];

		if (!when->child_count)
			return why_set(why, "a case without steps");
		if (!listen(r, &s->cases[i], &when->children[0], s, why))
			return false;
		s->case_count++;
		if (s->cases[i].deadline > s->deadline)
			s->deadline = s->cases[i].deadline;
	}
	s->wake = s->deadline;
	begin_fence(r, s);
	return true;
}

static const char *all_names(struct run *r, const struct step *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->case_count; i++)
		text = run_printf(r, "%s%s%s", text, i ? ", " : "",
				  attr_text(&s->el->children[i], AT_WHEN));
	return run_printf(r, "one of %s", text);
}

static const char *wanted_case(struct run *r, const struct step *s)
{
	struct why why = { 0 };
	const char *wanted;

	if (!attr_find(s->el, AT_WANTED))
		return NULL;
	wanted = run_text(r, s->el, AT_WANTED, &why);
	if (!wanted)
		run_end(r, VERDICT_ERROR, s->el, "wanted: %s", why.text);
	return wanted;
}

/* The case becomes the current step; the cases not taken have nothing to look at. */
static void take_case(struct run *r, struct step *s, size_t n, struct item *it)
{
	const struct element_node *when = &s->el->children[n];
	const char *name = attr_text(when, AT_WHEN), *wanted = wanted_case(r, s);
	const char *judges = judges_of(r, s->el), *choice = all_names(r, s);
	const struct element_node *any = s->el;
	struct step first = s->cases[n];
	bool held = !wanted || strcmp(wanted, name) == 0;

	run_observed(r, name);
	if (judges || !held)
		judge(r, any, judges, held, NULL, wanted ? wanted : choice,
		      it ? run_printf(r, "%s: %s", name, item_text(r, it)) : name);
	for (size_t i = 0; i < any->child_count; i++)
		if (i != n)
			judge_vacuous(r, &any->children[i]);
	if (!frame_push(r, FRAME_CASE, when, 1))
		return;
	r->frames[r->depth - 1].next = 1;
	first.fence = s->fence;
	r->step = first;
	step_events(r, first.el);
	if (it)
		step_row_of(first.el->element)->offer(r, &r->step, it);
}

static void none(struct run *r, struct step *s, const char *got)
{
	const char *wanted = wanted_case(r, s);

	judge(r, s->el, judges_of(r, s->el), false, NULL, wanted ? wanted : all_names(r, s), got);
	s->over = true;
	s->end = STEP_STOPS;
}

static bool any_offer(struct run *r, struct step *s, struct item *it)
{
	bool spoils = false;

	if (fence_answered(r, &s->fence, it))
		return true;
	for (size_t i = 0; i < s->case_count; i++) {
		struct step *c = &s->cases[i];
		enum fit fit = selector_fit(r, &c->selector, it);

		if (c->el->element == EL_EXPECT_NOTHING) {
			spoils |= fit == FIT_YES;
			continue;
		}
		if (fit == FIT_YES) {
			take_case(r, s, i, it);
			return true;
		}
		spoils |= fit == FIT_SPOILS &&
			  !(it->seen->answers && private_ike(r, it->seen->answers->ike));
	}
	if (!spoils)
		return false;
	none(r, s, item_text(r, it));
	take_item(r, it, it->seen ? TAKE_HOLD : TAKE_AUTOMATIC);
	return true;
}

static bool take_silence(struct run *r, struct step *s)
{
	for (size_t i = 0; i < s->case_count; i++) {
		if (is_silence(&s->cases[i])) {
			take_case(r, s, i, NULL);
			return true;
		}
	}
	return false;
}

static enum progress any_look(struct run *r, struct step *s)
{
	if (s->over)
		return s->end;
	if (s->fence.state != FENCE_OFF) {
		s->wake = fence_look(r, &s->fence);
		if (s->fence.state == FENCE_FAILED) {
			run_missed(r, s);
			run_end(r, VERDICT_INCONCLUSIVE, s->el,
				"silence, but the probe after it was not answered either");
			return STEP_STOPS;
		}
		if (s->fence.state == FENCE_DONE && take_silence(r, s))
			return step_row_of(r->step.el->element)->look(r, &r->step);
		return STEP_WAITS;
	}
	if (run_now(r) < s->deadline)
		return STEP_WAITS;
	run_missed(r, s);
	none(r, s, "nothing");
	return s->end;
}

const struct step_row step_row_any_of = { any_begin, any_look, any_offer };
