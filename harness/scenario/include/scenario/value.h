/*
 * Values and expressions of the scenario language: numbers, octets, times, addresses, lists.
 *
 * An expression is parsed once when the file is loaded and worked out where it is used; what
 * ${...} means is asked of a scope.  Octets and numbers convert as network order.
 */
#ifndef SCENARIO_VALUE_H
#define SCENARIO_VALUE_H

#include "base/address.h"
#include "base/arena.h"
#include "base/names.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/why.h"

enum value_kind {
	VALUE_NONE, VALUE_NUMBER, VALUE_OCTETS, VALUE_TEXT, VALUE_TIME, VALUE_ADDRESS, VALUE_LIST,
};

struct value {
	enum value_kind kind;
	uint64_t number;                /* NUMBER; TIME in usec */
	uint32_t micro;                 /* NUMBER: millionths beside the whole ("0.48", "30%") */
	bool negative;                  /* NUMBER, TIME: below zero (differences) */
	unsigned bits;                  /* width of a field that it came from, 0 if none */
	struct bytes octets;
	const char *text;               /* TEXT; of a NUMBER the name it was written as, or NULL */
	struct address address;
	const struct value *items;      /* LIST */
	size_t count;
};

/* Longer octets, deeper brackets and longer chains of variables are refused. */
#define VALUE_OCTETS_MAX ((size_t)1 << 20)
#define EXPR_DEPTH_MAX 24

struct expr;

/* A var, an attribute of a row, a for-each, a parameter of an include. */
struct variable {
	const char *name;
	const char *text;               /* as written */
	const struct expr *expr;        /* NULL: it is no expression ("SK.padding", "1 3 2") */
	unsigned line;                  /* 0 if it is not of a file */
};

/* Parses "12", "0xff", "hex:00ff", "text:abc", "random:32", "zero:8", "ones:4", "public:off-curve",
 * "file:", "env:", registry names, "5s", addresses, ${...}, + - * ^ |, brackets.  why has the column
 * in octet. */
struct expr *expr_parse(struct arena *a, const char *text, struct why *why);
/* The same for a list, "128 192 256": always gives a LIST. */
struct expr *expr_parse_list(struct arena *a, const char *text, struct why *why);

struct scope {
	/* Of a variable, by its whole name; asked first, and the variable is worked out in this same
	 * scope.  May be NULL. */
	const struct variable *(*variable)(void *ctx, const char *name);
	/* Any other reference, the text between the braces: "last.request.HDR.message_id",
	 * "target.replay_window", "honest". */
	bool (*lookup)(void *ctx, const char *reference, struct arena *a, struct value *out,
		       struct why *why);
	/* "public:KIND": a special public value of the message's group. */
	bool (*special)(void *ctx, const char *kind, struct arena *a, struct value *out,
			struct why *why);
	void *ctx;
	const struct names *names;      /* of the field that the value is for; NULL: any registry */
	struct rng *rng;
	const char *base;               /* folder that file: must stay inside; NULL: refused */
};
bool expr_eval(const struct expr *e, const struct scope *scope, struct arena *a, struct value *out,
	       struct why *why);
/*
 * For attributes that are text and not an expression (paths, message and notify names, suites): the
 * text with every ${...} replaced, variables by their text, all else by its value printed.
 */
bool text_expand(const char *text, const struct scope *scope, struct arena *a, const char **out,
		 struct why *why);
/* "3", "0..5", "2.." (most UINT_MAX), expanded: a `times`. */
bool count_parse(const char *text, unsigned *least, unsigned *most);
/* Calls found for each reference in the expression, for the semantic pass. */
void expr_references(const struct expr *e, void (*found)(void *ctx, const char *reference),
		     void *ctx);
/* Is it a constant, so that it can be worked out at load time? */
bool expr_constant(const struct expr *e);

/* Conversions; false with why if it makes no sense or does not fit. */
bool value_number(const struct value *v, uint64_t *out, struct why *why);
bool value_time(const struct value *v, usec *out, struct why *why);
/* width 0: as many octets as the number needs. */
bool value_octets(const struct value *v, size_t width, struct arena *a, struct bytes *out,
		  struct why *why);
/* Compared as numbers if both can be, else as octets, else as text. */
bool value_equal(const struct value *a, const struct value *b);
/* -1, 0, 1; false if they cannot be ordered. */
bool value_order(const struct value *a, const struct value *b, int *out);
char *value_print(const struct value *v, char *text, size_t cap);
/* ".distinct()", "min", "max", "mean", "step", "ones", "p99", "count", "size" of a value; false if
 * unknown. */
bool value_computed(const struct value *v, const char *what, struct arena *a, struct value *out,
		    struct why *why);

#endif
