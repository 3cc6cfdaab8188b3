/* What a case asks of a real target, read off its steps before it runs: which instance, which slots, how long. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

bool plan_restarts(const struct element_node *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *verb =
			steps[i].element == EL_TARGET ? attr_text(&steps[i], AT_DO) : NULL;

		if (verb && (strcmp(verb, "restart") == 0 || strcmp(verb, "kill") == 0))
			return true;
		if (plan_restarts(steps[i].children, steps[i].child_count))
			return true;
	}
	return false;
}

bool plan_cookies(const struct scenario *s)
{
	for (size_t i = 0; i < s->tester_count; i++)
		if (s->testers[i].connection && strcmp(s->testers[i].connection, "cookies") == 0)
			return true;
	return false;
}

bool plan_lively(const struct scenario *s)
{
	for (size_t i = 0; i < s->need_count; i++)
		if (strcmp(s->needs[i].feature, "liveness") == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------ how long it may take */

#define LONGEST (10 * 60 * USEC_S)

/* "${target.gives_up} + 10s": what a profile's features and times in a text come to. */
static usec text_time(const struct profile *p, const char *text)
{
	usec sum = 0, t;
	char word[64];

	while (*text) {
		size_t len = strcspn(text, " +");

		snprintf(word, sizeof word, "%.*s", (int)len, text);
		if (strncmp(word, "${target.", 9) == 0 && len > 10) {
			const char *value;

			word[len - 1] = '\0';
			for (char *at = word; *at; at++)
				*at = *at == '_' ? '-' : *at;
			value = profile_feature(p, word + 9);
			if (value && usec_parse(value, &t))
				sum += t;
		} else if (usec_parse(word, &t)) {
			sum += t;
		}
		text += len;
		text += strspn(text, " +");
	}
	return sum;
}

static usec attr_time(const struct profile *p, const struct element_node *el, enum attribute name)
{
	const char *text = attr_text(el, name);

	return text ? text_time(p, text) : 0;
}

/* An upper bound that is one only for what the target's own timers decide is no measure of others. */
static bool of_its_own(const struct element_node *el)
{
	const char *text = attr_text(el, AT_WITHIN);

	return text && strstr(text, "${target.");
}

static uint64_t rounds(const struct element_node *el)
{
	const char *text = el->element == EL_REPEAT ? attr_text(el, AT_TIMES) : NULL;
	unsigned long n = text ? strtoul(text, NULL, 10) : 1;

	return n ? n : 1;
}

usec plan_time(const struct profile *p, const struct element_node *steps, size_t count)
{
	usec sum = 0;

	for (size_t i = 0; i < count; i++) {
		const struct element_node *el = &steps[i];
		usec once = plan_time(p, el->children, el->child_count);

		if (el->element == EL_WAIT || el->element == EL_EXPECT_NOTHING)
			once += attr_time(p, el, AT_FOR);
		else if (el->element == EL_REPEAT)
			once += attr_time(p, el, AT_EVERY);
		if (of_its_own(el))
			once += attr_time(p, el, AT_WITHIN);
		sum = usec_min(sum + once * rounds(el), LONGEST);
	}
	return sum;
}

/* ------------------------------------------------------------ all of it */

#define LONG_CASE (2 * USEC_S)

static enum instance where(const struct job_plan *p, const struct scenario *s)
{
	return plan_cookies(s) ? AT_COOKIES : p->kills || p->restarts ? AT_PERIL : AT_MAIN;
}

/* The scenario as it is for the case, which may not apply: that needs nothing. */
bool job_plan_make(struct test_suite *s, struct job *job, struct why *why)
{
	const struct profile *p = s->options.profile;
	struct run *r = run_new(&s->options, job->what, job->repetition, 0, why);
	const struct scenario *what;

	if (!r)
		return false;
	what = r->scenario;
	job->plan = (struct job_plan){
		.lively = plan_lively(what) && host_is_ours(p),
		.restarts = plan_restarts(what->steps, what->step_count),
		.kills = deviations_kill(s->options.deviations, job->what->id),
		.slots = slots_needed(what),
		.time = plan_time(p, what->steps, what->step_count),
		.need = need_of(p, what),
	};
	judge_begin(r);
	if (run_inapplicable(r))
		job->plan = (struct job_plan){ .nothing = true };
	else if (host_is_ours(p))
		job->plan.where = where(&job->plan, what);
	if (job->plan.time < LONG_CASE)
		job->plan.time = 0;
	run_free(r);
	return true;
}
