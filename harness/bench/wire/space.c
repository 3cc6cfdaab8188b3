#define _GNU_SOURCE
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int open_space(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		why_set(why, "%s: %s", path, strerror(errno));
	return fd;
}

int space_here(struct why *why)
{
	return open_space("/proc/thread-self/ns/net", why);
}

int space_new(struct why *why)
{
	if (unshare(CLONE_NEWNET) != 0) {
		why_set(why, "a network namespace: %s", strerror(errno));
		return -1;
	}
	return space_here(why);
}

bool space_enter(int space, struct why *why)
{
	return setns(space, CLONE_NEWNET) == 0 ||
	       why_set(why, "entering a network namespace: %s", strerror(errno));
}

/* What it complains of ends up in the file that it reads its lines from. */
static bool run_ip(int lines, struct why *why)
{
	char *argv[] = { "ip", "-batch", "-", NULL }, said[200] = "";
	posix_spawn_file_actions_t files;
	int status = -1, error;
	off_t end = lseek(lines, 0, SEEK_END);
	pid_t pid;

	lseek(lines, 0, SEEK_SET);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, lines, 0);
	posix_spawn_file_actions_adddup2(&files, lines, 2);
	error = posix_spawnp(&pid, "ip", &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (error)
		return why_set(why, "ip (package iproute2): %s", strerror(error));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (pread(lines, said, sizeof(said) - 1, end) > 0)
		said[strcspn(said, "\n")] = '\0';
	return why_set(why, "ip failed: %s", said);
}

bool space_ip(const char *text, struct why *why)
{
	int lines = memfd_create("ip", MFD_CLOEXEC);
	bool good = lines >= 0 && write(lines, text, strlen(text)) == (ssize_t)strlen(text);

	good = good ? run_ip(lines, why) : why_set(why, "lines for ip: %s", strerror(errno));
	if (lines >= 0)
		close(lines);
	return good;
}
