/* ikespec fields: the wire tables and the table of checks as documentation. */
#include "cli.h"
#include "esp/esp.h"
#include "esp/inner.h"
#include "ikev2/endpoint.h"
#include "ikev2/formats.h"

static const struct {
	const char *title;
	const struct wire_format *format;
} roots[] = {
	{ "an IKE message", &format_message },
	{ "ESP", &format_esp },
	{ "IPv4 (IP, INNER)", &format_ipv4 },
	{ "IPv6 (IP, INNER)", &format_ipv6 },
	{ "UDP", &format_udp },
};

static void put_width(const struct wire_row *r)
{
	char text[32] = "";

	if (r->bits > 0)
		snprintf(text, sizeof(text), "%u bit%s", r->bits, r->bits == 1 ? "" : "s");
	printf("%-9s", text);
}

static void put_row(const struct wire_row *r, const char *prefix)
{
	char path[200];

	snprintf(path, sizeof(path), "%s%s", prefix, r->name);
	printf("  %-34s %-9s ", path, wire_kind_name(r->kind));
	put_width(r);
	if (r->of)
		printf(" of %s", r->of);
	if (r->names)
		printf(" [%s]", r->names->registry);
	if (r->note)
		printf(" %s", r->note);
	putchar('\n');
}

static void put_format(const struct wire_format *f, const char *prefix, int depth);

static void put_children(const struct wire_row *r, const char *prefix, int depth)
{
	char below[200];
	size_t i;

	snprintf(below, sizeof(below), "%s%s.", prefix, r->name);
	if (r->item)
		put_format(r->item, below, depth + 1);
	for (i = 0; r->choices && i < r->choices->count; i++) {
		const struct wire_format *f = r->choices->rows[i].format;

		if (!f)
			continue;
		/* Payloads stand at the root of paths. */
		if (r->kind == WIRE_LIST)
			snprintf(below, sizeof(below), "%s.", f->name);
		put_format(f, below, depth + 1);
	}
}

static void put_format(const struct wire_format *f, const char *prefix, int depth)
{
	size_t i;

	if (depth > 6)
		return;
	if (f->title)
		printf("%s%s (%s)\n", depth == 0 ? "" : " ", f->title, f->section ? f->section : "");
	for (i = 0; i < f->count; i++) {
		put_row(&f->rows[i], prefix);
		put_children(&f->rows[i], prefix, depth);
	}
}

static bool put_path(const char *path)
{
	const struct wire_row *row;
	struct why why, first;
	size_t i;

	for (i = 0; i < ARRAY_LEN(roots); i++) {
		if (!wire_path_possible(roots[i].format, path, i == 0 ? &first : &why))
			continue;
		row = wire_path_row(roots[i].format, path);
		if (row)
			put_row(row, "");
		else
			printf("  %s: a part of %s\n", path, roots[i].title);
		return true;
	}
	cli_complain(&first);
	return false;
}

static void put_checks(void)
{
	static const char *const answers[] = { "silence", "clear notify", "notify", "notify, SA deleted", "duty" };
	size_t i;

	for (i = 0; i < checks_count; i++)
		printf("%-32s %-22s %-20s %-18s %s\n", checks[i].name, checks[i].message,
		       checks[i].requirement ? checks[i].requirement : "", answers[checks[i].answer], checks[i].title);
	for (i = 0; i < esp_checks_count; i++)
		printf("%-32s %-22s %-20s %-18s %s\n", esp_checks[i].name, "ESP",
		       esp_checks[i].requirement ? esp_checks[i].requirement : "", esp_result_name(esp_checks[i].answer),
		       esp_checks[i].title);
}

int cli_fields(int argc, char **argv)
{
	size_t i;
	int at;
	bool ok = true;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("Usage: ikespec fields [PATH]... | --checks\nThe wire tables, or what a path such as SA.P[1].T(ENCR).id "
		     "means; the checks and duties that a fault may leave out.");
		return EXIT_OK;
	}
	if (argc == 2 && strcmp(argv[1], "--checks") == 0) {
		put_checks();
		return EXIT_OK;
	}
	for (at = 1; at < argc; at++)
		ok = put_path(argv[at]) && ok;
	for (i = 0; argc == 1 && i < ARRAY_LEN(roots); i++) {
		printf("== %s\n", roots[i].title);
		put_format(roots[i].format, "", 0);
	}
	return ok ? EXIT_OK : EXIT_USAGE;
}
