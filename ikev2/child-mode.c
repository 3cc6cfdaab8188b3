/*
 * The notifies about a Child SA (RFC 7296 1.3.1): transport mode, TFC padding, later fragments, more
 * selectors.  What both ends said is in force; what one said alone is not.
 */
#include "inside.h"

#define ADDITIONAL_TS_POSSIBLE        16386
#define USE_TRANSPORT_MODE            16391
#define ESP_TFC_PADDING_NOT_SUPPORTED 16394
#define NON_FIRST_FRAGMENTS_ALSO      16395

/* In a rekey as in the SA that is replaced (1.3.3). */
static bool wants_transport(const struct child_sa *c)
{
	return c->replaces ? c->replaces->transport : c->ike->connection->transport;
}

bool child_write_notifies(struct making *m, struct child_sa *c)
{
	bool transport = c->initiator ? wants_transport(c)
				      : c->transport && c->asked_transport &&
						check_on(m->e, CHECK_TRANSPORT_ECHO);
	bool again = c->replaces && c->replaces->fragments_too;
	bool fragments = c->initiator ? again : c->fragments_too;
	return (!transport || payload_notify(m, USE_TRANSPORT_MODE, BYTES_NONE)) &&
	       (!fragments || payload_notify(m, NON_FIRST_FRAGMENTS_ALSO, BYTES_NONE)) &&
	       (c->initiator || !c->more_selectors ||
		payload_notify(m, ADDITIONAL_TS_POSSIBLE, BYTES_NONE));
}

void child_notifies_sent(struct child_sa *c, const struct message *m)
{
	bool transport = message_notify(m, USE_TRANSPORT_MODE);
	bool fragments = message_notify(m, NON_FIRST_FRAGMENTS_ALSO);
	if (c->initiator) {
		c->asked_transport = transport;
		c->asked_fragments = fragments;
		return;
	}
	if (check_on(c->endpoint, CHECK_TRANSPORT_ECHO) &&
	    check_on(c->endpoint, CHECK_TUNNEL_DEFAULT))
		c->transport &= transport;
	c->fragments_too = fragments && c->asked_fragments;
}

/* The answer is in the addresses that the peer sees. */
static void answered(struct child_sa *c, bool transport, bool fragments)
{
	c->transport = transport && c->asked_transport;
	c->fragments_too = fragments && c->asked_fragments;
	if (c->transport)
		child_substitute(c);
}

void child_notifies_read(struct incoming *x, struct child_sa *c)
{
	const struct connection *n = c->ike->connection;
	bool transport = message_notify(&x->m, USE_TRANSPORT_MODE);
	bool fragments = message_notify(&x->m, NON_FIRST_FRAGMENTS_ALSO);
	c->no_tfc = message_notify(&x->m, ESP_TFC_PADDING_NOT_SUPPORTED);
	if (c->initiator) {
		answered(c, transport, fragments);
		return;
	}
	c->asked_transport = transport;
	c->asked_fragments = fragments;
	c->transport = transport && n->transport;
	if (x->m.exchange == CREATE_CHILD_SA && !check_on(x->e, CHECK_TUNNEL_DEFAULT))
		c->transport = true;
	c->fragments_too = fragments;
}
