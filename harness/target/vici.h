/*
 * A client of charon's vici socket: orders in a queue, one under way, never waiting.
 *
 * What comes back is kept as text in the form of `swanctl --raw`, a line for each message:
 * "list-sa event {s1 {uniqueid=1 ...}}".
 */
#ifndef TARGET_VICI_H
#define TARGET_VICI_H

#include "internal.h"

struct vici;

/* path of the socket; NULL if there is no memory. */
struct vici *vici_new(const char *path);
void vici_free(struct vici *vici);
/* -1 while there is no connection. */
int vici_fd(const struct vici *vici);

/* A request: its command and pairs of key and value, all of it copied.  False if too many wait. */
bool vici_ask(struct vici *vici, unsigned tag, const char *command, const char *const (*pairs)[2],
		size_t count);
/* Sends the first of the queue, if none is under way. */
void vici_send(struct vici *vici);
/* Moves things along. */
void vici_pump(struct vici *vici);
/* The next answer, if there is one: its tag, whether it succeeded, its text until the next call. */
bool vici_answer(struct vici *vici, unsigned *tag, bool *good, const char **text);
/* Gives up what is asked for; for an answer that does not come. */
void vici_drop(struct vici *vici, unsigned tag);

#endif
