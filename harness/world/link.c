#include "link.h"

#include <stdio.h>
#include <stdlib.h>

#include "fragment.h"

const char link_too_big[] = "larger than the MTU and not to be fragmented";

void link_init(struct link *l, const struct rng *rng)
{
	*l = (struct link){ .rng = *rng };
}

void link_free(struct link *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->heap[i]);
	free(l->heap);
	for (size_t i = 0; i < ARRAY_LEN(l->lanes); i++)
		free(l->lanes[i].held);
	*l = (struct link){ 0 };
}

struct lane *link_lane(struct link *l, enum link_way way)
{
	return &l->lanes[way == LINK_TO_TESTER];
}

/* ------------------------------------------------------------ the heap */

static bool before(const struct packet *a, const struct packet *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(struct link *l, size_t i, size_t j)
{
	struct packet *p = l->heap[i];

	l->heap[i] = l->heap[j];
	l->heap[j] = p;
}

static bool heap_room(struct link *l)
{
	size_t cap = l->cap ? 2 * l->cap : 64;
	struct packet **heap;

	if (l->count < l->cap)
		return true;
	heap = realloc(l->heap, cap * sizeof(*heap));
	if (heap == NULL)
		return false;
	l->heap = heap;
	l->cap = cap;
	return true;
}

static bool heap_push(struct link *l, struct packet *p)
{
	size_t i = l->count;

	if (!heap_room(l))
		return false;
	p->order = l->order++;
	l->heap[l->count++] = p;
	l->octets += p->len;
	for (; i > 0 && before(l->heap[i], l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(l, i, (i - 1) / 2);
	return true;
}

static void sift_down(struct link *l)
{
	for (size_t i = 0;;) {
		size_t least = i, left = 2 * i + 1;

		for (size_t child = left; child < left + 2 && child < l->count; child++)
			if (before(l->heap[child], l->heap[least]))
				least = child;
		if (least == i)
			return;
		swap(l, i, least);
		i = least;
	}
}

static struct packet *heap_pop(struct link *l)
{
	struct packet *top = l->heap[0];

	l->heap[0] = l->heap[--l->count];
	l->octets -= top->len;
	sift_down(l);
	return top;
}

/* ------------------------------------------------------------ fates */

struct drawn {
	bool lost, corrupt, duplicate, reorder;
	usec jitter;
	uint64_t bit;
};

static bool is_plain(const struct link_fate *f)
{
	return !f->jitter && !f->loss_ppm && !f->duplicate_ppm && !f->reorder_ppm &&
	       !f->corrupt_ppm;
}

/* Everything is drawn, wanted or not: a packet lost at 10 % is lost at 20 % too. */
static struct drawn draw(const struct link *l, const struct passage *p, const struct lane *lane)
{
	const struct link_fate *f = &lane->fate;
	struct drawn d = { 0 };
	char label[48];
	struct rng rng;

	if (is_plain(f))
		return d;
	snprintf(label, sizeof(label), "link/%d/%llu", (int)p->way,
		 (unsigned long long)lane->count);
	rng = rng_split(&l->rng, label);
	d.lost = rng_chance(&rng, f->loss_ppm);
	d.corrupt = rng_chance(&rng, f->corrupt_ppm);
	d.duplicate = rng_chance(&rng, f->duplicate_ppm);
	d.reorder = rng_chance(&rng, f->reorder_ppm);
	d.bit = rng_u64(&rng);
	if (f->jitter)
		d.jitter = rng_below(&rng, f->jitter + 1);
	return d;
}

/*
 * Flips a bit behind the outer headers and mends a UDP checksum: an error that no router and no
 * kernel sees, so that it comes to those who must find it.
 */
static void corrupt(struct packet *p, uint64_t chance)
{
	struct bytes octets = bytes_make(p->octets, p->len);
	size_t from = upper_offset(octets);
	bool udp = is_whole_udp(octets);
	size_t body = udp ? from + 8 : from;
	uint64_t bit;

	if (from == 0 || body >= p->len)
		return;
	bit = chance % ((p->len - body) * 8);
	if (udp)
		mend_flip(p->octets + from + 6, body + bit / 8 - from, (uint8_t)(0x80 >> bit % 8),
			  p->octets[body + bit / 8]);
	p->octets[body + bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static struct packet *packet_new(const struct passage *p, usec due)
{
	struct packet *made = malloc(sizeof(*made) + p->octets.len);

	if (made == NULL)
		return NULL;
	*made = (struct packet){ .due = due, .serial = p->serial, .way = p->way, .depth = p->depth,
				 .outward = p->outward, .len = p->octets.len };
	if (p->octets.len != 0)
		memcpy(made->octets, p->octets.at, p->octets.len);
	return made;
}

static bool release_held(struct link *l, struct lane *lane, usec due)
{
	struct packet *p = lane->held;

	lane->held = NULL;
	if (p == NULL)
		return true;
	p->due = due > p->due ? due : p->due;
	if (heap_push(l, p))
		return true;
	free(p);
	return false;
}

static bool queue(struct link *l, struct lane *lane, const struct passage *p, const struct drawn *d)
{
	usec due = usec_after(p->now, p->latency + lane->fate.delay + d->jitter);
	struct packet *made = packet_new(p, due);

	if (made == NULL)
		return false;
	if (d->corrupt)
		corrupt(made, d->bit);
	if (d->reorder && lane->held == NULL) {
		lane->held = made;
		lane->held_until = usec_after(due, LINK_HOLD);
		return true;
	}
	if (!heap_push(l, made)) {
		free(made);
		return false;
	}
	return release_held(l, lane, due);
}

/* One packet as it is on the wire: whole, or a fragment. */
static const char *put_one(struct link *l, const struct passage *p)
{
	struct lane *lane = link_lane(l, p->way);
	struct drawn d = draw(l, p, lane);
	bool room = l->count + 2 < LINK_PACKETS && l->octets + 2 * p->octets.len < LINK_OCTETS;

	lane->count++;
	if (lane->fate.down)
		return "the link is down";
	if (lane->fate.drop_ip_fragments && is_fragment(p->octets))
		return "an IP fragment";
	if (d.lost)
		return "lost on the way";
	if (!room || !queue(l, lane, p, &d))
		return "the queue of the link is full";
	if (d.duplicate) {
		struct drawn again = { .jitter = d.jitter };
		if (!queue(l, lane, p, &again))
			return "the queue of the link is full";
	}
	return NULL;
}

const char *link_put(struct link *l, const struct passage *p)
{
	const struct link_fate *fate = &link_lane(l, p->way)->fate;
	const char *lost = NULL, *why;
	struct splitter s;
	struct passage part = *p;
	uint8_t room[FRAGMENT_ROOM];

	if (fate->mtu == 0 || p->octets.len <= fate->mtu)
		return put_one(l, p);
	if (p->whole)
		return fate->drop_ip_fragments ? "an IP fragment" : put_one(l, p);
	if (!splitter_begin(&s, p->octets, fate->mtu, ++l->fragment_id, p->foreign))
		return link_too_big;
	while (splitter_next(&s, room, &part.octets)) {
		why = put_one(l, &part);
		lost = lost ? lost : why;
	}
	return lost;
}

/* ------------------------------------------------------------ arrival */

static void release_late(struct link *l, usec now)
{
	for (size_t i = 0; i < ARRAY_LEN(l->lanes); i++)
		if (l->lanes[i].held && l->lanes[i].held_until <= now)
			release_held(l, &l->lanes[i], l->lanes[i].held_until);
}

struct packet *link_take(struct link *l, usec now)
{
	release_late(l, now);
	if (l->count == 0 || l->heap[0]->due > now)
		return NULL;
	return heap_pop(l);
}

usec link_due(const struct link *l)
{
	usec due = l->count ? l->heap[0]->due : USEC_NEVER;

	for (size_t i = 0; i < ARRAY_LEN(l->lanes); i++)
		if (l->lanes[i].held)
			due = usec_min(due, l->lanes[i].held_until);
	return due;
}

void link_flush(struct link *l, usec now)
{
	for (size_t i = 0; i < ARRAY_LEN(l->lanes); i++)
		release_held(l, &l->lanes[i], now);
}
