#include "fragment.h"

#include <stdlib.h>

#include "esp/inner.h"

#define IPV4_MORE 0x2000
#define IPV4_DF 0x4000
#define IPV4_OFFSET 0x1fff
#define IPV6_FRAGMENT 44
#define IPV6_HEADER 40

/* What a packet says of itself as a fragment. */
struct piece {
	uint8_t family;
	uint8_t protocol;
	uint32_t id;
	size_t header;          /* of the packet that the piece belongs to */
	size_t data;            /* where the octets of the piece begin */
	size_t offset;          /* of them in the datagram's payload */
	size_t length;          /* of the packet */
	bool more, df, fragment;
};

static bool read_ipv4(struct bytes p, struct piece *out)
{
	size_t header = (size_t)(p.at[0] & 15) * 4;
	uint16_t word;

	if (p.len < 20 || header < 20 || load_u16(p.at + 2) < header || load_u16(p.at + 2) > p.len)
		return false;
	word = load_u16(p.at + 6);
	*out = (struct piece){
		.family = 4, .protocol = p.at[9], .id = load_u16(p.at + 4), .header = header,
		.data = header, .offset = (size_t)(word & IPV4_OFFSET) * 8,
		.length = load_u16(p.at + 2), .more = word & IPV4_MORE, .df = word & IPV4_DF,
	};
	out->fragment = out->more || out->offset;
	return true;
}

/* A fragment header counts only if it stands right behind the IPv6 header. */
static bool read_ipv6(struct bytes p, struct piece *out)
{
	uint16_t word;

	if (p.len < IPV6_HEADER || (size_t)load_u16(p.at + 4) + IPV6_HEADER > p.len)
		return false;
	*out = (struct piece){ .family = 6, .protocol = p.at[6], .header = IPV6_HEADER,
			       .data = IPV6_HEADER,
			       .length = load_u16(p.at + 4) + (size_t)IPV6_HEADER };
	if (p.at[6] != IPV6_FRAGMENT)
		return true;
	if (out->length < IPV6_HEADER + 8)
		return false;
	word = load_u16(p.at + 42);
	out->protocol = p.at[40];
	out->id = load_u32(p.at + 44);
	out->data = IPV6_HEADER + 8;
	out->offset = word & 0xfff8;
	out->more = word & 1;
	out->fragment = out->more || out->offset;
	return true;
}

static bool read_piece(struct bytes p, struct piece *out)
{
	if (p.len == 0)
		return false;
	if (p.at[0] >> 4 == 4)
		return read_ipv4(p, out);
	return p.at[0] >> 4 == 6 && read_ipv6(p, out);
}

bool is_fragment(struct bytes packet)
{
	struct piece piece;

	return read_piece(packet, &piece) && piece.fragment;
}

size_t upper_offset(struct bytes packet)
{
	struct piece piece;

	return read_piece(packet, &piece) && piece.offset == 0 ? piece.data : 0;
}

size_t upper_offset_cut(struct bytes start)
{
	size_t header = IPV6_HEADER;

	if (start.len == 0)
		return 0;
	if (start.at[0] >> 4 == 4)
		header = (size_t)(start.at[0] & 15) * 4;
	return header >= 20 && start.len >= header ? header : 0;
}

bool is_whole_udp(struct bytes packet)
{
	struct piece piece;

	return read_piece(packet, &piece) && !piece.fragment && piece.protocol == PROTO_UDP &&
	       packet.len >= piece.data + 8;
}

static uint16_t ones_sum(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* RFC 1624: HC' = ~(~HC + ~m + m'), the other octet of the word taken as zero. */
void mend_flip(uint8_t checksum[static 2], size_t at, uint8_t flipped, uint8_t before)
{
	uint16_t old = load_u16(checksum), shift = at % 2 ? 0 : 8, sum;
	uint16_t was = (uint16_t)(before << shift), is = (uint16_t)((before ^ flipped) << shift);

	if (old == 0)
		return;
	sum = ones_sum((uint32_t)(uint16_t)~old + (uint16_t)~was + is);
	/* 0 would mean that there is none. */
	store_u16(checksum, sum == 0xffff ? 0xffff : (uint16_t)~sum);
}

static void seal_ipv4(uint8_t *header, size_t len)
{
	uint32_t sum = 0;

	store_u16(header + 10, 0);
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += load_u16(header + i);
	store_u16(header + 10, (uint16_t)~ones_sum(sum));
}

/* ------------------------------------------------------------ splitting */

bool splitter_begin(struct splitter *s, struct bytes packet, uint32_t mtu, uint32_t id,
		    bool foreign)
{
	struct piece piece;
	size_t overhead;

	if (!read_piece(packet, &piece) || piece.df ||
	    (piece.family == 6 && (foreign || piece.fragment)))
		return false;
	overhead = piece.family == 4 ? piece.header : piece.header + 8;
	if (mtu < overhead + 8 || piece.length > 65535 + (size_t)IPV6_HEADER)
		return false;
	*s = (struct splitter){
		.packet = bytes_slice(packet, 0, piece.length), .id = id, .header = piece.header,
		.step = (mtu - overhead) / 8 * 8, .at = piece.data, .base = piece.offset,
		.more = piece.more, .family = piece.family,
	};
	return true;
}

static size_t put_ipv4(const struct splitter *s, uint8_t *room, size_t offset, size_t len,
		       bool more)
{
	memcpy(room, s->packet.at, s->header);
	store_u16(room + 2, (uint16_t)(s->header + len));
	store_u16(room + 6, (uint16_t)(offset / 8 | (more ? IPV4_MORE : 0)));
	seal_ipv4(room, s->header);
	return s->header;
}

static size_t put_ipv6(const struct splitter *s, uint8_t *room, size_t offset, size_t len,
		       bool more)
{
	memcpy(room, s->packet.at, s->header);
	store_u16(room + 4, (uint16_t)(len + 8));
	room[6] = IPV6_FRAGMENT;
	room[40] = s->packet.at[6];
	room[41] = 0;
	store_u16(room + 42, (uint16_t)(offset | more));
	store_u32(room + 44, s->id);
	return s->header + 8;
}

bool splitter_next(struct splitter *s, uint8_t *room, struct bytes *out)
{
	size_t left = s->packet.len - s->at, len = left < s->step ? left : s->step, header;
	size_t offset = s->base + s->at - s->header;
	bool more = s->more || len < left;

	if (left == 0)
		return false;
	header = s->family == 4 ? put_ipv4(s, room, offset, len, more)
				: put_ipv6(s, room, offset, len, more);
	memcpy(room + header, s->packet.at + s->at, len);
	s->at += len;
	*out = bytes_make(room, header + len);
	return true;
}

/* ------------------------------------------------------------ putting together */

struct partial {
	bool used;
	usec begun;
	struct piece key;               /* of its first piece to come */
	uint8_t addresses[32];
	uint8_t header[60];
	size_t header_len;              /* 0 until the first fragment is there */
	size_t total;                   /* of the payload; 0 until the last is there */
	size_t got;
	struct {
		size_t offset, len;
	} pieces[REASSEMBLY_PIECES];
	size_t count;
	uint8_t *payload;               /* 65536 octets */
};

struct reassembly {
	struct partial partials[REASSEMBLY_DATAGRAMS];
};

struct reassembly *reassembly_new(void)
{
	return calloc(1, sizeof(struct reassembly));
}

static void give_up(struct partial *p)
{
	free(p->payload);
	*p = (struct partial){ 0 };
}

void reassembly_free(struct reassembly *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++)
		give_up(&r->partials[i]);
	free(r);
}

static struct bytes addresses_of(struct bytes packet, uint8_t family)
{
	return family == 4 ? bytes_slice(packet, 12, 8) : bytes_slice(packet, 8, 32);
}

static bool belongs(const struct partial *p, const struct piece *piece, struct bytes packet)
{
	struct bytes addresses = addresses_of(packet, piece->family);

	return p->used && p->key.family == piece->family && p->key.id == piece->id &&
	       (piece->family == 6 || p->key.protocol == piece->protocol) &&
	       memcmp(p->addresses, addresses.at, addresses.len) == 0;
}

/* The datagram of the piece; a new one in a free place or in that of the oldest. */
static struct partial *find(struct reassembly *r, const struct piece *piece, struct bytes packet,
			    usec now)
{
	struct partial *spare = &r->partials[0];
	struct bytes addresses = addresses_of(packet, piece->family);

	for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++) {
		struct partial *p = &r->partials[i];

		if (p->used && now - p->begun > REASSEMBLY_TIME)
			give_up(p);
		if (belongs(p, piece, packet))
			return p;
		if (!p->used || (spare->used && p->begun < spare->begun))
			spare = p;
	}
	give_up(spare);
	spare->payload = malloc(65536);
	if (spare->payload == NULL)
		return NULL;
	spare->used = true;
	spare->begun = now;
	spare->key = *piece;
	memcpy(spare->addresses, addresses.at, addresses.len);
	return spare;
}

static bool overlaps(const struct partial *p, size_t offset, size_t len)
{
	for (size_t i = 0; i < p->count; i++)
		if (offset < p->pieces[i].offset + p->pieces[i].len &&
		    p->pieces[i].offset < offset + len)
			return true;
	return false;
}

static bool is_repeat(const struct partial *p, size_t offset, size_t len)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->pieces[i].offset == offset && p->pieces[i].len == len)
			return true;
	return false;
}

/* Does the datagram end where its other pieces allow it? */
static bool end_fits(const struct partial *p, const struct piece *piece, size_t end)
{
	if (p->total)
		return piece->more && end <= p->total;
	for (size_t i = 0; i < p->count && !piece->more; i++)
		if (p->pieces[i].offset + p->pieces[i].len > end)
			return false;
	return true;
}

/* False if the piece makes no sense and the datagram is lost. */
static bool add_piece(struct partial *p, const struct piece *piece, struct bytes packet)
{
	struct bytes data = bytes_slice(packet, piece->data, piece->length - piece->data);
	size_t end = piece->offset + data.len;

	if (is_repeat(p, piece->offset, data.len))
		return true;
	if (data.len == 0 || (piece->more && data.len % 8 != 0) || end > 65535 - piece->header ||
	    overlaps(p, piece->offset, data.len) || p->count == REASSEMBLY_PIECES)
		return false;
	if (!end_fits(p, piece, end))
		return false;
	p->pieces[p->count].offset = piece->offset;
	p->pieces[p->count++].len = data.len;
	p->got += data.len;
	memcpy(p->payload + piece->offset, data.at, data.len);
	if (!piece->more)
		p->total = end;
	if (piece->offset == 0) {
		p->header_len = piece->header;
		memcpy(p->header, packet.at, piece->header);
		p->key.protocol = piece->protocol;
	}
	return true;
}

static struct bytes build(const struct partial *p, struct arena *a)
{
	uint8_t *at = arena_alloc(a, p->header_len + p->total);

	if (at == NULL)
		return BYTES_NONE;
	memcpy(at, p->header, p->header_len);
	memcpy(at + p->header_len, p->payload, p->total);
	if (p->key.family == 4) {
		store_u16(at + 2, (uint16_t)(p->header_len + p->total));
		store_u16(at + 6, 0);
		seal_ipv4(at, p->header_len);
	} else {
		store_u16(at + 4, (uint16_t)p->total);
		at[6] = p->key.protocol;
	}
	return bytes_make(at, p->header_len + p->total);
}

bool reassembly_take(struct reassembly *r, struct arena *a, struct bytes fragment, usec now,
		     struct bytes *whole)
{
	struct piece piece;
	struct partial *p;

	if (!read_piece(fragment, &piece) || !piece.fragment)
		return false;
	p = find(r, &piece, fragment, now);
	if (p == NULL)
		return false;
	if (!add_piece(p, &piece, fragment)) {
		give_up(p);
		return false;
	}
	if (p->header_len == 0 || p->total == 0 || p->got != p->total)
		return false;
	*whole = build(p, a);
	give_up(p);
	return whole->len != 0;
}
