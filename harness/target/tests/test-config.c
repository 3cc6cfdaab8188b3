#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/config.h"
#include "target/driver.h"

static void layout(void **state)
{
	static const struct {
		size_t slot;
		const char *name, *tester, *nat, *inner, *selector;
	} rows[] = {
		{ 1,   "s1",           "198.51.100.1",      "203.0.113.1",       "10.2.1.1",
		  "10.1.1.0/24" },
		{ 1,   "s1-six",       "198.51.100.1",      "203.0.113.1",       "fd00:2:0:1::1",
		  "fd00:1:0:1::/64" },
		{ 250, "s250-more",    "198.51.100.250",    "203.0.113.250",     "10.4.250.1",
		  "10.3.250.0/24" },
		{ 12,  "s12-ip6",      "2001:db8:0:2::12",  "2001:db8:0:3::12",  "10.6.12.1",
		  "10.5.12.0/24" },
		{ 12,  "s12-ip6-six",  "2001:db8:0:2::12",  "2001:db8:0:3::12",  "fd00:4:0:12::1",
		  "fd00:3:0:12::/64" },
	};
	struct target_config config;

	(void)state;
	assert_true(target_config_slots(&config, 250, NULL));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct target_child *child;
		const struct target_connection *c = target_config_find(&config, rows[i].name,
			&child);
		char text[ADDRESS_TEXT];

		assert_non_null(c);
		assert_string_equal(address_print(&c->tester, text), rows[i].tester);
		assert_string_equal(address_print(&c->nat, text), rows[i].nat);
		assert_string_equal(address_print(&child->target, text), rows[i].inner);
		assert_string_equal(child->tester_selector, rows[i].selector);
	}
	target_config_free(&config);
}

static void refused(void **state)
{
	static const char *const unknown[] = { "", "s", "s3", "s1-", "s1-seven", "s1-ip6-", "S1" };
	struct target_config config;
	struct why why;

	(void)state;
	assert_false(target_config_slots(&config, 0, &why));
	assert_false(target_config_slots(&config, 251, &why));
	assert_string_equal(why.text, "a target has 1 to 250 slots, not 251");
	assert_true(target_config_slots(&config, 2, &why));
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		assert_null(target_config_find(&config, unknown[i], NULL));
	assert_null(target_config_find(&config, NULL, NULL));
	assert_null(target_start("nosuch", &config, &why));
	assert_string_equal(why.text, "no driver for a target called 'nosuch'");
	assert_null(target_start("strongswan:1.0", &config, &why));
	assert_string_equal(why.text, "'strongswan:1.0': no such version is known");
	target_config_free(&config);
}

static void verbs(void **state)
{
	(void)state;
	for (enum target_verb verb = 0; verb < TARGET_VERBS; verb++)
		assert_int_equal(target_verb_find(target_verb_name(verb)), verb);
	assert_int_equal(target_verb_find("dance"), TARGET_VERBS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(refused),
		cmocka_unit_test(verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
