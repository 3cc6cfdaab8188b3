/*
 * Child SAs and the orders about them to the data plane.
 */
#include "inside.h"

uint32_t child_spi_fresh(struct endpoint *e)
{
	uint8_t octets[4];
	uint32_t spi;
	do {
		rng_secret(&e->rng, octets, sizeof(octets));
		spi = load_u32(octets);
	} while (spi < 256 || table_find(&e->index.by_child, spi));
	return spi;
}

struct child_sa *child_new(struct ike_sa *ike, bool initiator)
{
	struct arena *a = ike->child_count < CHILD_LIMIT || !ike->endpoint->config.automatic
				  ? arena_new(CHILD_ARENA)
				  : NULL;
	struct child_sa *c = a ? arena_new_of(a, struct child_sa) : NULL;
	if (!c) {
		arena_free(a);
		return NULL;
	}
	c->arena = a;
	c->endpoint = ike->endpoint;
	c->ike = ike;
	c->initiator = initiator;
	c->local = ike->local;
	c->remote = ike->remote;
	return c;
}

static void take_order_off(struct child_sa *c)
{
	struct endpoint *e = c->endpoint;
	struct child_sa **p = &e->orders, *last = NULL;
	if (!c->ordered)
		return;
	while (*p != c) {
		last = *p;
		p = &(*p)->next_order;
	}
	c->ordered = false;
	*p = c->next_order;
	if (e->orders_last == c)
		e->orders_last = last;
	c->order_install = c->order_readdress = c->order_remove = false;
}

void child_untie(struct child_sa *c)
{
	if (c->replaces && c->replaces->heir == c)
		c->replaces->heir = NULL;
	if (c->heir && c->heir->replaces == c)
		c->heir->replaces = NULL;
	c->replaces = c->heir = NULL;
}

static void forget_in(struct ike_sa *sa, const struct child_sa *c)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *p = &sa->pending[i];
		if (p->child == c)
			p->child = NULL;
		else if (p->child && p->child->replaces == c)
			p->child->replaces = NULL;
	}
}

/* No request speaks of it any more, neither of its IKE SA nor of those that it was moved from. */
static void forget(const struct child_sa *c)
{
	for (struct ike_sa *sa = c->ike; sa; sa = sa->replaces)
		forget_in(sa, c);
}

void child_free(struct child_sa *c)
{
	if (!c)
		return;
	child_untie(c);
	take_order_off(c);
	forget(c);
	table_remove(&c->endpoint->index.by_child, &c->by_spi);
	c->endpoint->child_count -= c->installed && !c->gone;
	dh_free(c->dh);
	arena_free(c->arena);
}

/* One that never came to be; records of a stepped endpoint may still point to it. */
void child_drop(struct child_sa *c)
{
	struct ike_sa *ike = c ? c->ike : NULL;
	if (!c || c->installed)
		return;
	if (ike->endpoint->config.automatic) {
		child_free(c);
		return;
	}
	c->gone = true;
	c->older = ike->endpoint->bare;
	ike->endpoint->bare = c;
}

void child_order_push(struct child_sa *c)
{
	struct endpoint *e = c->ike->endpoint;
	ike_sa_touch(c->ike);
	if (c->ordered)
		return;
	c->ordered = true;
	c->next_order = NULL;
	if (e->orders_last)
		e->orders_last->next_order = c;
	else
		e->orders = c;
	e->orders_last = c;
}

static void address(struct child_sa *c)
{
	const struct ike_sa *sa = c->ike;
	c->local = sa->local;
	c->remote = sa->remote;
	if (c->udp && sa->local.port == sa->connection->local.port && !sa->marker) {
		c->local.port = sa->connection->local_nat_port;
		c->remote.port = sa->connection->remote_nat_port;
	}
	if (!c->udp)
		c->local.port = c->remote.port = 0;
}

void child_link(struct child_sa *c)
{
	struct ike_sa *sa = c->ike;
	c->older = sa->children;
	sa->children = c;
	sa->child_count++;
	c->installed = true;
	c->endpoint->child_count += !c->gone;
	child_index(c);
}

bool child_install(struct child_sa *c, struct why *why)
{
	struct ike_sa *sa = c->ike;
	struct endpoint *e = sa->endpoint;
	struct bytes ni = c->ni.len ? c->ni : sa->ni, nr = c->nr.len ? c->nr : sa->nr;
	struct child_keys i, r;
	c->suite = c->chosen.suite;
	if (!c->suite.encr || !(c->suite.encr->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "the suite chosen for ESP is not implemented here");
	if (!keymat_child(e->config.crypto, c->arena, sa->suite.prf, sa->keys.sk_d, &c->suite,
			  c->secret, ni, nr, &i, &r))
		return why_set(why, "the keys of the Child SA cannot be derived");
	c->out = c->initiator ? i : r;
	c->in = c->initiator ? r : i;
	c->udp = e->config.encapsulate ||
		 ((sa->nat_here || sa->nat_there) && check_on(e, CHECK_NAT_ENCAPSULATION));
	address(c);
	child_link(c);
	c->order_install = true;
	retry_over(sa);
	life_begin(e, &c->life, &sa->connection->child_lifetime, e->now);
	life_numbers(&c->life, c->suite.esn);
	child_order_push(c);
	note_state(e, sa, "Child SA %08x/%08x is up", c->spi_in, c->spi_out);
	return true;
}

/* A rekey of the IKE SA: the new one inherits all of them (2.8). */
void child_move(struct ike_sa *from, struct ike_sa *to)
{
	struct child_sa **end = &to->children;
	while (*end)
		end = &(*end)->older;
	*end = from->children;
	for (struct child_sa *c = from->children; c; c = c->older)
		c->ike = to;
	from->children = NULL;
	ike_sa_touch(from);
	ike_sa_touch(to);
	to->child_count += from->child_count;
	from->child_count = 0;
}

/* Its orders are taken, and nothing else points to it. */
void child_forget(struct ike_sa *sa)
{
	if (!sa->endpoint->config.automatic || sa->state == IKE_GONE)
		return;
	for (struct child_sa **p = &sa->children; *p;) {
		struct child_sa *c = *p;
		bool busy =
			c->order_install || c->order_readdress || c->order_remove || c->deleting;
		if (!c->gone || busy) {
			p = &c->older;
			continue;
		}
		*p = c->older;
		sa->child_count--;
		child_free(c);
	}
}

void child_stop(struct child_sa *c)
{
	if (c->stopped)
		return;
	c->stopped = true;
	if (c->order_install) { /* nobody has heard of it */
		take_order_off(c);
		return;
	}
	c->order_remove = true;
	child_order_push(c);
}

void child_gone(struct child_sa *c)
{
	struct endpoint *e = c->ike->endpoint;
	if (c->gone)
		return;
	c->gone = true;
	e->child_count -= c->installed;
	ike_sa_touch(c->ike);
	note_state(e, c->ike, "Child SA %08x/%08x ends", c->spi_in, c->spi_out);
	child_stop(c);
}

void child_readdress(struct ike_sa *sa)
{
	for (struct child_sa *c = sa->children; c; c = c->older) {
		if (c->gone || c->stopped)
			continue;
		address(c);
		if (!c->order_install) {
			c->order_readdress = true;
			child_order_push(c);
		}
	}
}

struct child_sa *child_by_spi(struct ike_sa *sa, uint32_t spi, bool inbound)
{
	for (struct child_sa *c = sa->children; c; c = c->older)
		if (!c->gone && (inbound ? c->spi_in : c->spi_out) == spi)
			return c;
	return NULL;
}

static enum order_kind next_kind(struct child_sa *c)
{
	if (c->order_install) {
		c->order_install = c->order_readdress = false;
		return ORDER_INSTALL;
	}
	if (c->order_remove) {
		c->order_remove = c->order_readdress = false;
		return ORDER_REMOVE;
	}
	c->order_readdress = false;
	return ORDER_READDRESS;
}

bool endpoint_order(struct endpoint *e, struct child_order *out)
{
	struct child_sa *c = e->orders;
	if (!c)
		return false;
	bool mends = check_on(e, CHECK_TRANSPORT_CHECKSUM);
	ike_sa_touch(c->ike);
	*out = (struct child_order){
		.kind = next_kind(c),
		.child = c,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.suite = c->suite,
		.in = c->in,
		.out = c->out,
		.ours = c->ours,
		.theirs = c->theirs,
		.transport = c->transport,
		.fragments_too = c->fragments_too,
		.tfc = c->no_tfc && check_on(e, CHECK_TFC_SUPPORTED) ? 0 : c->ike->connection->tfc,
		.inner = { c->ike->assigned[0], c->ike->assigned[1] },
		.original_local = mends ? c->original_local : (struct address){ 0 },
		.original_remote = mends ? c->original_remote : (struct address){ 0 },
		.local = c->local,
		.remote = c->remote,
		.udp = c->udp,
		.initiator = c->initiator,
	};
	if (!c->order_install && !c->order_readdress && !c->order_remove) {
		c->ordered = false;
		e->orders = c->next_order;
		if (!e->orders)
			e->orders_last = NULL;
	}
	return true;
}

struct child_view child_sa_view(const struct child_sa *c)
{
	return (struct child_view){
		.ike = c->ike,
		.spi_in = c->spi_in,
		.spi_out = c->spi_out,
		.suite = c->suite,
		.ours = c->ours,
		.theirs = c->theirs,
		.transport = c->transport,
		.fragments_too = c->fragments_too,
		.gone = c->gone,
	};
}
