/*
 * Two endpoints in one process, an initiator and a responder, whose datagrams the test delivers by
 * hand: through a NAT, with loss, twice, or changed.  Time is a number.
 */
#ifndef PAIR_H
#define PAIR_H

#include "ikev2/endpoint.h"

enum { LEFT, RIGHT };

struct pair_end {
	struct endpoint_config config;
	struct connection connection;
	struct endpoint *endpoint;
	struct address nat; /* family 0: none; else what the other end sees */
	size_t sent, keepalives, installs, removes, readdresses;
	struct child_order installed; /* the last */
	uint8_t keys[256];            /* of its two directions, in then out */
	size_t keys_len;
	struct bytes last; /* the last datagram that it put out (own copy) */
	struct datagram last_datagram;
};

struct pair {
	struct arena *arena;
	struct crypto *crypto;
	bool borrows_crypto;
	struct pair_end end[2];
	usec now;
	/* Asked of each datagram before it is delivered; false: it is lost.  May be NULL. */
	bool (*pass)(struct pair *p, int from, struct datagram *d);
	void *ctx;
	size_t packets;
};

struct pair_setup {
	const char *ike, *esp; /* suites, several with spaces between; NULL: the usual */
	const char *ike_right, *esp_right; /* NULL: as left */
	bool ipv6;
	uint64_t seed;
	struct crypto *crypto; /* of the caller; NULL: one of its own */
};

/* Makes both; change end[].config and end[].connection, then pair_start. */
struct pair *pair_new(const struct pair_setup *setup);
void pair_start(struct pair *p);
void pair_free(struct pair *p);
/* Delivers until nothing moves; returns how many datagrams went over. */
size_t pair_pump(struct pair *p);
/* Time goes on to t, with every deadline on the way. */
void pair_run(struct pair *p, usec t);
bool pair_handshake(struct pair *p);
struct ike_view pair_ike(struct pair *p, int end);
/* Both established, with one Child SA whose keys and SPIs agree? */
bool pair_agrees(struct pair *p);
void pair_omit(struct pair *p, int end, const char *check);
size_t pair_living(struct pair *p, int end);
/* A liveness check, a delete of the Child SA and of the IKE SA, from that end. */
bool pair_ask(struct pair *p, int end, enum purpose purpose);

#endif
