/* Every kind of step passes where it should, and can fail. */
#include "table.h"

#define STEPS(...) { .steps = __VA_ARGS__ }
#define BAD_SUITE "<send request=\"IKE_SA_INIT\" propose=\"aes128-sha256-ecp256\"><set field=\"SA.P[1].T(ENCR).id\" to=\"99\"/></send>"
#define INIT "<establish until=\"IKE_SA_INIT\"/>"

static const struct row rows[] = {
	{ "establish", STEPS("<establish judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "establish, target asks", { .target = "initiator", .steps = "<establish judges=\"must\"/>" }, VERDICT_PASS, NULL },
	{ "establish names", STEPS("<establish ike=\"a\" child=\"b\"/><check value=\"${a.next_request}\" is=\"2\" judges=\"must\"/>"
		"<check value=\"${b.spi_in}\" is-not=\"0\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "establish proposes", STEPS("<establish propose=\"aes128-sha256-ecp256\" propose-child=\"aes128-sha256\" judges=\"must\"/>"
		"<works child=\"child\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "establish down", STEPS("<network down=\"yes\"/><establish judges=\"must\"/>"), VERDICT_FAIL, "no IKE_SA_INIT response" },
	{ "send, expect", STEPS("<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "expect nothing came", STEPS("<send request=\"IKE_SA_INIT\" lost=\"yes\"/><expect response=\"IKE_SA_INIT\" judges=\"must\"/>"),
		VERDICT_FAIL, "nothing within 5" },
	{ "expect with", STEPS("<send request=\"IKE_SA_INIT\"/><expect response=\"IKE_SA_INIT\" with=\"N(COOKIE)\" judges=\"must\"/>"),
		VERDICT_FAIL, "with N(COOKIE)" },
	{ "expect refusal as success", STEPS(BAD_SUITE "<expect response=\"IKE_SA_INIT\" judges=\"must\"/>"), VERDICT_FAIL,
		"NO_PROPOSAL_CHOSEN" },
	{ "expect request", { .target = "initiator", .steps = "<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" judges=\"must\"/>" },
		VERDICT_PASS, NULL },
	{ "expect times", { .target = "initiator", .steps = "<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/>"
		"<expect again=\"q\" times=\"3\" within=\"20s\" judges=\"must\"/>" }, VERDICT_PASS, NULL },
	{ "expect too many times", { .target = "initiator", .steps = "<target do=\"initiate\"/><expect request=\"IKE_SA_INIT\" save=\"q\"/>"
		"<expect again=\"q\" times=\"9\" within=\"20s\" judges=\"must\"/>" }, VERDICT_FAIL, "within 20" },
	{ "expect-nothing", STEPS("<establish/><expect-nothing judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "expect-nothing broken", STEPS("<establish/><send request=\"liveness\"/><expect-nothing judges=\"must\"/>"), VERDICT_FAIL,
		"wanted silence" },
	{ "expect-nothing of a kind", STEPS("<establish/><send esp=\"ping\"/><expect-nothing response=\"INFORMATIONAL\" judges=\"must\"/>"),
		VERDICT_PASS, NULL },
	{ "expect-refusal", STEPS(BAD_SUITE
		"<expect-refusal notify=\"NO_PROPOSAL_CHOSEN\" silence=\"no\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "expect-refusal, other notify", STEPS(BAD_SUITE
		"<expect-refusal notify=\"INVALID_SYNTAX\" judges=\"must\"/>"), VERDICT_FAIL, "N(NO_PROPOSAL_CHOSEN)" },
	{ "expect-refusal accepted", STEPS("<send request=\"IKE_SA_INIT\"/><expect-refusal judges=\"must\"/>"), VERDICT_FAIL,
		"got IKE_SA_INIT response" },
	{ "expect-refusal silent", STEPS("<send octets=\"zero:20\"/><expect-refusal judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "expect-refusal no silence", STEPS("<send octets=\"zero:20\"/><expect-refusal silence=\"no\" judges=\"must\"/>"), VERDICT_FAIL,
		"nothing within" },
	{ "exchange", STEPS("<exchange request=\"IKE_SA_INIT\" judges=\"must\"/><exchange request=\"IKE_AUTH\" judges=\"must\"/>"
		"<exchange request=\"delete-ike\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "exchange checks", STEPS("<exchange request=\"IKE_SA_INIT\"><check field=\"HDR.message_id\" is=\"1\" judges=\"must\"/></exchange>"),
		VERDICT_FAIL, "HDR.message_id: wanted 1, got 0" },
	{ "exchange saves", STEPS("<exchange request=\"IKE_SA_INIT\" save=\"x\"><check field=\"HDR.spi_i\" is=\"${x.request.HDR.spi_i}\" "
		"judges=\"must\"/></exchange>"), VERDICT_PASS, NULL },
	{ "exchange over a lossy path", STEPS("<network loss=\"25%\"/><exchange request=\"IKE_SA_INIT\" within=\"60s\" judges=\"must\"/>"),
		VERDICT_PASS, NULL },
	{ "answer", { .target = "initiator", .steps = "<target do=\"initiate\"/><answer request=\"IKE_SA_INIT\" judges=\"must\"/>"
		"<answer request=\"IKE_AUTH\" judges=\"must\"/><works judges=\"must\"/>" }, VERDICT_PASS, NULL },
	{ "answer edited", { .target = "initiator", .steps = "<target do=\"initiate\"/><answer request=\"IKE_SA_INIT\"/>"
		"<answer request=\"IKE_AUTH\"><corrupt field=\"AUTH.data\"/></answer><works judges=\"must\"/>" }, VERDICT_FAIL, NULL },
	{ "answer always", STEPS("<establish/><answer request=\"liveness\" always=\"yes\"/><wait for=\"100s\"/><works ike=\"ike\" judges=\"must\"/>"),
		VERDICT_PASS, NULL },
	{ "works child", STEPS("<establish child=\"c\"/><works child=\"c\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "works not", STEPS("<establish/><network down=\"yes\"/><works judges=\"must\"/>"), VERDICT_FAIL, "no response" },
	{ "works child not", STEPS("<establish/><network down=\"yes\"/><works child=\"child\" judges=\"must\"/>"), VERDICT_FAIL, "no pong" },
	{ "gone", STEPS("<establish/><exchange request=\"delete-ike\"/><gone ike=\"ike\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "gone not", STEPS("<establish/><gone ike=\"ike\" judges=\"must\"/>"), VERDICT_FAIL, "gone" },
	{ "gone child", STEPS("<establish child=\"c\"/><exchange request=\"delete-child\" child=\"c\"/><gone child=\"c\" judges=\"must\"/>"),
		VERDICT_PASS, NULL },
	{ "gone child not", STEPS("<establish child=\"c\"/><gone child=\"c\" judges=\"must\"/>"), VERDICT_FAIL, "gone" },
	{ "alive", STEPS("<alive judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "alive not", STEPS("<network down=\"yes\"/><alive judges=\"must\"/>"), VERDICT_FAIL, "no IKE_SA_INIT response" },
	{ "target delete-ike", STEPS("<establish/><target do=\"delete-ike\"/><expect request=\"delete-ike\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "target ping", STEPS("<establish/><works child=\"child\"/><target do=\"ping\"/><expect esp=\"ping\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "target restart", STEPS("<establish ike=\"old\"/><target do=\"restart\"/><gone ike=\"old\" judges=\"must\"/><establish judges=\"must\"/>"
		"<works judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "target kill", { .no_alive = true, .steps = "<establish/><target do=\"kill\"/><works judges=\"must\"/>" }, VERDICT_FAIL, "no response" },
	{ "target kill, alive at the end", { .steps = "<target do=\"kill\"/><check value=\"1\" is=\"1\" judges=\"must\"/>" }, VERDICT_DIED,
		"closing handshake" },
	{ "network delay", STEPS("<network delay=\"2s\"/><send request=\"IKE_SA_INIT\" save=\"q\"/><expect response=\"IKE_SA_INIT\" save=\"a\"/>"
		"<check value=\"${a.time()} - ${q.time()}\" min=\"4s\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "network nat", STEPS("<network nat=\"203.0.113.7:31000\"/><exchange request=\"IKE_SA_INIT\"/><exchange request=\"IKE_AUTH\">"
		"<check field=\"UDP.source\" is=\"4500\" judges=\"must\"/></exchange>"), VERDICT_PASS, NULL },
	{ "wait", STEPS("<send request=\"IKE_SA_INIT\" save=\"a\"/><wait for=\"3h\"/><send request=\"IKE_SA_INIT\" save=\"b\"/>"
		"<check value=\"${b.time()} - ${a.time()}\" is=\"3h\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "check broken", STEPS("<check value=\"2\" is=\"3\" judges=\"must\"/>"), VERDICT_FAIL, "wanted 3, got 2" },
	{ "any-of", STEPS("<send request=\"IKE_SA_INIT\"/><any-of wanted=\"yes\" judges=\"must\"><case when=\"yes\"><expect response=\"IKE_SA_INIT\"/></case>"
		"<case when=\"no\"><expect-refusal/></case></any-of>"), VERDICT_PASS, NULL },
	{ "any-of other", STEPS("<send request=\"IKE_SA_INIT\"/><any-of wanted=\"no\" judges=\"must\"><case when=\"yes\"><expect response=\"IKE_SA_INIT\"/></case>"
		"<case when=\"no\"><expect-refusal/></case></any-of>"), VERDICT_FAIL, "wanted no, got yes" },
	{ "any-of none", STEPS("<send request=\"IKE_SA_INIT\"/><any-of judges=\"must\"><case when=\"a\"><expect response=\"IKE_SA_INIT\" with=\"N(COOKIE)\"/></case>"
		"<case when=\"b\"><expect-refusal/></case></any-of>"), VERDICT_FAIL, "wanted one of a, b" },
	{ "any-of silence", STEPS("<send octets=\"zero:20\"/><any-of wanted=\"quiet\" judges=\"must\"><case when=\"loud\"><expect response=\"IKE_SA_INIT\"/></case>"
		"<case when=\"quiet\"><expect-nothing/></case></any-of>"), VERDICT_PASS, NULL },
	{ "repeat", STEPS("<repeat times=\"4\"><exchange request=\"IKE_SA_INIT\" save=\"x\"/></repeat>"
		"<check value=\"${x.response.count()}\" is=\"4\" judges=\"must\"/><check value=\"${x.response.Nr.data.distinct()}\" is=\"4\" judges=\"must\"/>"),
		VERDICT_PASS, NULL },
	{ "repeat every", STEPS("<repeat times=\"3\" every=\"10s\"><send request=\"IKE_SA_INIT\" save=\"q\"/></repeat>"
		"<check value=\"${q[3].time()} - ${q[1].time()}\" is=\"20s\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "index", STEPS("<repeat times=\"2\"><send request=\"IKE_SA_INIT\" save=\"q\"><set field=\"HDR.minor_version\" to=\"${index}\"/></send></repeat>"
		"<check value=\"${q[2].HDR.minor_version}\" is=\"2\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "edit missing", STEPS("<send request=\"IKE_SA_INIT\"><drop part=\"N(COOKIE)\"/></send><expect-nothing judges=\"must\"/>"),
		VERDICT_ERROR, "not in the message" },
	{ "ike needed", STEPS("<send request=\"liveness\"/><expect-nothing judges=\"must\"/>"), VERDICT_ERROR, "no IKE SA" },
	{ "edit and freeze", STEPS(INIT "<send request=\"IKE_AUTH\"><corrupt field=\"IDi.data\"/><freeze field=\"AUTH.data\"/></send>"
		"<expect-refusal silence=\"no\" notify=\"AUTHENTICATION_FAILED\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "send again", STEPS("<establish/><send request=\"liveness\" save=\"q\"/><expect response=\"liveness\" save=\"a\"/><send again=\"q\"/>"
		"<expect again=\"a\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "load of requests", STEPS("<load name=\"flood\" request=\"IKE_SA_INIT\" rate=\"100/s\"/><wait for=\"1s\"/><stop load=\"flood\"/>"
		"<check value=\"${flood.sent}\" min=\"100\" max=\"102\" judges=\"must\"/>"), VERDICT_PASS, NULL },
	{ "load of pings", STEPS("<establish/><load name=\"l\" esp=\"ping\" rate=\"100/s\"/><wait for=\"1s\"/><stop load=\"l\"/>"
		"<check value=\"${l.lost}\" is=\"0\" judges=\"must\"/><check value=\"${l.latency.max()}\" max=\"3ms\" judges=\"must\"/>"), VERDICT_PASS, NULL },
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
