/*
 * A network namespace with a TUN device in it: the kernel is 192.0.2.1 and 2001:db8:1::1, and routes
 * 198.51.100.0/24, 203.0.113.0/24, 2001:db8:2::/64 and 2001:db8:3::/64 into the device (MTU 1400).
 */
#ifndef WORLD_TESTS_TUN_H
#define WORLD_TESTS_TUN_H

#include <stdbool.h>

#define KERNEL4 "192.0.2.1"
#define KERNEL6 "2001:db8:1::1"

/* Root, a device to open, and a new namespace that this process is now in. */
bool tun_possible(void);
/* The device, up; fails the test if that cannot be. */
int tun_room(void);

#endif
