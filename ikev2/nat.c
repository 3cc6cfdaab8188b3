/*
 * NAT detection, the move to port 4500, and following a peer whose address changed (RFC 7296 2.23).
 */
#include "inside.h"

#define SOURCE_IP      16388
#define DESTINATION_IP 16389
#define HASH           20

static bool hash(struct endpoint *e, uint64_t spi_i, uint64_t spi_r, const struct address *a,
		 uint8_t out[static HASH])
{
	uint8_t at[34];
	size_t len;
	struct sink s = sink_over(at, sizeof(at));
	sink_u64(&s, spi_i);
	sink_u64(&s, spi_r);
	sink_put(&s, address_octets(a));
	if (check_on(e, CHECK_NAT_HASH))
		sink_u16(&s, a->port);
	return crypto_hash(e->config.crypto, "SHA1", sink_bytes(&s), out, HASH, &len) &&
	       len == HASH;
}

bool nat_payloads(struct making *m)
{
	struct endpoint *e = m->e;
	const struct datagram *in = m->request ? m->request->datagram : NULL;
	const struct address *from = in ? &in->to : &m->ike->local,
			     *to = in ? &in->from : &m->ike->remote;
	uint8_t source[HASH], destination[HASH];
	if (!e->config.nat_detection || !check_on(e, CHECK_NAT_DETECTION))
		return true;
	if (!hash(e, m->spi_i, m->spi_r, from, source) ||
	    !hash(e, m->spi_i, m->spi_r, to, destination))
		return false;
	if (e->config.encapsulate)
		memset(source, 0, sizeof(source));
	return payload_notify(m, SOURCE_IP, BYTES_OF(source)) &&
	       payload_notify(m, DESTINATION_IP, BYTES_OF(destination));
}

/* Is there a hash of that type, and does none of them match? */
static bool mismatch(struct incoming *x, uint16_t type, const struct address *a)
{
	uint8_t wanted[HASH];
	bool any = false;
	if (!hash(x->e, x->m.spi_i, x->m.spi_r, a, wanted))
		return false;
	for (unsigned n = 1;; n++) {
		struct node *p = message_payload(&x->m, PAYLOAD_NOTIFY, n);
		if (!p)
			return any;
		if (payload_number(p, "type") != type)
			continue;
		if (bytes_equal(payload_octets(p, "data"), BYTES_OF(wanted)))
			return false;
		any = true;
		if (!check_on(x->e, CHECK_NAT_SOURCES))
			return true;
	}
}

void nat_judge(struct incoming *x, struct ike_sa *sa)
{
	if (!x->e->config.nat_detection)
		return;
	sa->nat_heard = message_notify(&x->m, SOURCE_IP) != NULL;
	sa->nat_there = mismatch(x, SOURCE_IP, &x->datagram->from);
	sa->nat_here = mismatch(x, DESTINATION_IP, &x->datagram->to);
	mobike_see_mapping(x, sa);
	if (sa->nat_there || sa->nat_here)
		note_state(x->e, sa, "NAT in front of %s",
			   sa->nat_there ? (sa->nat_here ? "both" : "the peer") : "us");
}

/* The initiator moves to the NAT-T ports. */
void nat_move(struct ike_sa *sa)
{
	struct endpoint *e = sa->endpoint;
	bool moves = sa->connection->mobike && sa->nat_heard && check_on(e, CHECK_MOBIKE_PORT);
	bool wanted = sa->nat_here || sa->nat_there || e->config.encapsulate || moves;
	if (!wanted || sa->marker || !e->config.nat_detection || !check_on(e, CHECK_NAT_FLOAT))
		return;
	sa->local.port = sa->connection->local_nat_port;
	sa->remote.port = sa->connection->remote_nat_port;
	sa->marker = true;
	note_state(e, sa, "moves to port %u", sa->remote.port);
}

static bool may_follow(const struct incoming *x, bool authentic, bool fresh)
{
	const struct endpoint *e = x->e;
	if (!authentic && check_on(e, CHECK_FOLLOW_AUTHENTIC))
		return false;
	if (!fresh && check_on(e, CHECK_FOLLOW_FRESH))
		return false;
	if (x->ike->state == IKE_KEYED)
		return true; /* an initiator that moves to 4500 */
	if (x->ike->mobike.on && check_on(e, CHECK_MOBIKE_STATIC))
		return false; /* only by UPDATE_SA_ADDRESSES (RFC 4555 3.8) */
	return check_on(e, CHECK_FOLLOW) &&
	       (!x->ike->nat_here || !check_on(e, CHECK_FOLLOW_BEHIND_NAT));
}

void nat_follow(struct incoming *x, bool authentic, bool fresh)
{
	struct ike_sa *sa = x->ike;
	const struct datagram *d = x->datagram;
	char text[ADDRESS_TEXT];
	if (address_equal(&d->from, &sa->remote) && address_equal(&d->to, &sa->local) &&
	    d->marker == sa->marker)
		return;
	if (!may_follow(x, authentic, fresh))
		return;
	ike_sa_readdress(sa, &d->from);
	sa->local = d->to;
	sa->marker = d->marker;
	note_state(x->e, sa, "the peer is now at %s", address_print(&sa->remote, text));
	child_readdress(sa);
}
