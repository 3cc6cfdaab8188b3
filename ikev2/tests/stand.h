/*
 * A stepped tester (LEFT) before an automatic target (RIGHT), and edits written as text.
 */
#ifndef STAND_H
#define STAND_H

#include "pair.h"

#define EDITS 6

/* "set KE.length 65535", "drop N(COOKIE)", "add PAYLOAD(200) critical=1 data=hex:00", "corrupt
 * SK.icv", "truncate 20", "copy Ni"; several with ';' between.  Numbers, hex:, ones:N, zero:N. */
struct edit_text {
	struct edit rows[EDITS];
	struct edit_field fields[EDITS][4];
	struct edits edits;
	char text[400];
};
const struct edits *edits_of(struct edit_text *t, const char *text);

struct pair *stand_new(const struct pair_setup *setup);
/* Sends from the tester; what the target answers is looked at.  The last of it, or NULL. */
struct seen *stand_send(struct pair *p, const struct sending *s);
struct seen *stand_ask(struct pair *p, enum purpose purpose, const char *edits);
/* Of INFORMATIONAL exchanges: the response is taken too.  True if there was one. */
bool stand_done(struct pair *p, enum purpose purpose, const char *edits);
/* What the target has put out, as seen by the tester; the last, or NULL. */
struct seen *stand_hear(struct pair *p);
void stand_take(struct pair *p, struct seen *s);
/* An honest handshake up to the established SA; the tester initiates, or the target. */
bool stand_establish(struct pair *p);
bool stand_answer_handshake(struct pair *p, const char *init_edits, const char *auth_edits);
/* "silence", "ok", "INVALID_SYNTAX", "sealed". */
const char *stand_outcome(const struct seen *s);

#endif
