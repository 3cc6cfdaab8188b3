/*
 * Fragmentation: the queue as a table of what comes and what becomes of it; each check and duty of the
 * target (RIGHT), with its row and without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "../inside.h"
#include "stand.h"

/* ------------------------------------------------------------ the queue */

/* Fragments as "number/total", the letter of what becomes of each: k kept, w whole, n numbers, a again,
 * s smaller, m too much; then the numbers of the message that was made. */
static const struct {
	const char *come, *fates, *whole;
} queues[] = {
	{ "1/1", "w", "1" },
	{ "1/3 2/3 3/3", "kkw", "123" },
	{ "3/3 2/3 1/3", "kkw", "123" },
	{ "2/3 2/3 3/3 3/3 1/3", "kakaw", "123" },
	{ "0/3 1/0 4/3 0/0 1/1", "nnnnw", "1" },
	{ "1/3 1/2 2/2 2/3 3/3", "ksskw", "123" },
	{ "1/2 1/3 2/3 3/3", "kkkw", "123" },
	{ "2/2 3/3 1/2 1/3 2/3", "kkskw", "123" },
	{ "1/1024 2/1024", "kk", "" },
	{ "1/1025 1/2 2/2", "mkw", "12" },
	{ "1/65535", "m", "" },
	{ "1/3 2/3 3/3 1/3", "kkwk", "123" },
};

static struct message fragment_of(struct arena *a, unsigned number, unsigned total)
{
	static const uint8_t header[IKE_HEADER] = { 0 };
	char *text = arena_printf(a, "%u", number);
	return (struct message){ .arena = a, .octets = BYTES_OF(header), .is_fragment = true,
				 .fragment = (uint16_t)number, .fragments = (uint16_t)total,
				 .plain = bytes_text(text), .clean = true };
}

static char letter(enum fragment_fate fate)
{
	return "kwnasm"[fate];
}

static void queue_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		struct arena *a = arena_new(1 << 20);
		struct fragment_queue *q = fragment_queue_new(&fragment_limits_usual);
		char fates[16] = "", whole[16] = "";
		size_t count = 0;
		struct why why;
		for (const char *c = queues[i].come; *c; c += strcspn(c, " "), c += *c == ' ') {
			unsigned number, total;
			assert_int_equal(sscanf(c, "%u/%u", &number, &total), 2);
			struct message m = fragment_of(a, number, total);
			enum fragment_fate fate = fragment_queue_add(q, &m, 0, 0);
			fates[count++] = letter(fate);
			if (fate == FRAGMENT_WHOLE) {
				fragment_queue_join(q, &m, &why);
				snprintf(whole, sizeof(whole), "%.*s", (int)m.plain.len,
					 (const char *)m.plain.at);
			}
			if (!fragment_queue_validate(q, &why))
				fail_msg("%s: %s", queues[i].come, why.text);
		}
		if (strcmp(fates, queues[i].fates) || strcmp(whole, queues[i].whole))
			fail_msg("%s: %s, %s", queues[i].come, fates, whole);
		fragment_queue_free(q);
		arena_free(a);
	}
}

/* Never more than its limits: octets of a message, messages, time. */
static void queue_limits(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 24);
	struct fragment_limits limits = { .octets = 5000, .fragments = 8, .messages = 3, .time = 10 };
	struct fragment_queue *q = fragment_queue_new(&limits);
	uint8_t zeros[2000] = { 0 };
	struct why why;
	for (unsigned n = 1; n <= 3; n++) {
		struct message m = fragment_of(a, n, 8);
		m.plain = BYTES_OF(zeros);
		assert_int_equal(fragment_queue_add(q, &m, 0, 0),
				 n < 3 ? FRAGMENT_KEPT : FRAGMENT_TOO_MUCH);
	}
	assert_int_equal(fragment_queue_octets(q), 0);
	for (uint32_t id = 0; id < 20; id++) {
		struct message m = fragment_of(a, 2, 3);
		m.id = id;
		assert_int_equal(fragment_queue_add(q, &m, 0, id), FRAGMENT_KEPT);
		assert_true(fragment_queue_validate(q, &why));
		assert_true(fragment_queue_octets(q) < 300);
	}
	assert_int_equal(fragment_queue_due(q), 27);
	fragment_queue_expire(q, 26);
	assert_int_equal(fragment_queue_due(q), 27);
	fragment_queue_expire(q, 28);
	assert_int_equal(fragment_queue_due(q), 29);
	fragment_queue_expire(q, 29);
	assert_int_equal(fragment_queue_due(q), USEC_NEVER);
	assert_int_equal(fragment_queue_octets(q), 0);
	fragment_queue_free(q);
	arena_free(a);
}

/* ------------------------------------------------------------ the target */

static void agreed(struct pair *p)
{
	p->end[LEFT].config.fragmentation.offered = true;
	p->end[RIGHT].config.fragmentation.offered = true;
	pair_start(p);
}

static struct seen *asked(struct pair *p, enum purpose purpose, unsigned fragments,
			  const char *order, const char *edits)
{
	struct edit_text *t = arena_new_of(p->arena, struct edit_text);
	struct sending s = { .purpose = purpose, .fragments = fragments, .order = order,
			     .edits = edits_of(t, edits),
			     .ike = endpoint_ike_sa(p->end[LEFT].endpoint, 0) };
	return stand_send(p, &s);
}

static void keyed(struct pair *p)
{
	agreed(p);
	stand_take(p, stand_ask(p, PURPOSE_IKE_SA_INIT, NULL));
}

static bool auth_ok(struct pair *p, unsigned fragments, const char *order, const char *edits)
{
	keyed(p);
	struct seen *s = asked(p, PURPOSE_IKE_AUTH, fragments, order, edits);
	return s && strcmp(stand_outcome(s), "ok") == 0;
}

static bool again(struct pair *p, const struct sent *q, const char *order)
{
	struct why why;
	struct datagram d;
	size_t count = 0;
	assert_non_null(endpoint_again_ordered(p->end[LEFT].endpoint, q, order, NULL, false, p->now,
					       &why));
	while (endpoint_output(p->end[LEFT].endpoint, p->now, &d))
		endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	for (; endpoint_output(p->end[RIGHT].endpoint, p->now, &d); count++)
		endpoint_look(p->end[LEFT].endpoint, &d, p->now);
	return count > 0;
}

static bool number(struct pair *p)
{
	return auth_ok(p, 3, "1 2 2 3", "set SKF[2].number 4");
}
static bool total(struct pair *p)
{
	return auth_ok(p, 3, "1 2 2 3", "set SKF[2].total 2");
}
static bool restart(struct pair *p)
{
	struct seen *s;
	keyed(p);
	s = asked(p, PURPOSE_IKE_AUTH, 3, "1 2", NULL);
	assert_null(s);
	s = asked(p, PURPOSE_IKE_AUTH, 4, NULL, NULL);
	return s && strcmp(stand_outcome(s), "ok") == 0;
}
static bool twice(struct pair *p)
{
	return auth_ok(p, 3, "1 2 2 3", "corrupt SKF[3].ciphertext");
}
static bool icv(struct pair *p)
{
	return auth_ok(p, 3, "1 2 2 3", "corrupt SKF[2].icv");
}
static bool next(struct pair *p)
{
	return !auth_ok(p, 3, NULL, "set SKF[2].next_payload 40");
}
static bool last(struct pair *p)
{
	return !auth_ok(p, 2, NULL, "add V after=SKF[1] data=hex:00; set SKF[1].next_payload 35");
}
static bool order(struct pair *p)
{
	return auth_ok(p, 5, "5 1 2 4 3", NULL);
}

static bool time_over(struct pair *p)
{
	struct seen *s;
	agreed(p);
	assert_true(stand_establish(p));
	s = asked(p, PURPOSE_LIVENESS, 2, "1", "add V data=zero:60");
	assert_null(s);
	const struct sent *q = NULL;
	s = asked(p, PURPOSE_LIVENESS, 3, "1 3", "add V data=zero:60");
	assert_null(s);
	p->now += 31 * USEC_S;
	endpoint_tick(p->end[RIGHT].endpoint, p->now);
	(void)q;
	return fragment_queue_octets(endpoint_ike_sa(p->end[RIGHT].endpoint, 0)->fragments) == 0;
}

static bool limit(struct pair *p)
{
	agreed(p);
	assert_true(stand_establish(p));
	return asked(p, PURPOSE_LIVENESS, 60, NULL,
		     "add V data=zero:40000; add V data=zero:40000") == NULL;
}

static bool plain(struct pair *p)
{
	agreed(p);
	assert_true(stand_establish(p));
	assert_null(asked(p, PURPOSE_LIVENESS, 2, "1", "add V data=zero:60"));
	return asked(p, PURPOSE_LIVENESS, 0, NULL, NULL) != NULL;
}

static bool first_alone(struct pair *p)
{
	struct seen *s;
	agreed(p);
	assert_true(stand_establish(p));
	s = asked(p, PURPOSE_LIVENESS, 3, NULL, "add V data=zero:60");
	assert_non_null(s);
	const struct sent *q = s->answers;
	stand_take(p, s);
	return !again(p, q, "2") && !again(p, q, "3") && again(p, q, "1");
}

static bool asked_for(struct pair *p)
{
	struct seen *s;
	p->end[RIGHT].config.fragmentation.offered = true;
	pair_start(p);
	s = stand_ask(p, PURPOSE_IKE_SA_INIT, NULL);
	return !message_notify(&s->message, 16430);
}

static bool init(struct pair *p)
{
	agreed(p);
	return stand_ask(p, PURPOSE_IKE_SA_INIT, "add PAYLOAD(53) data=zero:40") == NULL;
}

/* The target initiates, with datagrams of at most so many octets: the largest that it sends. */
static size_t largest(struct pair *p, size_t octets, bool announce)
{
	struct why why;
	struct datagram d;
	size_t most = 0;
	p->end[LEFT].config.fragmentation.offered = announce;
	p->end[RIGHT].config.fragmentation.offered = true;
	p->end[RIGHT].config.fragmentation.octets = octets;
	pair_start(p);
	assert_true(endpoint_initiate(p->end[RIGHT].endpoint, 0, p->now, &why));
	struct seen *s = stand_hear(p);
	struct sending answer = { .purpose = PURPOSE_IKE_SA_INIT, .response = true, .answers = s };
	assert_non_null(endpoint_send(p->end[LEFT].endpoint, &answer, p->now, &why));
	while (endpoint_output(p->end[LEFT].endpoint, p->now, &d))
		endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	while (endpoint_output(p->end[RIGHT].endpoint, p->now, &d))
		most = d.octets.len > most ? d.octets.len : most;
	return most + 28;
}

static bool size(struct pair *p)
{
	return largest(p, 200, true) <= 200;
}
static bool agreed_upon(struct pair *p)
{
	struct seen *s;
	p->end[RIGHT].config.fragmentation = (struct fragmentation){ .offered = true, .octets = 200 };
	pair_start(p);
	assert_true(stand_establish(p));
	s = stand_ask(p, PURPOSE_NEW_CHILD, NULL);
	return s && !s->message.is_fragment;
}

/* What goes out at each sending of IKE_AUTH that is never answered: fragments each, and when. */
static size_t sendings(struct pair *p, size_t counts[static 16], usec times[static 16])
{
	struct datagram d;
	struct endpoint *e = p->end[RIGHT].endpoint;
	size_t n = 0;
	p->end[RIGHT].config.fragmentation.probes = 2;
	p->end[RIGHT].connection.esp_count = 1;
	largest(p, 1400, true);
	e = p->end[RIGHT].endpoint;
	while (n < 16 && endpoint_deadline(e) != USEC_NEVER && pair_living(p, RIGHT)) {
		p->now = endpoint_deadline(e);
		endpoint_tick(e, p->now);
		counts[n] = 0;
		while (endpoint_output(e, p->now, &d))
			counts[n]++;
		times[n] = p->now;
		n += counts[n] > 0;
	}
	return n;
}

static struct identity long_identity(void)
{
	static const uint8_t octets[1000] = "a long name";
	return (struct identity){ .type = 11, .data = BYTES_OF(octets) };
}

/* Whole, whole; in three of 576 from then on, with the gaps of a new request. */
static bool probe(struct pair *p)
{
	size_t counts[16] = { 0 };
	usec times[16] = { 0 };
	p->end[RIGHT].connection.us = long_identity();
	size_t n = sendings(p, counts, times);
	return n >= 5 && counts[0] == 1 && counts[1] == 3 && counts[n - 1] == 3;
}

static bool timers_anew(struct pair *p)
{
	size_t counts[16] = { 0 };
	usec times[16] = { 0 };
	p->end[RIGHT].connection.us = long_identity();
	size_t n = sendings(p, counts, times);
	return n >= 4 && counts[1] == 3 && times[2] - times[1] < times[1] - times[0];
}

static const struct {
	const char *check;
	bool (*good)(struct pair *p);
} rows[] = {
	{ "fragment-number", number }, { "fragment-total", total },
	{ "fragment-restart", restart }, { "fragment-twice", twice }, { "fragment-icv", icv },
	{ "fragment-next", next }, { "fragment-last", last }, { "fragment-order", order },
	{ "fragment-time", time_over }, { "fragment-limit", limit }, { "fragment-plain", plain },
	{ "fragment-again", first_alone }, { "fragment-asked", asked_for },
	{ "init-fragment", init }, { "fragment-size", size }, { "fragment-agreed", agreed_upon },
	{ "fragment-probe", probe }, { "fragment-timers", timers_anew },
};

static void each_row(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		struct pair *p = stand_new(&(struct pair_setup){ .seed = i });
		struct why why;
		bool omit = i % 2;
		if (omit)
			pair_omit(p, RIGHT, rows[i / 2].check);
		if (rows[i / 2].good(p) == omit) {
			print_message("%s: %s\n", rows[i / 2].check,
				      omit ? "no difference" : "not done");
			wrong++;
		}
		if (!endpoint_validate(p->end[RIGHT].endpoint, &why))
			fail_msg("%s: %s", rows[i / 2].check, why.text);
		pair_free(p);
	}
	assert_int_equal(wrong, 0);
}

/* A stepped endpoint looks at fragments that cannot be: no message comes of them, and nothing breaks. */
static void numbers_of_the_target(void **state)
{
	static const char *const edits[] = { "set SKF[2].number 0", "set SKF[2].number 65535",
					     "set SKF[2].total 0", "set SKF[1].number 0",
					     "set SKF[2].total 65535; set SKF[2].number 65535" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		struct pair *p = stand_new(&(struct pair_setup){ .seed = i });
		struct edit_text t;
		struct message_fault fault = { "IKE_AUTH", true, *edits_of(&t, edits[i]) };
		p->end[LEFT].config.fragmentation.offered = true;
		p->end[RIGHT].config.fragmentation =
			(struct fragmentation){ .offered = true, .octets = 200 };
		p->end[RIGHT].config.faults = &fault;
		p->end[RIGHT].config.fault_count = 1;
		pair_start(p);
		stand_take(p, stand_ask(p, PURPOSE_IKE_SA_INIT, NULL));
		struct seen *s = stand_ask(p, PURPOSE_IKE_AUTH, NULL);
		assert_non_null(s);
		assert_true(s->part);
		assert_int_equal(pair_ike(p, LEFT).state, IKE_KEYED);
		pair_free(p);
	}
}

/* ------------------------------------------------------------ whole lives */

/* Two automatic ends with tiny datagrams, every exchange in fragments, over each kind of suite. */
static void whole_life(void **state)
{
	static const char *const suites[] = { "aes128gcm16-prfsha256-x25519", "aes128-sha256-modp2048",
					      "aes256ccm16-prfsha384-ecp384",
					      "chacha20poly1305-prfsha256-x25519" };
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(suites); i++) {
		struct pair *p =
			pair_new(&(struct pair_setup){ .ike = suites[i / 2], .ipv6 = i & 1, .seed = i });
		struct why why;
		for (int k = 0; k < 2; k++)
			p->end[k].config.fragmentation =
				(struct fragmentation){ .offered = true, .octets = 160 };
		pair_start(p);
		assert_true(pair_handshake(p));
		size_t packets = p->packets;
		if (packets < 8)
			fail_msg("%s: %zu packets", suites[i / 2], packets);
		assert_true(pair_ask(p, LEFT, PURPOSE_NEW_CHILD));
		assert_true(p->packets >= packets + 3);
		assert_true(pair_ask(p, RIGHT, PURPOSE_DELETE_IKE));
		assert_int_equal(pair_living(p, LEFT) + pair_living(p, RIGHT), 0);
		for (int k = 0; k < 2; k++)
			assert_true(endpoint_validate(p->end[k].endpoint, &why));
		pair_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_table), cmocka_unit_test(queue_limits),
		cmocka_unit_test(each_row), cmocka_unit_test(numbers_of_the_target),
		cmocka_unit_test(whole_life),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
