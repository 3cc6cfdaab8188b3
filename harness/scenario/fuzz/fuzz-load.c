/*
 * Fuzz target: files of any octets through every stage of the loader, and what loads into cases.
 */
#include "scenario/scenario.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

/* A library keeps all that it has loaded: a fresh one now and then. */
#define ROUNDS 200

static void hear(void *ctx, const struct why *why)
{
	char text[700];
	(void)ctx;
	if (why_print(why, text, sizeof(text))[0] == '\0')
		abort();
}

static struct library *fresh(struct library *old)
{
	const char *root = getenv("IKESPEC_SCENARIOS");
	struct why why;
	library_free(old);
	struct library *l = library_new(root != NULL ? root : "scenarios", NULL, &why);
	if (l == NULL)
		abort();
	return l;
}

static bool no_fields(void *ctx, const char *message, enum role target, int kind, struct arena *a,
		      const char ***out, size_t *count, struct why *why)
{
	(void)ctx, (void)message, (void)target, (void)kind, (void)a, (void)why;
	*out = NULL;
	*count = 0;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct library *l;
	static unsigned round;
	const struct scenario *const *all;
	const struct scenario_case *cases;
	size_t count;
	if (round++ % ROUNDS == 0) {
		l = fresh(l);
		library_set_fields(l, no_fields, NULL);
	}
	library_load_text(l, "fuzz.xml", bytes_make(at, len), hear, NULL);
	size_t scenarios = library_scenarios(l, &all);
	if (scenarios == 0)
		return 0;
	const struct scenario *s = all[round % scenarios];
	if (scenario_cases(l, s, NULL, NULL, 0, &cases, &count, NULL))
		for (size_t i = 0; i < count; i++)
			if (cases[i].id == NULL)
				abort();
	return 0;
}
