#include "internal.h"

#include <string.h>
#include <time.h>

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
