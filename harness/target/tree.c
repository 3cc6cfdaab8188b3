#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAYOUT "4\n"             /* that of ci/targets/tree */

static bool tree_there(const char *path)
{
	char layout[16];

	return file_read(path, ".ikespec-tree", layout, sizeof(layout)) > 0 &&
		strcmp(layout, LAYOUT) == 0;
}

/* The script that makes trees: where it is installed, else where it was built from. */
static const char *tree_script(void)
{
	static const char *const places[] = { TARGET_TREE_INSTALLED, TARGET_TREE_SOURCE };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* Reads a pipe to its end and keeps the last line or two. */
static void hear(int fd, char *text, size_t cap)
{
	char part[512];
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, part, sizeof(part))) > 0 || (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		if (len + (size_t)got >= cap)
			len = 0;
		memcpy(text + len, part, (size_t)got);
		len += (size_t)got;
	}
	text[len] = '\0';
}

static bool tree_make(const char *script, const char *name, struct why *why)
{
	char said[2048];
	int pipes[2], status = -1;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return why_set(why, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		execlp("timeout", "timeout", "900", script, name, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	hear(pipes[0], said, sizeof(said));
	close(pipes[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return true;
	return why_set(why, "%s %s: %s", script, name, said);
}

static void tree_path(const struct target *target, char *path, size_t cap)
{
	const char *folder = getenv("IKESPEC_TARGETS");

	snprintf(path, cap, "%s/%s", folder && folder[0] ? folder : "/var/cache/ikespec/targets",
		target->config->tree[0] ? target->config->tree : target->name);
}

/* Is there all that it takes: the tree, and what runs a guest if there is to be one? */
static bool all_there(const struct target *target, const char *path)
{
	return tree_there(path) && (!target->facts->user_mode_linux ||
		access("/usr/bin/linux.uml", X_OK) == 0);
}

bool tree_find(struct target *target, bool make, struct why *why)
{
	const char *name = target->config->tree[0] ? target->config->tree : target->name;
	const char *script = tree_script();
	char path[200], real[4096];

	tree_path(target, path, sizeof(path));
	if (geteuid() != 0)
		return why_set(why, "%s needs root, for namespaces of its own", target->name);
	if (!all_there(target, path) && (!make || !script))
		return why_set(why, "there is no tree %s, or nothing to run it; make it with: "
			"ci/targets/tree %s", path, name);
	if (!all_there(target, path) && !tree_make(script, name, why))
		return false;
	if (!realpath(path, real) || strlen(real) >= sizeof(target->tree))
		return why_set(why, "%s: %s", path, strerror(errno));
	strcpy(target->tree, real);
	return true;
}
