#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSE_LIMIT (10 * USEC_S)

/* Between fork and exec only system calls are made: the caller may have threads. */
struct plan {
	const struct room *room;
	char proc[256], sys[256], dev[256], run[256], tmp[256], ctl[256], first[256];
	char ctl_variable[280], tree_variable[280], tmp_variable[280];
	int go;                         /* the owner lives, and has noted us */
	int trouble;                    /* closed by a good exec */
};

struct trouble {
	int error;
	char what[64];
};

static void fill(char out[static 256], const char *tree, const char *name)
{
	snprintf(out, 256, "%s%s", tree, name);
}

static void plan_fill(struct plan *plan, const struct room *room)
{
	const char *seen = room->inside ? "" : room->tree;

	plan->room = room;
	if (!room->tree) {
		fill(plan->first, room->directory, "/first");
		snprintf(plan->ctl_variable, sizeof(plan->ctl_variable), "CTL=%s",
			room->directory);
		snprintf(plan->tree_variable, sizeof(plan->tree_variable), "TREE=");
		snprintf(plan->tmp_variable, sizeof(plan->tmp_variable), "TMPDIR=/tmp");
		return;
	}
	fill(plan->proc, room->inside ? room->tree : "", "/proc");
	fill(plan->sys, room->tree, "/sys");
	fill(plan->dev, room->tree, "/dev");
	fill(plan->run, room->tree, "/run");
	fill(plan->tmp, room->tree, "/tmp");
	fill(plan->ctl, room->tree, "/ctl");
	fill(plan->first, seen, "/ctl/first");
	snprintf(plan->ctl_variable, sizeof(plan->ctl_variable), "CTL=%s/ctl", seen);
	snprintf(plan->tree_variable, sizeof(plan->tree_variable), "TREE=%s", room->tree);
	snprintf(plan->tmp_variable, sizeof(plan->tmp_variable), "TMPDIR=%s/tmp", seen);
}

static void give_up(const struct plan *plan, const char *what)
{
	struct trouble trouble = { .error = errno };

	for (size_t i = 0; what[i] && i < sizeof(trouble.what) - 1; i++)
		trouble.what[i] = what[i];
	if (write(plan->trouble, &trouble, sizeof(trouble)) < 0)
		_exit(126);
	_exit(125);
}

static void must(const struct plan *plan, int result, const char *what)
{
	if (result != 0)
		give_up(plan, what);
}

static void mounts(const struct plan *plan)
{
	const char *tree = plan->room->tree;

	must(plan, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "making mounts private");
	must(plan, mount(tree, tree, NULL, MS_BIND, NULL), "mounting the tree");
	must(plan, mount(NULL, tree, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		"mounting the tree read-only");
	must(plan, mount("proc", plan->proc, "proc", 0, NULL), "mounting proc");
	must(plan, mount("tmpfs", plan->tmp, "tmpfs", 0, "mode=1777"), "mounting tmp");
	must(plan, mount(plan->room->directory, plan->ctl, NULL, MS_BIND, NULL), "mounting ctl");
	if (!plan->room->inside)
		return;
	must(plan, mount("sysfs", plan->sys, "sysfs", 0, NULL), "mounting sys");
	must(plan, mount("/dev", plan->dev, NULL, MS_BIND, NULL), "mounting dev");
	must(plan, mount("tmpfs", plan->run, "tmpfs", 0, "mode=755"), "mounting run");
	must(plan, chroot(tree), "entering the tree");
}

static void descriptors(const struct plan *plan)
{
	int null = open("/dev/null", O_RDONLY);
	int log = open("first.log", O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		give_up(plan, "opening its log");
	syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
}

static void child(const struct plan *plan)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *argv[] = { "sh", (char *)plan->first, NULL };
	char *envp[] = { path, locale, (char *)plan->ctl_variable, (char *)plan->tree_variable,
		(char *)plan->tmp_variable, NULL };
	sigset_t none;
	char go;

	if (plan->room->owned)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(plan->go, &go, 1) != 1)
		_exit(124);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	must(plan, chdir(plan->room->directory), "entering the run directory");
	descriptors(plan);
	if (plan->room->tree)
		mounts(plan);
	must(plan, chdir("/"), "entering /");
	execve("/bin/sh", argv, envp);
	give_up(plan, "starting /bin/sh");
}

/* Lets the child go on and hears whether it reached its exec. */
static bool settle(pid_t pid, int go, int trouble, const struct room *room, struct why *why)
{
	struct trouble said;
	ssize_t got;

	if (!runs_note(room->directory, pid, why))
		return false;
	if (write(go, "g", 1) != 1)
		return why_set(why, "the target's first process is gone");
	do {
		got = read(trouble, &said, sizeof(said));
	} while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(said))
		return why_set(why, "%s (%s): %s", said.what,
			room->tree ? room->tree : "no tree", strerror(said.error));
	return got == 0 || why_set(why, "the target's first process: %s", strerror(errno));
}

pid_t room_open(const struct room *room, struct why *why)
{
	const unsigned long spaces = room->tree ? CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
		CLONE_NEWIPC | CLONE_NEWUTS : 0;
	int go[2], trouble[2];
	struct plan plan;
	pid_t pid;
	bool good;

	plan_fill(&plan, room);
	if (pipe2(go, O_CLOEXEC) != 0)
		return why_set(why, "pipe: %s", strerror(errno)), -1;
	if (pipe2(trouble, O_CLOEXEC) != 0) {
		close(go[0]);
		close(go[1]);
		return why_set(why, "pipe: %s", strerror(errno)), -1;
	}
	plan.go = go[0];
	plan.trouble = trouble[1];
	pid = (pid_t)syscall(SYS_clone, spaces | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		close(go[1]);
		child(&plan);
	}
	close(go[0]);
	close(trouble[1]);
	good = pid > 0 ? settle(pid, go[1], trouble[0], room, why) :
		why_set(why, "new namespaces: %s (root is needed)", strerror(errno));
	close(go[1]);
	close(trouble[0]);
	if (!good && pid > 0)
		room_close(pid);
	return good ? pid : -1;
}

bool room_close(pid_t pid)
{
	usec limit = clock_now() + CLOSE_LIMIT;

	if (pid <= 1)
		return true;
	kill(-pid, SIGKILL);            /* it leads its session; without namespaces that is all */
	kill(pid, SIGKILL);
	while (clock_now() < limit) {
		pid_t got = waitpid(pid, NULL, WNOHANG);

		if (got == pid || (got < 0 && errno == ECHILD && process_start(pid) == 0))
			return true;
		usleep(2000);
	}
	return false;
}
