/* How long it takes to receive, open, seal and send, beside a bare UDP echo of the same size. */
#ifndef WIRE_TURN_ROUND_H
#define WIRE_TURN_ROUND_H

#include "bench/wire.h"

/* Against the built-in target, one packet at a time, both ends busy polling, in turns. */
bool turn_round(const struct wire_plan *p, const struct bench_watch *w, struct wire_latency *bare,
		struct wire_latency *esp, struct why *why);

#endif
