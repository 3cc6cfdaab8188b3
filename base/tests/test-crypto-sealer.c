/*
 * Sealing against the figures of draft-mcgrew-gcm-test-01, RFC 7634 and RFC 3602, round trips of
 * every suite at every size up to 100, and what must be refused.
 */
#include "with-crypto.h"

static const struct transform *encr_row(uint16_t id, uint16_t bits)
{
	const struct transform *t = transform_find(TRANSFORM_ENCR, id, bits);
	assert_non_null(t);
	return t;
}

static struct sealer *sealer_of(const struct transform *encr, const struct transform *integ, struct bytes key,
				struct bytes integ_key, bool sealing)
{
	struct why why = { "" };
	struct sealer *s = sealer_new(crypto, encr, integ, key, integ_key, sealing, &why);
	if (!s)
		fail_msg("%s", why.text);
	return s;
}

/* AEAD: key, then salt; the ICV of 16 octets. */
static void test_aead_figures(void **state)
{
	static const struct {
		const char *name;
		uint16_t id, bits;
		const char *key, *iv, *aad, *plain, *cipher, *icv;
	} cases[] = {
		{ "draft-mcgrew-gcm-test-01, AES-128, ESN", 20, 128,
		  "4c80cdefbb5d10da906ac73c3613a634 2e443b68", "4956ed7e3b244cfe", "000043218765432100000000",
		  "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470"
		  "037369700963796265726369747902646b000021000101020201",
		  "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a1"
		  "3c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732",
		  "459018148f6cbe722fd04796562dfdb4" },
		{ "draft-mcgrew-gcm-test-01, AES-256", 20, 256,
		  "abbccddef00112233445566778899aababbccddef00112233445566778899aab 11223344", "0102030405060708",
		  "4a2cbfe300000002",
		  "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101"
		  "040201020201",
		  "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14"
		  "e99def842d8e",
		  "b335f4eecfdbf831824b4c4915956c96" },
		{ "draft-mcgrew-gcm-test-01, GMAC", 21, 128,
		  "4c80cdefbb5d10da906ac73c3613a634 22433c64", "0000000000000000", "0000432100000007",
		  "45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f7071727374"
		  "01020201",
		  "45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f7071727374"
		  "01020201",
		  "f2a9a836e155106aa8dcd618e4099aaa" },
		{ "RFC 7634 A", 28, 0,
		  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3", "1011121314151617",
		  "0102030400000005",
		  "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f1011"
		  "12131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204",
		  "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c"
		  "02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0",
		  "76aaa8266b7fb0f7b11b369907e1ad43" },
		{ "RFC 7634 B", 28, 0,
		  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3", "1011121314151617",
		  "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029", "0000000c000040010000000a00",
		  "610394701f8d017f7c12924889", "6b71bfe25236efd7cdc67066906315b2" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *encr = encr_row(cases[i].id, cases[i].bits);
		struct octets key = octets_of(cases[i].key), iv = octets_of(cases[i].iv);
		struct octets aad = octets_of(cases[i].aad), text = octets_of(cases[i].plain);
		struct octets wanted = octets_of(cases[i].icv);
		struct bytes in_place = octets_bytes(&text);
		uint8_t icv[16];
		struct sealer *seal = sealer_of(encr, NULL, octets_bytes(&key), BYTES_NONE, true);
		struct sealer *open = sealer_of(encr, NULL, octets_bytes(&key), BYTES_NONE, false);
		for (int round = 0; round < 2; round++) {    /* the second with a context already used */
			assert_true(sealer_seal(seal, octets_bytes(&iv), octets_bytes(&aad), in_place, BYTES_NONE,
						text.at, icv));
			expect_hex(in_place, cases[i].cipher, cases[i].name);
			expect_hex(BYTES_OF(icv), cases[i].icv, cases[i].name);
			assert_true(sealer_open(open, octets_bytes(&iv), octets_bytes(&aad), in_place, BYTES_NONE,
						octets_bytes(&wanted), text.at));
			expect_hex(in_place, cases[i].plain, cases[i].name);
		}
		sealer_free(seal);
		sealer_free(open);
	}
}

/* RFC 3602 section 4, cases 1, 3 and 5 (the ciphertext of an ESP packet without an ICV); RFC 3686
 * section 6, cases 1, 2, 4 and 7 (key, then nonce); SP 800-67 B.1, the first block. */
static void test_cipher_figures(void **state)
{
	static const struct {
		uint16_t id, bits;
		const char *key, *iv, *plain, *cipher;
	} cases[] = {
		{ 13, 128, "ae6852f8121067cc4bf7a5765577f39e 00000030", "0000000000000000",
		  "53696e676c6520626c6f636b206d7367", "e4095d4fb7a7b3792d6175a3261311b8" },
		{ 13, 128, "7e24067817fae0d743d6ce1f32539163 006cb6db", "c0543b59da48d90b",
		  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		  "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28" },
		{ 13, 192, "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515 00000048", "36733c147d6d93cb",
		  "53696e676c6520626c6f636b206d7367", "4b55384fe259c9c84e7935a003cbe928" },
		{ 13, 256, "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104 00000060",
		  "db5672c97aa8f0b2", "53696e676c6520626c6f636b206d7367", "145ad01dbf824ec7560863dc71e3e0c0" },
		{ 3, 0, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", "5468652071756663",
		  "a826fd8ce53b855f" },
		{ 12, 128, "06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41",
		  "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a" },
		{ 12, 128, "6c3ea0477630ce21a2ce334aa746c2cd", "c782dc4c098c66cbd9cd27d825682c81",
		  "5468697320697320612034382d62797465206d65737361676520286578616374"
		  "6c7920332041455320626c6f636b7329",
		  "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684" },
		{ 12, 128, "90d382b410eeba7ad938c46cec1a82bf", "e96e8c08ab465763fd098d45dd3ff893",
		  "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425"
		  "262728292a2b2c2d2e2f30313233343536370102030405060708090a0b0c0d0e0e01",
		  "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b"
		  "7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *encr = encr_row(cases[i].id, cases[i].bits);
		struct octets key = octets_of(cases[i].key), iv = octets_of(cases[i].iv);
		struct octets text = octets_of(cases[i].plain);
		uint8_t out[80], back[80];
		struct sealer *seal = sealer_of(encr, NULL, octets_bytes(&key), BYTES_NONE, true);
		struct sealer *open = sealer_of(encr, NULL, octets_bytes(&key), BYTES_NONE, false);
		assert_true(sealer_seal(seal, octets_bytes(&iv), BYTES_NONE, octets_bytes(&text), BYTES_NONE, out, NULL));
		expect_hex(bytes_make(out, text.len), cases[i].cipher, encr->name);
		assert_true(sealer_open(open, octets_bytes(&iv), BYTES_NONE, bytes_make(out, text.len), BYTES_NONE,
					BYTES_NONE, back));
		expect_hex(bytes_make(back, text.len), cases[i].plain, encr->name);
		sealer_free(seal);
		sealer_free(open);
	}
}

static const struct {
	uint16_t encr, bits, integ;
} suites[] = {
	{ 18, 128, 0 }, { 18, 192, 0 },  { 18, 256, 0 },  { 19, 128, 0 },  { 19, 192, 0 },  { 19, 256, 0 },
	{ 20, 128, 0 }, { 20, 192, 0 },  { 20, 256, 0 },  { 28, 0, 0 },    { 12, 128, 2 },  { 12, 128, 12 },
	{ 12, 192, 13 }, { 12, 256, 14 }, { 12, 256, 12 }, { 11, 0, 2 },   { 11, 0, 12 },   { 11, 0, 13 },
	{ 11, 0, 14 },  { 14, 128, 0 },  { 14, 192, 0 },  { 14, 256, 0 },  { 15, 128, 0 },  { 15, 192, 0 },
	{ 15, 256, 0 }, { 16, 128, 0 },  { 16, 192, 0 },  { 16, 256, 0 },  { 21, 128, 0 },  { 21, 192, 0 },
	{ 21, 256, 0 }, { 13, 128, 2 },  { 13, 192, 12 }, { 13, 256, 14 }, { 13, 128, 5 },  { 12, 128, 5 },
	{ 12, 128, 8 }, { 11, 0, 5 },    { 11, 0, 8 },    { 3, 0, 2 },     { 3, 0, 5 },     { 12, 128, 0 },
};

/* Both ends of suite i with keys of its own. */
struct ends {
	const struct transform *encr, *integ;
	struct sealer *seal, *open;
	size_t icv;
};

static struct ends ends_of(size_t i, const char *label)
{
	struct ends e = { encr_row(suites[i].encr, suites[i].bits),
			  transform_find(TRANSFORM_INTEG, suites[i].integ, 0), NULL, NULL, 0 };
	struct rng r;
	uint8_t key[64], integ_key[64];
	rng_seed(&r, i, label);
	rng_fill(&r, key, sizeof(key));
	rng_fill(&r, integ_key, sizeof(integ_key));
	struct bytes k = { key, (size_t)e.encr->key + e.encr->salt }, ik = { integ_key, e.integ->key };
	e.seal = sealer_of(e.encr, e.integ, k, ik, true);
	e.open = sealer_of(e.encr, e.integ, k, ik, false);
	e.icv = e.encr->aead ? e.encr->icv : e.integ->icv;
	return e;
}

static void free_ends(struct ends *e)
{
	sealer_free(e->seal);
	sealer_free(e->open);
}

/* Every suite, every size up to 100, in place and not, with and without a tail. */
static void test_round_trips(void **state)
{
	struct rng r;
	(void)state;
	rng_seed(&r, 1, "round trips");
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct ends e = ends_of(i, "keys");
		for (size_t len = 0; len <= 100; len++) {
			uint8_t iv[16], aad[12], plain[101], cipher[101], icv[33], tail[4], back[101];
			rng_fill(&r, iv, sizeof(iv));
			rng_fill(&r, aad, sizeof(aad));
			rng_fill(&r, plain, sizeof(plain));
			rng_fill(&r, tail, sizeof(tail));
			memset(icv, 0x77, sizeof(icv));
			memset(cipher, 0x77, sizeof(cipher));
			struct bytes n = { iv, e.encr->iv }, a = { aad, len % 13 }, t = { tail, len % 2 * 4 };
			bool whole = len % e.encr->block == 0;
			bool good = sealer_seal(e.seal, n, a, bytes_make(plain, len), t, cipher, icv);
			expect_number(e.encr->name, whole, good);
			if (!good)
				continue;
			assert_int_equal(cipher[len], 0x77);
			assert_int_equal(icv[e.icv], 0x77);
			if (e.encr->id != 11 && e.encr->id != 21 && len >= 8)
				assert_memory_not_equal(cipher, plain, len);
			struct bytes c = { cipher, len }, tag = { icv, e.icv };
			assert_true(sealer_open(e.open, n, a, c, t, tag, back));
			assert_memory_equal(back, plain, len);
			memset(back, 0, sizeof(back));
			assert_true(sealer_open_unchecked(e.open, n, a, c, back));
			assert_memory_equal(back, plain, len);
			assert_true(sealer_open(e.open, n, a, c, t, tag, cipher));
			assert_memory_equal(cipher, plain, len);
		}
		free_ends(&e);
	}
}

/* What a flip can hit; the last is the IV. */
enum part { AAD, CIPHER, TAIL, ICV, IV };

/* One bit of each part at a time: refused, and the honest one accepted again afterwards.  The tail does
 * not enter an AEAD; CBC without integrity refuses nothing and is left out. */
static void test_flipped_bits_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_LEN(suites); i++) {
		struct ends e = ends_of(i, "keys");
		uint8_t parts[5][32] = { { 0 } };
		size_t lens[] = { 12, 32, e.encr->aead ? 0 : 4, e.icv, e.encr->iv };
		struct bytes b[5];
		uint8_t plain[32] = { 5 }, back[32];
		for (int p = 0; p < 5; p++)
			b[p] = bytes_make(parts[p], lens[p]);
		memset(parts[IV], 0x31, e.encr->iv);
		assert_true(sealer_seal(e.seal, b[IV], b[AAD], BYTES_OF(plain), b[TAIL], parts[CIPHER], parts[ICV]));
		for (int p = 0; p < 5; p++)
			for (size_t bit = 0; bit < 8 * lens[p]; bit++) {
				parts[p][bit / 8] ^= (uint8_t)(1 << bit % 8);
				if (sealer_open(e.open, b[IV], b[AAD], b[CIPHER], b[TAIL], b[ICV], back))
					fail_msg("%s accepts bit %zu of part %d flipped", e.encr->name, bit, p);
				parts[p][bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		assert_true(sealer_open(e.open, b[IV], b[AAD], b[CIPHER], b[TAIL], b[ICV], back));
		assert_memory_equal(back, plain, sizeof(plain));
		free_ends(&e);
	}
}

static void test_lengths_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct ends e = ends_of(i, "keys"), other = ends_of(i, "other");
		uint8_t iv[17] = { 0 }, text[32] = { 0 }, cipher[32], icv[33] = { 0 }, out[32];
		struct bytes n = { iv, e.encr->iv }, c = BYTES_OF(cipher), tag = { icv, e.icv };
		assert_true(sealer_seal(e.seal, n, BYTES_NONE, BYTES_OF(text), BYTES_NONE, cipher, icv));
		assert_false(sealer_seal(e.seal, bytes_make(iv, n.len + 1), BYTES_NONE, BYTES_OF(text), BYTES_NONE,
					 out, out));
		assert_false(sealer_open(e.open, bytes_make(iv, n.len + 1), BYTES_NONE, c, BYTES_NONE, tag, out));
		assert_false(sealer_open(e.open, n, BYTES_NONE, c, BYTES_NONE, bytes_make(icv, tag.len + 1), out));
		if (tag.len > 0) {
			assert_false(sealer_open(e.open, n, BYTES_NONE, c, BYTES_NONE, bytes_make(icv, tag.len - 1),
						 out));
			assert_false(sealer_open(e.open, n, BYTES_NONE, c, BYTES_NONE, BYTES_NONE, out));
			assert_false(sealer_open(other.open, n, BYTES_NONE, c, BYTES_NONE, tag, out));
		}
		assert_false(sealer_open(e.seal, n, BYTES_NONE, c, BYTES_NONE, tag, out));
		assert_false(sealer_open_unchecked(e.seal, n, BYTES_NONE, c, out));
		assert_false(sealer_seal(e.open, n, BYTES_NONE, c, BYTES_NONE, out, icv));
		free_ends(&e);
		free_ends(&other);
	}
}

/* A wrong ICV does not matter to the unchecked way, and leaves the context good. */
static void test_unchecked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct ends e = ends_of(i, "keys");
		uint8_t iv[16] = { 0 }, text[32] = { 7 }, cipher[32], icv[32], out[32];
		struct bytes n = { iv, e.encr->iv }, tag = { icv, e.icv }, c = BYTES_OF(cipher);
		assert_true(sealer_seal(e.seal, n, BYTES_NONE, BYTES_OF(text), BYTES_NONE, cipher, icv));
		icv[0] ^= 1;
		assert_int_equal(sealer_open(e.open, n, BYTES_NONE, c, BYTES_NONE, tag, out), e.icv == 0);
		assert_true(sealer_open_unchecked(e.open, n, BYTES_NONE, c, out));
		assert_memory_equal(out, text, sizeof(text));
		icv[0] ^= 1;
		assert_true(sealer_open(e.open, n, BYTES_NONE, c, BYTES_NONE, tag, out));
		free_ends(&e);
	}
}

/* The MAC of a sealer is the one of integ_compute over aad | iv | ciphertext | tail. */
static void test_mac_is_over_the_parts_in_order(void **state)
{
	const struct transform *encr = encr_row(12, 128), *integ = transform_find(TRANSFORM_INTEG, 12, 0);
	uint8_t key[16] = { 1 }, integ_key[32] = { 2 }, iv[16] = { 3 }, text[16] = { 4 }, icv[16], wanted[16];
	uint8_t cipher[16];
	struct sealer *s = sealer_of(encr, integ, BYTES_OF(key), BYTES_OF(integ_key), true);
	struct bytes aad = bytes_text("aad"), tail = bytes_text("tail");
	(void)state;
	assert_true(sealer_seal(s, BYTES_OF(iv), aad, BYTES_OF(text), tail, cipher, icv));
	struct bytes parts[] = { aad, BYTES_OF(iv), BYTES_OF(cipher), tail };
	assert_true(integ_compute(crypto, integ, BYTES_OF(integ_key), parts, ARRAY_LEN(parts), wanted));
	assert_memory_equal(icv, wanted, sizeof(icv));
	memset(icv, 0, sizeof(icv));
	assert_true(sealer_mac(s, BYTES_OF(iv), aad, BYTES_OF(cipher), tail, icv));
	assert_memory_equal(icv, wanted, sizeof(icv));
	sealer_free(s);
}

/* An edited ciphertext need not be whole blocks; an AEAD has no MAC apart from its cipher. */
static void test_mac_of_edited_octets(void **state)
{
	struct ends cbc = ends_of(11, "keys"), gcm = ends_of(0, "keys");
	uint8_t iv[16] = { 0 }, icv[16], out[16];
	struct bytes odd = bytes_text("seven 7");
	(void)state;
	assert_true(sealer_mac(cbc.seal, BYTES_OF(iv), odd, odd, BYTES_NONE, icv));
	assert_true(sealer_mac(cbc.open, BYTES_OF(iv), odd, odd, BYTES_NONE, out));
	assert_memory_equal(icv, out, sizeof(icv));
	assert_true(sealer_mac(cbc.open, BYTES_OF(iv), odd, bytes_slice(odd, 0, 6), BYTES_NONE, out));
	assert_memory_not_equal(icv, out, sizeof(icv));
	assert_false(sealer_mac(gcm.seal, bytes_make(iv, 8), odd, odd, BYTES_NONE, icv));
	free_ends(&cbc);
	free_ends(&gcm);
}

/* Contexts of several SAs, and MACs computed between, do not mix up their keys. */
static void test_contexts_are_apart(void **state)
{
	struct ends a = ends_of(11, "a"), b = ends_of(11, "b");
	uint8_t iv[16] = { 0 }, text[16] = { 1 }, first[16], cipher[16], icv[16], out[16], mac[16];
	struct bytes key = bytes_text("another key"), n = { iv, 16 }, t = BYTES_OF(text);
	(void)state;
	assert_true(sealer_seal(a.seal, n, t, t, BYTES_NONE, first, icv));
	assert_true(sealer_seal(b.seal, n, t, t, BYTES_NONE, cipher, out));
	assert_memory_not_equal(first, cipher, 16);
	assert_true(integ_compute(crypto, a.integ, key, &t, 1, mac));
	assert_true(sealer_open(a.open, n, t, BYTES_OF(first), BYTES_NONE, BYTES_OF(icv), out));
	assert_false(sealer_open(b.open, n, t, BYTES_OF(first), BYTES_NONE, BYTES_OF(icv), out));
	free_ends(&a);
	assert_true(sealer_seal(b.seal, n, t, t, BYTES_NONE, out, icv));
	assert_memory_equal(out, cipher, 16);
	free_ends(&b);
}

static void test_keys_are_refused(void **state)
{
	static const struct {
		uint16_t encr, bits, integ;
		size_t key, integ_key;
		const char *wanted;
	} cases[] = {
		{ 20, 256, 0,  35, 0,  "AES_GCM_16_256 takes a key of 36 octets, got 35"                          },
		{ 20, 256, 0,  32, 0,  "AES_GCM_16_256 takes a key of 36 octets, got 32"                          },
		{ 20, 256, 0,  36, 1,  "NONE takes a key of 0 octets, got 1"                                      },
		{ 20, 256, 12, 36, 32, "AES_GCM_16_256 brings its own integrity, got HMAC_SHA2_256_128 too"       },
		{ 12, 128, 12, 16, 31, "HMAC_SHA2_256_128 takes a key of 32 octets, got 31"                       },
		{ 12, 128, 12, 17, 32, "AES_CBC_128 takes a key of 16 octets, got 17"                             },
		{ 12, 128, 5,  16, 20, "AES_XCBC_96 takes a key of 16 octets, got 20"                             },
		{ 13, 128, 12, 16, 32, "AES_CTR_128 takes a key of 20 octets, got 16"                             },
		{ 14, 128, 0,  16, 0,  "AES_CCM_8_128 takes a key of 19 octets, got 16"                           },
		{ 12, 128, 1,  16, 16, "HMAC_MD5_96 is not implemented"                                           },
		{ 23, 128, 12, 16, 32, "CAMELLIA_CBC_128 is not implemented"                                      },
		{ 11, 0,   12, 1,  32, "NULL takes a key of 0 octets, got 1"                                      },
	};
	uint8_t key[64] = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why = { "" };
		assert_null(sealer_new(crypto, encr_row(cases[i].encr, cases[i].bits),
				       transform_find(TRANSFORM_INTEG, cases[i].integ, 0),
				       bytes_make(key, cases[i].key), bytes_make(key, cases[i].integ_key), true, &why));
		expect_text("sealer_new", cases[i].wanted, why.text);
	}
	sealer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aead_figures),
		cmocka_unit_test(test_cipher_figures),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_flipped_bits_are_refused),
		cmocka_unit_test(test_lengths_are_refused),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_mac_is_over_the_parts_in_order),
		cmocka_unit_test(test_mac_of_edited_octets),
		cmocka_unit_test(test_contexts_are_apart),
		cmocka_unit_test(test_keys_are_refused),
	};
	return cmocka_run_group_tests(tests, start_crypto, stop_crypto);
}
