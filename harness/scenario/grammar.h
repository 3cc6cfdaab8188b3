/*
 * What elements there are, which attributes each may bear, and of which type an attribute is.
 * One row per element and one per attribute; scenario.xsd says the same for editors.
 */
#ifndef SCENARIO_GRAMMAR_H
#define SCENARIO_GRAMMAR_H

#include "scenario/scenario.h"

/* Where an element may stand: the kinds of children that its parent has. */
enum {
	IN_FILE = 1 << 0,
	IN_HEAD = 1 << 1,
	IN_STEPS = 1 << 2,
	IN_EDITS = 1 << 3,
	IN_JUDGEMENTS = 1 << 4,
	IN_ANY_OF = 1 << 5,
	IN_PARAMS = 1 << 6,
	IN_PROFILE = 1 << 7,
	IN_DRIVER = 1 << 8,
	IN_CONNECTION = 1 << 9,
	IN_CATALOGUE = 1 << 10,
	IN_RULE = 1 << 11,
	IN_FAULTS = 1 << 12,
	IN_FAULT = 1 << 13,
};

struct shape {
	const char *name;
	unsigned stands;                /* IN_... */
	unsigned holds;                 /* IN_... of its children; 0: text */
	enum element element;           /* EL_COUNT if it is none of the steps, edits, judgements */
	const char *attributes;         /* "!name:type other": ! is required, * is any other */
};

/* How an attribute is written and what becomes of it. */
enum attribute_type {
	TYPE_TEXT,              /* anything but empty; ${...} is replaced */
	TYPE_VALUE,             /* an expression */
	TYPE_VALUES,            /* a list of expressions */
	TYPE_TIME,              /* an expression that gives a time */
	TYPE_SHARE,             /* 30%, an expression */
	TYPE_PACKET,            /* ping, pong, ... or an expression */
	TYPE_COUNT,             /* 3, 0..5, 2.., ${n} */
	TYPE_PATH, TYPE_PATHS,
	TYPE_JUDGES,
	TYPE_REFERENCE,         /* NAME, NAME.request, NAME.response, NAME.old, ${...} */
	TYPE_NAME, TYPE_ID, TYPE_PROFILE, TYPE_REQUIREMENT, TYPE_PORT,
	TYPE_WORDS,             /* one of a list of words */
	TYPE_WORDS_OR_VARIABLE,
};

struct words {
	const char *const *words;
	size_t count;
};

struct type_row {
	const char *name;
	enum attribute_type type;
	struct words words;
};

/* The shape of an element by what its parent holds; NULL if it may not stand there. */
const struct shape *shape_find(const char *name, unsigned holds);
/* The names of all that may stand there (holds 0: anywhere). */
size_t shape_names(unsigned holds, const char **out, size_t cap);
/* The type of an attribute of a shape; NULL if it has none of that name; *any: others are allowed. */
const struct type_row *shape_attribute(const struct shape *shape, const char *name, bool *any);
/* The words of shape->attributes one by one. */
struct shape_word {
	const char *name;
	size_t len;
	bool required;
	const struct type_row *type;
};
bool shape_word(const char **at, struct shape_word *out);
/* AT_OTHER if it is none. */
enum attribute attribute_find(const char *name);
/* Is the text of that type?  False with what was wanted. */
bool type_fits(const struct type_row *type, const char *text, struct why *why);
extern const struct words packet_words, message_words, verb_words;
bool words_have(const struct words *w, const char *text);

#endif
