/*
 * Each row of the check table: the honest case passes, the bad case is refused and names the row,
 * and with the row left out the bad case passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stand.h"

enum stage { INIT, AUTH, INFO, CLEAR_INFO, SPLIT_INFO, EARLY_INFO, AGAIN_AUTH };
enum setting { USUAL, TWO_GROUPS, OTHER_SUITE, OTHER_ESP, ECP, CBC, COOKIES, ANYBODY };

static const struct pair_setup setups[] = {
	[TWO_GROUPS] = { .ike = "aes128gcm16-prfsha256-ecp256 aes128gcm16-prfsha256-x25519",
			 .ike_right = "aes128gcm16-prfsha256-x25519" },
	[OTHER_SUITE] = { .ike = "aes128gcm16-prfsha256-x25519",
			  .ike_right = "aes256gcm16-prfsha256-x25519" },
	[OTHER_ESP] = { .esp = "aes128gcm16", .esp_right = "aes256gcm16" },
	[ECP] = { .ike = "aes128gcm16-prfsha256-ecp256" },
	[CBC] = { .ike = "aes128-sha256-x25519" },
	[ANYBODY] = { .seed = 1 },
};

#define WIDE_TS "set TSi.S[1].start_address hex:c0a80000; set TSi.S[1].end_address hex:c0a800ff"

/* What the target (RIGHT) answers to an edited request, and what if the row is left out. */
static const struct {
	const char *check;
	enum stage stage;
	enum setting setting;
	const char *edits, *kept, *omitted;
} requests[] = {
	{ "header-length", INIT, USUAL, "set HDR.length 0", "silence", "ok" },
	{ "header-length", INIT, USUAL, "set HDR.length 0xffffffff", "silence", "ok" },
	{ "major-version", INIT, USUAL, "set HDR.major_version 3", "INVALID_MAJOR_VERSION", "ok" },
	{ "old-version", INIT, USUAL, "set HDR.major_version 1", "silence", "ok" },
	{ "minor-version", INIT, USUAL, "set HDR.minor_version 5", "ok", "silence" },
	{ "reserved-ignored", INIT, USUAL, "set HDR.reserved 7", "ok", "silence" },
	{ "reserved-ignored", INIT, USUAL, "set KE.reserved2 0xffff", "ok", "silence" },
	{ "reserved-ignored", INIT, USUAL, "set HDR.version_flag 1", "ok", "silence" },
	{ "known-critical", INIT, USUAL, "set KE.critical 1", "ok", "silence" },
	{ "unknown-payload", INIT, USUAL, "add PAYLOAD(200) data=hex:00", "ok", "silence" },
	{ "vendor-ignored", INIT, USUAL, "add V data=hex:0102", "ok", "silence" },
	{ "payload-order", INIT, USUAL, "move KE before=SA", "ok", "silence" },
	{ "init-critical", INIT, USUAL, "add PAYLOAD(200) critical=1 data=hex:00",
	  "UNSUPPORTED_CRITICAL_PAYLOAD", "ok" },
	{ "init-syntax", INIT, USUAL, "set KE.length 65535", "silence", "ok" },
	{ "init-syntax", INIT, USUAL, "set Ni.length 3", "silence", "ok" },
	{ "init-payloads", INIT, USUAL, "copy Ni", "silence", "ok" },
	{ "init-initiator-spi", INIT, USUAL, "set HDR.spi_i 0", "silence", "ok" },
	{ "init-responder-spi", INIT, USUAL, "set HDR.spi_r 5", "silence", "ok" },
	{ "init-message-id", INIT, USUAL, "set HDR.message_id 1", "silence", "ok" },
	{ "init-initiator-flag", INIT, USUAL, "set HDR.initiator 0", "silence", "ok" },
	{ "nonce-length", INIT, USUAL, "set Ni.data ones:15", "silence", "ok" },
	{ "nonce-length", INIT, USUAL, "set Ni.data ones:257", "silence", "ok" },
	{ "ke-length", INIT, USUAL, "set KE.data ones:31", "silence", "ok" },
	{ "public-value", INIT, ECP, "set KE.data ones:64", "silence", "ok" },
	{ "ke-group", INIT, TWO_GROUPS, "", "INVALID_KE_PAYLOAD", "ok" },
	{ "proposal", INIT, OTHER_SUITE, "", "NO_PROPOSAL_CHOSEN", "ok" },
	{ "proposal-number", INIT, USUAL, "set SA.P[1].number 2", "silence", "ok" },
	{ "proposal-count", INIT, USUAL, "set SA.P[1].transform_count 9", "silence", "ok" },
	{ "all-transforms", INIT, USUAL,
	  "add SA.P[1].T before=SA.P[1].T(ENCR) times=30 type=1 id=1024", "ok",
	  "NO_PROPOSAL_CHOSEN" },
	{ "mandatory-transforms", INIT, USUAL, "drop SA.P[1].T(PRF)", "NO_PROPOSAL_CHOSEN", "ok" },
	{ "transform-types", INIT, USUAL, "add SA.P[1].T type=20 id=1", "NO_PROPOSAL_CHOSEN",
	  "ok" },
	{ "transform-attributes", INIT, USUAL, "add SA.P[1].T(ENCR).A type=15 value=1",
	  "NO_PROPOSAL_CHOSEN", "ok" },
	{ "key-length", INIT, CBC, "drop SA.P[1].T(ENCR).A", "NO_PROPOSAL_CHOSEN", "ok" },
	{ "cookie-asked", INIT, COOKIES, "", "COOKIE", "ok" },
	{ "cookie-match", INIT, COOKIES, "add N(COOKIE) before=SA data=ones:36", "COOKIE", "ok" },
	{ "icv", AUTH, USUAL, "corrupt SK.icv", "silence", "ok" },
	{ "icv", AUTH, CBC, "corrupt SK.icv", "silence", "ok" },
	{ "pad-length", AUTH, USUAL, "set SK.pad_length 255", "INVALID_SYNTAX", "ok" },
	{ "any-padding", AUTH, USUAL, "set SK.padding ones:40", "ok", "silence" },
	{ "critical", AUTH, USUAL, "add PAYLOAD(200) critical=1 before=IDi data=hex:00",
	  "UNSUPPORTED_CRITICAL_PAYLOAD", "ok" },
	{ "payload-length", AUTH, USUAL, "add PAYLOAD(201) data=hex:00; set PAYLOAD(201).length 3",
	  "INVALID_SYNTAX", "ok" },
	{ "payload-length", AUTH, USUAL, "set IDi.length 0", "INVALID_SYNTAX", "ok" },
	{ "payload-missing", AUTH, USUAL, "drop TSr", "INVALID_SYNTAX", "ok" },
	{ "payload-twice", AUTH, USUAL, "copy TSi", "INVALID_SYNTAX", "ok" },
	{ "auth", AUTH, USUAL, "set AUTH.data ones:32", "AUTHENTICATION_FAILED", "ok" },
	{ "auth-method", AUTH, USUAL, "set AUTH.method 1", "AUTHENTICATION_FAILED", "ok" },
	{ "auth-length", AUTH, USUAL, "set AUTH.data zero:0", "AUTHENTICATION_FAILED", "ok" },
	{ "id", AUTH, USUAL, "set IDi.data hex:41", "AUTHENTICATION_FAILED", "ok" },
	{ "id-length", AUTH, ANYBODY, "set IDi.type 1", "AUTHENTICATION_FAILED", "ok" },
	{ "id-in-auth", AUTH, USUAL, "corrupt IDi.data; freeze AUTH.data", "AUTHENTICATION_FAILED",
	  "ok" },
	{ "id-reserved-in-auth", AUTH, USUAL, "set IDi.reserved2 0xabcdef", "ok",
	  "AUTHENTICATION_FAILED" },
	{ "child-proposal", AUTH, OTHER_ESP, "", "NO_PROPOSAL_CHOSEN", "ok" },
	{ "selectors", AUTH, USUAL, WIDE_TS, "TS_UNACCEPTABLE", "ok" },
	{ "selector-type", AUTH, USUAL, "add TSi.S type=9 data=hex:0000", "ok", "TS_UNACCEPTABLE" },
	{ "selector-count", AUTH, USUAL, "set TSi.count 3", "INVALID_SYNTAX", "ok" },
	{ "selector-range", AUTH, USUAL,
	  "set TSi.S[1].start_address hex:0a01ffff; set TSi.S[1].end_address hex:0a010000",
	  "TS_UNACCEPTABLE", "ok" },
	{ "selector-all", AUTH, USUAL, "copy TSi.S[1]; " WIDE_TS, "ok", "TS_UNACCEPTABLE" },
	{ "initiator-flag", INFO, USUAL, "set HDR.initiator 0", "silence", "ok" },
	{ "peer-spi", INFO, USUAL, "set HDR.spi_i 7", "silence", "ok" },
	{ "unknown-spi", INFO, USUAL, "set HDR.spi_i 7; set HDR.spi_r 9", "silence", "ok" },
	{ "unknown-spi-response", INFO, USUAL,
	  "set HDR.spi_i 7; set HDR.spi_r 9; set HDR.response 1", "silence", "INVALID_IKE_SPI" },
	{ "response-answered", INFO, USUAL, "set HDR.response 1", "silence", "INVALID_SYNTAX" },
	{ "exchange-type", INFO, USUAL, "set HDR.exchange_type 200", "silence", "ok" },
	{ "message-id", INFO, USUAL, "set HDR.message_id 9", "silence", "ok" },
	{ "informational-answered", INFO, USUAL, "add N type=16420", "ok", "silence" },
	{ "status-ignored", INFO, USUAL, "add N type=40000", "ok", "INVALID_SYNTAX" },
	{ "error-ignored", INFO, USUAL, "add N type=5000", "ok", "INVALID_SYNTAX" },
	{ "clear", CLEAR_INFO, USUAL, "", "silence", "ok" },
	{ "fragment", SPLIT_INFO, USUAL, "add V data=zero:50", "silence", "ok" },
	{ "exchange-order", EARLY_INFO, USUAL, "", "silence", "ok" },
	{ "auth-once", AGAIN_AUTH, USUAL, "", "silence", "ok" },
};

static struct pair *prepared(enum setting setting)
{
	struct pair *p = stand_new(&setups[setting]);
	if (setting == COOKIES)
		p->end[RIGHT].config.cookie_threshold = 0;
	if (setting == ANYBODY)
		p->end[RIGHT].connection.them.type = 0;
	return p;
}

static const char *stimulate(struct pair *p, enum stage stage, const char *edits)
{
	struct edit_text t;
	if (stage == INIT)
		return stand_outcome(stand_ask(p, PURPOSE_IKE_SA_INIT, edits));
	if (stage == AUTH || stage == EARLY_INFO) {
		stand_take(p, stand_ask(p, PURPOSE_IKE_SA_INIT, NULL));
		return stand_outcome(
			stand_ask(p, stage == AUTH ? PURPOSE_IKE_AUTH : PURPOSE_LIVENESS, edits));
	}
	stand_establish(p);
	struct sending s = {
		.purpose = stage == AGAIN_AUTH ? PURPOSE_IKE_AUTH : PURPOSE_LIVENESS,
		.ike = endpoint_ike_sa(p->end[LEFT].endpoint, 0),
		.clear = stage == CLEAR_INFO,
		.fragments = stage == SPLIT_INFO ? 2 : 0,
		.edits = edits_of(&t, edits),
	};
	return stand_outcome(stand_send(p, &s));
}

static void same(const char *check, const char *edits, const char *what, const char *got,
		 const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s (%s) %s: wanted %s, got %s", check, edits, what, wanted, got);
}

static void refused_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct pair *p = prepared(requests[i].setting);
		struct why why;
		pair_start(p);
		same(requests[i].check, requests[i].edits, "with the check",
		     stimulate(p, requests[i].stage, requests[i].edits), requests[i].kept);
		struct endpoint_counts c = endpoint_counts(p->end[RIGHT].endpoint);
		if (strcmp(requests[i].kept, "ok") != 0 &&
		    strcmp(requests[i].check, "response-answered") != 0 &&
		    strcmp(requests[i].check, "id-in-auth") != 0 &&
		    strcmp(requests[i].check, "auth-length") != 0 &&
		    strcmp(requests[i].check, "peer-spi") != 0 &&
		    checks[check_find(requests[i].check)].answer != ANSWER_DUTY)
			assert_string_equal(checks[c.last_refusal].name, requests[i].check);
		if (!endpoint_validate(p->end[RIGHT].endpoint, &why))
			fail_msg("%s: %s", requests[i].check, why.text);
		pair_free(p);
		p = prepared(requests[i].setting);
		pair_omit(p, RIGHT, requests[i].check);
		pair_start(p);
		same(requests[i].check, requests[i].edits, "left out",
		     stimulate(p, requests[i].stage, requests[i].edits), requests[i].omitted);
		if (!endpoint_validate(p->end[RIGHT].endpoint, &why))
			fail_msg("%s: %s", requests[i].check, why.text);
		pair_free(p);
	}
}

/* A fault that breaks everything proves nothing: under each an honest pair lives its whole life. */
static void honest_under_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * checks_count; i++) {
		struct pair *p = pair_new(&(struct pair_setup){ .seed = i });
		struct why why;
		pair_omit(p, i & 1, checks[i / 2].name);
		pair_start(p);
		bool good = pair_handshake(p) && pair_ask(p, LEFT, PURPOSE_LIVENESS) &&
			    pair_ask(p, RIGHT, PURPOSE_LIVENESS) && pair_agrees(p) &&
			    pair_ask(p, LEFT, PURPOSE_DELETE_CHILD) &&
			    pair_ask(p, RIGHT, PURPOSE_DELETE_IKE);
		good = good && pair_living(p, LEFT) + pair_living(p, RIGHT) == 0;
		if (!good)
			fail_msg("%s at end %zu", checks[i / 2].name, i & 1);
		for (int k = 0; k < 2; k++)
			if (!endpoint_validate(p->end[k].endpoint, &why))
				fail_msg("%s: %s", checks[i / 2].name, why.text);
		pair_free(p);
	}
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < checks_count; i++) {
		assert_non_null(checks[i].name);
		assert_int_equal(check_find(checks[i].name), i);
		assert_true(strncmp(checks[i].requirement, "RFC", 3) == 0);
		assert_true(strlen(checks[i].title) > 10);
	}
	assert_int_equal(check_find("no such check"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(refused_requests),
		cmocka_unit_test(honest_under_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
