/*
 * The SA and TS payloads of a Child SA: offered, answered, accepted (RFC 7296 2.7, 2.9).
 */
#include "inside.h"

#define INVALID_KE_PAYLOAD 17
#define NO_PROPOSAL_CHOSEN 14
#define TS_UNACCEPTABLE 38

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
	const struct connection *n = m->ike->connection;
	return write_sa(m, c, m->sending) && child_write_keying(m, c) &&
	       payload_selectors(m, PAYLOAD_TSI, &n->ours) &&
	       payload_selectors(m, PAYLOAD_TSR, &n->theirs);
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
	return true;
}

/* ------------------------------------------------------------ the responder */

static bool opaque(const struct traffic_selector *t)
{
	return t->first_port == 65535 && t->last_port == 0;
}

static bool backwards(const struct traffic_selector *t)
{
	return (t->first_port > t->last_port && !opaque(t)) ||
	       memcmp(t->range.first.ip, t->range.last.ip, 16) > 0;
}

/* A range the wrong way round is not usable; a receiver that turns it is a fault. */
static void turn(struct traffic_selector *t)
{
	struct address first = t->range.first;
	if (memcmp(first.ip, t->range.last.ip, 16) > 0) {
		t->range.first = t->range.last;
		t->range.last = first;
	}
	if (t->first_port > t->last_port && !opaque(t)) {
		t->first_port = 0;
		t->last_port = 65535;
	}
}

static struct selectors usable(struct endpoint *e, struct node *payload)
{
	struct selectors all = selectors_read(payload), out = { .count = 0 };
	size_t limit = check_on(e, CHECK_SELECTOR_ALL) ? SELECTORS : 1;
	for (size_t i = 0; i < all.count && out.count < limit; i++) {
		struct traffic_selector t = all.rows[i];
		if (backwards(&t) && check_on(e, CHECK_SELECTOR_RANGE))
			continue;
		turn(&t);
		out.rows[out.count++] = t;
	}
	return out;
}

static bool unknown_selector(struct node *payload)
{
	struct node *list = payload ? payload_list(payload) : NULL;
	for (struct node *s = list ? list->first : NULL; s; s = s->next)
		if (payload_number(s, "type") != 7 && payload_number(s, "type") != 8)
			return true;
	return false;
}

static bool narrow(struct incoming *x, struct child_sa *c)
{
	struct node *tsi = message_payload(&x->m, PAYLOAD_TSI, 1),
		    *tsr = message_payload(&x->m, PAYLOAD_TSR, 1);
	const struct connection *n = c->ike->connection;
	struct selectors i = usable(x->e, tsi), r = usable(x->e, tsr);
	c->theirs = tsi ? selectors_meet(&i, &n->theirs) : n->theirs;
	c->ours = tsr ? selectors_meet(&r, &n->ours) : n->ours;
	if (!check_on(x->e, CHECK_SELECTOR_TYPE) &&
	    (unknown_selector(tsi) || unknown_selector(tsr)))
		return false;
	bool shared = c->theirs.count && c->ours.count;
	if (!shared && check_on(x->e, CHECK_SELECTORS))
		return false;
	if (!shared || !check_on(x->e, CHECK_NARROWING)) {
		c->theirs = n->theirs;
		c->ours = n->ours;
	}
	return true;
}

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
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	const struct selectors *tsi = c->initiator ? &c->ours : &c->theirs;
	const struct selectors *tsr = c->initiator ? &c->theirs : &c->ours;
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
	} else if (!narrow(x, c)) {
		refused_count(x->e, CHECK_SELECTORS);
		*refusal = TS_UNACCEPTABLE;
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
	return child_install(c, why);
}

/* ------------------------------------------------------------ the initiator */

/* The answer to what we offered; false if it is not acceptable. */
bool child_accept(struct incoming *x, struct child_sa *c)
{
	struct chosen chosen = { .number = 0 };
	struct why why;
	bool offered = offers_answer(x->e, &c->offers, message_payload(&x->m, PAYLOAD_SA, 1),
				     PROTOCOL_ESP, x->arena, &chosen);
	struct selectors ours = selectors_read(message_payload(&x->m, PAYLOAD_TSI, 1));
	struct selectors theirs = selectors_read(message_payload(&x->m, PAYLOAD_TSR, 1));
	bool inside = ours.count && theirs.count && selectors_subset(&ours, &c->ours) &&
		      selectors_subset(&theirs, &c->theirs);
	if ((!offered && check_on(x->e, CHECK_ANSWERED_CHILD)) || chosen.spi.len != 4) {
		refused_count(x->e, CHECK_ANSWERED_CHILD);
		return false;
	}
	if (!inside && check_on(x->e, CHECK_ANSWERED_SELECTORS)) {
		refused_count(x->e, CHECK_ANSWERED_SELECTORS);
		return false;
	}
	c->chosen = chosen;
	c->spi_out = load_u32(chosen.spi.at);
	c->chosen.spi = BYTES_NONE;
	if (child_read_keying(x, c)) {
		refused_count(x->e, CHECK_PUBLIC_VALUE);
		return false;
	}
	c->ours = ours;
	c->theirs = theirs;
	return child_install(c, &why);
}
