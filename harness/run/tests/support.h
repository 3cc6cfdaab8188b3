/* Small scenarios as text, run on the virtual world. */
#ifndef RUN_TESTS_SUPPORT_H
#define RUN_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/run.h"

/* The scenarios/ folder of the sources, from the command line. */
extern const char *scenarios_root;
/* Where notes of failing rows go. */
int tests_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count);

/* For a group of tests: all scenarios, and a library context. */
extern struct library *whole;
extern struct crypto *whole_crypto;
int whole_begin(void **state);
int whole_end(void **state);

/* What one run gave; texts are cut. */
struct outcome {
	enum verdict verdict;
	char reason[400], observed[200];
	unsigned line;
	size_t requirements;
	struct { char ref[40], name[40]; enum verdict verdict; bool oracle; } requirement[16];
	usec world_time;
	uint64_t packets;
	uint64_t hash;          /* of the whole event stream */
	char last_check[300];
};

struct asked {
	const char *target;     /* "responder"; NULL: that */
	const char *head;       /* testers, needs, rows; may be NULL */
	const char *steps;
	const char *fault;
	bool no_alive, lossy_ok;
	uint32_t loss_ppm;      /* the weather of every case; 0: a good path */
	uint64_t seed;
};

/* Two requirements are there: "must" (a violation) and "should" (a recommendation), "may" (an option). */
struct outcome run_asked(const struct asked *a);

#endif
