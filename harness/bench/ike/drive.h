/*
 * The tester drives handshakes, rekeys, liveness checks and Deletes over a stand, a window of them at
 * a time, and takes their times.
 */
#ifndef IKE_DRIVE_H
#define IKE_DRIVE_H

#include "../wire/histogram.h"
#include "stand.h"

struct attempt { /* what is under way */
	bool used;
	uint64_t spi, begun;
};
struct drive {
	struct stand *stand;
	struct attempt under_way[LOAD_WINDOW];
	unsigned window, count;
	enum { DRIVE_HANDSHAKES, DRIVE_CHILDREN, DRIVE_REKEYS, DRIVE_DELETES, DRIVE_LIVENESS } job;
	uint64_t *held; /* SPIs of the IKE SAs that stand */
	size_t held_count, held_room;
	size_t next;    /* of held: whose turn it is, where each has one */
	size_t serial;  /* of handshakes: the connection */
	size_t most;    /* IKE SAs that are to be held; 0: as many as come */
	uint64_t sweep_at;
	struct load_rate rate;
	struct histogram times;
	uint64_t limit; /* when it is to end whatever it does */
	struct why trouble;
};
bool drive_begin(struct drive *d, struct stand *s, uint64_t limit);
void drive_end(struct drive *d);

/* Handshakes with a window for so many seconds; the first tenth more is not counted. */
bool drive_handshakes(struct drive *d, unsigned window, double seconds, struct load_rate *out, struct why *why);
/* Until that many IKE SAs are held or attempts fail. */
bool drive_hold(struct drive *d, unsigned window, unsigned wanted, struct load_hold *out, struct why *why);
/* Rekeys of as many SAs as the window is wide, for so many seconds. */
bool drive_rekeys(struct drive *d, bool ike, unsigned window, double seconds, struct load_rate *out, struct why *why);
/* Each SA is asked whether it lives, once; how many answered. */
bool drive_liveness(struct drive *d, unsigned window, uint64_t *answered, struct why *why);
/* All SAs are deleted, and forgotten even where the target does not answer. */
bool drive_deletes(struct drive *d, unsigned window, struct why *why);

void times_of(const struct histogram *h, struct load_times *out);

#endif
