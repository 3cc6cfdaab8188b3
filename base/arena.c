/*
 * An arena is a chain of blocks; the largest is kept over a reset, so that a message arena that has
 * found its size asks malloc for nothing more.  Under AddressSanitizer what has not been handed out
 * is poisoned, and a gap stands between two allocations.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#endif

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define poison(at, len) ASAN_POISON_MEMORY_REGION(at, len)
#define unpoison(at, len) ASAN_UNPOISON_MEMORY_REGION(at, len)
#define GAP 16
#else
#define poison(at, len) ((void)0)
#define unpoison(at, len) ((void)0)
#define GAP 0
#endif

#define ALIGN _Alignof(max_align_t)
#define BLOCK ((size_t)16384)
#define LARGEST (64 * BLOCK) /* that blocks grow to by themselves, and that is kept */

struct block {
	struct block *next;
	size_t cap;
	size_t len;
	max_align_t at[];
};

struct arena {
	size_t cap;
	size_t used;    /* octets handed out, rounded up to the alignment */
	bool failed;
	struct block *first, *last;
};

struct arena *arena_new(size_t cap)
{
	struct arena *a = calloc(1, sizeof(*a));
	if (a)
		a->cap = cap;
	return a;
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;
		unpoison(b->at, b->cap);
		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_blocks(a->first);
	free(a);
}

void arena_reset(struct arena *a)
{
	struct block *kept = NULL, *next;
	for (struct block *b = a->first; b; b = next) {
		struct block *other = kept && (b->cap <= kept->cap || b->cap > LARGEST) ? b : kept;
		next = b->next;
		kept = other == b ? kept : b;
		if (other)
			other->next = NULL;
		free_blocks(other);
	}
	if (kept) {
		kept->next = NULL;
		kept->len = 0;
		poison(kept->at, kept->cap);
	}
	a->first = a->last = kept;
	a->used = 0;
	a->failed = false;
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

static void *fail(struct arena *a)
{
	a->failed = true;
	return NULL;
}

/* Adds a block with room for len octets; the blocks double up to 1 MiB. */
static bool grow(struct arena *a, size_t len)
{
	size_t cap = a->last ? 2 * a->last->cap : BLOCK;
	if (cap > LARGEST)
		cap = LARGEST;
	if (cap < len)
		cap = len;
	struct block *b = malloc(sizeof(*b) + cap);
	if (!b)
		return false;
	*b = (struct block){ NULL, cap, 0 };
	poison(b->at, cap);
	if (a->last)
		a->last->next = b;
	else
		a->first = b;
	a->last = b;
	return true;
}

void *arena_take(struct arena *a, size_t len)
{
	size_t whole = len == 0 ? ALIGN : (len + ALIGN - 1) / ALIGN * ALIGN;
	struct block *b = a->last;
	if (len > SIZE_MAX / 2 || whole > a->cap - a->used)
		return fail(a);
	if (!b || whole + GAP > b->cap - b->len) {
		if (!grow(a, whole + GAP))
			return fail(a);
		b = a->last;
	}
	uint8_t *at = (uint8_t *)b->at + b->len;
	b->len += whole + GAP;
	a->used += whole;
	unpoison(at, len);
	return at;
}

void *arena_alloc(struct arena *a, size_t len)
{
	void *at = arena_take(a, len);
	return at ? memset(at, 0, len) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return fail(a);
	return arena_alloc(a, count * size);
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	if (b.len == 0)
		return BYTES_NONE;
	uint8_t *at = arena_take(a, b.len);
	if (!at)
		return BYTES_NONE;
	memcpy(at, b.at, b.len);
	return bytes_make(at, b.len);
}

char *arena_text(struct arena *a, const char *text)
{
	size_t len = strlen(text) + 1;
	char *at = arena_alloc(a, len);
	if (at)
		memcpy(at, text, len);
	return at;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	assert(len >= 0);
	char *at = arena_alloc(a, (size_t)len + 1);
	if (at)
		vsnprintf(at, (size_t)len + 1, format, again);
	va_end(again);
	return at;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *at = arena_vprintf(a, format, args);
	va_end(args);
	return at;
}
