/* The listener: which packets stand in which file, with which comment; the Wireshark folder. */
#include "test.h"

#include <sys/stat.h>

#include "base/crypto.h"

/* A case told in rows, and what its file must hold: "sender last-octet-of-packet comment". */
struct told {
	const char *run, *target;
	enum event_kind kind;
	const char *endpoint;
	uint8_t packet;                 /* SENT, DROPPED, CHECK with octets: the last octet; its number too */
	const char *text, *verdict, *id;
};

static void tell(struct captures *c, const struct told *t)
{
	struct event e = { .kind = t->kind, .time = t->packet, .run = t->run, .target = t->target,
			   .endpoint = t->endpoint, .verdict = t->verdict, .id = t->id, .number = t->packet };

	if (t->kind == EVENT_SENT || (t->kind == EVENT_CHECK && t->packet))
		e.octets = small_packet(t->packet);
	if (t->kind == EVENT_EDITED) {
		e.path = t->text;
		e.wanted = "1";
		e.got = "2";
	} else if (t->kind == EVENT_CHECK || t->kind == EVENT_ORACLE) {
		e.path = t->text;
		e.wanted = "silence";
		e.got = "noise";
		e.file = "a.xml";
		e.line = 14;
	} else {
		e.text = t->text;
	}
	captures_hear(c, &e);
}

static struct captures *captures_of(const struct folder *f, enum capture_keep keep, bool per_target)
{
	struct why why = { 0 };
	struct captures *c = captures_new(f->path, keep, true, per_target, &why);

	if (!c)
		fail_msg("%s", why.text);
	return c;
}

static void finish(struct captures *c)
{
	struct why why = { 0 };

	if (!captures_finish(c, &why))
		fail_msg("%s", why.text);
	captures_free(c);
}

/* ------------------------------------------------------------ what a file holds */

static uint32_t u32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, 4);
	return v;
}

/* "2:7 4:9'edited x: 1 -> 2'": interface:last octet'comment' of each packet, in order. */
static const char *contents(const char *path)
{
	static char text[3000];
	const struct whole *w = file_whole(path);
	size_t at, len = 0;

	if (!w->there)
		return "(no file)";
	text[0] = '\0';
	for (at = 0; at + 12 <= w->len; at += u32(w->at + at + 4)) {
		const uint8_t *block = w->at + at, *option = block + 28 + 44;

		if (u32(block) != 6)
			continue;
		assert_int_equal(u32(block + 20), 43);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u:%u", len ? " " : "", u32(block + 8),
					block[28 + 42]);
		if (u32(block + 4) > 76)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "'%.*s'", (int)(u32(option) >> 16),
						(const char *)option + 4);
	}
	return text;
}

static void expect_contents(const struct folder *f, const char *name, const char *wanted)
{
	const char *got = contents(folder_file(f, name));

	if (strcmp(got, wanted) != 0)
		fail_msg("%s: wanted <%s>, got <%s>", name, wanted, got);
}

/* ------------------------------------------------------------ comments */

#define A "a.b", "t"
static const struct {
	const char *title;
	struct told told[12];
	const char *wanted;
} comments[] = {
	{ "packets of both ends, once each", {
		{ A, EVENT_SENT, "tester", 1 }, { A, EVENT_RECEIVED, "target", 1 }, { A, EVENT_SENT, "target", 2 },
		{ A, EVENT_RECEIVED, "tester", 2 } },
	  "0:1 1:2" },
	{ "edits stand at the next packet of their endpoint", {
		{ A, EVENT_EDITED, "tester", 0, "KE.length" }, { A, EVENT_EDITED, "tester", 0, "HDR.id" },
		{ A, EVENT_SENT, "target", 1 }, { A, EVENT_SENT, "tester", 2 }, { A, EVENT_SENT, "tester", 3 } },
	  "0:1 1:2'edited KE.length: 1 -> 2\nedited HDR.id: 1 -> 2' 1:3" },
	{ "'tester' is any endpoint of ours", {
		{ A, EVENT_EDITED, "tester", 0, "x" }, { A, EVENT_SENT, "second", 1 } },
	  "0:1'edited x: 1 -> 2'" },
	{ "a fault of the target edits the target's", {
		{ A, EVENT_EDITED, "target", 0, "x" }, { A, EVENT_SENT, "tester", 1 }, { A, EVENT_SENT, "target", 2 } },
	  "0:1 1:2'edited x: 1 -> 2'" },
	{ "a passing check says nothing", {
		{ A, EVENT_SENT, "target", 1 }, { A, EVENT_CHECK, NULL, 0, "N.type", "pass", "R-1" } },
	  "0:1" },
	{ "a broken check at the target's last packet", {
		{ A, EVENT_SENT, "target", 1 }, { A, EVENT_SENT, "tester", 2 },
		{ A, EVENT_CHECK, NULL, 0, "N.type", "fail", "R-1" } },
	  "0:1'fail R-1 N.type: wanted silence, got noise (a.xml:14)' 1:2" },
	{ "... or at the packet that it names", {
		{ A, EVENT_SENT, "target", 1 }, { A, EVENT_SENT, "target", 2 },
		{ A, EVENT_CHECK, NULL, 1, "N.type", "fail", "R-1" } },
	  "0:1'fail R-1 N.type: wanted silence, got noise (a.xml:14)' 0:2" },
	{ "... or at the last one, of a silent target", {
		{ A, EVENT_SENT, "tester", 1 }, { A, EVENT_CHECK, NULL, 0, NULL, "fail", NULL } },
	  "0:1'fail : wanted silence, got noise (a.xml:14)'" },
	{ "an oracle has no verdict", {
		{ A, EVENT_SENT, "target", 1 }, { A, EVENT_ORACLE, NULL, 0, NULL, NULL, "nonce-unique" } },
	  "0:1'oracle nonce-unique: wanted silence, got noise (a.xml:14)'" },
	{ "what is lost is found by its number", {
		{ A, EVENT_SENT, "tester", 1 }, { A, EVENT_SENT, "target", 2 }, { A, EVENT_DROPPED, NULL, 1, "loss" } },
	  "0:1'lost on the way: loss' 1:2" },
	{ "a number that nobody sent is nobody's", {
		{ A, EVENT_SENT, "tester", 1 }, { A, EVENT_DROPPED, NULL, 9, "loss" } },
	  "0:1" },
	{ "without numbers the last one", {
		{ A, EVENT_SENT, "tester", 1 }, { A, EVENT_SENT, "tester", 2 }, { A, EVENT_DROPPED, NULL, 0, "loss" } },
	  "0:1 0:2'lost on the way: loss'" },
	{ "comments before any packet get lost and do no harm", {
		{ A, EVENT_CHECK, NULL, 0, NULL, "fail", NULL }, { A, EVENT_DROPPED, NULL, 0, "x" },
		{ A, EVENT_SENT, "tester", 1 } },
	  "0:1" },
	{ "control characters and what is no ASCII", {
		{ A, EVENT_EDITED, "tester", 0, "a\033[1m\xff\tb" }, { A, EVENT_SENT, "tester", 1 } },
	  "0:1'edited a?[1m??b: 1 -> 2'" },
};

static void test_comments(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(comments); i++) {
		struct folder f = folder_new();
		struct captures *c = captures_of(&f, CAPTURE_ALWAYS, false);
		const char *got;

		tell(c, &(struct told){ A, EVENT_CASE });
		for (k = 0; comments[i].told[k].run; k++)
			tell(c, &comments[i].told[k]);
		tell(c, &(struct told){ A, EVENT_CASE_END, .verdict = "pass" });
		finish(c);
		got = contents(folder_file(&f, "captures/a.b.pcapng"));
		if (strcmp(got, comments[i].wanted) != 0)
			fail_msg("%s: wanted <%s>, got <%s>", comments[i].title, comments[i].wanted, got);
		folder_end(&f);
	}
}

/* ------------------------------------------------------------ which files */

static void run_case(struct captures *c, const char *run, const char *target, const char *verdict)
{
	tell(c, &(struct told){ run, target, EVENT_CASE });
	tell(c, &(struct told){ run, target, EVENT_SENT, "tester", 1 });
	tell(c, &(struct told){ run, target, EVENT_CASE_END, .verdict = verdict });
}

static void test_keeping(void **state)
{
	static const struct {
		const char *verdict;
		bool kept;              /* of CAPTURE_FAILED */
	} rows[] = {
		{ "pass", false }, { "weak", false }, { "not-applicable", false }, { "expected-fail", false },
		{ "fail", true },  { "died", true },  { "inconclusive", true },    { "error", true },
		{ "unexpected-pass", true },
	};
	enum capture_keep keep;
	size_t i;

	(void)state;
	for (keep = CAPTURE_ALWAYS; keep <= CAPTURE_NEVER; keep++)
		for (i = 0; i < ARRAY_LEN(rows); i++) {
			bool wanted = keep == CAPTURE_ALWAYS || (keep == CAPTURE_FAILED && rows[i].kept);
			struct folder f = folder_new();
			struct captures *c = captures_of(&f, keep, false);

			run_case(c, A, rows[i].verdict);
			finish(c);
			if ((access(folder_file(&f, "captures/a.b.pcapng"), F_OK) == 0) != wanted)
				fail_msg("keep %d, %s: wanted %s", keep, rows[i].verdict, wanted ? "a file" : "none");
			assert_int_equal(access(folder_file(&f, "wireshark/esp_sa"), F_OK) == 0, keep != CAPTURE_NEVER);
			folder_end(&f);
		}
}

static void test_cases_in_flight(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_of(&f, CAPTURE_ALWAYS, true);
	static const struct told told[] = {
		{ "a", "t", EVENT_CASE }, { "b", "t", EVENT_CASE }, { "a", "u", EVENT_CASE },
		{ "a", "t", EVENT_SENT, "tester", 1 }, { "b", "t", EVENT_SENT, "tester", 2 },
		{ "b", "t", EVENT_EDITED, "tester", 0, "x" }, { "a", "u", EVENT_SENT, "tester", 3 },
		{ "a", "t", EVENT_SENT, "tester", 4 }, { "b", "t", EVENT_SENT, "tester", 5 },
		{ "a", "t", EVENT_CASE_END, .verdict = "pass" }, { "a", "u", EVENT_SENT, "target", 6 },
		{ "b", "t", EVENT_CASE_END, .verdict = "pass" }, { "a", "u", EVENT_CASE_END, .verdict = "pass" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(told); i++)
		tell(c, &told[i]);
	finish(c);
	expect_contents(&f, "captures/t/a.pcapng", "0:1 0:4");
	expect_contents(&f, "captures/t/b.pcapng", "0:2 0:5'edited x: 1 -> 2'");
	expect_contents(&f, "captures/u/a.pcapng", "0:3 1:6");
	folder_end(&f);
}

static void test_an_interrupted_case_is_kept(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_of(&f, CAPTURE_FAILED, false);

	(void)state;
	tell(c, &(struct told){ A, EVENT_CASE });
	tell(c, &(struct told){ A, EVENT_SENT, "tester", 7 });
	finish(c);
	expect_contents(&f, "captures/a.b.pcapng", "0:7");
	folder_end(&f);
}

static void test_the_last_attempt_is_kept(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_of(&f, CAPTURE_ALWAYS, false);

	(void)state;
	run_case(c, A, "fail");
	tell(c, &(struct told){ A, EVENT_CASE });
	tell(c, &(struct told){ A, EVENT_SENT, "tester", 8 });
	tell(c, &(struct told){ A, EVENT_CASE_END, .verdict = "fail" });
	finish(c);
	expect_contents(&f, "captures/a.b.pcapng", "0:8");
	folder_end(&f);
}

static void test_an_undecided_attempt_is_kept_too(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_of(&f, CAPTURE_FAILED, false);

	(void)state;
	tell(c, &(struct told){ A, EVENT_CASE });
	tell(c, &(struct told){ A, EVENT_SENT, "target", 7 });
	tell(c, &(struct told){ A, EVENT_EDITED, "tester", 0, "x" });
	tell(c, &(struct told){ A, EVENT_CASE });
	tell(c, &(struct told){ A, EVENT_SENT, "tester", 8 });
	tell(c, &(struct told){ A, EVENT_CASE_END, .verdict = "fail" });
	finish(c);
	expect_contents(&f, "captures/a.b.attempt-1.pcapng", "0:7");
	expect_contents(&f, "captures/a.b.pcapng", "0:8");
	folder_end(&f);
}

static void test_no_packets_no_file(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_of(&f, CAPTURE_ALWAYS, false);

	(void)state;
	tell(c, &(struct told){ A, EVENT_CASE });
	tell(c, &(struct told){ A, EVENT_CASE_END, .verdict = "not-applicable" });
	tell(c, &(struct told){ NULL, "t", EVENT_NOTE, .text = "of no case" });
	tell(c, &(struct told){ A, EVENT_CASE_END, .verdict = "pass" });
	finish(c);
	assert_int_equal(access(folder_file(&f, "captures/a.b.pcapng"), F_OK), -1);
	folder_end(&f);
}

static void test_paths(void **state)
{
	static const struct {
		bool per_target;
		const char *target, *id, *wanted;
	} rows[] = {
		{ false, "t",    "a.b",       "captures/a.b.pcapng" },
		{ false, NULL,   "a.b#2",     "captures/a.b#2.pcapng" },
		{ true,  "t",    "a.b",       "captures/t/a.b.pcapng" },
		{ true,  NULL,   "a.b",       "captures/a.b.pcapng" },
		{ true,  "../t", "../../a/b", "captures/_._t/_._.._a_b.pcapng" },
		{ false, "t",    "a\nb",      "captures/a_b.pcapng" },
	};
	struct folder f = folder_new();
	char text[500];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct captures *c = captures_of(&f, CAPTURE_ALWAYS, rows[i].per_target);

		captures_path(c, rows[i].target, rows[i].id, text, sizeof(text));
		if (strcmp(text, rows[i].wanted) != 0)
			fail_msg("%s: wanted %s, got %s", rows[i].id, rows[i].wanted, text);
		assert_null(strstr(text, "/../"));
		captures_free(c);
	}
	folder_end(&f);
}

static void test_what_cannot_be_written_is_told(void **state)
{
	struct folder f = folder_new();
	struct captures *c;
	struct why why = { 0 };

	(void)state;
	assert_null(captures_new("/nonexistent/folder", CAPTURE_ALWAYS, true, false, &why));
	assert_non_null(strstr(why.text, "/nonexistent/folder"));
	c = captures_of(&f, CAPTURE_ALWAYS, false);
	assert_int_equal(mkdir(folder_file(&f, "captures/a.b.pcapng"), 0777), 0);
	run_case(c, A, "pass");
	assert_false(captures_finish(c, &why));
	assert_non_null(strstr(why.text, "a.b.pcapng"));
	captures_free(c);
	folder_end(&f);
}

/* ------------------------------------------------------------ keys */

static void tell_keys(struct captures *c, const char *suite, bool esp, uint8_t spi)
{
	static uint8_t key[80];
	struct bytes k, none = BYTES_NONE;
	struct suite s;
	struct event_ike_keys ike;
	struct event_child_keys child;

	key[0] = spi;
	assert_true(suite_parse(suite, esp, &s, NULL));
	k = bytes_make(key, (size_t)s.encr->key + s.encr->salt);
	ike = (struct event_ike_keys){ spi, 2, &s, k, k, none, none };
	child = (struct event_child_keys){ .spi = spi, .from.family = 4, .suite = &s, .key = k };
	captures_hear(c, &(struct event){ .kind = esp ? EVENT_KEYS_CHILD : EVENT_KEYS_IKE, .run = "a.b",
					  .ike_keys = esp ? NULL : &ike, .child_keys = esp ? &child : NULL });
}

/* The key files say what was negotiated, each row once, in order, whoever told it when. */
static void test_key_files(void **state)
{
	static const uint8_t orders[2][4] = { { 1, 2, 3, 2 }, { 3, 3, 2, 1 } };
	char files[2][4000];
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct folder f = folder_new();
		struct captures *c = captures_of(&f, CAPTURE_ALWAYS, false);

		for (k = 0; k < 4; k++) {
			tell_keys(c, "aes128gcm16-prfsha256-ecp256", false, orders[i][k]);
			tell_keys(c, "aes256gcm16", true, orders[i][k]);
			tell_keys(c, "chacha20poly1305", true, 99);
		}
		finish(c);
		files[i][0] = '\0';
		strcat(files[i], (const char *)file_whole(folder_file(&f, "wireshark/ikev2_decryption_table"))->at);
		strcat(files[i], (const char *)file_whole(folder_file(&f, "wireshark/esp_sa"))->at);
		assert_true(file_whole(folder_file(&f, "wireshark/preferences"))->len > 20);
		folder_end(&f);
	}
	assert_string_equal(files[0], files[1]);
	for (k = 0, i = 0; files[0][i]; i++)
		k += files[0][i] == '\n';
	assert_int_equal(k, 6);
}

static void test_no_keys(void **state)
{
	struct folder f = folder_new();
	struct captures *c = captures_new(f.path, CAPTURE_ALWAYS, false, false, NULL);

	(void)state;
	tell_keys(c, "aes256gcm16", true, 1);
	run_case(c, A, "pass");
	finish(c);
	expect_contents(&f, "captures/a.b.pcapng", "0:1");
	assert_int_equal(access(folder_file(&f, "wireshark"), F_OK), -1);
	folder_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_keeping),
		cmocka_unit_test(test_cases_in_flight),
		cmocka_unit_test(test_an_interrupted_case_is_kept),
		cmocka_unit_test(test_the_last_attempt_is_kept),
		cmocka_unit_test(test_an_undecided_attempt_is_kept_too),
		cmocka_unit_test(test_no_packets_no_file),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_what_cannot_be_written_is_told),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
