/*
 * What the measurements share: one table of them, a line of progress, ^C, numbers of options.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "bench/bench.h"
#include "cli.h"

int cli_bench_esp(int argc, char **argv);
int cli_bench_ike(int argc, char **argv);
int cli_bench_wire(int argc, char **argv);

/* A number between two bounds; the name is that of the option. */
bool bench_number(const char *name, const char *text, double least, double most, double *out,
		  struct why *why);
/* Progress to a terminal, and ^C ends the measurement early; until bench_watch_end. */
const struct bench_watch *bench_watch_begin(void);
void bench_watch_end(void);
/* Closes what was written (f may be NULL); false, after saying so, if it did not all get there. */
bool bench_close(FILE *f, const char *path, bool good);

#endif
