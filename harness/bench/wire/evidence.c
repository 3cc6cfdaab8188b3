#include "evidence.h"

#include <stdlib.h>

#include "captures/captures.h"
#include "esp/inner.h"

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
	e->file = pcapng_create_large(path, why);
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

/* Packets of one length, the last octets of their headers a marker of zeros where there is one. */
static void record(struct evidence *e, unsigned interface, const struct port_burst *b, size_t stride,
		   uint64_t ns)
{
	uint8_t octets[HEADER_6 + HEADER_UDP + MARKER];
	struct sink head = sink_over(octets, sizeof(octets));
	size_t marker = b->marker ? MARKER : 0;
	struct pcapng_run run = { .interface = interface,
				  .ns = ns,
				  .at = b->at,
				  .len = b->len,
				  .stride = stride,
				  .count = b->count };

	if (b->kind != PORT_INNER) {
		put_headers(&head, b->from, b->to, b->kind != PORT_PLAIN, b->len + marker);
		sink_zero(&head, marker);
		run.head = sink_bytes(&head);
	}
	pcapng_cut(e->file, &run);
}

void evidence_sent(struct evidence *e, const struct port_burst *b, size_t headroom, size_t count, uint64_t ns)
{
	struct port_burst taken = *b;

	taken.count = count;
	if (e && count > 0)
		record(e, e->sent, &taken, headroom + b->len, ns);
}

/* The last of a parcel may be shorter than the others. */
void evidence_received(struct evidence *e, const struct port_parcel *p, uint64_t ns)
{
	struct port_burst b = { .kind = p->kind, .from = &p->from, .to = &p->to, .marker = p->marker,
				.at = p->at, .len = p->len };
	size_t rest;

	if (!e || p->len == 0)
		return;
	b.count = p->octets / p->len;
	rest = p->octets % p->len;
	if (b.count > 0)
		record(e, e->received, &b, p->len, ns);
	b.at += b.count * p->len;
	b.len = rest;
	b.count = 1;
	if (rest > 0)
		record(e, e->received, &b, rest, ns);
}
