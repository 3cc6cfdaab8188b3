/* The time from the first request of a handshake until an ESP packet under its Child SA came back. */
#ifndef IKE_FIRST_PACKET_H
#define IKE_FIRST_PACKET_H

#include "bench/ike-load.h"

bool first_packets(const struct load_plan *p, const struct bench_watch *w, struct load_times *out, struct why *why);

#endif
