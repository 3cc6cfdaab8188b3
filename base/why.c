#include "base/why.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct why *why, const char *format, va_list args)
{
	vsnprintf(why->text, sizeof(why->text), format, args);
	why->path[0] = '\0';
	why->octet = WHY_NO_OCTET;
	why->file[0] = '\0';
	why->line = 0;
}

bool why_set(struct why *why, const char *format, ...)
{
	if (!why)
		return false;
	va_list args;
	va_start(args, format);
	set_text(why, format, args);
	va_end(args);
	return false;
}

bool why_at_octet(struct why *why, size_t octet, const char *path, const char *format, ...)
{
	if (!why)
		return false;
	va_list args;
	va_start(args, format);
	set_text(why, format, args);
	va_end(args);
	why->octet = octet;
	snprintf(why->path, sizeof(why->path), "%s", path ? path : "");
	return false;
}

bool why_at_line(struct why *why, const char *file, unsigned line, const char *format, ...)
{
	if (!why)
		return false;
	va_list args;
	va_start(args, format);
	set_text(why, format, args);
	va_end(args);
	snprintf(why->file, sizeof(why->file), "%s", file ? file : "");
	why->line = line;
	return false;
}

const char *why_print(const struct why *why, char *text, size_t cap)
{
	if (why->file[0])
		snprintf(text, cap, "%s:%u: %s", why->file, why->line, why->text);
	else if (why->octet != WHY_NO_OCTET && why->path[0])
		snprintf(text, cap, "octet %zu (%s): %s", why->octet, why->path, why->text);
	else if (why->octet != WHY_NO_OCTET)
		snprintf(text, cap, "octet %zu: %s", why->octet, why->text);
	else if (why->path[0])
		snprintf(text, cap, "%s: %s", why->path, why->text);
	else
		snprintf(text, cap, "%s", why->text);
	return text;
}

#define WORD_MAX 63

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	for (unsigned j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]) && up2[j - 2] + 1 < now[j])
				now[j] = up2[j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

const char *why_nearest(const char *word, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t len = strlen(word);
	unsigned best = (unsigned)(len / 3) + 1;    /* beyond this it is another word */
	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!names[i] || strlen(names[i]) > WORD_MAX)
			continue;
		unsigned d = distance(word, names[i]);
		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}
