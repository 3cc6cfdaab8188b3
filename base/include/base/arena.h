/*
 * Arenas: memory that is given back all at once.
 *
 * Three kinds live in the house: message (reset when it is done with), SA (freed with the SA), run.
 * Each has a cap; what would go past it, or what malloc refuses, returns NULL and leaves
 * arena_failed() true until the next reset, so that a run can end with an error verdict.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/bytes.h"

struct arena;

/* A new arena that will hold at most cap octets; NULL if there is no memory. */
struct arena *arena_new(size_t cap);
void arena_free(struct arena *a);
/* Gives everything back and clears the failure; keeps its largest block for the next use. */
void arena_reset(struct arena *a);
bool arena_failed(const struct arena *a);
size_t arena_used(const struct arena *a);

/* len zeroed octets, aligned for any type; NULL past the cap. */
void *arena_alloc(struct arena *a, size_t len);
/* The same with whatever is there, for who writes all of it. */
void *arena_take(struct arena *a, size_t len);
/* count elements of size octets; NULL if the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy; BYTES_NONE past the cap (and for empty b). */
struct bytes arena_copy(struct arena *a, struct bytes b);
char *arena_text(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
