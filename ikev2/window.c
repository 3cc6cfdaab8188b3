/*
 * Message IDs and windows.
 */
#include "inside.h"

#define SET_WINDOW_SIZE    16385
#define INVALID_MESSAGE_ID 9
#define TELL_GAP (10 * USEC_S) /* between two INVALID_MESSAGE_ID */

static uint32_t between(uint32_t size)
{
	return size < 1 ? 1 : size > WINDOW_LIMIT ? WINDOW_LIMIT : size;
}

/* How many the peer takes at a time, and we. */
static uint32_t theirs(const struct ike_sa *sa)
{
	if (!check_on(sa->endpoint, CHECK_WINDOW_KEPT))
		return WINDOW_LIMIT;
	return sa->state == IKE_ESTABLISHED ? between(sa->window.theirs) : 1;
}

static uint32_t ours(const struct ike_sa *sa)
{
	if (sa->state == IKE_ESTABLISHED)
		return between(sa->window.ours);
	return check_on(sa->endpoint, CHECK_WINDOW_EARLY) ? 1 : WINDOW_LIMIT;
}

/* ------------------------------------------------------------ our requests */

static bool in_flight(const struct ike_sa *sa, uint32_t id)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].id == id)
			return true;
	return false;
}

uint32_t window_next(const struct ike_sa *sa)
{
	const struct window *w = &sa->window;
	uint32_t id = w->next_request;
	if (!sa->endpoint->config.automatic)
		return id;
	while (id - w->next_request < 63 &&
	       ((w->answered >> (id - w->next_request) & 1) || in_flight(sa, id)))
		id++;
	return id;
}

bool window_open(const struct ike_sa *sa)
{
	size_t count = 0;
	for (size_t i = 0; i < PENDING; i++)
		count += sa->pending[i].used;
	return count < theirs(sa) && window_next(sa) - sa->window.next_request < theirs(sa);
}

void window_answered(struct window *w, uint32_t id)
{
	if (id < w->next_request || id - w->next_request > 63)
		return;
	w->answered |= UINT64_C(1) << (id - w->next_request);
	while (w->answered & 1) {
		w->answered >>= 1;
		w->next_request++;
	}
}

/* ------------------------------------------------------------ the peer's requests */

bool window_expects(const struct ike_sa *sa, uint32_t id)
{
	const struct window *w = &sa->window;
	if (id != w->next_expected && !check_on(sa->endpoint, CHECK_WINDOW_ORDER))
		return false;
	return id >= w->next_expected && id - w->next_expected < ours(sa) &&
	       !(w->carried_out >> (id - w->next_expected) & 1);
}

void window_carried_out(struct window *w, uint32_t id)
{
	if (id < w->next_expected || id - w->next_expected > 63)
		return;
	w->carried_out |= UINT64_C(1) << (id - w->next_expected);
	while (w->carried_out & 1) {
		w->carried_out >>= 1;
		w->next_expected++;
	}
}

void window_aside(struct window *w, uint32_t id)
{
	window_follow_aside(w, id);
	w->aside = id + UINT64_C(1);
}

void window_follow_aside(struct window *w, uint32_t id)
{
	if (w->aside == w->next_expected + UINT64_C(1) && id == w->aside)
		window_carried_out(w, w->next_expected);
}

bool window_spent(const struct ike_sa *sa)
{
	const struct window *w = &sa->window;
	return (w->next_request >= WINDOW_SPENT || w->next_expected >= WINDOW_SPENT) &&
	       check_on(sa->endpoint, CHECK_WINDOW_SPENT);
}

/* ------------------------------------------------------------ responses */

struct retained *window_retained(struct window *w, uint32_t id)
{
	for (size_t i = 0; i < WINDOW_LIMIT; i++)
		if (w->retained[i].used && w->retained[i].id == id)
			return &w->retained[i];
	return NULL;
}

/* The same ID's, a free one, or the oldest: as many are kept as the window is wide (2.1). */
struct retained *window_place(struct ike_sa *sa, uint32_t id)
{
	struct window *w = &sa->window;
	struct retained *r = window_retained(w, id);
	uint32_t wide = check_on(sa->endpoint, CHECK_WINDOW_RETAINED) ? ours(sa) : 1;
	if (r)
		return r;
	for (size_t i = 0; i < wide; i++) {
		if (!w->retained[i].used)
			return &w->retained[i];
		if (!r || w->retained[i].id < r->id)
			r = &w->retained[i];
	}
	return r;
}

void window_forget(struct window *w)
{
	for (size_t i = 0; i < WINDOW_LIMIT; i++)
		w->retained[i].again = USEC_NEVER;
}

void window_free(struct window *w)
{
	for (size_t i = 0; i < WINDOW_LIMIT; i++)
		kept_free(&w->retained[i].kept);
}

/* ------------------------------------------------------------ SET_WINDOW_SIZE */

bool window_payload(struct making *m)
{
	uint8_t octets[4];
	uint32_t size = m->e->config.window;
	if (size < 2)
		return true;
	store_u32(octets, size);
	return payload_notify(m, SET_WINDOW_SIZE, BYTES_OF(octets));
}

static uint32_t size_in(const struct message *m)
{
	struct bytes data = payload_octets(message_notify(m, SET_WINDOW_SIZE), "data");
	return data.len == 4 ? load_u32(data.at) : 0;
}

/* A window grows, and never shrinks within an IKE SA. */
void window_heard(struct incoming *x)
{
	uint32_t size = x->m.inner ? size_in(&x->m) : 0;
	if (size > x->ike->window.theirs)
		x->ike->window.theirs = size;
}

void window_said(struct making *m)
{
	struct ike_sa *sa = m->ike;
	uint32_t size = sa && m->composed.message.inner ? size_in(&m->composed.message) : 0;
	if (sa && size > sa->window.ours)
		sa->window.ours = size;
}

/* ------------------------------------------------------------ INVALID_MESSAGE_ID */

void window_wrong(struct incoming *x)
{
	struct window *w = &x->ike->window;
	if (!check_on(x->e, CHECK_MESSAGE_ID_ANSWERED))
		answer_notify(x, INVALID_MESSAGE_ID, BYTES_NONE);
	bool soon = w->told && x->now - w->told_since < TELL_GAP;
	if (!x->e->config.automatic || !x->e->config.tells_message_id ||
	    x->ike->state != IKE_ESTABLISHED || x->m.id < w->next_expected)
		return;
	if (soon && check_on(x->e, CHECK_MESSAGE_ID_RATE))
		return;
	w->want_told = w->told = true;
	w->wrong_id = x->m.id;
	w->told_since = x->now;
	ike_sa_advance(x->ike, x->now);
}

void window_tell(struct ike_sa *sa, usec now)
{
	struct sending s = { .purpose = PURPOSE_INFORMATIONAL, .notify = INVALID_MESSAGE_ID };
	struct making m;
	struct why why;
	sa->window.want_told = false;
	if (!request_send(sa, PURPOSE_INFORMATIONAL, NULL, &s, now, &m, &why))
		note_state(sa->endpoint, sa, "INVALID_MESSAGE_ID was not sent: %s", why.text);
}
