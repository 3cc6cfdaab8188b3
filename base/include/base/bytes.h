/*
 * Bounded octets: borrowed runs, a cursor that reads them, a sink that writes them.
 *
 * The only place that does bounds arithmetic.  A cursor never moves past its end; a sink never
 * writes past its capacity and remembers that something did not fit.  Numbers are in network order.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Borrowed octets; {NULL, 0} is empty. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

#define BYTES_OF(array) ((struct bytes){ (const uint8_t *)(array), sizeof(array) })
#define BYTES_NONE ((struct bytes){ NULL, 0 })

static inline struct bytes bytes_make(const void *at, size_t len)
{
	return (struct bytes){ at, len };
}

static inline struct bytes bytes_text(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The octets [from, from+len) of b, cut to what there is. */
struct bytes bytes_slice(struct bytes b, size_t from, size_t len);

/* Is every octet zero?  (True for none.) */
bool bytes_zero(struct bytes b);

/* A reader.  `octet` is the position from the start, for error messages. */
struct cursor {
	const uint8_t *at;
	size_t left;
	size_t octet;
};

struct cursor cursor_over(struct bytes b);
/* Each returns false, and moves nothing, if there are not enough octets. */
bool cursor_take(struct cursor *c, size_t len, struct bytes *out);
bool cursor_skip(struct cursor *c, size_t len);
bool cursor_u8(struct cursor *c, uint8_t *out);
bool cursor_u16(struct cursor *c, uint16_t *out);
bool cursor_u32(struct cursor *c, uint32_t *out);
bool cursor_u64(struct cursor *c, uint64_t *out);
struct bytes cursor_rest(const struct cursor *c);

/* A writer into octets that the caller owns.  Once something did not fit, `full` stays true. */
struct sink {
	uint8_t *at;
	size_t len;
	size_t cap;
	bool full;
};

struct sink sink_over(void *at, size_t cap);
struct bytes sink_bytes(const struct sink *s);
void sink_put(struct sink *s, struct bytes b);
void sink_zero(struct sink *s, size_t len);
void sink_u8(struct sink *s, uint8_t v);
void sink_u16(struct sink *s, uint16_t v);
void sink_u32(struct sink *s, uint32_t v);
void sink_u64(struct sink *s, uint64_t v);
/* Overwrites octets already written; false if [at, at+2) or [at, at+4) is not inside them. */
bool sink_patch_u16(struct sink *s, size_t at, uint16_t v);
bool sink_patch_u32(struct sink *s, size_t at, uint32_t v);

/* Big-endian loads and stores of octets known to be there. */
static inline uint16_t load_u16(const uint8_t at[static 2])
{
	return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t load_u32(const uint8_t at[static 4])
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint64_t load_u64(const uint8_t at[static 8])
{
	return (uint64_t)load_u32(at) << 32 | load_u32(at + 4);
}
static inline void store_u16(uint8_t at[static 2], uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}
static inline void store_u32(uint8_t at[static 4], uint32_t v)
{
	store_u16(at, (uint16_t)(v >> 16));
	store_u16(at + 2, (uint16_t)v);
}
static inline void store_u64(uint8_t at[static 8], uint64_t v)
{
	store_u32(at, (uint32_t)(v >> 32));
	store_u32(at + 4, (uint32_t)v);
}

/* Hex in lower case, NUL-terminated, cut to cap; returns text. */
char *bytes_hex(struct bytes b, char *text, size_t cap);
/* Octets of a hex text (white space allowed); false on an odd count, a foreign letter or no room. */
bool bytes_from_hex(const char *text, uint8_t *out, size_t cap, size_t *len);

#endif
