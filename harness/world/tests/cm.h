/* cmocka and what it wants before it. */
#ifndef WORLD_TESTS_CM_H
#define WORLD_TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/address.h"

static inline struct address address_of(const char *text)
{
	struct address a = { 0 };

	assert_true(address_parse(text, &a));
	return a;
}

#endif
