/*
 * ikespec peer --ctl: orders to a peer that runs.
 */
#ifndef CLI_PEER_CTL_H
#define CLI_PEER_CTL_H

#include <stddef.h>

/* Where a peer listens unless it is told otherwise: below /run, or the user's own runtime folder. */
char *peer_control_path(char *text, size_t cap);
/* Sends the words as one order and prints the answer; the exit code. */
int peer_ctl(const char *path, char *const *words, size_t count, int as_json);

#endif
