/* `new`: the SA that an exchange makes gets its name when the exchange is over. */
#include "inside.h"

struct naming {
	struct tester *tester;
	const char *name;
	const struct sent *ours;   /* request of ours, or */
	const struct seen *theirs; /* of the target */
	struct naming *next;
};

static const char *new_name(struct run *r, const struct element_node *el)
{
	struct why why;

	return attr_find(el, AT_NEW) ? run_text(r, el, AT_NEW, &why) : NULL;
}

static void later(struct run *r, struct tester *t, const char *name, const struct sent *ours,
		  const struct seen *theirs)
{
	struct naming *n = arena_new_of(r->arena, struct naming);

	if (!n)
		return;
	*n = (struct naming){
		.tester = t, .name = name, .ours = ours, .theirs = theirs, .next = r->namings
	};
	r->namings = n;
}

void name_sent(struct run *r, struct tester *t, const struct element_node *el, const struct sent *s)
{
	const char *name = new_name(r, el);

	if (!name)
		return;
	if (s->purpose == PURPOSE_IKE_SA_INIT)
		known_ike(r, t, name, s->ike);
	else
		later(r, t, name, s, NULL);
}

void name_seen(struct run *r, struct tester *t, const struct element_node *el, struct seen *s)
{
	const char *name = new_name(r, el);

	if (!name)
		return;
	if (s->message.response)
		name_made(r, t, name, s->purpose, s->ike);
	else
		later(r, t, name, NULL, s);
}

void name_made(struct run *r, struct tester *t, const char *name, enum purpose purpose,
	       struct ike_sa *ike)
{
	struct child_sa *c;

	if (purpose == PURPOSE_IKE_SA_INIT && ike) {
		known_ike(r, t, name, ike);
		return;
	}
	if (purpose == PURPOSE_REKEY_IKE) {
		if ((ike = newest_ike(r, t)))
			known_ike(r, t, name, ike);
		return;
	}
	c = newest_child(r, t, ike);
	if (c)
		known_child(r, t, name, c);
}

void responded(struct run *r, struct tester *t, struct seen *to, const struct sent *s)
{
	for (struct naming *n = r->namings; n; n = n->next) {
		if (n->theirs != to || !n->name)
			continue;
		name_made(r, t, n->name, to->purpose, s->ike ? s->ike : to->ike);
		n->name = NULL;
	}
}

/* A response to one of our requests was given to our endpoint. */
static void name_answered(struct run *r, const struct item *it)
{
	for (struct naming *n = r->namings; n; n = n->next) {
		if (!n->ours || !n->name || n->tester != it->tester || it->seen->error ||
		    !same_request(it->seen->answers, n->ours))
			continue;
		name_made(r, n->tester, n->name, n->ours->purpose, n->ours->ike);
		n->name = NULL;
	}
}

/* The target's IKE_AUTH response claims success: then our endpoint must have accepted its AUTH. */
static void look_at_auth(struct run *r, const struct item *it)
{
	const struct seen *m = it->seen;
	struct ike_view v;

	if (m->message.exchange != IKE_AUTH || m->error || !m->ike || m->repeats)
		return;
	v = ike_sa_view(m->ike);
	if (m->answers && m->answers->answered && v.state != IKE_ESTABLISHED)
		oracle_fire(r, "auth-recomputed", "AUTH that the keys and the signed octets give",
			    "another, our end refuses it");
}

void accepted(struct run *r, const struct item *it)
{
	const struct seen *m = it->seen;

	if (!m || !m->is_ike || !m->message.response)
		return;
	if (m->message.exchange == IKE_SA_INIT && !is_followed(r, m) &&
	    (message_notify(&m->message, NOTIFY_COOKIE) ||
	     message_notify(&m->message, NOTIFY_INVALID_KE_PAYLOAD)))
		it->tester->again = m->answers ? m->answers->ike : m->ike;
	if (!m->answers)
		return;
	name_answered(r, it);
	look_at_auth(r, it);
}
