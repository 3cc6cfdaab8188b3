/* expect-nothing and expect-refusal: silence, as far as the fence proves it. */
#include "inside.h"

#include <stdio.h>

static bool says_no(const struct element_node *el, enum attribute name)
{
	const char *text = attr_text(el, name);

	return text && strcmp(text, "no") == 0;
}

/* Things that the target does of its own accord: the answer to a fence says nothing about them. */
bool own_accord(const struct selector *s)
{
	switch (s->kind) {
	case SELECT_REQUEST:
	case SELECT_CLEAR:
		return true;
	case SELECT_ESP:
		return !s->packet || strcmp(s->packet, "pong") != 0;
	case SELECT_AGAIN:
		return true;
	default:
		return false;
	}
}

/* The child that a packet went over last, if the last thing we sent was one. */
struct child_sa *fenced_child(struct run *r, const struct step *s)
{
	struct child_sa *c = s->tester->esp_last ? newest_child(r, s->tester, NULL) : NULL;

	if (c && s->tester->last_ping && s->tester->last_ping->child)
		c = s->tester->last_ping->child;
	return c && !child_sa_view(c).gone ? c : NULL;
}

static void begin_fence(struct run *r, struct step *s, bool full)
{
	s->full = full;
	fence_begin(r, &s->fence, s->tester, fenced_child(r, s), NULL,
		    full ? s->deadline : s->began, s->within);
	s->fence.fresh = s->selector.kind == SELECT_AGAIN;
	s->wake = fence_look(r, &s->fence);
}

static bool step_nothing_begin(struct run *r, struct step *s, struct why *why)
{
	if (!selector_make(r, s->el, &s->selector, why) ||
	    !within_of(r, s, AT_FOR, r->options->profile->silence, why))
		return false;
	s->selector.answers = s->selector.answers_named ? s->selector.answers : NULL;
	s->selector.forbidden = true;
	begin_fence(r, s, own_accord(&s->selector));
	return true;
}

static bool step_refusal_begin(struct run *r, struct step *s, struct why *why)
{
	bool silence = !says_no(s->el, AT_SILENCE);
	usec otherwise = silence ? r->options->profile->silence : r->options->profile->answer;

	if (!selector_make(r, s->el, &s->selector, why) || !within_of(r, s, AT_FOR, otherwise, why))
		return false;
	if (silence)
		begin_fence(r, s, false);
	return true;
}

/* ------------------------------------------------------------ what comes */

static void over(struct step *s, enum progress end)
{
	s->over = true;
	s->end = end;
}

/* A repetition of a request that had come before our response left proves nothing. */
static bool before_answer(const struct step *s, const struct item *it)
{
	const struct saved *of = s->selector.kind == SELECT_AGAIN ? s->selector.again : NULL;
	const struct sent *answer =
		of && of->seen && !of->seen->message.response ? of->seen->response : NULL;

	return answer && it->arrival->time < answer->time;
}

static bool nothing_offer(struct run *r, struct step *s, struct item *it)
{
	const char *got;

	if (fence_answered(r, &s->fence, it))
		return true;
	if (selector_fit(r, &s->selector, it) != FIT_YES || before_answer(s, it))
		return false;
	got = item_text(r, it);
	take_item(r, it, it->seen ? TAKE_HOLD : TAKE_AUTOMATIC);
	judge(r, s->el, judges_of(r, s->el), false, NULL,
	      s->selector.kind == SELECT_ANSWER ? "silence"
						: run_printf(r, "no %s", wanted_text(r, s->el)),
	      got);
	over(s, STEP_DONE);
	return true;
}

/* The error notifies of a message, as the observed behaviour. */
static void observe_refusal(struct run *r, const struct seen *m)
{
	struct node *n;
	char spare[32];

	for (unsigned i = 1; (n = message_payload(&m->message, PAYLOAD_NOTIFY, i)); i++) {
		uint64_t got;

		if (wire_number(n, "type", &got) && got < 16384) {
			run_observed(
				r, names_print(&names_notify, (uint32_t)got, spare, sizeof spare));
			return;
		}
	}
	run_observed(r, "an error without a notify");
}

static void refused(struct run *r, struct step *s, struct item *it)
{
	struct why why;
	const char *name = attr_find(s->el, AT_SAVE) ? run_text(r, s->el, AT_SAVE, &why) : NULL;
	const char *got = item_text(r, it);
	struct saved *m = item_saved(r, it);

	take_item(r, it, TAKE_HOLD);
	if (name)
		known_save(r, name, m);
	observe_refusal(r, it->seen);
	judge(r, s->el, judges_of(r, s->el), true, NULL, "a refusal", got);
	judge_message(r, s->el, m);
	over(s, STEP_DONE);
}

static const char *refusal_text(struct run *r, const struct step *s)
{
	const char *kind = s->selector.notify
				   ? run_printf(r, "an error with %s", s->selector.notify)
				   : "an error notify";

	return says_no(s->el, AT_SILENCE) ? kind : run_printf(r, "silence or %s", kind);
}

static bool refusal_offer(struct run *r, struct step *s, struct item *it)
{
	const char *got;

	if (fence_answered(r, &s->fence, it))
		return true;
	switch (selector_fit(r, &s->selector, it)) {
	case FIT_YES:
		refused(r, s, it);
		return true;
	case FIT_SPOILS:
		if (it->seen->answers && private_ike(r, it->seen->answers->ike))
			return false;
		got = item_text(r, it);
		take_item(r, it, TAKE_HOLD);
		judge(r, s->el, judges_of(r, s->el), false, NULL, refusal_text(r, s), got);
		over(s, STEP_DONE);
		return true;
	case FIT_NO:
		break;
	}
	return false;
}

/* ------------------------------------------------------------ time passes */

static enum progress fence_progress(struct run *r, struct step *s)
{
	s->wake = fence_look(r, &s->fence);
	if (s->fence.state == FENCE_FAILED) {
		run_missed(r, s);
		run_end(r, VERDICT_INCONCLUSIVE, s->el,
			"silence, but the probe after it was not answered either");
		return STEP_STOPS;
	}
	return s->fence.state == FENCE_DONE ? STEP_DONE : STEP_WAITS;
}

static enum progress nothing_look(struct run *r, struct step *s)
{
	enum progress p;

	if (s->over)
		return s->end;
	p = fence_progress(r, s);
	if (p == STEP_DONE)
		judge(r, s->el, judges_of(r, s->el), true, NULL,
		      s->selector.kind == SELECT_ANSWER
			      ? "silence"
			      : run_printf(r, "no %s", wanted_text(r, s->el)),
		      "none");
	return p;
}

static enum progress refusal_look(struct run *r, struct step *s)
{
	enum progress p;
	char span[32];

	if (s->over)
		return s->end;
	if (says_no(s->el, AT_SILENCE)) {
		if (run_now(r) < s->deadline)
			return STEP_WAITS;
		run_missed(r, s);
		judge(r, s->el, judges_of(r, s->el), false, NULL, refusal_text(r, s),
		      run_printf(r, "nothing within %s", usec_print(s->within, span, sizeof span)));
		return STEP_STOPS;
	}
	p = fence_progress(r, s);
	if (p == STEP_DONE) {
		run_observed(r, "silent");
		judge(r, s->el, judges_of(r, s->el), true, NULL, refusal_text(r, s), "silence");
		judge_vacuous(r, s->el);
	}
	return p;
}

const struct step_row step_row_nothing = { step_nothing_begin, nothing_look, nothing_offer };
const struct step_row step_row_refusal = { step_refusal_begin, refusal_look, refusal_offer };
