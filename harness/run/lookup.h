/* What lookups share: paths taken apart, values put together. */
#ifndef RUN_LOOKUP_H
#define RUN_LOOKUP_H

#include "inside.h"

/* The end of the first step of a path: a dot outside of brackets, or the end. */
const char *path_step_end(const char *p);
/* Takes "what()" off the end of a path; NULL if it does not end so. */
const char *path_function(struct arena *a, const char *path, const char **rest);

static inline struct value of_number(uint64_t n, unsigned bits)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = n, .bits = bits };
}

static inline struct value of_octets(struct bytes b)
{
	return (struct value){ .kind = VALUE_OCTETS, .octets = b };
}

static inline struct value of_time(usec t)
{
	return (struct value){ .kind = VALUE_TIME, .number = t };
}

static inline struct value of_text(const char *text)
{
	return (struct value){ .kind = VALUE_TEXT, .text = text };
}

#endif
