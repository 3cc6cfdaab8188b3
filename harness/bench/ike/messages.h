/*
 * The messages of a handshake, kept as octets with the keys that open them, and what is done with one.
 */
#ifndef IKE_MESSAGES_H
#define IKE_MESSAGES_H

#include "pair.h"

enum ike_job { JOB_DECODE, JOB_ENCODE, JOB_OPEN, JOB_SEAL, JOB_REENCODE, JOBS };
struct ike_specimen {
	const char *name;       /* "IKE_AUTH request" */
	bool sealed;
	struct bytes octets;
	struct message_keys open, seal;
};
#define SPECIMENS 8
struct specimens {
	struct ike_pair pair;
	struct ike_specimen rows[SPECIMENS];
	size_t count;
	struct arena *scratch;
	struct rng rng;
};
bool specimens_take(struct specimens *s, const char *suite, struct why *why);
void specimens_free(struct specimens *s);

const char *ike_job_name(enum ike_job job);
bool specimen_has(const struct ike_specimen *m, enum ike_job job);
/* The job once with all that must come before it; or (before) only what must. */
bool specimen_do(struct specimens *s, const struct ike_specimen *m, enum ike_job job, bool before);

#endif
