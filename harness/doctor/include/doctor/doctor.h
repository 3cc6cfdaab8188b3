/*
 * The doctor: what this machine has of what ikespec needs, and what a target can do.
 *
 * Everything found is a row for people and machines alike.  What the machine lacks is never a finding about a
 * target: what could not be asked is "not checked", with the reason.  Nothing here prints, and nothing takes longer
 * than its bound.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdio.h>

#include "base/arena.h"
#include "run/run.h"

enum finding_state {
	FINDING_OK,
	FINDING_MISSING,   /* of a machine: costs and mend say more */
	FINDING_YES,       /* of a target: it does that */
	FINDING_NO,        /* ... it does not */
	FINDING_NOTE,      /* neither good nor bad, but worth knowing */
	FINDING_UNCHECKED, /* could not be asked */
};
const char *finding_state_name(enum finding_state s); /* "not checked" */

struct finding {
	const char *group, *name;
	enum finding_state state;
	const char *what;  /* what was found */
	const char *costs; /* what cannot be done without; NULL: nothing */
	const char *mend;  /* the command that mends it; NULL: none is known */
};

#define FINDINGS 256
struct findings {
	struct arena *arena; /* of their texts */
	struct finding rows[FINDINGS];
	size_t count;
};
/* The number in that state. */
size_t findings_in(const struct findings *f, enum finding_state s);
/* The row of that name; NULL if there is none. */
const struct finding *findings_find(const struct findings *f, const char *name);

/* The machine.  options: library, crypto and root, for a run whose capture tshark has to open. */
void doctor_machine(const struct run_options *options, struct findings *out);

/* ------------------------------------------------------------ the target */

enum exam_end {
	EXAM_DONE,
	EXAM_SILENT,    /* the target did not answer, or takes nothing that we have */
	EXAM_UNABLE,    /* the machine could not ask */
};
struct exam_options {
	const struct run_options *run; /* with the profile, and perhaps a fault of the built-in target */
	bool credentials;              /* what the profile's first connection says of secrets is true */
	usec limit;                    /* of everything but the start of a daemon; 0: 60 s */
};
struct exam;
struct exam *exam_new(const struct exam_options *options, struct findings *out);
void exam_free(struct exam *e);
enum exam_end exam_run(struct exam *e);
/* A profile of what was seen, with the lines that the target itself needs; after EXAM_DONE.  False: not written. */
bool exam_write(struct exam *e, FILE *out);

#endif
