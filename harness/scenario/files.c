#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library.h"

#define WALK_DEPTH_MAX 12
#define WALK_FILES_MAX 20000

static bool read_descriptor(struct library *l, int fd, const char *shown, struct bytes *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return complain(l, shown, 0, "no plain file");
	if ((uint64_t)st.st_size > FILE_CAP)
		return complain(l, shown, 0, "the file has %lld octets; at most %zu are read",
				(long long)st.st_size, FILE_CAP);
	size_t len = (size_t)st.st_size, got = 0;
	uint8_t *octets = arena_alloc(l->arena, len + 1);
	if (octets == NULL)
		return complain(l, shown, 0, "no memory");
	while (got < len) {
		ssize_t n = read(fd, octets + got, len - got);
		if (n <= 0)
			return complain(l, shown, 0, "cannot be read");
		got += (size_t)n;
	}
	*out = bytes_make(octets, len);
	return true;
}

bool source_read(struct library *l, const char *path, const char *shown, struct bytes *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return complain(l, shown, 0, "cannot be opened");
	bool ok = read_descriptor(l, fd, shown, out);
	close(fd);
	return ok;
}

bool file_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

const char *file_shown(struct library *l, const char *real)
{
	if (!file_below(real, l->real_root))
		return real;
	const char *shown = arena_printf(l->arena, "%s%s", l->root, real + strlen(l->real_root));
	return shown != NULL ? shown : real;
}

/* Does a relative path name a parent folder anywhere? */
static bool climbs(const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len;
		path += *path == '/';
	}
	return false;
}

static const char *below_real(struct library *l, const char *folder, const char *href,
			      const char *tree, bool *outside)
{
	char joined[PATH_MAX], real[PATH_MAX];
	if (snprintf(joined, sizeof(joined), "%s/%s", folder, href) >= (int)sizeof(joined))
		return NULL;
	if (realpath(joined, real) == NULL)
		return NULL;
	if (!file_below(real, tree)) {
		*outside = true;
		return NULL;
	}
	return arena_text(l->arena, real);
}

static char *folder_of(struct library *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? NULL : arena_printf(l->arena, "%.*s", (int)(slash - path), path);
}

const char *file_include(struct library *l, const char *from, const char *href, struct why *why)
{
	bool outside = false;
	if (href[0] == '/' || strchr(href, ':') != NULL || climbs(href)) {
		why_set(why, "'%s' leads out of the scenario tree", href);
		return NULL;
	}
	const char *real = below_real(l, l->real_root, href, l->real_root, &outside);
	const char *folder = from != NULL ? folder_of(l, from) : NULL;
	if (real == NULL && folder != NULL)
		real = below_real(l, folder, href,
				  file_below(from, l->real_root) ? l->real_root : folder, &outside);
	if (real == NULL && outside)
		why_set(why, "'%s' is a link that leads out of the scenario tree", href);
	else if (real == NULL)
		why_set(why, "there is no file '%s'", href);
	return real;
}

/* ------------------------------------------------------------ walking */

static bool is_xml(const char *name)
{
	size_t len = strlen(name);
	return len > 4 && strcmp(name + len - 4, ".xml") == 0;
}

static bool walk(struct library *l, const char *folder, unsigned depth, struct list *out);

static bool walk_entry(struct library *l, const char *folder, const char *name, unsigned depth,
		       struct list *out)
{
	struct stat st;
	char real[PATH_MAX];
	const char *path = arena_printf(l->arena, "%s/%s", folder, name);
	if (path == NULL || out->count > WALK_FILES_MAX)
		return complain(l, folder, 0, "too many files");
	if (lstat(path, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode))
		return walk(l, path, depth + 1, out);
	if (!is_xml(name))
		return true;
	if (realpath(path, real) == NULL || !file_below(real, l->real_root))
		return complain(l, file_shown(l, path), 0,
				"a link that leads out of the scenario tree");
	return list_add(l->arena, out, (void *)path);
}

static bool walk(struct library *l, const char *folder, unsigned depth, struct list *out)
{
	bool ok = true;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return true;
	if (depth > WALK_DEPTH_MAX)
		ok = complain(l, folder, 0, "folders are nested too deeply");
	for (struct dirent *d; depth <= WALK_DEPTH_MAX && (d = readdir(dir)) != NULL;)
		if (d->d_name[0] != '.' && !walk_entry(l, folder, d->d_name, depth, out))
			ok = false;
	closedir(dir);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

bool file_walk(struct library *l, const char *folder, struct list *out)
{
	const char *path = folder[0] == '\0' ? l->real_root :
			   arena_printf(l->arena, "%s/%s", l->real_root, folder);
	if (path == NULL)
		return false;
	bool ok = walk(l, path, 0, out);
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), by_name);
	return ok;
}
