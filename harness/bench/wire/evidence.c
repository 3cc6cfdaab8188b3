#include "evidence.h"

#include <stdlib.h>

#include "captures/captures.h"
#include "esp/inner.h"

#define KEPT       128u
#define HEADER_4   20u
#define HEADER_6   40u
#define HEADER_UDP 8u
#define MARKER     4u

struct evidence {
	struct pcapng *file;
	unsigned sent, received; /* interfaces */
};

struct evidence *evidence_create(const char *path, struct why *why)
{
	struct evidence *e = calloc(1, sizeof(*e));

	if (!e) {
		why_set(why, "no memory for a capture");
		return NULL;
	}
	e->file = pcapng_create(path, why);
	if (!e->file) {
		free(e);
		return NULL;
	}
	e->sent = pcapng_interface(e->file, "tester");
	e->received = pcapng_interface(e->file, "target");
	return e;
}

bool evidence_close(struct evidence *e, struct why *why)
{
	bool good = !e || pcapng_close(e->file, why);

	free(e);
	return good;
}

/* The headers that the port made or took off; checksums are left out. */
static void put_headers(struct sink *s, const struct address *from, const struct address *to, bool udp,
			size_t payload)
{
	size_t inside = payload + (udp ? HEADER_UDP : 0);
	uint8_t protocol = udp ? PROTO_UDP : PROTO_ESP;

	if (from->family == 4) {
		sink_u16(s, 0x4500);
		sink_u16(s, (uint16_t)(HEADER_4 + inside));
		sink_u32(s, 0);
		sink_u8(s, 64);
		sink_u8(s, protocol);
		sink_u16(s, 0);
	} else {
		sink_u32(s, 0x60000000);
		sink_u16(s, (uint16_t)inside);
		sink_u8(s, protocol);
		sink_u8(s, 64);
	}
	sink_put(s, address_octets(from));
	sink_put(s, address_octets(to));
	if (!udp)
		return;
	sink_u16(s, from->port);
	sink_u16(s, to->port);
	sink_u16(s, (uint16_t)inside);
	sink_u16(s, 0);
}

static void record(struct evidence *e, unsigned interface, const struct port_burst *b, struct bytes packet,
		   uint64_t ns)
{
	uint8_t octets[KEPT];
	struct sink s = sink_over(octets, sizeof(octets));
	size_t marker = b->marker ? MARKER : 0, headers;

	if (b->kind == PORT_INNER) {
		pcapng_cut(e->file, interface, ns, bytes_slice(packet, 0, KEPT), packet.len);
		return;
	}
	put_headers(&s, b->from, b->to, b->kind != PORT_PLAIN, packet.len + marker);
	sink_zero(&s, marker);
	headers = s.len;
	sink_put(&s, bytes_slice(packet, 0, KEPT - headers));
	pcapng_cut(e->file, interface, ns, sink_bytes(&s), headers + packet.len);
}

void evidence_sent(struct evidence *e, const struct port_burst *b, size_t headroom, size_t count, uint64_t ns)
{
	for (size_t i = 0; e && i < count; i++)
		record(e, e->sent, b, bytes_make(b->at + i * (headroom + b->len), b->len), ns);
}

void evidence_received(struct evidence *e, const struct port_parcel *p, uint64_t ns)
{
	struct port_burst b = { .kind = p->kind, .from = &p->from, .to = &p->to, .marker = p->marker };

	for (size_t at = 0; e && at < p->octets; at += p->len)
		record(e, e->received, &b,
		       bytes_make(p->at + at, p->octets - at < p->len ? p->octets - at : p->len), ns);
}
