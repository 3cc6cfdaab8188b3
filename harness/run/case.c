/* One case from its beginning to its verdict. */
#include "inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define RUN_ARENA ((size_t)512 << 20)
#define MOVES_MAX 5000000

/* ------------------------------------------------------------ small things */

usec run_now(const struct run *r)
{
	return world_now(r->world);
}

/* On a bad path everything takes longer, until it is whole again for the closing handshake. */
#define WEATHER_SCALE 4.0

static usec scaled(usec span, double scale)
{
	return scale > 0 && span < USEC_H * 1000 ? (usec)((double)span * scale) : span;
}

usec run_span(const struct run *r, usec span)
{
	double scale = r->options->time_scale;

	if (!(scale > 0) && r->options->weather && r->phase == RUN_STEPS)
		scale = WEATHER_SCALE;
	return scaled(span, scale);
}

/* Between repetitions: what may be lost goes out no more rarely for that. */
usec run_pace(const struct run *r, usec gap)
{
	return scaled(gap, r->options->time_scale);
}

const char *run_printf(struct run *r, const char *format, ...)
{
	char text[1024], *copy;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	copy = arena_text(r->arena, text);
	return copy ? copy : "";
}

void run_note(struct run *r, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_NOTE,
				    .time = run_now(r),
				    .text = text,
				    .endpoint = "tester",
				    .file = r->place ? r->place->file : NULL,
				    .line = r->place ? r->place->line : 0,
			    });
}

void run_observed(struct run *r, const char *what)
{
	const char *at = r->observed ? strstr(r->observed, what) : NULL;

	if (at && (at[strlen(what)] == 0 || at[strlen(what)] == ','))
		return;
	r->observed = r->observed ? run_printf(r, "%s, %s", r->observed, what)
				  : arena_text(r->arena, what);
}

void run_floor(struct run *r, enum verdict v, const struct element_node *el, const char *reason)
{
	if (v == VERDICT_NOT_APPLICABLE)
		r->inapplicable = true;
	else if (r->floor >= v && r->reason)
		return;
	r->floor = verdict_worse(r->floor, v);
	r->reason = reason;
	if (el) {
		r->file = el->file;
		r->line = el->line;
	}
}

void run_end(struct run *r, enum verdict v, const struct element_node *el, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	run_floor(r, v, el, arena_text(r->arena, text));
	r->stopped = true;
}

void run_fault(struct run *r, const struct element_node *el, const struct why *why)
{
	bool each = r->scenario->for_each_count && strstr(why->text, EDIT_MISSING);
	struct element_node place = { .file = el->file, .line = el->line };

	if (why->file[0]) {
		place.file = arena_text(r->arena, why->file);
		place.line = why->line;
	}
	run_end(r, each ? VERDICT_NOT_APPLICABLE : VERDICT_ERROR, &place, "%s%s%s", why->path,
		why->path[0] ? ": " : "", why->text);
}

void run_missed(struct run *r, const struct step *s)
{
	usec most = s->within / 4 > 100 * USEC_MS ? s->within / 4 : 100 * USEC_MS;

	if (r->lag <= most)
		return;
	r->late = true;
	run_floor(r, VERDICT_INCONCLUSIVE, s->el,
		  run_printf(r, "the harness itself was late by %llu ms",
			     (unsigned long long)(r->lag / USEC_MS)));
}

usec wall_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * USEC_S + (usec)t.tv_nsec / 1000;
}

/* ------------------------------------------------------------ making */

/* What events and captures call it: "id", "id#2" the second repetition, "id~2" its second attempt.
 */
const char *run_label(const struct scenario_case *what, unsigned repetition, unsigned attempt,
		      struct arena *a)
{
	const char *label =
		repetition ? arena_printf(a, "%s#%u", what->id, repetition + 1) : what->id;

	return attempt ? arena_printf(a, "%s~%u", label, attempt + 1) : label;
}

/* Everything of the case goes to the run's own log first, and from there on with its name. */
static void forward(void *ctx, const struct event *e)
{
	struct run *r = ctx;
	struct event copy = *e;

	if (e->kind == EVENT_SENT) {
		r->packets++;
		if (!e->endpoint || strcmp(e->endpoint, "target") != 0)
			r->last_sent = e->octets.len <= sizeof r->last_octets
					       ? bytes_make(memcpy(r->last_octets, e->octets.at,
								   e->octets.len),
							    e->octets.len)
					       : BYTES_NONE;
	}
	copy.run = r->label;
	if (!copy.target)
		copy.target = r->options->profile->id;
	if (!copy.endpoint)
		copy.endpoint = "tester";
	event_emit(r->options->log, &copy);
}

/* Does the text of any attribute of these steps (but a note) speak of that notify? */
static bool speaks_of(const struct element_node *steps, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < steps[i].attr_count; k++)
			if (steps[i].attrs[k].name != AT_NOTE &&
			    strstr(steps[i].attrs[k].text, word))
				return true;
		if (speaks_of(steps[i].children, steps[i].child_count, word))
			return true;
	}
	return false;
}

static bool requirements_begin(struct run *r)
{
	size_t count = r->scenario->requirement_count;

	r->requirements = arena_array(r->arena, count ? count : 1, sizeof *r->requirements);
	for (size_t i = 0; r->requirements && i < count; i++)
		r->requirements[i].row = &r->scenario->requirements[i];
	return r->requirements != NULL;
}

/* The scenario as it is for this case: its testers may be on a connection that a row names.  What names a feature
 * that the profile has not stays as it is written: then the case is not applicable. */
static const struct scenario *for_case(struct run *r)
{
	struct scenario *s = arena_new_of(r->arena, struct scenario);
	struct scope scope = run_scope(r, NULL);
	struct why why;

	if (!s)
		return NULL;
	*s = *r->scenario;
	s->testers = arena_array(r->arena, s->tester_count + 1, sizeof *s->testers);
	for (size_t i = 0; s->testers && i < s->tester_count; i++) {
		struct scenario_tester *t = &s->testers[i];

		*t = r->scenario->testers[i];
		if (t->connection)
			text_expand(t->connection, &scope, r->arena, &t->connection, &why);
	}
	return s->testers ? s : NULL;
}

struct run *run_new(const struct run_options *o, const struct scenario_case *what,
		    unsigned repetition, unsigned attempt, struct why *why)
{
	struct arena *a = arena_new(RUN_ARENA);
	struct run *r = a ? arena_new_of(a, struct run) : NULL;

	if (!r) {
		arena_free(a);
		why_set(why, "no memory for a case");
		return NULL;
	}
	*r = (struct run){
		.options = o,
		.what = what,
		.scenario = what->scenario,
		.repetition = repetition,
		.attempt = attempt,
		.arena = a,
		.label = run_label(what, repetition, attempt, a),
		.floor = VERDICT_PASS,
		.wall_began = wall_now(),
	};
	rng_seed(&r->rng, o->seed, run_label(what, repetition, 0, a));
	event_listen(&r->log, forward, r);
	r->names_cookie = speaks_of(r->scenario->steps, r->scenario->step_count, "COOKIE");
	r->names_invalid_ke = speaks_of(r->scenario->steps, r->scenario->step_count, "INVALID_KE");
	r->scenario = for_case(r);
	if (!r->scenario || !requirements_begin(r)) {
		arena_free(a);
		why_set(why, "no memory for a case");
		return NULL;
	}
	return r;
}

void run_leave(struct run *r)
{
	r->left_at = run_now(r);
	world_free(r->world);
	r->world = NULL;
}

usec run_clock(const struct run *r)
{
	return r->world ? run_now(r) : r->left_at;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	oracles_end(r);
	world_free(r->world);
	arena_free(r->arena);
}

/* ------------------------------------------------------------ phases */

static const char *role_word(enum role role)
{
	return role == ROLE_INITIATOR ? "initiator" : "responder";
}

void run_begin(struct run *r)
{
	const char * not ;
	struct why why = { 0 };

	judge_begin(r);
	not = run_inapplicable(r);
	if (!r->attempt)
		event_emit(&r->log, &(struct event){
					    .kind = EVENT_CASE,
					    .id = r->label,
					    .text = r->scenario->title,
					    .file = r->scenario->file,
					    .line = 1,
					    .path = r->scenario->area,
					    .detail = role_word(r->what->target),
				    });
	if (not ) {
		run_floor(r, VERDICT_NOT_APPLICABLE, NULL, not );
		r->phase = RUN_OVER;
		return;
	}
	if (!oracles_begin(r) || !r->setup(r, &why)) {
		run_floor(r, VERDICT_ERROR, NULL, arena_text(r->arena, why.text));
		r->phase = RUN_OVER;
		return;
	}
	r->began = r->step_end = run_now(r);
	r->phase = RUN_STEPS;
	frame_push(r, FRAME_STEPS, NULL, 1);
}

static void close_steps(struct run *r)
{
	if (r->stopped)
		judge_left(r);
	loads_stop(r);
	r->depth = 0;
	r->stepping = false;
	r->phase = RUN_HEAL;
}

static bool move_steps(struct run *r)
{
	bool over = false, moved;

	if (r->stopped) {
		close_steps(r);
		return true;
	}
	if (r->stepping)
		return step_move(r);
	moved = steps_next(r, &over);
	if (over) {
		close_steps(r);
		return true;
	}
	return moved || queue_offer(r);
}

/* The path is whole again; then an honest handshake from fresh SPIs must succeed. */
static bool move_heal(struct run *r)
{
	static const struct element_node alive = { .element = EL_ALIVE };
	struct element_node *el = arena_new_of(r->arena, struct element_node);

	world_heal(r->world);
	queue_flush(r);
	r->stopped = false;
	r->phase = RUN_CLEAN;
	if (!r->scenario->alive || r->inapplicable || r->floor >= VERDICT_ERROR || !el)
		return true;
	*el = alive;
	el->file = r->scenario->file;
	el->line = 1;
	r->phase = RUN_ALIVE;
	r->step_end = run_now(r);
	step_start(r, el);
	return true;
}

static bool move_alive(struct run *r)
{
	if (r->stepping && !r->stopped)
		return step_move(r);
	r->stepping = false;
	r->phase = RUN_CLEAN;
	return true;
}

/* The tester deletes its SAs; true while there is still something to wait for. */
static void delete_all(struct run *r)
{
	for (size_t i = 0; i < r->tester_count; i++) {
		struct ike_sa *sa;

		for (size_t n = 0; (sa = endpoint_ike_sa(r->testers[i].endpoint, n)); n++) {
			struct sending out = { .purpose = PURPOSE_DELETE_IKE,
					       .ike = sa,
					       .retransmit = true };

			if (ike_sa_view(sa).state == IKE_ESTABLISHED)
				endpoint_send(r->testers[i].endpoint, &out, run_now(r), NULL);
		}
	}
}

static bool any_left(const struct run *r)
{
	for (size_t i = 0; i < r->tester_count; i++) {
		struct ike_sa *sa;

		for (size_t n = 0; (sa = endpoint_ike_sa(r->testers[i].endpoint, n)); n++)
			if (ike_sa_view(sa).state == IKE_ESTABLISHED)
				return true;
	}
	return false;
}

/* What the target's data plane has counted, before its SAs are gone. */
static bool counting(struct run *r)
{
	if (r->dead || r->clean_until || !r->target || !r->target->count)
		return false;
	if (!r->count_until)
		r->count_until = run_now(r) + run_span(r, r->options->profile->answer) / 2;
	return run_now(r) < r->count_until && r->target->count(r);
}

static bool move_clean(struct run *r)
{
	if (counting(r))
		return false;
	if (!r->clean_until) {
		r->clean_until = run_now(r) + run_span(r, r->options->profile->answer) / 2;
		r->place = NULL;
		if (!r->dead)
			delete_all(r);
		return true;
	}
	queue_flush(r);
	if (r->dead || !any_left(r) || run_now(r) >= r->clean_until)
		r->phase = RUN_OVER;
	return r->phase == RUN_OVER;
}

static bool move(struct run *r)
{
	switch (r->phase) {
	case RUN_STEPS:
		return move_steps(r);
	case RUN_HEAL:
		return move_heal(r);
	case RUN_ALIVE:
		return move_alive(r);
	case RUN_CLEAN:
		return move_clean(r);
	case RUN_OVER:
		break;
	}
	return false;
}

/* "IKE_AUTH request, 236 octets": the last packet that the target was sent. */
const char *run_last_words(struct run *r)
{
	struct ip_packet ip;
	struct bytes b;
	char spare[32];
	size_t marker;

	if (!ip_parse(r->last_sent, &ip, NULL))
		return "none";
	b = ip.payload;
	if (ip.protocol == 50)
		return run_printf(r, "ESP, %zu octets", b.len);
	if (ip.protocol != 17 || b.len < 8)
		return run_printf(r, "IP protocol %u, %zu octets", ip.protocol, b.len);
	marker = b.len >= 12 && b.at[8] == 0 && b.at[9] == 0 && b.at[10] == 0 && b.at[11] == 0 ? 4 : 0;
	if (b.len < 8 + marker + 28 || b.at[8 + marker + 17] >> 4 != 2)
		return run_printf(r, "UDP, %zu octets", b.len - 8);
	return run_printf(r, "%s %s, %zu octets",
			  names_print(&names_exchange, b.at[8 + marker + 18], spare, sizeof spare),
			  b.at[8 + marker + 19] & 0x20 ? "response" : "request", b.len - 8 - marker);
}

static void watch(struct run *r)
{
	char how[160];

	if (world_failed(r->world) || arena_failed(r->arena)) {
		run_floor(r, VERDICT_ERROR, r->place, "no memory is left for this case");
		r->phase = RUN_OVER;
	}
	if (!r->target || r->dead || !r->target->alive || r->target->alive(r, how, sizeof how))
		return;
	r->dead = r->ended = true;
	run_end(r, VERDICT_DIED, r->place, "the target %s; last packet to it: %s",
		how, run_last_words(r));
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_NOTE,
				    .time = run_now(r),
				    .endpoint = "target",
				    .text = r->reason,
				    .detail = r->log_tail,
				    .octets = r->last_sent,
				    .verdict = verdict_name(VERDICT_DIED),
			    });
}

static usec run_deadline(const struct run *r)
{
	usec t = world_deadline(r->world);

	if (r->phase == RUN_OVER)
		return USEC_NEVER;
	if (r->phase == RUN_CLEAN)
		return usec_min(t, r->clean_until ? r->clean_until : r->count_until);
	if (r->stepping)
		t = usec_min(t, r->step.wake);
	if (r->turn)
		t = usec_min(t, r->turn);
	return usec_min(t, loads_deadline(r));
}

usec run_move(struct run *r)
{
	uint64_t seen;
	bool moved;

	if (r->phase == RUN_OVER)
		return USEC_NEVER;
	world_pump(r->world);
	watch(r);
	loads_tick(r);
	if (r->phase == RUN_OVER)
		return USEC_NEVER;
	do {
		seen = r->arrivals;
		moved = move(r);
		world_pump(r->world);
		if (++r->moves > MOVES_MAX) {
			run_end(r, VERDICT_ERROR, r->place, "more than %d moves", MOVES_MAX);
			r->phase = RUN_OVER;
		}
	} while ((moved || r->arrivals != seen) && r->phase != RUN_OVER);
	return r->deadline = run_deadline(r);
}

bool run_over(const struct run *r)
{
	return r->phase == RUN_OVER;
}

usec run_wall(const struct run *r)
{
	return wall_now() - r->wall_began;
}
