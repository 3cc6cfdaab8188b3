/*
 * Fragments on their way in (RFC 7383 2.6): each is judged, opened and kept until the message is
 * whole.  What is known from its header goes before its ICV, what is kept comes after it.
 */
#include "inside.h"

#define ENDPOINT_OCTETS ((size_t)16 << 20) /* of all fragments that an endpoint keeps */

/* After each change of an IKE SA's fragments. */
static void count_octets(struct ike_sa *sa)
{
	size_t octets = fragment_queue_octets(sa->fragments);
	sa->endpoint->fragment_octets += octets - sa->fragments_counted;
	sa->fragments_counted = octets;
	ike_sa_touch(sa);
}

void fragments_free(struct ike_sa *sa)
{
	fragment_queue_free(sa->fragments);
	sa->fragments = NULL;
	count_octets(sa);
}

static struct fragment_queue *queue_of(struct ike_sa *sa)
{
	struct fragment_limits limits = fragment_limits_usual;
	if (!check_on(sa->endpoint, CHECK_FRAGMENT_TIME))
		limits.time = 0;
	if (!sa->fragments)
		sa->fragments = fragment_queue_new(&limits);
	return sa->fragments;
}

/* ------------------------------------------------------------ before the ICV */

static enum check row_of(enum fragment_fate fate)
{
	switch (fate) {
	case FRAGMENT_NUMBERS:
		return CHECK_FRAGMENT_NUMBER;
	case FRAGMENT_AGAIN:
		return CHECK_FRAGMENT_TWICE;
	case FRAGMENT_SMALLER:
		return CHECK_FRAGMENT_TOTAL;
	case FRAGMENT_TOO_MUCH:
		return CHECK_FRAGMENT_LIMIT;
	default:
		return CHECKS;
	}
}

/* A fault: impossible numbers are made possible ones. */
static void bend_numbers(struct message *m)
{
	if (!m->fragments)
		m->fragment = m->fragments = 1;
	if (!m->fragment || m->fragment > m->fragments)
		m->fragment = m->fragments;
}

static bool numbers_refused(struct incoming *x)
{
	enum fragment_fate fate = fragment_queue_judge(x->ike->fragments, &x->m);
	enum check c = row_of(fate);
	if (c != CHECKS && refuse_answered(x, c, BYTES_NONE))
		return true;
	if (fate == FRAGMENT_NUMBERS)
		bend_numbers(&x->m);
	return !check_on(x->e, CHECK_FRAGMENT_ORDER) &&
	       x->m.fragment != fragment_queue_count(x->ike->fragments, &x->m) + 1 &&
	       (refuse_anyway(x, CHECK_FRAGMENT_ORDER), true);
}

/* Nothing stands behind it, and no Encrypted payload beside it. */
static bool misplaced(const struct message *m)
{
	const struct node *list = payload_list(m->outer), *p = list ? list->first : NULL;
	for (; p && p->next; p = p->next)
		if (p->type == PAYLOAD_SKF || p->type == PAYLOAD_SK)
			return true;
	return false;
}

/* ------------------------------------------------------------ whose turn it is */

/* A fragment of a request that was carried out: the first one draws the response again (2.6.1). */
bool receive_fragment_again(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	struct message_keys keys = { &sa->suite, sa->open };
	struct message m = x->m;
	struct why why;
	if (x->m.response || x->sending || !window_retained(&sa->window, x->m.id))
		return false;
	if (!message_open(&m, &keys, true, true, &why)) {
		refuse_anyway(x, CHECK_ICV);
		return true;
	}
	if (m.fragment != 1 && refuse_answered(x, CHECK_FRAGMENT_AGAIN, BYTES_NONE))
		return true;
	nat_follow(x, true, false);
	x->purpose = PURPOSE_NONE;
	retained_again(x);
	return true;
}

static bool out_of_turn(struct incoming *x)
{
	if (x->sending)
		return false;
	if (x->m.response)
		return !pending_find(x->ike, x->m.id) &&
		       refuse_answered(x, CHECK_RESPONSE_ID, BYTES_NONE);
	if (window_expects(x->ike, x->m.id) || !refuse_answered(x, CHECK_MESSAGE_ID, BYTES_NONE))
		return false;
	window_wrong(x);
	return true;
}

/* ------------------------------------------------------------ behind the ICV */

static unsigned habits(const struct endpoint *e)
{
	return (check_on(e, CHECK_FRAGMENT_TOTAL) ? 0 : FRAGMENT_TAKES_SMALLER) |
	       (check_on(e, CHECK_FRAGMENT_RESTART) ? 0 : FRAGMENT_KEEPS_TOTAL) |
	       (check_on(e, CHECK_FRAGMENT_TWICE) ? 0 : FRAGMENT_REPLACES) |
	       (check_on(e, CHECK_FRAGMENT_LIMIT) ? 0 : FRAGMENT_UNLIMITED);
}

static bool opened(struct incoming *x)
{
	struct message_keys keys = { &x->ike->suite, x->ike->open };
	struct why why;
	if (message_open(&x->m, &keys, check_on(x->e, CHECK_ICV), check_on(x->e, CHECK_PAD_LENGTH),
			 &why)) {
		ike_sa_used(&x->ike->life.in, x->datagram->octets.len);
		return true;
	}
	if (x->m.protection == MESSAGE_BAD_ICV && !check_on(x->e, CHECK_FRAGMENT_ICV)) {
		x->m.plain = bytes_make("", 0); /* kept, though nothing will come of it */
		return true;
	}
	refuse_anyway(x, x->m.protection == MESSAGE_SHORT ? CHECK_SK_LENGTH
			 : x->m.protection == MESSAGE_BAD_PADDING ? CHECK_PAD_LENGTH
			 : x->m.protection == MESSAGE_BAD_ICV ? CHECK_ICV : CHECK_MEMORY);
	return false;
}

/* True if the message is whole now. */
static bool kept(struct incoming *x)
{
	struct fragment_queue *q = queue_of(x->ike);
	struct why why;
	if (!q || x->e->fragment_octets + x->m.octets.len > ENDPOINT_OCTETS) {
		refuse_anyway(x, CHECK_FRAGMENT_LIMIT);
		return false;
	}
	enum fragment_fate fate = fragment_queue_add(q, &x->m, habits(x->e), x->now);
	count_octets(x->ike);
	if (fate == FRAGMENT_WHOLE) {
		bool joined = fragment_queue_join(q, &x->m, &why);
		count_octets(x->ike);
		if (joined)
			return true;
		refuse_anyway(x, CHECK_MEMORY);
	} else if (fate == FRAGMENT_KEPT) {
		x->done = x->accepted = true;
	} else {
		enum check c = row_of(fate);
		refuse_anyway(x, c == CHECKS ? CHECK_FRAGMENT_LIMIT : c);
	}
	return false;
}

/* A stepped endpoint has put it together when it looked at it. */
static bool seen_whole(struct incoming *x)
{
	if (x->seen->message.inner) {
		x->m = x->seen->message;
		return true;
	}
	x->done = x->accepted = true;
	return false;
}

bool receive_fragment(struct incoming *x)
{
	if (receive_fragment_again(x))
		return false;
	if (x->seen && fragmentation_agreed(x->ike))
		return seen_whole(x);
	if (!fragmentation_agreed(x->ike) && refuse_answered(x, CHECK_FRAGMENT, BYTES_NONE))
		return false;
	if (misplaced(&x->m)) {
		if (refuse_answered(x, CHECK_FRAGMENT_LAST, BYTES_NONE))
			return false;
		x->m.clean = true;
	}
	if (out_of_turn(x) || numbers_refused(x) || !opened(x))
		return false;
	if (x->m.fragment > 1 && x->m.first && refuse_answered(x, CHECK_FRAGMENT_NEXT, BYTES_NONE))
		return false;
	return kept(x);
}

/* The message comes whole: as if its fragments had never come (2.6). */
bool receive_overrides_fragments(struct incoming *x)
{
	unsigned count = fragment_queue_count(x->ike->fragments, &x->m);
	if (count && !check_on(x->e, CHECK_FRAGMENT_PLAIN)) {
		refuse_anyway(x, CHECK_FRAGMENT_PLAIN);
		return false;
	}
	if (count) {
		fragment_queue_forget(x->ike->fragments, &x->m);
		count_octets(x->ike);
	}
	return true;
}

/* ------------------------------------------------------------ the timer */

usec reassembly_due(const struct timed *t)
{
	return fragment_queue_due(t->ike->fragments);
}

void reassembly_fire(const struct timed *t, usec now)
{
	fragment_queue_expire(t->ike->fragments, now);
	count_octets(t->ike);
}
