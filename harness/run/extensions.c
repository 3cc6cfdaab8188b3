/*
 * What both ends announce beyond the core of IKEv2: the target what its profile says, a tester exactly
 * what its scenario needs.
 */
#include "inside.h"

#include <stdlib.h>

#define TESTER_WINDOW 2
#define PROBE_SENDINGS 2
#define TARGET_WINDOW 4 /* unless the profile says another */

static bool needed(const struct run *r, const char *feature)
{
	for (size_t i = 0; i < r->scenario->need_count; i++)
		if (strcmp(r->scenario->needs[i].feature, feature) == 0)
			return true;
	return r->announces;
}

/* Whether a signature had to be made otherwise is for the scenario to judge: our own end takes it. */
static void be_lenient(struct endpoint_config *c)
{
	static const char *const checks_of_scenarios[] = { "signature-hash", "signature-method" };

	for (size_t i = 0; i < ARRAY_LEN(checks_of_scenarios); i++) {
		int n = check_find(checks_of_scenarios[i]);

		c->omit[n / 64] |= UINT64_C(1) << (n % 64);
	}
}

void tester_extensions(const struct run *r, struct endpoint_config *c)
{
	be_lenient(c);
	c->encapsulate = r->encapsulates;
	c->window = needed(r, "window-size") ? TESTER_WINDOW : 0;
	c->fragmentation.offered = needed(r, "fragmentation");
}

/* The value of the feature is the largest IP datagram that is sent.  Where the path is to be probed it begins
 * with that of fragment-probe, and becomes smaller after two sendings. */
static void fragmentation(const struct run *r, struct fragmentation *out)
{
	const struct profile *p = r->options->profile;
	const char *octets = profile_feature(p, "fragmentation");
	const char *probe = profile_feature(p, "fragment-probe");
	bool probes = probe && needed(r, "fragment-probe");

	out->offered = octets != NULL;
	if (octets)
		out->octets = strtoul(probes ? probe : octets, NULL, 10);
	out->probes = probes ? PROBE_SENDINGS : 0;
}

/* In a scenario that does not speak of it the built-in target keeps quiet about its window: two
 * requests at a time are another order of things than most scenarios mean. */
void target_extensions(const struct run *r, struct endpoint_config *c)
{
	const char *window = profile_feature(r->options->profile, "window-size");
	const char *threshold = profile_feature(r->options->profile, "cookies-half-open");

	if (window && needed(r, "window-size"))
		c->window = *window ? (unsigned)strtoul(window, NULL, 10) : TARGET_WINDOW;
	c->tells_message_id = true;
	if (threshold && needed(r, "cookies-half-open"))
		c->cookie_threshold = (unsigned)strtoul(threshold, NULL, 10);
	fragmentation(r, &c->fragmentation);
}
