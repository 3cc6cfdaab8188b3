/*
 * Preloaded into a run of the virtual world: whoever asks for time, chance or the network after
 * outside_world_forbidden() was called ends with an abort that names the function.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

void outside_world_forbidden(int yes);

static int forbidden;

void outside_world_forbidden(int yes)
{
	forbidden = yes;
}

static void *real(const char *name)
{
	if (forbidden) {
		fprintf(stderr, "%s was called in the virtual world\n", name);
		abort();
	}
	return dlsym(RTLD_NEXT, name);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int (*f)(clockid_t, struct timespec *) = real("clock_gettime");

	return f(clock, ts);
}

time_t time(time_t *t)
{
	time_t (*f)(time_t *) = real("time");

	return f(t);
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int (*f)(struct timeval *, void *) = real("gettimeofday");

	return f(tv, tz);
}

ssize_t getrandom(void *buffer, size_t len, unsigned flags)
{
	ssize_t (*f)(void *, size_t, unsigned) = real("getrandom");

	return f(buffer, len, flags);
}

int getentropy(void *buffer, size_t len)
{
	int (*f)(void *, size_t) = real("getentropy");

	return f(buffer, len);
}

int rand(void)
{
	int (*f)(void) = real("rand");

	return f();
}

int socket(int domain, int type, int protocol)
{
	int (*f)(int, int, int) = real("socket");

	return f(domain, type, protocol);
}

ssize_t sendto(int fd, const void *buffer, size_t len, int flags, const struct sockaddr *to, socklen_t size)
{
	ssize_t (*f)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = real("sendto");

	return f(fd, buffer, len, flags, to, size);
}
