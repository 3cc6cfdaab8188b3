/*
 * What every test of base includes: cmocka with what it needs before it, and octets from hex.
 */
#ifndef BASE_TESTS_TEST_H
#define BASE_TESTS_TEST_H

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct octets {
	uint8_t at[2048];
	size_t len;
};

static inline struct bytes octets_bytes(const struct octets *o)
{
	return bytes_make(o->at, o->len);
}

static inline struct octets octets_of(const char *hex)
{
	struct octets o;
	if (!bytes_from_hex(hex, o.at, sizeof(o.at), &o.len))
		fail_msg("not hex: %s", hex);
	return o;
}

/* Fails with both texts if b is not the octets of hex. */
static inline void expect_hex(struct bytes b, const char *hex, const char *what)
{
	struct octets wanted = octets_of(hex);
	char got[4097];
	if (!bytes_equal(b, octets_bytes(&wanted)))
		fail_msg("%s: wanted %s, got %s", what, hex, bytes_hex(b, got, sizeof(got)));
}

/* Fails with the row's name if the two numbers differ. */
#define expect_number(what, wanted, got) \
	do { \
		uint64_t wanted_ = (uint64_t)(wanted), got_ = (uint64_t)(got); \
		if (wanted_ != got_) \
			fail_msg("%s: wanted %llu, got %llu", (what), (unsigned long long)wanted_, \
				 (unsigned long long)got_); \
	} while (0)

#define expect_text(what, wanted, got) \
	do { \
		const char *wanted_ = (wanted), *got_ = (got); \
		if (strcmp(wanted_ ? wanted_ : "(none)", got_ ? got_ : "(none)") != 0) \
			fail_msg("%s: wanted '%s', got '%s'", (what), wanted_ ? wanted_ : "(none)", \
				 got_ ? got_ : "(none)"); \
	} while (0)

#endif
