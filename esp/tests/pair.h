/*
 * Two ends of an SA with known keys, for tests.
 */
#ifndef ESP_TESTS_PAIR_H
#define ESP_TESTS_PAIR_H

#include "test.h"

struct pair {
	struct crypto *crypto;
	struct arena *arena;
	struct rng rng;
	struct esp_config config;
	struct esp_sa *out, *in;
};

/* suite as in suite_parse; window of the receiver. */
void pair_open(struct pair *p, const char *suite, uint32_t window);
/* The same with another configuration (p->config was changed). */
void pair_again(struct pair *p);
void pair_close(struct pair *p);
/* A ping between 10.1.0.1 and 10.2.0.1 (or fd01::1 and fd02::1) of so many octets of data. */
struct bytes pair_ping(struct pair *p, bool six, size_t data);
/* Seals with a number (0: the next one) and gives the ESP packet. */
struct bytes pair_seal(struct pair *p, struct bytes inner, const struct esp_shape *shape);
struct bytes pair_seal_number(struct pair *p, uint64_t seq);
enum esp_result pair_deliver(struct pair *p, struct bytes packet, struct esp_opened *out);
void pair_omit(struct pair *p, const char *check);

#endif
