/*
 * The NATs of a world: one in front of each tester that has one, with a table of mappings.
 *
 * Full cone: a mapping is made by the first packet of a flow outwards, and whoever sends to its
 * outside finds the inside.  Mappings are never forgotten: a new NAT makes new ones beside the old.
 */
#ifndef WORLD_NAT_H
#define WORLD_NAT_H

#include "base/address.h"

#define NAT_RULES 256
#define NAT_MAPPINGS 4096
#define NAT_FIRST_PORT 31000

struct nat_rule {
	const void *owner;
	struct address outside;         /* port 0: ports from NAT_FIRST_PORT up */
	struct address inside;          /* that last used it, for what has no ports */
	bool on;                        /* the NAT that the owner has now */
	uint16_t next;                  /* port of the next flow */
};

struct nat_mapping {
	size_t rule;
	uint16_t outside_port;
	struct address inside;
};

struct nat {
	struct nat_rule rules[NAT_RULES];
	size_t rule_count;
	struct nat_mapping *mappings;
	size_t count, cap;
};

void nat_free(struct nat *n);
/* A new NAT in front of the owner; NULL: none from now on.  False if the table is full. */
bool nat_set(struct nat *n, const void *owner, const struct address *outside);
enum nat_verdict { NAT_NONE, NAT_MAPPED, NAT_FULL };
/* What a packet from an inside address (port 0: it has no ports) leaves as. */
enum nat_verdict nat_out(struct nat *n, const void *owner, const struct address *inside,
			 struct address *outside);
/* Is it an outside address of some NAT?  Then its owner, and whether something is mapped. */
const void *nat_in(const struct nat *n, const struct address *to, struct address *inside,
		   bool *mapped);

#endif
