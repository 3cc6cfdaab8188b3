/*
 * The datagrams of a capture once more, as they were, to the target of a profile and to nothing else.
 *
 * Addresses and ports become those of the profile; every other octet stays.  What comes back is told,
 * and not answered.
 */
#ifndef PEER_REPLAY_H
#define PEER_REPLAY_H

#include "peer/peer.h"

struct replay_packet {
	usec time;                      /* of the capture */
	struct bytes ip;
};
struct replay_options {
	struct crypto *crypto;
	const struct profile *profile;
	const struct replay_packet *packets;    /* of one sender, in their order */
	size_t count;
	double speed;                   /* of the gaps: 2 is twice as fast; 0: by gap */
	usec gap;                       /* between all of them */
	usec wait;                      /* for answers, after the last one */
	struct event_log *log;
	peer_line *line;                /* sent and received messages; may be NULL */
	void *line_ctx;
	int signals;                    /* readable: no more; -1: none */
};
struct replay_figures {
	size_t sent, refused;           /* by our own network */
	size_t left_out;                /* neither whole IKE nor ESP, or of a family that the profile has not */
	size_t answers;
	bool interrupted;
};
/* False with why if it could not begin. */
bool replay_run(const struct replay_options *o, struct replay_figures *out, struct why *why);

#endif
