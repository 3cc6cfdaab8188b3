/* Text made fit for a report. */
#include "test.h"

#include "reports/text.h"

static const struct {
	const char *in, *clean;
} rows[] = {
	{ "", "" },
	{ NULL, "" },
	{ "plain", "plain" },
	{ "a\nb\tc", "a\nb\tc" },
	{ "a\rb\x01\x1b[0m\x7f", "a?b??[0m?" },
	{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "\xc2\x85", "?" },                            /* a control character of two octets */
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xc3", "?" },                                /* cut */
	{ "\xe2\x82", "??" },
	{ "\xf0\x9f\x98", "???" },
	{ "\xc3(", "?(" },
	{ "\x80", "?" },                                /* a continuation alone */
	{ "\xc0\xaf \xe0\x80\xaf", "?? ???" },          /* overlong */
	{ "\xed\xa0\x80", "?" },                        /* a surrogate, one character */
	{ "\xef\xbf\xbe\xef\xbf\xbf", "??" },           /* U+FFFE, U+FFFF */
	{ "\xf4\x90\x80\x80", "?" },                    /* past U+10FFFF */
	{ "\xf8\x88\x80\x80\x80", "?????" },
	{ "\xff\xfe", "??" },
	{ AWKWARD, NULL },
};

static bool is_ascii_or_utf8(const char *text)
{
	char again[400];

	return strcmp(text_clean(text, again, sizeof(again)), text) == 0;
}

static void test_clean(void **state)
{
	char out[400];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		text_clean(rows[i].in, out, sizeof(out));
		if (rows[i].clean)
			expect_text("clean", rows[i].clean, out);
		assert_true(is_ascii_or_utf8(out));
		text_line(rows[i].in, out, sizeof(out));
		assert_null(strpbrk(out, "\n\t"));
	}
}

/* Cut at every length: never half a character, never past the end. */
static void test_cut(void **state)
{
	static const char whole[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	char out[20];
	size_t cap;

	(void)state;
	for (cap = 1; cap < sizeof(out); cap++) {
		memset(out, '#', sizeof(out));
		text_clean(whole, out, cap);
		assert_true(strlen(out) < cap);
		assert_true(is_ascii_or_utf8(out));
		assert_int_equal(strncmp(whole, out, strlen(out)), 0);
		for (size_t i = cap; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
	expect_text("whole", whole, text_clean(whole, out, sizeof(out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_clean), cmocka_unit_test(test_cut) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
