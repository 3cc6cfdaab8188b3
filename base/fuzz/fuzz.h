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

/* Is this input of the corpus what a well-formed one should be?  A target need not have it. */
bool fuzz_well_formed(const uint8_t *data, size_t size, struct why *why) __attribute__((weak));

#endif
