/*
 * A standalone IKEv2/ESP endpoint: the machine that is tester and built-in target elsewhere, on real
 * sockets, with a TUN device (or an inner host of its own) and several peers at once.
 *
 * It plays one end of each connection of its profiles.  One loop waits for sockets, the device, the
 * control socket and the caller's signals; nothing here prints: what happens goes to the event log,
 * and in lines for people to `line`.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include "base/crypto.h"
#include "base/event.h"
#include "base/why.h"
#include "scenario/scenario.h"

/* How much a line matters: SAs and trouble, messages, their trees, each packet of ESP. */
enum peer_level { PEER_STATE, PEER_MESSAGE, PEER_TREE, PEER_PACKET };
typedef void peer_line(void *ctx, enum peer_level level, const char *text);

struct peer_options {
	struct crypto *crypto;
	const struct profile *const *profiles;
	size_t profile_count;
	bool as_target;                 /* the target's end of the profiles, not the tester's */
	const struct address *listen;   /* our own addresses in place of the profiles' (port 0: theirs) */
	size_t listen_count;
	struct event_log *log;
	peer_line *line;                /* may be NULL */
	void *line_ctx;
	enum peer_level level;          /* lines above it are not made */

	bool echo;                      /* no device: an inner host of its own answers pings */
	const char *device;             /* its name; NULL: ikespec0 or the next that is free */
	const char *netns;              /* where the device is: a name of ip-netns(8) or a path; NULL: here */
	unsigned mtu;                   /* of the device */
	const char *control;            /* path of the control socket; NULL: none */

	const char *const *initiate;    /* names of connections, "all" */
	size_t initiate_count;
	bool keep_up;                   /* those are initiated again when they are lost */
	bool encapsulate;               /* UDP encapsulation without a NAT too */
	usec rekey_ike, rekey_child;    /* our own intervals; 0: never */
	usec liveness;                  /* idle time until a liveness check; 0: never */
	usec duration;                  /* then it ends; 0: when it is told to */
	usec grace;                     /* how long the deletes at the end may take */
	int signals;                    /* readable: end now, once more: at once; -1: none */
};

struct peer;
/* Borrows what options point at.  Sockets are bound and the device is there, or NULL with why; senseless: nothing was
 * tried, for what the options and profiles ask for cannot be. */
struct peer *peer_new(const struct peer_options *options, bool *senseless, struct why *why);
/* Until quit, the end of the duration, or a signal; SAs are deleted politely. */
enum peer_end { PEER_DONE, PEER_INTERRUPTED };
enum peer_end peer_run(struct peer *p);
void peer_free(struct peer *p);

struct peer_figures {
	size_t ike_sas, child_sas;      /* that came to be, rekeyed ones too */
	size_t left;                    /* IKE SAs whose delete was not answered */
	size_t never_up;                /* connections that were to be initiated and never came up */
	uint64_t packets_in, packets_out;       /* inner packets that came out of SAs and went into them */
	uint64_t unrouted;              /* of the device, for no SA */
};
struct peer_figures peer_figures(const struct peer *p);
/* The names of its connections. */
size_t peer_connection_count(const struct peer *p);
const char *peer_connection_name(const struct peer *p, size_t n);

/*
 * The other side of the control socket: one line out, one line of JSON back.  The answer is to be
 * freed.  False with why if there is nobody.
 */
bool peer_ask(const char *path, const char *line, usec limit, char **answer, struct why *why);
/* The verbs with their arguments, for help; NULL past the last. */
const char *peer_verb(size_t n, const char **does);

#endif
