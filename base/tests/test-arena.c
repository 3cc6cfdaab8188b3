#include "base/arena.h"
#include "test.h"

static void test_octets_are_zero_and_aligned(void **state)
{
	struct arena *a = arena_new(8 << 20);
	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t len = 0; len < 40000; len += len < 300 ? 7 : 999) {
			uint8_t *at = arena_alloc(a, len);
			assert_non_null(at);
			assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
			assert_true(bytes_zero(bytes_make(at, len)));
			memset(at, 0xff, len);
		}
		arena_reset(a);
	}
	arena_free(a);
}

/* Every allocation keeps its octets while others come, over several blocks. */
static void test_allocations_do_not_overlap(void **state)
{
	struct arena *a = arena_new(1 << 20);
	uint32_t *at[1000];
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		at[i] = arena_array(a, 25, sizeof(uint32_t));
		for (int j = 0; j < 25; j++)
			at[i][j] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		for (int j = 0; j < 25; j++)
			assert_int_equal(at[i][j], i);
	arena_free(a);
}

static void test_cap(void **state)
{
	static const struct {
		size_t cap, first, second;
		bool first_fits, second_fits;
	} cases[] = {
		{ 64,     64,           0,       true,  false },
		{ 64,     48,           16,      true,  true  },
		{ 64,     48,           17,      true,  false },
		{ 64,     65,           64,      false, true  },
		{ 0,      1,            0,       false, false },
		{ 100000, 100001,       100000,  false, true  },
		{ 100000, 50000,        50001,   true,  false },
		{ SIZE_MAX, SIZE_MAX,   16,      false, true  },
		{ SIZE_MAX, SIZE_MAX - 8, 16,    false, true  },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new(cases[i].cap);
		assert_int_equal(arena_alloc(a, cases[i].first) != NULL, cases[i].first_fits);
		assert_int_equal(arena_alloc(a, cases[i].second) != NULL, cases[i].second_fits);
		assert_int_equal(arena_failed(a), !(cases[i].first_fits && cases[i].second_fits));
		arena_reset(a);
		assert_false(arena_failed(a));
		assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
}

static void test_failure_stays_until_reset(void **state)
{
	struct arena *a = arena_new(32);
	(void)state;
	assert_null(arena_alloc(a, 33));
	assert_non_null(arena_alloc(a, 16));
	assert_true(arena_failed(a));
	assert_int_equal(arena_used(a), 16);
	arena_reset(a);
	assert_non_null(arena_alloc(a, 32));
	assert_false(arena_failed(a));
	arena_free(a);
}

static void test_array_overflow(void **state)
{
	struct arena *a = arena_new(SIZE_MAX);
	(void)state;
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_true(arena_failed(a));
	arena_reset(a);
	assert_non_null(arena_array(a, 0, 8));
	assert_non_null(arena_array(a, 8, 0));
	arena_free(a);
}

static void test_copies(void **state)
{
	struct arena *a = arena_new(4096);
	uint8_t in[] = { 1, 2, 3 };
	char long_text[3001];
	(void)state;
	struct bytes out = arena_copy(a, BYTES_OF(in));
	in[0] = 9;
	expect_hex(out, "010203", "arena_copy");
	assert_null(arena_copy(a, BYTES_NONE).at);
	assert_string_equal(arena_text(a, "text"), "text");
	assert_string_equal(arena_text(a, ""), "");
	assert_string_equal(arena_printf(a, "%s-%d", "KE", 31), "KE-31");
	assert_false(arena_failed(a));
	memset(long_text, 'x', 3000);
	long_text[3000] = '\0';
	assert_string_equal(arena_printf(a, "%s", long_text), long_text);
	assert_null(arena_printf(a, "%s", long_text));
	assert_null(arena_text(a, long_text));
	assert_null(arena_copy(a, bytes_text(long_text)).at);
	assert_true(arena_failed(a));
	arena_free(a);
	arena_free(NULL);
}

/* Linked with --wrap=malloc and --wrap=calloc: the world runs out of memory when a test says so. */
static bool starved;
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__wrap_calloc(size_t count, size_t len);

void *__wrap_malloc(size_t len)
{
	return starved ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
	return starved ? NULL : __real_calloc(count, len);
}

static void test_no_memory(void **state)
{
	struct arena *a = arena_new(1 << 20);
	(void)state;
	assert_non_null(arena_alloc(a, 10));
	starved = true;
	void *small = arena_alloc(a, 10), *large = arena_alloc(a, 100000);
	bool failed = arena_failed(a);
	struct arena *none = arena_new(100);
	starved = false;
	assert_non_null(small);
	assert_null(large);
	assert_true(failed);
	assert_null(none);
	arena_reset(a);
	assert_non_null(arena_alloc(a, 100000));
	arena_free(a);
}

/* What was enough once is enough again, but for single giants. */
static void test_reset_keeps_the_largest_block(void **state)
{
	struct arena *a = arena_new(1 << 20);
	(void)state;
	arena_alloc(a, 100);
	void *large = arena_alloc(a, 500000);
	arena_reset(a);
	assert_ptr_equal(arena_alloc(a, 100), large);
	assert_non_null(arena_alloc(a, 400000));
	arena_reset(a);
	assert_ptr_equal(arena_alloc(a, 100), large);
	arena_free(a);
	a = arena_new(1 << 24);
	void *small = arena_alloc(a, 100);
	arena_alloc(a, 1 << 23);
	arena_reset(a);
	assert_ptr_equal(arena_alloc(a, 100), small);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets_are_zero_and_aligned),
		cmocka_unit_test(test_allocations_do_not_overlap),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_failure_stays_until_reset),
		cmocka_unit_test(test_array_overflow),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_reset_keeps_the_largest_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
