/*
 * IP packets as trees of named fields, for edits: "IP.ttl", "UDP.source", "INNER.destination".
 *
 * Lengths and checksums that were right before an edit follow it; those that were wrong stay.
 */
#ifndef ESP_IP_TREE_H
#define ESP_IP_TREE_H

#include "esp/inner.h"

/* Do the data of a UDP packet begin with a non-ESP marker (RFC 3948 2.2)?  Never on port 500. */
bool udp_marked(const struct address *from, const struct address *to, struct bytes data);
/* Applies the edits of IP.* and UDP.* to a finished packet; NULL or none: leaves it alone. */
bool ip_edit_outer(struct arena *a, const struct edits *edits, struct bytes *packet,
		   struct why *why);
/* Applies the edits of INNER.*. */
bool ip_edit_inner(struct arena *a, const struct edits *edits, struct bytes *packet,
		   struct why *why);
/* Is this edit one of a field or part below the root? */
bool edit_is_below(const struct edit *e, const char *root);

#endif
