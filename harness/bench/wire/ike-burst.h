/* An IKE datagram as a port sends it. */
#ifndef WIRE_IKE_BURST_H
#define WIRE_IKE_BURST_H

#include "ikev2/endpoint.h"
#include "port.h"

/* Valid as long as the datagram is. */
static inline struct port_burst ike_burst(const struct datagram *d)
{
	return (struct port_burst){ .kind = PORT_IKE,
				    .from = &d->from,
				    .to = &d->to,
				    .at = (uint8_t *)(uintptr_t)d->octets.at,
				    .len = d->octets.len,
				    .count = 1,
				    .marker = d->marker };
}

#endif
