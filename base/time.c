#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	usec size;
} units[] = {
	{ "us",  1        },
	{ "ms",  USEC_MS  },
	{ "s",   USEC_S   },
	{ "min", USEC_MIN },
	{ "h",   USEC_H   },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static usec unit_size(const char *text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i].text) == 0)
			return units[i].size;
	return 0;
}

/* What the decimals behind the point ("25" of 0.25) are of a unit.  Finer than 1 us is cut. */
static usec fraction(const char *digits, usec unit)
{
	usec sum = 0;
	for (usec left = unit; is_digit(*digits) && left > 0; digits++) {
		sum += left * (usec)(*digits - '0') / 10;
		left /= 10;
	}
	return sum;
}

bool usec_parse(const char *text, usec *out)
{
	usec whole = 0;
	const char *at = text, *point = NULL;
	if (!is_digit(*at))
		return false;
	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (usec)(*at - '0'), &whole))
			return false;
	if (*at == '.') {
		point = ++at;
		if (!is_digit(*at))
			return false;
		while (is_digit(*at))
			at++;
	}
	usec unit = unit_size(at);
	usec sum;
	if (unit == 0 || __builtin_mul_overflow(whole, unit, &sum) ||
	    (point && __builtin_add_overflow(sum, fraction(point, unit), &sum)) || sum == USEC_NEVER)
		return false;
	*out = sum;
	return true;
}

char *usec_print(usec t, char *text, size_t cap)
{
	if (t == USEC_NEVER)
		snprintf(text, cap, "never");
	else if (t == 0)
		snprintf(text, cap, "0s");
	else if (t % USEC_H == 0)
		snprintf(text, cap, "%" PRIu64 "h", t / USEC_H);
	else if (t % USEC_MIN == 0)
		snprintf(text, cap, "%" PRIu64 "min", t / USEC_MIN);
	else if (t % USEC_S == 0)
		snprintf(text, cap, "%" PRIu64 "s", t / USEC_S);
	else if (t < USEC_MS)
		snprintf(text, cap, "%" PRIu64 "us", t);
	else
		snprintf(text, cap, "%" PRIu64 ".%03" PRIu64 "s", t / USEC_S, t % USEC_S / USEC_MS);
	return text;
}
