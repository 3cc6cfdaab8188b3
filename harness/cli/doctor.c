/* ikespec doctor: what the machine has, what a target can do, and a profile of it. */
#include <argp.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doctor/doctor.h"
#include "options.h"
#include "target/driver.h"
#include "world/sockaddr.h"

#define TEXTS ((size_t)4 << 20)

struct doctor_arguments {
	const char *target, *fault, *out;
	usec limit;
	bool json, quiet;
};

enum { OPTION_JSON = 256, OPTION_LIMIT, OPTION_FAULT };

static const struct argp_option options[] = {
	{ "target", 't', "PROFILE", 0, "also the target of a profile (name or file), or at an address", 0 },
	{ "out", 'o', "FILE", 0, "writes a profile of what was seen, for run -t FILE", 0 },
	{ "limit", OPTION_LIMIT, "TIME", 0, "for questions to the target; default 60s", 0 },
	{ "fault", OPTION_FAULT, "NAME", 0, "the built-in target with that fault", 0 },
	{ "json", OPTION_JSON, NULL, 0, "findings as JSON, schema ikespec-doctor/1", 1 },
	{ "quiet", 'q', NULL, 0, "only what is not ok", 1 },
	{ 0 },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct doctor_arguments *a = state->input;

	switch (key) {
	case OPTION_JSON:
		a->json = true;
		return 0;
	case 't':
		a->target = text;
		return 0;
	case 'o':
		a->out = text;
		return 0;
	case OPTION_LIMIT:
		a->limit = cli_time("limit", text, state);
		return 0;
	case OPTION_FAULT:
		a->fault = text;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much", text);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* ------------------------------------------------------------ text */

static void put_finding(const struct finding *f)
{
	printf("  %-11s  %-18s %s\n", finding_state_name(f->state), f->name, f->what);
	if (f->costs)
		printf("  %-11s  %-18s   costs: %s\n", "", "", f->costs);
	if (f->mend)
		printf("  %-11s  %-18s   mend:  %s\n", "", "", f->mend);
}

static bool good(enum finding_state s)
{
	return s == FINDING_OK || s == FINDING_YES || s == FINDING_NOTE;
}

static void put_findings(const struct findings *f, bool quiet)
{
	const char *group = "";

	for (size_t i = 0; i < f->count; i++) {
		const struct finding *row = &f->rows[i];

		if (quiet && good(row->state))
			continue;
		if (strcmp(group, row->group) != 0)
			printf("%s%s\n", *group ? "\n" : "", row->group);
		group = row->group;
		put_finding(row);
	}
	if (f->count)
		putchar('\n');
}

static void put_summary(const char *of, const struct findings *f, enum finding_state yes, enum finding_state no)
{
	size_t notes = findings_in(f, FINDING_NOTE);

	printf("%s: %zu checks: %zu %s, %zu %s, %zu noted, %zu not checked\n", of, f->count, findings_in(f, yes),
	       finding_state_name(yes), findings_in(f, no), finding_state_name(no), notes,
	       findings_in(f, FINDING_UNCHECKED));
}

/* ------------------------------------------------------------ JSON */

static void set_text(json_t *o, const char *name, const char *text)
{
	if (text)
		json_object_set_new(o, name, json_string(text));
}

static json_t *findings_json(const struct findings *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->count; i++) {
		const struct finding *row = &f->rows[i];
		json_t *o = json_object();

		set_text(o, "group", row->group);
		set_text(o, "name", row->name);
		set_text(o, "state", finding_state_name(row->state));
		set_text(o, "what", row->what);
		set_text(o, "costs", row->costs);
		set_text(o, "mend", row->mend);
		json_array_append_new(rows, o);
	}
	return rows;
}

static void put_json(const struct findings *machine, const struct findings *target)
{
	json_t *o = json_pack("{ss so}", "schema", "ikespec-doctor/1", "machine", findings_json(machine));

	if (target)
		json_object_set_new(o, "target", findings_json(target));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

/* ------------------------------------------------------------ the target */

/* Everything that is looked at; freed in one place. */
struct looking {
	struct doctor_arguments a;
	struct run_options run;
	struct findings machine, target;
	struct exam *exam;
	struct profile up; /* of a target that was up before */
	bool address_alone;
	char root[400];
};

static volatile bool stop_wanted;

static void on_interrupt(int signal)
{
	(void)signal;
	stop_wanted = true;
}

/* Our address on the way to that one, by the routing table. */
static bool address_towards(const struct address *to, struct address *out)
{
	struct sockaddr_storage at;
	struct address goal = *to;
	socklen_t len;
	bool there;
	int fd;

	goal.port = 500;
	len = sockaddr_of(&goal, &at);
	fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	there = fd >= 0 && connect(fd, (struct sockaddr *)&at, len) == 0;
	len = sizeof at;
	there = there && getsockname(fd, (struct sockaddr *)&at, &len) == 0 && sockaddr_read(&at, out);
	if (fd >= 0)
		close(fd);
	out->port = 0;
	return there;
}

static bool may_bind(const struct address *at, uint16_t port)
{
	struct sockaddr_storage to;
	struct address a = *at;
	socklen_t len;
	bool good;
	int fd;

	a.port = port;
	len = sockaddr_of(&a, &to);
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	good = fd >= 0 && bind(fd, (struct sockaddr *)&to, len) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

/* A profile for an address alone: of what both ends are configured for nothing is known. */
static const struct profile *profile_of_address(struct looking *k, const struct address *target, struct why *why)
{
	bool six = target->family == 6;
	char text[3000], there[ADDRESS_TEXT], here[ADDRESS_TEXT];
	struct address host = *target, own;
	bool usual;

	host.port = 0;
	if (!address_towards(&host, &own)) {
		why_set(why, "there is no way to %s from here", address_print(&host, there));
		return NULL;
	}
	usual = may_bind(&own, 500) && may_bind(&own, 4500);
	address_print(&host, there);
	address_print(&own, here);
	snprintf(text, sizeof text,
		 "<profile xmlns=\"urn:ikespec:scenario:1\" id=\"doctor\"><title>%s</title>"
		 "<target address=\"%s\"%s%s%s port=\"%u\"/><tester address=\"%s\" port=\"%d\" nat-port=\"%d\"/>"
		 "<connection name=\"psk\"><ike suite=\"aes256gcm16-prfsha256-ecp256\"/><esp suite=\"aes256gcm16\"/>"
		 "<esp suite=\"aes128-sha256\"/><tester auth=\"psk\" identity=\"fqdn:tester.example.org\" "
		 "secret=\"nobody knows it\" selectors=\"10.1.1.0/24\" inner=\"10.1.1.1\"/><target auth=\"psk\" "
		 "identity=\"fqdn:target.example.org\" selectors=\"10.2.1.0/24\" inner=\"10.2.1.1\"/></connection></profile>",
		 there, there, six ? " address6=\"" : "", six ? there : "", six ? "\"" : "",
		 target->port ? target->port : 500, here, usual ? 500 : 10500, usual ? 4500 : 14500);
	if (!library_load_text(k->run.library, "doctor.xml", bytes_text(text), cli_complaint, NULL)) {
		why_set(why, "no profile of %s could be made", there);
		return NULL;
	}
	return library_profile(k->run.library, "doctor");
}

/* A daemon that `ikespec target up` left is examined as it is, not one that is started for it. */
static const struct profile *standing(struct looking *k, const struct profile *p)
{
	bool daemon = p->driver && (strcmp(p->driver, "strongswan") == 0 || strcmp(p->driver, "libreswan") == 0);
	char text[1000];

	if (!daemon || p->standing || !target_show(k->a.target, text, sizeof text))
		return p;
	k->up = *p;
	k->up.standing = k->a.target;
	return &k->up;
}

static const struct profile *find_profile(struct looking *k, struct why *why)
{
	const struct profile *p = cli_profile(k->run.library, k->a.target);
	struct address at;

	if (p)
		return standing(k, p);
	k->address_alone = address_parse(k->a.target, &at);
	if (k->address_alone)
		return profile_of_address(k, &at, why);
	why_set(why, "there is no profile '%s' (those below %s/profiles are known, and paths of others), and it is no address",
		k->a.target, k->root);
	return NULL;
}

/* For its owner alone: there may be secrets in it. */
static bool write_profile(struct looking *k)
{
	int fd = open(k->a.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = f && exam_write(k->exam, f);

	if (f && fclose(f) != 0)
		good = false;
	if (!good)
		fprintf(stderr, "ikespec: cannot write %s\n", k->a.out);
	return good;
}

static int examine(struct looking *k)
{
	struct exam_options o = { .run = &k->run, .limit = k->a.limit };
	struct why why = { "" };
	enum exam_end end;

	k->run.profile = find_profile(k, &why);
	if (k->a.fault && !library_fault(k->run.library, k->a.fault)) {
		k->run.profile = NULL;
		why_set(&why, "no fault is called '%s'", k->a.fault);
	}
	if (!k->run.profile) {
		cli_complain(&why);
		return EXIT_USAGE;
	}
	o.credentials = !k->address_alone;
	k->run.fault = k->a.fault;
	k->run.stop = &stop_wanted;
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	k->exam = exam_new(&o, &k->target);
	if (!k->exam)
		return EXIT_UNCLEAR;
	end = exam_run(k->exam);
	if (end == EXAM_DONE && k->a.out && !stop_wanted && !write_profile(k))
		return EXIT_UNCLEAR;
	return stop_wanted ? EXIT_INTERRUPTED :
	       end == EXAM_DONE ? EXIT_OK : end == EXAM_SILENT ? EXIT_FAILED : EXIT_UNCLEAR;
}

/* ------------------------------------------------------------ running */

static void put_all(const struct looking *k)
{
	const struct findings *target = k->a.target ? &k->target : NULL;

	if (k->a.json) {
		put_json(&k->machine, target);
		return;
	}
	put_findings(&k->machine, k->a.quiet || target);
	if (target)
		put_findings(target, k->a.quiet);
	put_summary("machine", &k->machine, FINDING_OK, FINDING_MISSING);
	if (target)
		put_summary(k->a.target, target, FINDING_YES, FINDING_NO);
}

static int look(struct looking *k)
{
	int code = EXIT_OK;

	doctor_machine(&k->run, &k->machine);
	if (k->a.target)
		code = examine(k);
	if (code != EXIT_USAGE)
		put_all(k);
	return code;
}

static bool prepare(struct looking *k)
{
	bool path = k->a.target && options_is_path(k->a.target) && access(k->a.target, R_OK) == 0;
	struct why why = { "" };

	k->run.library = cli_load(&k->a.target, path, k->root);
	k->run.root = k->root;
	if (!k->run.library)
		return false;
	k->run.crypto = crypto_new(&why);
	k->machine.arena = arena_new(TEXTS);
	k->target.arena = arena_new(TEXTS);
	if (!k->run.crypto)
		cli_complain(&why);
	return k->run.crypto && k->machine.arena && k->target.arena;
}

int cli_doctor(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, NULL,
		"Looks at what this machine has of what ikespec needs: what is missing, what that costs, and the command "
		"that mends it. With -t also at a target: is it there, which transforms does it take, what can it do? "
		"PROFILE is a name (strongswan), a file, or an address of which nothing else is known."
		"\vExit: 0 looked at everything, 1 the target does not answer or takes nothing, 2 interrupted, 3 the machine "
		"could not ask it, 4 usage.",
		NULL, NULL, NULL,
	};
	struct looking *k = calloc(1, sizeof *k);
	int code = EXIT_USAGE;

	if (!k)
		return EXIT_UNCLEAR;
	k->run.seed = 1;
	argp_parse(&argp, argc, argv, 0, NULL, &k->a);
	if (prepare(k))
		code = look(k);
	exam_free(k->exam);
	arena_free(k->machine.arena);
	arena_free(k->target.arena);
	crypto_free(k->run.crypto);
	library_free(k->run.library);
	free(k);
	return code;
}
