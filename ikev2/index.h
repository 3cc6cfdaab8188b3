/*
 * How an endpoint finds its SAs and its next deadline without looking at all of them: tables by SPI
 * and by host, a heap of deadlines, and rings of those that are to be looked at again.
 *
 * The deadline of an IKE SA is that of the page of timers; here it is only remembered.  Whoever may
 * have changed it says ike_sa_touch(), and it is computed anew before it is asked for: what receives
 * for an SA, sends over it, or notes a wish in it touches it.  endpoint_validate() finds what does not.
 */
#ifndef IKEV2_INDEX_H
#define IKEV2_INDEX_H

#include "base/address.h"
#include "base/time.h"

#define CONTAINER(at, type, member) ((type *)(void *)((char *)(at) - offsetof(type, member)))

/* Members of a ring; alone it points to itself.  All zeros: not made yet, and alone too. */
struct ring {
	struct ring *next, *prev;
};
void ring_make(struct ring *r);
bool ring_alone(const struct ring *r);
void ring_leave(struct ring *r);
/* before: at the end of the ring whose head that is. */
void ring_join(struct ring *r, struct ring *before);

/* A row of a table, in what it stands for.  Rows of one key come newest first. */
struct link {
	struct link *next, **at; /* at: what points here; NULL: it is in no table */
	uint64_t key;
};
struct table {
	struct link **heads;
	size_t mask, count;
};
bool table_make(struct table *t);
void table_free(struct table *t);
void table_add(struct table *t, struct link *l, uint64_t key); /* moves it if it is in already */
void table_remove(struct table *t, struct link *l);
struct link *table_find(const struct table *t, uint64_t key);
struct link *table_next(const struct link *l);

/* The place of an IKE SA in the index of its endpoint. */
struct place {
	struct link own, peer, host;
	struct ring stale;     /* its deadline is to be computed anew */
	struct ring stirred;   /* it was touched since the last tick */
	struct ring lingering; /* it is gone and remembered */
	struct ring kin;       /* those that a rekey made of one another */
	usec due;
	uint64_t born;         /* IKE SAs that are due at one time fire in the order of their birth */
	size_t row;            /* of the heap, from 1; 0: in none */
};

struct ike_sa;
struct endpoint;
struct child_sa;
struct index {
	struct table by_own, by_peer, by_host, by_child;
	struct ring stale, stirred, lingering;
	struct ike_sa **heap; /* from 1 */
	size_t count, room;
	size_t places;        /* of living IKE SAs, linked or not: the heap has room for them */
	uint64_t births;
	const struct ike_sa *ticked; /* at this moment: its wishes are looked at */
};
bool index_make(struct index *x);
void index_free(struct index *x);
/* An IKE SA begins; false without memory.  It is in nothing until it is linked. */
bool index_enter(struct endpoint *e, struct ike_sa *sa);
void index_leave(struct ike_sa *sa);
void index_link(struct ike_sa *sa);
void index_unlink(struct ike_sa *sa);

/* Something of it changed that a timer may mind. */
void ike_sa_touch(struct ike_sa *sa);
/* The peer is at another address. */
void ike_sa_readdress(struct ike_sa *sa, const struct address *remote);
/* Of those whose peer is at that host, the newest, or the one after; whatever their port. */
struct ike_sa *ike_sa_by_host(struct endpoint *e, struct ike_sa *after, const struct address *host);
/* An inbound Child SA by its SPI. */
void child_index(struct child_sa *c);
struct child_sa *index_child(struct endpoint *e, uint32_t spi);
/* What is in the index is what the timers say. */
bool index_validate(const struct endpoint *e, struct why *why);

#endif
