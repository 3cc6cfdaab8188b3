/* Reading captures through libpcap: any of the usual link types, handed over as IP packets. */
#include <pcap/pcap.h>

#include "captures/captures.h"

/* Octets of link header before the IP packet, and where its EtherType stands. */
struct link_type {
	int type;
	size_t header;
	int protocol_at;        /* -1: none, the IP version decides */
};

static const struct link_type link_types[] = {
	{ DLT_RAW,        0,  -1 },
	{ DLT_IPV4,       0,  -1 },
	{ DLT_IPV6,       0,  -1 },
	{ DLT_EN10MB,     14, 12 },
	{ DLT_LINUX_SLL,  16, 14 },
	{ DLT_LINUX_SLL2, 20, 0  },
	{ DLT_NULL,       4,  -1 },
	{ DLT_LOOP,       4,  -1 },
};

#define VLAN 0x8100
#define VLAN_OCTETS 4

static const struct link_type *link_type_find(int type)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(link_types); i++)
		if (link_types[i].type == type)
			return &link_types[i];
	return NULL;
}

static bool is_ip(uint16_t ether_type)
{
	return ether_type == 0x0800 || ether_type == 0x86dd;
}

/* The IP packet in a frame; false if it holds none. */
static bool frame_ip(const struct link_type *link, struct bytes frame, struct bytes *ip)
{
	size_t header = link->header, at = (size_t)link->protocol_at;

	if (link->protocol_at >= 0) {
		if (frame.len < at + 2)
			return false;
		if (load_u16(frame.at + at) == VLAN && frame.len >= header + VLAN_OCTETS) {
			at += VLAN_OCTETS;
			header += VLAN_OCTETS;
		}
		if (!is_ip(load_u16(frame.at + at)))
			return false;
	}
	*ip = bytes_slice(frame, header, frame.len);
	return ip->len > 0;
}

bool capture_is(FILE *f)
{
	static const uint8_t magic[][4] = {
		{ 0xa1, 0xb2, 0xc3, 0xd4 }, { 0xd4, 0xc3, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0x3c, 0x4d },
		{ 0x4d, 0x3c, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0xcd, 0x34 }, { 0x34, 0xcd, 0xb2, 0xa1 },
		{ 0x0a, 0x0d, 0x0d, 0x0a },
	};
	uint8_t head[4];
	bool whole = fread(head, 1, sizeof(head), f) == sizeof(head);
	size_t i;

	rewind(f);
	for (i = 0; whole && i < ARRAY_LEN(magic); i++)
		if (memcmp(head, magic[i], sizeof(head)) == 0)
			return true;
	return false;
}

bool capture_read(FILE *f, const char *name, capture_packet *packet, void *ctx, struct why *why)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, error);
	const struct link_type *link;
	struct pcap_pkthdr *header;
	const u_char *octets;
	struct bytes ip;
	int rc;

	if (!p) {
		fclose(f);
		return why_set(why, "%s: no capture that can be read: %s", name, error);
	}
	link = link_type_find(pcap_datalink(p));
	if (!link) {
		why_set(why, "%s: link type %d holds no IP packets that are known here", name, pcap_datalink(p));
		pcap_close(p);
		return false;
	}
	while ((rc = pcap_next_ex(p, &header, &octets)) == 1)
		if (frame_ip(link, bytes_make(octets, header->caplen), &ip))
			packet(ctx, (usec)header->ts.tv_sec * USEC_S + (usec)header->ts.tv_usec / 1000, ip);
	if (rc == PCAP_ERROR)
		why_set(why, "%s: %s", name, pcap_geterr(p));
	pcap_close(p);
	return rc != PCAP_ERROR;
}
