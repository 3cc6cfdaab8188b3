#include "base/crypto.h"
#include "base/names.h"
#include "test.h"

static const char *name_of(const struct transform *t)
{
	return t ? t->name : NULL;
}

static bool same_suite(const struct suite *a, const struct suite *b)
{
	return a->encr == b->encr && a->integ == b->integ && a->prf == b->prf && a->ke == b->ke &&
	       a->esn == b->esn;
}

/* What each text means, and how both dialects write it again. */
static void test_parse_and_print(void **state)
{
	static const struct {
		const char *text;
		bool esp;
		const char *encr, *integ, *prf, *ke;
		bool esn;
		const char *libreswan, *strongswan;
	} cases[] = {
		{ "aes_gcm256-sha2_256-dh19", false, "AES_GCM_16_256", NULL, "HMAC_SHA2_256", "ECP_256", false,
		  "aes_gcm256-sha2_256-dh19", "aes256gcm16-prfsha256-ecp256" },
		{ "aes256-sha2_256-dh14", false, "AES_CBC_256", "HMAC_SHA2_256_128", "HMAC_SHA2_256", "MODP_2048",
		  false, "aes256-sha2_256-dh14", "aes256-sha256-modp2048" },
		{ "aes256gcm16-prfsha256-ecp256", false, "AES_GCM_16_256", NULL, "HMAC_SHA2_256", "ECP_256", false,
		  "aes_gcm256-sha2_256-dh19", "aes256gcm16-prfsha256-ecp256" },
		{ "aes256gcm16-prfsha256-x25519", false, "AES_GCM_16_256", NULL, "HMAC_SHA2_256", "CURVE25519", false,
		  "aes_gcm256-sha2_256-dh31", "aes256gcm16-prfsha256-x25519" },
		{ "aes128-sha256-modp2048", false, "AES_CBC_128", "HMAC_SHA2_256_128", "HMAC_SHA2_256", "MODP_2048",
		  false, "aes128-sha2_256-dh14", "aes128-sha256-modp2048" },
		{ "aes128-sha1-prfsha512-curve25519", false, "AES_CBC_128", "HMAC_SHA1_96", "HMAC_SHA2_512",
		  "CURVE25519", false, "aes128-sha1-sha2_512-dh31", "aes128-sha1-prfsha512-x25519" },
		{ "aes128-sha1-sha2_512-dh31", false, "AES_CBC_128", "HMAC_SHA1_96", "HMAC_SHA2_512", "CURVE25519",
		  false, "aes128-sha1-sha2_512-dh31", "aes128-sha1-prfsha512-x25519" },
		{ "aes192-sha384-ecp384", false, "AES_CBC_192", "HMAC_SHA2_384_192", "HMAC_SHA2_384", "ECP_384", false,
		  "aes192-sha2_384-dh20", "aes192-sha384-ecp384" },
		{ "aes256-sha512-ecp521", false, "AES_CBC_256", "HMAC_SHA2_512_256", "HMAC_SHA2_512", "ECP_521", false,
		  "aes256-sha2_512-dh21", "aes256-sha512-ecp521" },
		{ "chacha20poly1305-prfsha512-x448", false, "CHACHA20_POLY1305", NULL, "HMAC_SHA2_512", "CURVE448",
		  false, "chacha20_poly1305-sha2_512-dh32", "chacha20poly1305-prfsha512-x448" },
		{ "AES256GCM16-PRFSHA384-ECP384", false, "AES_GCM_16_256", NULL, "HMAC_SHA2_384", "ECP_384", false,
		  "aes_gcm256-sha2_384-dh20", "aes256gcm16-prfsha384-ecp384" },
		{ "3des-sha1-modp1024", false, "3DES", "HMAC_SHA1_96", "HMAC_SHA1", "MODP_1024", false,
		  "3des-sha1-dh2", "3des-sha1-modp1024" },
		{ "aes128-aesxcbc-modp2048", false, "AES_CBC_128", "AES_XCBC_96", "AES128_XCBC", "MODP_2048", false,
		  "aes128-aes_xcbc-dh14", "aes128-aesxcbc-modp2048" },
		{ "aes_gcm_16_256-sha2_256-ecp_256", false, "AES_GCM_16_256", NULL, "HMAC_SHA2_256", "ECP_256", false,
		  "aes_gcm256-sha2_256-dh19", "aes256gcm16-prfsha256-ecp256" },
		{ "aes_gcm256", true, "AES_GCM_16_256", NULL, NULL, NULL, false, "aes_gcm256", "aes256gcm16" },
		{ "aes_gcm", true, "AES_GCM_16_128", NULL, NULL, NULL, false, "aes_gcm128", "aes128gcm16" },
		{ "aes_gcm256-none", true, "AES_GCM_16_256", NULL, NULL, NULL, false, "aes_gcm256", "aes256gcm16" },
		{ "aes_gcm_a128", true, "AES_GCM_8_128", NULL, NULL, NULL, false, "aes_gcm_a128", "aes128gcm8" },
		{ "aes192gcm12", true, "AES_GCM_12_192", NULL, NULL, NULL, false, "aes_gcm_b192", "aes192gcm12" },
		{ "aes256-sha2_512", true, "AES_CBC_256", "HMAC_SHA2_512_256", NULL, NULL, false, "aes256-sha2_512",
		  "aes256-sha512" },
		{ "aes256gcm16-esn", true, "AES_GCM_16_256", NULL, NULL, NULL, true, "aes_gcm256",
		  "aes256gcm16-esn" },
		{ "aes256gcm16-ecp256-esn", true, "AES_GCM_16_256", NULL, NULL, "ECP_256", true, "aes_gcm256-dh19",
		  "aes256gcm16-ecp256-esn" },
		{ "aes256gcm16-noesn", true, "AES_GCM_16_256", NULL, NULL, NULL, false, "aes_gcm256", "aes256gcm16" },
		{ "null-sha256", true, "NULL", "HMAC_SHA2_256_128", NULL, NULL, false, "null-sha2_256",
		  "null-sha256" },
		{ "chacha20poly1305", true, "CHACHA20_POLY1305", NULL, NULL, NULL, false, "chacha20_poly1305",
		  "chacha20poly1305" },
		{ "aes128-sha1-dh14", true, "AES_CBC_128", "HMAC_SHA1_96", NULL, "MODP_2048", false,
		  "aes128-sha1-dh14", "aes128-sha1-modp2048" },
		{ "aes256gcm16-modpnone", true, "AES_GCM_16_256", NULL, NULL, NULL, false, "aes_gcm256",
		  "aes256gcm16" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct suite s, again;
		struct why why = { "" };
		char text[80];
		if (!suite_parse(cases[i].text, cases[i].esp, &s, &why))
			fail_msg("%s: %s", cases[i].text, why.text);
		expect_text(cases[i].text, cases[i].encr, name_of(s.encr));
		expect_text(cases[i].text, cases[i].integ, name_of(s.integ));
		expect_text(cases[i].text, cases[i].prf, name_of(s.prf));
		expect_text(cases[i].text, cases[i].ke, name_of(s.ke));
		expect_number(cases[i].text, cases[i].esn, s.esn);
		expect_text(cases[i].text, cases[i].libreswan,
			    suite_print_libreswan(&s, cases[i].esp, text, sizeof(text)));
		assert_true(suite_parse(text, cases[i].esp, &again, &why));
		again.esn = s.esn;    /* Libreswan has an option of its own for it */
		assert_true(same_suite(&again, &s));
		expect_text(cases[i].text, cases[i].strongswan,
			    suite_print_strongswan(&s, cases[i].esp, text, sizeof(text)));
		assert_true(suite_parse(text, cases[i].esp, &again, &why));
		assert_true(same_suite(&again, &s));
	}
}

/* RFC 8247 2.1 to 2.4, RFC 8221 5 and 6. */
static void test_levels(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t id, bits;
		const char *ike, *esp;
	} cases[] = {
		{ TRANSFORM_ENCR,  12, 128, "MUST",       "MUST"       },
		{ TRANSFORM_ENCR,  12, 192, "MAY",        "MAY"        },
		{ TRANSFORM_ENCR,  20, 256, "SHOULD",     "MUST"       },
		{ TRANSFORM_ENCR,  18, 256, "MAY",        "MAY"        },
		{ TRANSFORM_ENCR,  3,  0,   "MAY",        "SHOULD NOT" },
		{ TRANSFORM_ENCR,  2,  0,   "MUST NOT",   "MUST NOT"   },
		{ TRANSFORM_PRF,   2,  0,   "MUST-",      "MAY"        },
		{ TRANSFORM_PRF,   7,  0,   "SHOULD+",    "MAY"        },
		{ TRANSFORM_INTEG, 13, 0,   "MAY",        "MAY"        },
		{ TRANSFORM_INTEG, 5,  0,   "SHOULD",     "SHOULD"     },
		{ TRANSFORM_KE,    14, 0,   "MUST",       "MUST"       },
		{ TRANSFORM_KE,    23, 0,   "SHOULD NOT", "SHOULD NOT" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *t = transform_find(cases[i].type, cases[i].id, cases[i].bits);
		expect_text(t->name, cases[i].ike, transform_level_name(transform_level(t, false)));
		expect_text(t->name, cases[i].esp, transform_level_name(transform_level(t, true)));
	}
}

static void test_discouraged(void **state)
{
	static const struct {
		const char *text;
		bool esp;
		const char *wanted;
	} cases[] = {
		{ "aes128gcm16", true, "" },
		{ "3des-sha1", true, "3DES SHOULD NOT be used for ESP" },
		{ "aes128-md5-modp768", false, "HMAC_MD5 MUST NOT be used for IKE, HMAC_MD5_96 MUST NOT be used for IKE, "
					       "MODP_768 MUST NOT be used for IKE" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct suite s;
		char text[300], cut[10];
		assert_true(suite_parse(cases[i].text, cases[i].esp, &s, NULL));
		expect_number(cases[i].text, cases[i].wanted[0] != 0, suite_discouraged(&s, cases[i].esp, text, sizeof(text)));
		expect_text(cases[i].text, cases[i].wanted, text);
		suite_discouraged(&s, cases[i].esp, cut, sizeof(cut));
		assert_true(strlen(cut) < sizeof(cut));
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		bool esp;
		const char *wanted;
	} cases[] = {
		{ "aes256gmc16", true,                "unknown keyword 'aes256gmc16' in a suite; did you mean 'aes256gcm16'?" },
		{ "aes256gcm16-prfsha265-ecp256", false, "unknown keyword 'prfsha265' in a suite; did you mean 'prfsha256'?" },
		{ "aes128-sha256-modp2047", false,    "unknown keyword 'modp2047' in a suite; did you mean 'modp2048'?" },
		{ "rot13rot13rot13", true,            "unknown keyword 'rot13rot13rot13' in a suite" },
		{ "", true,                           "'': a keyword is missing at character 1" },
		{ "aes128--sha256", true,             "'aes128--sha256': a keyword is missing at character 8" },
		{ "aes128-sha256-", true,             "'aes128-sha256-': a keyword is missing at character 15" },
		{ "-aes128", true,                    "'-aes128': a keyword is missing at character 1" },
		{ "aes128", true,                     "'aes128' has no integrity transform, which AES_CBC_128 needs" },
		{ "aes128-none", true,                "'aes128-none' has no integrity transform, which AES_CBC_128 needs" },
		{ "null", true,                       "'null' has no integrity transform, which NULL needs" },
		{ "null-sha256-ecp256", false,        "NULL is not for IKE" },
		{ "aes256gcm16-ecp256", false,        "'aes256gcm16-ecp256' has no PRF, which IKE needs" },
		{ "aes128-sha256", false,             "'aes128-sha256' has no key exchange method, which IKE needs" },
		{ "aes128-sha256-prfsha256", true,    "'prfsha256': ESP has no PRF" },
		{ "aes128-sha256-sha512", true,       "'sha512' is a second integrity transform in a suite" },
		{ "aes256gcm16-sha256", true,         "AES_GCM_16_256 brings its own integrity, 'sha256' is too much" },
		{ "aes256gcm16-prfsha256-sha512-ecp256", false, "'sha512' is a second PRF in a suite" },
		{ "aes128-sha256-prfsha256-prfsha1-ecp256", false, "'prfsha1' is a second PRF in a suite" },
		{ "aes128-sha256-ecp256-x25519", false, "'x25519' is a second key exchange method in a suite" },
		{ "aes128-aes256-sha256", true,       "'aes256' is a second cipher in a suite" },
		{ "aes256gcm16-prfsha256-ecp256-esn", false, "'esn': IKE has no sequence numbers" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct suite s = { NULL };
		struct why why = { "" };
		expect_number(cases[i].text, false,
			      suite_parse(cases[i].text, cases[i].esp, &s, &why));
		expect_text(cases[i].text, cases[i].wanted, why.text);
		assert_null(s.encr);
	}
	char long_text[200];
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	struct suite s;
	assert_false(suite_parse(long_text, true, &s, NULL));
}

static void test_print_is_cut_at_a_word(void **state)
{
	struct suite s;
	char text[40] = "x";
	(void)state;
	assert_true(suite_parse("aes256gcm16-prfsha256-ecp256", false, &s, NULL));
	suite_print_strongswan(&s, false, text, 0);
	assert_string_equal(text, "x");
	assert_string_equal(suite_print_strongswan(&s, false, text, 1), "");
	assert_int_equal(strlen(suite_print_strongswan(&s, false, text, 28)), 22);
	assert_string_equal(suite_print_strongswan(&s, false, text, 29),
			    "aes256gcm16-prfsha256-ecp256");
}

/* Each row is found by its numbers and is alone with them; each has its name in the registry. */
static void test_table(void **state)
{
	static const struct names *const registries[] = { NULL,         &names_encr, &names_prf,
							  &names_integ, &names_ke,   &names_esn };
	(void)state;
	for (size_t i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];
		char bits[16];
		assert_ptr_equal(transform_find(t->type, t->id, t->key_bits), t);
		uint32_t value;
		char name[64];
		snprintf(name, sizeof(name), "%s", t->name);
		snprintf(bits, sizeof(bits), "_%u", t->key_bits);
		if (t->key_bits)
			name[strlen(name) - strlen(bits)] = '\0';
		if (!names_value(registries[t->type], name, &value))
			fail_msg("%s is not in '%s'", name, registries[t->type]->registry);
		expect_number(t->name, t->id, value);
		if (t->key_bits) {
			expect_text(t->name, bits, t->name + strlen(t->name) - strlen(bits));
			expect_number(t->name, t->key_bits, 8 * t->key);
		}
	}
	for (size_t type = 1; type < ARRAY_LEN(registries); type++)
		for (size_t i = 0; i < registries[type]->count; i++) {
			const struct name *n = &registries[type]->rows[i];
			uint16_t id = (uint16_t)n->value;
			if (type == TRANSFORM_ENCR && id == 22)
				continue; /* reserved: no such transform was ever specified */
			if (!transform_find((uint8_t)type, id, 0) &&
			    !transform_find((uint8_t)type, id, 128))
				fail_msg("%s has no row", n->text);
		}
	assert_null(transform_find(TRANSFORM_ENCR, 12, 64));
	assert_null(transform_find(TRANSFORM_ENCR, 12, 0));
	assert_null(transform_find(9, 14, 0));
}

/* Sizes of what is implemented, from the RFCs. */
static void test_sizes(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t id, bits, key, salt, iv, block, icv, output, public;
	} cases[] = {
		{ TRANSFORM_ENCR,  12, 128, 16, 0, 16, 16, 0,  0,    0    },
		{ TRANSFORM_ENCR,  12, 256, 32, 0, 16, 16, 0,  0,    0    },
		{ TRANSFORM_ENCR,  18, 128, 16, 4, 8,  1,  8,  0,    0    },
		{ TRANSFORM_ENCR,  19, 192, 24, 4, 8,  1,  12, 0,    0    },
		{ TRANSFORM_ENCR,  20, 256, 32, 4, 8,  1,  16, 0,    0    },
		{ TRANSFORM_ENCR,  28, 0,   32, 4, 8,  1,  16, 0,    0    },
		{ TRANSFORM_ENCR,  11, 0,   0,  0, 0,  1,  0,  0,    0    },
		{ TRANSFORM_ENCR,  13, 128, 16, 4, 8,  1,  0,  0,    0    },
		{ TRANSFORM_ENCR,  15, 128, 16, 3, 8,  1,  12, 0,    0    },
		{ TRANSFORM_PRF,   2,  0,   20, 0, 0,  0,  0,  20,   0    },
		{ TRANSFORM_PRF,   5,  0,   32, 0, 0,  0,  0,  32,   0    },
		{ TRANSFORM_PRF,   6,  0,   48, 0, 0,  0,  0,  48,   0    },
		{ TRANSFORM_PRF,   7,  0,   64, 0, 0,  0,  0,  64,   0    },
		{ TRANSFORM_INTEG, 2,  0,   20, 0, 0,  0,  12, 0,    0    },
		{ TRANSFORM_INTEG, 12, 0,   32, 0, 0,  0,  16, 0,    0    },
		{ TRANSFORM_INTEG, 13, 0,   48, 0, 0,  0,  24, 0,    0    },
		{ TRANSFORM_INTEG, 14, 0,   64, 0, 0,  0,  32, 0,    0    },
		{ TRANSFORM_KE,    14, 0,   0,  0, 0,  0,  0,  256,  256  },
		{ TRANSFORM_KE,    16, 0,   0,  0, 0,  0,  0,  512,  512  },
		{ TRANSFORM_KE,    19, 0,   0,  0, 0,  0,  0,  32,   64   },
		{ TRANSFORM_KE,    20, 0,   0,  0, 0,  0,  0,  48,   96   },
		{ TRANSFORM_KE,    21, 0,   0,  0, 0,  0,  0,  66,   132  },
		{ TRANSFORM_KE,    31, 0,   0,  0, 0,  0,  0,  32,   32   },
		{ TRANSFORM_KE,    36, 0,   0,  0, 0,  0,  0,  32,   1184 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct transform *t =
			transform_find(cases[i].type, cases[i].id, cases[i].bits);
		assert_non_null(t);
		expect_number(t->name, cases[i].key, t->key);
		expect_number(t->name, cases[i].salt, t->salt);
		expect_number(t->name, cases[i].iv, t->iv);
		expect_number(t->name, cases[i].block, t->block);
		expect_number(t->name, cases[i].icv, t->icv);
		expect_number(t->name, cases[i].output, t->output);
		expect_number(t->name, cases[i].public, t->public_initiator);
	}
}

/* No keyword means two things at the place where it can stand. */
static void test_keywords_are_unambiguous(void **state)
{
	(void)state;
	for (size_t i = 0; i < transforms_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct transform *a = &transforms[i], *b = &transforms[j];
			if (a->type != b->type)
				continue;
			if (a->strongswan && b->strongswan)
				assert_string_not_equal(a->strongswan, b->strongswan);
			if (a->libreswan && b->libreswan)
				assert_string_not_equal(a->libreswan, b->libreswan);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_discouraged),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_print_is_cut_at_a_word),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_keywords_are_unambiguous),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
