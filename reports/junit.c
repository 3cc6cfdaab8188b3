/*
 * JUnit XML: one testsuite per area and target, requirement ids in the texts, for the strict schema
 * knows neither properties of a testcase nor its file.
 */
#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdlib.h>

#include "reports/reports.h"
#include "reports/text.h"

#define TEXT_OCTETS 4000

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	char text[TEXT_OCTETS];

	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST text_clean(value, text, sizeof(text)));
}

static void content(xmlTextWriterPtr w, const char *value)
{
	char text[TEXT_OCTETS];

	xmlTextWriterWriteString(w, BAD_CAST text_clean(value, text, sizeof(text)));
}

static void attribute_seconds(xmlTextWriterPtr w, const char *name, usec t)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%.3f", (double)t / 1e6);
}

/* One more piece at the end of a text, as much as there is room for. */
static void more(char *text, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void more(char *text, size_t cap, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, cap - len, format, args);
	va_end(args);
}

/* What a person needs: requirements, place, wanted, got, capture, the target's last words. */
static void case_text(const struct results *r, const struct result_case *c, char *text, size_t cap)
{
	size_t i;

	text[0] = '\0';
	if (c->reason)
		more(text, cap, "%s\n", c->reason);
	for (i = 0; i < c->requirement_count; i++) {
		const struct result_requirement *q = &c->requirements[i];
		const char *rule = results_rule(r, q->ref);

		more(text, cap, "%s %s (%s): %s%s%s\n", q->ref, q->level ? q->level : "", q->gate ? q->gate : "",
		     q->verdict ? q->verdict : "", rule ? ": " : "", rule ? rule : "");
	}
	if (c->wanted)
		more(text, cap, "%s:%u: wanted %s, got %s\n", results_file(c), results_line(c), c->wanted,
		     c->got ? c->got : "?");
	if (c->observed)
		more(text, cap, "observed: %s\n", c->observed);
	if (c->capture)
		more(text, cap, "[[ATTACHMENT|%s]]\n", c->capture);
	if (c->notes)
		more(text, cap, "%s", c->notes);
}

static void write_bad(xmlTextWriterPtr w, const struct results *r, const struct result_case *c, const char *element)
{
	char text[TEXT_OCTETS], message[600];

	snprintf(message, sizeof(message), "%s%s%s", c->broken ? c->broken : c->verdict, c->reason ? ": " : "",
		 c->reason ? c->reason : "");
	xmlTextWriterStartElement(w, BAD_CAST element);
	attribute(w, "message", message);
	attribute(w, "type", c->verdict);
	case_text(r, c, text, sizeof(text));
	content(w, text);
	xmlTextWriterEndElement(w);
}

static const char *suite_name(const struct result_case *c, char *text, size_t cap)
{
	snprintf(text, cap, "%s.%s", c->target ? c->target : "", c->area ? c->area : "");
	return text;
}

static void write_case(xmlTextWriterPtr w, const struct results *r, const struct result_case *c)
{
	char text[TEXT_OCTETS];

	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "name", c->id);
	attribute(w, "classname", suite_name(c, text, sizeof(text)));
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
	case_text(r, c, text, sizeof(text));
	xmlTextWriterStartElement(w, BAD_CAST "system-out");
	content(w, text);
	xmlTextWriterEndElement(w);
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
	attribute_seconds(w, "time", n.time);
}

static void write_property(xmlTextWriterPtr w, const char *name, const char *value)
{
	xmlTextWriterStartElement(w, BAD_CAST "property");
	attribute(w, "name", name);
	attribute(w, "value", value);
	xmlTextWriterEndElement(w);
}

/* Does a case of the suite that stands before judge the same? */
static bool said_before(const struct results *r, const struct result_case *of, size_t at, size_t which)
{
	const char *ref = r->cases[at].requirements[which].ref;
	size_t i, k;

	for (i = 0; i <= at; i++)
		for (k = 0; k < (i == at ? which : r->cases[i].requirement_count); k++)
			if (in_suite(&r->cases[i], of) && strcmp(r->cases[i].requirements[k].ref, ref) == 0)
				return true;
	return false;
}

static void write_requirements(xmlTextWriterPtr w, const struct results *r, const struct result_case *of)
{
	size_t i, k;

	for (i = 0; i < r->count; i++)
		for (k = 0; in_suite(&r->cases[i], of) && k < r->cases[i].requirement_count; k++)
			if (!said_before(r, of, i, k))
				write_property(w, "requirement", r->cases[i].requirements[k].ref);
}

static void write_suite(xmlTextWriterPtr w, const struct results *r, const struct result_case *of)
{
	struct suite_counts n = count_suite(r, of);
	char text[400];
	size_t i;

	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	attribute(w, "name", suite_name(of, text, sizeof(text)));
	write_counts(w, n);
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "skipped", "%zu", n.skipped);
	xmlTextWriterStartElement(w, BAD_CAST "properties");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)r->seed);
	write_property(w, "seed", text);
	write_property(w, "target", of->target);
	write_requirements(w, r, of);
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

static bool write_all(xmlTextWriterPtr w, const struct results *r)
{
	size_t i;

	xmlTextWriterSetIndent(w, 1);
	xmlTextWriterStartDocument(w, "1.0", "UTF-8", NULL);
	xmlTextWriterStartElement(w, BAD_CAST "testsuites");
	attribute(w, "name", "ikespec");
	write_counts(w, count_suite(r, NULL));
	for (i = 0; i < r->count; i++)
		if (first_of_suite(r, i))
			write_suite(w, r, &r->cases[i]);
	xmlTextWriterEndElement(w);
	return xmlTextWriterEndDocument(w) >= 0;
}

/* libxml would print its own complaint about a file, so it only fills a buffer. */
bool junit_write(const struct results *r, const char *path, struct why *why)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlTextWriterPtr w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	bool made = w && write_all(w, r), written = false;
	FILE *f;

	xmlFreeTextWriter(w);
	if (made && (f = fopen(path, "w"))) {
		written = fwrite(xmlBufferContent(buffer), 1, (size_t)xmlBufferLength(buffer), f) ==
			  (size_t)xmlBufferLength(buffer);
		written = fclose(f) == 0 && written;
	}
	xmlBufferFree(buffer);
	return written || why_set(why, "cannot write %s: %s", path, made ? strerror(errno) : "no memory");
}
