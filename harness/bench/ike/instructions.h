/*
 * Instructions of this thread in user mode, as the CPU counts them.
 */
#ifndef IKE_INSTRUCTIONS_H
#define IKE_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

struct instructions {
	int fd;
};
/* False with why where the kernel or the CPU has no such counter. */
bool instructions_open(struct instructions *i, struct why *why);
void instructions_close(struct instructions *i);
uint64_t instructions_now(const struct instructions *i);
/* Those of a command by valgrind's callgrind; 0 with why if that could not be. */
uint64_t instructions_of(const char *const argv[], struct why *why);

#endif
