/*
 * An expression as a tree, shared by its parser, its evaluation and the conversions of values.
 */
#ifndef SCENARIO_EXPR_H
#define SCENARIO_EXPR_H

#include "scenario/value.h"

#define EXPR_TEXT_MAX ((size_t)1 << 18)
#define EXPR_NODES_MAX 512u
#define EXPR_WORK_MAX 4096u     /* variables and references of one evaluation */

enum expr_op {
	EXPR_VALUE,             /* a number, time, address or octets as written */
	EXPR_WORD,              /* a registry name or free text */
	EXPR_REFERENCE,         /* ${text} */
	EXPR_RANDOM, EXPR_ZERO, EXPR_ONES, EXPR_COUNT,  /* left: how many octets */
	EXPR_FILE, EXPR_ENV, EXPR_PUBLIC,       /* text */
	EXPR_MINUS,             /* left */
	EXPR_ADD, EXPR_SUBTRACT, EXPR_MULTIPLY, EXPR_XOR, EXPR_JOIN,
	EXPR_LIST,              /* left, and so on by next */
};

struct expr {
	enum expr_op op;
	size_t column;
	const char *text;
	struct value value;
	const struct expr *left, *right, *next;
};

/* The end of "${...}" that begins at text (braces nest), behind the last brace; or NULL. */
const char *reference_end(const char *text);
/* Does the text hold a "${"? */
bool text_has_reference(const char *text);

/* Two values by an operator; false with why (overflow, kinds that do not go together). */
bool value_operate(enum expr_op op, const struct value *a, const struct value *b,
		   struct arena *arena, struct value *out, struct why *why);
bool value_negate(const struct value *v, struct value *out, struct why *why);
/* A word by the registry, or the suite keywords of its transform type; names NULL: any registry. */
bool word_number(const struct names *names, const char *word, uint64_t *out);

/* value = whole * 1,000,000 + micro, signed; false if it is no number, time or short octets. */
__extension__ typedef __int128 wide;
bool value_wide(const struct value *v, wide *out);
bool value_from_wide(wide w, enum value_kind kind, struct value *out, struct why *why);

/* The next word of a text with spaces (or commas) between, copied; NULL at its end. */
const char *word_next(struct arena *a, const char **at);

struct value value_of_number(uint64_t n);
struct value value_of_octets(struct bytes b);
struct value value_of_text(const char *text);

#endif
