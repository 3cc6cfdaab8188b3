/* ikespec: which subcommand. */
#include <argp.h>
#include <string.h>

#include "cli.h"

static const struct subcommand subcommands[] = {
	{ "run", "[ID or PATH]...", "runs scenarios against a target and judges it", cli_run },
	{ "list", "[ID or PATH]...", "ids of the cases, one per line", cli_list },
	{ "check", "FILE...", "validates scenarios, profiles and catalogues without running", cli_check },
	{ "selftest", "[ID]...", "which scenario kills which fault of the built-in target", cli_selftest },
	{ "explain", "FILE", "decodes and judges a capture or hex, with the keys beside it", cli_explain },
	{ "bench", "esp|wire [OPTIONS]", "how fast ESP is, in memory and through a target", cli_bench },
	{ "replay", "FILE -t PROFILE", "sends a capture's datagrams again to the target of a profile", cli_replay },
	{ "peer", "PROFILE...", "a standalone IKEv2/ESP endpoint on real sockets and a TUN device", cli_peer },
	{ "doctor", "[-t PROFILE]", "what the machine lacks, and what a target can do", cli_doctor },
	{ "target", "up|down|status NAME", "starts and stops a real daemon in its own network namespace", cli_target },
	{ "report", "DIR...", "renders the reports of result folders again, merged", cli_report },
	{ "new", "ID", "writes a skeleton scenario, ready to run", cli_new },
	{ "certificates", "[FOLDER]", "what the test authority issues; files of it for a target", cli_certificates },
	{ "fields", "[PATH]", "the tables: wire, checks, timers, exchanges", cli_fields },
};

static void usage(FILE *f)
{
	size_t i;

	fputs("Usage: ikespec SUBCOMMAND [OPTIONS] [ARGUMENTS]\n"
	      "Conformance and interoperability tests of IKEv2 and ESP.\n\n", f);
	for (i = 0; i < ARRAY_LEN(subcommands); i++)
		fprintf(f, "  %-12s %-20s %s\n", subcommands[i].name, subcommands[i].arguments, subcommands[i].does);
	fputs("\nikespec SUBCOMMAND --help tells its options.\n"
	      "Exit: 0 passed, 1 failed, 2 interrupted, 3 inconclusive, 4 usage or invalid input, 5 nothing selected.\n",
	      f);
}

static const struct subcommand *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(subcommands); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[ARRAY_LEN(subcommands)], *near;
	size_t i;

	for (i = 0; i < ARRAY_LEN(subcommands); i++)
		names[i] = subcommands[i].name;
	near = why_nearest(name, names, ARRAY_LEN(names));
	fprintf(stderr, "ikespec: there is no subcommand '%s'%s%s%s\n", name, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "; see ikespec --help");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct subcommand *s;

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("ikespec " IKESPEC_VERSION);
		return EXIT_OK;
	}
	s = find(argv[1]);
	return s ? s->run(argc - 1, argv + 1) : unknown(argv[1]);
}
