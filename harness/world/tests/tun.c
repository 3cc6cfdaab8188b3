#define _GNU_SOURCE
#include "tun.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cm.h"

bool tun_possible(void)
{
	return geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0 &&
	       unshare(CLONE_NEWNET) == 0;
}

static int open_device(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(ifr.ifr_name, "tun0");
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int bring_up(void)
{
	return system(
		"set -e; exec 2>/dev/null; ip link set lo up; ip addr add " KERNEL4 "/32 dev tun0; "
		"ip -6 addr add " KERNEL6 "/128 dev tun0 nodad; ip link set tun0 mtu 1400 up; "
		"ip route add 198.51.100.0/24 dev tun0; ip route add 203.0.113.0/24 dev tun0; "
		"ip -6 route add 2001:db8:2::/64 dev tun0; ip -6 route add 2001:db8:3::/64 dev "
		"tun0");
}

int tun_room(void)
{
	int fd = open_device();

	if (fd < 0 || bring_up() != 0)
		fail_msg("no TUN device in a namespace of its own");
	return fd;
}
