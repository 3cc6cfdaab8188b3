/* The path to a target that has just come up: its first packets may be lost, and must not be a
 * scenario's. */
#include "host.h"

#include "base/arena.h"
#include "esp/inner.h"

#include <unistd.h>

#define PATH_ARENA   ((size_t)1 << 20)
#define PATH_TURNS   150
#define PATH_TURN_MS 20
#define PATH_LONGEST 2048

static bool ask(int fd, struct arena *a, const struct address *from, const struct address *to,
		uint16_t seq)
{
	const struct echo e = { .id = 0x1ce, .seq = seq, .data = bytes_text("is the path up?") };
	struct bytes packet;

	return echo_make(a, from, to, &e, &packet) &&
	       write(fd, packet.at, packet.len) == (ssize_t)packet.len;
}

/* Reads what is there; was a reply of that host among it? */
static bool answered(int fd, const struct address *host)
{
	uint8_t octets[PATH_LONGEST];
	struct pollfd ready = { fd, POLLIN, 0 };
	struct ip_packet ip;
	struct echo e;

	while (poll(&ready, 1, PATH_TURN_MS) > 0) {
		ssize_t got = read(fd, octets, sizeof octets);

		if (got <= 0)
			return false;
		if (ip_parse(bytes_make(octets, (size_t)got), &ip, NULL) &&
		    address_same_host(&ip.from, host) && echo_parse(&ip, &e) && e.reply)
			return true;
	}
	return false;
}

bool path_up(int fd, const struct target_connection *c)
{
	struct arena *a = arena_new(PATH_ARENA);
	bool up = false;

	for (uint16_t i = 1; a && i <= PATH_TURNS && !up; i++) {
		arena_reset(a);
		ask(fd, a, &c->tester, &c->target, i);
		up = answered(fd, &c->target);
	}
	arena_free(a);
	return up;
}
