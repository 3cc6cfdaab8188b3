#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>

#define IP_TEXT 46    /* INET6_ADDRSTRLEN */

static size_t octets_of(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

/* The len characters at text as an address without a port. */
static bool parse_ip(const char *text, size_t len, struct address *out)
{
	char ip[IP_TEXT];
	if (len >= sizeof(ip))
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	*out = (struct address){ .family = 4 };
	if (inet_pton(AF_INET, ip, out->ip) == 1)
		return true;
	*out = (struct address){ .family = 6 };
	return inet_pton(AF_INET6, ip, out->ip) == 1;
}

/* A decimal number up to max, and nothing behind it. */
static bool parse_number(const char *text, unsigned max, unsigned *out)
{
	unsigned n = 0;
	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

bool address_parse(const char *text, struct address *out)
{
	struct address a;
	unsigned port = 0;
	const char *colon = strchr(text, ':');
	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (!end || !parse_ip(text + 1, (size_t)(end - text - 1), &a) || a.family != 6)
			return false;
		if (end[1] != '\0' && (end[1] != ':' || !parse_number(end + 2, 65535, &port)))
			return false;
	} else if (colon && !strchr(colon + 1, ':')) {
		if (!parse_ip(text, (size_t)(colon - text), &a) || a.family != 4 ||
		    !parse_number(colon + 1, 65535, &port))
			return false;
	} else if (!parse_ip(text, strlen(text), &a)) {
		return false;
	}
	a.port = (uint16_t)port;
	*out = a;
	return true;
}

char *address_print(const struct address *a, char text[static ADDRESS_TEXT])
{
	char ip[IP_TEXT] = "none";
	if (a->family == 4 || a->family == 6)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip));
	if (a->port == 0 || octets_of(a->family) == 0)
		snprintf(text, ADDRESS_TEXT, "%s", ip);
	else
		snprintf(text, ADDRESS_TEXT, a->family == 6 ? "[%s]:%u" : "%s:%u", ip, a->port);
	return text;
}

bool address_same_host(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, octets_of(a->family)) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return address_same_host(a, b) && a->port == b->port;
}

struct bytes address_octets(const struct address *a)
{
	return bytes_make(a->ip, octets_of(a->family));
}

bool address_from_octets(struct bytes ip, uint16_t port, struct address *out)
{
	if (ip.len != 4 && ip.len != 16)
		return false;
	struct address a = { .family = ip.len == 4 ? 4 : 6, .port = port };
	memcpy(a.ip, ip.at, ip.len);
	*out = a;
	return true;
}

/* Sets the bits behind the first prefix ones to 0 in first and to 1 in last. */
static void spread(struct address_range *range, unsigned prefix)
{
	unsigned bits = 8 * (unsigned)octets_of(range->first.family);
	for (unsigned i = prefix; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);
		range->first.ip[i / 8] &= (uint8_t)~bit;
		range->last.ip[i / 8] |= bit;
	}
}

bool address_range_parse(const char *text, struct address_range *out)
{
	struct address_range range;
	size_t len = strcspn(text, "/-");
	unsigned prefix;
	if (!parse_ip(text, len, &range.first))
		return false;
	range.last = range.first;
	if (text[len] == '/') {
		if (!parse_number(text + len + 1, 8 * (unsigned)octets_of(range.first.family),
				  &prefix))
			return false;
		spread(&range, prefix);
	} else if (text[len] == '-') {
		const char *last = text + len + 1;
		if (!parse_ip(last, strlen(last), &range.last) ||
		    !address_in_range(&range.last, &range))
			return false;
	}
	*out = range;
	return true;
}

bool address_in_range(const struct address *a, const struct address_range *range)
{
	size_t len = octets_of(a->family);
	return len > 0 && a->family == range->first.family && a->family == range->last.family &&
	       memcmp(a->ip, range->first.ip, len) >= 0 && memcmp(a->ip, range->last.ip, len) <= 0;
}

bool address_range_inside(const struct address_range *inner, const struct address_range *outer)
{
	return address_in_range(&inner->first, outer) && address_in_range(&inner->last, outer);
}

/* The next address; false after the last of its family. */
static bool step(struct address *a)
{
	for (size_t i = octets_of(a->family); i-- > 0;)
		if (++a->ip[i] != 0)
			return true;
	return false;
}

bool address_range_network(struct address_range *rest, struct address *network, unsigned *prefix)
{
	unsigned bits = 8 * (unsigned)octets_of(rest->first.family);
	struct address_range n;
	if (!address_in_range(&rest->first, rest))
		return false;
	for (*prefix = 0; *prefix <= bits; ++*prefix) {
		n = (struct address_range){ rest->first, rest->first };
		spread(&n, *prefix);
		if (address_same_host(&n.first, &rest->first) && address_range_inside(&n, rest))
			break;
	}
	*network = n.first;
	rest->first = n.last;
	if (address_same_host(&n.last, &rest->last) || !step(&rest->first))
		rest->first.family = 0;
	return true;
}

char *address_range_print(const struct address_range *range, char text[static ADDRESS_RANGE_TEXT])
{
	struct address_range rest = *range;
	char first[ADDRESS_TEXT], last[ADDRESS_TEXT];
	struct address network;
	unsigned prefix;
	address_print(&range->first, first);
	if (address_same_host(&range->first, &range->last))
		snprintf(text, ADDRESS_RANGE_TEXT, "%s", first);
	else if (address_range_network(&rest, &network, &prefix) && rest.first.family == 0)
		snprintf(text, ADDRESS_RANGE_TEXT, "%s/%u", first, prefix);
	else
		snprintf(text, ADDRESS_RANGE_TEXT, "%s-%s", first,
			 address_print(&range->last, last));
	return text;
}
