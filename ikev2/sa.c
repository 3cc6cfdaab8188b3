/*
 * IKE SAs: making, finding, ending.  One that ended is kept for a while, so that its last request,
 * if it is repeated, gets its response again (RFC 7296 2.1); a stepped endpoint keeps all of them.
 */
#include "inside.h"

#define CONSTANT_SPI UINT64_C(0x5350495350495350)

uint64_t ike_sa_own(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

void ike_sa_hash(struct ike_sa *sa)
{
	struct index *x = &sa->endpoint->index;
	table_add(&x->by_own, &sa->place.own, ike_sa_own(sa));
	table_add(&x->by_peer, &sa->place.peer, sa->initiator ? sa->spi_r : sa->spi_i);
}

static void unhash(struct ike_sa *sa)
{
	struct index *x = &sa->endpoint->index;
	table_remove(&x->by_own, &sa->place.own);
	table_remove(&x->by_peer, &sa->place.peer);
}

/* Who finds one is about to change it. */
struct ike_sa *ike_sa_by_own(struct endpoint *e, bool we_initiated, uint64_t own)
{
	for (struct link *l = table_find(&e->index.by_own, own); l; l = table_next(l)) {
		struct ike_sa *sa = CONTAINER(l, struct ike_sa, place.own);
		if (sa->initiator != we_initiated)
			continue;
		ike_sa_touch(sa);
		return sa;
	}
	return NULL;
}

struct ike_sa *ike_sa_by_peer(struct endpoint *e, struct ike_sa *after, uint64_t spi_i)
{
	struct link *l = after ? table_next(&after->place.peer) : table_find(&e->index.by_peer, spi_i);
	for (; l; l = table_next(l)) {
		struct ike_sa *sa = CONTAINER(l, struct ike_sa, place.peer);
		if (sa->initiator)
			continue;
		ike_sa_touch(sa);
		return sa;
	}
	return NULL;
}

uint64_t spi_fresh(struct endpoint *e)
{
	uint8_t octets[8];
	uint64_t spi;
	if (!check_on(e, CHECK_SPI_FRESH))
		return CONSTANT_SPI;
	do {
		rng_secret(&e->rng, octets, sizeof(octets));
		spi = load_u64(octets);
	} while (!spi || ike_sa_by_own(e, true, spi) || ike_sa_by_own(e, false, spi));
	return spi;
}

struct ike_sa *ike_sa_new(struct endpoint *e, const struct connection *c, bool initiator, usec now)
{
	struct arena *a = e->sa_count < SA_LIMIT ? arena_new(SA_ARENA) : NULL;
	struct ike_sa *sa = a ? arena_new_of(a, struct ike_sa) : NULL;
	if (!sa || !index_enter(e, sa)) {
		arena_free(a);
		return NULL;
	}
	sa->endpoint = e;
	sa->arena = a;
	sa->connection = c;
	sa->initiator = initiator;
	sa->local = c->local;
	sa->remote = sa->first_remote = c->remote;
	sa->created = sa->last_heard = sa->last_sent = now;
	return sa;
}

static bool half_open(const struct ike_sa *sa)
{
	return !sa->initiator && (sa->state == IKE_HALF_OPEN || sa->state == IKE_KEYED);
}

/* Always true, for the sake of `return`. */
bool ike_sa_set_state(struct ike_sa *sa, enum ike_state state)
{
	bool was = sa->linked && half_open(sa);
	if (state == IKE_ESTABLISHED && sa->state != state) {
		sa->revive_gap = 0;
		life_begin(sa->endpoint, &sa->life, &sa->connection->ike_lifetime, sa->endpoint->now);
	}
	sa->state = state;
	ike_sa_touch(sa);
	bool is = sa->linked && half_open(sa);
	sa->endpoint->half_open += (size_t)is - (size_t)was;
	return true;
}

void ike_sa_link(struct ike_sa *sa)
{
	struct endpoint *e = sa->endpoint;
	if (sa->linked)
		return;
	sa->older = e->newest;
	if (e->newest)
		e->newest->newer = sa;
	else
		e->oldest = sa;
	e->newest = sa;
	e->sa_count++;
	sa->linked = true;
	if (half_open(sa))
		e->half_open++;
	ike_sa_hash(sa);
	index_link(sa);
}

static void unlink(struct ike_sa *sa)
{
	struct endpoint *e = sa->endpoint;
	if (!sa->linked)
		return;
	ike_sa_set_state(sa, IKE_GONE);
	if (sa->older)
		sa->older->newer = sa->newer;
	else
		e->oldest = sa->newer;
	if (sa->newer)
		sa->newer->older = sa->older;
	else
		e->newest = sa->older;
	e->sa_count--;
	sa->linked = false;
}

/* Of a rekey: with SK_d and the PRF of the old IKE SA (2.18). */
static bool make_skeyseed(const struct ike_sa *sa, uint8_t at[static 64], struct bytes *out)
{
	struct crypto *c = sa->endpoint->config.crypto;
	const struct ike_sa *old = sa->replaces;
	const struct transform *prf = sa->suite.prf;
	if (old && check_on(sa->endpoint, CHECK_REKEY_PRF))
		prf = old->suite.prf;
	*out = bytes_make(at, prf->output);
	return old ? keymat_rekeyed_skeyseed(c, prf, old->keys.sk_d, sa->secret, sa->ni, sa->nr, at)
		   : keymat_skeyseed(c, prf, sa->ni, sa->nr, sa->secret, at);
}

bool ike_sa_make_keys(struct ike_sa *sa, struct why *why)
{
	struct endpoint *e = sa->endpoint;
	uint8_t at[64];
	struct bytes skeyseed;
	bool old = sa->replaces && !check_on(e, CHECK_REKEY_PRF_PLUS);
	const struct transform *prf = old ? sa->replaces->suite.prf : sa->suite.prf;
	const struct ike_keys *k = &sa->keys;
	const struct suite *s = &sa->suite;
	if (!s->encr || !s->prf || !(s->encr->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "the suite chosen is not implemented here");
	if (!make_skeyseed(sa, at, &skeyseed) ||
	    !keymat_ike(e->config.crypto, sa->arena, s, prf, skeyseed, sa->ni, sa->nr, sa->spi_i,
			sa->spi_r, &sa->keys))
		return why_set(why, "the keys of the IKE SA cannot be derived");
	const struct transform *integ = s->encr->aead ? NULL : s->integ;
	sealer_free(sa->seal);
	sealer_free(sa->open);
	sa->seal = sealer_new(e->config.crypto, s->encr, integ, sa->initiator ? k->sk_ei : k->sk_er,
			      sa->initiator ? k->sk_ai : k->sk_ar, true, why);
	sa->open = sealer_new(e->config.crypto, s->encr, integ, sa->initiator ? k->sk_er : k->sk_ei,
			      sa->initiator ? k->sk_ar : k->sk_ai, false, why);
	if (!sa->seal || !sa->open)
		return false;
	note_keys(sa);
	return ike_sa_set_state(sa, IKE_KEYED);
}

/* ------------------------------------------------------------ what may be sent again */

void kept_clear(struct kept *k)
{
	if (k->arena)
		arena_reset(k->arena);
	*k = (struct kept){ .arena = k->arena };
}

void kept_free(struct kept *k)
{
	arena_free(k->arena);
	*k = (struct kept){ .arena = NULL };
}

bool kept_store(struct kept *k, const struct composed *c)
{
	kept_clear(k);
	if (!k->arena)
		k->arena = arena_new(KEPT_ARENA);
	k->rows = k->arena ? arena_array(k->arena, c->count, sizeof(*k->rows)) : NULL;
	if (!k->rows)
		return false;
	for (size_t i = 0; i < c->count; i++) {
		k->rows[i] = arena_copy(k->arena, c->datagrams[i]);
		if (c->datagrams[i].len && !k->rows[i].at)
			return false;
	}
	k->honest = arena_copy(k->arena, c->honest);
	k->count = c->count;
	k->plain = c->message.inner ? arena_copy(k->arena, c->message.plain) : BYTES_NONE;
	k->first = c->message.first;
	k->exchange = c->message.exchange;
	k->id = c->message.id;
	return true;
}

bool kept_replace(struct kept *k, const struct composed *c)
{
	struct bytes *rows = arena_array(k->arena, c->count, sizeof(*rows));
	for (size_t i = 0; rows && i < c->count; i++) {
		rows[i] = arena_copy(k->arena, c->datagrams[i]);
		if (!rows[i].at)
			return false;
	}
	if (!rows)
		return false;
	k->rows = rows;
	k->count = c->count;
	return true;
}

/* ------------------------------------------------------------ the end */

void ike_sa_gone(struct ike_sa *sa, const char *why, usec now)
{
	struct endpoint *e = sa->endpoint;
	if (sa->state == IKE_GONE)
		return;
	note_state(e, sa, "IKE SA ends: %s", why);
	rekey_ike_old_ends(sa, now);
	ike_sa_set_state(sa, IKE_GONE);
	sa->gone_at = now;
	window_forget(&sa->window);
	for (struct child_sa *c = sa->children; c && !sa->spares_children; c = c->older)
		child_gone(c);
	for (size_t i = 0; i < PENDING; i++)
		pending_drop(&sa->pending[i]);
	if (sa->linked && !sa->spares_children) {
		sa->lingering = true;
		ring_join(&sa->place.lingering, &e->index.lingering);
		e->lingering++;
	}
}

/* Neither those before it nor those after it point here any more. */
static void untie(struct ike_sa *sa)
{
	for (struct ring *r = sa->place.kin.next; r != &sa->place.kin; r = r->next) {
		struct ike_sa *o = CONTAINER(r, struct ike_sa, place.kin);
		if (o->replaces == sa)
			o->replaces = NULL;
		if (o->successor == sa)
			o->successor = NULL;
		if (o->rival == sa)
			o->rival = NULL;
		ike_sa_touch(o);
	}
}

void ike_sa_drop(struct ike_sa *sa)
{
	if (sa && !sa->linked)
		ike_sa_free(sa);
}

void ike_sa_free(struct ike_sa *sa)
{
	if (!sa)
		return;
	untie(sa);
	if (sa->lingering)
		sa->endpoint->lingering--;
	unhash(sa);
	unlink(sa);
	for (size_t i = 0; i < PENDING; i++) {
		pending_drop(&sa->pending[i]);
		kept_free(&sa->pending[i].kept);
	}
	while (sa->children) {
		struct child_sa *c = sa->children;
		sa->children = c->older;
		child_free(c);
	}
	window_free(&sa->window);
	fragments_free(sa);
	dh_free(sa->dh);
	sealer_free(sa->seal);
	sealer_free(sa->open);
	index_leave(sa);
	arena_free(sa->arena);
}

bool ike_sa_orders_wait(const struct ike_sa *sa)
{
	for (const struct child_sa *c = sa->children; c; c = c->older)
		if (c->order_install || c->order_remove || c->order_readdress)
			return true;
	return false;
}

/* Frees what ended and is too much, but for stepped endpoints, whose records point to it. */
void endpoint_reap(struct endpoint *e)
{
	if (!e->config.automatic)
		return;
	struct ring *head = &e->index.lingering;
	for (struct ring *r = head->next, *next; r != head && e->lingering > LINGER_LIMIT; r = next) {
		struct ike_sa *sa = CONTAINER(r, struct ike_sa, place.lingering);
		next = r->next;
		if (!sa->revive_at && !ike_sa_orders_wait(sa))
			ike_sa_free(sa);
	}
}
