/*
 * Edits live in base/edit.h, for ESP, UDP and IP trees use the same engine; here is only which phase
 * of an IKE message an edit belongs to.
 *
 * Phases (edits apply from top to bottom within each): INNER, the payload chain; DERIVED, what is
 * computed around it (AUTH, lengths, padding, SK fields before encryption); OUTER, the header, ICV,
 * fragments; LATER, the UDP and IP headers (not ours); DATAGRAM, the finished octets.
 */
#ifndef IKEV2_EDIT_H
#define IKEV2_EDIT_H

#include "base/edit.h"

enum edit_phase { EDIT_INNER, EDIT_DERIVED, EDIT_OUTER, EDIT_LATER, EDIT_DATAGRAM };

enum edit_phase edit_phase_of(const struct edit *e);

#endif
