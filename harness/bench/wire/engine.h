/*
 * One end of a measurement: an IKEv2 endpoint, the ESP SAs that it made, a port, sources that send
 * stamped packets at a rate and a sink that counts what comes.  It belongs to one thread.
 *
 * The tester is one; the built-in target is another, on a core of its own.  A real target's
 * protected side is the tester's own port, on which packets leave and come in clear.
 */
#ifndef WIRE_ENGINE_H
#define WIRE_ENGINE_H

#include <signal.h>

#include "esp/batch.h"
#include "ikev2/endpoint.h"
#include "evidence.h"
#include "port.h"
#include "track.h"

#define ENGINE_SIZES 24u

/* Directions as the tester sees them. */
enum wire_way { WAY_OUT, WAY_IN, WIRE_WAYS };

/* Sizes of inner packets in turn; a burst has one size. */
struct wire_sizes {
	size_t lens[ENGINE_SIZES];
	unsigned parts[ENGINE_SIZES]; /* packets of that size in one round */
	size_t count;
};

struct engine_config {
	const char *name;
	struct port *port; /* becomes the engine's */
	const struct connection *connections;
	size_t connection_count; /* an IKE SA with one Child SA each */
	bool initiator;
	bool encapsulate;    /* ESP in UDP whatever stands between */
	bool nat_detection;
	const char *backend; /* of ESP; NULL: the fastest */
	/* Inner addresses of connection i: ours and theirs. */
	const struct address *ours, *theirs;
	bool turns; /* what comes is sent back, addresses exchanged */
	bool bare;  /* ESP's framing without its cryptography, to see what that costs */
	uint64_t seed;
};

struct engine_child; /* a Child SA with its pair of ESP SAs */

struct engine_source {
	bool on, clear, echo; /* clear: from the target's protected side */
	double rate;          /* packets a second, HUGE_VAL: as fast as it goes */
	unsigned burst;
	uint32_t flow;
	uint64_t sent, refused; /* refused: the port had no room */
	uint64_t octets;
	/* How it goes through its sizes, and through the SAs. */
	size_t size, slot;
	unsigned left;
};

struct engine_slot { /* what one connection made */
	struct engine_child *current;
	uint8_t *packets[ENGINE_SIZES]; /* PORT_BURST of each size, headroom before each */
	uint8_t *clear[ENGINE_SIZES];   /* the same from the protected side */
};

#define ENGINE_BUCKETS 4096u
struct engine {
	struct engine_config config;
	struct crypto *crypto;
	struct rng rng;
	struct esp_batch *batch;
	struct endpoint *endpoint;
	struct arena *arena; /* of the packets to send */
	struct engine_child *children, *by_spi[ENGINE_BUCKETS];
	struct engine_slot *slots;
	size_t slot_count; /* that are up */
	bool asked;        /* a rekey is ours */
	uint64_t installed, removed;
	struct wire_sizes sizes;
	bool family_6; /* of inner packets */
	struct engine_source sources[WIRE_WAYS];
	struct track *tracks; /* WIRE_WAYS of them */
	struct esp_packet opening[PORT_BURST];
	size_t opening_count;
	uint64_t refused[ESP_RESULTS], no_sa;
	uint64_t cut; /* inner packets that came as the first of fragments */
	uint8_t *slab;        /* of a burst */
	struct evidence *evidence; /* what crosses the port is recorded there; or NULL; not the engine's */
	uint64_t ike_at, now; /* nanoseconds */
	double busy;          /* share of the last run in which the thread had the CPU */
	struct why trouble;
};

/* NULL with why; what the config points at must live as long as the engine. */
struct engine *engine_new(const struct engine_config *config, const struct wire_sizes *sizes,
			  struct why *why);
void engine_free(struct engine *e);
/* Begins the IKE SAs that are not there, at most `window` half-open at once; returns how many are up. */
bool engine_start_more(struct engine *e, unsigned window, struct why *why);
/* What came is dealt with, once; what an engine does between trials and while it waits. */
void engine_poll(struct engine *e);
/* Rekeys the first Child SA or its IKE SA. */
bool engine_rekey(struct engine *e, bool ike, struct why *why);
/* Deletes what was made; what comes of it is on the wire. */
void engine_delete(struct engine *e);

struct engine_load {
	uint64_t begin, end, over; /* nanoseconds: sources run from begin to end, sinks until over */
	bool spin;                 /* never sleeps */
	uint64_t rekey_at;         /* 0: no rekey */
	bool rekey_ike;
	const volatile sig_atomic_t *stop;
};
/* Before each trial: counts are 0, tracks expect these flows. */
void engine_clear(struct engine *e, const uint32_t flows[WIRE_WAYS]);
/* Returns when the load is over; e->trouble says what went wrong, if anything did. */
void engine_run(struct engine *e, const struct engine_load *load);

uint64_t engine_clock(void); /* nanoseconds, monotonic */

/* engine-child.c */
void children_take_orders(struct engine *e);
struct engine_child *children_find(struct engine *e, uint32_t spi_in);
struct esp_sa *child_inbound(const struct engine_child *c);
struct esp_sa *child_outbound(const struct engine_child *c);
/* Outer ends and how ESP goes there. */
void child_path(const struct engine_child *c, struct port_burst *b);
/* A packet of it was opened: its peer has it, so it may be sent on. */
void child_heard(struct engine *e, struct engine_child *c);
uint32_t child_spi_out(const struct engine_child *c);
void children_free(struct engine *e);

/* engine-source.c */
bool sources_lay(struct engine *e, struct why *why);
/* Sends inner packets back whence they came, addresses exchanged. */
void sources_turn(struct engine *e, const struct esp_packet *packets, size_t count);
/* The same for a packet that was only framed (config.bare). */
void sources_turn_bare(struct engine *e, uint8_t *esp, size_t len);
/* Sends what is due; returns when the next is (nanoseconds), or 0 if it sent something. */
uint64_t sources_move(struct engine *e, const struct engine_load *load);

/* engine-sink.c */
/* Takes what came; false if there was nothing. */
bool sink_move(struct engine *e);

#endif
