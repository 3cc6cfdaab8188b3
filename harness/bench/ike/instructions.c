#include "instructions.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 32

bool instructions_open(struct instructions *i, struct why *why)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	i->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0UL);
	return i->fd >= 0 || why_set(why, "the kernel counts no instructions here: %s", strerror(errno));
}

void instructions_close(struct instructions *i)
{
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
}

uint64_t instructions_now(const struct instructions *i)
{
	uint64_t n = 0;

	return i->fd >= 0 && read(i->fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* ------------------------------------------------------------ valgrind */

static void become(const char *const argv[], int out)
{
	const char *all[ARGUMENTS] = { "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null" };
	size_t count = 3;

	while (argv[count - 3] && count + 1 < ARGUMENTS) {
		all[count] = argv[count - 3];
		count++;
	}
	all[count] = NULL;
	dup2(out, STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	execvp(all[0], (char *const *)(uintptr_t)all);
	_exit(127);
}

static uint64_t collected(FILE *f)
{
	char line[300];
	uint64_t n = 0;

	while (fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, "Collected : ");

		if (at)
			n = strtoull(at + 12, NULL, 10);
	}
	return n;
}

uint64_t instructions_of(const char *const argv[], struct why *why)
{
	int ends[2], status = 0;
	pid_t child = pipe(ends) == 0 ? fork() : -1;
	FILE *f;
	uint64_t n;

	if (child < 0) {
		why_set(why, "no process for valgrind: %s", strerror(errno));
		return 0;
	}
	if (child == 0)
		become(argv, ends[1]);
	close(ends[1]);
	f = fdopen(ends[0], "r");
	n = f ? collected(f) : 0;
	if (f)
		fclose(f);
	waitpid(child, &status, 0);
	if (!n || status != 0)
		why_set(why, WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "valgrind is not installed"
									      : "valgrind counted nothing");
	return status == 0 ? n : 0;
}
