#include "target/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 250

struct child_plan {
	const char *suffix;
	const char *target;             /* each with one %zu, the slot */
	const char *tester;
	const char *prefix;             /* of the networks that both are the first host of */
};

/* Over IPv4, then over IPv6: other inner networks, so that both may stand at the same time. */
static const struct child_plan child_plans[2][3] = {
	{
		{ "",      "10.2.%zu.1",      "10.1.%zu.1",      "/24" },
		{ "-six",  "fd00:2:0:%zu::1", "fd00:1:0:%zu::1", "/64" },
		{ "-more", "10.4.%zu.1",      "10.3.%zu.1",      "/24" },
	}, {
		{ "",      "10.6.%zu.1",      "10.5.%zu.1",      "/24" },
		{ "-six",  "fd00:4:0:%zu::1", "fd00:3:0:%zu::1", "/64" },
		{ "-more", "10.8.%zu.1",      "10.7.%zu.1",      "/24" },
	},
};

/* printf for the constant formats above, which all take the slot. */
static void fill(char *out, size_t cap, const char *format, size_t slot)
{
	const char *hole = strstr(format, "%zu");

	snprintf(out, cap, "%.*s%zu%s", (int)(hole - format), format, slot, hole + 3);
}

static struct address numbered(const char *format, size_t slot)
{
	struct address a = { 0 };
	char text[ADDRESS_TEXT];

	fill(text, sizeof(text), format, slot);
	address_parse(text, &a);
	return a;
}

/* The network that an address ending in 1 is the first host of. */
static void network_of(const struct address *host, const char *prefix,
		char selector[static TARGET_SELECTOR])
{
	struct address network = *host;
	char text[ADDRESS_TEXT];

	network.ip[network.family == 4 ? 3 : 15] = 0;
	snprintf(selector, TARGET_SELECTOR, "%.42s%s", address_print(&network, text), prefix);
}

static void fill_child(struct target_child *child, const struct child_plan *plan, size_t slot)
{
	snprintf(child->suffix, sizeof(child->suffix), "%s", plan->suffix);
	child->target = numbered(plan->target, slot);
	child->tester = numbered(plan->tester, slot);
	network_of(&child->target, plan->prefix, child->target_selector);
	network_of(&child->tester, plan->prefix, child->tester_selector);
}

/* ------------------------------------------------------------ variants */

static const char *const variants[TARGET_VARIANTS] = {
	[TARGET_PLAIN] = "plain",   [TARGET_TRANSPORT] = "transport", [TARGET_CHILDLESS] = "childless",
	[TARGET_POOL] = "pool",     [TARGET_CLIENT] = "client",       [TARGET_MOBIKE] = "mobike",
	[TARGET_SHORT_LIVED] = "short-lived", [TARGET_PFS] = "pfs",
	[TARGET_PROOF] = "proof",
};

bool target_child_dh(const struct target_connection *c, const struct target_child *child)
{
	return c->esp_dh || child->variant == TARGET_PFS;
}

const char *target_variant_name(enum target_variant variant)
{
	return variant < TARGET_VARIANTS ? variants[variant] : variants[TARGET_PLAIN];
}

enum target_variant target_variant_find(const char *name)
{
	for (size_t i = 0; name && i < TARGET_VARIANTS; i++)
		if (strcmp(variants[i], name) == 0)
			return (enum target_variant)i;
	return TARGET_PLAIN;
}

static void host_selector(const struct address *host, char selector[static TARGET_SELECTOR])
{
	char text[ADDRESS_TEXT];

	snprintf(selector, TARGET_SELECTOR, "%.42s%s", address_print(host, text),
		host->family == 4 ? "/32" : "/128");
}

/* The addresses that one end gives the other; a client has a network of its own to go to. */
static void fill_pool(struct target_child *child, enum target_variant variant, bool six, size_t slot)
{
	bool client = variant == TARGET_CLIENT;
	struct address first = numbered(client ? six ? "10.39.%zu.0" : "10.29.%zu.0"
					       : six ? "10.19.%zu.0" : "10.9.%zu.0", slot);
	char text[ADDRESS_TEXT];
	char *selector = client ? child->target_selector : child->tester_selector;

	snprintf(selector, TARGET_SELECTOR, "%.40s/28", address_print(&first, text));
	first.ip[3] = 1;
	*(client ? &child->target : &child->tester) = first;
	if (!client)
		return;
	child->tester = numbered(six ? "10.59.%zu.1" : "10.49.%zu.1", slot);
	network_of(&child->tester, "/24", child->tester_selector);
}

/* Networks of its own: a daemon that looks by selectors cannot take it for the plain child. */
static void fill_networks(struct target_child *child, bool six, size_t slot)
{
	static const uint8_t first[TARGET_VARIANTS] = {
		[TARGET_SHORT_LIVED] = 21, [TARGET_MOBIKE] = 25, [TARGET_PFS] = 61,
	};

	child->tester = numbered("10.0.%zu.1", slot);
	child->tester.ip[1] = (uint8_t)(first[child->variant] + 2 * six);
	child->target = child->tester;
	child->target.ip[1]++;
	network_of(&child->target, "/24", child->target_selector);
	network_of(&child->tester, "/24", child->tester_selector);
}

static void add_variant(struct target_connection *c, enum target_variant variant, size_t slot)
{
	struct target_child *child = &c->child[c->children];

	if (c->children == TARGET_CHILDREN)
		return;
	*child = c->child[0];
	child->variant = variant;
	snprintf(child->suffix, sizeof(child->suffix), "-%s", variants[variant]);
	snprintf(child->tester_id, sizeof(child->tester_id), "%.12s.%.40s", variants[variant],
		c->tester_id);
	if (variant == TARGET_TRANSPORT) {
		child->target = c->target;
		child->tester = c->tester;
		host_selector(&c->target, child->target_selector);
		host_selector(&c->tester, child->tester_selector);
	}
	if (variant == TARGET_SHORT_LIVED || variant == TARGET_MOBIKE || variant == TARGET_PFS)
		fill_networks(child, c->target.family == 6, slot);
	if (variant == TARGET_POOL || variant == TARGET_CLIENT)
		fill_pool(child, variant, c->target.family == 6, slot);
	c->children++;
}

/* A network of its own on the tester's side: a daemon may take another connection for the one that is meant. */
static void proof_network(struct target_child *child, size_t slot, size_t nth)
{
	child->tester = numbered("10.100.%zu.1", slot);
	child->tester.ip[1] = (uint8_t)(child->tester.ip[1] + nth);
	network_of(&child->tester, "/24", child->tester_selector);
}

static void add_proof(struct target_connection *c, const char *name, const struct target_child *how, size_t slot)
{
	struct target_child *child = &c->child[c->children];

	if (c->children == TARGET_CHILDREN)
		return;
	*child = c->child[0];
	child->variant = TARGET_PROOF;
	child->target_proof = how->target_proof;
	child->tester_proof = how->tester_proof;
	child->certificate = how->certificate;
	child->tester_key = how->tester_key;
	child->signature = how->signature;
	proof_network(child, slot, c->children);
	if (how->tester_proof == TARGET_BY_NOTHING) {
		child->outer_tester = numbered("198.18.0.%zu", slot);
		child->outer_tester.ip[2] = (uint8_t)c->children;
		address_parse(TARGET_FOR_NOBODY_4, &child->outer_target);
	}
	snprintf(child->suffix, sizeof(child->suffix), "-%.14s", name);
	snprintf(child->tester_id, sizeof(child->tester_id), "%.14s.%.40s", name, c->tester_id);
	c->children++;
}

void target_config_add_proof(struct target_config *config, const char *name, const struct target_child *how)
{
	for (size_t i = 0; i < config->connections; i++)
		if (config->connection[i].target.family == 4)
			add_proof(&config->connection[i], name, how, i / 2 + 1);
}

void target_config_add(struct target_config *config, enum target_variant variant)
{
	for (size_t i = 0; i < config->connections; i++)
		if (variant != TARGET_MOBIKE || config->connection[i].target.family == 4)
			add_variant(&config->connection[i], variant, i / 2 + 1);
}

/* ------------------------------------------------------------ slots */

static void fill_connection(struct target_connection *c, const struct target_config *config,
		size_t slot, bool six)
{
	snprintf(c->name, sizeof(c->name), six ? "s%zu-ip6" : "s%zu", slot);
	c->target = six ? config->target6 : config->target4;
	c->tester = numbered(six ? "2001:db8:0:2::%zu" : "198.51.100.%zu", slot);
	c->nat = numbered(six ? "2001:db8:0:3::%zu" : "203.0.113.%zu", slot);
	snprintf(c->target_id, sizeof(c->target_id), "target.example.org");
	snprintf(c->tester_id, sizeof(c->tester_id), "s%zu.tester.example.org", slot);
	snprintf(c->secret, sizeof(c->secret), "the shared secret of slot %zu", slot);
	c->children = ARRAY_LEN(child_plans[six]);
	for (size_t i = 0; i < c->children; i++)
		fill_child(&c->child[i], &child_plans[six][i], slot);
	c->esn = TARGET_ESN_NO;
	c->esp_dh = false;
	c->fragmentation = true;
	c->replay_window = 64;
}

bool target_config_slots(struct target_config *config, size_t slots, struct why *why)
{
	memset(config, 0, sizeof(*config));
	if (slots == 0 || slots > SLOTS_MAX)
		return why_set(why, "a target has 1 to %d slots, not %zu", SLOTS_MAX, slots);
	address_parse("192.0.2.1", &config->target4);
	address_parse("2001:db8:0:1::1", &config->target6);
	config->retransmission = (struct target_retransmission){ 500 * USEC_MS, 2.0, 5 };
	config->connection = calloc(2 * slots, sizeof(*config->connection));
	if (!config->connection)
		return why_set(why, "no memory for %zu slots", slots);
	for (size_t slot = 1; slot <= slots; slot++) {
		fill_connection(&config->connection[config->connections++], config, slot, false);
		fill_connection(&config->connection[config->connections++], config, slot, true);
	}
	return true;
}

void target_config_free(struct target_config *config)
{
	free(config->connection);
	free(config->command);
	free(config->command_limit);
	memset(config, 0, sizeof(*config));
}

static const struct target_child *child_named(const struct target_connection *c,
		const char *suffix)
{
	for (size_t i = 0; i < c->children; i++)
		if (strcmp(c->child[i].suffix, suffix) == 0)
			return &c->child[i];
	return NULL;
}

const struct target_connection *target_config_find(const struct target_config *config,
		const char *name, const struct target_child **child)
{
	for (size_t i = 0; name && i < config->connections; i++) {
		const struct target_connection *c = &config->connection[i];
		size_t len = strlen(c->name);
		const struct target_child *found;

		if (strncmp(c->name, name, len) != 0)
			continue;
		found = child_named(c, name + len);
		if (!found)
			continue;
		if (child)
			*child = found;
		return c;
	}
	return NULL;
}
