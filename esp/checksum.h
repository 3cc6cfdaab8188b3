/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 */
#ifndef ESP_CHECKSUM_H
#define ESP_CHECKSUM_H

#include "base/address.h"
#include "base/bytes.h"

/* A running sum: parts may follow each other if all but the last have an even length. */
uint32_t checksum_add(uint32_t sum, struct bytes part);
/* Folded and complemented, as it stands in a header. */
uint16_t checksum_finish(uint32_t sum);
/* The pseudo header of IPv4 (RFC 768) or IPv6 (RFC 8200 8.1). */
uint32_t checksum_pseudo(struct bytes from, struct bytes to, uint8_t protocol, size_t length);
/* The checksum after octets (an even number, at an even place) changed; what was wrong stays
 * wrong. */
uint16_t checksum_mend(uint16_t checksum, struct bytes before, struct bytes after);

#endif
