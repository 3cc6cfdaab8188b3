/* The other side of the control socket. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

static int dial(const char *path, struct why *why)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path)) {
		why_set(why, "the path of the control socket is too long: %s", path);
	} else {
		memcpy(at.sun_path, path, strlen(path));
		if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
			return fd;
		why_set(why, "nobody listens on %s: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool say(int fd, const char *line, struct why *why)
{
	struct iovec parts[] = { { (void *)(uintptr_t)line, strlen(line) },
				 { (void *)(uintptr_t) "\n", 1 } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };

	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)(strlen(line) + 1) ||
	       why_set(why, "the control socket: %s", strerror(errno));
}

/* Appends what comes; 0 at the end, -1 on trouble. */
static ssize_t hear(int fd, char **text, size_t *len, int wait_ms, struct why *why)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char some[4096], *grown;
	ssize_t got = poll(&p, 1, wait_ms) <= 0 ? -1 : recv(fd, some, sizeof(some), 0);

	if (got < 0) {
		why_set(why, "the peer does not answer");
		return -1;
	}
	grown = realloc(*text, *len + (size_t)got + 1);
	if (!grown) {
		why_set(why, "no memory");
		return -1;
	}
	memcpy(grown + *len, some, (size_t)got);
	*len += (size_t)got;
	grown[*len] = '\0';
	*text = grown;
	return got;
}

bool peer_ask(const char *path, const char *line, usec limit, char **answer, struct why *why)
{
	int fd = dial(path, why);
	bool good = fd >= 0 && say(fd, line, why);
	char *text = NULL, *end = NULL;
	size_t len = 0;

	while (good && !end) {
		ssize_t got = hear(fd, &text, &len, (int)(limit / USEC_MS), why);

		end = got > 0 ? strchr(text, '\n') : NULL;
		good = got > 0 || (got == 0 && why_set(why, "the peer hung up"));
	}
	/* Of a peer that ends it is waited for the end. */
	while (end && strcmp(line, "quit") == 0 && hear(fd, &text, &len, (int)(limit / USEC_MS), why) > 0)
		;
	end = text && len ? strchr(text, '\n') : NULL;
	if (fd >= 0)
		close(fd);
	if (end)
		*end = '\0';
	else
		free(text);
	*answer = end ? text : NULL;
	return end != NULL;
}
