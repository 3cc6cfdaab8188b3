/*
 * Text from targets, files and people made fit for a report.
 *
 * Valid UTF-8 stays.  Control characters but newline and tab, what is no UTF-8 and what XML cannot hold
 * become '?', so that no writer can be led astray; too long a text is cut between two characters.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stddef.h>

/* Each returns out; in may be NULL, which gives an empty text. */
char *text_clean(const char *in, char *out, size_t cap);
/* The same on one line: newlines and tabs become spaces. */
char *text_line(const char *in, char *out, size_t cap);

#endif
