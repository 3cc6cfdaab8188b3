/* What the kernel's network can do, and who is on the ports of IKE. */
#include "inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "target/driver.h"
#include "world/real.h"

#define TRIAL (3 * USEC_S)

void look_kernel_esp(struct look *l)
{
	static const char *const ip[] = { "ip", "-V", NULL };
	struct utsname kernel = { .release = "?" };
	char said[200];

	uname(&kernel);
	if (program_run(ip, NULL, TRIAL, said, sizeof said) != 0) {
		l->row->what = "there is no program ip to ask with, which real daemons need as well";
		l->row->mend = "apt-get install iproute2";
	} else if (target_kernel_esp())
		look_ok(l, "Linux %s takes ESP SAs", kernel.release);
	else
		look_missing(l, "Linux %s takes no ESP SA (ip xfrm state add)", kernel.release);
}

/* In a namespace that is gone afterwards. */
static int make_tun(void *ctx)
{
	struct ifreq device = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd;

	(void)ctx;
	if (unshare(CLONE_NEWNET | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0)
		return errno;
	fd = open("/dev/net/tun", O_RDWR);
	return fd >= 0 && ioctl(fd, TUNSETIFF, &device) == 0 ? 0 : errno;
}

void look_tun(struct look *l)
{
	int error = program_try(make_tun, NULL, TRIAL);

	if (error == 0)
		look_ok(l, "a device can be made");
	else
		look_missing(l, "no device can be made: %s",
			     error > 0 ? strerror(error) : "the kernel did not answer");
}

void look_raw_sockets(struct look *l)
{
	struct address four = { .family = 4 }, six = { .family = 6 };

	if (real_plain_esp(&four))
		look_ok(l, "of IP protocol 50, over IPv4%s", real_plain_esp(&six) ? " and IPv6" : "");
	else
		look_missing(l, "of IP protocol 50: %s", strerror(errno));
}

void look_ipv6(struct look *l)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
		look_ok(l, "sockets over IPv6");
	else
		look_missing(l, "no socket over IPv6: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* ------------------------------------------------------------ ports */

/* Of /proc/net/udp and udp6: is any socket of this namespace bound to it? */
static bool in_use(const char *table, unsigned port)
{
	unsigned local;
	char line[400];
	bool used = false;
	FILE *f = fopen(table, "re");

	while (f && !used && fgets(line, sizeof line, f))
		used = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x", &local) == 1 && local == port;
	if (f)
		fclose(f);
	return used;
}

static bool may_bind(unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void look_port(struct look *l, unsigned port)
{
	bool four = in_use("/proc/net/udp", port), six = in_use("/proc/net/udp6", port);

	if (four || six) {
		look_missing(l, "another process has UDP port %u%s", port,
			     four && six ? "" : four ? " over IPv4" : " over IPv6");
	} else if (may_bind(port)) {
		look_ok(l, "UDP port %u is free", port);
	} else {
		look_missing(l, "UDP port %u is free, but not for this user", port);
		l->row->mend = "sysctl -w net.ipv4.ip_unprivileged_port_start=500";
	}
}

void look_port_ike(struct look *l)
{
	look_port(l, 500);
}

void look_port_nat(struct look *l)
{
	look_port(l, 4500);
}
