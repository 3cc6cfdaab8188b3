/*
 * Public values of KE that a scenario asks for: "zero one off-curve infinity too-large low-order
 * short long".  A kind that a group cannot have (a point off Curve25519: every u is one of the curve
 * or its twist) is refused.
 */
#include "crypto-inside.h"

#include <openssl/objects.h>

/* SHORT and LONG are honest (2, or the generator) but for their length. */
enum kind { ZERO, ONE, OFF_CURVE, INFINITE, TOO_LARGE, LOW_ORDER, SHORT, LONG };

static bool find_kind(const char *text, enum kind *out)
{
	static const char *const kinds[] = { "zero",      "one",       "off-curve", "infinity",
					     "too-large", "low-order", "short",     "long" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(text, kinds[i]) == 0) {
			*out = (enum kind)i;
			return true;
		}
	return false;
}

static bool modp_value(const BIGNUM *p, enum kind kind, uint8_t *out, size_t size)
{
	BIGNUM *v = BN_dup(p);
	bool good = v != NULL;
	if (kind == ZERO)
		BN_zero(v);
	else if (kind == ONE)
		good = good && BN_one(v);
	else if (kind == LOW_ORDER)    /* p-1, of order 2 */
		good = good && BN_sub_word(v, 1);
	else if (kind == SHORT || kind == LONG)
		good = good && BN_set_word(v, 2);
	else if (kind != TOO_LARGE)
		good = false;
	good = good && BN_bn2binpad(v, out, (int)size) == (int)size;
	BN_free(v);
	return good;
}

/* The generator as x | y, with the kind's damage. */
static bool ecp_value(const struct group *g, enum kind kind, uint8_t *out, size_t half,
		      BN_CTX *numbers)
{
	BIGNUM *x = BN_new(), *y = BN_new();
	bool good = x && y && kind != LOW_ORDER && /* all these curves have cofactor 1 */
		    EC_POINT_get_affine_coordinates(g->curve, EC_GROUP_get0_generator(g->curve), x,
						    y, numbers);
	if (good && (kind == ZERO || kind == INFINITE))
		BN_zero(x), BN_zero(y);
	if (good && kind == ONE)
		good = BN_one(x) && BN_one(y);
	if (good && kind == OFF_CURVE)
		good = BN_is_odd(y) ? BN_clear_bit(y, 0) : BN_set_bit(y, 0);
	if (good && kind == TOO_LARGE)
		good = BN_copy(x, g->p) != NULL;
	good = good && BN_bn2binpad(x, out, (int)half) == (int)half &&
	       BN_bn2binpad(y, out + half, (int)half) == (int)half;
	BN_free(x);
	BN_free(y);
	return good;
}

/* u coordinates, least octet first.  low-order is of order 8 on Curve25519 (RFC 7748 6.1 and
 * https://cr.yp.to/ecdh.html#validate), p-1 on Curve448; too-large is p, which stands for 0. */
static bool montgomery_value(const struct transform *ke, enum kind kind, uint8_t *out, size_t size)
{
	static const uint8_t order_8[32] = { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae,
					     0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
					     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
					     0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 };
	bool is_25519 = ke->id == 31;
	memset(out, 0, size);
	if (kind == OFF_CURVE)
		return false;
	if (kind == ONE)
		out[0] = 1;
	if (kind == SHORT || kind == LONG)
		out[0] = is_25519 ? 9 : 5;
	if (kind == LOW_ORDER && is_25519)
		memcpy(out, order_8, sizeof(order_8));
	if (kind == TOO_LARGE || (kind == LOW_ORDER && !is_25519)) {
		memset(out, 0xff, size);
		if (is_25519)
			out[0] = 0xed, out[31] = 0x7f;    /* 2^255 - 19 */
		else
			out[28] = 0xfe;                   /* 2^448 - 2^224 - 1 */
		if (kind == LOW_ORDER)
			out[0] = 0xfe;
	}
	return true;
}

static bool group_value(const struct transform *ke, enum kind kind, uint8_t *out, size_t size)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
	BN_CTX *numbers = lib ? BN_CTX_new_ex(lib) : NULL;
	struct group g = { NULL };
	bool good = numbers && group_load(&g, ke, lib, numbers) &&
		    (g.curve ? ecp_value(&g, kind, out, size / 2, numbers)
			     : modp_value(g.p, kind, out, size));
	group_clear(&g);
	BN_CTX_free(numbers);
	OSSL_LIB_CTX_free(lib);
	return good;
}

bool dh_special_public(const struct transform *ke, const char *kind, uint8_t *out, size_t cap,
		       size_t *len)
{
	enum kind k;
	size_t size = ke->public_initiator;
	if (!(ke->suites & TRANSFORM_IMPLEMENTED) || !find_kind(kind, &k) ||
	    cap < size + (k == LONG))
		return false;
	bool good = ke->id == 31 || ke->id == 32 ? montgomery_value(ke, k, out, size) :
						   group_value(ke, k, out, size);
	if (k == SHORT)
		size--;
	if (k == LONG)
		out[size++] = 0;
	*len = size;
	return good;
}
