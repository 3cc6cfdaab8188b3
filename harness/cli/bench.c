/* ikespec bench: what it measures is picked by the first word. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-bench.h"

static const struct {
	const char *name, *title, *does;
	int (*run)(int argc, char **argv);
} benches[] = {
	{ "esp", "ikespec bench esp", "sealing and opening in memory, per suite, size and backend",
	  cli_bench_esp },
	{ "ike", "ikespec bench ike", "IKE messages and handshakes in memory, per group and way to authenticate",
	  cli_bench_ike },
	{ "wire", "ikespec bench wire", "ESP through a target: NDR, PDR, latency, rekeys under load",
	  cli_bench_wire },
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

bool bench_number(const char *name, const char *text, double least, double most, double *out,
		  struct why *why)
{
	char *end;

	*out = strtod(text, &end);
	return (end != text && *end == '\0' && *out >= least && *out <= most) ||
	       why_set(why, "--%s takes %g to %g, got '%s'", name, least, most, text);
}

/* of 0: nobody knows how much there is to do. */
static void show(void *ctx, size_t done, size_t of, const char *what)
{
	(void)ctx;
	if (of)
		fprintf(stderr, "\r%3zu%% %-48s", done * 100 / of, what);
	else
		fprintf(stderr, "\r%-53s", what);
	fflush(stderr);
}

const struct bench_watch *bench_watch_begin(void)
{
	static const struct bench_watch quiet = { .stop = &stop };
	static const struct bench_watch shown = { .progress = show, .stop = &stop };
	struct sigaction catch = { .sa_handler = on_signal };

	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	return isatty(STDERR_FILENO) ? &shown : &quiet;
}

void bench_watch_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%60s\r", "");
}

bool bench_close(FILE *f, const char *path, bool good)
{
	if (f && fclose(f) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "ikespec: cannot write %s\n", path);
	return good;
}

static int usage(FILE *f, int code)
{
	fputs("Usage: ikespec bench WHAT [OPTIONS]\n", f);
	for (size_t i = 0; i < ARRAY_LEN(benches); i++)
		fprintf(f, "  %-5s %s\n", benches[i].name, benches[i].does);
	fputs("ikespec bench WHAT --help tells the options.\n", f);
	return code;
}

int cli_bench(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_OK);
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(benches); i++) {
		if (strcmp(argv[1], benches[i].name) != 0)
			continue;
		argv[1] = (char *)(uintptr_t)benches[i].title;
		return benches[i].run(argc - 1, argv + 1);
	}
	return usage(stderr, EXIT_USAGE);
}
