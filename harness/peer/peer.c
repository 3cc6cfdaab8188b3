/* The peer itself: what it is made of, and its loop. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "authority/authority.h"
#include "inside.h"

#define RETRANSMIT_FIRST (500 * USEC_MS)
#define RETRANSMIT_SENDINGS 7
#define KEEPALIVE (20 * USEC_S)
#define HALF_OPEN (30 * USEC_S)
#define COOKIE_THRESHOLD 64
#define UNKNOWN_SPI_ANSWERS 5
#define FRAGMENT 1280           /* octets of IP datagrams with messages */
#define REPLAY_WINDOW 1024
#define LINGER (5 * USEC_S)
#define TOLD 16                 /* connections that are listed at the start */
#define ARENA ((size_t)64 << 20)

usec peer_now(const struct peer *p)
{
	return real_now(p->real);
}

/* ------------------------------------------------------------ making */

static bool listed(const struct address *list, size_t count, const struct address *a)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(&list[i], a))
			return true;
	return false;
}

static void add_local(struct address *list, size_t *count, struct address host, uint16_t port)
{
	host.port = port;
	if (*count < PEER_LOCALS && !listed(list, *count, &host))
		list[(*count)++] = host;
}

/* ESP before IKE, so that what came before a delete is read before it. */
static bool open_sockets(struct peer *p, struct why *why)
{
	struct address list[PEER_LOCALS];
	size_t count = 0;

	p->plain_esp = !p->options.encapsulate;
	for (size_t i = 0; i < p->outer_count && p->plain_esp; i++)
		p->plain_esp = real_plain_esp(&p->outer[i]);
	for (size_t i = 0; i < p->outer_count && p->plain_esp; i++)
		add_local(list, &count, p->outer[i], 0);
	for (size_t i = 0; i < p->connection_count; i++)
		add_local(list, &count, p->connections[i].local, p->connections[i].local_nat_port);
	for (size_t i = 0; i < p->connection_count; i++)
		add_local(list, &count, p->connections[i].local, p->connections[i].local.port);
	p->real = real_over_udp(list, count, why);
	return p->real != NULL;
}

static bool open_world(struct peer *p, struct why *why)
{
	struct world_config config = {
		.crypto = p->options.crypto, .log = p->options.log, .run = "peer", .real = p->real,
	};

	rng_seed(&config.rng, 0, "link");
	p->world = world_new(&config, why);
	return p->world != NULL;
}

static void inside(void *ctx, struct world_node *node, struct bytes inner)
{
	struct peer *p = ctx;

	struct ip_packet ip;
	struct echo echo;

	(void)node;
	p->figures.packets_in++;
	if (ip_parse(inner, &ip, NULL) && echo_parse(&ip, &echo) && echo.reply) {
		p->ponged = ip.from;
		p->ponged_at = peer_now(p);
	}
	if (p->device)
		device_write(p->device, inner);
}

static struct node_config node_of(struct peer *p)
{
	struct node_config c = {
		.endpoint = {
			.name = p->name, .automatic = true, .crypto = p->options.crypto, .log = p->options.log,
			.run = "peer", .connections = p->connections, .connection_count = p->connection_count,
			.retransmission = { RETRANSMIT_FIRST, 2000, RETRANSMIT_SENDINGS },
			.liveness = p->options.liveness, .keepalive = KEEPALIVE, .half_open = HALF_OPEN,
			.cookie_threshold = COOKIE_THRESHOLD, .nat_detection = true,
			.unknown_spi_answers = UNKNOWN_SPI_ANSWERS, .encapsulate = !p->plain_esp,
			.fragmentation = { .offered = true, .octets = FRAGMENT, .probes = 3 },
			.epoch = (uint64_t)time(NULL) - peer_now(p) / USEC_S,
		},
		.is_target = p->options.as_target, .answers_echo = p->options.echo,
		.replay_window = REPLAY_WINDOW, .linger = LINGER, .inside = inside, .ctx = p,
		.outer_count = p->outer_count, .inner_count = p->inner_count,
	};

	rng_seed(&c.endpoint.rng, 0, "peer");
	c.endpoint.rng.fresh = true;
	c.endpoint.rng.entropy = real_entropy;
	memcpy(c.outer, p->outer, sizeof(c.outer));
	memcpy(c.inner, p->inner, sizeof(c.inner));
	return c;
}

static bool open_node(struct peer *p, struct why *why)
{
	struct node_config config = node_of(p);

	p->node = node_new(p->world, &config, why);
	p->endpoint = p->node ? node_endpoint(p->node) : NULL;
	return p->endpoint != NULL;
}

static bool wish(struct peer *p, const char *name, struct why *why)
{
	int n = strcmp(name, "all") == 0 ? 0 : peer_connection(p, name, why);

	if (strcmp(name, "all") == 0)
		for (size_t i = 0; i < p->connection_count; i++)
			p->upkeep[i].initiate = true;
	else if (n >= 0)
		p->upkeep[n].initiate = true;
	return n >= 0;
}

static bool wishes(struct peer *p, struct why *why)
{
	for (size_t i = 0; i < p->options.initiate_count; i++)
		if (!wish(p, p->options.initiate[i], why))
			return false;
	peer_begin(p);
	return true;
}

static bool open_device(struct peer *p, struct why *why)
{
	if (p->options.echo)
		return true;
	p->device = device_new(p, why);
	return p->device != NULL;
}

static bool open_control(struct peer *p, struct why *why)
{
	if (!p->options.control)
		return true;
	p->control = control_new(p, p->options.control, why);
	return p->control != NULL;
}

static bool make(struct peer *p, struct why *why)
{
	return open_control(p, why) && open_sockets(p, why) && open_world(p, why) && open_node(p, why) &&
	       open_device(p, why);
}

/* What is asked for makes sense? */
static bool plan(struct peer *p, struct why *why)
{
	if (!p->arena || !p->log || !event_listen(p->options.log, peer_log_hear, p))
		return why_set(why, "no memory for a peer");
	p->authority = authority_new(p->options.crypto, why);
	return p->authority && peer_connections(p, why) && wishes(p, why);
}

static void tell_connections(struct peer *p)
{
	char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];

	for (size_t i = 0; i < p->connection_count && p->connection_count <= TOLD; i++) {
		const struct connection *c = &p->connections[i];

		peer_say(p, c->name, "%s = %s, %s", address_print(&c->local, local),
			 address_print(&c->remote, remote),
			 p->upkeep[i].initiate ? "is initiated" : "is waited for");
	}
	if (p->connection_count > TOLD)
		peer_say(p, "-", "%zu connections", p->connection_count);
	peer_say(p, "-", "%s, %s", p->device ? device_name(p->device) : "an inner host that echoes",
		 p->control ? p->options.control : "no control socket");
}

struct peer *peer_new(const struct peer_options *options, bool *senseless, struct why *why)
{
	struct peer *p = calloc(1, sizeof(*p));

	*senseless = false;
	if (!p) {
		why_set(why, "no memory for a peer");
		return NULL;
	}
	p->options = *options;
	p->name = options->as_target ? "target" : "tester";
	p->arena = arena_new(ARENA);
	p->log = peer_log_new(p);
	*senseless = !plan(p, why);
	if (!*senseless && make(p, why)) {
		p->begun = peer_now(p);
		tell_connections(p);
		if (!p->plain_esp && !options->encapsulate)
			peer_say(p, "-", "no raw sockets for plain ESP: UDP encapsulation alone");
		return p;
	}
	peer_free(p);
	return NULL;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	if (p->options.log)
		event_unlisten(p->options.log, peer_log_hear, p);
	control_free(p->control);
	while (p->orders)
		order_drop(p, p->orders);
	device_free(p->device);
	world_free(p->world);
	real_free(p->real);
	authority_free(p->authority);
	peer_log_free(p->log);
	arena_free(p->arena);
	free(p->known);
	free(p);
}

struct peer_figures peer_figures(const struct peer *p)
{
	return p->figures;
}

/* ------------------------------------------------------------ the loop */

static void take_signal(struct peer *p)
{
	char octets[512];

	if (read(p->options.signals, octets, sizeof(octets)) <= 0)
		return;
	p->at_once = p->interrupted;
	p->interrupted = true;
	peer_end(p);
}

static void wait_for_something(struct peer *p)
{
	struct pollfd fds[PEER_POLLFDS];
	size_t count = 0, device = 0, signals = 0;
	usec until = usec_min(world_deadline(p->world), usec_min(peer_deadline(p), orders_deadline(p)));

	if (p->device)
		fds[device = count++] = (struct pollfd){ .fd = device_fd(p->device), .events = POLLIN };
	if (p->options.signals >= 0)
		fds[signals = count++] = (struct pollfd){ .fd = p->options.signals, .events = POLLIN };
	if (p->control)
		count += control_pollfds(p->control, fds + count, PEER_POLLFDS - count);
	real_wait(p->real, until, fds, count);
	world_pump(p->world);
	if (p->device && fds[device].revents)
		device_read(p);
	if (p->options.signals >= 0 && fds[signals].revents)
		take_signal(p);
}

static bool turn(struct peer *p)
{
	bool over;

	world_advance(p->world, peer_now(p));
	peer_upkeep(p);
	world_pump(p->world);
	peer_look_at_sas(p);    /* before an order is answered: what it made is in its place */
	if (p->control)
		control_turn(p->control);
	over = peer_over(p);
	world_pump(p->world);
	return !over;
}

enum peer_end peer_run(struct peer *p)
{
	while (turn(p))
		wait_for_something(p);
	return p->interrupted ? PEER_INTERRUPTED : PEER_DONE;
}
