/* The pcapng writer, octet for octet, and what libpcap and tshark read of it. */
#include "test.h"

#include <pcap/pcap.h>

static const char section[] = "0a0d0d0a" "2c000000" "4d3c2b1a" "01000000" "ffffffffffffffff"
			      "04000700" "696b657370656300" "00000000" "2c000000";
static const char first_interface[] = "01000000" "28000000" "01000000" "00000000"
				      "02000100" "61000000" "09000100" "09000000" "00000000" "28000000";
static const char second_interface[] = "01000000" "2c000000" "01000000" "00000000"
				       "02000600" "7461726765740000" "09000100" "09000000" "00000000" "2c000000";
#define ETHERNET(source, type) "020000000000" "0200000000" source type
/* 1.5 s after 0 are 1500000000 ns. */
static const char plain_packet[] = "06000000" "4c000000" "00000000" "00000000" "002f6859" "2b000000" "2b000000"
				   ETHERNET("01", "0800") SMALL_PACKET "00" "4c000000";
static const char noted_packet[] = "06000000" "5c000000" "01000000" "401f0000" "00000000" "2b000000" "2b000000"
				   ETHERNET("02", "0800") SMALL_PACKET "00"
				   "01000500" "68656c6c6f000000" "00000000" "5c000000";
static const char six_packet[] = "06000000" "3c000000" "00000000" "00000000" "00000000" "1a000000" "1a000000"
				 ETHERNET("01", "86dd") "600102030405060708090a0b" "0000" "3c000000";

static struct pcapng *create(const char *path)
{
	struct why why = { 0 };
	struct pcapng *p = pcapng_create(path, &why);

	if (!p)
		fail_msg("%s", why.text);
	return p;
}

static void expect_file(const char *path, const char *const *parts, size_t count)
{
	const struct whole *w = file_whole(path);
	uint8_t wanted[2000];
	size_t i, len, total = 0;
	char a[4001], b[4001];

	for (i = 0; i < count; i++) {
		assert_true(bytes_from_hex(parts[i], wanted + total, sizeof(wanted) - total, &len));
		total += len;
	}
	if (!bytes_equal(bytes_make(wanted, total), bytes_make(w->at, w->len)))
		fail_msg("wanted %s, got %s", bytes_hex(bytes_make(wanted, total), a, sizeof(a)),
			 bytes_hex(bytes_make(w->at, w->len), b, sizeof(b)));
}

static void test_blocks(void **state)
{
	static const char *const parts[] = { section, first_interface, plain_packet, second_interface, noted_packet,
					     six_packet };
	static const uint8_t six[] = { 0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	struct folder f = folder_new();
	const char *path = folder_file(&f, "small.pcapng");
	struct pcapng *p = create(path);
	struct why why = { 0 };

	(void)state;
	assert_int_equal(pcapng_interface(p, "a"), 0);
	pcapng_packet(p, 0, 1500 * USEC_MS, small_packet(0x2a), NULL);
	assert_int_equal(pcapng_interface(p, "target"), 1);
	assert_int_equal(pcapng_interface(p, "a"), 0);
	pcapng_packet(p, 1, (usec)34359738368, small_packet(0x2a), "hello");
	pcapng_packet(p, 0, 0, BYTES_OF(six), NULL);
	assert_true(pcapng_close(p, &why));
	expect_file(path, parts, ARRAY_LEN(parts));
	folder_end(&f);
}

static void test_empty(void **state)
{
	static const char *const parts[] = { section };
	struct folder f = folder_new();
	const char *path = folder_file(&f, "empty.pcapng");

	(void)state;
	assert_true(pcapng_close(create(path), NULL));
	expect_file(path, parts, 1);
	folder_end(&f);
}

/* Comments and packets of every length modulo 4: the sizes at both ends of a block must agree. */
static void test_padding(void **state)
{
	struct folder f = folder_new();
	const char *path = folder_file(&f, "padding.pcapng");
	struct pcapng *p = create(path);
	const struct whole *w;
	unsigned blocks = 0, len;
	size_t at;

	(void)state;
	pcapng_interface(p, "abcde");
	for (len = 0; len < 8; len++)
		pcapng_packet(p, 0, len, bytes_slice(small_packet(1), 0, 21 + len), &"12345678"[len]);
	assert_true(pcapng_close(p, NULL));
	w = file_whole(path);
	for (at = 0; at < w->len; blocks++) {
		uint32_t front, back;

		memcpy(&front, w->at + at + 4, 4);
		assert_int_equal(front % 4, 0);
		assert_true(front >= 12 && at + front <= w->len);
		memcpy(&back, w->at + at + front - 4, 4);
		assert_int_equal(front, back);
		at += front;
	}
	assert_int_equal(blocks, 10);
	folder_end(&f);
}

static void test_libpcap_reads_it(void **state)
{
	char error[PCAP_ERRBUF_SIZE];
	struct folder f = folder_new();
	const char *path = folder_file(&f, "small.pcapng");
	struct pcapng *p = create(path);
	struct pcap_pkthdr *header;
	const u_char *octets;
	pcap_t *in;
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++)
		pcapng_packet(p, pcapng_interface(p, i % 2 ? "tester" : "target"), i * 1000001, small_packet((uint8_t)i),
			      i % 3 ? NULL : "comment");
	assert_true(pcapng_close(p, NULL));
	in = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!in)
		fail_msg("%s", error);
	assert_int_equal(pcap_datalink(in), DLT_EN10MB);
	for (i = 0; i < 20; i++) {
		if (pcap_next_ex(in, &header, &octets) != 1)
			fail_msg("packet %u: %s", i, pcap_geterr(in));
		assert_int_equal(header->caplen, 43);
		assert_int_equal(header->ts.tv_sec, i);
		assert_int_equal(header->ts.tv_usec, i * 1000);
		assert_int_equal(octets[42], i);
	}
	assert_int_equal(pcap_next_ex(in, &header, &octets), PCAP_ERROR_BREAK);
	pcap_close(in);
	folder_end(&f);
}

static void test_tshark_reads_it(void **state)
{
	static const char wanted[] = "1\ttester\t0.000000000\t\n2\ttarget\t1.000001000\tfail x\n";
	struct folder f = folder_new();
	const char *path = folder_file(&f, "small.pcapng");
	struct pcapng *p = create(path);
	char line[500], out[2000];
	int rc;

	(void)state;
	pcapng_packet(p, pcapng_interface(p, "tester"), 0, small_packet(1), NULL);
	pcapng_packet(p, pcapng_interface(p, "target"), 1000001, small_packet(2), "fail x");
	assert_true(pcapng_close(p, NULL));
	snprintf(line, sizeof(line), "WIRESHARK_CONFIG_DIR=%s tshark -r %s -T fields -e frame.number"
		 " -e frame.interface_name -e frame.time_epoch -e frame.comment 2>%s/stderr", f.path, path, f.path);
	rc = command(line, out, sizeof(out));
	if (rc == -1)
		print_message("tshark is not installed\n");
	else if (rc != 0 || strcmp(out, wanted) != 0)
		fail_msg("exit %d, %s", rc, out);
	folder_end(&f);
}

static void test_a_full_disk_is_told(void **state)
{
	struct pcapng *p = create("/dev/full");
	struct why why = { 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < 500; i++)
		pcapng_packet(p, pcapng_interface(p, "a"), i, small_packet(1), NULL);
	assert_false(pcapng_close(p, &why));
	assert_non_null(strstr(why.text, "/dev/full"));
	assert_null(pcapng_create("/nonexistent/x.pcapng", &why));
	assert_non_null(strstr(why.text, "No such file"));
}

static void test_more_interfaces_than_there_is_room_for(void **state)
{
	struct pcapng *p = create("/dev/null");
	char name[80];
	unsigned i;

	(void)state;
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "tester%u", i);
		assert_int_equal(pcapng_interface(p, name), i);
	}
	assert_int_equal(pcapng_interface(p, "one more"), 15);
	assert_int_equal(pcapng_interface(p, "tester3"), 3);
	assert_true(pcapng_close(p, NULL));
	p = create("/dev/null");
	memset(name, 'x', 79);
	name[79] = '\0';
	assert_int_equal(pcapng_interface(p, name), 0);
	assert_int_equal(pcapng_interface(p, name), 0);
	assert_true(pcapng_close(p, NULL));
}

/* A run of short packets is what one packet after the other would be, in as many chunks as it takes. */
static void test_runs(void **state)
{
	static const uint8_t head[] = { 0x45, 0, 0, 3 };
	struct folder f = folder_new();
	const char *one = folder_file(&f, "one.pcapng"), *run = folder_file(&f, "run.pcapng");
	struct pcapng *p = create(one), *r = pcapng_create_large(run, NULL);
	uint8_t octets[300 * 7], packet[sizeof(head) + 5];
	struct pcapng_run same = { .ns = 1500000000, .head = BYTES_OF(head), .at = octets, .len = 5, .stride = 7,
				   .count = 300 };
	const struct whole *w;
	uint8_t *wanted;

	(void)state;
	assert_non_null(r);
	same.interface = pcapng_interface(r, "a");
	assert_int_equal(pcapng_interface(p, "a"), 0);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < same.count; i++) {
		memcpy(packet, head, sizeof(head));
		memcpy(packet + sizeof(head), octets + i * 7, 5);
		pcapng_packet(p, 0, 1500 * USEC_MS, BYTES_OF(packet), NULL);
	}
	pcapng_cut(r, &same);
	assert_true(pcapng_close(p, NULL) && pcapng_close(r, NULL));
	w = file_whole(one);
	assert_int_equal(w->len, 44 + 40 + 300 * 56);
	wanted = malloc(w->len);
	assert_non_null(wanted);
	memcpy(wanted, w->at, w->len);
	w = file_whole(run);
	assert_int_equal(w->len, 44 + 40 + 300 * 56);
	assert_memory_equal(wanted, w->at, w->len);
	free(wanted);
}

/* Of long ones the first 128 octets are kept, and how long they were is told. */
static void test_long_runs(void **state)
{
	static const uint8_t octets[1420] = { 0x45 };
	struct folder f = folder_new();
	const char *path = folder_file(&f, "long.pcapng");
	struct pcapng *p = create(path);
	struct pcapng_run run = { .at = octets, .len = sizeof(octets), .stride = 0, .count = 2 };
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	pcap_t *c;

	(void)state;
	run.interface = pcapng_interface(p, "a");
	pcapng_cut(p, &run);
	run.head = bytes_make(octets, PCAPNG_CUT + 1);
	pcapng_cut(p, &run);
	assert_true(pcapng_close(p, NULL));
	c = pcap_open_offline(path, error);
	assert_non_null(c);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pcap_next_ex(c, &header, &data), 1);
		assert_int_equal(header->caplen, 14 + PCAPNG_CUT);
		assert_int_equal(header->len, 14 + sizeof(octets));
	}
	assert_int_equal(pcap_next_ex(c, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_libpcap_reads_it),
		cmocka_unit_test(test_tshark_reads_it),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_long_runs),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_more_interfaces_than_there_is_room_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
