/* Verdicts, their names, and what the gate of a requirement makes of a break. */
#include "run/run.h"

#include "inside.h"

/* clang-format off */
static const char *const verdict_names[VERDICTS] = {
	[VERDICT_NOT_APPLICABLE]  = "not-applicable",
	[VERDICT_PASS]            = "pass",
	[VERDICT_WEAK]            = "weak",
	[VERDICT_INCONCLUSIVE]    = "inconclusive",
	[VERDICT_ERROR]           = "error",
	[VERDICT_FAIL]            = "fail",
	[VERDICT_DIED]            = "died",
	[VERDICT_EXPECTED_FAIL]   = "expected-fail",
	[VERDICT_UNEXPECTED_PASS] = "unexpected-pass",
};
/* clang-format on */

const char *verdict_name(enum verdict v)
{
	return (unsigned)v < VERDICTS ? verdict_names[v] : "?";
}

bool verdict_parse(const char *name, enum verdict *out)
{
	for (size_t i = 0; i < VERDICTS; i++) {
		if (strcmp(name, verdict_names[i]) == 0) {
			*out = (enum verdict)i;
			return true;
		}
	}
	return false;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

/* clang-format off */
static const enum verdict breaks[] = {
	[GATE_VIOLATION]      = VERDICT_FAIL,
	[GATE_DEFINITION]     = VERDICT_FAIL,
	[GATE_RECOMMENDATION] = VERDICT_WEAK,
	[GATE_INTERPRETATION] = VERDICT_WEAK,
	[GATE_OPTION]         = VERDICT_PASS,
};
/* clang-format on */

enum verdict verdict_of_break(enum gate gate)
{
	return (unsigned)gate < ARRAY_LEN(breaks) ? breaks[gate] : VERDICT_FAIL;
}

/* clang-format off */
static const enum tally tallies[VERDICTS] = {
	[VERDICT_NOT_APPLICABLE]  = TALLY_SKIPPED,
	[VERDICT_PASS]            = TALLY_PASSED,
	[VERDICT_WEAK]            = TALLY_PASSED,
	[VERDICT_INCONCLUSIVE]    = TALLY_ERRORS,
	[VERDICT_ERROR]           = TALLY_ERRORS,
	[VERDICT_FAIL]            = TALLY_FAILED,
	[VERDICT_DIED]            = TALLY_FAILED,
	[VERDICT_EXPECTED_FAIL]   = TALLY_SKIPPED,
	[VERDICT_UNEXPECTED_PASS] = TALLY_FAILED,
};
/* clang-format on */

enum tally verdict_tally(enum verdict v, bool strict)
{
	if (strict && v == VERDICT_WEAK)
		return TALLY_FAILED;
	return (unsigned)v < VERDICTS ? tallies[v] : TALLY_ERRORS;
}
