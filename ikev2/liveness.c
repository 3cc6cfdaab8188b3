/*
 * Signs of life and death (RFC 7296 2.4, 2.21.4): what anybody could have sent is a hint at most, and
 * hints are minded at a limited rate.  An ESP packet of an SPI that is not there is told to the peer
 * over the IKE SA.  A connection whose peer was taken for dead may be begun again.
 */
#include "inside.h"

#define REVIVE_FIRST   (2 * USEC_S)
#define REVIVE_LONGEST (5 * USEC_MIN)

/* A peer that was just heard lives, whatever the hint says. */
void liveness_hint(struct ike_sa *sa, usec now)
{
	const struct endpoint_config *c = &sa->endpoint->config;
	bool soon = sa->hinted_at && now - sa->hinted_at < c->hint;
	if (!c->automatic || !c->hint || sa->state != IKE_ESTABLISHED || sa->deleting)
		return;
	if (soon && check_on(sa->endpoint, CHECK_HINT_RATE))
		return;
	sa->hinted_at = now ? now : 1;
	note_state(sa->endpoint, sa, "an unprotected message says that the peer is dead");
	sa->want_liveness = true;
	ike_sa_advance(sa, now);
}

/* ------------------------------------------------------------ INVALID_SPI */

static struct ike_sa *established_with(struct endpoint *e, const struct address *host)
{
	for (struct ike_sa *sa = ike_sa_by_host(e, NULL, host); sa; sa = ike_sa_by_host(e, sa, host))
		if (sa->state == IKE_ESTABLISHED && !sa->successor)
			return sa;
	return NULL;
}

void unknown_spi_seen(struct endpoint *e, const struct address *from, uint32_t spi, usec now)
{
	struct ike_sa *sa = e->config.tell_spi && e->config.automatic ? established_with(e, from) : NULL;
	if (!sa || sa->deleting || !check_on(e, CHECK_SPI_TOLD) || (sa->told_spi_at && now - sa->told_spi_at < e->config.tell_spi))
		return;
	sa->told_spi_at = now ? now : 1;
	sa->wrong_spi = spi;
	ike_sa_advance(sa, now);
}

/* ------------------------------------------------------------ beginning again */

/* gap: how long was waited before this IKE SA was begun. */
void revive_later(struct ike_sa *sa, usec now)
{
	if (!sa->initiator || !sa->connection->revive || !sa->endpoint->config.automatic)
		return;
	sa->revive_gap = sa->revive_gap ? usec_min(2 * sa->revive_gap, REVIVE_LONGEST) : REVIVE_FIRST;
	sa->revive_at = usec_after(now, sa->revive_gap);
	ike_sa_touch(sa);
}

usec revive_due(const struct timed *t)
{
	return t->ike->revive_at ? t->ike->revive_at : USEC_NEVER;
}

void revive_fire(const struct timed *t, usec now)
{
	struct ike_sa *sa = t->ike;
	struct why why;
	sa->revive_at = 0;
	if (!connection_begin(sa->endpoint, sa->connection, sa->revive_gap, now, &why))
		note_state(sa->endpoint, sa, "not begun again: %s", why.text);
}
