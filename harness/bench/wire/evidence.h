/*
 * A capture of what crosses a port, the first octets of each packet, written by the thread that
 * sends and receives: nothing can be lost, and what a kernel joined or cut does not show.
 */
#ifndef WIRE_EVIDENCE_H
#define WIRE_EVIDENCE_H

#include <stdbool.h>

#include "base/why.h"
#include "port.h"

struct evidence;
/* NULL with why. */
struct evidence *evidence_create(const char *path, struct why *why);
/* Packets as they were handed to the port (sent) or came from it; ns: when. */
void evidence_sent(struct evidence *e, const struct port_burst *b, size_t headroom, size_t count, uint64_t ns);
void evidence_received(struct evidence *e, const struct port_parcel *p, uint64_t ns);
/* False with why if anything could not be written. */
bool evidence_close(struct evidence *e, struct why *why);

#endif
