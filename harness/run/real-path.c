/* The path to a target that has just come up: its first packets may be lost, and must not be a
 * scenario's. */
#include "host.h"

#include "base/arena.h"
#include "esp/inner.h"

#include <unistd.h>

#define PATH_ARENA   ((size_t)1 << 20)
#define PATH_TURNS   300
#define PATH_TURN    (20 * USEC_MS)
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

	while (poll(&ready, 1, 0) > 0) {
		ssize_t got = read(fd, octets, sizeof octets);

		if (got <= 0)
			return false;
		if (ip_parse(bytes_make(octets, (size_t)got), &ip, NULL) &&
		    address_same_host(&ip.from, host) && echo_parse(&ip, &e) && e.reply)
			return true;
	}
	return false;
}

void path_begin(struct path_probe *p, int fd)
{
	*p = (struct path_probe){ .fd = fd };
}

static void ask_again(struct path_probe *p, const struct target_config *config)
{
	struct arena *a = arena_new(PATH_ARENA);

	if (a)
		ask(p->fd, a, p->family ? &config->connection[1].tester : &config->connection[0].tester,
		    p->family ? &config->target6 : &config->target4, (uint16_t)++p->asked);
	arena_free(a);
}

bool path_look(struct path_probe *p, const struct target_config *config)
{
	if (answered(p->fd, p->family ? &config->target6 : &config->target4)) {
		*p = (struct path_probe){ .fd = p->fd, .family = p->family + 1 };
		if (p->family == 2)
			return true;
	}
	if (wall_now() < p->next)
		return false;
	p->failed = p->asked == PATH_TURNS;
	p->next = wall_now() + PATH_TURN;
	ask_again(p, config);
	return false;
}
