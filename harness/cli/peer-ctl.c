/* ikespec peer --ctl: orders to a peer that runs, and its answers for people. */
#include "peer-ctl.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "peer/peer.h"

#define ANSWER_LIMIT (120 * USEC_S)

char *peer_control_path(char *text, size_t cap)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		snprintf(text, cap, "/run/ikespec-peer.sock");
	else if (runtime)
		snprintf(text, cap, "%s/ikespec-peer.sock", runtime);
	else
		snprintf(text, cap, "/tmp/ikespec-peer-%u.sock", (unsigned)geteuid());
	return text;
}

/* ------------------------------------------------------------ status for people */

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "-";
}

static long long number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static void print_selectors(const json_t *list)
{
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
		printf("%s%s", i ? ", " : "", text_of(row, "range"));
}

static void print_refused(const json_t *in)
{
	const char *name;
	json_t *count;

	json_object_foreach(json_object_get(in, "refused"), name, count)
		printf(", %lld %s", (long long)json_integer_value(count), name);
}

static void print_child(const json_t *c)
{
	const json_t *in = json_object_get(c, "in"), *out = json_object_get(c, "out");

	printf("    Child SA %s in, %s out  %s\n      ", text_of(c, "spi_in"), text_of(c, "spi_out"),
	       text_of(c, "suite"));
	print_selectors(json_object_get(c, "ours"));
	printf(" = ");
	print_selectors(json_object_get(c, "theirs"));
	printf("\n      in %lld packets (%lld octets), out %lld packets (%lld octets)", number_of(in, "packets"),
	       number_of(in, "octets"), number_of(out, "packets"), number_of(out, "octets"));
	print_refused(in);
	printf("\n");
}

static void print_ike(const json_t *sa)
{
	const json_t *child;
	size_t i;

	printf("  IKE SA %s_i %s_r  %s, %s, %s%s\n", text_of(sa, "spi_i"), text_of(sa, "spi_r"), text_of(sa, "state"),
	       json_is_true(json_object_get(sa, "initiator")) ? "initiator" : "responder", text_of(sa, "suite"),
	       json_is_true(json_object_get(sa, "busy")) ? ", a request is in flight" : "");
	printf("    %s = %s, heard %.1f s ago, next request %lld, expects %lld\n", text_of(sa, "local"),
	       text_of(sa, "remote"), json_real_value(json_object_get(sa, "idle_seconds")),
	       number_of(sa, "next_request"), number_of(sa, "next_expected"));
	json_array_foreach(json_object_get(sa, "children"), i, child)
		print_child(child);
}

static void print_status(const json_t *status)
{
	const json_t *c, *sa, *counts = json_object_get(status, "counts");
	size_t i, k;

	json_array_foreach(json_object_get(status, "connections"), i, c) {
		printf("%s  %s = %s%s\n", text_of(c, "name"), text_of(c, "local"), text_of(c, "remote"),
		       json_array_size(json_object_get(c, "ike_sas")) ? "" : "  down");
		json_array_foreach(json_object_get(c, "ike_sas"), k, sa)
			print_ike(sa);
	}
	printf("%s, up %.0f s; %lld IKE SAs and %lld Child SAs came to be; %lld packets in, %lld out\n",
	       text_of(status, "device"), json_real_value(json_object_get(status, "up_seconds")),
	       number_of(counts, "ike_sas_made"), number_of(counts, "child_sas_made"),
	       number_of(counts, "packets_in"), number_of(counts, "packets_out"));
}

static void print_done(const json_t *answer)
{
	if (!json_object_get(answer, "done")) {
		printf("ok\n");
		return;
	}
	printf("%s of %s done in %.3f s", text_of(answer, "done"), text_of(answer, "connection"),
	       json_real_value(json_object_get(answer, "seconds")));
	if (json_object_get(answer, "spi_i"))
		printf(": IKE SA %s_i %s_r, Child SA %s", text_of(answer, "spi_i"), text_of(answer, "spi_r"),
		       text_of(answer, "child"));
	printf("\n");
}

static void print_verbs(const json_t *verbs)
{
	const char *name;
	json_t *does;

	json_object_foreach((json_t *)(uintptr_t)verbs, name, does)
		printf("  %-13s %s\n", name, json_string_value(does));
}

/* ------------------------------------------------------------ the order */

static int show(const char *text, bool as_json)
{
	json_t *answer = json_loads(text, 0, NULL);
	bool ok = json_is_true(json_object_get(answer, "ok"));

	if (as_json || !json_is_object(answer))
		puts(text);
	else if (!ok)
		fprintf(stderr, "ikespec: %s\n", text_of(answer, "error"));
	else if (json_object_get(answer, "connections"))
		print_status(answer);
	else if (json_object_get(answer, "verbs"))
		print_verbs(json_object_get(answer, "verbs"));
	else
		print_done(answer);
	json_decref(answer);
	return ok ? EXIT_OK : EXIT_FAILED;
}

int peer_ctl(const char *path, char *const *words, size_t count, int as_json)
{
	char line[200] = "", *answer;
	size_t len = 0;
	struct why why;
	int code;

	for (size_t i = 0; i < count && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", i ? " " : "", words[i]);
	if (len >= sizeof(line) || strchr(line, '\n')) {
		fprintf(stderr, "ikespec: that is no order: VERB [NAME]\n");
		return EXIT_USAGE;
	}
	if (!peer_ask(path, line, ANSWER_LIMIT, &answer, &why)) {
		cli_complain(&why);
		return EXIT_UNCLEAR;
	}
	code = show(answer, as_json);
	free(answer);
	return code;
}
