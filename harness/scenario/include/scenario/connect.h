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

struct authority;
struct connecting {
	const struct profile *profile;
	const struct scope *scope;      /* of secrets: "env:", "file:", variables */
	struct arena *arena;
	struct authority *authority;    /* issues certificates; NULL: none can be had */
};
/* Without addresses, which connection_ends sets. */
bool connection_from_profile(const struct connecting *x, const struct profile_connection *pc,
			     bool tester_side, struct connection *out, struct why *why);
/* The addresses and ports of the n-th tester and of the target, of the tester's family. */
bool connection_ends(const struct profile *p, size_t tester, bool tester_side,
		     struct connection *out, struct why *why);
/* Selectors of a client that asks for inner addresses, and of who gives them from its pools. */
void connection_asks(struct connection *out);
void connection_gives(struct connection *out);
/* Selectors of the outer addresses: what transport mode is for. */
void connection_hosts(struct connection *out);
/* The connection of that name; NULL: the first. */
const struct profile_connection *profile_connection_find(const struct profile *p, const char *name);
/* "text:...", "hex:...", "env:..." and so on; anything else is the octets themselves. */
bool secret_octets(const struct connecting *x, const char *text, struct bytes *out, struct why *why);
/* Addresses between spaces, as many as there is room for. */
bool addresses_parse(struct arena *a, const char *text, struct address *out, size_t cap,
		     size_t *count, struct why *why);

/*
 * How both ends prove who they are, by the profile, for the identities that the connection has by now.
 * connection_from_profile does it too; once more where identities are replaced.
 */
bool connection_prove(const struct connecting *x, const struct profile_connection *pc, bool tester_side,
		      struct connection *c, struct why *why);
/* What a scenario's tester says instead; NULL: as it is. */
struct proof_words {
	const char *auth, *certificate, *signature, *hashes;
};
bool connection_prove_otherwise(const struct connecting *x, const struct profile_connection *pc,
				const struct proof_words *w, struct connection *c, struct why *why);
/*
 * A certificate by name: one of the profile, or words that name a kind of key and a kind of certificate of the
 * test authority ("ecdsa256", "expired", "rsa chain-of-four").  What `then` does not name is as `first` has it.
 */
bool certificate_credentials(const struct connecting *x, const char *first, const char *then, bool tester,
			     const struct identity *id, struct credentials *out, struct why *why);
/* A signature scheme by name, or "old": by the method of the key, never 14. */
bool signature_word(const char *text, struct credentials *out, struct why *why);
/* "sha2-256 identity", "none": HASH_BITs. */
bool hashes_parse(struct arena *a, const char *text, unsigned *out, struct why *why);

#endif
