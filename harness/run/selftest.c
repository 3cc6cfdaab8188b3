/* The matrix of scenarios and faults: each fault must break the requirement that its scenario
 * names. */
#include "suite.h"

#include <stdlib.h>

struct testing {
	const struct run_options *options;
	struct arena *arena;
	struct selftest *out;
	struct selftest_row *rows;
	size_t cap;
};

#define SELFTEST_ARENA ((size_t)256 << 20)

static const char honest[] =
	"<scenario xmlns=\"urn:ikespec:scenario:1\" id=\"selftest.honest\" target=\"responder\" "
	"alive=\"no\">"
	"<title>Handshake, ping, liveness check, delete</title>"
	"<requirement id=\"basic\" ref=\"%s\"/>"
	"<steps><establish judges=\"basic\"/><works child=\"child\" judges=\"basic\"/>"
	"<works ike=\"ike\" judges=\"basic\"/><exchange request=\"delete-ike\" "
	"judges=\"basic\"/></steps></scenario>";

/* ------------------------------------------------------------ running some */

typedef void case_heard(void *ctx, const struct case_result *c);

static bool run_scenarios(struct testing *t, struct library *l, const char *const *ids,
			  size_t count, const char *fault, case_heard *heard, void *ctx,
			  struct why *why)
{
	struct run_options o = *t->options;
	struct test_suite *s;
	bool good;

	o.library = l;
	o.fault = fault;
	o.filter = (struct run_filter){ .names = ids, .name_count = count };
	o.log = NULL;
	o.retries = 0;
	o.repeat = 1;
	o.fail_fast = false;
	o.deviations = NULL;
	o.finished = heard;
	o.ctx = ctx;
	s = suite_new(&o, why);
	good = s && suite_run(s, why);
	suite_free(s);
	return good;
}

/* ------------------------------------------------------------ the correct target */

struct passing {
	struct testing *t;
	const struct scenario *scenario;
	bool broken, passed;
};

static void hear_passing(void *ctx, const struct case_result *c)
{
	struct passing *p = ctx;

	if (c->scenario != p->scenario)
		return;
	p->passed |= c->verdict == VERDICT_PASS;
	p->broken |= c->verdict > VERDICT_PASS;
}

/* ------------------------------------------------------------ one fault in one scenario */

struct killing {
	const struct scenario *scenario;
	const char *breaks; /* short name, or NULL */
	bool killed, ran;
	enum verdict worst;
	const char *note;
	struct arena *arena;
};

static const char *requirement_of(const struct scenario *s, const char *name)
{
	for (size_t i = 0; name && i < s->requirement_count; i++)
		if (strcmp(s->requirements[i].id, name) == 0)
			return s->requirements[i].requirement ? s->requirements[i].requirement->id
							      : name;
	return NULL;
}

/* At the requirement of that short name, be it by a step or by an oracle. */
static bool broken_at(const struct case_result *c, const char *name)
{
	const char *ref = requirement_of(c->scenario, name);

	for (size_t i = 0; i < c->requirement_count; i++) {
		const struct requirement_result *q = &c->requirements[i];

		if (q->verdict != VERDICT_FAIL && q->verdict != VERDICT_DIED &&
		    q->verdict != VERDICT_WEAK)
			continue;
		if (!name || strcmp(q->name, name) == 0 || (ref && strcmp(q->ref, ref) == 0))
			return true;
	}
	return false;
}

static void hear_killing(void *ctx, const struct case_result *c)
{
	struct killing *k = ctx;

	if (c->scenario != k->scenario || c->verdict == VERDICT_NOT_APPLICABLE)
		return;
	k->ran = true;
	if (c->verdict > k->worst) {
		k->worst = c->verdict;
		k->note = c->reason ? arena_text(k->arena, c->reason) : NULL;
	}
	k->killed |= broken_at(c, k->breaks);
}

static bool try_fault(struct testing *t, const struct scenario *s, const struct scenario_fault *f,
		      struct why *why)
{
	struct killing k = { .scenario = s, .breaks = f->breaks, .arena = t->arena };
	struct selftest_row *row;

	if (t->out->row_count == t->cap)
		return why_set(why, "more than %zu pairs of scenarios and faults", t->cap);
	if (!run_scenarios(t, t->options->library, &s->id, 1, f->ref, hear_killing, &k, why))
		return false;
	row = &t->rows[t->out->row_count++];
	*row = (struct selftest_row){
		.fault = f->ref,
		.scenario = s->id,
		.requirement = requirement_of(s, f->breaks),
		.killed = k.killed,
		.verdict = k.worst,
		.note = k.killed ? NULL
			: !k.ran ? "not applicable"
			: k.note ? k.note
				 : "it passed",
	};
	return true;
}

static bool try_scenario(struct testing *t, const struct scenario *s, struct why *why)
{
	struct passing p = { .t = t, .scenario = s };
	bool killed = false;
	size_t first = t->out->row_count;

	if (!run_scenarios(t, t->options->library, &s->id, 1, NULL, hear_passing, &p, why))
		return false;
	if (p.broken)
		((const char **)t->out->broken)[t->out->broken_count++] = s->id;
	for (size_t i = 0; i < s->fault_count; i++)
		if (!try_fault(t, s, &s->faults[i], why))
			return false;
	for (size_t i = first; i < t->out->row_count; i++)
		killed |= t->rows[i].killed;
	if (!killed)
		((const char **)t->out->never_failing)[t->out->never_failing_count++] = s->id;
	t->out->scenarios += s->fault_count > 0;
	return true;
}

/* ------------------------------------------------------------ a fault that breaks everything
 * proves nothing */

static void hear_honest(void *ctx, const struct case_result *c)
{
	bool *good = ctx;

	for (size_t i = 0; i < c->requirement_count; i++)
		if (!c->requirements[i].oracle && c->requirements[i].verdict != VERDICT_PASS)
			*good = false;
}

static bool add_honest(struct testing *t, struct why *why)
{
	const struct requirement *const *rows;
	size_t count = library_requirements(t->options->library, &rows);
	const struct scenario *const *all;
	size_t scenarios = library_scenarios(t->options->library, &all);
	const char *text;

	for (size_t i = 0; i < scenarios; i++)
		if (strcmp(all[i]->id, "selftest.honest") == 0)
			return true;
	if (!count)
		return why_set(why, "the catalogue is empty");
	text = arena_printf(t->arena, honest, rows[0]->id);
	return library_load_text(t->options->library, "selftest-honest.xml", bytes_text(text), NULL,
				 NULL) ||
	       why_set(why, "the honest scenario of the selftest could not be loaded");
}

static bool try_faults(struct testing *t, struct why *why)
{
	static const char *const id = "selftest.honest";
	const struct fault *const *faults;
	size_t count = library_faults(t->options->library, &faults);

	t->out->faults = count;
	for (size_t i = 0; i < count; i++) {
		bool good = true, killed = false;

		if (!run_scenarios(t, t->options->library, &id, 1, faults[i]->id, hear_honest,
				   &good, why))
			return false;
		if (!good)
			((const char **)t->out->crippling)[t->out->crippling_count++] =
				faults[i]->id;
		for (size_t k = 0; k < t->out->row_count; k++)
			killed |= t->rows[k].killed && strcmp(t->rows[k].fault, faults[i]->id) == 0;
		if (killed)
			t->out->killed++;
		else
			((const char **)t->out->survivors)[t->out->survivor_count++] =
				faults[i]->id;
	}
	return true;
}

/* ------------------------------------------------------------ all */

static bool make(struct testing *t)
{
	const struct scenario *const *all;
	const struct fault *const *faults;
	size_t scenarios = library_scenarios(t->options->library, &all);
	size_t count = library_faults(t->options->library, &faults);

	for (size_t i = 0; i < scenarios; i++)
		t->cap += all[i]->fault_count;
	t->rows = arena_array(t->arena, t->cap + 1, sizeof *t->rows);
	t->out->rows = t->rows;
	t->out->survivors = arena_array(t->arena, count + 1, sizeof(char *));
	t->out->crippling = arena_array(t->arena, count + 1, sizeof(char *));
	t->out->never_failing = arena_array(t->arena, scenarios + 1, sizeof(char *));
	t->out->broken = arena_array(t->arena, scenarios + 1, sizeof(char *));
	return t->rows && t->out->survivors && t->out->crippling && t->out->never_failing &&
	       t->out->broken;
}

struct selftest_whole {
	struct selftest out; /* first: what callers hold */
	struct arena *arena;
};

static bool wanted(const struct run_filter *f, const struct scenario *s)
{
	for (size_t i = 0; i < f->name_count; i++) {
		size_t len = strlen(f->names[i]);

		if (strncmp(s->id, f->names[i], len) == 0 && (s->id[len] == 0 || s->id[len] == '.'))
			return true;
	}
	return !f->name_count && strcmp(s->id, "selftest.honest") != 0;
}

static bool run_all(struct testing *t, struct why *why)
{
	const struct scenario *const *all;
	size_t count;

	if (!add_honest(t, why))
		return false;
	count = library_scenarios(t->options->library, &all);
	for (size_t i = 0; i < count; i++)
		if (wanted(&t->options->filter, all[i]) && !try_scenario(t, all[i], why))
			return false;
	return try_faults(t, why);
}

const struct selftest *selftest_run(const struct run_options *options, struct why *why)
{
	struct arena *a = arena_new(SELFTEST_ARENA);
	struct selftest_whole *whole = a ? arena_new_of(a, struct selftest_whole) : NULL;
	struct testing t = { .options = options, .arena = a };

	if (!whole) {
		arena_free(a);
		why_set(why, "no memory for the selftest");
		return NULL;
	}
	whole->arena = a;
	t.out = &whole->out;
	if (!options->profile->driver || strcmp(options->profile->driver, "builtin") != 0)
		why_set(why, "the selftest needs the built-in target");
	else if (!make(&t))
		why_set(why, "no memory for the selftest");
	else if (run_all(&t, why))
		return &whole->out;
	arena_free(a);
	return NULL;
}

void selftest_free(const struct selftest *t)
{
	if (t)
		arena_free(((const struct selftest_whole *)t)->arena);
}
