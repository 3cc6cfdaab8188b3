#include "inside.h"

#include <string.h>

const char *finding_state_name(enum finding_state s)
{
	static const char *const names[] = { "ok", "missing", "yes", "no", "note", "not checked" };

	return names[s];
}

size_t findings_in(const struct findings *f, enum finding_state s)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		count += f->rows[i].state == s;
	return count;
}

const struct finding *findings_find(const struct findings *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].name, name) == 0)
			return &f->rows[i];
	return NULL;
}
