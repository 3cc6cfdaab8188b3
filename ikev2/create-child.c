/*
 * CREATE_CHILD_SA (RFC 7296 1.3): another Child SA, or one in place of another.  The rekey of the
 * IKE SA itself is in rekey-ike.c.
 */
#include "inside.h"

#define INVALID_SYNTAX 7
#define INVALID_KE_PAYLOAD 17
#define TEMPORARY_FAILURE 43
#define CHILD_SA_NOT_FOUND 44
#define REKEY_SA 16393

static bool notify_of_child(struct making *m, uint16_t type, uint32_t spi)
{
	uint8_t octets[4];
	struct node *n = message_chain_notify(m->arena, m->chain, type, BYTES_NONE);
	store_u32(octets, spi);
	return n && wire_give_number(n, "protocol", PROTOCOL_ESP) &&
	       wire_give_octets(m->arena, n, "spi", BYTES_OF(octets));
}

/* m->child is the one to be replaced, or one that is being made and was not answered. */
bool create_child_build_request(struct making *m)
{
	struct child_sa *old = m->child && m->child->installed ? m->child : NULL;
	if (m->purpose != PURPOSE_NEW_CHILD && m->purpose != PURPOSE_REKEY_CHILD)
		return false;
	if (old) {
		m->child = child_new(m->ike, true);
		if (!m->child)
			return false;
		child_untie(old);
		m->child->replaces = old;
		old->heir = m->child;
	}
	if (m->child && m->child->replaces)
		old = m->child->replaces;
	if (m->purpose == PURPOSE_REKEY_CHILD &&
	    (!old || !notify_of_child(m, REKEY_SA, old->spi_in)))
		return false;
	return child_offer(m);
}

/* ------------------------------------------------------------ the responder */

static struct child_sa *rekeyed(struct incoming *x, uint32_t *spi)
{
	struct bytes octets = payload_octets(message_notify(&x->m, REKEY_SA), "spi");
	*spi = octets.len == 4 ? load_u32(octets.at) : 0;
	return octets.len == 4 ? child_by_spi(x->ike, *spi, false) : NULL;
}

static void not_found(struct incoming *x, uint32_t spi)
{
	struct making m;
	if (!answer_begin(&m, x, x->ike, x->purpose))
		return;
	if (notify_of_child(&m, CHILD_SA_NOT_FOUND, spi) && answer_send(&m, x))
		x->accepted = true;
}

/* The one that it replaces is deleted by whoever asked. */
static void made(struct incoming *x, struct making *m, struct child_sa *old)
{
	struct why why;
	if (!child_answered(m, &why)) {
		note_state(x->e, x->ike, "no Child SA: %s", why.text);
		child_drop(m->child);
	} else if (old) {
		child_replaced(old, m->child, x->now);
	}
}

static void respond(struct incoming *x, struct child_sa *old)
{
	struct making m;
	uint16_t refusal;
	if (!answer_begin(&m, x, x->ike, x->purpose))
		return;
	bool built = child_answer(x, &m, &refusal);
	if (built && refusal)
		built = payload_notify(&m, refusal, m.notify_data);
	if (!built || !answer_send(&m, x)) {
		child_drop(m.child);
		if (!x->done)
			refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	x->accepted = true;
	if (m.sent)
		m.sent->child = m.child;
	if (m.child)
		made(x, &m, old);
	if (refusal == INVALID_SYNTAX)
		ike_sa_gone(x->ike, "a public value was invalid", x->now);
}

static size_t living(const struct ike_sa *sa)
{
	size_t n = 0;
	for (const struct child_sa *c = sa->children; c; c = c->older)
		n += !c->gone;
	return n;
}

/* One in place of another is not one more. */
static bool too_many(struct incoming *x)
{
	const struct endpoint_config *c = &x->e->config;
	bool full = c->child_limit && x->purpose == PURPOSE_NEW_CHILD &&
		    living(x->ike) >= c->child_limit;
	if (full && refuse_answered(x, CHECK_ADDITIONAL_SAS, BYTES_NONE))
		return true;
	if (x->ike->child_count < CHILD_LIMIT || !c->automatic)
		return false;
	if (!refuse_answered(x, CHECK_ADDITIONAL_SAS, BYTES_NONE))
		refuse_anyway(x, CHECK_ADDITIONAL_SAS);
	return true;
}

void create_child_request(struct incoming *x)
{
	uint32_t spi = 0;
	if (!pending_any(x->ike)) /* an end that asks for nothing itself forgets here */
		child_forget(x->ike);
	struct child_sa *old = x->purpose == PURPOSE_REKEY_CHILD ? rekeyed(x, &spi) : NULL;
	if (collision_refuses_child(x, old))
		return;
	if (x->purpose == PURPOSE_REKEY_CHILD && !old && check_on(x->e, CHECK_REKEY_NOT_FOUND))
		not_found(x, spi);
	else if (!too_many(x))
		respond(x, old);
}

/* ------------------------------------------------------------ the initiator */

/* With the group that was asked for, if we offered it. */
static bool retried(struct incoming *x, struct child_sa *c, enum purpose purpose)
{
	struct making m;
	struct why why;
	uint64_t group = 0;
	wire_number(message_notify(&x->m, INVALID_KE_PAYLOAD), "data", &group);
	if (x->how != TAKE_AUTOMATIC || c->ke_rounds >= KE_ROUNDS || group > 65535 ||
	    !offers_hold_group(&c->offers, (uint16_t)group) ||
	    !child_keypair(c, (uint16_t)group, &why))
		return false;
	c->ke_rounds++;
	c->ni = BYTES_NONE; /* it is another exchange */
	return request_send(x->ike, purpose, c, NULL, x->now, &m, &why);
}

/* The peer has no such SA: it goes without a word, and another takes its place (2.25); unless the peer
 * has replaced it already, or closed it. */
static void not_there(struct incoming *x, struct child_sa *c)
{
	struct child_sa *old = c->replaces;
	bool crossing = c->rival.len && check_on(x->e, CHECK_NOT_FOUND_IGNORED);
	if (crossing || (!c->rival.len && (!old || old->gone)))
		return;
	if (old)
		child_gone(old);
	if (x->e->config.automatic && check_on(x->e, CHECK_CHILD_AFRESH))
		rekey_ike_acting(x->ike)->want_child = true;
}

static void later(struct incoming *x, const struct child_sa *c, enum purpose purpose,
		  enum error_action a)
{
	struct ike_sa *sa = rekey_ike_acting(x->ike);
	if (!x->e->config.automatic)
		return;
	if (purpose == PURPOSE_NEW_CHILD)
		sa->want_child = true;
	else if (c->replaces && !c->replaces->gone && !c->replaces->replaced)
		c->replaces->want_rekey = true;
	retry_later(sa, a, x->now);
}

static void failed(struct incoming *x, struct child_sa *c, enum purpose purpose, uint16_t error)
{
	char spare[16];
	enum error_action a = error_in_response(x->e, purpose, error);
	note_state(x->e, x->ike, "no Child SA: %s",
		   names_print(&names_notify, error, spare, sizeof(spare)));
	child_failed(x, error);
	if (c->replaces)
		c->replaces->rekey_failed = true;
	if (a == ERROR_AFRESH)
		not_there(x, c);
	else if (a == ERROR_WAITS || a == ERROR_AGAIN)
		later(x, c, purpose, a);
	child_drop(c);
	if (a == ERROR_ENDS ? check_on(x->e, CHECK_ERROR_ENDS) : !check_on(x->e, CHECK_FATAL_ONLY))
		ike_sa_gone(x->ike, "the peer reports a fatal error", x->now);
}

/* The old one goes when the new one is there (2.8). */
static void made_here(struct child_sa *c, const struct pending *was)
{
	child_replaces(c);
	if (overtaken(was, c->spi_out) && check_on(c->endpoint, CHECK_DELETE_OVERTAKES))
		child_gone(c);
}

void create_child_response(struct incoming *x)
{
	struct pending was = *x->pending;
	struct child_sa *c = was.child;
	uint16_t error = error_notify(&x->m);
	x->done = x->accepted = true;
	x->pending->child = NULL;
	pending_done(x->ike, x->pending);
	if (!c)
		return;
	if (error == INVALID_KE_PAYLOAD && retried(x, c, was.purpose))
		return;
	if (error || !message_payload(&x->m, PAYLOAD_SA, 1))
		failed(x, c, was.purpose, error);
	else if (child_accept(x, c))
		made_here(c, &was);
	else
		child_refuse(x, c);
}
