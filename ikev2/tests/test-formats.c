/*
 * Every payload, made by its table: encoded, decoded, and the same again when everything derived follows.
 */
#include "../../base/tests/test.h"
#include "samples.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(32 << 20);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct bytes compose(const struct sample *s)
{
	struct why why = { .octet = 0 };
	struct node *chain = sample_chain(arena, s, &why);
	struct composition c = sample_composition(arena, s, chain);
	struct composed out;

	if (!chain || !message_finish(&c, &out, &why))
		fail_msg("%s: %s", s->name, why.text);
	return out.datagrams[0];
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct bytes made = compose(&samples[i]), again;
		struct why why = { .octet = 0 };
		struct message m;

		assert_true(message_decode(arena, made, &m, &why));
		if (!m.clean)
			fail_msg("%s: octet %zu (%s): %s", samples[i].name, m.why.octet, m.why.path,
				 m.why.text);
		assert_true(wire_validate(m.outer, &why));
		wire_unset_derived(m.outer);
		assert_true(wire_encode(arena, m.outer, &again, &why));
		assert_true(bytes_equal(made, again));
		for (enum wire_kind k = 0; k < WIRE_KINDS; k++)
			if (wire_inconsistent(m.outer, k, &why))
				fail_msg("%s: %s %s", samples[i].name, why.path, why.text);
	}
}

/* Octets as RFC 7296 lays them out, written by hand. */
static void test_layout(void **state)
{
	static const struct {
		const char *sample, *path, *octets;
	} cases[] = {
		{ "init-request", "HDR",
		  "0102030405060708 0000000000000000 21 20 22 08 00000001 00000132" },
		{ "init-request", "SA.P[1]",
		  "02 00 0024 01 01 00 03  03 00 000c 01 00 0014 800e 0100  03 00 0008 02 00 0005"
		  "00 00 0008 04 00 001f" },
		{ "init-response", "CERTREQ", "29 00 0019 04 0102030405060708090a0b0c0d0e0f1011121314" },
		{ "cookie", "N", "00 00 0020 00 00 4006 0102030405060708090a0b0c0d0e0f101112131415161718" },
		{ "cookie", "HDR", "0102030405060708 0000000000000009 29 20 22 20 00000001 0000003c" },
		{ "auth-request", "IDi", "25 00 0011 02 000000 612e6578616d706c65" },
		{ "auth-request", "CP", "21 00 0010 01 000000 0001 0000 0003 0000" },
		{ "auth-request", "SA.P[1]",
		  "00 00 0028 01 03 04 03 c0ffee01  03 00 000c 01 00 0014 800e 0080  03 00 0008 05 00 0000"
		  "00 00 0008 05 00 0001" },
		{ "auth-request", "TSi",
		  "2d 00 0040 02 000000  07 00 0010 0000 ffff 0a000001 0a0000ff"
		  "08 11 0028 0035 0035 0102030405060708090a0b0c0d0e0f10 0102030405060708090a0b0c0d0e0f10" },
		{ "auth-request", "TSr.S[2]", "0a 00 0007 73656c" },
		{ "auth-eap", "EAP.eap_length", "0023" },
		{ "eap-success", "EAP", "00 00 0008 03 07 0004" },
		{ "new-child", "N(REKEY_SA)", "29 00 000c 03 04 4009 c0ffee01" },
		{ "new-child", "KE", "2c 00 0048 0013 0000 0102030405060708090a0b0c0d0e0f101112131415161718"
		  "191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40" },
		{ "delete-ike", "D", "00 00 0008 01 00 0000" },
		{ "delete-child", "D", "00 00 0010 03 04 0002 c0ffee01 c0ffee02" },
		{ "odd", "SA.P[1].T", "00 00 0011 c8 00 0007 0011 0005 0102030405" },
		{ "odd", "PAYLOAD(200)", "31 80 000d 010203040506070809" },
		{ "odd", "CP.A", "3e80 0003 010203" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node *n = NULL;
		struct message m;
		struct bytes octets;

		for (size_t s = 0; s < ARRAY_LEN(samples); s++)
			if (strcmp(samples[s].name, cases[i].sample) == 0)
				assert_true(message_decode(arena, compose(&samples[s]), &m, NULL));
		n = message_find(&m, cases[i].path, NULL);
		assert_non_null(n);
		assert_true(wire_octets(arena, n, &octets));
		expect_hex(octets, cases[i].octets, cases[i].path);
	}
}

/* The names that scenarios use. */
static void test_paths(void **state)
{
	static const struct {
		const char *path, *why;     /* why NULL: possible */
	} cases[] = {
		{ "HDR.version_flag", NULL },
		{ "HDR.reserved", NULL },
		{ "KE.group", NULL },
		{ "KE.reserved2", NULL },
		{ "KE(CURVE25519).data", NULL },
		{ "SA.P[1].T[1].reserved", NULL },
		{ "SA.P[*].T(ENCR)[*].A(KEY_LENGTH).value", NULL },
		{ "SA.P[1].T(ENCR)[2].id", NULL },
		{ "N(REKEY_SA).spi", NULL },
		{ "N(16393).spi", NULL },
		{ "Ni.data", NULL },
		{ "Nr.length", NULL },
		{ "Nonce.data", NULL },
		{ "TSi.S[1].end_port", NULL },
		{ "TSr.S(200).data", NULL },
		{ "CP.A(16000).value", NULL },
		{ "CP(CFG_REPLY).A(INTERNAL_IP4_ADDRESS).length", NULL },
		{ "EAP(SUCCESS).identifier", NULL },
		{ "PAYLOAD(200).data", NULL },
		{ "SKF[2].total", NULL },
		{ "SK.padding", NULL },
		{ "SK.pad_length", NULL },
		{ "SK.icv", NULL },
		{ "AUTH.from.message", NULL },
		{ "SK.from.key", NULL },
		{ "D.spis", NULL },
		{ "D.SPI[2].spi", NULL },
		{ "KE.lenght", "KE has no field 'lenght'; did you mean 'length'?" },
		{ "AUTH.from.massage", "AUTH.from has no input 'massage'; did you mean 'message'?" },
		{ "SK.from.id", "SK.from has no input 'id'" },
		{ "N(COOKY).data", "N(COOKY): not a name of IKEv2 Notify Message Types; did you mean 'COOKIE'?" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why = { .octet = 0 };
		bool possible = message_path_possible(cases[i].path, &why);

		if (cases[i].why && strncmp(why.text, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s: %s", cases[i].path, why.text);
		if (possible != !cases[i].why)
			fail_msg("%s: %s", cases[i].path, why.text);
	}
	assert_ptr_equal(message_path_row("SA.P[1].T(ENCR).id")->names, &names_encr);
	assert_ptr_equal(message_path_row("SA.P[1].T(PRF).id")->names, &names_prf);
	assert_int_equal(message_path_row("SK.pad_length")->kind, WIRE_SIZE);
	assert_string_equal(ike_payload_format(33)->name, "SA");
	assert_string_equal(ike_payload_format(99)->name, "PAYLOAD");
}

/* A table whose numbers do not fill octets, or that rules a field that is not there, is a slip of the pen. */
static void check_format(const struct wire_format *f, unsigned depth)
{
	unsigned bits = 0;

	assert_true(depth < 8);
	assert_non_null(f->title);
	assert_non_null(f->section);
	for (size_t i = 0; i < f->count; i++) {
		const struct wire_row *row = &f->rows[i];

		assert_non_null(row->name);
		if (row->kind <= WIRE_SIZE) {
			assert_in_range(row->bits, 1, 64);
			bits += row->bits;
			continue;
		}
		assert_int_equal(bits % 8, 0);
		if (row->item)
			check_format(row->item, depth + 1);
		for (size_t c = 0; row->choices && c < row->choices->count; c++)
			check_format(row->choices->rows[c].format, depth + 1);
		if (row->choices && row->choices->other)
			check_format(row->choices->other, depth + 1);
	}
	assert_int_equal(bits % 8, 0);
}

static void test_tables(void **state)
{
	(void)state;
	check_format(&ike_message, 0);
	check_format(&ike_trailer, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_tables),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
