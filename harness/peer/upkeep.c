/* What the peer does by itself: initiating, keeping up, ending. */
#include "inside.h"

#define TRY_FIRST USEC_S
#define TRY_DOUBLINGS 6         /* ... up to a minute and a bit */

struct ike_sa *peer_sa_of(const struct peer *p, const struct connection *c, enum ike_state least)
{
	struct ike_sa *sa;

	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.connection == c && v.state != IKE_GONE && v.state >= least)
			return sa;
	}
	return NULL;
}

/* ------------------------------------------------------------ initiating */

static void try_now(struct peer *p, size_t i)
{
	struct upkeep *u = &p->upkeep[i];
	struct why why;

	u->next = USEC_NEVER;
	u->tries++;
	if (!endpoint_initiate(p->endpoint, i, peer_now(p), &why))
		peer_say(p, p->connections[i].name, "cannot initiate: %s", why.text);
}

static usec pause_after(unsigned tries)
{
	return TRY_FIRST << (tries < TRY_DOUBLINGS ? tries : TRY_DOUBLINGS);
}

static void keep_up(struct peer *p, size_t i)
{
	struct upkeep *u = &p->upkeep[i];

	if (peer_sa_of(p, &p->connections[i], IKE_ESTABLISHED)) {
		u->ever_up = true;
		u->tries = 0;
		u->next = USEC_NEVER;
	} else if (u->initiate && !u->stopped && !peer_sa_of(p, &p->connections[i], IKE_HALF_OPEN) &&
		   u->next == USEC_NEVER && p->options.keep_up) {
		u->next = usec_after(peer_now(p), pause_after(u->tries));
		peer_say(p, p->connections[i].name, "is not up; initiated again in %llu s",
			 (unsigned long long)(pause_after(u->tries) / USEC_S));
	}
	if (u->next <= peer_now(p))
		try_now(p, i);
}

void peer_begin(struct peer *p)
{
	for (size_t i = 0; i < p->connection_count; i++)
		p->upkeep[i].next = p->upkeep[i].initiate ? 0 : USEC_NEVER;
}

void peer_upkeep(struct peer *p)
{
	if (!p->ending && p->options.duration &&
	    peer_now(p) >= usec_after(p->begun, p->options.duration))
		peer_end(p);
	for (size_t i = 0; i < p->connection_count && !p->ending; i++)
		keep_up(p, i);
}

usec peer_deadline(const struct peer *p)
{
	usec t = p->ending ? p->end_at : USEC_NEVER;

	if (!p->ending && p->options.duration)
		t = usec_after(p->begun, p->options.duration);
	for (size_t i = 0; i < p->connection_count && !p->ending; i++)
		t = usec_min(t, p->upkeep[i].next);
	return t;
}

/* ------------------------------------------------------------ the end */

/* Once for each, as it becomes possible; those that only half exist are left to the other end's timer. */
static size_t delete_all(struct peer *p)
{
	struct ike_sa *sa;
	struct why why;
	size_t left = 0;

	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++) {
		struct ike_view v = ike_sa_view(sa);

		if (v.state == IKE_GONE || v.state == IKE_HALF_OPEN || (v.state == IKE_KEYED && !v.initiator))
			continue;
		left++;
		if (v.state == IKE_ESTABLISHED && !v.deleting)
			endpoint_request(p->endpoint, PURPOSE_DELETE_IKE, sa, NULL, peer_now(p), &why);
	}
	return left;
}

void peer_end(struct peer *p)
{
	if (p->ending)
		return;
	p->ending = true;
	p->end_at = usec_after(peer_now(p), p->options.grace);
	for (size_t i = 0; i < p->connection_count; i++)
		p->figures.never_up += p->upkeep[i].initiate && !p->upkeep[i].ever_up;
}

bool peer_over(struct peer *p)
{
	if (!p->ending)
		return false;
	p->figures.left = delete_all(p);
	return p->figures.left == 0 || p->at_once || peer_now(p) >= p->end_at;
}
