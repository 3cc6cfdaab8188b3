/* An examination from its beginning to its end. */
#include "exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define EXAM_ARENA ((size_t)64 << 20)
#define EXAM_LIMIT (60 * USEC_S)

/* ------------------------------------------------------------ small things */

const char *exam_text(struct exam *x, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(x->arena, format, args);
	va_end(args);
	return text ? text : "";
}

void found(struct exam *x, enum finding_state state, const char *format, ...)
{
	va_list args;

	if (x->out->count == FINDINGS)
		return;
	va_start(args, format);
	x->out->rows[x->out->count++] = (struct finding){
		.group = x->group, .name = x->name, .state = state,
		.what = arena_vprintf(x->out->arena, format, args),
	};
	va_end(args);
}

void mark(struct exam *x, const char *feature, const char *value, const char *seen)
{
	if (x->mark_count < MARKS && !mark_find(x, feature))
		x->marks[x->mark_count++] = (struct mark){ feature, value, seen };
}

const struct mark *mark_find(const struct exam *x, const char *feature)
{
	for (size_t i = 0; i < x->mark_count; i++)
		if (strcmp(x->marks[i].feature, feature) == 0)
			return &x->marks[i];
	return NULL;
}

/* Each tester of the virtual world has a clock that begins at 0. */
static void count_time(struct exam *x)
{
	usec limit = x->options.limit ? x->options.limit : EXAM_LIMIT;

	x->ends = x->spent < limit ? limit - x->spent : 0;
}

bool exam_time_left(struct exam *x)
{
	return !(x->run.stop && *x->run.stop) && !stage_dead(x->stage) &&
	       (stage_virtual(x->stage) || stage_now(x->stage) < x->ends);
}

bool exam_enter(struct exam *x, const struct stage_tester *t)
{
	struct why why = { "" };

	if (stage_enter(x->stage, t, &why)) {
		if (!x->ends) {
			count_time(x);
			x->ends += stage_now(x->stage);
		}
		return true;
	}
	found(x, FINDING_UNCHECKED, "%s", why.text);
	return false;
}

/* ------------------------------------------------------------ is anybody there? */

static bool has_tester(const struct profile *p, uint8_t family)
{
	struct address a;

	for (size_t i = 0; i < p->tester_count; i++)
		if (address_parse(p->testers[i], &a) && a.family == family)
			return true;
	return false;
}

/* Something that an IKE endpoint must answer, whatever it takes. */
static struct init_answer knock(struct exam *x)
{
	struct transform_set offer = { .count = 0 };

	set_add(&offer, transform_find(TRANSFORM_ENCR, 20, 256));
	set_add(&offer, transform_find(TRANSFORM_PRF, 5, 0));
	set_add(&offer, transform_find(TRANSFORM_KE, 19, 0));
	return init_ask(x, &offer);
}

static void look_reach(struct exam *x, uint8_t family)
{
	const struct profile *p = x->run.profile;
	const char *at = family == 6 ? p->address6 : p->address;
	struct address a;
	struct init_answer answer;

	x->name = family == 6 ? "ipv6" : "ipv4";
	if (!at || !address_parse(at, &a) || a.family != family)
		return;
	if (!has_tester(p, family)) {
		found(x, FINDING_UNCHECKED, "the profile has no address of ours for it");
		return;
	}
	if (!exam_enter(x, &(struct stage_tester){ .family = family }))
		return;
	answer = knock(x);
	if (answer.outcome == INIT_SILENT) {
		found(x, FINDING_NO, "%s", stage_dead(x->stage) ? stage_dead(x->stage) : exam_silence(x, &a));
		return;
	}
	x->reached[family == 6] = true;
	x->rtt = x->rtt ? x->rtt : answer.rtt;
	if (family == 6)
		mark(x, "ipv6", NULL, "IKE_SA_INIT was answered over IPv6");
	x->silences = 0;
	found(x, FINDING_YES, "%s port %u answers IKE_SA_INIT (%s) after %.1f ms", at, p->port,
	      answer.outcome == INIT_TAKEN ? "takes it" : notify_text(x, answer.notify), (double)answer.rtt / 1000);
}

/* ------------------------------------------------------------ the whole */

struct exam *exam_new(const struct exam_options *options, struct findings *out)
{
	struct exam *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->options = *options;
	x->run = *options->run;
	x->out = out;
	x->arena = arena_new(EXAM_ARENA);
	if (x->arena)
		return x;
	free(x);
	return NULL;
}

void exam_free(struct exam *x)
{
	if (!x)
		return;
	stage_close(x->stage);
	arena_free(x->arena);
	free(x);
}

enum exam_end exam_run(struct exam *x)
{
	struct why why = { "" };

	x->group = "reach";
	x->name = "target";
	x->stage = stage_open(&x->run, &why);
	if (!x->stage) {
		found(x, FINDING_UNCHECKED, "%s", why.text);
		return EXAM_UNABLE;
	}
	look_reach(x, 4);
	look_reach(x, 6);
	if (!x->reached[0] && !x->reached[1])
		return x->ends ? EXAM_SILENT : EXAM_UNABLE;
	x->family = x->reached[0] ? 4 : 6;
	x->group = "proposals";
	x->name = "encr";
	if (!exam_enter(x, &(struct stage_tester){ .family = x->family }))
		return EXAM_UNABLE;
	look_transforms(x);
	if (!x->suite_count)
		return EXAM_SILENT;
	x->group = "features";
	look_features(x);
	look_children(x);
	return EXAM_DONE;
}
