#include "internal.h"
#include "net.h"

/*
 * The target's own addresses are on lo: the outer ones first, so that they are the source of what
 * names none, then the inner ones.  What remains goes to the tester's device by a default route.
 * A guest has the outer addresses on its only card and the namespace around it forwards.
 */

static void own_addresses(FILE *out, const struct target_config *config, const char *device)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "link set lo up\nlink set %s up\n", device);
	fprintf(out, "address add %s/32 dev %s\n", address_print(&config->target4, text), device);
	fprintf(out, "address add " TARGET_FOR_NOBODY_4 "/32 dev %s\n", device);
	fprintf(out, "address add %s/128 dev %s nodad\n", address_print(&config->target6, text),
		device);
}

static void inner_addresses(FILE *out, const struct target *target)
{
	const struct target_config *config = target->config;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < config->connections; i++) {
		const struct target_connection *c = &config->connection[i];

		for (size_t k = 0; k < c->children; k++) {
			const struct address *a = &c->child[k].target;
			enum target_variant v = c->child[k].variant;

			if (v == TARGET_TRANSPORT || v == TARGET_PROOF)
				continue; /* an outer address; that of the plain child */
			if (v == TARGET_CLIENT && target->driver->takes_addresses)
				continue; /* the daemon sees to what it is given itself */
			if (a->family == 4)
				fprintf(out, "address replace %s/32 dev lo\n",
					address_print(a, text));
			else if (a->family == 6)
				fprintf(out, "address replace %s/128 dev lo nodad\n",
					address_print(a, text));
		}
	}
}

static void tester_device(FILE *out)
{
	fprintf(out, "tuntap add " NET_TESTER " mode tun\n"
		"link set " NET_TESTER " txqueuelen 5000 multicast off up\n"
		"route add default dev " NET_TESTER "\n"
		"route add ::/0 dev " NET_TESTER "\n");
}

static void neighbour(FILE *out, const struct address *address, const char *device)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "neighbour replace %s lladdr " NET_GUEST_MAC " dev %s nud permanent\n"
		"route replace %s dev %s\n", address_print(address, text), device, text, device);
}

/* What comes from the protected network is the guest's to forward, not the namespace's around it. */
static void protected_network(FILE *out, const struct target_config *config)
{
	char text[ADDRESS_TEXT];

	if (!config->gateway)
		return;
	fprintf(out, "rule add iif " NET_TESTER " from " TARGET_INNER_4 " lookup 77\n"
		"route add default via %s dev " NET_GUEST " onlink table 77\n",
		address_print(&config->target4, text));
}

/* The namespace around a guest: a card for it, and the way between that and the tester. */
static void around_guest(FILE *out, const struct target_config *config)
{
	struct address nobody;

	fprintf(out, "link set lo up\n"
		"tuntap add " NET_GUEST " mode tap\n"
		"link set " NET_GUEST " address " NET_GATEWAY_MAC " txqueuelen 5000 up\n");
	neighbour(out, &config->target4, NET_GUEST);
	neighbour(out, &config->target6, NET_GUEST);
	if (address_parse(TARGET_FOR_NOBODY_4, &nobody))
		neighbour(out, &nobody, NET_GUEST);
	tester_device(out);
	protected_network(out, config);
}

/* The gateway has no address but in the tables of the guest: all that counts is its card. */
static void inside_guest(FILE *out, const struct target *target)
{
	const struct target_config *config = target->config;

	own_addresses(out, config, "vec0");
	fprintf(out, "neighbour replace " NET_GATEWAY_4 " lladdr " NET_GATEWAY_MAC
		" dev vec0 nud permanent\n"
		"neighbour replace " NET_GATEWAY_6 " lladdr " NET_GATEWAY_MAC
		" dev vec0 nud permanent\n"
		"route add default via " NET_GATEWAY_4 " dev vec0 onlink\n"
		"route add ::/0 via " NET_GATEWAY_6 " dev vec0 onlink\n");
	inner_addresses(out, target);
}

bool net_write(const struct target *target, bool guest, struct why *why)
{
	FILE *out = file_create(target->directory, "net", why);

	if (!out)
		return false;
	if (guest) {
		around_guest(out, target->config);
	} else {
		own_addresses(out, target->config, "lo");
		tester_device(out);
		inner_addresses(out, target);
	}
	if (!file_close(out, "net", why))
		return false;
	if (target->config->gateway && !file_write(target->directory, "gateway", 0644, "", why))
		return false;
	if (!guest)
		return true;
	out = file_create(target->directory, "guest-net", why);
	if (!out)
		return false;
	inside_guest(out, target);
	return file_close(out, "guest-net", why);
}
