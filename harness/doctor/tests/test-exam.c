/*
 * Examinations of the built-in target in the virtual world: what a fault or its profile takes away is reported absent,
 * and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/doctor.h"

static const char *root;

static const char faults[] =
	"<faults xmlns=\"urn:ikespec:scenario:1\">"
#define DROPS(id, message, part) \
	"<fault id=\"" id "\"><title>x</title><edit response=\"" message "\"><drop part=\"" part "\"/></edit></fault>"
	DROPS("no-fragmentation", "IKE_SA_INIT", "N(IKEV2_FRAGMENTATION_SUPPORTED)")
	DROPS("no-nat-detection", "IKE_SA_INIT", "N(NAT_DETECTION_SOURCE_IP)")
	DROPS("no-window", "IKE_AUTH", "N(SET_WINDOW_SIZE)")
	DROPS("no-liveness", "liveness", "SK")
	"<fault id=\"takes-no-child\"><title>x</title><edit response=\"new-child\"><add part=\"N(NO_ADDITIONAL_SAS)\"/></edit></fault>"
	"<fault id=\"takes-no-rekey\"><title>x</title><edit response=\"rekey-child\"><add part=\"N(TEMPORARY_FAILURE)\"/></edit></fault>"
	"<fault id=\"takes-no-ike-rekey\"><title>x</title><edit response=\"rekey-ike\"><add part=\"N(TEMPORARY_FAILURE)\"/></edit></fault>"
	"<fault id=\"spoils-init\"><title>x</title><edit response=\"IKE_SA_INIT\"><set field=\"HDR.spi_i\" to=\"7\"/></edit></fault>"
	"</faults>";

static const char profiles[] =
	"<profile xmlns=\"urn:ikespec:scenario:1\" id=\"plain\" base=\"builtin\"><title>x</title>"
	"<connection name=\"psk\"><ike suite=\"aes128-sha256-modp2048\"/><esp suite=\"aes128-sha256\"/>"
	"<tester auth=\"psk\" identity=\"fqdn:tester.example.org\" secret=\"s\" selectors=\"10.1.0.0/16\" inner=\"10.1.0.1\"/>"
	"<target auth=\"psk\" identity=\"fqdn:target.example.org\" secret=\"s\" selectors=\"10.2.0.0/16\" inner=\"10.2.0.1\"/>"
	"</connection></profile>";
static const char bare[] =
	"<profile xmlns=\"urn:ikespec:scenario:1\" id=\"bare\" base=\"builtin\"><title>x</title>"
	"<feature name=\"fragmentation\" absent=\"yes\"/><feature name=\"childless\" absent=\"yes\"/>"
	"<feature name=\"window-size\" absent=\"yes\"/><feature name=\"cookies-half-open\" absent=\"yes\"/></profile>";

/* Of signatures, so that hashes are announced. */
static const char signing[] =
	"<profile xmlns=\"urn:ikespec:scenario:1\" id=\"signing\" base=\"builtin\"><title>x</title>"
	"<connection name=\"psk\"><ike suite=\"aes128-sha256-ecp256\"/><esp suite=\"aes128-sha256\"/>"
	"<tester auth=\"certificate\" certificate=\"rsa\" identity=\"fqdn:tester.example.org\" selectors=\"10.1.0.0/16\" "
	"inner=\"10.1.0.1\"/><target auth=\"certificate\" certificate=\"rsa\" identity=\"fqdn:target.example.org\" "
	"selectors=\"10.2.0.0/16\" inner=\"10.2.0.1\"/></connection></profile>";

struct examined {
	struct findings findings;
	enum exam_end end;
	char *profile; /* that was written; free it */
};

static void complain(void *ctx, const struct why *why)
{
	char text[600];

	(void)ctx;
	print_error("%s\n", why_print(why, text, sizeof text));
}

static struct library *library(void)
{
	struct why why = { "" };
	struct library *l = library_new(root, run_facts(), &why);

	assert_non_null(l);
	assert_true(library_load(l, complain, NULL));
	assert_true(library_load_text(l, "test-faults.xml", bytes_text(faults), complain, NULL));
	assert_true(library_load_text(l, "plain.xml", bytes_text(profiles), complain, NULL));
	assert_true(library_load_text(l, "signing.xml", bytes_text(signing), complain, NULL));
	assert_true(library_load_text(l, "bare.xml", bytes_text(bare), complain, NULL));
	return l;
}

static void examine(struct library *l, const char *profile, const char *fault, struct examined *out)
{
	struct why why = { "" };
	struct run_options run = { .library = l, .crypto = crypto_new(&why), .root = root, .seed = 3, .fault = fault,
				   .profile = library_profile(l, profile) };
	struct exam_options o = { .run = &run, .credentials = true };
	struct exam *x;

	assert_non_null(run.profile);
	memset(out, 0, sizeof *out);
	out->findings.arena = arena_new((size_t)4 << 20);
	x = exam_new(&o, &out->findings);
	assert_non_null(x);
	out->end = exam_run(x);
	if (out->end == EXAM_DONE) {
		size_t len;
		FILE *f = open_memstream(&out->profile, &len);

		assert_non_null(f);
		assert_true(exam_write(x, f));
		fclose(f);
	}
	exam_free(x);
	crypto_free(run.crypto);
}

static void forget(struct examined *e)
{
	arena_free(e->findings.arena);
	free(e->profile);
}

static enum finding_state state_of(const struct examined *e, const char *name)
{
	const struct finding *f = findings_find(&e->findings, name);

	if (!f)
		fail_msg("there is no finding '%s'", name);
	return f->state;
}

/* ------------------------------------------------------------ faults */

static const struct {
	const char *profile, *fault;
	const char *absent;   /* findings that are NO then, with spaces around, and were YES before */
} takes_away[] = {
	{ "builtin", "no-fragmentation", " fragmentation " },
	{ "builtin", "no-nat-detection", " nat-traversal " },
	{ "builtin", "no-window", " window-size " },
	{ "builtin", "hides-childless-support", " childless " },
	{ "builtin", "wants-a-child-all-the-same", " childless connections " },
	{ "builtin", "hides-mobike", " mobike " },
	{ "builtin", "agrees-to-transport-silently", " transport-mode connections " },
	{ "builtin", "takes-no-child", " further-children " },
	{ "builtin", "takes-no-rekey", " rekey-child " },
	{ "builtin", "takes-no-ike-rekey", " rekey-ike " },
	{ "bare", NULL, " fragmentation childless window-size " },
};

static void test_absent(void **state)
{
	struct library *l = library();
	struct examined honest, faulty;

	(void)state;
	examine(l, "builtin", NULL, &honest);
	assert_int_equal(honest.end, EXAM_DONE);
	for (size_t i = 0; i < ARRAY_LEN(takes_away); i++) {
		examine(l, takes_away[i].profile, takes_away[i].fault, &faulty);
		for (size_t k = 0; k < honest.findings.count; k++) {
			const struct finding *f = &honest.findings.rows[k];
			char name[80];
			bool gone;

			snprintf(name, sizeof name, " %s ", f->name);
			gone = strstr(takes_away[i].absent, name) != NULL;
			if (f->state != FINDING_YES)
				continue;
			if ((state_of(&faulty, f->name) == FINDING_NO) != gone && strcmp(f->name, "cookies") != 0)
				fail_msg("%s %s: %s is %s (%s)", takes_away[i].profile,
					 takes_away[i].fault ? takes_away[i].fault : "", f->name,
					 finding_state_name(state_of(&faulty, f->name)),
					 findings_find(&faulty.findings, f->name)->what);
		}
		forget(&faulty);
	}
	forget(&honest);
	library_free(l);
}

/* All that it looks for is there in the built-in target; with a secret it announces no hashes. */
static void test_everything(void **state)
{
	struct library *l = library();
	struct examined e;

	(void)state;
	examine(l, "builtin", NULL, &e);
	for (size_t i = 0; i < e.findings.count; i++)
		if (e.findings.rows[i].state != FINDING_YES && e.findings.rows[i].state != FINDING_NOTE &&
		    strcmp(e.findings.rows[i].name, "signature-hashes") != 0)
			fail_msg("%s: %s", e.findings.rows[i].name, e.findings.rows[i].what);
	assert_string_equal(findings_find(&e.findings, "ke")->what, "MODP_2048 ECP_256 CURVE25519 ECP_384");
	forget(&e);
	library_free(l);
}

/* ------------------------------------------------------------ proposals */

static void test_one_suite(void **state)
{
	static const char *const rows[][2] = {
		{ "encr", "AES_CBC_128" }, { "prf", "HMAC_SHA2_256" }, { "integ", "HMAC_SHA2_256_128" },
		{ "ke", "MODP_2048" }, { "ike-suites", "aes128-sha256-modp2048" }, { "esp-suites", "aes128-sha256" },
	};
	struct library *l = library();
	struct examined e;

	(void)state;
	examine(l, "plain", NULL, &e);
	assert_int_equal(e.end, EXAM_DONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(findings_find(&e.findings, rows[i][0])->what, rows[i][1]);
	forget(&e);
	library_free(l);
}

static void test_hashes(void **state)
{
	static const char *const rows[][2] = { { NULL, "SHA2_256" }, { "announces-no-hashes", "only methods" } };
	struct library *l = library();
	struct examined e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		examine(l, "signing", rows[i][0], &e);
		assert_int_equal(state_of(&e, "handshake"), FINDING_YES);
		assert_non_null(strstr(findings_find(&e.findings, "signature-hashes")->what, rows[i][1]));
		forget(&e);
	}
	library_free(l);
}

/* ------------------------------------------------------------ the profile */

static struct suite_summary run_with(struct library *l, const struct profile *p, const char *name, char *first, size_t cap)
{
	const char *const names[] = { name };
	struct why why = { "" };
	struct run_options o = { .library = l, .crypto = crypto_new(&why), .root = root, .seed = 5, .profile = p,
				 .filter = { .names = names, .name_count = 1 } };
	struct test_suite *s = suite_new(&o, &why);
	const struct case_result *const *results;
	struct suite_summary sum;

	if (!s || !suite_run(s, &why))
		fail_msg("%s", why.text);
	first[0] = '\0';
	for (size_t i = 0, count = suite_results(s, &results); i < count; i++)
		if (results[i]->verdict >= VERDICT_INCONCLUSIVE && !first[0])
			snprintf(first, cap, "%s: %s", results[i]->id, results[i]->reason);
	sum = suite_summary(s);
	suite_free(s);
	crypto_free(o.crypto);
	return sum;
}

/* What was written is a profile with which scenarios run and pass; what it lacks is not applicable. */
static void test_profile(void **state)
{
	static const struct {
		const char *profile, *scenarios;
		bool applies;
	} rows[] = {
		{ "builtin", "interop", true },		{ "builtin", "ikev2.rekey", true },
		{ "builtin", "ikev2.childless", true }, { "builtin", "ikev2.child", true },
		{ "plain", "interop.ping", true },	{ "plain", "ikev2.auth.psk", true },
		{ "bare", "interop.ping", true },	{ "bare", "ikev2.childless", false },
		{ "signing", "interop.ping", true },
	};
	char first[400], name[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct library *l = library();
		struct suite_summary sum;
		struct examined e;

		examine(l, rows[i].profile, NULL, &e);
		snprintf(name, sizeof name, "doctor-%s", rows[i].profile);
		/* As a file of somebody else's, whose base is not of the scenarios folder. */
		assert_non_null(e.profile);
		assert_true(library_load_text(l, "written.xml", bytes_text(e.profile), complain, NULL));
		assert_non_null(library_profile(l, name));
		sum = run_with(l, library_profile(l, name), rows[i].scenarios, first, sizeof first);
		if (sum.failed || sum.errors || (sum.passed > 0) != rows[i].applies)
			fail_msg("%s, %s: %zu passed, %zu failed, %zu errors; %s", rows[i].profile, rows[i].scenarios,
				 sum.passed, sum.failed, sum.errors, first);
		forget(&e);
		library_free(l);
	}
}

/* Nobody answers: the end comes soon, and nothing is said of what was not asked. */
static void test_silent(void **state)
{
	struct library *l = library();
	struct examined e;

	(void)state;
	examine(l, "builtin", "spoils-init", &e);
	assert_int_equal(e.end, EXAM_SILENT);
	assert_int_equal(state_of(&e, "ipv4"), FINDING_NO);
	assert_null(findings_find(&e.findings, "encr"));
	assert_null(findings_find(&e.findings, "rekey-ike"));
	forget(&e);
	library_free(l);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_one_suite),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_silent),
	};

	if (argc < 2)
		return 2;
	root = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
