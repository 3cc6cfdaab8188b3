/*
 * The registries, from "Internet Key Exchange Version 2 (IKEv2) Parameters" and the RFCs named in
 * each row.
 */
#include "base/names.h"

#include <stdio.h>

static const char r4303[] = "RFC 4303", r4306[] = "RFC 4306", r4555[] = "RFC 4555", r4595[] = "RFC 4595",
		  r4868[] = "RFC 4868", r5529[] = "RFC 5529", r5685[] = "RFC 5685", r5723[] = "RFC 5723",
		  r6311[] = "RFC 6311", r6467[] = "RFC 6467", r7296[] = "RFC 7296", r7427[] = "RFC 7427",
		  r8750[] = "RFC 8750", r8784[] = "RFC 8784", r9227[] = "RFC 9227", r9370[] = "RFC 9370",
		  r9385[] = "RFC 9385", r9464[] = "RFC 9464", r9838[] = "RFC 9838";

#define NAMES(what, title, start) \
	const struct names names_##what = { title, what##_rows, ARRAY_LEN(what##_rows), start }

static const struct name exchange_rows[] = {
	{ 34, "IKE_SA_INIT",        r7296      },
	{ 35, "IKE_AUTH",           r7296      },
	{ 36, "CREATE_CHILD_SA",    r7296      },
	{ 37, "INFORMATIONAL",      r7296      },
	{ 38, "IKE_SESSION_RESUME", r5723      },
	{ 39, "GSA_AUTH",           r9838      },
	{ 40, "GSA_REGISTRATION",   r9838      },
	{ 41, "GSA_REKEY",          r9838      },
	{ 43, "IKE_INTERMEDIATE",   "RFC 9242" },
	{ 44, "IKE_FOLLOWUP_KE",    r9370      },
};
NAMES(exchange, "IKEv2 Exchange Types", NULL);

static const struct name payload_rows[] = {
	{ 0,  "NONE",    r7296      },
	{ 33, "SA",      r7296      },
	{ 34, "KE",      r7296      },
	{ 35, "IDi",     r7296      },
	{ 36, "IDr",     r7296      },
	{ 37, "CERT",    r7296      },
	{ 38, "CERTREQ", r7296      },
	{ 39, "AUTH",    r7296      },
	{ 40, "Nonce",   r7296      },
	{ 41, "N",       r7296      },
	{ 42, "D",       r7296      },
	{ 43, "V",       r7296      },
	{ 44, "TSi",     r7296      },
	{ 45, "TSr",     r7296      },
	{ 46, "SK",      r7296      },
	{ 47, "CP",      r7296      },
	{ 48, "EAP",     r7296      },
	{ 49, "GSPM",    r6467      },
	{ 50, "IDg",     r9838      },
	{ 51, "GSA",     r9838      },
	{ 52, "KD",      r9838      },
	{ 53, "SKF",     "RFC 7383" },
	{ 54, "PS",      "RFC 8019" },
};
NAMES(payload, "IKEv2 Payload Types", NULL);

static const struct name protocol_rows[] = {
	{ 0, "NONE",                 r7296 },
	{ 1, "IKE",                  r7296 },
	{ 2, "AH",                   r7296 },
	{ 3, "ESP",                  r7296 },
	{ 4, "FC_ESP_HEADER",        r4595 },
	{ 5, "FC_CT_AUTHENTICATION", r4595 },
	{ 6, "GIKE_UPDATE",          r9838 },
};
NAMES(protocol, "IKEv2 Security Protocol Identifiers", NULL);

static const struct name transform_type_rows[] = {
	{ 1,  "ENCR",   r7296 },
	{ 2,  "PRF",    r7296 },
	{ 3,  "INTEG",  r7296 },
	{ 4,  "KE",     r7296 },
	{ 5,  "ESN",    r7296 },
	{ 6,  "ADDKE1", r9370 },
	{ 7,  "ADDKE2", r9370 },
	{ 8,  "ADDKE3", r9370 },
	{ 9,  "ADDKE4", r9370 },
	{ 10, "ADDKE5", r9370 },
	{ 11, "ADDKE6", r9370 },
	{ 12, "ADDKE7", r9370 },
	{ 13, "KWA",    r9838 },
	{ 14, "GCAUTH", r9838 },
};
NAMES(transform_type, "Transform Type Values", NULL);

static const struct name encr_rows[] = {
	{ 1,  "ENCR_DES_IV64",                r7296      },
	{ 2,  "ENCR_DES",                     "RFC 2405" },
	{ 3,  "ENCR_3DES",                    "RFC 2451" },
	{ 4,  "ENCR_RC5",                     "RFC 2451" },
	{ 5,  "ENCR_IDEA",                    "RFC 2451" },
	{ 6,  "ENCR_CAST",                    "RFC 2451" },
	{ 7,  "ENCR_BLOWFISH",                "RFC 2451" },
	{ 8,  "ENCR_3IDEA",                   r7296      },
	{ 9,  "ENCR_DES_IV32",                r7296      },
	{ 11, "ENCR_NULL",                    "RFC 2410" },
	{ 12, "ENCR_AES_CBC",                 "RFC 3602" },
	{ 13, "ENCR_AES_CTR",                 "RFC 3686" },
	{ 14, "ENCR_AES_CCM_8",               "RFC 4309" },
	{ 15, "ENCR_AES_CCM_12",              "RFC 4309" },
	{ 16, "ENCR_AES_CCM_16",              "RFC 4309" },
	{ 18, "ENCR_AES_GCM_8",               "RFC 4106" },
	{ 19, "ENCR_AES_GCM_12",              "RFC 4106" },
	{ 20, "ENCR_AES_GCM_16",              "RFC 4106" },
	{ 21, "ENCR_NULL_AUTH_AES_GMAC",      "RFC 4543" },
	{ 22, "ENCR_XTS_AES",                 r7296      },
	{ 23, "ENCR_CAMELLIA_CBC",            r5529      },
	{ 24, "ENCR_CAMELLIA_CTR",            r5529      },
	{ 25, "ENCR_CAMELLIA_CCM_8",          r5529      },
	{ 26, "ENCR_CAMELLIA_CCM_12",         r5529      },
	{ 27, "ENCR_CAMELLIA_CCM_16",         r5529      },
	{ 28, "ENCR_CHACHA20_POLY1305",       "RFC 7634" },
	{ 29, "ENCR_AES_CCM_8_IIV",           r8750      },
	{ 30, "ENCR_AES_GCM_16_IIV",          r8750      },
	{ 31, "ENCR_CHACHA20_POLY1305_IIV",   r8750      },
	{ 32, "ENCR_KUZNYECHIK_MGM_KTREE",    r9227      },
	{ 33, "ENCR_MAGMA_MGM_KTREE",         r9227      },
	{ 34, "ENCR_KUZNYECHIK_MGM_MAC_KTREE", r9227     },
	{ 35, "ENCR_MAGMA_MGM_MAC_KTREE",     r9227      },
};
NAMES(encr, "Transform Type 1 - Encryption Algorithm Transform IDs", "ENCR_");

static const struct name prf_rows[] = {
	{ 1, "PRF_HMAC_MD5",          "RFC 2104" },
	{ 2, "PRF_HMAC_SHA1",         "RFC 2104" },
	{ 3, "PRF_HMAC_TIGER",        "RFC 2104" },
	{ 4, "PRF_AES128_XCBC",       "RFC 4434" },
	{ 5, "PRF_HMAC_SHA2_256",     r4868      },
	{ 6, "PRF_HMAC_SHA2_384",     r4868      },
	{ 7, "PRF_HMAC_SHA2_512",     r4868      },
	{ 8, "PRF_AES128_CMAC",       "RFC 4615" },
	{ 9, "PRF_HMAC_STREEBOG_512", r9385      },
};
NAMES(prf, "Transform Type 2 - Pseudorandom Function Transform IDs", "PRF_");

static const struct name integ_rows[] = {
	{ 0,  "NONE",                   r7296      },
	{ 1,  "AUTH_HMAC_MD5_96",       "RFC 2403" },
	{ 2,  "AUTH_HMAC_SHA1_96",      "RFC 2404" },
	{ 3,  "AUTH_DES_MAC",           r7296      },
	{ 4,  "AUTH_KPDK_MD5",          r7296      },
	{ 5,  "AUTH_AES_XCBC_96",       "RFC 3566" },
	{ 6,  "AUTH_HMAC_MD5_128",      r4595      },
	{ 7,  "AUTH_HMAC_SHA1_160",     r4595      },
	{ 8,  "AUTH_AES_CMAC_96",       "RFC 4494" },
	{ 9,  "AUTH_AES_128_GMAC",      "RFC 4543" },
	{ 10, "AUTH_AES_192_GMAC",      "RFC 4543" },
	{ 11, "AUTH_AES_256_GMAC",      "RFC 4543" },
	{ 12, "AUTH_HMAC_SHA2_256_128", r4868      },
	{ 13, "AUTH_HMAC_SHA2_384_192", r4868      },
	{ 14, "AUTH_HMAC_SHA2_512_256", r4868      },
};
NAMES(integ, "Transform Type 3 - Integrity Algorithm Transform IDs", "AUTH_");

static const struct name ke_rows[] = {
	{ 0,  "NONE",              r7296                             },
	{ 1,  "MODP_768",          r7296                             },
	{ 2,  "MODP_1024",         r7296                             },
	{ 5,  "MODP_1536",         "RFC 3526"                        },
	{ 14, "MODP_2048",         "RFC 3526"                        },
	{ 15, "MODP_3072",         "RFC 3526"                        },
	{ 16, "MODP_4096",         "RFC 3526"                        },
	{ 17, "MODP_6144",         "RFC 3526"                        },
	{ 18, "MODP_8192",         "RFC 3526"                        },
	{ 19, "ECP_256",           "RFC 5903"                        },
	{ 20, "ECP_384",           "RFC 5903"                        },
	{ 21, "ECP_521",           "RFC 5903"                        },
	{ 22, "MODP_1024_160",     "RFC 5114"                        },
	{ 23, "MODP_2048_224",     "RFC 5114"                        },
	{ 24, "MODP_2048_256",     "RFC 5114"                        },
	{ 25, "ECP_192",           "RFC 5114"                        },
	{ 26, "ECP_224",           "RFC 5114"                        },
	{ 27, "BRAINPOOL_P224R1",  "RFC 6954"                        },
	{ 28, "BRAINPOOL_P256R1",  "RFC 6954"                        },
	{ 29, "BRAINPOOL_P384R1",  "RFC 6954"                        },
	{ 30, "BRAINPOOL_P512R1",  "RFC 6954"                        },
	{ 31, "CURVE25519",        "RFC 8031"                        },
	{ 32, "CURVE448",          "RFC 8031"                        },
	{ 33, "GOST3410_2012_256", r9385                             },
	{ 34, "GOST3410_2012_512", r9385                             },
	{ 35, "ML_KEM_512",        "draft-ietf-ipsecme-ikev2-mlkem" },
	{ 36, "ML_KEM_768",        "draft-ietf-ipsecme-ikev2-mlkem" },
	{ 37, "ML_KEM_1024",       "draft-ietf-ipsecme-ikev2-mlkem" },
};
NAMES(ke, "Transform Type 4 - Key Exchange Method Transform IDs", NULL);

static const struct name esn_rows[] = {
	{ 0, "NO_ESN", r7296 },
	{ 1, "ESN",    r7296 },
};
NAMES(esn, "Transform Type 5 - Extended Sequence Numbers Transform IDs", NULL);

static const struct name id_type_rows[] = {
	{ 1,  "ID_IPV4_ADDR",   r7296      },
	{ 2,  "ID_FQDN",        r7296      },
	{ 3,  "ID_RFC822_ADDR", r7296      },
	{ 5,  "ID_IPV6_ADDR",   r7296      },
	{ 9,  "ID_DER_ASN1_DN", r7296      },
	{ 10, "ID_DER_ASN1_GN", r7296      },
	{ 11, "ID_KEY_ID",      r7296      },
	{ 12, "ID_FC_NAME",     r4595      },
	{ 13, "ID_NULL",        "RFC 7619" },
};
NAMES(id_type, "IKEv2 Identification Payload ID Types", "ID_");

static const struct name cert_encoding_rows[] = {
	{ 1,  "PKCS7_WRAPPED_X509",       r7296      },
	{ 2,  "PGP",                      r7296      },
	{ 3,  "DNS_SIGNED_KEY",           r7296      },
	{ 4,  "X509_SIGNATURE",           r7296      },
	{ 6,  "KERBEROS_TOKEN",           r7296      },
	{ 7,  "CRL",                      r7296      },
	{ 8,  "ARL",                      r7296      },
	{ 9,  "SPKI",                     r7296      },
	{ 10, "X509_ATTRIBUTE",           r7296      },
	{ 11, "RAW_RSA_KEY",              r4306      },
	{ 12, "HASH_AND_URL_X509",        r7296      },
	{ 13, "HASH_AND_URL_X509_BUNDLE", r7296      },
	{ 14, "OCSP_CONTENT",             "RFC 4806" },
	{ 15, "RAW_PUBLIC_KEY",           "RFC 7670" },
};
NAMES(cert_encoding, "IKEv2 Certificate Encodings", NULL);

static const struct name auth_method_rows[] = {
	{ 1,  "RSA_DIGITAL_SIGNATURE", r7296      },
	{ 2,  "SHARED_KEY_MIC",        r7296      },
	{ 3,  "DSS_DIGITAL_SIGNATURE", r7296      },
	{ 9,  "ECDSA_SHA256_P256",     "RFC 4754" },
	{ 10, "ECDSA_SHA384_P384",     "RFC 4754" },
	{ 11, "ECDSA_SHA512_P521",     "RFC 4754" },
	{ 12, "GSPM",                  r6467      },
	{ 13, "NULL",                  "RFC 7619" },
	{ 14, "DIGITAL_SIGNATURE",     r7427      },
};
NAMES(auth_method, "IKEv2 Authentication Method", NULL);

static const struct name hash_rows[] = {
	{ 1, "SHA1",         r7427      },
	{ 2, "SHA2_256",     r7427      },
	{ 3, "SHA2_384",     r7427      },
	{ 4, "SHA2_512",     r7427      },
	{ 5, "IDENTITY",     "RFC 8420" },
	{ 6, "STREEBOG_256", r9385      },
	{ 7, "STREEBOG_512", r9385      },
};
NAMES(hash, "IKEv2 Hash Algorithms", NULL);

static const struct name ts_type_rows[] = {
	{ 7,  "TS_IPV4_ADDR_RANGE", r7296      },
	{ 8,  "TS_IPV6_ADDR_RANGE", r7296      },
	{ 9,  "TS_FC_ADDR_RANGE",   r4595      },
	{ 10, "TS_SECLABEL",        "RFC 9478" },
};
NAMES(ts_type, "IKEv2 Traffic Selector Types", "TS_");

static const struct name cp_type_rows[] = {
	{ 1, "CFG_REQUEST", r7296 },
	{ 2, "CFG_REPLY",   r7296 },
	{ 3, "CFG_SET",     r7296 },
	{ 4, "CFG_ACK",     r7296 },
};
NAMES(cp_type, "IKEv2 Configuration Payload CFG Types", "CFG_");

static const struct name cp_attribute_rows[] = {
	{ 1,  "INTERNAL_IP4_ADDRESS",              r7296       },
	{ 2,  "INTERNAL_IP4_NETMASK",              r7296       },
	{ 3,  "INTERNAL_IP4_DNS",                  r7296       },
	{ 4,  "INTERNAL_IP4_NBNS",                 r7296       },
	{ 5,  "INTERNAL_ADDRESS_EXPIRY",           r4306       },
	{ 6,  "INTERNAL_IP4_DHCP",                 r7296       },
	{ 7,  "APPLICATION_VERSION",               r7296       },
	{ 8,  "INTERNAL_IP6_ADDRESS",              r7296       },
	{ 10, "INTERNAL_IP6_DNS",                  r7296       },
	{ 12, "INTERNAL_IP6_DHCP",                 r7296       },
	{ 13, "INTERNAL_IP4_SUBNET",               r7296       },
	{ 14, "SUPPORTED_ATTRIBUTES",              r7296       },
	{ 15, "INTERNAL_IP6_SUBNET",               r7296       },
	{ 16, "MIP6_HOME_PREFIX",                  "RFC 5026"  },
	{ 17, "INTERNAL_IP6_LINK",                 "RFC 5739"  },
	{ 18, "INTERNAL_IP6_PREFIX",               "RFC 5739"  },
	{ 19, "HOME_AGENT_ADDRESS",                "3GPP"      },
	{ 20, "P_CSCF_IP4_ADDRESS",                "RFC 7651"  },
	{ 21, "P_CSCF_IP6_ADDRESS",                "RFC 7651"  },
	{ 22, "FTT_KAT",                           "3GPP"      },
	{ 23, "EXTERNAL_SOURCE_IP4_NAT_INFO",      "3GPP"      },
	{ 24, "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK", "3GPP"      },
	{ 25, "INTERNAL_DNS_DOMAIN",               "RFC 8598"  },
	{ 26, "INTERNAL_DNSSEC_TA",                "RFC 8598"  },
	{ 27, "ENCDNS_IP4",                        r9464       },
	{ 28, "ENCDNS_IP6",                        r9464       },
	{ 29, "ENCDNS_DIGEST_INFO",                r9464       },
};
NAMES(cp_attribute, "IKEv2 Configuration Payload Attribute Types", NULL);

static const struct name eap_code_rows[] = {
	{ 1, "REQUEST",  "RFC 3748" },
	{ 2, "RESPONSE", "RFC 3748" },
	{ 3, "SUCCESS",  "RFC 3748" },
	{ 4, "FAILURE",  "RFC 3748" },
};
NAMES(eap_code, "EAP Packet Codes", NULL);

static const struct name eap_type_rows[] = {
	{ 1,   "IDENTITY",      "RFC 3748"                  },
	{ 2,   "NOTIFICATION",  "RFC 3748"                  },
	{ 3,   "NAK",           "RFC 3748"                  },
	{ 4,   "MD5_CHALLENGE", "RFC 3748"                  },
	{ 5,   "OTP",           "RFC 3748"                  },
	{ 6,   "GTC",           "RFC 3748"                  },
	{ 13,  "TLS",           "RFC 5216"                  },
	{ 18,  "SIM",           "RFC 4186"                  },
	{ 21,  "TTLS",          "RFC 5281"                  },
	{ 23,  "AKA",           "RFC 4187"                  },
	{ 25,  "PEAP",          "draft-josefsson-pppext-eap-tls-eap" },
	{ 26,  "MSCHAPV2",      "draft-kamath-pppext-eap-mschapv2"   },
	{ 50,  "AKA_PRIME",     "RFC 9048"                  },
	{ 52,  "PWD",           "RFC 5931"                  },
	{ 55,  "TEAP",          "RFC 7170"                  },
	{ 254, "EXPANDED",      "RFC 3748"                  },
};
NAMES(eap_type, "EAP Method Types", NULL);

static const struct name attribute_rows[] = {
	{ 14, "KEY_LENGTH", r7296 },
};
NAMES(attribute, "IKEv2 Transform Attribute Types", NULL);

static const struct name ip_protocol_rows[] = {
	{ 0,   "ANY",            r7296      },
	{ 1,   "ICMP",           "RFC 792"  },
	{ 4,   "IPV4",           "RFC 2003" },
	{ 6,   "TCP",            "RFC 9293" },
	{ 17,  "UDP",            "RFC 768"  },
	{ 41,  "IPV6",           "RFC 2473" },
	{ 47,  "GRE",            "RFC 2784" },
	{ 50,  "ESP",            r4303      },
	{ 51,  "AH",             "RFC 4302" },
	{ 58,  "ICMPV6",         "RFC 4443" },
	{ 59,  "NO_NEXT_HEADER", "RFC 8200" },
	{ 108, "IPCOMP",         "RFC 3173" },
	{ 132, "SCTP",           "RFC 9260" },
	{ 135, "MOBILITY",       "RFC 6275" },
	{ 144, "AGGFRAG",        "RFC 9347" },
};
NAMES(ip_protocol, "Assigned Internet Protocol Numbers", NULL);

static const struct name notify_rows[] = {
	{ 1,     "UNSUPPORTED_CRITICAL_PAYLOAD",        r7296      },
	{ 4,     "INVALID_IKE_SPI",                     r7296      },
	{ 5,     "INVALID_MAJOR_VERSION",               r7296      },
	{ 7,     "INVALID_SYNTAX",                      r7296      },
	{ 9,     "INVALID_MESSAGE_ID",                  r7296      },
	{ 11,    "INVALID_SPI",                         r7296      },
	{ 14,    "NO_PROPOSAL_CHOSEN",                  r7296      },
	{ 17,    "INVALID_KE_PAYLOAD",                  r7296      },
	{ 24,    "AUTHENTICATION_FAILED",               r7296      },
	{ 34,    "SINGLE_PAIR_REQUIRED",                r7296      },
	{ 35,    "NO_ADDITIONAL_SAS",                   r7296      },
	{ 36,    "INTERNAL_ADDRESS_FAILURE",            r7296      },
	{ 37,    "FAILED_CP_REQUIRED",                  r7296      },
	{ 38,    "TS_UNACCEPTABLE",                     r7296      },
	{ 39,    "INVALID_SELECTORS",                   r7296      },
	{ 40,    "UNACCEPTABLE_ADDRESSES",              r4555      },
	{ 41,    "UNEXPECTED_NAT_DETECTED",             r4555      },
	{ 42,    "USE_ASSIGNED_HoA",                    "RFC 5026" },
	{ 43,    "TEMPORARY_FAILURE",                   r7296      },
	{ 44,    "CHILD_SA_NOT_FOUND",                  r7296      },
	{ 45,    "INVALID_GROUP_ID",                    r9838      },
	{ 46,    "AUTHORIZATION_FAILED",                r9838      },
	{ 47,    "STATE_NOT_FOUND",                     r9370      },
	{ 48,    "TS_MAX_QUEUE",                        "RFC 9611" },
	{ 49,    "REGISTRATION_FAILED",                 r9838      },
	{ 16384, "INITIAL_CONTACT",                     r7296      },
	{ 16385, "SET_WINDOW_SIZE",                     r7296      },
	{ 16386, "ADDITIONAL_TS_POSSIBLE",              r7296      },
	{ 16387, "IPCOMP_SUPPORTED",                    r7296      },
	{ 16388, "NAT_DETECTION_SOURCE_IP",             r7296      },
	{ 16389, "NAT_DETECTION_DESTINATION_IP",        r7296      },
	{ 16390, "COOKIE",                              r7296      },
	{ 16391, "USE_TRANSPORT_MODE",                  r7296      },
	{ 16392, "HTTP_CERT_LOOKUP_SUPPORTED",          r7296      },
	{ 16393, "REKEY_SA",                            r7296      },
	{ 16394, "ESP_TFC_PADDING_NOT_SUPPORTED",       r7296      },
	{ 16395, "NON_FIRST_FRAGMENTS_ALSO",            r7296      },
	{ 16396, "MOBIKE_SUPPORTED",                    r4555      },
	{ 16397, "ADDITIONAL_IP4_ADDRESS",              r4555      },
	{ 16398, "ADDITIONAL_IP6_ADDRESS",              r4555      },
	{ 16399, "NO_ADDITIONAL_ADDRESSES",             r4555      },
	{ 16400, "UPDATE_SA_ADDRESSES",                 r4555      },
	{ 16401, "COOKIE2",                             r4555      },
	{ 16402, "NO_NATS_ALLOWED",                     r4555      },
	{ 16403, "AUTH_LIFETIME",                       "RFC 4478" },
	{ 16404, "MULTIPLE_AUTH_SUPPORTED",             "RFC 4739" },
	{ 16405, "ANOTHER_AUTH_FOLLOWS",                "RFC 4739" },
	{ 16406, "REDIRECT_SUPPORTED",                  r5685      },
	{ 16407, "REDIRECT",                            r5685      },
	{ 16408, "REDIRECTED_FROM",                     r5685      },
	{ 16409, "TICKET_LT_OPAQUE",                    r5723      },
	{ 16410, "TICKET_REQUEST",                      r5723      },
	{ 16411, "TICKET_ACK",                          r5723      },
	{ 16412, "TICKET_NACK",                         r5723      },
	{ 16413, "TICKET_OPAQUE",                       r5723      },
	{ 16414, "LINK_ID",                             "RFC 5739" },
	{ 16415, "USE_WESP_MODE",                       "RFC 5840" },
	{ 16416, "ROHC_SUPPORTED",                      "RFC 5857" },
	{ 16417, "EAP_ONLY_AUTHENTICATION",             "RFC 5998" },
	{ 16418, "CHILDLESS_IKEV2_SUPPORTED",           "RFC 6023" },
	{ 16419, "QUICK_CRASH_DETECTION",               "RFC 6290" },
	{ 16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED",     r6311      },
	{ 16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED", r6311      },
	{ 16422, "IKEV2_MESSAGE_ID_SYNC",               r6311      },
	{ 16423, "IPSEC_REPLAY_COUNTER_SYNC",           r6311      },
	{ 16424, "SECURE_PASSWORD_METHODS",             r6467      },
	{ 16425, "PSK_PERSIST",                         "RFC 6631" },
	{ 16426, "PSK_CONFIRM",                         "RFC 6631" },
	{ 16427, "ERX_SUPPORTED",                       "RFC 6867" },
	{ 16428, "IFOM_CAPABILITY",                     "3GPP"     },
	{ 16429, "SENDER_REQUEST_ID",                   r9838      },
	{ 16430, "IKEV2_FRAGMENTATION_SUPPORTED",       "RFC 7383" },
	{ 16431, "SIGNATURE_HASH_ALGORITHMS",           r7427      },
	{ 16432, "CLONE_IKE_SA_SUPPORTED",              "RFC 7791" },
	{ 16433, "CLONE_IKE_SA",                        "RFC 7791" },
	{ 16434, "PUZZLE",                              "RFC 8019" },
	{ 16435, "USE_PPK",                             r8784      },
	{ 16436, "PPK_IDENTITY",                        r8784      },
	{ 16437, "NO_PPK_AUTH",                         r8784      },
	{ 16438, "INTERMEDIATE_EXCHANGE_SUPPORTED",     "RFC 9242" },
	{ 16439, "IP4_ALLOWED",                         "RFC 8983" },
	{ 16440, "IP6_ALLOWED",                         "RFC 8983" },
	{ 16441, "ADDITIONAL_KEY_EXCHANGE",             r9370      },
	{ 16442, "USE_AGGFRAG",                         "RFC 9347" },
	{ 16443, "SUPPORTED_AUTH_METHODS",              "RFC 9593" },
	{ 16444, "SA_RESOURCE_INFO",                    "RFC 9611" },
	{ 16445, "USE_PPK_INT",                         "RFC 9867" },
	{ 16446, "PPK_IDENTITY_KEY",                    "RFC 9867" },
};
NAMES(notify, "IKEv2 Notify Message Types", NULL);

const char *names_text(const struct names *n, uint32_t value)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->rows[i].value == value)
			return n->rows[i].text;
	return NULL;
}

const char *names_print(const struct names *n, uint32_t value, char *spare, size_t cap)
{
	const char *text = names_text(n, value);
	if (text)
		return text;
	snprintf(spare, cap, "%u", value);
	return spare;
}

static char fold(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '-' ? '_' : c;
}

static bool same(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b))
		a++, b++;
	return *a == *b;
}

/* text behind the start that all names of a registry share, or text itself. */
static const char *behind(const char *start, const char *text)
{
	size_t len = start ? strlen(start) : 0;
	return len > 0 && strncmp(text, start, len) == 0 ? text + len : text;
}

bool names_value(const struct names *n, const char *text, uint32_t *out)
{
	for (size_t i = 0; i < n->count; i++) {
		const char *name = n->rows[i].text;
		if (same(name, text) || same(behind(n->prefix, name), text)) {
			*out = n->rows[i].value;
			return true;
		}
	}
	return false;
}
