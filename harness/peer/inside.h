/*
 * What the files of harness/peer share.
 */
#ifndef PEER_INSIDE_H
#define PEER_INSIDE_H

#include <jansson.h>
#include <poll.h>

#include "peer/peer.h"
#include "world/real.h"
#include "world/world.h"

#define PEER_POLLFDS 32         /* of the device, the signals and the control socket */
#define PEER_CONNECTIONS 1024
#define PEER_LOCALS (3 * NODE_ADDRESSES)

struct authority;
struct device;
struct control;
struct order;
struct peer_log;

/* What is wanted of a connection, beside answering. */
struct upkeep {
	bool initiate;                  /* at the start, and again if it is to be kept up */
	bool ever_up;
	bool stopped;                   /* somebody deleted it */
	unsigned tries;                 /* in a row that came to nothing */
	usec next;                      /* USEC_NEVER: nothing to do */
};

/* An SA that was seen to live, so that its end is seen too. */
struct known_sa {
	uint64_t spi_i, spi_r;          /* of the IKE SA */
	uint32_t spi_in;                /* 0: the IKE SA itself */
	bool seen;
};

struct peer {
	struct peer_options options;
	const char *name;               /* of its endpoint: whose end of the profiles it plays */
	struct arena *arena;            /* as long as the peer */
	struct authority *authority;    /* issues certificates that a profile names by words alone */
	struct connection *connections;
	struct upkeep *upkeep;          /* of each of them */
	size_t connection_count;
	struct address inner[NODE_ADDRESSES], outer[NODE_ADDRESSES];
	size_t inner_count, outer_count;
	bool plain_esp;                 /* there are raw sockets for it */
	struct real *real;
	struct world *world;
	struct world_node *node;
	struct endpoint *endpoint;
	struct device *device;          /* NULL: it echoes */
	struct control *control;
	struct order *orders;           /* that wait for their end */
	struct peer_log *log;
	struct known_sa *known;
	size_t known_count, known_cap;
	struct address ponged;          /* who answered a ping last, and when */
	usec ponged_at;
	usec begun, end_at;             /* end_at: of an end that began */
	bool ending, interrupted, at_once;
	struct peer_figures figures;
};

usec peer_now(const struct peer *p);
void peer_say(struct peer *p, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* connections.c: from profiles to connections, addresses and sockets */
bool peer_connections(struct peer *p, struct why *why);
/* Of that name; the only one if name is NULL.  -1 with why. */
int peer_connection(const struct peer *p, const char *name, struct why *why);

/* device.c, netlink.c: the TUN device, its addresses and routes */
struct device *device_new(struct peer *p, struct why *why);
void device_free(struct device *d);
int device_fd(const struct device *d);
const char *device_name(const struct device *d);
/* An address that a peer assigned: told anew at each look, and gone with the first look that does not tell it. */
void device_assign(struct peer *p, const struct address *a);
void device_assigned(struct peer *p);
void device_read(struct peer *p);
void device_write(struct device *d, struct bytes inner);

/* upkeep.c: what it does by itself, and its end */
void peer_begin(struct peer *p);
void peer_upkeep(struct peer *p);
usec peer_deadline(const struct peer *p);
void peer_end(struct peer *p);
bool peer_over(struct peer *p);
/* The newest IKE SA of a connection that is not gone, at least in that state; NULL if there is none. */
struct ike_sa *peer_sa_of(const struct peer *p, const struct connection *c, enum ike_state least);

/* orders.c: what it is told to do.  NULL: it is answered already. */
struct order *order_begin(struct peer *p, const char *line, json_t **answer);
/* Looks after those that wait; done is called for each that is over. */
void orders_look(struct peer *p, void (*done)(void *ctx, struct order *o, json_t *answer), void *ctx);
usec orders_deadline(const struct peer *p);
void order_drop(struct peer *p, struct order *o);
/* Something happened to an IKE SA: a reason, should an order fail. */
void orders_hear(struct peer *p, const struct event *e);
json_t *answer_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* status.c */
json_t *peer_status(struct peer *p);
const char *ike_state_name(enum ike_state state);

/* control.c: the socket */
struct control *control_new(struct peer *p, const char *path, struct why *why);
void control_free(struct control *c);
size_t control_pollfds(const struct control *c, struct pollfd *fds, size_t cap);
/* Reads what came, answers what is over. */
void control_turn(struct control *c);

/* log.c: lines for people */
struct peer_log *peer_log_new(struct peer *p);
void peer_log_free(struct peer_log *l);
void peer_log_hear(void *peer, const struct event *e);
/* known.c: SAs that came and went, told in full */
void peer_look_at_sas(struct peer *p);

#endif
