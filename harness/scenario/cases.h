/* Pieces of the expansion of cases that the checks of pass 2 use too. */
#ifndef SCENARIO_CASES_H
#define SCENARIO_CASES_H

#include "scenario/scenario.h"

/* "0..64" of a for-each. */
bool range_parse(const char *text, uint64_t *low, uint64_t *high);
/* "fields:MESSAGE:KIND". */
bool fields_parse(const char *text, char message[static 32], int *kind, struct why *why);
const char *case_id(struct arena *a, const struct scenario *s, const struct scenario_row *row,
		    const struct variable *chosen, size_t count, enum role role);

#endif
