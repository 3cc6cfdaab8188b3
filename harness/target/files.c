#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_CAP 300

static const char *join(char path[static PATH_CAP], const char *directory, const char *name)
{
	snprintf(path, PATH_CAP, "%s/%s", directory, name);
	return path;
}

bool folder_make(const char *directory, const char *name, struct why *why)
{
	char path[PATH_CAP];

	if (mkdir(join(path, directory, name), 0700) == 0 || errno == EEXIST)
		return true;
	return why_set(why, "%s: %s", path, strerror(errno));
}

FILE *file_create(const char *directory, const char *name, struct why *why)
{
	char path[PATH_CAP];
	FILE *file = fopen(join(path, directory, name), "we");

	if (!file)
		why_set(why, "%s: %s", path, strerror(errno));
	return file;
}

bool file_close(FILE *file, const char *name, struct why *why)
{
	bool bad = ferror(file) != 0;

	if (fclose(file) != 0 || bad)
		return why_set(why, "%s: could not be written", name);
	return true;
}

bool file_write(const char *directory, const char *name, mode_t mode, const char *text,
		struct why *why)
{
	FILE *file = file_create(directory, name, why);

	if (!file)
		return false;
	fchmod(fileno(file), mode);
	fputs(text, file);
	return file_close(file, name, why);
}

long file_read(const char *directory, const char *name, char *text, size_t cap)
{
	char path[PATH_CAP];
	int fd = open(join(path, directory, name), O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (len < cap - 1 && got > 0) {
		got = read(fd, text + len, cap - 1 - len);
		if (got > 0)
			len += (size_t)got;
	}
	close(fd);
	text[len] = '\0';
	return (long)len;
}

bool file_exists(const char *directory, const char *name)
{
	char path[PATH_CAP];
	struct stat st;

	return lstat(join(path, directory, name), &st) == 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path) != 0 && errno != ENOENT;
}

bool directory_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ||
		access(path, F_OK) != 0;
}
