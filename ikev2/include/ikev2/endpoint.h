/*
 * An IKEv2 endpoint as a pure machine (RFC 7296): datagrams and time in, datagrams, orders to the data
 * plane and the next deadline out.  No socket, no clock, no thread, no global.
 *
 * The tester, the built-in target, the faulty target and the load generator are this machine with
 * another conduct.  *Automatic*: it answers, retransmits, checks liveness by itself.  *Stepped*: it
 * composes when told (endpoint_send) and accepts what it is given (endpoint_take).
 */
#ifndef IKEV2_ENDPOINT_H
#define IKEV2_ENDPOINT_H

#include "base/address.h"
#include "base/crypto.h"
#include "base/event.h"
#include "base/rng.h"
#include "base/time.h"
#include "ikev2/credentials.h"
#include "ikev2/errors.h"
#include "ikev2/lifetime.h"
#include "ikev2/message.h"

struct ike_sa;
struct child_sa;
struct sent;
struct seen;

/* ------------------------------------------------------------ configuration */

#define ID_NULL 13      /* of nobody (RFC 7619 2.2) */
struct identity {
	uint8_t type;                   /* ID_FQDN ... (RFC 7296 3.5) */
	struct bytes data;
};
/* "fqdn:tester.example", "192.0.2.1", "rfc822:a@b", "keyid:hex", "null"; octets belong to the arena. */
bool identity_parse(struct arena *a, const char *text, struct identity *out, struct why *why);

struct traffic_selector {
	struct address_range range;
	uint8_t protocol;               /* 0: any */
	uint16_t first_port, last_port;
};
/* "10.1.0.0/16", with "[tcp]", "[udp/53]", "[tcp/80-90]", "[icmp/8-11]" (types), "[17/opaque]" behind it. */
bool selector_parse(const char *text, struct traffic_selector *out, struct why *why);
#define SELECTORS 16
struct selectors {
	struct traffic_selector rows[SELECTORS];
	size_t count;
};
/* b narrowed to what both hold (RFC 7296 2.9); empty if they share nothing. */
struct selectors selectors_meet(const struct selectors *a, const struct selectors *b);
bool selectors_subset(const struct selectors *inner, const struct selectors *outer);
/* From a TSi/TSr payload; rows of unknown type are left out. */
struct selectors selectors_read(struct node *payload);

/* How the selectors of both ends go together in one Child SA (RFC 7296 2.9). */
enum policy {
	POLICY_PRODUCT,                 /* any of ours with any of theirs */
	POLICY_PAIRS,                   /* the n-th of ours with the n-th of theirs, an SA for each */
	POLICY_SINGLE_PAIR,             /* one address at each end */
};

#define SUITES 32
struct connection {
	const char *name;
	struct address local, remote;   /* port 500 (or what the profile says) */
	uint16_t local_nat_port, remote_nat_port;   /* 4500 */
	struct identity us, them;       /* them.type 0: any */
	struct bytes secret;            /* PSK of both ends */
	struct credentials proof;       /* how we prove who we are */
	enum proof their_proof;         /* how the peer must */
	struct trust trust;             /* of the peer's certificates */
	unsigned hashes;                /* HASH_BITs of SIGNATURE_HASH_ALGORITHMS; 0: not sent (no method 14) */
	bool asks_certificate;          /* send CERTREQ */
	struct suite ike[SUITES];
	size_t ike_count;
	struct suite esp[SUITES];       /* none: a childless IKE SA cannot be had yet, count >= 1 */
	size_t esp_count;
	struct selectors ours, theirs;
	enum policy policy;
	struct address host, their_host;   /* for an SA of one address at each end; family 0: the first */
	bool asks[2];                   /* for an inner address, IPv4 and IPv6 (2.19) */
	const struct address_range *pools;  /* inner addresses for whoever asks; then the peer has to */
	size_t pool_count;
	struct address dns[2];          /* told with them; family 0: none */
	bool mobike;                    /* RFC 4555 */
	bool no_nats;                   /* NATs are prohibited (RFC 4555 3.9) */
	const struct address *others;   /* our further addresses, told to the peer */
	size_t other_count;
	struct address_range refuses;   /* outer addresses that a peer may not move to; family 0: none */
	bool initial_contact;           /* send N(INITIAL_CONTACT) */
	bool revive;                    /* initiate again, after growing gaps, when the peer was taken for dead */
	bool transport;                 /* transport mode is asked for, agreed to, and insisted on (1.3.1) */
	bool childless;                 /* RFC 6023: announced, and IKE_AUTH without a Child SA is taken */
	bool begin_childless;           /* ... and sent, where the peer announced it */
	uint16_t tfc;                   /* octets of TFC padding, unless the peer does not support it */
	struct lifetime ike_lifetime, child_lifetime;
};

/* Retransmission of requests (RFC 7296 2.1, 2.4): first gap, factor in thousandths, how many sendings in all. */
struct retransmission {
	usec first;
	unsigned factor_permille;
	unsigned sendings;
};

/* IKE fragmentation (RFC 7383). */
struct fragmentation {
	bool offered;                   /* announced, and taken up where the peer announces it */
	size_t octets;                  /* no IP datagram of ours is larger; 0: 576 over IPv4, 1280 over IPv6 (2.5.1) */
	unsigned probes;                /* so many sendings without an answer, and the fragments become smaller (2.5.2);
					 * 0: they stay as they are */
};

/* An edit list of a fault: applied to each message of that purpose that the endpoint sends. */
struct message_fault {
	const char *message;            /* "IKE_SA_INIT", "rekey-child"; see purpose_value */
	bool response;
	struct edits edits;
};

#define CHECK_WORDS 8
struct endpoint_config {
	const char *name;               /* "tester", "target"; in events */
	bool automatic;
	struct crypto *crypto;
	struct rng rng;
	struct event_log *log;          /* may be NULL */
	const char *run;                /* id of the case, in events */
	const struct connection *connections;
	size_t connection_count;
	struct retransmission retransmission;
	const struct error_row *errors; /* a policy: rows before those of the table */
	size_t error_count;
	struct retrying retrying;       /* of what the peer refuses for a while */
	usec liveness;                  /* idle time until a liveness check; 0: never */
	usec hint;                      /* an unprotected sign of death has a liveness check made, once in so long; 0: never */
	usec tell_spi;                  /* INVALID_SPI is told over the IKE SA, once in so long; 0: never */
	usec keepalive;                 /* NAT keepalive (RFC 3948 4), 20 s; 0: never */
	usec half_open;                 /* a half-open SA is forgotten after this */
	unsigned cookie_threshold;      /* half-open SAs from which on cookies are asked for; UINT_MAX: never */
	uint64_t epoch;                 /* seconds since 1970 when `now` was 0: certificates are judged by it */
	unsigned child_limit;           /* Child SAs of an IKE SA from which on another draws NO_ADDITIONAL_SAS; 0: the built-in limit */
	bool nat_detection;             /* send and judge NAT_DETECTION_* */
	bool encapsulate;               /* UDP encapsulation even without a NAT (a wrong source hash makes the peer agree) */
	unsigned window;                /* requests that we take at a time; below 2: one, and nothing is said of it */
	bool tells_message_id;          /* a request outside the window draws INVALID_MESSAGE_ID, in a request of ours */
	struct fragmentation fragmentation;
	unsigned unknown_spi_answers;   /* INVALID_IKE_SPI for unknown SPIs, this many a second; 0: silence */
	uint64_t omit[CHECK_WORDS];     /* bit n: checks[n] is left out */
	const struct message_fault *faults;
	size_t fault_count;
};

/* ------------------------------------------------------------ the check table */

/*
 * Each check on receipt and each duty of a sender is one row.  An omission is a bit in the
 * configuration; nothing is refused without a row.
 */
enum check_answer {
	ANSWER_DROP,            /* silence */
	ANSWER_NOTIFY_CLEAR,    /* an unprotected error notify */
	ANSWER_NOTIFY,          /* a protected error notify */
	ANSWER_DELETE,          /* protected error notify and the SA is deleted */
	ANSWER_DUTY,            /* a duty: nothing is refused, something is done or not */
};
struct check_row {
	const char *name;           /* "icv", "header-length", "retransmit-request" */
	const char *message;        /* "any", "IKE_SA_INIT request", ... */
	const char *requirement;    /* "RFC7296-3.14-07" */
	const char *title;          /* what a correct endpoint does */
	enum check_answer answer;
	uint16_t notify;            /* 0: none */
};
extern const struct check_row checks[];
extern const size_t checks_count;
int check_find(const char *name);   /* row number or -1 */

/* ------------------------------------------------------------ the exchange table */

enum purpose {
	PURPOSE_NONE, PURPOSE_IKE_SA_INIT, PURPOSE_IKE_AUTH, PURPOSE_CHILDLESS, PURPOSE_NEW_CHILD, PURPOSE_REKEY_CHILD,
	PURPOSE_REKEY_IKE, PURPOSE_LIVENESS, PURPOSE_DELETE_CHILD, PURPOSE_DELETE_IKE,
	PURPOSE_UPDATE_ADDRESSES, PURPOSE_CONFIGURE, PURPOSE_INFORMATIONAL,
};
/* "rekey-child" and back; an exchange name ("INFORMATIONAL") stands for any of its purposes. */
const char *purpose_name(enum purpose p);
uint8_t purpose_exchange(enum purpose p);
/* From a message name: false if unknown; purpose NONE if the name is an exchange as such. */
bool purpose_parse(const char *name, uint8_t *exchange, enum purpose *purpose);

/* The states of an IKE SA, in their order. */
enum ike_state { IKE_HALF_OPEN, IKE_KEYED, IKE_ESTABLISHED, IKE_GONE };

struct payload_rule {
	uint8_t payload;
	uint8_t min, max;               /* max 255: no limit */
};
struct payload_rules {
	struct payload_rule rows[12];
	size_t count;
};
struct making;
struct incoming;
struct pending;
/*
 * One exchange and what it is for.  Rounds before or within IKE_AUTH are rows of their own, with
 * the state IKE_KEYED.  NULL: that does not come up, or there is nothing to do.
 */
struct exchange_row {
	const char *name;               /* in scenarios */
	uint8_t exchange;
	enum ike_state state;           /* of the IKE SA when the request comes */
	struct payload_rules request, response;
	bool (*build)(struct making *m);                /* the honest chain of the request */
	bool (*sent)(struct making *m, struct pending *p, struct why *why); /* what it said is read back */
	void (*on_request)(struct incoming *x);         /* carries it out and answers */
	void (*on_response)(struct incoming *x);
};
extern const struct exchange_row exchanges[];   /* by purpose */
extern const size_t exchanges_count;

/* ------------------------------------------------------------ the machine */

struct datagram {
	struct address from, to;        /* with ports */
	bool marker;                    /* behind a non-ESP marker (port 4500) */
	bool keepalive;                 /* a NAT keepalive: one octet 0xff, no IKE message */
	struct bytes octets;            /* the IKE message; the arena of the endpoint, until the next call */
	const struct edits *edits;      /* of UDP.* and IP.*, for whoever makes the packet; or NULL */
	struct sent *sent;              /* the record it belongs to, or NULL */
};

struct child_keys {
	struct bytes key, integ_key;    /* AEAD: key with salt */
};
enum order_kind { ORDER_INSTALL, ORDER_REMOVE, ORDER_READDRESS };
/* What the data plane must do.  Octets are the endpoint's until the next call. */
struct child_order {
	enum order_kind kind;
	struct child_sa *child;
	uint32_t spi_in, spi_out;
	struct suite suite;
	bool transport, fragments_too;
	uint16_t tfc;                   /* octets of TFC padding to send */
	struct child_keys in, out;
	struct selectors ours, theirs;
	struct address inner[2];        /* addresses that our host was given; family 0: none */
	/* Transport mode behind a NAT: the peer's packets are made for these (2.23.1); family 0: as outside. */
	struct address original_local, original_remote;
	struct address local, remote;   /* outer; ports set if udp */
	bool udp;
	bool initiator;                 /* of the exchange that made it: the peer is ready for it */
};
enum report_kind {
	REPORT_TRAFFIC,                 /* fresh and authentic, inbound; with counts */
	REPORT_COUNTS,                  /* counts alone, which prove nothing about the peer */
	REPORT_NEW_ADDRESS, REPORT_UNKNOWN_SPI, REPORT_UNREACHABLE,
};
struct child_report {
	enum report_kind kind;
	uint32_t spi_in;
	struct traffic in, out;         /* since the SA was installed */
	struct address address;         /* NEW_ADDRESS: authenticated packets come from here (2.23);
					 * UNREACHABLE: an ICMP error says so of this one (spi_in 0) */
};

struct endpoint;
/* config is copied, what it points at must live as long as the endpoint. */
struct endpoint *endpoint_new(const struct endpoint_config *config, struct why *why);
void endpoint_free(struct endpoint *e);
void endpoint_input(struct endpoint *e, const struct datagram *in, usec now);
bool endpoint_output(struct endpoint *e, usec now, struct datagram *out);   /* until it returns false */
bool endpoint_order(struct endpoint *e, struct child_order *out);           /* until it returns false */
void endpoint_report(struct endpoint *e, const struct child_report *r, usec now);
usec endpoint_deadline(struct endpoint *e);                                 /* USEC_NEVER if there is none */
void endpoint_tick(struct endpoint *e, usec now);
/* What became of the datagrams so far.  rowless: refused without a row of the check table, must stay 0. */
struct endpoint_counts {
	uint64_t inputs, accepted, refused, rowless;
	int last_refusal;               /* row number, -1: none yet */
	size_t ike_sas, half_open, child_sas;
};
struct endpoint_counts endpoint_counts(const struct endpoint *e);
/* Everything well inside (tests, fuzz targets)? */
bool endpoint_validate(const struct endpoint *e, struct why *why);

/* Things an automatic endpoint (or `ikespec peer`) is asked to do; false with why if it cannot.  An IKE SA
 * that was rekeyed stands for the one that took its place. */
bool endpoint_initiate(struct endpoint *e, size_t connection, usec now, struct why *why);
/* The host has another address now: IKE SAs that we began from the old one and that use MOBIKE move. */
void endpoint_move(struct endpoint *e, const struct address *from, const struct address *to, usec now);
bool endpoint_request(struct endpoint *e, enum purpose purpose, struct ike_sa *ike, struct child_sa *child,
		      usec now, struct why *why);

/* ------------------------------------------------------------ SAs as others see them */

struct ike_sa;
struct child_sa;
struct ike_view {
	uint64_t spi_i, spi_r;
	bool initiator;                 /* we are the original initiator */
	enum ike_state state;
	const struct connection *connection;
	struct suite suite;
	struct bytes sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
	struct bytes ni, nr;
	uint32_t next_request;          /* the lowest message ID not yet answered */
	uint32_t next_expected;         /* of the peer's requests */
	struct address local, remote;   /* where it is now */
	bool nat_here, nat_there;
	struct address assigned[2], given[2];   /* inner addresses that we and the peer got, IPv4 and IPv6 */
	bool mobike;                    /* agreed upon (RFC 4555) */
	bool begins_childless;          /* IKE_AUTH is to make no Child SA (RFC 6023) */
	usec last_heard;                /* of an authenticated message or ESP packet */
	bool busy;                      /* a request of ours is in flight, or waits until it may be sent */
	bool deleting;                  /* we asked for its end */
	bool rekeyed;                   /* another stands in its place: */
	struct ike_sa *heir;
};
struct child_view {
	struct ike_sa *ike;
	uint32_t spi_in, spi_out;
	struct suite suite;
	struct selectors ours, theirs;
	bool transport, fragments_too;
	bool gone;
};
struct ike_view ike_sa_view(const struct ike_sa *sa);
struct child_view child_sa_view(const struct child_sa *c);
/* The n-th (0 = newest); NULL if there are not so many.  With gone ones, as long as the endpoint remembers them. */
struct ike_sa *endpoint_ike_sa(struct endpoint *e, size_t newest);
struct child_sa *endpoint_child_sa(struct endpoint *e, struct ike_sa *of, size_t newest);   /* of NULL: any */
/* By our own SPI; NULL if there is none, or none any more. */
struct ike_sa *endpoint_find(struct endpoint *e, bool we_initiated, uint64_t spi);
/* Keys to open what the peer sends (from_peer), or to seal what we send: of an AEAD only the sealer's own
 * direction works. */
struct message_keys ike_sa_keys(const struct ike_sa *sa, bool from_peer);

/* ------------------------------------------------------------ stepped conduct */

/* A message that left (or was composed and "lost"); lives in the endpoint's run arena. */
struct sent {
	struct ike_sa *ike;
	struct child_sa *child;         /* that it makes (a rekey: the new one) or deletes; may be NULL */
	struct ike_sa *made;            /* a rekey of the IKE SA: the new one, once the exchange is over */
	enum purpose purpose;
	bool response;
	uint32_t id;
	struct address from, to;
	bool marker;
	struct composed composed;       /* octets and trees, for ${m.PATH} and `again` */
	bool answered;                  /* a request: its response was accepted */
	unsigned retransmitted;         /* a request: so often by the timer */
	const struct sent *retry_of;    /* after COOKIE or INVALID_KE_PAYLOAD; NULL: none */
	usec time;
};

/* What the harness wants sent. */
struct sending {
	enum purpose purpose;           /* PURPOSE_INFORMATIONAL: an empty one */
	bool response;
	size_t connection;              /* of a new IKE SA */
	struct ike_sa *ike;             /* NULL: a new one (IKE_SA_INIT request) */
	struct child_sa *child;         /* delete-child, rekey-child */
	struct seen *answers;           /* response: to this request */
	uint16_t notify;                /* the message is this notify alone; 0: no */
	const struct suite *propose;    /* only these are offered or accepted; count 0: the connection's */
	size_t propose_count;
	bool clear;                     /* payloads not in SK */
	bool lost;                      /* composed and remembered, not put out */
	bool retransmit;                /* by the configuration's timers until answered */
	unsigned fragments;
	const char *order;              /* of the fragments: "3 1 1"; NULL: as they are */
	const struct edits *edits;      /* must live until the exchange is over (COOKIE and INVALID_KE retries) */
};
/* Composes and (unless lost) queues it.  NULL with why: no such SA, an edit that does not fit. */
struct sent *endpoint_send(struct endpoint *e, const struct sending *s, usec now, struct why *why);
/* The same octets once more to where they went, edits applied, nothing computed anew. */
struct sent *endpoint_again(struct endpoint *e, const struct sent *s, const struct edits *edits, bool lost,
			    usec now, struct why *why);
/* Of a message in fragments these, "3 1 1", also ones that did not leave then; NULL: as they left. */
struct sent *endpoint_again_ordered(struct endpoint *e, const struct sent *s, const char *order,
				    const struct edits *edits, bool lost, usec now, struct why *why);
/* Raw octets to the peer of a connection. */
void endpoint_send_octets(struct endpoint *e, size_t connection, bool nat_port, struct bytes octets, usec now);
/* The honest tree of a request or response as it would be sent now; changes nothing.  (for ${honest}, for-each) */
struct node *endpoint_compose(struct endpoint *e, const struct sending *s, struct arena *a, struct why *why);

/* A datagram looked at, with nothing changed.  Lives in the endpoint's run arena. */
struct seen {
	struct datagram datagram;       /* octets kept */
	struct message message;         /* opened with the SA's keys if it has them */
	bool is_ike;                    /* false: too short to have a header, or a keepalive */
	struct ike_sa *ike;             /* that it belongs to, or NULL */
	enum purpose purpose;           /* of requests by their payloads, of responses by their request */
	const struct sent *answers;     /* response: our request; or NULL */
	const struct seen *repeats;     /* the same octets as this earlier one, or NULL */
	unsigned copy;                  /* ... and how many had come before */
	bool error;                     /* a response that bears an error notify, or lacks what success needs */
	bool authentic;                 /* protected and the ICV is right */
	bool part;                      /* a fragment whose message is not whole with it; else message is the whole */
	const struct seen *whole;       /* a fragment: with which it became whole, or NULL */
	bool taken;
	struct sent *response;          /* request: the response that we sent, if any */
	usec time;
};
struct seen *endpoint_look(struct endpoint *e, const struct datagram *in, usec now);

/* The same once more, for what could not be opened when it came (its keys were made since). */
void endpoint_look_again(struct endpoint *e, struct seen *s);

enum take {
	TAKE_AUTOMATIC,     /* as an automatic endpoint: a request is answered, a response accepted and followed */
	TAKE_HOLD,          /* a request is remembered, its answer is the harness's; a response is accepted,
			     * COOKIE and INVALID_KE_PAYLOAD are not followed */
	TAKE_LOST,          /* nothing is changed */
};
void endpoint_take(struct endpoint *e, struct seen *s, enum take how, usec now);

#endif
