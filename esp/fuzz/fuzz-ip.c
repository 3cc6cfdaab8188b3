/*
 * Fuzz target: IP packets of any octets, as packets and as trees.
 */
#include "esp/esp.h"
#include "esp/inner.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

/* encode(decode(x)) == x, whatever x is. */
static void round_trip(struct arena *a, const struct wire_format *format, struct bytes in)
{
	struct node *root = wire_decode(a, format, in, NULL, NULL);
	struct bytes out;

	must(root != NULL && wire_validate(root, NULL));
	must(wire_encode(a, root, &out, NULL) && bytes_equal(in, out));
}

static void outer_tree(struct arena *a, struct bytes packet, struct node *root)
{
	struct bytes out;

	if (root == NULL)
		return;
	must(wire_encode(a, root, &out, NULL));
	must(out.len <= packet.len && memcmp(out.at, packet.at, out.len) == 0);
}

/* What was right before a NAT is right behind it, and what was wrong stays wrong. */
static void rewrite(struct arena *a, const struct ip_packet *p)
{
	static const char *const v4[] = { "203.0.113.7:31000", "10.0.0.5:4500" };
	static const char *const v6[] = { "[2001:db8::7]:31000", "[fd00::5]:4500" };
	struct address from, to;
	struct bytes out;
	struct ip_packet q;

	must(address_parse(p->family == 4 ? v4[0] : v6[0], &from) &&
	     address_parse(p->family == 4 ? v4[1] : v6[1], &to));
	must(ip_rewrite(a, p->octets, &from, &to, &out));
	must(ip_parse(out, &q, NULL) && address_same_host(&q.from, &from) &&
	     address_same_host(&q.to, &to));
	must(q.checksum_right == p->checksum_right);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct arena *a;
	struct bytes packet = bytes_make(at, len), out;
	struct ip_packet p;
	struct echo e;

	if (a == NULL)
		must((a = arena_new(8 << 20)) != NULL);
	if (len > 4096)
		return 0;
	round_trip(a, &format_ipv4, packet);
	round_trip(a, &format_ipv6, packet);
	round_trip(a, &format_udp, packet);
	round_trip(a, &format_icmp_echo, packet);
	outer_tree(a, packet, ip_outer_tree(a, packet));
	outer_tree(a, packet, ip_inner_tree(a, packet));
	if (ip_parse(packet, &p, NULL)) {
		must(p.octets.len <= len && p.payload.len <= p.octets.len &&
		     p.udp.len <= p.payload.len);
		echo_parse(&p, &e);
		if (echo_answer(a, &p, &out))
			must(ip_parse(out, &p, NULL) && p.checksum_right &&
			     !echo_answer(a, &p, &out));
		else
			rewrite(a, &p);
	}
	arena_reset(a);
	return 0;
}
