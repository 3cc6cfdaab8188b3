/*
 * The only bounds arithmetic of the house.
 */
#include "base/bytes.h"

struct bytes bytes_slice(struct bytes b, size_t from, size_t len)
{
	if (from >= b.len)
		return BYTES_NONE;
	size_t left = b.len - from;
	return bytes_make(b.at + from, len < left ? len : left);
}

bool bytes_zero(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] != 0)
			return false;
	return true;
}

struct cursor cursor_over(struct bytes b)
{
	return (struct cursor){ b.at, b.len, 0 };
}

bool cursor_take(struct cursor *c, size_t len, struct bytes *out)
{
	if (len > c->left)
		return false;
	*out = bytes_make(c->at, len);
	if (len > 0)
		c->at += len;
	c->left -= len;
	c->octet += len;
	return true;
}

bool cursor_skip(struct cursor *c, size_t len)
{
	struct bytes ignored;
	return cursor_take(c, len, &ignored);
}

bool cursor_u8(struct cursor *c, uint8_t *out)
{
	struct bytes b;
	if (!cursor_take(c, 1, &b))
		return false;
	*out = b.at[0];
	return true;
}

bool cursor_u16(struct cursor *c, uint16_t *out)
{
	struct bytes b;
	if (!cursor_take(c, 2, &b))
		return false;
	*out = load_u16(b.at);
	return true;
}

bool cursor_u32(struct cursor *c, uint32_t *out)
{
	struct bytes b;
	if (!cursor_take(c, 4, &b))
		return false;
	*out = load_u32(b.at);
	return true;
}

bool cursor_u64(struct cursor *c, uint64_t *out)
{
	struct bytes b;
	if (!cursor_take(c, 8, &b))
		return false;
	*out = load_u64(b.at);
	return true;
}

struct bytes cursor_rest(const struct cursor *c)
{
	return bytes_make(c->at, c->left);
}

struct sink sink_over(void *at, size_t cap)
{
	return (struct sink){ at, 0, cap, false };
}

struct bytes sink_bytes(const struct sink *s)
{
	return bytes_make(s->at, s->len);
}

/* Room for len more octets, or NULL and full for ever. */
static uint8_t *sink_room(struct sink *s, size_t len)
{
	if (s->full || len > s->cap - s->len) {
		s->full = true;
		return NULL;
	}
	uint8_t *at = s->at + s->len;
	s->len += len;
	return at;
}

void sink_put(struct sink *s, struct bytes b)
{
	if (b.len == 0)
		return;
	uint8_t *at = sink_room(s, b.len);
	if (at)
		memmove(at, b.at, b.len);
}

void sink_zero(struct sink *s, size_t len)
{
	if (len == 0)
		return;
	uint8_t *at = sink_room(s, len);
	if (at)
		memset(at, 0, len);
}

void sink_u8(struct sink *s, uint8_t v)
{
	uint8_t *at = sink_room(s, 1);
	if (at)
		*at = v;
}

void sink_u16(struct sink *s, uint16_t v)
{
	uint8_t *at = sink_room(s, 2);
	if (at)
		store_u16(at, v);
}

void sink_u32(struct sink *s, uint32_t v)
{
	uint8_t *at = sink_room(s, 4);
	if (at)
		store_u32(at, v);
}

void sink_u64(struct sink *s, uint64_t v)
{
	uint8_t *at = sink_room(s, 8);
	if (at)
		store_u64(at, v);
}

/* Written octets [at, at+len), or NULL if they are not all written. */
static uint8_t *sink_written(struct sink *s, size_t at, size_t len)
{
	return at <= s->len && len <= s->len - at ? s->at + at : NULL;
}

bool sink_patch_u16(struct sink *s, size_t at, uint16_t v)
{
	uint8_t *to = sink_written(s, at, 2);
	if (to)
		store_u16(to, v);
	return to != NULL;
}

bool sink_patch_u32(struct sink *s, size_t at, uint32_t v)
{
	uint8_t *to = sink_written(s, at, 4);
	if (to)
		store_u32(to, v);
	return to != NULL;
}

char *bytes_hex(struct bytes b, char *text, size_t cap)
{
	static const char digits[16] = "0123456789abcdef";
	size_t at = 0;
	if (cap == 0)
		return text;
	for (size_t i = 0; i < b.len && at + 2 < cap; i++) {
		text[at++] = digits[b.at[i] >> 4];
		text[at++] = digits[b.at[i] & 15];
	}
	text[at] = '\0';
	return text;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bytes_from_hex(const char *text, uint8_t *out, size_t cap, size_t *len)
{
	size_t digits = 0;
	uint8_t high = 0;
	for (; *text; text++) {
		if (strchr(" \t\r\n", *text))
			continue;
		int d = hex_digit(*text);
		if (d < 0 || digits / 2 >= cap)
			return false;
		if (digits % 2 == 0)
			high = (uint8_t)(d << 4);
		else
			out[digits / 2] = (uint8_t)(high | d);
		digits++;
	}
	*len = digits / 2;
	return digits % 2 == 0;
}
