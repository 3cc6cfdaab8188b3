/*
 * Network namespaces of a measurement: anonymous, gone with the descriptors that hold them.
 */
#ifndef WIRE_SPACE_H
#define WIRE_SPACE_H

#include <stdbool.h>

#include "base/why.h"

/* This thread's namespace, to come back to; -1 with why. */
int space_here(struct why *why);
/* A new one, entered by this thread; a descriptor of it, or -1 with why. */
int space_new(struct why *why);
bool space_enter(int space, struct why *why);
/* Runs lines of `ip -batch` in this thread's namespace. */
bool space_ip(const char *lines, struct why *why);

#endif
