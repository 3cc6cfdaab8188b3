/*
 * prf and prf+ of RFC 7296 2.13, and integrity transforms alone.  All of them are HMAC (RFC 2104,
 * RFC 4868) so far.
 */
#include "crypto-inside.h"

#include <openssl/err.h>

/* HMAC over the parts; out has room for EVP_MAX_MD_SIZE octets.  key NULL: the key set before. */
static bool hmac(EVP_MAC_CTX *mac, const struct bytes *key, const struct bytes *parts, size_t count,
		 uint8_t *out)
{
	static const uint8_t empty[1];
	size_t len;
	const uint8_t *at = key ? (key->at ? key->at : empty) : NULL;
	bool good = mac && EVP_MAC_init(mac, at, key ? key->len : 0, NULL);
	for (size_t i = 0; good && i < count; i++)
		good = parts[i].len == 0 || EVP_MAC_update(mac, parts[i].at, parts[i].len);
	good = good && EVP_MAC_final(mac, out, &len, EVP_MAX_MD_SIZE);
	if (!good)
		ERR_clear_error();
	return good;
}

bool prf_compute(struct crypto *c, const struct transform *prf, struct bytes key,
		 const struct bytes *parts, size_t count, uint8_t *out)
{
	uint8_t whole[EVP_MAX_MD_SIZE];
	if (prf->type != TRANSFORM_PRF || !hmac(crypto_mac(c, prf), &key, parts, count, whole))
		return false;
	memcpy(out, whole, prf->output);
	return true;
}

/* T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n); n is one octet, so 255 of them are the most. */
bool prf_plus(struct crypto *c, const struct transform *prf, struct bytes key, struct bytes seed,
	      uint8_t *out, size_t len)
{
	uint8_t t[EVP_MAX_MD_SIZE], n = 0;
	if (prf->type != TRANSFORM_PRF || len > 255u * prf->output)
		return false;
	EVP_MAC_CTX *mac = crypto_mac(c, prf);
	while (len > 0) {
		const struct bytes parts[] = { { t, n ? prf->output : 0u }, seed, { &n, 1 } };
		const struct bytes *first_key = n ? NULL : &key;
		n++;
		if (!hmac(mac, first_key, parts, ARRAY_LEN(parts), t))
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
	uint8_t whole[EVP_MAX_MD_SIZE];
	if (integ->type != TRANSFORM_INTEG ||
	    !hmac(crypto_mac(c, integ), &key, parts, count, whole))
		return false;
	memcpy(out, whole, integ->icv);
	return true;
}
