/*
 * Inside of the loader: the library, its complaints, and the stages a file goes through.
 *
 * read (files.c) -> parsed and validated (xml.c, grammar.c) -> built (build-*.c) -> meaning
 * (mean-*.c).  libxml2 is seen by xml.c, grammar.c and build-*.c alone.  Everything lives in the
 * library's arena.
 */
#ifndef SCENARIO_LIBRARY_H
#define SCENARIO_LIBRARY_H

#include "scenario/scenario.h"

#define LIBRARY_CAP ((size_t)96 << 20)
#define SCRATCH_CAP ((size_t)32 << 20)
#define FILE_CAP ((size_t)1 << 20)
#define COMPLAINTS_MAX 1000
#define ATTRIBUTES_MAX 200              /* of an element */
#define ROWS_MAX 2000                   /* and other elements of the head of a scenario */
#define INCLUDE_DEPTH_MAX 16
#define CASES_MAX 20000

/* A growing array of pointers in an arena. */
struct list {
	void **items;
	size_t count, cap;
};
bool list_add(struct arena *a, struct list *list, void *item);

/* A <steps> file, shared by all that include it. */
struct steps_file {
	const char *path;               /* real path */
	const char *file;               /* as shown */
	struct variable *params;        /* text NULL: no default */
	size_t param_count;
	struct element_node *steps;
	size_t step_count;
	bool loading, sound;
};

struct loaded_file {
	const char *path;               /* real path */
	bool sound;
};

typedef struct _xmlSchema *library_schema;

struct library {
	struct arena *arena;
	struct arena *scratch;          /* of pass 2, reset for each scenario */
	const char *root;               /* as given */
	const char *real_root;
	struct scenario_facts facts;
	library_schema schema;
	library_fields *fields;
	void *fields_ctx;
	struct list scenarios, requirements, faults, profiles, steps, loaded;
	struct list complaints;
	size_t first_pass;              /* so many complaints are of pass 1 of the file at hand */
	struct requirement **index;     /* of requirements by id, open addressing */
	size_t index_cap;
	bool catalogues;                /* requirements/ and faults/ were read */
	bool complaints_lost;           /* there were more, or no memory for them */
	unsigned include_depth;
	struct rng rng;                 /* of values worked out at load time */
};

/* Notes a fault of a file; returns false, so that `return complain(...)` reads well. */
bool complain(struct library *l, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Was something complained of at this place already?  Then what else is wrong there may only follow
 * from it. */
bool told(const struct library *l, const char *file, unsigned line);
/* Also puts it into the index. */
bool library_add_requirement(struct library *l, struct requirement *r);
/* "; did you mean 'x'?" or "". */
const char *did_you_mean(struct library *l, const char *word, const char *const *names,
			 size_t count);

/* ------------------------------------------------------------ files */

/* The octets of a plain file inside the arena; complains (at line 0) of what it refuses. */
bool source_read(struct library *l, const char *path, const char *shown, struct bytes *out);
/* The real path of an include as seen from a file; NULL with why. */
const char *file_include(struct library *l, const char *from, const char *href, struct why *why);
/* Does the path lie below the folder?  Both real. */
bool file_below(const char *path, const char *folder);
/* "root/steps/x.xml" of a real path below the real root, else the path. */
const char *file_shown(struct library *l, const char *real);
/* Every .xml below a folder of the root, sorted; complains of links that lead out. */
bool file_walk(struct library *l, const char *folder, struct list *out);

/* ------------------------------------------------------------ stages */

struct _xmlDoc;
struct _xmlNode;
/* Reads octets, checks names and shape; NULL if it is not well-formed.  A document may be returned
 * although something was complained of. */
struct _xmlDoc *xml_load(struct library *l, const char *shown, struct bytes text);
void xml_free(struct _xmlDoc *doc);
bool xml_schema_load(struct library *l, struct why *why);
void xml_schema_free(struct library *l);
/* Pass 1b: names of elements and attributes, values of simple types.  False if the file is beyond
 * all measure and not worth another look. */
bool grammar_check(struct library *l, const char *file, struct _xmlNode *root);

/* One file of any root.  real: its real path, or NULL (from memory). */
bool build_file(struct library *l, const char *shown, const char *real, struct bytes text);
/* before: how many complaints there were when the file was begun. */
bool build_scenario(struct library *l, const char *file, const char *real, struct bytes text,
		    struct _xmlNode *root, size_t before);
bool build_profile(struct library *l, const char *file, struct bytes text, struct _xmlNode *root);
bool build_requirements(struct library *l, const char *file, struct _xmlNode *root);
bool build_faults(struct library *l, const char *file, struct _xmlNode *root);
/* A profile of that id: known already, or of profiles/ID.xml below the root (':' is '-' in the file's
 * name); NULL if there is none, or if it is being read. */
const struct profile *profile_needed(struct library *l, const char *id);
/* The steps, edits or judgements below a node; real as in build_file (for includes). */
bool build_nodes(struct library *l, const char *file, const char *real, struct _xmlNode *parent,
		 struct element_node **out, size_t *count);
struct steps_file *build_steps_file(struct library *l, const char *real);
bool build_steps(struct library *l, const char *file, const char *real, struct _xmlNode *root,
		 struct steps_file *out);

/* Pass 2.  sound false: pass 1 had complaints, so names that are missing may only be misspelt. */
bool mean_scenario(struct library *l, const struct scenario *s, bool sound);
bool mean_fault(struct library *l, const struct fault *f);
bool mean_profile(struct library *l, const struct profile *p);

#endif
