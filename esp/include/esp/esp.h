/*
 * ESP (RFC 4303): one unidirectional SA, sealing and opening of single packets, and its wire tables.
 *
 * Knows nothing of IKE and of sockets.  An ESP packet here starts at the SPI; the outer IP and UDP
 * headers (RFC 3948) are made by esp/inner.h's helpers.  Sequence numbers never wrap (3.3.3).
 */
#ifndef ESP_ESP_H
#define ESP_ESP_H

#include "base/address.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/edit.h"
#include "base/time.h"

/* "ESP": spi seq iv (ciphertext | payload tfc padding pad_length next_header) icv. */
extern const struct wire_format format_esp;

struct esp_selector {
	struct address_range range;     /* of addresses */
	uint8_t protocol;               /* 0: any */
	uint16_t first_port, last_port;
};
#define ESP_SELECTORS 8

enum esp_mode { ESP_TUNNEL, ESP_TRANSPORT };

struct esp_config {
	uint32_t spi;
	struct suite suite;             /* encr, integ, esn */
	struct bytes key, integ_key;    /* AEAD: key includes the salt */
	enum esp_mode mode;
	uint32_t replay_window;         /* packets; 0: no anti-replay */
	struct address from, to;        /* outer; ports not 0 when UDP-encapsulated */
	bool udp;
	/* What may be inside: source and destination as the packet bears them; none: anything.
	 * For ICMP a port is type << 8 | code; first 65535, last 0 is OPAQUE. */
	struct esp_selector source[ESP_SELECTORS], destination[ESP_SELECTORS];
	size_t sources, destinations;
	bool fragments_too;             /* later fragments, whatever their ports (RFC 4301 7.3) */
};

/* Why a packet was refused; each but OK and DUMMY is counted. */
enum esp_result {
	ESP_OK,
	ESP_DUMMY,          /* next header 59 (2.6): dropped in silence */
	ESP_SHORT,          /* cannot hold header, IV, trailer and ICV, or not whole blocks */
	ESP_REPLAYED,       /* seen before */
	ESP_LEFT,           /* left of the window */
	ESP_ZERO,           /* sequence number 0 */
	ESP_BAD_ICV,
	ESP_BAD_PADDING,    /* pad length past the start, or not 1, 2, 3, ... */
	ESP_BAD_INNER,      /* next header or inner header make no sense */
	ESP_OUTSIDE,        /* inner packet outside the selectors */
	ESP_EXHAUSTED,      /* sending: no sequence number left */
	ESP_NO_SA,
};
#define ESP_RESULTS 12
const char *esp_result_name(enum esp_result r);

/*
 * The checks of a receiver and the duties of a sender, as const rows; an omission is a bit in the
 * SA's `omit` (faults of the built-in target).
 */
struct esp_check {
	const char *name;           /* "esp-replay", verb phrases in the fault list refer to it */
	const char *requirement;    /* "RFC4303-3.4.3-04" */
	const char *title;
	enum esp_result answer;
};
extern const struct esp_check esp_checks[];
extern const size_t esp_checks_count;
/* The row's number, or -1. */
int esp_check_find(const char *name);

struct esp_sa;
/* key material is copied.  for_sealing: outbound.  NULL with why. */
struct esp_sa *esp_sa_new(struct crypto *c, const struct esp_config *config, bool for_sealing, struct why *why);
void esp_sa_free(struct esp_sa *sa);
const struct esp_config *esp_sa_config(const struct esp_sa *sa);
void esp_sa_omit(struct esp_sa *sa, uint64_t checks);   /* bit n: esp_checks[n] is left out */
/* The peer moved (RFC 7296 2.23): new outer addresses. */
void esp_sa_readdress(struct esp_sa *sa, const struct address *from, const struct address *to);

struct esp_counters {
	uint64_t packets, octets;           /* sealed or opened, inner octets */
	uint64_t refused[ESP_RESULTS];
	uint64_t seq;                       /* outbound: last sent; inbound: right edge of the window */
};
struct esp_counters esp_sa_counters(const struct esp_sa *sa);

/* How a packet is sealed; all zero is the honest way. */
struct esp_shape {
	bool has_seq;
	uint64_t seq;                       /* this number; counting goes on from it */
	uint16_t tfc;                       /* octets of TFC padding (2.7) */
	uint16_t pad;                       /* octets of padding more than needed, a multiple of the alignment */
	const struct edits *edits;          /* of ESP.* and INNER.*; or NULL */
	const struct bytes *iv;             /* this IV; NULL: from rng (CBC) or a counter (AEAD, RFC 4106 3.1) */
};

/*
 * Seals an inner packet (tunnel: IP; transport: upper layer) to an ESP packet of the arena.
 * Edits of INNER and of ESP.padding, pad_length, next_header, iv, spi, seq come before encryption and the ICV
 * covers them; ESP.icv and the datagram edits come after.  An edit that cannot be done, or no memory, is
 * ESP_BAD_INNER with why, and the number is not used up.  ESP.seq_high is there with ESN alone.
 */
enum esp_result esp_seal(struct esp_sa *sa, struct arena *a, struct rng *rng, struct bytes inner,
			 uint8_t next_header, const struct esp_shape *shape, struct bytes *out, struct why *why);

struct esp_opened {
	uint64_t seq;                       /* 64 bits with ESN */
	uint8_t next_header;
	uint8_t pad_length;
	struct bytes inner;                 /* without padding */
	struct node *tree;                  /* format_esp, decrypted; for checks of scenarios (NULL unless wanted,
					     * or if the ICV was not right) */
};
/* Opens; the window moves only after the ICV was right (3.4.3).  out->inner is the arena's. */
enum esp_result esp_open(struct esp_sa *sa, struct arena *a, struct bytes packet, bool want_tree,
			 struct esp_opened *out);
/* Decrypts and shows a packet without checks or change of state (captures, oracles); false if it cannot.
 * seq_high: the high half with ESN. */
bool esp_look(struct esp_sa *sa, struct arena *a, struct bytes packet, uint32_t seq_high,
	      struct esp_opened *out, bool *icv_right);

/* The anti-replay window alone (RFC 4303 3.4.3 and Appendix A), any size. */
struct replay;
struct replay *replay_new(uint32_t window, bool esn);
void replay_free(struct replay *r);
/* The 64-bit number that a 32-bit one stands for (Appendix A2); without ESN the number itself. */
uint64_t replay_guess(const struct replay *r, uint32_t seq_low);
/* May it be taken?  ESP_OK, ESP_REPLAYED, ESP_LEFT or ESP_ZERO. */
enum esp_result replay_check(const struct replay *r, uint64_t seq);
void replay_take(struct replay *r, uint64_t seq);
uint64_t replay_right_edge(const struct replay *r);
/* The right edge is set (a test, or an SA that starts high). */
void replay_start(struct replay *r, uint64_t seq);
/* Outbound: the last number sent, so that the next is seq + 1. */
void esp_sa_set_seq(struct esp_sa *sa, uint64_t seq);

#endif
