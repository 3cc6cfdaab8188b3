/* Why nobody answered: what the kernel knows of the path to an address. */
#include "exam.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "world/sockaddr.h"

#define WAIT_MS 500

/* The error that the path tells of a datagram to it (a NAT keepalive, which any endpoint ignores); 0: none. */
static int told(const struct address *at)
{
	struct sockaddr_storage to;
	socklen_t len = sockaddr_of(at, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	const uint8_t keepalive = 0xff;
	socklen_t size = sizeof error;

	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&to, len) != 0 || send(fd, &keepalive, 1, MSG_NOSIGNAL) != 1)
		error = errno;
	else if (poll(&p, 1, WAIT_MS) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	close(fd);
	return error;
}

bool exam_foreign(const struct exam *x)
{
	const char *driver = x->run.profile->driver;

	return !driver || strcmp(driver, "none") == 0 || strcmp(driver, "exec") == 0;
}

const char *exam_silence(struct exam *x, const struct address *at)
{
	const struct profile *p = x->run.profile;
	struct address to = *at;
	char text[ADDRESS_TEXT];
	int error;

	to.port = p->port;
	error = exam_foreign(x) ? told(&to) : 0;
	address_print(&to, text);
	if (error == ECONNREFUSED)
		return exam_text(x, "nobody listens on UDP %s: ICMP says port unreachable", text);
	if (error)
		return exam_text(x, "%s cannot be reached: %s", text, strerror(error));
	return exam_text(x, "no answer from UDP %s to 3 IKE_SA_INIT requests within %u s, and no ICMP error: is there a "
			 "firewall, and does the target know %s as a peer?", text,
			 (unsigned)(EXAM_PATIENCE / USEC_S), p->testers[0]);
}
