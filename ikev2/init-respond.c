/*
 * IKE_SA_INIT as responder: from the cheap checks to the costly ones, a cookie between them; an SA
 * is made only for a request that deserves it (RFC 7296 2.6).
 */
#include "inside.h"

#define CHILDLESS_IKEV2_SUPPORTED 16418

static bool header_refused(struct incoming *x)
{
	const struct message *m = &x->m;
	return (!m->initiator && refuse_answered(x, CHECK_INIT_FLAG, BYTES_NONE)) ||
	       (m->spi_i == 0 && refuse_answered(x, CHECK_INIT_INITIATOR_SPI, BYTES_NONE)) ||
	       (m->spi_r != 0 && refuse_answered(x, CHECK_INIT_RESPONDER_SPI, BYTES_NONE));
}

static bool same_request(const struct incoming *x, const struct ike_sa *sa)
{
	if (!check_on(x->e, CHECK_INIT_LOOKUP))
		return true;
	return sa->request_hash == octets_hash(x->datagram->octets) &&
	       address_equal(&sa->first_remote, &x->datagram->from);
}

/* A repetition: the same response, or nothing once IKE_AUTH was there (2.1). */
static bool repeated(struct incoming *x)
{
	struct ike_sa *sa = ike_sa_by_peer(x->e, NULL, x->m.spi_i);
	while (sa && !same_request(x, sa))
		sa = ike_sa_by_peer(x->e, sa, x->m.spi_i);
	if (!sa || x->sending)
		return false;
	x->ike = sa;
	if (sa->state != IKE_HALF_OPEN && sa->state != IKE_KEYED)
		return refuse_answered(x, CHECK_INIT_AFTER_AUTH, BYTES_NONE);
	if (!check_on(x->e, CHECK_INIT_REPEATED))
		return false;
	retained_again(x);
	return true;
}

static bool counts_wrong(struct incoming *x)
{
	struct node *sa = message_payload(&x->m, PAYLOAD_SA, 1);
	uint8_t number = 1;
	struct node *list = sa ? payload_list(sa) : NULL;
	for (struct node *p = list ? list->first : NULL; p; p = p->next)
		if (payload_number(p, "number") != number++)
			return refuse_answered(x, CHECK_PROPOSAL_NUMBER, BYTES_NONE);
	return sa && wire_inconsistent(sa, WIRE_COUNT, NULL) &&
	       refuse_answered(x, CHECK_PROPOSAL_COUNT, BYTES_NONE);
}

static bool unknown_critical(struct incoming *x)
{
	struct node *chain = payload_chain(&x->m);
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next) {
		if (type_known(p->type) || !payload_number(p, "critical"))
			continue;
		uint8_t type = (uint8_t)p->type;
		return refuse_answered(x, CHECK_INIT_CRITICAL, bytes_make(&type, 1));
	}
	return false;
}

static bool payloads_refused(struct incoming *x)
{
	const struct payload_rules *rules = exchange_rules(PURPOSE_IKE_SA_INIT, false);
	if (!x->m.clean) {
		if (refuse_answered(x, CHECK_INIT_SYNTAX, BYTES_NONE))
			return true;
		receive_repair(x);
	}
	bool good = exchange_has_all(rules, &x->m) && !exchange_has_more(rules, &x->m);
	return unknown_critical(x) ||
	       (!good && refuse_answered(x, CHECK_INIT_PAYLOADS, BYTES_NONE)) ||
	       init_nonce_refused(x);
}

static bool choose(struct incoming *x, const struct connection *c, struct chosen *out)
{
	const struct sending *s = x->sending;
	bool own = s && s->propose_count;
	struct offers offers;
	if (!offers_read(x->e, x->arena, message_payload(&x->m, PAYLOAD_SA, 1), &offers)) {
		refuse_anyway(x, CHECK_MEMORY);
		return false;
	}
	if (offers_choose(x->e, &offers, PROTOCOL_IKE, own ? s->propose : c->ike,
			  own ? s->propose_count : c->ike_count, out))
		return true;
	if (refuse_answered(x, CHECK_PROPOSAL, BYTES_NONE))
		return false;
	if (offers_any(&offers, PROTOCOL_IKE, out))
		return true;
	refuse_anyway(x, CHECK_PROPOSAL);
	return false;
}

/* The group of KE must be that of the suite (1.2); which is used if it is not looked at is the
 * peer's. */
static const struct transform *group_of(struct incoming *x, const struct chosen *c)
{
	uint16_t sent = (uint16_t)payload_number(message_payload(&x->m, PAYLOAD_KE, 1), "group");
	uint8_t wanted[2];
	store_u16(wanted, c->suite.ke->id);
	if (sent == c->suite.ke->id)
		return c->suite.ke;
	if (refuse_answered(x, CHECK_KE_GROUP, BYTES_OF(wanted)))
		return NULL;
	const struct transform *ke = transform_find(TRANSFORM_KE, sent, 0);
	if (ke && (ke->suites & TRANSFORM_IMPLEMENTED))
		return ke;
	refuse_anyway(x, CHECK_KE_GROUP);
	return NULL;
}

static struct ike_sa *make_sa(struct incoming *x, const struct connection *c,
			      const struct chosen *chosen, const struct transform *ke)
{
	struct ike_sa *sa = ike_sa_new(x->e, c, false, x->now);
	if (!sa)
		return NULL;
	sa->spi_i = x->m.spi_i;
	sa->spi_r = spi_fresh(x->e);
	sa->chosen = *chosen;
	sa->suite = chosen->suite;
	sa->local = x->datagram->to;
	sa->remote = sa->first_remote = x->datagram->from;
	sa->marker = x->datagram->marker;
	sa->request_hash = octets_hash(x->datagram->octets);
	sa->ni = arena_copy(sa->arena,
			    payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data"));
	sa->message_i = arena_copy(sa->arena, x->datagram->octets);
	if (!sa->message_i.at || !init_nonce(sa) || !init_keypair(sa, ke->id, x->why)) {
		ike_sa_free(sa);
		return NULL;
	}
	return sa;
}

/* It is related to an IKE SA, whatever RFC 7296 says of notifies without SPI (RFC 6023 4). */
static bool announce_childless(struct making *m)
{
	struct node *n =
		message_chain_notify(m->arena, m->chain, CHILDLESS_IKEV2_SUPPORTED, BYTES_NONE);
	return n && wire_give_number(n, "protocol", PROTOCOL_IKE);
}

static bool build(struct making *m, struct ike_sa *sa)
{
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	return p && proposal_write_chosen(m->arena, p, PROTOCOL_IKE, &sa->chosen, BYTES_NONE) &&
	       payload_ke(m, sa->group, dh_public(sa->dh)) && payload_nonce(m, sa->nr) &&
	       nat_payloads(m) && auth_init_payloads(m) && fragmentation_payload(m) &&
	       (!sa->connection->childless || announce_childless(m));
}

/* With an edited SPI what is derived from it follows, so the SPI must be known first. */
static bool build_believed(struct making *m, struct ike_sa *sa)
{
	if (!build(m, sa))
		return false;
	if (!m->sending || !init_names_spi(m->sending->edits))
		return true;
	if (!making_finish(m, m->why))
		return false;
	m->spi_r = m->composed.message.spi_r;
	m->chain = message_chain_new(m->arena);
	return m->chain && build(m, sa);
}

/* What left is believed. */
static void sent_as(struct making *m, struct ike_sa *sa)
{
	struct message *out = &m->composed.message;
	struct offers offers;
	struct chosen chosen;
	init_set_spis(sa, sa->spi_i, out->spi_r);
	fragmentation_said(m, sa);
	sa->nr = arena_copy(sa->arena,
			    payload_octets(message_payload(out, PAYLOAD_NONCE, 1), "data"));
	if (offers_read(m->e, m->arena, message_payload(out, PAYLOAD_SA, 1), &offers) &&
	    offers_any(&offers, PROTOCOL_IKE, &chosen))
		sa->suite = chosen.suite;
	sa->message_r = arena_copy(sa->arena, m->composed.honest);
	sa->hashes_sent = auth_hashes(out);
	sa->hashes_heard = auth_hashes(&m->request->m);
}

static void respond(struct incoming *x, struct ike_sa *sa, const struct transform *ke)
{
	struct making m;
	struct why why;
	bool secret = init_secret(x, sa, ke,
				  payload_octets(message_payload(&x->m, PAYLOAD_KE, 1), "data"));
	nat_judge(x, sa);
	fragmentation_heard(x, sa);
	if (!secret || !answer_begin(&m, x, sa, PURPOSE_IKE_SA_INIT) || !build_believed(&m, sa) ||
	    !answer_send(&m, x)) {
		ike_sa_free(sa);
		if (!x->done)
			refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	ike_sa_link(sa);
	sent_as(&m, sa);
	x->ike = sa;
	if (x->seen)
		x->seen->ike = sa;
	x->accepted = true;
	if (!ike_sa_make_keys(sa, &why))
		note_state(x->e, sa, "no keys: %s", why.text);
}

static bool too_many(struct incoming *x)
{
	return x->e->config.automatic && x->e->half_open >= HALF_OPEN_LIMIT &&
	       refuse_answered(x, CHECK_HALF_OPEN_LIMIT, BYTES_NONE);
}

void init_respond(struct incoming *x)
{
	const struct connection *c = connection_for(x->e, x->datagram);
	struct chosen chosen;
	if (!c || counts_wrong(x) || !choose(x, c, &chosen)) {
		if (!x->done)
			refuse_anyway(x, CHECK_PROPOSAL);
		return;
	}
	const struct transform *ke = group_of(x, &chosen);
	struct bytes data = payload_octets(message_payload(&x->m, PAYLOAD_KE, 1), "data");
	if (!ke || init_public_refused(x, ke, data, true))
		return;
	struct ike_sa *sa = make_sa(x, c, &chosen, ke);
	if (!sa) {
		refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	respond(x, sa, ke);
}

void init_request(struct incoming *x)
{
	x->purpose = PURPOSE_IKE_SA_INIT;
	if (header_refused(x) || repeated(x) || tolerance_refused(x))
		return;
	x->ike = NULL;
	if (payloads_refused(x) || (!x->sending && cookie_refused(x)) || too_many(x))
		return;
	init_respond(x);
}
