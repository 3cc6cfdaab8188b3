/*
 * A tester and a target on a virtual link, their endpoints being told what to say; what the event log
 * heard of it.
 */
#ifndef WORLD_TESTS_LAB_H
#define WORLD_TESTS_LAB_H

#include "cm.h"
#include "fake.h"
#include "world/world.h"

struct heard {
	size_t same_ids;                /* packets with the identification of the one before */
	size_t sent, received, dropped, keys, notes;
	char last_drop[128], last_note[256];
	uint8_t octets[4096];           /* of the last packet sent */
	size_t len;
	uint64_t key_spis;              /* their sum */
	int64_t last_number;            /* of the last packet sent */
	uint64_t digest;                /* of all events */
};

struct lab {
	struct crypto *crypto;
	struct event_log log;
	struct world *world;
	struct world_node *tester, *target;
	struct endpoint *tester_e, *target_e;
	struct heard heard;
	struct child_sa child[8], mirror[8];
	struct arrival *arrivals[64];
	size_t arrival_count;
	uint16_t port;                  /* of the target, in selectors of SAs to come; 0: any */
	bool asked;                     /* SAs to come are of the tester's making, else the target may send at once */
	uint8_t inside[2048];           /* the last inner packet that the target handed in */
	size_t insides, inside_len;
};

struct carriage {
	const char *name, *tester, *target;     /* outer, with ports if in UDP */
	const char *suite;
	bool transport;
};

extern const struct carriage carriages[];
#define CARRIAGES 5

struct lab *lab_new(bool stepped);
/* Automatic nodes; SAs that the target removed still receive for a second. */
struct lab *lab_lingering(void);
void lab_free(struct lab *l);
struct node_config config_of(struct lab *l, bool target, bool stepped);
/* Lives for so long. */
void run(struct lab *l, usec span);
/* Child SA number i, at both ends; SPIs 0x1000 + i inbound at the tester, 0x2000 + i at the target. */
void install(struct lab *l, int i, const struct carriage *c);
void install_at_target(struct lab *l, int i, const struct carriage *c);
struct child_order order_of(struct lab *l, int i, enum order_kind kind);
struct esp_sent *ping(struct lab *l, int child, struct why *why);
const struct arrival *last_arrival(const struct lab *l);
struct esp_counters counters(struct world_node *n, const struct child_sa *c, bool inbound);
/* Of struct edits: an expression is a struct edit_value. */
bool value(void *ctx, const void *expression, const struct edit_place *place, struct arena *a,
	   struct edit_value *out, struct why *why);

#endif
