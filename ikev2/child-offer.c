/*
 * The SA and TS payloads of a Child SA: offered, answered, accepted (RFC 7296 2.7, 2.9).
 */
#include "inside.h"

#define INVALID_KE_PAYLOAD 17
#define NO_PROPOSAL_CHOSEN 14

/* In IKE_AUTH there is no key exchange for the Child SA (1.2). */
static size_t esp_suites(const struct ike_sa *sa, const struct sending *s, bool with_ke,
			 struct suite out[static SUITES])
{
	bool own = s && s->propose_count;
	const struct suite *in = own ? s->propose : sa->connection->esp;
	size_t count = own ? s->propose_count : sa->connection->esp_count, kept = 0;
	for (size_t i = 0; i < count && kept < SUITES; i++) {
		out[kept] = in[i];
		if (!with_ke)
			out[kept].ke = NULL;
		kept++;
	}
	return kept;
}

static struct bytes spi_octets(uint32_t spi, uint8_t at[static 4])
{
	store_u32(at, spi);
	return bytes_make(at, 4);
}

static bool write_sa(struct making *m, struct child_sa *c, const struct sending *s)
{
	struct suite suites[SUITES];
	uint8_t spi[4];
	bool with_ke = m->exchange == CREATE_CHILD_SA;
	size_t count = esp_suites(c->ike, s, with_ke, suites);
	struct why why;
	if (with_ke && count && suites[0].ke && !c->dh && !child_keypair(c, suites[0].ke->id, &why))
		return false;
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	return p && proposals_write(m->arena, p, PROTOCOL_ESP, suites, count,
				    spi_octets(c->spi_in, spi), with_ke);
}

bool child_offer(struct making *m)
{
	struct child_sa *c = m->child ? m->child : child_new(m->ike, true);
	if (!c)
		return false;
	m->child = c;
	if (!c->spi_in)
		c->spi_in = child_spi_fresh(m->e);
	struct selectors ours, theirs;
	child_propose_selectors(c, &ours, &theirs);
	return child_write_notifies(m, c) && write_sa(m, c, m->sending) &&
	       child_write_keying(m, c) && payload_selectors(m, PAYLOAD_TSI, &ours) &&
	       payload_selectors(m, PAYLOAD_TSR, &theirs);
}

/* What was offered is what the message says. */
bool child_offered(struct making *m, struct pending *p, struct why *why)
{
	(void)p;
	struct child_sa *c = m->child;
	struct message *out = &m->composed.message;
	if (!c)
		return true;
	if (!offers_read(m->e, c->arena, message_payload(out, PAYLOAD_SA, 1), &c->offers))
		return why_set(why, "no memory for the offers");
	if (c->offers.count && c->offers.rows[0].spi.len == 4)
		c->spi_in = load_u32(c->offers.rows[0].spi.at);
	if (m->exchange == CREATE_CHILD_SA)
		c->ni = arena_copy(c->arena,
				   payload_octets(message_payload(out, PAYLOAD_NONCE, 1), "data"));
	c->ours = selectors_read(message_payload(out, PAYLOAD_TSI, 1));
	c->theirs = selectors_read(message_payload(out, PAYLOAD_TSR, 1));
	child_notifies_sent(c, out);
	return true;
}

/* ------------------------------------------------------------ the responder */

static bool choose(struct incoming *x, struct child_sa *c)
{
	struct suite suites[SUITES];
	size_t count = esp_suites(c->ike, x->sending, x->m.exchange == CREATE_CHILD_SA, suites);
	struct offers offers;
	if (!offers_read(x->e, x->arena, message_payload(&x->m, PAYLOAD_SA, 1), &offers))
		return false;
	bool chosen = offers_choose(x->e, &offers, PROTOCOL_ESP, suites, count, &c->chosen) ||
		      (!check_on(x->e, CHECK_CHILD_PROPOSAL) &&
		       offers_any(&offers, PROTOCOL_ESP, &c->chosen));
	if (!chosen || c->chosen.spi.len != 4)
		return false;
	c->spi_out = load_u32(c->chosen.spi.at);
	c->chosen.spi = BYTES_NONE;
	return c->spi_out != 0;
}

static bool write_answer(struct making *m, struct child_sa *c)
{
	uint8_t spi[4];
	const struct selectors *tsi = c->initiator ? &c->ours : &c->theirs;
	const struct selectors *tsr = c->initiator ? &c->theirs : &c->ours;
	struct node *p = child_write_notifies(m, c)
				 ? message_chain_add(m->arena, m->chain, PAYLOAD_SA)
				 : NULL;
	return p &&
	       proposal_write_chosen(m->arena, p, PROTOCOL_ESP, &c->chosen,
				     spi_octets(c->spi_in, spi)) &&
	       child_write_keying(m, c) && payload_selectors(m, PAYLOAD_TSI, tsi) &&
	       payload_selectors(m, PAYLOAD_TSR, tsr);
}

/* INVALID_KE_PAYLOAD says which group it should have been. */
static uint16_t keying_refusal(struct incoming *x, struct making *m, struct child_sa *c)
{
	uint16_t refusal = child_read_keying(x, c);
	uint8_t *group = arena_alloc(m->arena, 2);
	if (refusal == INVALID_KE_PAYLOAD && group) {
		refused_count(x->e, CHECK_KE_GROUP);
		store_u16(group, c->chosen.suite.ke->id);
		m->notify_data = bytes_make(group, 2);
	} else if (refusal) {
		refused_count(x->e, CHECK_PUBLIC_VALUE);
	}
	return refusal;
}

/* Adds the payloads of a Child SA, m->child, or gives the notify that refuses it. */
bool child_answer(struct incoming *x, struct making *m, uint16_t *refusal)
{
	struct child_sa *c = m->child ? m->child : child_new(m->ike, false);
	*refusal = 0;
	if (!c)
		return false;
	m->child = c;
	c->spi_in = child_spi_fresh(x->e);
	if (!choose(x, c)) {
		refused_count(x->e, CHECK_CHILD_PROPOSAL);
		*refusal = NO_PROPOSAL_CHOSEN;
	} else {
		child_notifies_read(x, c);
		*refusal = child_narrow(x, c);
	}
	if (!*refusal)
		*refusal = keying_refusal(x, m, c);
	if (!*refusal)
		return write_answer(m, c);
	child_drop(c);
	m->child = NULL;
	return true;
}

/* The Child SA is what the response says. */
bool child_answered(struct making *m, struct why *why)
{
	struct child_sa *c = m->child;
	struct message *out = &m->composed.message;
	struct offers offers;
	struct chosen chosen;
	struct node *sa = message_payload(out, PAYLOAD_SA, 1);
	if (!offers_read(m->e, m->arena, sa, &offers))
		return why_set(why, "no memory for the answer");
	if (m->exchange == CREATE_CHILD_SA)
		c->nr = arena_copy(c->arena,
				   payload_octets(message_payload(out, PAYLOAD_NONCE, 1), "data"));
	if (offers_any(&offers, PROTOCOL_ESP, &chosen))
		c->chosen.suite = chosen.suite;
	if (offers.count && offers.rows[0].spi.len == 4)
		c->spi_in = load_u32(offers.rows[0].spi.at);
	c->theirs = selectors_read(message_payload(out, PAYLOAD_TSI, 1));
	c->ours = selectors_read(message_payload(out, PAYLOAD_TSR, 1));
	child_notifies_sent(c, out);
	return child_install(c, why);
}

/* ------------------------------------------------------------ the initiator */

/* Mode and selectors of the answer against what we asked for. */
static bool answer_refused(struct incoming *x, struct child_sa *c,
			   const struct selectors asked[static 2])
{
	enum check bad = CHECKS;
	if (c->ike->connection->transport && c->asked_transport && !c->transport)
		bad = CHECK_TRANSPORT_INSISTED;
	else if (!c->ours.count || !c->theirs.count || !selectors_subset(&c->ours, &asked[0]) ||
		 !selectors_subset(&c->theirs, &asked[1]))
		bad = CHECK_ANSWERED_SELECTORS;
	if (bad == CHECKS || !check_on(x->e, bad))
		return false;
	refused_count(x->e, bad);
	return true;
}

/* The answer to what we offered; false if it is not acceptable. */
bool child_accept(struct incoming *x, struct child_sa *c)
{
	struct chosen chosen = { .number = 0 };
	struct why why;
	bool offered = offers_answer(x->e, &c->offers, message_payload(&x->m, PAYLOAD_SA, 1),
				     PROTOCOL_ESP, x->arena, &chosen);
	struct selectors asked[2] = { c->ours, c->theirs };
	if ((!offered && check_on(x->e, CHECK_ANSWERED_CHILD)) || chosen.spi.len != 4) {
		refused_count(x->e, CHECK_ANSWERED_CHILD);
		return false;
	}
	c->ours = selectors_read(message_payload(&x->m, PAYLOAD_TSI, 1));
	c->theirs = selectors_read(message_payload(&x->m, PAYLOAD_TSR, 1));
	child_notifies_read(x, c);
	if (answer_refused(x, c, asked))
		return false;
	c->chosen = chosen;
	c->spi_out = load_u32(chosen.spi.at);
	c->chosen.spi = BYTES_NONE;
	if (child_read_keying(x, c)) {
		refused_count(x->e, CHECK_PUBLIC_VALUE);
		return false;
	}
	return child_install(c, &why);
}
