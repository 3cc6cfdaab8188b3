/*
 * Responses, and refusals by the answer that a row of the check table gives.
 */
#include "inside.h"

bool answer_begin(struct making *m, struct incoming *x, struct ike_sa *sa, enum purpose purpose)
{
	if (!making_begin(m, x->e, sa, purpose, true)) {
		refuse_anyway(x, CHECK_MEMORY);
		return false;
	}
	m->request = x;
	m->exchange = x->m.exchange;
	m->sending = x->sending;
	m->id = x->m.id;
	m->why = x->why;
	if (!sa || sa->state == IKE_HALF_OPEN) {
		m->clear = true;
		m->spi_i = x->m.spi_i;
		m->spi_r = sa ? sa->spi_r : x->m.spi_r;
	}
	m->initiator_flag = !x->m.initiator;
	return true;
}

/* The window moves on, unless the harness answers out of turn. */
static void keep(struct ike_sa *sa, struct retained *r, const struct incoming *x)
{
	r->used = true;
	r->id = x->m.id;
	r->request_hash = octets_hash(x->datagram->octets);
	r->again = USEC_NEVER;
	if (!check_on(x->e, CHECK_RESPONSE_TIMER))
		r->again = usec_after(x->now, USEC_S);
	if (window_expects(sa, x->m.id))
		window_carried_out(&sa->window, x->m.id);
}

bool answer_send(struct making *m, struct incoming *x)
{
	x->done = true;
	if (!making_finish(m, x->why)) {
		refused_count(x->e, CHECK_MEMORY);
		return false;
	}
	x->composed = m->composed;
	if (x->dry)
		return false;
	bool aside = m->notify && x->sending; /* it leaves our own state untouched */
	bool retain = m->ike && !aside && !x->m.response;
	struct retained *r = retain ? window_place(m->ike, x->m.id) : NULL;
	if (!making_send(m, r ? &r->kept : NULL, x->now))
		return false;
	if (r)
		keep(m->ike, r, x);
	else if (m->ike && aside)
		window_aside(&m->ike->window, x->m.id);
	x->response = m->sent;
	if (x->seen)
		x->seen->response = m->sent;
	return true;
}

bool answer_notify(struct incoming *x, uint16_t type, struct bytes data)
{
	struct making m;
	if (!answer_begin(&m, x, x->ike, x->purpose))
		return false;
	m.notify = type;
	m.notify_data = data;
	return making_build(&m, x->why) && answer_send(&m, x);
}

bool refuse_answered(struct incoming *x, enum check c, struct bytes data)
{
	const struct check_row *row = &checks[c];
	if (!refuse(x, c))
		return false;
	note_state(x->e, x->ike, "refused: %s", row->title);
	if (row->answer == ANSWER_DROP || !row->notify) {
		why_set(x->why, "an honest endpoint is silent: %s", row->title);
		return true;
	}
	if (!answer_notify(x, row->notify, data))
		return true;
	if (row->answer == ANSWER_DELETE && x->ike)
		ike_sa_gone(x->ike, row->title, x->now);
	return true;
}

void refuse_anyway(struct incoming *x, enum check c)
{
	refused_count(x->e, c);
	x->done = true;
	why_set(x->why, "an honest endpoint is silent: %s", checks[c].title);
}

/* What an honest notify of that type would say about this request. */
static struct bytes honest_data(struct incoming *x, uint16_t type)
{
	const struct connection *c = connection_for(x->e, x->datagram);
	struct bytes data = BYTES_NONE;
	uint8_t *at = arena_alloc(x->arena, 4);
	if (!at)
		return data;
	switch (type) {
	case 1: /* UNSUPPORTED_CRITICAL_PAYLOAD */
		return bytes_make(at, 1);
	case 9: /* INVALID_MESSAGE_ID */
		store_u32(at, x->m.id);
		return bytes_make(at, 4);
	case 17: /* INVALID_KE_PAYLOAD */
		if (c && c->ike_count && c->ike[0].ke)
			store_u16(at, c->ike[0].ke->id);
		return bytes_make(at, 2);
	case 16390: /* COOKIE */
		cookie_make(x, 0, &data);
		return data;
	default:
		return data;
	}
}

/* The harness wants this notify alone for an answer: our own state stays as it is. */
bool answer_with(struct incoming *x, uint16_t type)
{
	if (x->m.exchange == IKE_SA_INIT)
		x->ike = NULL;
	return answer_notify(x, type, honest_data(x, type));
}
