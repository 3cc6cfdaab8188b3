/* The program counter: frames of steps, the current step, repeat and include. */
#include "inside.h"

#include <limits.h>

static bool check_begin(struct run *r, struct step *s, struct why *why)
{
	(void)why;
	judge_check(r, s->el, NULL, NULL);
	return true;
}

static const struct step_row row_send = { step_send_begin, NULL, NULL };
static const struct step_row row_check = { check_begin, NULL, NULL };
static const struct step_row row_none = { NULL, NULL, NULL };

/* clang-format off */
static const struct step_row *const rows[EL_COUNT] = {
	[EL_SEND]           = &row_send,
	[EL_EXPECT]         = &step_row_expect,
	[EL_EXPECT_NOTHING] = &step_row_nothing,
	[EL_EXPECT_REFUSAL] = &step_row_refusal,
	[EL_EXCHANGE]       = &step_row_exchange,
	[EL_ANSWER]         = &step_row_answer,
	[EL_ESTABLISH]      = &step_row_establish,
	[EL_WORKS]          = &step_row_works,
	[EL_GONE]           = &step_row_gone,
	[EL_ALIVE]          = &step_row_alive,
	[EL_TARGET]         = &step_row_target,
	[EL_NETWORK]        = &step_row_network,
	[EL_LOAD]           = &step_row_load,
	[EL_STOP]           = &step_row_stop,
	[EL_WAIT]           = &step_row_wait,
	[EL_CHECK]          = &row_check,
	[EL_ANY_OF]         = &step_row_any_of,
};
/* clang-format on */

const struct step_row *step_row_of(enum element e)
{
	return (unsigned)e < EL_COUNT && rows[e] ? rows[e] : &row_none;
}

/* ------------------------------------------------------------ in words */

static const char *step_text(struct run *r, const struct element_node *el)
{
	static const enum attribute telling[] = {
		AT_REQUEST, AT_RESPONSE, AT_ESP,   AT_IP,  AT_AGAIN, AT_ICMP,
		AT_DO,      AT_FIELD,    AT_VALUE, AT_FOR, AT_LOAD,  AT_NAME,
	};

	for (size_t i = 0; i < ARRAY_LEN(telling); i++) {
		const char *text = attr_text(el, telling[i]);

		if (text)
			return run_printf(r, "%s %s=%s", element_name(el->element),
					  attribute_name(telling[i]), text);
	}
	return element_name(el->element);
}

/* ------------------------------------------------------------ frames */

bool frame_push(struct run *r, enum frame_kind kind, const struct element_node *el, unsigned rounds)
{
	struct frame *f;

	if (r->depth == FRAMES) {
		run_end(r, VERDICT_ERROR, el, "steps are nested deeper than %d", FRAMES);
		return false;
	}
	f = &r->frames[r->depth++];
	*f = (struct frame){
		.kind = kind,
		.el = el,
		.steps = el ? el->children : r->scenario->steps,
		.count = el ? el->child_count : r->scenario->step_count,
		.round = 1,
		.rounds = rounds,
		.turn = run_now(r),
	};
	return true;
}

static bool push_repeat(struct run *r, const struct element_node *el)
{
	const char *text;
	unsigned least, most;
	struct why why = { 0 };
	usec every = 0;

	text = run_text(r, el, AT_TIMES, &why);
	if (!text || !count_parse(text, &least, &most)) {
		run_end(r, VERDICT_ERROR, el, "times: %s", text ? "is no count" : why.text);
		return false;
	}
	if (attr_find(el, AT_EVERY) && !run_time(r, attr_find(el, AT_EVERY), &every, &why)) {
		run_end(r, VERDICT_ERROR, el, "every: %s", why.text);
		return false;
	}
	if (!least)
		return true;
	if (!frame_push(r, FRAME_REPEAT, el, least))
		return false;
	r->frames[r->depth - 1].every = every;
	return true;
}

/* The next element, or NULL: wait for *turn, or (turn 0) the scenario is over. */
static const struct element_node *next_element(struct run *r, usec *turn)
{
	*turn = 0;
	while (r->depth) {
		struct frame *f = &r->frames[r->depth - 1];

		if (f->next < f->count) {
			if (f->next == 0 && f->round > 1 && run_now(r) < f->turn) {
				*turn = f->turn;
				return NULL;
			}
			return &f->steps[f->next++];
		}
		if (f->kind == FRAME_REPEAT && f->round < f->rounds) {
			f->round++;
			f->next = 0;
			f->turn = usec_after(f->turn, f->every);
			continue;
		}
		r->depth--;
	}
	return NULL;
}

/* ------------------------------------------------------------ the current step */

void step_events(struct run *r, const struct element_node *el)
{
	r->place = el;
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_STEP,
				    .time = run_now(r),
				    .file = el->file,
				    .line = el->line,
				    .text = step_text(r, el),
				    .detail = attr_text(el, AT_NOTE),
			    });
}

bool step_begin(struct run *r, struct step *s, const struct element_node *el, struct why *why)
{
	const struct step_row *row = step_row_of(el->element);
	struct tester *t;

	*s = (struct step){
		.el = el, .began = r->step_end, .wake = USEC_NEVER, .deadline = USEC_NEVER
	};
	t = tester_of(r, el, why);
	if (!t)
		return false;
	s->tester = t;
	return !row->begin || row->begin(r, s, why);
}

static void step_ends(struct run *r)
{
	if (r->stepping)
		event_emit(&r->log, &(struct event){
					    .kind = EVENT_STEP_END,
					    .time = run_now(r),
					    .file = r->step.el->file,
					    .line = r->step.el->line,
					    .text = element_name(r->step.el->element),
				    });
	r->stepping = false;
	r->step_end = run_now(r);
	queue_again(r);
}

static void start(struct run *r, const struct element_node *el)
{
	struct why why = { 0 };

	step_events(r, el);
	r->stepping = true;
	r->lag = 0;
	if (!step_begin(r, &r->step, el, &why))
		run_fault(r, el, &why);
}

static bool flow(struct run *r, const struct element_node *el)
{
	switch (el->element) {
	case EL_REPEAT:
		push_repeat(r, el);
		return true;
	case EL_INCLUDE:
		frame_push(r, FRAME_INCLUDE, el, 1);
		return true;
	default:
		return false;
	}
}

void step_start(struct run *r, const struct element_node *el)
{
	if (!flow(r, el))
		start(r, el);
}

/* One move of the current step; false: it waits. */
bool step_move(struct run *r)
{
	bool took = queue_offer(r);
	const struct step_row *row = step_row_of(r->step.el->element);
	enum progress p;

	if (r->stopped) {
		step_ends(r);
		return true;
	}
	p = row->look ? row->look(r, &r->step) : STEP_DONE;
	if (p == STEP_STOPS)
		r->stopped = true;
	else if (p == STEP_DONE)
		step_ends(r);
	return took || p != STEP_WAITS;
}

/* Goes to the next step; false: there is none, or its turn has not come. */
bool steps_next(struct run *r, bool *over)
{
	usec turn;
	const struct element_node *el = next_element(r, &turn);

	*over = !el && !turn;
	r->turn = turn;
	if (el)
		step_start(r, el);
	return el != NULL;
}
