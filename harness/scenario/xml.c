/* The only place that parses XML: no network, no DOCTYPE, no entities, UTF-8, capped. */
#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

#include "library.h"

struct reading {
	struct library *l;
	const char *file;
	bool doctype;
	size_t before;                  /* complaints of earlier stages begin here */
};

/* One line, without the braces and the namespace that libxml2 writes before every name. */
static const char *tidy(struct library *l, const char *message)
{
	static const char space[] = "{urn:ikespec:scenario:1}";
	char *out = arena_text(l->arena, message), *to = out;
	if (out == NULL)
		return "no memory";
	for (const char *at = out; *at != '\0';) {
		if (strncmp(at, space, sizeof(space) - 1) == 0)
			at += sizeof(space) - 1;
		else if (*at == '\n')
			at++;
		else
			*to++ = *at++;
	}
	while (to > out && (to[-1] == '.' || to[-1] == ' '))
		to--;
	*to = '\0';
	return out;
}

static void heard_parser(void *data, xmlErrorPtr error)
{
	xmlParserCtxtPtr ctxt = data;
	struct reading *r = ctxt->_private;
	if (r->doctype || error->message == NULL)
		return;
	complain(r->l, r->file, (unsigned)error->line, "not well-formed: %s",
		 tidy(r->l, error->message));
}

static void found_doctype(void *data, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
	xmlParserCtxtPtr ctxt = data;
	struct reading *r = ctxt->_private;
	(void)name;
	(void)id;
	(void)system;
	complain(r->l, r->file, (unsigned)xmlSAX2GetLineNumber(ctxt), "a DOCTYPE is not allowed");
	r->doctype = true;
	xmlStopParser(ctxt);
}

static bool plain_text(struct library *l, const char *file, struct bytes text)
{
	if (text.len > FILE_CAP)
		return complain(l, file, 0, "the file has %zu octets; at most %zu are read",
				text.len, FILE_CAP);
	if (text.len >= 2 && text.at[0] == 0x1f && text.at[1] == 0x8b)
		return complain(l, file, 0, "the file is compressed (gzip); plain XML is wanted");
	if (text.len == 0)
		return complain(l, file, 0, "the file is empty");
	const uint8_t *nul = memchr(text.at, 0, text.len);
	if (nul != NULL)
		return complain(l, file, 0, "octet %zu is zero: this is no XML in UTF-8",
				(size_t)(nul - text.at));
	return true;
}

/* libxml2 compares each attribute of an element with all before it: too many would take minutes. */
static bool few_attributes(struct library *l, const char *file, struct bytes text)
{
	size_t attributes = 0;
	unsigned line = 1;
	for (size_t i = 0; i + 1 < text.len; i++) {
		char c = (char)text.at[i], next = (char)text.at[i + 1];
		line += c == '\n';
		if (c == '<')
			attributes = 0;
		if (c == '=' && (next == '"' || next == '\'') && ++attributes > ATTRIBUTES_MAX)
			return complain(l, file, line, "an element has more than %d attributes",
					ATTRIBUTES_MAX);
	}
	return true;
}

static xmlDocPtr parse(struct reading *r, struct bytes text)
{
	xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
	if (ctxt == NULL)
		return NULL;
	ctxt->_private = r;
	ctxt->sax->serror = heard_parser;
	ctxt->sax->internalSubset = found_doctype;
	xmlDocPtr doc =
		xmlCtxtReadMemory(ctxt, (const char *)text.at, (int)text.len, r->file, "UTF-8",
				  XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
	if (doc != NULL && (!ctxt->wellFormed || r->doctype)) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(ctxt);
	return doc;
}

/* ------------------------------------------------------------ the schema */

static void heard_schema(void *data, xmlErrorPtr error)
{
	struct reading *r = data;
	unsigned line = (unsigned)error->line;
	if (error->node != NULL)
		line = (unsigned)xmlGetLineNo(error->node);
	if (error->message != NULL && !told(r->l, r->file, line))
		complain(r->l, r->file, line, "%s", tidy(r->l, error->message));
}

static void heard_schema_parser(void *data, xmlErrorPtr error)
{
	struct why *why = data;
	if (error->message != NULL && why != NULL && why->text[0] == '\0')
		why_at_line(why, "scenario.xsd", (unsigned)error->line, "%.200s", error->message);
}

bool xml_schema_load(struct library *l, struct why *why)
{
	struct bytes text;
	struct why first = { .text = "" };
	const char *path = arena_printf(l->arena, "%s/scenario.xsd", l->real_root);
	if (path == NULL || !source_read(l, path, path, &text))
		return why_set(why, "%.200s/scenario.xsd cannot be read", l->root);
	xmlSchemaParserCtxtPtr ctxt =
		xmlSchemaNewMemParserCtxt((const char *)text.at, (int)text.len);
	if (ctxt == NULL)
		return why_set(why, "no memory");
	xmlSchemaSetParserStructuredErrors(ctxt, heard_schema_parser, &first);
	l->schema = xmlSchemaParse(ctxt);
	xmlSchemaFreeParserCtxt(ctxt);
	if (l->schema == NULL)
		return why_set(why, "scenario.xsd:%u: %.250s", first.line, first.text);
	return true;
}

void xml_schema_free(struct library *l)
{
	if (l->schema != NULL)
		xmlSchemaFree(l->schema);
	l->schema = NULL;
}

static void validate(struct reading *r, xmlDocPtr doc)
{
	xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(r->l->schema);
	if (ctxt == NULL) {
		complain(r->l, r->file, 0, "no memory");
		return;
	}
	xmlSchemaSetValidStructuredErrors(ctxt, heard_schema, r);
	if (xmlSchemaValidateDoc(ctxt, doc) != 0 && r->l->complaints.count == r->before)
		complain(r->l, r->file, 0, "not valid against scenario.xsd");
	xmlSchemaFreeValidCtxt(ctxt);
}

struct _xmlDoc *xml_load(struct library *l, const char *shown, struct bytes text)
{
	struct reading r = { .l = l, .file = shown, .before = l->complaints.count };
	if (!plain_text(l, shown, text) || !few_attributes(l, shown, text))
		return NULL;
	xmlDocPtr doc = parse(&r, text);
	if (doc == NULL || xmlDocGetRootElement(doc) == NULL) {
		if (l->complaints.count == r.before)
			complain(l, shown, 0, "not well-formed");
		xmlFreeDoc(doc);
		return NULL;
	}
	if (grammar_check(l, shown, xmlDocGetRootElement(doc))) {
		validate(&r, doc);
		return doc;
	}
	xmlFreeDoc(doc);
	return NULL;
}

void xml_free(struct _xmlDoc *doc)
{
	xmlFreeDoc(doc);
}
