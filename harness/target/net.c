#include "internal.h"

#include "net.h"

/*
 * The target's own addresses are on lo: the outer ones first, so that they are the source of what
 * names none, then the inner ones.  What remains goes to the tester's device by a default route.
 * A guest has the outer addresses on its only card and the namespace around it forwards.
 */

static void own_addresses(FILE *out, const struct target_config *config, bool guest)
{
	char a4[ADDRESS_TEXT], a6[ADDRESS_TEXT];
	const char *device = guest ? "vec0" : "lo";

	fprintf(out, "link set lo up\n");
	if (guest)
		fprintf(out, "link set vec0 up\n");
	fprintf(out, "address add %s/%d dev %s\n", address_print(&config->target4, a4),
		guest ? 24 : 32, device);
	fprintf(out, "address add %s/%d dev %s nodad\n", address_print(&config->target6, a6),
		guest ? 64 : 128, device);
}

static void inner_addresses(FILE *out, const struct target_config *config)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < config->connections; i++) {
		const struct target_connection *c = &config->connection[i];

		for (size_t k = 0; k < c->children; k++) {
			const struct address *a = &c->child[k].target;

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

/* The namespace around a guest: a card for it, and the way between that and the tester. */
static void around_guest(FILE *out, const struct target_config *config)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "link set lo up\n"
		"tuntap add " NET_GUEST " mode tap\n"
		"link set " NET_GUEST " address " NET_GATEWAY_MAC " txqueuelen 5000 up\n"
		"address add " NET_GATEWAY_4 "/24 dev " NET_GUEST "\n"
		"address add " NET_GATEWAY_6 "/64 dev " NET_GUEST " nodad\n");
	fprintf(out, "neighbour replace %s lladdr " NET_GUEST_MAC " dev " NET_GUEST
		" nud permanent\n", address_print(&config->target4, text));
	fprintf(out, "neighbour replace %s lladdr " NET_GUEST_MAC " dev " NET_GUEST
		" nud permanent\n", address_print(&config->target6, text));
	tester_device(out);
}

static void inside_guest(FILE *out, const struct target_config *config)
{
	own_addresses(out, config, true);
	fprintf(out, "neighbour replace " NET_GATEWAY_4 " lladdr " NET_GATEWAY_MAC
		" dev vec0 nud permanent\n"
		"neighbour replace " NET_GATEWAY_6 " lladdr " NET_GATEWAY_MAC
		" dev vec0 nud permanent\n"
		"route add default via " NET_GATEWAY_4 "\n"
		"route add ::/0 via " NET_GATEWAY_6 "\n");
	inner_addresses(out, config);
}

bool net_write(const struct target *target, bool guest, struct why *why)
{
	FILE *out = file_create(target->directory, "net", why);

	if (!out)
		return false;
	if (guest) {
		around_guest(out, target->config);
	} else {
		own_addresses(out, target->config, false);
		tester_device(out);
		inner_addresses(out, target->config);
	}
	if (!file_close(out, "net", why))
		return false;
	if (!guest)
		return true;
	out = file_create(target->directory, "guest-net", why);
	if (!out)
		return false;
	inside_guest(out, target->config);
	return file_close(out, "guest-net", why);
}
