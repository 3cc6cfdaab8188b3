/*
 * What the CPU can do for cryptography.
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* "AES-NI VAES AVX512 SHA-NI": what libraries find, without those for AES if it is to do without. */
void cpu_features(bool no_aesni, char *text, size_t cap);
void cpu_name(char *text, size_t cap);

#endif
