/* Reading captures through libpcap: any of the usual link types, handed over as IP packets. */
#include <pcap/pcap.h>

#include "captures/captures.h"

/* Octets of link header before the IP packet, and where its protocol number stands. */
struct link_type {
	int type;
	size_t header;
	int protocol_at;        /* of the EtherType; -1: none, the IP version decides */
};

static const struct link_type link_types[] = {
	{ DLT_RAW, 0, -1 },     { DLT_EN10MB, 14, 12 },        { DLT_LINUX_SLL, 16, 14 },
	{ DLT_LINUX_SLL2, 20, 0 }, { DLT_NULL, 4, -1 },        { DLT_IPV4, 0, -1 },
	{ DLT_IPV6, 0, -1 },    { 101, 0, -1 },
};

static const struct link_type *link_type_find(int type)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(link_types); i++)
		if (link_types[i].type == type)
			return &link_types[i];
	return NULL;
}

/* The IP packet in a frame; false if it holds none. */
static bool frame_ip(const struct link_type *link, struct bytes frame, struct bytes *ip)
{
	struct cursor c = cursor_over(frame);
	uint16_t ether_type;

	if (link->protocol_at >= 0) {
		if (!cursor_skip(&c, (size_t)link->protocol_at) || !cursor_u16(&c, &ether_type))
			return false;
		if (ether_type != 0x0800 && ether_type != 0x86dd)
			return false;
		c = cursor_over(frame);
	}
	if (!cursor_skip(&c, link->header) || c.left == 0)
		return false;
	*ip = cursor_rest(&c);
	return true;
}

bool capture_read(const char *path, capture_packet *packet, void *ctx, struct why *why)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	const struct link_type *link;
	struct pcap_pkthdr *header;
	const u_char *octets;
	struct bytes ip;
	int rc;

	if (!p)
		return why_set(why, "%s: no capture that can be read: %s", path, error);
	link = link_type_find(pcap_datalink(p));
	if (!link) {
		why_set(why, "%s: link type %d holds no IP packets that are known here", path, pcap_datalink(p));
		pcap_close(p);
		return false;
	}
	while ((rc = pcap_next_ex(p, &header, &octets)) == 1)
		if (frame_ip(link, bytes_make(octets, header->caplen), &ip))
			packet(ctx, (usec)header->ts.tv_sec * USEC_S + (usec)header->ts.tv_usec / 1000, ip);
	if (rc == PCAP_ERROR)
		why_set(why, "%s: %s", path, pcap_geterr(p));
	pcap_close(p);
	return rc != PCAP_ERROR;
}
