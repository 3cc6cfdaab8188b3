/*
 * Fuzz target: expressions of any characters, worked out, printed, converted and compared.
 */
#include "scenario/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static const struct variable *find(void *ctx, const char *name)
{
	static struct variable v = { .name = "v" };
	struct arena *a = ctx;
	if (strcmp(name, "v") != 0)
		return NULL;
	v.text = "${w} + ${v}";
	v.expr = expr_parse(a, v.text, NULL);
	return &v;
}

static bool lookup(void *ctx, const char *reference, struct arena *a, struct value *out,
		   struct why *why)
{
	static const struct value items[2] = { { .kind = VALUE_NUMBER, .number = 7, .bits = 16 },
					       { .kind = VALUE_TEXT, .text = "ecp256" } };
	(void)ctx;
	(void)a;
	if (strcmp(reference, "list") == 0)
		*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = 2 };
	else if (strcmp(reference, "w") == 0)
		*out = items[0];
	else
		return why_set(why, "no '%.20s'", reference);
	return true;
}

static void use(const struct value *v, struct arena *a)
{
	static const char *const functions[] = { "count", "distinct", "min", "max", "mean",
						 "step",  "ones",     "p99", "size" };
	char text[64];
	uint64_t n;
	usec t;
	struct bytes b;
	struct value out;
	value_print(v, text, sizeof(text));
	value_number(v, &n, NULL);
	value_time(v, &t, NULL);
	value_octets(v, 0, a, &b, NULL);
	value_octets(v, 4, a, &b, NULL);
	if (!value_equal(v, v) && v->kind != VALUE_NONE)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (value_computed(v, functions[i], a, &out, NULL))
			value_print(&out, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct arena *a;
	struct rng rng;
	struct value v;
	unsigned least, most;
	if (a == NULL)
		a = arena_new((size_t)16 << 20);
	if (a == NULL)
		abort();
	arena_reset(a);
	rng_seed(&rng, 1, "fuzz");
	const struct scope scope = { .variable = find,
				     .lookup = lookup,
				     .special = lookup,
				     .ctx = a,
				     .names = len % 2 ? &names_ke : NULL,
				     .rng = &rng };
	char *text = arena_alloc(a, len + 1);
	const char *expanded;
	if (text == NULL)
		return 0;
	if (len > 0)
		memcpy(text, at, len);
	const struct expr *one = expr_parse(a, text, NULL), *list = expr_parse_list(a, text, NULL);
	if (one != NULL && expr_eval(one, &scope, a, &v, NULL))
		use(&v, a);
	if (list != NULL && expr_eval(list, &scope, a, &v, NULL))
		use(&v, a);
	text_expand(text, &scope, a, &expanded, NULL);
	count_parse(text, &least, &most);
	return 0;
}
