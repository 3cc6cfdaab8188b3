#include "internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_open(const struct target *target)
{
	char path[256];

	if (!target->driver->log)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", target->directory, target->driver->log);
	return open(path, O_RDONLY | O_CLOEXEC);
}

uint64_t target_log_mark(struct target *target)
{
	struct stat st;
	int fd = log_open(target);
	uint64_t mark = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0)
		mark = (uint64_t)st.st_size;
	close(fd);
	return mark;
}

bool target_log_line(struct target *target, uint64_t *mark, char *line, size_t cap)
{
	int fd = log_open(target);
	char text[4096];
	ssize_t got;
	char *end;

	if (fd < 0)
		return false;
	got = pread(fd, text, sizeof(text), (off_t)*mark);
	close(fd);
	if (got <= 0)
		return false;
	end = memchr(text, '\n', (size_t)got);
	if (!end && got < (ssize_t)sizeof(text))
		return false;
	snprintf(line, cap, "%.*s", (int)(end ? end - text : got), text);
	*mark += (uint64_t)(end ? end + 1 - text : got);
	return true;
}
