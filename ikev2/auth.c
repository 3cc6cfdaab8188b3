/*
 * IKE_AUTH (RFC 7296 1.2, 2.15, 2.21.2), with the first Child SA.  Failure of the Child SA leaves the
 * IKE SA up; failure of the authentication leaves nothing.
 */
#include "inside.h"

#define AUTHENTICATION_FAILED 24
#define INITIAL_CONTACT 16384

enum purpose auth_purpose(const struct ike_sa *sa)
{
	bool asked = sa->childless || !check_on(sa->endpoint, CHECK_CHILDLESS_ASKED);
	return asked && sa->connection->begin_childless ? PURPOSE_CHILDLESS : PURPOSE_IKE_AUTH;
}

bool auth_build_request(struct making *m)
{
	const struct connection *c = m->ike->connection;
	return payload_id(m, PAYLOAD_IDI, &c->us) && auth_certificates(m) &&
	       (!c->initial_contact || payload_notify(m, INITIAL_CONTACT, BYTES_NONE)) &&
	       auth_certificate_request(m) &&
	       (!c->them.type || c->them.type == ID_NULL || payload_id(m, PAYLOAD_IDR, &c->them)) &&
	       payload_auth(m) &&
	       (m->purpose == PURPOSE_CHILDLESS || (config_build_request(m) && child_offer(m))) &&
	       mobike_announce(m) &&
	       window_payload(m);
}

/* ------------------------------------------------------------ what both ends do */

static void remember_peer(struct incoming *x)
{
	struct node *id = message_payload(&x->m, x->m.response ? PAYLOAD_IDR : PAYLOAD_IDI, 1);
	struct ike_sa *sa = x->ike;
	sa->peer.type = (uint8_t)payload_number(id, "type");
	sa->peer.data = arena_copy(sa->arena, payload_octets(id, "data"));
}

static void establish(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	ike_sa_set_state(sa, IKE_ESTABLISHED);
	sa->last_heard = x->now;
	window_heard(x);
	mobike_heard(x);
	x->accepted = true;
	note_state(x->e, sa, "IKE SA is established");
}

/* The peer says that it knows of no other (2.4); one that proved nothing cannot (RFC 7619 2.3). */
static void initial_contact(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	bool nobody = sa->connection->their_proof == PROOF_NONE;
	if (!message_notify(&x->m, INITIAL_CONTACT) || !check_on(x->e, CHECK_INITIAL_CONTACT) ||
	    (nobody && check_on(x->e, CHECK_NULL_CONTACT)))
		return;
	for (struct ike_sa *o = x->e->newest; o; o = o->older)
		if (o != sa && o->state == IKE_ESTABLISHED && o->peer.type == sa->peer.type &&
		    o->connection == sa->connection && bytes_equal(o->peer.data, sa->peer.data))
			ike_sa_gone(o, "INITIAL_CONTACT", x->now);
}

/* ------------------------------------------------------------ the responder */

/* A failure is told once, and then nothing is left of the SA. */
static void fail(struct incoming *x, enum check c)
{
	refused_count(x->e, c);
	note_state(x->e, x->ike, "refused: %s", checks[c].title);
	x->done = true;
	bool told = answer_notify(x, AUTHENTICATION_FAILED, BYTES_NONE);
	if (told && check_on(x->e, CHECK_AUTH_FAILED_ENDS))
		ike_sa_gone(x->ike, checks[c].title, x->now);
}

/* The inner address first: the selectors follow it. */
static bool answer_child(struct incoming *x, struct making *m, uint16_t *refusal)
{
	return config_answer(x, m, refusal) && (*refusal || child_answer(x, m, refusal));
}

static bool build_response(struct making *m, struct incoming *x, uint16_t *refusal)
{
	const struct connection *c = m->ike->connection;
	*refusal = 0;
	return payload_id(m, PAYLOAD_IDR, &c->us) && auth_certificates(m) && payload_auth(m) &&
	       (x->purpose == PURPOSE_CHILDLESS || answer_child(x, m, refusal)) &&
	       (!*refusal || payload_notify(m, *refusal, BYTES_NONE)) && mobike_announce(m) &&
	       window_payload(m);
}

static void child_result(struct incoming *x, struct making *m, uint16_t refusal)
{
	struct why why;
	if (m->child && !child_answered(m, &why)) {
		note_state(x->e, x->ike, "no Child SA: %s", why.text);
		child_drop(m->child);
	}
	if (refusal && !check_on(x->e, CHECK_CHILD_FAILURE))
		ike_sa_gone(x->ike, "its Child SA failed", x->now);
}

static void respond(struct incoming *x)
{
	struct making m;
	uint16_t refusal;
	const struct auth_method *method;
	const struct signature_scheme *scheme;
	struct why why;
	if (!auth_method_choose(x->ike, &method, &scheme, &why)) {
		note_state(x->e, x->ike, "%s", why.text);
		fail(x, CHECK_SIGNATURE_HASH_SENT);
		return;
	}
	if (!answer_begin(&m, x, x->ike, x->purpose))
		return;
	if (!build_response(&m, x, &refusal) || !answer_send(&m, x)) {
		child_drop(m.child);
		if (!x->done)
			refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	if (m.sent)
		m.sent->child = m.child;
	remember_peer(x);
	establish(x);
	initial_contact(x);
	child_result(x, &m, refusal);
}

/* Without the feature it is a request that lacks payloads (RFC 6023 3). */
static bool childless_refused(struct incoming *x)
{
	bool served = x->ike->connection->childless && check_on(x->e, CHECK_CHILDLESS_SERVED);
	return !served && !x->sending &&
	       refuse_answered(x, CHECK_PAYLOAD_MISSING, BYTES_NONE);
}

void auth_request(struct incoming *x)
{
	enum check bad;
	if ((x->ike->state == IKE_ESTABLISHED || x->ike->initiator) && !x->sending &&
	    refuse_answered(x, CHECK_AUTH_ONCE, BYTES_NONE))
		return;
	if (x->purpose == PURPOSE_CHILDLESS && childless_refused(x))
		return;
	if (auth_refused(x, &bad))
		fail(x, bad);
	else
		respond(x);
}

/* ------------------------------------------------------------ the initiator */

/* The peer takes the SA for good: it is told that we do not. */
static void give_up(struct incoming *x, enum check c)
{
	struct ike_sa *sa = x->ike;
	struct making m;
	struct why why;
	refused_count(x->e, c);
	x->done = x->accepted = true;
	pending_done(sa, x->pending);
	if (x->e->config.automatic)
		request_send(sa, PURPOSE_DELETE_IKE, NULL, NULL, x->now, &m, &why);
	ike_sa_gone(sa, checks[c].title, x->now);
}

static void refused_by_peer(struct incoming *x, uint16_t error)
{
	char spare[16];
	const char *name = names_print(&names_notify, error, spare, sizeof(spare));
	x->done = x->accepted = true;
	pending_done(x->ike, x->pending);
	note_state(x->e, x->ike, "the peer refuses with %s", name);
	if (error_in_response(x->e, PURPOSE_IKE_AUTH, error) == ERROR_ENDS &&
	    (check_on(x->e, CHECK_AUTH_FAILED_ENDS) || error != AUTHENTICATION_FAILED))
		ike_sa_gone(x->ike, name, x->now);
}

/* A Child SA that the peer has and we do not want is deleted. */
void child_refuse(struct incoming *x, struct child_sa *c)
{
	struct making m;
	struct why why;
	c->deleting = true;
	if (!x->e->config.automatic ||
	    !request_send(x->ike, PURPOSE_DELETE_CHILD, c, NULL, x->now, &m, &why))
		child_drop(c);
}

static void take_child(struct incoming *x, struct child_sa *c, uint16_t error)
{
	struct ike_sa *sa = x->ike;
	if (error || !message_payload(&x->m, PAYLOAD_SA, 1)) {
		note_state(x->e, sa, "the first Child SA failed (%u)", error);
		child_failed(x, error);
		child_drop(c);
		if (!check_on(x->e, CHECK_CHILD_FAILURE))
			ike_sa_gone(sa, "its Child SA failed", x->now);
	} else if (!child_accept(x, c)) {
		child_refuse(x, c);
	}
}

void auth_response(struct incoming *x)
{
	enum check bad;
	uint16_t error = error_notify(&x->m);
	struct child_sa *c = x->pending->child;
	if (!message_payload(&x->m, PAYLOAD_AUTH, 1) && error) {
		refused_by_peer(x, error);
		return;
	}
	if (auth_refused(x, &bad)) {
		give_up(x, bad);
		return;
	}
	x->done = true;
	x->pending->child = NULL;
	pending_done(x->ike, x->pending);
	remember_peer(x);
	establish(x);
	config_read_reply(x);
	if (c)
		take_child(x, c, error);
}
