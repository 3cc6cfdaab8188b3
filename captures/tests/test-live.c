/* Packets and keys are there to be read while the endpoint still runs. */
#include "test.h"

#include "base/crypto.h"

static const uint8_t key[36] = { 1, 2, 3 };

static void count_packet(void *ctx, usec time, struct bytes ip)
{
	size_t *count = ctx;

	++*count;
	assert_int_equal(time, 5 * USEC_S + *count);
	assert_true(bytes_equal(ip, small_packet((uint8_t)*count)));
}

static size_t packets_in(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t count = 0;
	struct why why = { 0 };

	assert_non_null(f);
	if (!capture_read(f, path, count_packet, &count, &why))
		fail_msg("%s", why.text);
	return count;
}

static void count_ike(void *ctx, const struct event_ike_keys *k)
{
	assert_int_equal(k->spi_i, 0x1111);
	++*(size_t *)ctx;
}

static void count_esp(void *ctx, const struct event_child_keys *k)
{
	assert_int_equal(k->spi, 0x2222);
	++*(size_t *)ctx;
}

static void tell_keys(struct live *l)
{
	struct suite ike, esp;
	struct event_ike_keys i = { .spi_i = 0x1111, .spi_r = 0x3333, .suite = &ike,
				    .sk_ei = BYTES_OF(key), .sk_er = BYTES_OF(key) };
	struct event_child_keys c = { .spi = 0x2222, .suite = &esp, .key = BYTES_OF(key) };

	assert_true(suite_parse("aes256gcm16-prfsha256-x25519", false, &ike, NULL));
	assert_true(suite_parse("aes256gcm16", true, &esp, NULL));
	assert_true(address_parse("192.0.2.1", &c.from) && address_parse("192.0.2.2", &c.to));
	live_hear(l, &(struct event){ .kind = EVENT_KEYS_IKE, .ike_keys = &i });
	live_hear(l, &(struct event){ .kind = EVENT_KEYS_CHILD, .child_keys = &c });
}

static void everything_is_there_at_once(void **state)
{
	struct folder f = folder_new();
	const char *file = folder_file(&f, "x.pcapng"), *keys = folder_file(&f, "keys");
	struct why why = { 0 };
	struct live *l = live_new(file, keys, 5 * USEC_S, &why);
	size_t ike = 0, rows = 0;

	(void)state;
	if (!l)
		fail_msg("%s", why.text);
	for (uint8_t n = 1; n <= 3; n++) {
		live_hear(l, &(struct event){ .kind = EVENT_SENT, .time = n, .endpoint = "us",
					      .octets = small_packet(n) });
		live_hear(l, &(struct event){ .kind = EVENT_RECEIVED, .time = n, .octets = small_packet(n) });
		assert_int_equal(packets_in(file), n);
	}
	tell_keys(l);
	assert_true(wireshark_read(keys, count_ike, count_esp, &ike, &why));
	assert_int_equal(ike, 2);       /* both count in the same place */
	assert_true(live_close(l, &why));
	rows = 0;
	assert_true(wireshark_read(keys, count_ike, count_esp, &rows, &why));
	assert_int_equal(rows, 2);
	folder_end(&f);
}

static void what_cannot_be_written_is_said(void **state)
{
	struct why why = { 0 };
	struct live *l;

	(void)state;
	assert_null(live_new("/nonexistent/x", NULL, 0, &why));
	assert_non_null(strstr(why.text, "/nonexistent/x"));
	assert_null(live_new(NULL, "/nonexistent/x", 0, &why));
	assert_non_null(strstr(why.text, "/nonexistent/x"));
	l = live_new("/dev/full", NULL, 0, &why);
	assert_non_null(l);
	live_hear(l, &(struct event){ .kind = EVENT_SENT, .octets = small_packet(1) });
	assert_false(live_close(l, &why));
	assert_non_null(strstr(why.text, "/dev/full"));
	assert_true(live_close(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_there_at_once),
		cmocka_unit_test(what_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
