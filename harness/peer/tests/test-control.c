/*
 * The control socket: lines, bounds, clients that come in pieces, too many or do not read.
 */
#include "house.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct end alone[] = { { "one", 0, 1, "first", "a secret", 1 } };

static int dial(const struct room *r)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, r->control);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Everything until the other side hangs up, or so many lines came. */
static size_t lines_of(int fd, size_t wanted, char *text, size_t cap)
{
	size_t len = 0, lines = 0;

	while (lines < wanted && len < cap - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got = poll(&p, 1, 5000) > 0 ? recv(fd, text + len, cap - 1 - len, 0) : -1;

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			lines += text[len + (size_t)i] == '\n';
		len += (size_t)got;
	}
	text[len] = '\0';
	return lines;
}

static void what_makes_no_sense_is_said(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "", "an empty line" },
		{ "   ", "an empty line" },
		{ "statsu", "did you mean 'status'?" },
		{ "xyzzy", "there is no verb 'xyzzy'" },
		{ "status net", "takes no name" },
		{ "initiate nte", "there is no connection 'nte': net" },
		{ "initiate net at once", "'at' is too much" },
		{ "liveness", "there is no IKE SA" },
		{ "rekey-ike net", "connection net has no IKE SA" },
		{ "delete-child 01234567", "there is no connection '01234567'" },
		{ "delete-ike 0123456789abcdef", "there is no connection '0123456789abcdef'" },
	};
	struct room r = room_open(alone, 1, false, "sense");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refused(&r, cases[i].line, cases[i].text);
	assert_int_equal(room_close(&r), 0);
}

static void lines_come_in_any_pieces(void **state)
{
	struct room r = room_open(alone, 1, false, "pieces");
	static const char text[] = "help\r\nstatus\nhelp\nno\n";
	char answers[20000];
	int fd = dial(&r);

	(void)state;
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	assert_int_equal(lines_of(fd, 4, answers, sizeof(answers)), 4);
	assert_non_null(strstr(answers, "\"device\":\"echo\""));
	for (size_t i = 0; i < strlen(text); i++) {
		assert_int_equal(send(fd, text + i, 1, 0), 1);
		usleep(500);
	}
	assert_int_equal(lines_of(fd, 4, answers, sizeof(answers)), 4);
	/* Half closed: what was asked is answered, then it hangs up. */
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	shutdown(fd, SHUT_WR);
	assert_int_equal(lines_of(fd, 99, answers, sizeof(answers)), 4);
	close(fd);
	assert_int_equal(room_close(&r), 0);
}

static void too_long_a_line_ends_it(void **state)
{
	struct room r = room_open(alone, 1, false, "long");
	char line[1000], answers[2000];
	int fd = dial(&r);

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(send(fd, line, sizeof(line), 0), sizeof(line));
	assert_int_equal(lines_of(fd, 2, answers, sizeof(answers)), 1);
	assert_non_null(strstr(answers, "a line of more than"));
	close(fd);
	done(&r, "help");
	assert_int_equal(room_close(&r), 0);
}

/* One that never reads is dropped; the others are served all the while. */
static void nobody_holds_it_up(void **state)
{
	struct room r = room_open(alone, 1, false, "slow");
	char many[6500];
	int fd[40];

	(void)state;
	for (size_t i = 0; i + 5 <= sizeof(many); i += 5)
		memcpy(many + i, "help\n", 5);
	fd[0] = dial(&r);
	for (int i = 0; i < 20; i++)
		send(fd[0], many, sizeof(many), MSG_DONTWAIT | MSG_NOSIGNAL);
	done(&r, "status");
	for (size_t i = 1; i < ARRAY_LEN(fd); i++)
		fd[i] = dial(&r);
	usleep(50000);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
	usleep(50000);
	done(&r, "status");
	assert_int_equal(room_close(&r), 0);
}

/* Whoever hangs up while an order is under way takes nothing with it. */
static void an_order_outlives_its_client(void **state)
{
	struct room r = room_open(alone, 1, false, "gone");
	int fd = dial(&r);

	(void)state;
	assert_int_equal(send(fd, "initiate\n", 9, 0), 9);      /* nobody answers it */
	usleep(20000);
	close(fd);
	usleep(20000);
	done(&r, "status");
	assert_int_equal(ike_sas(&r), 1);       /* half-open */
	assert_int_equal(room_close(&r), 0);
}

static void the_socket_is_its_owners(void **state)
{
	struct room r = room_open(alone, 1, false, "owner");
	struct stat st;

	(void)state;
	assert_int_equal(stat(r.control, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(room_close(&r), 0);
}

static void nobody_there_is_said(void **state)
{
	struct why why = { "" };
	char *answer, path[200];

	(void)state;
	assert_false(peer_ask("/nonexistent/x", "status", USEC_S, &answer, &why));
	assert_non_null(strstr(why.text, "/nonexistent/x"));
	assert_null(answer);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(peer_ask(path, "status", USEC_S, &answer, &why));
	assert_non_null(strstr(why.text, "too long"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_said),
		cmocka_unit_test(lines_come_in_any_pieces),
		cmocka_unit_test(too_long_a_line_ends_it),
		cmocka_unit_test(nobody_holds_it_up),
		cmocka_unit_test(an_order_outlives_its_client),
		cmocka_unit_test(the_socket_is_its_owners),
		cmocka_unit_test(nobody_there_is_said),
	};

	return house_main(argc, argv, tests, ARRAY_LEN(tests));
}
