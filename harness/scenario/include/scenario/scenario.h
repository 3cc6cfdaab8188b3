/*
 * Scenarios, step lists, profiles, catalogues and fault lists as they stand in XML, loaded and
 * checked.
 *
 * Pass 1 is scenario.xsd, pass 2 knows the wire tables and all names.  All faults of a file are
 * reported, each with file and line; a file with faults yields nothing.  This is the only reader of
 * XML.
 */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include "scenario/value.h"

/* Steps, edits and judgements share one shape: an element with typed attributes and children. */
enum element {
	EL_SEND, EL_EXPECT, EL_EXPECT_NOTHING, EL_EXPECT_REFUSAL, EL_EXCHANGE, EL_ANSWER,
	EL_ESTABLISH, EL_WORKS, EL_GONE, EL_ALIVE, EL_TARGET, EL_NETWORK, EL_LOAD, EL_STOP, EL_WAIT,
	EL_CHECK, EL_ANY_OF, EL_CASE, EL_REPEAT, EL_INCLUDE,
	EL_SET, EL_UNSET, EL_FREEZE, EL_CORRUPT, EL_ADD, EL_DROP, EL_COPY, EL_MOVE, EL_TRUNCATE,
	EL_APPEND,
	EL_PRESENT, EL_ABSENT,
	EL_COUNT
};
const char *element_name(enum element e);       /* "expect-nothing" */
bool element_is_edit(enum element e);
bool element_is_judgement(enum element e);

enum attribute {
	AT_REQUEST, AT_RESPONSE, AT_ESP, AT_IP, AT_ICMP, AT_OCTETS, AT_AGAIN,
	AT_IKE, AT_CHILD, AT_ANSWERS, AT_NEW, AT_SAVE, AT_BY, AT_NOTE, AT_JUDGES,
	AT_NOTIFY, AT_PROPOSE, AT_PROPOSE_CHILD, AT_FRAGMENTS, AT_ORDER, AT_PROTECT, AT_SEQ, AT_SIZE,
	AT_LOST,
	AT_WITH, AT_WITHOUT, AT_WITHIN, AT_FOR, AT_TIMES, AT_SILENCE, AT_ALWAYS, AT_UNTIL, AT_DO,
	AT_NAT, AT_ADDRESS, AT_MTU, AT_DELAY, AT_JITTER, AT_LOSS, AT_CORRUPT, AT_DUPLICATE, AT_REORDER,
	AT_DROP_IP_FRAGMENTS, AT_DOWN, AT_TOWARD, AT_NAME, AT_RATE, AT_LOAD, AT_EVERY, AT_HREF, AT_WHEN,
	AT_WANTED,
	AT_FIELD, AT_TO, AT_PART, AT_BEFORE, AT_AFTER, AT_BIT, AT_OCTET, AT_VALUE,
	AT_IS, AT_IS_NOT, AT_ONE_OF, AT_MIN, AT_MAX, AT_SUBSET_OF, AT_COVERS,
	AT_OTHER,                       /* row, include, add: any other name, kept in `other` */
	AT_COUNT
};
const char *attribute_name(enum attribute a);

struct attr {
	enum attribute name;
	const char *other;              /* AT_OTHER: its name */
	const char *text;               /* as written */
	const struct expr *expr;        /* parsed, if it takes a value or time; else NULL */
};

struct element_node {
	enum element element;
	const char *file;
	unsigned line;
	const struct attr *attrs;
	size_t attr_count;
	struct element_node *children;  /* steps, edits, judgements, cases; of an include: its steps */
	size_t child_count;
};
/* The attribute, or NULL; its text, or NULL. */
const struct attr *attr_find(const struct element_node *n, enum attribute name);
const char *attr_text(const struct element_node *n, enum attribute name);

/* ------------------------------------------------------------ the catalogue */

enum level { LEVEL_MUST, LEVEL_MUST_NOT, LEVEL_SHOULD, LEVEL_SHOULD_NOT, LEVEL_MAY };
enum gate {
	GATE_VIOLATION, GATE_DEFINITION, GATE_RECOMMENDATION, GATE_INTERPRETATION, GATE_OPTION,
};
const char *level_name(enum level l);   /* "MUST NOT" */
const char *gate_name(enum gate g);

struct requirement {
	const char *id;                 /* "RFC7296-3.2-03" */
	const char *rfc, *section;
	enum level level;
	enum gate gate;
	bool explicit_keyword;
	const char *role, *area, *observable;
	const char *rule, *stimulus, *expected, *waiver;    /* the last three may be NULL */
	const char *note;               /* why the level or gate is as it is; may be NULL */
	const char *file;
	unsigned line;
};

/* ------------------------------------------------------------ scenarios */

enum role { ROLE_INITIATOR = 1, ROLE_RESPONDER = 2, ROLE_BOTH = 3 };    /* of the target */

struct scenario_requirement {
	const char *id;                 /* the short name that `judges` uses */
	const struct requirement *requirement;
	unsigned line;
};
struct scenario_fault {
	const char *ref;
	const char *breaks;             /* short name; NULL: any requirement */
	unsigned line;
};
struct scenario_need {
	const char *feature;
	const struct expr *is, *min, *max;      /* may be NULL */
	unsigned line;
};
struct scenario_tester {
	const char *name, *connection, *identity, *secret, *address, *certificate, *ppk, *over;
	const char *auth, *signature, *hashes;
	unsigned line;
};
struct scenario_row {
	const char *id;
	unsigned line;
	struct variable *vars;
	size_t count;
};
struct scenario_each {
	const char *name, *in;
	unsigned line;
};
struct scenario {
	const char *id, *title, *file, *area;   /* area: the second word of the id */
	unsigned line;
	const char *source;             /* the file's text, for the log */
	enum role target;
	bool alive;
	bool lossy_ok;                  /* its verdict is the same on a path that loses packets */
	struct scenario_requirement *requirements;
	size_t requirement_count;
	struct scenario_fault *faults;
	size_t fault_count;
	struct scenario_need *needs;
	size_t need_count;
	struct scenario_tester *testers;
	size_t tester_count;
	struct variable *vars;
	size_t var_count;
	struct scenario_row *rows;
	size_t row_count;
	struct scenario_each *for_each;
	size_t for_each_count;
	struct element_node *steps;     /* array */
	size_t step_count;
};

/* One case: a scenario, a role, and the values of its row and for-each. */
struct scenario_case {
	const struct scenario *scenario;
	const char *id;                 /* "ikev2.malformed.every-length.zero.ke-length" */
	enum role target;
	const struct variable *vars;    /* row and for-each, before the scenario's vars */
	size_t var_count;
	/* Why it cannot be run: a for-each asks for a feature that the profile has not; else NULL. */
	const char *not_applicable;
};

/* ------------------------------------------------------------ profiles and faults */

struct profile_end {
	const char *auth, *identity, *secret, *certificate, *signature, *hashes, *selectors, *inner;
	const char *asks;               /* families of the inner addresses it asks for: "ipv4 ipv6" */
	const char *refuses;            /* outer addresses that the other end may not move to */
	const char *pool, *dns;         /* what it gives to whoever asks: ranges, name servers */
	unsigned line;
};
struct profile_connection {
	const char *name, *mode;
	const char *policy;             /* "product", "pairs", "single-pair"; NULL: the first */
	bool mobike;                    /* of the target; a tester's follows from what a scenario needs */
	uint16_t tfc;                   /* octets of TFC padding that the target sends */
	const char **ike_suites, **esp_suites;
	size_t ike_count, esp_count;
	struct profile_end tester, target;
	unsigned line;
};
struct profile_ports {
	uint16_t ike, nat;
};
struct profile_certificate {
	const char *name, *chain, *key; /* files */
	unsigned line;
};
struct profile_command {
	const char *verb, *text;
	usec within;                    /* how long it may take */
	unsigned line;
};
struct profile_feature {
	const char *name, *value;       /* value NULL: just there */
	unsigned line;
	const char *lacks;              /* why the target has it not; NULL: it has */
};
struct profile {
	const char *id, *title, *file;
	const char *version;            /* of the target; NULL: it is not said */
	const char *source;             /* text without secrets, that of the base before it */
	const char *address, *address6; /* the latter may be NULL */
	const char *second;             /* that the target can move to; or NULL */
	uint16_t port, nat_port;
	const char **testers;           /* addresses */
	const char **nats;              /* of each tester behind a NAT, or NULL */
	struct profile_ports *tester_ports;
	size_t tester_count;
	usec answer, silence, settle, restart;
	/* "builtin", "strongswan", "libreswan", "exec", "none"; NULL: none */
	const char *driver, *driver_config;
	const char *standing;           /* the name of a target that is up already, and stays; or NULL */
	struct profile_command *commands;
	size_t command_count;
	struct profile_connection *connections;
	size_t connection_count;
	struct profile_feature *features;
	size_t feature_count;
	struct profile_certificate *certificates;
	size_t certificate_count;
	/* Files of the CA that the target's certificates are measured by; NULL: the test authority's. */
	const char *authority_certificate, *authority_crl;
};
/* "" if without value, NULL if not there */
const char *profile_feature(const struct profile *p, const char *name);
/* Why a feature is not there, if the profile says so; else NULL */
const char *profile_lacks(const struct profile *p, const char *name);

struct fault {
	const char *id, *title, *file;
	unsigned line;
	const char *omit;               /* name of a check or duty; or NULL: */
	const char *message;            /* the message that is edited: "IKE_SA_INIT", ESP kind */
	bool response, esp;
	struct element_node *edits;
	size_t edit_count;
};

/* ------------------------------------------------------------ loading */

/* What the checks of pass 2 need to know from above. */
struct scenario_facts {
	bool (*check_known)(void *ctx, const char *name);   /* of an omission */
	const char *const *check_names;                     /* for suggestions */
	size_t check_count;
	void *ctx;
};

struct library;         /* everything that was loaded, in one arena */
/* root: the scenarios/ folder, which has scenario.xsd in it.  facts may be NULL. */
struct library *library_new(const char *root, const struct scenario_facts *facts, struct why *why);
void library_free(struct library *l);

/* Told of each fault of a file; place and text in why; hint may be NULL. */
typedef void library_complaint(void *ctx, const struct why *why);
/* Loads every file below root, catalogues and faults first; false if anything was complained of. */
bool library_load(struct library *l, library_complaint *complain, void *ctx);
/* Loads one file of any of the five roots. */
bool library_load_file(struct library *l, const char *path, library_complaint *complain, void *ctx);
/* The same from memory (tests, fuzz targets). */
bool library_load_text(struct library *l, const char *name, struct bytes text,
		       library_complaint *complain, void *ctx);

/*
 * The fields of a kind ("LENGTH") in the honest message ("IKE_SA_INIT"), as paths: what `for-each
 * in="fields:IKE_SA_INIT:LENGTH"` runs over.  The run engine supplies it; without it such a scenario
 * has no cases.
 */
typedef bool library_fields(void *ctx, const char *message, enum role target, int kind,
			    struct arena *a, const char ***out, size_t *count, struct why *why);
void library_set_fields(struct library *l, library_fields *fields, void *ctx);

/* Sorted by id. */
size_t library_scenarios(const struct library *l, const struct scenario *const **out);
size_t library_requirements(const struct library *l, const struct requirement *const **out);
size_t library_faults(const struct library *l, const struct fault *const **out);
const struct profile *library_profile(const struct library *l, const char *id);
/* The one that was loaded from this file. */
const struct profile *library_profile_in(const struct library *l, const char *path);
const struct requirement *library_requirement(const struct library *l, const char *id);
const struct fault *library_fault(const struct library *l, const char *id);

/*
 * "target.FEATURE", "target.FEATURE[2]", "target.address" of a profile, '-' of the feature written
 * '_'; a list where there are several words.
 * False if the reference is not the target's or the profile does not have it.
 */
bool profile_lookup(const struct profile *p, const char *reference, struct arena *a,
		    struct value *out, struct why *why);

/* The cases of a scenario against a profile (for-each over ${target...} needs it), --set variables
 * winning.  They live as long as the library. */
bool scenario_cases(struct library *l, const struct scenario *s, const struct profile *p,
		    const struct variable *set, size_t set_count,
		    const struct scenario_case **out, size_t *count, struct why *why);

#endif
