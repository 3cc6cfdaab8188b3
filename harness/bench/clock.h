/*
 * The time stamp counter, and what the CPU can do.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "bench/cpu.h"

uint64_t clock_nanoseconds(void);

/* Where there is no such counter, nanoseconds. */
static inline uint64_t clock_cycles(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return clock_nanoseconds();
#endif
}
/* Of clock_cycles, measured against CLOCK_MONOTONIC; takes 50 ms. */
double clock_hertz(void);
/* The nth CPU that this process may run on, or -1. */
int cpu_allowed(unsigned n);

#endif
