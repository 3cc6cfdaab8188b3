/* Paths against the wire tables, and values against the fields that they end at. */
#include <inttypes.h>
#include <stdio.h>

#include "base/crypto.h"
#include "base/edit.h"
#include "esp/esp.h"
#include "esp/inner.h"
#include "expr.h"
#include "ikev2/message.h"
#include "mean.h"

static const char *const functions[] = { "count", "size", "index", "octets", "time", "distinct",
					 "min",   "max",  "mean",  "step",   "ones", "p99" };

/* Several computed steps may follow each other: "x.time().max()". */
static bool cut_computed(char *path, struct field *out, struct why *why)
{
	size_t len;
	out->computed = NULL;
	while ((len = strlen(path)) > 2 && strcmp(path + len - 2, "()") == 0) {
		char *name = strrchr(path, '.');
		path[len - 2] = '\0';
		name = name != NULL ? name + 1 : path;
		size_t i = 0;
		while (i < ARRAY_LEN(functions) && strcmp(functions[i], name) != 0)
			i++;
		if (i == ARRAY_LEN(functions)) {
			const char *near = why_nearest(name, functions, ARRAY_LEN(functions));
			return why_set(why, "there is no function %s()%s%s%s", name,
				       near ? "; did you mean '" : "", near ? near : "",
				       near ? "()'?" : "");
		}
		if (out->computed == NULL)
			out->computed = functions[i];
		if (name == path)
			*name = '\0';
		else
			name[-1] = '\0';
	}
	return true;
}

/* ------------------------------------------------------------ roots */

static const struct wire_row row_esp = { "ESP", WIRE_STRUCT, .item = &format_esp };
static const struct wire_row row_udp = { "UDP", WIRE_STRUCT, .item = &format_udp };
static const struct wire_row row_ip4 = { "IP", WIRE_STRUCT, .item = &format_ipv4 };
static const struct wire_row row_ip6 = { "IP", WIRE_STRUCT, .item = &format_ipv6 };
static const struct wire_row row_inner4 = { "INNER", WIRE_STRUCT, .item = &format_ipv4 };
static const struct wire_row row_inner6 = { "INNER", WIRE_STRUCT, .item = &format_ipv6 };
static const struct wire_format format_of_esp = { "packet", "", "", &row_esp, 1 };
static const struct wire_format format_of_udp = { "packet", "", "", &row_udp, 1 };
static const struct wire_format format_of_ip4 = { "packet", "", "", &row_ip4, 1 };
static const struct wire_format format_of_ip6 = { "packet", "", "", &row_ip6, 1 };
static const struct wire_format format_of_inner4 = { "packet", "", "", &row_inner4, 1 };
static const struct wire_format format_of_inner6 = { "packet", "", "", &row_inner6, 1 };

#define IN(kind) (1u << (kind))
#define IN_ALL (IN(MESSAGE_IKE) | IN(MESSAGE_ESP) | IN(MESSAGE_IP) | IN(MESSAGE_RAW))

/* A root may have two formats (IP versions): the path must be possible in one. */
static const struct {
	const char *root;
	unsigned kinds;
	const struct wire_format *format, *other;
} roots[] = {
	{ "UDP",   IN_ALL,                                &format_of_udp,    NULL              },
	{ "IP",    IN_ALL,                                &format_of_ip4,    &format_of_ip6    },
	{ "ESP",   IN(MESSAGE_ESP),                       &format_of_esp,    NULL              },
	{ "INNER", IN(MESSAGE_ESP) | IN(MESSAGE_IP),      &format_of_inner4, &format_of_inner6 },
};

static const char *const kind_texts[] = {
	[MESSAGE_IKE] = "an IKE message", [MESSAGE_ESP] = "an ESP packet",
	[MESSAGE_IP] = "a packet in clear", [MESSAGE_RAW] = "a raw datagram",
};

static bool root_possible(size_t i, const char *path, struct field *out, struct why *why)
{
	const struct wire_format *f = roots[i].format;
	if (roots[i].other != NULL && !wire_path_possible(f, path, NULL) &&
	    wire_path_possible(roots[i].other, path, NULL))
		f = roots[i].other;
	if (!wire_path_possible(f, path, why))
		return false;
	out->row = wire_path_row(f, path);
	return true;
}

bool path_possible(enum message_kind kind, const char *text, struct field *out, struct arena *a,
		   struct why *why)
{
	char root[32], *path = arena_text(a, text);
	*out = (struct field){ .row = NULL };
	if (path == NULL)
		return why_set(why, "no memory");
	if (!cut_computed(path, out, why))
		return false;
	if (path[0] == '\0')
		return true;
	edit_root(path, root, sizeof(root));
	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		if (strcmp(roots[i].root, root) != 0)
			continue;
		if ((roots[i].kinds & IN(kind)) == 0)
			return why_set(why, "%s has no %s", kind_texts[kind], root);
		return root_possible(i, path, out, why);
	}
	if (kind == MESSAGE_ESP || kind == MESSAGE_IP)
		return why_set(why, "%s has no '%s'; its parts are %sINNER, UDP and IP",
			       kind_texts[kind], root, kind == MESSAGE_ESP ? "ESP, " : "");
	if (kind == MESSAGE_RAW)
		return why_set(why, "%s has no '%s'; its parts are UDP and IP", kind_texts[kind],
			       root);
	if (!message_path_possible(path, why))
		return false;
	out->row = message_path_is_input(path) ? NULL : message_path_row(path);
	out->input = message_path_is_input(path);
	return true;
}

bool mean_path(struct mean *m, const char *text, enum message_kind kind, struct field *out)
{
	struct why why = { .text = "" };
	const char *path;
	mean_references(m, text);
	if (settle_text(m, text, &path) != SETTLED)
		return false;
	if (path_possible(kind, path, out, m->scratch, &why))
		return true;
	return mean_complain(m, text, "%s", why.text);
}

/* ------------------------------------------------------------ values */

static bool is_number(const struct wire_row *row)
{
	return row->kind <= WIRE_SIZE;
}

static void unknown_name(struct mean *m, const struct attr *a, const struct names *names,
			 const char *word)
{
	const char **texts = arena_array(m->scratch, names->count + 1, sizeof(*texts));
	for (size_t i = 0; texts != NULL && i < names->count; i++)
		texts[i] = names->rows[i].text;
	mean_complain(m, a->text, "'%.80s' is not in the registry '%s'%s", word, names->registry,
		      texts != NULL ? did_you_mean(m->l, word, texts, names->count) : "");
}

/* A number field: a number or name of its registry that fits its bits. */
static bool fits_number(struct mean *m, const struct attr *a, const struct wire_row *row,
			const struct value *v)
{
	struct why why;
	uint64_t n;
	if (v->kind == VALUE_TEXT && row->names != NULL) {
		unknown_name(m, a, row->names, v->text);
		return false;
	}
	if (v->kind == VALUE_OCTETS && v->octets.len * 8 > (size_t)(row->bits + 7) / 8 * 8)
		return mean_complain(m, a->text, "%zu octets do not fit '%s' of %u bits",
				     v->octets.len, row->name, row->bits);
	if (!value_number(v, &n, &why))
		return mean_complain(m, a->text, "'%s': %s", row->name, why.text);
	if (row->bits < 64 && n >> row->bits != 0 && a->name != AT_MAX)
		return mean_complain(m, a->text, "%" PRIu64 " does not fit '%s' of %u bits", n,
				     row->name, row->bits);
	return true;
}

static bool fits_octets(struct mean *m, const struct attr *a, const struct wire_row *row,
			const struct value *v)
{
	struct why why;
	struct bytes b;
	if (v->kind == VALUE_TEXT && row->names == NULL)
		return mean_complain(m, a->text,
				     "'%.80s' is no value of '%s'; octets of a text are text:%.80s",
				     v->text, row->name, v->text);
	if (v->kind == VALUE_TIME)
		return mean_complain(m, a->text, "a time is no value of '%s'", row->name);
	if (v->kind == VALUE_NUMBER && row->bits != 0 && row->of == NULL &&
	    !value_octets(v, row->bits / 8, m->scratch, &b, &why))
		return mean_complain(m, a->text, "'%s': %s", row->name, why.text);
	return true;
}

static void fits_computed(struct mean *m, const struct attr *a, const char *computed,
			  const struct value *v)
{
	static const char *const numbers[] = { "count", "size", "index", "distinct" };
	struct why why;
	uint64_t n;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(numbers[i], computed) == 0 && !value_number(v, &n, &why))
			mean_complain(m, a->text, "%s(): %s", computed, why.text);
	if (strcmp(computed, "time") == 0 && v->kind != VALUE_TIME)
		mean_complain(m, a->text, "time() is compared with a time, such as 5s");
}

static void fits_one(struct mean *m, const struct attr *a, const struct field *f,
		     const struct value *v)
{
	if (f->computed != NULL)
		fits_computed(m, a, f->computed, v);
	else if (f->row != NULL && is_number(f->row))
		fits_number(m, a, f->row, v);
	else if (f->row != NULL)
		fits_octets(m, a, f->row, v);
}

void mean_fits(struct mean *m, const struct attr *a, const struct field *f)
{
	const struct names *names = f->computed == NULL && f->row != NULL ? f->row->names : NULL;
	struct value v;
	if (a->expr == NULL || settle_value(m, a, names, &v) != SETTLED)
		return;
	if (v.kind != VALUE_LIST) {
		fits_one(m, a, f, &v);
		return;
	}
	for (size_t i = 0; i < v.count; i++)
		fits_one(m, a, f, &v.items[i]);
}
