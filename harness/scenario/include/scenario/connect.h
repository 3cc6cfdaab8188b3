/*
 * From the connections of a profile to those of an endpoint, as either of its ends: identities,
 * secrets, suites, selectors and addresses.
 *
 * Everything made belongs to the arena and borrows from the profile.
 */
#ifndef SCENARIO_CONNECT_H
#define SCENARIO_CONNECT_H

#include "ikev2/endpoint.h"
#include "scenario/scenario.h"

struct connecting {
	const struct profile *profile;
	const struct scope *scope;      /* of secrets: "env:", "file:", variables */
	struct arena *arena;
};
/* Without addresses, which connection_ends sets. */
bool connection_from_profile(const struct connecting *x, const struct profile_connection *pc,
			     bool tester_side, struct connection *out, struct why *why);
/* The addresses and ports of the n-th tester and of the target, of the tester's family. */
bool connection_ends(const struct profile *p, size_t tester, bool tester_side,
		     struct connection *out, struct why *why);
/* Selectors of the outer addresses: what transport mode is for. */
void connection_hosts(struct connection *out);
/* The connection of that name; NULL: the first. */
const struct profile_connection *profile_connection_find(const struct profile *p, const char *name);
/* "text:...", "hex:...", "env:..." and so on; anything else is the octets themselves. */
bool secret_octets(const struct connecting *x, const char *text, struct bytes *out, struct why *why);
/* Addresses between spaces, as many as there is room for. */
bool addresses_parse(struct arena *a, const char *text, struct address *out, size_t cap,
		     size_t *count, struct why *why);

#endif
