#include "base/why.h"
#include "test.h"

static void test_places(void **state)
{
	struct why why;
	char text[600];
	(void)state;
	assert_false(why_set(&why, "wanted %d, got %d", 16, 15));
	assert_string_equal(why_print(&why, text, sizeof(text)), "wanted 16, got 15");
	assert_false(why_at_octet(&why, 28, "KE.length", "wanted %d", 72));
	assert_string_equal(why_print(&why, text, sizeof(text)), "octet 28 (KE.length): wanted 72");
	assert_false(why_at_octet(&why, 0, NULL, "no octets"));
	assert_string_equal(why_print(&why, text, sizeof(text)), "octet 0: no octets");
	assert_false(why_at_octet(&why, WHY_NO_OCTET, "KE.length", "does not fit"));
	assert_string_equal(why_print(&why, text, sizeof(text)), "KE.length: does not fit");
	assert_false(why_at_line(&why, "init/ke.xml", 7, "KE has no field '%s'", "lenght"));
	assert_string_equal(why_print(&why, text, sizeof(text)),
			    "init/ke.xml:7: KE has no field 'lenght'");
	assert_int_equal(why.octet, WHY_NO_OCTET);
	assert_false(why_set(&why, "anew"));
	assert_string_equal(why_print(&why, text, sizeof(text)), "anew");
}

static void test_nobody_asks(void **state)
{
	(void)state;
	assert_false(why_set(NULL, "text"));
	assert_false(why_at_octet(NULL, 1, "path", "text"));
	assert_false(why_at_line(NULL, "file", 1, "text"));
}

static void test_long_texts_are_cut(void **state)
{
	struct why why;
	char long_text[1000], text[32];
	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	why_at_octet(&why, 1, long_text, "%s", long_text);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
	assert_int_equal(strlen(why.path), sizeof(why.path) - 1);
	why_at_line(&why, long_text, 1, "%s", long_text);
	assert_int_equal(strlen(why.file), sizeof(why.file) - 1);
	assert_int_equal(strlen(why_print(&why, text, sizeof(text))), sizeof(text) - 1);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "length", "type",    "next_payload", NULL,
					     "spi",    "COOKIE2", "COOKIE" };
	static const struct {
		const char *word, *wanted;
	} cases[] = {
		{ "lenght",       "length"       },
		{ "LENGTH",       "length"       },
		{ "lengths",      "length"       },
		{ "ength",        "length"       },
		{ "tpye",         "type"         },
		{ "next-payload", "next_payload" },
		{ "nextpayload",  "next_payload" },
		{ "spl",          "spi"          },
		{ "COKIE",        "COOKIE"       },
		{ "COOKIE3",      "COOKIE2"      },
		{ "nonsense",     NULL           },
		{ "",             NULL           },
		{ "x",            NULL           },
	};
	char long_word[200];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_text(cases[i].word, cases[i].wanted,
			    why_nearest(cases[i].word, names, ARRAY_LEN(names)));
	memset(long_word, 'x', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(why_nearest(long_word, names, ARRAY_LEN(names)));
	assert_null(why_nearest("length", NULL, 0));
	static const char *const swapped[] = { "tpab", "type" }; /* two letters off, and one swap */
	assert_string_equal(why_nearest("tpye", swapped, 2), "type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_nobody_asks),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
