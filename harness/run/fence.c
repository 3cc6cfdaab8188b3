/*
 * Silence is judged by a fence: an honest probe on the same path is answered, and nothing forbidden
 * has come until then plus the settle time.  A packet lost on the way proves nothing.
 */
#include "inside.h"

#define PING_GAP (500 * USEC_MS)

#define SLOW_TURNS  4
#define SLOWEST     (2 * USEC_S)

/* A target that is slow to answer its driver has not yet answered us either: a probe that bears the Message ID of what
 * it is to refuse would get that answer for its own. */
static usec settle_time(const struct run *r)
{
	usec slow = r->target && r->target->slowness ? SLOW_TURNS * r->target->slowness(r) : 0;

	return run_span(r, r->options->profile->settle) + usec_min(slow, SLOWEST);
}

void fence_begin(struct run *r, struct fence *f, struct tester *t, struct child_sa *esp,
		 struct ike_sa *avoid, usec from, usec limit)
{
	usec answer = run_span(r, r->options->profile->answer);

	*f = (struct fence){
		.state = FENCE_PAUSE,
		.tester = t,
		.esp = esp != NULL,
		.child = esp,
		.avoid = avoid,
		.until = usec_after(from, settle_time(r)),
		.echo_first = 1,
		.limit = usec_after(from, limit > answer ? limit : answer),
	};
}

/* ------------------------------------------------------------ probes of IKE */

static struct ike_sa *usable_ike(struct run *r, const struct fence *f)
{
	struct ike_sa *sa;

	for (size_t i = 0; !f->fresh && (sa = endpoint_ike_sa(f->tester->endpoint, i)); i++)
		if (sa != f->avoid && !private_ike(r, sa) &&
		    ike_sa_view(sa).state == IKE_ESTABLISHED)
			return sa;
	return NULL;
}

/* The suite of the connection that costs least. */
static const struct suite *cheapest(const struct connection *c)
{
	for (size_t i = 0; i < c->ike_count; i++)
		if (c->ike[i].ke && c->ike[i].ke->id == 31)
			return &c->ike[i];
	for (size_t i = 0; i < c->ike_count; i++)
		if (c->ike[i].ke && c->ike[i].ke->id == 19)
			return &c->ike[i];
	return c->ike;
}

static struct sent *ask_init(struct run *r, struct fence *f)
{
	struct sending s = {
		.purpose = PURPOSE_IKE_SA_INIT,
		.connection = CONNECTION_HONEST,
		.retransmit = true,
		.propose = cheapest(&f->tester->connections[CONNECTION_HONEST]),
		.propose_count = 1,
	};
	struct why why = { 0 };
	struct sent *sent = endpoint_send(f->tester->endpoint, &s, run_now(r), &why);

	if (sent)
		make_private(r, sent->ike);
	else
		run_note(r, "the fence could not be sent: %s", why.text);
	return sent;
}

static bool ask_ike(struct run *r, struct fence *f)
{
	struct ike_sa *sa = usable_ike(r, f);
	struct sending s = { .purpose = PURPOSE_LIVENESS, .ike = sa, .retransmit = true };

	f->sent = sa ? endpoint_send(f->tester->endpoint, &s, run_now(r), NULL) : NULL;
	f->probe = USEC_NEVER;
	if (f->sent) {
		f->probe = run_now(r) + (f->limit > run_now(r) ? (f->limit - run_now(r)) / 2 : 0);
		return true;
	}
	f->sent = ask_init(r, f);
	return f->sent != NULL;
}

/* ------------------------------------------------------------ probes of ESP */

void fence_sent(struct run *r, struct tester *t, const struct esp_sent *s)
{
	struct esp_number *n = arena_new_of(r->arena, struct esp_number);

	if (!n)
		return;
	n->sent = s;
	n->next = t->numbers;
	t->numbers = n;
}

void fence_heard(struct run *r, const struct item *it)
{
	(void)r;
	if (!it->arrival->is_echo || !it->arrival->echo.reply)
		return;
	for (struct esp_number *n = it->tester->numbers; n; n = n->next)
		if (item_is_pong(it, n->sent))
			n->answered = true;
}

static bool number_used(const struct tester *t, const struct child_sa *c, uint64_t seq)
{
	for (const struct esp_number *n = t->numbers; n; n = n->next)
		if (n->sent->child == c && n->sent->seq == seq)
			return true;
	return false;
}

/*
 * A number that the target's window still takes and whose use moves nothing: about half a window
 * below the highest that it is known to have taken.  0: the next in turn.
 */
static bool quiet_number(struct run *r, const struct fence *f, uint64_t *seq)
{
	const char *text = profile_feature(r->options->profile, "replay-window");
	uint64_t window = 0, top = 0;

	*seq = 0;
	if (!f->tester->numbered)
		return true;
	for (const char *p = text ? text : ""; *p >= '0' && *p <= '9'; p++)
		window = window * 10 + (uint64_t)(*p - '0');
	for (const struct esp_number *n = f->tester->numbers; n; n = n->next)
		if (n->answered && n->sent->child == f->child && n->sent->seq > top)
			top = n->sent->seq;
	if (window < 8 || top <= window)
		return false;
	for (*seq = top - window / 2; *seq < top; ++*seq)
		if (!number_used(f->tester, f->child, *seq))
			return true;
	return false;
}

static bool ask_ping(struct run *r, struct fence *f)
{
	struct esp_sending s = { .kind = ESP_SEND_PING, .child = f->child };
	struct esp_sa *out = node_esp_sa(f->tester->node, f->child, false);
	uint64_t before = out ? esp_sa_counters(out).seq : 0;
	struct esp_sent *sent;

	if (!out || !quiet_number(r, f, &s.shape.seq))
		return false;
	s.shape.has_seq = s.shape.seq != 0;
	sent = node_send_esp(f->tester->node, &s, NULL);
	if (!sent)
		return false;
	fence_sent(r, f->tester, sent);
	if (s.shape.has_seq)
		esp_sa_set_seq(out, before);
	if (!f->pings++) {
		f->echo_id = sent->echo.id;
		f->echo_first = sent->echo.seq;
	}
	f->echo_last = sent->echo.seq;
	f->probe = run_now(r) + run_pace(r, PING_GAP);
	return true;
}

static void ask(struct run *r, struct fence *f)
{
	f->state = FENCE_ASKED;
	if (f->esp && ask_ping(r, f))
		return;
	f->esp = false;
	if (!ask_ike(r, f))
		f->state = FENCE_FAILED;
}

/* ------------------------------------------------------------ answers */

static bool is_fence_pong(const struct fence *f, const struct item *it)
{
	const struct arrival *a = it->arrival;

	return f->pings && a->is_echo && a->echo.reply && a->echo.id == f->echo_id &&
	       (uint16_t)(a->echo.seq - f->echo_first) <= (uint16_t)(f->echo_last - f->echo_first);
}

static bool is_fence_response(const struct fence *f, const struct item *it)
{
	const struct seen *m = it->seen;

	if (!m || !m->is_ike || !m->message.response || m->repeats || !m->answers)
		return false;
	if (m->message.exchange != m->answers->composed.message.exchange)
		return false;
	return same_request(m->answers, f->sent) || same_request(m->answers, f->spare);
}

bool fence_answered(struct run *r, struct fence *f, const struct item *it)
{
	if (f->state != FENCE_ASKED && f->state != FENCE_SETTLE && f->state != FENCE_DONE)
		return false;
	if (it->tester != f->tester || (!is_fence_pong(f, it) && !is_fence_response(f, it)))
		return false;
	take_item(r, (struct item *)it, it->seen ? TAKE_HOLD : TAKE_AUTOMATIC);
	if (f->state == FENCE_ASKED) {
		f->state = FENCE_SETTLE;
		f->until = run_now(r) + settle_time(r);
	}
	return true;
}

/* A data plane that answers no ping may be what the scenario is about: then IKE proves the path. */
static void probe_again(struct run *r, struct fence *f)
{
	usec half = (f->limit + f->until) / 2;

	f->probe = USEC_NEVER;
	if (f->esp && run_now(r) < half) {
		ask_ping(r, f);
	} else if (f->esp) {
		run_note(r, "no pong for the fence: IKE is asked instead");
		f->esp = false;
		ask_ike(r, f);
	} else if (!f->spare) {
		f->spare = ask_init(r, f);
	}
}

usec fence_look(struct run *r, struct fence *f)
{
	usec now = run_now(r);

	if (f->state == FENCE_PAUSE && now >= f->until)
		ask(r, f);
	if (f->state == FENCE_ASKED && now >= f->limit)
		f->state = FENCE_FAILED;
	if (f->state == FENCE_ASKED && now >= f->probe)
		probe_again(r, f);
	if (f->state == FENCE_SETTLE && now >= f->until)
		f->state = FENCE_DONE;
	switch (f->state) {
	case FENCE_PAUSE:
	case FENCE_SETTLE:
		return f->until;
	case FENCE_ASKED:
		return usec_min(f->limit, f->probe);
	default:
		return USEC_NEVER;
	}
}
