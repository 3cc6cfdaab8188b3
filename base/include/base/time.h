/*
 * Time in microseconds.  No clock is read here: `now` is always an argument.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t usec;

#define USEC_NEVER UINT64_MAX
#define USEC_MS ((usec)1000)
#define USEC_S ((usec)1000000)
#define USEC_MIN (60 * USEC_S)
#define USEC_H (60 * USEC_MIN)

static inline usec usec_min(usec a, usec b)
{
	return a < b ? a : b;
}
/* now + span, USEC_NEVER if either is or the sum would wrap. */
static inline usec usec_after(usec now, usec span)
{
	return now > USEC_NEVER - span ? USEC_NEVER : now + span;
}
/* "200ms", "1.5s", "8h", "5min", "30us"; false if it is none. */
bool usec_parse(const char *text, usec *out);
/* "1.204s", "0.041s", "8h", for people; returns text. */
char *usec_print(usec t, char *text, size_t cap);

#endif
