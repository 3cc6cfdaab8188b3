/* Programs and trials of a bounded time, each in a child of its own. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static usec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * USEC_S + (usec)t.tv_nsec / 1000;
}

/* Reads until the end or the limit. */
static bool hear(int fd, usec limit, char *said, size_t cap)
{
	size_t len = 0;
	char part[4096];

	for (usec t = now(); t < limit; t = now()) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, (int)((limit - t) / USEC_MS) + 1) <= 0)
			continue;
		got = read(fd, part, sizeof part);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if ((size_t)got > cap - 1 - len)
			got = (ssize_t)(cap - 1 - len);
		memcpy(said + len, part, (size_t)got);
		len += (size_t)got;
	}
	said[len] = '\0';
	return now() < limit;
}

static int end_of(pid_t pid, bool in_time)
{
	int status = 0;

	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return in_time && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void begin(const char *const *argv, const char *const *environment, int out)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	for (size_t i = 0; environment && environment[i]; i++)
		putenv((char *)environment[i]);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

int program_run(const char *const *argv, const char *const *environment, usec limit, char *said, size_t cap)
{
	int ends[2];
	bool in_time;
	pid_t pid;

	said[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		begin(argv, environment, ends[1]);
	close(ends[1]);
	in_time = hear(ends[0], now() + limit, said, cap);
	close(ends[0]);
	return pid > 0 ? end_of(pid, in_time) : -1;
}

/* The pipe's end tells that the child is gone. */
int program_try(int (*does)(void *ctx), void *ctx, usec limit)
{
	char said[2];
	bool in_time;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		_exit(does(ctx));
	close(ends[1]);
	in_time = hear(ends[0], now() + limit, said, sizeof said);
	close(ends[0]);
	return pid > 0 ? end_of(pid, in_time) : -1;
}
