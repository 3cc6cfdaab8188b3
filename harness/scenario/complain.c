#include <stdio.h>

#include "expr.h"
#include "library.h"

bool list_add(struct arena *a, struct list *list, void *item)
{
	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 16 : 2 * list->cap;
		void **items = arena_array(a, cap, sizeof(*items));
		if (items == NULL)
			return false;
		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->cap = cap;
	}
	list->items[list->count++] = item;
	return true;
}

bool told(const struct library *l, const char *file, unsigned line)
{
	for (size_t i = 0; i < l->complaints.count; i++) {
		const struct why *why = l->complaints.items[i];
		if (why->line == line && strncmp(why->file, file, sizeof(why->file) - 1) == 0)
			return true;
	}
	return false;
}

static bool is_new(const struct library *l, const struct why *why)
{
	for (size_t i = 0; i < l->complaints.count; i++) {
		const struct why *other = l->complaints.items[i];
		if (other->line == why->line && strcmp(other->text, why->text) == 0 &&
		    strcmp(other->file, why->file) == 0)
			return false;
	}
	return true;
}

bool complain(struct library *l, const char *file, unsigned line, const char *format, ...)
{
	struct why *why =
		l->complaints.count < COMPLAINTS_MAX ? arena_new_of(l->arena, struct why) : NULL;
	va_list args;
	if (why == NULL) {
		l->complaints_lost = true;
		return false;
	}
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	snprintf(why->file, sizeof(why->file), "%s", file);
	why->line = line;
	why->octet = WHY_NO_OCTET;
	if (is_new(l, why) && !list_add(l->arena, &l->complaints, why))
		l->complaints_lost = true;
	return false;
}

const char *did_you_mean(struct library *l, const char *word, const char *const *names,
			 size_t count)
{
	const char *near = why_nearest(word, names, count);
	const char *text =
		near != NULL ? arena_printf(l->arena, "; did you mean '%s'?", near) : NULL;
	return text != NULL ? text : "";
}

const char *word_next(struct arena *a, const char **at)
{
	static const char gaps[] = " ,";
	const char *from = *at + strspn(*at, gaps);
	size_t len = strcspn(from, gaps);
	*at = from + len;
	return len > 0 ? arena_printf(a, "%.*s", (int)len, from) : NULL;
}
