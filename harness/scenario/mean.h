/*
 * Pass 2: does what the elements say mean something?  A scenario is walked once for each of its
 * rows, with the row's variables put in, as an engine would, but without values that only a run can
 * know: whatever depends on those is taken as fitting.
 */
#ifndef SCENARIO_MEAN_H
#define SCENARIO_MEAN_H

#include "base/wire.h"
#include "library.h"

#define VISITS_MAX 200000

enum known_kind { KNOWN_MESSAGE, KNOWN_IKE, KNOWN_CHILD, KNOWN_TESTER, KNOWN_LOAD };

/* What a path is looked for in. */
enum message_kind { MESSAGE_IKE, MESSAGE_ESP, MESSAGE_IP, MESSAGE_RAW };

/* A name that some step has made. */
struct known {
	const char *name;
	enum known_kind kind;
	const char *file;
	unsigned line;
	/* of messages */
	enum message_kind message;
	bool both;                      /* of an exchange or answer: has .request and .response */
	bool ours, request;             /* sent by the tester; a request (of `both`: its request) */
	const char *purpose;            /* "IKE_AUTH", "rekey-child"; NULL: not known */
};

struct mean {
	struct library *l;
	struct arena *scratch;          /* for all that need not outlive the check */
	const struct scenario *s;       /* NULL: a fault's edits */
	const struct scenario_row *row; /* NULL: none */
	const struct element_node *frames[INCLUDE_DEPTH_MAX + 1];   /* includes around this place */
	size_t depth;
	struct list known;
	struct list judged, used;       /* short names of requirements; names of variables */
	bool dynamic;                   /* the text just worked out depends on the run */
	bool sound;
	size_t visits, references;
	const struct element_node *at;  /* the element that is looked at */
	struct element_node head;       /* stands for what is in the head */
};

/* ------------------------------------------------------------ complaints */

/* At the element, or at the row whose variable the text names. */
bool mean_complain(struct mean *m, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ------------------------------------------------------------ values */

enum settled { SETTLED, UNSETTLED, WRONG };   /* known now; known in the run; complained of */

/* The text with variables put in. */
enum settled settle_text(struct mean *m, const char *text, const char **out);
enum settled settle_value(struct mean *m, const struct attr *a, const struct names *names,
			  struct value *out);
/* The attribute as a time or number, complained of if it is none. */
enum settled settle_time(struct mean *m, const struct attr *a, usec *out);
enum settled settle_number(struct mean *m, const struct attr *a, uint64_t *out);
const struct variable *mean_variable(const struct mean *m, const char *name);
bool mean_is_each(const struct mean *m, const char *name);

/* ------------------------------------------------------------ names */

struct known *mean_known(const struct mean *m, const char *name);
/* Makes a name known; complains if it is another thing already. */
void mean_learn(struct mean *m, const char *name, const struct known *what);
/* Are all ${...} of a text something that is known here? */
void mean_references(struct mean *m, const char *text);
/* An attribute that names an SA or a message; NULL if there is none, or only the run knows it. */
const struct known *mean_named(struct mean *m, enum attribute name, enum known_kind kind);
bool feature_known(struct library *l, const char *name, const char **hint);
void mark_used(struct mean *m, const char *name);

/* ------------------------------------------------------------ paths and fields */

struct field {
	const struct wire_row *row;     /* NULL: a part */
	const char *computed;           /* "size" of "size()", or NULL */
	bool input;                     /* of a derived value: AUTH.from.key */
};
/* Could the path be found in such a message?  Complains if not; false also where only the run
 * knows. */
bool mean_path(struct mean *m, const char *text, enum message_kind kind, struct field *out);
bool path_possible(enum message_kind kind, const char *path, struct field *out, struct arena *a,
		   struct why *why);
/* Does the attribute's value fit the field? */
void mean_fits(struct mean *m, const struct attr *a, const struct field *f);

/* ------------------------------------------------------------ steps */

void mean_rules(struct mean *m, const struct element_node *n, bool inside_message);
void mean_edit(struct mean *m, const struct element_node *n, enum message_kind kind);
void mean_judgement(struct mean *m, const struct element_node *n, enum message_kind kind);
void mean_check_step(struct mean *m, const struct element_node *n);
void mean_steps(struct mean *m, const struct element_node *steps, size_t count);
void mean_judges(struct mean *m, const struct element_node *n);

#endif
