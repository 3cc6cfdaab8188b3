/*
 * IKE_SA_INIT (RFC 7296 1.2): making the request, and what both ends share.  What is sent is
 * believed: SPIs, nonces and offers are read back from the message as it leaves.
 */
#include "inside.h"

static bool fresh_nonce(struct ike_sa *sa, struct bytes *out)
{
	uint8_t nonce[NONCE];
	if (check_on(sa->endpoint, CHECK_NONCE_FRESH))
		rng_secret(&sa->endpoint->rng, nonce, sizeof(nonce));
	else
		memset(nonce, 'n', sizeof(nonce));
	*out = arena_copy(sa->arena, BYTES_OF(nonce));
	return out->at != NULL;
}

bool init_nonce(struct ike_sa *sa)
{
	return fresh_nonce(sa, sa->initiator ? &sa->ni : &sa->nr);
}

const struct suite *init_suites(const struct ike_sa *sa, const struct sending *s, size_t *count)
{
	bool own = s && s->propose_count;
	*count = own ? s->propose_count : sa->connection->ike_count;
	return own ? s->propose : sa->connection->ike;
}

bool init_keypair(struct ike_sa *sa, uint16_t group, struct why *why)
{
	struct endpoint *e = sa->endpoint;
	const struct transform *ke = transform_find(TRANSFORM_KE, group, 0);
	if (!ke || !(ke->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "group %u is not implemented here", group);
	dh_free(sa->dh);
	sa->group = group;
	sa->dh = dh_generate(e->config.crypto, &e->rng, ke, why);
	return sa->dh != NULL;
}

bool init_begin(struct ike_sa *sa, const struct sending *s, struct why *why)
{
	size_t count;
	const struct suite *suites = init_suites(sa, s, &count);
	if (!count || !suites[0].ke)
		return why_set(why, "connection %s has no suite for IKE", sa->connection->name);
	sa->spi_i = spi_fresh(sa->endpoint);
	return init_nonce(sa) && init_keypair(sa, suites[0].ke->id, why);
}

static bool write_cookie(struct making *m)
{
	struct bytes cookie = m->ike->cookie;
	if (!check_on(m->e, CHECK_COOKIE_WHOLE) && cookie.len)
		cookie.len--;
	return !cookie.len || payload_notify(m, 16390, cookie);
}

/* A fault: the retry offers the suites of the group asked for alone. */
static size_t one_group(const struct ike_sa *sa, struct suite *out, const struct suite *in,
			size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count && i < SUITES; i++)
		if (in[i].ke && in[i].ke->id == sa->group)
			out[kept++] = in[i];
	return kept;
}

static bool write_offer(struct making *m)
{
	struct suite few[SUITES];
	size_t count;
	const struct suite *suites = init_suites(m->ike, m->sending, &count);
	if (m->ike->ke_rounds && !check_on(m->e, CHECK_KE_RETRY_OFFER)) {
		count = one_group(m->ike, few, suites, count);
		suites = few;
	}
	struct node *p = message_chain_add(m->arena, m->chain, PAYLOAD_SA);
	return p && proposals_write(m->arena, p, PROTOCOL_IKE, suites, count, BYTES_NONE, true);
}

bool init_build_request(struct making *m)
{
	struct ike_sa *sa = m->ike;
	bool first = check_on(m->e, CHECK_COOKIE_FIRST);
	return (!first || write_cookie(m)) && write_offer(m) &&
	       payload_ke(m, sa->group, dh_public(sa->dh)) && payload_nonce(m, sa->ni) &&
	       nat_payloads(m) && auth_init_payloads(m) && fragmentation_payload(m) &&
	       (first || write_cookie(m));
}

bool init_names_spi(const struct edits *edits)
{
	for (size_t i = 0; edits && i < edits->count; i++)
		if (edits->rows[i].path && strncmp(edits->rows[i].path, "HDR.spi", 7) == 0)
			return true;
	return false;
}

static bool compose_once(struct making *m, struct why *why)
{
	m->chain = message_chain_new(m->arena);
	return m->chain && making_build(m, why) && making_finish(m, why);
}

/* With an edited SPI once more, so that what is derived from it (NAT detection) follows. */
bool init_compose(struct making *m, struct why *why)
{
	if (!compose_once(m, why))
		return false;
	if (!init_names_spi(m->edits) || m->composed.message.spi_i == m->spi_i)
		return true;
	m->spi_i = m->composed.message.spi_i;
	return compose_once(m, why);
}

/* The SPI by which the SA is found changes. */
static void rehash(struct ike_sa *sa, uint64_t spi_i, uint64_t spi_r)
{
	if (sa->spi_i == spi_i && sa->spi_r == spi_r)
		return;
	sa->spi_i = spi_i;
	sa->spi_r = spi_r;
	if (sa->linked)
		ike_sa_hash(sa);
}

void init_set_spis(struct ike_sa *sa, uint64_t spi_i, uint64_t spi_r)
{
	rehash(sa, spi_i, spi_r);
}

bool init_request_sent(struct making *m, struct pending *p, struct why *why)
{
	struct ike_sa *sa = m->ike;
	struct message *out = &m->composed.message;
	(void)p;
	rehash(sa, out->spi_i, sa->spi_r);
	fragmentation_said(m, sa);
	struct node *nonce = message_payload(out, PAYLOAD_NONCE, 1);
	struct bytes ni = payload_octets(nonce, "data");
	if (!bytes_equal(ni, sa->ni))
		sa->ni = arena_copy(sa->arena, ni);
	if (!offers_read(m->e, sa->arena, message_payload(out, PAYLOAD_SA, 1), &sa->offers))
		return why_set(why, "no memory for the offers");
	sa->hashes_sent = auth_hashes(out);
	note_state(m->e, sa, "IKE_SA_INIT request, group %u", sa->group);
	return true;
}

/* g^ir; where a fault let a bad value pass, it is all zeros. */
bool init_secret(struct incoming *x, struct ike_sa *sa, const struct transform *ke,
		 struct bytes peer)
{
	uint8_t secret[1024] = { 0 };
	size_t len = ke->output;
	struct why why;
	if (!dh_shared(x->e->config.crypto, sa->dh, peer, secret, sizeof(secret), &len, &why)) {
		len = ke->output;
		memset(secret, 0, sizeof(secret));
	}
	sa->secret = arena_copy(sa->arena, bytes_make(secret, len));
	return sa->secret.at != NULL;
}

/* Length and range of a public value, each with its row. */
bool init_public_refused(struct incoming *x, const struct transform *ke, struct bytes data,
			 bool from_initiator)
{
	struct why why;
	size_t len = from_initiator ? ke->public_initiator : ke->public_responder;
	if (data.len != len)
		return refuse_answered(x, CHECK_KE_LENGTH, BYTES_NONE);
	return !dh_check_public(x->e->config.crypto, ke, data, &why) &&
	       refuse_answered(x, CHECK_PUBLIC_VALUE, BYTES_NONE);
}

bool init_nonce_refused(struct incoming *x)
{
	struct node *nonce = message_payload(&x->m, PAYLOAD_NONCE, 1);
	size_t len = nonce ? payload_octets(nonce, "data").len : 0;
	if (!nonce) /* its absence has a row of its own */
		return false;
	return (len < 16 || len > 256) && refuse_answered(x, CHECK_NONCE_LENGTH, BYTES_NONE);
}

void init_input(struct incoming *x)
{
	if (x->m.id != 0 && refuse_answered(x, CHECK_INIT_MESSAGE_ID, BYTES_NONE))
		return;
	if (x->m.is_fragment && refuse_answered(x, CHECK_INIT_FRAGMENT, BYTES_NONE))
		return;
	if (x->m.response)
		init_response(x);
	else
		init_request(x);
}
