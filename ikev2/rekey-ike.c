/*
 * The rekey of the IKE SA (RFC 7296 1.3.2, 2.8, 2.18).  The new SA has its SPIs in the SA payloads,
 * keys from SK_d of the old one, message IDs from 0, and inherits the Child SAs; whoever asked for
 * it is its original initiator, and deletes the old one.
 */
#include "inside.h"

#define NO_PROPOSAL_CHOSEN 14
#define INVALID_KE_PAYLOAD 17
#define TEMPORARY_FAILURE  43

/* What the new SA has from the old one: everything that is not keys, SPIs or message IDs. */
static struct ike_sa *heir_new(struct ike_sa *old, bool initiator, usec now)
{
	struct ike_sa *sa = ike_sa_new(old->endpoint, old->connection, initiator, now);
	if (!sa)
		return NULL;
	sa->replaces = old;
	ring_join(&sa->place.kin, &old->place.kin);
	sa->local = old->local;
	sa->remote = old->remote;
	sa->first_remote = old->first_remote;
	sa->marker = old->marker;
	sa->nat_here = old->nat_here;
	sa->nat_there = old->nat_there;
	sa->nat_heard = old->nat_heard;
	sa->fragmentation_said = old->fragmentation_said;
	sa->fragmentation_heard = old->fragmentation_heard;
	sa->fragment_octets = old->fragment_octets;
	sa->peer.type = old->peer.type;
	sa->peer.data = arena_copy(sa->arena, old->peer.data);
	if (!check_on(sa->endpoint, CHECK_REKEY_COUNTERS)) {
		sa->window.next_request = old->window.next_request + 1;
		sa->window.next_expected = old->window.next_expected + 1;
	}
	return sa;
}

/* From one that is closed, or about to be, to its heir. */
static void inherit(struct ike_sa *old, struct ike_sa *sa, usec now)
{
	ike_sa_touch(old);
	ike_sa_touch(sa);
	old->successor = sa;
	old->replaced_at = now;
	old->rival = NULL;
	if (check_on(sa->endpoint, CHECK_REKEY_INHERITS))
		child_move(old, sa);
	sa->mobike = old->mobike;
	sa->mobike.any = false;
	memcpy(sa->assigned, old->assigned, sizeof(sa->assigned));
	memcpy(sa->given, old->given, sizeof(sa->given));
	sa->want_child |= old->want_child;
	sa->want_delete |= old->want_delete;
	sa->retry.at = old->retry.at;
	old->want_child = old->want_delete = old->want_rekey = false;
	ike_sa_advance(sa, now);
}

static bool establish(struct ike_sa *sa, usec now, struct why *why)
{
	if (!ike_sa_make_keys(sa, why))
		return false;
	ike_sa_set_state(sa, IKE_ESTABLISHED);
	ike_sa_link(sa);
	sa->last_heard = now;
	note_state(sa->endpoint, sa, "IKE SA is established in place of %016llx_i %016llx_r",
		   (unsigned long long)sa->replaces->spi_i, (unsigned long long)sa->replaces->spi_r);
	return true;
}

static struct bytes spi_octets(uint64_t spi, uint8_t at[static 8])
{
	store_u64(at, spi);
	return bytes_make(at, 8);
}

/* ------------------------------------------------------------ two in place of one */

struct ike_sa *rekey_ike_acting(struct ike_sa *sa)
{
	struct ike_sa *old = sa->replaces;
	if (old && old->rival == sa)
		return old;
	if (old && sa->redundant && old->successor)
		return rekey_ike_acting(old->successor);
	return sa->successor ? rekey_ike_acting(sa->successor) : sa;
}

void rekey_ike_used(struct ike_sa *sa, enum purpose purpose, usec now)
{
	if (sa->replaces && sa->replaces->rival == sa && purpose != PURPOSE_DELETE_IKE)
		inherit(sa->replaces, sa, now);
}

void rekey_ike_old_ends(struct ike_sa *old, usec now)
{
	if (old->replaces && old->replaces->rival == old)
		old->replaces->rival = NULL;
	if (old->rival)
		inherit(old, old->rival, now);
}

/* Ours came to be, maybe beside one that the peer made (2.8.2). */
static void settle(struct ike_sa *old, struct ike_sa *sa, usec now)
{
	struct ike_sa *rival = old->rival ? old->rival : old->successor;
	bool automatic = sa->endpoint->config.automatic;
	if (rival && (old->successor || ike_sa_is_redundant(sa, rival))) {
		note_state(sa->endpoint, sa, "IKE SA is redundant");
		sa->redundant = true;
		sa->want_delete = automatic;
		if (!old->successor)
			inherit(old, rival, now);
	} else {
		if (rival) {
			rival->redundant = true;
			rival->replaced_at = now;
			ike_sa_touch(rival);
		}
		inherit(old, sa, now);
		old->want_delete = automatic && check_on(sa->endpoint, CHECK_REKEY_OLD_DELETED);
	}
	ike_sa_advance(sa, now);
}

/* ------------------------------------------------------------ the initiator: the request */

/* The group in use is the best guess at what the peer wants, if it is on offer. */
static uint16_t first_group(const struct ike_sa *old, const struct suite *suites, size_t count,
			    bool asked)
{
	for (size_t i = 0; i < count && !asked; i++)
		if (suites[i].ke && suites[i].ke == old->suite.ke)
			return old->suite.ke->id;
	return suites[0].ke->id;
}

static bool begin(struct making *m, const struct suite *suites, size_t count)
{
	bool asked = m->sending && m->sending->propose_count;
	struct ike_sa *sa = heir_new(m->ike, true, m->e->now);
	struct why why;
	if (!sa)
		return false;
	sa->spi_i = spi_fresh(m->e);
	if (!init_nonce(sa) ||
	    !init_keypair(sa, first_group(m->ike, suites, count, asked), &why)) {
		ike_sa_free(sa);
		return false;
	}
	m->made = sa;
	return true;
}

bool rekey_ike_build_request(struct making *m)
{
	uint8_t spi[8];
	size_t count;
	const struct suite *suites = init_suites(m->ike, m->sending, &count);
	if (!count || !suites[0].ke || (!m->made && !begin(m, suites, count)))
		return false;
	struct ike_sa *sa = m->made;
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	return p &&
	       proposals_write(m->arena, p, PROTOCOL_IKE, suites, count,
			       spi_octets(sa->spi_i, spi), true) &&
	       payload_nonce(m, sa->ni) && payload_ke(m, sa->group, dh_public(sa->dh));
}

/* What was offered is what the message says. */
bool rekey_ike_offered(struct making *m, struct pending *p, struct why *why)
{
	(void)p;
	struct ike_sa *sa = m->made;
	struct message *out = &m->composed.message;
	if (!offers_read(m->e, sa->arena, message_payload(out, PAYLOAD_SA, 1), &sa->offers))
		return why_set(why, "no memory for the offers");
	if (sa->offers.count && sa->offers.rows[0].spi.len == 8)
		sa->spi_i = load_u64(sa->offers.rows[0].spi.at);
	sa->ni = arena_copy(sa->arena,
			    payload_octets(message_payload(out, PAYLOAD_NONCE, 1), "data"));
	return true;
}

/* ------------------------------------------------------------ the responder */

static bool choose(struct incoming *x, struct chosen *out)
{
	struct offers offers;
	size_t count;
	const struct suite *suites = init_suites(x->ike, x->sending, &count);
	if (!offers_read(x->e, x->arena, message_payload(&x->m, PAYLOAD_SA, 1), &offers))
		return false;
	return offers_choose(x->e, &offers, PROTOCOL_IKE, suites, count, out) ||
	       (!check_on(x->e, CHECK_REKEY_PROPOSAL) && offers_any(&offers, PROTOCOL_IKE, out));
}

/* Group and public value of the peer, for a suite; true if refused. */
static bool ke_refused(struct incoming *x, const struct transform *ke)
{
	struct node *p = message_payload(&x->m, PAYLOAD_KE, 1);
	struct bytes data = payload_octets(p, "data");
	uint8_t wanted[2];
	struct why why;
	store_u16(wanted, ke->id);
	if (payload_number(p, "group") != ke->id) {
		if (!refuse_answered(x, CHECK_REKEY_GROUP, BYTES_OF(wanted)))
			refuse_anyway(x, CHECK_REKEY_GROUP);
		return true;
	}
	return (data.len != ke->public_initiator ||
		!dh_check_public(x->e->config.crypto, ke, data, &why)) &&
	       refuse_answered(x, CHECK_REKEY_PUBLIC_VALUE, BYTES_NONE);
}

/* Of 8 octets; a receiver that does not look takes what is there. */
static uint64_t spi_of(struct bytes octets)
{
	uint64_t spi = 0;
	for (size_t i = 0; i < octets.len; i++)
		spi = spi << 8 | octets.at[i];
	return spi;
}

static bool read_request(struct incoming *x, struct ike_sa *sa)
{
	struct bytes data = payload_octets(message_payload(&x->m, PAYLOAD_KE, 1), "data");
	struct why why;
	sa->suite = sa->chosen.suite;
	sa->spi_i = spi_of(sa->chosen.spi);
	sa->spi_r = spi_fresh(x->e);
	sa->ni = arena_copy(sa->arena,
			    payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data"));
	return sa->ni.at && init_nonce(sa) && init_keypair(sa, sa->suite.ke->id, &why) &&
	       init_secret(x, sa, sa->suite.ke, data);
}

static bool build_response(struct making *m, struct ike_sa *sa)
{
	uint8_t spi[8];
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	return p &&
	       proposal_write_chosen(m->arena, p, PROTOCOL_IKE, &sa->chosen,
				     spi_octets(sa->spi_r, spi)) &&
	       payload_nonce(m, sa->nr) && payload_ke(m, sa->group, dh_public(sa->dh));
}

/* The SA is what the response says. */
static void answered(struct making *m, struct ike_sa *sa)
{
	struct message *out = &m->composed.message;
	struct offers offers;
	struct chosen chosen;
	sa->nr = arena_copy(sa->arena,
			    payload_octets(message_payload(out, PAYLOAD_NONCE, 1), "data"));
	if (!offers_read(m->e, m->arena, message_payload(out, PAYLOAD_SA, 1), &offers))
		return;
	if (offers_any(&offers, PROTOCOL_IKE, &chosen))
		sa->suite = chosen.suite;
	if (offers.count && offers.rows[0].spi.len == 8)
		sa->spi_r = load_u64(offers.rows[0].spi.at);
}

static void respond(struct incoming *x, struct ike_sa *sa)
{
	struct making m;
	struct why why;
	bool sent = read_request(x, sa) && answer_begin(&m, x, x->ike, x->purpose) &&
		    build_response(&m, sa) && answer_send(&m, x);
	if (!sent) {
		ike_sa_free(sa);
		if (!x->done)
			refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	x->accepted = true;
	answered(&m, sa);
	if (!establish(sa, x->now, &why)) {
		note_state(x->e, x->ike, "no new IKE SA: %s", why.text);
		ike_sa_drop(sa);
		return;
	}
	if (m.sent)
		m.sent->made = sa;
	if (!ike_sa_rekeying(x->ike) || x->ike->successor) {
		inherit(x->ike, sa, x->now);
		return;
	}
	note_state(x->e, x->ike, "IKE SA is rekeyed by both ends");
	x->ike->rival = sa;
}

static bool nonce_refused(struct incoming *x)
{
	size_t len = payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data").len;
	return (len < 16 || len > 256) &&
	       refuse_answered(x, CHECK_REKEY_NONCE, BYTES_NONE);
}

void rekey_ike_request(struct incoming *x)
{
	struct chosen chosen = { .number = 0 };
	if (collision_refuses_rekey(x))
		return;
	if (!choose(x, &chosen)) {
		if (!refuse_answered(x, CHECK_REKEY_PROPOSAL, BYTES_NONE))
			refuse_anyway(x, CHECK_REKEY_PROPOSAL);
		return;
	}
	if ((chosen.spi.len != 8 || !spi_of(chosen.spi)) &&
	    refuse_answered(x, CHECK_REKEY_SPI, BYTES_NONE))
		return;
	if (nonce_refused(x) || ke_refused(x, chosen.suite.ke))
		return;
	struct ike_sa *sa = heir_new(x->ike, false, x->now);
	if (!sa) {
		if (!refuse_answered(x, CHECK_ADDITIONAL_SAS, BYTES_NONE))
			refuse_anyway(x, CHECK_ADDITIONAL_SAS);
		return;
	}
	sa->chosen = chosen;
	respond(x, sa);
}

/* ------------------------------------------------------------ the initiator: the response */

/* With the group that was asked for, if we offered it. */
static bool retried(struct incoming *x, struct ike_sa *sa)
{
	struct making m;
	struct why why;
	uint64_t group = 0;
	wire_number(message_notify(&x->m, INVALID_KE_PAYLOAD), "data", &group);
	if (!check_on(x->e, CHECK_REKEY_GROUP_RETRY))
		return false;
	if (x->how != TAKE_AUTOMATIC || sa->ke_rounds >= KE_ROUNDS || group > 65535 ||
	    !offers_hold_group(&sa->offers, (uint16_t)group) || group == sa->group ||
	    !init_keypair(sa, (uint16_t)group, &why))
		return false;
	sa->ke_rounds++;
	if (!init_nonce(sa)) /* it is another exchange */
		return false;
	return request_send_made(x->ike, PURPOSE_REKEY_IKE, NULL, sa, NULL, x->now, &m, &why);
}

/* True if the answer to what we offered is acceptable; then the SA has all that keys are made of. */
static bool read_response(struct incoming *x, struct ike_sa *sa)
{
	struct node *ke = message_payload(&x->m, PAYLOAD_KE, 1);
	struct bytes data = payload_octets(ke, "data"),
		     nonce = payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data");
	const struct transform *group = transform_find(TRANSFORM_KE, sa->group, 0);
	struct chosen chosen = { .number = 0 };
	struct why why;
	bool offered = offers_answer(x->e, &sa->offers, message_payload(&x->m, PAYLOAD_SA, 1),
				     PROTOCOL_IKE, x->arena, &chosen);
	if ((!offered && check_on(x->e, CHECK_REKEY_ANSWERED)) || chosen.spi.len != 8 ||
	    !load_u64(chosen.spi.at) || !group || payload_number(ke, "group") != sa->group ||
	    nonce.len < 16 || nonce.len > 256 || data.len != group->public_responder ||
	    !dh_check_public(x->e->config.crypto, group, data, &why))
		return false;
	sa->suite = chosen.suite;
	sa->spi_r = load_u64(chosen.spi.at);
	sa->nr = arena_copy(sa->arena, nonce);
	return sa->nr.at && init_secret(x, sa, group, data);
}

/* What the peer has made meanwhile stands alone now. */
static void failed(struct incoming *x, struct ike_sa *sa, uint16_t error)
{
	struct ike_sa *old = x->ike;
	char spare[16];
	note_state(x->e, old, "the IKE SA was not rekeyed: %s",
		   names_print(&names_notify, error, spare, sizeof(spare)));
	ike_sa_drop(sa);
	enum error_action a = error_in_response(x->e, PURPOSE_REKEY_IKE, error);
	if (a == ERROR_ENDS && check_on(x->e, CHECK_ERROR_ENDS)) {
		ike_sa_gone(old, "the peer reports a fatal error", x->now);
	} else if (old->rival) {
		inherit(old, old->rival, x->now);
	} else if (x->e->config.automatic && !old->successor &&
		   (a == ERROR_WAITS || a == ERROR_AGAIN)) {
		old->want_rekey = true;
		retry_later(old, a, x->now);
	}
}

/* The peer has a new SA that we have no keys for: nothing that both ends could agree upon is left. */
static void out_of_step(struct incoming *x, struct ike_sa *sa)
{
	refused_count(x->e, CHECK_REKEY_ANSWERED);
	note_state(x->e, x->ike, "refused: %s", checks[CHECK_REKEY_ANSWERED].title);
	ike_sa_drop(sa);
	x->ike->want_delete = x->e->config.automatic;
}

void rekey_ike_response(struct incoming *x)
{
	struct ike_sa *old = x->ike, *sa = x->pending->made;
	struct sent *sent = x->pending->sent;
	uint16_t error = error_notify(&x->m);
	struct why why;
	x->done = x->accepted = true;
	x->pending->made = NULL;
	pending_done(old, x->pending);
	if (!sa)
		return;
	if (error == INVALID_KE_PAYLOAD && retried(x, sa))
		return;
	if (error || !message_payload(&x->m, PAYLOAD_SA, 1)) {
		failed(x, sa, error);
		return;
	}
	if (!read_response(x, sa) || !establish(sa, x->now, &why)) {
		out_of_step(x, sa);
		return;
	}
	if (sent)
		sent->made = sa;
	settle(old, sa, x->now);
}
