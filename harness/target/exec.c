#include "internal.h"

#include <string.h>

/*
 * "exec": a target that somebody else runs, and whose orders are commands of a profile.  They run
 * here, with CONNECTION (the profile's name for it), SLOT (s1, s2-ip6), TARGET, TESTER (outer addresses), TARGET_INNER
 * and TESTER_INNER in the environment, and are ended when their time is over.  "none" takes no order.
 */

#define COMMAND_LIMIT (25 * USEC_S)

static const struct target_facts exec_facts = { .driver = "exec", .version = "" };
static const struct target_facts none_facts = { .driver = "none", .version = "" };

static const struct target_facts *facts_exec(const char *version)
{
	return version[0] ? NULL : &exec_facts;
}

static const struct target_facts *facts_none(const char *version)
{
	return version[0] ? NULL : &none_facts;
}

static bool write_exec(const struct target *target, struct room *room, struct why *why)
{
	const char **command = target->config->command;

	room->tree = NULL;
	for (enum target_verb verb = 0; command && verb < TARGET_VERBS; verb++)
		if (command[verb] && !file_write(target->directory, target_verb_name(verb), 0600,
				command[verb], why))
			return false;
	return file_write(target->directory, "first", 0600, exec_script, why);
}

static bool line_exec(const struct target *target, enum target_verb verb,
		const struct target_connection *c, const struct target_child *child, char *line,
		size_t cap)
{
	char from[ADDRESS_TEXT] = "", to[ADDRESS_TEXT] = "", tester[ADDRESS_TEXT] = "", own[ADDRESS_TEXT] = "";
	usec limit = target->config->command_limit ? target->config->command_limit[verb] : 0;

	if (!target->config->command || !target->config->command[verb])
		return false;
	if (child) {
		address_print(&child->target, from);
		address_print(&child->tester, to);
	}
	if (c) {
		address_print(&c->tester, tester);
		address_print(&c->target, own);
	}
	snprintf(line, cap, "CONNECTION='%s' SLOT=%s%s TARGET=%s TESTER=%s TARGET_INNER=%s "
		"TESTER_INNER=%s timeout -k 2 %.3f sh \"$CTL/%s\"",
		c && c->title[0] ? c->title : c ? c->name : "", c ? c->name : "",
		child ? child->suffix : "", own, tester, from, to,
		(double)(limit ? limit : COMMAND_LIMIT) / USEC_S, target_verb_name(verb));
	return true;
}

static bool line_none(const struct target *target, enum target_verb verb,
		const struct target_connection *c, const struct target_child *child, char *line,
		size_t cap)
{
	(void)target;
	(void)verb;
	(void)c;
	(void)child;
	(void)line;
	(void)cap;
	return false;
}

const struct driver exec_driver = {
	.name = "exec",
	.facts = facts_exec,
	.write = write_exec,
	.line = line_exec,
};

const struct driver none_driver = {
	.name = "none",
	.facts = facts_none,
	.write = write_exec,
	.line = line_none,
};
