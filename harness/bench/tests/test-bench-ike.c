#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ike.h"

static const struct ike_row *find(const struct ike_result *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->rows[i].name, name) == 0)
			return &r->rows[i];
	return NULL;
}

/* Every job of every message, each group, each way to authenticate; figures that can be true. */
static void rows(void **state)
{
	static const char *const wanted[] = {
		"decode IKE_SA_INIT request", "encode IKE_SA_INIT response", "open IKE_AUTH request",
		"seal IKE_AUTH response", "open INFORMATIONAL request", "handshake x25519 psk",
		"handshake ecp256 psk", "handshake x25519 ed25519",
	};
	struct ike_plan p = { .seconds = 0.01, .rounds = 1 };
	struct ike_result *r = calloc(1, sizeof(*r));
	struct why why = { "" };

	(void)state;
	assert_non_null(r);
	assert_true(ike_add_group(&p, "x25519", &why) && ike_add_group(&p, "ecp256", &why));
	assert_true(ike_add_auth(&p, "psk", &why) && ike_add_auth(&p, "ed25519", &why) && ike_complete(&p, &why));
	if (!bench_ike(&p, NULL, r, &why))
		fail_msg("%s", why.text);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct ike_row *row = find(r, wanted[i]);

		if (!row)
			fail_msg("there is no row '%s'", wanted[i]);
		assert_true(row->handshake || row->octets > 28);
		assert_true(!row->handshake || (row->cycles > 0 && row->other_share > 0 && row->other_share < 1));
	}
	free(r);
}

static void json(void **state)
{
	struct ike_result *r = calloc(1, sizeof(*r));
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_true(r && f);
	r->hertz = 1e9;
	r->count = 1;
	r->rows[0] = (struct ike_row){ .name = "handshake x25519 psk", .handshake = true, .cycles = 500, .other_share = 0.5 };
	assert_true(ike_write_json(r, f));
	fclose(f);
	json_t *root = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "ikespec-bench-ike/1");
	json_t *row = json_array_get(json_object_get(root, "rows"), 0);
	assert_true(json_real_value(json_object_get(row, "share_outside_cryptography")) == 0.5);
	assert_true(json_is_null(json_object_get(row, "instructions")));
	json_decref(root);
	free(text);
	free(r);
}

static void unknown_words(void **state)
{
	struct ike_plan p = { .rounds = 1 };
	struct why why = { "" };

	(void)state;
	assert_false(ike_add_group(&p, "x25520", &why));
	assert_non_null(strstr(why.text, "x25520"));
	assert_false(ike_add_auth(&p, "password", &why));
	assert_non_null(strstr(why.text, "psk"));
	p = (struct ike_plan){ .rounds = 1 };
	assert_true(ike_complete(&p, &why));
	assert_false(bench_ike_one(&p, "open nothing", 1, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(json),
		cmocka_unit_test(unknown_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
