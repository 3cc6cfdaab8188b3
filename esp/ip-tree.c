/*
 * IP packets as trees, and their edits.
 */
#include "ip-tree.h"
#include "checksum.h"
#include "formats.h"
#include "ip-header.h"

/* A tree and what its checksums depend on. */
struct ip_tree {
	struct node *root;
	struct node *ip;    /* the header's composite */
	struct node *upper; /* UDP or ICMP, or NULL */
	uint8_t family, protocol;
};

bool udp_marked(const struct address *from, const struct address *to, struct bytes data)
{
	return from->port != 500 && to->port != 500 && data.len >= 4 &&
	       bytes_zero(bytes_slice(data, 0, 4));
}

bool edit_is_below(const struct edit *e, const char *root)
{
	char text[64];

	return e->path && !edit_of_datagram(e) &&
	       strcmp(edit_root(e->path, text, sizeof(text)), root) == 0;
}

static bool any_below(const struct edits *edits, const char *root)
{
	for (size_t i = 0; edits && i < edits->count; i++)
		if (edit_is_below(&edits->rows[i], root))
			return true;
	return false;
}

static const struct wire_format *outer_root(const struct ip_header *h)
{
	bool udp = h->protocol == PROTO_UDP && !h->later_fragment &&
		   h->payload == (h->family == 4 ? IPV4_HEADER : IPV6_HEADER);

	if (h->family == 4)
		return udp ? &root_ipv4_udp : &root_ipv4_data;
	return udp ? &root_ipv6_udp : &root_ipv6_data;
}

/* The marker stands in front of the data as a field of its own. */
static void split_marker(struct node *root, const struct ip_header *h)
{
	struct address from = { .port = h->source_port }, to = { .port = h->destination_port };
	struct node *marker = wire_find(root, "UDP.marker", NULL),
		    *data = wire_find(root, "UDP.data", NULL);

	if (!marker || !data || !udp_marked(&from, &to, data->octets))
		return;
	marker->octets = bytes_slice(data->octets, 0, 4);
	data->octets = bytes_slice(data->octets, 4, data->octets.len);
}

static bool decode(struct arena *a, const struct wire_format *format, const char *name,
		   struct bytes packet, const struct ip_header *h, struct ip_tree *t)
{
	t->family = h->family;
	t->protocol = h->protocol;
	t->root = wire_decode(a, format, packet, NULL, NULL);
	if (!t->root)
		return false;
	t->ip = wire_find(t->root, name, NULL);
	t->upper = wire_find(t->root, strcmp(name, "IP") == 0 ? "UDP" : "INNER.UDP", NULL);
	if (!t->upper)
		t->upper = wire_find(t->root, "INNER.ICMP", NULL);
	return t->ip != NULL;
}

static struct node *field(struct node *composite, const char *name)
{
	return composite ? wire_find(composite, name, NULL) : NULL;
}

static size_t place_of(const struct node *n)
{
	return n->at_bits / 8;
}

/* The IPv4 header's length, as far as there are octets. */
static struct bytes header_of(const struct ip_tree *t, struct bytes packet)
{
	uint64_t words = 5;

	wire_number(t->ip, "ihl", &words);
	return bytes_slice(packet, place_of(t->ip), (size_t)words * 4);
}

static uint16_t upper_sum(const struct ip_tree *t, struct bytes packet, size_t place)
{
	struct bytes upper = bytes_slice(packet, place_of(t->upper), packet.len);
	struct node *source = field(t->ip, "source"), *destination = field(t->ip, "destination");
	uint8_t protocol = t->family == 4 ? PROTO_ICMP : PROTO_ICMP6;
	uint32_t sum = 0;

	if (strcmp(t->upper->format->name, "UDP") == 0)
		protocol = PROTO_UDP;
	if (protocol != PROTO_ICMP && source && destination)
		sum = checksum_pseudo(source->octets, destination->octets, protocol, upper.len);
	sum = checksum_add(sum, bytes_slice(upper, 0, place - place_of(t->upper)));
	sum = checksum_add(sum, bytes_slice(upper, place - place_of(t->upper) + 2, upper.len));
	sum = checksum_finish(sum);
	return protocol == PROTO_UDP && sum == 0 ? 0xffff : (uint16_t)sum;
}

/* Writes a checksum into the packet and the tree (whose octets it shares from then on). */
static void write_checksum(struct node *n, struct bytes packet, uint16_t checksum)
{
	uint8_t *at = (uint8_t *)packet.at + place_of(n);

	store_u16(at, checksum);
	n->octets = bytes_make(at, 2);
}

static bool follows(const struct node *n)
{
	return n && !n->set && n->octets.len == 2;
}

static bool encode(struct arena *a, struct ip_tree *t, struct bytes *out, struct why *why)
{
	struct node *ip = t->family == 4 ? field(t->ip, "checksum") : NULL;
	struct node *upper = field(t->upper, "checksum");

	if (!wire_encode(a, t->root, out, why))
		return false;
	if (follows(ip)) {
		write_checksum(ip, *out, 0);
		write_checksum(ip, *out, checksum_finish(checksum_add(0, header_of(t, *out))));
	}
	if (follows(upper))
		write_checksum(upper, *out, upper_sum(t, *out, place_of(upper)));
	return true;
}

static void unset_checksums(struct ip_tree *t, bool upper)
{
	if (t->family == 4 && field(t->ip, "checksum"))
		wire_unset(field(t->ip, "checksum"));
	if (upper && field(t->upper, "checksum"))
		wire_unset(field(t->upper, "checksum"));
}

/* What was right in the packet follows the edits; returns the tree in that state. */
static bool decode_following(struct arena *a, const struct wire_format *format, const char *name,
			     struct bytes packet, const struct ip_header *h, struct ip_tree *t)
{
	struct bytes again = BYTES_NONE;

	for (int upper = 1; upper >= 0; upper--) {
		if (!decode(a, format, name, packet, h, t))
			return false;
		split_marker(t->root, h);
		wire_unset_derived(t->root);
		unset_checksums(t, upper);
		if (encode(a, t, &again, NULL) && bytes_equal(again, packet))
			return true;
	}
	if (!decode(a, format, name, packet, h, t))
		return false;
	split_marker(t->root, h);
	return true;
}

static bool edit(struct arena *a, struct ip_tree *t, const struct edits *edits,
		 const char *const *names, size_t name_count, struct bytes *packet, struct why *why)
{
	struct node *honest = wire_copy(a, t->root);

	if (!honest)
		return why_set(why, "no memory for the edits of a packet");
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *e = &edits->rows[i];
		bool ours = false;

		for (size_t j = 0; j < name_count; j++)
			ours = ours || edit_is_below(e, names[j]);
		if (ours &&
		    (!edit_apply(a, t->root, honest, edits, e, why) || !encode(a, t, packet, why)))
			return false;
	}
	return true;
}

static bool no_ip(struct why *why, const char *name)
{
	return why_set(why, "%s " EDIT_MISSING, name);
}

bool ip_edit_outer(struct arena *a, const struct edits *edits, struct bytes *packet,
		   struct why *why)
{
	static const char *const names[] = { "IP", "UDP" };
	struct ip_header h;
	struct ip_tree t;

	if (!any_below(edits, "IP") && !any_below(edits, "UDP"))
		return true;
	if (!ip_header_read(*packet, &h, why))
		return false;
	if (!decode_following(a, outer_root(&h), "IP", *packet, &h, &t))
		return no_ip(why, "IP");
	return edit(a, &t, edits, names, ARRAY_LEN(names), packet, why);
}

bool ip_edit_inner(struct arena *a, const struct edits *edits, struct bytes *packet,
		   struct why *why)
{
	static const char *const names[] = { "INNER" };
	struct ip_header h;
	struct ip_tree t;

	if (!any_below(edits, "INNER"))
		return true;
	if (!ip_header_read(*packet, &h, NULL))
		return no_ip(why, "INNER");
	if (!decode_following(a, h.family == 4 ? &root_inner_ipv4 : &root_inner_ipv6, "INNER",
			      *packet, &h, &t))
		return no_ip(why, "INNER");
	return edit(a, &t, edits, names, ARRAY_LEN(names), packet, why);
}

struct node *ip_outer_tree(struct arena *a, struct bytes packet)
{
	struct ip_header h;
	struct node *root;

	if (!ip_header_read(packet, &h, NULL))
		return NULL;
	root = wire_decode(a, outer_root(&h), bytes_slice(packet, 0, h.length), NULL, NULL);
	if (root)
		split_marker(root, &h);
	return root;
}

struct node *ip_inner_tree(struct arena *a, struct bytes packet)
{
	struct ip_header h;

	if (!ip_header_read(packet, &h, NULL))
		return NULL;
	return wire_decode(a, h.family == 4 ? &root_inner_ipv4 : &root_inner_ipv6,
			   bytes_slice(packet, 0, h.length), NULL, NULL);
}
