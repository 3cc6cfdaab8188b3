/*
 * Stateless cookies of a responder (RFC 7296 2.6): version of the secret | prf(secret, nonce |
 * address | SPI).  The secret changes by time; one made with the secret before is good for another
 * while.
 */
#include "inside.h"

#define ROTATION      (60 * USEC_S)
#define COOKIE        16390
#define COOKIE_OCTETS 36

static void rotate(struct endpoint *e, usec now)
{
	bool first = e->cookie_version == 0;
	if (!first && (now - e->cookie_since < ROTATION || !check_on(e, CHECK_COOKIE_SECRET)))
		return;
	memcpy(e->cookie_secret[1], e->cookie_secret[0], sizeof(e->cookie_secret[0]));
	rng_secret(&e->rng, e->cookie_secret[0], sizeof(e->cookie_secret[0]));
	if (first || now - e->cookie_since >= 2 * ROTATION)
		rng_secret(&e->rng, e->cookie_secret[1], sizeof(e->cookie_secret[1]));
	e->cookie_version++;
	e->cookie_since = now;
}

/* age 0: with the secret of now, 1: with the one before. */
bool cookie_make(struct incoming *x, unsigned age, struct bytes *out)
{
	struct endpoint *e = x->e;
	const struct transform *prf = transform_find(TRANSFORM_PRF, 5, 0);
	uint8_t *at = arena_alloc(x->arena, COOKIE_OCTETS), spi[8];
	rotate(e, x->now);
	store_u64(spi, x->m.spi_i);
	struct bytes parts[] = {
		payload_octets(message_payload(&x->m, PAYLOAD_NONCE, 1), "data"),
		address_octets(&x->datagram->from),
		BYTES_OF(spi),
	};
	size_t count = check_on(e, CHECK_COOKIE_BOUND) ? ARRAY_LEN(parts) : 0;
	if (!at || !prf ||
	    !prf_compute(e->config.crypto, prf, BYTES_OF(e->cookie_secret[age]), parts, count,
			 at + 4))
		return false;
	store_u32(at, e->cookie_version - age);
	*out = bytes_make(at, COOKIE_OCTETS);
	return true;
}

static bool ours(struct incoming *x, struct bytes cookie)
{
	for (unsigned age = 0; age < 2; age++) {
		struct bytes made;
		if (cookie_make(x, age, &made) && crypto_equal(made, cookie))
			return true;
	}
	return false;
}

/* True if the request was answered with a COOKIE (or not at all). */
bool cookie_refused(struct incoming *x)
{
	struct endpoint *e = x->e;
	struct bytes made = BYTES_NONE;
	if (e->half_open < e->config.cookie_threshold)
		return false;
	struct node *n = message_notify(&x->m, COOKIE);
	bool bad = n && !ours(x, payload_octets(n, "data"));
	if (n && !bad)
		return false;
	if (!cookie_make(x, 0, &made))
		return false;
	return refuse_answered(x, bad ? CHECK_COOKIE_MATCH : CHECK_COOKIE_ASKED, made);
}
