/* ikespec list, check and new. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"

static void put_long(const struct scenario_case *c)
{
	const struct scenario *s = c->scenario;
	size_t i;

	printf("%s\n    %s\n    target: %s\n", c->id, s->title, c->target == ROLE_INITIATOR ? "initiator" : "responder");
	for (i = 0; i < s->requirement_count; i++) {
		const struct requirement *q = s->requirements[i].requirement;

		printf("    judges %s %s: %s\n", q->id, level_name(q->level), q->rule);
	}
	for (i = 0; i < s->need_count; i++)
		printf("    needs %s\n", s->needs[i].feature);
}

static int list_cases(const struct options *o, struct library *l)
{
	struct run_options options = options_run(o);
	const struct scenario_case *const *cases;
	struct test_suite *suite;
	struct why why;
	size_t i, count;

	options.library = l;
	options.profile = cli_profile(l, o->targets[0]);
	if (!options.profile) {
		fprintf(stderr, "ikespec: there is no profile '%s'\n", o->targets[0]);
		return EXIT_USAGE;
	}
	options.crypto = crypto_new(&why);
	suite = options.crypto ? suite_new(&options, &why) : NULL;
	if (!suite) {
		cli_complain(&why);
		crypto_free(options.crypto);
		return EXIT_USAGE;
	}
	count = suite_cases(suite, &cases);
	for (i = 0; i < count; i++)
		if (o->long_list)
			put_long(cases[i]);
		else
			puts(cases[i]->id);
	suite_free(suite);
	crypto_free(options.crypto);
	if (count == 0)
		fputs("ikespec: nothing was selected\n", stderr);
	return count > 0 ? EXIT_OK : EXIT_NOTHING;
}

int cli_list(int argc, char **argv)
{
	struct options o;
	struct library *l;
	const char *files[MANY];
	size_t count;
	char root[400];
	int code = EXIT_USAGE;

	options_parse(OPTIONS_LIST, argc, argv, &o);
	l = options_load(&o, root, files, &count);
	if (l)
		code = list_cases(&o, l);
	library_free(l);
	options_free(&o);
	return code;
}

/* Is the file below the scenarios folder, so that loading the folder looks at it already? */
static bool below(const char *root, const char *file)
{
	char *a = realpath(root, NULL), *b = realpath(file, NULL);
	bool is = a && b && strncmp(a, b, strlen(a)) == 0 && b[strlen(a)] == '/';

	free(a);
	free(b);
	return is;
}

int cli_check(int argc, char **argv)
{
	char root[400];
	struct library *l;
	unsigned complaints = 0;
	struct why why;
	int i;

	if (argc < 2 || argv[1][0] == '-') {
		bool help = argc >= 2 && strcmp(argv[1], "--help") == 0;

		fprintf(help ? stdout : stderr, "Usage: ikespec check FILE...\n"
			"Validates scenarios, step lists, profiles, catalogues and fault lists.\n"
			"Faults go to standard error as FILE:LINE: error: TEXT; exit 0 if there are none, else 4.\n");
		return help ? EXIT_OK : EXIT_USAGE;
	}
	if (!cli_scenarios(root, sizeof(root), &why) || !(l = library_new(root, run_facts(), &why))) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	library_load(l, cli_complaint, &complaints);
	for (i = 1; i < argc; i++)
		if (!below(root, argv[i]))
			library_load_file(l, argv[i], cli_complaint, &complaints);
	library_free(l);
	if (complaints > 0)
		fprintf(stderr, "%u error%s\n", complaints, complaints == 1 ? "" : "s");
	return complaints == 0 ? EXIT_OK : EXIT_USAGE;
}

static bool good_id(const char *id)
{
	return *id && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(id) && strchr(id, '.') &&
	       !strstr(id, "..") && id[0] != '.' && id[strlen(id) - 1] != '.';
}

int cli_new(int argc, char **argv)
{
	char path[300];
	FILE *f;

	if (argc != 2 || argv[1][0] == '-' || !good_id(argv[1])) {
		fputs("Usage: ikespec new ID\nWrites ID.xml here: a scenario that runs. ID: words and dots, ikev2.init.mine\n",
		      argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_OK : EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "%s.xml", argv[1]);
	f = fopen(path, "wx");
	if (!f) {
		fprintf(stderr, "ikespec: cannot write %s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<scenario xmlns=\"urn:ikespec:scenario:1\" id=\"%s\" target=\"responder\">\n"
		"  <title>One sentence that says what the target must do</title>\n"
		"  <requirement id=\"rule\" ref=\"RFC7296-3.2-03\"/>\n"
		"  <steps>\n"
		"    <send request=\"IKE_SA_INIT\"><set field=\"KE.length\" to=\"65535\"/></send>\n"
		"    <expect-refusal notify=\"INVALID_SYNTAX\" judges=\"rule\"/>\n"
		"  </steps>\n"
		"</scenario>\n", argv[1]);
	fclose(f);
	printf("%s written; try: ikespec check %s && ikespec run ./%s\n", path, path, path);
	return EXIT_OK;
}
