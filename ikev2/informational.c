/*
 * INFORMATIONAL (RFC 7296 1.4): liveness checks, deletion, notifies.  Every request is answered.
 */
#include "inside.h"

#define INVALID_SYNTAX        7
#define INVALID_SPI           11

bool informational_build_request(struct making *m)
{
	uint32_t spi;
	switch (m->purpose) {
	case PURPOSE_UPDATE_ADDRESSES:
		return mobike_build_update(m);
	case PURPOSE_INFORMATIONAL:
		return mobike_build_check(m);
	case PURPOSE_LIVENESS:
		return mobike_build_liveness(m);
	case PURPOSE_CONFIGURE:
		return config_build_query(m);
	case PURPOSE_DELETE_IKE:
		return payload_delete(m, PROTOCOL_IKE, NULL, 0);
	case PURPOSE_DELETE_CHILD:
		if (!m->child)
			return false;
		spi = check_on(m->e, CHECK_DELETE_SPI_SENT) ? m->child->spi_in : m->child->spi_out;
		return payload_delete(m, PROTOCOL_ESP, &spi, 1);
	default:
		return false;
	}
}

/* What a request asks to be deleted. */
struct deletion {
	bool ike, all;
	struct child_sa *rows[CHILD_LIMIT];
	size_t count;
	uint32_t answer[CHILD_LIMIT]; /* the other SPIs, for the answer */
	size_t answers;
};

static void answer_spi(struct deletion *d, uint32_t spi)
{
	if (d->answers < CHILD_LIMIT)
		d->answer[d->answers++] = spi;
}

/* Faults: a Child SA in the midst of a rekey is not closed. */
static bool child_left_alone(const struct incoming *x, const struct child_sa *c)
{
	return (c->heir && !check_on(x->e, CHECK_DELETE_REKEYING)) ||
	       (ike_sa_rekeying(x->ike) && !check_on(x->e, CHECK_DELETE_CHILD_REKEYING));
}

static void delete_one(struct incoming *x, uint32_t spi, struct deletion *d)
{
	struct ike_sa *sa = x->ike->successor ? x->ike->successor : x->ike;
	struct child_sa *c = child_by_spi(sa, spi, false);
	if (!c && !check_on(x->e, CHECK_DELETE_DIRECTION))
		c = child_by_spi(sa, spi, true);
	if (!c) {
		overtaken_note(x->ike, spi);
		if (!check_on(x->e, CHECK_DELETE_UNKNOWN))
			answer_spi(d, spi);
		return;
	}
	if (child_left_alone(x, c))
		return;
	for (size_t i = 0; i < d->count; i++)
		if (d->rows[i] == c)
			return;
	if (d->count < CHILD_LIMIT)
		d->rows[d->count++] = c;
	/* One that we are deleting ourselves is not named (1.4.1). */
	if (!c->deleting || !check_on(x->e, CHECK_DELETE_CROSSING))
		answer_spi(d, c->spi_in);
}

static void read_delete(struct incoming *x, struct node *p, struct deletion *d)
{
	struct node *list = payload_list(p);
	uint64_t protocol = payload_number(p, "protocol");
	if (protocol == PROTOCOL_IKE)
		d->ike = true;
	for (struct node *s = list ? list->first : NULL; s && protocol == PROTOCOL_ESP;
	     s = s->next) {
		struct bytes spi = payload_octets(s, "spi");
		if (spi.len == 4)
			delete_one(x, load_u32(spi.at), d);
		if (!check_on(x->e, CHECK_DELETE_ALL))
			break;
	}
}

static void read_deletes(struct incoming *x, struct deletion *d)
{
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_DELETE, n);
		if (!p || (n > 1 && !check_on(x->e, CHECK_DELETE_PAYLOADS)))
			return;
		read_delete(x, p, d);
	}
}

/* ------------------------------------------------------------ notifies */

/* A fault: a notify that should be ignored draws INVALID_SYNTAX. */
static bool intolerant(struct incoming *x, uint64_t type)
{
	if (type >= 16384)
		return !names_text(&names_notify, (uint32_t)type) &&
		       !check_on(x->e, CHECK_STATUS_IGNORED);
	return !names_text(&names_notify, (uint32_t)type) && !check_on(x->e, CHECK_ERROR_IGNORED);
}

static bool ends_the_sa(const struct incoming *x, uint64_t type)
{
	if (!type || type >= 16384)
		return false;
	if (error_in_request(x, (uint16_t)type) == ERROR_ENDS)
		return check_on(x->e, CHECK_SYNTAX_ENDS);
	return !check_on(x->e, CHECK_FATAL_ONLY);
}

/* True if the request is dealt with. */
static bool notifies_refused(struct incoming *x, bool *end)
{
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_NOTIFY, n);
		uint64_t type = payload_number(p, "type");
		if (!p)
			return false;
		*end |= ends_the_sa(x, type);
		if (type == INVALID_SPI && !check_on(x->e, CHECK_INVALID_SPI))
			for (struct child_sa *c = x->ike->children; c; c = c->older)
				child_gone(c);
		if (intolerant(x, type)) {
			refused_count(x->e, CHECK_STATUS_IGNORED);
			answer_notify(x, INVALID_SYNTAX, BYTES_NONE);
			return true;
		}
	}
}

/* ------------------------------------------------------------ requests */

static bool build_response(struct incoming *x, struct making *m, const struct deletion *d)
{
	if (d->ike)
		return check_on(m->e, CHECK_DELETE_IKE_EMPTY) ||
		       payload_delete(m, PROTOCOL_IKE, NULL, 0);
	if (!config_answer_query(x, m) || !mobike_answer(x, m))
		return false;
	if (!d->answers || !check_on(m->e, CHECK_DELETE_PAIR))
		return true;
	return payload_delete(m, PROTOCOL_ESP, d->answer, d->answers);
}

/* Faults: an exchange of ours goes on although the peer has closed its IKE SA. */
static bool ike_left_alone(const struct incoming *x)
{
	return (ike_sa_rekeying(x->ike) && !check_on(x->e, CHECK_DELETE_IKE_REKEYING)) ||
	       (x->ike->deleting && !check_on(x->e, CHECK_DELETE_IKE_CROSSING));
}

static void carry_out(struct incoming *x, const struct deletion *d, bool end)
{
	for (size_t i = 0; i < d->count && check_on(x->e, CHECK_DELETE_DONE); i++)
		child_gone(d->rows[i]);
	x->ike->spares_children = d->ike && !check_on(x->e, CHECK_DELETE_IKE_CHILDREN);
	if (d->ike && !ike_left_alone(x))
		ike_sa_gone(x->ike, "deleted by the peer", x->now);
	else if (end)
		ike_sa_gone(x->ike, "the peer reports a fatal error", x->now);
}

static bool kept_silent(struct incoming *x, const struct deletion *d)
{
	struct node *chain = payload_chain(&x->m);
	bool plain = !chain || !chain->first || d->ike || d->count;
	if (plain || check_on(x->e, CHECK_INFORMATIONAL_ANSWERED))
		return false;
	refuse_anyway(x, CHECK_INFORMATIONAL_ANSWERED);
	return true;
}

void informational_request(struct incoming *x)
{
	struct deletion d = { .count = 0 };
	struct making m;
	bool end = false;
	if (notifies_refused(x, &end))
		return;
	read_deletes(x, &d);
	window_heard(x);
	uint16_t refusal = mobike_refusal(x);
	if (refusal) {
		x->accepted = answer_notify(x, refusal, BYTES_NONE);
		return;
	}
	if (kept_silent(x, &d) || !answer_begin(&m, x, x->ike, x->purpose))
		return;
	if (!build_response(x, &m, &d) || !answer_send(&m, x)) {
		if (!x->done)
			refuse_anyway(x, CHECK_MEMORY);
		return;
	}
	if (m.sent && d.count)
		m.sent->child = d.rows[0];
	x->accepted = true;
	carry_out(x, &d, end);
	mobike_carry_out(x);
	if (x->ike->mobike.want_check)
		ike_sa_advance(x->ike, x->now);
}

void informational_response(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	struct child_sa *c = x->pending->child;
	enum purpose purpose = x->pending->purpose;
	uint16_t error = error_notify(&x->m);
	x->done = x->accepted = true;
	x->pending->child = NULL;
	pending_done(sa, x->pending);
	if (purpose == PURPOSE_DELETE_IKE)
		ike_sa_gone(sa, "deleted", x->now);
	else if (error && error_in_response(x->e, purpose, error) == ERROR_ENDS &&
		 check_on(x->e, CHECK_ERROR_ENDS))
		ike_sa_gone(sa, "the peer reports a fatal error", x->now);
	else
		mobike_response(x, purpose, error);
	if (purpose != PURPOSE_DELETE_CHILD || !c)
		return;
	c->deleting = false;
	if (c->installed)
		child_gone(c);
	else
		child_drop(c);
}
