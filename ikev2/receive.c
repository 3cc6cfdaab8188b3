/*
 * A datagram comes in: from the header to the IKE SA, through its protection, to its exchange.
 * Every refusal goes through a row of the check table.
 */
#include "inside.h"

#define INVALID_IKE_SPI 4
#define INVALID_SYNTAX  7

uint64_t octets_hash(struct bytes b)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * UINT64_C(0x100000001b3);
	return h;
}

const struct connection *connection_for(struct endpoint *e, const struct datagram *d)
{
	const struct connection *best = NULL;
	int rank = -1;
	for (size_t i = 0; i < e->config.connection_count; i++) {
		const struct connection *c = &e->config.connections[i];
		int r = (address_same_host(&c->local, &d->to) ? 2 : 0) +
			(address_same_host(&c->remote, &d->from) ? 1 : 0);
		if (r > rank) {
			best = c;
			rank = r;
		}
	}
	return best;
}

/* ------------------------------------------------------------ the header */

/* A receiver that does not look at the length sees the message as long as the datagram. */
static struct bytes lengthened(struct incoming *x, struct bytes octets)
{
	size_t len = octets.len < IKE_HEADER ? IKE_HEADER : octets.len;
	uint8_t *copy = arena_alloc(x->arena, len);
	if (!copy)
		return BYTES_NONE;
	memcpy(copy, octets.at, octets.len);
	store_u32(copy + 24, (uint32_t)len);
	return bytes_make(copy, len);
}

bool receive_decode(struct incoming *x)
{
	struct bytes octets = x->datagram->octets;
	struct why why;
	if (octets.len < IKE_HEADER) {
		if (refuse_answered(x, CHECK_SHORT_HEADER, BYTES_NONE))
			return false;
		octets = lengthened(x, octets);
	}
	if (!message_decode(x->arena, octets, &x->m, &why)) {
		refuse_anyway(x, CHECK_MEMORY);
		return false;
	}
	return true;
}

/* INVALID_MAJOR_VERSION goes out in clear whatever the SA is; what claims to be a response gets
 * nothing. */
static bool version_refused(struct incoming *x)
{
	if (x->m.major_version == 2)
		return false;
	if (x->m.major_version < 2)
		return refuse_answered(x, CHECK_OLD_VERSION, BYTES_NONE);
	if (!x->m.response)
		return refuse_answered(x, CHECK_MAJOR_VERSION, BYTES_NONE);
	if (!check_on(x->e, CHECK_MAJOR_VERSION))
		return false;
	refuse_anyway(x, CHECK_MAJOR_VERSION);
	return true;
}

static bool reserved_set(const struct node *n)
{
	if (n->row && n->row->kind == WIRE_RESERVED && n->number)
		return true;
	for (const struct node *c = n->first; c; c = c->next)
		if (reserved_set(c))
			return true;
	return false;
}

static bool header_refused(struct incoming *x)
{
	struct why why;
	if (x->m.length != x->m.octets.len) {
		if (refuse_answered(x, CHECK_HEADER_LENGTH, BYTES_NONE))
			return true;
		struct bytes octets = lengthened(x, x->m.octets);
		if (!octets.at || !message_decode(x->arena, octets, &x->m, &why)) {
			refuse_anyway(x, CHECK_MEMORY);
			return true;
		}
	}
	return false;
}

/* Does a payload of the exchange stand before one that the figures show first? */
static bool disordered(const struct message *m)
{
	const struct payload_rules *rules = exchange_rules(purpose_of(m), m->response);
	struct node *chain = payload_chain(m);
	size_t last = 0;
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next) {
		for (size_t i = 0; i < rules->count; i++) {
			if (rules->rows[i].payload != p->type)
				continue;
			if (i < last)
				return true;
			last = i;
		}
	}
	return false;
}

/* In clear beside the Encrypted payload. */
static bool unknown_beside(const struct message *m)
{
	struct node *list = m->inner && m->outer ? payload_list(m->outer) : NULL;
	for (struct node *p = list ? list->first : NULL; p; p = p->next)
		if (p->format && !type_known(p->type) && !payload_number(p, "critical"))
			return true;
	return false;
}

/* Receivers that mind what they should ignore: each a fault. */
bool tolerance_refused(struct incoming *x)
{
	struct endpoint *e = x->e;
	struct node *chain = payload_chain(&x->m);
	enum check c = CHECKS;
	if (x->m.minor_version && !check_on(e, CHECK_MINOR_IGNORED))
		c = CHECK_MINOR_IGNORED;
	if (!check_on(e, CHECK_RESERVED_IGNORED) &&
	    (reserved_set(x->m.outer) || (x->m.inner && reserved_set(x->m.inner)) ||
	     payload_number(x->m.outer, "HDR.version_flag")))
		c = CHECK_RESERVED_IGNORED;
	if (!check_on(e, CHECK_ORDER_IGNORED) && disordered(&x->m))
		c = CHECK_ORDER_IGNORED;
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next) {
		bool known = type_known(p->type), critical = payload_number(p, "critical");
		if (known && critical && !check_on(e, CHECK_CRITICAL_IGNORED))
			c = CHECK_CRITICAL_IGNORED;
		if (!known && !critical && !check_on(e, CHECK_UNKNOWN_IGNORED))
			c = CHECK_UNKNOWN_IGNORED;
		if (p->type == PAYLOAD_VENDOR && !check_on(e, CHECK_VENDOR_IGNORED))
			c = CHECK_VENDOR_IGNORED;
	}
	if (unknown_beside(&x->m) && !check_on(e, CHECK_UNKNOWN_IGNORED))
		c = CHECK_UNKNOWN_IGNORED;
	if (c == CHECKS)
		return false;
	refuse_anyway(x, c);
	return true;
}

/* ------------------------------------------------------------ the SA */

/* Both SPIs; the flag may still be wrong. */
struct ike_sa *receive_lookup(struct endpoint *e, const struct message *m)
{
	for (int flip = 0; flip < 2; flip++) {
		bool we_initiated = m->initiator == (flip == 1);
		struct ike_sa *sa =
			ike_sa_by_own(e, we_initiated, we_initiated ? m->spi_i : m->spi_r);
		if (sa && sa->spi_i == m->spi_i && sa->spi_r == m->spi_r)
			return sa;
	}
	bool we_initiated = !m->initiator;
	return check_on(e, CHECK_PEER_SPI)
		       ? NULL
		       : ike_sa_by_own(e, we_initiated, we_initiated ? m->spi_i : m->spi_r);
}

static bool may_answer_unknown(struct incoming *x)
{
	struct endpoint *e = x->e;
	if (!e->config.unknown_spi_answers)
		return false;
	if (!check_on(e, CHECK_UNKNOWN_RATE))
		return true;
	if (x->now - e->answer_since >= USEC_S) {
		e->answer_since = x->now;
		e->answers = 0;
	}
	return e->answers++ < e->config.unknown_spi_answers;
}

static void unknown(struct incoming *x)
{
	x->ike = NULL;
	if (x->m.response) {
		refuse_anyway(x, CHECK_UNKNOWN_RESPONSE);
		if (!check_on(x->e, CHECK_UNKNOWN_RESPONSE))
			answer_notify(x, INVALID_IKE_SPI, BYTES_NONE);
		return;
	}
	struct making m;
	refuse_anyway(x, CHECK_UNKNOWN_SPI);
	if (!check_on(x->e, CHECK_UNKNOWN_SPI) && answer_begin(&m, x, NULL, PURPOSE_INFORMATIONAL))
		answer_send(&m, x);
	else if (may_answer_unknown(x))
		answer_notify(x, INVALID_IKE_SPI, BYTES_NONE);
}

static void clear_message(struct incoming *x)
{
	bool error = error_notify(&x->m) != 0;
	if (!error) {
		if (!refuse_answered(x, CHECK_CLEAR, BYTES_NONE))
			x->m.protection = MESSAGE_OPENED;
		return;
	}
	if (refuse_answered(x, CHECK_CLEAR_ERROR, BYTES_NONE)) {
		x->ike->clear_error = true;
		liveness_hint(x->ike, x->now);
		return;
	}
	x->done = x->accepted = true;
	ike_sa_gone(x->ike, "an unprotected error was believed", x->now);
}

/* A fault: a request uses up its message ID before its ICV was looked at. */
static void bad_icv(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	refuse_anyway(x, CHECK_ICV);
	if (!x->m.response && window_expects(sa, x->m.id) && !check_on(x->e, CHECK_ID_AFTER_ICV))
		window_carried_out(&sa->window, x->m.id);
}

static void bad_padding(struct incoming *x)
{
	if (x->m.response)
		refuse_anyway(x, CHECK_RESPONSE_SYNTAX);
	else if (!window_expects(x->ike, x->m.id))
		refuse_anyway(x, CHECK_MESSAGE_ID);
	else
		refuse_answered(x, CHECK_PAD_LENGTH, BYTES_NONE);
}

/* A fault: padding beyond the least is not taken. */
static bool padding_refused(struct incoming *x)
{
	uint64_t pad = 0;
	if (check_on(x->e, CHECK_ANY_PADDING) || !x->m.trailer ||
	    !wire_number(x->m.trailer, "pad_length", &pad) || pad < 16)
		return false;
	refused_count(x->e, CHECK_ANY_PADDING);
	x->done = true;
	return true;
}

void receive_open(struct incoming *x)
{
	struct message_keys keys = { &x->ike->suite, x->ike->open };
	struct why why;
	if (x->m.is_fragment) {
		receive_fragment(x);
		return;
	}
	bool opened = message_open(&x->m, &keys, check_on(x->e, CHECK_ICV),
				   check_on(x->e, CHECK_PAD_LENGTH), &why);
	if (opened && padding_refused(x))
		return;
	if (opened && x->m.inner && receive_overrides_fragments(x))
		ike_sa_used(&x->ike->life.in, x->datagram->octets.len);
	if (x->done || (opened && x->m.inner))
		return;
	if (x->m.protection == MESSAGE_BAD_ICV)
		bad_icv(x);
	else if (x->m.protection == MESSAGE_BAD_PADDING)
		bad_padding(x);
	else if (x->m.protection != MESSAGE_SHORT)
		refuse_anyway(x, CHECK_MEMORY);
	else if (!refuse_answered(x, CHECK_SK_LENGTH, BYTES_NONE))
		x->m.inner = message_chain_new(x->arena);
}

/* ------------------------------------------------------------ requests and responses */

/* By REKEY_SA, by selectors, else by the protocol that is proposed. */
static enum purpose create_child_purpose(const struct message *m)
{
	struct node *sa = message_payload(m, PAYLOAD_SA, 1), *list = sa ? payload_list(sa) : NULL;
	uint64_t protocol = list && list->first ? payload_number(list->first, "protocol") : 0;
	if (message_notify(m, 16393))
		return PURPOSE_REKEY_CHILD;
	return protocol == PROTOCOL_ESP || message_payload(m, PAYLOAD_TSI, 1) ? PURPOSE_NEW_CHILD
									      : PURPOSE_REKEY_IKE;
}

/* RFC 6023 3: all that speaks of a Child SA is left out. */
static bool childless(const struct message *m)
{
	return message_payload(m, PAYLOAD_AUTH, 1) && !message_payload(m, PAYLOAD_SA, 1) &&
	       !message_payload(m, PAYLOAD_TSI, 1) && !message_payload(m, PAYLOAD_TSR, 1);
}

enum purpose purpose_of(const struct message *m)
{
	struct node *chain = payload_chain(m), *d = message_payload(m, PAYLOAD_DELETE, 1);
	switch (m->exchange) {
	case IKE_SA_INIT:
		return PURPOSE_IKE_SA_INIT;
	case IKE_AUTH:
		return childless(m) ? PURPOSE_CHILDLESS : PURPOSE_IKE_AUTH;
	case CREATE_CHILD_SA:
		return create_child_purpose(m);
	case INFORMATIONAL:
		if (!chain || !chain->first)
			return PURPOSE_LIVENESS;
		if (d)
			return payload_number(d, "protocol") == PROTOCOL_IKE ? PURPOSE_DELETE_IKE
									     : PURPOSE_DELETE_CHILD;
		if (message_notify(m, 16400))
			return PURPOSE_UPDATE_ADDRESSES;
		return message_payload(m, PAYLOAD_CP, 1) ? PURPOSE_CONFIGURE
							 : PURPOSE_INFORMATIONAL;
	default:
		return PURPOSE_NONE;
	}
}

static struct node *unknown_critical(const struct message *m)
{
	struct node *chain = payload_chain(m);
	for (struct node *p = chain ? chain->first : NULL; p; p = p->next)
		if (!type_known(p->type) && payload_number(p, "critical"))
			return p;
	return NULL;
}

static bool counts_wrong(struct incoming *x, uint8_t type)
{
	struct node *p = message_payload(&x->m, type, 1);
	return p && wire_inconsistent(p, WIRE_COUNT, NULL);
}

static bool contents_refused(struct incoming *x)
{
	const struct payload_rules *rules = exchange_rules(x->purpose, false);
	struct node *critical = unknown_critical(&x->m);
	uint8_t type = critical ? (uint8_t)critical->type : 0;
	if (critical && refuse_answered(x, CHECK_CRITICAL, bytes_make(&type, 1)))
		return true;
	if ((counts_wrong(x, PAYLOAD_TSI) || counts_wrong(x, PAYLOAD_TSR)) &&
	    refuse_answered(x, CHECK_SELECTOR_COUNT, BYTES_NONE))
		return true;
	if (!x->m.clean || counts_wrong(x, PAYLOAD_SA)) {
		if (refuse_answered(x, CHECK_PAYLOAD_LENGTH, BYTES_NONE))
			return true;
		receive_repair(x);
	}
	return (!exchange_has_all(rules, &x->m) &&
		refuse_answered(x, CHECK_PAYLOAD_MISSING, BYTES_NONE)) ||
	       (exchange_has_more(rules, &x->m) &&
		refuse_answered(x, CHECK_PAYLOAD_TWICE, BYTES_NONE));
}

static void dispatch(struct incoming *x)
{
	const struct exchange_row *row = exchange_row(x->purpose);
	struct making m;
	if (row->on_request)
		row->on_request(x);
	else if (!refuse_answered(x, CHECK_EXCHANGE_TYPE, BYTES_NONE) &&
		 answer_begin(&m, x, x->ike, PURPOSE_INFORMATIONAL))
		x->accepted = answer_send(&m, x);
}

static bool repeated(struct incoming *x)
{
	const struct retained *r = window_retained(&x->ike->window, x->m.id);
	if (!r || r->request_hash != octets_hash(x->datagram->octets))
		return false;
	nat_follow(x, true, false);
	if (!check_on(x->e, CHECK_PROCESS_ONCE) && x->ike->state == IKE_ESTABLISHED)
		return false;
	retained_again(x);
	return true;
}

static bool in_turn(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	window_follow_aside(&sa->window, x->m.id);
	if (x->sending)
		return true;
	if (repeated(x))
		return false;
	if (window_retained(&sa->window, x->m.id) && !check_on(x->e, CHECK_PROCESS_ONCE))
		return true;
	if (!window_expects(sa, x->m.id) && refuse_answered(x, CHECK_MESSAGE_ID, BYTES_NONE)) {
		window_wrong(x);
		return false;
	}
	if (sa->state == IKE_ESTABLISHED && !check_on(x->e, CHECK_REQUEST_WHILE_WAITING) &&
	    pending_any(sa)) {
		refuse_anyway(x, CHECK_REQUEST_WHILE_WAITING);
		return false;
	}
	return true;
}

/* Before IKE_AUTH is finished its initiator alone asks, and only for what belongs there. */
static bool too_early(const struct ike_sa *sa, enum purpose p)
{
	const struct exchange_row *row = exchange_row(p);
	return row->on_request && sa->state < IKE_ESTABLISHED &&
	       (sa->initiator || row->state > sa->state);
}

static void request_input(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	x->purpose = purpose_of(&x->m);
	if (!in_turn(x))
		return;
	nat_follow(x, true, true);
	if (too_early(sa, x->purpose) && refuse_answered(x, CHECK_EXCHANGE_ORDER, BYTES_NONE))
		return;
	if (tolerance_refused(x) || contents_refused(x))
		return;
	rekey_ike_used(sa, x->purpose, x->now);
	dispatch(x);
	sa->asked |= x->m.exchange != IKE_AUTH && x->done;
}

static bool answers_request(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	x->pending = pending_find(sa, x->m.id);
	if (!x->pending) {
		if (refuse_answered(x, CHECK_RESPONSE_ID, BYTES_NONE))
			return false;
		x->pending = pending_any(sa);
	}
	if (!x->pending) {
		refuse_anyway(x, CHECK_RESPONSE_ID);
		return false;
	}
	x->purpose = x->pending->purpose;
	return !x->purpose || purpose_exchange(x->purpose) == x->m.exchange ||
	       !refuse_answered(x, CHECK_RESPONSE_EXCHANGE, BYTES_NONE);
}

/* A fault: what is wrong in a response is told to its sender. */
static void complain(struct incoming *x)
{
	if (!check_on(x->e, CHECK_RESPONSE_ANSWERED))
		answer_notify(x, INVALID_SYNTAX, BYTES_NONE);
}

static bool malformed(struct incoming *x)
{
	return !x->m.clean || counts_wrong(x, PAYLOAD_SA) || counts_wrong(x, PAYLOAD_TSI) ||
	       counts_wrong(x, PAYLOAD_TSR);
}

static bool response_refused(struct incoming *x)
{
	bool refused = !answers_request(x) || tolerance_refused(x) ||
		       (unknown_critical(&x->m) &&
			refuse_answered(x, CHECK_RESPONSE_CRITICAL, BYTES_NONE)) ||
		       (malformed(x) && refuse_answered(x, CHECK_RESPONSE_SYNTAX, BYTES_NONE));
	if (refused)
		complain(x);
	return refused;
}

static void response_input(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	if (response_refused(x))
		return;
	const struct exchange_row *row = exchange_row(x->purpose);
	nat_follow(x, true, true);
	if (row->on_response) {
		row->on_response(x);
	} else {
		x->done = x->accepted = true;
		pending_done(sa, x->pending);
	}
	if (sa->state == IKE_ESTABLISHED)
		ike_sa_advance(sa, x->now);
}

/* ------------------------------------------------------------ all together */

static bool found(struct incoming *x)
{
	x->ike = receive_lookup(x->e, &x->m);
	if (!x->ike) {
		unknown(x);
		return false;
	}
	return x->m.initiator != x->ike->initiator ||
	       !refuse_answered(x, CHECK_INITIATOR_FLAG, BYTES_NONE);
}

static void gone(struct incoming *x)
{
	const struct retained *r = window_retained(&x->ike->window, x->m.id);
	if (r && x->m.is_fragment && receive_fragment_again(x))
		return;
	bool again = r && !x->m.response && r->request_hash == octets_hash(x->datagram->octets);
	if (again)
		retained_again(x);
	else
		unknown(x);
}

static void protected_input(struct incoming *x)
{
	if (!found(x))
		return;
	if (x->ike->state == IKE_GONE) {
		gone(x);
		return;
	}
	nat_follow(x, false, true);
	if (!check_on(x->e, CHECK_LIVENESS_CLEAR))
		x->ike->last_heard = x->now;
	if (x->m.protection == MESSAGE_CLEAR)
		clear_message(x);
	else if (x->ike->state == IKE_HALF_OPEN)
		refuse_anyway(x, CHECK_EXCHANGE_ORDER);
	else
		receive_open(x);
	if (x->done)
		return;
	if (x->ike->state == IKE_HALF_OPEN) {
		refuse_anyway(x, CHECK_EXCHANGE_ORDER);
		return;
	}
	if (check_on(x->e, CHECK_LIVENESS_TRAFFIC))
		x->ike->last_heard = x->now;
	if (x->m.response)
		response_input(x);
	else
		request_input(x);
}

static void keepalive(struct incoming *x)
{
	x->done = x->accepted = true;
	for (struct ike_sa *sa = x->e->newest; sa && !check_on(x->e, CHECK_LIVENESS_CLEAR);
	     sa = sa->older)
		if (address_equal(&sa->remote, &x->datagram->from)) {
			sa->last_heard = x->now;
			ike_sa_touch(sa);
		}
}

void receive(struct incoming *x)
{
	struct endpoint *e = x->e;
	e->refused = false;
	e->counts.inputs++;
	crypto_draw_from(e->config.crypto, &e->rng);
	if (x->datagram->keepalive) {
		keepalive(x);
	} else if (receive_decode(x) && !version_refused(x) && !header_refused(x)) {
		if (x->m.exchange == IKE_SA_INIT)
			init_input(x);
		else
			protected_input(x);
	}
	if (x->accepted)
		e->counts.accepted++;
	else if (!e->refused)
		e->counts.rowless++;
}

/* A request that the harness answers: what is left of its way in. */
void receive_carry_out(struct incoming *x)
{
	if (x->m.exchange == IKE_SA_INIT)
		init_request(x);
	else if (!contents_refused(x))
		dispatch(x);
}
