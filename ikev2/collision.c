/*
 * Exchanges that collide (RFC 7296 2.8.1, 2.8.2, 2.25): what is put off, which of two SAs that
 * were made in place of one is redundant, and who closes what.
 */
#include "inside.h"

#define TEMPORARY_FAILURE 43

/* ------------------------------------------------------------ the lowest of four nonces */

/* Octet by octet; the beginning of another is lower than that (2.8.1). */
static bool lower(const struct endpoint *e, struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.at, b.at, len) : 0;
	if (a.len != b.len && !check_on(e, CHECK_REDUNDANT_ORDER))
		return a.len > b.len;
	return order < 0 || (order == 0 && a.len < b.len);
}

/* Of the two nonces of an exchange. */
static struct bytes lowest(const struct endpoint *e, struct bytes ni, struct bytes nr)
{
	return lower(e, nr, ni) && check_on(e, CHECK_REDUNDANT_FOUR) ? nr : ni;
}

static struct pending *rekey_in_flight(const struct child_sa *old)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *p = &old->ike->pending[i];
		if (p->used && p->purpose == PURPOSE_REKEY_CHILD && p->child &&
		    p->child->replaces == old)
			return p;
	}
	return NULL;
}

/* The peer has replaced old by c, maybe while we are at it, too. */
void child_replaced(struct child_sa *old, const struct child_sa *c, usec now)
{
	struct pending *p = rekey_in_flight(old);
	old->replaced = true;
	old->replaced_at = now;
	old->want_rekey = false;
	if (!p)
		return;
	note_state(c->endpoint, c->ike, "Child SA %08x/%08x is rekeyed by both ends", old->spi_in,
		   old->spi_out);
	p->child->rival = arena_copy(p->child->arena, lowest(c->endpoint, c->ni, c->nr));
}

/* Ours came to be. */
void child_replaces(struct child_sa *c)
{
	struct endpoint *e = c->endpoint;
	struct child_sa *old = c->replaces;
	bool redundant = c->rival.len && lower(e, lowest(e, c->ni, c->nr), c->rival) &&
			 check_on(e, CHECK_REDUNDANT_CHILD);
	child_untie(c);
	if (old && !redundant)
		old->replaced = true;
	if (redundant)
		note_state(e, c->ike, "Child SA %08x/%08x is redundant", c->spi_in, c->spi_out);
	if (!e->config.automatic)
		return;
	if (redundant)
		c->want_delete = true;
	else if (old && !old->gone && check_on(e, CHECK_REPLACED_DELETED))
		old->want_delete = true;
}

bool ike_sa_is_redundant(const struct ike_sa *sa, const struct ike_sa *rival)
{
	const struct endpoint *e = sa->endpoint;
	return lower(e, lowest(e, sa->ni, sa->nr), lowest(e, rival->ni, rival->nr)) &&
	       check_on(e, CHECK_REDUNDANT_IKE);
}

/* ------------------------------------------------------------ what cannot be done now */

bool ike_sa_rekeying(const struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].purpose == PURPOSE_REKEY_IKE)
			return true;
	return false;
}

static bool closing(const struct ike_sa *sa)
{
	return sa->deleting || sa->want_delete;
}

static bool at_a_child(const struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++) {
		enum purpose p = sa->pending[i].used ? sa->pending[i].purpose : PURPOSE_NONE;
		if (p == PURPOSE_NEW_CHILD || p == PURPOSE_REKEY_CHILD || p == PURPOSE_DELETE_CHILD)
			return true;
	}
	return false;
}

/* The peer may already have what the response to our request is to make here. */
static bool making_child(const struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].child && !sa->pending[i].child->installed)
			return true;
	return false;
}

/* A fault: what should be answered as usual is put off. */
static bool put_off(struct incoming *x, enum check c)
{
	if (check_on(x->e, c))
		return false;
	refused_count(x->e, c);
	x->done = true;
	answer_notify(x, TEMPORARY_FAILURE, BYTES_NONE);
	return true;
}

static bool temporarily(struct incoming *x, enum check c)
{
	return refuse_answered(x, c, BYTES_NONE);
}

/* What the harness answers itself is never put off. */
bool collision_refuses_child(struct incoming *x, const struct child_sa *old)
{
	const struct ike_sa *sa = x->ike;
	if (x->sending)
		return false;
	return (closing(sa) && temporarily(x, CHECK_CHILD_CLOSING)) ||
	       ((sa->successor || ike_sa_rekeying(sa)) && temporarily(x, CHECK_CHILD_REKEYING)) ||
	       (old && (old->deleting || old->want_delete) &&
		temporarily(x, CHECK_REKEY_CLOSING)) ||
	       (!old && x->purpose == PURPOSE_REKEY_CHILD && making_child(sa) &&
		temporarily(x, CHECK_REKEY_EARLY)) ||
	       (old && rekey_in_flight(old) && put_off(x, CHECK_REKEY_CROSSING));
}

bool collision_refuses_rekey(struct incoming *x)
{
	const struct ike_sa *sa = x->ike;
	if (x->sending)
		return false;
	return (sa->successor && temporarily(x, CHECK_REKEY_DONE)) ||
	       (!sa->successor && closing(sa) && temporarily(x, CHECK_REKEY_IKE_CLOSING)) ||
	       (at_a_child(sa) && temporarily(x, CHECK_REKEY_AT_CHILD)) ||
	       (sa->rival && temporarily(x, CHECK_REKEY_DONE)) ||
	       (ike_sa_rekeying(sa) && put_off(x, CHECK_REKEY_IKE_CROSSING));
}

/* ------------------------------------------------------------ what the peer should have closed */

/* How long a request of ours would be repeated: the peer's Delete has come by then, or never will. */
static usec patience(const struct endpoint *e)
{
	const struct retransmission *r = &e->config.retransmission;
	usec all = 0, gap = r->first;
	for (unsigned i = 0; i < r->sendings; i++) {
		all += gap;
		gap = gap * r->factor_permille / 1000;
	}
	return all;
}

usec replaced_ike_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	bool waits = (sa->successor || sa->redundant) && !closing(sa) && !pending_any(t->ike) &&
		     sa->endpoint->config.automatic;
	return waits ? usec_after(sa->replaced_at, patience(sa->endpoint)) : USEC_NEVER;
}

/* A redundant one may be unknown to the peer, whose rekey ended with the old SA. */
void replaced_ike_fire(const struct timed *t, usec now)
{
	if (t->ike->redundant)
		ike_sa_gone(t->ike, "redundant, and not closed by the peer that made it", now);
	else
		t->ike->want_delete = true;
}

usec replaced_child_due(const struct timed *t)
{
	const struct child_sa *c = t->child;
	bool waits = c->replaced_at && !c->deleting && !c->want_delete &&
		     c->endpoint->config.automatic && !rekey_in_flight(c);
	return waits ? usec_after(c->replaced_at, patience(c->endpoint)) : USEC_NEVER;
}

void replaced_child_fire(const struct timed *t, usec now)
{
	(void)now;
	t->child->want_delete = true;
}

/* ------------------------------------------------------------ a Delete that overtakes a response */

/* SPIs that the peer deletes while an exchange is in flight that may be about to make them here. */
void overtaken_note(struct ike_sa *sa, uint32_t spi)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *p = &sa->pending[i];
		if (p->used && p->child && !p->child->installed &&
		    p->overtaken_count < ARRAY_LEN(p->overtaken))
			p->overtaken[p->overtaken_count++] = spi;
	}
}

bool overtaken(const struct pending *p, uint32_t spi)
{
	for (size_t i = 0; i < p->overtaken_count; i++)
		if (p->overtaken[i] == spi)
			return true;
	return false;
}
