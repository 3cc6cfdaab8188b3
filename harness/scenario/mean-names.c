/* Names that steps make and use, and what stands in ${...}. */
#include <stdio.h>
#include <stdlib.h>

#include "expr.h"
#include "mean.h"

#define REFERENCE_DEPTH_MAX 8
#define REFERENCES_MAX 1000             /* of one text, through its variables */

static const char *const kind_texts[] = {
	[KNOWN_MESSAGE] = "a message", [KNOWN_IKE] = "an IKE SA", [KNOWN_CHILD] = "a Child SA",
	[KNOWN_TESTER] = "a tester", [KNOWN_LOAD] = "a load",
};

static const char *const ike_fields[] = { "spi_i", "spi_r", "next_request", "next_expected",
	"initiator", "nat_here", "nat_there", "SK_d", "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr",
	"ni", "nr", "assigned", "assigned6", "given", "given6" };
static const char *const child_fields[] = { "spi_in", "spi_out", "ts_ours", "ts_theirs" };
static const char *const tester_fields[] = { "address", "second", "inner", "outside", "nat", "authority", "ike",
	"child" };
static const char *const load_fields[] = { "sent", "lost", "twice", "early", "rate", "latency" };
static const char *const builtins[] = { "ike", "child", "target", "tester", "honest", "index" };

/* ------------------------------------------------------------ what is known */

struct known *mean_known(const struct mean *m, const char *name)
{
	for (size_t i = 0; i < m->known.count; i++) {
		struct known *k = m->known.items[i];
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

/* NULL, or what else bears this name. */
static const char *other_thing(const struct mean *m, const char *name)
{
	if (mean_variable(m, name) != NULL || mean_is_each(m, name))
		return "a variable";
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (strcmp(builtins[i], name) == 0)
			return "a word of the language";
	return NULL;
}

void mean_learn(struct mean *m, const char *name, const struct known *what)
{
	struct known *k = mean_known(m, name);
	const char *other = other_thing(m, name);
	bool newest = (what->kind == KNOWN_IKE && strcmp(name, "ike") == 0) ||
		      (what->kind == KNOWN_CHILD && strcmp(name, "child") == 0);
	if (k != NULL && k->kind != what->kind)
		mean_complain(m, NULL, "'%s' is already %s (%s:%u)", name, kind_texts[k->kind],
			      k->file, k->line);
	else if (k == NULL && other != NULL && !newest)
		mean_complain(m, NULL, "'%s' is already %s", name, other);
	if (k == NULL) {
		k = arena_new_of(m->scratch, struct known);
		if (k == NULL || !list_add(m->scratch, &m->known, k))
			return;
	}
	*k = *what;
	k->name = name;
	k->file = m->at->file;
	k->line = m->at->line;
}

static const char *nearest_name(struct mean *m, const char *name)
{
	const char *names[200];
	size_t count = 0;
	for (size_t i = 0; i < m->known.count && count < 120; i++)
		names[count++] = ((struct known *)m->known.items[i])->name;
	for (size_t i = 0; m->row != NULL && i < m->row->count && count < 160; i++)
		names[count++] = m->row->vars[i].name;
	for (size_t i = 0; m->s != NULL && i < m->s->var_count && count < 180; i++)
		names[count++] = m->s->vars[i].name;
	for (size_t i = 0; m->s != NULL && i < m->s->for_each_count && count < 190; i++)
		names[count++] = m->s->for_each[i].name;
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		names[count++] = builtins[i];
	return did_you_mean(m->l, name, names, count);
}

/* ------------------------------------------------------------ references */

static void check_reference(struct mean *m, const char *text, const char *reference,
			    unsigned depth);

static void check_text(struct mean *m, const char *place, const char *text, unsigned depth)
{
	for (const char *at = text; (at = strstr(at, "${")) != NULL;) {
		const char *end = reference_end(at);
		if (end == NULL) {
			mean_complain(m, place, "'${' without its '}' in '%.100s'", text);
			return;
		}
		char *reference = arena_printf(m->scratch, "%.*s", (int)(end - at - 3), at + 2);
		if (reference != NULL)
			check_reference(m, place, reference, depth);
		at = end;
	}
}

void mean_references(struct mean *m, const char *text)
{
	m->references = 0;
	if (text != NULL && text_has_reference(text))
		check_text(m, text, text, 0);
}

static bool one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void check_word(struct mean *m, const char *place, const char *what, const char *word,
		       const char *const *words, size_t count)
{
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, ".[("), word);
	if (!one_of(name, words, count))
		mean_complain(m, place, "%s has no '%s'%s", what, name,
			      did_you_mean(m->l, name, words, count));
}

static void check_feature(struct mean *m, const char *place, const char *rest)
{
	static const char *const others[] = { "address", "inner", "ike-suites", "esp-suites" };
	const char *hint;
	char name[80];
	size_t len = strcspn(rest, "[.(");
	for (size_t i = 0; i <= len && i < sizeof(name); i++)
		name[i] = rest[i] == '_' ? '-' : rest[i];
	name[len < sizeof(name) ? len : sizeof(name) - 1] = '\0';
	if (!one_of(name, others, ARRAY_LEN(others)) && !feature_known(m->l, name, &hint))
		mean_complain(m, place, "a target has no feature '%s'%s", name, hint);
}

/* "x.response.Nr.data": behind the name of an exchange stands which of its messages. */
static void check_message(struct mean *m, const char *place, const struct known *k,
			  const char *rest)
{
	struct field field;
	struct why why;
	bool named = strncmp(rest, "request", 7) == 0 || strncmp(rest, "response", 8) == 0;
	if (named) {
		size_t len = strcspn(rest, ".[");
		if (!k->both) {
			mean_complain(m, place, "'%s' is one message: it has no '%.*s'", k->name,
				      (int)len, rest);
			return;
		}
		rest += len;
		rest += *rest == '.';
	} else if (k->both && strcmp(rest, "count()") != 0) {
		mean_complain(m, place, "'%s' is an exchange: write %s.request or %s.response",
			      k->name, k->name, k->name);
		return;
	}
	if (rest[0] != '\0' && strstr(rest, "${") == NULL &&
	    !path_possible(k->message, rest, &field, m->scratch, &why))
		mean_complain(m, place, "'%s': %s", k->name, why.text);
}

static void check_known(struct mean *m, const char *place, const struct known *k, const char *rest)
{
	if (strncmp(rest, "old.", 4) == 0 && (k->kind == KNOWN_IKE || k->kind == KNOWN_CHILD))
		rest += 4;
	if (rest[0] == '\0' && k->kind != KNOWN_MESSAGE)
		mean_complain(m, place, "'%s' is %s; which of its values is meant?", k->name,
			      kind_texts[k->kind]);
	else if (k->kind == KNOWN_MESSAGE)
		check_message(m, place, k, rest);
	else if (k->kind == KNOWN_IKE)
		check_word(m, place, "an IKE SA", rest, ike_fields, ARRAY_LEN(ike_fields));
	else if (k->kind == KNOWN_CHILD)
		check_word(m, place, "a Child SA", rest, child_fields, ARRAY_LEN(child_fields));
	else if (k->kind == KNOWN_LOAD)
		check_word(m, place, "a load", rest, load_fields, ARRAY_LEN(load_fields));
	else if (strncmp(rest, "ike.", 4) == 0)
		check_word(m, place, "an IKE SA", rest + 4, ike_fields, ARRAY_LEN(ike_fields));
	else if (strncmp(rest, "child.", 6) == 0)
		check_word(m, place, "a Child SA", rest + 6, child_fields, ARRAY_LEN(child_fields));
	else
		check_word(m, place, "a tester", rest, tester_fields, ARRAY_LEN(tester_fields));
}

/* True if the word is one of the language's own. */
static bool check_builtin(struct mean *m, const char *place, const char *word, const char *rest)
{
	static const struct known ike = { .name = "ike", .kind = KNOWN_IKE };
	static const struct known child = { .name = "child", .kind = KNOWN_CHILD };
	static const struct known tester = { .name = "tester", .kind = KNOWN_TESTER };
	if (strcmp(word, "honest") == 0 || strcmp(word, "index") == 0)
		return true;
	if (strcmp(word, "target") == 0)
		check_feature(m, place, rest);
	else if (strcmp(word, "ike") == 0)
		check_known(m, place, &ike, rest);
	else if (strcmp(word, "child") == 0)
		check_known(m, place, &child, rest);
	else if (strcmp(word, "tester") == 0)
		check_known(m, place, &tester, rest);
	else
		return false;
	return true;
}

static void check_variable(struct mean *m, const char *place, const struct variable *v,
			   unsigned depth)
{
	mark_used(m, v->name);
	if (depth > REFERENCE_DEPTH_MAX)
		mean_complain(m, place, "'%s' is worked out from itself", v->name);
	else if (m->references > REFERENCES_MAX)
		mean_complain(m, place, "'%s' takes too many variables to work out", v->name);
	else if (text_has_reference(v->text))
		check_text(m, place, v->text, depth + 1);
}

static void check_reference(struct mean *m, const char *place, const char *reference,
			    unsigned depth)
{
	char word[72];
	size_t len = strcspn(reference, ".[(");
	if (++m->references > 2 * REFERENCES_MAX)
		return;
	check_text(m, place, reference, depth + 1);
	snprintf(word, sizeof(word), "%.*s", (int)len, reference);
	const char *rest = reference + len;
	while (*rest == '[')
		rest += strcspn(rest, "]") + (strchr(rest, ']') != NULL);
	rest += *rest == '.';
	const struct variable *v = mean_variable(m, word);
	const struct known *k = mean_known(m, word);
	if (v != NULL)
		check_variable(m, place, v, depth);
	else if (mean_is_each(m, word))
		mark_used(m, word);
	else if (k != NULL)
		check_known(m, place, k, rest);
	else if (!check_builtin(m, place, word, rest) && m->sound)
		mean_complain(m, place, "nothing has set '%s' before%s", word,
			      nearest_name(m, word));
}

/* ------------------------------------------------------------ attributes that name */

static bool is_newest(const char *name, enum known_kind kind)
{
	return (kind == KNOWN_IKE && strcmp(name, "ike") == 0) ||
	       (kind == KNOWN_CHILD && strcmp(name, "child") == 0);
}

const struct known *mean_named(struct mean *m, enum attribute attribute, enum known_kind kind)
{
	const char *text = attr_text(m->at, attribute), *name;
	if (text == NULL)
		return NULL;
	mean_references(m, text);
	if (settle_text(m, text, &name) != SETTLED)
		return NULL;
	size_t len = strcspn(name, ".");
	const char *word = arena_printf(m->scratch, "%.*s", (int)len, name);
	const struct known *k = word != NULL ? mean_known(m, word) : NULL;
	if (word == NULL || is_newest(word, kind))
		return NULL;
	if (k == NULL) {
		if (m->sound)
			mean_complain(m, text, "nothing has set '%s' before%s", word,
				      nearest_name(m, word));
		return NULL;
	}
	if (k->kind != kind) {
		mean_complain(m, text, "'%s' is %s, not %s", word, kind_texts[k->kind],
			      kind_texts[kind]);
		return NULL;
	}
	return k;
}
