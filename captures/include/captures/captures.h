/*
 * Captures of a run: one pcapng file a case, with a comment at each edited and each failing packet,
 * and a Wireshark configuration folder with the keys, so that everything opens decrypted.
 *
 * A listener of the event log.  Each packet stands once, as its sender sent it, on an interface named
 * after its sender; what the link lost says so.  Times are the world's, octets never depend on the machine.
 */
#ifndef CAPTURES_CAPTURES_H
#define CAPTURES_CAPTURES_H

#include <stdio.h>

#include "base/event.h"
#include "base/why.h"

enum capture_keep { CAPTURE_ALWAYS, CAPTURE_FAILED, CAPTURE_NEVER };

struct captures;
/* Writes to DIR/captures/ID.pcapng (several targets: DIR/captures/TARGET/ID.pcapng) and DIR/wireshark/;
 * makes the folders.  keys false: no key files.  NULL with why. */
struct captures *captures_new(const char *dir, enum capture_keep keep, bool keys, bool per_target,
			      struct why *why);
/* The listener: event_listen(log, captures_hear, captures). */
void captures_hear(void *captures, const struct event *e);
/* Writes the key files; false with why (the first thing that could not be written, also before). */
bool captures_finish(struct captures *c, struct why *why);
void captures_free(struct captures *c);
/* The file of a case, relative to DIR; returns text. */
char *captures_path(const struct captures *c, const char *target, const char *id, char *text, size_t cap);

/* ------------------------------------------------------------ single files */

struct pcapng;
/* A new file; NULL with why.  Times in nanoseconds. */
struct pcapng *pcapng_create(const char *path, struct why *why);
/* The number of the interface of that name, made when it is new. */
unsigned pcapng_interface(struct pcapng *p, const char *name);
/* An IP packet; comment may be NULL; UTF-8. */
void pcapng_packet(struct pcapng *p, unsigned interface, usec time, struct bytes ip, const char *comment);
/* What was written is in the file. */
void pcapng_flush(struct pcapng *p);

/* Captures by the million: packets of one length that went at one time, of which the first octets are kept. */
#define PCAPNG_CUT 128u
struct pcapng_run {
	unsigned interface;
	uint64_t ns;            /* time */
	struct bytes head;      /* what stands before each of them: the headers that a kernel makes */
	const uint8_t *at;      /* the first; each `stride` octets behind the one before it */
	size_t len, stride, count;
};
/* A new file with a large buffer; NULL with why. */
struct pcapng *pcapng_create_large(const char *path, struct why *why);
/* Keeps PCAPNG_CUT octets of each, head included; a longer head is refused in silence. */
void pcapng_cut(struct pcapng *p, const struct pcapng_run *r);
/* False with why if anything could not be written. */
bool pcapng_close(struct pcapng *p, struct why *why);

/*
 * Of an endpoint that runs on: packets go to the file and keys to the tables of a Wireshark configuration folder as
 * they come (each may be NULL), so that both can be opened meanwhile.  epoch: the time of day of the world's 0.
 */
struct live;
struct live *live_new(const char *file, const char *keys, usec epoch, struct why *why);
/* The listener. */
void live_hear(void *live, const struct event *e);
/* False with why if anything could not be written. */
bool live_close(struct live *l, struct why *why);

/* Does the file begin like a capture?  It is rewound. */
bool capture_is(FILE *f);
/* Reads pcap or pcapng (libpcap) and closes f; each IP packet is handed over, link headers taken off, what is no
 * IP left out.  False with why if the file is none, is damaged (what came before was handed over), or has a link
 * type that holds no IP. */
typedef void capture_packet(void *ctx, usec time, struct bytes ip);
bool capture_read(FILE *f, const char *name, capture_packet *packet, void *ctx, struct why *why);

/* ------------------------------------------------------------ Wireshark's tables */

/* A row of ikev2_decryption_table or esp_sa with its newline; false if Wireshark has no name for the suite.
 * An ESP row holds for any address, for a NAT may stand between; the SPIs of a run do not repeat. */
bool wireshark_ike_row(const struct event_ike_keys *keys, char *text, size_t cap);
bool wireshark_esp_row(const struct event_child_keys *keys, char *text, size_t cap);
/* The keys of a table again (for `explain`): calls back once a row that is understood.  False with why if the
 * folder holds neither table. */
typedef void wireshark_ike_found(void *ctx, const struct event_ike_keys *keys);
typedef void wireshark_esp_found(void *ctx, const struct event_child_keys *keys);
bool wireshark_read(const char *folder, wireshark_ike_found *ike, wireshark_esp_found *esp, void *ctx,
		    struct why *why);

#endif
