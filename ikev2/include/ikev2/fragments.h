/*
 * Fragments of IKE messages, put together again (RFC 7383 2.6).
 *
 * A queue holds what was opened and is not whole yet, each message by its SPIs, direction and message
 * ID: never more octets, messages or fragments than its limits, and nothing past its time.  What is
 * added was authenticated before; nothing else is ever kept.
 */
#ifndef IKEV2_FRAGMENTS_H
#define IKEV2_FRAGMENTS_H

#include "base/time.h"
#include "ikev2/message.h"

struct fragment_limits {
	size_t octets;          /* of one message, opened */
	unsigned fragments;     /* of one message */
	unsigned messages;      /* at a time; the oldest goes for a new one */
	usec time;              /* from the first fragment of a message on; 0: for ever */
};
/* 64 KiB a message, as RFC 7383 5 recommends. */
extern const struct fragment_limits fragment_limits_usual;

enum fragment_fate {
	FRAGMENT_KEPT,
	FRAGMENT_WHOLE,         /* the last one: fragment_queue_join makes the message */
	FRAGMENT_NUMBERS,       /* number or total are zero, or the number is above the total */
	FRAGMENT_AGAIN,         /* there is one of that number */
	FRAGMENT_SMALLER,       /* its total is less than that of the others */
	FRAGMENT_TOO_MUCH,      /* beyond the limits: the whole message is dropped */
};
/* Habits of a faulty receiver. */
enum fragment_habit {
	FRAGMENT_TAKES_SMALLER = 1,     /* a smaller total is believed */
	FRAGMENT_KEEPS_TOTAL = 2,       /* a larger one is not */
	FRAGMENT_REPLACES = 4,          /* a second one of a number takes the place of the first */
	FRAGMENT_UNLIMITED = 8,         /* eight times the limits */
};

struct fragment_queue;
struct fragment_queue *fragment_queue_new(const struct fragment_limits *limits);
void fragment_queue_free(struct fragment_queue *q);
/* What would become of it; m need not be opened. */
enum fragment_fate fragment_queue_judge(const struct fragment_queue *q, const struct message *m);
/* m is opened. */
enum fragment_fate fragment_queue_add(struct fragment_queue *q, const struct message *m,
				      unsigned habits, usec now);
/* After FRAGMENT_WHOLE: m becomes the whole message, and its fragments leave the queue. */
bool fragment_queue_join(struct fragment_queue *q, struct message *m, struct why *why);
/* How many of its message there are; 0: none. */
unsigned fragment_queue_count(const struct fragment_queue *q, const struct message *m);
/* The message came whole, or is not wanted any more. */
void fragment_queue_forget(struct fragment_queue *q, const struct message *m);
size_t fragment_queue_octets(const struct fragment_queue *q);
/* When the oldest is dropped; USEC_NEVER: there is none. */
usec fragment_queue_due(const struct fragment_queue *q);
void fragment_queue_expire(struct fragment_queue *q, usec now);
bool fragment_queue_validate(const struct fragment_queue *q, struct why *why);

#endif
