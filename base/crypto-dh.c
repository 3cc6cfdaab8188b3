/*
 * Key exchange: MODP (RFC 3526), ECP (RFC 5903), Brainpool (RFC 6954), Curve25519 and Curve448
 * (RFC 8031).  The private value is drawn from the caller's generator and the arithmetic done on
 * OpenSSL's numbers and points, so a pair repeats with its seed.
 */
#include "crypto-inside.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdlib.h>

#define SECRET_MAX 66

struct dh {
	const struct transform *ke;
	uint8_t secret[SECRET_MAX];
	size_t secret_len;
	EVP_PKEY *key;          /* Curve25519 and Curve448 only */
	size_t len;
	uint8_t public[];
};

static BIGNUM *modp_prime(uint16_t id)
{
	switch (id) {
	case 1: return BN_get_rfc2409_prime_768(NULL);
	case 2: return BN_get_rfc2409_prime_1024(NULL);
	case 5: return BN_get_rfc3526_prime_1536(NULL);
	case 14: return BN_get_rfc3526_prime_2048(NULL);
	case 15: return BN_get_rfc3526_prime_3072(NULL);
	case 16: return BN_get_rfc3526_prime_4096(NULL);
	case 17: return BN_get_rfc3526_prime_6144(NULL);
	case 18: return BN_get_rfc3526_prime_8192(NULL);
	default: return NULL;
	}
}

/* The KE methods that are neither MODP nor a curve of points are functions on u coordinates. */
static bool is_modp(const struct transform *ke)
{
	return ke->id <= 18;
}

static bool is_montgomery(const struct transform *ke)
{
	return ke->id == 31 || ke->id == 32;
}

void group_clear(struct group *g)
{
	BN_free(g->p);
	BN_MONT_CTX_free(g->mont);
	EC_GROUP_free(g->curve);
}

bool group_load(struct group *g, const struct transform *ke, OSSL_LIB_CTX *lib, BN_CTX *numbers)
{
	if (is_modp(ke)) {
		g->p = modp_prime(ke->id);
		g->mont = BN_MONT_CTX_new();
		return g->p && g->mont && BN_MONT_CTX_set(g->mont, g->p, numbers);
	}
	g->p = BN_new();
	g->curve = EC_GROUP_new_by_curve_name_ex(lib, NULL, OBJ_txt2nid(ke->evp));
	g->order = g->curve ? EC_GROUP_get0_order(g->curve) : NULL;
	return g->p && g->order && EC_GROUP_get_curve(g->curve, g->p, NULL, NULL, numbers);
}

/* The group of a MODP or ECP row, loaded once; NULL with why if there is none. */
static struct group *group_of(struct crypto *c, const struct transform *ke, struct why *why)
{
	struct group *g = &crypto_slot(c, ke)->group;
	if (g->p)
		return g;
	if (group_load(g, ke, c->lib, c->numbers))
		return g;
	group_clear(g);
	*g = (struct group){ NULL };
	crypto_why(why, ke->name);
	return NULL;
}

static bool usable(const struct transform *ke, struct why *why)
{
	if (ke->type != TRANSFORM_KE || !(ke->suites & TRANSFORM_IMPLEMENTED))
		return why_set(why, "%s is not implemented", ke->name);
	return true;
}

/* base^secret mod p, padded to the length of p (RFC 7296 2.14). */
static bool modp_power(struct crypto *c, const struct group *g, const BIGNUM *base,
		       struct bytes secret, uint8_t *out, size_t len)
{
	BIGNUM *x = BN_bin2bn(secret.at, (int)secret.len, NULL), *y = BN_new();
	bool good = x && y && BN_mod_exp_mont_consttime(y, base, x, g->p, c->numbers, g->mont) &&
		    BN_bn2binpad(y, out, (int)len) == (int)len;
	BN_clear_free(x);
	BN_clear_free(y);
	return good;
}

/* A point as x | y, each of half the octets; len is half or all of them. */
static bool point_write(const struct group *g, const EC_POINT *point, BN_CTX *numbers, uint8_t *out,
			size_t half, size_t len)
{
	BIGNUM *x = BN_new(), *y = BN_new();
	bool good = x && y && EC_POINT_get_affine_coordinates(g->curve, point, x, y, numbers) &&
		    BN_bn2binpad(x, out, (int)half) == (int)half &&
		    (len == half || BN_bn2binpad(y, out + half, (int)half) == (int)half);
	BN_free(x);
	BN_free(y);
	return good;
}

/* The point of x | y; NULL if a coordinate is not below p or it is not on the curve. */
static EC_POINT *point_read(const struct group *g, struct bytes b, BN_CTX *numbers)
{
	int half = (int)(b.len / 2);
	BIGNUM *x = BN_bin2bn(b.at, half, NULL), *y = BN_bin2bn(b.at + half, half, NULL);
	EC_POINT *point = EC_POINT_new(g->curve);
	bool good = x && y && point && BN_cmp(x, g->p) < 0 && BN_cmp(y, g->p) < 0 &&
		    EC_POINT_set_affine_coordinates(g->curve, point, x, y, numbers);
	BN_free(x);
	BN_free(y);
	if (good)
		return point;
	EC_POINT_free(point);
	return NULL;
}

/*
 * secret * point (NULL: the generator).  OpenSSL blinds with random octets that do not change the
 * result; they come from our own generator, so that a run draws the same with any version.
 */
static bool ecp_multiply(struct crypto *c, const struct group *g, const EC_POINT *point,
			 struct bytes secret, uint8_t *out, size_t half, size_t len)
{
	struct rng *draw = c->draw;
	BIGNUM *d = BN_bin2bn(secret.at, (int)secret.len, NULL);
	EC_POINT *product = EC_POINT_new(g->curve);
	c->draw = &c->inner;
	bool good = d && product &&
		    EC_POINT_mul(g->curve, product, point ? NULL : d, point, point ? d : NULL,
				 c->numbers) &&
		    !EC_POINT_is_at_infinity(g->curve, product) &&
		    point_write(g, product, c->numbers, out, half, len);
	c->draw = draw;
	BN_clear_free(d);
	EC_POINT_free(product);
	return good;
}

/* Is 0 < d < order, where d is at least as long as the order? */
static bool scalar_fits(const struct group *g, struct bytes secret)
{
	BIGNUM *d = BN_bin2bn(secret.at, (int)secret.len, NULL);
	bool good = d && !BN_is_zero(d) && BN_cmp(d, g->order) < 0;
	BN_clear_free(d);
	return good;
}

static bool montgomery_public(struct crypto *c, struct dh *d)
{
	size_t len = d->len;
	d->key =
		EVP_PKEY_new_raw_private_key_ex(c->lib, d->ke->evp, NULL, d->secret, d->secret_len);
	return d->key && EVP_PKEY_get_raw_public_key(d->key, d->public, &len) && len == d->len;
}

static bool make_public(struct crypto *c, struct dh *d, struct why *why)
{
	struct bytes secret = { d->secret, d->secret_len };
	if (is_montgomery(d->ke))
		return montgomery_public(c, d) || crypto_why(why, d->ke->name);
	struct group *g = group_of(c, d->ke, why);
	if (!g)
		return false;
	if (!is_modp(d->ke)) {
		if (!scalar_fits(g, secret))
			return why_set(why, "%s: the private value is not in [1, order)",
				       d->ke->name);
		return ecp_multiply(c, g, NULL, secret, d->public, d->len / 2, d->len) ||
		       crypto_why(why, d->ke->name);
	}
	BIGNUM *two = BN_new();
	bool good = two && BN_set_word(two, 2) && modp_power(c, g, two, secret, d->public, d->len);
	BN_free(two);
	return good || crypto_why(why, d->ke->name);
}

struct dh *dh_from_private(struct crypto *c, const struct transform *ke, struct bytes secret,
			   struct why *why)
{
	if (!usable(ke, why))
		return NULL;
	if (secret.len == 0 || secret.len > SECRET_MAX) {
		why_set(why, "%s: a private value has 1 to %d octets, got %zu", ke->name,
			SECRET_MAX, secret.len);
		return NULL;
	}
	struct dh *d = calloc(1, sizeof(*d) + ke->public_initiator);
	if (!d) {
		why_set(why, "no memory for a key pair");
		return NULL;
	}
	d->ke = ke;
	d->len = ke->public_initiator;
	d->secret_len = secret.len;
	memcpy(d->secret, secret.at, secret.len);
	if (make_public(c, d, why))
		return d;
	dh_free(d);
	return NULL;
}

/* Octets of a private value: twice the strength for MODP (RFC 3526 8), the coordinate for curves. */
static size_t secret_size(const struct transform *ke)
{
	if (is_modp(ke))
		return ke->output <= 384 ? 32 : 64;
	return ke->output;
}

struct dh *dh_generate(struct crypto *c, struct rng *r, const struct transform *ke, struct why *why)
{
	CRYPTO_WATCHED(c);
	uint8_t octets[SECRET_MAX];
	if (!usable(ke, why))
		return NULL;
	struct bytes secret = { octets, secret_size(ke) };
	struct group *g = NULL;
	if (!is_montgomery(ke) && !(g = group_of(c, ke, why)))
		return NULL;
	do {
		rng_secret(r, octets, secret.len);
		if (g && g->order) /* P-521 has 66 octets and 521 bits */
			octets[0] &=
				(uint8_t)(0xff >> (8 * (int)secret.len - BN_num_bits(g->order)));
	} while (g && g->order && !scalar_fits(g, secret));
	struct dh *d = dh_from_private(c, ke, secret, why);
	OPENSSL_cleanse(octets, sizeof(octets));
	return d;
}

void dh_free(struct dh *d)
{
	if (!d)
		return;
	EVP_PKEY_free(d->key);
	OPENSSL_cleanse(d->secret, sizeof(d->secret));
	free(d);
}

struct bytes dh_public(const struct dh *d)
{
	return bytes_make(d->public, d->len);
}

/* RFC 6989 2.1 for safe primes: 1 < y < p-1. */
static bool modp_check(const struct group *g, const struct transform *ke, struct bytes peer,
		       struct why *why)
{
	BIGNUM *y = BN_bin2bn(peer.at, (int)peer.len, NULL), *top = BN_dup(g->p);
	bool good = y && top && BN_sub_word(top, 1) && BN_cmp(y, BN_value_one()) > 0 &&
		    BN_cmp(y, top) < 0;
	BN_free(y);
	BN_free(top);
	return good || why_set(why, "%s: the public value is not in (1, p-1)", ke->name);
}

/* RFC 6989 2.3: both coordinates below p, and the point on the curve.  x | y cannot say infinity. */
static bool ecp_check(struct crypto *c, const struct group *g, const struct transform *ke,
		      struct bytes peer, struct why *why)
{
	EC_POINT *point = point_read(g, peer, c->numbers);
	EC_POINT_free(point);
	ERR_clear_error();
	return point || why_set(why, "%s: the public value is not a point of the curve", ke->name);
}

bool dh_check_public(struct crypto *c, const struct transform *ke, struct bytes peer,
		     struct why *why)
{
	CRYPTO_WATCHED(c);
	if (!usable(ke, why))
		return false;
	if (peer.len != ke->public_initiator)
		return why_set(why, "%s: KE data have %u octets, got %zu", ke->name,
			       ke->public_initiator, peer.len);
	if (is_montgomery(ke))
		return true;
	struct group *g = group_of(c, ke, why);
	if (!g)
		return false;
	return is_modp(ke) ? modp_check(g, ke, peer, why) : ecp_check(c, g, ke, peer, why);
}

static bool modp_shared(struct crypto *c, const struct dh *d, struct bytes peer, uint8_t *out)
{
	struct group *g = &crypto_slot(c, d->ke)->group;
	BIGNUM *y = BN_bin2bn(peer.at, (int)peer.len, NULL);
	bool good =
		y && modp_power(c, g, y, bytes_make(d->secret, d->secret_len), out, d->ke->output);
	BN_free(y);
	return good;
}

static bool ecp_shared(struct crypto *c, const struct dh *d, struct bytes peer, uint8_t *out)
{
	struct group *g = &crypto_slot(c, d->ke)->group;
	EC_POINT *point = point_read(g, peer, c->numbers);
	size_t half = d->ke->output;
	bool good = point && ecp_multiply(c, g, point, bytes_make(d->secret, d->secret_len), out,
					  half, half);
	EC_POINT_free(point);
	return good;
}

static bool montgomery_shared(struct crypto *c, const struct dh *d, struct bytes peer, uint8_t *out)
{
	size_t len = d->ke->output;
	EVP_PKEY *theirs =
		EVP_PKEY_new_raw_public_key_ex(c->lib, d->ke->evp, NULL, peer.at, peer.len);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, d->key, NULL);
	bool good = theirs && ctx && EVP_PKEY_derive_init(ctx) > 0 &&
		    EVP_PKEY_derive_set_peer_ex(ctx, theirs, 0) > 0 &&
		    EVP_PKEY_derive(ctx, out, &len) > 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	return good && !bytes_zero(bytes_make(out, len));
}

bool dh_shared(struct crypto *c, const struct dh *d, struct bytes peer, uint8_t *out, size_t cap,
	       size_t *len, struct why *why)
{
	CRYPTO_WATCHED(c);
	const struct transform *ke = d->ke;
	if (cap < ke->output)
		return why_set(why, "%s: the secret has %u octets, room for %zu", ke->name,
			       ke->output, cap);
	if (!dh_check_public(c, ke, peer, why))
		return false;
	if (is_montgomery(ke) && !montgomery_shared(c, d, peer, out)) {
		ERR_clear_error();
		return why_set(why, "%s: the public value has low order, the secret is zero",
			       ke->name);
	}
	if (is_modp(ke) && !modp_shared(c, d, peer, out))
		return crypto_why(why, ke->name);
	if (!is_modp(ke) && !is_montgomery(ke) && !ecp_shared(c, d, peer, out))
		return crypto_why(why, ke->name);
	*len = ke->output;
	return true;
}
