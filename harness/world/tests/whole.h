/*
 * Two ends that can speak IKE with each other, for tests with whole endpoints.
 */
#ifndef WORLD_TESTS_WHOLE_H
#define WORLD_TESTS_WHOLE_H

#include "cm.h"
#include "world/world.h"

#define TESTER4 "198.51.100.1"
#define TESTER6 "2001:db8:2::1"
#define TARGET4 "192.0.2.1"
#define TARGET6 "2001:db8:1::1"

struct way {
	const char *name;
	bool six;
	bool encapsulate;
	bool nat;
	const char *ike, *esp;
	const char *tester, *target;    /* with the port of IKE; NULL: the usual */
	uint16_t nat_port;              /* 0: 4500 */
};
void must(bool good, const struct why *why);
void connection_of(struct arena *a, const struct way *w, bool target, struct connection *c);
struct endpoint_config endpoint_of(struct crypto *crypto, const struct connection *c, bool target,
				   bool automatic);
/* Established, with a Child SA that lives? */
bool is_up(struct endpoint *e);

#endif
