/*
 * Preloaded into a run of the virtual world: whoever asks for time, chance or the network after
 * outside_world_forbidden() was called ends with an abort that names the function.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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

#define ASKED(type, name, parameters, ...)                                                       \
	type name parameters                                                                     \
	{                                                                                        \
		type(*f) parameters;                                                             \
                                                                                                 \
		*(void **)&f = real(#name);                                                      \
		return f(__VA_ARGS__);                                                           \
	}

ASKED(int, clock_gettime, (clockid_t clock, struct timespec *t), clock, t)
ASKED(time_t, time, (time_t * t), t)
ASKED(int, gettimeofday, (struct timeval *restrict t, void *restrict zone), t, zone)
ASKED(int, nanosleep, (const struct timespec *t, struct timespec *left), t, left)
ASKED(int, usleep, (useconds_t t), t)
ASKED(unsigned, sleep, (unsigned t), t)
ASKED(int, poll, (struct pollfd *fds, nfds_t count, int t), fds, count, t)
ASKED(int, ppoll, (struct pollfd *fds, nfds_t count, const struct timespec *t, const sigset_t *mask), fds, count, t, mask)
ASKED(ssize_t, getrandom, (void *at, size_t len, unsigned flags), at, len, flags)
ASKED(int, getentropy, (void *at, size_t len), at, len)
ASKED(int, rand, (void), )
ASKED(long, random, (void), )
ASKED(int, socket, (int domain, int type, int protocol), domain, type, protocol)
ASKED(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), fd, m, flags)
ASKED(ssize_t, sendto, (int fd, const void *at, size_t len, int flags, const struct sockaddr *to, socklen_t size),
      fd, at, len, flags, to, size)
ASKED(ssize_t, recvfrom, (int fd, void *restrict at, size_t len, int flags, struct sockaddr *restrict from,
			  socklen_t *restrict size), fd, at, len, flags, from, size)
