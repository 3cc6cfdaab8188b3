/* gone: the SA is no longer usable; no answer but INVALID_IKE_SPI, nothing encrypted under it. */
#include "inside.h"

static bool named(struct run *r, struct step *s, struct why *why)
{
	const char *text;

	if (attr_find(s->el, AT_CHILD)) {
		text = run_text(r, s->el, AT_CHILD, why);
		return text && child_named(r, text, &s->child, why);
	}
	text = attr_find(s->el, AT_IKE) ? run_text(r, s->el, AT_IKE, why) : "ike";
	return text && ike_named(r, text, &s->ike, why);
}

/* On a bad path one stimulus may be lost, and its silence prove nothing. */
#define TRIES     8
#define TRIES_GAP (250 * USEC_MS)

/* What our own end has forgotten cannot be tried: then only what comes under it is watched. */
static void try(struct run *r, struct step *s)
{
	struct sending ike = { .purpose = PURPOSE_LIVENESS, .ike = s->ike,
			       .retransmit = r->options->weather != NULL };
	struct esp_sending esp = { .kind = ESP_SEND_PING, .child = s->child };

	if (s->child)
		s->ping = node_send_esp(s->tester->node, &esp, NULL);
	else if (!s->sent)
		s->sent = endpoint_send(s->tester->endpoint, &ike, run_now(r), NULL);
	if (s->ping)
		fence_sent(r, s->tester, s->ping);
	if (!s->ping && !s->sent && !s->phase)
		run_note(
			r,
			"our own end has no such SA any more: only what comes under it is watched");
}

/*
 * A real target answers first and takes its SAs down a moment later: what is on its way until the
 * settle time has passed proves nothing.
 */
static bool tried(struct run *r, struct step *s)
{
	bool at_once = world_virtual(r->world) && !r->options->weather;
	usec settle = at_once ? 0 : run_span(r, r->options->profile->settle);

	unsigned tries = r->options->weather ? TRIES : 1;

	if (s->phase == tries)
		return true;
	s->wake = s->phase ? s->next : s->began + settle;
	if (run_now(r) < s->wake)
		return false;
	try(r, s);
	s->next = s->wake = run_now(r) + run_pace(r, TRIES_GAP);
	if (++s->phase < tries)
		return false;
	fence_begin(r, &s->fence, s->tester, NULL, s->ike, run_now(r), s->within);
	return true;
}

static bool gone_begin(struct run *r, struct step *s, struct why *why)
{
	if (!named(r, s, why) || !within_of(r, s, AT_WITHIN, r->options->profile->silence, why))
		return false;
	if (tried(r, s))
		s->wake = fence_look(r, &s->fence);
	return true;
}

static void decided(struct run *r, struct step *s, bool held, const char *got)
{
	judge(r, s->el, judges_of(r, s->el), held, NULL,
	      s->child ? "a Child SA that is gone" : "an IKE SA that is gone", got);
	s->over = true;
	s->end = STEP_DONE;
}

static bool gone_offer(struct run *r, struct step *s, struct item *it)
{
	const struct arrival *a = it->arrival;

	if (!s->phase)
		return false;
	if (fence_answered(r, &s->fence, it))
		return true;
	if (s->child && (item_is_pong(it, s->ping) ||
			 (a->kind == ARRIVED_ESP && a->child == s->child && a->result == ESP_OK))) {
		decided(r, s, false, item_text(r, it));
		return true;
	}
	if (!s->sent || !it->seen || it->seen->repeats || !same_request(it->seen->answers, s->sent))
		return false;
	decided(r, s,
		!it->seen->authentic && message_notify(&it->seen->message, NOTIFY_INVALID_IKE_SPI),
		item_text(r, it));
	take_item(r, it, TAKE_LOST);
	return true;
}

static enum progress gone_look(struct run *r, struct step *s)
{
	if (s->over)
		return s->end;
	if (!tried(r, s))
		return STEP_WAITS;
	s->wake = fence_look(r, &s->fence);
	if (s->fence.state == FENCE_FAILED) {
		run_missed(r, s);
		run_end(r, VERDICT_INCONCLUSIVE, s->el,
			"silence, but the probe after it was not answered either");
		return STEP_STOPS;
	}
	if (s->fence.state == FENCE_DONE)
		decided(r, s, true, "silence");
	return s->over ? s->end : STEP_WAITS;
}

const struct step_row step_row_gone = { gone_begin, gone_look, gone_offer };
