/*
 * Inside of harness/run: one case in flight.
 *
 * A run never blocks.  run_move goes as far as it can without waiting and leaves a deadline;
 * arrivals come through the nodes' callback into a queue, the current step takes what it wants,
 * what no later step could take goes to the automatic side at once.
 */
#ifndef RUN_INSIDE_H
#define RUN_INSIDE_H

#include "run/run.h"
#include "scenario/connect.h"
#include "world/world.h"

/* Notify types that the engine itself knows (RFC 7296 3.10.1). */
enum {
	NOTIFY_INVALID_IKE_SPI = 4,
	NOTIFY_INVALID_KE_PAYLOAD = 17,
	NOTIFY_NAT_SOURCE = 16388,
	NOTIFY_NAT_DESTINATION = 16389,
	NOTIFY_COOKIE = 16390
};

struct run;
struct tester;
struct load;
struct oracles;

/* ------------------------------------------------------------ what the scenario knows by name */

enum saved_kind { SAVED_SENT, SAVED_SEEN, SAVED_ESP_SENT, SAVED_ARRIVAL };
struct saved {
	enum saved_kind kind;
	struct tester *tester;
	const struct sent *sent;
	struct seen *seen;
	const struct esp_sent *esp;
	struct arrival *arrival; /* of a seen message too */
	bool lost;               /* seen, but not given to our endpoint */
	usec time;
	struct node *ip, *esp_tree, *inner; /* decoded when asked for */
};

enum known_kind { KNOWN_MESSAGE, KNOWN_IKE, KNOWN_CHILD, KNOWN_LOAD };
struct known {
	const char *name;
	enum known_kind kind;
	struct saved **messages;
	size_t count, cap;
	struct tester *tester;
	struct ike_sa *ike;
	struct child_sa *child;
	struct load *load;
	struct known *next;
};

struct known *known_find(struct run *r, const char *name);
void known_ike(struct run *r, struct tester *t, const char *name, struct ike_sa *sa);
void known_child(struct run *r, struct tester *t, const char *name, struct child_sa *sa);
/* Keeps the message under a name; inside repeat a name holds all rounds. */
void known_save(struct run *r, const char *name, struct saved *s);
void known_load(struct run *r, const char *name, struct load *l);
/* The last message of that name, or NULL with why. */
struct saved *known_message(struct run *r, const char *name, struct why *why);
struct saved *saved_sent(struct run *r, struct tester *t, const struct sent *s);
struct saved *saved_esp(struct run *r, struct tester *t, const struct esp_sent *s);
struct bytes saved_octets(const struct saved *s);

/* ------------------------------------------------------------ testers */

/* An ESP packet of the scenario, for fences that must not disturb the window. */
struct esp_number {
	const struct esp_sent *sent;
	bool answered;
	struct esp_number *next;
};

#define CONNECTION_ASKED  0 /* as the scenario's <tester> wants it */
#define CONNECTION_HONEST 1 /* as the profile says: fences and the closing handshake */

struct tester {
	const char *name;
	size_t index;
	struct world_node *node;
	struct endpoint *endpoint;
	struct connection connections[2];
	struct address inner[NODE_ADDRESSES];
	size_t inner_count;
	struct address target_inner[NODE_ADDRESSES]; /* what it may ping */
	size_t target_inner_count;
	struct address nat;        /* what a NAT makes of its address; family 0: none */
	struct address second;     /* for <network address="2">; family 0: none */
	struct ike_sa *again;      /* half-open, a COOKIE or INVALID_KE_PAYLOAD was held: the next
				      request continues it */
	struct sent *last_request; /* of the scenario */
	struct seen *last_asked;   /* held, and not answered */
	struct esp_sent *last_ping;
	unsigned ordered; /* target do="initiate" whose IKE_SA_INIT was not yet seen */
	bool esp_last;    /* the last stimulus was a packet of the data plane */
	bool numbered;    /* the scenario chose ESP numbers */
	usec stimulus;    /* when the scenario sent something last */
	struct esp_number *numbers;
	unsigned slot, second_slot; /* real world: numbers from 1; 0: none */
	unsigned counters;                  /* ... the order for its counters */
	bool counted;
	const char *slot_name;      /* the target's connection, "s3" */
};

/* Newest SA of the scenario (not those of fences), rather one that is not gone; NULL if none. */
struct ike_sa *newest_ike(struct run *r, struct tester *t);
struct child_sa *newest_child(struct run *r, struct tester *t, struct ike_sa *of);
bool private_ike(const struct run *r, const struct ike_sa *sa);
void make_private(struct run *r, const struct ike_sa *sa);

/* ------------------------------------------------------------ arrivals */

struct item {
	struct tester *tester;
	struct arrival *arrival;
	struct seen *seen; /* of IKE datagrams */
	bool refused;      /* the current step did not want it */
	struct saved *saved;
	struct item *next;
};

void queue_arrived(void *ctx, struct world_node *node, struct arrival *a);
/* Offers what waits to the current step, and what nobody could want to the automatic side; true if
 * the step took something. */
bool queue_offer(struct run *r);
/* A new step: what was kept is offered again. */
void queue_again(struct run *r);
/* Everything left goes to the automatic side. */
void queue_flush(struct run *r);
/* What came, in words: "IKE_SA_INIT response with SA, KE, Ni, after 4 ms". */
const char *item_text(struct run *r, const struct item *it);

/* ------------------------------------------------------------ selectors */

enum selector_kind {
	SELECT_ANSWER,
	SELECT_REQUEST,
	SELECT_RESPONSE,
	SELECT_ESP,
	SELECT_CLEAR,
	SELECT_AGAIN
};
struct selector {
	enum selector_kind kind; /* ANSWER: of expect-nothing without one: any answer */
	bool unknown;            /* speaks of a name not known yet: takes it as fitting */
	struct tester *tester;   /* NULL: any */
	uint8_t exchange;
	enum purpose purpose;
	struct ike_sa *ike;
	struct child_sa *child;
	const struct sent *answers;
	bool answers_named;
	const char *with, *without; /* parts, with spaces between */
	const char *packet;         /* ESP, CLEAR: "ping" ... */
	struct bytes octets;        /* ... or the inner packet */
	struct saved *again;
	bool forbidden;     /* silence: a packet counts although our own data plane refuses it */
	bool error;         /* expect-refusal: an error response */
	const char *notify; /* ... and only these, with spaces between */
};
enum fit { FIT_NO, FIT_YES, FIT_SPOILS }; /* SPOILS: answers what was asked, but otherwise */
struct tester *tester_of(struct run *r, const struct element_node *el, struct why *why);
/* "ping", "any", ... or (word NULL) an inner packet. */
bool packet_of(struct run *r, const struct element_node *el, enum attribute name, const char **word,
	       struct bytes *octets, struct why *why);
bool selector_make(struct run *r, const struct element_node *el, struct selector *out,
		   struct why *why);
enum fit selector_fit(struct run *r, const struct selector *s, const struct item *it);
/* Could a step of the rest of the scenario take it? */
bool could_take(struct run *r, const struct item *it);
/* COOKIE and INVALID_KE_PAYLOAD are followed unless the scenario names them. */
bool is_followed(struct run *r, const struct seen *s);
/* Two records of the same request (a retry after a COOKIE makes a new one). */
bool same_request(const struct sent *a, const struct sent *b);

/* ------------------------------------------------------------ fences */

enum fence_state { FENCE_OFF, FENCE_PAUSE, FENCE_ASKED, FENCE_SETTLE, FENCE_DONE, FENCE_FAILED };
struct fence {
	enum fence_state state;
	struct tester *tester;
	bool esp;
	struct child_sa *child;
	struct ike_sa *avoid; /* no liveness check on this SA */
	bool fresh;           /* on none: the message IDs of our SAs stay as they are */
	usec until;           /* pause or settle */
	usec probe;           /* next sending of a ping, or a turn to IKE_SA_INIT */
	usec limit;
	const struct sent *sent;
	struct sent *spare; /* the IKE_SA_INIT that follows a liveness check without answer */
	uint16_t echo_first, echo_last; /* numbers of its pings */
	uint16_t echo_id;
	unsigned pings;
};
void fence_begin(struct run *r, struct fence *f, struct tester *t, struct child_sa *esp,
		 struct ike_sa *avoid, usec from, usec limit);
/* Is it what the fence waits for?  Then the fence has noted it. */
bool fence_answered(struct run *r, struct fence *f, const struct item *it);
/* Notes which ESP numbers the target has taken. */
void fence_heard(struct run *r, const struct item *it);
void fence_sent(struct run *r, struct tester *t, const struct esp_sent *s);
/* Time passed.  Sets f->state; returns the moment of its next act. */
usec fence_look(struct run *r, struct fence *f);

/* ------------------------------------------------------------ steps */

enum progress { STEP_WAITS, STEP_DONE, STEP_STOPS }; /* STOPS: the scenario cannot go on */

struct step {
	const struct element_node *el;
	struct tester *tester;
	usec began, within, deadline; /* deadline: of the whole step */
	usec wake;                    /* when it wants to be looked at again, at the latest */
	struct selector selector;
	unsigned least, most, count;
	struct sent *sent;
	struct saved *saved; /* what was sent (a packet) or came */
	struct fence fence;
	bool full; /* silence is watched for all of `for` */
	bool over; /* a taken message decided the step */
	enum progress end;
	/* establish, alive, works, gone */
	unsigned phase;
	struct ike_sa *ike;
	struct child_sa *child;
	struct esp_sent *ping;
	uint16_t ping_first;
	unsigned ticket;
	usec next;
	uint64_t mark;      /* moves of the run when the data plane was ordered */
	struct step *cases; /* any-of: the first step of each */
	size_t case_count;
	const char *got; /* what came instead */
	struct suite propose[SUITES];
	size_t propose_count;
};

struct step_row {
	/* False with why: an error of ours, the run ends. */
	bool (*begin)(struct run *r, struct step *s, struct why *why);
	/* After each change and at s->wake. */
	enum progress (*look)(struct run *r, struct step *s);
	/* True if it took the item. */
	bool (*offer)(struct run *r, struct step *s, struct item *it);
};
const struct step_row *step_row_of(enum element e);

bool step_begin(struct run *r, struct step *s, const struct element_node *el, struct why *why);
void step_events(struct run *r, const struct element_node *el);
void step_start(struct run *r, const struct element_node *el);
/* One move of the current step; false: it waits. */
bool step_move(struct run *r);
/* Goes to the next step; false: there is none (over), or its turn has not come. */
bool steps_next(struct run *r, bool *over);
bool step_expect_begin(struct run *r, struct step *s, struct why *why);
bool step_expect_offer(struct run *r, struct step *s, struct item *it);
extern const struct step_row step_row_expect, step_row_exchange, step_row_answer, step_row_nothing,
	step_row_refusal, step_row_any_of, step_row_establish, step_row_works, step_row_gone,
	step_row_alive, step_row_target, step_row_network, step_row_wait, step_row_load,
	step_row_stop;
/* `within` or `for` of a step: sets within, deadline, wake. */
bool within_of(struct run *r, struct step *s, enum attribute name, usec otherwise, struct why *why);
bool times_of_step(struct run *r, struct step *s, struct why *why);
/* "IKE_AUTH response with N(COOKIE)". */
const char *wanted_text(struct run *r, const struct element_node *el);
bool own_accord(const struct selector *s);
struct child_sa *fenced_child(struct run *r, const struct step *s);

#define FRAMES 24
enum frame_kind { FRAME_STEPS, FRAME_REPEAT, FRAME_INCLUDE, FRAME_CASE };
struct frame {
	enum frame_kind kind;
	const struct element_node *el; /* repeat, include, case */
	const struct element_node *steps;
	size_t count, next;
	unsigned round, rounds; /* repeat: from 1 */
	usec every, turn;       /* when the next round may begin */
};
bool frame_push(struct run *r, enum frame_kind kind, const struct element_node *el,
		unsigned rounds);

/* ------------------------------------------------------------ the run */

struct requirement_state {
	const struct scenario_requirement *row;
	bool judged;                /* some step of this case judges it (rows may differ) */
	bool reached, broken, left; /* left: a step that judges it was not reached */
	enum verdict verdict;
	const char *reason, *file, *path, *wanted, *got;
	unsigned line;
};

struct always {
	const struct element_node *el;
	struct tester *tester;
	struct always *next;
};

enum run_phase { RUN_STEPS, RUN_HEAL, RUN_ALIVE, RUN_CLEAN, RUN_OVER };

/* How the target of a case is told what to do. */
struct target_kind {
	/* A ticket, 0 with why if the order cannot be given. */
	unsigned (*order)(struct run *r, struct tester *t, const char *verb, struct ike_sa *ike,
			  struct child_sa *child, struct why *why);
	/* 0 pending, 1 done, -1 refused (why). */
	int (*result)(struct run *r, unsigned ticket, struct why *why);
	bool (*alive)(struct run *r, char *how, size_t cap);
	/* The counters of its data plane go to the log while the SAs stand; true as long as they are
	 * awaited.  NULL: it has none of its own. */
	bool (*count)(struct run *r);
	/* How long it takes now to answer its own driver.  NULL: no time. */
	usec (*slowness)(const struct run *r);
};

struct run {
	const struct run_options *options;
	const struct scenario_case *what;
	const struct scenario *scenario;
	unsigned repetition, attempt;
	struct arena *arena;
	struct rng rng;
	struct event_log log;
	uint64_t packets;
	const char *label; /* in events: the case's id, "#2" behind it for a repetition */
	bool (*setup)(struct run *r, struct why *why); /* of the world, target and testers */
	bool is_virtual;
	bool announces; /* a stage: both ends announce all that they can */
	bool encapsulates; /* ... and the tester claims to be behind a NAT */
	struct world *world;
	const struct target_kind *target;
	struct world_node *target_node; /* built-in */
	void *target_state;
	bool killed; /* built-in */
	unsigned lives;
	int order_verb; /* real: the order under way */
	const char *order_name;
	unsigned order_ticket, order_tries;
	usec order_again;
	struct {
		const char *verb;
		struct ike_sa *ike;
		struct child_sa *child;
	} ordered; /* built-in: not taken yet */
	struct tester *testers;
	size_t tester_count;
	struct tester *probe; /* for honest handshakes of their own; NULL: the first tester */
	struct known *known;
	const struct ike_sa **privates;
	size_t private_count, private_cap;
	struct item *first, *last;
	struct always *always;
	struct naming *namings;
	struct load *loads;
	bool names_cookie, names_invalid_ke;

	enum run_phase phase;
	struct frame frames[FRAMES];
	size_t depth;
	struct step step;
	bool stepping, stopped, late;
	usec turn;     /* of the next round of a repeat; 0: none */
	usec lag;      /* real world: how late the loop was while this step waited */
	usec step_end; /* of the step before: within counts from here */
	const struct element_node *place; /* for events */
	const struct edit_place *edit_place;
	const struct names *edit_names;

	struct requirement_state *requirements;
	struct oracles *oracles;
	enum verdict floor; /* not below: inconclusive, error, died */
	bool inapplicable;
	const char *reason, *file;
	unsigned line;
	const char *observed;
	bool condition_broken, dead;
	bool ended; /* the driver's word, not that of a handshake without answer */
	struct bytes last_sent; /* last packet sent to the target */
	uint8_t last_octets[2048];
	const char *log_tail;
	usec count_until, clean_until;
	usec began, wall_began;
	usec left_at; /* when its world was given up */
	usec deadline;
	uint64_t moves, still, arrivals;
};

usec run_now(const struct run *r);
usec wall_now(void); /* of the machine, whatever the world */
usec run_span(const struct run *r, usec span); /* scaled by --time-scale, longer on a bad path */
usec run_pace(const struct run *r, usec gap);  /* scaled by --time-scale alone */

/* A run of one case; NULL with why.  target_kind and testers are put in by builtin.c or real.c. */
struct run *run_new(const struct run_options *o, const struct scenario_case *what,
		    unsigned repetition, unsigned attempt, struct why *why);
void run_free(struct run *r);
/* Ready to start: names, phase.  Not applicable cases are over at once. */
void run_begin(struct run *r);
/* Goes on as far as it can; the moment when it wants to be called again, USEC_NEVER once it is
 * over. */
usec run_move(struct run *r);
bool run_over(const struct run *r);
usec run_wall(const struct run *r);
/* Gives its world up: nothing arrives any more.  Its clock stands from then on. */
void run_leave(struct run *r);
usec run_clock(const struct run *r);
/* "IKE_AUTH request, 236 octets": the last packet that the target was sent. */
const char *run_last_words(struct run *r);
/* The result; strings belong to the arena given. */
struct case_result *run_result(struct run *r, struct arena *a);
/* Verdicts and the end of the case go to the log. */
void result_tell(struct run *r, const struct case_result *c);
const char *run_label(const struct scenario_case *what, unsigned repetition, unsigned attempt,
		      struct arena *a);
/* The fields of a kind in an honest message of the tester (library_set_fields). */
bool run_fields(void *ctx, const char *message, enum role target, int kind, struct arena *a,
		const char ***out, size_t *count, struct why *why);
/* The run will be no better than this; the first reason of the worst is kept. */
void run_floor(struct run *r, enum verdict v, const struct element_node *el, const char *reason);
/* The same, and its steps end here. */
void run_end(struct run *r, enum verdict v, const struct element_node *el, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* An error of ours: verdict error, or not-applicable where a for-each names a part that is not
 * there. */
void run_fault(struct run *r, const struct element_node *el, const struct why *why);
/* A deadline has passed: was it we who were late? */
void run_missed(struct run *r, const struct step *s);
void run_observed(struct run *r, const char *what);
void run_note(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *run_printf(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Why a case cannot be run against this profile, or NULL. */
const char *run_inapplicable(struct run *r);

/* ------------------------------------------------------------ values */

/* A scope for expressions; names: of the field that the value is for, or NULL. */
struct scope run_scope(struct run *r, const struct names *names);
bool run_value(struct run *r, const struct attr *a, const struct names *names, struct value *out,
	       struct why *why);
bool run_number(struct run *r, const struct attr *a, uint64_t *out, struct why *why);
bool run_time(struct run *r, const struct attr *a, usec *out, struct why *why);
/* The text with ${...} put in; NULL with why. */
const char *run_text(struct run *r, const struct element_node *el, enum attribute name,
		     struct why *why);
/* The value of a path in a message: fields and what is computed.  A list for [*]. */
bool saved_value(struct run *r, struct saved *s, const char *path, struct value *out,
		 struct why *why);
size_t saved_nodes(struct run *r, struct saved *s, const char *path, struct node **out, size_t cap);
/* The value of a field or part. */
struct value node_value(struct run *r, struct node *n);
const struct variable *run_variable(struct run *r, const char *name);
bool lookup_reference(void *ctx, const char *reference, struct arena *a, struct value *out,
		      struct why *why);
struct tester *tester_find(struct run *r, const char *name);
bool ike_named(struct run *r, const char *name, struct ike_sa **out, struct why *why);
bool child_named(struct run *r, const char *name, struct child_sa **out, struct why *why);

bool load_value(const struct load *l, const char *field, struct arena *a, struct value *out,
		struct why *why);

/* The edits among the children of an element; NULL with why.  An empty list gives empty edits. */
const struct edits *edits_of(struct run *r, const struct element_node *el, struct why *why);
const struct edits *edits_from(struct run *r, const struct element_node *rows, size_t count,
			       struct why *why);

/* ------------------------------------------------------------ judgement */

/* One check: emits it and settles the requirements of judges (text, or NULL: a condition). */
void judge(struct run *r, const struct element_node *el, const char *judges, bool held,
	   const char *path, const char *wanted, const char *got);
/* The judges of an element, expanded; NULL: none. */
const char *judges_of(struct run *r, const struct element_node *el);
/* All checks inside a message's element. */
void judge_message(struct run *r, const struct element_node *el, struct saved *s);
/* <check value> as a step. */
bool judge_check(struct run *r, const struct element_node *el, struct saved *s,
		 const char *inherited);
bool judge_selectors(struct run *r, const struct element_node *el, struct saved *s,
		     const char *path, const char *judges);
/* False if no rule says what belongs there. */
bool honest_value(struct run *r, const struct saved *s, const struct node *n,
		  struct edit_value *out);
/* Checks that had nothing to look at, lawfully: their requirements count as reached. */
void judge_vacuous(struct run *r, const struct element_node *el);
/* Nothing can be said of what the element judges. */
void judge_unsettled(struct run *r, const struct element_node *el);
/* Marks what any step of the case judges. */
void judge_begin(struct run *r);
/* Marks what the steps not reached would have judged. */
void judge_left(struct run *r);

/* ------------------------------------------------------------ oracles */

bool oracles_begin(struct run *r);
/* An edit of ours: switches off the oracles whose premise it breaks. */
void oracles_edited(struct run *r, const char *path);
/* A response was taken whose AUTH our endpoint did not accept, and the like. */
void oracle_fire(struct run *r, const char *name, const char *wanted, const char *got);
void oracles_end(struct run *r);
/* What fired makes requirement results of its own. */
size_t oracles_results(struct run *r, struct arena *a, struct requirement_result *out, size_t cap);

/* ------------------------------------------------------------ parts of steps */

bool send_message(struct run *r, struct step *s, const struct element_node *el, bool retransmit,
		  struct why *why);
bool send_response(struct run *r, struct tester *t, const struct element_node *el, struct seen *to,
		   struct why *why);
/* What a tester sends for the name of an exchange as such. */
enum purpose purpose_default(uint8_t exchange);
bool parse_suites(struct run *r, const char *text, bool esp, struct suite *out, size_t *count,
		  struct why *why);
struct saved *item_saved(struct run *r, const struct item *it);
void take_item(struct run *r, struct item *it, enum take how);
/* A message was given to our endpoint: new SAs get their names, oracles look. */
void accepted(struct run *r, const struct item *it);
/* `new` of a step: the SA gets its name now, or when the exchange that makes it is over. */
void name_sent(struct run *r, struct tester *t, const struct element_node *el,
	       const struct sent *s);
void name_seen(struct run *r, struct tester *t, const struct element_node *el, struct seen *s);
void name_made(struct run *r, struct tester *t, const char *name, enum purpose purpose,
	       struct ike_sa *ike);
/* The response to a request of the target has left. */
void responded(struct run *r, struct tester *t, struct seen *to, const struct sent *s);
bool step_send_begin(struct run *r, struct step *s, struct why *why);
bool item_is_pong(const struct item *it, const struct esp_sent *ping);

/* ------------------------------------------------------------ traffic in the background */

void loads_tick(struct run *r);
usec loads_deadline(const struct run *r);
void loads_stop(struct run *r);
/* A pong of a load; true if it was one. */
bool load_heard(struct run *r, const struct item *it);

/* ------------------------------------------------------------ the built-in target */

bool builtin_setup(struct run *r, struct why *why);
bool fault_apply(struct run *r, struct node_config *config, struct why *why);
bool connection_make(struct run *r, const struct profile_connection *pc, bool tester_side,
		     struct connection *out, struct why *why);
/* The tester announces what the scenario needs. */
void extensions_needed(const struct run *r, struct connection *c);
/* For the identities that a slot gave it. */
bool connection_prove_again(struct run *r, const struct profile_connection *pc, struct connection *c,
			    struct why *why);
bool connection_override(struct run *r, const struct scenario_tester *t, struct connection *c,
			 struct why *why);
struct retransmission profile_retransmission(const struct profile *p, bool weather);
/* The bad path of all cases, if there is to be one. */
void run_weather(struct run *r);
/* What is announced (extensions.c). */
void tester_extensions(const struct run *r, struct endpoint_config *c);
void target_extensions(const struct run *r, struct endpoint_config *c);
/* Its node in the run's world, from its connections and addresses. */
bool tester_node(struct run *r, struct tester *t, struct why *why);

/* One edit, for the event log. */
void edit_tell(struct run *r, const char *endpoint, const struct edit *e, const char *path, const char *from,
	       const char *to);

#endif
