/*
 * kernel-esp plan FOLDER | run DEVICE | spoil DEVICE: our ESP against that of a Linux kernel with the same static keys.
 *
 * plan writes the SAs and policies of every suite in every way of carrying it for `ip -batch` of the kernel;
 * run then pings the kernel's host through each of them, over the Ethernet device that leads there: the kernel
 * must open what we seal, and we what it seals.  With extended numbers both directions begin just below 2^32.
 * A ping with a flipped ICV goes before; it must not be answered.  spoil does so for some of the ways with keys
 * that differ in one bit, where nothing may come back: that is how this check shows that it can fail.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "esp/esp.h"
#include "esp/inner.h"

#define WAYS_MAX 8192
#define PINGS 4
#define SENDINGS 3      /* of each: a guest's card may lose one */
#define BAD_PING 999
#define BELOW_WRAP UINT64_C(0xfffffffd)
#define PATIENCE_MS 700
#define PORT 4500
#define SPOILT 4        /* ways that are tried with other keys */

struct way {
	struct suite suite;
	bool transport, udp, outer6, inner6;
	unsigned index;
	struct address tester, target, tester_host, target_host;
	uint8_t key[2][96], integ_key[2][96];  /* to the kernel, from it */
	char name[96];
};

static struct way ways[WAYS_MAX];
static unsigned way_count;

static const uint8_t guest_mac[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };

static void die(const char *what, const char *why)
{
	fprintf(stderr, "kernel-esp: %s: %s\n", what, why);
	exit(1);
}

/* ------------------------------------------------------------ ways */

static void address_set(struct address *a, const char *format, unsigned high, unsigned low)
{
	char text[64];

	snprintf(text, sizeof(text), format, high, low);
	if (!address_parse(text, a))
		die(text, "no address");
}

static void name_way(struct way *w)
{
	char suite[40];

	suite_print_strongswan(&w->suite, true, suite, sizeof(suite));
	snprintf(w->name, sizeof(w->name), "%s %s, %s in %s%s", suite, w->transport ? "transport" : "tunnel",
		 w->inner6 ? "IPv6" : "IPv4", w->outer6 ? "IPv6" : "IPv4", w->udp ? ", UDP" : "");
}

static void add_way(const struct suite *suite, unsigned bits)
{
	struct way *w = &ways[way_count];
	struct rng r;

	if (way_count == WAYS_MAX)
		die("ways", "too many");
	*w = (struct way){ .suite = *suite, .index = way_count, .transport = bits & 1, .udp = bits & 2,
			   .outer6 = bits & 4, .inner6 = bits & 8 };
	if (w->transport && w->outer6 != w->inner6)
		return;
	address_set(&w->tester, w->outer6 ? "2001:db8:1::%x:%x" : "172.16.%u.%u", way_count >> 8, way_count & 255);
	address_set(&w->target, w->outer6 ? "2001:db8::1" : "192.0.2.1", 0, 0);
	address_set(&w->tester_host, w->inner6 ? "fd01::%x:%x" : "10.1.%u.%u", way_count >> 8, way_count & 255);
	address_set(&w->target_host, w->inner6 ? "fd02::1" : "10.2.0.1", 0, 0);
	if (w->transport) {
		w->tester_host = w->tester;
		w->target_host = w->target;
	}
	rng_seed(&r, way_count, "kernel-esp");
	rng_fill(&r, w->key[0], sizeof(w->key));
	rng_fill(&r, w->integ_key[0], sizeof(w->integ_key));
	name_way(w);
	way_count++;
}

static bool is_of_esp(const struct transform *t, uint8_t type)
{
	uint8_t needed = TRANSFORM_IN_ESP | TRANSFORM_IMPLEMENTED;

	return t->type == type && (t->suites & needed) == needed;
}

static void add_suite(const struct transform *encr, const struct transform *integ)
{
	for (unsigned esn = 0; esn < 2; esn++) {
		struct suite s = { .encr = encr, .integ = integ, .esn = esn };

		for (unsigned bits = 0; bits < 16; bits++)
			add_way(&s, bits);
	}
}

static void make_ways(void)
{
	for (size_t i = 0; i < transforms_count; i++) {
		const struct transform *encr = &transforms[i];

		if (!is_of_esp(encr, TRANSFORM_ENCR))
			continue;
		if (encr->aead)
			add_suite(encr, NULL);
		for (size_t j = 0; j < transforms_count && !encr->aead; j++)
			if (is_of_esp(&transforms[j], TRANSFORM_INTEG) && transforms[j].id != 0)
				add_suite(encr, &transforms[j]);
	}
}

/* ------------------------------------------------------------ plan */

static struct bytes key_of(const struct way *w, bool from_kernel)
{
	return bytes_make(w->key[from_kernel], (size_t)w->suite.encr->key + w->suite.encr->salt);
}

static struct bytes integ_key_of(const struct way *w, bool from_kernel)
{
	return bytes_make(w->integ_key[from_kernel], w->suite.integ ? w->suite.integ->key : 0);
}

static uint32_t spi_of(const struct way *w, bool from_kernel)
{
	return 0x1000 + 2 * w->index + from_kernel;
}

static const char *kernel_cipher(const struct transform *encr)
{
	switch (encr->id) {
	case 3: return "cbc(des3_ede)";
	case 11: return "ecb(cipher_null)";
	case 12: return "cbc(aes)";
	case 13: return "rfc3686(ctr(aes))";
	case 14: case 15: case 16: return "rfc4309(ccm(aes))";
	case 18: case 19: case 20: return "rfc4106(gcm(aes))";
	case 21: return "rfc4543(gcm(aes))";
	case 28: return "rfc7539esp(chacha20,poly1305)";
	default: return NULL;
	}
}

static const char *kernel_mac(const struct transform *integ)
{
	switch (integ->id) {
	case 2: return "hmac(sha1)";
	case 5: return "xcbc(aes)";
	case 8: return "cmac(aes)";
	case 12: return "hmac(sha256)";
	case 13: return "hmac(sha384)";
	case 14: return "hmac(sha512)";
	default: return NULL;
	}
}

static void put_key(FILE *f, struct bytes key)
{
	fprintf(f, key.len > 0 ? " 0x" : " \"\"");
	for (size_t i = 0; i < key.len; i++)
		fprintf(f, "%02x", key.at[i]);
}

static void put_state(FILE *f, const struct way *w, bool from_kernel)
{
	char a[4][ADDRESS_TEXT];
	const struct transform *encr = w->suite.encr, *integ = w->suite.integ;

	address_print(from_kernel ? &w->target : &w->tester, a[0]);
	address_print(from_kernel ? &w->tester : &w->target, a[1]);
	address_print(from_kernel ? &w->target_host : &w->tester_host, a[2]);
	address_print(from_kernel ? &w->tester_host : &w->target_host, a[3]);
	fprintf(f, "xfrm state add src %s dst %s proto esp spi 0x%x reqid %u mode %s replay-window 64", a[0], a[1],
		spi_of(w, from_kernel), w->index + 1, w->transport ? "transport" : "tunnel");
	if (w->suite.esn)
		fprintf(f, " replay-seq 0x%llx replay-oseq 0x%llx flag esn",
			from_kernel ? 0 : (unsigned long long)BELOW_WRAP,
			from_kernel ? (unsigned long long)BELOW_WRAP : 0);
	fprintf(f, " %s '%s'", encr->aead ? "aead" : "enc", kernel_cipher(encr));
	put_key(f, key_of(w, from_kernel));
	if (encr->aead) {
		fprintf(f, " %u", encr->icv * 8u);
	} else {
		fprintf(f, " auth-trunc '%s'", kernel_mac(integ));
		put_key(f, integ_key_of(w, from_kernel));
		fprintf(f, " %u", integ->icv * 8u);
	}
	if (w->udp)
		fprintf(f, " encap espinudp %u %u %s", PORT, PORT, w->outer6 ? "::" : "0.0.0.0");
	fprintf(f, " sel src %s dst %s\n", a[2], a[3]);
}

/* Of pings alone: the datagrams that carry transport mode in UDP lie between the same hosts. */
static void put_policy(FILE *f, const struct way *w, bool from_kernel)
{
	char a[4][ADDRESS_TEXT];

	address_print(from_kernel ? &w->target : &w->tester, a[0]);
	address_print(from_kernel ? &w->tester : &w->target, a[1]);
	address_print(from_kernel ? &w->target_host : &w->tester_host, a[2]);
	address_print(from_kernel ? &w->tester_host : &w->target_host, a[3]);
	fprintf(f, "xfrm policy add src %s dst %s proto %u dir %s tmpl src %s dst %s proto esp reqid %u mode %s\n", a[2], a[3],
		w->inner6 ? PROTO_ICMP6 : PROTO_ICMP, from_kernel ? "out" : "in", a[0], a[1], w->index + 1, w->transport ? "transport" : "tunnel");
}

static int plan(const char *folder)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/xfrm", folder);
	f = fopen(path, "w");
	if (!f)
		die(path, strerror(errno));
	for (unsigned i = 0; i < way_count; i++)
		for (int from_kernel = 0; from_kernel < 2; from_kernel++) {
			put_state(f, &ways[i], from_kernel);
			put_policy(f, &ways[i], from_kernel);
		}
	if (fclose(f) != 0)
		die(path, strerror(errno));
	printf("%u ways\n", way_count);
	return 0;
}

/* ------------------------------------------------------------ run */

struct bench {
	struct crypto *crypto;
	struct arena *arena;
	struct rng rng;
	int socket, device;
	struct esp_sa *out, *in;
};

static struct esp_sa *sa_of(struct bench *b, const struct way *w, bool from_kernel)
{
	struct esp_config c = {
		.spi = spi_of(w, from_kernel), .suite = w->suite, .key = key_of(w, from_kernel),
		.integ_key = integ_key_of(w, from_kernel), .mode = w->transport ? ESP_TRANSPORT : ESP_TUNNEL,
		.replay_window = 64, .udp = w->udp, .from = from_kernel ? w->target : w->tester,
		.to = from_kernel ? w->tester : w->target,
	};
	struct why why;
	struct esp_sa *sa = esp_sa_new(b->crypto, &c, !from_kernel, &why);

	if (!sa)
		die(w->name, why.text);
	if (w->suite.esn)
		esp_sa_set_seq(sa, BELOW_WRAP);
	return sa;
}

static void put_packet(const struct bench *b, struct bytes packet, bool six)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(six ? ETH_P_IPV6 : ETH_P_IP),
				  .sll_ifindex = b->device, .sll_halen = ETH_ALEN };

	memcpy(to.sll_addr, guest_mac, ETH_ALEN);
	if (sendto(b->socket, packet.at, packet.len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("sendto", strerror(errno));
}

/* The next IP packet of the kernel; false when time is up. */
static bool get_packet(const struct bench *b, uint8_t *at, size_t cap, struct bytes *out, int patience_ms)
{
	struct pollfd p = { .fd = b->socket, .events = POLLIN };
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t got;

	if (poll(&p, 1, patience_ms) <= 0)
		return false;
	got = recvfrom(b->socket, at, cap, 0, (struct sockaddr *)&from, &len);
	*out = bytes_make(at, got > 0 && from.sll_pkttype != PACKET_OUTGOING ? (size_t)got : 0);
	return true;
}

static void send_ping(struct bench *b, const struct way *w, uint16_t seq, size_t size)
{
	static const uint8_t filling[2000] = { 1, 2, 3 };
	struct echo e = { .id = (uint16_t)w->index, .seq = seq, .data = bytes_make(filling, size) };
	struct address from = w->tester, to = w->target;
	struct bytes inner, esp, packet;
	uint8_t next = w->inner6 ? PROTO_IPV6 : PROTO_IPIP;
	struct ip_packet ip;
	struct why why;
	bool good;

	if (!echo_make(b->arena, &w->tester_host, &w->target_host, &e, &inner) || !ip_parse(inner, &ip, &why))
		die(w->name, "no ping");
	if (w->transport) {
		next = ip.protocol;
		inner = ip.payload;
	}
	if (esp_seal(b->out, b->arena, &b->rng, inner, next, NULL, &esp, &why) != ESP_OK)
		die(w->name, why.text);
	if (seq == BAD_PING)
		((uint8_t *)esp.at)[esp.len - 1] ^= 1;
	from.port = to.port = PORT;
	good = w->udp ? udp_make(b->arena, &from, &to, 0, esp, NULL, &packet, &why)
		      : ip_make(b->arena, &w->tester, &w->target, PROTO_ESP, 0, esp, &packet);
	if (!good)
		die(w->name, "no packet");
	put_packet(b, packet, w->outer6);
}

/* Octets from the SPI on, if it is a packet of this SA. */
static struct bytes esp_of(const struct way *w, struct bytes packet)
{
	struct bytes esp = BYTES_NONE;
	struct ip_packet ip;

	if (!ip_parse(packet, &ip, NULL))
		return esp;
	if (w->udp && ip.protocol == PROTO_UDP && ip.from.port == PORT && ip.to.port == PORT)
		esp = ip.udp;
	else if (!w->udp && ip.protocol == PROTO_ESP)
		esp = ip.payload;
	return esp.len >= 8 && load_u32(esp.at) == spi_of(w, true) ? esp : BYTES_NONE;
}

/* The echo inside what the kernel sent; false with why. */
static bool open_pong(struct bench *b, const struct way *w, struct bytes esp, struct echo *echo, struct why *why)
{
	struct esp_opened o;
	enum esp_result r = esp_open(b->in, b->arena, esp, false, &o);
	struct bytes inner = o.inner;
	struct ip_packet ip;

	if (r != ESP_OK)
		return why_set(why, "we do not open what the kernel sealed: %s", esp_result_name(r));
	if (w->transport && !ip_make(b->arena, &w->target, &w->tester, o.next_header, 0, o.inner, &inner))
		return why_set(why, "no memory");
	if (!ip_parse(inner, &ip, why))
		return false;
	if (!ip.checksum_right || !echo_parse(&ip, echo) || !echo->reply)
		return why_set(why, "no echo reply lies in what the kernel sealed");
	return true;
}

static bool await_pong(struct bench *b, const struct way *w, uint16_t seq, struct why *why)
{
	static uint8_t at[65536];
	struct bytes packet, esp;
	struct echo echo;

	while (get_packet(b, at, sizeof(at), &packet, PATIENCE_MS)) {
		esp = esp_of(w, packet);
		if (esp.len == 0)
			continue;
		if (!open_pong(b, w, esp, &echo, why))
			return false;
		if (echo.seq == BAD_PING)
			return why_set(why, "the kernel took a packet whose ICV is wrong");
		if (echo.id == (uint16_t)w->index && echo.seq == seq)
			return true;
	}
	return why_set(why, "the kernel does not answer ping %u", seq);
}

static bool try_way(struct bench *b, const struct way *w, struct why *why)
{
	bool good = true;

	b->out = sa_of(b, w, false);
	b->in = sa_of(b, w, true);
	send_ping(b, w, BAD_PING, 56);
	for (uint16_t seq = 1; seq <= PINGS && good; seq++) {
		good = false;
		for (unsigned again = 0; again < SENDINGS && !good; again++) {
			send_ping(b, w, seq, 40u + 13u * seq + w->index % 16);
			good = await_pong(b, w, seq, why);
			arena_reset(b->arena);
		}
	}
	if (good && w->suite.esn && esp_sa_counters(b->in).seq <= UINT32_MAX)
		good = why_set(why, "the kernel did not go past 2^32");
	esp_sa_free(b->out);
	esp_sa_free(b->in);
	return good;
}

static void bench_open(struct bench *b, const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct why why;

	*b = (struct bench){ .crypto = crypto_new(&why), .arena = arena_new(1 << 20) };
	if (!b->crypto || !b->arena)
		die("start", why.text);
	rng_seed(&b->rng, 1, "kernel-esp");
	b->device = (int)if_nametoindex(device);
	at.sll_ifindex = b->device;
	b->socket = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (b->device == 0 || b->socket < 0 || bind(b->socket, (struct sockaddr *)&at, sizeof(at)) < 0)
		die(device, strerror(errno));
}

static int spoil(const char *device)
{
	struct bench b;
	unsigned passed = 0;

	bench_open(&b, device);
	for (unsigned i = 0; i < way_count; i += way_count / SPOILT) {
		struct way w = ways[i];
		struct why why;

		w.key[0][0] ^= 1;
		w.integ_key[0][0] ^= 1;
		if (try_way(&b, &w, &why)) {
			printf("FAIL kernel ESP, %s: answered under a wrong key\n", w.name);
			passed++;
		}
	}
	printf("count: %u %u 0\n", passed == 0, passed > 0);
	return passed > 0;
}

static int run(const char *device)
{
	struct bench b;
	unsigned good = 0, bad = 0;

	bench_open(&b, device);
	for (unsigned i = 0; i < way_count; i++) {
		struct why why;

		if (try_way(&b, &ways[i], &why)) {
			good++;
			continue;
		}
		bad++;
		printf("FAIL kernel ESP, %s: %s\n", ways[i].name, why.text);
		if (bad > 20)
			break;
	}
	printf("count: %u %u 0\n", good, bad);
	close(b.socket);
	arena_free(b.arena);
	crypto_free(b.crypto);
	return bad > 0;
}

int main(int argc, char **argv)
{
	make_ways();
	if (argc == 3 && strcmp(argv[1], "plan") == 0)
		return plan(argv[2]);
	if (argc == 3 && strcmp(argv[1], "run") == 0)
		return run(argv[2]);
	if (argc == 3 && strcmp(argv[1], "spoil") == 0)
		return spoil(argv[2]);
	fprintf(stderr, "Usage: kernel-esp plan FOLDER | run DEVICE | spoil DEVICE\n");
	return 2;
}
