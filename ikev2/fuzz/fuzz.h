/*
 * A fuzz target: what an engine calls (LLVMFuzzerTestOneInput), and what the standalone main asks of
 * the corpus before it mutates it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is this input of the corpus all understood, and the same when everything derived follows? */
bool fuzz_well_formed(const uint8_t *data, size_t size, struct why *why);

#endif
