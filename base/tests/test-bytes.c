#include "test.h"

static const uint8_t ten[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void test_slice(void **state)
{
	static const struct {
		size_t from, len, wanted_from, wanted_len;
	} cases[] = {
		{ 0,  10,       0, 10 },
		{ 0,  0,        0, 0  },
		{ 3,  4,        3, 4  },
		{ 9,  1,        9, 1  },
		{ 9,  2,        9, 1  },
		{ 10, 1,        0, 0  },
		{ 11, 1,        0, 0  },
		{ 2,  SIZE_MAX, 2, 8  },
		{ SIZE_MAX, 2,  0, 0  },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes b = bytes_slice(BYTES_OF(ten), cases[i].from, cases[i].len);
		assert_int_equal(b.len, cases[i].wanted_len);
		if (b.len > 0)
			assert_ptr_equal(b.at, ten + cases[i].wanted_from);
	}
	assert_int_equal(bytes_slice(BYTES_NONE, 0, 1).len, 0);
}

static void test_zero_and_equal(void **state)
{
	static const uint8_t zeros[4] = { 0 }, nearly[4] = { 0, 0, 0, 1 };
	(void)state;
	assert_true(bytes_zero(BYTES_NONE));
	assert_true(bytes_zero(BYTES_OF(zeros)));
	assert_false(bytes_zero(BYTES_OF(nearly)));
	assert_true(bytes_equal(BYTES_NONE, bytes_make(ten, 0)));
	assert_true(bytes_equal(BYTES_OF(zeros), bytes_make(nearly, 3)) == false);
	assert_true(bytes_equal(bytes_make(zeros, 3), bytes_make(nearly, 3)));
	assert_false(bytes_equal(BYTES_OF(zeros), BYTES_OF(nearly)));
	assert_int_equal(bytes_text("four").len, 4);
}

static void test_cursor(void **state)
{
	struct octets in = octets_of("01 0203 04050607 08090a0b0c0d0e0f aabb");
	struct cursor c = cursor_over(octets_bytes(&in));
	uint8_t a;
	uint16_t b;
	uint32_t d;
	uint64_t e;
	struct bytes rest;
	(void)state;
	assert_true(cursor_u8(&c, &a) && a == 0x01);
	assert_true(cursor_u16(&c, &b) && b == 0x0203);
	assert_true(cursor_u32(&c, &d) && d == 0x04050607);
	assert_true(cursor_u64(&c, &e) && e == 0x08090a0b0c0d0e0f);
	assert_int_equal(c.octet, 15);
	assert_int_equal(cursor_rest(&c).len, 2);
	assert_false(cursor_take(&c, 3, &rest));
	assert_false(cursor_u32(&c, &d));
	assert_false(cursor_u64(&c, &e));
	assert_false(cursor_skip(&c, SIZE_MAX));
	assert_int_equal(c.octet, 15);
	assert_true(cursor_skip(&c, 1));
	assert_false(cursor_u16(&c, &b));
	assert_true(cursor_take(&c, 1, &rest) && rest.at[0] == 0xbb);
	assert_false(cursor_u8(&c, &a));
	assert_true(cursor_take(&c, 0, &rest) && rest.len == 0);
	assert_int_equal(c.left, 0);
	assert_int_equal(c.octet, 17);
	c = cursor_over(BYTES_NONE);
	assert_true(cursor_take(&c, 0, &rest));
	assert_false(cursor_skip(&c, 1));
}

static void test_sink(void **state)
{
	uint8_t room[20];
	struct sink s = sink_over(room, sizeof(room));
	(void)state;
	sink_u8(&s, 0x01);
	sink_u16(&s, 0x0203);
	sink_u32(&s, 0x04050607);
	sink_u64(&s, 0x08090a0b0c0d0e0f);
	sink_zero(&s, 2);
	sink_put(&s, bytes_make("\xaa\xbb\xcc", 3));
	assert_false(s.full);
	expect_hex(sink_bytes(&s), "0102030405060708090a0b0c0d0e0f0000aabbcc", "sink");
	assert_true(sink_patch_u16(&s, 18, 0x1122));
	assert_true(sink_patch_u32(&s, 0, 0x33445566));
	expect_hex(sink_bytes(&s), "3344556605060708090a0b0c0d0e0f0000aa1122", "patched");
	assert_false(sink_patch_u16(&s, 19, 0));
	assert_false(sink_patch_u16(&s, SIZE_MAX, 0));
	assert_false(sink_patch_u32(&s, 17, 0));
	sink_put(&s, BYTES_NONE);
	sink_zero(&s, 0);
	assert_false(s.full);
	sink_u8(&s, 1);
	assert_true(s.full);
	assert_int_equal(s.len, 20);
}

/* One octet too few for each way of writing: nothing is written, and it stays full for ever. */
static void test_sink_full(void **state)
{
	(void)state;
	for (int way = 0; way < 6; way++) {
		uint8_t room[9];
		memset(room, 0x55, sizeof(room));
		static const size_t sizes[] = { 1, 2, 4, 8, 5, 5 };
		struct sink s = sink_over(room, sizes[way] - 1);
		if (way == 0)
			sink_u8(&s, 0);
		else if (way == 1)
			sink_u16(&s, 0);
		else if (way == 2)
			sink_u32(&s, 0);
		else if (way == 3)
			sink_u64(&s, 0);
		else if (way == 4)
			sink_zero(&s, 5);
		else
			sink_put(&s, bytes_make(ten, 5));
		assert_true(s.full);
		assert_int_equal(s.len, 0);
		sink_put(&s, BYTES_NONE);
		sink_zero(&s, 0);
		assert_true(s.full);
		for (size_t i = 0; i < sizeof(room); i++)
			assert_int_equal(room[i], 0x55);
	}
	struct sink s = sink_over(NULL, 0);
	sink_zero(&s, SIZE_MAX);
	assert_true(s.full);
}

static void test_hex(void **state)
{
	static const struct {
		const char *text;
		size_t cap;
		bool good;
		const char *back;
	} cases[] = {
		{ "",             0, true,  ""       },
		{ " \t\r\n",      0, true,  ""       },
		{ "00",           1, true,  "00"     },
		{ "aF 0\n9",      2, true,  "af09"   },
		{ "0123456789",   5, true,  "0123456789" },
		{ "0",            4, false, NULL     },
		{ "012",          4, false, NULL     },
		{ "0g",           4, false, NULL     },
		{ "0x00",         4, false, NULL     },
		{ "001122",       2, false, NULL     },
		{ "0",            0, false, NULL     },
		{ "00:11",        4, false, NULL     },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t out[8];
		size_t len = 99;
		char text[32];
		bool good = bytes_from_hex(cases[i].text, out, cases[i].cap, &len);
		expect_number(cases[i].text, cases[i].good, good);
		if (good)
			expect_text(cases[i].text, cases[i].back,
				    bytes_hex(bytes_make(out, len), text, 32));
	}
}

static void test_hex_is_cut(void **state)
{
	static const char *const wanted[] = { "", "", "", "01", "01", "0123", "0123", "0123" };
	uint8_t in[] = { 0x01, 0x23 };
	(void)state;
	for (size_t cap = 1; cap < ARRAY_LEN(wanted); cap++) {
		char text[8] = "xxxxxxx";
		expect_text("cut", wanted[cap], bytes_hex(BYTES_OF(in), text, cap));
	}
	char text[2] = "x";
	bytes_hex(BYTES_OF(in), text, 0);
	assert_int_equal(text[0], 'x');
}

static void test_load_and_store(void **state)
{
	uint8_t at[8];
	(void)state;
	store_u64(at, 0xf1e2d3c4b5a69788);
	expect_hex(BYTES_OF(at), "f1e2d3c4b5a69788", "store_u64");
	assert_int_equal(load_u16(at), 0xf1e2);
	assert_int_equal(load_u32(at + 4), 0xb5a69788);
	assert_true(load_u64(at) == 0xf1e2d3c4b5a69788);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice),     cmocka_unit_test(test_zero_and_equal),
		cmocka_unit_test(test_cursor),    cmocka_unit_test(test_sink),
		cmocka_unit_test(test_sink_full), cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hex_is_cut), cmocka_unit_test(test_load_and_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
