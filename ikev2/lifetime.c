/*
 * Lifetimes: when an SA is to be rekeyed, when it is over, and when what failed is tried again.
 */
#include "inside.h"

#define RETRY_FIRST   (2 * USEC_S)
#define RETRY_LONGEST (60 * USEC_S)
#define RETRY_LIMIT   (5 * USEC_MIN)

/* ------------------------------------------------------------ limits */

static uint64_t shortened(uint64_t limit, unsigned permille)
{
	return limit / 1000 * (1000 - permille) + limit % 1000 * (1000 - permille) / 1000;
}

/* One draw for all limits of the SA; none where there is no jitter, so that chance stays as it was. */
static unsigned draw_jitter(struct endpoint *e, const struct lifetime *config)
{
	unsigned most = config->jitter_percent > 100 ? 1000 : config->jitter_percent * 10;
	if (!most || !check_on(e, CHECK_LIFETIME_JITTER))
		return 0;
	return (unsigned)rng_below(&e->rng, most + 1);
}

void life_begin(struct endpoint *e, struct life *l, const struct lifetime *config, usec now)
{
	unsigned permille = draw_jitter(e, config);
	*l = (struct life){ .soft = config->soft, .hard = config->hard };
	l->soft.octets = shortened(l->soft.octets, permille);
	l->soft.packets = shortened(l->soft.packets, permille);
	l->soft_at = l->soft.time ? usec_after(now, shortened(l->soft.time, permille)) : USEC_NEVER;
	l->hard_at = l->hard.time ? usec_after(now, l->hard.time) : USEC_NEVER;
}

/* The last number of an SA, and the one from which on it is rekeyed: a sixteenth before. */
void life_numbers(struct life *l, bool esn)
{
	l->last_seq = esn ? UINT64_MAX : UINT32_MAX;
	l->soft_seq = l->last_seq - l->last_seq / 16;
}

static bool reached(const struct limits *limits, const struct traffic *t)
{
	return (limits->octets && t->octets >= limits->octets) ||
	       (limits->packets && t->packets >= limits->packets);
}

usec life_soft_due(const struct life *l)
{
	bool numbers = l->last_seq && (l->out.seq >= l->soft_seq || l->in.seq >= l->soft_seq);
	if (l->soft_over)
		return USEC_NEVER;
	return numbers || reached(&l->soft, &l->in) || reached(&l->soft, &l->out) ? 0 : l->soft_at;
}

/* The peer's numbers are his affair: he may go on to the last of them. */
usec life_hard_due(const struct life *l)
{
	bool numbers = l->last_seq && l->out.seq >= l->last_seq;
	if (l->hard_over)
		return USEC_NEVER;
	return numbers || reached(&l->hard, &l->in) || reached(&l->hard, &l->out) ? 0 : l->hard_at;
}

/* A message under the keys of an IKE SA. */
void ike_sa_used(struct traffic *t, size_t octets)
{
	t->packets++;
	t->octets += octets;
}

/* ------------------------------------------------------------ Child SAs */

static bool minds(const struct ike_sa *sa)
{
	return sa->state == IKE_ESTABLISHED && sa->endpoint->config.automatic && !sa->deleting;
}

usec child_soft_due(const struct timed *t)
{
	const struct child_sa *c = t->child;
	bool no = !minds(t->ike) || c->deleting || c->want_delete || c->want_rekey || c->replaced ||
		  !check_on(c->endpoint, CHECK_LIFETIME_REKEY);
	return no ? USEC_NEVER : life_soft_due(&c->life);
}

void child_soft_fire(const struct timed *t, usec now)
{
	(void)now;
	t->child->life.soft_over = true;
	if (check_on(t->child->endpoint, CHECK_LIFETIME_ORDER))
		t->child->want_rekey = true;
	else
		t->child->want_delete = t->ike->want_child = true;
}

usec child_hard_due(const struct timed *t)
{
	return minds(t->ike) && check_on(t->child->endpoint, CHECK_LIFETIME_END)
		       ? life_hard_due(&t->child->life)
		       : USEC_NEVER;
}

/* After rekeys that failed the IKE SA is closed too (2.8). */
void child_hard_fire(const struct timed *t, usec now)
{
	struct child_sa *c = t->child;
	struct ike_sa *sa = t->ike;
	(void)now;
	note_state(sa->endpoint, sa, "the lifetime of Child SA %08x/%08x is over", c->spi_in,
		   c->spi_out);
	c->life.hard_over = true;
	child_stop(c);
	if (c->rekey_failed && !c->replaced && check_on(sa->endpoint, CHECK_LIFETIME_FAILED))
		sa->want_delete = true;
	else if (check_on(sa->endpoint, CHECK_LIFETIME_TOLD))
		c->want_delete = true;
	else
		child_gone(c);
}

/* ------------------------------------------------------------ IKE SAs */

static bool being_rekeyed(const struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].purpose == PURPOSE_REKEY_IKE)
			return true;
	return false;
}

usec ike_soft_due(const struct timed *t)
{
	const struct ike_sa *sa = t->ike;
	bool no = !minds(sa) || sa->want_delete || sa->want_rekey || sa->successor ||
		  being_rekeyed(sa) || !check_on(sa->endpoint, CHECK_LIFETIME_REKEY);
	return no ? USEC_NEVER : life_soft_due(&sa->life);
}

void ike_soft_fire(const struct timed *t, usec now)
{
	(void)now;
	t->ike->life.soft_over = true;
	t->ike->want_rekey = true;
}

usec ike_hard_due(const struct timed *t)
{
	return minds(t->ike) && check_on(t->ike->endpoint, CHECK_LIFETIME_END)
		       ? life_hard_due(&t->ike->life)
		       : USEC_NEVER;
}

static bool peer_is_silent(const struct ike_sa *sa)
{
	for (size_t i = 0; i < PENDING; i++)
		if (sa->pending[i].used && sa->pending[i].sendings > 1)
			return true;
	return false;
}

/* The peer is told, unless it has stopped answering (2.4). */
void ike_hard_fire(const struct timed *t, usec now)
{
	struct ike_sa *sa = t->ike;
	sa->life.hard_over = true;
	for (struct child_sa *c = sa->children; c; c = c->older)
		if (!c->gone)
			child_stop(c);
	if (peer_is_silent(sa) || !check_on(sa->endpoint, CHECK_LIFETIME_TOLD))
		ike_sa_gone(sa, "its lifetime is over", now);
	else
		sa->want_delete = true;
}

/* ------------------------------------------------------------ another try later */

static usec longer(const struct retrying *r, usec gap)
{
	usec first = r->first ? r->first : RETRY_FIRST;
	usec longest = r->longest ? r->longest : RETRY_LONGEST;
	return gap ? usec_min(2 * gap, longest) : first;
}

/* Two ends that refuse each other do not try again at the same time: a share of the gap is chance. */
void retry_later(struct ike_sa *sa, enum error_action a, usec now)
{
	struct endpoint *e = sa->endpoint;
	const struct retrying *r = &e->config.retrying;
	struct retry *retry = &sa->retry;
	ike_sa_touch(sa);
	if (!retry->gap)
		retry->since = now;
	retry->gap = longer(r, retry->gap);
	usec later = retry->gap + (usec)rng_below(&e->rng, (uint64_t)retry->gap / 2 + 1);
	retry->at = check_on(e, CHECK_RETRY_WAITS) ? usec_after(now, later) : now;
	if (a == ERROR_WAITS && now - retry->since >= (r->limit ? r->limit : RETRY_LIMIT) &&
	    check_on(e, CHECK_RETRY_LIMIT)) {
		note_state(e, sa, "it is refused for too long");
		sa->want_delete = true;
	}
}

void retry_over(struct ike_sa *sa)
{
	sa->retry = (struct retry){ 0 };
}

usec retry_due(const struct timed *t)
{
	return t->ike->retry.at ? t->ike->retry.at : USEC_NEVER;
}

/* What waited goes out when the tick is over. */
void retry_fire(const struct timed *t, usec now)
{
	(void)now;
	t->ike->retry.at = 0;
}
