/* The result folder. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"

#define MARK ".ikespec-results"

/* Symbolic links are removed, not followed. */
static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	return ftw->level == 0 ? 0 : remove(path);
}

static bool empty_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool empty = true;

	if (!d)
		return false;
	while (empty && (entry = readdir(d)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

static bool write_mark(const char *dir, struct why *why)
{
	char path[PATH_MAX];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", dir, MARK) >= (int)sizeof(path))
		return why_set(why, "the name of the result folder is too long");
	f = fopen(path, "w");
	if (!f)
		return why_set(why, "cannot write %s: %s", path, strerror(errno));
	fputs("A result folder of ikespec; the next run into it replaces it.\n", f);
	return fclose(f) == 0;
}

static bool is_ours(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", dir, MARK) < (int)sizeof(path) && lstat(path, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

bool out_prepare(const char *dir, struct why *why)
{
	struct stat st;

	if (mkdir(dir, 0777) == 0)
		return write_mark(dir, why);
	if (errno != EEXIST)
		return why_set(why, "cannot make the result folder %s: %s", dir, strerror(errno));
	if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return why_set(why, "%s is there and is no folder: it is left alone", dir);
	if (!is_ours(dir) && !empty_folder(dir))
		return why_set(why, "%s is there and is no result folder of ikespec: it is left alone", dir);
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return why_set(why, "cannot empty the result folder %s: %s", dir, strerror(errno));
	return write_mark(dir, why);
}

void out_find_captures(const struct captures *c, const char *dir, struct results *r)
{
	char name[400], path[700];
	size_t i;

	for (i = 0; i < r->count; i++) {
		captures_path(c, r->cases[i].target, r->cases[i].id, name, sizeof(name));
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (access(path, F_OK) == 0)
			results_capture(&r->cases[i], name);
	}
}

/* The id of a repetition without its "#2". */
static const char *case_id(struct arena *a, const char *label)
{
	char *id = arena_text(a, label);

	if (id)
		id[strcspn(id, "#")] = '\0';
	return id;
}

bool out_failed(struct options *o, struct why *why)
{
	char path[600];
	json_error_t error;
	json_t *root, *target, *one;
	bool fits = true;
	size_t i, j;

	snprintf(path, sizeof(path), "%s/results.json", o->failed_dir);
	root = json_load_file(path, 0, &error);
	if (!root)
		return why_set(why, "%s: %s", path, error.text);
	json_array_foreach(json_object_get(root, "targets"), i, target)
		json_array_foreach(json_object_get(target, "scenarios"), j, one) {
			const char *id = json_string_value(json_object_get(one, "id"));
			enum outcome out = verdict_outcome(json_string_value(json_object_get(one, "verdict")));

			if (!id || (out != OUTCOME_FAILED && out != OUTCOME_ERROR))
				continue;
			if (o->only_count == MANY)
				fits = why_set(why, "%s: more than %d cases failed there; run all again", path, MANY);
			else
				o->only[o->only_count++] = case_id(o->arena, id);
		}
	json_decref(root);
	return fits;
}
