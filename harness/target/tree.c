#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYOUT "3\n"             /* that of ci/targets/tree */

bool tree_find(struct target *target, struct why *why)
{
	const char *folder = getenv("IKESPEC_TARGETS");
	const char *name = target->config->tree[0] ? target->config->tree : target->name;
	char real[4096], layout[16];

	snprintf(target->tree, sizeof(target->tree), "%s/%s",
		folder && folder[0] ? folder : "/var/cache/ikespec/targets", name);
	if (file_read(target->tree, ".ikespec-tree", layout, sizeof(layout)) < 0 ||
	    strcmp(layout, LAYOUT) != 0)
		return why_set(why, "there is no tree %s; make it with: ci/targets/tree %s",
			target->tree, name);
	if (!realpath(target->tree, real) || strlen(real) >= sizeof(target->tree))
		return why_set(why, "%s: %s", target->tree, strerror(errno));
	strcpy(target->tree, real);
	return true;
}
