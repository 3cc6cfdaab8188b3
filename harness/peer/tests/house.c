#include "house.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *root;

const char *loopback(unsigned n)
{
	static char texts[8][32];
	static unsigned turn;
	char *text = texts[turn++ % 8];

	snprintf(text, sizeof(texts[0]), "127.%d.%d.%u", 64 + getppid() / 256 % 64, getppid() % 256, n + 1);
	return text;
}

static void profile_text(const struct end *e, char *out, size_t cap)
{
	const char *proof = e->certificates ? "auth='certificate' certificate='ecdsa256'" : "auth='psk'";

	snprintf(out, cap,
		 "<profile xmlns='urn:ikespec:scenario:1' id='%s'><title>T</title>"
		 "<target address='%s' port='15500' nat-port='14500'/>"
		 "<tester address='%s' port='25500' nat-port='24500'/>"
		 "<connection name='net'><ike suite='aes128gcm16-prfsha256-x25519'/><esp suite='aes128gcm16'/>"
		 "<tester %s identity='fqdn:%s' secret='text:%s' selectors='10.1.%u.0/24' inner='10.1.%u.1'/>"
		 "<target %s identity='fqdn:target' selectors='10.2.%u.0/24' inner='10.2.%u.1'/>"
		 "</connection></profile>",
		 e->id, loopback(e->target), loopback(e->tester), proof, e->tester_id, e->secret, e->net, e->net,
		 proof, e->net, e->net);
}

static void complain(void *ctx, const struct why *why)
{
	(void)ctx;
	fprintf(stderr, "%s:%u: %s\n", why->file, why->line, why->text);
}

static int live(const struct end *ends, size_t count, bool as_target, const char *control)
{
	const struct profile *profiles[8];
	struct event_log log = { 0 };
	struct why why = { "" };
	struct library *l = library_new(root, NULL, &why);
	struct peer_options o = { .profiles = profiles, .as_target = as_target, .log = &log, .echo = true,
				  .control = control, .grace = 2 * USEC_S, .signals = -1 };
	struct peer *p = NULL;
	char text[2000];
	bool senseless;
	int code = 77;

	o.crypto = crypto_new(&why);
	for (size_t i = 0; i < count; i++) {
		profile_text(&ends[i], text, sizeof(text));
		if (!library_load_text(l, "test.xml", bytes_text(text), complain, NULL))
			return 78;
		profiles[o.profile_count++] = library_profile(l, ends[i].id);
	}
	p = peer_new(&o, &senseless, &why);
	if (p)
		peer_run(p);
	else
		fprintf(stderr, "%s\n", why.text);
	if (p)
		code = (int)peer_figures(p).left;
	peer_free(p);
	crypto_free(o.crypto);
	library_free(l);
	return code;
}

struct room room_open(const struct end *ends, size_t count, bool as_target, const char *name)
{
	struct room r;
	char *answer;

	snprintf(r.control, sizeof(r.control), "/tmp/ikespec-peer-%d-%s", getpid(), name);
	fflush(NULL);
	r.pid = fork();
	assert_true(r.pid >= 0);
	if (r.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(live(ends, count, as_target, r.control));
	}
	for (int turns = 0; turns < 500; turns++) {
		if (peer_ask(r.control, "help", 5 * USEC_S, &answer, NULL)) {
			free(answer);
			return r;
		}
		usleep(10000);
	}
	fail_msg("no peer came up");
	return r;
}

int room_close(struct room *r)
{
	char *answer = NULL;
	int status;

	peer_ask(r->control, "quit", 10 * USEC_S, &answer, NULL);
	free(answer);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(access(r->control, F_OK), 0);
	return WEXITSTATUS(status);
}

json_t *order(const struct room *r, const char *line)
{
	struct why why = { "" };
	char *answer = NULL;
	json_t *json;

	if (!peer_ask(r->control, line, 30 * USEC_S, &answer, &why))
		fail_msg("%s: %s", line, why.text);
	json = json_loads(answer, 0, NULL);
	assert_non_null(json);
	free(answer);
	return json;
}

void done(const struct room *r, const char *line)
{
	json_t *answer = order(r, line);

	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("%s: %s", line, json_string_value(json_object_get(answer, "error")));
	json_decref(answer);
}

void refused(const struct room *r, const char *line, const char *text)
{
	json_t *answer = order(r, line);
	const char *error = json_string_value(json_object_get(answer, "error"));

	assert_true(json_is_false(json_object_get(answer, "ok")));
	if (!error || !strstr(error, text))
		fail_msg("%s: wanted '%s', got '%s'", line, text, error ? error : "no error");
	json_decref(answer);
}

size_t ike_sas(const struct room *r)
{
	json_t *status = order(r, "status"), *c;
	size_t i, count = 0;

	json_array_foreach(json_object_get(status, "connections"), i, c)
		count += json_array_size(json_object_get(c, "ike_sas"));
	json_decref(status);
	return count;
}

int house_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
	if (argc < 2) {
		fprintf(stderr, "the scenarios folder is wanted\n");
		return 1;
	}
	root = argv[1];
	return _cmocka_run_group_tests("peer", tests, count, NULL, NULL);
}
