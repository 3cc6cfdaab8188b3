/*
 * A world owns time, chance and the wire of one case: its nodes, the link between them, its clock.
 *
 * In the virtual world the clock jumps to the next deadline and the link is a seeded queue; in the
 * real one the same link stands in user space between our nodes and a TUN device or UDP sockets.
 * Everything that crosses the link is an IP packet and an event of the log: EVENT_SENT as it left an
 * end (before a NAT; as it came from the device: of endpoint "target", or of "tester" if our first
 * node is the target), then EVENT_RECEIVED as delivered or EVENT_DROPPED with why.  `number` is the
 * packet's serial number, the same in all events about it.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include "base/event.h"
#include "base/rng.h"
#include "esp/esp.h"
#include "esp/inner.h"
#include "ikev2/endpoint.h"

struct world;
struct world_node;
struct real;            /* world/real.h: the devices and the clock that real worlds share */

struct world_config {
	struct crypto *crypto;
	struct rng rng;                 /* of the link; nodes bring their own */
	struct event_log *log;          /* may be NULL */
	const char *run, *target;       /* for events */
	usec latency;                   /* virtual: one way, 1 ms by default */
	struct real *real;              /* NULL: virtual */
};
struct world *world_new(const struct world_config *config, struct why *why);
void world_free(struct world *w);
usec world_now(const struct world *w);
/* Seconds since 1970 when world_now was 0; the virtual world begins with the year 2026. */
#define WORLD_EPOCH 1767225600
uint64_t world_epoch(const struct world *w);
bool world_virtual(const struct world *w);
/* Memory for what is kept ran out: the run cannot be judged. */
bool world_failed(const struct world *w);
/* Delivers what is due and lets every node speak, until nothing moves; bounded. */
void world_pump(struct world *w);
/* The next moment at which something happens by itself (packets on the way, node deadlines). */
usec world_deadline(const struct world *w);
/* Virtual: the clock jumps to t (not back).  Real: reads the clock.  Then ticks whatever is due. */
void world_advance(struct world *w, usec t);

/* ------------------------------------------------------------ the link */

struct link_fate {                      /* of one direction */
	usec delay, jitter;
	uint32_t loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm;     /* parts per million of packets */
	uint32_t mtu;                   /* octets of IP packet; 0: none */
	bool drop_ip_fragments, down;
};
enum link_way { LINK_TO_TARGET = 1, LINK_TO_TESTER = 2, LINK_BOTH = 3 };
void world_fate(struct world *w, enum link_way way, const struct link_fate *fate);
/* What every packet of both directions suffers from now on besides, whatever world_fate says, until the end; the
 * worse of the two counts. */
void world_weather(struct world *w, const struct link_fate *fate);
struct link_fate world_fate_now(const struct world *w, enum link_way way);
/*
 * A NAT in front of a tester: its packets leave from outside (port 0: the port is kept apart per inner port,
 * the first one allocated from 31000 up; else port maps the first flow and further flows of that
 * tester get the next ones).  Older mappings stay open for what the target still sends there.  NULL: none.
 */
bool world_nat(struct world *w, struct world_node *tester, const struct address *outside, struct why *why);
/* The tester speaks from another address from now on; the old one stays open. */
bool world_readdress(struct world *w, struct world_node *tester, const struct address *now);
/* The whole path again, without weather too. */
void world_heal(struct world *w);

/* ------------------------------------------------------------ nodes */

/* What arrived at a node, as far as it could be understood. */
enum arrival_kind {
	ARRIVED_IKE,            /* a datagram on 500, or behind a non-ESP marker on 4500 */
	ARRIVED_KEEPALIVE,
	ARRIVED_ESP,            /* a packet of one of our inbound SAs, or of none */
	ARRIVED_CLEAR,          /* an inner packet outside of any SA */
	ARRIVED_ICMP,           /* an ICMP error or echo to the outer address */
	ARRIVED_OTHER,
};
struct arrival {
	enum arrival_kind kind;
	usec time;
	struct bytes packet;            /* as the target sent it, before a NAT rewrote it */
	struct bytes delivered;         /* as it came out of the link */
	struct ip_packet ip;            /* of `packet` */
	struct datagram datagram;       /* IKE (addresses of `delivered`) */
	struct child_sa *child;         /* ESP */
	enum esp_result result;         /* ESP: what opening gave */
	struct esp_opened opened;       /* ESP, with its tree */
	/* ESP in tunnel mode, CLEAR.  With the last of the fragments of an inner packet: all of it. */
	struct ip_packet inner;
	struct echo echo;               /* if inner is an echo: */
	bool is_echo;
};

#define NODE_ADDRESSES 16
struct node_config {
	struct endpoint_config endpoint;
	struct address outer[NODE_ADDRESSES];   /* its addresses, IPv4 and IPv6; ports do not count */
	size_t outer_count;
	struct address inner[NODE_ADDRESSES];   /* its protected host's */
	size_t inner_count;
	bool is_target;                 /* which end of the link */
	bool answers_echo;              /* the inner host answers pings */
	uint32_t replay_window;         /* of inbound ESP SAs */
	uint64_t esp_omit;              /* bit n: esp_checks[n] is left out */
	const struct edits *esp_edits;  /* a fault: applied to each ESP packet sent; or NULL */
	/* A removed SA still receives for so long what was on its way, and what comes before its SA waits a moment for it;
	 * 0: no. */
	usec linger;
	/* Each inner packet that was opened and is within its SA's selectors, for a host behind the node; or NULL. */
	void (*inside)(void *ctx, struct world_node *node, struct bytes inner);
	/*
	 * A stepped node: told of each arrival instead of its endpoint and inner host; the arrival and its octets
	 * live as long as the world.  NULL: everything is handled by itself.
	 */
	void (*arrived)(void *ctx, struct world_node *node, struct arrival *a);
	void *ctx;
};
struct world_node *node_new(struct world *w, const struct node_config *config, struct why *why);
/* Its process ends: all SAs are forgotten, it hears and says nothing until node_restart. */
bool node_kill(struct world_node *n, const char *label, struct why *why);
/* It begins anew and knows no SA; label tells its chance from what it drew before.  The endpoint is another one. */
bool node_restart(struct world_node *n, const char *label, struct why *why);
struct endpoint *node_endpoint(struct world_node *n);
const struct node_config *node_configuration(const struct world_node *n);
/* What a stepped node does not want to judge: handled as by an automatic one. */
void node_handle(struct world_node *n, struct arrival *a);
/* The address that the node speaks from now (family 4 or 6), without a port. */
struct address node_address(const struct world_node *n, uint8_t family);

/* ESP by hand.  A packet that left: kept as long as the world. */
struct esp_sent {
	struct world_node *node;
	struct child_sa *child;
	struct bytes packet;            /* the IP packet */
	struct bytes esp;               /* from the SPI on */
	uint64_t seq;
	struct echo echo;               /* of a ping */
	struct address from, to;        /* of the inner packet, if we made it */
	usec time;
};
enum esp_kind { ESP_SEND_PING, ESP_SEND_UDP, ESP_SEND_TCP, ESP_SEND_DUMMY, ESP_SEND_OCTETS };
struct esp_sending {
	enum esp_kind kind;
	struct child_sa *child;
	size_t size;                    /* of the inner packet; 0: the usual (84) */
	struct bytes octets;            /* OCTETS: the inner packet */
	/* Inner addresses of PING, UDP and TCP; family 0: what fits the selectors (the target's inner
	 * address if it is a node of this world, else the second address of the range). */
	struct address from, to;
	struct esp_shape shape;         /* seq, tfc, pad, edits (of ESP, INNER, UDP, IP roots) */
	bool lost;
	bool clear;                     /* beside the tunnel: the inner packet as it is */
	bool route;                     /* PING with from and to, no child: through whatever SA is for it now */
};
struct esp_sent *node_send_esp(struct world_node *n, const struct esp_sending *s, struct why *why);
/* The same octets once more, edits of ESP.* / datagram applied. */
struct esp_sent *node_send_again(struct world_node *n, const struct esp_sent *s, const struct edits *edits, struct why *why);
/* Any IP packet, as from this node (a forged ICMP error, say). */
void node_send_packet(struct world_node *n, struct bytes ip);
/* The octets of an IKE datagram that was sent, from another node (a stranger's replay). */
void node_send_datagram(struct world_node *n, const struct datagram *d);
/* The target's inner host pings a tester's inner address through whatever SA fits; false if none does. */
bool node_ping(struct world_node *n, const struct address *to, struct why *why);
/* An inner packet of the host behind the node leaves through whatever SA fits; false with why if none does. */
bool node_forward(struct world_node *n, struct bytes inner, struct why *why);
/* Counters of the data plane of a child, both directions; false if it has no SAs. */
bool node_esp_counters(struct world_node *n, const struct child_sa *c, struct esp_counters *in, struct esp_counters *out);
/* All that went through the data plane of a node: packets, octets inside, and when. */
struct esp_carried {
	uint64_t sent, received, octets;
	usec first, last;
};
struct esp_carried node_carried(const struct world_node *n);
/* The outbound or inbound ESP SA of a child (state of tests, sequence numbers); NULL if none. */
struct esp_sa *node_esp_sa(struct world_node *n, const struct child_sa *c, bool inbound);

#endif
