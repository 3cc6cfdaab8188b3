#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

usec clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * USEC_S + (usec)t.tv_nsec / 1000;
}

unsigned long long process_start(pid_t pid)
{
	char path[64], text[1024];
	unsigned long long start = 0;
	const char *at;
	char state;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (pid <= 0 || file_read(path, "stat", text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');        /* the name before it may hold anything */
	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			" %*d %*d %*d %llu", &state, &start) != 2)
		return 0;
	if (state == 'Z' || state == 'X')
		return 0;
	return start;
}

/* The process that the kernel of this machine runs: the daemon's own, or its guest's. */
static bool pulse_place(const struct target *target, char *path, size_t cap)
{
	char text[32];
	long pid = 0;

	if (target->driver->in_guest && target->driver->in_guest(target)) {
		if (file_read(target->directory, "uml/pid", text, sizeof(text)) <= 0)
			return false;
	} else {
		snprintf(path, cap, "/proc/%d/root/run", (int)target->pid);
		if (file_read(path, "daemon.pid", text, sizeof(text)) <= 0)
			return false;
	}
	pid = strtol(text, NULL, 10);
	snprintf(path, cap, "/proc/%d/root/proc/%ld", (int)target->pid, pid);
	return pid > 0;
}

struct target_pulse target_pulse(const struct target *target)
{
	struct target_pulse pulse = { 0 };
	unsigned long long user, system;
	char path[64], text[1024];
	const char *at;

	if (!target->driver->has_tree || !pulse_place(target, path, sizeof(path)) ||
	    file_read(path, "stat", text, sizeof(text)) <= 0)
		return pulse;
	at = strrchr(text, ')');
	if (at && sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			&pulse.state, &user, &system) == 3)
		pulse.cpu = (user + system) * USEC_S / (usec)sysconf(_SC_CLK_TCK);
	return pulse;
}

bool target_lost(const struct target *target)
{
	char state = target_pulse(target).state;
	bool guest = target->driver->in_guest && target->driver->in_guest(target);

	return runs_first(target->directory) == 0 || (guest && (state == 0 || state == 'Z' || state == 'X'));
}
