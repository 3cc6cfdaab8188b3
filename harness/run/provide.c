/*
 * What the slots of an instance are configured for: what the cases selected need, and no more, for each connection
 * costs a daemon time when it starts, and when it starts again after a death.
 *
 * Every slot has the plain child over IPv4.  Of what few cases need there is as much as lets them go on at the pace
 * of the others, spread over the slots; of what a long one needs as much as lets all of these begin at once.
 */
#include "host.h"

#include <stdlib.h>

#define SLOTS_SPARE 8
#define SLOTS_MAX   250
#define LIVELY_MAX  24
#define SLEEPY_MAX  64 /* slots for those that wait for timers */

enum { CHILD_SIX = 61, CHILD_MORE = 62, CHILD_PLAIN = 63 };
#define BIT(n) ((uint64_t)1 << (n))

/* ------------------------------------------------------------ what a case needs */

static bool has_verb(const struct element_node *steps, size_t count, const char *verb)
{
	for (size_t i = 0; i < count; i++) {
		const char *does = steps[i].element == EL_TARGET ? attr_text(&steps[i], AT_DO) : NULL;

		if ((does && strcmp(does, verb) == 0) || has_verb(steps[i].children, steps[i].child_count, verb))
			return true;
	}
	return false;
}

static unsigned connection_bit(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->connection_count; i++)
		if (name && strcmp(p->connections[i].name, name) == 0)
			return i < CHILD_SIX ? (unsigned)i : CHILD_SIX - 1;
	return CHILD_PLAIN;
}

static void add_tester(const struct profile *p, const struct scenario *s, const struct scenario_tester *t,
		       struct need *n)
{
	bool outer_six = t && t->address && strcmp(t->address, "ipv6") == 0;
	uint64_t bits = BIT(CHILD_PLAIN) | BIT(connection_bit(p, t ? t->connection : NULL));

	if (t && t->connection && strstr(t->connection, "v6"))
		bits |= BIT(CHILD_SIX);
	if (has_verb(s->steps, s->step_count, "new-child"))
		bits |= BIT(CHILD_MORE);
	n->child[outer_six] |= bits;
	if (steps_behind_nat(s->steps, s->step_count))
		n->nat[outer_six] |= bits;
}

struct need need_of(const struct profile *p, const struct scenario *s)
{
	struct need n = { .child = { BIT(CHILD_PLAIN) } };

	for (size_t i = 0; i < s->tester_count; i++)
		add_tester(p, s, &s->testers[i], &n);
	if (!s->tester_count)
		add_tester(p, s, NULL, &n);
	return n;
}

bool need_met(const struct need *has, const struct need *wants)
{
	for (size_t i = 0; i < 2; i++)
		if ((wants->child[i] & ~has->child[i]) || (wants->nat[i] & ~has->nat[i]))
			return false;
	return true;
}

size_t need_size(const struct need *n)
{
	size_t sum = 0;

	for (size_t i = 0; i < 2; i++)
		sum += (size_t)__builtin_popcountll(n->child[i]) + (size_t)__builtin_popcountll(n->nat[i]);
	return sum;
}

static void need_add(struct need *to, const struct need *n)
{
	for (size_t i = 0; i < 2; i++) {
		to->child[i] |= n->child[i];
		to->nat[i] |= n->nat[i];
	}
}

/* ------------------------------------------------------------ leaving out what no case needs */

static unsigned child_bit(const struct profile *p, const struct target_child *child)
{
	if (child->variant != TARGET_PLAIN)
		return connection_bit(p, child->suffix + 1);
	return strcmp(child->suffix, "-six") == 0 ? CHILD_SIX : strcmp(child->suffix, "-more") == 0 ? CHILD_MORE
												      : CHILD_PLAIN;
}

void need_trim(const struct profile *p, const struct need *n, struct target_connection *c)
{
	bool six = c->target.family == 6;
	size_t kept = 0;

	for (size_t i = 0; i < c->children; i++) {
		unsigned bit = child_bit(p, &c->child[i]);

		if (!(n->child[six] & BIT(bit)))
			continue;
		c->child[i].no_nat = !(n->nat[six] & BIT(bit));
		c->child[kept++] = c->child[i];
	}
	c->children = kept;
}

/* ------------------------------------------------------------ how much of it there is */

struct kind { /* of cases: the same needs */
	struct need need;
	bool lively;
	size_t cases, longs, slots;
};

static bool ours(const struct job_plan *p, enum instance where)
{
	return p->where == where && !p->nothing;
}

static struct kind *kind_of(struct kind *kinds, size_t *count, const struct job_plan *p)
{
	for (size_t i = 0; i < *count; i++)
		if (kinds[i].lively == p->lively && memcmp(&kinds[i].need, &p->need, sizeof p->need) == 0)
			return &kinds[i];
	kinds[*count] = (struct kind){ .need = p->need, .lively = p->lively };
	return &kinds[(*count)++];
}

static size_t gather(const struct test_suite *s, enum instance where, struct kind *kinds)
{
	size_t count = 0;

	for (size_t i = 0; i < s->job_count; i++) {
		const struct job_plan *p = &s->jobs[i].plan;
		struct kind *k;

		if (!ours(p, where))
			continue;
		k = kind_of(kinds, &count, p);
		k->cases++;
		k->longs += p->time > 0;
		k->slots = p->slots > k->slots ? p->slots : k->slots;
	}
	return count;
}

static void spread(const struct kind *k, size_t wanted, struct need *slots, size_t count)
{
	size_t have = 0;

	for (size_t i = 0; i < count; i++)
		have += need_met(&slots[i], &k->need);
	for (; have < wanted && have < count; have++) {
		struct need *best = NULL;

		for (size_t i = 0; i < count; i++)
			if (!need_met(&slots[i], &k->need) && (!best || need_size(&slots[i]) < need_size(best)))
				best = &slots[i];
		need_add(best, &k->need);
	}
}

static void fill(struct host_plan *plan, const struct kind *kinds, size_t count, size_t width, size_t jobs)
{
	size_t quiet = plan->slots - plan->lively;

	for (size_t i = 0; i < plan->slots; i++)
		plan->needs[i].child[0] = BIT(CHILD_PLAIN);
	for (size_t i = 0; i < count; i++) {
		const struct kind *k = &kinds[i];
		size_t at_once = k->longs + 2 * k->cases * width / jobs + 1;

		if (at_once > k->cases)
			at_once = k->cases;
		spread(k, at_once * k->slots, plan->needs + (k->lively ? quiet : 0), k->lively ? plan->lively : quiet);
	}
}

/* What falls to one of so many instances. */
static size_t share(struct kind *k, size_t instances)
{
	k->cases = (k->cases + instances - 1) / instances;
	k->longs = (k->longs + instances - 1) / instances;
	return k->cases;
}

/* Slots for so many cases, with those that they need at the least. */
static void count_slots(const struct kind *kinds, size_t count, size_t width, struct host_plan *plan)
{
	size_t most = 0, sleepy = 0;

	for (size_t i = 0; i < count; i++) {
		if (!kinds[i].lively) {
			sleepy += kinds[i].longs * kinds[i].slots;
			continue;
		}
		plan->lively += kinds[i].cases * kinds[i].slots;
		most = kinds[i].slots > most ? kinds[i].slots : most;
	}
	if (plan->lively > LIVELY_MAX)
		plan->lively = most > LIVELY_MAX ? most : LIVELY_MAX;
	plan->slots = width + SLOTS_SPARE + (sleepy < SLEEPY_MAX ? sleepy : SLEEPY_MAX);
	plan->slots = plan->slots > SLOTS_MAX ? SLOTS_MAX : plan->slots;
	if (plan->slots > SLOTS_MAX - plan->lively)
		plan->slots = SLOTS_MAX - plan->lively;
	plan->slots += plan->lively;
}

bool provide(const struct test_suite *s, enum instance where, size_t instances, size_t width, struct host_plan *plan)
{
	struct kind *kinds = calloc(s->job_count + 1, sizeof *kinds);
	size_t count = kinds ? gather(s, where, kinds) : 0, jobs = 0;

	*plan = (struct host_plan){ .where = where };
	for (size_t i = 0; i < count; i++)
		jobs += share(&kinds[i], instances);
	count_slots(kinds, count, width, plan);
	if (!host_is_ours(s->options.profile)) {
		*plan = (struct host_plan){ .slots = foreign_slots(s->options.profile) };
		free(kinds);
		return true;
	}
	plan->needs = arena_array(s->arena, plan->slots + 1, sizeof *plan->needs);
	if (plan->needs && jobs)
		fill(plan, kinds, count, width, jobs);
	free(kinds);
	return plan->needs != NULL;
}

size_t provide_jobs(const struct test_suite *s, enum instance where)
{
	size_t count = 0;

	for (size_t i = 0; i < s->job_count; i++)
		count += ours(&s->jobs[i].plan, where);
	return count;
}
