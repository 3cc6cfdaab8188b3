/*
 * What the tests of esp include: cmocka with what it needs before it, octets from hex, a pair of SAs.
 */
#ifndef ESP_TESTS_TEST_H
#define ESP_TESTS_TEST_H

#include "esp/esp.h"
#include "esp/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct octets {
	uint8_t at[2048];
	size_t len;
};

static inline struct octets octets_of(const char *hex)
{
	struct octets o;

	if (!bytes_from_hex(hex, o.at, sizeof(o.at), &o.len))
		fail_msg("not hex: %s", hex);
	return o;
}

static inline struct bytes octets_bytes(const struct octets *o)
{
	return bytes_make(o->at, o->len);
}

static inline void expect_bytes(const char *what, struct bytes wanted, struct bytes got)
{
	char a[4097], b[4097];

	if (!bytes_equal(wanted, got))
		fail_msg("%s: wanted %s, got %s", what, bytes_hex(wanted, a, sizeof(a)), bytes_hex(got, b, sizeof(b)));
}

static inline void expect_hex(const char *what, const char *hex, struct bytes got)
{
	struct octets wanted = octets_of(hex);

	expect_bytes(what, octets_bytes(&wanted), got);
}

static inline void expect_number(const char *what, uint64_t wanted, uint64_t got)
{
	if (wanted != got)
		fail_msg("%s: wanted %llu, got %llu", what, (unsigned long long)wanted, (unsigned long long)got);
}

static inline void expect_result(const char *what, enum esp_result wanted, enum esp_result got)
{
	if (wanted != got)
		fail_msg("%s: wanted %s, got %s", what, esp_result_name(wanted), esp_result_name(got));
}

static inline struct address address_of(const char *text)
{
	struct address a;

	if (!address_parse(text, &a))
		fail_msg("not an address: %s", text);
	return a;
}

#endif
