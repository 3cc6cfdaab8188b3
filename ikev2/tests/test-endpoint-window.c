/*
 * Windows and message IDs: the arithmetic, what is retained, what is in flight, and the end of the
 * message IDs, with each duty left out once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "../inside.h"
#include "stand.h"

/* ------------------------------------------------------------ arithmetic */

/* IDs carried out in this order, with a window of four; then the lowest not carried out, and what
 * is expected. */
static const struct {
	const char *done; /* a digit each */
	uint32_t next;
	const char *expected;
} orders[] = {
	{ "", 0, "0123" },   { "0", 1, "1234" },   { "1", 0, "023" },    { "10", 2, "2345" },
	{ "32", 0, "01" },   { "3210", 4, "4567" }, { "0123", 4, "4567" }, { "02", 1, "134" },
	{ "0213", 4, "4567" }, { "00", 1, "1234" },
};

static void any_order(void **state)
{
	(void)state;
	struct endpoint e = { .config = { .automatic = true } };
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct ike_sa sa = { .endpoint = &e, .state = IKE_ESTABLISHED };
		char expected[12] = "";
		size_t count = 0;
		sa.window.ours = 4;
		for (const char *c = orders[i].done; *c; c++)
			window_carried_out(&sa.window, (uint32_t)(*c - '0'));
		for (uint32_t id = 0; id < 10; id++)
			if (window_expects(&sa, id))
				expected[count++] = (char)('0' + id);
		assert_int_equal(sa.window.next_expected, orders[i].next);
		assert_string_equal(expected, orders[i].expected);
	}
}

static void never_wraps(void **state)
{
	(void)state;
	struct endpoint e = { .config = { .automatic = true } };
	struct ike_sa sa = { .endpoint = &e, .state = IKE_ESTABLISHED };
	sa.window.ours = 8;
	sa.window.next_expected = UINT32_MAX - 2;
	assert_true(window_expects(&sa, UINT32_MAX));
	assert_false(window_expects(&sa, 0));
	assert_false(window_expects(&sa, 3));
	assert_true(window_spent(&sa));
	sa.window.next_expected = WINDOW_SPENT - 1;
	assert_false(window_spent(&sa));
}

/* ------------------------------------------------------------ duties of the target (RIGHT) */

static struct ike_sa *sa_of(struct pair *p, int end)
{
	return endpoint_ike_sa(p->end[end].endpoint, 0);
}

static struct seen *ask_as(struct pair *p, uint32_t ahead)
{
	char edits[64];
	snprintf(edits, sizeof(edits), "set HDR.message_id %u",
		 pair_ike(p, LEFT).next_request + ahead);
	return stand_ask(p, PURPOSE_LIVENESS, edits);
}

static void wide(struct pair *p)
{
	p->end[LEFT].config.window = 2;
	p->end[RIGHT].config.window = 4;
	pair_start(p);
	assert_true(stand_establish(p));
}

static bool window_order(struct pair *p)
{
	wide(p);
	return ask_as(p, 3) && ask_as(p, 1) && ask_as(p, 2) && ask_as(p, 0);
}

static bool window_retained_each(struct pair *p)
{
	struct seen *first, *again;
	struct why why;
	wide(p);
	first = ask_as(p, 0);
	const struct sent *q = first->answers;
	stand_take(p, first);
	stand_done(p, PURPOSE_LIVENESS, NULL);
	assert_non_null(endpoint_again(p->end[LEFT].endpoint, q, NULL, false, p->now, &why));
	struct datagram d;
	while (endpoint_output(p->end[LEFT].endpoint, p->now, &d))
		endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	again = stand_hear(p);
	return again && again->repeats == first;
}

static bool window_early(struct pair *p)
{
	pair_start(p);
	stand_take(p, stand_ask(p, PURPOSE_IKE_SA_INIT, NULL));
	return stand_ask(p, PURPOSE_IKE_AUTH, "set HDR.message_id 2") == NULL;
}

/* The target asks for three things; how many requests are out? */
static size_t in_flight(struct pair *p)
{
	struct why why;
	struct datagram d;
	struct endpoint *e = p->end[RIGHT].endpoint;
	size_t count = 0;
	endpoint_request(e, PURPOSE_LIVENESS, sa_of(p, RIGHT), NULL, p->now, &why);
	endpoint_request(e, PURPOSE_NEW_CHILD, sa_of(p, RIGHT), NULL, p->now, &why);
	endpoint_request(e, PURPOSE_DELETE_CHILD, sa_of(p, RIGHT),
			 endpoint_child_sa(e, NULL, 0), p->now, &why);
	for (; endpoint_output(e, p->now, &d); count++)
		assert_int_equal(load_u32(d.octets.at + 20), count);
	return count;
}

static bool window_kept(struct pair *p)
{
	wide(p);
	return in_flight(p) == 2;
}

static bool window_of_one(struct pair *p)
{
	pair_start(p);
	assert_true(stand_establish(p));
	return in_flight(p) == 1;
}

static bool window_spent_ends(struct pair *p)
{
	pair_start(p);
	assert_true(stand_establish(p));
	sa_of(p, LEFT)->window.next_request = sa_of(p, RIGHT)->window.next_expected = WINDOW_SPENT;
	struct seen *s = stand_ask(p, PURPOSE_LIVENESS, NULL);
	assert_non_null(s);
	endpoint_tick(p->end[RIGHT].endpoint, p->now);
	s = stand_hear(p);
	return s && s->purpose == PURPOSE_REKEY_IKE;
}

static size_t told(struct pair *p, struct seen **last)
{
	struct seen *s;
	size_t count = 0;
	p->end[RIGHT].config.tells_message_id = true;
	pair_start(p);
	assert_true(stand_establish(p));
	for (int i = 0; i < 8; i++) {
		s = ask_as(p, 77);
		if (s && !s->message.response && message_notify(&s->message, 9)) {
			*last = s;
			count++;
			stand_take(p, s);
		} else if (s) {
			return 100;
		}
	}
	return count;
}

static bool message_id_rate(struct pair *p)
{
	struct seen *s = NULL;
	return told(p, &s) == 1;
}

static bool message_id_answered(struct pair *p)
{
	struct seen *s = NULL;
	return told(p, &s) == 1;
}

static const struct {
	const char *check;
	bool (*good)(struct pair *p);
} duties[] = {
	{ "window-order", window_order },
	{ "window-retained", window_retained_each },
	{ "window-early", window_early },
	{ "window-kept", window_kept },
	{ "window-kept", window_of_one },
	{ "window-spent", window_spent_ends },
	{ "message-id-rate", message_id_rate },
	{ "message-id-answered", message_id_answered },
};

static void each_duty(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < 2 * ARRAY_LEN(duties); i++) {
		struct pair *p = stand_new(&(struct pair_setup){ .seed = i });
		struct why why;
		bool omit = i % 2;
		if (omit)
			pair_omit(p, RIGHT, duties[i / 2].check);
		if (duties[i / 2].good(p) == omit) {
			print_message("%s: %s\n", duties[i / 2].check,
				      omit ? "no difference" : "not done");
			wrong++;
		}
		if (!endpoint_validate(p->end[RIGHT].endpoint, &why))
			fail_msg("%s: %s", duties[i / 2].check, why.text);
		pair_free(p);
	}
	assert_int_equal(wrong, 0);
}

/* The data of INVALID_MESSAGE_ID are the four octets of the wrong ID. */
static void what_is_told(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 3 });
	struct seen *s = NULL;
	assert_int_equal(told(p, &s), 1);
	struct node *data = wire_find(message_notify(&s->message, 9), "data", NULL);
	assert_int_equal(data->octets.len, 4);
	assert_int_equal(load_u32(data->octets.at), pair_ike(p, LEFT).next_request + 77);
	pair_free(p);
}

/* Both automatic, windows of four: many requests at once, taken in reverse order. */
static void both_wide(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 5 });
	struct datagram d[8];
	uint8_t octets[8][4096];
	size_t count = 0;
	p->end[LEFT].config.window = p->end[RIGHT].config.window = 4;
	pair_start(p);
	assert_true(pair_handshake(p));
	struct why why;
	struct endpoint *e = p->end[LEFT].endpoint;
	for (int i = 0; i < 2; i++) {
		endpoint_request(e, PURPOSE_NEW_CHILD, sa_of(p, LEFT), NULL, p->now, &why);
		endpoint_request(e, PURPOSE_LIVENESS, sa_of(p, LEFT), NULL, p->now, &why);
	}
	while (count < 8 && endpoint_output(e, p->now, &d[count])) {
		memcpy(octets[count], d[count].octets.at, d[count].octets.len);
		d[count].octets.at = octets[count];
		count++;
	}
	assert_int_equal(count, 4);
	while (count-- > 0)
		endpoint_input(p->end[RIGHT].endpoint, &d[count], p->now);
	pair_pump(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(endpoint_counts(p->end[i].endpoint).child_sas, 3);
		assert_true(endpoint_validate(p->end[i].endpoint, &why));
	}
	assert_int_equal(pair_ike(p, LEFT).next_request, 6);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),    cmocka_unit_test(never_wraps),
		cmocka_unit_test(each_duty),    cmocka_unit_test(what_is_told),
		cmocka_unit_test(both_wide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
