/*
 * MOBIKE (RFC 4555): the original initiator alone says between which addresses the SAs are; the
 * responder takes them from the headers of that message, and before it sends ESP there it looks
 * whether the peer is there (3.7).
 */
#include "inside.h"

#define UNACCEPTABLE_ADDRESSES  40
#define UNEXPECTED_NAT_DETECTED 41
#define MOBIKE_SUPPORTED        16396
#define ADDITIONAL_IP4_ADDRESS  16397
#define ADDITIONAL_IP6_ADDRESS  16398
#define NO_ADDITIONAL_ADDRESSES 16399
#define UPDATE_SA_ADDRESSES     16400
#define COOKIE2                 16401
#define NO_NATS_ALLOWED         16402
#define NAT_SOURCE              16388
#define NAT_DESTINATION         16389
#define NAT_TRIES               3

/* ------------------------------------------------------------ IKE_AUTH */

/* Our addresses besides the one that the message leaves from (3.6). */
static bool put_addresses(struct making *m)
{
	const struct connection *n = m->ike->connection;
	size_t told = 0;
	for (size_t i = 0; i < n->other_count; i++) {
		const struct address *a = &n->others[i];
		if (address_same_host(a, &m->ike->local))
			continue;
		if (!payload_notify(m, a->family == 6 ? ADDITIONAL_IP6_ADDRESS : ADDITIONAL_IP4_ADDRESS,
				    address_octets(a)))
			return false;
		told++;
	}
	return told || payload_notify(m, NO_ADDITIONAL_ADDRESSES, BYTES_NONE);
}

/* With the SA payload; in a response only if the request bore it (3.2). */
bool mobike_announce(struct making *m)
{
	bool wanted = m->ike->connection->mobike &&
		      (!m->request || message_notify(&m->request->m, MOBIKE_SUPPORTED));
	return !wanted || (payload_notify(m, MOBIKE_SUPPORTED, BYTES_NONE) && put_addresses(m));
}

static void read_addresses(struct incoming *x)
{
	struct mobike *b = &x->ike->mobike;
	bool replaced = message_notify(&x->m, NO_ADDITIONAL_ADDRESSES) != NULL;
	size_t count = 0;
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_NOTIFY, n);
		uint64_t type = payload_number(p, "type");
		if (!p)
			break;
		if (type != ADDITIONAL_IP4_ADDRESS && type != ADDITIONAL_IP6_ADDRESS)
			continue;
		if (count < MOBIKE_ADDRESSES &&
		    address_from_octets(payload_octets(p, "data"), 0, &b->others[count]))
			count++;
	}
	if (count || replaced) /* the whole list anew (3.6) */
		b->other_count = count;
}

/* IKE_AUTH of the peer. */
void mobike_heard(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	if (!sa->connection->mobike || !message_notify(&x->m, MOBIKE_SUPPORTED))
		return;
	sa->mobike.on = true;
	read_addresses(x);
	note_state(x->e, sa, "MOBIKE is agreed upon");
}

/* ------------------------------------------------------------ requests of ours */

static struct bytes path_octets(const struct address *from, const struct address *to, uint8_t at[static 36])
{
	struct sink s = sink_over(at, 36);
	sink_put(&s, address_octets(from));
	sink_put(&s, address_octets(to));
	sink_u16(&s, from->port);
	sink_u16(&s, to->port);
	return sink_bytes(&s);
}

bool mobike_build_update(struct making *m)
{
	uint8_t path[36];
	return payload_notify(m, UPDATE_SA_ADDRESSES, BYTES_NONE) && nat_payloads(m) &&
	       (!m->ike->connection->no_nats ||
		payload_notify(m, NO_NATS_ALLOWED,
			       path_octets(&m->ike->local, &m->ike->remote, path)));
}

/* An INFORMATIONAL request that looks whether the peer is where it says. */
bool mobike_build_check(struct making *m)
{
	struct mobike *b = &m->ike->mobike;
	if (!b->checking)
		return true;
	rng_secret(&m->e->rng, b->cookie, sizeof(b->cookie));
	return payload_notify(m, COOKIE2, BYTES_OF(b->cookie));
}

/* Behind a NAT a liveness check shows whether the mapping is still the same (3.8). */
bool mobike_build_liveness(struct making *m)
{
	const struct ike_sa *sa = m->ike;
	bool wanted = sa->mobike.on && sa->initiator && sa->nat_here && check_on(m->e, CHECK_MOBIKE_MAPPING);
	return !wanted || nat_payloads(m);
}

static struct bytes seen_of_us(struct incoming *x)
{
	return payload_octets(message_notify(&x->m, NAT_DESTINATION), "data");
}

void mobike_see_mapping(struct incoming *x, struct ike_sa *sa)
{
	struct mobike *b = &sa->mobike;
	struct bytes seen = seen_of_us(x);
	if (seen.len != sizeof(b->mapping))
		return;
	memcpy(b->mapping, seen.at, seen.len);
	b->mapping_spi = x->m.spi_i;
}

/* The answer to a liveness check; the hash has the SPIs in it, so that of an older IKE SA says nothing. */
static void look_at_mapping(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	struct mobike *b = &sa->mobike;
	struct bytes seen = seen_of_us(x);
	if (!seen.len || !check_on(x->e, CHECK_MOBIKE_MAPPING))
		return;
	if (b->mapping_spi != sa->spi_i) {
		mobike_see_mapping(x, sa);
	} else if (!bytes_equal(seen, BYTES_OF(b->mapping))) {
		note_state(x->e, sa, "the NAT gave us another address or port");
		b->want_update = x->e->config.automatic;
	}
}

static void move_children(struct ike_sa *sa)
{
	const struct endpoint *e = sa->endpoint;
	bool nat = (sa->nat_here || sa->nat_there) && check_on(e, CHECK_NAT_ENCAPSULATION);
	for (struct child_sa *c = sa->children; c; c = c->older)
		c->udp = e->config.encapsulate || nat;
	child_readdress(sa);
}

static void back(struct ike_sa *sa)
{
	if (!sa->mobike.old_local.family)
		return;
	sa->local = sa->mobike.old_local;
	note_state(sa->endpoint, sa, "stays where it was");
}

/* A response to UPDATE_SA_ADDRESSES, of the original initiator. */
static void updated(struct incoming *x, uint16_t error)
{
	struct ike_sa *sa = x->ike;
	struct mobike *b = &sa->mobike;
	if (error == UNACCEPTABLE_ADDRESSES) {
		back(sa);
		return;
	}
	if (error == UNEXPECTED_NAT_DETECTED && b->tries++ < NAT_TRIES &&
	    check_on(x->e, CHECK_MOBIKE_RETRY)) {
		b->want_update = true;
		return;
	}
	if (error)
		return;
	b->tries = 0;
	if (message_notify(&x->m, NAT_SOURCE))
		nat_judge(x, sa);
	move_children(sa);
}

/* The peer has shown that it is there; or somebody has shown that it is not (3.7). */
static void checked(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	struct bytes cookie = payload_octets(message_notify(&x->m, COOKIE2), "data");
	bool right = bytes_equal(cookie, BYTES_OF(sa->mobike.cookie));
	sa->mobike.checking = false;
	if (!right && check_on(x->e, CHECK_MOBIKE_COOKIE_RIGHT)) {
		refused_count(x->e, CHECK_MOBIKE_COOKIE_RIGHT);
		ike_sa_gone(sa, "COOKIE2 came back changed", x->now);
		return;
	}
	move_children(sa);
}

void mobike_response(struct incoming *x, enum purpose purpose, uint16_t error)
{
	struct ike_sa *sa = x->ike;
	if (purpose == PURPOSE_UPDATE_ADDRESSES && sa->initiator)
		updated(x, error);
	else if (purpose == PURPOSE_INFORMATIONAL && sa->mobike.checking)
		checked(x);
	else if (purpose == PURPOSE_LIVENESS && sa->mobike.on && sa->initiator && !error)
		look_at_mapping(x);
}

/* ------------------------------------------------------------ requests of the peer */

/* The addresses that the sender saw are those of the headers (3.9). */
static bool nat_unexpected(struct incoming *x)
{
	struct node *p = message_notify(&x->m, NO_NATS_ALLOWED);
	uint8_t path[36];
	return p && !bytes_equal(payload_octets(p, "data"),
				 path_octets(&x->datagram->from, &x->datagram->to, path));
}

static bool unacceptable(const struct incoming *x)
{
	const struct connection *n = x->ike->connection;
	return n->refuses.first.family && address_in_range(&x->datagram->from, &n->refuses);
}

/* The notify that refuses the request; 0: none. */
uint16_t mobike_refusal(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	bool update = message_notify(&x->m, UPDATE_SA_ADDRESSES) && !sa->initiator;
	if (!sa->mobike.on)
		return 0;
	if (nat_unexpected(x) && check_on(x->e, CHECK_MOBIKE_NO_NATS)) {
		refused_count(x->e, CHECK_MOBIKE_NO_NATS);
		return UNEXPECTED_NAT_DETECTED;
	}
	if (update && unacceptable(x) && check_on(x->e, CHECK_MOBIKE_ACCEPTABLE)) {
		refused_count(x->e, CHECK_MOBIKE_ACCEPTABLE);
		return UNACCEPTABLE_ADDRESSES;
	}
	return 0;
}

/* What came is answered with the same (3.7, 3.8). */
bool mobike_answer(struct incoming *x, struct making *m)
{
	struct node *cookie = message_notify(&x->m, COOKIE2);
	if (cookie && check_on(m->e, CHECK_MOBIKE_COOKIE) &&
	    !payload_notify(m, COOKIE2, payload_octets(cookie, "data")))
		return false;
	return !message_notify(&x->m, NAT_SOURCE) || !check_on(m->e, CHECK_MOBIKE_NAT_ANSWERED) ||
	       nat_payloads(m);
}

/* With several requests in flight an older one may come later, and changes nothing (3.5). */
static bool outdated(const struct incoming *x)
{
	const struct mobike *b = &x->ike->mobike;
	return b->any && (int32_t)(x->m.id - b->newest) < 0 && check_on(x->e, CHECK_MOBIKE_NEWEST);
}

static void move_to(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	const struct datagram *d = x->datagram;
	char text[ADDRESS_TEXT];
	sa->mobike.any = true;
	sa->mobike.newest = x->m.id;
	ike_sa_readdress(sa, &d->from);
	sa->local = d->to;
	sa->marker = d->marker;
	note_state(x->e, sa, "the peer has moved to %s", address_print(&sa->remote, text));
	if (message_notify(&x->m, NAT_SOURCE))
		nat_judge(x, sa);
	if (!x->e->config.automatic || !check_on(x->e, CHECK_MOBIKE_ROUTABLE)) {
		move_children(sa);
		return;
	}
	sa->mobike.checking = sa->mobike.want_check = true;
}

/* Once the request is answered. */
void mobike_carry_out(struct incoming *x)
{
	struct ike_sa *sa = x->ike;
	bool theirs = !sa->initiator || !check_on(x->e, CHECK_MOBIKE_ROLE);
	if (!sa->mobike.on || sa->state != IKE_ESTABLISHED)
		return;
	read_addresses(x);
	if (message_notify(&x->m, UPDATE_SA_ADDRESSES) && theirs && !outdated(x) &&
	    check_on(x->e, CHECK_MOBIKE_UPDATE))
		move_to(x);
}

/* ------------------------------------------------------------ our own address */

/* What is in flight goes on from the new address (3.5), then the peer is told. */
static void moved(struct ike_sa *sa, const struct address *to)
{
	uint16_t port = sa->local.port;
	sa->mobike.old_local = sa->local;
	sa->local = *to;
	sa->local.port = port;
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used)
			sa->pending[i].kept.from = sa->local;
	sa->mobike.want_update = sa->endpoint->config.automatic;
}

void endpoint_move(struct endpoint *e, const struct address *from, const struct address *to, usec now)
{
	endpoint_begin(e, now);
	for (struct ike_sa *sa = e->newest, *older; sa; sa = older) {
		older = sa->older;
		if (sa->state != IKE_ESTABLISHED || !sa->mobike.on || !sa->initiator ||
		    !address_same_host(&sa->local, from))
			continue;
		moved(sa, to);
		ike_sa_advance(sa, now);
	}
}
