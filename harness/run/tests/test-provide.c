/* What the slots of an instance have: enough for each case, and little more. */
#include "support.h"

#include <stdlib.h>

#include "../host.h"

static const struct profile *profile;

static int begin(void **state)
{
	profile = whole_begin(state) == 0 ? library_profile(whole, "libreswan") : NULL;
	return profile ? 0 : -1;
}

static struct test_suite *all_cases(void)
{
	struct run_options o = { .library = whole, .crypto = whole_crypto, .profile = profile, .root = scenarios_root };
	struct why why = { 0 };
	struct test_suite *s = suite_new(&o, &why);

	assert_non_null(s);
	for (size_t i = 0; i < s->job_count; i++)
		assert_true(job_plan_make(s, &s->jobs[i], &why));
	return s;
}

static size_t fitting(const struct host_plan *plan, const struct job_plan *p)
{
	size_t first = p->lively ? plan->slots - plan->lively : 0, last = p->lively ? plan->slots : plan->slots - plan->lively;
	size_t count = 0;

	for (size_t i = first; i < last; i++)
		count += need_met(&plan->needs[i], &p->need);
	return count;
}

/* Of all scenarios: each can run, a NAT is for few slots, and half of what every slot could have is left out. */
static void enough(void **state)
{
	struct test_suite *s = all_cases();
	struct target_config config;
	struct host_plan plan;
	size_t before = 0, after = 0;

	(void)state;
	assert_true(provide(s, AT_MAIN, 1, 24, &plan));
	assert_in_range(plan.slots, 25, 130);
	for (size_t i = 0; i < s->job_count; i++)
		if (!s->jobs[i].plan.nothing && s->jobs[i].plan.where == AT_MAIN)
			assert_true(fitting(&plan, &s->jobs[i].plan) >= s->jobs[i].plan.slots);
	assert_true(target_config_slots(&config, plan.slots, NULL));
	target_config_add(&config, TARGET_TRANSPORT);
	target_config_add(&config, TARGET_POOL);
	for (size_t i = 0; i < config.connections; i++) {
		before += config.connection[i].children;
		need_trim(profile, &plan.needs[i / 2], &config.connection[i]);
		after += config.connection[i].children;
		if (i % 2 == 0)
			assert_string_equal(config.connection[i].child[0].suffix, "");
	}
	assert_true(after < before / 2);
	target_config_free(&config);
	suite_free(s);
}

static struct job_plan plan_of(struct test_suite *s, const char *id)
{
	for (size_t i = 0; i < s->job_count; i++)
		if (strcmp(s->jobs[i].what->id, id) == 0)
			return s->jobs[i].plan;
	fail_msg("no case %s", id);
	return (struct job_plan){ 0 };
}

static void needs(void **state)
{
	struct test_suite *s = all_cases();
	struct need plain = plan_of(s, "ikev2.auth.psk").need, transport = plan_of(s, "natt.transport").need;

	(void)state;
	assert_int_equal(plain.child[1], 0);
	assert_int_equal(plain.nat[0], 0);
	assert_true(need_met(&plain, &plain));
	assert_true(plan_of(s, "interop.ping-nat").need.nat[0]);
	assert_true(plan_of(s, "natt.rebind-v6").need.nat[1]);
	assert_false(need_met(&plain, &transport));
	assert_true(need_size(&transport) > need_size(&plain));
	assert_int_equal(plan_of(s, "ikev2.cookie.responder").where, AT_COOKIES);
	assert_true(plan_of(s, "ikev2.childless.initiator").nothing);
	suite_free(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(enough, begin, whole_end),
		cmocka_unit_test_setup_teardown(needs, begin, whole_end),
	};

	return tests_main(argc, argv, tests, ARRAY_LEN(tests));
}
