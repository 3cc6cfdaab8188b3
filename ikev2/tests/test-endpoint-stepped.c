/*
 * The stepped conduct: what an edit does to the sender itself, retries with the same edits,
 * holding, sending again, and that looking changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stand.h"

static void establishes(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 1 });
	pair_start(p);
	assert_true(stand_establish(p));
	struct seen *s = stand_ask(p, PURPOSE_LIVENESS, NULL);
	assert_string_equal(stand_outcome(s), "ok");
	assert_true(s->authentic && s->answers && s->purpose == PURPOSE_LIVENESS && !s->error);
	stand_take(p, s);
	assert_true(s->answers->answered);
	s = stand_ask(p, PURPOSE_DELETE_CHILD, NULL);
	assert_string_equal(stand_outcome(s), "ok");
	stand_take(p, s);
	s = stand_ask(p, PURPOSE_DELETE_IKE, NULL);
	stand_take(p, s);
	assert_int_equal(pair_living(p, LEFT) + pair_living(p, RIGHT), 0);
	pair_free(p);
	p = stand_new(&(struct pair_setup){ .seed = 2 });
	pair_start(p);
	assert_true(stand_answer_handshake(p, NULL, NULL));
	assert_true(pair_agrees(p));
	pair_free(p);
}

/* What is edited, and whether the two ends still agree on everything afterwards. */
static const struct {
	const char *init, *auth;
	bool agree;
} believed[] = {
	{ "set Ni.data ones:32", NULL, true },
	{ "set Ni.data ones:255", NULL, true },
	{ "set HDR.spi_i 0x1122334455667788", NULL, true },
	{ "drop SA.P[1].T(KE)[2]", NULL, true },
	{ "add V data=hex:0102", NULL, true },
	{ "set KE.reserved2 0xffff", NULL, true },
	{ "set HDR.reserved 7; set HDR.minor_version 9", NULL, true },
	{ "add PAYLOAD(200) data=hex:00", NULL, true },
	{ NULL, "set IDi.reserved2 0xabcdef", true },
	{ NULL, "set SA.P[1].spi hex:01020304", true },
	{ NULL, "set TSi.S[1].start_address hex:0a010200; set TSi.S[1].end_address hex:0a0102ff",
	  true },
	{ NULL, "set SK.padding ones:40", true },
	{ NULL, "set HDR.reserved 7", true },
	{ NULL, "set AUTH.from.key hex:00", false },
	{ NULL, "set AUTH.from.id hex:0200000041", false },
	{ NULL, "set AUTH.from.nonce ones:32", false },
	{ NULL, "set AUTH.from.message hex:00", false },
	{ NULL, "corrupt IDi.data; freeze AUTH.data", false },
	{ NULL, "corrupt IDi.data", false }, /* AUTH follows, but nobody knows that identity */
	{ NULL, "set SK.from.key ones:36", false },
	{ NULL, "flip 60", false },             /* a lie */
	{ "set KE.data ones:32", NULL, false }, /* the honest private key stays in use */
};

static bool handshake(struct pair *p, const char *init, const char *auth)
{
	struct seen *s = stand_ask(p, PURPOSE_IKE_SA_INIT, init);
	if (!s)
		return false;
	stand_take(p, s);
	s = stand_ask(p, PURPOSE_IKE_AUTH, auth);
	if (!s)
		return false;
	stand_take(p, s);
	pair_pump(p);
	return pair_agrees(p);
}

static void what_is_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(believed); i++) {
		struct pair *p = stand_new(&(struct pair_setup){
			.ike = "aes256gcm16-prfsha256-x25519 aes256gcm16-prfsha256-ecp256",
			.seed = i });
		pair_start(p);
		if (handshake(p, believed[i].init, believed[i].auth) != believed[i].agree)
			fail_msg("%s | %s", believed[i].init, believed[i].auth);
		pair_free(p);
	}
}

static const struct {
	const char *init, *auth;
	bool up;
} answered[] = {
	{ "set Nr.data ones:48", NULL, true },
	{ "set HDR.spi_r 0x1122334455667788", NULL, true },
	{ "add V data=hex:0102", NULL, true },
	{ NULL, "set SA.P[1].spi hex:0a0b0c0d", true },
	{ NULL, "set TSi.S[1].end_address hex:0a0200ff", true },
	{ NULL, "set AUTH.from.key hex:00", false },
	{ "set SA.P[1].T(ENCR).A(14).value 128", NULL, false },
};

static void what_is_believed_of_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answered); i++) {
		struct pair *p = stand_new(&(struct pair_setup){ .seed = i });
		pair_start(p);
		bool up = stand_answer_handshake(p, answered[i].init, answered[i].auth);
		if (up != answered[i].up || (up && !pair_agrees(p)))
			fail_msg("%s | %s", answered[i].init, answered[i].auth);
		pair_free(p);
	}
}

/* COOKIE and INVALID_KE_PAYLOAD are followed, with the same edits. */
static void retries_keep_edits(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){
		.ike = "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-x25519",
		.ike_right = "aes128gcm16-prfsha256-x25519" });
	p->end[RIGHT].config.cookie_threshold = 0;
	pair_start(p);
	struct seen *s = stand_ask(p, PURPOSE_IKE_SA_INIT, "add V data=hex:0102");
	assert_string_equal(stand_outcome(s), "COOKIE");
	assert_true(s->error);
	for (int i = 0; i < 2; i++) {
		stand_take(p, s);
		s = stand_hear(p);
		assert_non_null(s);
	}
	assert_string_equal(stand_outcome(s), "ok");
	const struct sent *last = s->answers;
	assert_non_null(message_payload(&last->composed.message, PAYLOAD_VENDOR, 1));
	assert_non_null(message_notify(&last->composed.message, 16390));
	assert_non_null(last->retry_of);
	stand_take(p, s);
	s = stand_ask(p, PURPOSE_IKE_AUTH, NULL);
	stand_take(p, s);
	pair_pump(p);
	assert_true(pair_agrees(p));
	pair_free(p);
}

static void held_and_answered_by_notify(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 4 });
	struct why why;
	pair_start(p);
	assert_true(endpoint_initiate(p->end[RIGHT].endpoint, 0, p->now, &why));
	struct seen *q = stand_hear(p);
	endpoint_take(p->end[LEFT].endpoint, q, TAKE_HOLD, p->now);
	struct sending s = {
		.purpose = PURPOSE_IKE_SA_INIT, .response = true, .answers = q, .notify = 14
	};
	assert_null(stand_send(p, &s)); /* not believed */
	s.notify = 16390;
	struct seen *again = stand_send(p, &s);
	assert_non_null(again); /* the cookie comes back */
	assert_non_null(message_notify(&again->message, 16390));
	s.notify = 0;
	s.answers = again;
	struct seen *auth = stand_send(p, &s);
	assert_int_equal(auth->purpose, PURPOSE_IKE_AUTH);
	stand_take(p, auth);
	pair_pump(p);
	assert_true(pair_agrees(p));
	pair_free(p);
}

static void again(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 5 });
	struct why why;
	struct edit_text t;
	struct datagram d;
	pair_start(p);
	assert_true(stand_establish(p));
	struct endpoint *e = p->end[LEFT].endpoint;
	struct sending s = { .purpose = PURPOSE_LIVENESS,
			     .ike = endpoint_ike_sa(e, 0),
			     .lost = true };
	assert_null(stand_send(p, &s));
	struct sent *lost = endpoint_send(e, &s, p->now, &why);
	assert_non_null(lost);
	struct sent *bad =
		endpoint_again(e, lost, edits_of(&t, "corrupt SK.icv"), false, p->now, &why);
	assert_non_null(bad);
	pair_pump(p);
	assert_int_equal(endpoint_counts(p->end[RIGHT].endpoint).last_refusal, check_find("icv"));
	assert_non_null(endpoint_again(e, lost, NULL, false, p->now, &why));
	assert_true(endpoint_output(e, p->now, &d));
	assert_true(bytes_equal(d.octets, lost->composed.datagrams[0]));
	endpoint_input(p->end[RIGHT].endpoint, &d, p->now);
	struct seen *r = stand_hear(p);
	assert_string_equal(stand_outcome(r), "ok");
	assert_int_equal(ike_sa_view(s.ike).next_request, 2);
	endpoint_take(e, r, TAKE_LOST, p->now);
	assert_int_equal(ike_sa_view(s.ike).next_request, 2);
	endpoint_take(e, r, TAKE_AUTOMATIC, p->now);
	assert_int_equal(ike_sa_view(s.ike).next_request, 3);
	pair_free(p);
}

static void children_by_hand(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 7, .esp = "aes256gcm16-x25519" });
	struct why why;
	pair_start(p);
	assert_true(stand_establish(p));
	assert_true(stand_done(p, PURPOSE_NEW_CHILD, NULL));
	assert_true(pair_agrees(p));
	assert_true(stand_done(p, PURPOSE_REKEY_CHILD, "set Ni.data ones:32"));
	assert_true(pair_agrees(p));
	assert_int_equal(p->end[RIGHT].installs, 3);
	struct seen *s = stand_ask(p, PURPOSE_REKEY_CHILD, "set N(REKEY_SA).spi hex:01020304");
	assert_string_equal(stand_outcome(s), "CHILD_SA_NOT_FOUND");
	assert_true(s->error);
	stand_take(p, s);
	s = stand_ask(p, PURPOSE_NEW_CHILD, "set KE.data zero:31");
	assert_string_equal(stand_outcome(s), "INVALID_SYNTAX");
	assert_int_equal(pair_living(p, RIGHT), 0);
	pair_free(p);
	p = stand_new(&(struct pair_setup){ .seed = 8 });
	pair_start(p);
	assert_true(stand_establish(p));
	struct endpoint *e = p->end[RIGHT].endpoint;
	struct ike_sa *sa = endpoint_ike_sa(e, 0);
	assert_true(endpoint_request(e, PURPOSE_REKEY_CHILD, sa, endpoint_child_sa(e, sa, 0),
				     p->now, &why));
	s = stand_hear(p);
	assert_int_equal(s->purpose, PURPOSE_REKEY_CHILD);
	struct edit_text t;
	struct sending answer = { .purpose = s->purpose,
				  .response = true,
				  .answers = s,
				  .edits = edits_of(&t, "set Nr.data zero:32") };
	s = stand_send(p, &answer);
	assert_int_equal(s->purpose, PURPOSE_DELETE_CHILD);
	stand_take(p, s);
	pair_pump(p);
	assert_true(pair_agrees(p));
	assert_int_equal(p->end[RIGHT].removes, 1);
	pair_free(p);
}

static void compose_changes_nothing(void **state)
{
	(void)state;
	struct pair *p = stand_new(&(struct pair_setup){ .seed = 6 }),
		    *q = stand_new(&(struct pair_setup){ .seed = 6 });
	struct why why;
	uint64_t a, b;
	struct sending s = { .purpose = PURPOSE_IKE_SA_INIT };
	pair_start(p);
	pair_start(q);
	struct node *n = endpoint_compose(p->end[LEFT].endpoint, &s, p->arena, &why);
	assert_non_null(n);
	assert_non_null(wire_find(n, "SA.P[1].T(ENCR).id", NULL));
	assert_int_equal(endpoint_counts(p->end[LEFT].endpoint).ike_sas, 0);
	struct sent *x = endpoint_send(p->end[LEFT].endpoint, &s, p->now, &why);
	struct sent *y = endpoint_send(q->end[LEFT].endpoint, &s, q->now, &why);
	a = x->composed.message.spi_i;
	b = y->composed.message.spi_i;
	assert_true(a == b);
	assert_true(bytes_equal(x->composed.datagrams[0], y->composed.datagrams[0]));
	pair_free(p);
	pair_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(establishes),
		cmocka_unit_test(what_is_believed),
		cmocka_unit_test(what_is_believed_of_answers),
		cmocka_unit_test(retries_keep_edits),
		cmocka_unit_test(held_and_answered_by_notify),
		cmocka_unit_test(again),
		cmocka_unit_test(children_by_hand),
		cmocka_unit_test(compose_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
