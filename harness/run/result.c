/* From what was settled in a run to verdicts, for the log and for whoever asked. */
#include "inside.h"

#include <stdio.h>

static enum verdict left_verdict(const struct run *r)
{
	if (r->inapplicable)
		return VERDICT_NOT_APPLICABLE;
	if (r->dead)
		return VERDICT_DIED;
	if (r->floor >= VERDICT_ERROR)
		return r->floor;
	return VERDICT_INCONCLUSIVE;
}

static void decide(struct run *r, struct requirement_state *q)
{
	const struct requirement *row = q->row->requirement;

	if (q->broken) {
		q->verdict = row ? verdict_of_break(row->gate) : VERDICT_FAIL;
		return;
	}
	if (r->inapplicable || r->dead || !q->reached || q->left) {
		q->verdict = left_verdict(r);
		q->reason = r->reason ? r->reason : "no step that judges it was reached";
		return;
	}
	q->verdict = VERDICT_PASS;
}

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_text(a, text) : NULL;
}

static struct requirement_result requirement_result(const struct requirement_state *q,
						    struct arena *a)
{
	return (struct requirement_result){
		.name = q->row->id,
		.requirement = q->row->requirement,
		.ref = q->row->requirement ? q->row->requirement->id : q->row->id,
		.verdict = q->verdict,
		.reason = copy(a, q->reason),
		.file = copy(a, q->file),
		.line = q->line,
		.path = copy(a, q->path),
		.wanted = copy(a, q->wanted),
		.got = copy(a, q->got),
	};
}

static void emit_verdict(struct run *r, const struct requirement_result *q)
{
	event_emit(&r->log,
		   &(struct event){
			   .kind = EVENT_VERDICT,
			   .time = run_clock(r),
			   .id = q->ref,
			   .verdict = verdict_name(q->verdict),
			   .text = q->reason,
			   .detail = q->requirement ? level_name(q->requirement->level) : NULL,
			   .path = q->requirement ? gate_name(q->requirement->gate) : NULL,
			   .file = q->file,
			   .line = q->line,
			   .wanted = q->wanted,
			   .got = q->got,
		   });
}

static void emit_end(struct run *r, const struct case_result *c,
		     const struct requirement_result *worst)
{
	event_emit(&r->log, &(struct event){
				    .kind = EVENT_CASE_END,
				    .time = c->world_time,
				    .verdict = verdict_name(c->verdict),
				    .text = c->reason,
				    .detail = c->observed,
				    .number = (int64_t)c->wall_time,
				    .file = c->file,
				    .line = c->line,
				    .path = c->path,
				    .wanted = c->wanted,
				    .got = c->got,
				    .id = worst ? worst->ref : NULL,
			    });
}

/* On a bad path only a scenario that says so can prove a failure. */
static void under_weather(const struct run *r, struct requirement_result *q, struct arena *a)
{
	if (!r->options->weather || r->scenario->lossy_ok ||
	    (q->verdict != VERDICT_FAIL && (q->verdict != VERDICT_DIED || r->ended)))
		return;
	q->verdict = VERDICT_INCONCLUSIVE;
	q->reason = arena_printf(a, "on a bad path this proves nothing: %s",
				 q->reason ? q->reason : "failed");
}

#define ORACLES_FIRED 16

static const struct requirement_result *results_of(struct run *r, struct arena *a,
						   struct case_result *c)
{
	size_t count = 0, all = r->scenario->requirement_count;
	struct requirement_result *rows = arena_array(a, all + ORACLES_FIRED, sizeof *rows);
	const struct requirement_result *worst = NULL;

	if (!rows)
		return NULL;
	for (size_t i = 0; i < all; i++) {
		if (!r->requirements[i].judged)
			continue;
		decide(r, &r->requirements[i]);
		rows[count++] = requirement_result(&r->requirements[i], a);
	}
	count += oracles_results(r, a, rows + count, ORACLES_FIRED);
	c->requirements = rows;
	c->requirement_count = count;
	for (size_t i = 0; i < count; i++) {
		under_weather(r, &rows[i], a);
		if (rows[i].verdict > VERDICT_PASS && (!worst || rows[i].verdict > worst->verdict))
			worst = &rows[i];
		c->verdict = verdict_worse(c->verdict, rows[i].verdict);
	}
	return worst;
}

static void add_carried(const struct run *r, struct case_result *c)
{
	struct esp_carried *all = &c->carried;

	for (size_t i = 0; r->world && i < r->tester_count; i++) {
		struct esp_carried one = { 0 };

		if (r->testers[i].node)
			one = node_carried(r->testers[i].node);
		if (one.sent + one.received == 0)
			continue;
		all->first = all->sent + all->received ? usec_min(all->first, one.first) : one.first;
		all->last = one.last > all->last ? one.last : all->last;
		all->sent += one.sent;
		all->received += one.received;
		all->octets += one.octets;
	}
}

/* How much ESP went to and fro, and how fast.  One packet has no rate. */
static void emit_carried(struct run *r, const struct case_result *c)
{
	const struct esp_carried *all = &c->carried;
	uint64_t packets = all->sent + all->received;
	usec span = all->last - all->first;
	char text[160];

	if (packets == 0)
		return;
	snprintf(text, sizeof(text), "%llu sent, %llu received, %llu octets",
		 (unsigned long long)all->sent, (unsigned long long)all->received,
		 (unsigned long long)all->octets);
	event_emit(&r->log, &(struct event){ .kind = EVENT_ESP, .text = text, .time = span,
					     .number = (int64_t)packets });
}

struct case_result *run_result(struct run *r, struct arena *a)
{
	struct case_result *c = arena_new_of(a, struct case_result);
	const struct requirement_result *worst;

	if (!c)
		return NULL;
	*c = (struct case_result){
		.id = r->what->id,
		.scenario = r->what->scenario,
		.role = r->what->target,
		.repetition = r->repetition,
		.attempts = r->attempt + 1,
		.verdict = r->inapplicable ? VERDICT_NOT_APPLICABLE : r->floor,
		.observed = copy(a, r->observed),
		.file = copy(a, r->file ? r->file : r->scenario->file),
		.line = r->line,
		.reason = copy(a, r->reason),
		.world_time = r->world ? run_now(r) - r->began : 0,
		.wall_time = run_wall(r),
		.packets = r->packets,
		.log_tail = copy(a, r->log_tail),
	};
	add_carried(r, c);
	worst = results_of(r, a, c);
	if (worst && worst->file && (worst->verdict > r->floor || !r->reason)) {
		c->reason = worst->reason;
		c->file = worst->file;
		c->line = worst->line;
		c->path = worst->path;
		c->wanted = worst->wanted;
		c->got = worst->got;
	} else if (worst && !c->reason) {
		c->reason = worst->reason;
	}
	return c;
}

void result_tell(struct run *r, const struct case_result *c)
{
	const struct requirement_result *worst = NULL;

	r->label = run_label(r->what, r->repetition, 0, r->arena);
	for (size_t i = 0; i < c->requirement_count; i++) {
		const struct requirement_result *q = &c->requirements[i];

		emit_verdict(r, q);
		if (q->file && q->verdict > VERDICT_PASS && (!worst || q->verdict > worst->verdict))
			worst = q;
	}
	emit_carried(r, c);
	emit_end(r, c, worst);
}
