/*
 * The options of `run`, shared by `list` and `selftest`, and what is worked out from them.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <argp.h>

#include "captures/captures.h"
#include "run/run.h"
#include "world/world.h"

#define MANY 1024

struct options {
	const char *targets[16];
	size_t target_count;
	const char *names[MANY];
	size_t name_count;
	const char *globs[MANY];
	size_t glob_count;
	const char *only[MANY];         /* whole ids, of --failed */
	size_t only_count;
	const char *rfc, *level, *area;
	enum role role;
	bool strict, fail_fast, shuffle, slow, no_keys, tap, json_list, long_list, seed_given;
	const char *failed_dir, *expect, *fault, *out, *junit, *json;
	unsigned jobs, shard, shards, repeat, retries;
	uint64_t seed;
	double time_scale;
	bool bad_path;
	struct link_fate weather;
	usec max_wait;
	enum capture_keep pcap;
	int verbosity;
	enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
	struct variable set[MANY];
	size_t set_count;
	struct arena *arena;
};

enum option_set { OPTIONS_RUN, OPTIONS_LIST, OPTIONS_SELFTEST };
/* Parses; ends the process with 4 on a usage error.  options_free gives its memory back. */
void options_parse(enum option_set set, int argc, char **argv, struct options *o);
void options_free(struct options *o);
/* As run options without library, profile and log. */
struct run_options options_run(const struct options *o);
/* "loss=30%,delay=20ms" as the fate of packets; false with why. */
bool options_network(const char *text, struct link_fate *out, struct why *why);
/* Shard (from 1) and number of shards from what CI systems set, or 0 of 0 if none did; false with why if what
 * they set makes no sense. */
bool options_shard_auto(unsigned *shard, unsigned *shards, struct why *why);
/* Loads the scenarios folder and the files named among the arguments; these to files, which o's texts back.
 * NULL after saying why. */
struct library *options_load(const struct options *o, char root[static 400], const char *files[static MANY],
			     size_t *count);
/* A profile by its id or its file, or NULL. */
const struct profile *cli_profile(struct library *l, const char *name);
/* Do names hold a path (a file to load) rather than an id? */
bool options_is_path(const char *name);

#endif
