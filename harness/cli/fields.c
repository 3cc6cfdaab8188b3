/* ikespec fields: the wire tables and the table of checks as documentation. */
#include "cli.h"
#include "esp/esp.h"
#include "esp/inner.h"
#include "ikev2/endpoint.h"
#include "ikev2/formats.h"
#include "ikev2/message.h"
#include "ikev2/timers.h"

/* The roots of paths, as scenarios write them. */
static const struct {
	const char *title, *prefix;
	const struct wire_format *format, *other;
} roots[] = {
	{ "an IKE message", "", &ike_message, NULL },
	{ "an ESP packet", "ESP.", &format_esp, NULL },
	{ "an outer packet: IPv4", "IP.", &format_ipv4, &format_ipv6 },
	{ "an outer packet: UDP", "UDP.", &format_udp, NULL },
	{ "an inner packet: IPv4", "INNER.", &format_ipv4, &format_ipv6 },
};

static void put_row(const struct wire_row *r, const char *path)
{
	char text[600], width[32] = "";
	size_t len;

	if (r->bits > 0)
		snprintf(width, sizeof(width), "%u bit%s", r->bits, r->bits == 1 ? "" : "s");
	len = (size_t)snprintf(text, sizeof(text), "  %-34s %-9s %-9s%s%s%s%s%s%s%s", path, wire_kind_name(r->kind), width,
			       r->of ? " of " : "", r->of ? r->of : "", r->names ? " [" : "",
			       r->names ? r->names->registry : "", r->names ? "]" : "", r->note ? " " : "",
			       r->note ? r->note : "");
	len = len < sizeof(text) ? len : sizeof(text) - 1;
	while (len > 0 && text[len - 1] == ' ')
		text[--len] = '\0';
	puts(text);
}

static void put_format(const struct wire_format *f, const char *prefix, int depth);

/* Elements of lists stand under their own names, variants as if nothing were around them. */
static void put_choices(const struct wire_row *r, const char *prefix, int depth)
{
	const struct wire_format *before = NULL;
	char below[200];
	size_t i;

	for (i = 0; i < r->choices->count; i++) {
		const struct wire_format *f = r->choices->rows[i].format;

		if (!f || f == before)
			continue;
		before = f;
		if (r->kind == WIRE_LIST)
			snprintf(below, sizeof(below), "%s.", f->name);
		else
			snprintf(below, sizeof(below), "%s", prefix);
		put_format(f, below, depth + 1);
	}
}

static void put_below(const struct wire_row *r, const char *prefix, int depth)
{
	char below[200];

	snprintf(below, sizeof(below), "%s%s.", prefix, r->kind == WIRE_LIST && r->item ? r->item->name : r->name);
	if (r->item)
		put_format(r->item, below, depth + 1);
	if (r->choices)
		put_choices(r, prefix, depth);
}

static void put_format(const struct wire_format *f, const char *prefix, int depth)
{
	size_t i;

	if (depth > 6)
		return;
	if (f->title)
		printf("\n%s, %s%s%s\n", f->title, f->section ? f->section : "", f->alias ? "; also " : "",
		       f->alias ? f->alias : "");
	for (i = 0; i < f->count; i++) {
		bool around = !f->rows[i].bits && (f->rows[i].item || f->rows[i].choices);
		char path[200];

		snprintf(path, sizeof(path), "%s%s", prefix, f->rows[i].name);
		if (!around)
			put_row(&f->rows[i], path);
	}
	for (i = 0; i < f->count; i++)
		put_below(&f->rows[i], prefix, depth);
}

/* The path below the root whose format it is for; false with why of that root if nothing is there. */
static bool put_in_root(size_t at, const char *path, struct why *why)
{
	const char *rest = path + strlen(roots[at].prefix);
	const struct wire_format *f = roots[at].format;
	const struct wire_row *row;

	if (at == 0 ? !message_path_possible(path, why) : !wire_path_possible(f, rest, why)) {
		f = roots[at].other;
		if (!f || !wire_path_possible(f, rest, NULL))
			return false;
	}
	row = at == 0 ? message_path_row(path) : wire_path_row(f, rest);
	if (row)
		put_row(row, path);
	else
		printf("  %-34s a part of %s\n", path, roots[at].title);
	return true;
}

static bool put_path(const char *path)
{
	struct why why = { 0 };
	size_t i;

	for (i = ARRAY_LEN(roots) - 1; i > 0; i--)
		if (strncmp(path, roots[i].prefix, strlen(roots[i].prefix)) == 0)
			break;
	if (put_in_root(i, path, &why))
		return true;
	fprintf(stderr, "ikespec: %s: %s\n", path, why.text);
	return false;
}

static void put_check(const char *name, const char *message, const char *requirement, const char *answer,
		      const char *title)
{
	printf("%-26s %-24s %-18s %-18s %s\n", name, message, requirement ? requirement : "", answer, title);
}

static void put_checks(void)
{
	static const char *const answers[] = { "silence", "clear notify", "notify", "notify, SA gone", "duty" };
	size_t i;

	for (i = 0; i < checks_count; i++)
		put_check(checks[i].name, checks[i].message, checks[i].requirement, answers[checks[i].answer],
			  checks[i].title);
	for (i = 0; i < esp_checks_count; i++)
		put_check(esp_checks[i].name, "ESP", esp_checks[i].requirement, esp_result_name(esp_checks[i].answer),
			  esp_checks[i].title);
}

static void put_timers(void)
{
	size_t i;

	for (i = 0; i < timers_count; i++)
		printf("%s (%s; %s)\n  started by  %s\n  stopped by  %s\n  then        %s\n", timers[i].name,
		       timer_owner_name(timers[i].of), timers[i].reference, timers[i].started, timers[i].stopped,
		       timers[i].does);
}

static void put_errors(void)
{
	char exchange[16], notify[16];
	size_t i;

	for (i = 0; i < errors_count; i++) {
		const struct error_row *row = &errors[i];

		printf("%-15s %-12s %-9s %-28s %-12s %-22s %s\n",
		       row->exchange ? names_print(&names_exchange, row->exchange, exchange, sizeof(exchange)) : "any",
		       row->purpose ? exchanges[row->purpose].name : "",
		       row->after_auth ? "1st req." : row->request ? "request" : "response",
		       row->notify ? names_print(&names_notify, row->notify, notify, sizeof(notify)) : "any other error",
		       error_action_name(row->action), row->reference, row->title);
	}
}

static void put_rules(const char *message, const struct payload_rules *rules)
{
	char spare[16];
	size_t i;

	printf("  %-9s", message);
	for (i = 0; i < rules->count; i++) {
		const struct payload_rule *r = &rules->rows[i];
		const char *name = names_print(&names_payload, r->payload, spare, sizeof(spare));

		printf(r->min == 0 ? " [%s]" : r->max > 1 ? " %s..." : " %s", name);
	}
	puts(rules->count == 0 ? " any payloads, or none" : "");
}

static void put_exchanges(void)
{
	static const char *const states[] = { "begins an IKE SA", "before it is authenticated", "established", "ended" };
	char spare[16];
	size_t i;

	for (i = PURPOSE_NONE + 1; i < exchanges_count; i++) {
		const struct exchange_row *row = &exchanges[i];

		printf("%s (%s; IKE SA: %s)\n", row->name,
		       names_print(&names_exchange, row->exchange, spare, sizeof(spare)), states[row->state]);
		put_rules("request", &row->request);
		put_rules("response", &row->response);
	}
}

static const char *shown(const char *word)
{
	return word ? word : "-";
}

static const char *owed(const struct transform *t, bool esp)
{
	if (!(t->suites & (esp ? TRANSFORM_IN_ESP : TRANSFORM_IN_IKE)))
		return "-";
	return transform_level_name(transform_level(t, esp));
}

static void put_transforms(void)
{
	static const char *const types[] = { "", "ENCR", "PRF", "INTEG", "KE", "ESN" };
	size_t i;

	printf("%-5s %3s %-24s %-10s %-10s %-5s %-20s %s\n", "type", "id", "name", "IKE", "ESP", "here", "Libreswan",
	       "strongSwan");
	for (i = 0; i < transforms_count; i++) {
		const struct transform *t = &transforms[i];

		printf("%-5s %3u %-24s %-10s %-10s %-5s %-20s %s\n", types[t->type], t->id, t->name, owed(t, false),
		       owed(t, true), t->suites & TRANSFORM_IMPLEMENTED ? "yes" : "no", shown(t->libreswan),
		       shown(t->strongswan));
	}
}

static bool put_suite(const char *text)
{
	struct why ike = { 0 }, esp = { 0 };
	struct suite suite;
	char said[400];
	bool is_ike = suite_parse(text, false, &suite, &ike), is_esp = !is_ike && suite_parse(text, true, &suite, &esp);

	if (!is_ike && !is_esp) {
		fprintf(stderr, "ikespec: no suite of IKE: %s; nor of ESP: %s\n", ike.text, esp.text);
		return false;
	}
	printf("%s: %s\n", text, suite_discouraged(&suite, is_esp, said, sizeof(said)) ? said : "nothing against it");
	return true;
}

static void put_all(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(roots); i++) {
		printf("%s== %s\n", i == 0 ? "" : "\n", roots[i].title);
		put_format(roots[i].format, roots[i].prefix, 0);
	}
}

int cli_fields(int argc, char **argv)
{
	static const struct { const char *option; void (*put)(void); } tables[] = {
		{ "--checks", put_checks }, { "--timers", put_timers }, { "--exchanges", put_exchanges },
		{ "--errors", put_errors },
		{ "--transforms", put_transforms },
	};
	bool ok = true;
	int at;

	for (at = 0; argc == 2 && at < (int)ARRAY_LEN(tables); at++) {
		if (strcmp(argv[1], tables[at].option) == 0) {
			tables[at].put();
			return EXIT_OK;
		}
	}
	if (argc >= 3 && strcmp(argv[1], "--suite") == 0) {
		for (at = 2; at < argc; at++)
			ok = put_suite(argv[at]) && ok;
		return ok ? EXIT_OK : EXIT_USAGE;
	}
	if (argc >= 2 && argv[1][0] == '-') {
		bool help = strcmp(argv[1], "--help") == 0;

		fputs("Usage: ikespec fields [PATH]... | --checks | --timers | --exchanges | --errors | --transforms | --suite WORDS...\n"
		      "The wire tables, or what a path such as SA.P[1].T(ENCR).id means; the checks and duties that a fault\n"
		      "may leave out; the timers of an endpoint; the exchanges and the payloads that each must (or [may]) hold;\n"
		      "what becomes of an error that the peer tells;\n"
		      "the transforms with what RFC 8247 and RFC 8221 demand of them, and what speaks against a suite.\n",
		      help ? stdout : stderr);
		return help ? EXIT_OK : EXIT_USAGE;
	}
	for (at = 1; at < argc; at++)
		ok = put_path(argv[at]) && ok;
	if (argc == 1)
		put_all();
	return ok ? EXIT_OK : EXIT_USAGE;
}
