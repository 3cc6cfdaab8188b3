#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A run directory is called NAME+OWNER+START while it belongs to a process (its id, and its start
 * time since that id may be given to another), and NAME once it stands on its own.
 */

static bool folder_usable(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return false;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
		!(st.st_mode & S_IWOTH);
}

bool runs_folder(char *path, size_t cap, struct why *why)
{
	const char *chosen = getenv("IKESPEC_RUN"), *own = getenv("XDG_RUNTIME_DIR");

	snprintf(path, cap, "%.100s", chosen && chosen[0] == '/' ? chosen : "/run/ikespec");
	if (folder_usable(path))
		return true;
	if (chosen)
		return why_set(why, "IKESPEC_RUN, %s, is no folder of ours", path);
	if (!own || own[0] != '/')
		return why_set(why, "/run/ikespec cannot be made, and XDG_RUNTIME_DIR is not set");
	snprintf(path, cap, "%.100s/ikespec", own);
	return folder_usable(path) || why_set(why, "%s cannot be made", path);
}

bool runs_make(const char *name, char *path, size_t cap, struct why *why)
{
	char folder[128];
	unsigned long long start = process_start(getpid());

	if (!runs_folder(folder, sizeof(folder), why))
		return false;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(path, cap, "%s/%s+%d+%llu+%u", folder, name, (int)getpid(), start, i);
		if (mkdir(path, 0700) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	return why_set(why, "%s: %s", path, strerror(errno));
}

bool runs_note(const char *directory, pid_t first, struct why *why)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %llu\n", (int)first, process_start(first));
	return file_write(directory, "pid", 0644, text, why);
}

pid_t runs_first(const char *directory)
{
	char text[64];
	unsigned long long start;
	int pid;

	if (file_read(directory, "pid", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%d %llu", &pid, &start) != 2 || start == 0 || process_start(pid) != start)
		return 0;
	return pid;
}

static bool owner_gone(const char *name)
{
	unsigned long long start;
	int pid;
	const char *plus = strchr(name, '+');

	if (!plus || sscanf(plus, "+%d+%llu", &pid, &start) != 2)
		return false;
	return process_start(pid) != start;
}

static void sweep_one(const char *folder, const char *name)
{
	char path[400];
	pid_t first;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	first = runs_first(path);
	if (first && !room_close(first))
		return;
	directory_remove(path);
}

static void each_run(void (*take)(void *ctx, const char *folder, const char *name), void *ctx)
{
	char folder[128];
	struct dirent *entry;
	DIR *dir;

	if (!runs_folder(folder, sizeof(folder), NULL))
		return;
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			take(ctx, folder, entry->d_name);
	if (dir)
		closedir(dir);
}

static void sweep(void *ctx, const char *folder, const char *name)
{
	(void)ctx;
	if (owner_gone(name))
		sweep_one(folder, name);
}

void runs_sweep(void)
{
	each_run(sweep, NULL);
}

struct looking {
	void (*found)(void *ctx, const char *text);
	void *ctx;
};

static void left_over(void *ctx, const char *folder, const char *name)
{
	const struct looking *l = ctx;
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (owner_gone(name))
		l->found(l->ctx, path);
}

void target_leftovers(void (*found)(void *ctx, const char *path), void *ctx)
{
	each_run(left_over, &(struct looking){ found, ctx });
}

static void standing(void *ctx, const char *folder, const char *name)
{
	const struct looking *l = ctx;

	(void)folder;
	if (!strchr(name, '+'))
		l->found(l->ctx, name);
}

void target_standing(void (*found)(void *ctx, const char *name), void *ctx)
{
	each_run(standing, &(struct looking){ found, ctx });
}

bool runs_standing(const char *name, char *path, size_t cap, struct why *why)
{
	char folder[128];

	if (!runs_folder(folder, sizeof(folder), why))
		return false;
	snprintf(path, cap, "%s/%s", folder, name);
	if (access(path, F_OK) != 0)
		return why_set(why, "the target '%s' is not up", name);
	return true;
}
