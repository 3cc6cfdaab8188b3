#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct driver *const drivers[] = {
	&strongswan_driver, &libreswan_driver, &exec_driver, &none_driver,
};

static const struct driver *driver_find(const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (strlen(drivers[i]->name) == len && memcmp(drivers[i]->name, name, len) == 0)
			return drivers[i];
	return NULL;
}

static struct target *target_make(const char *name, const struct target_config *config,
		struct why *why)
{
	const char *version = strchr(name, ':');
	const struct driver *driver = driver_find(name);
	const struct target_facts *first;
	struct target *target;

	if (!driver)
		return why_set(why, "no driver for a target called '%s'", name), NULL;
	target = calloc(1, sizeof(*target));
	if (!target)
		return why_set(why, "no memory for a target"), NULL;
	target->driver = driver;
	target->config = config;
	target->net = target->command = target->inotify = target->process = target->lock = -1;
	target->facts = driver->facts(version ? version + 1 : "");
	if (!target->facts) {
		free(target);
		return why_set(why, "'%s': no such version is known", name), NULL;
	}
	/* The first version that a driver knows is that of its bare name, in which its tree is. */
	first = driver->facts("");
	snprintf(target->name, sizeof(target->name), "%s",
		first && first->version == target->facts->version ? driver->name : name);
	return target;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void target_let_go(struct target *target)
{
	if (target->driver->end)
		target->driver->end(target);
	for (size_t i = 0; i < TICKETS; i++)
		free(target->ticket[i].text);
	shut(&target->net);
	shut(&target->command);
	shut(&target->inotify);
	shut(&target->process);
	shut(&target->lock);
	free(target);
}

void target_stop(struct target *target)
{
	if (!target)
		return;
	if (target->owned) {
		if (target->pid > 0)
			room_close(target->pid);
		if (target->directory[0])
			directory_remove(target->directory);
	}
	target_let_go(target);
}

/* Takes hold of the first process of a run directory: FIFO, events, namespace. */
static bool target_hold(struct target *target, struct why *why)
{
	char path[256];

	target->pid = runs_first(target->directory);
	if (target->pid == 0)
		return why_set(why, "the target's first process is gone (see %s)",
			target->directory);
	target->process = (int)syscall(SYS_pidfd_open, target->pid, 0);
	target->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof(path), "%s/out", target->directory);
	if (target->process < 0 || target->inotify < 0 ||
	    inotify_add_watch(target->inotify, path, IN_MODIFY) < 0)
		return why_set(why, "watching %s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s", target->directory,
		target->driver->in_guest && target->driver->in_guest(target) ? "guest-cmd" : "cmd");
	target->command = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (target->command < 0)
		return why_set(why, "%s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)target->pid);
	target->net = open(path, O_RDONLY | O_CLOEXEC);
	return target->net >= 0 || why_set(why, "%s: %s", path, strerror(errno));
}

/* The end of a file of the run directory on one line, for an error's text. */
static const char *tail_of(const struct target *target, const char *name, char *text, size_t cap)
{
	const size_t most = 240;
	long len = file_read(target->directory, name, text, cap);

	if (len <= 0)
		return "nothing said why";
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	for (long i = 0; i < len; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	return (size_t)len > most ? text + len - most : text;
}

/* What the start script says of how it went. */
enum target_progress target_ready(const struct target *target, struct why *why)
{
	char word[16], text[4096];
	bool said = file_read(target->directory, "out/ready", word, sizeof(word)) > 0 && strchr(word, '\n');

	if (said && strcmp(word, "ready\n") == 0)
		return TARGET_DONE;
	if (!said && clock_now() < target->start_by && runs_first(target->directory))
		return TARGET_PENDING;
	why_set(why, "%s did not start: %s", target->name,
		tail_of(target, "first.log", text, sizeof(text)));
	return TARGET_REFUSED;
}

bool target_await(struct target *target, struct why *why)
{
	enum target_progress how;
	char text[4096];

	while ((how = target_ready(target, why)) == TARGET_PENDING) {
		struct pollfd event = { target->inotify, POLLIN, 0 };

		if (poll(&event, 1, 20) > 0)
			while (read(target->inotify, text, sizeof(text)) > 0)
				;
	}
	return how == TARGET_DONE;
}

bool target_in_guest(const char *name)
{
	struct target_config none = { 0 };
	struct target *target = target_make(name, &none, NULL);
	bool guest = target && target->facts->user_mode_linux;

	target_stop(target);
	return guest;
}

static bool make_places(const struct target *target, struct why *why)
{
	static const char *const fifos[] = { "cmd", "guest-cmd" };
	char path[256];

	snprintf(path, sizeof(path), "%s/out", target->directory);
	if (mkdir(path, 0700) != 0)
		return why_set(why, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(fifos); i++) {
		snprintf(path, sizeof(path), "%s/%s", target->directory, fifos[i]);
		if (mkfifo(path, 0600) != 0)
			return why_set(why, "%s: %s", path, strerror(errno));
	}
	return file_write(target->directory, "orders", 0644, orders_script, why) &&
		file_write(target->directory, "first", 0644, first_script, why);
}

static bool target_launch(struct target *target, bool owned, struct why *why)
{
	struct room room = { .directory = target->directory, .owned = owned };

	runs_sweep();
	if (target->driver->has_tree) {
		if (!tree_find(target, true, why))
			return false;
		room.tree = target->tree;
	}
	if (!runs_make(target->name, target->directory, sizeof(target->directory), why))
		return false;
	if (!make_places(target, why) || !target->driver->write(target, &room, why))
		return false;
	target->pid = room_open(&room, why);
	return target->pid > 0 && target_hold(target, why);
}

bool target_available(const char *name, const struct target_config *config, struct why *why)
{
	struct target *target = target_make(name, config, why);
	bool good;

	if (!target)
		return false;
	good = !target->driver->has_tree || tree_find(target, false, why);
	target_stop(target);
	return good;
}

struct target *target_begin(const char *name, const struct target_config *config, struct why *why)
{
	struct target *target = target_make(name, config, why);

	if (!target)
		return NULL;
	target->owned = true;
	target->start_by = clock_now() + TARGET_START_LIMIT;
	if (!target_launch(target, true, why)) {
		target_stop(target);
		return NULL;
	}
	return target;
}

struct target *target_start(const char *name, const struct target_config *config, struct why *why)
{
	struct target *target = target_begin(name, config, why);

	if (target && !target_await(target, why)) {
		target_stop(target);
		return NULL;
	}
	return target;
}

/* Lets the target outlive this process: tells its first process, and gives the directory a name. */
static bool target_release(struct target *target, const char *standing, struct why *why)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/cmd", target->directory);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || write(fd, "keep - -\n", 9) != 9) {
		shut(&fd);
		return why_set(why, "%s: %s", path, strerror(errno));
	}
	close(fd);
	for (usec limit = clock_now() + 10 * USEC_S; clock_now() < limit; usleep(2000))
		if (file_exists(target->directory, "out/kept"))
			return rename(target->directory, standing) == 0 ||
				why_set(why, "%s: %s", standing, strerror(errno));
	return why_set(why, "the target did not let go of its owner");
}

bool target_up(const char *name, const struct target_config *config, struct why *why)
{
	char standing[160];
	struct target *target;
	bool good;

	runs_sweep();
	if (runs_standing(name, standing, sizeof(standing), NULL)) {
		if (runs_first(standing))
			return why_set(why, "the target '%s' is up already", name);
		directory_remove(standing);
	}
	target = target_start(name, config, why);
	if (!target)
		return false;
	good = target_release(target, standing, why);
	target->owned = !good;
	target_stop(target);
	return good;
}

bool target_down(const char *name, struct why *why)
{
	char standing[160];
	pid_t first;

	runs_sweep();
	if (!runs_standing(name, standing, sizeof(standing), NULL))
		return true;
	first = runs_first(standing);
	if (first && !room_close(first))
		return why_set(why, "process %d did not end", (int)first);
	return directory_remove(standing) || why_set(why, "%s could not be removed", standing);
}

struct target *target_attach(const char *name, const struct target_config *config, struct why *why)
{
	struct target *target = target_make(name, config, why);

	if (!target)
		return NULL;
	if (!runs_standing(name, target->directory, sizeof(target->directory), why))
		goto failed;
	target->lock = open(target->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target->lock < 0 || flock(target->lock, LOCK_EX | LOCK_NB) != 0) {
		why_set(why, "the target '%s' takes orders from another process", name);
		goto failed;
	}
	if (target_hold(target, why))
		return target;
failed:
	target_stop(target);
	return NULL;
}

bool target_show(const char *name, char *text, size_t cap)
{
	char directory[160], code[32];
	struct why why;
	pid_t first;

	if (!runs_standing(name, directory, sizeof(directory), &why)) {
		snprintf(text, cap, "%s", why.text);
		return false;
	}
	first = runs_first(directory);
	if (!first) {
		snprintf(text, cap, "%s: gone (its files are in %s)", name, directory);
		return false;
	}
	if (file_read(directory, "out/exit", code, sizeof(code)) > 0) {
		snprintf(text, cap, "%s: its daemon has ended, status %.*s", name,
			(int)strcspn(code, "\n"), code);
		return false;
	}
	snprintf(text, cap, "%s: up, first process %d, files in %s; enter with "
		"nsenter -t %d -m -n -p", name, (int)first, directory, (int)first);
	return true;
}

const struct target_facts *target_facts(const struct target *target)
{
	return target->facts;
}

const char *target_directory(const struct target *target)
{
	return target->directory;
}

pid_t target_pid(const struct target *target)
{
	return target->pid;
}
