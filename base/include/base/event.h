/*
 * The event log: append-only, typed, the only output of a run.  Captures, key files, console, JUnit,
 * JSON are listeners.  Whatever is not an event did not happen.
 *
 * An event borrows everything it points at; a listener copies what it keeps.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/time.h"

enum event_kind {
	EVENT_BEGIN,        /* of everything: text = version, number = seed */
	EVENT_CATALOGUE,    /* requirement: id, text = rule, path = section, detail = level, verdict = gate */
	EVENT_PROFILE,      /* id = profile, text = source without secrets, path = address, got = version */
	EVENT_CASE,         /* a case begins: id = run, text = title, file, line, path = area, detail = role */
	EVENT_SENT,         /* a packet left an endpoint: octets = the IP packet, from endpoint */
	EVENT_RECEIVED,     /* a packet reached an endpoint */
	EVENT_DROPPED,      /* the link lost a packet: text = why */
	EVENT_TREE,         /* a decoded message: text = printed tree */
	EVENT_EDITED,       /* path, wanted = from, got = to; belongs to the next EVENT_SENT of the endpoint */
	EVENT_KEYS_IKE,     /* an IKE SA has keys: ike_keys */
	EVENT_KEYS_CHILD,   /* a Child SA has keys: child_keys */
	EVENT_STATE,        /* an SA changed: text = what happened */
	EVENT_TIMER,        /* text = its name */
	EVENT_STEP,         /* a step begins: text = element, file, line */
	EVENT_STEP_END,
	EVENT_CHECK,        /* a judged check: id = requirement, path, wanted, got, verdict, file, line */
	EVENT_ORACLE,       /* an oracle fired: id = its name, requirement in detail, wanted, got */
	EVENT_TARGET,       /* a log line of the target: text */
	EVENT_NOTE,         /* text */
	EVENT_VERDICT,      /* of one requirement of the case: id, verdict, text = reason, detail = level, path = gate */
	EVENT_ESP,          /* ESP that the testers carried in a case: text, number = packets, time = from first to last */
	EVENT_CASE_END,     /* verdict, text = reason, detail = observed behaviour, time = the world's time spent,
			     * number = wall microseconds, file and line, wanted, got, id = requirement of the worst
			     * check, if one was broken */
	EVENT_END,
};

/* Keys as the Wireshark tables want them. */
struct suite;
struct event_ike_keys {
	uint64_t spi_i, spi_r;
	const struct suite *suite;
	struct bytes sk_ei, sk_er, sk_ai, sk_ar;    /* AEAD keys include the salt, sk_a* empty */
};
struct event_child_keys {
	uint32_t spi;
	struct address from, to;                    /* outer; ports when UDP-encapsulated */
	const struct suite *suite;
	struct bytes key, integ_key;
};

struct event {
	enum event_kind kind;
	usec time;
	const char *run;            /* id of the case, or NULL */
	const char *target;         /* profile id, or NULL */
	const char *endpoint;       /* "tester", "target", a tester's name */
	const char *file;
	unsigned line;
	const char *id;
	const char *path;
	const char *text;
	const char *detail;
	const char *wanted;
	const char *got;
	const char *verdict;
	struct bytes octets;
	int64_t number;
	const struct event_ike_keys *ike_keys;
	const struct event_child_keys *child_keys;
};

typedef void event_listener(void *ctx, const struct event *e);

#define EVENT_LISTENERS 12
struct event_log {
	struct {
		event_listener *hear;
		void *ctx;
	} listeners[EVENT_LISTENERS];
	size_t count;
};

const char *event_kind_name(enum event_kind kind);
/* False if there is no room for another listener. */
bool event_listen(struct event_log *log, event_listener *hear, void *ctx);
void event_unlisten(struct event_log *log, event_listener *hear, void *ctx);
/* Hands e to every listener in order; log may be NULL. */
void event_emit(struct event_log *log, const struct event *e);

#endif
