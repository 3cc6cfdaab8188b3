/* JUnit XML as the strict consumers take it: elements, attributes, counts, awkward texts. */
#include "test.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>

static const struct told mixed[] = {
	{ .id = "b.fail", .verdict = "fail", .reason = "r", .wanted = "silence", .got = "noise", .capture = "captures/x" },
	{ .id = "a.pass", .verdict = "pass" },
	{ .id = "c.weak", .verdict = "weak", .reason = "a SHOULD was broken", .area = "init" },
	{ .id = "d.unclear", .verdict = "inconclusive", .reason = "no answer" },
	{ .id = "e.skip", .verdict = "not-applicable", .reason = "needs nat", .area = "init" },
	{ .id = "f.known", .verdict = "expected-fail", .reason = "bug 1", .target = "libreswan" },
	{ .id = "g.died", .verdict = "died", .reason = AWKWARD, .wanted = AWKWARD, .got = AWKWARD, .area = AWKWARD,
	  .target = AWKWARD },
	{ .id = "h.surprise", .verdict = "unexpected-pass", .target = "libreswan" },
	{ 0 },
};

static xmlDocPtr written(const struct told *rows)
{
	struct results *r = results_of(rows, false);
	struct scratch s = scratch_new();
	struct why why;
	xmlDocPtr doc;

	if (!junit_write(r, s.path, &why))
		fail_msg("%s", why.text);
	doc = xmlReadFile(s.path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	unlink(s.path);
	results_free(r);
	return doc;
}

static void expect_count(xmlDocPtr doc, const char *path, unsigned wanted)
{
	xmlXPathContextPtr c = xmlXPathNewContext(doc);
	xmlXPathObjectPtr o = xmlXPathEval(BAD_CAST path, c);
	double got;

	assert_non_null(o);
	got = o->type == XPATH_NODESET ? (o->nodesetval ? o->nodesetval->nodeNr : 0) : xmlXPathCastToNumber(o);
	if (got != wanted)
		fail_msg("%s: wanted %u, got %g", path, wanted, got);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(c);
}

static void test_counts_agree(void **state)
{
	static const struct {
		const char *path;
		unsigned count;
	} rows[] = {
		{ "/testsuites[@tests='8'][@failures='3'][@errors='1']", 1 },
		{ "//testsuite", 4 },
		{ "//testcase", 8 },
		{ "//testcase/failure", 3 },
		{ "//testcase/error", 1 },
		{ "//testcase/skipped", 2 },
		{ "//testsuite[@tests != count(testcase)]", 0 },
		{ "//testsuite[@failures != count(testcase/failure)]", 0 },
		{ "//testsuite[@errors != count(testcase/error)]", 0 },
		{ "//testsuite[@skipped != count(testcase/skipped)]", 0 },
		{ "//testcase[@classname != ../@name]", 0 },
		{ "//testcase[@time='0.250']", 8 },
		{ "//testcase[@name='c.weak'][contains(system-out, 'SHOULD was broken')]", 1 },
		{ "//failure[contains(., '[[ATTACHMENT|captures/x]]')]", 1 },
		{ "//failure[contains(., 'scenarios/a.xml:14: wanted silence, got noise')]", 1 },
		{ "//failure[contains(., 'RFC7296-3.2-03 must (violation): fail: lengths past the message are refused')]",
		  1 },
		{ "//testsuite/properties/property[@name='requirement'][@value='RFC7296-3.2-03']", 4 },
		{ "//testsuite/properties/property[@name='seed'][@value='7']", 4 },
	};
	xmlDocPtr doc = written(mixed);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		expect_count(doc, rows[i].path, rows[i].count);
	xmlFreeDoc(doc);
}

/* What the strict schema allows, and nothing else: "element: children / attributes". */
static const struct {
	const char *element, *children, *attributes;
} schema[] = {
	{ "testsuites", "testsuite",                            "name time tests failures errors" },
	{ "testsuite",  "properties testcase",                  "name time tests failures errors skipped" },
	{ "properties", "property",                             "" },
	{ "property",   "",                                     "name value" },
	{ "testcase",   "failure error skipped system-out",     "name classname time" },
	{ "failure",    "",                                     "message type" },
	{ "error",      "",                                     "message type" },
	{ "skipped",    "",                                     "message" },
	{ "system-out", "",                                     "" },
};

static bool listed(const char *list, const char *word)
{
	const char *at = strstr(list, word);
	size_t len = strlen(word);

	while (at && !((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')))
		at = strstr(at + 1, word);
	return at != NULL;
}

static void check_element(const xmlNode *n)
{
	const xmlNode *child;
	const xmlAttr *a;
	size_t i;

	for (i = 0; i < ARRAY_LEN(schema) && strcmp((const char *)n->name, schema[i].element) != 0; i++)
		;
	if (i == ARRAY_LEN(schema))
		fail_msg("element %s", (const char *)n->name);
	for (a = n->properties; a; a = a->next)
		if (!listed(schema[i].attributes, (const char *)a->name))
			fail_msg("%s@%s", (const char *)n->name, (const char *)a->name);
	for (child = n->children; child; child = child->next) {
		if (child->type != XML_ELEMENT_NODE)
			continue;
		if (!listed(schema[i].children, (const char *)child->name))
			fail_msg("%s in %s", (const char *)child->name, (const char *)n->name);
		check_element(child);
	}
}

static void test_strict_schema(void **state)
{
	xmlDocPtr doc = written(mixed);

	(void)state;
	check_element(xmlDocGetRootElement(doc));
	expect_count(doc, "//testcase/system-out[following-sibling::*]", 0);
	expect_count(doc, "//properties[preceding-sibling::*]", 0);
	xmlFreeDoc(doc);
}

static void test_awkward_texts(void **state)
{
	xmlDocPtr doc = written(mixed);
	xmlXPathContextPtr c = xmlXPathNewContext(doc);
	xmlXPathObjectPtr o = xmlXPathEval(BAD_CAST "string(//testcase[@name='g.died']/failure)", c);

	(void)state;
	assert_non_null(o);
	if (!strstr((const char *)o->stringval, AWKWARD_CLEAN))
		fail_msg("got <%s>", (const char *)o->stringval);
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(c);
	xmlFreeDoc(doc);
}

static void test_empty_run(void **state)
{
	static const struct told none[] = { { 0 } };
	xmlDocPtr doc = written(none);

	(void)state;
	expect_count(doc, "/testsuites[@tests='0']", 1);
	expect_count(doc, "//testsuite", 0);
	xmlFreeDoc(doc);
}

static void test_what_cannot_be_written(void **state)
{
	struct results *r = results_of(mixed, false);
	struct why why = { 0 };

	(void)state;
	assert_false(junit_write(r, "/nonexistent/junit.xml", &why));
	assert_non_null(strstr(why.text, "/nonexistent/junit.xml"));
	assert_false(junit_write(r, "/dev/full", &why));
	results_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_agree),
		cmocka_unit_test(test_strict_schema),
		cmocka_unit_test(test_awkward_texts),
		cmocka_unit_test(test_empty_run),
		cmocka_unit_test(test_what_cannot_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
