/*
 * Real targets: slots of a driver, one TUN device, many worlds on it.
 * (Being written right now by the engineer of the real targets, together with real-*.c, slots.c and
 * scenarios/profiles/{strongswan,libreswan}.xml: please leave these files alone.)
 */
#include "suite.h"

bool suite_run_real(struct test_suite *s, struct why *why)
{
	return why_set(why, "target %s: real targets are not built yet", s->options.profile->id);
}

void real_host_free(struct real_host *h)
{
	(void)h;
}
