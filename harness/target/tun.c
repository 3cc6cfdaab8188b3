#include "internal.h"
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

/* /dev/net/tun opened now belongs to the namespace that this thread is in now. */
static int open_inside(int net, struct why *why)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = -1;

	if (own < 0 || setns(net, CLONE_NEWNET) != 0) {
		why_set(why, "entering the target's network namespace: %s", strerror(errno));
	} else {
		fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			why_set(why, "/dev/net/tun: %s", strerror(errno));
		if (setns(own, CLONE_NEWNET) != 0)
			abort();        /* nothing that follows would be where it belongs */
	}
	if (own >= 0)
		close(own);
	return fd;
}

int target_tun(struct target *target, struct why *why)
{
	struct ifreq request = { .ifr_name = NET_TESTER, .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	if (!target->driver->has_tree) {
		why_set(why, "%s has no wire of its own", target->name);
		return -1;
	}
	fd = open_inside(target->net, why);
	if (fd < 0)
		return -1;
	if (ioctl(fd, TUNSETIFF, &request) != 0) {
		why_set(why, "the tester's TUN device: %s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
