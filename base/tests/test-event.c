#include "base/event.h"
#include "test.h"

struct ear {
	char order[64];
	const struct event *last;
};

static struct ear ear;

static void hear(void *ctx, const struct event *e)
{
	strcat(ear.order, ctx);
	ear.last = e;
}

static void test_listeners_hear_in_order(void **state)
{
	struct event_log log = { .count = 0 };
	struct event e = { .kind = EVENT_NOTE, .text = "text" };
	(void)state;
	ear = (struct ear){ "", NULL };
	assert_true(event_listen(&log, hear, "a"));
	assert_true(event_listen(&log, hear, "b"));
	assert_true(event_listen(&log, hear, "c"));
	event_emit(&log, &e);
	assert_string_equal(ear.order, "abc");
	assert_ptr_equal(ear.last, &e);
	event_unlisten(&log, hear, log.listeners[1].ctx);
	event_emit(&log, &e);
	assert_string_equal(ear.order, "abcac");
	event_unlisten(&log, hear, &e);
	assert_int_equal(log.count, 2);
}

static void test_limits(void **state)
{
	struct event_log log = { .count = 0 };
	struct event e = { .kind = EVENT_END };
	(void)state;
	event_emit(NULL, &e);
	event_emit(&log, &e);
	for (int i = 0; i < EVENT_LISTENERS; i++)
		assert_true(event_listen(&log, hear, "x"));
	assert_false(event_listen(&log, hear, "y"));
	ear = (struct ear){ "", NULL };
	event_emit(&log, &e);
	assert_int_equal(strlen(ear.order), EVENT_LISTENERS);
	assert_null(strchr(ear.order, 'y'));
}

static void test_kinds_have_names_of_their_own(void **state)
{
	(void)state;
	for (int i = EVENT_BEGIN; i <= EVENT_END; i++) {
		assert_non_null(event_kind_name(i));
		for (int j = EVENT_BEGIN; j < i; j++)
			assert_string_not_equal(event_kind_name(i), event_kind_name(j));
	}
	assert_string_equal(event_kind_name(EVENT_CASE_END), "case-end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners_hear_in_order),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_kinds_have_names_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
