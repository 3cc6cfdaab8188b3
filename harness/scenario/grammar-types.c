/* How the text of an attribute may be written, before anything is known of what it means. */
#include <stdio.h>
#include <stdlib.h>

#include "expr.h"
#include "grammar.h"

#define NAME_MAX_LEN 64
#define TEXT_MAX_LEN 1024               /* of everything but values */

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t span_name(const char *text)
{
	size_t len = 0;
	if (!letter(text[0]))
		return 0;
	while (letter(text[len]) || digit(text[len]) || text[len] == '_' || text[len] == '-')
		len++;
	return len;
}

static bool is_name(const char *text)
{
	size_t len = span_name(text);
	return len > 0 && len <= NAME_MAX_LEN && text[len] == '\0';
}

/* Small letters and digits in words joined by '.' or '-'. */
static bool is_id(const char *text)
{
	bool before = false;
	for (; *text != '\0'; text++) {
		bool word = (*text >= 'a' && *text <= 'z') || digit(*text);
		if (!word && (!before || (*text != '.' && *text != '-')))
			return false;
		before = word;
	}
	return before;
}

/* An id, and after ':' a version: libreswan:5.2. */
static bool is_profile(const char *text)
{
	const char *colon = strchr(text, ':');
	char id[80];
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	if (len >= sizeof(id))
		return false;
	memcpy(id, text, len);
	id[len] = '\0';
	return is_id(id) && (colon == NULL || is_id(colon + 1));
}

/* Does the text consist of one ${...}? */
static bool is_variable(const char *text)
{
	const char *end = reference_end(text);
	return end != NULL && *end == '\0' && end > text + 3;
}

static bool is_reference(const char *text)
{
	size_t len = span_name(text);
	const char *tail = text + len;
	if (is_variable(text))
		return true;
	return len > 0 && (*tail == '\0' || strcmp(tail, ".request") == 0 ||
			   strcmp(tail, ".response") == 0 || strcmp(tail, ".old") == 0);
}

/* RFC7296-2.25.1-02, DRAFT-MLKEM-1-01. */
static bool is_requirement(const char *text)
{
	unsigned dashes = 0;
	if (is_variable(text))
		return true;
	if (strncmp(text, "RFC", 3) != 0 && strncmp(text, "DRAFT-", 6) != 0)
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		dashes += *at == '-';
		if (!digit(*at) && !(*at >= 'A' && *at <= 'Z') && *at != '-' && *at != '.')
			return false;
	}
	size_t len = strlen(text);
	return dashes >= 2 && digit(text[len - 1]);
}

/* The end of "(...)" or "[...]" with a name, number, '*' or ${...} in it; NULL if it is none. */
static const char *bracket_end(const char *at, char close)
{
	const char *from = ++at;
	while (*at != '\0' && *at != close) {
		const char *end = *at == '$' ? reference_end(at) : NULL;
		if (end == NULL && !letter(*at) && !digit(*at) && strchr("_-*", *at) == NULL)
			return NULL;
		at = end != NULL ? end : at + 1;
	}
	if (*at != close || (close == ']' && at == from))
		return NULL;
	return at + 1;
}

/* NAME(X)[n].NAME..., each part may be or hold a ${...}. */
static bool is_path(const char *at)
{
	for (;;) {
		const char *end = *at == '$' ? reference_end(at) : NULL;
		if (end == NULL && !letter(*at))
			return false;
		at = end != NULL ? end : at + 1;
		while (letter(*at) || digit(*at) || *at == '_')
			at++;
		if (*at == '(' && (at = bracket_end(at, ')')) == NULL)
			return false;
		if (*at == '[' && (at = bracket_end(at, ']')) == NULL)
			return false;
		if (*at == '\0')
			return true;
		if (*at++ != '.')
			return false;
	}
}

static bool each_word(const char *text, bool (*fits)(const char *word), struct why *why,
		      const char *wanted)
{
	char word[TEXT_MAX_LEN];
	size_t count = 0;
	while (text[strspn(text, " ")] != '\0') {
		text += strspn(text, " ");
		size_t len = 0;
		while (text[len] != '\0' && text[len] != ' ') {
			const char *end = text[len] == '$' ? reference_end(text + len) : NULL;
			len = end != NULL ? (size_t)(end - text) : len + 1;
		}
		if (len >= sizeof(word))
			return why_set(why, "a word is too long");
		memcpy(word, text, len);
		word[len] = '\0';
		if (!fits(word))
			return why_set(why, "'%.80s' is no %s", word, wanted);
		text += len;
		count++;
	}
	return count > 0 || why_set(why, "a %s is missing", wanted);
}

static bool is_judged(const char *word)
{
	return is_name(word) || is_variable(word);
}

static bool fits_count(const char *text, struct why *why)
{
	unsigned least, most;
	if (is_variable(text))
		return true;
	if (!count_parse(text, &least, &most))
		return why_set(why, "'%.80s' is no count; it looks like 3, 0..5 or 2..", text);
	return least <= most ||
	       why_set(why, "'%.80s' is empty: the first number is the larger one", text);
}

static bool fits_time(const char *text, struct why *why)
{
	usec t;
	if (text_has_reference(text) || usec_parse(text, &t))
		return true;
	return why_set(why, "'%.80s' is no time; it looks like 200ms, 5s or 8h", text);
}

static bool fits_port(const char *text, struct why *why)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	if (!digit(text[0]) || *end != '\0' || n == 0 || n > 65535)
		return why_set(why, "'%.80s' is no port", text);
	return true;
}

bool words_have(const struct words *w, const char *text)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->words[i], text) == 0)
			return true;
	return false;
}

static bool fits_words(const struct type_row *type, const char *text, struct why *why)
{
	char all[200] = "";
	if (words_have(&type->words, text))
		return true;
	if (type->type == TYPE_WORDS_OR_VARIABLE && is_variable(text))
		return true;
	const char *near = why_nearest(text, type->words.words, type->words.count);
	if (near != NULL)
		return why_set(why, "unknown %s '%.80s'; did you mean '%s'?", type->name, text,
			       near);
	for (size_t i = 0; i < type->words.count && strlen(all) + 24 < sizeof(all); i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i > 0 ? ", " : "",
			 type->words.words[i]);
	return why_set(why, "unknown %s '%.80s'; it is one of %s%s", type->name, text, all,
		       type->words.count > 8 ? ", ..." : "");
}

static bool plain(bool ok, const char *text, const char *wanted, struct why *why)
{
	return ok || why_set(why, "'%.120s' is no %s", text, wanted);
}

bool type_fits(const struct type_row *type, const char *text, struct why *why)
{
	bool value =
		type->type == TYPE_VALUE || type->type == TYPE_VALUES || type->type == TYPE_PACKET;
	if (text[0] == '\0' && type->type != TYPE_VALUES)
		return why_set(why, "the value is empty");
	if (!value && strlen(text) > TEXT_MAX_LEN)
		return why_set(why, "the text has more than %d characters", TEXT_MAX_LEN);
	switch (type->type) {
	case TYPE_TIME:         return fits_time(text, why);
	case TYPE_COUNT:        return fits_count(text, why);
	case TYPE_PORT:         return fits_port(text, why);
	case TYPE_PATH:
		return plain(is_path(text), text, "path; it looks like SA.P[1].T(ENCR).id", why);
	case TYPE_PATHS:        return each_word(text, is_path, why, "path");
	case TYPE_JUDGES:
		return each_word(text, is_judged, why, "requirement of this scenario");
	case TYPE_REFERENCE:
		return plain(is_reference(text), text,
			     "reference (NAME, NAME.request, NAME.response, NAME.old, ${...})",
			     why);
	case TYPE_NAME:
		return plain(is_name(text), text, "name (letters, digits, '-', '_')", why);
	case TYPE_ID:
		return plain(is_id(text), text, "id (small words joined by '.' or '-')", why);
	case TYPE_PROFILE:
		return plain(is_profile(text), text, "profile (an id, and ':' and a version if wanted)",
			     why);
	case TYPE_REQUIREMENT:
		return plain(is_requirement(text), text, "requirement id (RFC7296-2.1-02)", why);
	case TYPE_WORDS:
	case TYPE_WORDS_OR_VARIABLE:
		return fits_words(type, text, why);
	default:
		return true;
	}
}
