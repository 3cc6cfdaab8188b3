/*
 * IKE_SA_INIT as initiator: the response, and the retries that COOKIE and INVALID_KE_PAYLOAD ask
 * for (RFC 7296 2.6, 2.6.1, 1.2).  Other unprotected errors are remembered, not believed (2.21.1).
 */
#include "inside.h"

#define COOKIE 16390
#define INVALID_KE_PAYLOAD 17
#define CHILDLESS_IKEV2_SUPPORTED 16418

static const struct sending *sending_of(const struct pending *p)
{
	return p->sent ? &((const struct sent_record *)(const void *)p->sent)->sending : NULL;
}

/* The request once more, as the SA now is; with the same edits. */
static void retry(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	const struct sending *before = sending_of(x->pending);
	struct sending s = before ? *before : (struct sending){ 0 };
	const struct sent *first = x->pending->sent;
	struct making m;
	struct why why;
	s.lost = false;
	x->done = x->accepted = true;
	if (first)
		x->pending->sent->answered = true;
	if (!request_send(sa, PURPOSE_IKE_SA_INIT, NULL, before ? &s : NULL, x->now, &m, &why)) {
		note_state(x->e, sa, "no retry: %s", why.text);
		return;
	}
	if (m.sent)
		m.sent->retry_of = first;
}

/* The same demand once more, repeated by the network: it is being followed already. */
static bool followed_already(struct incoming *x, bool same, enum check rounds)
{
	if (!same || !check_on(x->e, rounds))
		return false;
	x->done = x->accepted = true;
	return true;
}

bool init_follow_cookie(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	struct bytes cookie = payload_octets(message_notify(&x->m, COOKIE), "data");
	if ((cookie.len < 1 || cookie.len > 64) &&
	    refuse_answered(x, CHECK_COOKIE_LENGTH, BYTES_NONE))
		return true;
	if (followed_already(x, bytes_equal(cookie, sa->cookie), CHECK_COOKIE_ROUNDS))
		return true;
	if (sa->cookie_rounds >= COOKIE_ROUNDS &&
	    refuse_answered(x, CHECK_COOKIE_ROUNDS, BYTES_NONE))
		return true;
	if (!check_on(x->e, CHECK_COOKIE_RETURNED))
		return false;
	sa->cookie_rounds++;
	sa->cookie = arena_copy(sa->arena, cookie);
	if (!check_on(x->e, CHECK_COOKIE_REST))
		init_nonce(sa);
	retry(x);
	return true;
}

bool init_follow_group(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	uint64_t group = 0;
	wire_number(message_notify(&x->m, INVALID_KE_PAYLOAD), "data", &group);
	if ((group > 65535 || !offers_hold_group(&sa->offers, (uint16_t)group)) &&
	    refuse_answered(x, CHECK_KE_RETRY_GROUP, BYTES_NONE))
		return true;
	if (followed_already(x, group == sa->group, CHECK_KE_RETRY_ROUNDS))
		return true;
	if (sa->ke_rounds >= KE_ROUNDS && refuse_answered(x, CHECK_KE_RETRY_ROUNDS, BYTES_NONE))
		return true;
	struct why why;
	if (!check_on(x->e, CHECK_KE_RETRY) || !init_keypair(sa, (uint16_t)group, &why))
		return false;
	sa->ke_rounds++;
	if (!check_on(x->e, CHECK_COOKIE_KEPT))
		sa->cookie = BYTES_NONE;
	retry(x);
	return true;
}

/* Anybody on the path can send it: it is remembered, and the exchange goes on until its time is
 * over. */
static void clear_error(struct incoming *x, uint16_t type, enum error_action a)
{
	struct pending *p = x->pending;
	bool believed = a == ERROR_ENDS || a == ERROR_FAILS;
	if (!believed && refuse_answered(x, CHECK_INIT_ERROR, BYTES_NONE)) {
		p->clear_error = true;
		p->notify = type;
		return;
	}
	x->done = x->accepted = true;
	ike_sa_gone(x->ike, "an unprotected error was believed", x->now);
}

static bool notify_dealt_with(struct incoming *x)
{
	uint16_t error = error_notify(&x->m);
	bool cookie = message_notify(&x->m, COOKIE) && !message_payload(&x->m, PAYLOAD_SA, 1);
	bool follow = x->how == TAKE_AUTOMATIC;
	if (!cookie && !error)
		return false;
	if (!follow) {
		x->done = x->accepted = true;
		if (x->pending->sent)
			x->pending->sent->answered = true;
		x->pending->retransmit = false;
		return true;
	}
	if (cookie && init_follow_cookie(x))
		return true;
	enum error_action a = error_in_response(x->e, PURPOSE_IKE_SA_INIT, error);
	if (error == INVALID_KE_PAYLOAD && a == ERROR_FOLLOWED && init_follow_group(x))
		return true;
	clear_error(x, cookie ? COOKIE : error, a);
	return true;
}

static bool critical_refused(struct incoming *x)
{
	struct node *chain = payload_chain(&x->m);
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next)
		if (!type_known(p->type) && payload_number(p, "critical"))
			return refuse_answered(x, CHECK_RESPONSE_CRITICAL, BYTES_NONE);
	return false;
}

static bool contents_refused(struct incoming *x, struct chosen *chosen)
{
	const struct payload_rules *rules = exchange_rules(PURPOSE_IKE_SA_INIT, true);
	struct ike_sa *sa = x->ike;
	bool good = exchange_has_all(rules, &x->m) && !exchange_has_more(rules, &x->m);
	if (critical_refused(x) ||
	    (!good && refuse_answered(x, CHECK_RESPONSE_PAYLOADS, BYTES_NONE)) ||
	    (!x->m.spi_r && refuse_answered(x, CHECK_ANSWERED_SPI, BYTES_NONE)) ||
	    init_nonce_refused(x))
		return true;
	if (offers_answer(x->e, &sa->offers, message_payload(&x->m, PAYLOAD_SA, 1), PROTOCOL_IKE,
			  x->arena, chosen))
		return false;
	if (refuse_answered(x, CHECK_ANSWERED_PROPOSAL, BYTES_NONE))
		return true;
	if (chosen->suite.encr && chosen->suite.prf)
		return false;
	refuse_anyway(x, CHECK_ANSWERED_PROPOSAL);
	return true;
}

static bool group_refused(struct incoming *x, struct bytes data)
{
	uint64_t group = payload_number(message_payload(&x->m, PAYLOAD_KE, 1), "group");
	const struct transform *ke = transform_find(TRANSFORM_KE, x->ike->group, 0);
	if (group != x->ike->group && refuse_answered(x, CHECK_ANSWERED_GROUP, BYTES_NONE))
		return true;
	return !ke || init_public_refused(x, ke, data, false);
}

static bool store(struct incoming *x, const struct chosen *chosen, struct bytes data)
{
	struct ike_sa *sa = x->ike;
	const struct transform *ke = transform_find(TRANSFORM_KE, sa->group, 0);
	struct bytes honest = x->pending->kept.honest;
	init_set_spis(sa, sa->spi_i, x->m.spi_r);
	sa->suite = chosen->suite;
	sa->nr = arena_copy(sa->arena,
			    payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data"));
	sa->message_i = arena_copy(sa->arena, honest);
	sa->message_r = arena_copy(sa->arena, x->datagram->octets);
	sa->hashes_heard = auth_hashes(&x->m);
	return sa->message_i.at && sa->message_r.at && init_secret(x, sa, ke, data);
}

static void accept(struct incoming *x, const struct chosen *chosen, struct bytes data)
{
	struct ike_sa *sa = x->ike;
	struct why why;
	struct making m;
	x->done = true;
	if (!store(x, chosen, data) || !ike_sa_make_keys(sa, &why)) {
		note_state(x->e, sa, "the response cannot be used");
		refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	x->accepted = true;
	sa->last_heard = x->now;
	sa->childless = message_notify(&x->m, CHILDLESS_IKEV2_SUPPORTED) != NULL;
	nat_judge(x, sa);
	fragmentation_heard(x, sa);
	nat_move(sa);
	pending_done(sa, x->pending);
	if (x->e->config.automatic &&
	    !request_send(sa, auth_purpose(sa), NULL, NULL, x->now, &m, &why))
		ike_sa_gone(sa, why.text, x->now);
}

void init_response(struct incoming *x)
{
	struct chosen chosen = { .number = 0 };
	x->ike = ike_sa_by_own(x->e, true, x->m.spi_i);
	x->purpose = PURPOSE_IKE_SA_INIT;
	if (x->ike && x->m.initiator && refuse_answered(x, CHECK_INITIATOR_FLAG, BYTES_NONE))
		return;
	if (!x->ike || x->ike->state != IKE_HALF_OPEN) {
		refuse_anyway(x, x->ike ? CHECK_RESPONSE_ID : CHECK_UNKNOWN_RESPONSE);
		return;
	}
	x->pending = pending_find(x->ike, 0);
	for (size_t i = 0; i < PENDING && !x->pending; i++)
		if (x->ike->pending[i].used)
			x->pending = &x->ike->pending[i];
	if (!x->pending) {
		refuse_anyway(x, CHECK_RESPONSE_ID);
		return;
	}
	if (!x->m.clean && refuse_answered(x, CHECK_RESPONSE_SYNTAX, BYTES_NONE))
		return;
	if (tolerance_refused(x))
		return;
	if (notify_dealt_with(x) || contents_refused(x, &chosen))
		return;
	struct bytes data = payload_octets(message_payload(&x->m, PAYLOAD_KE, 1), "data");
	if (!group_refused(x, data))
		accept(x, &chosen, data);
}
