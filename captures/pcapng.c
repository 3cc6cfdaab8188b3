/*
 * pcapng files (draft-ietf-opsawg-pcapng): section header, one interface per sender, enhanced packets.
 *
 * The link type is Ethernet, with a header of our own making: libpcap cannot read raw IP from more than one
 * interface (it compares LINKTYPE_RAW with DLT_RAW), and other link types hold but one version of IP.
 */
#define _GNU_SOURCE
#include "captures/captures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_NAME = 2, OPTION_USER_APPLICATION = 4, OPTION_RESOLUTION = 9 };
enum { LINKTYPE_ETHERNET = 1, ETHERNET_OCTETS = 14 };
#define INTERFACES 16
#define NAME_OCTETS 32
#define MILLION_OCTETS ((size_t)1 << 20) /* of a write of captures by the million */

struct pcapng {
	FILE *file;
	char path[1400];
	char names[INTERFACES][NAME_OCTETS];
	unsigned interfaces;
	bool failed;
};

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put(struct pcapng *p, const void *at, size_t len)
{
	if (len > 0 && fwrite(at, 1, len, p->file) != len)
		p->failed = true;
}

/* Little-endian whatever the machine, so that files are the same everywhere. */
static void put_u32(struct pcapng *p, uint32_t v)
{
	uint8_t o[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	put(p, o, sizeof(o));
}

static void put_u16_pair(struct pcapng *p, uint16_t a, uint16_t b)
{
	put_u32(p, a | (uint32_t)b << 16);
}

static void put_padded(struct pcapng *p, struct bytes b)
{
	static const uint8_t zero[4];

	put(p, b.at, b.len);
	put(p, zero, padded(b.len) - b.len);
}

static size_t option_size(size_t len)
{
	return 4 + padded(len);
}

static void put_option(struct pcapng *p, uint16_t code, struct bytes value)
{
	put_u16_pair(p, code, (uint16_t)value.len);
	put_padded(p, value);
}

static void put_section(struct pcapng *p)
{
	struct bytes application = bytes_text("ikespec");
	uint32_t len = (uint32_t)(28 + option_size(application.len) + 4);

	put_u32(p, BLOCK_SECTION);
	put_u32(p, len);
	put_u32(p, 0x1a2b3c4d);
	put_u16_pair(p, 1, 0);
	put_u32(p, UINT32_MAX);         /* length of the section: not given */
	put_u32(p, UINT32_MAX);
	put_option(p, OPTION_USER_APPLICATION, application);
	put_u16_pair(p, OPTION_END, 0);
	put_u32(p, len);
}

struct pcapng *pcapng_create_large(const char *path, struct why *why)
{
	struct pcapng *p = pcapng_create(path, why);

	if (p)
		setvbuf(p->file, NULL, _IOFBF, MILLION_OCTETS);
	return p;
}

struct pcapng *pcapng_create(const char *path, struct why *why)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (!p) {
		why_set(why, "no memory for a capture file");
		return NULL;
	}
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->file = fopen(path, "wb");
	if (!p->file) {
		why_set(why, "cannot write %s: %s", path, strerror(errno));
		free(p);
		return NULL;
	}
	put_section(p);
	return p;
}

static void put_interface(struct pcapng *p, const char *name)
{
	static const uint8_t nanoseconds[1] = { 9 };
	struct bytes text = bytes_text(name);
	uint32_t len = (uint32_t)(20 + option_size(text.len) + option_size(1) + 4);

	put_u32(p, BLOCK_INTERFACE);
	put_u32(p, len);
	put_u16_pair(p, LINKTYPE_ETHERNET, 0);
	put_u32(p, 0);                  /* no snapshot length */
	put_option(p, OPTION_NAME, text);
	put_option(p, OPTION_RESOLUTION, BYTES_OF(nanoseconds));
	put_u16_pair(p, OPTION_END, 0);
	put_u32(p, len);
}

unsigned pcapng_interface(struct pcapng *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->interfaces; i++)
		if (strncmp(p->names[i], name, NAME_OCTETS - 1) == 0)
			return i;
	if (p->interfaces == INTERFACES)
		return INTERFACES - 1;
	snprintf(p->names[i], NAME_OCTETS, "%s", name);
	put_interface(p, p->names[i]);
	p->interfaces++;
	return i;
}

/* Source: the number of the interface, from 1 on; destination: none. */
static void fill_ethernet(uint8_t header[static ETHERNET_OCTETS], unsigned interface, struct bytes ip)
{
	static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 0, 2 };
	bool six = ip.len > 0 && ip.at[0] >> 4 == 6;

	memcpy(header, addresses, sizeof(addresses));
	header[11] = (uint8_t)(interface + 1);
	store_u16(header + 12, six ? 0x86dd : 0x0800);
}

static void put_frame(struct pcapng *p, unsigned interface, struct bytes ip)
{
	static const uint8_t zero[3];
	uint8_t header[ETHERNET_OCTETS];

	fill_ethernet(header, interface, ip);
	put(p, header, sizeof(header));
	put(p, ip.at, ip.len);
	put(p, zero, padded(sizeof(header) + ip.len) - sizeof(header) - ip.len);
}

void pcapng_packet(struct pcapng *p, unsigned interface, usec time, struct bytes ip, const char *comment)
{
	struct bytes text = comment ? bytes_text(comment) : BYTES_NONE;
	uint32_t len, frame = (uint32_t)(ETHERNET_OCTETS + ip.len);
	uint64_t ns = time * 1000;

	if (text.len > UINT16_MAX)
		text.len = UINT16_MAX;
	len = (uint32_t)(32 + padded(frame) + (text.len ? option_size(text.len) + 4 : 0));
	put_u32(p, BLOCK_PACKET);
	put_u32(p, len);
	put_u32(p, interface);
	put_u32(p, (uint32_t)(ns >> 32));
	put_u32(p, (uint32_t)ns);
	put_u32(p, frame);
	put_u32(p, frame);
	put_frame(p, interface, ip);
	if (text.len > 0) {
		put_option(p, OPTION_COMMENT, text);
		put_u16_pair(p, OPTION_END, 0);
	}
	put_u32(p, len);
}

static void little_u32(uint8_t *at, uint64_t v)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

/* All of a block that does not change from packet to packet of a run; its length. */
static size_t fill_block(uint8_t *block, const struct pcapng_run *r, size_t kept)
{
	size_t frame = ETHERNET_OCTETS + r->head.len + kept, len = 32 + padded(frame);
	struct bytes first = r->head.len > 0 ? r->head : bytes_make(r->at, r->len);

	little_u32(block, BLOCK_PACKET);
	little_u32(block + 4, len);
	little_u32(block + 8, r->interface);
	little_u32(block + 12, r->ns >> 32);
	little_u32(block + 16, r->ns);
	little_u32(block + 20, frame);
	little_u32(block + 24, ETHERNET_OCTETS + r->head.len + r->len);
	fill_ethernet(block + 28, r->interface, first);
	if (r->head.len > 0)
		memcpy(block + 28 + ETHERNET_OCTETS, r->head.at, r->head.len);
	memset(block + 28 + frame, 0, padded(frame) - frame);
	little_u32(block + len - 4, len);
	return len;
}

/* Blocks are copies of the first one with other octets in it, and are written by the chunk. */
void pcapng_cut(struct pcapng *p, const struct pcapng_run *r)
{
	uint8_t block[28 + ETHERNET_OCTETS + PCAPNG_CUT + 3 + 4], chunk[16 * 1024];
	size_t head = r->head.len, room = head < PCAPNG_CUT ? PCAPNG_CUT - head : 0;
	size_t kept = r->len < room ? r->len : room, used = 0, len;

	if (head > PCAPNG_CUT)
		return;
	len = fill_block(block, r, kept);
	for (size_t i = 0; i < r->count; i++) {
		if (used + len > sizeof(chunk)) {
			put(p, chunk, used);
			used = 0;
		}
		memcpy(chunk + used, block, len);
		if (kept > 0)
			memcpy(chunk + used + 28 + ETHERNET_OCTETS + head, r->at + i * r->stride, kept);
		used += len;
	}
	put(p, chunk, used);
}

void pcapng_flush(struct pcapng *p)
{
	if (fflush(p->file) != 0)
		p->failed = true;
}

bool pcapng_close(struct pcapng *p, struct why *why)
{
	bool ok = !p->failed;

	if (fclose(p->file) != 0)
		ok = false;
	if (!ok)
		why_set(why, "cannot write %s: %s", p->path, errno ? strerror(errno) : "the disk is full");
	free(p);
	return ok;
}
