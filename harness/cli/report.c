/* ikespec report: the reports of result folders again, from their event logs. */
#include <string.h>

#include "cli.h"
#include "reports/reports.h"

static bool write_all(const struct results *r, const char *junit, const char *json, bool tap, struct why *why)
{
	return (!junit || junit_write(r, junit, why)) && (!json || results_json_write(r, json, why)) &&
	       (!tap || tap_write(r, stdout));
}

static int report(char **dirs, int count, const char *junit, const char *json, bool tap)
{
	struct results *r = results_new();
	struct console_options options = { .out = tap ? stderr : stdout, .verbosity = -1, .out_dir = dirs[0], .again = "" };
	struct console *c = console_new(&options);
	char path[600];
	struct why why;
	bool ok = r && c;
	int i, code;

	for (i = 0; ok && i < count; i++) {
		snprintf(path, sizeof(path), "%s/events.jsonl", dirs[i]);
		ok = jsonl_read(path, results_hear, r, &why);
	}
	if (ok) {
		results_sort(r);
		ok = write_all(r, junit, json, tap, &why);
	}
	if (ok)
		console_summary(c, r, 0, 0);
	else
		cli_complain(&why);
	code = !ok ? EXIT_USAGE : r->count == 0 ? EXIT_NOTHING : results_exit_code(r, false);
	console_free(c);
	results_free(r);
	return code;
}

int cli_report(int argc, char **argv)
{
	const char *junit = NULL, *json = NULL;
	bool tap = false;
	char *dirs[64];
	int i, count = 0;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--junit") == 0 && i + 1 < argc)
			junit = argv[++i];
		else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
			json = argv[++i];
		else if (strcmp(argv[i], "--tap") == 0)
			tap = true;
		else if (argv[i][0] != '-' && count < 64)
			dirs[count++] = argv[i];
		else
			break;
	}
	if (i < argc || count == 0) {
		bool help = i < argc && strcmp(argv[i], "--help") == 0;

		fputs("Usage: ikespec report [--junit FILE] [--json FILE] [--tap] DIR...\n"
		      "Gathers the event logs of result folders (shards, several targets) into one report.\n",
		      help ? stdout : stderr);
		return help ? EXIT_OK : EXIT_USAGE;
	}
	return report(dirs, count, junit, json, tap);
}
