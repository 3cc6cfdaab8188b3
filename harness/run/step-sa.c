/* establish, alive, works, gone: whole honest conversations. */
#include "inside.h"

enum establish_phase { PHASE_INIT, PHASE_AUTH, PHASE_PING, PHASE_DELETE, PHASE_BEYOND, PHASE_READY };

#define PING_GAP USEC_S

static void over(struct step *s, enum progress end)
{
	s->over = true;
	s->end = end;
}

static void broken(struct run *r, struct step *s, const char *wanted, const char *got)
{
	judge(r, s->el, judges_of(r, s->el), false, NULL, wanted, got);
	over(s, STEP_STOPS);
}

static bool until_init(const struct step *s)
{
	const char *text = attr_text(s->el, AT_UNTIL);

	return text && strcmp(text, "IKE_SA_INIT") == 0;
}

/* ------------------------------------------------------------ the tester begins */

static bool ask(struct run *r, struct step *s, enum purpose purpose, struct why *why)
{
	bool honest = s->el->element == EL_ALIVE;
	struct sending out = {
		.purpose = purpose,
		.retransmit = true,
		.ike = purpose == PURPOSE_IKE_SA_INIT ? NULL : s->ike,
		.connection = honest ? CONNECTION_HONEST : CONNECTION_ASKED,
	};

	if (s->propose_count) {
		out.propose = s->propose;
		out.propose_count = s->propose_count;
	}
	s->sent = endpoint_send(s->tester->endpoint, &out, run_now(r), why);
	if (!s->sent)
		return false;
	s->ike = s->sent->ike;
	if (honest)
		make_private(r, s->ike);
	else
		s->tester->last_request = s->sent;
	return true;
}

static enum purpose auth_purpose_of(const struct ike_sa *sa)
{
	return ike_sa_view(sa).begins_childless ? PURPOSE_CHILDLESS : PURPOSE_IKE_AUTH;
}

static bool propose_of(struct run *r, struct step *s, enum attribute name, bool esp,
		       struct why *why)
{
	const char *text;

	s->propose_count = 0;
	if (!attr_find(s->el, name))
		return true;
	text = run_text(r, s->el, name, why);
	return text && parse_suites(r, text, esp, s->propose, &s->propose_count, why);
}

static void fault(struct run *r, struct step *s, const struct why *why)
{
	run_fault(r, s->el, why);
	over(s, STEP_STOPS);
}

/* ------------------------------------------------------------ establish */

static bool order_initiate(struct run *r, struct step *s, struct why *why)
{
	if (s->tester->ordered)
		return true;
	s->ticket = r->target->order(r, s->tester, "initiate", NULL, NULL, why);
	if (s->ticket)
		s->tester->ordered++;
	return s->ticket != 0;
}

static bool establish_begin(struct run *r, struct step *s, struct why *why)
{
	const char *until = attr_text(s->el, AT_UNTIL);

	if (until && strcmp(until, "IKE_SA_INIT") != 0)
		return why_set(why, "establish until=\"%s\" is not built yet", until);
	if (!within_of(r, s, AT_WITHIN, r->options->profile->answer, why) ||
	    !propose_of(r, s, AT_PROPOSE, false, why))
		return false;
	s->tester->again = NULL;
	s->phase = PHASE_INIT;
	if (r->what->target == ROLE_INITIATOR)
		return order_initiate(r, s, why);
	return ask(r, s, PURPOSE_IKE_SA_INIT, why);
}

static void establish_done(struct run *r, struct step *s, bool whole)
{
	struct why why;
	const char *ike = attr_find(s->el, AT_IKE) ? run_text(r, s->el, AT_IKE, &why) : NULL;
	const char *child = attr_find(s->el, AT_CHILD) ? run_text(r, s->el, AT_CHILD, &why) : NULL;
	struct child_sa *c = whole ? newest_child(r, s->tester, s->ike) : NULL;

	if (ike && s->ike)
		known_ike(r, s->tester, ike, s->ike);
	if (child && c)
		known_child(r, s->tester, child, c);
	if (whole && !c && child) {
		broken(r, s, "an IKE SA and a Child SA", "no Child SA");
		return;
	}
	judge(r, s->el, judges_of(r, s->el), true, NULL,
	      whole ? "an IKE SA and a Child SA" : "keys", "done");
	over(s, STEP_DONE);
}

static const char *goal(const struct step *s)
{
	return until_init(s) ? "an IKE_SA_INIT exchange" : "an IKE SA and a Child SA";
}

/* The response to IKE_SA_INIT or IKE_AUTH of ours. */
static bool establish_answered(struct run *r, struct step *s, struct item *it)
{
	struct why why = { 0 };
	const char *got;
	enum ike_state state;

	if (!it->seen->message.response || it->seen->repeats ||
	    !same_request(it->seen->answers, s->sent))
		return false;
	got = item_text(r, it);
	take_item(r, it, TAKE_AUTOMATIC);
	s->ike = s->sent->ike;
	state = s->ike ? ike_sa_view(s->ike).state : IKE_GONE;
	if (it->seen->error || state == IKE_GONE || state == IKE_HALF_OPEN) {
		broken(r, s, goal(s), got);
		return true;
	}
	if (s->phase == PHASE_INIT && until_init(s)) {
		establish_done(r, s, false);
		return true;
	}
	if (s->phase == PHASE_INIT) {
		s->phase = PHASE_AUTH;
		if (!propose_of(r, s, AT_PROPOSE_CHILD, true, &why) ||
		    !ask(r, s, auth_purpose_of(s->ike), &why))
			fault(r, s, &why);
		return true;
	}
	if (state == IKE_ESTABLISHED)
		establish_done(r, s, true);
	else
		broken(r, s, goal(s), got);
	return true;
}

static bool respond(struct run *r, struct step *s, struct item *it, struct why *why)
{
	struct sending out = {
		.response = true,
		.answers = it->seen,
		.ike = it->seen->ike,
		.purpose = it->seen->purpose,
		.propose = s->propose_count ? s->propose : NULL,
		.propose_count = s->propose_count,
	};
	struct sent *sent = endpoint_send(s->tester->endpoint, &out, run_now(r), why);

	if (!sent)
		return false;
	s->tester->last_asked = NULL;
	s->ike = sent->ike;
	return true;
}

/*
 * Our response has left, but a real target may take a while over it: what comes too early would be
 * lost.  A liveness exchange shows that it is there.
 */
static void establish_ready(struct run *r, struct step *s)
{
	struct why why = { 0 };

	s->phase = PHASE_READY;
	if (world_virtual(r->world))
		establish_done(r, s, true);
	else if (!ask(r, s, PURPOSE_LIVENESS, &why))
		fault(r, s, &why);
}

static bool establish_shown(struct run *r, struct step *s, struct item *it)
{
	if (!it->seen->message.response || it->seen->repeats ||
	    !same_request(it->seen->answers, s->sent))
		return false;
	take_item(r, it, TAKE_AUTOMATIC);
	s->tester->last_request = NULL;
	establish_done(r, s, true);
	return true;
}

/* The target's IKE_SA_INIT or IKE_AUTH request. */
static bool establish_asked(struct run *r, struct step *s, struct item *it)
{
	uint8_t exchange = s->phase == PHASE_INIT ? IKE_SA_INIT : IKE_AUTH;
	struct why why = { 0 };
	enum ike_state state;

	if (s->phase == PHASE_READY)
		return establish_shown(r, s, it);
	if (it->seen->message.response || it->seen->repeats ||
	    it->seen->message.exchange != exchange)
		return false;
	take_item(r, it, TAKE_HOLD);
	if (exchange == IKE_SA_INIT && s->tester->ordered)
		s->tester->ordered--;
	if (!respond(r, s, it, &why)) {
		fault(r, s, &why);
		return true;
	}
	state = s->ike ? ike_sa_view(s->ike).state : IKE_HALF_OPEN;
	if (s->phase == PHASE_INIT && state == IKE_KEYED) {
		s->phase = PHASE_AUTH;
		if (until_init(s))
			establish_done(r, s, false);
		else if (!propose_of(r, s, AT_PROPOSE_CHILD, true, &why))
			fault(r, s, &why);
	} else if (s->phase == PHASE_AUTH && state == IKE_ESTABLISHED) {
		establish_ready(r, s);
	} else if (s->phase == PHASE_AUTH) {
		broken(r, s, goal(s), "an IKE_AUTH request that our end refuses");
	}
	return true;
}

static bool establish_offer(struct run *r, struct step *s, struct item *it)
{
	if (it->tester != s->tester || !it->seen || !it->seen->is_ike)
		return false;
	return r->what->target == ROLE_INITIATOR ? establish_asked(r, s, it)
						 : establish_answered(r, s, it);
}

static enum progress establish_look(struct run *r, struct step *s)
{
	struct why why = { 0 };
	char span[32];

	if (!s->over && s->ticket) {
		int result = r->target->result(r, s->ticket, &why);

		if (result)
			s->ticket = 0;
		if (result < 0)
			fault(r, s, &why);
	}
	if (s->over)
		return s->end;
	if (run_now(r) < s->deadline)
		return STEP_WAITS;
	run_missed(r, s);
	broken(r, s, goal(s),
	       run_printf(r, "no %s %s within %s",
			  s->phase == PHASE_INIT ? "IKE_SA_INIT" : "IKE_AUTH",
			  r->what->target == ROLE_INITIATOR ? "request" : "response",
			  usec_print(s->within, span, sizeof span)));
	return s->end;
}

/* ------------------------------------------------------------ alive */

/*
 * Proof of life is the whole handshake (and a pong, where there is a data plane).  The delete after it
 * proves no more: a target that forgets an IKE SA with its delete sends that response once, and it may
 * be lost (RFC 7296 2.1 wants it remembered; a scenario of its own judges that).  So INVALID_IKE_SPI
 * ends the SA as well, and so does silence, if another IKE_SA_INIT is answered behind it.
 */
static bool alive_begin(struct run *r, struct step *s, struct why *why)
{
	if (!within_of(r, s, AT_WITHIN, 2 * r->options->profile->answer, why))
		return false;
	s->phase = PHASE_INIT;
	s->next = s->wake = s->began + s->within / 2;
	return ask(r, s, PURPOSE_IKE_SA_INIT, why);
}

/* The second half of the time: what went out may have been lost as often as it was repeated. */
static void alive_again(struct run *r, struct step *s)
{
	struct why why = { 0 };

	run_note(r, "the honest handshake is tried once more");
	s->phase = s->phase == PHASE_DELETE ? PHASE_BEYOND : PHASE_INIT;
	s->next = USEC_NEVER;
	s->wake = s->deadline;
	if (!ask(r, s, PURPOSE_IKE_SA_INIT, &why))
		fault(r, s, &why);
}

static bool ping(struct run *r, struct step *s, struct why *why)
{
	struct esp_sending out = { .kind = ESP_SEND_PING, .child = s->child };
	struct esp_sent *sent = node_send_esp(s->tester->node, &out, why);

	if (!sent)
		return false;
	fence_sent(r, s->tester, sent);
	if (!s->ping)
		s->ping_first = sent->echo.seq;
	s->ping = sent;
	s->next = run_now(r) + run_pace(r, PING_GAP);
	s->wake = usec_min(s->next, s->deadline);
	return true;
}

static bool is_pong(const struct step *s, const struct item *it)
{
	const struct arrival *a = it->arrival;

	return s->ping && a->is_echo && a->echo.reply && a->echo.id == s->ping->echo.id &&
	       (uint16_t)(a->echo.seq - s->ping_first) <=
		       (uint16_t)(s->ping->echo.seq - s->ping_first);
}

static void alive_delete(struct run *r, struct step *s)
{
	struct why why = { 0 };

	s->phase = PHASE_DELETE;
	s->next = s->wake = run_now(r) + (s->deadline - run_now(r)) / 2;
	if (!ask(r, s, PURPOSE_DELETE_IKE, &why))
		fault(r, s, &why);
}

/* After IKE_AUTH: data if there is a plane for it.  (The Child SA is installed when the world moves
 * on.) */
static void alive_data(struct run *r, struct step *s)
{
	s->child = endpoint_child_sa(s->tester->endpoint, s->ike, 0);
	if (!s->child || !profile_feature(r->options->profile, "dataplane")) {
		alive_delete(r, s);
		return;
	}
	s->phase = PHASE_PING;
	s->next = s->wake = run_now(r) + 1;
	s->mark = r->moves;
}

static void alive_next(struct run *r, struct step *s)
{
	struct why why = { 0 };

	switch (s->phase) {
	case PHASE_INIT:
		s->phase = PHASE_AUTH;
		if (!ask(r, s, auth_purpose_of(s->ike), &why))
			fault(r, s, &why);
		break;
	case PHASE_AUTH:
		alive_data(r, s);
		break;
	default:
		judge(r, s->el, judges_of(r, s->el), true, NULL, "an honest handshake", "done");
		over(s, STEP_DONE);
		break;
	}
}

static bool alive_step_held(const struct step *s, const struct item *it)
{
	enum ike_state state = ike_sa_view(s->ike).state;

	switch (s->phase) {
	case PHASE_INIT:
		return !it->seen->error && state == IKE_KEYED;
	case PHASE_AUTH:
		return !it->seen->error && state == IKE_ESTABLISHED;
	case PHASE_DELETE:
		return !it->seen->error || (!it->seen->authentic &&
		       message_notify(&it->seen->message, NOTIFY_INVALID_IKE_SPI));
	default:
		return true;
	}
}

static bool alive_offer(struct run *r, struct step *s, struct item *it)
{
	const char *got;

	if (s->phase == PHASE_PING && is_pong(s, it)) {
		take_item(r, it, TAKE_AUTOMATIC);
		alive_delete(r, s);
		return true;
	}
	if (it->tester != s->tester || !it->seen || !it->seen->is_ike ||
	    !it->seen->message.response || it->seen->repeats ||
	    !same_request(it->seen->answers, s->sent))
		return false;
	got = item_text(r, it);
	take_item(r, it, TAKE_AUTOMATIC);
	if (alive_step_held(s, it))
		alive_next(r, s);
	else
		broken(r, s, "an honest handshake", got);
	return true;
}

static enum progress alive_look(struct run *r, struct step *s)
{
	static const char *const waits[] = {
		[PHASE_INIT] = "no IKE_SA_INIT response",
		[PHASE_AUTH] = "no IKE_AUTH response",
		[PHASE_PING] = "no pong",
		[PHASE_DELETE] = "no response to the delete",
		[PHASE_BEYOND] = "no response to the delete, and no IKE_SA_INIT response behind it",
	};
	struct why why = { 0 };
	char span[32];

	if (!s->over && s->phase == PHASE_PING && r->moves != s->mark && run_now(r) >= s->next &&
	    !ping(r, s, &why))
		fault(r, s, &why);
	else if (!s->over && s->phase != PHASE_PING && run_now(r) >= s->next)
		alive_again(r, s);
	if (s->over)
		return s->end;
	if (run_now(r) < s->deadline)
		return STEP_WAITS;
	run_missed(r, s);
	broken(r, s, "an honest handshake",
	       run_printf(r, "%s within %s", waits[s->phase],
			  usec_print(s->within, span, sizeof span)));
	return s->end;
}

/* ------------------------------------------------------------ works */

/* Without a name it is the IKE SA that must work, and what its Child SA carries. */
static struct child_sa *child_besides(struct run *r, const struct step *s)
{
	struct child_sa *c;

	if (attr_find(s->el, AT_IKE) || attr_find(s->el, AT_CHILD) ||
	    !profile_feature(r->options->profile, "dataplane"))
		return NULL;
	c = newest_child(r, s->tester, s->ike);
	return c && !child_sa_view(c).gone ? c : NULL;
}

static bool probed_sas(struct run *r, struct step *s, struct why *why)
{
	const char *text;

	if (attr_find(s->el, AT_CHILD)) {
		text = run_text(r, s->el, AT_CHILD, why);
		return text && child_named(r, text, &s->child, why);
	}
	if (attr_find(s->el, AT_IKE)) {
		text = run_text(r, s->el, AT_IKE, why);
		return text && ike_named(r, text, &s->ike, why);
	}
	s->ike = newest_ike(r, s->tester);
	return s->ike || why_set(why, "there is no IKE SA yet");
}

static bool works_begin(struct run *r, struct step *s, struct why *why)
{
	if (!probed_sas(r, s, why) || !within_of(r, s, AT_WITHIN, r->options->profile->answer, why))
		return false;
	if (s->child)
		return child_sa_view(s->child).gone || ping(r, s, why);
	return ike_sa_view(s->ike).state == IKE_GONE || ask(r, s, PURPOSE_LIVENESS, why);
}

static bool works_offer(struct run *r, struct step *s, struct item *it)
{
	const char *got = item_text(r, it);
	struct why why = { 0 };
	bool clear;

	if (s->child ? !is_pong(s, it)
		     : !it->seen || it->seen->repeats || !same_request(it->seen->answers, s->sent))
		return false;
	clear = it->seen && !it->seen->authentic;
	take_item(r, it, it->seen ? TAKE_HOLD : TAKE_AUTOMATIC);
	if (clear) {
		broken(r, s, "a usable SA", got);
		return true;
	}
	if (!s->child && (s->child = child_besides(r, s))) {
		if (!ping(r, s, &why))
			fault(r, s, &why);
		return true;
	}
	judge(r, s->el, judges_of(r, s->el), true, NULL, "a usable SA", got);
	over(s, STEP_DONE);
	return true;
}

static enum progress works_look(struct run *r, struct step *s)
{
	struct why why = { 0 };
	char span[32];

	if (s->over)
		return s->end;
	if (s->child ? child_sa_view(s->child).gone : ike_sa_view(s->ike).state == IKE_GONE) {
		broken(r, s, "a usable SA", "it is gone");
		return s->end;
	}
	if (run_now(r) >= s->deadline) {
		run_missed(r, s);
		broken(r, s, "a usable SA",
		       run_printf(r, "no %s within %s",
				  s->child ? "pong" : "response to a liveness check",
				  usec_print(s->within, span, sizeof span)));
		return s->end;
	}
	if (s->child && run_now(r) >= s->next && !ping(r, s, &why))
		fault(r, s, &why);
	return s->over ? s->end : STEP_WAITS;
}

const struct step_row step_row_establish = { establish_begin, establish_look, establish_offer };
const struct step_row step_row_alive = { alive_begin, alive_look, alive_offer };
const struct step_row step_row_works = { works_begin, works_look, works_offer };
