/* Reading captures: link types, damaged and cut files, what is none. */
#include "test.h"

#include <pcap/pcap.h>

struct seen {
	unsigned count;
	usec time;
	uint8_t octets[200];
	size_t len;
};

static void see(void *ctx, usec time, struct bytes ip)
{
	struct seen *s = ctx;

	s->count++;
	s->time = time;
	s->len = ip.len < sizeof(s->octets) ? ip.len : sizeof(s->octets);
	memcpy(s->octets, ip.at, s->len);
}

static bool read_path(const char *path, struct seen *s, struct why *why)
{
	FILE *f = fopen(path, "rb");

	*s = (struct seen){ 0 };
	assert_non_null(f);
	return capture_read(f, path, see, s, why);
}

/* A classic pcap with frames of that hex, one a line. */
static void write_pcap(const char *path, int link, const char *const *frames, size_t count)
{
	pcap_t *dead = pcap_open_dead(link, 65535);
	pcap_dumper_t *d = pcap_dump_open(dead, path);
	uint8_t octets[200];
	size_t i, len;

	assert_non_null(d);
	for (i = 0; i < count; i++) {
		struct pcap_pkthdr h = { .ts = { 5, 250000 } };

		assert_true(bytes_from_hex(frames[i], octets, sizeof(octets), &len));
		h.caplen = h.len = (bpf_u_int32)len;
		pcap_dump((u_char *)d, &h, octets);
	}
	pcap_dump_close(d);
	pcap_close(dead);
}

#define MACS "020000000001" "020000000002"
#define IP6 "6000000000003b40" "fd000000000000000000000000000001" "fd000000000000000000000000000002"
static const struct {
	const char *title;
	int link;
	const char *frame, *ip;         /* ip NULL: nothing is handed over */
} frames[] = {
	{ "raw IP", DLT_RAW, SMALL_PACKET, SMALL_PACKET },
	{ "raw IPv6", DLT_RAW, IP6, IP6 },
	{ "IPv4 by its type", DLT_IPV4, SMALL_PACKET, SMALL_PACKET },
	{ "Ethernet", DLT_EN10MB, MACS "0800" SMALL_PACKET, SMALL_PACKET },
	{ "Ethernet, IPv6", DLT_EN10MB, MACS "86dd" IP6, IP6 },
	{ "Ethernet with a tag", DLT_EN10MB, MACS "81000005" "0800" SMALL_PACKET, SMALL_PACKET },
	{ "Ethernet, ARP", DLT_EN10MB, MACS "0806" "0001", NULL },
	{ "Ethernet, tagged ARP", DLT_EN10MB, MACS "81000005" "0806" "0001", NULL },
	{ "half an Ethernet header", DLT_EN10MB, "0200000000", NULL },
	{ "a tag and nothing behind it", DLT_EN10MB, MACS "8100", NULL },
	{ "an Ethernet header and nothing behind it", DLT_EN10MB, MACS "0800", NULL },
	{ "cooked", DLT_LINUX_SLL, "0000" "0001" "0006" "0200000000010000" "0800" SMALL_PACKET, SMALL_PACKET },
	{ "cooked, version 2", DLT_LINUX_SLL2, "0800" "0000" "00000002" "0001" "00" "06" "0200000000010000" SMALL_PACKET,
	  SMALL_PACKET },
	{ "cooked, ARP", DLT_LINUX_SLL, "0000" "0001" "0006" "0200000000010000" "0806" "0001", NULL },
	{ "loopback", DLT_NULL, "02000000" SMALL_PACKET, SMALL_PACKET },
	{ "nothing at all", DLT_RAW, "", NULL },
};

static void test_link_types(void **state)
{
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x.pcap");
	struct seen s;
	struct why why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(frames); i++) {
		uint8_t wanted[200];
		size_t len = 0;

		write_pcap(path, frames[i].link, &frames[i].frame, 1);
		if (!read_path(path, &s, &why))
			fail_msg("%s: %s", frames[i].title, why.text);
		if (s.count != (frames[i].ip != NULL))
			fail_msg("%s: %u packets", frames[i].title, s.count);
		if (frames[i].ip)
			assert_true(bytes_from_hex(frames[i].ip, wanted, sizeof(wanted), &len));
		if (!bytes_equal(bytes_make(wanted, len), bytes_make(s.octets, s.len)))
			fail_msg("%s: other octets", frames[i].title);
		if (s.count)
			assert_int_equal(s.time, 5250000);
	}
	folder_end(&f);
}

static void test_foreign_link_type(void **state)
{
	static const char *const one[] = { "00" };
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x.pcap");
	struct why why = { 0 };
	struct seen s;

	(void)state;
	write_pcap(path, DLT_USB_LINUX, one, 1);
	assert_false(read_path(path, &s, &why));
	assert_non_null(strstr(why.text, "link type"));
	folder_end(&f);
}

static void test_own_files(void **state)
{
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x.pcapng");
	struct pcapng *p = pcapng_create(path, NULL);
	struct why why;
	struct seen s;

	(void)state;
	pcapng_packet(p, pcapng_interface(p, "tester"), 1, small_packet(1), "comment");
	pcapng_packet(p, pcapng_interface(p, "target"), 123456789, small_packet(2), NULL);
	assert_true(pcapng_close(p, NULL));
	if (!read_path(path, &s, &why))
		fail_msg("%s", why.text);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.time, 123456789);
	assert_int_equal(s.octets[28], 2);
	folder_end(&f);
}

/* Cut anywhere: never a crash, never more packets, and only at a boundary no complaint. */
static void test_cut(bool pcapng)
{
	static const char *const two[] = { SMALL_PACKET, SMALL_PACKET };
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x"), *cut = folder_file(&f, "cut");
	static struct whole w;
	unsigned silent = 0;
	size_t len;

	if (pcapng) {
		struct pcapng *p = pcapng_create(path, NULL);

		pcapng_packet(p, pcapng_interface(p, "tester"), 1, small_packet(1), "comment");
		pcapng_packet(p, 0, 2, small_packet(2), NULL);
		assert_true(pcapng_close(p, NULL));
	} else {
		write_pcap(path, DLT_RAW, two, 2);
	}
	w = *file_whole(path);
	for (len = 0; len <= w.len; len++) {
		struct why why = { 0 };
		struct seen s;
		bool good;

		file_write(cut, w.at, len);
		good = read_path(cut, &s, &why);
		assert_true(s.count <= 2);
		assert_true(good || why.text[0]);
		silent += good;
	}
	assert_int_equal(silent, 3);            /* after the header, after each packet */
	folder_end(&f);
}

static void test_cut_pcap(void **state)
{
	(void)state;
	test_cut(false);
}

static void test_cut_pcapng(void **state)
{
	(void)state;
	test_cut(true);
}

/* One octet changed at a time: read or refused, never a crash. */
static void test_damaged(void **state)
{
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x"), *damaged = folder_file(&f, "damaged");
	struct pcapng *p = pcapng_create(path, NULL);
	static struct whole w;
	unsigned refused = 0;
	size_t i;

	(void)state;
	pcapng_packet(p, pcapng_interface(p, "tester"), 1, small_packet(1), NULL);
	assert_true(pcapng_close(p, NULL));
	w = *file_whole(path);
	for (i = 0; i < w.len; i++) {
		struct why why = { 0 };
		struct seen s;

		w.at[i] ^= 0xff;
		file_write(damaged, w.at, w.len);
		if (!read_path(damaged, &s, &why)) {
			assert_true(why.text[0] != '\0');
			refused++;
		}
		w.at[i] ^= 0xff;
	}
	assert_true(refused > 20);
	folder_end(&f);
}

static void test_what_is_no_capture(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		bool capture;
	} rows[] = {
		{ "", 0, false },
		{ "abc", 3, false },
		{ "<?xml version=\"1.0\"?>", 21, false },
		{ "\xa1\xb2\xc3", 3, false },
		{ "\xa1\xb2\xc3\xd4", 4, true },
		{ "\xd4\xc3\xb2\xa1 and more", 13, true },
		{ "\x4d\x3c\xb2\xa1", 4, true },
		{ "\x0a\x0d\x0d\x0a", 4, true },
	};
	struct folder f = folder_new();
	const char *path = folder_file(&f, "x");
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct why why = { 0 };
		struct seen s;
		FILE *file;

		file_write(path, rows[i].octets, rows[i].len);
		file = fopen(path, "rb");
		assert_non_null(file);
		if (capture_is(file) != rows[i].capture || ftell(file) != 0)
			fail_msg("row %zu", i);
		fclose(file);
		assert_false(read_path(path, &s, &why));
		assert_non_null(strstr(why.text, path));
	}
	folder_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_foreign_link_type),
		cmocka_unit_test(test_own_files),
		cmocka_unit_test(test_cut_pcap),
		cmocka_unit_test(test_cut_pcapng),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_what_is_no_capture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
