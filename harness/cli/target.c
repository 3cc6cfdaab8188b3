/* ikespec target up, down, status; ikespec report. */
#include <string.h>

#include "cli.h"
#include "target/driver.h"

static int up(const char *name)
{
	struct target_config config = { 0 };
	char text[2000];
	struct why why;
	bool ok;

	ok = target_config_slots(&config, TARGET_UP_SLOTS, &why) && target_up(name, &config, &why);
	target_config_free(&config);
	if (!ok) {
		cli_complain(&why);
		return EXIT_UNCLEAR;
	}
	if (target_show(name, text, sizeof(text)))
		printf("%s\n", text);
	return EXIT_OK;
}

static int down(const char *name)
{
	struct why why;

	if (target_down(name, &why))
		return EXIT_OK;
	cli_complain(&why);
	return EXIT_UNCLEAR;
}

static int status(const char *name)
{
	char text[2000];

	if (!target_show(name, text, sizeof(text))) {
		printf("%s is not up\n", name);
		return EXIT_FAILED;
	}
	printf("%s\n", text);
	return EXIT_OK;
}

int cli_target(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*does)(const char *name);
	} verbs[] = { { "up", up }, { "down", down }, { "status", status } };
	bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
	size_t i;

	for (i = 0; argc == 3 && i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].verb, argv[1]) == 0)
			return verbs[i].does(argv[2]);
	fputs("Usage: ikespec target up|down|status NAME\n"
	      "NAME: strongswan or libreswan, with a version if wanted (libreswan:5.2).  Needs root.\n",
	      help ? stdout : stderr);
	return help ? EXIT_OK : EXIT_USAGE;
}
