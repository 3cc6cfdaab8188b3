/*
 * Requests: as many in flight as the peer's window is wide (RFC 7296 2.3).
 */
#include "inside.h"

#define INVALID_MESSAGE_ID 9
#define INVALID_SPI        11

struct pending *pending_find(struct ike_sa *sa, uint32_t id)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].id == id)
			return &sa->pending[i];
	return NULL;
}

struct pending *pending_any(struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used)
			return &sa->pending[i];
	return NULL;
}

void pending_drop(struct pending *p)
{
	if (!p->used)
		return;
	if (p->child && !p->child->installed)
		child_drop(p->child);
	ike_sa_drop(p->made);
	*p = (struct pending){ .kept = p->kept };
}

void pending_done(struct ike_sa *sa, struct pending *p)
{
	ike_sa_touch(sa);
	if (p->sent)
		p->sent->answered = true;
	window_answered(&sa->window, p->id);
	if (p->child)
		child_drop(p->child); /* unless it came to be, or somebody took it over */
	ike_sa_drop(p->made);
	p->child = NULL;
	p->made = NULL;
	if (!check_on(sa->endpoint, CHECK_RETRANSMIT_END) && p->retransmit && p->sendings < 3) {
		p->used = false;
		p->zombie = true;
		return;
	}
	*p = (struct pending){ .kept = p->kept };
}

/* One of that ID is replaced; else a free one, else the first. */
static struct pending *slot(struct ike_sa *sa, uint32_t id)
{
	struct pending *p = pending_find(sa, id);
	for (size_t i = 0; i < PENDING && !p; i++)
		if (!sa->pending[i].used && !sa->pending[i].zombie)
			p = &sa->pending[i];
	return p ? p : &sa->pending[0];
}

/* What an honest notify of that type says. */
static struct bytes honest_data(struct making *m)
{
	uint8_t octets[4];
	if (m->notify != INVALID_MESSAGE_ID && m->notify != INVALID_SPI)
		return BYTES_NONE;
	store_u32(octets, m->notify == INVALID_SPI ? m->ike->wrong_spi : m->ike->window.wrong_id);
	return arena_copy(m->arena, BYTES_OF(octets));
}

static bool compose(struct making *m, struct why *why)
{
	if (m->purpose == PURPOSE_IKE_SA_INIT && !m->notify)
		return init_compose(m, why);
	return making_build(m, why) && making_finish(m, why);
}

/* What the message said is believed: state is read back from it. */
static bool sent_as(struct making *m, struct pending *p, struct why *why)
{
	const struct exchange_row *row = exchange_row(m->purpose);
	return m->notify || !row->sent || row->sent(m, p, why);
}

static void fill(struct pending *p, const struct making *m, usec now)
{
	struct kept kept = p->kept;
	*p = (struct pending){
		.used = true,
		.id = m->composed.message.id,
		.purpose = m->notify ? PURPOSE_NONE : m->purpose,
		.child = m->child,
		.made = m->made,
		.kept = kept,
		.sent = m->sent,
		.retransmit = m->e->config.automatic || (m->sending && m->sending->retransmit),
	};
	retransmit_start(m->ike, p, now);
}

/* What was begun for it, and not for an earlier try, goes with it. */
static void drop_new(struct making *m, const struct child_sa *child, const struct ike_sa *made)
{
	if (m->child != child)
		child_drop(m->child);
	if (m->made != made)
		ike_sa_drop(m->made);
}

bool request_send(struct ike_sa *sa, enum purpose purpose, struct child_sa *child,
		  const struct sending *s, usec now, struct making *m, struct why *why)
{
	return request_send_made(sa, purpose, child, NULL, s, now, m, why);
}

bool request_send_made(struct ike_sa *sa, enum purpose purpose, struct child_sa *child,
		       struct ike_sa *made, const struct sending *s, usec now, struct making *m,
		       struct why *why)
{
	ike_sa_touch(sa);
	if (!making_begin(m, sa->endpoint, sa, purpose, false))
		return why_set(why, "no memory for a message");
	m->child = child;
	m->made = made;
	m->sending = s;
	m->notify = s ? s->notify : 0;
	m->notify_data = honest_data(m);
	m->id = window_next(sa);
	m->why = why;
	if (purpose == PURPOSE_IKE_SA_INIT) {
		m->id = 0;
		m->spi_r = 0;
	}
	if (!compose(m, why)) {
		drop_new(m, child, made);
		return false;
	}
	struct pending *p = slot(sa, m->composed.message.id);
	if (p->child != m->child || p->made != m->made)
		pending_drop(p);
	if (!sent_as(m, p, why) || !making_send(m, &p->kept, now)) {
		drop_new(m, child, made);
		return false;
	}
	fill(p, m, now);
	return true;
}

/* ------------------------------------------------------------ what waits */

/* Is it the subject of a request in flight? */
static bool busy(const struct ike_sa *sa, const struct child_sa *c)
{
	for (size_t i = 0; i < PENDING; i++) {
		const struct pending *p = &sa->pending[i];
		if (p->used && p->child && (p->child == c || p->child->replaces == c))
			return true;
	}
	return false;
}

static struct child_sa *to_delete(struct ike_sa *sa)
{
	for (struct child_sa *c = sa->children; c; c = c->older)
		if (c->want_delete && !c->gone && !c->deleting && !busy(sa, c))
			return c;
	return NULL;
}

static struct child_sa *to_rekey(struct ike_sa *sa)
{
	for (struct child_sa *c = sa->children; c; c = c->older)
		if (c->want_rekey && !c->gone && !c->deleting && !c->replaced && !busy(sa, c))
			return c;
	return NULL;
}

static void ask(struct ike_sa *sa, enum purpose purpose, struct child_sa *c, usec now)
{
	struct making m;
	struct why why;
	if (!request_send(sa, purpose, c, NULL, now, &m, &why))
		note_state(sa->endpoint, sa, "%s was not sent: %s", purpose_name(purpose),
			   why.text);
}

/* The peer could not do it before, or the next IKE SA is to do it. */
static bool may_make(const struct ike_sa *sa)
{
	return !sa->retry.at && !sa->successor;
}

/* What the peer is asked for on the IKE SA as a whole waits until nothing is in flight. */
static bool ask_alone(struct ike_sa *sa, usec now)
{
	if (pending_any(sa))
		return false;
	child_forget(sa);
	if (sa->want_delete) {
		sa->want_delete = false;
		sa->deleting = true;
		ask(sa, PURPOSE_DELETE_IKE, NULL, now);
		return true;
	}
	if (!sa->want_rekey || !may_make(sa))
		return false;
	sa->want_rekey = false;
	ask(sa, PURPOSE_REKEY_IKE, NULL, now);
	return true;
}

static void tell_spi(struct ike_sa *sa, usec now)
{
	struct sending s = { .purpose = PURPOSE_INFORMATIONAL, .notify = INVALID_SPI };
	struct making m;
	struct why why;
	if (!request_send(sa, PURPOSE_INFORMATIONAL, NULL, &s, now, &m, &why))
		note_state(sa->endpoint, sa, "INVALID_SPI was not sent: %s", why.text);
	sa->wrong_spi = 0;
}

static bool ask_next(struct ike_sa *sa, usec now)
{
	struct child_sa *c;
	if (sa->window.want_told) {
		window_tell(sa, now);
	} else if (sa->wrong_spi) {
		tell_spi(sa, now);
	} else if ((c = to_delete(sa)) != NULL) {
		c->want_delete = false;
		c->deleting = true;
		ask(sa, PURPOSE_DELETE_CHILD, c, now);
	} else if (may_make(sa) && (c = to_rekey(sa)) != NULL) {
		c->want_rekey = false;
		ask(sa, PURPOSE_REKEY_CHILD, c, now);
	} else if (may_make(sa) && sa->want_child) {
		sa->want_child = false;
		ask(sa, PURPOSE_NEW_CHILD, NULL, now);
	} else if (sa->mobike.want_update) {
		sa->mobike.want_update = false;
		ask(sa, PURPOSE_UPDATE_ADDRESSES, NULL, now);
	} else if (sa->mobike.want_check) {
		sa->mobike.want_check = false;
		ask(sa, PURPOSE_INFORMATIONAL, NULL, now);
	} else if (sa->want_configuration) {
		sa->want_configuration = false;
		ask(sa, PURPOSE_CONFIGURE, NULL, now);
	} else if (sa->want_liveness) {
		sa->want_liveness = false;
		ask(sa, PURPOSE_LIVENESS, NULL, now);
	} else {
		return false;
	}
	return true;
}

/* Its message IDs come to their end: it is rekeyed, and where that failed it is deleted. */
static void spent(struct ike_sa *sa)
{
	if (!window_spent(sa) || sa->deleting || pending_any(sa))
		return;
	if (sa->window.spent)
		sa->want_delete = true;
	else
		sa->want_rekey = sa->window.spent = true;
}

/* Something that must not begin beside others is in flight, or about to be. */
static bool held_up(const struct ike_sa *sa)
{
	return sa->want_delete || sa->deleting || ike_sa_rekeying(sa) ||
	       (sa->want_rekey && !sa->retry.at);
}

void ike_sa_advance(struct ike_sa *sa, usec now)
{
	ike_sa_touch(sa);
	if (sa->state != IKE_ESTABLISHED)
		return;
	spent(sa);
	if (ask_alone(sa, now))
		return;
	while (!held_up(sa) && window_open(sa) && ask_next(sa, now))
		continue;
}
