/*
 * load and stop: requests that are never continued, or pings, in the background; bounded.
 *
 * Pings keep to the two hosts of the Child SA that they began with, and each takes the SA that is for
 * these hosts by then: a load goes on over rekeys, of the IKE SA too.
 */
#include "inside.h"

#include <stdlib.h>

#define LOAD_MAX  200000
#define WAITING   16384 /* pings whose reply may still come; divides the echo's sequence numbers */
#define LATENCIES 4096  /* kept; of more a fair sample */

struct load {
	struct tester *tester;
	const struct element_node *el;
	struct child_sa *child; /* ESP; NULL: requests */
	bool follows;           /* the newest Child SA, whichever that is */
	size_t size;
	const struct sent
		*pattern; /* the first request; the others are it with other SPIs and nonces */
	struct address from, to;
	usec began, gap, next, until;
	uint64_t sent, answered, twice, early;
	struct waiting {
		uint16_t id, seq;
		bool answered;
		usec time;
	} *pings;
	struct value *latency;
	size_t latencies;
	bool over;
	usec ended;
	struct load *next_load;
};

static bool rate_of(struct run *r, const struct element_node *el, usec *gap, struct why *why)
{
	const char *text = run_text(r, el, AT_RATE, why);
	char *end;
	double rate;

	if (!text)
		return false;
	rate = strtod(text, &end);
	if (rate <= 0 || (*end && strcmp(end, "/s") != 0))
		return why_set(why, "rate: '%s' is no rate, such as 2000/s", text);
	*gap = (usec)((double)USEC_S / rate);
	if (!*gap)
		*gap = 1;
	return true;
}

static bool load_child(struct run *r, struct step *s, struct load *l, struct why *why)
{
	const char *text;

	if (!attr_find(s->el, AT_ESP))
		return true;
	if (attr_find(s->el, AT_CHILD))
		return (text = run_text(r, s->el, AT_CHILD, why)) &&
		       child_named(r, text, &l->child, why);
	l->follows = true;
	l->child = newest_child(r, s->tester, NULL);
	return l->child || why_set(why, "there is no Child SA yet");
}

static bool load_begin(struct run *r, struct step *s, struct why *why)
{
	struct load *l = arena_new_of(r->arena, struct load);
	const char *request =
		attr_find(s->el, AT_REQUEST) ? run_text(r, s->el, AT_REQUEST, why) : NULL;
	uint64_t size = 0;
	usec span = USEC_NEVER;

	if (!l)
		return why_set(why, "no memory");
	if (request && strcmp(request, "IKE_SA_INIT") != 0)
		return why_set(why, "a load of %s is not built yet", request);
	if ((attr_find(s->el, AT_SIZE) && !run_number(r, attr_find(s->el, AT_SIZE), &size, why)) ||
	    (attr_find(s->el, AT_FOR) && !run_time(r, attr_find(s->el, AT_FOR), &span, why)) ||
	    !rate_of(r, s->el, &l->gap, why) || !load_child(r, s, l, why))
		return false;
	l->tester = s->tester;
	l->el = s->el;
	l->size = (size_t)size;
	l->began = l->next = run_now(r);
	l->until = usec_after(l->began, span);
	l->latency = arena_array(r->arena, LATENCIES, sizeof *l->latency);
	l->pings = l->child ? arena_array(r->arena, WAITING, sizeof *l->pings) : NULL;
	l->next_load = r->loads;
	r->loads = l;
	known_load(r, attr_text(s->el, AT_NAME), l);
	return (l->latency && (l->pings || !l->child)) || why_set(why, "no memory");
}

/* ------------------------------------------------------------ sending */

/* A fresh SPI and nonce by edits: as cheap as a flood should be. */
static bool fresh_value(void *ctx, const void *expression, const struct edit_place *place,
			struct arena *a, struct edit_value *out, struct why *why)
{
	struct run *r = ctx;
	size_t len = *(const size_t *)expression;
	uint8_t *octets = arena_alloc(a, len);

	(void)place;
	(void)why;
	*out = (struct edit_value){ 0 };
	if (!octets)
		return false;
	rng_fill(&r->rng, octets, len);
	if (len == 8) {
		out->number = load_u64(octets) | 1;
		return true;
	}
	out->is_octets = true;
	out->octets = bytes_make(octets, len);
	return true;
}

static bool send_request(struct run *r, struct load *l)
{
	static const size_t eight = 8, thirty_two = 32;
	static const struct edit rows[] = {
		{.op = EDIT_SET,  .path = "HDR.spi_i", .value = &eight,      .times = 1},
		{ .op = EDIT_SET, .path = "Ni.data",   .value = &thirty_two, .times = 1},
	};
	struct edits edits = { .rows = rows, .count = 2, .value = fresh_value, .ctx = r };
	struct sending out = { .purpose = PURPOSE_IKE_SA_INIT,
			       .connection = CONNECTION_HONEST,
			       .lost = true };
	struct why why = { 0 };

	if (!l->pattern) {
		l->pattern = endpoint_send(l->tester->endpoint, &out, run_now(r), &why);
		if (l->pattern)
			make_private(r, l->pattern->ike);
	}
	return l->pattern &&
	       endpoint_again(l->tester->endpoint, l->pattern, &edits, false, run_now(r), &why);
}

static bool send_ping(struct load *l, usec now)
{
	struct esp_sending out = { .kind = ESP_SEND_PING, .size = l->size,
				   .from = l->from, .to = l->to, .route = l->sent > 0,
				   .child = l->sent > 0 ? NULL : l->child };
	struct esp_sent *sent = node_send_esp(l->tester->node, &out, NULL);
	struct waiting *w;

	if (!sent)
		return false;
	l->from = sent->from;
	l->to = sent->to;
	w = &l->pings[sent->echo.seq % WAITING];
	*w = (struct waiting){ .id = sent->echo.id, .seq = sent->echo.seq, .time = now };
	return true;
}

void loads_tick(struct run *r)
{
	usec now = r->loads ? run_now(r) : 0;

	for (struct load *l = r->loads; l; l = l->next_load) {
		while (!l->over && now >= l->next) {
			if (now >= l->until || l->sent >= LOAD_MAX ||
			    !(l->child ? send_ping(l, now) : send_request(r, l))) {
				l->over = true;
				l->ended = now;
				break;
			}
			l->sent++;
			l->next += l->gap;
		}
	}
}

usec loads_deadline(const struct run *r)
{
	usec t = USEC_NEVER;

	for (const struct load *l = r->loads; l; l = l->next_load)
		if (!l->over)
			t = usec_min(t, l->next);
	return t;
}

/* Of more than there is room for, each is kept with the same chance. */
static void keep_latency(struct run *r, struct load *l, usec latency)
{
	size_t at = l->latencies < LATENCIES ? l->latencies++
					     : (size_t)rng_below(&r->rng, l->answered);

	if (at < LATENCIES)
		l->latency[at] = (struct value){ .kind = VALUE_TIME, .number = latency };
}

bool load_heard(struct run *r, const struct item *it)
{
	const struct arrival *a = it->arrival;

	for (struct load *l = r->loads; l; l = l->next_load) {
		if (l->pings && l->tester == it->tester && a->kind == ARRIVED_ESP)
			l->early += a->result == ESP_NO_SA;
		struct waiting *w = l->pings ? &l->pings[a->echo.seq % WAITING] : NULL;

		if (!w || !a->is_echo || !a->echo.reply || l->tester != it->tester || !w->time ||
		    w->id != a->echo.id || w->seq != a->echo.seq)
			continue;
		if (w->answered) {
			l->twice++;
			return true;
		}
		w->answered = true;
		l->answered++;
		keep_latency(r, l, a->time - w->time);
		return true;
	}
	return false;
}

static void end(struct run *r, struct load *l)
{
	if (!l->over)
		l->ended = run_now(r);
	l->over = true;
}

void loads_stop(struct run *r)
{
	for (struct load *l = r->loads; l; l = l->next_load)
		end(r, l);
}

/* ------------------------------------------------------------ stop, and the figures */

#define STOP_SETTLE (500 * USEC_MS)

static bool stop_begin(struct run *r, struct step *s, struct why *why)
{
	const char *name = attr_text(s->el, AT_LOAD);
	const struct known *k = name ? known_find(r, name) : NULL;

	if (!k || k->kind != KNOWN_LOAD)
		return why_set(why, "no load is called '%s'", name ? name : "");
	end(r, k->load);
	s->deadline = s->wake = run_now(r) + STOP_SETTLE;
	return true;
}

static enum progress stop_look(struct run *r, struct step *s)
{
	return run_now(r) >= s->deadline ? STEP_DONE : STEP_WAITS;
}

bool load_value(const struct load *l, const char *field, struct arena *a, struct value *out,
		struct why *why)
{
	usec span = l->ended > l->began ? l->ended - l->began : 1;
	struct value list = { .kind = VALUE_LIST, .items = l->latency, .count = l->latencies };
	char what[32];

	*out = (struct value){ .kind = VALUE_NUMBER };
	if (strcmp(field, "sent") == 0)
		out->number = l->sent;
	else if (strcmp(field, "lost") == 0)
		out->number = l->sent - l->answered;
	else if (strcmp(field, "twice") == 0)
		out->number = l->twice;
	else if (strcmp(field, "early") == 0)
		out->number = l->early;
	else if (strcmp(field, "rate") == 0)
		out->number = l->sent * USEC_S / span;
	else if (strncmp(field, "latency.", 8) == 0 && strlen(field) < sizeof what + 8 &&
		 strchr(field, '(')) {
		size_t len = strcspn(field + 8, "(");

		memcpy(what, field + 8, len);
		what[len] = 0;
		return value_computed(&list, what, a, out, why);
	} else {
		return why_set(why, "a load has no '%s'; it has sent, lost, twice, early, rate, latency", field);
	}
	return true;
}

const struct step_row step_row_load = { load_begin, NULL, NULL };
const struct step_row step_row_stop = { stop_begin, stop_look, NULL };
