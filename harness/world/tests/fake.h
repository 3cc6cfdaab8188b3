/*
 * An endpoint that does what a test tells it, in place of ikev2's: so the nodes are tested alone.
 */
#ifndef WORLD_TESTS_FAKE_H
#define WORLD_TESTS_FAKE_H

#include "ikev2/endpoint.h"

#define FAKE_QUEUE 64

struct child_sa {
	int number;
};

struct endpoint {
	struct child_order orders[FAKE_QUEUE];
	size_t order_count, order_next;
	struct datagram outputs[FAKE_QUEUE];
	size_t output_count, output_next;
	struct datagram last;           /* that came in */
	uint8_t octets[2048];
	size_t inputs;
	struct child_report reports[FAKE_QUEUE];
	size_t report_count;
	usec deadline, period;          /* period: the next deadline after a tick; 0: never */
	size_t ticks;
	bool stuck;                     /* ticks change nothing */
	bool parrot;                    /* says what it hears, back to where it came from */
	uint8_t said[2048];
};

void fake_order(struct endpoint *e, const struct child_order *o);
/* octets must live until they are sent. */
void fake_say(struct endpoint *e, const char *from, const char *to, struct bytes octets);

#endif
