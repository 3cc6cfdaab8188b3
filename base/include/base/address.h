/*
 * Internet addresses with a port.  family is 4, 6, or 0 for none.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/bytes.h"

#define ADDRESS_TEXT 64

struct address {
	uint8_t family;
	uint8_t ip[16];     /* the first 4 for IPv4, the rest zero */
	uint16_t port;      /* host order; 0 for none */
};

/* "192.0.2.1", "192.0.2.1:500", "2001:db8::1", "[2001:db8::1]:500"; false if it is none. */
bool address_parse(const char *text, struct address *out);
char *address_print(const struct address *a, char text[static ADDRESS_TEXT]);
/* The same address; with the port, or without. */
bool address_equal(const struct address *a, const struct address *b);
bool address_same_host(const struct address *a, const struct address *b);
/* 4 or 16 octets. */
struct bytes address_octets(const struct address *a);
bool address_from_octets(struct bytes ip, uint16_t port, struct address *out);

/* An inclusive range of addresses (a traffic selector's), and "10.1.0.0/16" as one. */
struct address_range {
	struct address first;
	struct address last;
};
bool address_range_parse(const char *text, struct address_range *out);
bool address_in_range(const struct address *a, const struct address_range *range);
/* "10.1.0.0/16", a single address, or "10.1.0.1-10.1.0.9". */
#define ADDRESS_RANGE_TEXT (2 * ADDRESS_TEXT)
char *address_range_print(const struct address_range *range, char text[static ADDRESS_RANGE_TEXT]);
/* Takes the largest network with which the range begins off it; false if nothing is left. */
bool address_range_network(struct address_range *rest, struct address *network, unsigned *prefix);
bool address_range_inside(const struct address_range *inner, const struct address_range *outer);

#endif
