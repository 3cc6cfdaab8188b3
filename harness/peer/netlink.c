#include "netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 512

/* A request that grows by attributes; octets beyond ROOM cannot be, for all of them are bounded. */
struct request {
	_Alignas(8) uint8_t at[ROOM];
	size_t len;
};

static void *request_begin(struct request *r, uint16_t type, uint16_t flags, size_t body)
{
	struct nlmsghdr head = { .nlmsg_type = type, .nlmsg_seq = 1,
				 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags) };

	*r = (struct request){ .len = NLMSG_LENGTH(body) };
	memcpy(r->at, &head, sizeof(head));
	return r->at + NLMSG_HDRLEN;
}

static void attribute(struct request *r, uint16_t type, const void *value, size_t len)
{
	struct rtattr head = { .rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(len) };
	size_t at = NLMSG_ALIGN(r->len);

	if (at + RTA_SPACE(len) > ROOM)
		return;
	memcpy(r->at + at, &head, sizeof(head));
	memcpy(r->at + at + RTA_LENGTH(0), value, len);
	r->len = at + RTA_LENGTH(len);
}

static void attribute_address(struct request *r, uint16_t type, const struct address *a)
{
	attribute(r, type, a->ip, a->family == 4 ? 4 : 16);
}

/* The kernel's first answer; an acknowledgement is an error message with number 0. */
static int exchange(int fd, struct request *r, uint8_t *answer, size_t cap)
{
	struct nlmsghdr head;
	struct nlmsgerr error;
	uint32_t len = (uint32_t)r->len;
	ssize_t got;

	memcpy(r->at, &len, sizeof(len));
	if (send(fd, r->at, r->len, 0) < 0)
		return errno;
	do
		got = recv(fd, answer, cap, 0);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)sizeof(head))
		return got < 0 ? errno : EPROTO;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != NLMSG_ERROR)
		return 0;
	if (got < (ssize_t)(NLMSG_HDRLEN + sizeof(error)))
		return EPROTO;
	memcpy(&error, answer + NLMSG_HDRLEN, sizeof(error));
	return -error.error;
}

static int ask(int fd, struct request *r)
{
	uint8_t answer[4096];

	return exchange(fd, r, answer, sizeof(answer));
}

int netlink_open(struct why *why)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (fd >= 0 && connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) == 0)
		return fd;
	why_set(why, "netlink: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

unsigned netlink_index(int fd, const char *device, struct why *why)
{
	uint8_t answer[16384];
	struct ifinfomsg info;
	struct request r;
	int error;

	request_begin(&r, RTM_GETLINK, 0, sizeof(info));
	attribute(&r, IFLA_IFNAME, device, strlen(device) + 1);
	error = exchange(fd, &r, answer, sizeof(answer));
	if (error) {
		why_set(why, "the device %s: %s", device, strerror(error));
		return 0;
	}
	memcpy(&info, answer + NLMSG_HDRLEN, sizeof(info));
	return (unsigned)info.ifi_index;
}

bool netlink_up(int fd, unsigned index, unsigned mtu, struct why *why)
{
	struct request r;
	struct ifinfomsg info = { .ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	int error;

	memcpy(request_begin(&r, RTM_NEWLINK, 0, sizeof(info)), &info, sizeof(info));
	attribute(&r, IFLA_MTU, &mtu, sizeof(mtu));
	error = ask(fd, &r);
	return error == 0 || why_set(why, "bringing the device up: %s", strerror(error));
}

/* type: RTM_NEWADDR or RTM_DELADDR. */
static int address(int fd, uint16_t type, uint16_t flags, unsigned index, const struct address *a)
{
	struct request r;
	struct ifaddrmsg m = {
		.ifa_family = a->family == 4 ? AF_INET : AF_INET6, .ifa_index = index,
		.ifa_prefixlen = a->family == 4 ? 32 : 128,
		.ifa_flags = a->family == 4 ? 0 : IFA_F_NODAD,
	};

	memcpy(request_begin(&r, type, flags, sizeof(m)), &m, sizeof(m));
	attribute_address(&r, IFA_LOCAL, a);
	attribute_address(&r, IFA_ADDRESS, a);
	return ask(fd, &r);
}

bool netlink_address(int fd, unsigned index, const struct address *a, struct why *why)
{
	int error = address(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, a);
	char text[ADDRESS_TEXT];

	return error == 0 || why_set(why, "the address %s: %s", address_print(a, text), strerror(error));
}

void netlink_address_gone(int fd, unsigned index, const struct address *a)
{
	address(fd, RTM_DELADDR, 0, index, a);
}

bool netlink_route(int fd, unsigned index, const struct address *network, unsigned prefix,
		   const struct address *source, struct why *why)
{
	struct request r;
	struct rtmsg m = {
		.rtm_family = network->family == 4 ? AF_INET : AF_INET6, .rtm_dst_len = (uint8_t)prefix,
		.rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST,
		.rtm_scope = RT_SCOPE_UNIVERSE,
	};
	char text[ADDRESS_TEXT];
	int error;

	memcpy(request_begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(m)), &m, sizeof(m));
	if (prefix)
		attribute_address(&r, RTA_DST, network);
	if (source)
		attribute_address(&r, RTA_PREFSRC, source);
	attribute(&r, RTA_OIF, &index, sizeof(index));
	error = ask(fd, &r);
	return error == 0 || why_set(why, "the route to %s/%u: %s", address_print(network, text), prefix,
				     strerror(error));
}
