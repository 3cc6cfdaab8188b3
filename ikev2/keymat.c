/*
 * The key schedule: SKEYSEED and SK_* (RFC 7296 2.14), KEYMAT of Child SAs (2.17), rekeyed IKE SAs
 * (2.18).
 */
#include "inside.h"

#define SEED_MAX 2048

/* The parts one behind the other. */
static struct bytes joined(uint8_t *at, size_t cap, const struct bytes *parts, size_t count)
{
	struct sink s = sink_over(at, cap);
	for (size_t i = 0; i < count; i++)
		sink_put(&s, parts[i]);
	return s.full ? BYTES_NONE : sink_bytes(&s);
}

bool keymat_skeyseed(struct crypto *c, const struct transform *prf, struct bytes ni,
		     struct bytes nr, struct bytes secret, uint8_t *out)
{
	uint8_t at[SEED_MAX];
	struct bytes parts[] = { ni, nr };
	if (prf_key_is_fixed(prf)) {    /* RFC 7296 2.14: half of it from the start of each nonce */
		parts[0] = bytes_slice(ni, 0, prf->key / 2u);
		parts[1] = bytes_slice(nr, 0, prf->key / 2u);
	}
	struct bytes key = joined(at, sizeof(at), parts, 2);
	return key.at && prf_compute(c, prf, key, &secret, 1, out);
}

bool keymat_rekeyed_skeyseed(struct crypto *c, const struct transform *old_prf,
			     struct bytes old_sk_d, struct bytes secret, struct bytes ni,
			     struct bytes nr, uint8_t *out)
{
	struct bytes parts[] = { secret, ni, nr };
	return prf_compute(c, old_prf, old_sk_d, parts, 3, out);
}

static struct bytes cut(struct cursor *c, size_t len)
{
	struct bytes b = BYTES_NONE;
	cursor_take(c, len, &b);
	return b;
}

static size_t encr_octets(const struct suite *s)
{
	return (size_t)s->encr->key + s->encr->salt;
}

static size_t integ_octets(const struct suite *s)
{
	return s->integ && !s->encr->aead ? s->integ->key : 0;
}

bool keymat_ike(struct crypto *c, struct arena *a, const struct suite *s,
		const struct transform *prf, struct bytes skeyseed, struct bytes ni,
		struct bytes nr, uint64_t spi_i, uint64_t spi_r, struct ike_keys *out)
{
	size_t d = s->prf->key, integ = integ_octets(s), encr = encr_octets(s);
	size_t len = 3 * d + 2 * integ + 2 * encr;
	uint8_t at[SEED_MAX], spis[16];
	store_u64(spis, spi_i);
	store_u64(spis + 8, spi_r);
	struct bytes parts[] = { ni, nr, BYTES_OF(spis) };
	struct bytes seed = joined(at, sizeof(at), parts, 3);
	uint8_t *keys = arena_alloc(a, len);
	if (!seed.at || !keys ||
	    !prf_plus(c, prf, skeyseed, seed, keys, len))
		return false;
	struct cursor cur = cursor_over(bytes_make(keys, len));
	out->sk_d = cut(&cur, d);
	out->sk_ai = cut(&cur, integ);
	out->sk_ar = cut(&cur, integ);
	out->sk_ei = cut(&cur, encr);
	out->sk_er = cut(&cur, encr);
	out->sk_pi = cut(&cur, d);
	out->sk_pr = cut(&cur, d);
	return true;
}

bool keymat_child(struct crypto *c, struct arena *a, const struct transform *prf, struct bytes sk_d,
		  const struct suite *esp, struct bytes secret, struct bytes ni, struct bytes nr,
		  struct child_keys *i, struct child_keys *r)
{
	size_t encr = encr_octets(esp), integ = integ_octets(esp), len = 2 * (encr + integ);
	uint8_t at[SEED_MAX];
	struct bytes parts[] = { secret, ni, nr };
	struct bytes seed = joined(at, sizeof(at), parts, 3);
	uint8_t *keys = arena_alloc(a, len);
	if (!seed.at || !keys || !prf_plus(c, prf, sk_d, seed, keys, len))
		return false;
	struct cursor cur = cursor_over(bytes_make(keys, len));
	i->key = cut(&cur, encr);
	i->integ_key = cut(&cur, integ);
	r->key = cut(&cur, encr);
	r->integ_key = cut(&cur, integ);
	return true;
}
