#include "explore.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

#define DEPTH     400
#define FLIGHT    64
#define CHILDREN  64
#define SENDINGS  5
#define SPAN      (31 * USEC_S) /* 1 + 2 + 4 + 8 + 16 s: the retransmission limit */
#define BEGINNING (1000 * USEC_S)

const enum purpose explore_operations[EXPLORE_OPERATIONS] = {
	PURPOSE_REKEY_CHILD,  PURPOSE_REKEY_IKE,  PURPOSE_NEW_CHILD,
	PURPOSE_DELETE_CHILD, PURPOSE_DELETE_IKE, PURPOSE_LIVENESS,
};

/* ------------------------------------------------------------ a run of one path */

struct flying {
	struct datagram d;
	int to;
	uint64_t hash;
};

/* What the data plane of an end holds. */
struct plane_child {
	uint32_t spi_in, spi_out;
	uint8_t in[128], out[128];
	size_t in_len, out_len;
	bool removed;
};

struct walk {
	struct exploration *x;
	struct pair *pair;
	struct event_log log;
	struct flying flight[FLIGHT];
	size_t flying;
	struct flying held;
	bool accident, holds, begun[2];
	uint64_t history[2];
	struct plane_child children[2][CHILDREN];
	size_t child_count[2];
	usec end;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 32;
}

static uint64_t hash_octets(uint64_t h, struct bytes b)
{
	for (size_t i = 0; i + 8 <= b.len; i += 8)
		h = mix(h, load_u64(b.at + i));
	for (size_t i = b.len & ~(size_t)7; i < b.len; i++)
		h = mix(h, b.at[i]);
	return mix(h, b.len);
}

static void tell(const struct walk *w, const char *format, ...)
{
	va_list args;
	if (!w->x->tells)
		return;
	va_start(args, format);
	printf("%8.3f  ", (double)(w->pair->now - BEGINNING) / 1e6);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void hear(void *ctx, const struct event *e)
{
	struct walk *w = ctx;
	if (e->kind == EVENT_STATE || e->kind == EVENT_TIMER)
		tell(w, "        %s %.6s: %s", e->endpoint, e->id ? e->id : "", e->text);
}

static void keep_key(uint8_t *at, size_t *len, const struct child_keys *k)
{
	memcpy(at, k->key.at, k->key.len);
	if (k->integ_key.len)
		memcpy(at + k->key.len, k->integ_key.at, k->integ_key.len);
	*len = k->key.len + k->integ_key.len;
}

static void take_orders(struct walk *w, int end)
{
	struct child_order o;
	while (endpoint_order(w->pair->end[end].endpoint, &o)) {
		struct plane_child *c = w->children[end];
		if (o.kind == ORDER_INSTALL && w->child_count[end] < CHILDREN) {
			c += w->child_count[end]++;
			*c = (struct plane_child){ .spi_in = o.spi_in, .spi_out = o.spi_out };
			keep_key(c->in, &c->in_len, &o.in);
			keep_key(c->out, &c->out_len, &o.out);
		}
		for (size_t i = 0; o.kind == ORDER_REMOVE && i < w->child_count[end]; i++, c++)
			if (c->spi_in == o.spi_in)
				c->removed = true;
	}
}

/* What an end has put out is under way. */
static void collect(struct walk *w, int from)
{
	struct datagram d;
	while (endpoint_output(w->pair->end[from].endpoint, w->pair->now, &d)) {
		if (w->flying == FLIGHT) {
			fprintf(stderr, "more than %d datagrams are under way\n", FLIGHT);
			abort();
		}
		struct flying *f = &w->flight[w->flying++];
		d.octets = arena_copy(w->pair->arena, d.octets);
		*f = (struct flying){ .d = d, .to = !from };
		f->hash = hash_octets((uint64_t)f->to + 1, d.octets);
	}
	take_orders(w, from);
}

static void deliver(struct walk *w, struct flying f)
{
	struct pair *p = w->pair;
	tell(w, "%s <- message %u of %.2x.., %s", p->end[f.to].config.name,
	     load_u32(f.d.octets.at + 20), f.d.octets.at[0],
	     f.d.octets.at[19] & 0x20 ? "response" : "request");
	w->history[f.to] = mix(mix(w->history[f.to], f.hash), (uint64_t)p->now);
	endpoint_input(p->end[f.to].endpoint, &f.d, p->now);
	collect(w, f.to);
}

static struct flying take(struct walk *w, size_t i)
{
	struct flying f = w->flight[i];
	memmove(&w->flight[i], &w->flight[i + 1], (w->flying - i - 1) * sizeof(f));
	w->flying--;
	return f;
}

/* The IKE SA that an end would name if it were asked: the newest that has a Child SA, or the newest. */
static struct ike_sa *acting(struct walk *w, int end)
{
	struct endpoint *e = w->pair->end[end].endpoint;
	struct ike_sa *sa, *first = NULL;
	for (size_t i = 0; (sa = endpoint_ike_sa(e, i)); i++) {
		if (ike_sa_view(sa).state != IKE_ESTABLISHED)
			continue;
		if (!first)
			first = sa;
		for (size_t k = 0; endpoint_child_sa(e, sa, k); k++)
			if (!child_sa_view(endpoint_child_sa(e, sa, k)).gone)
				return sa;
	}
	return first;
}

static void begin(struct walk *w, int end)
{
	struct pair *p = w->pair;
	struct endpoint *e = p->end[end].endpoint;
	struct ike_sa *sa = acting(w, end);
	struct child_sa *c = NULL, *k;
	enum purpose purpose = w->x->operation[end];
	struct why why = { .text = "there is no IKE SA" };
	for (size_t i = 0; sa && !c && (k = endpoint_child_sa(e, sa, i)); i++)
		c = child_sa_view(k).gone ? NULL : k;
	bool of_child = purpose == PURPOSE_REKEY_CHILD || purpose == PURPOSE_DELETE_CHILD;
	w->begun[end] = true;
	w->history[end] = mix(mix(w->history[end], 7), (uint64_t)p->now);
	w->end = p->now + 2 * SPAN;
	tell(w, "%s begins %s", p->end[end].config.name, purpose_name(purpose));
	if (!sa || (of_child && !c) ||
	    !endpoint_request(e, purpose, sa, of_child ? c : NULL, p->now, &why))
		tell(w, "        which it cannot");
	collect(w, end);
}

static usec deadline(const struct walk *w)
{
	return usec_min(endpoint_deadline(w->pair->end[0].endpoint),
			endpoint_deadline(w->pair->end[1].endpoint));
}

static void pass_time(struct walk *w)
{
	struct pair *p = w->pair;
	usec t = deadline(w);
	if (t > p->now)
		p->now = t;
	for (int i = 0; i < 2; i++) {
		if (endpoint_deadline(p->end[i].endpoint) > p->now)
			continue;
		w->history[i] = mix(mix(w->history[i], 3), (uint64_t)p->now);
		endpoint_tick(p->end[i].endpoint, p->now);
		collect(w, i);
	}
}

/* ------------------------------------------------------------ choices */

/*
 * In the order of the actions: begin left, begin right, deliver each, hold each back (the accident),
 * deliver what was held, let time pass (when nothing is under way).
 */
static size_t choices(const struct walk *w)
{
	size_t n = (size_t)!w->begun[0] + !w->begun[1] + w->flying + w->holds;
	if (!w->accident && !w->x->calm)
		n += w->flying;
	bool timers = deadline(w) <= w->end;
	return n + (!w->flying && timers && (w->begun[0] || w->begun[1]));
}

static void hold(struct walk *w, size_t i)
{
	w->held = take(w, i);
	w->holds = w->accident = true;
	w->end = w->pair->now + 2 * SPAN;
	tell(w, "a message to %s is under way for long", w->pair->end[w->held.to].config.name);
}

static void act(struct walk *w, size_t choice)
{
	for (int i = 0; i < 2; i++) {
		if (!w->begun[i] && choice-- == 0) {
			begin(w, i);
			return;
		}
	}
	size_t holdable = w->accident || w->x->calm ? 0 : w->flying;
	if (choice < w->flying) {
		deliver(w, take(w, choice));
	} else if ((choice -= w->flying) < holdable) {
		hold(w, choice);
	} else if (w->holds && choice - holdable == 0) {
		w->holds = false;
		deliver(w, w->held);
	} else {
		pass_time(w);
	}
}

static uint64_t state_of(const struct walk *w)
{
	uint64_t under_way = 0, h;
	for (size_t i = 0; i < w->flying; i++)
		under_way += mix(11, w->flight[i].hash);
	h = mix(mix(w->history[0], w->history[1]), under_way);
	h = mix(h, w->holds ? w->held.hash : 0);
	h = mix(h, (uint64_t)w->accident << 2 | (uint64_t)w->begun[0] << 1 | w->begun[1]);
	return mix(mix(h, (uint64_t)w->pair->now), (uint64_t)w->end);
}

/* ------------------------------------------------------------ agreement */

static bool differ(struct exploration *x, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(x->what, sizeof(x->what), format, args);
	va_end(args);
	return false;
}

static size_t wanted_children(const struct exploration *x)
{
	size_t n = 1;
	bool deleted = false;
	for (int i = 0; i < 2; i++) {
		n += x->operation[i] == PURPOSE_NEW_CHILD;
		deleted |= x->operation[i] == PURPOSE_DELETE_CHILD;
	}
	return n - deleted;
}

static bool same_sa(struct walk *w, bool wanted)
{
	struct pair *p = w->pair;
	struct ike_view v[2];
	for (int i = 0; i < 2; i++) {
		if (pair_living(p, i) != wanted)
			return differ(w->x, "%zu IKE SAs live at the %s end", pair_living(p, i),
				      p->end[i].config.name);
		struct ike_sa *sa = acting(w, i);
		v[i] = sa ? ike_sa_view(sa) : (struct ike_view){ .state = IKE_GONE };
	}
	return !wanted ||
	       (v[0].spi_i == v[1].spi_i && v[0].spi_r == v[1].spi_r &&
		v[0].initiator != v[1].initiator) ||
	       differ(w->x, "the ends have different IKE SAs");
}

static bool has_twin(const struct walk *w, const struct plane_child *c, int there)
{
	for (size_t i = 0; i < w->child_count[there]; i++) {
		const struct plane_child *o = &w->children[there][i];
		if (!o->removed && o->spi_in == c->spi_out && o->spi_out == c->spi_in)
			return o->in_len == c->out_len && memcmp(o->in, c->out, c->out_len) == 0 &&
			       o->out_len == c->in_len && memcmp(o->out, c->in, c->in_len) == 0;
	}
	return false;
}

/* The data planes hold as many as they should, each with its twin and the same keys. */
static bool same_children(struct walk *w, size_t wanted)
{
	for (int end = 0; end < 2; end++) {
		const char *name = w->pair->end[end].config.name;
		size_t n = 0, views = endpoint_counts(w->pair->end[end].endpoint).child_sas;
		for (size_t i = 0; i < w->child_count[end]; i++) {
			const struct plane_child *c = &w->children[end][i];
			if (!c->removed && !has_twin(w, c, !end))
				return differ(w->x, "Child SA %08x/%08x of the %s end has no twin",
					      c->spi_in, c->spi_out, name);
			n += !c->removed;
		}
		if (n != wanted || views != wanted)
			return differ(w->x, "%zu Child SAs (%zu in the data plane) at the %s end, not %zu",
				      views, n, name, wanted);
	}
	return true;
}

static bool agree(struct walk *w)
{
	const struct exploration *x = w->x;
	bool closed = x->operation[0] == PURPOSE_DELETE_IKE || x->operation[1] == PURPOSE_DELETE_IKE;
	return same_sa(w, !closed) && same_children(w, closed ? 0 : wanted_children(x));
}

static bool sound(struct walk *w)
{
	struct why why;
	for (int i = 0; i < 2; i++)
		if (!endpoint_validate(w->pair->end[i].endpoint, &why))
			return differ(w->x, "the %s end is torn: %s", w->pair->end[i].config.name,
				      why.text);
	return true;
}

/* ------------------------------------------------------------ all of them */

static void keep_path(struct walk *w, struct exploration *x)
{
	struct pair_setup setup = { .seed = x->seed, .crypto = x->crypto };
	struct pair *p = pair_new(&setup);
	*w = (struct walk){ .x = x, .pair = p, .end = BEGINNING + 2 * SPAN };
	p->now = BEGINNING;
	for (int i = 0; i < 2; i++) {
		p->end[i].config.log = &w->log;
		p->end[i].config.keepalive = 0;
		p->end[i].config.retransmission = (struct retransmission){ USEC_S, 2000, SENDINGS };
		if (x->omit && x->omit_at[i])
			pair_omit(p, i, x->omit);
	}
	pair_start(p);
	if (!endpoint_initiate(p->end[LEFT].endpoint, 0, p->now, NULL))
		abort();
	collect(w, LEFT);
	while (w->flying)
		deliver(w, take(w, 0));
	w->history[0] = w->history[1] = 0;
	if (x->tells)
		event_listen(&w->log, hear, w);
}

/* Open addressing over state hashes; 0 is no state. */
struct visited {
	uint64_t *rows;
	size_t cap, count;
};

static bool visit(struct visited *v, uint64_t h)
{
	h += !h;
	if (2 * v->count >= v->cap) {
		struct visited more = { .cap = v->cap ? 2 * v->cap : 4096 };
		more.rows = calloc(more.cap, sizeof(*more.rows));
		if (!more.rows)
			abort();
		for (size_t i = 0; i < v->cap; i++)
			if (v->rows[i])
				visit(&more, v->rows[i]);
		free(v->rows);
		*v = more;
	}
	size_t i = h & (v->cap - 1);
	for (; v->rows[i]; i = (i + 1) & (v->cap - 1))
		if (v->rows[i] == h)
			return false;
	v->rows[i] = h;
	v->count++;
	return true;
}

struct path {
	uint16_t choice[DEPTH], of[DEPTH];
	size_t len;
};

/* Repeats the path, then takes the first choice each time until a state that is known, or the end. */
static bool follow(struct exploration *x, struct path *path, struct visited *v)
{
	struct walk w;
	bool good = true;
	size_t n, at = 0;
	keep_path(&w, x);
	for (; good && (n = choices(&w)) > 0; at++) {
		if (at == DEPTH) {
			good = differ(x, "no end after %d choices", DEPTH);
			break;
		}
		if (at >= path->len) {
			if (v && !visit(v, state_of(&w)))
				break;
			path->choice[at] = 0;
			path->of[at] = (uint16_t)n;
			path->len = at + 1;
		}
		act(&w, path->choice[at]);
		good = sound(&w);
	}
	if (good && !choices(&w)) {
		w.pair->now = w.end;
		good = agree(&w);
	}
	for (int i = 0; i < 2; i++)
		take_orders(&w, i);
	pair_free(w.pair);
	return good;
}

/* The next path in order; false if that was the last. */
static bool next_path(struct path *path)
{
	while (path->len) {
		size_t last = path->len - 1;
		if (++path->choice[last] < path->of[last])
			return true;
		path->len--;
	}
	return false;
}

static void tell_path(struct exploration *x, struct path path)
{
	char what[sizeof(x->what)];
	memcpy(what, x->what, sizeof(what));
	printf("%s at the left end, %s at the right one, seed %" PRIu64 ":\n",
	       purpose_name(x->operation[0]), purpose_name(x->operation[1]), x->seed);
	follow(x, &path, NULL);
	memcpy(x->what, what, sizeof(what));
	printf("          %s\n", x->what);
}

void explore(struct exploration *x)
{
	struct visited v = { NULL, 0, 0 };
	struct path path = { .len = 0 };
	bool tells = x->tells;
	x->paths = x->states = x->disagreements = 0;
	do {
		x->tells = false;
		bool good = follow(x, &path, &v);
		x->tells = tells;
		x->paths++;
		if (good)
			continue;
		x->disagreements++;
		if (tells)
			tell_path(x, path);
		break;
	} while ((!x->limit || x->paths < x->limit) && next_path(&path));
	x->states = v.count;
	free(v.rows);
}
