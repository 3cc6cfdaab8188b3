/* What arrives is kept in order until a step takes it, or none could. */
#include "inside.h"

#include <stdio.h>

static struct tester *tester_at(struct run *r, const struct world_node *node)
{
	for (size_t i = 0; i < r->tester_count; i++)
		if (r->testers[i].node == node)
			return &r->testers[i];
	return NULL;
}

void queue_arrived(void *ctx, struct world_node *node, struct arrival *a)
{
	struct run *r = ctx;
	struct tester *t = tester_at(r, node);
	struct item *it = t ? arena_new_of(r->arena, struct item) : NULL;

	if (!it) {
		node_handle(node, a);
		return;
	}
	r->arrivals++;
	it->tester = t;
	it->arrival = a;
	if (a->kind == ARRIVED_IKE)
		it->seen = endpoint_look(t->endpoint, &a->datagram, a->time);
	fence_heard(r, it);
	if (r->loads && load_heard(r, it)) {
		node_handle(node, a);
		return;
	}
	if (r->last)
		r->last->next = it;
	else
		r->first = it;
	r->last = it;
}

struct saved *item_saved(struct run *r, const struct item *it)
{
	struct item *keep = (struct item *)it;

	if (keep->saved)
		return keep->saved;
	keep->saved = arena_new_of(r->arena, struct saved);
	if (keep->saved) {
		keep->saved->kind = it->seen ? SAVED_SEEN : SAVED_ARRIVAL;
		keep->saved->tester = it->tester;
		keep->saved->seen = it->seen;
		keep->saved->arrival = it->arrival;
		keep->saved->time = it->arrival->time;
	}
	return keep->saved;
}

void take_item(struct run *r, struct item *it, enum take how)
{
	usec now = run_now(r);

	if (!it->seen) {
		if (how != TAKE_LOST)
			node_handle(it->tester->node, it->arrival);
		return;
	}
	endpoint_take(it->tester->endpoint, it->seen, how, now);
	if (how == TAKE_LOST)
		return;
	if (it->seen->is_ike && !it->seen->message.response && how == TAKE_HOLD)
		it->tester->last_asked = it->seen;
	accepted(r, it);
}

/* ------------------------------------------------------------ the automatic side */

/* The first of these octets, or the message that they were a fragment of. */
static const struct seen *first_of(const struct seen *s)
{
	while (s->repeats)
		s = s->repeats;
	return s->whole ? s->whole : s;
}

static bool waits(const struct run *r, const struct seen *s)
{
	for (const struct item *it = r->first; it; it = it->next)
		if (it->seen == s)
			return true;
	return false;
}

/* A retransmission of a request whose answer is the scenario's, and has not been given. */
static bool held(const struct run *r, const struct item *it)
{
	const struct seen *first = it->seen ? first_of(it->seen) : NULL;

	return first && it->seen->repeats && it->seen->is_ike && !it->seen->message.response &&
	       !first->response && (first->taken || waits(r, first));
}

static bool asks_again(const struct sent *response)
{
	struct node *n = message_payload(&response->composed.message, PAYLOAD_NOTIFY, 1);
	uint64_t type;

	return n && wire_number(n, "type", &type) && (type == NOTIFY_COOKIE || type == NOTIFY_INVALID_KE_PAYLOAD);
}

/*
 * A request that a slow target repeated although the scenario has asked for another one: the endpoint keeps no state of
 * such an answer and would go on with the handshake.  On a good path the answer has come, and more of it would cross
 * what it asked for.
 */
static bool asked_again(const struct run *r, const struct item *it)
{
	const struct seen *first = it->seen && it->seen->repeats ? first_of(it->seen) : NULL;

	return first && !r->options->weather && it->seen->is_ike && !it->seen->message.response &&
	       it->seen->message.exchange == IKE_SA_INIT && first->response && asks_again(first->response);
}

static bool answered_always(struct run *r, struct item *it)
{
	struct selector s;
	struct why why;

	if (!it->seen || !it->seen->is_ike || it->seen->message.response)
		return false;
	for (struct always *a = r->always; a; a = a->next) {
		if (a->tester != it->tester || !selector_make(r, a->el, &s, &why) ||
		    selector_fit(r, &s, it) != FIT_YES)
			continue;
		take_item(r, it, TAKE_HOLD);
		if (!send_response(r, it->tester, a->el, it->seen, &why))
			run_end(r, VERDICT_ERROR, a->el, "%s", why.text);
		return true;
	}
	return false;
}

static void automatic(struct run *r, struct item *it)
{
	if (held(r, it) || asked_again(r, it))
		return;
	if (r->phase == RUN_STEPS && answered_always(r, it))
		return;
	if (it->seen && it->seen->is_ike && !it->seen->message.response && !it->seen->repeats)
		run_note(r, "unasked: %s", item_text(r, it));
	if (!it->seen) {
		node_handle(it->tester->node, it->arrival);
		return;
	}
	take_item(r, it, TAKE_AUTOMATIC);
}

/* ------------------------------------------------------------ offering */

static void unlink_item(struct run *r, struct item *before, struct item *it)
{
	if (before)
		before->next = it->next;
	else
		r->first = it->next;
	if (r->last == it)
		r->last = before;
}

/* A fragment is no message, unless the message is whole with it; it breaks silence all the same. */
static bool fragment_only(const struct run *r, const struct item *it)
{
	return it->seen && it->seen->part && !it->seen->repeats &&
	       r->step.el->element != EL_EXPECT_NOTHING;
}

/* What has a wrong ICV proves no sender: a receiver drops it and waits on.  It breaks silence all the same. */
static bool unproved(const struct run *r, const struct item *it)
{
	return it->seen && it->seen->message.protection == MESSAGE_BAD_ICV &&
	       !(r->stepping && (r->step.el->element == EL_EXPECT_NOTHING || r->step.el->element == EL_GONE));
}

static bool wanted(struct run *r, struct item *it)
{
	const struct step_row *row;

	if (!r->stepping || it->refused || r->step.over || fragment_only(r, it))
		return false;
	row = step_row_of(r->step.el->element);
	if (row->offer && row->offer(r, &r->step, it))
		return true;
	it->refused = true;
	return false;
}

bool queue_offer(struct run *r)
{
	struct item *before = NULL, *it = r->first;
	bool took = false;

	while (it) {
		struct item *next = it->next;
		bool follow = is_followed(r, it->seen) || unproved(r, it);

		if (!follow && wanted(r, it)) {
			unlink_item(r, before, it);
			took = true;
			if (r->step.over)
				return true;
		} else if (!follow && ((r->stepping && r->step.over) || could_take(r, it))) {
			before = it;
		} else {
			unlink_item(r, before, it);
			automatic(r, it);
		}
		it = next;
	}
	return took;
}

void queue_again(struct run *r)
{
	for (struct item *it = r->first; it; it = it->next)
		it->refused = false;
}

void queue_flush(struct run *r)
{
	while (r->first) {
		struct item *it = r->first;

		unlink_item(r, NULL, it);
		automatic(r, it);
	}
}

/* ------------------------------------------------------------ in words */

static const char *ike_words(struct run *r, const struct seen *s)
{
	return s->is_ike ? message_line(r->arena, &s->message) : "a datagram that is no IKE message";
}

static const char *packet_words(struct run *r, const struct arrival *a)
{
	switch (a->kind) {
	case ARRIVED_KEEPALIVE:
		return "a NAT keepalive";
	case ARRIVED_ICMP:
		return "an ICMP message";
	case ARRIVED_CLEAR:
		return a->is_echo ? "a ping in clear" : "a packet in clear";
	case ARRIVED_ESP:
		if (a->result != ESP_OK)
			return run_printf(r, "an ESP packet (%s)", esp_result_name(a->result));
		if (a->is_echo)
			return a->echo.reply ? "an ESP packet with a pong"
					     : "an ESP packet with a ping";
		return run_printf(r, "an ESP packet with protocol %u", a->inner.protocol);
	default:
		return "a packet of another kind";
	}
}

const char *item_text(struct run *r, const struct item *it)
{
	usec after = it->arrival->time > r->step_end ? it->arrival->time - r->step_end : 0;
	const char *what = it->seen ? ike_words(r, it->seen) : packet_words(r, it->arrival);

	return run_printf(r, "%s after %llu ms", what,
			  (unsigned long long)((after + 500) / USEC_MS));
}
