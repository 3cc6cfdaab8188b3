/* Real targets: slots of a driver, one TUN device, many worlds on it. */
#include "suite.h"

bool suite_run_real(struct test_suite *s, struct why *why)
{
	return why_set(why, "target %s: real targets are not built yet", s->options.profile->id);
}

void real_host_free(struct real_host *h)
{
	(void)h;
}
