/*
 * Each kind of edit in each phase: what is not named follows, what is set is never corrected, and who
 * believes what.
 */
#include "../message-internal.h"
#include "../../base/tests/test-values.h"
#include "sealing.h"

static struct arena *arena;
static struct rng rng;
static struct sealing keys, cbc;

static int setup(void **state)
{
	int failed = start_crypto(state);

	arena = arena_new(64 << 20);
	if (failed || !arena)
		return -1;
	sealing_start(&keys, "aes128gcm16-prfsha256-x25519");
	sealing_start(&cbc, "aes128-sha256-modp2048");
	return 0;
}

static int teardown(void **state)
{
	sealing_stop(&keys);
	sealing_stop(&cbc);
	arena_free(arena);
	return stop_crypto(state);
}

#define EDIT(o, p, ...) { .op = o, .path = p, .file = "case.xml", .line = 7, __VA_ARGS__ }

static void test_phase(void **state)
{
	static const struct {
		struct edit edit;
		enum edit_phase phase;
	} cases[] = {
		{ EDIT(EDIT_SET, "KE.data"), EDIT_INNER },
		{ EDIT(EDIT_SET, "KE.reserved"), EDIT_INNER },
		{ EDIT(EDIT_SET, "SA.P[1].T(ENCR).id"), EDIT_INNER },
		{ EDIT(EDIT_ADD, "N(COOKIE)"), EDIT_INNER },
		{ EDIT(EDIT_DROP, "AUTH"), EDIT_INNER },
		{ EDIT(EDIT_SET, "AUTH.method"), EDIT_INNER },
		{ EDIT(EDIT_SET, "AUTH.data"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "AUTH.from.id"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "SK.from.key"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "KE.length"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "N(COOKIE).spi_size"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "SA.P[1].more"), EDIT_DERIVED },
		{ EDIT(EDIT_CORRUPT, "TSi.count"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "SK.padding"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "SK.pad_length"), EDIT_DERIVED },
		{ EDIT(EDIT_SET, "SK.icv"), EDIT_OUTER },
		{ EDIT(EDIT_SET, "SK.next_payload"), EDIT_OUTER },
		{ EDIT(EDIT_SET, "SKF[2].total"), EDIT_OUTER },
		{ EDIT(EDIT_SET, "HDR.length"), EDIT_OUTER },
		{ EDIT(EDIT_ADD, "PAYLOAD(200)", .before = "SK"), EDIT_OUTER },
		{ EDIT(EDIT_ADD, "PAYLOAD(200)", .after = "SK"), EDIT_OUTER },
		{ EDIT(EDIT_MOVE, "IDi", .before = "SK"), EDIT_OUTER },
		{ EDIT(EDIT_SET, "UDP.source"), EDIT_LATER },
		{ EDIT(EDIT_SET, "IP.destination"), EDIT_LATER },
		{ EDIT(EDIT_CORRUPT_OCTET, NULL), EDIT_DATAGRAM },
		{ EDIT(EDIT_APPEND, NULL), EDIT_DATAGRAM },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_number(cases[i].edit.path ? cases[i].edit.path : "datagram", cases[i].phase,
			      edit_phase_of(&cases[i].edit));
}

/* AUTH in these tests: the octets of IDi's body, then what the input said. */
struct auth {
	char id[40];
	unsigned calls;
};

static bool derive(void *ctx, struct node *chain, struct node *honest, struct why *why)
{
	struct auth *auth = ctx;
	struct node *idi = wire_find(chain, "IDi", NULL), *n = wire_find(chain, "AUTH", NULL);
	struct bytes body = BYTES_NONE;
	uint8_t text[100];
	struct sink s = sink_over(text, sizeof(text));

	auth->calls++;
	if (auth->calls == 1 && honest)
		return why_set(why, "the first call is for the honest message");
	if (!n)
		return true;
	if (idi && !message_body(arena, idi, &body))
		return false;
	sink_put(&s, body);
	sink_put(&s, bytes_text(auth->id));
	auth->id[0] = '\0';
	return wire_give_octets(arena, n, "data", sink_bytes(&s));
}

static bool input(void *ctx, const char *path, const struct edit_value *value, struct why *why)
{
	struct auth *auth = ctx;

	if (strcmp(path, "AUTH.from.id") != 0 || value->is_octets)
		return why_set(why, "no such input");
	snprintf(auth->id, sizeof(auth->id), "%u", (unsigned)value->number);
	return true;
}

static const struct sample_part auth_parts[] = {
	{ "IDi(FQDN)", "data=h4142" }, { "AUTH(2)", "data=r8" }, { "N(INITIAL_CONTACT)", "" },
};
static const struct sample auth_sample = SAMPLE("auth", IKE_AUTH, false, auth_parts);
static const struct sample_part plain_parts[] = { { "KE(31)", "data=r4" }, { "Ni", "data=r4" } };
static const struct sample plain_sample = SAMPLE("plain", IKE_SA_INIT, false, plain_parts);

enum how { CLEAR, SEALED, FRAGMENTS, CBC };

static const struct sealing *keys_of(enum how how)
{
	return how == CBC ? &cbc : &keys;
}

static bool compose(enum how how, const struct edits *edits, struct composed *out, struct why *why)
{
	static struct auth auth;
	const struct sample *s = how == CLEAR ? &plain_sample : &auth_sample;
	struct node *chain = sample_chain(arena, s, why);
	struct composition c = sample_composition(arena, s, chain);

	auth = (struct auth){ "", 0 };
	rng_seed(&rng, 1, "edits");
	c.protect = how != CLEAR;
	c.fragments = how == FRAGMENTS ? 3 : 0;
	c.keys = &keys_of(how)->seal;
	c.rng = &rng;
	c.edits = edits;
	c.derive = derive;
	c.input = input;
	c.ctx = &auth;
	return message_finish(&c, out, why);
}

/* What the receiver makes of the datagrams: one message. */
static struct message receive(enum how how, const struct composed *out, bool *opened)
{
	struct message m[MESSAGE_FRAGMENTS];
	struct why why;

	*opened = true;
	for (size_t i = 0; i < out->count; i++) {
		if (!message_decode(arena, out->datagrams[i], &m[i], &why))
			fail_msg("%s", why.text);
		if (how != CLEAR && !message_open(&m[i], &keys_of(how)->open, true, true, &why))
			*opened = false;
	}
	if (how == FRAGMENTS && *opened)
		assert_true(message_join(&m[0], m, out->count, &why));
	return m[0];
}

struct message_case {
	enum how how;
	struct edit edits[3];
	const char *path;               /* looked at in what is received; NULL: nothing */
	const char *wanted;             /* its octets; NULL: it must not be there */
	bool opened;                    /* does the ICV cover what was edited? */
	bool clean;
};

#define IDI_BODY "02000000 4142"

static const struct message_case cases[] = {
	/* nothing */
	{ CLEAR, { EDIT(EDIT_FREEZE, "KE.data") }, "HDR.length", "00000030", true, true },
	{ SEALED, { EDIT(EDIT_FREEZE, "IDi.data") }, "AUTH.data", IDI_BODY, true, true },
	/* inner: lengths, counts, AUTH and the ICV follow */
	{ CLEAR, { EDIT(EDIT_SET, "KE.data", .value = "h0102") }, "HDR.length", "0000002e", true, true },
	{ CLEAR, { EDIT(EDIT_CORRUPT, "KE.data") }, "KE.data", "01020305", true, true },
	{ CLEAR, { EDIT(EDIT_ADD, "PAYLOAD(200)", .before = "Ni") }, "KE.next_payload", "c8", true, true },
	{ CLEAR, { EDIT(EDIT_DROP, "KE") }, "HDR.next_payload", "28", true, true },
	{ CLEAR, { EDIT(EDIT_MOVE, "KE", .after = "Ni") }, "Ni.next_payload", "22", true, true },
	{ CLEAR, { EDIT(EDIT_COPY, "Ni", .times = 2) }, "HDR.length", "00000040", true, true },
	{ SEALED, { EDIT(EDIT_CORRUPT, "IDi.data") }, "AUTH.data", "02000000 4143", true, true },
	{ SEALED, { EDIT(EDIT_SET, "IDi.reserved2", .value = "1") }, "AUTH.data", "02000001 4142", true, true },
	{ SEALED, { EDIT(EDIT_DROP, "IDi") }, "AUTH.data", "", true, true },
	{ SEALED, { EDIT(EDIT_DROP, "AUTH") }, "AUTH", NULL, true, true },
	{ SEALED, { EDIT(EDIT_DROP, "IDi") }, "SK.next_payload", "27", true, true },
	{ FRAGMENTS, { EDIT(EDIT_CORRUPT, "IDi.data") }, "AUTH.data", "02000000 4143", true, true },
	/* derived: after the inner chain; never corrected */
	{ CLEAR, { EDIT(EDIT_SET, "KE.length", .value = "65535") }, "KE.length", "ffff", true, false },
	{ CLEAR, { EDIT(EDIT_SET, "KE.length", .value = "honest+1") }, "KE.length", "000d", true, false },
	{ CLEAR, { EDIT(EDIT_SET, "KE.length", .value = "honest+1"), EDIT(EDIT_SET, "KE.data", .value = "h") },
	  "KE.length", "0009", true, false },
	{ CLEAR, { EDIT(EDIT_SET, "Ni.next_payload", .value = "33") }, "Ni.next_payload", "21", true, false },
	{ SEALED, { EDIT(EDIT_CORRUPT, "IDi.data"), EDIT(EDIT_FREEZE, "AUTH.data") }, "AUTH.data", IDI_BODY, true, true },
	{ SEALED, { EDIT(EDIT_FREEZE, "AUTH.data"), EDIT(EDIT_CORRUPT, "IDi.data") }, "AUTH.data", IDI_BODY, true, true },
	{ SEALED, { EDIT(EDIT_CORRUPT, "AUTH.data"), EDIT(EDIT_CORRUPT, "IDi.data") }, "AUTH.data", "02000000 4142",
	  true, true },
	{ SEALED, { EDIT(EDIT_SET, "AUTH.data", .value = "h01") }, "AUTH.length", "0009", true, true },
	{ SEALED, { EDIT(EDIT_SET, "AUTH.from.id", .value = "5") }, "AUTH.data", "02000000 4142 35", true, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.padding", .value = "haabbcc") }, "SK.pad_length", "03", true, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.padding", .value = "haabbcc") }, "SK.padding", "aabbcc", true, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.pad_length", .value = "255") }, NULL, NULL, false, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.pad_length", .value = "8") }, "N", NULL, true, false },
	{ FRAGMENTS, { EDIT(EDIT_SET, "SKF[2].padding", .value = "haa") }, "AUTH.data", IDI_BODY, true, true },
	/* outer: header and SK; the ICV follows unless it is named */
	{ CLEAR, { EDIT(EDIT_SET, "HDR.length", .value = "27") }, "HDR.length", "0000001b", true, false },
	{ CLEAR, { EDIT(EDIT_SET, "HDR.reserved", .value = "7") }, "HDR.reserved", "07", true, true },
	{ SEALED, { EDIT(EDIT_SET, "HDR.message_id", .value = "9") }, "HDR.message_id", "00000009", true, true },
	{ CBC, { EDIT(EDIT_SET, "HDR.message_id", .value = "9") }, "HDR.message_id", "00000009", true, true },
	{ FRAGMENTS, { EDIT(EDIT_SET, "HDR.message_id", .value = "9") }, "HDR.message_id", "00000009", true, true },
	{ SEALED, { EDIT(EDIT_SET, "HDR.message_id", .value = "9"), EDIT(EDIT_FREEZE, "SK.icv") },
	  "HDR.message_id", "00000009", false, true },
	{ SEALED, { EDIT(EDIT_FREEZE, "SK.icv"), EDIT(EDIT_SET, "HDR.message_id", .value = "9") },
	  "HDR.message_id", "00000009", false, true },
	{ SEALED, { EDIT(EDIT_CORRUPT, "SK.icv") }, NULL, NULL, false, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.icv", .value = "h0102") }, "HDR.length", "0000004b", false, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.iv", .value = "h0000000000000000") }, "SK.iv", "0000000000000000", true, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.critical", .value = "1") }, "AUTH.data", IDI_BODY, true, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.next_payload", .value = "0") }, "AUTH", NULL, true, false },
	{ CBC, { EDIT(EDIT_CORRUPT, "SK.ciphertext", .bit = "380") }, NULL, NULL, true, false },
	{ SEALED, { EDIT(EDIT_CORRUPT, "SK.ciphertext", .bit = "184") }, "IDi.data", "4143", true, true },
	{ CBC, { EDIT(EDIT_SET, "SK.ciphertext", .value = "h010203") }, "HDR.length", "00000043", false, true },
	{ SEALED, { EDIT(EDIT_SET, "SK.ciphertext", .value = "h") }, "HDR.length", "00000038", false, true },
	{ SEALED, { EDIT(EDIT_ADD, "PAYLOAD(200)", .before = "SK") }, "HDR.next_payload", "c8", true, true },
	{ SEALED, { EDIT(EDIT_ADD, "PAYLOAD(200)", .before = "SK"),
		    EDIT(EDIT_SET, "PAYLOAD(200).critical", .value = "1") }, "PAYLOAD(200)", "2e800004", true, true },
	{ SEALED, { EDIT(EDIT_ADD, "PAYLOAD(200)", .before = "SK"),
		    EDIT(EDIT_SET, "PAYLOAD(200).length", .value = "3") }, "HDR.next_payload", "c8", false, false },
	{ SEALED, { EDIT(EDIT_MOVE, "N", .before = "SK") }, "HDR.next_payload", "29", true, true },
	{ SEALED, { EDIT(EDIT_MOVE, "IDi", .before = "SK") }, "SK.next_payload", "27", true, true },
	{ SEALED, { EDIT(EDIT_MOVE, "IDi", .before = "SK") }, "IDi.data", "4142", true, true },
	{ SEALED, { EDIT(EDIT_ADD, "PAYLOAD(201)", .after = "SK") }, "undecoded", "00000004", true, false },
	{ FRAGMENTS, { EDIT(EDIT_SET, "SKF[2].number", .value = "0") }, "HDR.message_id", "00000001", true, true },
	{ FRAGMENTS, { EDIT(EDIT_CORRUPT, "SKF[3].icv") }, NULL, NULL, false, true },
	/* the datagram */
	{ CLEAR, { EDIT(EDIT_APPEND, NULL, .value = "haabb") }, "undecoded", "aabb", true, false },
	{ CLEAR, { EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "47") }, "Ni.data", "01020305", true, true },
	{ CLEAR, { EDIT(EDIT_TRUNCATE_BY, NULL, .value = "1") }, "HDR.length", "00000030", true, false },
	{ SEALED, { EDIT(EDIT_TRUNCATE_BY, NULL, .value = "1") }, NULL, NULL, false, false },
	{ SEALED, { EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "20") }, NULL, NULL, false, true },
	/* not ours */
	{ CLEAR, { EDIT(EDIT_SET, "UDP.source", .value = "9") }, "HDR.length", "00000030", true, true },
};

static void run_case(const struct message_case *c)
{
	struct edit_log log = { "" };
	struct edits edits = { c->edits, c->edits[1].file ? 2 : 1, test_value, test_edited, &log };
	struct why why = { .octet = 0 };
	struct composed out;
	struct message m;
	struct node *n;
	struct bytes octets;
	bool opened;
	char what[200];

	snprintf(what, sizeof(what), "how %d, operation %d of %s, then %s", c->how, c->edits[0].op,
		 c->edits[0].path, c->edits[1].path);
	if (!compose(c->how, &edits, &out, &why))
		fail_msg("%s: %s:%u: %s", what, why.file, why.line, why.text);
	if (!wire_validate(out.message.outer, &why))
		fail_msg("%s: %s", what, why.text);
	m = receive(c->how, &out, &opened);
	expect_number(what, c->opened, opened);
	expect_number(what, c->clean, m.clean);
	if (!c->path)
		return;
	n = message_find(&m, c->path, NULL);
	if (!n && c->wanted)
		fail_msg("%s: %s is not there", what, c->path);
	if (!c->wanted)
		assert_null(n);
	if (!n)
		return;
	assert_true(wire_octets(arena, n, &octets));
	expect_hex(octets, c->wanted, what);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		run_case(&cases[i]);
}

static void test_refused(void **state)
{
	static const struct {
		enum how how;
		struct edit edit;
		const char *why;
	} refused[] = {
		{ CLEAR, EDIT(EDIT_SET, "IDi.data", .value = "1"), "IDi.data is not in the message" },
		{ CLEAR, EDIT(EDIT_SET, "SK.icv", .value = "1"), "SK.icv is not in the message" },
		{ CLEAR, EDIT(EDIT_SET, "SK.padding", .value = "1"), "SK.padding is not in the message" },
		{ SEALED, EDIT(EDIT_SET, "TSi.count", .value = "1"), "TSi.count is not in the message" },
		{ SEALED, EDIT(EDIT_MOVE, "TSi", .before = "SK"), "TSi is not in the message" },
		{ SEALED, EDIT(EDIT_SET, "SKF[1].icv", .value = "1"), "SKF[1].icv is not in the message" },
		{ FRAGMENTS, EDIT(EDIT_SET, "SKF[4].icv", .value = "1"), "SKF[4].icv is not in the message" },
		{ FRAGMENTS, EDIT(EDIT_SET, "SK.icv", .value = "1"), "SK.icv is not in the message" },
		{ SEALED, EDIT(EDIT_SET, "AUTH.from.nonce", .value = "1"), "AUTH.from.nonce no such input" },
		{ SEALED, EDIT(EDIT_FREEZE, "AUTH.from.id"), "AUTH.from.id can only be set, and only where it is computed" },
		{ CLEAR, EDIT(EDIT_SET, "KE.group", .value = "65536"), "KE.group has 16 bits, 65536 does not fit" },
		{ CBC, EDIT(EDIT_SET, "SK.padding", .value = "h01"), NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct edits edits = { &refused[i].edit, 1, test_value, NULL, NULL };
		struct why why = { .octet = 0 };
		struct composed out;

		assert_false(compose(refused[i].how, &edits, &out, &why));
		if (!refused[i].why)
			continue;
		expect_text(refused[i].edit.path, refused[i].why, why.text);
		assert_int_equal(why.line, 7);
	}
}

/* Edits of fields are believed: the trees of what leaves hold them.  Edits of the datagram are lies. */
static void test_believed(void **state)
{
	static const struct edit rows[] = {
		EDIT(EDIT_SET, "KE.data", .value = "hffff"),
		EDIT(EDIT_APPEND, NULL, .value = "hee"),
	};
	struct edit_log log = { "" };
	struct edits edits = { rows, 2, test_value, test_edited, &log };
	struct why why = { .octet = 0 };
	struct composed out;
	struct node *n;

	(void)state;
	assert_true(compose(CLEAR, &edits, &out, &why));
	n = message_find(&out.message, "KE.data", NULL);
	expect_hex(n->octets, "ffff", "believed");
	assert_int_equal(out.datagrams[0].len, out.honest.len + 1);
	assert_int_equal(out.message.octets.len, out.honest.len);
	expect_text("log", "KE.data: 01020304 (4 octets) -> ffff (2 octets)\ndatagram: 46 octets -> 47 octets\n",
		    log.text);
}

/* Again: nothing is computed anew but what is named or unset. */
static void test_again(void **state)
{
	static const struct {
		enum how how;
		struct edit edit;
		const char *path, *wanted;
		bool opened;
	} again[] = {
		{ CLEAR, EDIT(EDIT_SET, "KE.data", .value = "h01"), "KE.data", "01000000", true },
		{ CLEAR, EDIT(EDIT_SET, "KE.data", .value = "h01"), "HDR.length", "00000030", true },
		{ CLEAR, EDIT(EDIT_UNSET, "HDR.length"), "HDR.length", "00000030", true },
		{ SEALED, EDIT(EDIT_SET, "HDR.message_id", .value = "9"), "HDR.message_id", "00000009", false },
		{ SEALED, EDIT(EDIT_CORRUPT, "SK.icv", .bit = "h77"), "HDR.length", "00000059", false },
		{ SEALED, EDIT(EDIT_UNSET, "SK.icv"), "AUTH.data", IDI_BODY, true },
		{ CBC, EDIT(EDIT_UNSET, "SK.icv"), "AUTH.data", IDI_BODY, true },
		{ CBC, EDIT(EDIT_SET, "UDP.source", .value = "1"), "AUTH.data", IDI_BODY, true },
		{ SEALED, EDIT(EDIT_CORRUPT_OCTET, NULL, .value = "30"), "HDR.length", "00000059", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(again); i++) {
		struct edits edits = { &again[i].edit, 1, test_value, NULL, NULL };
		struct why why = { .octet = 0 };
		struct composed first, out;
		struct message m;
		struct bytes octets;
		bool opened;

		assert_true(compose(again[i].how, NULL, &first, &why));
		if (!message_again(arena, first.honest, &keys_of(again[i].how)->seal, &edits, &out, &why))
			fail_msg("%s: %s", again[i].edit.path, why.text);
		m = receive(again[i].how, &out, &opened);
		expect_number(again[i].path, again[i].opened, opened);
		assert_true(wire_octets(arena, message_find(&m, again[i].path, NULL), &octets));
		expect_hex(octets, again[i].wanted, again[i].path);
		assert_true(message_again(arena, first.honest, NULL, NULL, &out, &why));
		assert_true(bytes_equal(out.datagrams[0], first.honest));
	}
}

static void test_short_again(void **state)
{
	static const struct edit rows[] = { EDIT(EDIT_APPEND, NULL, .value = "hee") };
	struct edits edits = { rows, 1, test_value, NULL, NULL };
	struct octets o = octets_of("0102");
	struct composed out;

	(void)state;
	assert_true(message_again(arena, octets_bytes(&o), NULL, &edits, &out, NULL));
	expect_hex(out.datagrams[0], "0102ee", "short");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phase),    cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_believed),
		cmocka_unit_test(test_again),    cmocka_unit_test(test_short_again),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
