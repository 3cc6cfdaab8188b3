#include "internal.h"

#include <string.h>

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
