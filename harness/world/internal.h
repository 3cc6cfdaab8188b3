/*
 * What the files of harness/world share: the world, its nodes and their data planes.
 */
#ifndef WORLD_INTERNAL_H
#define WORLD_INTERNAL_H

#include "fragment.h"
#include "link.h"
#include "nat.h"
#include "real-ops.h"
#include "world/world.h"

#define WORLD_LATENCY USEC_MS
#define WORLD_KEPT ((size_t)1 << 30)    /* octets kept as long as the world */
#define WORLD_MESSAGE ((size_t)64 << 20)
#define WORLD_DEPTH 1000                /* packets that answer each other without a pause */
#define WORLD_PUMP 100000               /* packets delivered in one pump */
#define NODE_OUTERS NODE_ADDRESSES
#define NODE_OUTPUT 4096                /* packets that an endpoint says at once */
#define PLANE_REMOVED 1024              /* removed SAs that a stepped node keeps */
#define PLANE_LINGER 64                 /* ... and one whose SAs linger */

/* ------------------------------------------------------------ the world */

struct world {
	struct world_config config;
	usec now;                       /* virtual */
	struct link link;
	struct link_fate weather;  /* of every packet, besides what the script says */
	struct nat nat;
	struct reassembly *reassembly;
	struct world_node *nodes;       /* in the order of their making */
	struct arena *kept;             /* as long as the world */
	struct arena *message;          /* until the outermost world_leave */
	unsigned inside;
	uint64_t serial;
	unsigned depth;                 /* of the packet that is being handled */
	bool looping;                   /* a loop was cut and noted */
};

/* Brackets whatever uses the message arena: it is given back by the outermost leave. */
void world_enter(struct world *w);
void world_leave(struct world *w);

struct happening {
	enum event_kind kind;
	const char *endpoint;
	struct bytes octets;
	const char *text;
	uint64_t serial;
};
void world_event(const struct world *w, const struct happening *h);
void world_note(const struct world *w, const char *endpoint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* path.c: a packet leaves a node (NULL: the real target). */
void world_send(struct world *w, struct world_node *from, struct bytes packet);
/* A packet came to the end of the link. */
void world_arrive(struct world *w, struct packet *p);
/* real_deliver */
void world_from_device(void *world, struct bytes packet, usec now);
/* Packets to the address are ours, if the world is real. */
bool world_claim(struct world *w, const struct address *address, struct why *why);

/* ------------------------------------------------------------ the data plane */

/* Both ESP SAs of a Child SA. */
struct pair {
	struct pair *older;             /* the list begins with the newest */
	struct child_sa *child;
	struct esp_sa *in, *out;
	uint32_t spi_in, spi_out;
	struct selectors ours, theirs;
	struct address local, remote;   /* outer, as the endpoint says; ports if udp */
	bool udp, transport, fragments_too;
	uint16_t tfc;                   /* octets of TFC padding to send */
	/* What the peer takes for the ends of its packets (transport mode behind a NAT); family 0: as they are. */
	struct address original_local, original_remote;
	bool removed;                   /* kept by a stepped node, for what is said after the end; */
	usec removed_at;                /* or by one whose SAs linger */
	/* The peer made it in place of another and was not heard on it: it may not be ready (RFC 7296 2.8). */
	bool unproven;
	uint32_t mtu;                   /* of the path, as a router said; 0: nobody did */
	usec mtu_ages;
};

/* path-mtu.c.  May the inner packet go that way?  If not, its sender is told what fits. */
bool plane_fits(struct world_node *n, const struct pair *p, struct bytes inner, size_t body,
		struct why *why);
/* The ESP packet leaves, in fragments where the path needs them. */
void plane_put(struct world_node *n, const struct pair *p, struct bytes packet);
/* A router's "packet too big"; false if it is something else. */
bool plane_heard_too_big(struct world_node *n, const struct ip_packet *icmp);

void plane_order(struct world_node *n, const struct child_order *o);
void plane_free(struct world_node *n);
struct pair *plane_by_spi(const struct world_node *n, uint32_t spi_in);
struct pair *plane_by_child(const struct world_node *n, const struct child_sa *c);
/* The newest live pair whose selectors fit the inner packet, one that the peer is ready for if there is any. */
/* The SA that a ping would take. */
struct pair *plane_for_ping(const struct world_node *n, const struct address *from,
			    const struct address *to);
struct pair *plane_route(const struct world_node *n, const struct ip_packet *inner);
/* Removed, and what comes is still taken? */
bool plane_lingers(const struct world_node *n, const struct pair *p);
/* What goes into ESP of an inner packet: all of it in tunnel mode, else its payload. */
struct bytes plane_body(const struct pair *p, struct bytes inner, uint8_t *next_header);

struct wrapped {
	struct bytes packet, esp;       /* the message arena's */
	uint64_t seq;
};
/* Seals and puts the outer headers around; edits of shape speak of all of it. */
bool plane_wrap(struct world_node *n, struct pair *p, struct bytes body, uint8_t next_header,
		const struct esp_shape *shape, struct wrapped *out, struct why *why);
/* The outer headers alone. */
bool plane_outer(struct world_node *n, const struct address *from, const struct address *to,
		 bool udp, struct bytes esp, const struct edits *edits, struct bytes *packet,
		 struct why *why);
/* Sends an inner packet through whatever SA fits; false if none does or it cannot be sealed. */
bool plane_send(struct world_node *n, struct bytes inner, struct why *why);
/* Opens what arrived, into a. */
void plane_open(struct world_node *n, struct arena *arena, struct bytes esp, struct arrival *a);
/* The reports and the inner host. */
void plane_handle(struct world_node *n, const struct arrival *a);

/* early.c: packets that came before their SA, of a node whose SAs linger */
void early_keep(struct world_node *n, struct bytes packet, uint32_t spi);
void early_look(struct world_node *n);
void early_free(struct world_node *n);

/* ------------------------------------------------------------ nodes */

struct world_node {
	struct world *world;
	struct world_node *next;
	struct node_config config;
	struct endpoint *endpoint;
	struct rng rng;                 /* of the data plane */
	struct address outer[NODE_OUTERS];
	size_t outer_count;
	struct address speak[2]; /* of IPv4 and IPv6, if world_readdress said so; else family 0 */
	struct pair *newest;
	size_t removed;
	struct reassembly *fragments;   /* of inner packets; NULL until there was one */
	uint16_t ip_id, echo_id, echo_seq;
	struct esp_carried carried;
	struct early *early;            /* packets that came before their SA */
	size_t early_count;
	bool down;                      /* it hears and says nothing */
};

void node_free(struct world_node *n);
bool node_has_outer(const struct world_node *n, const struct address *host);
/* An inner address that its host was given (RFC 7296 2.19). */
void node_own(struct world_node *n, const struct address *inner);
bool node_has_inner(const struct world_node *n, const struct address *host);
/* The outer address from which something leaves that the endpoint would send from `wanted`. */
struct address node_from(const struct world_node *n, const struct address *wanted);
uint16_t node_next_id(struct world_node *n);
/* Orders and datagrams of the endpoint, until it has no more. */
void node_speak(struct world_node *n);
void node_tick(struct world_node *n, usec now);
/* A packet for the node: as the other end sent it, and as it was delivered. */
void node_receive(struct world_node *n, struct bytes sent, struct bytes delivered, uint64_t serial);
/* By itself, and without a word to the log: it was told before. */
void node_take(struct world_node *n, struct bytes packet);
enum port_kind { PORT_OTHER, PORT_IKE, PORT_NAT_T };
enum port_kind node_port_kind(const struct world_node *n, uint16_t port);

static inline const char *node_name(const struct world_node *n)
{
	return n->config.endpoint.name ? n->config.endpoint.name : "";
}

#endif
