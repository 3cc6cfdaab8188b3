/*
 * How much an implementation owes a transform: RFC 8247 2.1 to 2.4 for IKE, RFC 8221 5 and 6 for ESP,
 * RFC 9395 5 for what was taken out of use since.  What none of them names MAY be there.
 */
#include "base/crypto.h"

#include <stdio.h>

#define MAY TRANSFORM_MAY
#define SHOULD TRANSFORM_SHOULD
#define SHOULD_PLUS TRANSFORM_SHOULD_PLUS
#define MUST_MINUS TRANSFORM_MUST_MINUS
#define MUST TRANSFORM_MUST
#define SHOULD_NOT TRANSFORM_SHOULD_NOT
#define MUST_NOT TRANSFORM_MUST_NOT

static const struct {
	uint8_t type;
	uint16_t id;
	enum transform_level ike, esp;
} levels[] = {
	{ TRANSFORM_ENCR,  1,  MUST_NOT,    MUST_NOT   }, /* DES_IV64 */
	{ TRANSFORM_ENCR,  2,  MUST_NOT,    MUST_NOT   }, /* DES */
	{ TRANSFORM_ENCR,  3,  MAY,         SHOULD_NOT }, /* 3DES */
	{ TRANSFORM_ENCR,  4,  SHOULD_NOT,  SHOULD_NOT }, /* RC5: RFC 9395 */
	{ TRANSFORM_ENCR,  5,  SHOULD_NOT,  SHOULD_NOT }, /* IDEA: RFC 9395 */
	{ TRANSFORM_ENCR,  6,  SHOULD_NOT,  SHOULD_NOT }, /* CAST: RFC 9395 */
	{ TRANSFORM_ENCR,  7,  SHOULD_NOT,  MUST_NOT   }, /* BLOWFISH: RFC 9395 */
	{ TRANSFORM_ENCR,  8,  SHOULD_NOT,  MUST_NOT   }, /* 3IDEA: RFC 9395 */
	{ TRANSFORM_ENCR,  9,  SHOULD_NOT,  MUST_NOT   }, /* DES_IV32: RFC 9395 */
	{ TRANSFORM_ENCR,  11, MUST_NOT,    MUST       }, /* NULL; RFC 7296 5 for IKE */
	{ TRANSFORM_ENCR,  12, MUST,        MUST       }, /* AES_CBC */
	{ TRANSFORM_ENCR,  14, SHOULD,      SHOULD     }, /* AES_CCM_8 */
	{ TRANSFORM_ENCR,  20, SHOULD,      MUST       }, /* AES_GCM_16 */
	{ TRANSFORM_ENCR,  28, SHOULD,      SHOULD     }, /* CHACHA20_POLY1305 */

	{ TRANSFORM_PRF,   1,  MUST_NOT,    MAY        }, /* HMAC_MD5 */
	{ TRANSFORM_PRF,   2,  MUST_MINUS,  MAY        }, /* HMAC_SHA1 */
	{ TRANSFORM_PRF,   3,  SHOULD_NOT,  MAY        }, /* HMAC_TIGER: RFC 9395 */
	{ TRANSFORM_PRF,   4,  SHOULD,      MAY        }, /* AES128_XCBC */
	{ TRANSFORM_PRF,   5,  MUST,        MAY        }, /* HMAC_SHA2_256 */
	{ TRANSFORM_PRF,   7,  SHOULD_PLUS, MAY        }, /* HMAC_SHA2_512 */

	{ TRANSFORM_INTEG, 0,  MAY,         MUST       }, /* NONE: with an AEAD, and with it alone */
	{ TRANSFORM_INTEG, 1,  MUST_NOT,    MUST_NOT   }, /* HMAC_MD5_96 */
	{ TRANSFORM_INTEG, 2,  MUST_MINUS,  MUST_MINUS }, /* HMAC_SHA1_96 */
	{ TRANSFORM_INTEG, 3,  MUST_NOT,    MUST_NOT   }, /* DES_MAC */
	{ TRANSFORM_INTEG, 4,  MUST_NOT,    MUST_NOT   }, /* KPDK_MD5 */
	{ TRANSFORM_INTEG, 5,  SHOULD,      SHOULD     }, /* AES_XCBC_96 */
	{ TRANSFORM_INTEG, 6,  SHOULD_NOT,  SHOULD_NOT }, /* HMAC_MD5_128: RFC 9395 */
	{ TRANSFORM_INTEG, 7,  SHOULD_NOT,  SHOULD_NOT }, /* HMAC_SHA1_160: RFC 9395 */
	{ TRANSFORM_INTEG, 12, MUST,        MUST       }, /* HMAC_SHA2_256_128 */
	{ TRANSFORM_INTEG, 14, SHOULD,      SHOULD     }, /* HMAC_SHA2_512_256 */

	{ TRANSFORM_KE,    1,  MUST_NOT,    MUST_NOT   }, /* MODP_768 */
	{ TRANSFORM_KE,    2,  SHOULD_NOT,  SHOULD_NOT }, /* MODP_1024 */
	{ TRANSFORM_KE,    5,  SHOULD_NOT,  SHOULD_NOT }, /* MODP_1536 */
	{ TRANSFORM_KE,    14, MUST,        MUST       }, /* MODP_2048 */
	{ TRANSFORM_KE,    19, SHOULD,      SHOULD     }, /* ECP_256 */
	{ TRANSFORM_KE,    22, MUST_NOT,    MUST_NOT   }, /* MODP_1024_160 */
	{ TRANSFORM_KE,    23, SHOULD_NOT,  SHOULD_NOT }, /* MODP_2048_224 */
	{ TRANSFORM_KE,    24, SHOULD_NOT,  SHOULD_NOT }, /* MODP_2048_256 */
};

enum transform_level transform_level(const struct transform *t, bool esp)
{
	/* What is owed is owed for keys of 128 and 256 bits. */
	if (t->key_bits == 192)
		return TRANSFORM_MAY;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (levels[i].type == t->type && levels[i].id == t->id)
			return esp ? levels[i].esp : levels[i].ike;
	return TRANSFORM_MAY;
}

const char *transform_level_name(enum transform_level level)
{
	static const char *const names[] = {
		[TRANSFORM_MAY] = "MAY",         [TRANSFORM_SHOULD] = "SHOULD",
		[TRANSFORM_MUST] = "MUST",       [TRANSFORM_SHOULD_PLUS] = "SHOULD+",
		[TRANSFORM_MUST_MINUS] = "MUST-", [TRANSFORM_SHOULD_NOT] = "SHOULD NOT",
		[TRANSFORM_MUST_NOT] = "MUST NOT",
	};
	return names[level];
}

bool transform_discouraged(const struct transform *t, bool esp)
{
	enum transform_level level = transform_level(t, esp);
	return level == TRANSFORM_SHOULD_NOT || level == TRANSFORM_MUST_NOT;
}

bool suite_discouraged(const struct suite *s, bool esp, char *text, size_t cap)
{
	const struct transform *parts[] = { s->encr, s->prf, s->integ, s->ke };
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct transform *t = parts[i];
		if (!t || (esp && t->type == TRANSFORM_PRF) || !transform_discouraged(t, esp) || len >= cap)
			continue;
		len += (size_t)snprintf(text + len, cap - len, "%s%s %s be used for %s", len ? ", " : "",
					t->name, transform_level_name(transform_level(t, esp)),
					esp ? "ESP" : "IKE");
	}
	return len > 0;
}
