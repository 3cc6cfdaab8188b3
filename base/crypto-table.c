/*
 * The transforms.  Numbers: IANA registry "IKEv2 Parameters" and the RFCs of base/names.c; keywords:
 * ipsec.conf(5) of Libreswan and the proposal keywords of strongSwan's documentation; Wireshark's
 * names as in its preference tables ikev2_decryption_table and esp_sa.
 *
 * Rows that are not TRANSFORM_IMPLEMENTED are there to be offered, printed and refused.
 */
#include "base/crypto.h"

#define IKE TRANSFORM_IN_IKE
#define ESP TRANSFORM_IN_ESP
#define OWN TRANSFORM_IMPLEMENTED

/* ENCR with the key length as an attribute; names and keywords are put together around the bits. */
#define ENCR(id_, bits, name_, evp_, aead_, salt_, iv_, block_, icv_, ike, esp, libre, strong, uses)  \
	{ .type = TRANSFORM_ENCR, .id = id_, .key_bits = bits, .name = name_ "_" #bits, .evp = evp_,  \
	  .aead = aead_, .key = bits / 8, .salt = salt_, .iv = iv_, .block = block_, .icv = icv_,     \
	  .wireshark_ike = ike, .wireshark_esp = esp, .libreswan = libre, .strongswan = strong,       \
	  .suites = uses }

#define CBC(bits)                                                                                     \
	ENCR(12, bits, "AES_CBC", "AES-" #bits "-CBC", false, 0, 16, 16, 0,                           \
	     "AES-CBC-" #bits " [RFC3602]", "AES-CBC [RFC3602]", "aes" #bits, "aes" #bits, IKE | ESP | OWN)
#define CTR(bits)                                                                                     \
	ENCR(13, bits, "AES_CTR", "AES-" #bits "-CTR", false, 4, 8, 1, 0,                             \
	     "AES-CTR-" #bits " [RFC5930]", "AES-CTR [RFC3686]", "aes_ctr" #bits, "aes" #bits "ctr", IKE | ESP | OWN)
#define CCM(id, bits, size, libre)                                                                    \
	ENCR(id, bits, "AES_CCM_" #size, "AES-" #bits "-CCM", true, 3, 8, 1, size,                    \
	     "AES-CCM-" #bits " with " #size " octet ICV [RFC5282]", NULL, libre #bits,               \
	     "aes" #bits "ccm" #size, IKE | ESP | OWN)
#define GCM(id, bits, size, libre)                                                                    \
	ENCR(id, bits, "AES_GCM_" #size, "AES-" #bits "-GCM", true, 4, 8, 1, size,                    \
	     "AES-GCM-" #bits " with " #size " octet ICV [RFC5282]",                                  \
	     "AES-GCM with " #size " octet ICV [RFC4106]", libre #bits, "aes" #bits "gcm" #size,          \
	     IKE | ESP | OWN)
#define GMAC(bits)                                                                                    \
	ENCR(21, bits, "NULL_AUTH_AES_GMAC", "AES-" #bits "-GCM", true, 4, 8, 1, 16, NULL, NULL,      \
	     "aes_gmac" #bits, "aes" #bits "gmac", ESP | OWN)
#define CAMELLIA_CBC(bits)                                                                            \
	ENCR(23, bits, "CAMELLIA_CBC", "CAMELLIA-" #bits "-CBC", false, 0, 16, 16, 0, NULL, NULL,     \
	     "camellia" #bits, "camellia" #bits, IKE | ESP)
#define CAMELLIA_CTR(bits)                                                                            \
	ENCR(24, bits, "CAMELLIA_CTR", "CAMELLIA-" #bits "-CTR", false, 4, 8, 1, 0, NULL, NULL,       \
	     "camellia_ctr" #bits, "camellia" #bits "ctr", IKE | ESP)
#define CAMELLIA_CCM(id, bits, size)                                                                  \
	ENCR(id, bits, "CAMELLIA_CCM_" #size, NULL, true, 3, 8, 1, size, NULL, NULL,                  \
	     NULL, "camellia" #bits "ccm" #size, IKE | ESP)
#define IIV(id, bits, name, size)                                                                     \
	ENCR(id, bits, name, NULL, true, size == 8 ? 3 : 4, 0, 1, size, NULL, NULL, NULL, NULL, ESP)
#define THREE(row) row(128), row(192), row(256)

/* ENCR with one key length, which is not sent. */
#define FIXED(id_, name_, evp_, aead_, key_, salt_, iv_, block_, icv_, ike, esp, libre, strong, uses) \
	{ .type = TRANSFORM_ENCR, .id = id_, .name = name_, .evp = evp_, .aead = aead_, .key = key_,  \
	  .salt = salt_, .iv = iv_, .block = block_, .icv = icv_, .wireshark_ike = ike,               \
	  .wireshark_esp = esp, .libreswan = libre, .strongswan = strong, .suites = uses }

#define PRF(id_, name_, evp_, octets, libre, strong, uses)                                            \
	{ .type = TRANSFORM_PRF, .id = id_, .name = name_, .evp = evp_, .key = octets,                \
	  .output = octets, .libreswan = libre, .strongswan = strong, .suites = uses }

#define INTEG(id_, name_, evp_, key_, icv_, ike, esp, libre, strong, uses)                            \
	{ .type = TRANSFORM_INTEG, .id = id_, .name = name_, .evp = evp_, .key = key_, .icv = icv_,   \
	  .wireshark_ike = ike, .wireshark_esp = esp, .libreswan = libre, .strongswan = strong,       \
	  .suites = uses }

/* KE: octets of KE data of initiator and responder, and of the secret. */
#define KE(id_, name_, evp_, initiator, responder, secret, strong, uses)                              \
	{ .type = TRANSFORM_KE, .id = id_, .name = name_, .evp = evp_, .output = secret,              \
	  .public_initiator = initiator, .public_responder = responder, .libreswan = "dh" #id_,       \
	  .strongswan = strong, .suites = uses }

const struct transform transforms[] = {
	THREE(CBC),
	THREE(CTR),
	CCM(14, 128, 8, "aes_ccm_a"),
	CCM(14, 192, 8, "aes_ccm_a"),
	CCM(14, 256, 8, "aes_ccm_a"),
	CCM(15, 128, 12, "aes_ccm_b"),
	CCM(15, 192, 12, "aes_ccm_b"),
	CCM(15, 256, 12, "aes_ccm_b"),
	CCM(16, 128, 16, "aes_ccm_c"),
	CCM(16, 192, 16, "aes_ccm_c"),
	CCM(16, 256, 16, "aes_ccm_c"),
	GCM(18, 128, 8, "aes_gcm_a"),
	GCM(18, 192, 8, "aes_gcm_a"),
	GCM(18, 256, 8, "aes_gcm_a"),
	GCM(19, 128, 12, "aes_gcm_b"),
	GCM(19, 192, 12, "aes_gcm_b"),
	GCM(19, 256, 12, "aes_gcm_b"),
	GCM(20, 128, 16, "aes_gcm"),
	GCM(20, 192, 16, "aes_gcm"),
	GCM(20, 256, 16, "aes_gcm"),
	THREE(GMAC),
	THREE(CAMELLIA_CBC),
	THREE(CAMELLIA_CTR),
	CAMELLIA_CCM(25, 128, 8),
	CAMELLIA_CCM(25, 192, 8),
	CAMELLIA_CCM(25, 256, 8),
	CAMELLIA_CCM(26, 128, 12),
	CAMELLIA_CCM(26, 192, 12),
	CAMELLIA_CCM(26, 256, 12),
	CAMELLIA_CCM(27, 128, 16),
	CAMELLIA_CCM(27, 192, 16),
	CAMELLIA_CCM(27, 256, 16),
	IIV(29, 128, "AES_CCM_8_IIV", 8),
	IIV(29, 192, "AES_CCM_8_IIV", 8),
	IIV(29, 256, "AES_CCM_8_IIV", 8),
	IIV(30, 128, "AES_GCM_16_IIV", 16),
	IIV(30, 192, "AES_GCM_16_IIV", 16),
	IIV(30, 256, "AES_GCM_16_IIV", 16),

	/*    id  name                        evp                  aead   key salt iv block icv */
	FIXED(1,  "DES_IV64",                 NULL,                false,  8, 0,  8,  8,  0,
	      NULL, NULL, NULL, NULL, 0),
	FIXED(2,  "DES",                      NULL,                false,  8, 0,  8,  8,  0,
	      NULL, "DES-CBC [RFC2405]", "des", "des", IKE | ESP),
	FIXED(3,  "3DES",                     "DES-EDE3-CBC",      false, 24, 0,  8,  8,  0,
	      "3DES [RFC2451]", "TripleDES-CBC [RFC2451]", "3des", "3des", IKE | ESP | OWN),
	FIXED(4,  "RC5",                      NULL,                false, 16, 0,  8,  8,  0,
	      NULL, NULL, NULL, NULL, IKE | ESP),
	FIXED(5,  "IDEA",                     NULL,                false, 16, 0,  8,  8,  0,
	      NULL, NULL, NULL, NULL, IKE | ESP),
	FIXED(6,  "CAST",                     NULL,                false, 16, 0,  8,  8,  0,
	      NULL, "CAST5-CBC [RFC2144]", "cast", "cast128", IKE | ESP),
	FIXED(7,  "BLOWFISH",                 NULL,                false, 16, 0,  8,  8,  0,
	      NULL, "BLOWFISH-CBC [RFC2451]", "blowfish", "blowfish", IKE | ESP),
	FIXED(8,  "3IDEA",                    NULL,                false, 48, 0,  8,  8,  0,
	      NULL, NULL, NULL, NULL, IKE | ESP),
	FIXED(9,  "DES_IV32",                 NULL,                false,  8, 0,  4,  8,  0,
	      NULL, NULL, NULL, NULL, 0),
	FIXED(11, "NULL",                     NULL,                false,  0, 0,  0,  1,  0,
	      "NULL [RFC2410]", "NULL", "null", "null", ESP | OWN),
	FIXED(28, "CHACHA20_POLY1305",        "ChaCha20-Poly1305", true,  32, 4,  8,  1, 16,
	      NULL, NULL, "chacha20_poly1305", "chacha20poly1305", IKE | ESP | OWN),
	FIXED(31, "CHACHA20_POLY1305_IIV",    NULL,                true,  32, 4,  0,  1, 16,
	      NULL, NULL, NULL, NULL, ESP),
	FIXED(32, "KUZNYECHIK_MGM_KTREE",     NULL,                true,  32, 12, 8,  1, 12,
	      NULL, NULL, NULL, NULL, IKE | ESP),
	FIXED(33, "MAGMA_MGM_KTREE",          NULL,                true,  32, 4,  8,  1,  8,
	      NULL, NULL, NULL, NULL, IKE | ESP),
	FIXED(34, "KUZNYECHIK_MGM_MAC_KTREE", NULL,                true,  32, 12, 8,  1, 12,
	      NULL, NULL, NULL, NULL, ESP),
	FIXED(35, "MAGMA_MGM_MAC_KTREE",      NULL,                true,  32, 4,  8,  1,  8,
	      NULL, NULL, NULL, NULL, ESP),

	PRF(1, "HMAC_MD5",          "MD5",    16, "md5",      "prfmd5",     IKE),
	PRF(2, "HMAC_SHA1",         "SHA1",   20, "sha1",     "prfsha1",    IKE | OWN),
	PRF(3, "HMAC_TIGER",        NULL,     24, NULL,       NULL,         IKE),
	PRF(4, "AES128_XCBC",       "AES-128-CBC", 16, "aes_xcbc", "prfaesxcbc", IKE | OWN),
	PRF(5, "HMAC_SHA2_256",     "SHA256", 32, "sha2_256", "prfsha256",  IKE | OWN),
	PRF(6, "HMAC_SHA2_384",     "SHA384", 48, "sha2_384", "prfsha384",  IKE | OWN),
	PRF(7, "HMAC_SHA2_512",     "SHA512", 64, "sha2_512", "prfsha512",  IKE | OWN),
	PRF(8, "AES128_CMAC",       "AES-128-CBC", 16, "aes_cmac", "prfaescmac", IKE | OWN),
	PRF(9, "HMAC_STREEBOG_512", NULL,     64, NULL,       NULL,         IKE),

	/*    id  name               evp      key icv  wireshark */
	INTEG(0,  "NONE",              NULL,     0,  0,  "NONE [RFC4306]",             "NULL",
	      NULL,       NULL,       IKE | ESP | OWN),
	INTEG(1,  "HMAC_MD5_96",       "MD5",    16, 12, "HMAC_MD5_96 [RFC2403]",      "HMAC-MD5-96 [RFC2403]",
	      "md5",      "md5",      IKE | ESP),
	INTEG(2,  "HMAC_SHA1_96",      "SHA1",   20, 12, "HMAC_SHA1_96 [RFC2404]",     "HMAC-SHA-1-96 [RFC2404]",
	      "sha1",     "sha1",     IKE | ESP | OWN),
	INTEG(3,  "DES_MAC",           NULL,     8,  8,  NULL, NULL,
	      NULL,       NULL,       IKE | ESP),
	INTEG(4,  "KPDK_MD5",          NULL,     16, 16, NULL, NULL,
	      NULL,       NULL,       IKE | ESP),
	INTEG(5,  "AES_XCBC_96",       "AES-128-CBC", 16, 12, NULL, NULL,
	      "aes_xcbc", "aesxcbc",  IKE | ESP | OWN),
	INTEG(6,  "HMAC_MD5_128",      "MD5",    16, 16, "HMAC_MD5_128 [RFC4595]",     NULL,
	      NULL,       "md5_128",  0),
	INTEG(7,  "HMAC_SHA1_160",     "SHA1",   20, 20, "HMAC_SHA1_160 [RFC4595]",    NULL,
	      NULL,       "sha1_160", 0),
	INTEG(8,  "AES_CMAC_96",       "AES-128-CBC", 16, 12, NULL, NULL,
	      "aes_cmac", "aescmac",  IKE | ESP | OWN),
	INTEG(9,  "AES_128_GMAC",      NULL,     16, 16, NULL, NULL, NULL, NULL, 0),
	INTEG(10, "AES_192_GMAC",      NULL,     24, 16, NULL, NULL, NULL, NULL, 0),
	INTEG(11, "AES_256_GMAC",      NULL,     32, 16, NULL, NULL, NULL, NULL, 0),
	INTEG(12, "HMAC_SHA2_256_128", "SHA256", 32, 16, "HMAC_SHA2_256_128 [RFC4868]",
	      "HMAC-SHA-256-128 [RFC4868]", "sha2_256", "sha256", IKE | ESP | OWN),
	INTEG(13, "HMAC_SHA2_384_192", "SHA384", 48, 24, "HMAC_SHA2_384_192 [RFC4868]",
	      "HMAC-SHA-384-192 [RFC4868]", "sha2_384", "sha384", IKE | ESP | OWN),
	INTEG(14, "HMAC_SHA2_512_256", "SHA512", 64, 32, "HMAC_SHA2_512_256 [RFC4868]",
	      "HMAC-SHA-512-256 [RFC4868]", "sha2_512", "sha512", IKE | ESP | OWN),

	/* id  name                 evp                I     R     secret */
	KE(0,  "NONE",              NULL,              0,    0,    0,    "modpnone",     IKE | ESP),
	KE(1,  "MODP_768",          NULL,              96,   96,   96,   "modp768",      IKE | ESP | OWN),
	KE(2,  "MODP_1024",         NULL,              128,  128,  128,  "modp1024",     IKE | ESP | OWN),
	KE(5,  "MODP_1536",         NULL,              192,  192,  192,  "modp1536",     IKE | ESP | OWN),
	KE(14, "MODP_2048",         NULL,              256,  256,  256,  "modp2048",     IKE | ESP | OWN),
	KE(15, "MODP_3072",         NULL,              384,  384,  384,  "modp3072",     IKE | ESP | OWN),
	KE(16, "MODP_4096",         NULL,              512,  512,  512,  "modp4096",     IKE | ESP | OWN),
	KE(17, "MODP_6144",         NULL,              768,  768,  768,  "modp6144",     IKE | ESP | OWN),
	KE(18, "MODP_8192",         NULL,              1024, 1024, 1024, "modp8192",     IKE | ESP | OWN),
	KE(19, "ECP_256",           "prime256v1",      64,   64,   32,   "ecp256",       IKE | ESP | OWN),
	KE(20, "ECP_384",           "secp384r1",       96,   96,   48,   "ecp384",       IKE | ESP | OWN),
	KE(21, "ECP_521",           "secp521r1",       132,  132,  66,   "ecp521",       IKE | ESP | OWN),
	KE(22, "MODP_1024_160",     NULL,              128,  128,  128,  "modp1024s160", IKE | ESP),
	KE(23, "MODP_2048_224",     NULL,              256,  256,  256,  "modp2048s224", IKE | ESP),
	KE(24, "MODP_2048_256",     NULL,              256,  256,  256,  "modp2048s256", IKE | ESP),
	KE(25, "ECP_192",           NULL,              48,   48,   24,   "ecp192",       IKE | ESP),
	KE(26, "ECP_224",           NULL,              56,   56,   28,   "ecp224",       IKE | ESP),
	KE(27, "BRAINPOOL_P224R1",  "brainpoolP224r1", 56,   56,   28,   "ecp224bp",     IKE | ESP | OWN),
	KE(28, "BRAINPOOL_P256R1",  "brainpoolP256r1", 64,   64,   32,   "ecp256bp",     IKE | ESP | OWN),
	KE(29, "BRAINPOOL_P384R1",  "brainpoolP384r1", 96,   96,   48,   "ecp384bp",     IKE | ESP | OWN),
	KE(30, "BRAINPOOL_P512R1",  "brainpoolP512r1", 128,  128,  64,   "ecp512bp",     IKE | ESP | OWN),
	KE(31, "CURVE25519",        "X25519",          32,   32,   32,   "x25519",       IKE | ESP | OWN),
	KE(32, "CURVE448",          "X448",            56,   56,   56,   "x448",         IKE | ESP | OWN),
	KE(33, "GOST3410_2012_256", NULL,              64,   64,   32,   NULL,           IKE | ESP),
	KE(34, "GOST3410_2012_512", NULL,              128,  128,  64,   NULL,           IKE | ESP),
	KE(35, "ML_KEM_512",        NULL,              800,  768,  32,   "mlkem512",     IKE | ESP),
	KE(36, "ML_KEM_768",        NULL,              1184, 1088, 32,   "mlkem768",     IKE | ESP),
	KE(37, "ML_KEM_1024",       NULL,              1568, 1568, 32,   "mlkem1024",    IKE | ESP),

	{ .type = TRANSFORM_ESN, .id = 0, .name = "NO_ESN", .strongswan = "noesn", .suites = ESP | OWN },
	{ .type = TRANSFORM_ESN, .id = 1, .name = "ESN",    .strongswan = "esn",   .suites = ESP | OWN },
};

const size_t transforms_count = ARRAY_LEN(transforms);

const struct transform *transform_find(uint8_t type, uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];
		if (t->type == type && t->id == id && t->key_bits == key_bits)
			return t;
	}
	return NULL;
}
