/*
 * Addresses as sockets know them, and back.
 */
#ifndef WORLD_SOCKADDR_H
#define WORLD_SOCKADDR_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

/* Returns its length. */
static inline socklen_t sockaddr_of(const struct address *a, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(a->port);
		memcpy(&four->sin_addr, a->ip, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(a->port);
	memcpy(&six->sin6_addr, a->ip, 16);
	return sizeof(*six);
}

/* False if it is of another family. */
static inline bool sockaddr_read(const struct sockaddr_storage *s, struct address *out)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)s;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)s;

	if (s->ss_family == AF_INET)
		return address_from_octets(bytes_make(&four->sin_addr, 4), ntohs(four->sin_port),
					   out);
	return s->ss_family == AF_INET6 &&
	       address_from_octets(bytes_make(&six->sin6_addr, 16), ntohs(six->sin6_port), out);
}

#endif
