/* A target that somebody else runs (drivers exec and none): its addresses and commands are the profile's, the
 * tester's end of the wire is UDP sockets. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

bool host_is_foreign(const struct profile *p)
{
	return !p->driver || strcmp(p->driver, "exec") == 0 || strcmp(p->driver, "none") == 0;
}

bool host_is_ours(const struct profile *p)
{
	return !host_is_foreign(p) && !p->standing;
}

static size_t testers_of(const struct profile *p, uint8_t family)
{
	struct address a;
	size_t count = 0;

	for (size_t i = 0; i < p->tester_count; i++)
		count += address_parse(p->testers[i], &a) && a.family == family;
	return count;
}

size_t foreign_slots(const struct profile *p)
{
	size_t four = testers_of(p, 4), six = testers_of(p, 6);

	return four > six ? four : six;
}

/* The first word of a list; true if there is one that fits. */
static bool first_word(const char *text, char *out, size_t cap)
{
	size_t len = text ? strcspn(text, " ") : 0;

	snprintf(out, cap, "%.*s", (int)len, text ? text : "");
	return len > 0 && len < cap;
}

/* What is inside, by the first connection of the profile. */
static void inside(const struct profile *p, struct target_child *child)
{
	const struct profile_connection *pc = &p->connections[0];
	char word[ADDRESS_TEXT];

	if (first_word(pc->tester.inner, word, sizeof word))
		address_parse(word, &child->tester);
	if (first_word(pc->target.inner, word, sizeof word))
		address_parse(word, &child->target);
	first_word(pc->tester.selectors, child->tester_selector, sizeof child->tester_selector);
	first_word(pc->target.selectors, child->target_selector, sizeof child->target_selector);
}

static void add_connection(struct target_config *config, const struct profile *p, size_t tester,
			   unsigned slot)
{
	struct target_connection *c = &config->connection[config->connections++];

	address_parse(p->testers[tester], &c->tester);
	address_parse(c->tester.family == 6 ? p->address6 : p->address, &c->target);
	snprintf(c->name, sizeof c->name, c->tester.family == 6 ? "s%u-ip6" : "s%u", slot);
	snprintf(c->title, sizeof c->title, "%s", p->connections[0].name);
	c->children = 1;
	inside(p, &c->child[0]);
}

static void take_commands(struct target_config *config, const struct profile *p)
{
	for (size_t i = 0; i < p->command_count; i++) {
		const struct profile_command *c = &p->commands[i];
		enum target_verb verb = strcmp(c->verb, "status") == 0 ? TARGET_PROBE
								       : target_verb_find(c->verb);

		if (verb == TARGET_VERBS)
			continue;
		config->command[verb] = c->text;
		config->command_limit[verb] = c->within;
	}
}

bool foreign_config(struct target_config *config, const struct profile *p, struct why *why)
{
	unsigned slots[2] = { 0, 0 };

	*config = (struct target_config){ 0 };
	config->connection = calloc(p->tester_count, sizeof *config->connection);
	config->command = calloc(TARGET_VERBS, sizeof *config->command);
	config->command_limit = calloc(TARGET_VERBS, sizeof *config->command_limit);
	if (!config->connection || !config->command || !config->command_limit)
		return why_set(why, "no memory for a target");
	address_parse(p->address, &config->target4);
	if (p->address6)
		address_parse(p->address6, &config->target6);
	for (size_t i = 0; i < p->tester_count; i++) {
		struct address a;

		if (!address_parse(p->testers[i], &a) || (a.family == 6 && !p->address6))
			continue;
		add_connection(config, p, i, ++slots[a.family == 6]);
	}
	take_commands(config, p);
	return true;
}

/* Each address of a tester with its two ports. */
struct real *foreign_device(const struct profile *p, struct why *why)
{
	struct address *locals = calloc(2 * p->tester_count, sizeof *locals);
	struct real *real = NULL;
	size_t count = 0;

	for (size_t i = 0; locals && i < p->tester_count; i++) {
		struct address a;

		if (!address_parse(p->testers[i], &a) || (a.family == 6 && !p->address6))
			continue;
		a.port = p->tester_ports[i].ike;
		locals[count++] = a;
		a.port = p->tester_ports[i].nat;
		locals[count++] = a;
	}
	if (locals)
		real = real_over_udp(locals, count, why);
	else
		why_set(why, "no memory for sockets");
	free(locals);
	return real;
}

bool foreign_connection(struct run *r, const struct target_connection *tc, struct connection *c,
			struct why *why)
{
	const struct profile *p = r->options->profile;
	struct address a;

	for (size_t i = 0; i < p->tester_count; i++)
		if (address_parse(p->testers[i], &a) && address_same_host(&a, &tc->tester))
			return connection_ends(p, i, true, c, why);
	return why_set(why, "the profile has no tester %s", tc->name);
}
