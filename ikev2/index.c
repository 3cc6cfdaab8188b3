/*
 * The index of an endpoint: tables, the heap of deadlines, and the walk through what is due.
 */
#include <stdlib.h>

#include "inside.h"

#define FIRST_HEADS 64

/* ------------------------------------------------------------ rings */

void ring_make(struct ring *r)
{
	r->next = r->prev = r;
}

bool ring_alone(const struct ring *r)
{
	return !r->next || r->next == r;
}

void ring_leave(struct ring *r)
{
	if (ring_alone(r))
		return;
	r->next->prev = r->prev;
	r->prev->next = r->next;
	ring_make(r);
}

void ring_join(struct ring *r, struct ring *before)
{
	ring_leave(r);
	r->next = before;
	r->prev = before->prev;
	before->prev->next = r;
	before->prev = r;
}

/* ------------------------------------------------------------ tables */

bool table_make(struct table *t)
{
	*t = (struct table){ calloc(FIRST_HEADS, sizeof(struct link *)), FIRST_HEADS - 1, 0 };
	return t->heads != NULL;
}

void table_free(struct table *t)
{
	free(t->heads);
}

static struct link **head_of(const struct table *t, uint64_t key)
{
	return &t->heads[(size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & t->mask];
}

static void chain(struct link **head, struct link *l)
{
	l->next = *head;
	l->at = head;
	if (*head)
		(*head)->at = &l->next;
	*head = l;
}

/* The order of rows of one key stays.  Without memory the chains grow longer. */
static void widen(struct table *t)
{
	struct table wide = { calloc(4 * (t->mask + 1), sizeof(struct link *)), 4 * (t->mask + 1) - 1,
			      t->count };
	if (!wide.heads)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		struct link *turned = NULL, *next;
		for (struct link *l = t->heads[i]; l; l = next) {
			next = l->next;
			l->next = turned;
			turned = l;
		}
		for (struct link *l = turned; l; l = next) {
			next = l->next;
			chain(head_of(&wide, l->key), l);
		}
	}
	free(t->heads);
	*t = wide;
}

void table_add(struct table *t, struct link *l, uint64_t key)
{
	table_remove(t, l);
	if (t->count > t->mask)
		widen(t);
	l->key = key;
	chain(head_of(t, key), l);
	t->count++;
}

void table_remove(struct table *t, struct link *l)
{
	if (!l->at)
		return;
	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
	l->at = NULL;
	t->count--;
}

static struct link *first_of(struct link *l, uint64_t key)
{
	while (l && l->key != key)
		l = l->next;
	return l;
}

struct link *table_find(const struct table *t, uint64_t key)
{
	return first_of(*head_of(t, key), key);
}

struct link *table_next(const struct link *l)
{
	return first_of(l->next, l->key);
}

/* ------------------------------------------------------------ the heap */

static bool before(const struct ike_sa *a, const struct ike_sa *b)
{
	return a->place.due != b->place.due ? a->place.due < b->place.due
					    : a->place.born < b->place.born;
}

static void put(struct index *x, struct ike_sa *sa, size_t row)
{
	x->heap[row] = sa;
	sa->place.row = row;
}

static void up(struct index *x, struct ike_sa *sa, size_t row)
{
	for (; row > 1 && before(sa, x->heap[row / 2]); row /= 2)
		put(x, x->heap[row / 2], row);
	put(x, sa, row);
}

static void down(struct index *x, struct ike_sa *sa, size_t row)
{
	for (size_t next; (next = 2 * row) <= x->count; row = next) {
		if (next < x->count && before(x->heap[next + 1], x->heap[next]))
			next++;
		if (!before(x->heap[next], sa))
			break;
		put(x, x->heap[next], row);
	}
	up(x, sa, row);
}

static void heap_remove(struct index *x, struct ike_sa *sa)
{
	size_t row = sa->place.row;
	if (!row)
		return;
	sa->place.row = 0;
	struct ike_sa *last = x->heap[x->count--];
	if (last != sa)
		down(x, last, row);
}

/* What never comes is in no row. */
static void heap_set(struct index *x, struct ike_sa *sa, usec due)
{
	if (sa->place.due == due && (sa->place.row || due == USEC_NEVER))
		return;
	sa->place.due = due;
	if (due == USEC_NEVER)
		heap_remove(x, sa);
	else
		down(x, sa, sa->place.row ? sa->place.row : ++x->count);
}

/* ------------------------------------------------------------ the index of an endpoint */

bool index_make(struct index *x)
{
	ring_make(&x->stale);
	ring_make(&x->stirred);
	ring_make(&x->lingering);
	return table_make(&x->by_own) && table_make(&x->by_peer) && table_make(&x->by_host) &&
	       table_make(&x->by_child);
}

void index_free(struct index *x)
{
	table_free(&x->by_own);
	table_free(&x->by_peer);
	table_free(&x->by_host);
	table_free(&x->by_child);
	free(x->heap);
}

bool index_enter(struct endpoint *e, struct ike_sa *sa)
{
	struct index *x = &e->index;
	if (x->places + 1 >= x->room) {
		size_t room = x->room ? 2 * x->room : 16;
		struct ike_sa **wide = realloc(x->heap, room * sizeof(*wide));
		if (!wide)
			return false;
		x->heap = wide;
		x->room = room;
	}
	x->places++;
	sa->place = (struct place){ .due = USEC_NEVER, .born = x->births++ };
	ring_make(&sa->place.kin);
	return true;
}

void index_leave(struct ike_sa *sa)
{
	index_unlink(sa);
	ring_leave(&sa->place.kin);
	sa->endpoint->index.places--;
}

static uint64_t host_key(const struct address *a)
{
	return load_u64(a->ip) * UINT64_C(0x9e3779b97f4a7c15) ^ load_u64(a->ip + 8) ^ a->family;
}

void index_link(struct ike_sa *sa)
{
	table_add(&sa->endpoint->index.by_host, &sa->place.host, host_key(&sa->remote));
	ike_sa_touch(sa);
}

void index_unlink(struct ike_sa *sa)
{
	struct index *x = &sa->endpoint->index;
	table_remove(&x->by_host, &sa->place.host);
	ring_leave(&sa->place.stale);
	ring_leave(&sa->place.stirred);
	ring_leave(&sa->place.lingering);
	heap_remove(x, sa);
}

void ike_sa_touch(struct ike_sa *sa)
{
	struct index *x = &sa->endpoint->index;
	if (!sa->linked)
		return;
	if (ring_alone(&sa->place.stale))
		ring_join(&sa->place.stale, &x->stale);
	if (sa != x->ticked && ring_alone(&sa->place.stirred))
		ring_join(&sa->place.stirred, &x->stirred);
}

void ike_sa_readdress(struct ike_sa *sa, const struct address *remote)
{
	sa->remote = *remote;
	if (sa->linked)
		index_link(sa);
}

struct ike_sa *ike_sa_by_host(struct endpoint *e, struct ike_sa *after, const struct address *host)
{
	struct link *l = after ? table_next(&after->place.host)
			       : table_find(&e->index.by_host, host_key(host));
	for (; l; l = table_next(l)) {
		struct ike_sa *sa = CONTAINER(l, struct ike_sa, place.host);
		if (address_same_host(&sa->remote, host))
			return sa;
	}
	return NULL;
}

void child_index(struct child_sa *c)
{
	table_add(&c->endpoint->index.by_child, &c->by_spi, c->spi_in);
}

struct child_sa *index_child(struct endpoint *e, uint32_t spi)
{
	for (struct link *l = table_find(&e->index.by_child, spi); l; l = table_next(l)) {
		struct child_sa *c = CONTAINER(l, struct child_sa, by_spi);
		if (!c->gone && c->ike->state != IKE_GONE)
			return c;
	}
	return NULL;
}

/* ------------------------------------------------------------ deadlines */

static void refresh(struct index *x)
{
	while (!ring_alone(&x->stale)) {
		struct ike_sa *sa = CONTAINER(x->stale.next, struct ike_sa, place.stale);
		ring_leave(&sa->place.stale);
		heap_set(x, sa, ike_sa_deadline(sa));
	}
}

usec endpoint_deadline(struct endpoint *e)
{
	refresh(&e->index);
	return e->index.count ? e->index.heap[1]->place.due : USEC_NEVER;
}

/* What was touched since is looked at too: it may have a wish that waits for nothing. */
static void make_due(struct index *x, usec now)
{
	refresh(x);
	while (!ring_alone(&x->stirred)) {
		struct ike_sa *sa = CONTAINER(x->stirred.next, struct ike_sa, place.stirred);
		ring_leave(&sa->place.stirred);
		heap_set(x, sa, usec_min(sa->place.due, now));
		ring_join(&sa->place.stale, &x->stale);
	}
}

/* Each that is due once, however often it is touched meanwhile. */
void endpoint_tick(struct endpoint *e, usec now)
{
	struct index *x = &e->index;
	endpoint_begin(e, now);
	make_due(x, now);
	while (x->count && x->heap[1]->place.due <= now) {
		struct ike_sa *sa = x->heap[1];
		heap_set(x, sa, USEC_NEVER);
		x->ticked = sa;
		ike_sa_touch(sa);
		ike_sa_tick(sa, now);
	}
	x->ticked = NULL;
}

/* ------------------------------------------------------------ is it well? */

bool index_validate(const struct endpoint *e, struct why *why)
{
	const struct index *x = &e->index;
	size_t waiting = 0;
	for (struct ike_sa *sa = e->newest; sa; sa = sa->older) {
		usec due = ike_sa_deadline(sa);
		if (ring_alone(&sa->place.stale) && due != sa->place.due)
			return why_set(why, "an IKE SA is due at %lld us, its index says %lld",
				       (long long)due, (long long)sa->place.due);
		waiting += sa->place.row != 0;
	}
	for (size_t i = 1; i <= x->count; i++)
		if (x->heap[i]->place.row != i || (i > 1 && before(x->heap[i], x->heap[i / 2])))
			return why_set(why, "the heap of deadlines is out of order at row %zu", i);
	return waiting == x->count ||
	       why_set(why, "%zu IKE SAs have a deadline, the heap holds %zu", waiting, x->count);
}
