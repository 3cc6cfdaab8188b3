/*
 * A main for fuzz targets without an engine: the corpus first, then a fixed number of mutants of it.
 *
 * The same corpus, seed and number give the same inputs everywhere.  An input that fails is left in
 * crash.bin.
 *
 *   fuzz-x [-n MUTANTS] [-s SEED] [-l] [FILE|DIRECTORY]...
 *
 * -l: the corpus need not be well-formed (to run inputs that failed once more).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

#define INPUT_OCTETS 70000
#define CORPUS_FILES 4096

static struct input corpus[CORPUS_FILES];
static size_t corpus_count;
static const uint8_t *running;
static size_t running_len;

/* Called where a sanitizer or an assertion ends the run. */
static void leave_input(int signal)
{
	FILE *f = fopen("crash.bin", "wb");

	if (f) {
		fwrite(running, 1, running_len, f);
		fclose(f);
	}
	static const char text[] = "fuzz: the input is in crash.bin\n";
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(70);
	_exit(signal ? 70 : 71);
}

/* So that what UBSan finds leaves its input too. */
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void leave_input_of_sanitizer(void)
{
	leave_input(0);
}

/* Octets of exactly that size, so that a sanitizer sees the first one past the end. */
static void run(const uint8_t *at, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		exit(70);
	memcpy(exact, at, len);
	running = exact;
	running_len = len;
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static bool load_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *in = &corpus[corpus_count];

	if (!f || corpus_count == CORPUS_FILES || !(in->at = malloc(INPUT_OCTETS))) {
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
		return false;
	}
	in->cap = INPUT_OCTETS;
	in->len = fread(in->at, 1, INPUT_OCTETS, f);
	fclose(f);
	corpus_count++;
	return true;
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool load(const char *path)
{
	struct dirent **names;
	struct stat st;
	bool good = true;
	int count;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return load_file(path);
	count = scandir(path, &names, not_hidden, alphasort);
	for (int i = 0; i < count; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		good = load_file(file) && good;
		free(names[i]);
	}
	if (count < 0)
		fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
	else
		free(names);
	return good && count > 0;
}

static bool check_corpus(bool loose)
{
	bool good = true;

	for (size_t i = 0; i < corpus_count; i++) {
		struct why why = { .octet = WHY_NO_OCTET };
		char text[600];

		run(corpus[i].at, corpus[i].len);
		if (loose || !fuzz_well_formed || fuzz_well_formed(corpus[i].at, corpus[i].len, &why))
			continue;
		fprintf(stderr, "fuzz: input %zu of the corpus: %s\n", i + 1,
			why_print(&why, text, sizeof(text)));
		good = false;
	}
	return good;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void mutate(uint64_t seed, unsigned long executions)
{
	struct mutator m = { .state = seed, .corpus = corpus, .count = corpus_count };
	struct input in = { .at = malloc(INPUT_OCTETS), .cap = INPUT_OCTETS };
	double start = seconds(), took;

	if (!in.at)
		exit(70);
	for (unsigned long i = 0; i < executions; i++) {
		mutator_next(&m, &in);
		run(in.at, in.len);
	}
	took = seconds() - start;
	printf("fuzz: corpus %zu, seed %llu, %lu executions, %.1f s, %.0f a second\n", corpus_count,
	       (unsigned long long)seed, executions, took, took > 0 ? (double)executions / took : 0);
	free(in.at);
}

static void release(void)
{
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].at);
}

int main(int argc, char **argv)
{
	unsigned long executions = 0;
	uint64_t seed = 1;
	bool loose = false, good = true;
	int option;

	while ((option = getopt(argc, argv, "n:s:l")) != -1) {
		if (option == 'n')
			executions = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'l')
			loose = true;
		else
			return 2;
	}
	signal(SIGABRT, leave_input);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(leave_input_of_sanitizer);
	for (int i = optind; i < argc; i++)
		good = load(argv[i]) && good;
	if (!good || !check_corpus(loose))
		return 1;
	if (corpus_count == 0)
		corpus[corpus_count++] = (struct input){ NULL, 0, 0 };
	mutate(seed, executions);
	release();
	return 0;
}
