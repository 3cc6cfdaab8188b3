/*
 * One examination of a target: what was asked, and what is known of it so far.
 *
 * Transforms are asked for by IKE_SA_INIT requests whose KE payload is of a group that only a second, impossible
 * proposal offers: a responder that takes the first proposal answers INVALID_KE_PAYLOAD (RFC 7296 1.2) and keeps no
 * state, so that no half-open IKE SA is left and no limit of the target is reached.
 */
#ifndef DOCTOR_EXAM_H
#define DOCTOR_EXAM_H

#include "doctor/doctor.h"
#include "run/stage.h"

#define EXAM_PATIENCE (3 * USEC_S)   /* with one question */
#define EXAM_SILENCES 3              /* in a row, and it is asked no more */
#define NOTIFIES      48
#define MARKS         32
#define CONNECTIONS   64             /* of a profile, that are tried */

struct transform_set {
	const struct transform *rows[96];
	size_t count;
};
bool set_has(const struct transform_set *s, const struct transform *t);
void set_add(struct transform_set *s, const struct transform *t);

struct notify_set {
	uint16_t types[NOTIFIES];
	size_t count;
};
bool notify_heard(const struct notify_set *s, uint16_t type);

/* A line of the profile to be written, and how it was seen. */
struct mark {
	const char *feature, *value, *seen;
};

struct exam {
	struct exam_options options;
	struct run_options run;
	struct findings *out;
	struct arena *arena; /* as long as the exam */
	struct stage *stage;
	const char *group;   /* of the findings that are made */
	const char *name;    /* of the one that is being made */
	usec ends;           /* of the stage's clock now, when time is up; 0: not begun */
	usec spent;
	unsigned questions, silences;
	usec rtt;            /* of the first answer */
	bool reached[2];     /* over IPv4, IPv6 */
	uint8_t family;      /* 4, or 6 where there is no IPv4 */
	struct transform_set taken[TRANSFORM_ESN + 1];
	const struct transform *group_liked; /* of all that were offered; or NULL */
	struct suite suites[SUITES]; /* of IKE, taken as a whole, and implemented here */
	size_t suite_count;
	struct suite esp[SUITES];
	size_t esp_count;
	struct notify_set in_init, in_auth;
	bool authenticated;  /* IKE_AUTH succeeded once */
	uint16_t auth_error; /* ... or why not */
	struct mark marks[MARKS];
	size_t mark_count;
	bool tried[CONNECTIONS], works[CONNECTIONS]; /* connections of the profile */
};

/* exam.c: what is found.  They end the finding that x->name names. */
void found(struct exam *x, enum finding_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void mark(struct exam *x, const char *feature, const char *value, const char *seen);
const struct mark *mark_find(const struct exam *x, const char *feature);
const char *exam_text(struct exam *x, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A tester on a connection; counts its time.  False after saying so in the finding. */
bool exam_enter(struct exam *x, const struct stage_tester *t);
/* Does somebody else run it (drivers exec and none)? */
bool exam_foreign(const struct exam *x);
/* Why nobody answered at that address, as far as that can be told. */
const char *exam_silence(struct exam *x, const struct address *at);
bool exam_time_left(struct exam *x);

/* init.c */
enum init_outcome { INIT_TAKEN, INIT_REFUSED, INIT_SILENT, INIT_OTHER };
struct init_answer {
	enum init_outcome outcome;
	uint16_t notify; /* OTHER */
	uint16_t group;  /* TAKEN: that it wants; 0: it did not say (a half-open SA was made) */
	usec rtt;
};
/* Would the target take a proposal with these transforms? */
struct init_answer init_ask(struct exam *x, const struct transform_set *offer);

/* transforms.c: fills taken and suites, a finding for each type */
void look_transforms(struct exam *x);
/* The transform as IANA calls it, with its key length. */
const char *transform_text(struct exam *x, const struct transform *t);

/* handshake.c */
struct shake_plan {
	const char *connection;      /* of the profile; NULL: the first */
	uint8_t family;              /* 0: the exam's */
	bool nat;                    /* pretends to be behind a NAT, so that both move to port 4500 */
	bool childless;
	bool transport;              /* asked for on a connection that is not made for it */
	unsigned fragments;          /* of IKE_AUTH */
	const struct suite *esp;     /* only this one is proposed; NULL: those of the connection */
	bool init_only;              /* the half-open SA stays */
};
enum shake_state {
	SHAKE_NO_ANSWER,             /* to IKE_SA_INIT */
	SHAKE_REFUSED,               /* ... but an error */
	SHAKE_HALF_OPEN,
	SHAKE_UNHEARD,               /* no answer to IKE_AUTH */
	SHAKE_AUTH_REFUSED,          /* a protected error, no SA */
	SHAKE_NO_CHILD,              /* an IKE SA without a Child SA */
	SHAKE_UP,
};
struct shake {
	enum shake_state state;
	uint16_t error;              /* of the last answer; 0: none */
	struct suite suite;          /* of the IKE SA */
	struct ike_sa *ike;
	struct child_sa *child;
	struct notify_set init, auth;
	struct bytes hashes;         /* data of SIGNATURE_HASH_ALGORITHMS */
	struct bytes window;         /* data of SET_WINDOW_SIZE */
	const char *vendors;         /* vendor IDs, with ", " between; or NULL */
	bool transport, on_nat_port;
};
/* On a fresh tester.  What it found lives as long as the exam, but SAs until the next. */
struct shake shake_hands(struct exam *x, const struct shake_plan *p);
const char *shake_text(struct exam *x, const struct shake *s);
/* One request of the tester; the answer, taken; NULL: none came.  error: of its first error notify. */
struct seen *exam_ask(struct exam *x, struct sending *s, uint16_t *error);
/* "NO_PROPOSAL_CHOSEN" */
const char *notify_text(struct exam *x, uint16_t type);

/* features.c */
void look_features(struct exam *x);
/* children.c: what needs an IKE SA that stands */
void look_children(struct exam *x);

#endif
