/* The matrix of a run on several targets: scenarios by targets and requirements by targets; see matrix-page.c. */
#include <stdlib.h>
#include <string.h>

#include "reports/matrix.h"

static const char *const weight[] = {
	"not-applicable", "pass", "weak", "expected-fail", "inconclusive", "error", "unexpected-pass", "fail", "died",
};

int matrix_weight(const char *verdict)
{
	for (int i = 0; i < (int)ARRAY_LEN(weight); i++)
		if (strcmp(weight[i], verdict) == 0)
			return i;
	return -1;
}

size_t matrix_target(const struct results *r, const char *id)
{
	size_t i = 0;

	while (i < r->target_count && strcmp(r->targets[i].id, id ? id : "") != 0)
		i++;
	return i;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct matrix_row *)a)->name, ((const struct matrix_row *)b)->name);
}

/* A cell for each verdict that was given, unsorted. */
static bool gather(const struct results *r, bool requirements, struct matrix *m)
{
	size_t cap = 0;

	for (size_t i = 0; i < r->count; i++)
		cap += requirements ? r->cases[i].requirement_count : 1;
	m->rows = calloc(cap + 1, sizeof(*m->rows));
	for (size_t i = 0; m->rows && i < r->count; i++) {
		const struct result_case *c = &r->cases[i];
		size_t at = matrix_target(r, c->target);

		for (size_t k = 0; at < r->target_count && at < MATRIX_TARGETS &&
				   k < (requirements ? c->requirement_count : 1); k++) {
			struct matrix_row *row = &m->rows[m->count++];
			const char *verdict = requirements ? c->requirements[k].verdict : c->verdict;

			row->name = requirements ? c->requirements[k].ref : c->id;
			row->title = requirements ? results_rule(r, row->name) : c->title;
			/* What a known deviation explains is no failure of the requirement either. */
			if (requirements && strcmp(c->verdict, "expected-fail") == 0 && matrix_weight(verdict) > 2)
				verdict = "expected-fail";
			row->verdict[at] = verdict;
		}
	}
	return m->rows != NULL;
}

static void join(struct matrix_row *into, const struct matrix_row *from)
{
	for (size_t t = 0; t < MATRIX_TARGETS; t++)
		if (from->verdict[t] &&
		    (!into->verdict[t] || matrix_weight(from->verdict[t]) > matrix_weight(into->verdict[t])))
			into->verdict[t] = from->verdict[t];
}

bool matrix_make(const struct results *r, bool requirements, struct matrix *m)
{
	size_t kept = 0;

	*m = (struct matrix){ 0 };
	if (!gather(r, requirements, m))
		return false;
	qsort(m->rows, m->count, sizeof(*m->rows), by_name);
	for (size_t i = 0; i < m->count; i++) {
		if (kept > 0 && strcmp(m->rows[kept - 1].name, m->rows[i].name) == 0)
			join(&m->rows[kept - 1], &m->rows[i]);
		else
			m->rows[kept++] = m->rows[i];
	}
	m->count = kept;
	return true;
}

void matrix_free(struct matrix *m)
{
	free(m->rows);
	*m = (struct matrix){ 0 };
}
