#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "leftovers.h"
#include "target/driver.h"

#define PATIENCE (40 * USEC_S)  /* no good result takes this long */
#define SKIPPED 77

static const char *name;        /* of the target under test, from the command line */

struct fixture {
	struct target_config config;
	struct target *target;
	int tun;
};

static usec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * USEC_S + (usec)t.tv_nsec / 1000;
}

static bool has_wire(void)
{
	return strcmp(name, "exec") != 0 && strcmp(name, "none") != 0;
}

/* Waits for the target or the wire, for a moment. */
static void moment(struct fixture *f)
{
	struct pollfd fds[3];
	size_t count = target_pollfds(f->target, fds, 2);

	if (f->tun >= 0)
		fds[count++] = (struct pollfd){ f->tun, POLLIN, 0 };
	poll(fds, count, 20);
	target_poll(f->target);
}

static struct target_result finish(struct fixture *f, unsigned ticket)
{
	usec limit = now() + PATIENCE;
	struct target_result result;

	do {
		moment(f);
		result = target_result(f->target, ticket);
	} while (result.progress == TARGET_PENDING && now() < limit);
	assert_int_not_equal(result.progress, TARGET_PENDING);
	return result;
}

static struct target_result order(struct fixture *f, enum target_verb verb, const char *connection)
{
	struct why why = { 0 };
	unsigned ticket = target_order(f->target, verb, connection, &why);

	if (ticket == 0)
		fail_msg("%s: %s", target_verb_name(verb), why.text);
	return finish(f, ticket);
}

static uint16_t checksum(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += load_u16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A datagram of the tester to port 500, without a UDP checksum; its length. */
static size_t datagram(uint8_t out[static 256], const uint8_t *payload, size_t len)
{
	static const uint8_t start[] = {
		0x45, 0, 0, 0, 0, 1, 0, 0, 64, IPPROTO_UDP, 0, 0, 198, 51, 100, 1, 192, 0, 2, 1,
		500 >> 8, 500 & 0xff, 500 >> 8, 500 & 0xff, 0, 0, 0, 0,
	};

	memcpy(out, start, sizeof(start));
	memcpy(out + sizeof(start), payload, len);
	store_u16(out + 2, (uint16_t)(sizeof(start) + len));
	store_u16(out + 24, (uint16_t)(8 + len));
	store_u16(out + 10, checksum(out, 20));
	return sizeof(start) + len;
}

/* Is it an IKE_SA_INIT request of the target to its peer? */
static bool is_init(const uint8_t *at, ssize_t len)
{
	return len > 28 + 28 && at[0] == 0x45 && at[9] == IPPROTO_UDP && load_u16(at + 22) == 500 &&
		at[28 + 18] == 34 && at[28 + 19] == 0x08;
}

static int up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct why why = { 0 };

	f->tun = -1;
	if (!target_config_slots(&f->config, 2, &why))
		return -1;
	f->target = target_start(name, &f->config, &why);
	if (!f->target) {
		print_error("%s\n", why.text);
		return -1;
	}
	if (has_wire())
		f->tun = target_tun(f->target, &why);
	*state = f;
	return 0;
}

static int down(void **state)
{
	struct fixture *f = *state;

	if (f->tun >= 0)
		close(f->tun);
	target_stop(f->target);
	target_config_free(&f->config);
	free(f);
	return 0;
}

static void is_up(void **state)
{
	struct fixture *f = *state;
	struct target_result result;

	assert_true(f->tun >= 0);
	assert_true(target_alive(f->target, NULL));
	assert_true(strlen(target_facts(f->target)->ike_suites) > 0);
	result = order(f, TARGET_STATUS, NULL);
	assert_int_equal(result.progress, TARGET_DONE);
	assert_int_equal(result.ike_sas, 0);
	assert_int_equal(result.child_sas, 0);
	result = order(f, TARGET_COUNTERS, NULL);
	assert_int_equal(result.progress, TARGET_DONE);
	assert_int_equal(result.counters.in_packets, 0);
}

/* Reads the wire until the target starts an IKE SA. */
static bool init_comes(struct fixture *f)
{
	uint8_t packet[2048];

	for (usec limit = now() + PATIENCE; now() < limit; moment(f)) {
		ssize_t len = read(f->tun, packet, sizeof(packet));

		if (len > 0 && is_init(packet, len))
			return true;
	}
	return false;
}

static void initiates(void **state)
{
	struct fixture *f = *state;
	uint64_t mark = target_log_mark(f->target);
	char line[400];
	bool told = false;
	struct target_result result = order(f, TARGET_INITIATE, "s1");

	assert_int_equal(result.progress, TARGET_DONE);
	assert_true(init_comes(f));
	while (!told && target_log_line(f->target, &mark, line, sizeof(line)))
		told = strstr(line, "initiating") && strstr(line, "s1");
	assert_true(told);
	result = order(f, TARGET_STATUS, "s1");
	assert_int_equal(result.ike_sas, 1);
	assert_int_equal(result.half_open, 1);
	assert_int_equal(order(f, TARGET_STATUS, "s2").ike_sas, 0);
	assert_int_equal(order(f, TARGET_RESET, "s1").progress, TARGET_DONE);
	for (usec limit = now() + PATIENCE; now() < limit;)
		if (order(f, TARGET_STATUS, "s1").ike_sas == 0)
			return;
	fail_msg("reset left an IKE SA");
}

/* Neither octets that are no IKE message nor a header alone harm it, and the log tells of them. */
static void bears_garbage(void **state)
{
	static const uint8_t garbage[40] = { 0xff, 0xfe, 0xfd, 1, 2, 3 };
	static const uint8_t header[28] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 34, 0x08,
		0, 0, 0, 0, 0, 0, 0, 28,
	};
	const struct bytes payloads[] = { BYTES_OF(garbage), BYTES_OF(header) };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
		uint64_t mark = target_log_mark(f->target);
		usec limit = now() + PATIENCE;
		uint8_t packet[256];
		char line[400];
		size_t len = datagram(packet, payloads[i].at, payloads[i].len);

		assert_int_equal(write(f->tun, packet, len), len);
		while (!target_log_line(f->target, &mark, line, sizeof(line)) && now() < limit)
			moment(f);
		assert_true(now() < limit);
		assert_true(target_alive(f->target, NULL));
	}
	assert_int_equal(order(f, TARGET_STATUS, NULL).progress, TARGET_DONE);
}

static void takes_no_nonsense(void **state)
{
	struct fixture *f = *state;
	struct why why;

	assert_int_equal(target_order(f->target, TARGET_INITIATE, "s9", &why), 0);
	assert_string_equal(why.text, "initiate: the target has no connection 's9'");
	assert_int_equal(target_order(f->target, TARGET_PING, NULL, &why), 0);
	assert_int_equal(target_result(f->target, 4711).progress, TARGET_REFUSED);
	assert_int_equal(order(f, TARGET_REKEY_IKE, "s1").progress, TARGET_REFUSED);
}

static void many_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned ticket[40];

	for (size_t i = 0; i < ARRAY_LEN(ticket); i++) {
		ticket[i] = target_order(f->target, TARGET_STATUS, NULL, NULL);
		assert_int_not_equal(ticket[i], 0);
	}
	for (size_t i = ARRAY_LEN(ticket); i-- > 0;)
		assert_int_equal(finish(f, ticket[i]).progress, TARGET_DONE);
}

static void death_is_seen(void **state)
{
	struct fixture *f = *state;
	struct target_exit how = { 0 };
	usec start = now();

	assert_int_not_equal(target_order(f->target, TARGET_KILL, NULL, NULL), 0);
	while (target_alive(f->target, &how) && now() < start + PATIENCE)
		moment(f);
	assert_true(how.exited);
	assert_int_equal(how.signal, SIGKILL);
	assert_true(now() - start < 3 * USEC_S);
	assert_int_equal(order(f, TARGET_RESTART, NULL).progress, TARGET_DONE);
	assert_true(target_alive(f->target, NULL));
	assert_int_equal(order(f, TARGET_STATUS, NULL).progress, TARGET_DONE);
}

static void leaves_nothing(void **state)
{
	struct fixture f = { .tun = -1 };
	char net[64], directory[160];
	size_t before = mount_lines();
	struct why why;

	(void)state;
	assert_true(target_config_slots(&f.config, 1, &why));
	f.target = target_start(name, &f.config, &why);
	assert_non_null(f.target);
	snprintf(directory, sizeof(directory), "%s", target_directory(f.target));
	if (has_wire()) {
		assert_true(namespace_of(target_pid(f.target), net, sizeof(net)));
		assert_true(processes_in(net) > 1);
		assert_int_equal(mount_lines(), before);
	}
	target_stop(f.target);
	if (has_wire())
		assert_int_equal(processes_in(net), 0);
	assert_int_not_equal(access(directory, F_OK), 0);
	assert_int_equal(mount_lines(), before);
	target_config_free(&f.config);
}

/* A start by a process that is killed after so long. */
static pid_t interrupted_start(unsigned after_ms)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct target_config config;

		if (target_config_slots(&config, 1, NULL))
			target_start(name, &config, NULL);
		for (;;)
			pause();
	}
	usleep(after_ms * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return pid;
}

static void interrupted_starts_leave_nothing(void **state)
{
	static const unsigned after_ms[] = { 4, 25, 400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(after_ms); i++) {
		char mark[32];
		usec limit = now() + PATIENCE;

		snprintf(mark, sizeof(mark), "+%d+", (int)interrupted_start(after_ms[i]));
		assert_true(target_down("nosuch", NULL));       /* sweeps */
		assert_int_equal(run_directories(mark), 0);
		while (processes_mounting(mark) > 0 && now() < limit)
			usleep(10000);
		assert_int_equal(processes_mounting(mark), 0);
	}
}

static void stands_alone(void **state)
{
	struct fixture f = { .tun = -1 };
	char text[400];
	struct why why = { 0 };

	(void)state;
	assert_false(target_show(name, text, sizeof(text)));
	assert_true(target_config_slots(&f.config, 1, &why));
	if (!target_up(name, &f.config, &why))
		fail_msg("%s", why.text);
	assert_true(target_show(name, text, sizeof(text)));
	assert_false(target_up(name, &f.config, &why));
	f.target = target_attach(name, &f.config, &why);
	assert_non_null(f.target);
	if (has_wire())
		assert_int_equal(order(&f, TARGET_STATUS, NULL).progress, TARGET_DONE);
	assert_null(target_attach(name, &f.config, &why));
	target_stop(f.target);
	assert_true(target_show(name, text, sizeof(text)));
	assert_true(target_down(name, &why));
	assert_false(target_show(name, text, sizeof(text)));
	assert_true(target_down(name, &why));
	target_config_free(&f.config);
}

static void commands_run(void **state)
{
	const char *const command[TARGET_VERBS] = {
		[TARGET_INITIATE] = "echo \"$CONNECTION from $TARGET_INNER to $TESTER_INNER\"",
		[TARGET_KILL] = "exit 3",
	};
	struct fixture f = { .tun = -1 };
	struct target_result result;
	struct why why;

	(void)state;
	assert_true(target_config_slots(&f.config, 1, &why));
	f.config.command = malloc(sizeof(command));
	assert_non_null(f.config.command);
	memcpy(f.config.command, command, sizeof(command));
	f.target = target_start(name, &f.config, &why);
	assert_non_null(f.target);
	assert_int_equal(target_tun(f.target, &why), -1);
	if (strcmp(name, "exec") == 0) {
		result = order(&f, TARGET_INITIATE, "s1-ip6");
		assert_string_equal(result.text, "s1-ip6 from 10.6.1.1 to 10.5.1.1\n");
		assert_int_equal(result.progress, TARGET_DONE);
		result = order(&f, TARGET_KILL, NULL);
		assert_int_equal(result.progress, TARGET_REFUSED);
		assert_int_equal(result.code, 3);
	}
	assert_int_equal(target_order(f.target, TARGET_STATUS, NULL, &why), 0);
	target_stop(f.target);
	target_config_free(&f.config);
}

static int available(void)
{
	struct target_config config;
	struct why why = { 0 };
	bool good = target_config_slots(&config, 1, &why) && target_available(name, &config, &why);

	if (!good)
		fprintf(stderr, "skipped: %s\n", why.text);
	target_config_free(&config);
	return good;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest daemons[] = {
		cmocka_unit_test(is_up),
		cmocka_unit_test(initiates),
		cmocka_unit_test(bears_garbage),
		cmocka_unit_test(takes_no_nonsense),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(death_is_seen),
	};
	const struct CMUnitTest lives[] = {
		cmocka_unit_test(leaves_nothing),
		cmocka_unit_test(interrupted_starts_leave_nothing),
		cmocka_unit_test(stands_alone),
	};
	const struct CMUnitTest others[] = {
		cmocka_unit_test(commands_run),
		cmocka_unit_test(leaves_nothing),
	};
	char folder[] = "/tmp/ikespec-targets.XXXXXX";  /* others may be testing, too */
	int failed;

	name = argc > 1 ? argv[1] : "strongswan";
	if (!available())
		return SKIPPED;
	if (!mkdtemp(folder) || setenv("IKESPEC_RUN", folder, 1) != 0)
		return 1;
	if (!has_wire())
		failed = cmocka_run_group_tests(others, NULL, NULL);
	else
		failed = cmocka_run_group_tests(daemons, up, down) +
			cmocka_run_group_tests(lives, NULL, NULL);
	if (rmdir(folder) != 0) {
		fprintf(stderr, "something is left in %s\n", folder);
		failed++;
	}
	return failed;
}
