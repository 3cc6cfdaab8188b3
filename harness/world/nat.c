#include "nat.h"

#include <stdlib.h>

void nat_free(struct nat *n)
{
	free(n->mappings);
	*n = (struct nat){ 0 };
}

static struct nat_rule *rule_of(struct nat *n, const void *owner, uint8_t family)
{
	for (size_t i = n->rule_count; i-- > 0;)
		if (n->rules[i].on && n->rules[i].owner == owner &&
		    n->rules[i].outside.family == family)
			return &n->rules[i];
	return NULL;
}

/* Chosen ports go on where the last NAT at that address stopped: old mappings stay apart. */
static uint16_t first_port(const struct nat *n, const struct address *outside)
{
	if (outside->port != 0)
		return outside->port;
	for (size_t i = n->rule_count; i-- > 0;)
		if (n->rules[i].outside.port == 0 &&
		    address_same_host(&n->rules[i].outside, outside))
			return n->rules[i].next;
	return NAT_FIRST_PORT;
}

bool nat_set(struct nat *n, const void *owner, const struct address *outside)
{
	uint16_t port;

	for (size_t i = 0; i < n->rule_count; i++)
		if (n->rules[i].owner == owner &&
		    (outside == NULL || n->rules[i].outside.family == outside->family))
			n->rules[i].on = false;
	if (outside == NULL)
		return true;
	if (n->rule_count == NAT_RULES)
		return false;
	port = first_port(n, outside);
	n->rules[n->rule_count++] = (struct nat_rule){
		.owner = owner, .outside = *outside, .on = true, .next = port,
	};
	return true;
}

static struct nat_mapping *mapping_new(struct nat *n)
{
	size_t cap = n->cap ? 2 * n->cap : 16;
	struct nat_mapping *mappings;

	if (n->count < n->cap)
		return &n->mappings[n->count++];
	if (n->cap >= NAT_MAPPINGS)
		return NULL;
	mappings = realloc(n->mappings, cap * sizeof(*mappings));
	if (mappings == NULL)
		return NULL;
	n->mappings = mappings;
	n->cap = cap;
	return &n->mappings[n->count++];
}

/* Two rules at one address share its ports when they choose them. */
static uint16_t take_port(struct nat *n, struct nat_rule *rule)
{
	uint16_t port = rule->next;

	if (rule->outside.port == 0)
		port = first_port(n, &rule->outside);
	for (size_t i = 0; i < n->rule_count; i++)
		if (rule->outside.port == 0 && n->rules[i].outside.port == 0 &&
		    address_same_host(&n->rules[i].outside, &rule->outside))
			n->rules[i].next = (uint16_t)(port + 1);
	rule->next = (uint16_t)(port + 1);
	return port;
}

static struct nat_mapping *map(struct nat *n, size_t rule, const struct address *inside)
{
	struct nat_mapping *m;

	for (size_t i = n->count; i-- > 0;)
		if (n->mappings[i].rule == rule && address_equal(&n->mappings[i].inside, inside))
			return &n->mappings[i];
	m = mapping_new(n);
	if (m == NULL || n->rules[rule].next == 0)
		return NULL;
	*m = (struct nat_mapping){ .rule = rule, .inside = *inside,
				   .outside_port = take_port(n, &n->rules[rule]) };
	return m;
}

enum nat_verdict nat_out(struct nat *n, const void *owner, const struct address *inside,
			 struct address *outside)
{
	struct nat_rule *rule = rule_of(n, owner, inside->family);
	const struct nat_mapping *m;

	if (rule == NULL)
		return NAT_NONE;
	rule->inside = *inside;
	*outside = rule->outside;
	outside->port = 0;
	if (inside->port == 0)
		return NAT_MAPPED;
	m = map(n, (size_t)(rule - n->rules), inside);
	if (m == NULL)
		return NAT_FULL;
	outside->port = m->outside_port;
	return NAT_MAPPED;
}

static const struct nat_mapping *find_mapping(const struct nat *n, const struct address *to)
{
	for (size_t i = n->count; i-- > 0;)
		if (n->mappings[i].outside_port == to->port &&
		    address_same_host(&n->rules[n->mappings[i].rule].outside, to))
			return &n->mappings[i];
	return NULL;
}

const void *nat_in(const struct nat *n, const struct address *to, struct address *inside,
		   bool *mapped)
{
	const struct nat_mapping *m = to->port ? find_mapping(n, to) : NULL;

	*mapped = false;
	for (size_t i = n->rule_count; i-- > 0;) {
		const struct nat_rule *rule = m ? &n->rules[m->rule] : &n->rules[i];

		if (!address_same_host(&rule->outside, to))
			continue;
		*mapped = m != NULL || (to->port == 0 && rule->inside.family != 0);
		*inside = m ? m->inside : rule->inside;
		if (m == NULL)
			inside->port = 0;
		return rule->owner;
	}
	return NULL;
}
