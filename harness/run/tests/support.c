#include "support.h"

#include <stdio.h>
#include <stdlib.h>

const char *scenarios_root;

int tests_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s SCENARIOS\n", argv[0]);
		return 2;
	}
	scenarios_root = argv[1];
	return _cmocka_run_group_tests("run", tests, count, NULL, NULL);
}

static void complain(void *ctx, const struct why *why)
{
	char text[600];

	(void)ctx;
	print_error("%s\n", why_print(why, text, sizeof text));
}

struct library *whole;
struct crypto *whole_crypto;

int whole_begin(void **state)
{
	struct why why = { 0 };

	(void)state;
	whole = library_new(scenarios_root, run_facts(), &why);
	assert_non_null(whole);
	assert_true(library_load(whole, complain, NULL));
	whole_crypto = crypto_new(&why);
	return whole_crypto ? 0 : -1;
}

int whole_end(void **state)
{
	(void)state;
	library_free(whole);
	crypto_free(whole_crypto);
	return 0;
}

/* Faults of these tests, which no scenario knows. */
static const char faults[] =
	"<faults xmlns=\"urn:ikespec:scenario:1\">"
	"<fault id=\"test-breaks-handshakes\"><title>No handshake succeeds</title>"
	"<edit response=\"IKE_SA_INIT\"><set field=\"SA.P[1].number\" to=\"77\"/></edit></fault>"
	"<fault id=\"test-repeats-nonce\"><title>Every nonce is the same</title>"
	"<edit response=\"IKE_SA_INIT\"><set field=\"Nr.data\" to=\"ones:32\"/></edit></fault>"
	"<fault id=\"test-critical\"><title>The critical bit is set</title>"
	"<edit response=\"IKE_SA_INIT\"><set field=\"KE.critical\" to=\"1\"/></edit></fault>"
	"<fault id=\"test-length\"><title>A payload runs past the end</title>"
	"<edit response=\"liveness\"><add part=\"V\"/><set field=\"V.length\" to=\"90\"/></edit></fault>"
	"<fault id=\"test-nat-hash\"><title>A hash of NAT detection is short</title>"
	"<edit response=\"IKE_SA_INIT\"><set field=\"N(NAT_DETECTION_SOURCE_IP).data\" to=\"zero:16\"/></edit></fault>"
	"<fault id=\"test-iv\"><title>Every IV of IKE is the same</title>"
	"<edit response=\"INFORMATIONAL\"><set field=\"SK.iv\" to=\"zero:8\"/></edit></fault>"
	"<fault id=\"test-unread-delete\"><title>The response to a delete cannot be opened</title>"
	"<edit response=\"delete-ike\"><set field=\"SK.icv\" to=\"${honest} ^ 1\"/></edit></fault>"
	"<fault id=\"test-id\"><title>A response has another message ID</title>"
	"<edit response=\"liveness\"><set field=\"HDR.message_id\" to=\"99\"/></edit></fault>"
	"<fault id=\"test-auth\"><title>AUTH is wrong</title>"
	"<edit response=\"IKE_AUTH\"><corrupt field=\"AUTH.data\"/></edit></fault>"
	"<fault id=\"test-spi\"><title>Every IKE SA has the same SPI</title>"
	"<edit response=\"IKE_SA_INIT\"><set field=\"HDR.spi_r\" to=\"7\"/></edit></fault>"
	"<fault id=\"test-number\"><title>Every ESP packet has the number 5</title>"
	"<edit esp=\"any\"><set field=\"ESP.seq\" to=\"5\"/></edit></fault>"
	"<fault id=\"test-clear\"><title>Packets bear the inner addresses outside</title>"
	"<edit esp=\"any\"><set field=\"IP.protocol\" to=\"253\"/><set field=\"IP.source\" to=\"10.2.0.1\"/>"
	"<set field=\"IP.destination\" to=\"10.1.0.1\"/></edit></fault>"
	"</faults>";

static struct library *library(void)
{
	struct why why = { 0 };
	struct library *l = library_new(scenarios_root, run_facts(), &why);
	char path[500];

	assert_non_null(l);
	snprintf(path, sizeof path, "%s/profiles/builtin.xml", scenarios_root);
	assert_true(library_load_file(l, path, complain, NULL));
	assert_true(library_load_text(l, "test-faults.xml", bytes_text(faults), complain, NULL));
	return l;
}

static void put(uint64_t *h, const void *at, size_t len)
{
	const uint8_t *p = at;

	for (size_t i = 0; i < len; i++)
		*h = (*h ^ p[i]) * 1099511628211u;
}

static void put_text(uint64_t *h, const char *text)
{
	if (text)
		put(h, text, strlen(text));
	put(h, "|", 1);
}

/* Everything but how long it took by the clock on the wall. */
static void hear(void *ctx, const struct event *e)
{
	struct outcome *o = ctx;
	const char *texts[] = { e->run, e->endpoint, e->id, e->path, e->text, e->detail, e->wanted, e->got, e->verdict };

	put(&o->hash, &e->kind, sizeof e->kind);
	put(&o->hash, &e->time, sizeof e->time);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		put_text(&o->hash, texts[i]);
	put(&o->hash, e->octets.at, e->octets.len);
	if (e->kind == EVENT_CHECK)
		snprintf(o->last_check, sizeof o->last_check, "%s: wanted %s, got %s", e->path ? e->path : "",
			 e->wanted, e->got);
}

static void keep(void *ctx, const struct case_result *c)
{
	struct outcome *o = ctx;

	o->verdict = c->verdict;
	o->line = c->line;
	o->world_time = c->world_time;
	o->packets = c->packets;
	snprintf(o->reason, sizeof o->reason, "%s", c->reason ? c->reason : "");
	snprintf(o->observed, sizeof o->observed, "%s", c->observed ? c->observed : "");
	o->requirements = c->requirement_count < 16 ? c->requirement_count : 16;
	for (size_t i = 0; i < o->requirements; i++) {
		snprintf(o->requirement[i].ref, 40, "%s", c->requirements[i].ref);
		snprintf(o->requirement[i].name, 40, "%s", c->requirements[i].name);
		o->requirement[i].verdict = c->requirements[i].verdict;
		o->requirement[i].oracle = c->requirements[i].oracle;
	}
}

static const char frame[] =
	"<scenario xmlns=\"urn:ikespec:scenario:1\" id=\"test.case.one\" target=\"%s\"%s%s><title>A test</title>"
	"%s%s%s%s<steps>%s%s</steps></scenario>";

static const char *requirement(const char *steps, const char *name, const char *text)
{
	return strstr(steps, name) ? text : "";
}

static struct bytes scenario(const struct asked *a, char *text, size_t cap)
{
	const char *none = strstr(a->steps, "judges=") ? "" : "<check value=\"1\" is=\"1\" judges=\"must\"/>";
	int len = snprintf(text, cap, frame, a->target ? a->target : "responder", a->no_alive ? " alive=\"no\"" : "",
			   a->lossy_ok ? " lossy-ok=\"yes\"" : "",
			   *none ? "<requirement id=\"must\" ref=\"RFC7296-2.1-06\"/>"
				 : requirement(a->steps, "must", "<requirement id=\"must\" ref=\"RFC7296-2.1-06\"/>"),
			   requirement(a->steps, "should", "<requirement id=\"should\" ref=\"RFC7296-2.6-09\"/>"),
			   requirement(a->steps, "\"may\"", "<requirement id=\"may\" ref=\"RFC7296-1.5-01\"/>"),
			   a->head ? a->head : "", a->steps, none);

	assert_true(len > 0 && (size_t)len < cap);
	return bytes_make(text, (size_t)len);
}

struct outcome run_asked(const struct asked *a)
{
	struct outcome o = { .hash = 14695981039346656037u };
	struct library *l = library();
	struct why why = { 0 };
	struct crypto *crypto = crypto_new(&why);
	struct event_log log = { 0 };
	static const char *const only[] = { "test.case.one" };
	const struct link_fate weather = { .loss_ppm = a->loss_ppm };
	struct run_options options = {
		.library = l, .crypto = crypto, .profile = library_profile(l, "builtin"), .root = scenarios_root,
		.filter = { .names = only, .name_count = 1 }, .seed = a->seed ? a->seed : 7, .fault = a->fault, .log = &log,
		.finished = keep, .ctx = &o, .jobs = 1, .weather = a->loss_ppm ? &weather : NULL,
	};
	struct test_suite *suite;
	static char text[20000];

	assert_non_null(crypto);
	if (!library_load_text(l, "test.xml", scenario(a, text, sizeof text), complain, NULL))
		fail_msg("the scenario does not load: %s", text);
	event_listen(&log, hear, &o);
	suite = suite_new(&options, &why);
	if (!suite || !suite_run(suite, &why))
		fail_msg("%s", why.text);
	suite_free(suite);
	assert_int_equal(crypto_stray_draws(crypto), 0);
	crypto_free(crypto);
	library_free(l);
	return o;
}
