/* load and stop: requests that are never continued, or pings, in the background; bounded. */
#include "inside.h"

#include <stdlib.h>

#define LOAD_MAX 200000
#define PONGS    4096

struct load {
	struct tester *tester;
	const struct element_node *el;
	struct child_sa *child; /* ESP; NULL: requests */
	bool follows;           /* the newest Child SA, whichever that is */
	size_t size;
	const struct sent
		*pattern; /* the first request; the others are it with other SPIs and nonces */
	usec began, gap, next, until;
	uint64_t sent, answered;
	struct {
		uint16_t id, seq;
		usec time;
	} pings[PONGS];
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
	l->latency = arena_array(r->arena, PONGS, sizeof *l->latency);
	l->next_load = r->loads;
	r->loads = l;
	known_load(r, attr_text(s->el, AT_NAME), l);
	return l->latency || why_set(why, "no memory");
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

static bool send_ping(struct run *r, struct load *l)
{
	struct esp_sending out = { .kind = ESP_SEND_PING, .size = l->size };
	struct esp_sent *sent;

	if (l->follows)
		l->child = newest_child(r, l->tester, NULL);
	out.child = l->child;
	sent = node_send_esp(l->tester->node, &out, NULL);
	if (!sent)
		return false;
	l->pings[l->sent % PONGS].id = sent->echo.id;
	l->pings[l->sent % PONGS].seq = sent->echo.seq;
	l->pings[l->sent % PONGS].time = run_now(r);
	return true;
}

void loads_tick(struct run *r)
{
	usec now = r->loads ? run_now(r) : 0;

	for (struct load *l = r->loads; l; l = l->next_load) {
		while (!l->over && now >= l->next) {
			if (now >= l->until || l->sent >= LOAD_MAX ||
			    !(l->child ? send_ping(r, l) : send_request(r, l))) {
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

bool load_heard(struct run *r, const struct item *it)
{
	const struct arrival *a = it->arrival;

	for (struct load *l = r->loads; l; l = l->next_load) {
		if (!l->child || !a->is_echo || !a->echo.reply)
			continue;
		for (size_t i = 0; i < PONGS && i < l->sent; i++) {
			if (l->pings[i].id != a->echo.id || l->pings[i].seq != a->echo.seq ||
			    !l->pings[i].time)
				continue;
			if (l->latencies < PONGS)
				l->latency[l->latencies++] =
					(struct value){ .kind = VALUE_TIME,
							.number = a->time - l->pings[i].time };
			l->pings[i].time = 0;
			l->answered++;
			return true;
		}
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
	else if (strcmp(field, "rate") == 0)
		out->number = l->sent * USEC_S / span;
	else if (strncmp(field, "latency.", 8) == 0 && strlen(field) < sizeof what + 8 &&
		 strchr(field, '(')) {
		size_t len = strcspn(field + 8, "(");

		memcpy(what, field + 8, len);
		what[len] = 0;
		return value_computed(&list, what, a, out, why);
	} else {
		return why_set(why, "a load has no '%s'; it has sent, lost, rate, latency", field);
	}
	return true;
}

const struct step_row step_row_load = { load_begin, NULL, NULL };
const struct step_row step_row_stop = { stop_begin, stop_look, NULL };
