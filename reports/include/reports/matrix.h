/*
 * The interop matrix of a run on several targets: a row for each case or requirement, a column for each target, in
 * each cell the worst verdict there (NULL: it was not run).  Rows are sorted by name.
 */
#ifndef REPORTS_MATRIX_H
#define REPORTS_MATRIX_H

#include "reports/reports.h"

#define MATRIX_TARGETS 16

struct matrix_row {
	const char *name, *title;               /* borrowed of the results */
	const char *verdict[MATRIX_TARGETS];    /* in the order of their targets */
};
struct matrix {
	struct matrix_row *rows;
	size_t count;
};
/* False without memory. */
bool matrix_make(const struct results *r, bool requirements, struct matrix *m);
void matrix_free(struct matrix *m);
/* What became of the cases of a feature on a target in one role; count 0: the profile has none. */
struct interop_cell {
	const char *verdict;                    /* the worst; NULL: none */
	size_t count, good;                     /* cases, and those that passed or are known deviations */
	const struct result_case *shown;        /* the worst, for its capture and reason */
};
enum interop_role { INTEROP_INITIATOR, INTEROP_RESPONDER, INTEROP_ROLES };      /* of the target */
/*
 * What worked with whom: the cases of area "interop", both roles of a feature in one row.  Scenarios of many cases
 * (each suite of a list) are one row.
 */
struct interop_row {
	char name[80];
	const char *title;
	const struct result_case *first;        /* for its requirements */
	struct interop_cell cell[MATRIX_TARGETS][INTEROP_ROLES];
};
struct interop {
	struct interop_row *rows;
	size_t count;
};
/* Sorted by name.  False without memory. */
bool interop_make(const struct results *r, struct interop *out);
void interop_free(struct interop *table);
/* From best to worst, as verdicts are weighed; what a deviation explains stands between. */
int matrix_weight(const char *verdict);
size_t matrix_target(const struct results *r, const char *id);
/* One page that needs no other file but the captures it leads to; false with why if it could not be written. */
bool matrix_html_write(const struct results *r, const char *path, struct why *why);

#endif
