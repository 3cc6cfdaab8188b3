/* Files and folders: includes, what is refused of a tree, cases and their ids, and all that is committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/scenario.h"

#define NS "xmlns=\"urn:ikespec:scenario:1\""
#define XML "<?xml version=\"1.0\"?>\n"
#define STEPS_OF(text) XML "<steps " NS ">\n" text "\n</steps>\n"
#define SCENARIO(id, head, steps) \
	XML "<scenario " NS " id=\"" id "\" target=\"responder\">\n<title>T</title>\n" \
	    "<requirement id=\"r\" ref=\"RFC7296-3.2-03\"/>\n" head "\n<steps>\n<establish judges=\"r\"/>\n" steps \
	    "\n</steps></scenario>\n"

#define EIGHT(text) text text text text text text text text

static const char *root;
static char tree[256];

struct heard {
	char text[8000];
	unsigned count;
};

static void hear(void *ctx, const struct why *why)
{
	struct heard *h = ctx;
	char line[700];
	size_t len = strlen(h->text);
	h->count++;
	snprintf(h->text + len, sizeof(h->text) - len, "%s\n", why_print(why, line, sizeof(line)));
}

static struct library *library_of(const char *folder)
{
	struct why why;
	struct library *l = library_new(folder, NULL, &why);
	if (l == NULL)
		fail_msg("%s", why.text);
	return l;
}

/* ------------------------------------------------------------ a tree of our own */

static void put(const char *name, const void *text, size_t len)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", tree, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void link_to(const char *to, const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", tree, name);
	assert_int_equal(symlink(to, path), 0);
}

static void copy(const char *name)
{
	static char text[1 << 20];
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(text, 1, sizeof(text), f);
	fclose(f);
	put(name, text, len);
}

static void folder(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", tree, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int make_tree(void **state)
{
	static char big[(1 << 20) + 2];
	const char *tmp = getenv("TMPDIR");
	(void)state;
	snprintf(tree, sizeof(tree), "%s/ikespec-scenario-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(tree) == NULL)
		return -1;
	folder("requirements");
	folder("steps");
	folder("some");
	copy("scenario.xsd");
	copy("requirements/rfc7296.xml");
	memset(big, ' ', sizeof(big));
	memcpy(big, XML, strlen(XML));
	put("some/big.xml", big, sizeof(big));
	put("some/gz.xml", "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	put_text("steps/a.xml", STEPS_OF("<include href=\"steps/b.xml\"/>"));
	put_text("steps/b.xml", STEPS_OF("<include href=\"steps/a.xml\"/>"));
	put_text("steps/self.xml", STEPS_OF("<include href=\"steps/self.xml\"/>"));
	put_text("steps/given.xml",
		 STEPS_OF("<param name=\"size\"/><param name=\"fill\" default=\"zero:4\"/>\n"
			  "<send octets=\"random:${size} | ${fill}\" save=\"made\"/>"));
	put_text("steps/fits.xml", STEPS_OF("<param name=\"value\"/>\n"
		"<send request=\"liveness\"><set field=\"HDR.length\" to=\"${value}\"/></send>"));
	put_text("steps/bad.xml",
		 STEPS_OF("<send request=\"liveness\"><set field=\"KE.lenght\" to=\"1\"/></send>"));
	put_text("some/near.xml", STEPS_OF("<alive/>"));
	link_to("/etc/hostname", "steps/outside.xml");
	for (unsigned i = 0; i < 9; i++) {
		char name[32], text[600];
		snprintf(name, sizeof(name), "steps/deep%u.xml", i);
		snprintf(text, sizeof(text), STEPS_OF(EIGHT("<include href=\"steps/deep%u.xml\"/>")), i + 1,
			 i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1);
		put_text(name, text);
	}
	put_text("steps/deep9.xml", STEPS_OF("<alive/>"));
	return 0;
}

static int drop_tree(void **state)
{
	static const char *const names[] = { "scenario.xsd",
					     "requirements/rfc7296.xml",
					     "some/big.xml",
					     "some/gz.xml",
					     "some/near.xml",
					     "some/s.xml",
					     "steps/a.xml",
					     "steps/b.xml",
					     "steps/self.xml",
					     "steps/given.xml",
					     "steps/fits.xml",
					     "steps/bad.xml",
					     "steps/outside.xml",
					     "requirements",
					     "steps",
					     "some",
					     "" };
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/steps/deep%u.xml", tree, i);
		unlink(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", tree, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
	return 0;
}

/* What a scenario in some/ gets; "" if it is sound. */
static const struct {
	const char *text;
	const char *wanted;
	unsigned count;
} included[] = {
	{ SCENARIO("t.given", "", "<include href=\"steps/given.xml\" size=\"5\"/><send again=\"made\"/>"), "", 0 },
	{ SCENARIO("t.near", "", "<include href=\"near.xml\"/>"), "", 0 },
	{ SCENARIO("t.near", "", "<include href=\"some/near.xml\"/>"), "", 0 },
	{ SCENARIO("t.wrong", "", "<include href=\"steps/given.xml\" size=\"5\" fil=\"1\"/>"),
	  "has no parameter 'fil'; did you mean 'fill'?", 1 },
	{ SCENARIO("t.missing", "", "<include href=\"steps/given.xml\"/>"), "needs the parameter 'size'", 1 },
	{ SCENARIO("t.cycle", "", "<include href=\"steps/a.xml\"/>"),
	  "steps/b.xml:3: <include>: 'steps/a.xml' includes itself", 1 },
	{ SCENARIO("t.self", "", "<include href=\"steps/self.xml\"/>"),
	  "steps/self.xml:3: <include>: 'steps/self.xml' includes itself", 1 },
	{ SCENARIO("t.link", "", "<include href=\"steps/outside.xml\"/>"), "is a link that leads out", 1 },
	{ SCENARIO("t.value", "", "<include href=\"steps/fits.xml\" value=\"0xffffffff\"/>"), "", 0 },
	{ SCENARIO("t.value", "", "<include href=\"steps/fits.xml\" value=\"0x100000000\"/>"),
	  "steps/fits.xml:4: 4294967296 does not fit 'length' of 32 bits", 1 },
	{ SCENARIO("t.bad", "", "<include href=\"steps/bad.xml\"/>"), "steps/bad.xml:3: KE has no field 'lenght'", 1 },
	{ SCENARIO("t.row", "<row id=\"good\" f=\"KE.length\"/>\n<row id=\"bad\" f=\"KE.lenght\"/>",
		   "<send request=\"liveness\"><set field=\"${f}\" to=\"1\"/></send>"),
	  "some/s.xml:6: KE has no field 'lenght'", 1 },
	{ SCENARIO("t.row", "<row id=\"good\" v=\"1\"/>\n<row id=\"bad\" v=\"65536\"/>",
		   "<send request=\"liveness\"><set field=\"KE.length\" to=\"${v}\"/></send>"),
	  "some/s.xml:6: 65536 does not fit 'length' of 16 bits", 1 },
	{ SCENARIO("t.deep", "", "<include href=\"steps/deep0.xml\"/>"), "the scenario has too many steps", 1 },
	{ SCENARIO("t.deep", "", "<include href=\"steps/deep6.xml\"/>"), "", 0 },
	{ SCENARIO("t.three", "", "<send/>\n<wait for=\"1s\" fro=\"1\"/>\n<works child=\"nobody\"/>\n"
		   "<send request=\"liveness\"><set field=\"KE.lenght\" to=\"1\"/></send>"), "", 3 },
};

static void includes(void **state)
{
	char path[512];
	(void)state;
	snprintf(path, sizeof(path), "%s/some/s.xml", tree);
	for (size_t i = 0; i < ARRAY_LEN(included); i++) {
		struct library *l = library_of(tree);
		struct heard h = { .count = 0 };
		put_text("some/s.xml", included[i].text);
		bool ok = library_load_file(l, path, hear, &h);
		if (ok != (included[i].count == 0) || h.count != included[i].count ||
		    strstr(h.text, included[i].wanted) == NULL)
			fail_msg("row %zu wants '%s', gets %u: %s", i, included[i].wanted, h.count,
				 h.text);
		library_free(l);
	}
}

/* A file that would be costly to compare within itself is refused at once. */
static void beyond_measure(void **state)
{
	static char text[1 << 20];
	struct library *l = library_of(root);
	struct heard h = { .count = 0 };
	(void)state;
	size_t len = (size_t)snprintf(text, sizeof(text), XML "<scenario " NS ">");
	for (unsigned i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "<row id=\"a%u\"/>\n", i);
	snprintf(text + len, sizeof(text) - len, "</scenario>");
	assert_false(library_load_text(l, "rows.xml", bytes_text(text), hear, &h));
	assert_string_equal(h.text, "rows.xml:2002: the scenario has more than 2000 elements beside its steps\n");
	h = (struct heard){ .count = 0 };
	len = (size_t)snprintf(text, sizeof(text), XML "<scenario\n");
	for (unsigned i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " a%u=\"\"", i);
	snprintf(text + len, sizeof(text) - len, "/>");
	assert_false(library_load_text(l, "attributes.xml", bytes_text(text), hear, &h));
	assert_string_equal(h.text, "attributes.xml:3: an element has more than 200 attributes\n");
	library_free(l);
}

static void refused_files(void **state)
{
	struct library *l = library_of(tree);
	struct heard h = { .count = 0 };
	(void)state;
	put_text("some/s.xml", SCENARIO("t.s", "", "<alive/>"));
	assert_false(library_load(l, hear, &h));
	static const char *const wanted[] = {
		"some/big.xml:0: the file has 1048578 octets; at most 1048576 are read",
		"some/gz.xml:0: the file is compressed (gzip)",
		"steps/outside.xml:0: a link that leads out of the scenario tree",
		"steps/self.xml:3: <include>: 'steps/self.xml' includes itself",
	};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (strstr(h.text, wanted[i]) == NULL)
			fail_msg("no '%s' in:\n%s", wanted[i], h.text);
	const struct scenario *const *all;
	assert_int_equal(library_scenarios(l, &all), 1);
	library_free(l);
}

/* ------------------------------------------------------------ cases */

static bool some_fields(void *ctx, const char *message, enum role target, int kind, struct arena *a,
			const char ***out, size_t *count, struct why *why)
{
	static const char *paths[] = { "HDR.length", "SA.P[1].length" };
	(void)ctx;
	(void)target;
	(void)kind;
	(void)a;
	if (strcmp(message, "IKE_SA_INIT") != 0)
		return why_set(why, "no honest %s", message);
	*out = paths;
	*count = 2;
	return true;
}

#define USING(name) "<send request=\"liveness\"><set field=\"Ni.data\" to=\"text:${" name "}\"/></send>"
#define ROLE(target, head, steps) XML "<scenario " NS " id=\"t.c\" target=\"" target "\">\n<title>T</title>\n" \
	"<requirement id=\"r\" ref=\"RFC7296-3.2-03\"/>\n" head "<steps><alive judges=\"r\"/>" steps "</steps></scenario>"

static const struct {
	const char *text;
	const char *wanted;     /* ids with spaces between, or why there are none */
} cased[] = {
	{ ROLE("responder", "", ""), "t.c" },
	{ ROLE("both", "", ""), "t.c.as-initiator t.c.as-responder" },
	{ ROLE("both", "<row id=\"b\"/><row id=\"a.x\"/>", ""),
	  "t.c.b.as-initiator t.c.b.as-responder t.c.a.x.as-initiator t.c.a.x.as-responder" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"1..3\"/>", USING("n")), "t.c.1 t.c.2 t.c.3" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"B_c  KE.length (x)\"/>", USING("n")), "t.c.b-c t.c.ke-length t.c.x" },
	{ ROLE("responder", "<row id=\"a\"/><row id=\"b\"/><for-each name=\"n\" in=\"1 2\"/><for-each name=\"m\" in=\"3\"/>",
	       USING("n") USING("m")), "t.c.a.1.3 t.c.a.2.3 t.c.b.1.3 t.c.b.2.3" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"${target.groups}\"/>", USING("n")),
	  "t.c.x25519 t.c.ecp256 t.c.ecp384 t.c.modp2048" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"${target.groups[2]}\"/>", USING("n")), "t.c.ecp256" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"${target.ppk}\"/>", USING("n")),
	  "t.c (the profile 'builtin' has no feature 'ppk')" },
	{ ROLE("responder", "<row id=\"a\" list=\"5 6\"/><row id=\"b\" list=\"7\"/>"
	       "<for-each name=\"n\" in=\"${list}\"/>", USING("n")), "t.c.a.5 t.c.a.6 t.c.b.7" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"fields:IKE_SA_INIT:LENGTH\"/>", USING("n")),
	  "t.c.hdr-length t.c.sa-p-1-length" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"fields:IKE_AUTH:LENGTH\"/>", USING("n")), "no honest IKE_AUTH" },
	{ ROLE("responder", "<for-each name=\"n\" in=\"0..30000\"/>", USING("n")), "more than 20000 values" },
	{ ROLE("responder", "<var name=\"list\" value=\"1 2\"/><for-each name=\"n\" in=\"${list}\"/>", USING("n")),
	  "t.c.8 t.c.9" },
};

static void write_ids(const struct scenario_case *cases, size_t count, char *text, size_t cap)
{
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(text);
		const char *not_applicable = cases[i].not_applicable;
		snprintf(text + len, cap - len, "%s%s%s%s%s", i > 0 ? " " : "", cases[i].id,
			 not_applicable != NULL ? " (" : "",
			 not_applicable != NULL ? not_applicable : "",
			 not_applicable != NULL ? ")" : "");
	}
}

static void case_ids(void **state)
{
	const struct variable set = { .name = "list", .text = "8 9" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cased); i++) {
		struct library *l = library_of(root);
		struct heard h = { .count = 0 };
		char text[8000], path[512];
		struct why why;
		const struct scenario *const *all;
		const struct scenario_case *cases;
		size_t count;
		library_set_fields(l, some_fields, NULL);
		snprintf(path, sizeof(path), "%s/profiles/builtin.xml", root);
		library_load_file(l, path, hear, &h);
		library_load_text(l, "t.xml", bytes_text(cased[i].text), hear, &h);
		bool loaded = library_scenarios(l, &all) == 1;
		bool override = strstr(cased[i].text, "<var") != NULL;
		if (loaded && scenario_cases(l, all[0], library_profile(l, "builtin"), &set,
					     override, &cases, &count, &why))
			write_ids(cases, count, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%s", loaded ? why.text : h.text);
		if (loaded ? strcmp(text, cased[i].wanted) != 0
			   : strstr(text, cased[i].wanted) == NULL)
			fail_msg("row %zu wants '%s', gets '%s'", i, cased[i].wanted, text);
		library_free(l);
	}
}

/* ------------------------------------------------------------ what is committed */

static void everything(void **state)
{
	struct library *l = library_of(root);
	struct heard h = { .count = 0 };
	const struct requirement *const *requirements;
	const struct scenario *const *scenarios;
	(void)state;
	library_set_fields(l, some_fields, NULL);
	if (!library_load(l, hear, &h))
		fail_msg("%s", h.text);
	assert_true(library_requirements(l, &requirements) >= 1001);
	const struct requirement *r = library_requirement(l, "RFC7296-2.1-02");
	assert_non_null(r);
	assert_string_equal(level_name(r->level), "MUST");
	assert_string_equal(r->section, "2.1");
	const struct profile *p = library_profile(l, "builtin");
	assert_non_null(p);
	assert_string_equal(profile_feature(p, "replay-window"), "64");
	assert_null(profile_feature(p, "tcp"));
	assert_int_equal(p->settle, 200 * USEC_MS);
	size_t count = library_scenarios(l, &scenarios);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(scenarios[i - 1]->id, scenarios[i]->id) < 0);
	library_free(l);
}

/* What a profile does not say is its base's; connections and features go by name. */
static void profile_with_base(void **state)
{
	static const char text[] =
		"<profile xmlns=\"urn:ikespec:scenario:1\" id=\"box:2\" base=\"builtin\" version=\"2\">"
		"<title>Box</title><target address=\"192.0.2.9\"/><driver kind=\"exec\">"
		"<command do=\"reset\" within=\"3s\">true</command></driver>"
		"<connection name=\"cookies\"><ike suite=\"aes128-sha256-ecp256\"/>"
		"<tester auth=\"psk\" identity=\"fqdn:a.example\" secret=\"s\"/>"
		"<target auth=\"psk\" identity=\"fqdn:b.example\" secret=\"s\"/></connection>"
		"<feature name=\"esn\" absent=\"yes\"/><feature name=\"replay-window\" value=\"32\"/>"
		"<feature name=\"tcp\"/></profile>";
	struct library *l = library_of(root);
	struct heard h = { .count = 0 };
	(void)state;
	assert_true(library_load_text(l, "box.xml", bytes_text(text), hear, &h));
	const struct profile *p = library_profile(l, "box:2"), *b = library_profile(l, "builtin");
	assert_string_equal(p->version, "2");
	assert_string_equal(p->address, "192.0.2.9");
	assert_string_equal(p->driver, "exec");
	assert_int_equal(p->commands[0].within, 3 * USEC_S);
	assert_int_equal(p->connection_count, b->connection_count);
	for (size_t i = 0; i < p->connection_count; i++)
		if (strcmp(p->connections[i].name, "cookies") == 0)
			assert_int_equal(p->connections[i].ike_count, 1);
	assert_int_equal(p->tester_count, b->tester_count);
	assert_string_equal(profile_feature(p, "replay-window"), "32");
	assert_null(profile_feature(p, "esn"));
	assert_non_null(profile_feature(p, "tcp"));
	assert_string_equal(profile_feature(b, "replay-window"), "64");
	assert_non_null(profile_feature(b, "esn"));
	assert_null(strstr(p->source, "built-in secret"));
	library_free(l);
}

static void profile_without_secrets(void **state)
{
	struct library *l = library_of(root);
	struct heard h = { .count = 0 };
	char path[512];
	(void)state;
	snprintf(path, sizeof(path), "%s/profiles/builtin.xml", root);
	assert_true(library_load_file(l, path, hear, &h));
	assert_null(strstr(library_profile(l, "builtin")->source, "built-in secret"));
	assert_non_null(strstr(library_profile(l, "builtin")->source, "secret=\"*****"));
	library_free(l);
}

static const struct {
	const char *reference, *wanted;
} looked_up[] = {
	{ "target.address", "192.0.2.1" },
	{ "target.replay_window", "64" },
	{ "target.liveness", "30s" },
	{ "target.groups[1]", "x25519" },
	{ "target.groups[9]", "'groups' of the profile 'builtin' has only 4 elements" },
	{ "target.groups[0]", "elements count from 1" },
	{ "target.tcp", "the profile 'builtin' has no feature 'tcp'" },
	{ "tester.inner", "is not the target's" },
};

static void profile_values(void **state)
{
	struct library *l = library_of(root);
	struct arena *a = arena_new(1 << 20);
	struct heard h = { .count = 0 };
	char path[512];
	(void)state;
	snprintf(path, sizeof(path), "%s/profiles/builtin.xml", root);
	assert_true(library_load_file(l, path, hear, &h));
	for (size_t i = 0; i < ARRAY_LEN(looked_up); i++) {
		struct value v;
		struct why why;
		char text[400];
		if (profile_lookup(library_profile(l, "builtin"), looked_up[i].reference, a, &v,
				   &why))
			value_print(&v, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%s", why.text);
		if (strstr(text, looked_up[i].wanted) == NULL)
			fail_msg("%s: %s", looked_up[i].reference, text);
	}
	arena_free(a);
	library_free(l);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(includes),       cmocka_unit_test(refused_files),
		cmocka_unit_test(beyond_measure),
		cmocka_unit_test(case_ids),       cmocka_unit_test(everything),
		cmocka_unit_test(profile_values), cmocka_unit_test(profile_without_secrets),
		cmocka_unit_test(profile_with_base),
	};
	root = argc > 1 ? argv[1] : "scenarios";
	return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
