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
/* One page that needs no other file; false with why if it could not be written. */
bool matrix_html_write(const struct results *r, const char *path, struct why *why);

#endif
