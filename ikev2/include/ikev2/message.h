/*
 * An IKE message: datagram <-> outer tree <-> protected inner tree (RFC 7296 3, RFC 7383).
 *
 * The outer tree is HDR and the payload chain as it lies on the wire; if that chain holds an SK
 * payload which could be opened, the inner tree is the chain inside it.  Octets after HDR.length and
 * everything else not understood stay as undecoded octets.
 */
#ifndef IKEV2_MESSAGE_H
#define IKEV2_MESSAGE_H

#include "base/crypto.h"
#include "base/wire.h"
#include "ikev2/edit.h"

#define IKE_HEADER 28

/* Exchange types, payload types, flags that the code speaks of. */
enum {
	IKE_SA_INIT = 34, IKE_AUTH = 35, CREATE_CHILD_SA = 36, INFORMATIONAL = 37,
};
enum {
	PAYLOAD_NONE = 0, PAYLOAD_SA = 33, PAYLOAD_KE, PAYLOAD_IDI, PAYLOAD_IDR, PAYLOAD_CERT, PAYLOAD_CERTREQ,
	PAYLOAD_AUTH, PAYLOAD_NONCE, PAYLOAD_NOTIFY, PAYLOAD_DELETE, PAYLOAD_VENDOR, PAYLOAD_TSI, PAYLOAD_TSR,
	PAYLOAD_SK, PAYLOAD_CP, PAYLOAD_EAP, PAYLOAD_SKF = 53,
};

enum message_protection {
	MESSAGE_CLEAR,          /* no SK or SKF payload */
	MESSAGE_SEALED,         /* not opened: no keys */
	MESSAGE_OPENED,
	MESSAGE_BAD_ICV,
	MESSAGE_BAD_PADDING,    /* ICV right, pad length past the start */
	MESSAGE_SHORT,          /* SK too short to hold IV, padding and ICV */
};

struct message {
	struct arena *arena;
	struct bytes octets;            /* from HDR on */
	struct node *outer;
	struct node *inner;             /* a list node of payloads; NULL if nothing was opened */
	struct node *trailer;           /* SK.padding and SK.pad_length; NULL if nothing was opened */
	struct bytes plain;             /* the opened chain (of SKF: this fragment's part of it) */
	uint8_t first;                  /* the type of the first payload in plain */
	bool is_fragment;               /* an SKF payload, whatever its numbers are */
	uint16_t fragment, fragments;   /* its number and total as they are on the wire; 0 without */
	struct node *const *parts, *const *part_trailers;   /* of a whole message in fragments: their outer trees, for SKF[n] */
	size_t part_count;
	enum message_protection protection;
	bool clean;                     /* everything decoded, outer and inner */
	struct why why;                 /* the first thing that was not */
	uint64_t spi_i, spi_r;          /* the header's fields as they are on the wire */
	uint8_t exchange, major_version, minor_version, next_payload;
	bool initiator, response;       /* flags I and R */
	uint32_t id, length;
};

/* One direction of an IKE SA's protection. */
struct message_keys {
	const struct suite *suite;
	struct sealer *sealer;          /* SK_e* and SK_a* */
};

/* Decodes; false if there are fewer than 28 octets (or no memory).  Never looks past octets. */
bool message_decode(struct arena *a, struct bytes octets, struct message *out, struct why *why);
/* Opens SK with the keys: fills inner and protection, splits SK into iv, ciphertext, padding, pad_length, icv.
 * check_icv false: a faulty receiver that does not look; check_padding likewise. */
bool message_open(struct message *m, const struct message_keys *keys, bool check_icv, bool check_padding,
		  struct why *why);

/* The chain of all fragments, opened and in order, as m's inner tree (m is any of them;
 * count 0: the only one). */
bool message_join(struct message *m, const struct message *fragments, size_t count, struct why *why);

/* The first match of a path: looked for inside SK, then outside; HDR, SK, SKF[n] are roots of their own. */
struct node *message_find(const struct message *m, const char *path, struct why *why);
size_t message_find_all(const struct message *m, const char *path, struct node **out, size_t cap);
/* The n-th (from 1) payload of a type in the chain that counts (inner if there is one), or NULL. */
struct node *message_payload(const struct message *m, uint8_t type, unsigned n);
/* The first notify of a type, or NULL.  notify_data: its data octets. */
struct node *message_notify(const struct message *m, uint16_t type);
/* Could the path ever name something in an IKE message (AUTH.from.id and SK.padding too)?  And its row. */
bool message_path_possible(const char *path, struct why *why);
const struct wire_row *message_path_row(const char *path);
/* Is it an input of a derived value, "AUTH.from.id", "SK.from.key"? */
bool message_path_is_input(const char *path);
/* "SKF[2].icv" becomes "SKF.icv" in the second datagram; false: it means another one. */
bool message_path_of_datagram(struct arena *a, const char **path, size_t k);

/*
 * Composing.  The caller builds the honest chain with wire_append/wire_give_* on message_chain_new(),
 * then message_finish runs the phases: inner edits; derive() (AUTH and the like, over the edited chain);
 * derived edits; protection; outer edits; datagram edits.
 */
struct composition {
	struct arena *arena;
	struct rng *rng;                /* IVs */
	uint64_t spi_i, spi_r;
	uint8_t exchange;
	bool initiator, response;
	uint32_t id;
	struct node *chain;             /* honest payloads, in order */
	bool protect;                   /* in SK with keys */
	const struct message_keys *keys;
	unsigned fragments;             /* 0: as fragment_octets says; n: in n SKF (RFC 7383) */
	size_t fragment_octets;         /* no message longer than this, else fragments; 0: by `fragments` */
	const unsigned *order;          /* which fragments leave, in what order, from 1; NULL: each once */
	size_t order_count;
	const struct edits *edits;      /* may be NULL */
	/* Called between the inner and the derived phase; may be NULL.  Without edits once, honest NULL.
	 * With edits twice: first for the honest message (the chain itself, honest NULL), which gives
	 * the values that edits speak of, then with the edited chain and the honest one. */
	bool (*derive)(void *ctx, struct node *chain, struct node *honest, struct why *why);
	/* The value of a virtual input field set by an edit ("AUTH.from.id"), told before derive; may be NULL. */
	bool (*input)(void *ctx, const char *path, const struct edit_value *value, struct why *why);
	void *ctx;
};

#define MESSAGE_FRAGMENTS 64
struct composed {
	size_t count;                           /* datagrams, 1 but for fragments */
	struct bytes datagrams[MESSAGE_FRAGMENTS];  /* as they leave, lies included */
	struct bytes honest;                    /* the first before edits of the finished datagram */
	struct node *outer[MESSAGE_FRAGMENTS];  /* the tree of each datagram */
	struct node *trailer[MESSAGE_FRAGMENTS];    /* its padding; NULL in clear */
	uint16_t number[MESSAGE_FRAGMENTS];         /* which fragment it bears; 0: the whole message */
	size_t fragments;                           /* into how many it was cut, whichever of them left */
	struct bytes pieces[MESSAGE_FRAGMENTS];     /* each of them as it left last, or would have, by number - 1 */
	struct message message;                 /* trees of what leaves (edits of fields believed), octets = honest */
};

/* A new empty chain: a list node whose children are payloads. */
struct node *message_chain_new(struct arena *a);
/* Appends a payload of a type with its table's honest defaults; NULL past the cap. */
struct node *message_chain_add(struct arena *a, struct node *chain, uint8_t type);
struct node *message_chain_notify(struct arena *a, struct node *chain, uint16_t type, struct bytes data);

bool message_finish(const struct composition *c, struct composed *out, struct why *why);

/* The octets of a message sent before, with edits: nothing is computed anew but what they name or unset.
 * keys (those it was sealed with) tell where IV and ICV lie; NULL for one in clear. */
bool message_again(struct arena *a, struct bytes sent, const struct message_keys *keys,
		   const struct edits *edits, struct composed *out, struct why *why);

/* "IKE_AUTH response with IDr, AUTH, N(TS_UNACCEPTABLE)", for people; the arena's, never NULL. */
const char *message_line(struct arena *a, const struct message *m);

/* The octets of a payload without its generic header, as last encoded (ID' of AUTH, RFC 7296 2.15). */
bool message_body(struct arena *a, struct node *payload, struct bytes *out);

#endif
