/*
 * The whole of `bench wire`: for each side the ceiling, PDR and NDR, latencies below it, a rekey
 * under load; then what the tester's own means cost.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../clock.h"
#include "rig.h"
#include "search.h"
#include "turn-round.h"

#define BURST_RATE     PORT_BURST
#define BURST_EVERY    20e-6 /* seconds: below that packets of a measurement of latency go in pairs or more */
#define CEILING_TIMES  1.5  /* the search begins at this many times what came through at full speed */
#define CEILING_RAISES 8    /* and doubles it while nothing is lost: a flood may stifle what it floods */
#define IDLE_RATE      100.0
#define TESTER_BEHIND  0.97 /* of the rate wanted: below it the tester itself is what limits */
#define RATE_REACHED   0.9  /* of the rate that was asked for */
#define LEAST_PACKETS  200   /* of a trial */
#define COMPARE_ROUNDS 3

struct course {
	const struct wire_plan *plan;
	const struct bench_watch *watch;
	struct wire_result *out;
	struct rig rig;
	struct wire_figures *row;
	struct why why;
	struct evidence *evidence;
	bool record; /* every trial, not only those that are reported */
	const char *doing;
	size_t done;
	uint64_t begun;
};

static const char *const side_names[] = { "out", "in", "both", "echo" };

const char *wire_side_name(enum wire_side s)
{
	return side_names[s];
}

bool wire_complete(struct wire_plan *p, struct why *why)
{
	bool any = false;

	for (size_t i = 0; i < WIRE_SIDES; i++)
		any |= p->sides[i];
	if (!any)
		p->sides[SIDE_OUT] = p->sides[SIDE_IN] = p->sides[SIDE_BOTH] = true;
	if (!p->target)
		p->target = "builtin";
	if (!p->sas)
		p->sas = 1;
	if (p->trial_seconds <= 0)
		p->trial_seconds = 1;
	if (p->width <= 0)
		p->width = 0.02;
	if (p->loss_goal <= 0)
		p->loss_goal = 0.005;
	if (p->limit_pps <= 0)
		p->limit_pps = HUGE_VAL;
	if (p->limit_seconds <= 0)
		p->limit_seconds = 600;
	if (!p->suite.name[0]) {
		snprintf(p->suite.name, sizeof(p->suite.name), "aes256gcm16");
		if (!suite_parse(p->suite.name, true, &p->suite.suite, why))
			return false;
	}
	return !p->plain || !p->compare ||
	       why_set(why, "--compare is about ESP in UDP, not about IP protocol 50");
}

static bool stopped(const struct course *c)
{
	return c->watch->stop && *c->watch->stop;
}

static bool late(const struct course *c)
{
	return (double)(engine_clock() - c->begun) / 1e9 > c->plan->limit_seconds;
}

static void tell(struct course *c)
{
	char what[80];

	snprintf(what, sizeof(what), "%s %s, %zu trials", c->row ? wire_side_name(c->row->side) : "",
		 c->doing, c->done);
	if (c->watch->progress)
		c->watch->progress(c->watch->ctx, c->done, 0, what);
}

/* Each direction; false with c->why. */
static bool trial(struct course *c, double rate, double seconds, unsigned burst, struct wire_count *out)
{
	struct rig_load load = { .side = c->row->side,
				 .rate = fmin(rate, c->plan->limit_pps),
				 .burst = burst,
				 .seconds = seconds,
				 .record = c->record };

	tell(c);
	c->done++;
	if (late(c))
		return why_set(&c->why, "the time limit of %.0f s is over", c->plan->limit_seconds);
	return rig_trial(&c->rig, &load, out, &c->why);
}

/* As small as keeps the rate. */
static unsigned small_burst(double rate)
{
	double burst = 1 + rate * BURST_EVERY;

	return burst < PORT_BURST ? (unsigned)burst : PORT_BURST;
}

/* ------------------------------------------------------------ NDR and PDR */

static double ways(const struct course *c)
{
	return c->row->side == SIDE_BOTH ? 2 : 1;
}

/* Did the tester itself not keep the rate?  A packet more or less is no matter. */
static bool behind(const struct wire_count *n, double seconds)
{
	return (double)n->sent + 2 * WIRE_WAYS < n->offered * seconds * TESTER_BEHIND;
}

/* What the tester could not send counts as lost: a rate that is not reached is no rate. */
static bool try_rate(void *ctx, double rate, double *loss)
{
	struct course *c = ctx;
	struct wire_count n;

	if (!trial(c, rate, c->plan->trial_seconds, BURST_RATE, &n))
		return false;
	*loss = n.sent ? (double)n.lost / (double)n.sent : 1;
	if (behind(&n, c->plan->trial_seconds))
		*loss = fmax(*loss, 1 - n.achieved / n.offered);
	if (*loss <= c->plan->loss_goal && rate >= c->row->at_pdr.offered / ways(c))
		c->row->at_pdr = n;
	return true;
}

static struct wire_bounds goal(struct search *s, double loss)
{
	struct search_bounds b = search_goal(s, loss);

	return (struct wire_bounds){ b.lower, b.upper, b.loss, b.trials, b.found };
}

static double tester_most(const struct course *c)
{
	return fmin(c->row->ceiling_sent, c->plan->limit_pps);
}

/* As fast as it goes: what gets through bounds what there is to search. */
static bool ceiling(struct course *c, double *most)
{
	struct wire_count n;
	double seconds = c->plan->trial_seconds, each = ways(c);

	c->doing = "ceiling";
	if (!trial(c, HUGE_VAL, seconds, BURST_RATE, &n))
		return false;
	c->row->ceiling = (double)n.received / seconds / each;
	c->row->ceiling_sent = n.achieved / each;
	*most = fmin(fmax(c->row->ceiling * CEILING_TIMES, IDLE_RATE), tester_most(c));
	return n.sent > 0 || why_set(&c->why, "the tester could send nothing");
}

/* Raises the upper end of the search until it is too high, or the tester's own. */
static bool raise_most(struct course *c, double *most)
{
	double loss = 0;

	for (unsigned i = 0; i < CEILING_RAISES && *most < tester_most(c); i++) {
		if (!try_rate(c, *most, &loss))
			return false;
		if (loss > c->plan->loss_goal)
			break;
		*most = fmin(*most * 2, tester_most(c));
	}
	return true;
}

/* Who stood in the way just above the PDR. */
static const char *limiting(struct course *c)
{
	struct wire_count n;

	c->doing = "limit";
	if (c->row->pdr.upper <= c->row->pdr.lower)
		return c->row->pdr.lower >= c->plan->limit_pps * RATE_REACHED ? "rate asked for" : "tester";
	if (!trial(c, c->row->pdr.upper, c->plan->trial_seconds, BURST_RATE, &n))
		return "unknown";
	if (behind(&n, c->plan->trial_seconds) || n.dropped_here * 2 > n.lost)
		return "tester";
	return "target";
}

/* Where a trial still has packets enough to lose one. */
static double least(const struct course *c, double most)
{
	return fmin(most / 2, LEAST_PACKETS / c->plan->trial_seconds);
}

static bool rates(struct course *c)
{
	struct search s = {
		.width = c->plan->width, .again = c->plan->again, .trial = try_rate, .ctx = c
	};

	if (!ceiling(c, &s.most) || !raise_most(c, &s.most))
		return false;
	s.least = least(c, s.most);
	c->doing = "PDR";
	c->row->pdr = goal(&s, c->plan->loss_goal);
	c->doing = "NDR";
	if (!c->row->pdr.found)
		return c->why.text[0] ? false : why_set(&c->why, "even of %.0f packets a second more than %g%% are lost",
							s.least, 100 * c->plan->loss_goal);
	c->row->ndr = goal(&s, 0);
	c->row->limit = limiting(c);
	return !c->why.text[0];
}

/* ------------------------------------------------------------ latency and rekey */

static bool latencies(struct course *c)
{
	static const double shares[WIRE_LATENCIES] = { 0, 0.1, 0.5, 0.9 };

	c->doing = "latency";
	c->record = true;
	for (size_t i = 0; i < WIRE_LATENCIES; i++) {
		struct wire_latency *l = &c->row->latency[i];
		struct wire_count n;

		l->share = shares[i];
		l->rate = i ? shares[i] * c->row->pdr.lower : IDLE_RATE;
		if (!trial(c, l->rate, c->plan->trial_seconds, small_burst(l->rate), &n))
			return false;
		rig_latency(&c->rig, l);
		c->row->latencies++;
	}
	c->record = false;
	return true;
}

/* Another after each rekey. */
static uint64_t mark(const struct course *c, bool ike)
{
	struct ike_sa *sa = endpoint_ike_sa(c->rig.tester->endpoint, 0);

	return !ike ? c->rig.tester->installed : sa ? ike_sa_view(sa).spi_i : 0;
}

static bool rekey(struct course *c, bool ike, struct wire_rekey *out)
{
	struct rig_load load = { .side = c->row->side,
				 .rate = fmin(c->row->pdr.lower / 2, c->plan->limit_pps),
				 .burst = small_burst(c->row->pdr.lower / 2),
				 .seconds = fmax(c->plan->trial_seconds, 1) };
	struct wire_count usual;
	uint64_t before = mark(c, ike);

	c->doing = ike ? "IKE SA rekey" : "Child SA rekey";
	tell(c);
	if (!rig_trial(&c->rig, &load, &usual, &c->why))
		return false;
	out->usual_gap = usual.longest_gap;
	load.rekey = true;
	load.rekey_ike = ike;
	load.record = true;
	if (!rig_trial(&c->rig, &load, &out->count, &c->why))
		return false;
	out->done = mark(c, ike) != before;
	return true;
}

static bool measure_side(struct course *c)
{
	if (!rates(c) || !latencies(c))
		return false;
	return !c->plan->rekey || !c->row->pdr.found || c->row->side == SIDE_ECHO ||
	       (rekey(c, false, &c->row->child) && rekey(c, true, &c->row->ike));
}

/* ------------------------------------------------------------ all of it */

static void describe(struct course *c, double seconds)
{
	struct wire_result *r = c->out;
	const struct rig *rig = &c->rig;

	r->plan = c->plan;
	r->sas = c->plan->sas;
	r->setup_seconds = seconds;
	snprintf(r->path, sizeof(r->path), "%s", rig->path);
	snprintf(r->version, sizeof(r->version), "%s", rig->target ? target_facts(rig->target)->version : "");
	snprintf(r->encapsulation, sizeof(r->encapsulation), "%s",
		 c->plan->plain ? "IP protocol 50" : "UDP");
	cpu_name(r->cpu, sizeof(r->cpu));
	cpu_features(false, r->features, sizeof(r->features));
	snprintf(r->backend, sizeof(r->backend), "%s",
		 c->plan->backend ? c->plan->backend : esp_backend_name(0));
}

static bool open_rig(struct course *c, bool echo)
{
	uint64_t begun = engine_clock();

	c->doing = "setup";
	c->row = NULL;
	tell(c);
	if (!rig_open(&c->rig, c->plan, c->watch, RIG_SEGMENTS, echo, &c->why))
		return false;
	c->rig.evidence = c->evidence;
	if (!c->out->plan)
		describe(c, (double)(engine_clock() - begun) / 1e9);
	return true;
}

/* Sides that need the same rig: echo has one of its own. */
static bool measure_sides(struct course *c, bool echo)
{
	bool good = true, wanted = false;

	for (size_t i = 0; i < WIRE_SIDES; i++)
		wanted |= c->plan->sides[i] && (i == SIDE_ECHO) == echo;
	if (!wanted)
		return true;
	if (!open_rig(c, echo))
		return false;
	for (size_t i = 0; good && i < WIRE_SIDES; i++) {
		if (!c->plan->sides[i] || (i == SIDE_ECHO) != echo)
			continue;
		c->row = &c->out->rows[c->out->count++];
		*c->row = (struct wire_figures){ .side = (enum wire_side)i, .limit = "unknown" };
		good = measure_side(c);
	}
	rig_close(&c->rig);
	return good;
}

/* ------------------------------------------------------------ what the tester's own means cost */

static const struct {
	enum rig_method method;
	const char *name;
	bool record;
} ways_to_send[WIRE_COMPARISONS] = {
	{ RIG_SEGMENTS, "segments", false },
	{ RIG_BARE, "segments, no cryptography", false },
	{ RIG_MESSAGES, "sendmmsg", false },
	{ RIG_SEGMENTS, "segments, recorded", true },
};

/* The highest rate without loss of the built-in target, one direction. */
static bool compare_one(struct course *c, size_t way, double *out)
{
	struct wire_figures row = { .side = SIDE_OUT };
	struct search s = {
		.width = c->plan->width, .again = c->plan->again + 1, .trial = try_rate, .ctx = c
	};
	bool good;

	if (!rig_open(&c->rig, c->plan, c->watch, ways_to_send[way].method, false, &c->why))
		return false;
	c->row = &row;
	c->rig.evidence = c->evidence;
	c->record = ways_to_send[way].record;
	good = ceiling(c, &s.most);
	s.least = least(c, s.most);
	*out = good ? goal(&s, 0).lower : 0;
	c->row = NULL;
	c->record = false;
	rig_close(&c->rig);
	return !c->why.text[0];
}

static int by_rate(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Rounds of all in turn, the median of each; recording only where there is a file for it. */
static bool compare(struct course *c)
{
	size_t count = WIRE_COMPARISONS - (c->evidence == NULL);
	double rates[WIRE_COMPARISONS][COMPARE_ROUNDS];

	if (!c->plan->compare || strcmp(c->plan->target, "builtin") != 0)
		return true;
	c->doing = "comparison";
	for (size_t i = 0; i < COMPARE_ROUNDS * count; i++)
		if (!compare_one(c, i % count, &rates[i % count][i / count]))
			return false;
	for (size_t k = 0; k < count; k++) {
		qsort(rates[k], COMPARE_ROUNDS, sizeof(double), by_rate);
		c->out->comparisons[c->out->comparison_count++] =
			(struct wire_comparison){ ways_to_send[k].name, rates[k][COMPARE_ROUNDS / 2] };
	}
	return turn_round(c->plan, c->watch, &c->out->bare_turn, &c->out->esp_turn, &c->why);
}

bool bench_wire(const struct wire_plan *p, const struct bench_watch *w, struct wire_result *out,
		struct why *why)
{
	struct course c = { .plan = p, .watch = w, .out = out, .begun = engine_clock() };
	bool good;

	*out = (struct wire_result){ 0 };
	if (p->pcap) {
		c.evidence = evidence_create(p->pcap, why);
		if (!c.evidence)
			return false;
	}
	good = measure_sides(&c, false) && measure_sides(&c, true) && compare(&c);
	if (!evidence_close(c.evidence, good ? &c.why : NULL))
		good = false;
	if (good)
		return true;
	out->interrupted = stopped(&c) || late(&c);
	*why = c.why;
	return out->interrupted && out->plan;
}

double wire_gbps(const struct wire_result *r, double pps)
{
	return pps * r->plan->size.mean * 8 / 1e9;
}
