/*
 * The window of an IKE SA (RFC 7296 2.2, 2.3): which message IDs are whose turn, in both directions,
 * and the responses that may be asked for again.
 *
 * Both windows are one until the IKE SA is established; then they are what SET_WINDOW_SIZE said.
 * IDs only grow, and never wrap: near the end the IKE SA is spent.
 */
#ifndef IKEV2_WINDOW_H
#define IKEV2_WINDOW_H

#define WINDOW_LIMIT 8 /* requests at a time that we ever have in flight, or take */
#define WINDOW_SPENT (UINT32_MAX - 4096) /* from this message ID on the IKE SA is to end */

struct retained { /* a response of ours */
	bool used;
	uint32_t id;
	uint64_t request_hash;
	struct kept kept;
	usec again; /* a fault sends it by itself */
};

struct window {
	uint32_t next_request;  /* the lowest ID of ours that is not answered */
	uint64_t answered;      /* bit n: next_request + n is */
	uint32_t next_expected; /* the lowest ID of the peer's that was not carried out */
	uint64_t carried_out;   /* bit n: next_expected + n was */
	uint32_t theirs;        /* what the peer said of its window; 0: nothing */
	uint32_t ours;          /* what we said of ours; 0: nothing */
	struct retained retained[WINDOW_LIMIT];
	bool spent;             /* the IKE SA was to be rekeyed for that */
	bool want_told;         /* the peer is to be told of a wrong message ID ... */
	uint32_t wrong_id;      /* ... this one */
	usec told_since;        /* when it was told last */
	bool told;
	uint64_t aside;         /* 1 + the ID of the peer's request that the harness answered aside; 0: none */
};

struct ike_sa;
struct incoming;
struct making;

/* Requests of ours.  The ID of the next one: of an automatic endpoint the lowest that is neither
 * answered nor in flight, of a stepped one the lowest that is not answered. */
uint32_t window_next(const struct ike_sa *sa);
/* May an automatic endpoint send another? */
bool window_open(const struct ike_sa *sa);
void window_answered(struct window *w, uint32_t id);
/* Requests of the peer: is it this one's turn?  Done once. */
bool window_expects(const struct ike_sa *sa, uint32_t id);
void window_carried_out(struct window *w, uint32_t id);
/* The harness answered it aside, and may answer it otherwise; or the peer goes on with this ID: then it
 * took that for an answer. */
void window_aside(struct window *w, uint32_t id);
void window_follow_aside(struct window *w, uint32_t id);
/* The message IDs of either direction come to their end. */
bool window_spent(const struct ike_sa *sa);
/* The retained response to that ID, or NULL; and the place for a new one. */
struct retained *window_retained(struct window *w, uint32_t id);
struct retained *window_place(struct ike_sa *sa, uint32_t id);
void window_forget(struct window *w);
void window_free(struct window *w);
/* SET_WINDOW_SIZE: said by an honest message, heard of the peer, read back from what was sent. */
bool window_payload(struct making *m);
void window_heard(struct incoming *x);
void window_said(struct making *m);
/* A request outside the window: the peer may be told so, in a request of ours (2.3). */
void window_wrong(struct incoming *x);
void window_tell(struct ike_sa *sa, usec now);

#endif
