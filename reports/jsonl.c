/*
 * The event log as JSON Lines: one object a line, "kind" and "t" (seconds) first, octets in hex, keys
 * as they are.  Nothing is kept in memory, so a killed run leaves a readable log.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "reports/reports.h"
#include "reports/text.h"

struct jsonl {
	FILE *file;
	char path[400];
	bool failed;
};

struct jsonl *jsonl_create(const char *path, struct why *why)
{
	struct jsonl *j = calloc(1, sizeof(*j));

	if (!j) {
		why_set(why, "no memory for %s", path);
		return NULL;
	}
	snprintf(j->path, sizeof(j->path), "%s", path);
	j->file = fopen(path, "w");
	if (!j->file) {
		why_set(why, "cannot write %s: %s", path, strerror(errno));
		free(j);
		return NULL;
	}
	setvbuf(j->file, NULL, _IOFBF, 1 << 16);
	return j;
}

static void put_character(FILE *f, unsigned char o)
{
	if (o == '"' || o == '\\')
		fprintf(f, "\\%c", o);
	else if (o < 0x20)
		fprintf(f, "\\u%04x", o);
	else
		putc_unlocked(o, f);
}

static void put_text(FILE *f, const char *name, const char *text)
{
	char clean[4096], *at;

	if (!text)
		return;
	fprintf(f, ",\"%s\":\"", name);
	for (at = text_clean(text, clean, sizeof(clean)); *at; at++)
		put_character(f, (unsigned char)*at);
	putc_unlocked('"', f);
}

static void put_hex(FILE *f, const char *name, struct bytes b)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	fprintf(f, ",\"%s\":\"", name);
	for (i = 0; i < b.len; i++) {
		putc_unlocked(digits[b.at[i] >> 4], f);
		putc_unlocked(digits[b.at[i] & 15], f);
	}
	putc_unlocked('"', f);
}

static void put_suite(FILE *f, const struct suite *s)
{
	if (s && s->encr)
		put_text(f, "encr", s->encr->name);
	if (s && s->integ && !s->encr->aead)
		put_text(f, "integ", s->integ->name);
	if (s && s->esn)
		fputs(",\"esn\":true", f);
}

static void put_keys(FILE *f, const struct event *e)
{
	if (e->ike_keys) {
		fprintf(f, ",\"spi_i\":\"%016" PRIx64 "\",\"spi_r\":\"%016" PRIx64 "\"", e->ike_keys->spi_i,
			e->ike_keys->spi_r);
		put_suite(f, e->ike_keys->suite);
		put_hex(f, "SK_ei", e->ike_keys->sk_ei);
		put_hex(f, "SK_er", e->ike_keys->sk_er);
		put_hex(f, "SK_ai", e->ike_keys->sk_ai);
		put_hex(f, "SK_ar", e->ike_keys->sk_ar);
	}
	if (e->child_keys) {
		fprintf(f, ",\"spi\":\"%08" PRIx32 "\"", e->child_keys->spi);
		put_suite(f, e->child_keys->suite);
		put_hex(f, "key", e->child_keys->key);
		put_hex(f, "integ_key", e->child_keys->integ_key);
	}
}

void jsonl_hear(void *jsonl, const struct event *e)
{
	struct jsonl *j = jsonl;
	FILE *f = j->file;

	fprintf(f, "{\"kind\":\"%s\",\"t\":%" PRIu64 ".%06" PRIu64, event_kind_name(e->kind), e->time / USEC_S,
		e->time % USEC_S);
	put_text(f, "run", e->run);
	put_text(f, "target", e->target);
	put_text(f, "endpoint", e->endpoint);
	put_text(f, "file", e->file);
	if (e->line > 0)
		fprintf(f, ",\"line\":%u", e->line);
	put_text(f, "id", e->id);
	put_text(f, "path", e->path);
	put_text(f, "text", e->text);
	put_text(f, "detail", e->detail);
	put_text(f, "wanted", e->wanted);
	put_text(f, "got", e->got);
	put_text(f, "verdict", e->verdict);
	if (e->octets.len > 0)
		put_hex(f, "octets", e->octets);
	if (e->number != 0)
		fprintf(f, ",\"number\":%" PRId64, e->number);
	put_keys(f, e);
	fputs("}\n", f);
	if (e->kind == EVENT_CASE_END || e->kind == EVENT_END || (e->kind == EVENT_NOTE && e->verdict))
		fflush(f);
	if (ferror(f))
		j->failed = true;
}

bool jsonl_close(struct jsonl *j, struct why *why)
{
	bool ok = !j->failed;

	if (fclose(j->file) != 0)
		ok = false;
	if (!ok)
		why_set(why, "cannot write %s: the disk is full or the file is gone", j->path);
	free(j);
	return ok;
}

/* ------------------------------------------------------------ reading */

static int kind_of(const char *name)
{
	int k;

	for (k = 0; name && k <= EVENT_END; k++)
		if (strcmp(event_kind_name((enum event_kind)k), name) == 0)
			return k;
	return -1;
}

static const char *member(json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool hand_over(json_t *o, event_listener *hear, void *ctx)
{
	int kind = kind_of(member(o, "kind"));
	struct event e = {
		.run = member(o, "run"),
		.target = member(o, "target"),
		.endpoint = member(o, "endpoint"),
		.file = member(o, "file"),
		.line = (unsigned)json_integer_value(json_object_get(o, "line")),
		.id = member(o, "id"),
		.path = member(o, "path"),
		.text = member(o, "text"),
		.detail = member(o, "detail"),
		.wanted = member(o, "wanted"),
		.got = member(o, "got"),
		.verdict = member(o, "verdict"),
		.number = json_integer_value(json_object_get(o, "number")),
		.time = (usec)(json_number_value(json_object_get(o, "t")) * 1e6 + 0.5),
	};
	const char *hex = member(o, "octets");
	uint8_t *octets = NULL;
	size_t len = 0;

	if (kind < 0)
		return false;
	e.kind = (enum event_kind)kind;
	if (hex && (octets = malloc(strlen(hex) / 2 + 1)) &&
	    bytes_from_hex(hex, octets, strlen(hex) / 2 + 1, &len))
		e.octets = bytes_make(octets, len);
	hear(ctx, &e);
	free(octets);
	return true;
}

bool jsonl_read(const char *path, event_listener *hear, void *ctx, struct why *why)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	bool ok = true, cut = false;

	if (!f)
		return why_set(why, "cannot read %s: %s", path, strerror(errno));
	while (ok && getline(&line, &cap, f) > 0) {
		json_error_t error;
		json_t *o = json_loads(line, 0, &error);

		number++;
		/* The last line of a killed run may be cut short: everything before it counts. */
		cut = !o && number > 1 && !strchr(line, '\n');
		if (!cut && (!o || !hand_over(o, hear, ctx)))
			ok = why_at_line(why, path, number, "no event: %s", o ? "unknown kind" : error.text);
		json_decref(o);
	}
	free(line);
	fclose(f);
	return ok;
}
