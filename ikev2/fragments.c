/*
 * The queue of fragments.  The fragments of a message stand in the order of their numbers; the whole
 * message has an arena, which goes with it.
 */
#include <stdlib.h>

#include "ikev2/fragments.h"

#define BESIDE 64 /* octets that each fragment counts for beside its content */

const struct fragment_limits fragment_limits_usual = {
	.octets = 65535, .fragments = 1024, .messages = 16, .time = 30 * USEC_S
};

struct piece {
	struct piece *next;
	uint16_t number;
	struct bytes plain;
};
struct partial {
	struct partial *next; /* newer */
	struct arena *arena;
	uint64_t spi_i, spi_r;
	bool initiator, response;
	uint32_t id;
	uint16_t total;
	unsigned count;
	size_t octets;
	usec since;
	bool clean;
	uint8_t first;       /* payload type of fragment 1 */
	struct bytes opener; /* the datagram of fragment 1 */
	struct piece *pieces;
};
struct fragment_queue {
	struct fragment_limits limits;
	struct partial *oldest;
	unsigned messages;
	size_t octets;
};

struct fragment_queue *fragment_queue_new(const struct fragment_limits *limits)
{
	struct fragment_queue *q = calloc(1, sizeof(*q));
	if (q)
		q->limits = *limits;
	return q;
}

static bool same(const struct partial *p, const struct message *m)
{
	return p->id == m->id && p->response == m->response && p->initiator == m->initiator &&
	       p->spi_i == m->spi_i && p->spi_r == m->spi_r;
}

static struct partial *find(const struct fragment_queue *q, const struct message *m)
{
	struct partial *p = q ? q->oldest : NULL;
	while (p && !same(p, m))
		p = p->next;
	return p;
}

static void drop(struct fragment_queue *q, struct partial *p)
{
	struct partial **at = &q->oldest;
	while (*at && *at != p)
		at = &(*at)->next;
	*at = p->next;
	q->messages--;
	q->octets -= p->octets;
	arena_free(p->arena);
}

void fragment_queue_free(struct fragment_queue *q)
{
	while (q && q->oldest)
		drop(q, q->oldest);
	free(q);
}

/* ------------------------------------------------------------ judging */

static struct piece **place(struct partial *p, uint16_t number)
{
	struct piece **at = &p->pieces;
	while (*at && (*at)->number < number)
		at = &(*at)->next;
	return at;
}

static bool has(struct partial *p, uint16_t number)
{
	const struct piece *at = *place(p, number);
	return at && at->number == number;
}

enum fragment_fate fragment_queue_judge(const struct fragment_queue *q, const struct message *m)
{
	struct partial *p = find(q, m);
	if (!m->fragment || !m->fragments || m->fragment > m->fragments)
		return FRAGMENT_NUMBERS;
	if (p && m->fragments < p->total)
		return FRAGMENT_SMALLER;
	if (p && m->fragments == p->total && has(p, m->fragment))
		return FRAGMENT_AGAIN;
	return m->fragments == 1 || (p && p->count + 1 == p->total && p->total == m->fragments)
		       ? FRAGMENT_WHOLE
		       : FRAGMENT_KEPT;
}

/* ------------------------------------------------------------ adding */

static struct partial *partial_new(struct fragment_queue *q, const struct message *m, usec now)
{
	struct arena *a;
	struct partial *p, **at = &q->oldest;
	while (q->messages >= q->limits.messages && q->oldest)
		drop(q, q->oldest);
	a = arena_new(SIZE_MAX / 2);
	p = a ? arena_new_of(a, struct partial) : NULL;
	if (!p) {
		arena_free(a);
		return NULL;
	}
	*p = (struct partial){
		.arena = a, .spi_i = m->spi_i, .spi_r = m->spi_r, .initiator = m->initiator,
		.response = m->response, .id = m->id, .total = m->fragments, .since = now, .clean = true,
	};
	while (*at)
		at = &(*at)->next;
	*at = p;
	q->messages++;
	return p;
}

/* Its size counts twice for fragment 1, whose datagram is kept too. */
static size_t cost(const struct message *m)
{
	return m->plain.len + BESIDE + (m->fragment == 1 ? m->octets.len : 0);
}

static bool fits(const struct fragment_queue *q, const struct partial *p, const struct message *m,
		 unsigned habits)
{
	size_t times = habits & FRAGMENT_UNLIMITED ? 8 : 1;
	size_t content = m->plain.len;
	for (const struct piece *i = p->pieces; i; i = i->next)
		content += i->plain.len;
	return m->fragments <= q->limits.fragments * times && content <= q->limits.octets * times &&
	       p->octets <= 16 * q->limits.octets * times;
}

static bool insert(struct fragment_queue *q, struct partial *p, const struct message *m)
{
	struct piece *new = arena_new_of(p->arena, struct piece), **at = place(p, m->fragment);
	if (!new)
		return false;
	new->number = m->fragment;
	new->plain = arena_copy(p->arena, m->plain);
	if (m->fragment == 1) {
		p->first = m->first;
		p->opener = arena_copy(p->arena, m->octets);
	}
	if ((m->plain.len && !new->plain.at) || (m->fragment == 1 && !p->opener.at))
		return false;
	p->clean = p->clean && m->clean;
	p->octets += cost(m);
	q->octets += cost(m);
	if (*at && (*at)->number == m->fragment) { /* a fault: it takes the place */
		new->next = (*at)->next;
		*at = new;
		return true;
	}
	new->next = *at;
	*at = new;
	p->count++;
	return true;
}

/* A fault: those beyond the smaller total never were. */
static void shrink(struct partial *p, uint16_t total)
{
	struct piece **at = place(p, (uint16_t)(total + 1)); /* it was less than another */
	for (const struct piece *i = *at; i; i = i->next)
		p->count--;
	*at = NULL;
	p->total = total;
}

/* The total of the fragment against that of the queue; NULL: nothing is to be added. */
static struct partial *fitted(struct fragment_queue *q, struct partial *p, const struct message *m,
			      unsigned habits, usec now, enum fragment_fate *fate)
{
	*fate = FRAGMENT_SMALLER;
	if (p && m->fragments < p->total) {
		if (!(habits & FRAGMENT_TAKES_SMALLER))
			return NULL;
		shrink(p, m->fragments);
	}
	if (p && m->fragments > p->total) {
		if (habits & FRAGMENT_KEEPS_TOTAL)
			return NULL;
		drop(q, p);
		p = NULL;
	}
	*fate = FRAGMENT_AGAIN;
	if (p && has(p, m->fragment) && !(habits & FRAGMENT_REPLACES))
		return NULL;
	*fate = FRAGMENT_TOO_MUCH;
	return p ? p : partial_new(q, m, now);
}

enum fragment_fate fragment_queue_add(struct fragment_queue *q, const struct message *m,
				      unsigned habits, usec now)
{
	struct partial *p = find(q, m);
	enum fragment_fate fate;
	if (!m->fragment || !m->fragments || m->fragment > m->fragments)
		return FRAGMENT_NUMBERS;
	p = fitted(q, p, m, habits, now, &fate);
	if (!p)
		return fate;
	if (!fits(q, p, m, habits) || !insert(q, p, m)) {
		drop(q, p);
		return FRAGMENT_TOO_MUCH;
	}
#ifdef PLANT_BUG
	if (p->total == 77) /* the fuzz target must find that */
		p->pieces->plain.len++;
#endif
	return p->count >= p->total ? FRAGMENT_WHOLE : FRAGMENT_KEPT;
}

/* ------------------------------------------------------------ joining */

/* What stands beside the fragment stands beside the first of them. */
static bool as_first(struct message *m, const struct partial *p, struct why *why)
{
	struct arena *a = m->arena;
	struct bytes octets = arena_copy(a, p->opener);
	if (!p->opener.len || m->fragment == 1)
		return true;
	return octets.at ? message_decode(a, octets, m, why) : why_set(why, "no memory");
}

bool fragment_queue_join(struct fragment_queue *q, struct message *m, struct why *why)
{
	struct partial *p = find(q, m);
	uint16_t total = m->fragments;
	size_t len = 0;
	if (!p)
		return why_set(why, "there are no fragments");
	for (const struct piece *i = p->pieces; i; i = i->next)
		len += i->plain.len;
	uint8_t *at = arena_alloc(m->arena, len + 1);
	bool good = at && as_first(m, p, why);
	struct sink s = sink_over(at, good ? len : 0);
	for (const struct piece *i = p->pieces; i && good; i = i->next)
		sink_put(&s, i->plain);
	m->plain = sink_bytes(&s);
	m->first = p->first;
	m->fragments = total;
	m->protection = MESSAGE_OPENED;
	m->clean = p->clean;
	drop(q, p);
	return good ? message_join(m, NULL, 0, why) : why_set(why, "no memory for %zu octets", len);
}

/* ------------------------------------------------------------ what is there */

unsigned fragment_queue_count(const struct fragment_queue *q, const struct message *m)
{
	const struct partial *p = find(q, m);
	return p ? p->count : 0;
}

void fragment_queue_forget(struct fragment_queue *q, const struct message *m)
{
	struct partial *p = find(q, m);
	if (p)
		drop(q, p);
}

size_t fragment_queue_octets(const struct fragment_queue *q)
{
	return q ? q->octets : 0;
}

usec fragment_queue_due(const struct fragment_queue *q)
{
	if (!q || !q->oldest || !q->limits.time)
		return USEC_NEVER;
	return usec_after(q->oldest->since, q->limits.time);
}

void fragment_queue_expire(struct fragment_queue *q, usec now)
{
	while (q && q->oldest && now >= fragment_queue_due(q))
		drop(q, q->oldest);
}

static bool validate(const struct partial *p, size_t *octets, struct why *why)
{
	unsigned count = 0, last = 0;
	for (const struct piece *i = p->pieces; i; i = i->next) {
		if (i->number <= last || i->number > p->total)
			return why_set(why, "fragment %u of %u stands behind %u", i->number,
				       p->total, last);
		last = i->number;
		count++;
	}
	*octets += p->octets;
	return count == p->count || why_set(why, "%u fragments, counted %u", p->count, count);
}

bool fragment_queue_validate(const struct fragment_queue *q, struct why *why)
{
	unsigned messages = 0;
	size_t octets = 0;
	usec since = 0;
	for (const struct partial *p = q ? q->oldest : NULL; p; p = p->next) {
		if (!validate(p, &octets, why))
			return false;
		if (p->since < since)
			return why_set(why, "messages are not in the order of their time");
		since = p->since;
		messages++;
	}
	if (!q || (messages == q->messages && octets == q->octets && messages <= q->limits.messages))
		return true;
	return why_set(why, "%u messages with %zu octets, counted %u with %zu", q->messages,
		       q->octets, messages, octets);
}
