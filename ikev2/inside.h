/*
 * What the files of the endpoint share.  A message on its way in is an `incoming`, one on its way
 * out a `making`; an IKE SA owns everything that outlives a message, in arenas of its own.
 */
#ifndef IKEV2_INSIDE_H
#define IKEV2_INSIDE_H

#include "auth-method.h"
#include "check.h"
#include "index.h"
#include "ikev2/endpoint.h"
#include "ikev2/fragments.h"
#include "ikev2/timers.h"

#define SA_ARENA        ((size_t)1 << 20)
#define CHILD_ARENA     ((size_t)1 << 17)
#define KEPT_ARENA      ((size_t)1 << 20)
#define SCRATCH_ARENA   ((size_t)8 << 20)
#define OUT_ARENA       ((size_t)16 << 20)
#define RUN_ARENA       ((size_t)1 << 29)
#define OUT_LIMIT       4096 /* datagrams that wait to be taken */
#define SA_LIMIT        ((size_t)1 << 18) /* IKE SAs of an endpoint */
#define HALF_OPEN_LIMIT 1024
#define CHILD_LIMIT     64 /* Child SAs of an IKE SA */
#define LINGER_LIMIT    64 /* gone IKE SAs that are kept to answer a repeated last request */
#define PENDING         8  /* requests in flight */
#define COOKIE_ROUNDS   4
#define KE_ROUNDS       4
#define NONCE           32
#define KEY_MAX         80

/* ------------------------------------------------------------ offers (proposal.c) */

struct offered_transform {
	uint8_t type;
	uint16_t id;
	uint16_t key_bits;
	bool odd; /* attributes that are unknown, doubled or ill-formed */
};
struct offered {
	uint8_t number, protocol;
	struct bytes spi;
	struct offered_transform *rows;
	size_t count;
};
struct offers {
	struct offered *rows;
	size_t count;
};
/* What was chosen, with what an answer must repeat. */
struct chosen {
	struct suite suite;
	uint8_t number;
	struct bytes spi;
	bool integ_none, ke_none;
};
#define PROTOCOL_IKE 1
#define PROTOCOL_ESP 3

struct endpoint;
struct incoming;
struct making;

/* Octets and numbers are copied to the arena. */
bool offers_read(struct endpoint *e, struct arena *a, struct node *payload, struct offers *out);
/* The first suite of ours that some proposal holds. */
bool offers_choose(struct endpoint *e, const struct offers *o, uint8_t protocol,
		   const struct suite *ours, size_t count, struct chosen *out);
/* The answer to what we offered: one proposal, one transform of each type, all of them offered. */
bool offers_answer(struct endpoint *e, const struct offers *ours, struct node *payload,
		   uint8_t protocol, struct arena *a, struct chosen *out);
/* Any suite that we could compute with, of what is offered (a fault, and what an edited answer
 * says). */
bool offers_any(const struct offers *o, uint8_t protocol, struct chosen *out);
bool offers_hold_group(const struct offers *o, uint16_t group);
bool proposals_write(struct arena *a, struct node *payload, uint8_t protocol,
		     const struct suite *suites, size_t count, struct bytes spi, bool with_ke);
bool proposal_write_chosen(struct arena *a, struct node *payload, uint8_t protocol,
			   const struct chosen *c, struct bytes spi);

/* ------------------------------------------------------------ keys (keymat.c) */

struct ike_keys {
	struct bytes sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};
bool keymat_skeyseed(struct crypto *c, const struct transform *prf, struct bytes ni,
		     struct bytes nr, struct bytes secret, uint8_t *out);
bool keymat_rekeyed_skeyseed(struct crypto *c, const struct transform *old_prf,
			     struct bytes old_sk_d, struct bytes secret, struct bytes ni,
			     struct bytes nr, uint8_t *out);
/* skeyseed: as long as the PRF that made it puts out, which may be another than that of the suite;
 * prf: that expands it, the suite's. */
bool keymat_ike(struct crypto *c, struct arena *a, const struct suite *s,
		const struct transform *prf, struct bytes skeyseed, struct bytes ni,
		struct bytes nr, uint64_t spi_i, uint64_t spi_r, struct ike_keys *out);
/* secret: of a KE in CREATE_CHILD_SA, else empty.  i: from the exchange's initiator to its
 * responder. */
bool keymat_child(struct crypto *c, struct arena *a, const struct transform *prf, struct bytes sk_d,
		  const struct suite *esp, struct bytes secret, struct bytes ni, struct bytes nr,
		  struct child_keys *i, struct child_keys *r);

/* ------------------------------------------------------------ SAs */

struct kept { /* datagrams that may have to be sent again */
	struct arena *arena;
	size_t count;
	struct bytes *rows;
	struct address from, to;
	bool marker;
	const struct edits *edits;
	struct sent *sent;
	struct bytes honest; /* the first without edits of the datagram */
	struct bytes plain;  /* what is sealed, to be cut into smaller pieces */
	uint8_t first, exchange;
	uint32_t id;
};

/* How far an SA is from its limits. */
struct life {
	struct limits soft, hard; /* soft: with the jitter off */
	usec soft_at, hard_at;
	uint64_t soft_seq, last_seq; /* 0: it has no sequence numbers */
	struct traffic in, out;
	bool soft_over, hard_over; /* and dealt with */
};
/* What the peer refuses for a while. */
struct retry {
	usec at; /* until then nothing is created or rekeyed; 0: now */
	usec gap, since;
};

/* An exchange that we began and that is not answered. */
struct pending {
	bool used, retransmit;
	bool zombie; /* answered, and repeated nevertheless: a fault */
	uint32_t id;
	enum purpose purpose;
	struct child_sa *child;
	struct ike_sa *made; /* rekey-ike: the new IKE SA, not linked yet */
	uint32_t overtaken[4]; /* SPIs that the peer deleted meanwhile */
	size_t overtaken_count;
	struct kept kept;
	struct sent *sent;
	usec next, gap;
	unsigned sendings;
	bool clear_error; /* an unprotected error was seen: it fails if nothing better comes */
	uint16_t notify;
};

#include "window.h"

struct child_sa {
	struct arena *arena;
	struct endpoint *endpoint;
	struct ike_sa *ike;
	struct child_sa *older;
	struct child_sa *next_order;
	bool ordered; /* it is among the orders */
	struct link by_spi;
	uint32_t spi_in, spi_out;
	struct suite suite;
	struct offers offers; /* that we made, while they are not answered */
	struct chosen chosen;
	struct selectors ours, theirs;
	struct bytes ni, nr; /* of CREATE_CHILD_SA; empty: those of the IKE SA */
	struct dh *dh;       /* of CREATE_CHILD_SA with KE, as are these: */
	uint16_t group;
	struct bytes secret;
	unsigned ke_rounds;
	struct child_keys in, out;
	struct child_sa *replaces, *heir; /* while it is being made in place of another; and back */
	struct bytes rival; /* the peer made one in place of the same: the lowest nonce of that */
	bool replaced;      /* another was made in its place */
	usec replaced_at;
	bool initiator; /* of the exchange that made it */
	struct life life;
	bool rekey_failed; /* the last attempt */
	bool stopped;      /* the data plane was told that it is over */
	bool installed, gone, deleting, want_delete, want_rekey, udp;
	bool asked_transport, transport;      /* asked for by its initiator; agreed (1.3.1) */
	bool asked_fragments, fragments_too;  /* NON_FIRST_FRAGMENTS_ALSO, the same */
	bool no_tfc;                          /* the peer takes no TFC padding */
	bool more_selectors;                  /* others would make another SA: ADDITIONAL_TS_POSSIBLE */
	struct address original_local, original_remote;
	bool order_install, order_readdress, order_remove;
	struct address local, remote;
};

/* RFC 4555 */
#define MOBIKE_ADDRESSES 8
struct mobike {
	bool on; /* both ends said so */
	struct address others[MOBIKE_ADDRESSES]; /* of the peer */
	size_t other_count;
	bool any;
	uint32_t newest; /* message ID of the newest update that was acted on */
	bool checking, want_check, want_update;
	uint8_t cookie[16];
	struct address old_local; /* before we moved */
	uint8_t mapping[20];      /* what the peer saw of us last, by its NAT detection in this IKE SA */
	uint64_t mapping_spi;     /* our part of that; 0: nothing was seen */
	unsigned tries;
};

struct ike_sa {
	struct endpoint *endpoint;
	struct arena *arena;
	struct ike_sa *newer, *older;
	struct place place;
	const struct connection *connection;
	bool initiator;
	enum ike_state state;
	bool linked, lingering;
	uint64_t spi_i, spi_r;
	struct suite suite;
	struct chosen chosen;
	struct offers offers;
	uint16_t group; /* of the KE that we sent */
	struct dh *dh;
	struct bytes secret; /* g^ir, until the keys are made */
	struct bytes ni, nr;
	struct bytes message_i, message_r; /* IKE_SA_INIT as AUTH signs them */
	uint64_t request_hash;             /* of the IKE_SA_INIT request */
	struct ike_keys keys;
	struct sealer *seal, *open;
	struct identity peer;
	unsigned hashes_sent, hashes_heard; /* HASH_BITs of SIGNATURE_HASH_ALGORITHMS */
	struct bytes cookie;
	unsigned cookie_rounds, ke_rounds;
	struct address local, remote, first_remote;
	bool marker;
	bool nat_here, nat_there, nat_heard;
	struct window window;
	bool fragmentation_said, fragmentation_heard; /* agreed upon if both */
	size_t fragment_octets;           /* datagrams are no larger, after a probe that failed; 0: as configured */
	struct fragment_queue *fragments; /* of the peer's messages; NULL: there were none yet */
	size_t fragments_counted;         /* octets of them that the endpoint has counted */
	struct pending pending[PENDING];
	struct child_sa *children; /* newest first */
	size_t child_count;
	bool want_liveness, want_configuration, want_delete, want_child, want_rekey, deleting, clear_error;
	struct ike_sa *replaces;  /* a rekey: the IKE SA that this one was made by */
	struct ike_sa *successor; /* that has taken over the Child SAs; this one is being closed */
	struct ike_sa *rival;     /* that the peer made while our own rekey is not answered */
	bool redundant;           /* it is not the survivor of two; whoever made it closes it */
	usec replaced_at;
	bool spares_children; /* a fault: they outlive it */
	struct address assigned[2], given[2]; /* inner addresses, IPv4 and IPv6 (2.19) */
	struct mobike mobike;
	bool childless;       /* the peer announced RFC 6023 */
	bool single_pair;     /* it wants one address at each end */
	struct life life;
	struct retry retry;
	bool asked; /* the peer made a request since IKE_AUTH */
	usec hinted_at; /* the last unprotected sign of death that was minded; 0: none */
	usec told_spi_at;
	uint32_t wrong_spi; /* the peer is to be told of it; 0: no */
	usec revive_at, revive_gap; /* its connection is to be begun again; 0: not */
	usec created, last_heard, last_sent, gone_at;
};

/* ------------------------------------------------------------ the endpoint */

struct outgoing {
	struct outgoing *next;
	struct datagram datagram;
};

struct sent_record {
	struct sent sent;
	struct sent_record *older;
	struct sending sending;
	uint32_t wire_id;
};
struct seen_record {
	struct seen seen;
	struct seen_record *older;
	uint64_t hash;
};

struct endpoint {
	struct endpoint_config config;
	struct rng rng;
	struct arena *scratch, *out, *run;
	struct outgoing *out_first, *out_last;
	size_t out_count;
	struct ike_sa *newest, *oldest;
	struct index index;
	size_t sa_count, child_count, half_open, lingering;
	size_t fragment_octets; /* of all fragments that wait */
	struct child_sa *orders, *orders_last;
	struct child_sa *bare; /* gone Child SAs whose IKE SA was freed */
	struct sent_record *sent;
	struct seen_record *seen;
	uint8_t cookie_secret[2][32];
	uint32_t cookie_version;
	usec cookie_since;
	usec answer_since; /* of INVALID_IKE_SPI, for its rate */
	unsigned answers;
	struct endpoint_counts counts;
	bool refused; /* during this input */
	usec now;
};

/* A message on its way in. */
struct incoming {
	struct endpoint *e;
	const struct datagram *datagram;
	struct arena *arena;
	struct message m;
	struct ike_sa *ike;
	struct pending *pending; /* response: what it answers */
	enum purpose purpose;
	enum take how;
	struct seen *seen;             /* stepped */
	const struct sending *sending; /* the answer that the harness wants, or NULL */
	struct sent *response;         /* what was sent in answer */
	struct why *why;
	usec now;
	bool dry; /* nothing is to be sent or changed; composed is the answer */
	struct composed composed;
	bool done; /* dealt with, one way or the other */
	bool accepted;
};

/* A message on its way out. */
struct making {
	struct endpoint *e;
	struct ike_sa *ike, *made;
	struct child_sa *child;
	struct pending *pending;
	struct incoming *request; /* a response: to this */
	enum purpose purpose;
	uint8_t exchange;
	bool response, clear;
	uint32_t id;
	uint64_t spi_i, spi_r; /* of the header */
	bool initiator_flag;
	uint16_t notify; /* this notify alone, or added (see error) */
	struct bytes notify_data;
	const struct sending *sending;
	const struct edits *edits;
	struct arena *arena;
	struct node *chain;
	struct bytes from_message, from_nonce, from_id, from_key; /* at NULL: the honest ones */
	const struct auth_method *method;       /* of AUTH; NULL: none in this message */
	const struct signature_scheme *scheme;
	struct message_keys keys;
	struct sealer *other_key; /* SK.from.key */
	struct composed composed;
	struct sent *sent; /* the record, of a stepped endpoint */
	struct why *why;
};

/* checks.c: is the duty to be done, the check to be made?  Refusing: true unless the row is left
 * out. */
bool check_on(const struct endpoint *e, enum check c);
bool refuse(struct incoming *x, enum check c);
/* The same without an incoming message. */
void refused_count(struct endpoint *e, enum check c);

/* sa.c */
struct ike_sa *ike_sa_new(struct endpoint *e, const struct connection *c, bool initiator, usec now);
void ike_sa_link(struct ike_sa *sa);
void ike_sa_hash(struct ike_sa *sa);
void ike_sa_gone(struct ike_sa *sa, const char *why, usec now);
void ike_sa_free(struct ike_sa *sa);
/* By IKE_SA_INIT, or (replaces) by a rekey. */
bool ike_sa_make_keys(struct ike_sa *sa, struct why *why);
void ike_sa_drop(struct ike_sa *sa); /* one that never came to be */
bool ike_sa_set_state(struct ike_sa *sa, enum ike_state state);
struct ike_sa *ike_sa_by_own(struct endpoint *e, bool we_initiated, uint64_t own);
struct ike_sa *ike_sa_by_peer(struct endpoint *e, struct ike_sa *after, uint64_t spi_i);
uint64_t ike_sa_own(const struct ike_sa *sa);
uint64_t spi_fresh(struct endpoint *e);
bool ike_sa_orders_wait(const struct ike_sa *sa);
void endpoint_reap(struct endpoint *e);
void kept_clear(struct kept *k);
bool kept_store(struct kept *k, const struct composed *c);
/* Other datagrams of the same content. */
bool kept_replace(struct kept *k, const struct composed *c);
void kept_free(struct kept *k);

/* child.c */
struct child_sa *child_new(struct ike_sa *ike, bool initiator);
void child_gone(struct child_sa *c);
void child_stop(struct child_sa *c); /* no more packets; the peer has not heard of it yet */
void child_drop(struct child_sa *c); /* one that never came to be */
void child_untie(struct child_sa *c); /* from what it replaces, or what is to replace it */
void child_free(struct child_sa *c);
bool child_install(struct child_sa *c, struct why *why);
void child_link(struct child_sa *c); /* it is one of its IKE SA's */
void child_order_push(struct child_sa *c);
void child_readdress(struct ike_sa *sa);
struct child_sa *child_by_spi(struct ike_sa *sa, uint32_t spi, bool inbound);
void child_forget(struct ike_sa *sa); /* gone ones whose orders were taken */
void child_move(struct ike_sa *from, struct ike_sa *to);
uint32_t child_spi_fresh(struct endpoint *e);

/* events.c */
void note_state(struct endpoint *e, const struct ike_sa *sa, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void note_timer(struct endpoint *e, const struct ike_sa *sa, const char *name);
void note_keys(struct ike_sa *sa);

/* payloads.c: reading and writing payloads by their fields */
struct node *payload_list(struct node *n);
struct node *payload_element(struct arena *a, struct node *list);
uint64_t payload_number(struct node *n, const char *field);
struct bytes payload_octets(struct node *n, const char *field);
bool payload_notify(struct making *m, uint16_t type, struct bytes data);
bool payload_ke(struct making *m, uint16_t group, struct bytes data);
bool payload_nonce(struct making *m, struct bytes data);
bool payload_id(struct making *m, uint8_t type, const struct identity *id);
bool payload_auth(struct making *m);
bool payload_certificate(struct making *m, uint8_t type, uint8_t encoding, struct bytes data);
bool payload_selectors(struct making *m, uint8_t type, const struct selectors *s);
bool payload_delete(struct making *m, uint8_t protocol, const uint32_t *spis, size_t count);
uint16_t error_notify(const struct message *m); /* the first error notify's type, or 0 */
struct node *payload_chain(const struct message *m);
void reserved_ones(struct node *n);
bool type_known(uint32_t payload);

/* exchanges.c */
const struct exchange_row *exchange_row(enum purpose p); /* never NULL */
const struct payload_rules *exchange_rules(enum purpose purpose, bool response);
bool exchange_has_all(const struct payload_rules *rules, const struct message *m);
bool exchange_has_more(const struct payload_rules *rules, const struct message *m);

/* compose.c */
/* "3 1 1" */
size_t fragments_order(const char *text, unsigned out[static MESSAGE_FRAGMENTS]);
bool making_begin(struct making *m, struct endpoint *e, struct ike_sa *sa, enum purpose purpose,
		  bool response);
/* The honest chain of a request, or of a message that is one notify. */
bool making_build(struct making *m, struct why *why);
bool making_finish(struct making *m, struct why *why);
/* Records what was made, keeps it and (unless lost) puts it out.  kept: NULL if it is not to be
 * sent again. */
bool making_send(struct making *m, struct kept *kept, usec now);
void put_out(struct endpoint *e, const struct kept *k);
void put_out_datagram(struct endpoint *e, const struct datagram *d);
struct datagram route_of(const struct ike_sa *sa);

/* answer.c: responses.  False if nothing was sent (a dry run, an edit that does not fit): change
 * nothing then. */
bool answer_begin(struct making *m, struct incoming *x, struct ike_sa *sa, enum purpose purpose);
bool answer_send(struct making *m, struct incoming *x);
/* An error (or a COOKIE) alone. */
bool answer_notify(struct incoming *x, uint16_t type, struct bytes data);
bool answer_with(struct incoming *x, uint16_t type);
/* Refuses by the row's answer: silence, a notify, a notify and the end of the SA. */
bool refuse_answered(struct incoming *x, enum check c, struct bytes data);
/* The same where it must be refused even if the row is left out. */
void refuse_anyway(struct incoming *x, enum check c);

/* request.c: requests */
bool request_send(struct ike_sa *sa, enum purpose purpose, struct child_sa *child,
		  const struct sending *s, usec now, struct making *m, struct why *why);
/* made: a rekey of the IKE SA whose new SA was begun already, or NULL. */
bool request_send_made(struct ike_sa *sa, enum purpose purpose, struct child_sa *child,
		       struct ike_sa *made, const struct sending *s, usec now, struct making *m,
		       struct why *why);
struct pending *pending_find(struct ike_sa *sa, uint32_t id);
struct pending *pending_any(struct ike_sa *sa);
/* It is answered, or given up. */
void pending_done(struct ike_sa *sa, struct pending *p);
void pending_drop(struct pending *p);
/* What waits to be asked, if nothing is in flight. */
void ike_sa_advance(struct ike_sa *sa, usec now);

/* init.c, cookie.c, nat.c: IKE_SA_INIT */
bool init_begin(struct ike_sa *sa, const struct sending *s, struct why *why);
bool init_build_request(struct making *m);
bool init_compose(struct making *m, struct why *why);
bool init_request_sent(struct making *m, struct pending *p, struct why *why);
void init_input(struct incoming *x);
void init_request(struct incoming *x);
void init_respond(struct incoming *x);
void init_response(struct incoming *x);
bool init_follow_cookie(struct incoming *x);
bool init_follow_group(struct incoming *x);
bool init_nonce(struct ike_sa *sa);
const struct suite *init_suites(const struct ike_sa *sa, const struct sending *s, size_t *count);
bool init_names_spi(const struct edits *edits);
bool init_keypair(struct ike_sa *sa, uint16_t group, struct why *why);
void init_set_spis(struct ike_sa *sa, uint64_t spi_i, uint64_t spi_r);
bool init_public_refused(struct incoming *x, const struct transform *ke, struct bytes data,
			 bool from_initiator);
bool init_nonce_refused(struct incoming *x);
bool init_secret(struct incoming *x, struct ike_sa *sa, const struct transform *ke,
		 struct bytes peer);
bool cookie_refused(struct incoming *x);
bool cookie_make(struct incoming *x, unsigned age, struct bytes *out);
bool nat_payloads(struct making *m);
void nat_judge(struct incoming *x, struct ike_sa *sa);
void nat_move(struct ike_sa *sa);
void nat_follow(struct incoming *x, bool authentic, bool fresh);

/* auth.c: IKE_AUTH */
/* With a Child SA or without (RFC 6023). */
enum purpose auth_purpose(const struct ike_sa *sa);
bool auth_build_request(struct making *m);
void auth_request(struct incoming *x);
void auth_response(struct incoming *x);
/* auth-octets.c: AUTH of what is sent, and the octets that the peer's covers */
bool auth_derive(void *ctx, struct node *chain, struct node *honest, struct why *why);
bool auth_octets_heard(struct incoming *x, struct node *id, struct auth_octets *out);
/* prf(prf(key, "Key Pad for IKEv2"), octets); out has PRF_MAX octets at least. */
bool auth_mac(struct ike_sa *sa, struct bytes key, const struct auth_octets *o, uint8_t *out);
/* auth-check.c: is the peer who it says it is?  True if it is refused, and then `bad` is the row. */
bool auth_refused(struct incoming *x, enum check *bad);
/* auth-payloads.c: CERT, CERTREQ and SIGNATURE_HASH_ALGORITHMS */
bool auth_init_payloads(struct making *m);
bool auth_certificates(struct making *m);
bool auth_certificate_request(struct making *m);
bool auth_certreq_refused(struct incoming *x);
unsigned auth_hashes(const struct message *m);

/* certificates.c */
/* Does a path lead from the first certificate to an anchor, is it good for IKE, and of that identity?  True if it
 * is refused, with the row in bad; each row that is left out lets its defect pass. */
bool certificates_refused(struct incoming *x, const struct certificate_chain *chain, struct node *id,
			  enum check *bad);
struct signature_key *certificate_key(struct crypto *c, struct arena *a, struct bytes der);
/* SHA-1 of the SubjectPublicKeyInfo (3.7). */
bool certificate_authority_hash(struct crypto *c, struct bytes der, uint8_t out[static 20]);

/* child-offer.c: the SA and TS payloads of a Child SA */
bool child_offer(struct making *m);
bool child_offered(struct making *m, struct pending *p, struct why *why);
bool child_answer(struct incoming *x, struct making *m, uint16_t *refusal);
bool child_answered(struct making *m, struct why *why);
bool child_accept(struct incoming *x, struct child_sa *c);
/* mobike.c: RFC 4555 */
bool mobike_announce(struct making *m);
void mobike_heard(struct incoming *x);
bool mobike_build_update(struct making *m);
bool mobike_build_check(struct making *m);
bool mobike_build_liveness(struct making *m);
/* What the peer says of our address, in a message that NAT detection is judged by. */
void mobike_see_mapping(struct incoming *x, struct ike_sa *sa);
uint16_t mobike_refusal(struct incoming *x);
bool mobike_answer(struct incoming *x, struct making *m);
void mobike_carry_out(struct incoming *x);
void mobike_response(struct incoming *x, enum purpose purpose, uint16_t error);

/* config-payload.c: inner addresses and other configuration (2.19) */
bool config_build_request(struct making *m);
bool config_asked(const struct connection *n);
bool config_answer(struct incoming *x, struct making *m, uint16_t *refusal);
void config_read_reply(struct incoming *x);
bool config_build_query(struct making *m);
bool config_answer_query(struct incoming *x, struct making *m);

/* child-policy.c: what the policy allows of the selectors proposed (2.9): 0, or the notify that refuses. */
uint16_t child_narrow(struct incoming *x, struct child_sa *c);
/* What we propose. */
void child_propose_selectors(const struct child_sa *c, struct selectors *ours, struct selectors *theirs);
/* As the peer sees the addresses of transport mode behind a NAT, to how we do (2.23.1). */
void child_substitute(struct child_sa *c);
bool child_narrower(const struct child_sa *c, const struct selectors *ours, const struct selectors *theirs);
/* It came to nothing; perhaps with one pair of addresses (automatic). */
void child_failed(struct incoming *x, uint16_t error);
/* child-mode.c: the notifies about a Child SA: mode, fragments, TFC padding, more selectors. */
bool child_write_notifies(struct making *m, struct child_sa *c);
/* What a message of ours said, and what one of the peer's says. */
void child_notifies_sent(struct child_sa *c, const struct message *m);
void child_notifies_read(struct incoming *x, struct child_sa *c);
/* The Child SA that a rekey request names. */
struct child_sa *child_rekeyed(struct incoming *x);
/* One that the peer has and we do not want. */
void child_refuse(struct incoming *x, struct child_sa *c);

/* informational.c, create-child.c */
bool informational_build_request(struct making *m);
void informational_request(struct incoming *x);
void informational_response(struct incoming *x);
/* child-keying.c: nonces and KE of CREATE_CHILD_SA; nothing to do in IKE_AUTH */
bool child_write_keying(struct making *m, struct child_sa *c);
bool child_keypair(struct child_sa *c, uint16_t group, struct why *why);
/* The peer's nonce, and its KE if the suite has one: 0, or the notify that refuses it. */
uint16_t child_read_keying(struct incoming *x, struct child_sa *c);
bool create_child_build_request(struct making *m);
void create_child_request(struct incoming *x);
void create_child_response(struct incoming *x);

/* rekey-ike.c */
bool rekey_ike_build_request(struct making *m);
bool rekey_ike_offered(struct making *m, struct pending *p, struct why *why);
void rekey_ike_request(struct incoming *x);
void rekey_ike_response(struct incoming *x);

/* The SA that acts for this one: for a rival the old one until it is known which of two survives,
 * for a redundant one the survivor. */
struct ike_sa *rekey_ike_acting(struct ike_sa *sa);
/* A request over it shows that the peer takes it for the surviving one. */
void rekey_ike_used(struct ike_sa *sa, enum purpose purpose, usec now);
/* The old one ends: what the peer made in its place takes over. */
void rekey_ike_old_ends(struct ike_sa *old, usec now);

/* collision.c */
void child_replaced(struct child_sa *old, const struct child_sa *c, usec now);
void child_replaces(struct child_sa *c);
bool ike_sa_is_redundant(const struct ike_sa *sa, const struct ike_sa *rival);
bool ike_sa_rekeying(const struct ike_sa *sa);
/* True if refused for now; old: the Child SA to be rekeyed, or NULL. */
bool collision_refuses_child(struct incoming *x, const struct child_sa *old);
bool collision_refuses_rekey(struct incoming *x);
void overtaken_note(struct ike_sa *sa, uint32_t spi);
bool overtaken(const struct pending *p, uint32_t spi);
/* errors.c: what an error notify of the peer means */
enum error_action error_in_response(const struct endpoint *e, enum purpose p, uint16_t notify);
enum error_action error_in_request(const struct incoming *x, uint16_t notify);

/* lifetime.c */
void ike_sa_used(struct traffic *t, size_t octets);
void life_begin(struct endpoint *e, struct life *l, const struct lifetime *config, usec now);
void life_numbers(struct life *l, bool esn);
usec life_soft_due(const struct life *l);
usec life_hard_due(const struct life *l);
void retry_later(struct ike_sa *sa, enum error_action a, usec now);
void retry_over(struct ike_sa *sa);
usec ike_soft_due(const struct timed *t);
void ike_soft_fire(const struct timed *t, usec now);
usec ike_hard_due(const struct timed *t);
void ike_hard_fire(const struct timed *t, usec now);
usec child_soft_due(const struct timed *t);
void child_soft_fire(const struct timed *t, usec now);
usec child_hard_due(const struct timed *t);
void child_hard_fire(const struct timed *t, usec now);
usec retry_due(const struct timed *t);
void retry_fire(const struct timed *t, usec now);

/* liveness.c */
void liveness_hint(struct ike_sa *sa, usec now);
void unknown_spi_seen(struct endpoint *e, const struct address *from, uint32_t spi, usec now);
void revive_later(struct ike_sa *sa, usec now);
usec revive_due(const struct timed *t);
void revive_fire(const struct timed *t, usec now);

/* retransmit.c */
void retransmit_start(struct ike_sa *sa, struct pending *p, usec now);
usec retransmission_due(const struct timed *t);
void retransmission_fire(const struct timed *t, usec now);
usec retransmission_limit_due(const struct timed *t);
void retransmission_limit_fire(const struct timed *t, usec now);
usec replaced_ike_due(const struct timed *t);
void replaced_ike_fire(const struct timed *t, usec now);
usec replaced_child_due(const struct timed *t);
void replaced_child_fire(const struct timed *t, usec now);
usec repetition_due(const struct timed *t);
void repetition_fire(const struct timed *t, usec now);
void retained_again(struct incoming *x);

/* reassemble.c: true if the message is whole now. */
bool receive_fragment(struct incoming *x);
/* Of a request that was answered: true if it was dealt with. */
bool receive_fragment_again(struct incoming *x);
bool receive_overrides_fragments(struct incoming *x);
void fragments_free(struct ike_sa *sa);
usec reassembly_due(const struct timed *t);
void reassembly_fire(const struct timed *t, usec now);

/* fragmentation.c: announcing it, cutting messages, smaller fragments after silence */
bool fragmentation_payload(struct making *m);
void fragmentation_said(struct making *m, struct ike_sa *sa);
void fragmentation_heard(struct incoming *x, struct ike_sa *sa);
bool fragmentation_agreed(const struct ike_sa *sa);
/* How long a message may be before it is cut; 0: it is not. */
size_t fragmentation_limit(const struct making *m);
bool fragmentation_probe(struct ike_sa *sa, struct pending *p, usec now);

/* timers.c */
void ike_sa_tick(struct ike_sa *sa, usec now);
usec ike_sa_deadline(struct ike_sa *sa);

/* receive.c */
void receive(struct incoming *x);
void receive_carry_out(struct incoming *x);
bool receive_decode(struct incoming *x);
struct ike_sa *receive_lookup(struct endpoint *e, const struct message *m);
bool tolerance_refused(struct incoming *x);
void receive_repair(struct incoming *x);
void receive_open(struct incoming *x);
enum purpose purpose_of(const struct message *m);
uint64_t octets_hash(struct bytes b);

/* endpoint.c */
/* Begins an IKE SA; gap: what was waited before, 0 if nothing failed. */
bool connection_begin(struct endpoint *e, const struct connection *c, usec gap, usec now,
		      struct why *why);
void endpoint_begin(struct endpoint *e, usec now);
/* No SA is left. */
void endpoint_empty(struct endpoint *e);
struct arena *run_arena(struct endpoint *e);
const struct connection *connection_for(struct endpoint *e, const struct datagram *d);

#endif
