/* Wireshark's key tables: rows as tried with tshark 4.0.17, every suite of the table, and reading them again. */
#include "test.h"

#include "base/crypto.h"

static const uint8_t octets[4][80] = { { 0xe1 }, { 0xe2 }, { 0xa1 }, { 0xa2 } };

static struct bytes key(unsigned which, size_t len)
{
	return bytes_make(octets[which], len);
}

static struct event_ike_keys ike_keys(const struct suite *s)
{
	size_t encr = (size_t)s->encr->key + s->encr->salt, integ = s->integ && !s->encr->aead ? s->integ->key : 0;

	return (struct event_ike_keys){ 0x0102030405060708, 0x1112131415161718, s, key(0, encr), key(1, encr),
					key(2, integ), key(3, integ) };
}

static struct event_child_keys child_keys(const struct suite *s, uint8_t family)
{
	size_t encr = (size_t)s->encr->key + s->encr->salt, integ = s->integ && !s->encr->aead ? s->integ->key : 0;

	return (struct event_child_keys){ .spi = 0xc0ffee01, .from.family = family, .to.family = family, .suite = s,
					  .key = key(0, encr), .integ_key = key(2, integ) };
}

#define Z16 "000000000000000000000000000000"
#define Z32 Z16 "00000000000000000000000000000000"
static const struct {
	const char *suite, *row;
} ike_rows[] = {
	{ "aes128gcm16-prfsha256-ecp256",
	  "0102030405060708,1112131415161718,e1" Z16 "00000000,e2" Z16 "00000000,"
	  "\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n" },
	{ "aes256-sha256-ecp256",
	  "0102030405060708,1112131415161718,e1" Z32 ",e2" Z32 ",\"AES-CBC-256 [RFC3602]\",a1" Z32 ",a2" Z32 ","
	  "\"HMAC_SHA2_256_128 [RFC4868]\"\n" },
	{ "chacha20poly1305-prfsha256-x25519", NULL },
};
static const struct {
	const char *suite;
	uint8_t family;
	const char *row;
} esp_rows[] = {
	{ "aes128gcm16", 4, "\"IPv4\",\"*\",\"*\",\"0xc0ffee01\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0xe1" Z16
			    "00000000\",\"NULL\",\"\"\n" },
	{ "aes256-sha256", 6, "\"IPv6\",\"*\",\"*\",\"0xc0ffee01\",\"AES-CBC [RFC3602]\",\"0xe1" Z32
			      "\",\"HMAC-SHA-256-128 [RFC4868]\",\"0xa1" Z32 "\"\n" },
	{ "null-sha256", 4, "\"IPv4\",\"*\",\"*\",\"0xc0ffee01\",\"NULL\",\"\",\"HMAC-SHA-256-128 [RFC4868]\",\"0xa1" Z32
			    "\"\n" },
	{ "chacha20poly1305", 4, NULL },
};

static void expect_row(const char *suite, const char *wanted, bool made, const char *got)
{
	if (made != (wanted != NULL))
		fail_msg("%s: wanted %s", suite, wanted ? wanted : "no row");
	if (wanted && strcmp(wanted, got) != 0)
		fail_msg("%s: wanted %s, got %s", suite, wanted, got);
}

static void test_rows(void **state)
{
	char text[1200];
	struct suite s;
	struct why why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ike_rows); i++) {
		struct event_ike_keys k;

		if (!suite_parse(ike_rows[i].suite, false, &s, &why))
			fail_msg("%s", why.text);
		k = ike_keys(&s);
		expect_row(ike_rows[i].suite, ike_rows[i].row, wireshark_ike_row(&k, text, sizeof(text)), text);
		assert_false(wireshark_ike_row(&k, text, 20));
	}
	for (i = 0; i < ARRAY_LEN(esp_rows); i++) {
		struct event_child_keys k;

		if (!suite_parse(esp_rows[i].suite, true, &s, &why))
			fail_msg("%s", why.text);
		k = child_keys(&s, esp_rows[i].family);
		expect_row(esp_rows[i].suite, esp_rows[i].row, wireshark_esp_row(&k, text, sizeof(text)), text);
		assert_false(wireshark_esp_row(&k, text, 20));
	}
	assert_false(wireshark_ike_row(&(struct event_ike_keys){ 0 }, text, sizeof(text)));
	assert_false(wireshark_esp_row(&(struct event_child_keys){ 0 }, text, sizeof(text)));
}

/* ------------------------------------------------------------ every suite */

/* Calls back with every cipher, each integrity with those that need one. */
static void each_suite(uint8_t used_in, void (*with)(void *ctx, const struct suite *s), void *ctx)
{
	size_t e, i;

	for (e = 0; e < transforms_count; e++) {
		const struct transform *encr = &transforms[e];

		if (encr->type != TRANSFORM_ENCR || !(encr->suites & used_in))
			continue;
		if (encr->aead)
			with(ctx, &(struct suite){ .encr = encr });
		for (i = 0; i < transforms_count && !encr->aead; i++)
			if (transforms[i].type == TRANSFORM_INTEG && (transforms[i].suites & used_in))
				with(ctx, &(struct suite){ .encr = encr, .integ = &transforms[i] });
	}
}

struct tables {
	FILE *ike, *esp;
	size_t ike_count, esp_count;
	const struct suite *suite;
	bool found;
};

static void write_ike(void *ctx, const struct suite *s)
{
	struct event_ike_keys k = ike_keys(s);
	struct tables *t = ctx;
	char row[1200];

	if (wireshark_ike_row(&k, row, sizeof(row))) {
		fputs(row, t->ike);
		t->ike_count++;
	}
}

static void write_esp(void *ctx, const struct suite *s)
{
	struct event_child_keys k = child_keys(s, 4);
	struct tables *t = ctx;
	char row[1200];

	if (wireshark_esp_row(&k, row, sizeof(row))) {
		fputs(row, t->esp);
		t->esp_count++;
	}
}

/* tshark refuses a table with a name that it does not know, and says so. */
static void test_tshark_knows_every_name(void **state)
{
	struct folder f = folder_new();
	struct tables t = { fopen(folder_file(&f, "ikev2_decryption_table"), "w"), fopen(folder_file(&f, "esp_sa"), "w") };
	struct pcapng *p = pcapng_create(folder_file(&f, "x.pcapng"), NULL);
	char line[500], out[4000];
	int rc;

	(void)state;
	each_suite(TRANSFORM_IN_IKE, write_ike, &t);
	each_suite(TRANSFORM_IN_ESP, write_esp, &t);
	fclose(t.ike);
	fclose(t.esp);
	assert_true(t.ike_count > 20 && t.esp_count > 20);
	pcapng_packet(p, pcapng_interface(p, "tester"), 0, small_packet(1), NULL);
	assert_true(pcapng_close(p, NULL));
	snprintf(line, sizeof(line), "WIRESHARK_CONFIG_DIR=%s tshark -r %s/x.pcapng 2>&1 >/dev/null | grep -v 'as user'"
		 " | grep -v '^ *$'", f.path, f.path);
	rc = command(line, out, sizeof(out));
	if (rc != -1 && !strstr(out, "not found") && out[0])
		fail_msg("%s", out);
	folder_end(&f);
}

static bool same_transform(const struct transform *a, const struct transform *b, bool esp)
{
	const char *x = a ? (esp ? a->wireshark_esp : a->wireshark_ike) : NULL;
	const char *y = b ? (esp ? b->wireshark_esp : b->wireshark_ike) : NULL;

	return a == b || (x && y && strcmp(x, y) == 0 && a->key + a->salt == b->key + b->salt);
}

static void found_ike(void *ctx, const struct event_ike_keys *k)
{
	struct tables *t = ctx;
	struct event_ike_keys wanted = ike_keys(t->suite);

	assert_false(t->found);
	t->found = true;
	assert_true(k->spi_i == wanted.spi_i && k->spi_r == wanted.spi_r);
	assert_true(bytes_equal(k->sk_ei, wanted.sk_ei) && bytes_equal(k->sk_er, wanted.sk_er));
	assert_true(bytes_equal(k->sk_ai, wanted.sk_ai) && bytes_equal(k->sk_ar, wanted.sk_ar));
	if (!same_transform(k->suite->encr, t->suite->encr, false) ||
	    !same_transform(k->suite->integ, t->suite->integ, false))
		fail_msg("IKE %s: got %s", t->suite->encr->name, k->suite->encr->name);
}

static void found_esp(void *ctx, const struct event_child_keys *k)
{
	struct tables *t = ctx;
	struct event_child_keys wanted = child_keys(t->suite, 4);

	assert_false(t->found);
	t->found = true;
	assert_int_equal(k->spi, wanted.spi);
	assert_int_equal(k->from.family, 4);
	assert_true(bytes_equal(k->key, wanted.key) && bytes_equal(k->integ_key, wanted.integ_key));
	if (!same_transform(k->suite->encr, t->suite->encr, true) ||
	    !same_transform(k->suite->integ, t->suite->integ, true))
		fail_msg("ESP %s: got %s", t->suite->encr->name, k->suite->encr->name);
}

struct trip {
	const struct folder *folder;
	bool esp;
	size_t count;
};

static void round_trip(void *ctx, const struct suite *s)
{
	struct trip *trip = ctx;
	struct event_ike_keys ike = ike_keys(s);
	struct event_child_keys child = child_keys(s, 4);
	struct tables t = { .suite = s };
	struct why why;
	char row[1200];

	if (!(trip->esp ? wireshark_esp_row(&child, row, sizeof(row)) : wireshark_ike_row(&ike, row, sizeof(row))))
		return;
	file_write(folder_file(trip->folder, trip->esp ? "esp_sa" : "ikev2_decryption_table"), row, strlen(row));
	if (!wireshark_read(trip->folder->path, found_ike, found_esp, &t, &why))
		fail_msg("%s", why.text);
	if (!t.found)
		fail_msg("not read again: %s", row);
	trip->count++;
}

static void test_round_trip(void **state)
{
	struct folder a = folder_new(), b = folder_new();
	struct trip ike = { &a, false, 0 }, esp = { &b, true, 0 };

	(void)state;
	each_suite(TRANSFORM_IN_IKE, round_trip, &ike);
	each_suite(TRANSFORM_IN_ESP, round_trip, &esp);
	assert_true(ike.count > 20 && esp.count > 20);
	folder_end(&a);
	folder_end(&b);
}

/* ------------------------------------------------------------ rows of others, and damaged ones */

static void count_esp(void *ctx, const struct event_child_keys *k)
{
	(void)k;
	++*(unsigned *)ctx;
}

static void count_ike(void *ctx, const struct event_ike_keys *k)
{
	(void)k;
	*(unsigned *)ctx += 100;
}

#define K20 "\"0x0102030405060708090a0b0c0d0e0f1011121314\""
#define GCM "\"AES-GCM with 16 octet ICV [RFC4106]\""
static const struct {
	const char *title, *table, *text;
	unsigned rows;
} tables[] = {
	{ "an empty file", "esp_sa", "", 0 },
	{ "a comment of Wireshark's", "esp_sa", "# This file is automatically generated, DO NOT MODIFY.\n", 0 },
	{ "one row", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\"\n", 1 },
	{ "without a newline", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\"", 1 },
	{ "with CR LF", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\"\r\n", 1 },
	{ "two columns more", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\",\"32-bit\",\"\"\n", 1 },
	{ "a key of the wrong length", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM ",\"0x0102\",\"NULL\",\"\"\n", 0 },
	{ "a key that is no hex", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM ",\"0xzz\",\"NULL\",\"\"\n", 0 },
	{ "an unknown cipher", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\",\"ROT13\"," K20 ",\"NULL\",\"\"\n", 0 },
	{ "an unknown integrity", "esp_sa",
	  "\"IPv4\",\"*\",\"*\",\"0x01\",\"AES-CBC [RFC3602]\",\"0x000102030405060708090a0b0c0d0e0f\",\"CRC\",\"\"\n", 0 },
	{ "too few columns", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 "\n", 0 },
	{ "an open quote", "esp_sa", "\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\n", 0 },
	{ "a good row behind a bad one", "esp_sa",
	  "rubbish\n\"IPv4\",\"*\",\"*\",\"0x01\"," GCM "," K20 ",\"NULL\",\"\"\n", 1 },
	{ "an IKE row", "ikev2_decryption_table",
	  "0102030405060708,1112131415161718,0102030405060708090a0b0c0d0e0f1011121314,"
	  "0102030405060708090a0b0c0d0e0f1011121314,\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n", 100 },
	{ "an IKE row all quoted", "ikev2_decryption_table",
	  "\"0102030405060708\",\"1112131415161718\",\"0102030405060708090a0b0c0d0e0f1011121314\","
	  "\"0102030405060708090a0b0c0d0e0f1011121314\",\"AES-GCM-128 with 16 octet ICV [RFC5282]\",\"\",\"\","
	  "\"NONE [RFC4306]\"\n", 100 },
};

static void test_reading(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(tables); i++) {
		struct folder f = folder_new();
		unsigned count = 0;
		struct why why;

		file_write(folder_file(&f, tables[i].table), tables[i].text, strlen(tables[i].text));
		if (!wireshark_read(f.path, count_ike, count_esp, &count, &why))
			fail_msg("%s: %s", tables[i].title, why.text);
		if (count != tables[i].rows)
			fail_msg("%s: wanted %u, got %u", tables[i].title, tables[i].rows, count);
		folder_end(&f);
	}
}

static void test_no_tables(void **state)
{
	struct folder f = folder_new();
	unsigned count = 0;
	struct why why = { 0 };

	(void)state;
	assert_false(wireshark_read(f.path, count_ike, count_esp, &count, &why));
	assert_non_null(strstr(why.text, "neither"));
	folder_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_tshark_knows_every_name),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_no_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
