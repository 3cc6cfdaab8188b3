/*
 * What a real target is to be: its addresses, and the connections of the slots.
 *
 * A variant is a child that is configured otherwise than the rest of the slot: its name is that of
 * the variant ("s3-transport"), the tester has an identity of its own for it, and a daemon that has
 * one configuration for all children of a connection makes another connection of it.
 *
 * A plain description that each driver turns into the files of its daemon.  A slot of the harness
 * has a connection over IPv4 ("s3") and one over IPv6 ("s3-ip6"); a connection has up to three
 * children, whose names append to it: "" (IPv4 inside), "-six" (IPv6 inside) and "-more" (another,
 * IPv4 inside).  So "s3-ip6-six" is IPv6 in IPv6.  For the addresses see target_config_slots.
 */
#ifndef TARGET_CONFIG_H
#define TARGET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/time.h"
#include "base/why.h"

#define TARGET_NAME 32
#define TARGET_SELECTOR 48
/* Children of every connection: three that are always there, and one for each variant wanted. */
#define TARGET_CHILDREN 24

/* Everything outside the target is routed into the tester's device, these at least. */
#define TARGET_TESTER_4 "198.51.100.0/24"
#define TARGET_TESTER_6 "2001:db8:0:2::/64"
#define TARGET_NAT_4 "203.0.113.0/24"
#define TARGET_NAT_6 "2001:db8:0:3::/64"
/* The target's outer address for testers that prove nothing. */
#define TARGET_FOR_NOBODY_4 "192.0.2.3"
/* The networks behind the target, of connections over IPv4. */
#define TARGET_INNER_4 "10.2.0.0/16"

enum target_esn {
	TARGET_ESN_NO,
	TARGET_ESN_YES,         /* only with */
	TARGET_ESN_BOTH,        /* either; "with" is preferred */
};

enum target_variant {
	TARGET_PLAIN,
	TARGET_TRANSPORT,       /* transport mode between the outer addresses */
	TARGET_CHILDLESS,       /* IKE_AUTH makes no Child SA, if the tester allows that (RFC 6023) */
	TARGET_POOL,            /* the target gives an inner address to the tester */
	TARGET_CLIENT,          /* the target asks the tester for an inner address */
	TARGET_MOBIKE,
	TARGET_PFS,             /* a Child SA of CREATE_CHILD_SA has a key exchange of its own */
	TARGET_SHORT_LIVED,     /* SAs live as long as target_lifetimes says */
	TARGET_PROOF,           /* the ends prove who they are otherwise: see target_child */
	TARGET_VARIANTS,
};
/* "transport"; and back, TARGET_PLAIN if it is none. */
const char *target_variant_name(enum target_variant variant);
enum target_variant target_variant_find(const char *name);

/* How an end proves who it is; of nobody asks nothing (RFC 7619). */
enum target_proof { TARGET_BY_SECRET, TARGET_BY_CERTIFICATE, TARGET_BY_NOTHING };

#define TARGET_CHAIN 4
#define TARGET_PASSWORD "ikespec"
#define TARGET_AUTHORITY "O=ikespec, CN=ikespec test root"     /* the subject of the CA */
/* A certificate of the target with its key; all as PEM but the last, which holds everything. */
struct target_certificate {
	char name[24];                  /* of its files */
	const char *chain[TARGET_CHAIN];        /* its own first */
	size_t count;
	const char *key;
	struct bytes pkcs12;            /* with the password TARGET_PASSWORD */
};

struct target_child {
	char suffix[16];                        /* of the connection's name */
	enum target_variant variant;
	char tester_id[64];                     /* empty: the connection's */
	char target_selector[TARGET_SELECTOR];  /* "10.2.3.0/24" */
	char tester_selector[TARGET_SELECTOR];
	struct address target;                  /* inner addresses, which answer a ping */
	struct address tester;
	struct address outer_target, outer_tester;      /* family 0: the connection's */
	enum target_proof target_proof, tester_proof;
	const struct target_certificate *certificate;   /* of the target; NULL: none */
	const char *tester_key;         /* of the tester's certificate: "rsa", "ecdsa256"; NULL: none */
	bool no_nat;                    /* nobody comes from behind the NAT for it */
	const char *signature;          /* "rsa-pss-sha256": the target's scheme; NULL: as the daemon will */
};

struct target_connection {
	char name[TARGET_NAME];
	char title[TARGET_NAME];        /* driver "exec": what the target itself calls it; or empty */
	struct address target;          /* outer */
	struct address tester;
	struct address nat;             /* the tester's address behind a NAT; family 0 for none */
	char target_id[64];             /* "target.example.org", an address, or user@domain */
	char tester_id[64];
	char secret[128];
	char ike[512];                  /* the daemon's keywords; empty: all of its facts */
	char esp[512];
	struct target_child child[TARGET_CHILDREN];
	size_t children;
	enum target_esn esn;
	bool esp_dh;                    /* KE when a Child SA is made by CREATE_CHILD_SA */
	bool force_encapsulation;       /* in UDP, even without NAT (kernel-libipsec always does) */
	bool fragmentation;             /* RFC 7383 */
	unsigned replay_window;         /* packets */
	unsigned liveness_s;            /* 0: off */
	unsigned ike_lifetime_s;        /* 0: the longest that the daemon allows */
	unsigned esp_lifetime_s;
};

/* In seconds: rekeyed from the first on, earlier by up to jitter per cent, and gone at the second. */
struct target_lifetimes {
	unsigned ike, ike_hard, child, child_hard, jitter_percent;
};

/* A request is sent at 0, first, first + first*base, ...; given up when the last gap has passed. */
struct target_retransmission {
	usec first;
	double base;
	unsigned tries;                 /* retransmissions after the first sending */
};

enum target_cookies {
	TARGET_COOKIES_NEVER,
	TARGET_COOKIES_ALWAYS,
};

struct target_config {
	char tree[TARGET_NAME];         /* of ci/targets/tree; empty: the driver's own name */
	struct address target4;
	struct address target6;
	struct target_retransmission retransmission;
	enum target_cookies cookies;
	struct target_lifetimes lifetimes;      /* of TARGET_SHORT_LIVED */
	bool childless;                 /* RFC 6023 allowed */
	bool gateway;                   /* forwards what leaves a tunnel for a network that it protects, and
					 * back: that network is the tester's own device */
	bool load;                      /* it is measured: nothing is logged, and many SAs are looked for quickly */
	bool replace_unique;            /* INITIAL_CONTACT and unique IDs replace older IKE SAs */
	struct target_connection *connection;
	size_t connections;
	const struct target_certificate *certificate;   /* all that children name, each once */
	size_t certificates;
	const char *authority, *crl;    /* of the CA: PEM; NULL: no certificates */
	const char **command;           /* driver "exec": shell text per target_verb, or NULL */
	usec *command_limit;            /* after which each is ended; 0: the usual */
};

/*
 * Fills in the standard layout with so many slots (at most 250), numbered from 1: outer
 * target 192.0.2.1 and 2001:db8:0:1::1; tester 198.51.100.N and 2001:db8:0:2::N, NAT 203.0.113.N
 * and 2001:db8:0:3::N; inner target 10.2.N.1, fd00:2:0:N::1 and 10.4.N.1, inner tester 10.1.N.1,
 * fd00:1:0:N::1 and 10.3.N.1, with /24 and /64 selectors (IPv6: N in decimal digits), and over IPv6
 * the same with 4 and 2 more.  Identities target.example.org and sN.tester.example.org, a secret of
 * its own for each slot.
 * target_config_free frees what it took.
 */
#define TARGET_UP_SLOTS 32      /* of one that `ikespec target up` starts */
bool target_config_slots(struct target_config *config, size_t slots, struct why *why);
void target_config_free(struct target_config *config);
/*
 * A variant in every connection; TARGET_MOBIKE is for IPv4 alone.  In slot N the target gives addresses of 10.9.N.0/28 (over IPv6:
 * 10.19.N.0/28), the tester of 10.29.N.0/28 (10.39.N.0/28) to a target that asks, which may go to
 * 10.49.N.0/24 (10.59.N.0/24) then.
 */
void target_config_add(struct target_config *config, enum target_variant variant);
/* Does a Child SA of CREATE_CHILD_SA have a key exchange of its own? */
bool target_child_dh(const struct target_connection *c, const struct target_child *child);
/* A variant TARGET_PROOF of that name in every connection over IPv4; the child says how.
 * In slot N the K-th child, from 0, has the network 10.(100+K).N.0/24 on the tester's side.  Where the tester proves
 * nothing there is no identity to choose a connection by: it has the outer address 198.18.K.N then, and the target
 * 192.0.2.3. */
void target_config_add_proof(struct target_config *config, const char *name, const struct target_child *how);

/* The connection of that name, or the one with a child of that full name; NULL if there is none. */
const struct target_connection *target_config_find(const struct target_config *config,
		const char *name, const struct target_child **child);

#endif
