/*
 * What the policy allows of the selectors proposed for a Child SA (RFC 7296 2.9, 2.9.2), and the
 * addresses of transport mode behind a NAT (2.23.1).
 */
#include "inside.h"

#define SINGLE_PAIR_REQUIRED 34
#define TS_UNACCEPTABLE 38

/* ------------------------------------------------------------ what can be used of a proposal */

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

static bool single(const struct traffic_selector *t)
{
	return address_same_host(&t->range.first, &t->range.last);
}

/* ------------------------------------------------------------ policies */

/* Both ends of a proposal, or of what is left of it. */
struct pairing {
	struct selectors ours, theirs;
};

static bool shared(const struct pairing *p)
{
	return p->ours.count && p->theirs.count;
}

static struct pairing meet(const struct pairing *asked, const struct selectors *ours,
			   const struct selectors *theirs)
{
	return (struct pairing){ selectors_meet(&asked->ours, ours),
				 selectors_meet(&asked->theirs, theirs) };
}

static struct selectors row(const struct selectors *s, size_t n)
{
	struct selectors one = { .count = 1 };
	one.rows[0] = s->rows[n < s->count ? n : s->count - 1];
	return one;
}

static struct pairing first_of(const struct pairing *p)
{
	return (struct pairing){ row(&p->ours, 0), row(&p->theirs, 0) };
}

static bool holds(const struct pairing *p, const struct pairing *inner)
{
	return selectors_subset(&inner->ours, &p->ours) &&
	       selectors_subset(&inner->theirs, &p->theirs);
}

/* The entry that holds the first selectors; else the first that has anything of them. */
static struct pairing meet_pairs(struct child_sa *c, const struct connection *n,
				 const struct pairing *asked)
{
	struct pairing first = first_of(asked), best = { .ours.count = 0 };
	size_t fitting = 0;
	bool specific = false;
	for (size_t i = 0; i < n->ours.count && i < n->theirs.count; i++) {
		struct selectors ours = row(&n->ours, i), theirs = row(&n->theirs, i);
		struct pairing p = meet(asked, &ours, &theirs);
		if (!shared(&p))
			continue;
		fitting++;
		if (specific || (fitting > 1 && !holds(&p, &first)))
			continue;
		specific = holds(&p, &first);
		best = p;
	}
	c->more_selectors = fitting > 1;
	return best;
}

/* Inner addresses that were given take the place of what is configured. */
static void follow_addresses(struct selectors *s, const struct address given[static 2])
{
	size_t count = 0;
	for (size_t six = 0; six < 2; six++)
		count += given[six].family != 0;
	if (!count)
		return;
	s->count = 0;
	for (size_t six = 0; six < 2; six++) {
		struct traffic_selector t = { { given[six], given[six] }, .last_port = 65535 };
		t.range.first.port = t.range.last.port = 0;
		if (given[six].family)
			s->rows[s->count++] = t;
	}
}

/* What this IKE SA may have Child SAs for. */
static struct pairing policy_of(const struct ike_sa *sa)
{
	struct pairing p = { sa->connection->ours, sa->connection->theirs };
	follow_addresses(&p.ours, sa->assigned);
	if (check_on(sa->endpoint, CHECK_CONFIG_SELECTORS))
		follow_addresses(&p.theirs, sa->given);
	return p;
}

static struct pairing allowed(struct child_sa *c, const struct connection *n,
			      const struct pairing *asked)
{
	struct pairing policy = policy_of(c->ike);
	if (!asked->ours.count || !asked->theirs.count)
		return (struct pairing){ .ours.count = 0 };
	if (n->policy == POLICY_PAIRS)
		return meet_pairs(c, n, asked);
	return meet(asked, &policy.ours, &policy.theirs);
}

/* One address at each end: the first selectors if they are that (2.9). */
static bool to_single_pair(struct pairing *p, const struct pairing *asked)
{
	struct pairing first = first_of(asked);
	if (p->ours.count == 1 && p->theirs.count == 1 && single(&p->ours.rows[0]) &&
	    single(&p->theirs.rows[0]))
		return true;
	if (!single(&first.ours.rows[0]) || !single(&first.theirs.rows[0]) || !holds(p, &first))
		return false;
	*p = first;
	return true;
}

/* A fault: the specific pair that stands first is left out. */
static void forget_first(struct pairing *p, const struct pairing *asked)
{
	struct selectors *s = &p->theirs;
	if (s->count < 2 || !single(&asked->theirs.rows[0]))
		return;
	memmove(&s->rows[0], &s->rows[1], (s->count - 1) * sizeof(s->rows[0]));
	s->count--;
}

/* ------------------------------------------------------------ rekeying */

struct child_sa *child_rekeyed(struct incoming *x)
{
	struct node *n = message_notify(&x->m, 16393);
	struct bytes spi = payload_octets(n, "spi");
	if (x->m.exchange != CREATE_CHILD_SA || x->m.response || spi.len != 4)
		return NULL;
	return child_by_spi(x->ike, load_u32(spi.at), false);
}

bool child_narrower(const struct child_sa *c, const struct selectors *ours,
		    const struct selectors *theirs)
{
	return !selectors_subset(&c->ours, ours) || !selectors_subset(&c->theirs, theirs);
}

/* No narrower than what is in use (2.9.2); who does not mind takes one address. */
static bool rekey_refused(struct incoming *x, struct pairing *p, const struct pairing *asked)
{
	struct child_sa *old = child_rekeyed(x);
	if (!old)
		return false;
	if (!check_on(x->e, CHECK_REKEY_SCOPE)) {
		p->theirs = row(&p->theirs, 0);
		p->theirs.rows[0].range.last = p->theirs.rows[0].range.first;
		return false;
	}
	if (!child_narrower(old, &p->ours, &p->theirs))
		return false;
	if (child_narrower(old, &asked->ours, &asked->theirs))
		return true;
	*p = (struct pairing){ old->ours, old->theirs };
	return false;
}

/* ------------------------------------------------------------ transport mode behind a NAT */

static void put(struct selectors *s, const struct address *by, struct address *original)
{
	*original = s->rows[0].range.first;
	original->port = 0;
	for (size_t i = 0; i < s->count; i++) {
		s->rows[i].range.first = *by;
		s->rows[i].range.last = *by;
		s->rows[i].range.first.port = s->rows[i].range.last.port = 0;
	}
}

static bool one_host(const struct selectors *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!single(&s->rows[i]) ||
		    !address_same_host(&s->rows[i].range.first, &s->rows[0].range.first))
			return false;
	return s->count > 0;
}

/* The end behind a NAT has an address for itself and another for the rest of the world. */
void child_substitute(struct child_sa *c)
{
	const struct ike_sa *sa = c->ike;
	if (!check_on(c->endpoint, CHECK_TRANSPORT_SUBSTITUTE) || !one_host(&c->ours) ||
	    !one_host(&c->theirs))
		return;
	if (sa->nat_there)
		put(&c->theirs, &sa->remote, &c->original_remote);
	if (sa->nat_here)
		put(&c->ours, &sa->local, &c->original_local);
}

/* ------------------------------------------------------------ both ends */

void child_propose_selectors(const struct child_sa *c, struct selectors *ours,
			     struct selectors *theirs)
{
	const struct connection *n = c->ike->connection;
	const struct child_sa *old = c->replaces;
	struct pairing policy = policy_of(c->ike);
	*ours = old ? old->ours : policy.ours;
	*theirs = old ? old->theirs : policy.theirs;
	if (old && old->original_local.family)
		put(ours, &c->ike->local, &(struct address){ 0 });
	if ((!c->ike->single_pair && n->policy != POLICY_SINGLE_PAIR) || old)
		return;
	*ours = row(ours, 0);
	*theirs = row(theirs, 0);
	put(ours, n->host.family ? &n->host : &ours->rows[0].range.first, &(struct address){ 0 });
	put(theirs, n->their_host.family ? &n->their_host : &theirs->rows[0].range.first,
	    &(struct address){ 0 });
}

static uint16_t refuse_with(struct incoming *x, uint16_t notify)
{
	refused_count(x->e, CHECK_SELECTORS);
	return notify;
}

/* Transport mode: with the addresses as seen from here, else in tunnel mode as they were sent. */
static struct pairing first_choice(struct child_sa *c, const struct connection *n,
				   const struct pairing *asked)
{
	struct pairing p;
	if (c->transport) {
		c->ours = asked->ours;
		c->theirs = asked->theirs;
		child_substitute(c);
		p = (struct pairing){ c->ours, c->theirs };
		p = allowed(c, n, &p);
		if (shared(&p))
			return p;
		c->transport = false;
		c->original_local = c->original_remote = (struct address){ 0 };
	}
	return allowed(c, n, asked);
}

uint16_t child_narrow(struct incoming *x, struct child_sa *c)
{
	struct node *tsi = message_payload(&x->m, PAYLOAD_TSI, 1),
		    *tsr = message_payload(&x->m, PAYLOAD_TSR, 1);
	const struct connection *n = c->ike->connection;
	struct pairing asked = { tsr ? usable(x->e, tsr) : n->ours,
				 tsi ? usable(x->e, tsi) : n->theirs };
	struct pairing p = first_choice(c, n, &asked);
	if (!check_on(x->e, CHECK_SELECTOR_TYPE) &&
	    (unknown_selector(tsi) || unknown_selector(tsr)))
		return refuse_with(x, TS_UNACCEPTABLE);
	if (!shared(&p) && check_on(x->e, CHECK_SELECTORS))
		return refuse_with(x, TS_UNACCEPTABLE);
	if (shared(&p) && n->policy == POLICY_SINGLE_PAIR && !to_single_pair(&p, &asked))
		return refuse_with(x, SINGLE_PAIR_REQUIRED);
	if (shared(&p) && rekey_refused(x, &p, &asked))
		return refuse_with(x, TS_UNACCEPTABLE);
	if (!check_on(x->e, CHECK_FIRST_SELECTORS))
		forget_first(&p, &asked);
	if (!shared(&p) || !check_on(x->e, CHECK_NARROWING))
		p = (struct pairing){ n->ours, n->theirs };
	c->ours = p.ours;
	c->theirs = p.theirs;
	return 0;
}

void child_failed(struct incoming *x, uint16_t error)
{
	struct ike_sa *sa = x->ike;
	if (error != SINGLE_PAIR_REQUIRED || sa->single_pair || !x->e->config.automatic ||
	    !check_on(x->e, CHECK_SINGLE_PAIR))
		return;
	sa->single_pair = true;
	sa->want_child = true;
}
