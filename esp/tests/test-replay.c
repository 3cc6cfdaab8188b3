/*
 * The anti-replay window: each row a window, a right edge to start from, numbers and what they get.
 */
#include "test.h"

#define STEPS 8
#define E32 UINT64_C(0x100000000)

static const struct {
	const char *name;
	uint32_t window;
	bool esn;
	uint64_t start;
	struct {
		uint64_t seq;
		enum esp_result wanted;
	} steps[STEPS];
	size_t count;
} rows[] = {
	{ "the first number",      64, false, 0,   { { 1, ESP_OK }, { 1, ESP_REPLAYED } }, 2 },
	{ "zero is never taken",   64, false, 0,   { { 0, ESP_ZERO } }, 1 },
	{ "gaps once",             64, false, 0,   { { 9, ESP_OK }, { 3, ESP_OK }, { 3, ESP_REPLAYED }, { 9, ESP_REPLAYED } }, 4 },
	{ "left end",              64, false, 0,   { { 100, ESP_OK }, { 37, ESP_OK }, { 37, ESP_REPLAYED }, { 36, ESP_LEFT } }, 4 },
	{ "left end of 32",        32, false, 0,   { { 100, ESP_OK }, { 69, ESP_OK }, { 68, ESP_LEFT } }, 3 },
	{ "window of 1",           1,  false, 0,   { { 5, ESP_OK }, { 5, ESP_REPLAYED }, { 4, ESP_LEFT }, { 6, ESP_OK } }, 4 },
	{ "window of 63",          63, false, 0,   { { 100, ESP_OK }, { 38, ESP_OK }, { 37, ESP_LEFT } }, 3 },
	{ "window of 65",          65, false, 0,   { { 200, ESP_OK }, { 136, ESP_OK }, { 135, ESP_LEFT } }, 3 },
	{ "window of 4096",        4096, false, 0, { { 5000, ESP_OK }, { 905, ESP_OK }, { 905, ESP_REPLAYED }, { 904, ESP_LEFT } }, 4 },
	{ "window of 100000",      100000, false, 0, { { 100001, ESP_OK }, { 2, ESP_OK }, { 1, ESP_LEFT } }, 3 },
	{ "no window",             0,  false, 0,   { { 5, ESP_OK }, { 5, ESP_OK }, { 0, ESP_OK } }, 3 },
	{ "far jump clears",       64, false, 0,   { { 1, ESP_OK }, { 1000000, ESP_OK }, { 999999, ESP_OK }, { 999937, ESP_OK }, { 999936, ESP_LEFT } }, 5 },
	{ "jump of one ring",      64, false, 0,   { { 10, ESP_OK }, { 138, ESP_OK }, { 137, ESP_OK }, { 75, ESP_OK }, { 74, ESP_LEFT } }, 5 },
	{ "jump within a word",    64, false, 0,   { { 10, ESP_OK }, { 20, ESP_OK }, { 10, ESP_REPLAYED }, { 15, ESP_OK } }, 4 },
	{ "the last 32-bit number", 64, false, 0xfffffff0, { { 0xffffffff, ESP_OK }, { 0xffffffff, ESP_REPLAYED }, { 0xfffffff0, ESP_REPLAYED }, { 1, ESP_LEFT } }, 4 },
	{ "across 2^32",           64, true, 0xfffffff0, { { E32 + 2, ESP_OK }, { 0xffffffff, ESP_OK }, { E32 + 2, ESP_REPLAYED }, { E32, ESP_OK }, { 0xffffffff, ESP_REPLAYED }, { E32 + 3, ESP_OK } }, 6 },
	{ "left across 2^32",      64, true, E32 + 10, { { E32 + 10 - 63, ESP_OK }, { E32 + 10 - 64, ESP_LEFT } }, 2 },
	{ "wide across 2^32",      4096, true, E32 + 100, { { E32 - 3900, ESP_OK }, { E32 - 3900, ESP_REPLAYED }, { E32 - 4000, ESP_LEFT } }, 3 },
	{ "near 2^64",             64, true, UINT64_MAX - 2, { { UINT64_MAX, ESP_OK }, { UINT64_MAX, ESP_REPLAYED }, { UINT64_MAX - 1, ESP_OK }, { UINT64_MAX - 64, ESP_LEFT } }, 4 },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct replay *r = replay_new(rows[i].window, rows[i].esn);

		assert_non_null(r);
		replay_start(r, rows[i].start);
		for (size_t j = 0; j < rows[i].count; j++) {
			enum esp_result got = replay_check(r, rows[i].steps[j].seq);

			if (got != rows[i].steps[j].wanted)
				fail_msg("%s, step %zu: wanted %s, got %s", rows[i].name, j + 1,
					 esp_result_name(rows[i].steps[j].wanted), esp_result_name(got));
			if (got == ESP_OK)
				replay_take(r, rows[i].steps[j].seq);
		}
		replay_free(r);
	}
}

/* Appendix A2.1: window, right edge, low half, what it stands for. */
static const struct {
	uint32_t window;
	bool esn;
	uint64_t right;
	uint32_t low;
	uint64_t wanted;
} guesses[] = {
	{ 64, false, 0xfffffff0,       5,          5 },
	{ 64, true,  0,                1,          1 },
	{ 64, true,  100,              101,        101 },
	{ 64, true,  0,                0xfffffff0, UINT64_MAX - 15 },       /* no number below 0: case B all the same */
	{ 64, true,  0,                0xffffffc0, 0xffffffc0 },
	{ 64, true,  100,              37,         37 },                    /* the left end */
	{ 64, true,  100,              36,         E32 + 36 },              /* left of it: the next turn */
	{ 64, true,  0xfffffff0,       0xffffffff, 0xffffffff },
	{ 64, true,  0xfffffff0,       0,          E32 },
	{ 64, true,  0xfffffff0,       2,          E32 + 2 },
	{ 64, true,  E32 + 2,          0xffffffff, 0xffffffff },            /* case B: below the wrap */
	{ 64, true,  E32 + 2,          0xffffffc3, 0xffffffc3 },
	{ 64, true,  E32 + 2,          0xffffffc2, E32 + 0xffffffc2 },
	{ 64, true,  E32 + 63,         0,          E32 },                   /* case A again */
	{ 64, true,  E32 + 62,         0xffffffff, 0xffffffff },
	{ 64, true,  5 * E32 + 9,      3,          5 * E32 + 3 },
	{ 4096, true, E32 + 100,       0xfffff100, 0xfffff100 },
	{ 1,  true,  E32,              0xffffffff, E32 + 0xffffffff },
	{ 0,  true,  0xffffffff,       0,          E32 },
	{ 0,  true,  5,                4,          E32 + 4 },
};

static void guess_table(void **state)
{
	char what[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(guesses); i++) {
		struct replay *r = replay_new(guesses[i].window, guesses[i].esn);

		assert_non_null(r);
		replay_start(r, guesses[i].right);
		snprintf(what, sizeof(what), "row %zu: low half %x", i + 1, guesses[i].low);
		expect_number(what, guesses[i].wanted, replay_guess(r, guesses[i].low));
		replay_free(r);
	}
}

#define SPAN 3000

/* Against a model that remembers every number: all windows, random order. */
static void model(void **state)
{
	static const uint32_t windows[] = { 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 2048 };
	static bool seen[SPAN + 1];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1, "replay");
	for (size_t w = 0; w < ARRAY_LEN(windows); w++) {
		struct replay *r = replay_new(windows[w], false);
		uint64_t right = 0;

		memset(seen, 0, sizeof(seen));
		for (uint64_t i = 0; i < 6000; i++) {
			uint64_t seq = i / 4 + 1 + rng_below(&rng, i % 5 == 0 ? 1400 : 200), wanted;

			wanted = seq + windows[w] <= right ? ESP_LEFT : seen[seq] ? ESP_REPLAYED : ESP_OK;
			expect_result("model", (enum esp_result)wanted, replay_check(r, seq));
			if (wanted == ESP_OK) {
				replay_take(r, seq);
				seen[seq] = true;
				right = seq > right ? seq : right;
			}
			expect_number("right edge", right, replay_right_edge(r));
		}
		replay_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(guess_table),
		cmocka_unit_test(model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
