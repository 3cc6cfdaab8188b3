/*
 * Handshakes with the built-in target, a few of each kind: what was counted adds up, and is written
 * whole.  Nothing depends on how fast they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "bench/ike-load.h"

static struct load_result *measured(struct load_plan *p)
{
	struct load_result *r = calloc(1, sizeof(*r));
	struct why why = { "" };

	assert_non_null(r);
	assert_true(ike_add_group(&p->ike, "x25519", &why));
	if (!load_complete(p, &why) || !bench_load(p, NULL, r, &why))
		fail_msg("%s", why.text);
	return r;
}

static void adds_up(const struct load_rate *a)
{
	assert_true(a->seconds > 0 && a->rate > 0 && a->successes > 0);
	assert_int_equal(a->attempts, a->successes + a->failures);
	assert_int_equal(a->failures, 0);
	assert_in_range(a->times.samples, a->successes, a->successes);
	assert_true(a->times.p50 > 0 && a->times.p50 <= a->times.longest + a->times.longest / 16);
}

static void rows(void **state)
{
	struct load_plan p = { .ike = { .seconds = 0.3, .auths = { "psk", "ecdsa256" }, .auth_count = 2 },
			       .window = 4, .hold = 30, .first = 2, .rekey = true };
	struct load_result *r = measured(&p);

	(void)state;
	assert_int_equal(r->count, 2);
	for (size_t i = 0; i < r->count; i++) {
		adds_up(&r->rows[i].full);
		adds_up(&r->rows[i].alone);
		adds_up(&r->rows[i].child);
		adds_up(&r->rows[i].ike);
		assert_true(r->rows[i].limit > 0);
	}
	assert_int_equal(r->first.samples, 2);
	assert_int_equal(r->hold.held, 30);
	assert_int_equal(r->hold.answered, 30);
	free(r);
}

/* What the target does not take is a failure, not a success nor a hang. */
static void limited(void **state)
{
	struct load_plan p = { .ike = { .seconds = 0.2 }, .limit_seconds = 0.01 };
	struct load_result *r = calloc(1, sizeof(*r));
	struct why why = { "" };

	(void)state;
	assert_true(r && load_complete(&p, &why));
	assert_true(bench_load(&p, NULL, r, &why));
	assert_true(r->interrupted);
	assert_string_equal(why.text, "the time is over");
	free(r);
}

static void json(void **state)
{
	static const struct load_plan p = { .target = "builtin", .ike = { .suite = "aes256gcm16-prfsha256" }, .window = 4 };
	struct load_result r = { .plan = &p, .count = 1 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	r.rows[0] = (struct load_row){ .group = "x25519", .auth = "psk", .limit = 1000, .full = { .rate = 500, .seconds = 1 } };
	assert_true(load_write_json(&r, f));
	fclose(f);
	json_t *root = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "ikespec-bench-ike/1");
	json_t *row = json_array_get(json_object_get(root, "rows"), 0);
	assert_true(json_real_value(json_object_get(row, "share_of_limit")) == 0.5);
	assert_true(json_is_null(json_object_get(row, "ike_rekeys")));
	json_decref(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(limited),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
