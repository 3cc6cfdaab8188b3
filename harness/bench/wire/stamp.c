#include "stamp.h"

#include "esp/inner.h"

#define MAGIC    0x696b
#define HEADER_4 20u
#define HEADER_6 40u
#define UPPER    8u /* octets of a UDP header, and of an ICMP echo's */
#define ECHO_REPLY_4 0
#define ECHO_REPLY_6 129

size_t stamp_offset(uint8_t family)
{
	return (family == 6 ? HEADER_6 : HEADER_4) + UPPER;
}

size_t stamp_least(uint8_t family)
{
	return stamp_offset(family) + STAMP;
}

void stamp_write(uint8_t at[static STAMP], const struct stamp *s)
{
	uint32_t sum = 0;

	store_u16(at, MAGIC);
	store_u16(at + 2, s->len);
	store_u32(at + 4, s->flow);
	store_u64(at + 8, s->number);
	store_u64(at + 16, s->time);
	for (size_t i = 0; i < STAMP - 2; i += 2)
		sum += load_u16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	store_u16(at + STAMP - 2, (uint16_t)~sum);
}

bool stamp_packet(struct arena *a, const struct address *from, const struct address *to, bool echo,
		  size_t len, struct bytes *out)
{
	struct address source = *from, destination = *to;
	struct why why;
	uint8_t *data;
	size_t room;

	if (len < stamp_least(from->family))
		return false;
	room = len - stamp_offset(from->family);
	data = arena_alloc(a, room);
	if (!data)
		return false;
	memset(data, 0, room);
	stamp_write(data, &(struct stamp){ 0 });
	if (echo)
		return echo_make(a, from, to,
				 &(struct echo){ .id = STAMP_PORT, .data = bytes_make(data, room) },
				 out);
	source.port = destination.port = STAMP_PORT;
	return udp_make(a, &source, &destination, 0, bytes_make(data, room), NULL, out, &why);
}

static bool read_stamp(struct cursor c, struct stamp *out)
{
	uint16_t magic;

	return cursor_u16(&c, &magic) && magic == MAGIC && cursor_u16(&c, &out->len) &&
	       cursor_u32(&c, &out->flow) &&
	       cursor_u64(&c, &out->number) && cursor_u64(&c, &out->time);
}

/* At the header behind IP: what stamp_packet makes has no IP options and no extension headers. */
static bool read_upper(struct cursor c, uint8_t protocol, struct stamp *out)
{
	uint16_t port;
	uint8_t type;

	if (protocol == PROTO_UDP)
		return cursor_skip(&c, 2) && cursor_u16(&c, &port) && port == STAMP_PORT &&
		       cursor_skip(&c, UPPER - 4) && read_stamp(c, out);
	if (!cursor_u8(&c, &type) || !cursor_skip(&c, UPPER - 1))
		return false;
	return ((protocol == PROTO_ICMP && type == ECHO_REPLY_4) ||
		(protocol == PROTO_ICMP6 && type == ECHO_REPLY_6)) &&
	       read_stamp(c, out);
}

bool stamp_read(struct bytes inner, struct stamp *out)
{
	struct cursor c = cursor_over(inner);
	uint8_t version, protocol;

	if (!cursor_u8(&c, &version))
		return false;
	if (version == 0x45)
		return cursor_skip(&c, 8) && cursor_u8(&c, &protocol) &&
		       cursor_skip(&c, HEADER_4 - 10) && read_upper(c, protocol, out);
	return version >> 4 == 6 && cursor_skip(&c, 5) && cursor_u8(&c, &protocol) &&
	       cursor_skip(&c, HEADER_6 - 7) && read_upper(c, protocol, out);
}
