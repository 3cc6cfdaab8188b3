/*
 * CREATE_CHILD_SA (RFC 7296 1.3): so far what a peer asks for is lawfully refused.
 */
#include "inside.h"

bool create_child_build_request(struct making *m)
{
	(void)m;
	return false;
}

void create_child_request(struct incoming *x)
{
	if (!refuse_answered(x, CHECK_ADDITIONAL_SAS, BYTES_NONE))
		refuse_anyway(x, CHECK_ADDITIONAL_SAS);
}

void create_child_response(struct incoming *x)
{
	x->done = x->accepted = true;
	pending_done(x->ike, x->pending);
}
