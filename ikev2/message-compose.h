/*
 * A composition under way: what message-compose.c and message-seal.c share.
 */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include "message-internal.h"

/* What became of an edit. */
struct plan {
	enum edit_phase phase;
	bool done;
	struct node *moved;         /* a payload taken out of the chain, to stand beside SK */
};

struct work {
	struct arena *a;
	const struct composition *c;
	const struct edits *edits;          /* NULL: this is the honest message */
	struct plan *plan;                  /* one for each edit */
	const struct composed *honest;      /* NULL likewise */
	struct node *chain, *honest_chain;
	struct bytes plain;                 /* the chain's octets */
	uint8_t first;                      /* its first type */
	struct bytes *ivs;                  /* one for each fragment, the same in both rounds */
	struct composed *out;
	struct why *why;
};

/* The stages in which the outer phase of a sealed datagram is worked out. */
enum stage {
	STAGE_TRAILER,      /* padding, before encryption */
	STAGE_HEADER,       /* HDR, the header of SK, IV, parts beside SK: the ICV covers them */
	STAGE_CIPHERTEXT,   /* the ICV covers it too */
	STAGE_ICV,          /* and SK as a whole */
};

/* Applies one edit to a tree under a path of that tree; NULL path: as it is. */
bool work_apply(struct work *w, size_t i, struct node *root, struct node *honest, const char *path);
/* Applies the header's edits to a datagram in clear. */
bool work_clear(struct work *w);
/* Seals the chain into one SK or several SKF. */
bool work_seal(struct work *w);
/* "SKF.icv" of "SKF[2].icv", NULL if it means another datagram than k (from 1) or there is no
 * memory. */
/* before="SKF[2]", and this is another datagram than k. */
bool work_elsewhere(const struct edit *e, size_t k);
const char *work_local_path(struct work *w, const char *path, size_t k);

#endif
