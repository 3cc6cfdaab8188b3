/*
 * Registry names (IANA "Internet Key Exchange Version 2 (IKEv2) Parameters"), both ways.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include "base/bytes.h"

struct name {
	uint32_t value;
	const char *text;       /* as the RFC writes it: INVALID_KE_PAYLOAD */
	const char *reference;  /* "RFC 7296" */
};

struct names {
	const char *registry;
	const struct name *rows;
	size_t count;
	const char *prefix;     /* "ENCR_", which may be left out when a name is read, or NULL */
};

extern const struct names names_exchange, names_payload, names_protocol, names_transform_type,
	names_encr, names_prf, names_integ, names_ke, names_esn, names_notify, names_id_type,
	names_cert_encoding, names_auth_method, names_hash, names_ts_type, names_cp_type,
	names_cp_attribute, names_eap_code, names_eap_type, names_attribute, names_ip_protocol;

/* The text of a value, or NULL. */
const char *names_text(const struct names *n, uint32_t value);
/* The text, or the number in decimal written to spare; never NULL. */
const char *names_print(const struct names *n, uint32_t value, char *spare, size_t cap);
/* The value of a text (case matters not, '-' and '_' alike, the prefix may be missing); false if unknown. */
bool names_value(const struct names *n, const char *text, uint32_t *out);

#endif
