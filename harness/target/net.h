/*
 * Names of the devices, and the card addresses between a guest and the namespace around it.
 */
#ifndef TARGET_NET_H
#define TARGET_NET_H

#define NET_TESTER "tester"
#define NET_GUEST "guest"
#define NET_GUEST_MAC "02:00:00:00:00:01"
#define NET_GATEWAY_MAC "02:00:00:00:00:fe"
#define NET_GATEWAY_4 "169.254.0.1"
#define NET_GATEWAY_6 "fe80::1"

#endif
