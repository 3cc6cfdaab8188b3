/* From profiles to connections: whose end, over which addresses, by which name. */
#include "inside.h"
#include "scenario/connect.h"

#include <stdio.h>

struct making_list {
	struct peer *p;
	const struct profile *profile;
	struct scope scope;
};

static bool add_address(struct address *list, size_t *count, const struct address *a, struct why *why)
{
	char text[ADDRESS_TEXT];
	struct address host = *a;

	host.port = 0;
	for (size_t i = 0; i < *count; i++)
		if (address_same_host(&list[i], &host))
			return true;
	if (*count == NODE_ADDRESSES)
		return why_set(why, "%s is one address of our own too many: %d at most",
			       address_print(&host, text), NODE_ADDRESSES);
	list[(*count)++] = host;
	return true;
}

/* ------------------------------------------------------------ which addresses */

/* Our address of the same family that was asked for; false: this family is not wanted. */
static bool listen_instead(const struct peer *p, struct address *local)
{
	for (size_t i = 0; i < p->options.listen_count; i++) {
		const struct address *a = &p->options.listen[i];
		uint16_t port = a->port ? a->port : local->port;

		if (a->family != local->family)
			continue;
		*local = *a;
		local->port = port;
		return true;
	}
	return p->options.listen_count == 0;
}

/* As the tester one address of each family, as the target whatever comes from any of them. */
static bool tester_counts(const struct making_list *x, size_t n)
{
	const struct profile *profile = x->profile;
	struct address a, before;

	if (!address_parse(profile->testers[n], &a) || (a.family == 6 && !profile->address6))
		return false;
	for (size_t i = 0; i < n && !x->p->options.as_target; i++)
		if (address_parse(profile->testers[i], &before) && before.family == a.family)
			return false;
	return true;
}

/* ------------------------------------------------------------ names */

static bool name_taken(const struct peer *p, const char *name)
{
	for (size_t i = 0; i < p->connection_count; i++)
		if (strcmp(p->connections[i].name, name) == 0)
			return true;
	return false;
}

/* "psk"; over further addresses "psk@2001:db8:0:2::1"; of further profiles "office/psk". */
static const char *name_of(const struct making_list *x, const char *name, const char *tester)
{
	struct arena *a = x->p->arena;

	if (name_taken(x->p, name) && x->profile != x->p->options.profiles[0])
		name = arena_printf(a, "%s/%s", x->profile->id, name);
	if (name && name_taken(x->p, name))
		name = arena_printf(a, "%s@%s", name, tester);
	return name;
}

/* ------------------------------------------------------------ making */

static bool add_inner(struct peer *p, const struct profile_connection *pc, struct why *why)
{
	const struct profile_end *end = p->options.as_target ? &pc->target : &pc->tester;
	struct address list[NODE_ADDRESSES];
	size_t count = 0;

	if (!addresses_parse(p->arena, end->inner, list, NODE_ADDRESSES, &count, why))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_address(p->inner, &p->inner_count, &list[i], why))
			return false;
	return true;
}

static bool add_connection(struct making_list *x, const struct profile_connection *pc, size_t tester,
			   struct why *why)
{
	struct connecting how = { x->profile, &x->scope, x->p->arena, x->p->authority };
	struct peer *p = x->p;
	bool as_tester = !p->options.as_target;
	struct connection *c = &p->connections[p->connection_count];

	if (p->connection_count == PEER_CONNECTIONS)
		return why_set(why, "more than %d connections", PEER_CONNECTIONS);
	if (!connection_from_profile(&how, pc, as_tester, c, why) ||
	    !connection_ends(x->profile, tester, as_tester, c, why))
		return false;
	if (!listen_instead(p, &c->local))
		return true;
	c->name = name_of(x, pc->name, x->profile->testers[tester]);
	c->ike_lifetime.soft.time = p->options.rekey_ike;
	c->child_lifetime.soft.time = p->options.rekey_child;
	p->connection_count++;
	return add_address(p->outer, &p->outer_count, &c->local, why) && add_inner(p, pc, why);
}

static bool add_profile(struct making_list *x, struct why *why)
{
	const struct profile *profile = x->profile;

	for (size_t i = 0; i < profile->connection_count; i++)
		for (size_t t = 0; t < profile->tester_count; t++)
			if (tester_counts(x, t) &&
			    !add_connection(x, &profile->connections[i], t, why))
				return false;
	return true;
}

/* Secrets in files lie beside the profile or below. */
static const char *folder_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? arena_printf(a, "%.*s", (int)(slash - file), file) : ".";
}

bool peer_connections(struct peer *p, struct why *why)
{
	p->connections = arena_array(p->arena, PEER_CONNECTIONS, sizeof(*p->connections));
	p->upkeep = arena_array(p->arena, PEER_CONNECTIONS, sizeof(*p->upkeep));
	if (!p->connections || !p->upkeep)
		return why_set(why, "no memory for connections");
	for (size_t i = 0; i < p->options.profile_count; i++) {
		const struct profile *profile = p->options.profiles[i];
		struct making_list x = { .p = p, .profile = profile,
					 .scope = { .base = folder_of(p->arena, profile->file) } };

		if (!add_profile(&x, why))
			return false;
	}
	return p->connection_count > 0 ||
	       why_set(why, "no connection is left: none over an address that is listened on");
}

static void name_all(const struct peer *p, char *text, size_t cap)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < p->connection_count && len < cap; i++)
		len += (size_t)snprintf(text + len, cap - len, "%s%s", i ? ", " : "",
					p->connections[i].name);
}

int peer_connection(const struct peer *p, const char *name, struct why *why)
{
	char all[160];

	for (size_t i = 0; i < p->connection_count && name; i++)
		if (strcmp(p->connections[i].name, name) == 0)
			return (int)i;
	if (!name && p->connection_count == 1)
		return 0;
	name_all(p, all, sizeof(all));
	if (name)
		why_set(why, "there is no connection '%s': %s", name, all);
	else
		why_set(why, "which connection? There are %s", all);
	return -1;
}

size_t peer_connection_count(const struct peer *p)
{
	return p->connection_count;
}

const char *peer_connection_name(const struct peer *p, size_t n)
{
	return n < p->connection_count ? p->connections[n].name : NULL;
}
