#include "base/address.h"
#include "test.h"

/* back NULL: the text is refused. */
static void test_parse_and_print(void **state)
{
	static const struct {
		const char *text;
		uint8_t family;
		uint16_t port;
		const char *ip, *back;
	} cases[] = {
		{ "192.0.2.1",              4, 0,     "c0000201", "192.0.2.1"             },
		{ "192.0.2.1:500",          4, 500,   "c0000201", "192.0.2.1:500"         },
		{ "192.0.2.1:65535",        4, 65535, "c0000201", "192.0.2.1:65535"       },
		{ "192.0.2.1:0",            4, 0,     "c0000201", "192.0.2.1"             },
		{ "0.0.0.0",                4, 0,     "00000000", "0.0.0.0"               },
		{ "2001:db8::1",            6, 0,     "20010db8000000000000000000000001", "2001:db8::1" },
		{ "[2001:db8::1]:4500",     6, 4500,  "20010db8000000000000000000000001", "[2001:db8::1]:4500" },
		{ "[::1]",                  6, 0,     "00000000000000000000000000000001", "::1" },
		{ "::",                     6, 0,     "00000000000000000000000000000000", "::" },
		{ "::ffff:1.2.3.4",         6, 0,     "00000000000000000000ffff01020304", "::ffff:1.2.3.4" },
		{ "",                       0, 0,     NULL, NULL },
		{ "192.0.2",                0, 0,     NULL, NULL },
		{ "192.0.2.256",            0, 0,     NULL, NULL },
		{ "192.0.2.1:",             0, 0,     NULL, NULL },
		{ "192.0.2.1:65536",        0, 0,     NULL, NULL },
		{ "192.0.2.1:99999999999999999999", 0, 0, NULL, NULL },
		{ "192.0.2.1:-1",           0, 0,     NULL, NULL },
		{ "192.0.2.1:5x",           0, 0,     NULL, NULL },
		{ " 192.0.2.1",             0, 0,     NULL, NULL },
		{ "[192.0.2.1]:5",          0, 0,     NULL, NULL },
		{ "[2001:db8::1",           0, 0,     NULL, NULL },
		{ "[2001:db8::1]4500",      0, 0,     NULL, NULL },
		{ "[2001:db8::1]:",         0, 0,     NULL, NULL },
		{ "2001:db8::1::2",         0, 0,     NULL, NULL },
		{ "2001:db8:0:0:0:0:0:1:500", 0, 0,   NULL, NULL },
		{ "host.example",           0, 0,     NULL, NULL },
		{ "192.0.2.1/24",           0, 0,     NULL, NULL },
		{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", 0, 0, NULL, NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address a = { 9, { 9 }, 9 };
		char text[ADDRESS_TEXT];
		bool good = address_parse(cases[i].text, &a);
		expect_number(cases[i].text, cases[i].back != NULL, good);
		if (!good) {
			expect_number(cases[i].text, 9, a.family);
			continue;
		}
		expect_number(cases[i].text, cases[i].family, a.family);
		expect_number(cases[i].text, cases[i].port, a.port);
		expect_hex(address_octets(&a), cases[i].ip, cases[i].text);
		expect_text(cases[i].text, cases[i].back, address_print(&a, text));
	}
}

static void test_longest_text_fits(void **state)
{
	struct address a;
	char text[ADDRESS_TEXT];
	const char *longest = "[1111:2222:3333:4444:5555:6666:7777:8888]:65535";
	(void)state;
	assert_true(address_parse(longest, &a));
	assert_string_equal(address_print(&a, text), longest);
	assert_string_equal(address_print(&(struct address){ 0 }, text), "none");
}

static void test_octets(void **state)
{
	struct octets four = octets_of("c0000201"),
		      six = octets_of("20010db8000000000000000000000001");
	struct address a = { 0 }, b = { 0 };
	(void)state;
	assert_true(address_from_octets(octets_bytes(&four), 500, &a));
	assert_true(address_parse("192.0.2.1:500", &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(address_equal(&a, &b));
	b.port = 4500;
	assert_false(address_equal(&a, &b));
	assert_true(address_same_host(&a, &b));
	assert_true(address_from_octets(octets_bytes(&six), 0, &b));
	assert_false(address_same_host(&a, &b));
	assert_int_equal(address_octets(&b).len, 16);
	assert_int_equal(address_octets(&(struct address){ 0 }).len, 0);
	for (size_t len = 0; len < 18; len++)
		assert_int_equal(address_from_octets(bytes_make(six.at, len), 0, &b),
				 len == 4 || len == 16);
}

static void test_range_parse(void **state)
{
	static const struct {
		const char *text, *first, *last;
	} cases[] = {
		{ "10.1.0.0/16",             "10.1.0.0",      "10.1.255.255"   },
		{ "10.1.2.3/16",             "10.1.0.0",      "10.1.255.255"   },
		{ "10.1.2.3/32",             "10.1.2.3",      "10.1.2.3"       },
		{ "10.1.2.3/31",             "10.1.2.2",      "10.1.2.3"       },
		{ "0.0.0.0/0",               "0.0.0.0",       "255.255.255.255" },
		{ "10.1.2.3",                "10.1.2.3",      "10.1.2.3"       },
		{ "10.1.2.3-10.1.2.9",       "10.1.2.3",      "10.1.2.9"       },
		{ "2001:db8::/33",           "2001:db8::",    "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff" },
		{ "::/0",                    "::",            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "::1/128",                 "::1",           "::1"            },
		{ "10.1.0.0/33",             NULL,            NULL             },
		{ "10.1.0.0/",               NULL,            NULL             },
		{ "10.1.0.0/-1",             NULL,            NULL             },
		{ "10.1.0.0/16x",            NULL,            NULL             },
		{ "::/129",                  NULL,            NULL             },
		{ "10.1.2.9-10.1.2.3",       NULL,            NULL             },
		{ "10.1.2.9-::1",            NULL,            NULL             },
		{ "10.1.2.9-",               NULL,            NULL             },
		{ "10.1.2.9:500",            NULL,            NULL             },
		{ "",                        NULL,            NULL             },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address_range r;
		char text[ADDRESS_TEXT];
		bool good = address_range_parse(cases[i].text, &r);
		expect_number(cases[i].text, cases[i].first != NULL, good);
		if (good) {
			expect_text(cases[i].text, cases[i].first, address_print(&r.first, text));
			expect_text(cases[i].text, cases[i].last, address_print(&r.last, text));
		}
	}
}

static void test_inside(void **state)
{
	static const struct {
		const char *inner, *outer;
		bool inside;
	} cases[] = {
		{ "10.1.0.0/16",       "10.0.0.0/8",        true  },
		{ "10.0.0.0/8",        "10.1.0.0/16",       false },
		{ "10.1.0.0/16",       "10.1.0.0/16",       true  },
		{ "10.1.0.0-10.2.0.0", "10.1.0.0/16",       false },
		{ "10.0.255.255",      "10.1.0.0/16",       false },
		{ "10.1.0.0",          "10.1.0.0/16",       true  },
		{ "10.1.255.255",      "10.1.0.0/16",       true  },
		{ "10.2.0.0",          "10.1.0.0/16",       false },
		{ "::/0",              "0.0.0.0/0",         false },
		{ "2001:db8::5",       "2001:db8::/64",     true  },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address_range inner, outer;
		assert_true(address_range_parse(cases[i].inner, &inner));
		assert_true(address_range_parse(cases[i].outer, &outer));
		expect_number(cases[i].inner, cases[i].inside,
			      address_range_inside(&inner, &outer));
	}
	struct address none = { 0 };
	assert_false(
		address_in_range(&none, &(struct address_range){ .first = none, .last = none }));
}

/* A range as networks, and in print. */
static void test_networks(void **state)
{
	static const struct {
		const char *range, *networks, *print;
	} cases[] = {
		{ "10.1.0.0/16", "10.1.0.0/16 ", "10.1.0.0/16" },
		{ "10.1.0.7", "10.1.0.7/32 ", "10.1.0.7" },
		{ "10.0.0.1-10.0.0.6", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32 ",
		  "10.0.0.1-10.0.0.6" },
		{ "0.0.0.0/0", "0.0.0.0/0 ", "0.0.0.0/0" },
		{ "255.255.255.253-255.255.255.255", "255.255.255.253/32 255.255.255.254/31 ",
		  "255.255.255.253-255.255.255.255" },
		{ "::/0", "::/0 ", "::/0" },
		{ "fd00:1::/32", "fd00:1::/32 ", "fd00:1::/32" },
		{ "fd00::ff-fd00::100", "fd00::ff/128 fd00::100/128 ", "fd00::ff-fd00::100" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[ADDRESS_RANGE_TEXT], networks[400] = "", one[ADDRESS_TEXT];
		struct address_range range, rest;
		struct address network;
		unsigned prefix;
		assert_true(address_range_parse(cases[i].range, &range));
		assert_string_equal(address_range_print(&range, text), cases[i].print);
		rest = range;
		while (address_range_network(&rest, &network, &prefix))
			sprintf(networks + strlen(networks), "%s/%u ", address_print(&network, one), prefix);
		assert_string_equal(networks, cases[i].networks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print), cmocka_unit_test(test_longest_text_fits),
		cmocka_unit_test(test_octets),          cmocka_unit_test(test_range_parse),
		cmocka_unit_test(test_inside),          cmocka_unit_test(test_networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
