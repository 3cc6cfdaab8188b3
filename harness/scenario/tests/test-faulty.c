/* Faulty files, one row each: what stands in them, and the one complaint that they get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "scenario/scenario.h"

#define NS "xmlns=\"urn:ikespec:scenario:1\""
#define XML "<?xml version=\"1.0\"?>\n"
#define BEGIN(target) XML "<scenario " NS " id=\"t.faulty\" target=\"" target "\">\n<title>T</title>\n"
#define REQUIREMENT "<requirement id=\"r\" ref=\"RFC7296-3.2-03\"/>\n"
#define STEPS "<steps>\n<establish judges=\"r\"/>\n"
#define END "\n</steps></scenario>\n"

enum around { STEP, HEAD, BOTH, WHOLE };    /* a step; in the head; a step of a scenario for both roles; a file */

static const struct row {
	enum around around;
	const char *text;
	const char *wanted;
} rows[] = {
	/* XML itself */
	{ WHOLE, "", "the file is empty" },
	{ WHOLE, "hello", "not well-formed" },
	{ WHOLE, "<scenario", "not well-formed" },
	{ WHOLE, "\x1f\x8b\x08 and so on", "the file is compressed (gzip)" },
	{ WHOLE, XML "<!DOCTYPE scenario>\n<scenario " NS "/>", "t.xml:2: a DOCTYPE is not allowed" },
	{ WHOLE, XML "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
		 "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>\n"
		 "<steps " NS "><wait for=\"&d;\"/></steps>", "a DOCTYPE is not allowed" },
	{ WHOLE, XML "<!DOCTYPE x SYSTEM \"http://192.0.2.1/x.dtd\">\n<steps " NS "/>", "a DOCTYPE is not allowed" },
	{ STEP, "<wait for=\"&five;\"/>", "not well-formed: Entity 'five' not defined" },
	{ WHOLE, "<scenario/>", "<scenario> is not in the namespace" },
	{ WHOLE, "<scenery " NS "/>", "unknown element <scenery>" },
	{ WHOLE, "<send " NS "/>", "<send> does not belong at the root of a file" },

	/* names of elements and attributes */
	{ STEP, "<sned request=\"liveness\"/>", "t.xml:7: unknown element <sned>; did you mean 'send'?" },
	{ STEP, "<set field=\"KE.length\" to=\"1\"/>", "<set> does not belong in <steps>" },
	{ STEP, "<expect request=\"liveness\"><set field=\"KE.length\" to=\"1\"/></expect>",
	  "<set> does not belong in <expect>" },
	{ STEP, "<send request=\"liveness\"><check field=\"KE.length\" is=\"1\"/></send>",
	  "<check> does not belong in <send>" },
	{ STEP, "<send requst=\"liveness\"/>", "<send> has no attribute 'requst'; did you mean 'request'?" },
	{ STEP, "<wait/>", "<wait> needs the attribute 'for'" },
	{ STEP, "<send request=\"livenes\"/>", "<send request>: unknown message 'livenes'; did you mean 'liveness'?" },
	{ STEP, "<send request=\"liveness\" lost=\"maybe\"/>", "unknown yes-no 'maybe'; it is one of yes, no" },
	{ STEP, "<target do=\"rekey-kid\"/>", "unknown verb 'rekey-kid'; did you mean 'rekey-" },
	{ STEP, "<send request=\"liveness\" save=\"1st\"/>", "'1st' is no name" },
	{ STEP, "<send request=\"liveness\" save=\"\"/>", "<send save>: the value is empty" },
	{ STEP, "<send request=\"liveness\"><set field=\"KE..length\" to=\"1\"/></send>", "'KE..length' is no path" },
	{ STEP, "<send again=\"a.b.c\"/>", "'a.b.c' is no reference" },
	{ STEP, "<repeat times=\"often\"><alive/></repeat>", "'often' is no count" },
	{ STEP, "<expect request=\"liveness\" times=\"5..2\"/>", "'5..2' is empty" },
	{ HEAD, "<row id=\"Big\"/>", "'Big' is no id" },
	{ HEAD, "<requirement id=\"q\" ref=\"7296-1\"/>", "'7296-1' is no requirement id" },
	{ WHOLE, XML "<scenario " NS " id=\"t.x\" target=\"respnder\">\n<title>T</title>\n" REQUIREMENT STEPS END,
	  "t.xml:2: <scenario target>: unknown role 'respnder'; did you mean 'responder'?" },

	/* shape, by the schema */
	{ WHOLE, XML "<scenario " NS " id=\"t.x\" target=\"responder\">\n" REQUIREMENT STEPS END,
	  "t.xml:3: Element 'requirement': This element is not expected. Expected is ( title )" },
	{ WHOLE, BEGIN("responder") STEPS END, "Expected is ( requirement )" },
	{ STEP, "<repeat times=\"2\"/>", "Element 'repeat': Missing child element(s)" },
	{ STEP, "<any-of><case when=\"a\"><expect request=\"liveness\"/></case></any-of>",
	  "Element 'any-of': Missing child element(s)" },

	/* expressions */
	{ STEP, "<send octets=\"1 +\"/>", "<send octets>: a value is missing in '1 +'" },
	{ STEP, "<send octets=\"hex:123\"/>", "'hex:' wants pairs of hex digits" },
	{ STEP, "<send octets=\"0x10000000000000000\"/>", "more than 64 bits" },
	{ STEP, "<send octets=\"18446744073709551615 * 2\"><truncate to=\"1 2\"/></send>", "an operator" },
	{ STEP, "<send octets=\"zero:9999999\"/>", "9999999 octets are more than" },
	{ STEP, "<send octets=\"zero:9\"><truncate to=\"18446744073709551615 + 1\"/></send>",
	  "<truncate to>: the result has more than 64 bits" },
	{ STEP, "<wait for=\"5\"/>", "'5' is no time" },
	{ STEP, "<wait for=\"0s\"/>", "<wait for> of no time at all" },

	/* paths */
	{ STEP, "<send request=\"liveness\"><set field=\"KE.lenght\" to=\"1\"/></send>",
	  "t.xml:7: KE has no field 'lenght'; did you mean 'length'?" },
	{ STEP, "<send request=\"liveness\"><set field=\"KF.length\" to=\"1\"/></send>", "'KF'" },
	{ STEP, "<send request=\"liveness\"><set field=\"SA.P[1].T(ENCRR).id\" to=\"1\"/></send>", "ENCRR" },
	{ STEP, "<send request=\"liveness\"><set field=\"SA\" to=\"1\"/></send>", "'SA' is a part; a field of it is wanted" },
	{ STEP, "<send request=\"liveness\"><drop part=\"KE.length\"/></send>", "'KE.length' is a field; a part is wanted" },
	{ STEP, "<send request=\"liveness\"><set field=\"KE.data.size()\" to=\"1\"/></send>",
	  "'KE.data.size()' is computed: it cannot be edited" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.data.sise()\" is=\"1\"/></expect>",
	  "there is no function sise(); did you mean 'size()'?" },
	{ STEP, "<send request=\"liveness\"><set field=\"AUTH.from.nounce\" to=\"zero:1\"/></send>",
	  "did you mean 'nonce'?" },
	{ STEP, "<send request=\"liveness\"><set field=\"ESP.icv\" to=\"zero:1\"/></send>", "an IKE message has no ESP" },
	{ STEP, "<send esp=\"ping\"><set field=\"KE.length\" to=\"1\"/></send>",
	  "an ESP packet has no 'KE'; its parts are ESP, INNER, UDP and IP" },
	{ STEP, "<send octets=\"zero:4\"><set field=\"HDR.length\" to=\"1\"/></send>", "a raw datagram has no 'HDR'" },
	{ STEP, "<expect request=\"liveness\" with=\"N(COKIE)\"/>", "COKIE" },
	{ STEP, "<send request=\"liveness\"><add part=\"PAYLOAD(200)\" befor=\"SK\" data=\"zero:1\"/></send>", "befor" },

	/* values against fields */
	{ STEP, "<send request=\"liveness\"><set field=\"KE.length\" to=\"65536\"/></send>",
	  "65536 does not fit 'length' of 16 bits" },
	{ STEP, "<send request=\"liveness\"><set field=\"KE.length\" to=\"0 - 1\"/></send>", "-1 is below zero" },
	{ STEP, "<send request=\"liveness\"><set field=\"HDR.message_id\" to=\"zero:5\"/></send>",
	  "5 octets do not fit 'message_id' of 32 bits" },
	{ STEP, "<send request=\"liveness\"><set field=\"HDR.exchange_type\" to=\"CREATE_CHILD\"/></send>",
	  "'CREATE_CHILD' is not in the registry" },
	{ STEP, "<send request=\"liveness\"><set field=\"KE.data\" to=\"nobody\"/></send>",
	  "'nobody' is no value of 'data'; octets of a text are text:nobody" },
	{ STEP, "<send request=\"liveness\"><set field=\"KE.length\" to=\"5s\"/></send>", "a number is wanted, not a time" },
	{ STEP, "<send request=\"liveness\"><corrupt field=\"KE.critical\" bit=\"1\"/></send>",
	  "'critical' has 1 bits: there is no bit 1" },
	{ STEP, "<send request=\"liveness\"><add part=\"N(COOKIE)\" protocol=\"256\"/></send>",
	  "256 does not fit 'protocol' of 8 bits" },

	/* checks that can never hold */
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\" is=\"70000\"/></expect>", "70000 does not fit" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\" one-of=\"1 70000\"/></expect>",
	  "70000 does not fit" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\" one-of=\"\"/></expect>", "one-of is empty" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\" min=\"9\" max=\"5\"/></expect>",
	  "min is above max" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\" is=\"9\" is-not=\"9\"/></expect>",
	  "is and is-not are the same" },
	{ STEP, "<expect request=\"liveness\"><check field=\"N.type\" is=\"COOKEE\"/></expect>",
	  "'COOKEE' is not in the registry" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.data.size()\" is=\"big\"/></expect>", "size(): 'big'" },
	{ STEP, "<expect request=\"liveness\"><check field=\"SA\" is=\"1\"/></expect>", "'SA' is a part; compare a field" },
	{ STEP, "<expect request=\"liveness\"><check field=\"KE.length\"/></expect>", "<check> needs at least one of is" },
	{ STEP, "<expect request=\"liveness\"><check value=\"1\" is=\"1\"/></expect>",
	  "<check> inside a message needs a field" },
	{ STEP, "<check field=\"KE.length\" is=\"1\"/>", "<check> as a step needs a value" },
	{ STEP, "<expect request=\"liveness\" with=\"KE SA\" without=\"SA\"/>", "both with and without SA" },
	{ STEP, "<expect request=\"liveness\"><present part=\"KE\"/><absent part=\"KE\"/></expect>",
	  "'KE' cannot be both present and absent" },

	/* names made by steps */
	{ STEP, "<send again=\"q\"/>", "nothing has set 'q' before" },
	{ STEP, "<send request=\"liveness\" save=\"quest\"/><send again=\"qest\"/>", "did you mean 'quest'?" },
	{ STEP, "<send again=\"q\"/><send request=\"liveness\" save=\"q\"/>", "nothing has set 'q' before" },
	{ STEP, "<works child=\"second\"/>", "nothing has set 'second' before" },
	{ STEP, "<works by=\"other\"/>", "nothing has set 'other' before" },
	{ STEP, "<stop load=\"flood\"/>", "nothing has set 'flood' before" },
	{ STEP, "<send request=\"liveness\" save=\"q\"/><works ike=\"q\"/>", "'q' is a message, not an IKE SA" },
	{ STEP, "<establish ike=\"a\" child=\"a\"/>", "'a' is already an IKE SA" },
	{ STEP, "<send request=\"liveness\" save=\"target\"/>", "'target' is already a word of the language" },
	{ STEP, "<send request=\"liveness\"><set field=\"HDR.message_id\" to=\"${q.HDR.message_id}\"/></send>",
	  "nothing has set 'q' before" },
	{ STEP, "<exchange request=\"liveness\" save=\"q\"/><check value=\"${q.HDR.message_id}\" is=\"0\"/>",
	  "'q' is an exchange: write q.request or q.response" },
	{ STEP, "<send request=\"liveness\" save=\"q\"/><check value=\"${q.response.HDR.message_id}\" is=\"0\"/>",
	  "'q' is one message: it has no 'response'" },
	{ STEP, "<send request=\"liveness\" save=\"q\"/><check value=\"${q.HDR.mesage_id}\" is=\"0\"/>",
	  "'q': HDR has no field 'mesage_id'" },
	{ STEP, "<check value=\"${ike.spi_j}\" is=\"0\"/>", "an IKE SA has no 'spi_j'; did you mean 'spi_" },
	{ STEP, "<check value=\"${child.spi}\" is=\"0\"/>", "a Child SA has no 'spi'" },
	{ STEP, "<check value=\"${target.replay_windw}\" is=\"0\"/>",
	  "a target has no feature 'replay-windw'; did you mean 'replay-window'?" },
	{ STEP, "<check value=\"${ike}\" is=\"0\"/>", "'ike' is an IKE SA; which of its values is meant?" },
	{ STEP, "<send request=\"liveness\" new=\"x\"/>", "liveness makes no SA that 'new' could name" },
	{ HEAD, "<var name=\"a\" value=\"${b}\"/><var name=\"b\" value=\"${a}\"/><tester secret=\"${a}\"/>",
	  "worked out from itself" },

	/* messages of the right kind */
	{ STEP, "<expect request=\"liveness\" save=\"q\"/><send again=\"q\"/>", "'q' was sent by the target" },
	{ STEP, "<send request=\"liveness\" save=\"q\"/><expect again=\"q\"/>", "'q' was sent by the tester" },
	{ STEP, "<exchange request=\"liveness\" save=\"q\"/><send again=\"q\"/>", "'q' is an exchange: write q.request" },
	{ STEP, "<send request=\"liveness\" save=\"q\"/><send response=\"liveness\" answers=\"q\"/>",
	  "'q' was sent by the tester: the tester cannot answer it" },
	{ STEP, "<expect response=\"liveness\" save=\"q\"/><send response=\"liveness\" answers=\"q\"/>",
	  "'q' is a response: it has no answer" },
	{ STEP, "<expect request=\"liveness\" save=\"q\"/><send response=\"rekey-ike\" answers=\"q\"/>",
	  "a response to 'q' is of liveness, not rekey-ike" },
	{ STEP, "<send esp=\"ping\" save=\"q\"/><expect response=\"liveness\" answers=\"q\"/>", "'q' is no IKE request" },

	/* attributes that go together */
	{ STEP, "<send/>", "<send> needs exactly one of request, response, esp" },
	{ STEP, "<send request=\"liveness\" esp=\"ping\"/>", "<send> needs exactly one of request" },
	{ STEP, "<expect/>", "<expect> needs exactly one of" },
	{ STEP, "<expect-nothing esp=\"any\" request=\"liveness\"/>", "<expect-nothing> needs at most one of" },
	{ STEP, "<network toward=\"target\"/>", "<network> needs at least one of" },
	{ STEP, "<load name=\"l\" rate=\"1/s\"/>", "<load> needs exactly one of esp or request" },
	{ STEP, "<send request=\"liveness\"><corrupt/></send>", "<corrupt> needs exactly one of field or octet" },
	{ STEP, "<send request=\"liveness\"><truncate/></send>", "<truncate> needs exactly one of by or to" },
	{ STEP, "<send request=\"liveness\"><move part=\"SA\"/></send>", "<move> needs exactly one of before or after" },
	{ STEP, "<send request=\"liveness\" seq=\"5\"/>", "<send seq> makes sense only with esp" },
	{ STEP, "<send esp=\"ping\" fragments=\"3\"/>", "<send fragments> makes sense only with request or response" },
	{ STEP, "<expect request=\"liveness\" save=\"q\"/><send icmp=\"port-unreachable\"/>",
	  "<send icmp> makes sense only with answers" },
	{ STEP, "<send request=\"liveness\" fragments=\"3\" order=\"1 2 4\"/>", "there is no fragment 4 of 3" },
	{ STEP, "<send request=\"liveness\" fragments=\"3\" order=\"1 b\"/>", "numbers of fragments from 1 are wanted" },
	{ STEP, "<send request=\"liveness\" fragments=\"0\"/>", "a message is cut into 1 to 64 fragments" },
	{ STEP, "<expect request=\"liveness\" times=\"0\"/>", "<expect> no times at all; <expect-nothing> says that" },
	{ STEP, "<repeat times=\"1..3\"><alive/></repeat>", "<repeat times> takes one number" },
	{ STEP, "<network loss=\"150%\"/>", "<network loss> is a share from 0% to 100%" },
	{ STEP, "<network nat=\"192.0.2.300\"/>", "'192.0.2.300' is no address" },
	{ STEP, "<send request=\"liveness\" notify=\"COOKEE\"/>", "'COOKEE' is no notify; did you mean 'COOKIE" },
	{ STEP, "<send request=\"liveness\" notify=\"COOKIE REKEY_SA\"/>", "<send notify> takes one notify" },
	{ STEP, "<send request=\"rekey-child\" propose=\"aes256gmc16\"/>", "did you mean 'aes256gcm16'?" },
	{ STEP, "<exchange request=\"liveness\"><check field=\"HDR.message_id\" is=\"1\"/>"
		"<set field=\"HDR.message_id\" to=\"1\"/></exchange>",
	  "the edits of our request stand before the checks of the response" },
	{ STEP, "<answer request=\"liveness\"><set field=\"HDR.message_id\" to=\"1\"/>"
		"<check field=\"HDR.message_id\" is=\"1\"/></answer>",
	  "the checks of the request stand before the edits of our response" },
	{ BOTH, "<send request=\"IKE_AUTH\"/>", "a scenario for both roles cannot name IKE_AUTH" },
	{ BOTH, "<exchange request=\"IKE_SA_INIT\"/>", "a scenario for both roles cannot name IKE_SA_INIT" },

	/* any-of */
	{ STEP, "<any-of><case when=\"a\"><works/></case><case when=\"b\"><expect request=\"liveness\"/></case></any-of>",
	  "a <case> begins with an <expect...> or <answer>, not with <works>" },
	{ STEP, "<any-of wanted=\"c\"><case when=\"a\"><expect-nothing/></case>"
		"<case when=\"b\"><expect request=\"liveness\"/></case></any-of>", "no case is 'c'" },
	{ STEP, "<any-of><case when=\"a\"><expect-nothing/></case>"
		"<case when=\"a\"><expect request=\"liveness\"/></case></any-of>", "a second case 'a'" },

	/* the head */
	{ HEAD, "<requirement id=\"q\" ref=\"RFC7296-99-01\"/>", "the catalogue has no requirement 'RFC7296-99-01'" },
	{ HEAD, "<requirement id=\"q\" ref=\"RFC7296-3.2-01\"/>", "no step judges 'q'" },
	{ STEP, "<alive judges=\"rr\"/>", "the scenario has no requirement 'rr'" },
	{ HEAD, "<fault ref=\"no-such-fault\"/>", "there is no fault 'no-such-fault'" },
	{ HEAD, "<needs feature=\"replay-windw\"/>", "did you mean 'replay-window'?" },
	{ HEAD, "<needs feature=\"replay-window\" min=\"64\" max=\"32\"/>", "min above max" },
	{ HEAD, "<row id=\"a\" unused=\"1\"/>", "nothing uses 'unused' of the row" },
	{ HEAD, "<for-each name=\"n\" in=\"1..3\"/>", "nothing uses 'n'" },
	{ HEAD, "<for-each name=\"n\" in=\"5..3\"/><tester secret=\"${n}\"/>", "the range '5..3' is empty" },
	{ HEAD, "<for-each name=\"n\" in=\"fields:IKE_AUHT:LENGTH\"/><tester secret=\"${n}\"/>",
	  "'IKE_AUHT' is no message; did you mean 'IKE_AUTH'?" },
	{ HEAD, "<for-each name=\"n\" in=\"fields:IKE_AUTH:LENGHT\"/><tester secret=\"${n}\"/>",
	  "there is no kind of field 'LENGHT'; did you mean 'LENGTH'?" },
	{ HEAD, "<for-each name=\"n\" in=\"a-b a+b\"/><tester secret=\"${n}\"/>", "two cases have the id 't.faulty.a-b'" },
	{ HEAD, "<for-each name=\"n\" in=\"${target.grups}\"/><tester secret=\"${n}\"/>", "did you mean 'groups'?" },
	{ HEAD, "<row id=\"a\" v=\"1\"/><var name=\"v\" value=\"2\"/><tester secret=\"${v}\"/>", "'v' is also a <var>" },
	{ HEAD, "<tester name=\"a\"/><tester/>", "one of several testers needs a name" },

	/* includes */
	{ STEP, "<include href=\"steps/none.xml\"/>", "there is no file 'steps/none.xml'" },
	{ STEP, "<include href=\"../x.xml\"/>", "'../x.xml' leads out of the scenario tree" },
	{ STEP, "<include href=\"steps/../../x.xml\"/>", "leads out of the scenario tree" },
	{ STEP, "<include href=\"/etc/passwd\"/>", "'/etc/passwd' leads out of the scenario tree" },
	{ STEP, "<include href=\"file:///etc/passwd\"/>", "leads out of the scenario tree" },
	{ STEP, "<include href=\"ikev2\"/>", "no plain file" },

	/* profiles, catalogues, faults */
	{ WHOLE, XML "<profile " NS " id=\"p\" base=\"nobody\"><title>P</title></profile>",
	  "there is no profile 'nobody' to be the base" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><connection name=\"c\">"
		 "<ike suite=\"aes128-sha256-x25519\"/><tester auth=\"psk\" identity=\"a\" secret=\"s\"/>"
		 "<target auth=\"psk\" identity=\"b\"/></connection></profile>",
	  "a profile without a base needs <target> and <tester>" },
	{ WHOLE, XML "<profile " NS " id=\"p:5.2:1\" base=\"builtin\"><title>P</title></profile>", "is no profile" },
	{ WHOLE, XML "<profile " NS " id=\"p\" base=\"builtin\"><title>P</title>"
		 "<feature name=\"eap\" absent=\"yes\"/></profile>", "the base has no feature 'eap'" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.300\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"psk\" identity=\"a\" secret=\"s\"/><target auth=\"psk\" identity=\"b\"/></connection>"
		 "</profile>", "'192.0.2.300' is no address of the target" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha255-x25519\"/>"
		 "<tester auth=\"psk\" identity=\"a\" secret=\"s\"/><target auth=\"psk\" identity=\"b\"/></connection>"
		 "</profile>", "unknown keyword 'sha255'" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"psk\" identity=\"a\"/><target auth=\"psk\" identity=\"b\"/></connection>"
		 "</profile>", "needs a secret" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"certificate\" certificate=\"rsa expird\" identity=\"a\"/>"
		 "<target auth=\"null\" identity=\"null\"/></connection></profile>",
	  "there is no certificate 'expird' in the profile, and the test authority issues none" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"certificate\" identity=\"a\"/>"
		 "<target auth=\"null\" identity=\"null\"/></connection></profile>",
	  "auth=\"certificate\" needs a certificate" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"certificate\" certificate=\"rsa\" signature=\"rsa-md5\" identity=\"a\"/>"
		 "<target auth=\"null\" identity=\"null\"/></connection></profile>",
	  "there is no signature scheme 'rsa-md5'" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><connection name=\"c\"><ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"certificate\" certificate=\"rsa\" hashes=\"sha2-257\" identity=\"a\"/>"
		 "<target auth=\"null\" identity=\"null\"/></connection></profile>",
	  "there is no hash 'sha2-257'" },
	{ WHOLE, XML "<profile " NS " id=\"p\"><title>P</title><target address=\"192.0.2.3\"/>"
		 "<tester address=\"198.51.100.1\"/><timing answer=\"5\"/><connection name=\"c\">"
		 "<ike suite=\"aes128-sha256-x25519\"/>"
		 "<tester auth=\"psk\" identity=\"a\" secret=\"s\"/><target auth=\"psk\" identity=\"b\"/></connection>"
		 "</profile>", "'5' is no time" },
	{ WHOLE, XML "<requirements " NS " rfc=\"7296\"><requirement id=\"RFC7296-99-01\" section=\"99\" level=\"must\" "
		 "role=\"both\" area=\"x\" observable=\"no\"><rule>R</rule></requirement></requirements>",
	  "cannot be observed and needs a <waiver>" },
	{ WHOLE, XML "<requirements " NS " rfc=\"7296\"><requirement id=\"RFC7296-3.2-03\" section=\"3.2\" "
		 "level=\"must\" role=\"both\" area=\"x\"><rule>R</rule></requirement></requirements>",
	  "'RFC7296-3.2-03' is also defined in" },
	{ WHOLE, XML "<requirements " NS " rfc=\"729\"><requirement id=\"RFC7296-99-02\" section=\"99\" level=\"must\" "
		 "role=\"both\" area=\"x\"><rule>R</rule></requirement></requirements>",
	  "'RFC7296-99-02' is no requirement of RFC 729" },
	{ WHOLE, XML "<faults " NS "><fault id=\"f\"><title>F</title><omit check=\"icv-chek\"/></fault></faults>",
	  "there is no check 'icv-chek'; did you mean 'icv-check'?" },
	{ WHOLE, XML "<faults " NS "><fault id=\"f\"><title>F</title><edit request=\"IKE_AUTH\">"
		 "<set field=\"KE.lenght\" to=\"1\"/></edit></fault></faults>", "KE has no field 'lenght'" },
	{ WHOLE, XML "<faults " NS "><fault id=\"f\"><title>F</title><edit>"
		 "<set field=\"KE.length\" to=\"1\"/></edit></fault></faults>",
	  "<edit> needs exactly one of request, response, esp" },
};

static const char *root;

static bool check_known(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "icv-chek") != 0;
}

struct heard {
	char text[16000];
	unsigned count;
};

static void hear(void *ctx, const struct why *why)
{
	struct heard *h = ctx;
	char line[700];
	h->count++;
	size_t len = strlen(h->text);
	snprintf(h->text + len, sizeof(h->text) - len, "%s\n", why_print(why, line, sizeof(line)));
}

static void write_row(const struct row *r, char *text, size_t cap)
{
	switch (r->around) {
	case STEP:
		snprintf(text, cap, "%s%s", BEGIN("responder") REQUIREMENT STEPS, r->text);
		break;
	case BOTH:
		snprintf(text, cap, "%s%s", BEGIN("both") REQUIREMENT STEPS, r->text);
		break;
	case HEAD:
		snprintf(text, cap, "%s%s\n%s", BEGIN("responder") REQUIREMENT, r->text, STEPS);
		break;
	case WHOLE:
		snprintf(text, cap, "%s", r->text);
		return;
	}
	strcat(text, END);
}

static struct library *fresh_library(void)
{
	static const char *const checks[] = { "icv-check", "retransmit" };
	const struct scenario_facts facts = { check_known, checks, 2, NULL };
	struct why why;
	struct library *l = library_new(root, &facts, &why);
	if (l == NULL)
		fail_msg("%s", why.text);
	return l;
}

static void faulty_texts(void **state)
{
	struct library *l = fresh_library();
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[6000];
		struct heard h = { .count = 0 };
		write_row(&rows[i], text, sizeof(text) - sizeof(END));
		bool ok = library_load_text(l, "t.xml", bytes_text(text), hear, &h);
		if (!ok && h.count == 1 && strstr(h.text, rows[i].wanted) != NULL)
			continue;
		if (ok) {
			library_free(l);
			l = fresh_library();
		}
		wrong++;
		print_error("%s\n  wanted: %s\n  got %u: %s\n", rows[i].text, rows[i].wanted,
			    h.count, h.text);
	}
	library_free(l);
	assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(faulty_texts) };
	root = argc > 1 ? argv[1] : "scenarios";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
