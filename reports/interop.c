/* What worked with whom: the cases of area "interop" by feature, target and the target's role. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/matrix.h"

#define AREA "interop."
/* Scenarios of more cases than this on a target are one row. */
#define ROWS_MANY 12

static bool ends_in(const char *text, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len > n && strncmp(text + len - n, tail, n) == 0;
}

/* The name without what says a role: both are in one row. */
static size_t without_role(const char *id)
{
	static const char *const roles[] = { ".as-initiator", ".as-responder", "-initiator", "-responder" };
	size_t len = strlen(id);

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (ends_in(id, len, roles[i]))
			return len - strlen(roles[i]);
	return len;
}

/* The most that a target has of the scenario of a case. */
static size_t most_cases(const struct results *r, const struct result_case *c)
{
	size_t most = 0, count[MATRIX_TARGETS] = { 0 };

	for (size_t i = 0; c->file && i < r->count; i++) {
		size_t at = matrix_target(r, r->cases[i].target);

		if (at < MATRIX_TARGETS && r->cases[i].file && strcmp(r->cases[i].file, c->file) == 0 &&
		    ++count[at] > most)
			most = count[at];
	}
	return most;
}

static void name_row(const struct results *r, const struct result_case *c, char name[static 80])
{
	size_t len = without_role(c->id) - strlen(AREA);
	const char *at = c->id + strlen(AREA);

	if (most_cases(r, c) > ROWS_MANY)
		len = strcspn(at, ".");
	snprintf(name, 80, "%.*s", (int)len, at);
}

static struct interop_row *row_of(struct interop *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	snprintf(t->rows[t->count].name, sizeof(t->rows[0].name), "%s", name);
	return &t->rows[t->count++];
}

static void add(struct interop_cell *cell, const struct result_case *c)
{
	bool worse = !cell->verdict || matrix_weight(c->verdict) > matrix_weight(cell->verdict);

	cell->count++;
	cell->good += matrix_weight(c->verdict) <= matrix_weight("expected-fail") &&
		      strcmp(c->verdict, "not-applicable") != 0;
	if (!worse)
		return;
	cell->verdict = c->verdict;
	cell->shown = c;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct interop_row *)a)->name, ((const struct interop_row *)b)->name);
}

bool interop_make(const struct results *r, struct interop *out)
{
	*out = (struct interop){ .rows = calloc(r->count + 1, sizeof(*out->rows)) };
	for (size_t i = 0; out->rows && i < r->count; i++) {
		const struct result_case *c = &r->cases[i];
		size_t at = matrix_target(r, c->target);
		struct interop_row *row;
		char name[80];

		if (at >= MATRIX_TARGETS || at >= r->target_count || strncmp(c->id, AREA, strlen(AREA)) != 0)
			continue;
		name_row(r, c, name);
		row = row_of(out, name);
		if (!row->first) {
			row->first = c;
			row->title = c->title;
		}
		add(&row->cell[at][c->role && strcmp(c->role, "initiator") == 0 ? INTEROP_INITIATOR
										: INTEROP_RESPONDER],
		    c);
	}
	if (out->rows)
		qsort(out->rows, out->count, sizeof(*out->rows), by_name);
	return out->rows != NULL;
}

void interop_free(struct interop *table)
{
	free(table->rows);
	*table = (struct interop){ 0 };
}
