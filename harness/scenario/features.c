/* What a profile may say of a target, and what a scenario may need. */
#include <stdio.h>

#include "expr.h"
#include "mean.h"

static const char *const features[] = {
	/* the data plane */
	"dataplane", "esn", "plain-esp", "udp-encap", "ipv6", "transport", "replay-window", "esp-suites",
	"esp-transforms", "tfc",
	/* IKE */
	"ike-suites", "ike-transforms", "groups", "cookies", "cookies-half-open", "liveness", "keepalive", "initial-contact", "childless",
	"retransmit-first", "retransmit-factor", "retransmit-sendings", "gives-up", "half-open", "unique-ids",
	"ike-lifetime", "ike-lifetime-hard", "child-lifetime", "child-lifetime-hard",
	"child-packets", "child-packets-hard", "child-octets", "child-octets-hard", "lifetime-jitter",
	"window-size", "narrowing", "rekey", "child-limit", "pfs",
	/* extensions */
	"fragmentation", "fragment-probe", "mobike", "redirect", "resumption", "ppk", "config", "eap", "certificate",
	"signature-auth", "intermediate", "multiple-ke", "quick-crash-detection", "tcp", "null-auth",
	/* the target's driver and the world */
	"virtual-time", "restart", "kill", "ping", "logs", "user-mode-linux", "faults", "oracles",
};

/* "group.x25519", "control.rekey-child", and "x-..." for what is one's own. */
static const char *const families[] = { "group.", "control.", "suite.", "x-" };

bool feature_known(struct library *l, const char *name, const char **hint)
{
	*hint = "";
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (strcmp(features[i], name) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (strncmp(families[i], name, strlen(families[i])) == 0 &&
		    name[strlen(families[i])] != '\0')
			return true;
	*hint = did_you_mean(l, name, features, ARRAY_LEN(features));
	return false;
}
