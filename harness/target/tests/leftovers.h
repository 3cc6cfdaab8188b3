/*
 * What a target may leave behind: looked for by marks that only it has, since others may have
 * targets up at the same time.
 */
#ifndef TESTS_LEFTOVERS_H
#define TESTS_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The network namespace of a process as "net:[4026...]"; false if it is gone. */
bool namespace_of(pid_t pid, char *name, size_t cap);
/* How many processes are in that namespace. */
size_t processes_in(const char *name);
/* How many processes see a mount whose line has this text. */
size_t processes_mounting(const char *text);
/* How many lines of this process's mounts there are. */
size_t mount_lines(void);
/* Directories in $IKESPEC_RUN whose name has this text. */
size_t run_directories(const char *text);

#endif
