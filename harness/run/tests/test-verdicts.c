/* What broken checks, conditions, deaths and oracles make of a case. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define S(...) { .steps = __VA_ARGS__ }

static const struct row rows[] = {
	{ "held",                   S("<check value=\"1\" is=\"1\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "a MUST is broken",       S("<check value=\"1\" is=\"2\" judges=\"must\"/>"), VERDICT_FAIL, "wanted 2, got 1", NULL },
	{ "a SHOULD is broken",     S("<check value=\"1\" is=\"2\" judges=\"should\"/>"), VERDICT_WEAK, "wanted 2, got 1", NULL },
	{ "a MAY is broken",        S("<check value=\"1\" is=\"2\" judges=\"may\"/>"), VERDICT_PASS, NULL, NULL },
	{ "the worst counts",       S("<check value=\"1\" is=\"2\" judges=\"should\"/><check value=\"1\" is=\"2\" judges=\"must\"/>"),
		VERDICT_FAIL, NULL, NULL },
	{ "a condition is broken",  S("<check value=\"1\" is=\"2\"/><check value=\"1\" is=\"1\" judges=\"must\"/>"), VERDICT_INCONCLUSIVE,
		"wanted 2, got 1", NULL },
	{ "fail beats a condition", S("<check value=\"1\" is=\"2\"/><check value=\"1\" is=\"2\" judges=\"must\"/>"), VERDICT_FAIL, NULL, NULL },
	{ "a broken check goes on", S("<check value=\"1\" is=\"2\" judges=\"should\"/><check value=\"1\" is=\"2\" judges=\"must\"/>"),
		VERDICT_FAIL, NULL, NULL },
	{ "what was not reached",   S("<send request=\"IKE_SA_INIT\" lost=\"yes\"/><expect response=\"IKE_SA_INIT\"/>"
		"<check value=\"1\" is=\"1\" judges=\"must\"/>"), VERDICT_INCONCLUSIVE, "nothing within", NULL },
	{ "fail, the rest not reached", S("<send request=\"IKE_SA_INIT\" lost=\"yes\"/><expect response=\"IKE_SA_INIT\" judges=\"must\"/>"
		"<check value=\"1\" is=\"1\" judges=\"should\"/>"), VERDICT_FAIL, "nothing within", NULL },
	{ "not applicable",         { .head = "<needs feature=\"tcp\"/>", .steps = "<establish judges=\"must\"/>" },
		VERDICT_NOT_APPLICABLE, "no tcp", NULL },
	{ "too little",             { .head = "<needs feature=\"replay-window\" min=\"1000\"/>", .steps = "<establish judges=\"must\"/>" },
		VERDICT_NOT_APPLICABLE, "only 64", NULL },
	{ "enough",                 { .head = "<needs feature=\"groups\" min=\"2\"/>", .steps = "<establish judges=\"must\"/>" },
		VERDICT_PASS, NULL, NULL },
	{ "an error of ours",       S("<send request=\"IKE_SA_INIT\"><drop part=\"N(COOKIE)\"/></send><expect-nothing judges=\"must\"/>"),
		VERDICT_ERROR, "N(COOKIE)", NULL },
	{ "no honest handshake at the end", { .fault = "test-breaks-handshakes", .steps = "<check value=\"1\" is=\"1\" judges=\"must\"/>" },
		VERDICT_DIED, "closing handshake", NULL },
	{ "its delete without an answer", { .fault = "test-unread-delete", .steps = "<check value=\"1\" is=\"1\" judges=\"must\"/>" },
		VERDICT_PASS, NULL, NULL },
	{ "no honest handshake on a bad path", { .fault = "test-breaks-handshakes", .loss_ppm = 1, .lossy_ok = true,
		.steps = "<check value=\"1\" is=\"1\" judges=\"must\"/>" }, VERDICT_INCONCLUSIVE, "closing handshake", NULL },
	{ "broken on a bad path",   { .loss_ppm = 1, .steps = "<check value=\"1\" is=\"2\" judges=\"must\"/>" },
		VERDICT_INCONCLUSIVE, "on a bad path", NULL },
	{ "the same, lossy-ok",     { .loss_ppm = 1, .lossy_ok = true, .steps = "<check value=\"1\" is=\"2\" judges=\"must\"/>" },
		VERDICT_FAIL, "wanted 2", NULL },
	{ "no delete response on a bad path", { .fault = "test-unread-delete", .loss_ppm = 1, .lossy_ok = true,
		.steps = "<establish/><exchange request=\"delete-ike\"/><check value=\"1\" is=\"1\" judges=\"must\"/>" },
		VERDICT_PASS, NULL, NULL },
	{ "the same, judged",       { .fault = "test-unread-delete", .loss_ppm = 1, .lossy_ok = true,
		.steps = "<establish/><exchange request=\"delete-ike\" judges=\"must\"/>" },
		VERDICT_INCONCLUSIVE, "lost for good", NULL },
	{ "the same on a good path", { .fault = "test-unread-delete", .steps = "<establish/><exchange request=\"delete-ike\" judges=\"must\"/>" },
		VERDICT_FAIL, "nothing within", NULL },
	{ "alive=no",               { .fault = "test-breaks-handshakes", .no_alive = true,
		.steps = "<check value=\"1\" is=\"1\" judges=\"must\"/>" }, VERDICT_PASS, NULL, NULL },
	{ "vacuous",                S("<send octets=\"zero:20\"/><expect-refusal judges=\"must\"><check field=\"N.type\" is=\"9\" judges=\"should\"/></expect-refusal>"),
		VERDICT_PASS, NULL, "silent" },
	{ "the case not taken",     S("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"a\"><expect response=\"IKE_SA_INIT\"/></case>"
		"<case when=\"b\"><expect-refusal judges=\"should\"/></case></any-of>"), VERDICT_PASS, NULL, "a" },
	{ "absent",                 S("<exchange request=\"IKE_SA_INIT\"><absent part=\"KE\" judges=\"must\"/></exchange>"), VERDICT_FAIL,
		"KE: wanted absent, got present", NULL },
	{ "present",                S("<exchange request=\"IKE_SA_INIT\"><present part=\"N(COOKIE)\" judges=\"must\"/></exchange>"), VERDICT_FAIL,
		"wanted present, got absent", NULL },
	{ "every one of a list",    S("<exchange request=\"IKE_SA_INIT\"><check field=\"SA.P[1].T[*].reserved\" is=\"0\" judges=\"must\"/></exchange>"),
		VERDICT_PASS, NULL, NULL },
	{ "one of a list is other", S("<exchange request=\"IKE_SA_INIT\"><check field=\"SA.P[1].T[*].type\" is=\"1\" judges=\"must\"/></exchange>"),
		VERDICT_FAIL, NULL, NULL },
	{ "none of a list",         S("<exchange request=\"IKE_SA_INIT\"><check field=\"V[*].data\" is=\"hex:00\" judges=\"must\"/></exchange>"),
		VERDICT_PASS, NULL, NULL },
	{ "one-of",                 S("<check value=\"3\" one-of=\"1 2 3\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "one-of none",            S("<check value=\"4\" one-of=\"1 2 3\" judges=\"must\"/>"), VERDICT_FAIL, "one of", NULL },
	{ "min and max",            S("<check value=\"4\" min=\"4\" max=\"4\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "over max",               S("<check value=\"5\" min=\"4\" max=\"4\" judges=\"must\"/>"), VERDICT_FAIL, "at most 4, got 5", NULL },
	{ "subset",                 S("<establish until=\"IKE_SA_INIT\"/><exchange request=\"IKE_AUTH\" save=\"x\">"
		"<check field=\"TSi\" subset-of=\"${x.request.TSi}\" judges=\"must\"/></exchange>"), VERDICT_PASS, NULL, NULL },
	{ "no subset",              S("<establish until=\"IKE_SA_INIT\"/><exchange request=\"IKE_AUTH\" save=\"x\">"
		"<check field=\"TSi\" subset-of=\"${x.request.TSr}\" judges=\"must\"/></exchange>"), VERDICT_FAIL, "a subset of", NULL },
	{ "covers",                 S("<establish until=\"IKE_SA_INIT\"/><exchange request=\"IKE_AUTH\" save=\"x\">"
		"<check field=\"TSi\" covers=\"${x.request.TSi.S[1]}\" judges=\"must\"/></exchange>"), VERDICT_PASS, NULL, NULL },
};

static void each_row(void **state)
{
	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

/* ------------------------------------------------------------ names and tallies */

static void names(void **state)
{
	enum verdict back;

	(void)state;
	for (int i = 0; i < VERDICTS; i++) {
		assert_true(verdict_parse(verdict_name((enum verdict)i), &back));
		assert_int_equal(back, i);
	}
	assert_false(verdict_parse("passed", &back));
}

static void tallies(void **state)
{
	static const struct { enum verdict verdict; bool strict; enum tally tally; } table[] = {
		{ VERDICT_PASS, false, TALLY_PASSED },          { VERDICT_WEAK, false, TALLY_PASSED },
		{ VERDICT_WEAK, true, TALLY_FAILED },           { VERDICT_FAIL, false, TALLY_FAILED },
		{ VERDICT_DIED, false, TALLY_FAILED },          { VERDICT_UNEXPECTED_PASS, false, TALLY_FAILED },
		{ VERDICT_INCONCLUSIVE, false, TALLY_ERRORS },  { VERDICT_ERROR, false, TALLY_ERRORS },
		{ VERDICT_NOT_APPLICABLE, false, TALLY_SKIPPED }, { VERDICT_EXPECTED_FAIL, false, TALLY_SKIPPED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(verdict_tally(table[i].verdict, table[i].strict), table[i].tally);
	assert_int_equal(verdict_worse(VERDICT_DIED, VERDICT_FAIL), VERDICT_DIED);
	assert_int_equal(verdict_worse(VERDICT_PASS, VERDICT_NOT_APPLICABLE), VERDICT_PASS);
}

static void gates(void **state)
{
	(void)state;
	assert_int_equal(verdict_of_break(GATE_VIOLATION), VERDICT_FAIL);
	assert_int_equal(verdict_of_break(GATE_DEFINITION), VERDICT_FAIL);
	assert_int_equal(verdict_of_break(GATE_RECOMMENDATION), VERDICT_WEAK);
	assert_int_equal(verdict_of_break(GATE_INTERPRETATION), VERDICT_WEAK);
	assert_int_equal(verdict_of_break(GATE_OPTION), VERDICT_PASS);
}

/* ------------------------------------------------------------ oracles */

#define WORK "<establish child=\"c\" judges=\"must\"/><repeat times=\"3\"><works child=\"c\" judges=\"must\"/></repeat>" \
	"<exchange request=\"liveness\" judges=\"must\"/>"

/* Each has a fault that trips it; without one none fires. */
static const struct { const char *fault, *oracle, *steps, *target; } oracles[] = {
	{ NULL, NULL, WORK, "responder" },
	{ NULL, NULL, WORK, "initiator" },
	{ "sends-reserved-bits", "reserved-zero", WORK, "responder" },
	{ "test-repeats-nonce", "nonce-once", WORK, "responder" },
	{ "test-critical", "critical-clear", WORK, "responder" },
	{ "test-length", "lengths-right", WORK, "responder" },
	{ "test-nat-hash", "nat-hash-size", WORK, "responder" },
	{ "test-iv", "ike-iv-once", WORK WORK, "responder" },
	{ "test-id", "response-matches", WORK, "responder" },
	{ "test-auth", "auth-recomputed", "<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\"/>"
	  "<send request=\"IKE_AUTH\"/><expect response=\"IKE_AUTH\" judges=\"must\"/>", "responder" },
	{ "test-spi", "spi-once", "<exchange request=\"IKE_SA_INIT\"/><exchange request=\"IKE_SA_INIT\" judges=\"must\"/>", "responder" },
	{ "test-number", "esp-number-once", WORK, "responder" },
	{ "test-clear", "nothing-in-clear", WORK, "responder" },
	{ "starts-esp-at-zero", "esp-first-is-1", WORK, "responder" },
	{ "repeats-esp-iv", "esp-iv-once", WORK, "responder" },
	{ "retransmits-other-octets", "retransmission-same",
	  "<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/><wait for=\"3s\"/><check value=\"1\" is=\"1\" judges=\"must\"/>",
	  "initiator" },
};

static bool fired(const struct outcome *o, const char *oracle)
{
	for (size_t i = 0; i < o->requirements; i++)
		if (o->requirement[i].oracle && (!oracle || strcmp(o->requirement[i].name, oracle) == 0))
			return true;
	return false;
}

static void each_oracle(void **state)
{
	size_t broken = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(oracles); i++) {
		struct asked a = { .steps = oracles[i].steps, .fault = oracles[i].fault, .target = oracles[i].target };
		struct outcome o = run_asked(&a);

		if (fired(&o, oracles[i].oracle) == (oracles[i].oracle != NULL))
			continue;
		print_error("fault %s, oracle %s: %s (%s)\n", oracles[i].fault ? oracles[i].fault : "none",
			    oracles[i].oracle ? oracles[i].oracle : "none", verdict_name(o.verdict), o.reason);
		broken++;
	}
	assert_int_equal(broken, 0);
}

/* ------------------------------------------------------------ known deviations */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void bad_deviations(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]", "{\"schema\": \"ikespec-deviations/1\"}",
		"{\"schema\": \"ikespec-deviations/1\", \"deviations\": [{}]}",
		"{\"schema\": \"ikespec-deviations/1\", \"deviations\": [{\"id\": \"a\", \"reason\": \"b\", \"verdict\": \"bad\"}]}",
		"{\"schema\": \"ikespec-deviations/2\", \"deviations\": []}",
	};
	char path[] = "/tmp/deviations-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct why why = { 0 };

		write_file(path, texts[i]);
		assert_null(deviations_load(path, NULL, &why));
		assert_true(why.text[0] != 0);
	}
	remove(path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row), cmocka_unit_test(names), cmocka_unit_test(tallies), cmocka_unit_test(gates),
		cmocka_unit_test(each_oracle), cmocka_unit_test(bad_deviations),
	};

	return tests_main(argc, argv, tests, ARRAY_LEN(tests));
}
