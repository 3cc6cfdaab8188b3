#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "expr.h"

/* One evaluation: the scope, and how deep variables refer to variables. */
struct eval {
	const struct scope *scope;
	struct arena *arena;
	struct why *why;
	unsigned depth, work;
};

static bool eval(struct eval *ev, const struct expr *e, struct value *out);
static bool expand(struct eval *ev, const char *text, const char **out);

/* ------------------------------------------------------------ names */

static const struct names *const registries[] = {
	&names_notify,         &names_exchange,     &names_payload,
	&names_protocol,       &names_id_type,      &names_auth_method,
	&names_transform_type, &names_encr,         &names_prf,
	&names_integ,          &names_ke,           &names_esn,
	&names_cert_encoding,  &names_hash,         &names_ts_type,
	&names_cp_type,        &names_cp_attribute, &names_eap_code,
	&names_eap_type,       &names_attribute,    &names_ip_protocol,
};

static const struct {
	const struct names *names;
	uint8_t type;
} keyword_types[] = {
	{ &names_encr,  TRANSFORM_ENCR  },
	{ &names_prf,   TRANSFORM_PRF   },
	{ &names_integ, TRANSFORM_INTEG },
	{ &names_ke,    TRANSFORM_KE    },
};

static bool same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* "x25519", "aes256gcm16": the words of suites. */
static bool keyword_number(const struct names *names, const char *word, uint64_t *out)
{
	for (size_t k = 0; k < ARRAY_LEN(keyword_types); k++) {
		if (keyword_types[k].names != names)
			continue;
		for (size_t i = 0; i < transforms_count; i++) {
			const struct transform *t = &transforms[i];
			if (t->type != keyword_types[k].type)
				continue;
			if (same(t->libreswan, word) || same(t->strongswan, word)) {
				*out = t->id;
				return true;
			}
		}
	}
	return false;
}

bool word_number(const struct names *names, const char *word, uint64_t *out)
{
	uint32_t n;
	if (names != NULL) {
		if (!names_value(names, word, &n))
			return keyword_number(names, word, out);
		*out = n;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(registries); i++) {
		if (!names_value(registries[i], word, &n))
			continue;
		*out = n;
		return true;
	}
	return keyword_number(&names_ke, word, out);
}

static void eval_word(const struct eval *ev, const char *word, struct value *out)
{
	uint64_t n;
	*out = value_of_text(word);
	if (!word_number(ev->scope->names, word, &n))
		return;
	*out = value_of_number(n);
	out->text = word;
	if (keyword_number(&names_ke, word, &n))
		out->bits = 16;
}

/* A text that a reference gave becomes a number where the field has a registry; a group ("ecp256" of
 * ${target.groups[2]}) does so everywhere, as two octets. */
static bool name_value(const struct eval *ev, struct value *v)
{
	uint64_t n;
	bool any = ev->scope->names == NULL;
	if (v->kind == VALUE_TEXT && v->text != NULL &&
	    (!any || keyword_number(&names_ke, v->text, &n)))
		eval_word(ev, v->text, v);
	if (any)
		return true;
	if (v->kind != VALUE_LIST || v->count == 0)
		return true;
	struct value *items = arena_array(ev->arena, v->count, sizeof(*items));
	if (items == NULL)
		return why_set(ev->why, "no memory");
	for (size_t i = 0; i < v->count; i++) {
		items[i] = v->items[i];
		if (items[i].kind == VALUE_TEXT && items[i].text != NULL)
			eval_word(ev, items[i].text, &items[i]);
	}
	v->items = items;
	return true;
}

/* ------------------------------------------------------------ references */

static const struct variable *find_variable(const struct eval *ev, const char *name)
{
	return ev->scope->variable != NULL ? ev->scope->variable(ev->scope->ctx, name) : NULL;
}

static bool deeper(struct eval *ev, const char *name)
{
	if (++ev->work > EXPR_WORK_MAX)
		return why_set(ev->why, "'%s' takes too many variables to work out", name);
	if (++ev->depth > EXPR_DEPTH_MAX)
		return why_set(ev->why, "'%s' is worked out from itself", name);
	return true;
}

static bool eval_variable(struct eval *ev, const struct variable *v, struct value *out)
{
	if (!deeper(ev, v->name))
		return false;
	if (v->expr != NULL) {
		bool ok = eval(ev, v->expr, out);
		ev->depth--;
		return ok;
	}
	const char *text;
	bool ok = expand(ev, v->text, &text);
	ev->depth--;
	if (ok)
		*out = value_of_text(text);
	return ok;
}

/* "w[2]" of a list variable. */
static bool eval_element(struct eval *ev, const char *reference, struct value *out, bool *done)
{
	const char *bracket = strchr(reference, '[');
	char name[64], *end;
	*done = false;
	if (bracket == NULL || (size_t)(bracket - reference) >= sizeof(name))
		return true;
	snprintf(name, sizeof(name), "%.*s", (int)(bracket - reference), reference);
	unsigned long n = strtoul(bracket + 1, &end, 10);
	const struct variable *v = find_variable(ev, name);
	if (v == NULL || strcmp(end, "]") != 0)
		return true;
	*done = true;
	if (!eval_variable(ev, v, out))
		return false;
	if (out->kind != VALUE_LIST || n < 1 || n > out->count)
		return why_set(ev->why, "'%s' has no element %lu", name, n);
	*out = out->items[n - 1];
	return name_value(ev, out);
}

static bool eval_reference(struct eval *ev, const char *reference, struct value *out)
{
	bool done;
	if (text_has_reference(reference) && !expand(ev, reference, &reference))
		return false;
	const struct variable *v = find_variable(ev, reference);
	if (v != NULL)
		return eval_variable(ev, v, out);
	if (!eval_element(ev, reference, out, &done))
		return false;
	if (done)
		return true;
	if (ev->scope->lookup == NULL)
		return why_set(ev->why, "'%s' is not known here", reference);
	*out = (struct value){ .kind = VALUE_NONE };
	return ev->scope->lookup(ev->scope->ctx, reference, ev->arena, out, ev->why) &&
	       name_value(ev, out);
}

/* ------------------------------------------------------------ octets */

static bool eval_run(struct eval *ev, const struct expr *e, struct value *out)
{
	struct value count;
	uint64_t len;
	if (!eval(ev, e->left, &count) || !value_number(&count, &len, ev->why))
		return false;
	if (len > VALUE_OCTETS_MAX)
		return why_set(ev->why, "%llu octets are more than %zu", (unsigned long long)len,
			       VALUE_OCTETS_MAX);
	if (e->op == EXPR_RANDOM && ev->scope->rng == NULL)
		return why_set(ev->why, "random: is not known here");
	uint8_t *octets = arena_alloc(ev->arena, len > 0 ? (size_t)len : 1);
	if (octets == NULL)
		return why_set(ev->why, "no memory");
	if (e->op == EXPR_RANDOM)
		rng_fill(ev->scope->rng, octets, (size_t)len);
	else if (e->op == EXPR_ONES)
		memset(octets, 0xff, (size_t)len);
	for (size_t i = 0; e->op == EXPR_COUNT && i < len; i++)
		octets[i] = (uint8_t)(i + 1);
	*out = value_of_octets(bytes_make(octets, (size_t)len));
	return true;
}

static bool read_all(int fd, struct arena *a, struct bytes *out, struct why *why)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return why_set(why, "it is no plain file");
	if ((uint64_t)st.st_size > VALUE_OCTETS_MAX)
		return why_set(why, "it has more than %zu octets", VALUE_OCTETS_MAX);
	size_t len = (size_t)st.st_size, got = 0;
	uint8_t *octets = arena_alloc(a, len > 0 ? len : 1);
	if (octets == NULL)
		return why_set(why, "no memory");
	while (got < len) {
		ssize_t n = read(fd, octets + got, len - got);
		if (n <= 0)
			return why_set(why, "it cannot be read");
		got += (size_t)n;
	}
	*out = bytes_make(octets, len);
	return true;
}

/* The file's real path, if it lies inside the folder. */
static bool inside(const char *base, const char *name, char real[static PATH_MAX])
{
	char joined[PATH_MAX], folder[PATH_MAX];
	if (name[0] == '/' ||
	    snprintf(joined, sizeof(joined), "%s/%s", base, name) >= (int)sizeof(joined))
		return false;
	if (realpath(base, folder) == NULL || realpath(joined, real) == NULL)
		return false;
	size_t len = strlen(folder);
	return strncmp(real, folder, len) == 0 && real[len] == '/';
}

static bool eval_file(struct eval *ev, const char *name, struct value *out)
{
	char path[PATH_MAX];
	struct why inner;
	struct bytes octets;
	if (ev->scope->base == NULL)
		return why_set(ev->why, "file: is not allowed here");
	if (!inside(ev->scope->base, name, path))
		return why_set(ev->why, "file:%.160s is not there, or not inside the folder", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return why_set(ev->why, "file:%.160s cannot be opened", name);
	bool ok = read_all(fd, ev->arena, &octets, &inner);
	close(fd);
	if (!ok)
		return why_set(ev->why, "file:%.100s: %.100s", name, inner.text);
	*out = value_of_octets(octets);
	return true;
}

static bool eval_env(struct eval *ev, const char *name, struct value *out)
{
	const char *text = getenv(name);
	if (text == NULL)
		return why_set(ev->why, "the environment has no variable '%s'", name);
	if (strnlen(text, VALUE_OCTETS_MAX) >= VALUE_OCTETS_MAX)
		return why_set(ev->why, "the variable '%s' is too long", name);
	text = arena_text(ev->arena, text);
	if (text == NULL)
		return why_set(ev->why, "no memory");
	*out = value_of_octets(bytes_text(text));
	return true;
}

static bool eval_public(struct eval *ev, const char *kind, struct value *out)
{
	if (ev->scope->special == NULL)
		return why_set(ev->why, "public:%s is not known here", kind);
	return ev->scope->special(ev->scope->ctx, kind, ev->arena, out, ev->why);
}

/* ------------------------------------------------------------ the tree */

static bool eval_two(struct eval *ev, const struct expr *e, struct value *out)
{
	struct value a, b;
	return eval(ev, e->left, &a) && eval(ev, e->right, &b) &&
	       value_operate(e->op, &a, &b, ev->arena, out, ev->why);
}

/* Lists inside a list are laid out flat: "${a[*]} 5". */
static bool eval_list(struct eval *ev, const struct expr *list, struct value *out)
{
	size_t room = 0, count = 0;
	for (const struct expr *e = list->left; e != NULL; e = e->next)
		room++;
	struct value *each = arena_array(ev->arena, room + 1, sizeof(*each));
	if (each == NULL)
		return why_set(ev->why, "no memory");
	for (const struct expr *e = list->left; e != NULL; e = e->next, count++)
		if (!eval(ev, e, &each[count]))
			return false;
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += each[i].kind == VALUE_LIST ? each[i].count : 1;
	struct value *items = arena_array(ev->arena, total + 1, sizeof(*items));
	if (items == NULL)
		return why_set(ev->why, "no memory");
	*out = (struct value){ .kind = VALUE_LIST, .items = items };
	for (size_t i = 0; i < count; i++) {
		size_t n = each[i].kind == VALUE_LIST ? each[i].count : 1;
		if (n > 0)
			memcpy(items + out->count,
			       each[i].kind == VALUE_LIST ? each[i].items : &each[i],
			       n * sizeof(*items));
		out->count += n;
	}
	return true;
}

static bool eval_minus(struct eval *ev, const struct expr *e, struct value *out)
{
	struct value v;
	return eval(ev, e->left, &v) && value_negate(&v, out, ev->why);
}

static bool eval(struct eval *ev, const struct expr *e, struct value *out)
{
	switch (e->op) {
	case EXPR_VALUE:
		*out = e->value;
		return true;
	case EXPR_WORD:
		eval_word(ev, e->text, out);
		return true;
	case EXPR_REFERENCE:    return eval_reference(ev, e->text, out);
	case EXPR_RANDOM:
	case EXPR_ZERO:
	case EXPR_ONES:
	case EXPR_COUNT:        return eval_run(ev, e, out);
	case EXPR_FILE:         return eval_file(ev, e->text, out);
	case EXPR_ENV:          return eval_env(ev, e->text, out);
	case EXPR_PUBLIC:       return eval_public(ev, e->text, out);
	case EXPR_MINUS:        return eval_minus(ev, e, out);
	case EXPR_LIST:         return eval_list(ev, e, out);
	default:                return eval_two(ev, e, out);
	}
}

bool expr_eval(const struct expr *e, const struct scope *scope, struct arena *a, struct value *out,
	       struct why *why)
{
	struct eval ev = { .scope = scope, .arena = a, .why = why };
	return eval(&ev, e, out);
}

/* ------------------------------------------------------------ text */

/* What stands in the place of one reference of a text. */
static bool expand_reference(struct eval *ev, const char *reference, const char **out)
{
	const struct variable *v = find_variable(ev, reference);
	struct value value;
	if (++ev->work > EXPR_WORK_MAX)
		return why_set(ev->why, "too many references");
	if (v != NULL) {
		bool ok = deeper(ev, reference) && expand(ev, v->text, out);
		ev->depth--;
		return ok;
	}
	if (!eval_reference(ev, reference, &value))
		return false;
	size_t cap = value.kind == VALUE_OCTETS ? 2 * value.octets.len + 8 : 4096;
	char *text = arena_alloc(ev->arena, cap);
	if (text == NULL)
		return why_set(ev->why, "no memory");
	*out = value_print(&value, text, cap);
	return true;
}

static bool expand(struct eval *ev, const char *text, const char **out)
{
	const char *done = "";
	const char *at;
	*out = text;
	if (!text_has_reference(text))
		return true;
	while ((at = strstr(text, "${")) != NULL) {
		const char *end = reference_end(at), *value = NULL;
		if (end == NULL)
			return why_set(ev->why, "'${' without its '}' in '%.120s'", text);
		char *name = arena_printf(ev->arena, "%.*s", (int)(end - at - 3), at + 2);
		if (name == NULL || !expand_reference(ev, name, &value))
			return name != NULL ? false : why_set(ev->why, "no memory");
		if (strlen(done) + strlen(value) > EXPR_TEXT_MAX)
			return why_set(ev->why, "the text grows beyond %zu characters",
				       EXPR_TEXT_MAX);
		done = arena_printf(ev->arena, "%s%.*s%s", done, (int)(at - text), text, value);
		if (done == NULL)
			return why_set(ev->why, "no memory");
		text = end;
	}
	*out = arena_printf(ev->arena, "%s%s", done, text);
	return *out != NULL || why_set(ev->why, "no memory");
}

bool text_expand(const char *text, const struct scope *scope, struct arena *a, const char **out,
		 struct why *why)
{
	struct eval ev = { .scope = scope, .arena = a, .why = why };
	return expand(&ev, text, out);
}

/* ------------------------------------------------------------ looking at expressions */

/* References nest: "target.groups[${n}]" has n inside. */
static void report_references(const char *text, void (*found)(void *ctx, const char *reference),
			      void *ctx)
{
	for (const char *at = text; (at = strstr(at, "${")) != NULL;) {
		const char *end = reference_end(at);
		char name[256];
		if (end == NULL || (size_t)(end - at) >= sizeof(name))
			return;
		snprintf(name, sizeof(name), "%.*s", (int)(end - at - 3), at + 2);
		found(ctx, name);
		report_references(name, found, ctx);
		at = end;
	}
}

void expr_references(const struct expr *e, void (*found)(void *ctx, const char *reference),
		     void *ctx)
{
	for (; e != NULL; e = e->next) {
		if (e->op == EXPR_REFERENCE) {
			found(ctx, e->text);
			report_references(e->text, found, ctx);
		}
		expr_references(e->left, found, ctx);
		expr_references(e->right, found, ctx);
	}
}

bool expr_constant(const struct expr *e)
{
	for (; e != NULL; e = e->next) {
		if (e->op == EXPR_REFERENCE || e->op == EXPR_RANDOM ||
		    (e->op >= EXPR_FILE && e->op <= EXPR_PUBLIC))
			return false;
		if (!expr_constant(e->left) || !expr_constant(e->right))
			return false;
	}
	return true;
}
