/*
 * prf and prf+ of RFC 7296 2.13, and integrity transforms alone.
 */
#include "crypto-inside.h"

#include <openssl/err.h>

/* The MAC over the parts; out has room for EVP_MAX_MD_SIZE octets.  key NULL: the key set before. */
static bool mac_over(struct mac *mac, const struct bytes *key, const struct bytes *parts,
		     size_t count, uint8_t *out)
{
	bool good = mac && (key ? mac_key(mac, *key) : mac_begin(mac));
	for (size_t i = 0; good && i < count; i++)
		good = mac_update(mac, parts[i]);
	good = good && mac_final(mac, out);
	if (!good)
		ERR_clear_error();
	return good;
}

static struct mac *mac_of(struct crypto *c, const struct transform *t)
{
	struct slot *slot = crypto_slot(c, t);
	if (!slot->shared)
		slot->shared = mac_new(c, t);
	return slot->shared;
}

bool prf_compute(struct crypto *c, const struct transform *prf, struct bytes key,
		 const struct bytes *parts, size_t count, uint8_t *out)
{
	CRYPTO_WATCHED(c);
	uint8_t whole[EVP_MAX_MD_SIZE];
	if (prf->type != TRANSFORM_PRF || !mac_over(mac_of(c, prf), &key, parts, count, whole))
		return false;
	memcpy(out, whole, prf->output);
	return true;
}

/* T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n); n is one octet, so 255 of them are the most. */
bool prf_plus(struct crypto *c, const struct transform *prf, struct bytes key, struct bytes seed,
	      uint8_t *out, size_t len)
{
	CRYPTO_WATCHED(c);
	uint8_t t[EVP_MAX_MD_SIZE], n = 0;
	if (prf->type != TRANSFORM_PRF || len > 255u * prf->output)
		return false;
	struct mac *mac = mac_of(c, prf);
	while (len > 0) {
		const struct bytes parts[] = { { t, n ? prf->output : 0u }, seed, { &n, 1 } };
		const struct bytes *first_key = n ? NULL : &key;
		n++;
		if (!mac_over(mac, first_key, parts, ARRAY_LEN(parts), t))
			return false;
		size_t part = len < prf->output ? len : prf->output;
		memcpy(out, t, part);
		out += part;
		len -= part;
	}
	return true;
}

bool integ_compute(struct crypto *c, const struct transform *integ, struct bytes key,
		   const struct bytes *parts, size_t count, uint8_t *out)
{
	CRYPTO_WATCHED(c);
	uint8_t whole[EVP_MAX_MD_SIZE];
	if (integ->type != TRANSFORM_INTEG || !mac_over(mac_of(c, integ), &key, parts, count, whole))
		return false;
	memcpy(out, whole, integ->icv);
	return true;
}
