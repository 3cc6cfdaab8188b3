#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define LINE_CAP 16384

bool ping_line(const struct target_child *child, char *line, size_t cap)
{
	char from[ADDRESS_TEXT], to[ADDRESS_TEXT];

	snprintf(line, cap, "ping -n -c 1 -W 5 -I %s %s", address_print(&child->target, from),
		address_print(&child->tester, to));
	return true;
}

bool line_fill(const char *format, const struct target_connection *c,
		const struct target_child *child, char *line, size_t cap)
{
	if (!format)
		return false;
	/* The drivers' formats are constants with at most two strings: %1$s and %2$s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return snprintf(line, cap, format, c ? c->name : "", child ? child->suffix : "") < (int)cap;
#pragma GCC diagnostic pop
}

usec ping_rtt(const char *text)
{
	const char *at = strstr(text, "time=");

	return at ? (usec)(strtod(at + 5, NULL) * 1000.0) : 0;
}

void each_line(const char *text, void (*take)(const char *line, void *context), void *context)
{
	char line[LINE_CAP];

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t kept = len < LINE_CAP ? len : LINE_CAP - 1;

		memcpy(line, text, kept);
		line[kept] = '\0';
		take(line, context);
		text += len;
		text += *text == '\n';
	}
}

uint64_t number_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}
