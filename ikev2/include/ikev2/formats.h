/*
 * The wire tables of IKEv2 (RFC 7296 section 3, RFC 7383): one row a field.
 *
 * The body of an Encrypted payload is all `ciphertext` until it is opened: the sizes of IV and ICV
 * belong to the suite, not to the table.
 */
#ifndef IKEV2_FORMATS_H
#define IKEV2_FORMATS_H

#include "base/wire.h"

/* HDR and the payload chain: a whole datagram (without the non-ESP marker). */
extern const struct wire_format ike_message;
/* The header alone (RFC 7296 3.1). */
extern const struct wire_format ike_header;
/* What stands behind the chain inside SK: padding, pad_length. */
extern const struct wire_format ike_trailer;
/* The row of the payload chain: its choices are the payload formats, picked by type. */
extern const struct wire_row ike_chain;

/* The format of a payload type; that of PAYLOAD(n) for one without a table. */
const struct wire_format *ike_payload_format(uint32_t type);

#endif
