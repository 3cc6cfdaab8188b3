/* expect, exchange, answer: one message of the target, or several. */
#include "inside.h"

#include <limits.h>

static bool yes(const struct element_node *el, enum attribute name)
{
	const char *text = attr_text(el, name);

	return text && strcmp(text, "yes") == 0;
}

/* ------------------------------------------------------------ what is wanted, in words */

const char *wanted_text(struct run *r, const struct element_node *el)
{
	static const struct {
		enum attribute name;
		const char *before, *behind;
	} kinds[] = {
		{AT_RESPONSE, "",                 " response"},
		{ AT_REQUEST, "",                 " request" },
		{ AT_ESP,     "ESP ",             ""         },
		{ AT_IP,      "in clear: ",       ""         },
		{ AT_AGAIN,   "a repetition of ", ""         },
	};
	const char *text = NULL, *with;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(kinds) && !text; i++) {
		const char *name =
			attr_find(el, kinds[i].name) ? run_text(r, el, kinds[i].name, &why) : NULL;

		if (name)
			text = run_printf(r, "%s%s%s", kinds[i].before, name,
					  el->element == EL_EXCHANGE ? " response"
								     : kinds[i].behind);
	}
	if (!text)
		return "an answer";
	with = attr_find(el, AT_WITH) ? run_text(r, el, AT_WITH, &why) : NULL;
	if (with)
		text = run_printf(r, "%s with %s", text, with);
	with = attr_find(el, AT_WITHOUT) ? run_text(r, el, AT_WITHOUT, &why) : NULL;
	return with ? run_printf(r, "%s without %s", text, with) : text;
}

/* ------------------------------------------------------------ beginning */

bool times_of_step(struct run *r, struct step *s, struct why *why)
{
	const char *text;

	s->least = s->most = 1;
	if (!attr_find(s->el, AT_TIMES))
		return true;
	text = run_text(r, s->el, AT_TIMES, why);
	return text &&
	       (count_parse(text, &s->least, &s->most) || why_set(why, "'%s' is no count", text));
}

bool within_of(struct run *r, struct step *s, enum attribute name, usec otherwise, struct why *why)
{
	const struct attr *a = attr_find(s->el, name);

	s->within = otherwise;
	if (a && !run_time(r, a, &s->within, why))
		return false;
	s->within = run_span(r, s->within);
	s->deadline = usec_after(s->began, s->within);
	s->wake = s->deadline;
	return true;
}

static bool known_names(const struct step *s, struct why *why)
{
	return !s->selector.unknown || why_set(why, "%s speaks of a name that is not known yet",
					       element_name(s->el->element));
}

bool step_expect_begin(struct run *r, struct step *s, struct why *why)
{
	return selector_make(r, s->el, &s->selector, why) && known_names(s, why) &&
	       times_of_step(r, s, why) &&
	       within_of(r, s, AT_WITHIN, r->options->profile->answer, why);
}

static bool exchange_begin(struct run *r, struct step *s, struct why *why)
{
	const char *name;

	if (!send_message(r, s, s->el, true, why))
		return false;
	name_sent(r, s->tester, s->el, s->sent);
	name = attr_find(s->el, AT_SAVE) ? run_text(r, s->el, AT_SAVE, why) : NULL;
	if (name)
		known_save(r, run_printf(r, "%s.request", name), saved_sent(r, s->tester, s->sent));
	if (!step_expect_begin(r, s, why))
		return false;
	s->selector.answers = s->sent;
	s->selector.answers_named = true;
	return true;
}

static bool answer_begin(struct run *r, struct step *s, struct why *why)
{
	struct always *a;

	if (!yes(s->el, AT_ALWAYS))
		return step_expect_begin(r, s, why);
	a = arena_new_of(r->arena, struct always);
	if (!a)
		return why_set(why, "no memory");
	*a = (struct always){ .el = s->el, .tester = s->tester, .next = r->always };
	r->always = a;
	s->over = true;
	s->end = STEP_DONE;
	return true;
}

/* ------------------------------------------------------------ taking */

static void save_taken(struct run *r, struct step *s, const struct item *it, struct saved *m)
{
	struct why why;
	const char *name = attr_find(s->el, AT_SAVE) ? run_text(r, s->el, AT_SAVE, &why) : NULL;

	if (!name)
		return;
	if (s->el->element != EL_EXCHANGE) {
		known_save(r, name, m);
		return;
	}
	/* What was answered may be a retry after a COOKIE. */
	if (it->seen->answers && it->seen->answers != s->sent) {
		struct known *k = known_find(r, run_printf(r, "%s.request", name));

		if (k && k->count)
			k->messages[k->count - 1]->sent = it->seen->answers;
	}
	known_save(r, run_printf(r, "%s.response", name), m);
}

static enum take how_to_take(const struct step *s, const struct item *it)
{
	const struct saved *m = s->selector.again;

	if (yes(s->el, AT_LOST) && s->el->element == EL_EXPECT)
		return TAKE_LOST;
	if (!it->seen)
		return TAKE_AUTOMATIC;
	if (s->selector.kind == SELECT_AGAIN && !it->seen->message.response && m && !m->lost)
		return TAKE_LOST;
	return TAKE_HOLD;
}

static void answer_taken(struct run *r, struct step *s, struct item *it)
{
	struct why why = { 0 };
	const char *name = attr_find(s->el, AT_SAVE) ? run_text(r, s->el, AT_SAVE, &why) : NULL;

	if (!send_response(r, s->tester, s->el, it->seen, &why)) {
		run_fault(r, s->el, &why);
		s->end = STEP_STOPS;
		s->over = true;
		return;
	}
	if (!name || !r->step.sent)
		return;
	known_save(r, run_printf(r, "%s.request", name), item_saved(r, it));
	known_save(r, run_printf(r, "%s.response", name), saved_sent(r, s->tester, r->step.sent));
}

static void came(struct run *r, struct step *s, const char *got)
{
	judge(r, s->el, judges_of(r, s->el), true, NULL, wanted_text(r, s->el), got);
}

static void take_wanted(struct run *r, struct step *s, struct item *it)
{
	struct saved *m = item_saved(r, it);
	enum take how = how_to_take(s, it);
	const char *got = item_text(r, it);

	if (it->seen && it->seen->is_ike && !it->seen->message.response && it->tester->ordered)
		it->tester->ordered--;
	m->lost = how == TAKE_LOST && yes(s->el, AT_LOST);
	take_item(r, it, how);
	save_taken(r, s, it, m);
	if (it->seen && how != TAKE_LOST)
		name_seen(r, s->tester, s->el, it->seen);
	s->count++;
	if (s->count == s->least || (s->count == 1 && !s->least))
		came(r, s, got);
	judge_message(r, s->el, m);
	if (s->el->element == EL_ANSWER)
		answer_taken(r, s, it);
	if (s->count == s->most && !s->over) {
		s->over = true;
		s->end = STEP_DONE;
	}
}

static void spoiled(struct run *r, struct step *s, struct item *it)
{
	const char *got = item_text(r, it);

	take_item(r, it, TAKE_HOLD);
	judge(r, s->el, judges_of(r, s->el), false, NULL, wanted_text(r, s->el), got);
	s->over = true;
	s->end = STEP_STOPS;
}

bool step_expect_offer(struct run *r, struct step *s, struct item *it)
{
	switch (selector_fit(r, &s->selector, it)) {
	case FIT_YES:
		take_wanted(r, s, it);
		return true;
	case FIT_SPOILS:
		spoiled(r, s, it);
		return true;
	case FIT_NO:
		break;
	}
	return false;
}

/* ------------------------------------------------------------ waiting */

/*
 * RFC 7296 2.1 wants the response remembered, but a real target forgets it with the IKE SA that it
 * deletes: lost once on a bad path, it never comes, and the SA is gone all the same.  What it would
 * have held cannot be judged then.
 */
static bool lost_with_its_sa(struct run *r, struct step *s)
{
	if (!r->options->weather || s->el->element != EL_EXCHANGE ||
	    s->sent->purpose != PURPOSE_DELETE_IKE)
		return false;
	run_note(r, "no response to the delete on a bad path: the IKE SA is taken for gone");
	if (judges_of(r, s->el))
		run_floor(r, VERDICT_INCONCLUSIVE, s->el,
			  "the response to the delete of an IKE SA may be lost for good");
	judge_unsettled(r, s->el);
	return true;
}

static enum progress expect_look(struct run *r, struct step *s)
{
	char span[32];

	if (s->over)
		return s->end;
	if (run_now(r) < s->deadline)
		return STEP_WAITS;
	if (s->count >= s->least) {
		if (!s->count)
			judge(r, s->el, judges_of(r, s->el), true, NULL, wanted_text(r, s->el),
			      "none");
		return STEP_DONE;
	}
	if (lost_with_its_sa(r, s))
		return STEP_DONE;
	usec_print(s->within, span, sizeof span);
	run_missed(r, s);
	judge(r, s->el, judges_of(r, s->el), false, NULL,
	      s->least > 1 ? run_printf(r, "%u of %s", s->least, wanted_text(r, s->el))
			   : wanted_text(r, s->el),
	      s->count ? run_printf(r, "%u within %s", s->count, span)
		       : run_printf(r, "nothing within %s", span));
	return STEP_STOPS;
}

const struct step_row step_row_expect = { step_expect_begin, expect_look, step_expect_offer };
const struct step_row step_row_exchange = { exchange_begin, expect_look, step_expect_offer };
const struct step_row step_row_answer = { answer_begin, expect_look, step_expect_offer };
