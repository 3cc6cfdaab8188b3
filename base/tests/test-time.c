#include "base/time.h"
#include "test.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		bool good;
		usec wanted;
	} cases[] = {
		{ "200ms",                   true,  200000               },
		{ "1.5s",                    true,  1500000              },
		{ "8h",                      true,  28800 * USEC_S       },
		{ "5min",                    true,  300 * USEC_S         },
		{ "30us",                    true,  30                   },
		{ "0s",                      true,  0                    },
		{ "007s",                    true,  7 * USEC_S           },
		{ "0.000001s",               true,  1                    },
		{ "0.25h",                   true,  15 * USEC_MIN        },
		{ "0.1min",                  true,  6 * USEC_S           },
		{ "1.9999999s",              true,  1999999              },
		{ "2.75us",                  true,  2                    },
		{ "18446744073709551614us",  true,  USEC_NEVER - 1       },
		{ "18446744073709551615us",  false, 0                    },
		{ "18446744073709551616us",  false, 0                    },
		{ "5124095577h",             false, 0                    },
		{ "5124095576h",             true,  5124095576 * USEC_H  },
		{ "",                        false, 0                    },
		{ "5",                       false, 0                    },
		{ "s",                       false, 0                    },
		{ ".5s",                     false, 0                    },
		{ "1.s",                     false, 0                    },
		{ "-1s",                     false, 0                    },
		{ "+1s",                     false, 0                    },
		{ "1 s",                     false, 0                    },
		{ " 1s",                     false, 0                    },
		{ "1s ",                     false, 0                    },
		{ "1m",                      false, 0                    },
		{ "1S",                      false, 0                    },
		{ "1.2.3s",                  false, 0                    },
		{ "1e3s",                    false, 0                    },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		usec t = 4711;
		expect_number(cases[i].text, cases[i].good, usec_parse(cases[i].text, &t));
		expect_number(cases[i].text, cases[i].good ? cases[i].wanted : 4711, t);
	}
}

static void test_print(void **state)
{
	static const struct {
		usec t;
		const char *wanted;
	} cases[] = {
		{ 0,                  "0s"       },
		{ 1,                  "1us"      },
		{ 999,                "999us"    },
		{ 1000,               "0.001s"   },
		{ 41000,              "0.041s"   },
		{ 1204000,            "1.204s"   },
		{ 1204999,            "1.204s"   },
		{ 2 * USEC_S,         "2s"       },
		{ 90 * USEC_S,        "90s"      },
		{ 5 * USEC_MIN,       "5min"     },
		{ 90 * USEC_MIN,      "90min"    },
		{ 8 * USEC_H,         "8h"       },
		{ 8 * USEC_H + USEC_MS, "28800.001s" },
		{ USEC_NEVER,         "never"    },
	};
	char text[40];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_text("usec_print", cases[i].wanted,
			    usec_print(cases[i].t, text, sizeof(text)));
	expect_text("cut", "28", usec_print(cases[12].t, text, 3));
}

static void test_sums(void **state)
{
	(void)state;
	assert_int_equal(usec_min(3, USEC_NEVER), 3);
	assert_int_equal(usec_min(4, 3), 3);
	assert_int_equal(usec_after(3, 4), 7);
	assert_true(usec_after(USEC_NEVER, 0) == USEC_NEVER);
	assert_true(usec_after(USEC_NEVER, 5) == USEC_NEVER);
	assert_true(usec_after(5, USEC_NEVER) == USEC_NEVER);
	assert_true(usec_after(USEC_NEVER - 5, 6) == USEC_NEVER);
	assert_true(usec_after(USEC_NEVER - 6, 5) == USEC_NEVER - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_sums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
