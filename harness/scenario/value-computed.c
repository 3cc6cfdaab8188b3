/* Functions over a value or a list of values: what a `repeat` with `save` has gathered. */
#include <stdlib.h>

#include "expr.h"

#define MICRO 1000000

struct many {
	const struct value *items;
	size_t count;
};

static struct many many_of(const struct value *v)
{
	if (v->kind == VALUE_LIST)
		return (struct many){ v->items, v->count };
	return (struct many){ v, v->kind == VALUE_NONE ? 0 : 1 };
}

static bool count_of(struct many m, struct arena *a, struct value *out)
{
	(void)a;
	*out = value_of_number(m.count);
	return true;
}

/* A hash that goes with value_equal for values of one kind. */
static uint64_t hash_of(const struct value *v)
{
	uint64_t h = 1469598103934665603u;
	struct bytes b = v->kind == VALUE_OCTETS ? v->octets
			 : v->kind == VALUE_TEXT ? bytes_text(v->text)
						 : bytes_make(&v->number, sizeof(v->number));
	if (v->kind == VALUE_ADDRESS)
		b = bytes_make(v->address.ip, sizeof(v->address.ip));
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * 1099511628211u;
	return h;
}

/* Open addressing over the indexes, so that a thousand rounds of long nonces cost nothing. */
static bool distinct_of(struct many m, struct arena *a, struct value *out)
{
	size_t cap = 4, distinct = 0;
	while (cap < 2 * m.count)
		cap *= 2;
	const struct value **table = arena_array(a, cap, sizeof(*table));
	if (table == NULL)
		return false;
	for (size_t i = 0; i < m.count; i++) {
		size_t at = hash_of(&m.items[i]) & (cap - 1);
		while (table[at] != NULL && !value_equal(table[at], &m.items[i]))
			at = (at + 1) & (cap - 1);
		if (table[at] == NULL)
			distinct++;
		table[at] = &m.items[i];
	}
	*out = value_of_number(distinct);
	return true;
}

static bool extreme_of(struct many m, int wanted, struct value *out)
{
	int order;
	if (m.count == 0)
		return false;
	*out = m.items[0];
	for (size_t i = 1; i < m.count; i++) {
		if (!value_order(&m.items[i], out, &order))
			return false;
		if (order == wanted)
			*out = m.items[i];
	}
	return true;
}

static bool min_of(struct many m, struct arena *a, struct value *out)
{
	(void)a;
	return extreme_of(m, -1, out);
}

static bool max_of(struct many m, struct arena *a, struct value *out)
{
	(void)a;
	return extreme_of(m, 1, out);
}

static enum value_kind number_kind(const struct value *v)
{
	return v->kind == VALUE_TIME ? VALUE_TIME : VALUE_NUMBER;
}

static bool mean_of(struct many m, struct arena *a, struct value *out)
{
	wide sum = 0, w;
	(void)a;
	for (size_t i = 0; i < m.count; i++) {
		if (!value_wide(&m.items[i], &w))
			return false;
		sum += w;
	}
	return m.count > 0 && value_from_wide(sum / (wide)m.count, number_kind(m.items), out, NULL);
}

/* From each to the next: a list, one shorter. */
static bool step_of(struct many m, struct arena *a, struct value *out)
{
	wide x, y;
	size_t count = m.count > 0 ? m.count - 1 : 0;
	struct value *items = arena_array(a, count + 1, sizeof(*items));
	if (items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!value_wide(&m.items[i], &x) || !value_wide(&m.items[i + 1], &y) ||
		    !value_from_wide(y - x, number_kind(&m.items[i]), &items[i], NULL))
			return false;
	*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = count };
	return true;
}

/* The share of bits set, over all octets. */
static bool ones_of(struct many m, struct arena *a, struct value *out)
{
	uint64_t set = 0, all = 0;
	for (size_t i = 0; i < m.count; i++) {
		struct bytes b;
		if (!value_octets(&m.items[i], 0, a, &b, NULL))
			return false;
		all += 8 * b.len;
		for (size_t k = 0; k < b.len; k++)
			set += (unsigned)__builtin_popcount(b.at[k]);
	}
	return all > 0 && value_from_wide((wide)set * MICRO / all, VALUE_NUMBER, out, NULL);
}

static int order_values(const void *a, const void *b)
{
	int order = 0;
	value_order(a, b, &order);
	return order;
}

/* The value that 99 of 100 do not go beyond. */
static bool p99_of(struct many m, struct arena *a, struct value *out)
{
	int order;
	struct value *sorted = arena_array(a, m.count + 1, sizeof(*sorted));
	if (sorted == NULL || m.count == 0)
		return false;
	for (size_t i = 0; i < m.count; i++) {
		sorted[i] = m.items[i];
		if (!value_order(&m.items[0], &m.items[i], &order))
			return false;
	}
	qsort(sorted, m.count, sizeof(*sorted), order_values);
	*out = sorted[(m.count * 99 + 99) / 100 - 1];
	return true;
}

static bool size_of_one(const struct value *v, struct arena *a, struct value *out)
{
	struct bytes b;
	if (!value_octets(v, 0, a, &b, NULL))
		return false;
	*out = value_of_number(b.len);
	return true;
}

static bool size_of(struct many m, struct arena *a, struct value *out)
{
	struct value *items = arena_array(a, m.count + 1, sizeof(*items));
	if (items == NULL)
		return false;
	for (size_t i = 0; i < m.count; i++)
		if (!size_of_one(&m.items[i], a, &items[i]))
			return false;
	*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = m.count };
	return true;
}

static const struct {
	const char *name;
	bool (*work)(struct many m, struct arena *a, struct value *out);
} functions[] = {
	{ "count",    count_of    },
	{ "distinct", distinct_of },
	{ "min",      min_of      },
	{ "max",      max_of      },
	{ "mean",     mean_of     },
	{ "step",     step_of     },
	{ "ones",     ones_of     },
	{ "p99",      p99_of      },
	{ "size",     size_of     },
};

bool value_computed(const struct value *v, const char *what, struct arena *a, struct value *out,
		    struct why *why)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (strcmp(what, functions[i].name) != 0)
			continue;
		if (functions[i].work == size_of && v->kind != VALUE_LIST)
			return size_of_one(v, a, out) ||
			       why_set(why, "size() of what has no octets");
		return functions[i].work(many_of(v), a, out) ||
		       why_set(why, "%s() cannot be worked out of these values", what);
	}
	return why_set(why, "there is no function %s()", what);
}
