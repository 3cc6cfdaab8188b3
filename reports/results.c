/* Gathering results from the event log. */
#include <stdlib.h>

#include "reports/reports.h"

#define NOTES_OCTETS 8000

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void replace(char **at, const char *text)
{
	free(*at);
	*at = copy(text);
}

/* One more element at the end of an array; NULL if there is no memory. */
static void *grow(void **array, size_t *count, size_t size)
{
	char *grown = realloc(*array, (*count + 1) * size);

	if (!grown)
		return NULL;
	*array = grown;
	memset(grown + *count * size, 0, size);
	return grown + (*count)++ * size;
}

struct results *results_new(void)
{
	return calloc(1, sizeof(struct results));
}

static void free_case(struct result_case *c)
{
	char *owned[] = { c->id, c->target, c->title, c->area, c->role, c->verdict, c->reason, c->observed,
			  c->file, c->at_file, c->broken, c->wanted, c->got, c->capture, c->notes, c->esp };
	size_t i;

	for (i = 0; i < ARRAY_LEN(owned); i++)
		free(owned[i]);
	for (i = 0; i < c->requirement_count; i++) {
		free(c->requirements[i].ref);
		free(c->requirements[i].level);
		free(c->requirements[i].gate);
		free(c->requirements[i].verdict);
	}
	free(c->requirements);
}

void results_free(struct results *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->count; i++)
		free_case(&r->cases[i]);
	for (i = 0; i < r->open_count; i++)
		free_case(&r->open[i]);
	for (i = 0; i < r->target_count; i++) {
		free(r->targets[i].id);
		free(r->targets[i].version);
		free(r->targets[i].address);
	}
	for (i = 0; i < r->catalogue_count; i++) {
		free(r->catalogue[i].id);
		free(r->catalogue[i].rule);
		free(r->catalogue[i].section);
	}
	free(r->catalogue);
	free(r->targets);
	free(r->cases);
	free(r->open);
	free(r->version);
	free(r);
}

enum outcome verdict_outcome(const char *verdict)
{
	static const struct {
		const char *verdict;
		enum outcome outcome;
	} rows[] = {
		{ "pass", OUTCOME_PASSED },            { "weak", OUTCOME_PASSED },
		{ "fail", OUTCOME_FAILED },            { "died", OUTCOME_FAILED },
		{ "unexpected-pass", OUTCOME_FAILED }, { "inconclusive", OUTCOME_ERROR },
		{ "error", OUTCOME_ERROR },            { "not-applicable", OUTCOME_SKIPPED },
		{ "expected-fail", OUTCOME_SKIPPED },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (verdict && strcmp(rows[i].verdict, verdict) == 0)
			return rows[i].outcome;
	return OUTCOME_ERROR;
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static struct result_target *target_of(struct results *r, const char *id)
{
	struct result_target *t;
	size_t i;

	for (i = 0; i < r->target_count; i++)
		if (same(r->targets[i].id, id))
			return &r->targets[i];
	t = grow((void **)&r->targets, &r->target_count, sizeof(*t));
	if (t)
		t->id = copy(id ? id : "");
	return t;
}

static struct result_case *open_case(struct results *r, const struct event *e)
{
	size_t i;

	for (i = 0; e->run && i < r->open_count; i++)
		if (same(r->open[i].id, e->run) && same(r->open[i].target, e->target))
			return &r->open[i];
	return NULL;
}

static void hear_case(struct results *r, const struct event *e)
{
	struct result_case *c = open_case(r, e);

	/* Another attempt of a case that was not decided. */
	if (c) {
		free_case(c);
		*c = (struct result_case){ 0 };
	} else {
		c = grow((void **)&r->open, &r->open_count, sizeof(*c));
	}
	if (!c)
		return;
	c->id = copy(e->run ? e->run : e->id);
	c->target = copy(e->target ? e->target : "");
	c->title = copy(e->text);
	c->area = copy(e->path);
	c->role = copy(e->detail);
	c->file = copy(e->file);
	c->line = e->line;
	target_of(r, c->target);
}

static void hear_verdict(struct result_case *c, const struct event *e)
{
	struct result_requirement *q = grow((void **)&c->requirements, &c->requirement_count, sizeof(*q));

	if (!q)
		return;
	q->ref = copy(e->id);
	q->level = copy(e->detail);
	q->gate = copy(e->path);
	q->verdict = copy(e->verdict);
}

static void hear_note(struct result_case *c, const struct event *e)
{
	size_t had = c->notes ? strlen(c->notes) : 0, more = e->text ? strlen(e->text) : 0;
	char *grown;

	if (more == 0 || had + more + 2 > NOTES_OCTETS)
		return;
	grown = realloc(c->notes, had + more + 2);
	if (!grown)
		return;
	memcpy(grown + had, e->text, more);
	memcpy(grown + had + more, "\n", 2);
	c->notes = grown;
}

static void hear_esp(struct result_case *c, const struct event *e)
{
	replace(&c->esp, e->text);
	c->esp_packets = (uint64_t)e->number;
	c->esp_span = e->time;
}

double results_esp_rate(const struct result_case *c)
{
	return c->esp_packets > 1 && c->esp_span > 0 ? (double)c->esp_packets * 1e6 / (double)c->esp_span : 0;
}

/* A case that is run again (alone, or with --retries) counts once, as it ended last. */
static struct result_case *earlier_attempt(struct results *r, const struct result_case *c)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (same(r->cases[i].id, c->id) && same(r->cases[i].target, c->target))
			return &r->cases[i];
	return NULL;
}

static void hear_case_end(struct results *r, struct result_case *c, const struct event *e)
{
	struct result_case *done;

	replace(&c->verdict, e->verdict);
	replace(&c->reason, e->text);
	replace(&c->observed, e->detail);
	replace(&c->broken, e->id);
	replace(&c->wanted, e->wanted);
	replace(&c->got, e->got);
	replace(&c->at_file, e->file);
	c->at_line = e->line;
	c->seconds = e->time;
	c->wall = (usec)e->number;
	done = earlier_attempt(r, c);
	if (done)
		free_case(done);
	else
		done = grow((void **)&r->cases, &r->count, sizeof(*done));
	if (done)
		*done = *c;
	else
		free_case(c);
	*c = r->open[--r->open_count];
}

static void hear_catalogue(struct results *r, const struct event *e)
{
	size_t size = sizeof(*r->catalogue);

	if (!grow((void **)&r->catalogue, &r->catalogue_count, size))
		return;
	r->catalogue[r->catalogue_count - 1].id = copy(e->id);
	r->catalogue[r->catalogue_count - 1].rule = copy(e->text);
	r->catalogue[r->catalogue_count - 1].section = copy(e->path);
}

static void hear_run(struct results *r, const struct event *e)
{
	struct result_target *t;

	switch (e->kind) {
	case EVENT_BEGIN:
		replace(&r->version, e->text);
		r->seed = (uint64_t)e->number;
		r->open_runs++;
		break;
	case EVENT_CATALOGUE:
		hear_catalogue(r, e);
		break;
	case EVENT_PROFILE:
		t = target_of(r, e->id);
		if (t) {
			replace(&t->address, e->path);
			replace(&t->version, e->got);
		}
		break;
	case EVENT_END:
		r->wall += (usec)e->number;
		r->interrupted = r->interrupted || (e->verdict && strcmp(e->verdict, "interrupted") == 0);
		if (r->open_runs > 0)
			r->open_runs--;
		break;
	default:
		break;
	}
}

void results_hear(void *results, const struct event *e)
{
	struct results *r = results;
	struct result_case *c;

	if (e->kind == EVENT_CASE) {
		hear_case(r, e);
		return;
	}
	c = open_case(r, e);
	if (!c) {
		hear_run(r, e);
		return;
	}
	if (e->kind == EVENT_VERDICT)
		hear_verdict(c, e);
	else if (e->kind == EVENT_NOTE || e->kind == EVENT_TARGET)
		hear_note(c, e);
	else if (e->kind == EVENT_ESP)
		hear_esp(c, e);
	else if (e->kind == EVENT_CASE_END)
		hear_case_end(r, c, e);
}

void results_capture(struct result_case *c, const char *path)
{
	replace(&c->capture, path);
}

const char *results_file(const struct result_case *c)
{
	const char *file = c->at_line > 0 && c->at_file ? c->at_file : c->file;

	return file ? file : "";
}

unsigned results_line(const struct result_case *c)
{
	return c->at_line > 0 && c->at_file ? c->at_line : c->line;
}

static int by_target_and_id(const void *a, const void *b)
{
	const struct result_case *x = a, *y = b;
	int order = strcmp(x->target ? x->target : "", y->target ? y->target : "");

	return order ? order : strcmp(x->id ? x->id : "", y->id ? y->id : "");
}

static void count_case(struct result_target *t, const struct result_case *c)
{
	enum outcome o = verdict_outcome(c->verdict);

	t->passed += o == OUTCOME_PASSED;
	t->weak += c->verdict && strcmp(c->verdict, "weak") == 0;
	t->failed += o == OUTCOME_FAILED || o == OUTCOME_ERROR;
	t->errors += o == OUTCOME_ERROR;
	t->skipped += o == OUTCOME_SKIPPED;
}

void results_sort(struct results *r)
{
	size_t i;

	if (r->count > 0)
		qsort(r->cases, r->count, sizeof(*r->cases), by_target_and_id);
	for (i = 0; i < r->target_count; i++) {
		struct result_target *t = &r->targets[i];

		t->passed = t->weak = t->failed = t->errors = t->skipped = 0;
	}
	for (i = 0; i < r->count; i++) {
		struct result_target *t = target_of(r, r->cases[i].target);

		if (t)
			count_case(t, &r->cases[i]);
	}
}

const char *results_rule(const struct results *r, const char *ref)
{
	size_t i;

	for (i = 0; ref && i < r->catalogue_count; i++)
		if (strcmp(r->catalogue[i].id, ref) == 0)
			return r->catalogue[i].rule;
	return NULL;
}

size_t results_total(const struct results *r, enum outcome o)
{
	size_t i, total = 0;

	for (i = 0; i < r->count; i++)
		total += verdict_outcome(r->cases[i].verdict) == o;
	return total;
}

static bool any_weak(const struct results *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->cases[i].verdict && strcmp(r->cases[i].verdict, "weak") == 0)
			return true;
	return false;
}

int results_exit_code(const struct results *r, bool strict)
{
	if (results_total(r, OUTCOME_FAILED) > 0 || (strict && any_weak(r)))
		return 1;
	if (results_total(r, OUTCOME_ERROR) > 0)
		return 3;
	return r->interrupted || r->open_runs > 0 ? 2 : 0;
}
