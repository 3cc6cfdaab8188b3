/* Finding and loading the scenarios, with complaints in the manner of a compiler. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "run/run.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder of our own executable, with a '/' at its end. */
static bool own_folder(char *path, size_t cap)
{
	ssize_t len = readlink("/proc/self/exe", path, cap - 1);
	char *slash;

	if (len <= 0)
		return false;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	slash[1] = '\0';
	return true;
}

bool cli_scenarios(char *path, size_t cap, struct why *why)
{
	static const char *const places[] = { "../scenarios", "../share/ikespec/scenarios" };
	const char *told = getenv("IKESPEC_SCENARIOS");
	char own[PATH_MAX], probe[PATH_MAX + 64];
	size_t i;

	if (told) {
		snprintf(path, cap, "%s", told);
		return is_folder(path) || why_set(why, "IKESPEC_SCENARIOS=%s is no folder", told);
	}
	for (i = 0; own_folder(own, sizeof(own)) && i < ARRAY_LEN(places); i++) {
		char resolved[PATH_MAX], here[PATH_MAX];
		size_t n;

		snprintf(probe, sizeof(probe), "%s%s", own, places[i]);
		if (!realpath(probe, resolved) || !is_folder(resolved))
			continue;
		/* Below the working directory a path reads better without it. */
		n = getcwd(here, sizeof(here)) ? strlen(here) : 0;
		if (n > 1 && strncmp(resolved, here, n) == 0 && resolved[n] == '/')
			snprintf(path, cap, "%s", resolved + n + 1);
		else
			snprintf(path, cap, "%s", resolved);
		return true;
	}
	snprintf(path, cap, "scenarios");
	return is_folder(path) || why_set(why, "no folder of scenarios: set IKESPEC_SCENARIOS");
}

void cli_complain(const struct why *why)
{
	char text[700];

	fprintf(stderr, "ikespec: %s\n", why_print(why, text, sizeof(text)));
}

void cli_complaint(void *counter, const struct why *why)
{
	if (counter)
		++*(unsigned *)counter;
	if (why->file[0])
		fprintf(stderr, "%s:%u: error: %s\n", why->file, why->line, why->text);
	else
		fprintf(stderr, "error: %s\n", why->text);
}

struct library *cli_load(const char *const *files, size_t count, char root[static 400])
{
	struct library *l;
	unsigned complaints = 0;
	struct why why;
	bool ok;
	size_t i;

	if (!cli_scenarios(root, 400, &why) || !(l = library_new(root, run_facts(), &why))) {
		cli_complain(&why);
		return NULL;
	}
	ok = library_load(l, cli_complaint, &complaints);
	for (i = 0; i < count; i++)
		ok = library_load_file(l, files[i], cli_complaint, &complaints) && ok;
	if (ok)
		return l;
	fprintf(stderr, "%u error%s\n", complaints, complaints == 1 ? "" : "s");
	library_free(l);
	return NULL;
}

/* "libreswan:4.10" is the profile libreswan if that is its version. */
static const struct profile *of_version(struct library *l, const char *name)
{
	const char *colon = strrchr(name, ':');
	const struct profile *p;
	char id[80];

	if (!colon)
		return NULL;
	snprintf(id, sizeof(id), "%.*s", (int)(colon - name), name);
	p = library_profile(l, id);
	return p && p->version && strcmp(p->version, colon + 1) == 0 ? p : NULL;
}

const struct profile *cli_profile(struct library *l, const char *name)
{
	const struct profile *p = library_profile(l, name);

	if (!p)
		p = of_version(l, name);
	return p || !options_is_path(name) ? p : library_profile_in(l, name);
}

/* Files named on the command line that do not lie below the scenarios folder. */
static size_t extra_files(const struct options *o, const char *root, const char *files[static MANY])
{
	char inside[PATH_MAX], path[PATH_MAX];
	size_t i, len, count = 0;

	if (!realpath(root, inside))
		inside[0] = '\0';
	len = strlen(inside);
	for (i = 0; i < o->name_count + o->target_count; i++) {
		const char *name = i < o->name_count ? o->names[i] : o->targets[i - o->name_count];
		struct stat st;

		if (!options_is_path(name) || stat(name, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (len > 0 && realpath(name, path) && strncmp(path, inside, len) == 0 && path[len] == '/')
			continue;
		if (count < MANY)
			files[count++] = name;
	}
	return count;
}

struct library *options_load(const struct options *o, char root[static 400], const char *files[static MANY],
			     size_t *count)
{
	struct why why;

	*count = 0;
	if (!cli_scenarios(root, 400, &why)) {
		cli_complain(&why);
		return NULL;
	}
	*count = extra_files(o, root, files);
	return cli_load(files, *count, root);
}
