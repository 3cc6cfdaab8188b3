/*
 * JUnit XML: one testsuite per area and target, requirement ids in the texts, for the strict schema
 * knows neither properties of a testcase nor its file.
 */
#include <libxml/xmlwriter.h>
#include <stdlib.h>

#include "reports/reports.h"

#define TEXT_OCTETS 4000

/* Octets that XML 1.0 cannot hold become '?'; the text stays in place. */
static char *clean(char *text)
{
	unsigned char *at;

	for (at = (unsigned char *)text; *at; at++)
		if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at >= 0x7f)
			*at = '?';
	return text;
}

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	char text[TEXT_OCTETS];

	snprintf(text, sizeof(text), "%s", value ? value : "");
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST clean(text));
}

static void attribute_seconds(xmlTextWriterPtr w, const char *name, usec t)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%.3f", (double)t / 1e6);
}

/* What a person needs: requirements, place, wanted, got, capture. */
static void failure_text(const struct results *r, const struct result_case *c, char *text, size_t cap)
{
	size_t len, i;

	snprintf(text, cap, "%s\n", c->reason ? c->reason : "");
	for (i = 0; i < c->requirement_count; i++) {
		const struct result_requirement *q = &c->requirements[i];
		const char *rule = results_rule(r, q->ref);

		len = strlen(text);
		snprintf(text + len, cap - len, "%s %s (%s): %s%s%s\n", q->ref, q->level ? q->level : "",
			 q->gate ? q->gate : "", q->verdict ? q->verdict : "", rule ? ": " : "", rule ? rule : "");
	}
	len = strlen(text);
	if (c->at_file)
		snprintf(text + len, cap - len, "%s:%u: wanted %s, got %s\n", c->at_file, c->at_line,
			 c->wanted ? c->wanted : "?", c->got ? c->got : "?");
	len = strlen(text);
	if (c->capture)
		snprintf(text + len, cap - len, "[[ATTACHMENT|%s]]\n", c->capture);
}

static void write_bad(xmlTextWriterPtr w, const struct results *r, const struct result_case *c, const char *element)
{
	char text[TEXT_OCTETS], message[600];

	snprintf(message, sizeof(message), "%s%s%s", c->broken ? c->broken : c->verdict, c->reason ? ": " : "",
		 c->reason ? c->reason : "");
	xmlTextWriterStartElement(w, BAD_CAST element);
	attribute(w, "message", message);
	attribute(w, "type", c->verdict);
	failure_text(r, c, text, sizeof(text));
	xmlTextWriterWriteString(w, BAD_CAST clean(text));
	xmlTextWriterEndElement(w);
}

static void write_case(xmlTextWriterPtr w, const struct results *r, const struct result_case *c)
{
	char text[TEXT_OCTETS];

	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "name", c->id);
	snprintf(text, sizeof(text), "%s.%s", c->target ? c->target : "", c->area ? c->area : "");
	attribute(w, "classname", text);
	attribute_seconds(w, "time", c->wall);
	switch (verdict_outcome(c->verdict)) {
	case OUTCOME_FAILED:
		write_bad(w, r, c, "failure");
		break;
	case OUTCOME_ERROR:
		write_bad(w, r, c, "error");
		break;
	case OUTCOME_SKIPPED:
		xmlTextWriterStartElement(w, BAD_CAST "skipped");
		attribute(w, "message", c->reason ? c->reason : c->verdict);
		xmlTextWriterEndElement(w);
		break;
	case OUTCOME_PASSED:
		break;
	}
	failure_text(r, c, text, sizeof(text));
	xmlTextWriterWriteElement(w, BAD_CAST "system-out", BAD_CAST clean(text));
	xmlTextWriterEndElement(w);
}

struct suite_counts {
	size_t tests, failures, errors, skipped;
	usec time;
};

static bool in_suite(const struct result_case *c, const struct result_case *of)
{
	return strcmp(c->target ? c->target : "", of->target ? of->target : "") == 0 &&
	       strcmp(c->area ? c->area : "", of->area ? of->area : "") == 0;
}

static struct suite_counts count_suite(const struct results *r, const struct result_case *of)
{
	struct suite_counts n = { 0 };
	size_t i;

	for (i = 0; i < r->count; i++) {
		const struct result_case *c = &r->cases[i];
		enum outcome o = verdict_outcome(c->verdict);

		if (of && !in_suite(c, of))
			continue;
		n.tests++;
		n.failures += o == OUTCOME_FAILED;
		n.errors += o == OUTCOME_ERROR;
		n.skipped += o == OUTCOME_SKIPPED;
		n.time += c->wall;
	}
	return n;
}

static void write_counts(xmlTextWriterPtr w, struct suite_counts n)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "tests", "%zu", n.tests);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "failures", "%zu", n.failures);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "errors", "%zu", n.errors);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "skipped", "%zu", n.skipped);
	attribute_seconds(w, "time", n.time);
}

static void write_property(xmlTextWriterPtr w, const char *name, const char *value)
{
	xmlTextWriterStartElement(w, BAD_CAST "property");
	attribute(w, "name", name);
	attribute(w, "value", value);
	xmlTextWriterEndElement(w);
}

static void write_suite(xmlTextWriterPtr w, const struct results *r, const struct result_case *of)
{
	struct suite_counts n = count_suite(r, of);
	char text[64];
	size_t i;

	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "name", "%s.%s", of->target, of->area ? of->area : "");
	write_counts(w, n);
	xmlTextWriterStartElement(w, BAD_CAST "properties");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)r->seed);
	write_property(w, "seed", text);
	write_property(w, "target", of->target);
	xmlTextWriterEndElement(w);
	for (i = 0; i < r->count; i++)
		if (in_suite(&r->cases[i], of))
			write_case(w, r, &r->cases[i]);
	xmlTextWriterEndElement(w);
}

static bool first_of_suite(const struct results *r, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (in_suite(&r->cases[i], &r->cases[at]))
			return false;
	return true;
}

bool junit_write(const struct results *r, const char *path, struct why *why)
{
	xmlTextWriterPtr w = xmlNewTextWriterFilename(path, 0);
	size_t i;
	int rc;

	if (!w)
		return why_set(why, "cannot write %s", path);
	xmlTextWriterSetIndent(w, 1);
	xmlTextWriterStartDocument(w, "1.0", "UTF-8", NULL);
	xmlTextWriterStartElement(w, BAD_CAST "testsuites");
	attribute(w, "name", "ikespec");
	write_counts(w, count_suite(r, NULL));
	for (i = 0; i < r->count; i++)
		if (first_of_suite(r, i))
			write_suite(w, r, &r->cases[i]);
	xmlTextWriterEndElement(w);
	rc = xmlTextWriterEndDocument(w);
	if (xmlTextWriterFlush(w) < 0)
		rc = -1;
	xmlFreeTextWriter(w);
	return rc >= 0 || why_set(why, "cannot write %s", path);
}
