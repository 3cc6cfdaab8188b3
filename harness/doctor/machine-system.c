/* Privilege, namespaces, clock, CPU. */
#include "inside.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "bench/cpu.h"
#include "esp/batch.h"

#define TRIAL         (3 * USEC_S)
#define NAPS          20
#define LATE_MOST     (20 * USEC_MS)
#define STEP_MOST     20000000  /* nanoseconds between two clocks in the time of the naps */
#define DESCRIPTORS   1024

/* ------------------------------------------------------------ privilege */

/* Of capabilities(7). */
static const struct {
	unsigned bit;
	const char *name;
} wanted[] = {
	{ 12, "net_admin" }, { 21, "sys_admin" }, { 13, "net_raw" }, { 10, "net_bind_service" },
};

static unsigned long long capabilities(void)
{
	unsigned long long caps = 0;
	char line[200];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	return caps;
}

void look_privilege(struct look *l)
{
	unsigned long long caps = capabilities();
	const char *lacks = "";

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!(caps >> wanted[i].bit & 1))
			lacks = arena_printf(l->findings->arena, "%s%s%s", lacks, *lacks ? ", " : "", wanted[i].name);
	if (geteuid() == 0 && !*lacks)
		look_ok(l, "root, with the capabilities for namespaces, devices and raw sockets");
	else if (geteuid() == 0)
		look_missing(l, "root, but without the capabilities %s (a container?)", lacks);
	else
		look_missing(l, "user %u, %s%s", (unsigned)geteuid(), *lacks ? "without the capabilities " : "not root",
			     lacks);
}

static int enter(void *ctx)
{
	const int *spaces = ctx;

	return unshare(*spaces) == 0 ? 0 : errno;
}

void look_namespaces(struct look *l)
{
	int user = CLONE_NEWUSER | CLONE_NEWNET;
	int all = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	int as_user = program_try(enter, &user, TRIAL), as_root = program_try(enter, &all, TRIAL);

	if (as_root == 0)
		look_ok(l, "network, mount and process namespaces%s",
			as_user == 0 ? ", user namespaces too" : "; none for users");
	else if (as_user == 0)
		look_ok(l, "network namespaces within a user namespace");
	else
		look_missing(l, "no network namespace can be made: %s", strerror(as_root > 0 ? as_root : ETIMEDOUT));
}

/* ------------------------------------------------------------ clock */

static long long nanoseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void source(char *text, size_t cap)
{
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

	if (!f || !fgets(text, (int)cap, f))
		snprintf(text, cap, "unknown source");
	text[strcspn(text, "\n")] = '\0';
	if (f)
		fclose(f);
}

struct naps {
	long long late;  /* the worst end of a sleep of 1 ms */
	long long apart; /* how far the calendar and the monotonic clock moved from each other */
};

static struct naps sleep_some(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct naps n = { 0 };
	long long began = nanoseconds(CLOCK_MONOTONIC), calendar = nanoseconds(CLOCK_REALTIME);

	for (int i = 0; i < NAPS; i++) {
		long long before = nanoseconds(CLOCK_MONOTONIC), took;

		nanosleep(&nap, NULL);
		took = nanoseconds(CLOCK_MONOTONIC) - before - nap.tv_nsec;
		n.late = took > n.late ? took : n.late;
	}
	n.apart = llabs((nanoseconds(CLOCK_REALTIME) - calendar) - (nanoseconds(CLOCK_MONOTONIC) - began));
	return n;
}

void look_clock(struct look *l)
{
	struct timex state = { 0 };
	struct naps n = sleep_some();
	char name[40];
	bool synchronised = adjtimex(&state) != TIME_ERROR;

	source(name, sizeof name);
	if (n.apart > STEP_MOST) {
		look_missing(l, "%s; the calendar was stepped by %.1f ms meanwhile", name, (double)n.apart / 1e6);
		l->row->costs = "certificates are judged by a calendar that jumps; time limits are not touched";
		l->row->mend = "timedatectl status";
	} else if ((usec)n.late / 1000 > LATE_MOST) {
		look_note(l, "%s; sleeps end up to %.1f ms late: a busy machine", name, (double)n.late / 1e6);
		l->row->costs = "what a late tester cannot judge is inconclusive; give it fewer cases at a time (-j)";
		l->row->mend = "uptime";
	} else {
		look_ok(l, "%s; sleeps end at most %.1f ms late; no step%s", name, (double)n.late / 1e6,
			synchronised ? "" : "; not synchronised with others");
	}
}

/* ------------------------------------------------------------ the rest */

void look_descriptors(struct look *l)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur >= DESCRIPTORS)
		look_ok(l, "%llu open files, %ld processors", (unsigned long long)limit.rlim_cur,
			sysconf(_SC_NPROCESSORS_ONLN));
	else
		look_missing(l, "only %llu open files are allowed", (unsigned long long)limit.rlim_cur);
}

void look_cpu(struct look *l)
{
	char name[64], features[120];

	cpu_name(name, sizeof name);
	cpu_features(false, features, sizeof features);
	if (strstr(features, "AES-NI"))
		look_ok(l, "%s: %s", name, features);
	else
		look_missing(l, "%s has no AES instructions%s%s", name, *features ? "; it has " : "", features);
}

void look_backend(struct look *l)
{
	const char *first = esp_backend_name(0), *second = first ? esp_backend_name(1) : NULL;

	if (second)
		look_ok(l, "%s, and %s", first, second);
	else
		look_missing(l, "only %s was built in", first ? first : "nothing");
}
