#include "leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool namespace_of(pid_t pid, char *name, size_t cap)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	len = readlink(path, name, cap - 1);
	if (len < 0)
		return false;
	name[len] = '\0';
	return true;
}

static size_t count_processes(bool (*has)(pid_t pid, const char *text), const char *text)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) && has(atoi(entry->d_name), text))
			count++;
	if (dir)
		closedir(dir);
	return count;
}

static bool is_in(pid_t pid, const char *name)
{
	char other[64];

	return namespace_of(pid, other, sizeof(other)) && strcmp(other, name) == 0;
}

size_t processes_in(const char *name)
{
	return count_processes(is_in, name);
}

static bool file_has(const char *path, const char *text)
{
	char line[4096];
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text) != NULL;
	if (file)
		fclose(file);
	return found;
}

static bool mounts(pid_t pid, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return file_has(path, text);
}

size_t processes_mounting(const char *text)
{
	return count_processes(mounts, text);
}

size_t mount_lines(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t count = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		count += c == '\n';
	if (file)
		fclose(file);
	return count;
}

size_t run_directories(const char *text)
{
	DIR *dir = opendir(getenv("IKESPEC_RUN"));
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += strstr(entry->d_name, text) != NULL;
	if (dir)
		closedir(dir);
	return count;
}
