/*
 * The command line: one const table of subcommands, each a function of (argc, argv).
 *
 * The only box besides reports that writes to a stream.  Exit codes mean one thing each.
 */
#ifndef CLI_H
#define CLI_H

#include <stdio.h>

#include "base/crypto.h"
#include "base/why.h"
#include "scenario/scenario.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_INTERRUPTED = 2,
	EXIT_UNCLEAR = 3,       /* inconclusive, or an error of ours */
	EXIT_USAGE = 4,         /* usage, or invalid input */
	EXIT_NOTHING = 5,       /* nothing was selected */
};

struct subcommand {
	const char *name;
	const char *arguments;
	const char *does;
	int (*run)(int argc, char **argv);
};

int cli_run(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_selftest(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_fields(int argc, char **argv);
int cli_certificates(int argc, char **argv);
int cli_target(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_new(int argc, char **argv);
int cli_bench(int argc, char **argv);
int cli_replay(int argc, char **argv);
int cli_peer(int argc, char **argv);
int cli_doctor(int argc, char **argv);

/* The scenarios/ folder: $IKESPEC_SCENARIOS, beside the build folder, installed, or the working directory's. */
bool cli_scenarios(char *path, size_t cap, struct why *why);

/* Loads everything below the scenarios folder and the extra files; complaints go to stderr, sorted as they come.
 * NULL after saying so. */
struct library *cli_load(const char *const *files, size_t count, char root[static 400]);

/* SIGINT, SIGTERM and SIGHUP are blocked, and make this descriptor readable. */
int cli_signals(void);
/* The time that an option takes; ends the process with 4 if it is none. */
struct argp_state;
usec cli_time(const char *name, const char *text, struct argp_state *state);
/* "ikespec: text" with its place, to stderr. */
void cli_complain(const struct why *why);
/* Prints one complaint of a library in the manner of a compiler; ctx may be an unsigned counter. */
void cli_complaint(void *counter, const struct why *why);

#endif
