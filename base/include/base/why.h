/*
 * Why something was refused: an error with its place, for people.
 *
 * Functions that can fail take a `struct why *` last (NULL allowed) and return false; the text names
 * what was wanted and what was got, the place is a file and line, or an octet and a path in a message.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdarg.h>

#define WHY_NO_OCTET ((size_t)-1)

struct why {
	char text[320];
	char path[96];      /* of a field, or empty */
	size_t octet;       /* WHY_NO_OCTET if it has none */
	char file[160];     /* or empty */
	unsigned line;
};

/* Sets the text and forgets the place; returns false, so that `return why_set(...)` reads well. */
bool why_set(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with a place. */
bool why_at_octet(struct why *why, size_t octet, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool why_at_line(struct why *why, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* "file:line: text" or "octet 28 (KE.length): text" or "text". */
const char *why_print(const struct why *why, char *text, size_t cap);

/* The known name nearest to a misspelt one, or NULL if none is near ("did you mean 'length'?"). */
const char *why_nearest(const char *word, const char *const *names, size_t count);

#endif
