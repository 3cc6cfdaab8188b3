/*
 * Oracles, always on: rules about everything that the target sends, as seen before the link touches
 * it.  They read the run's own event log and nothing else, so that what they say can be checked
 * there.
 */
#ifndef RUN_ORACLES_H
#define RUN_ORACLES_H

#include "ikev2/fragments.h"
#include "inside.h"

enum oracle {
	ORACLE_AUTH,
	ORACLE_RESPONSE,
	ORACLE_RETRANSMISSION,
	ORACLE_IKE_IV,
	ORACLE_ESP_IV,
	ORACLE_ESP_FIRST,
	ORACLE_ESP_NUMBER,
	ORACLE_NONCE,
	ORACLE_SPI,
	ORACLE_RESERVED,
	ORACLE_CRITICAL,
	ORACLE_CLEAR,
	ORACLE_LENGTHS,
	ORACLE_NAT_HASH,
	ORACLES
};

/* Keys of an IKE SA, to open what the target sends. */
struct oracle_keys {
	uint64_t spi_i, spi_r;
	struct suite suite;
	struct message_keys from_initiator, from_responder;
	struct oracle_keys *next;
};

/* A request, of either end. */
struct oracle_request {
	uint64_t spi_i;
	uint32_t id;
	uint8_t exchange;
	bool by_target,
		answered; /* answered: a response went to the target since it was sent last */
	bool initiator;
	uint16_t fragment, fragments; /* which datagram of it; 0: the only one */
	struct bytes octets; /* of the target's */
	struct oracle_request *next;
};

/* Something that must not come twice: an IV under a key, a nonce. */
struct oracle_once {
	uint64_t key; /* SPIs; or what tells one use from another */
	struct bytes octets;
	uint64_t message; /* hash of the whole message: a retransmission may repeat it */
	struct oracle_once *next;
};

#define ONCE_BUCKETS 256
struct oracle_set {
	struct oracle_once *buckets[ONCE_BUCKETS];
};

struct oracle_esp {
	uint32_t spi;
	bool aead;
	size_t iv;
	uint64_t top, seen; /* highest number; bits of the 64 below it */
	uint64_t packets;
	struct oracle_set ivs;
	bool early;             /* seen before we had its keys: the answer to a rekey was still under way */
	uint32_t first;
	struct oracle_esp *next;
};

struct oracles {
	struct run *run;
	struct arena *scratch; /* of one message */
	bool off[ORACLES];
	struct {
		unsigned count;
		const char *wanted, *got;
	} fired[ORACLES];
	struct oracle_keys *keys;
	struct fragment_queue *fragments; /* of the target's messages */
	struct oracle_request *requests;
	struct oracle_set ike_ivs, nonces, spis;
	struct oracle_esp *esp;
};

void fire(struct oracles *o, enum oracle which, const char *wanted, const char *got);
uint64_t oracle_hash(struct bytes b);
/* True the first time; a repeat in the same message (by its hash) is no repeat. */
bool once(struct oracles *o, struct oracle_set *set, uint64_t key, struct bytes octets,
	  uint64_t message);
void oracle_ike_keys(struct oracles *o, const struct event_ike_keys *k);
void oracle_child_keys(struct oracles *o, const struct event_child_keys *k);
/* An IKE datagram, from the target or from a tester. */
void oracle_ike(struct oracles *o, struct bytes octets, bool by_target);
void oracle_esp_packet(struct oracles *o, struct bytes esp);

#endif
