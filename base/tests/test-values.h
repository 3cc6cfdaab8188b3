/*
 * Values of edits in tests, as text: "12", "h0a0b" (octets), "honest", "honest+1", "index", "fail".
 */
#ifndef TEST_VALUES_H
#define TEST_VALUES_H

#include "base/edit.h"

#include <stdio.h>
#include <stdlib.h>

struct edit_log {
	char text[600];
};

static bool test_value(void *ctx, const void *expression, const struct edit_place *place,
		       struct arena *a, struct edit_value *out, struct why *why)
{
	const char *text = expression;
	uint8_t octets[256];
	size_t len;

	(void)ctx;
	*out = (struct edit_value){ 0 };
	if (strcmp(text, "fail") == 0)
		return why_set(why, "no such variable");
	if (strcmp(text, "index") == 0) {
		out->number = place->index;
	} else if (strncmp(text, "honest", 6) == 0) {
		*out = place->honest;
		out->number += strtoull(text + 6, NULL, 10);
	} else if (*text == 'h') {
		if (!bytes_from_hex(text + 1, octets, sizeof(octets), &len))
			return why_set(why, "not hex");
		out->is_octets = true;
		out->octets = arena_copy(a, bytes_make(octets, len));
	} else {
		out->number = strtoull(text, NULL, 0);
	}
	return true;
}

static void test_edited(void *ctx, const struct edit *e, const char *path, const char *from, const char *to)
{
	struct edit_log *log = ctx;
	size_t len = strlen(log->text);

	(void)e;
	snprintf(log->text + len, sizeof(log->text) - len, "%s: %s -> %s\n", path, from, to);
}

#endif
