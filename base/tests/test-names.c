#include "base/names.h"
#include "test.h"

static const struct names *const all[] = {
	&names_exchange,     &names_payload,  &names_protocol, &names_transform_type,
	&names_encr,         &names_prf,      &names_integ,    &names_ke,
	&names_esn,          &names_notify,   &names_id_type,  &names_cert_encoding,
	&names_auth_method,  &names_hash,     &names_ts_type,  &names_cp_type,
	&names_cp_attribute, &names_eap_code, &names_eap_type, &names_attribute,
	&names_ip_protocol,
};

/* Samples of every registry, with the first and last row of each. */
static void test_values(void **state)
{
	static const struct {
		const struct names *names;
		uint32_t value;
		const char *text;
	} cases[] = {
		{ &names_exchange,       34,    "IKE_SA_INIT"                  },
		{ &names_exchange,       37,    "INFORMATIONAL"                },
		{ &names_exchange,       44,    "IKE_FOLLOWUP_KE"              },
		{ &names_payload,        0,     "NONE"                         },
		{ &names_payload,        33,    "SA"                           },
		{ &names_payload,        46,    "SK"                           },
		{ &names_payload,        53,    "SKF"                          },
		{ &names_payload,        54,    "PS"                           },
		{ &names_protocol,       3,     "ESP"                          },
		{ &names_protocol,       6,     "GIKE_UPDATE"                  },
		{ &names_transform_type, 1,     "ENCR"                         },
		{ &names_transform_type, 4,     "KE"                           },
		{ &names_transform_type, 12,    "ADDKE7"                       },
		{ &names_encr,           12,    "ENCR_AES_CBC"                 },
		{ &names_encr,           20,    "ENCR_AES_GCM_16"              },
		{ &names_encr,           28,    "ENCR_CHACHA20_POLY1305"       },
		{ &names_prf,            5,     "PRF_HMAC_SHA2_256"            },
		{ &names_integ,          0,     "NONE"                         },
		{ &names_integ,          12,    "AUTH_HMAC_SHA2_256_128"       },
		{ &names_ke,             14,    "MODP_2048"                    },
		{ &names_ke,             31,    "CURVE25519"                   },
		{ &names_ke,             37,    "ML_KEM_1024"                  },
		{ &names_esn,            0,     "NO_ESN"                       },
		{ &names_notify,         1,     "UNSUPPORTED_CRITICAL_PAYLOAD" },
		{ &names_notify,         17,    "INVALID_KE_PAYLOAD"           },
		{ &names_notify,         49,    "REGISTRATION_FAILED"          },
		{ &names_notify,         16384, "INITIAL_CONTACT"              },
		{ &names_notify,         16390, "COOKIE"                       },
		{ &names_notify,         16401, "COOKIE2"                      },
		{ &names_notify,         16430, "IKEV2_FRAGMENTATION_SUPPORTED" },
		{ &names_notify,         16446, "PPK_IDENTITY_KEY"             },
		{ &names_id_type,        2,     "ID_FQDN"                      },
		{ &names_id_type,        13,    "ID_NULL"                      },
		{ &names_cert_encoding,  4,     "X509_SIGNATURE"               },
		{ &names_auth_method,    2,     "SHARED_KEY_MIC"               },
		{ &names_auth_method,    14,    "DIGITAL_SIGNATURE"            },
		{ &names_hash,           2,     "SHA2_256"                     },
		{ &names_ts_type,        7,     "TS_IPV4_ADDR_RANGE"           },
		{ &names_cp_type,        1,     "CFG_REQUEST"                  },
		{ &names_cp_attribute,   29,    "ENCDNS_DIGEST_INFO"           },
		{ &names_eap_code,       3,     "SUCCESS"                      },
		{ &names_eap_type,       254,   "EXPANDED"                     },
		{ &names_attribute,      14,    "KEY_LENGTH"                   },
		{ &names_ip_protocol,    50,    "ESP"                          },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t value = 0;
		expect_text(cases[i].text, cases[i].text,
			    names_text(cases[i].names, cases[i].value));
		assert_true(names_value(cases[i].names, cases[i].text, &value));
		expect_number(cases[i].text, cases[i].value, value);
	}
}

/* Rows ascend, so no value is there twice; every name leads back to its row; every row has its source. */
static void test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct names *n = all[i];
		assert_true(n->count > 0);
		for (size_t j = 0; j < n->count; j++) {
			uint32_t value;
			if (j > 0 && n->rows[j].value <= n->rows[j - 1].value)
				fail_msg("%s: %s is out of order", n->registry, n->rows[j].text);
			assert_true(names_value(n, n->rows[j].text, &value));
			expect_number(n->rows[j].text, n->rows[j].value, value);
			assert_ptr_equal(names_text(n, value), n->rows[j].text);
			assert_non_null(n->rows[j].reference);
		}
	}
}

/* How many values each registry holds, counted in the IANA tables. */
static void test_nothing_is_missing(void **state)
{
	static const size_t counts[] = {
		10, 23, 7, 14, 33, 9, 15, 28, 2, 25 + 63, 9, 14, 9, 7, 4, 4, 27, 4, 16, 1, 15,
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		expect_number(all[i]->registry, counts[i], all[i]->count);
	for (uint32_t v = 16384; v <= 16446; v++)
		assert_non_null(names_text(&names_notify, v));
}

static void test_spelling(void **state)
{
	static const struct {
		const struct names *names;
		const char *text;
		bool known;
		uint32_t value;
	} cases[] = {
		{ &names_notify,  "invalid_ke_payload", true,  17  },
		{ &names_notify,  "Invalid-KE-Payload", true,  17  },
		{ &names_notify,  "use_assigned_hoa",   true,  42  },
		{ &names_notify,  "INVALID_KE",         false, 0   },
		{ &names_notify,  "INVALID_KE_PAYLOADS", false, 0  },
		{ &names_notify,  "",                   false, 0   },
		{ &names_notify,  "17",                 false, 0   },
		{ &names_encr,    "AES_CBC",            true,  12  },
		{ &names_encr,    "aes-gcm-16",         true,  20  },
		{ &names_encr,    "ENCR_",              false, 0   },
		{ &names_integ,   "hmac_sha2_256_128",  true,  12  },
		{ &names_prf,     "HMAC_SHA1",          true,  2   },
		{ &names_id_type, "FQDN",               true,  2   },
		{ &names_ts_type, "ipv6-addr-range",    true,  8   },
		{ &names_cp_type, "REPLY",              true,  2   },
		{ &names_payload, "idi",                true,  35  },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t value = 0;
		expect_number(cases[i].text, cases[i].known,
			      names_value(cases[i].names, cases[i].text, &value));
		expect_number(cases[i].text, cases[i].value, value);
	}
}

static void test_print(void **state)
{
	char spare[16];
	(void)state;
	assert_string_equal(names_print(&names_notify, 16390, spare, sizeof(spare)), "COOKIE");
	assert_string_equal(names_print(&names_notify, 40961, spare, sizeof(spare)), "40961");
	assert_string_equal(names_print(&names_notify, UINT32_MAX, spare, sizeof(spare)),
			    "4294967295");
	assert_null(names_text(&names_exchange, 42));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),   cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_nothing_is_missing), cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_print),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
