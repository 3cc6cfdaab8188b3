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
		m->child->replaces = old;
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
	if (child_answered(m, &why)) {
		if (old)
			old->replaced = true;
		return;
	}
	note_state(x->e, x->ike, "no Child SA: %s", why.text);
	child_drop(m->child);
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

void create_child_request(struct incoming *x)
{
	uint32_t spi = 0;
	struct child_sa *old = NULL;
	bool full = x->ike->child_count >= CHILD_LIMIT && x->e->config.automatic;
	if (full) {
		if (!refuse_answered(x, CHECK_ADDITIONAL_SAS, BYTES_NONE))
			refuse_anyway(x, CHECK_ADDITIONAL_SAS);
		return;
	}
	if (x->purpose == PURPOSE_REKEY_CHILD) {
		old = rekeyed(x, &spi);
		if (!old) {
			not_found(x, spi);
			return;
		}
	}
	if (x->ike->deleting || (old && old->deleting))
		x->accepted = answer_notify(x, TEMPORARY_FAILURE, BYTES_NONE);
	else
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
	return request_send(x->ike, purpose, c, NULL, x->now, &m, &why);
}

static void failed(struct incoming *x, struct child_sa *c, uint16_t error)
{
	char spare[16];
	enum error_action a = error_in_response(x->e, c->replaces ? PURPOSE_REKEY_CHILD : PURPOSE_NEW_CHILD, error);
	bool again = (a == ERROR_WAITS || a == ERROR_AGAIN) && x->e->config.automatic;
	note_state(x->e, x->ike, "no Child SA: %s",
		   names_print(&names_notify, error, spare, sizeof(spare)));
	if (a == ERROR_AFRESH && c->replaces) {
		child_gone(c->replaces);
		x->ike->want_child |= x->e->config.automatic && check_on(x->e, CHECK_CHILD_AFRESH);
	}
	child_failed(x, error);
	if (c->replaces)
		c->replaces->rekey_failed = true;
	if (again && c->replaces)
		c->replaces->want_rekey = true;
	else if (again)
		x->ike->want_child = true;
	if (again)
		retry_later(x->ike, a, x->now);
	child_drop(c);
	if (a == ERROR_ENDS ? check_on(x->e, CHECK_ERROR_ENDS) : !check_on(x->e, CHECK_FATAL_ONLY))
		ike_sa_gone(x->ike, "the peer reports a fatal error", x->now);
}

/* The old one goes when the new one is there (2.8). */
static void replace(struct child_sa *c)
{
	struct child_sa *old = c->replaces;
	retry_over(c->ike);
	if (!old)
		return;
	old->replaced = true;
	if (!old->gone && c->endpoint->config.automatic)
		old->want_delete = true;
	c->replaces = NULL;
}

void create_child_response(struct incoming *x)
{
	struct child_sa *c = x->pending->child;
	enum purpose purpose = x->pending->purpose;
	uint16_t error = error_notify(&x->m);
	x->done = x->accepted = true;
	x->pending->child = NULL;
	pending_done(x->ike, x->pending);
	if (!c)
		return;
	if (error == INVALID_KE_PAYLOAD && retried(x, c, purpose))
		return;
	if (error || !message_payload(&x->m, PAYLOAD_SA, 1))
		failed(x, c, error);
	else if (child_accept(x, c))
		replace(c);
	else
		child_refuse(x, c);
}
