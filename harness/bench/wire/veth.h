/*
 * The way to the built-in target: a pair of veth devices in two namespaces, or loopback where there
 * is no privilege for them.
 */
#ifndef WIRE_VETH_H
#define WIRE_VETH_H

#include "port.h"

struct veth {
	struct port *tester, *target; /* whoever opened it frees them, also after false */
	struct address tester_at, target_at;
	const char *path; /* "veth", "loopback" */
};
/* plain: ESP as IP protocol 50. */
bool veth_open(struct veth *e, bool plain, enum port_method method, struct why *why);

#endif
