/* A table of scenarios as text and what each must come to. */
#ifndef RUN_TESTS_TABLE_H
#define RUN_TESTS_TABLE_H

#include "support.h"

struct row {
	const char *name;
	struct asked asked;
	enum verdict verdict;
	const char *reason;     /* part of it; NULL: any */
	const char *observed;   /* all of it; NULL: any */
};

/* Fails after all rows were tried, if one came to something else. */
void try_rows(const struct row *rows, size_t count);

#endif
