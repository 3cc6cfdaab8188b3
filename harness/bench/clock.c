#define _GNU_SOURCE
#include "clock.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/bytes.h"

#define MEASURED_NS 50000000u

uint64_t clock_nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double clock_hertz(void)
{
	uint64_t ns = clock_nanoseconds(), cycles = clock_cycles(), now;

	do
		now = clock_nanoseconds();
	while (now - ns < MEASURED_NS);
	return (double)(clock_cycles() - cycles) * 1e9 / (double)(now - ns);
}

#if defined(__x86_64__)

static const struct {
	unsigned leaf;
	char reg;
	unsigned bit;
	bool aes; /* gone without AES-NI */
	const char *name;
} bits[] = {
	{ 1, 'c', 25, true, "AES-NI" },     { 1, 'c', 1, true, "PCLMULQDQ" },
	{ 7, 'b', 5, false, "AVX2" },       { 7, 'c', 9, true, "VAES" },
	{ 7, 'c', 10, true, "VPCLMULQDQ" }, { 7, 'b', 16, false, "AVX512" },
	{ 7, 'b', 29, false, "SHA-NI" },
};

static bool has_bit(unsigned leaf, char reg, unsigned bit)
{
	unsigned a = 0, b = 0, c = 0, d = 0;

	if (!__get_cpuid_count(leaf, 0, &a, &b, &c, &d))
		return false;
	return (reg == 'b' ? b : c) >> bit & 1;
}

void cpu_features(bool no_aesni, char *text, size_t cap)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (!(no_aesni && bits[i].aes) && has_bit(bits[i].leaf, bits[i].reg, bits[i].bit) &&
		    len < cap)
			len += (size_t)snprintf(text + len, cap - len, "%s%s", len ? " " : "",
						bits[i].name);
}

void cpu_name(char *text, size_t cap)
{
	unsigned words[13] = { 0 };
	char *end;

	for (unsigned i = 0; i < 3; i++)
		__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
			    &words[4 * i + 3]);
	snprintf(text, cap, "%s", (const char *)words);
	end = text + strlen(text);
	while (end > text && end[-1] == ' ')
		*--end = '\0';
}

#else

void cpu_features(bool no_aesni, char *text, size_t cap)
{
	(void)no_aesni;
	snprintf(text, cap, "%s", "");
}

void cpu_name(char *text, size_t cap)
{
	snprintf(text, cap, "%s", "unknown");
}

#endif

int cpu_allowed(unsigned n)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && n-- == 0)
			return cpu;
	return -1;
}
