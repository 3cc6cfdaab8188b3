/* The rules of matching, look-ahead, silence and its fence. */
#include "table.h"

#define S(...) { .steps = __VA_ARGS__ }
#define THEIRS(...) { .target = "initiator", .steps = __VA_ARGS__ }

static const struct row rows[] = {
	/* Rule 1: the order of the script need not be that of the wire. */
	{ "kept in order", S("<send request=\"IKE_SA_INIT\" save=\"a\"/><send request=\"IKE_SA_INIT\" save=\"b\"/>"
		"<expect response=\"IKE_SA_INIT\" answers=\"b\" judges=\"must\"/><expect response=\"IKE_SA_INIT\" answers=\"a\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	{ "only what it answers", S("<send request=\"IKE_SA_INIT\" save=\"a\"/><send request=\"IKE_SA_INIT\" lost=\"yes\" save=\"b\"/>"
		"<expect response=\"IKE_SA_INIT\" answers=\"b\" judges=\"must\"/>"), VERDICT_FAIL, "nothing within", NULL },
	{ "with selects a request", THEIRS("<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" with=\"N(COOKIE)\" judges=\"must\"/>"),
		VERDICT_FAIL, "nothing within", NULL },
	{ "without selects", THEIRS("<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" without=\"N(COOKIE)\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	/* Rule 2: what no later step could take is handled at once. */
	{ "automatic side answers", THEIRS("<target do=\"initiate\"/><wait for=\"1s\"/><works ike=\"ike\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	{ "kept for a later step", THEIRS("<target do=\"initiate\"/><wait for=\"100ms\"/><expect request=\"IKE_SA_INIT\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	{ "kept for a step in a repeat", THEIRS("<target do=\"initiate\"/><wait for=\"100ms\"/><repeat times=\"1\">"
		"<answer request=\"IKE_SA_INIT\" judges=\"must\"/><answer request=\"IKE_AUTH\" judges=\"must\"/></repeat>"),
		VERDICT_PASS, NULL, NULL },
	/* Rule 3: a response that is no success ends the wait at once. */
	{ "ends at once", S("<send request=\"IKE_SA_INIT\" save=\"q\" propose=\"aes128-sha256-ecp256\"><set field=\"SA.P[1].T(ENCR).id\" to=\"99\"/></send>"
		"<expect response=\"IKE_SA_INIT\" within=\"1h\" judges=\"must\"/>"), VERDICT_FAIL, "after 2 ms", NULL },
	/* Rule 4: a repetition is taken by again alone. */
	{ "no repetition", S("<establish/><send request=\"liveness\" save=\"q\"/><expect response=\"liveness\" save=\"a\"/>"
		"<send again=\"q\"/><expect response=\"liveness\" judges=\"must\"/>"), VERDICT_FAIL, "nothing within", NULL },
	/* The target repeats each request before our answer has come: that is no reason for us to give in. */
	{ "a slow target is asked again", { .target = "initiator", .fault = "follows-cookies-for-ever",
		.steps = "<network delay=\"400ms\"/><target do=\"initiate\"/><repeat times=\"12\"><any-of>"
		"<case when=\"asks\"><expect request=\"IKE_SA_INIT\" save=\"q\"/>"
		"<send response=\"IKE_SA_INIT\" answers=\"q\" notify=\"COOKIE\"><set field=\"N(COOKIE).data\" to=\"random:32\"/></send></case>"
		"<case when=\"waits\"><expect-nothing request=\"IKE_SA_INIT\" for=\"500ms\"/></case></any-of></repeat>"
		"<check value=\"${q.count()}\" max=\"9\" judges=\"should\"/>" }, VERDICT_WEAK, NULL, NULL },
	{ "other octets are no repetition", { .target = "initiator", .fault = "retransmits-other-octets",
		.steps = "<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/><expect again=\"q\" judges=\"must\"/>" },
		VERDICT_FAIL, "a repetition of q", NULL },
	/* Rule 5: times. */
	{ "none is enough", S("<establish/><expect request=\"liveness\" times=\"0..2\" within=\"10s\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "two of one", S("<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\" times=\"2\" judges=\"must\"/>"), VERDICT_FAIL,
		"1 within 5", NULL },
	{ "open end", THEIRS("<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/><expect again=\"q\" times=\"2..\" within=\"4s\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	/* Rule 6: as the target sent them, before a NAT rewrote them. */
	{ "before the NAT", S("<network nat=\"203.0.113.7:31000\"/><send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\">"
		"<check field=\"UDP.destination\" is=\"31000\" judges=\"must\"/></expect>"), VERDICT_PASS, NULL, NULL },
	/* COOKIE is followed, unless the scenario names it. */
	{ "followed", { .head = "<tester connection=\"cookies\"/>",
		.steps = "<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\" with=\"SA\" judges=\"must\"/>" }, VERDICT_PASS, NULL, NULL },
	{ "named", { .head = "<tester connection=\"cookies\"/>",
		.steps = "<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\" with=\"N(COOKIE)\"/>"
			 "<exchange request=\"IKE_SA_INIT\" judges=\"must\"/>" }, VERDICT_PASS, NULL, NULL },
	/* Silence. */
	{ "the answer to a retransmission is none", S("<network delay=\"300ms\"/><establish until=\"IKE_SA_INIT\"/>"
		"<send octets=\"zero:20\"/><expect-nothing judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "the answer to a repeated request is one", S("<establish/><send request=\"liveness\" save=\"q\"/><expect response=\"liveness\"/>"
		"<send again=\"q\"/><expect-nothing judges=\"must\"/>"), VERDICT_FAIL, "silence", NULL },
	{ "requests of theirs are no answers", THEIRS("<target do=\"initiate\"/><send octets=\"zero:20\"/><expect-nothing judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	{ "a request is forbidden", THEIRS("<target do=\"initiate\"/><expect-nothing request=\"IKE_SA_INIT\" judges=\"must\"/>"),
		VERDICT_FAIL, "no IKE_SA_INIT request", NULL },
	{ "own accord is watched to the end", THEIRS("<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/>"
		"<expect-nothing again=\"q\" for=\"2s\" judges=\"must\"/>"), VERDICT_FAIL, "no a repetition of q", NULL },
	{ "without a fence nothing is proven", S("<network down=\"yes\"/><send octets=\"zero:20\"/><expect-nothing judges=\"must\"/>"),
		VERDICT_INCONCLUSIVE, "probe", NULL },
	{ "one way down", S("<establish/><network down=\"yes\" toward=\"tester\"/><send request=\"liveness\"/><expect-nothing judges=\"must\"/>"),
		VERDICT_INCONCLUSIVE, "probe", NULL },
	{ "the fence of ESP moves no window", S("<establish/><send esp=\"ping\" seq=\"1000\"/><expect esp=\"pong\"/>"
		"<send esp=\"ping\" lost=\"yes\" seq=\"990\"/><expect-nothing esp=\"pong\"/><send esp=\"ping\" seq=\"937\"/><expect esp=\"pong\" judges=\"must\"/>"),
		VERDICT_PASS, NULL, NULL },
	{ "refusal or silence is told", S("<send octets=\"zero:20\"/><expect-refusal judges=\"must\"/>"), VERDICT_PASS, NULL, "silent" },
	{ "which refusal is told", S("<send request=\"IKE_SA_INIT\" propose=\"aes128-sha256-ecp256\"><set field=\"SA.P[1].T(ENCR).id\" to=\"99\"/></send>"
		"<expect-refusal judges=\"must\"/>"), VERDICT_PASS, NULL, "NO_PROPOSAL_CHOSEN" },
	/* any-of: the upper case wins, silence comes last, no way back. */
	{ "the upper case wins", S("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"first\"><expect response=\"IKE_SA_INIT\"/></case>"
		"<case when=\"second\"><expect response=\"IKE_SA_INIT\"/></case></any-of>"), VERDICT_PASS, NULL, "first" },
	{ "silence last", S("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"quiet\"><expect-nothing/></case>"
		"<case when=\"loud\"><expect response=\"IKE_SA_INIT\"/></case></any-of>"), VERDICT_PASS, NULL, "loud" },
	{ "no way back", S("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"a\"><expect response=\"IKE_SA_INIT\">"
		"<check field=\"HDR.message_id\" is=\"9\" judges=\"must\"/></expect></case><case when=\"b\"><expect response=\"IKE_SA_INIT\"/></case></any-of>"),
		VERDICT_FAIL, "HDR.message_id", "a" },
	{ "steps of a case go on", S("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"a\"><expect response=\"IKE_SA_INIT\"/>"
		"<exchange request=\"IKE_AUTH\" judges=\"must\"/></case><case when=\"b\"><expect-refusal/></case></any-of><works judges=\"must\"/>"),
		VERDICT_PASS, NULL, "a" },
	/* lost and again */
	{ "lost, then again", S("<send request=\"IKE_SA_INIT\" lost=\"yes\" save=\"q\"/><expect-nothing/><send again=\"q\"/>"
		"<expect response=\"IKE_SA_INIT\" answers=\"q\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	{ "lost response comes again", S("<establish/><send request=\"liveness\" save=\"q\"/><expect response=\"liveness\" lost=\"yes\" save=\"a\"/>"
		"<send again=\"q\"/><expect again=\"a\" judges=\"must\"/><works ike=\"ike\" judges=\"must\"/>"), VERDICT_PASS, NULL, NULL },
	/* several testers */
	{ "two testers", { .head = "<tester name=\"a\"/><tester name=\"b\"/>",
		.steps = "<establish by=\"a\" child=\"x\"/><establish by=\"b\" child=\"y\"/><works by=\"a\" child=\"x\" judges=\"must\"/>"
			 "<works by=\"b\" child=\"y\" judges=\"must\"/>" }, VERDICT_PASS, NULL, NULL },
	{ "a stranger repeats", { .head = "<tester name=\"a\"/><tester name=\"b\"/>",
		.steps = "<establish by=\"a\"/><exchange by=\"a\" request=\"liveness\" save=\"m\"/><send by=\"b\" again=\"m.request\"/>"
			 "<expect-nothing by=\"a\" request=\"INFORMATIONAL\" for=\"1s\"/><works by=\"a\" judges=\"must\"/>" }, VERDICT_PASS, NULL, NULL },
	{ "a wrong secret", { .head = "<tester secret=\"text:wrong\"/>", .steps = "<establish judges=\"must\"/>" }, VERDICT_FAIL,
		"AUTHENTICATION_FAILED", NULL },
};

static void each_row(void **state)
{
	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row) };

	return tests_main(argc, argv, tests, ARRAY_LEN(tests));
}
