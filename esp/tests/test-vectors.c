/*
 * Published packets: draft-mcgrew-gcm-test-01 4, RFC 7634 A, RFC 3602 4.
 */
#include "pair.h"

static const struct {
	const char *name, *suite, *key, *iv;
	uint32_t spi;
	uint64_t seq;
	size_t pad;             /* octets of padding in the plaintext */
	const char *plain, *cipher, *icv;
} rows[] = {
	{ "AES-128-GCM, ESN", "aes128gcm16-esn", "4c80cdefbb5d10da906ac73c3613a6342e443b68", "4956ed7e3b244cfe",
	  0x4321, 0x8765432100000000, 2,
	  "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000000000"
	  "00045f736970045f756470037369700963796265726369747902646b000021000101020201",
	  "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf"
	  "65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732",
	  "459018148f6cbe722fd04796562dfdb4" },
	{ "AES-256-GCM", "aes256gcm16", "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
	  "0102030405060708", 0x4a2cbfe3, 2, 2,
	  "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000"
	  "020405b40101040201020201",
	  "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d34"
	  "7f0545659f14e99def842d8e",
	  "b335f4eecfdbf831824b4c4915956c96" },
	{ "ChaCha20-Poly1305", "chacha20poly1305",
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3", "1011121314151617",
	  0x01020304, 5, 2,
	  "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b"
	  "0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233"
	  "3435363701020204",
	  "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb"
	  "61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da"
	  "9165b82829f641e0",
	  "76aaa8266b7fb0f7b11b369907e1ad43" },
	{ "AES-128-CBC, RFC 3602 case 5", "aes128", "90d382b410eeba7ad938c46cec1a82bf",
	  "e96e8c08ab465763fd098d45dd3ff893", 0x4321, 1, 14,
	  "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f30313233343536370102030405060708090a0b0c0d0e0e01",
	  "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08"
	  "0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6", "" },
};

static struct suite suite_of(const char *text)
{
	struct why why = { 0 };
	struct suite s = { 0 };

	if (strcmp(text, "aes128") == 0)                /* encryption alone, as in the RFC's example */
		s.encr = transform_find(TRANSFORM_ENCR, 12, 128);
	else if (!suite_parse(text, true, &s, &why))
		fail_msg("%s", why.text);
	return s;
}

static void check_row(struct pair *p, size_t i)
{
	struct octets key = octets_of(rows[i].key), iv = octets_of(rows[i].iv), plain = octets_of(rows[i].plain);
	struct octets cipher = octets_of(rows[i].cipher), icv = octets_of(rows[i].icv);
	struct bytes ivb = octets_bytes(&iv), inner, packet;
	struct esp_shape shape = { .has_seq = true, .seq = rows[i].seq, .iv = &ivb };
	struct esp_opened opened;
	struct why why = { 0 };

	p->config.suite = suite_of(rows[i].suite);
	p->config.key = octets_bytes(&key);
	p->config.integ_key = BYTES_NONE;
	p->config.spi = rows[i].spi;
	p->config.mode = ESP_TRANSPORT;
	pair_again(p);
	inner = bytes_make(plain.at, plain.len - 2 - rows[i].pad);
	shape.pad = (uint16_t)(rows[i].pad > 15 ? 16 : 0);
	if (esp_seal(p->out, p->arena, &p->rng, inner, plain.at[plain.len - 1], &shape, &packet, &why) != ESP_OK)
		fail_msg("%s: %s", rows[i].name, why.text);
	expect_number(rows[i].name, 8 + iv.len + cipher.len + icv.len, packet.len);
	expect_number(rows[i].name, rows[i].spi, load_u32(packet.at));
	expect_number(rows[i].name, (uint32_t)rows[i].seq, load_u32(packet.at + 4));
	expect_bytes(rows[i].name, octets_bytes(&iv), bytes_slice(packet, 8, iv.len));
	expect_bytes(rows[i].name, octets_bytes(&cipher), bytes_slice(packet, 8 + iv.len, cipher.len));
	expect_bytes(rows[i].name, octets_bytes(&icv), bytes_slice(packet, packet.len - icv.len, icv.len));

	esp_sa_set_seq(p->in, rows[i].seq - 1);
	expect_result(rows[i].name, ESP_OK, pair_deliver(p, packet, &opened));
	expect_bytes(rows[i].name, inner, opened.inner);
	expect_number(rows[i].name, rows[i].seq, opened.seq);
}

static void vectors(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, "aes128gcm16", 64);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&p, i);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(vectors) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
