#include <limits.h>
#include <stdlib.h>

#include "expr.h"

struct parser {
	struct arena *arena;
	const char *text, *at;
	struct why *why;
	unsigned depth, nodes;
	bool list;                      /* white space ends a value */
};

static const struct {
	const char *text;
	enum expr_op op;
} prefixes[] = {
	{ "random:", EXPR_RANDOM },
	{ "zero:",   EXPR_ZERO   },
	{ "ones:",   EXPR_ONES   },
	{ "count:",  EXPR_COUNT  },
	{ "file:",   EXPR_FILE   },
	{ "env:",    EXPR_ENV    },
	{ "public:", EXPR_PUBLIC },
};

static struct expr *parse_join(struct parser *p);

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_space(struct parser *p)
{
	while (is_space(*p->at))
		p->at++;
}

static struct expr *refuse(const struct parser *p, const char *text, const char *detail)
{
	size_t column = (size_t)(p->at - p->text);
	why_at_octet(p->why, column, NULL, "%s%s in '%.120s'", text, detail, p->text);
	return NULL;
}

static struct expr *make(struct parser *p, enum expr_op op, const char *from)
{
	if (++p->nodes > EXPR_NODES_MAX)
		return refuse(p, "too many parts", "");
	struct expr *e = arena_new_of(p->arena, struct expr);
	if (e == NULL)
		return refuse(p, "no memory", "");
	e->op = op;
	e->column = (size_t)(from - p->text);
	return e;
}

static char *copy_run(struct parser *p, const char *from, const char *to)
{
	return arena_printf(p->arena, "%.*s", (int)(to - from), from);
}

const char *reference_end(const char *text)
{
	unsigned depth = 0;
	if (text[0] != '$' || text[1] != '{')
		return NULL;
	for (const char *at = text + 1; *at != '\0'; at++) {
		if (*at == '{')
			depth++;
		else if (*at == '}' && --depth == 0)
			return at + 1;
	}
	return NULL;
}

bool text_has_reference(const char *text)
{
	return strstr(text, "${") != NULL;
}

static struct expr *parse_reference(struct parser *p)
{
	const char *end = reference_end(p->at);
	if (end == NULL)
		return refuse(p, "'${' without its '}'", "");
	if (end == p->at + 3)
		return refuse(p, "'${}' names nothing", "");
	struct expr *e = make(p, EXPR_REFERENCE, p->at);
	if (e == NULL)
		return NULL;
	e->text = copy_run(p, p->at + 2, end - 1);
	p->at = end;
	return e->text != NULL ? e : NULL;
}

/* Characters of a number, time, address or name; '-' is one only inside a name. */
static bool in_atom(char c)
{
	return is_letter(c) || is_digit(c) || (c != '\0' && strchr("_.:/%@", c) != NULL);
}

static const char *atom_end(const char *at)
{
	if (*at == '[') {               /* [2001:db8::1]:500 */
		while (*at != '\0' && *at != ']')
			at++;
		if (*at == ']')
			at++;
	}
	while (in_atom(*at))
		at++;
	return at;
}

static const char *word_end(const char *at)
{
	while (in_atom(*at) || (*at == '-' && in_atom(at[1])))
		at++;
	return at;
}

/* "12", "0xff"; sets *over if it does not fit 64 bits.  Returns the end, NULL if it is none. */
static const char *scan_whole(const char *at, uint64_t *out, bool *over)
{
	unsigned base = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') ? 16 : 10;
	const char *from = base == 16 ? at += 2 : at;
	for (*out = 0;; at++) {
		unsigned digit;
		if (is_digit(*at))
			digit = (unsigned)(*at - '0');
		else if (base == 16 && (*at | 32) >= 'a' && (*at | 32) <= 'f')
			digit = (unsigned)((*at | 32) - 'a') + 10;
		else
			break;
		if (__builtin_mul_overflow(*out, (uint64_t)base, out) ||
		    __builtin_add_overflow(*out, (uint64_t)digit, out))
			*over = true;
	}
	return at > from ? at : NULL;
}

static const char *scan_micro(const char *at, uint32_t *out)
{
	if (*at != '.' || !is_digit(at[1]))
		return at;
	uint32_t unit = 100000;
	for (at++; is_digit(*at); at++, unit /= 10)
		*out += unit * (uint32_t)(*at - '0');
	return at;
}

/* A whole token as a number: "12", "0.48", "30%", "2000/s" (a rate is always per second). */
static bool scan_number(const char *token, struct value *out, bool *over)
{
	*out = (struct value){ .kind = VALUE_NUMBER };
	const char *at = scan_whole(token, &out->number, over);
	if (at == NULL)
		return false;
	at = scan_micro(at, &out->micro);
	if (strcmp(at, "%") == 0) {
		uint64_t micro = out->number % 100 * 10000 + out->micro / 100;
		out->number /= 100;
		out->micro = (uint32_t)micro;
		return true;
	}
	return *at == '\0' || strcmp(at, "/s") == 0;
}

static struct expr *parse_word(struct parser *p)
{
	const char *end = word_end(p->at);
	struct expr *e = make(p, EXPR_WORD, p->at);
	if (e == NULL)
		return NULL;
	e->text = copy_run(p, p->at, end);
	p->at = end;
	return e->text != NULL ? e : NULL;
}

static struct expr *parse_atom(struct parser *p)
{
	const char *end = atom_end(p->at);
	char token[128];
	bool over = false;
	struct value v = { .kind = VALUE_NONE };
	if (end == p->at)
		return refuse(
			p, *p->at == '\0' ? "a value is missing" : "no value begins here: ", p->at);
	if ((size_t)(end - p->at) < sizeof(token)) {
		memcpy(token, p->at, (size_t)(end - p->at));
		token[end - p->at] = '\0';
		if (scan_number(token, &v, &over))
			;
		else if (usec_parse(token, &v.number))
			v = (struct value){ .kind = VALUE_TIME, .number = v.number };
		else if (address_parse(token, &v.address))
			v = (struct value){ .kind = VALUE_ADDRESS, .address = v.address };
		else
			v.kind = VALUE_NONE;
	}
	if (over)
		return refuse(p, "more than 64 bits", "");
	if (v.kind == VALUE_NONE)
		return *p->at == '[' ? refuse(p, "no address", "") : parse_word(p);
	struct expr *e = make(p, EXPR_VALUE, p->at);
	if (e != NULL)
		e->value = v;
	p->at = end;
	return e;
}

static struct expr *parse_hex(struct parser *p)
{
	const char *from = p->at;
	p->at += 4;
	const char *end = p->at;
	while (is_digit(*end) || is_letter(*end))
		end++;
	size_t cap = (size_t)(end - p->at) / 2 + 1, len = 0;
	uint8_t *octets = arena_alloc(p->arena, cap);
	char *digits = copy_run(p, p->at, end);
	if (octets == NULL || digits == NULL)
		return refuse(p, "no memory", "");
	if (!bytes_from_hex(digits, octets, cap, &len))
		return refuse(p, "'hex:' wants pairs of hex digits", "");
	struct expr *e = make(p, EXPR_VALUE, from);
	if (e != NULL)
		e->value = value_of_octets(bytes_make(octets, len));
	p->at = end;
	return e;
}

/* The end of an unquoted text: at '|' or ')', in a list at white space too; spaces before it are
 * not meant. */
static const char *text_end(const struct parser *p, const char *from)
{
	const char *end = from;
	while (*end != '\0' && *end != '|' && *end != ')' && !(p->list && is_space(*end)))
		end++;
	while (end > from && is_space(end[-1]))
		end--;
	return end;
}

/* text:words, or text:'a|b' in quotes. */
static struct expr *parse_text(struct parser *p)
{
	const char *from = p->at, *end;
	p->at += 5;
	if (*p->at == '\'') {
		p->at++;
		end = strchr(p->at, '\'');
		if (end == NULL)
			return refuse(p, "the quote does not end", "");
	} else {
		end = text_end(p, p->at);
	}
	struct expr *e = make(p, EXPR_VALUE, from);
	const char *text = copy_run(p, p->at, end);
	if (e == NULL || text == NULL)
		return NULL;
	e->value = value_of_octets(bytes_text(text));
	p->at = *end == '\'' ? end + 1 : end;
	return e;
}

/* file:, env:, public: take the rest of the token as it is. */
static struct expr *parse_named(struct parser *p, enum expr_op op, size_t skip)
{
	struct expr *e = make(p, op, p->at);
	const char *end = p->at += skip;
	while (*end != '\0' && !is_space(*end) && *end != '|' && *end != ')')
		end++;
	if (end == p->at)
		return refuse(p, "nothing stands behind the colon", "");
	if (e == NULL || (e->text = copy_run(p, p->at, end)) == NULL)
		return NULL;
	p->at = end;
	return e;
}

static struct expr *parse_primary(struct parser *p);

static struct expr *parse_prefixed(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t len = strlen(prefixes[i].text);
		if (strncmp(p->at, prefixes[i].text, len) != 0)
			continue;
		if (prefixes[i].op >= EXPR_FILE && prefixes[i].op <= EXPR_PUBLIC)
			return parse_named(p, prefixes[i].op, len);
		struct expr *e = make(p, prefixes[i].op, p->at);
		p->at += len;
		if (e == NULL || (e->left = parse_primary(p)) == NULL)
			return NULL;
		return e;
	}
	return parse_atom(p);
}

static struct expr *parse_bracketed(struct parser *p)
{
	p->at++;
	struct expr *e = parse_join(p);
	if (e == NULL)
		return NULL;
	skip_space(p);
	if (*p->at != ')')
		return refuse(p, "')' is missing", "");
	p->at++;
	return e;
}

static struct expr *parse_minus(struct parser *p)
{
	struct expr *e = make(p, EXPR_MINUS, p->at);
	p->at++;
	if (e == NULL || (e->left = parse_primary(p)) == NULL)
		return NULL;
	return e;
}

static struct expr *parse_primary(struct parser *p)
{
	struct expr *e;
	if (++p->depth > EXPR_DEPTH_MAX)
		return refuse(p, "brackets are nested too deeply", "");
	skip_space(p);
	if (*p->at == '$')
		e = parse_reference(p);
	else if (*p->at == '(')
		e = parse_bracketed(p);
	else if (*p->at == '-')
		e = parse_minus(p);
	else if (strncmp(p->at, "hex:", 4) == 0)
		e = parse_hex(p);
	else if (strncmp(p->at, "text:", 5) == 0)
		e = parse_text(p);
	else
		e = parse_prefixed(p);
	p->depth--;
	return e;
}

/* Binary operators, loosest first; all associate to the left. */
static const struct level_row {
	char sign;
	enum expr_op op;
	unsigned level;
} operators[] = {
	{ '|', EXPR_JOIN,     0 },
	{ '^', EXPR_XOR,      1 },
	{ '+', EXPR_ADD,      2 },
	{ '-', EXPR_SUBTRACT, 2 },
	{ '*', EXPR_MULTIPLY, 3 },
};
#define LEVELS 4

static const struct level_row *operator_at(struct parser *p, unsigned level)
{
	skip_space(p);
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (operators[i].sign == *p->at && operators[i].level == level)
			return &operators[i];
	return NULL;
}

static struct expr *parse_level(struct parser *p, unsigned level)
{
	if (level == LEVELS)
		return parse_primary(p);
	struct expr *left = parse_level(p, level + 1);
	const struct level_row *row;
	while (left != NULL && (row = operator_at(p, level)) != NULL) {
		struct expr *e = make(p, row->op, p->at);
		p->at++;
		if (e == NULL)
			return NULL;
		e->left = left;
		e->right = parse_level(p, level + 1);
		left = e->right != NULL ? e : NULL;
	}
	return left;
}

static struct expr *parse_join(struct parser *p)
{
	return parse_level(p, 0);
}

static bool start(struct parser *p, struct arena *a, const char *text, struct why *why)
{
	*p = (struct parser){ .arena = a, .text = text, .at = text, .why = why };
	if (strnlen(text, EXPR_TEXT_MAX) >= EXPR_TEXT_MAX)
		return why_set(why, "the expression is longer than %zu characters", EXPR_TEXT_MAX);
	return true;
}

struct expr *expr_parse(struct arena *a, const char *text, struct why *why)
{
	struct parser p;
	if (!start(&p, a, text, why))
		return NULL;
	struct expr *e = parse_join(&p);
	if (e == NULL)
		return NULL;
	skip_space(&p);
	if (*p.at != '\0')
		return refuse(&p, "an operator (+ - * ^ |) is missing before ", p.at);
	return e;
}

struct expr *expr_parse_list(struct arena *a, const char *text, struct why *why)
{
	struct parser p;
	if (!start(&p, a, text, why))
		return NULL;
	struct expr *list = make(&p, EXPR_LIST, text);
	p.list = true;
	if (list == NULL)
		return NULL;
	const struct expr **last = &list->left;
	for (skip_space(&p); *p.at != '\0'; skip_space(&p)) {
		struct expr *e = parse_join(&p);
		if (e == NULL)
			return NULL;
		*last = e;
		last = &e->next;
	}
	return list;
}

bool count_parse(const char *text, unsigned *least, unsigned *most)
{
	uint64_t low, high;
	bool over = false;
	const char *at = is_digit(text[0]) ? scan_whole(text, &low, &over) : NULL;
	if (at == NULL || over || low > UINT_MAX)
		return false;
	high = low;
	if (strncmp(at, "..", 2) == 0) {
		at += 2;
		high = UINT_MAX;
		if (is_digit(*at))
			at = scan_whole(at, &high, &over);
	}
	if (*at != '\0' || over || high > UINT_MAX)
		return false;
	*least = (unsigned)low;
	*most = (unsigned)high;
	return true;
}
