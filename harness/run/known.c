/* What the scenario knows by name: messages, SAs, loads, testers. */
#include "inside.h"

struct known *known_find(struct run *r, const char *name)
{
	for (struct known *k = r->known; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static struct known *known_make(struct run *r, const char *name, enum known_kind kind)
{
	struct known *k = known_find(r, name);

	if (!k) {
		k = arena_new_of(r->arena, struct known);
		if (!k)
			return NULL;
		k->name = arena_text(r->arena, name);
		k->next = r->known;
		r->known = k;
	}
	k->kind = kind;
	return k;
}

/* The SA that had the name is NAME.old from now on. */
static void keep_old(struct run *r, const char *name, const void *now)
{
	struct known *k = known_find(r, name), *old;

	if (!k || (k->kind != KNOWN_IKE && k->kind != KNOWN_CHILD))
		return;
	if ((const void *)k->ike == now || (const void *)k->child == now)
		return;
	old = known_make(r, run_printf(r, "%s.old", name), k->kind);
	if (!old)
		return;
	old->ike = k->ike;
	old->child = k->child;
	old->tester = k->tester;
}

void known_ike(struct run *r, struct tester *t, const char *name, struct ike_sa *sa)
{
	struct known *k;

	keep_old(r, name, sa);
	k = known_make(r, name, KNOWN_IKE);
	if (!k)
		return;
	k->tester = t;
	k->ike = sa;
	k->child = NULL;
}

void known_child(struct run *r, struct tester *t, const char *name, struct child_sa *sa)
{
	struct known *k;

	keep_old(r, name, sa);
	k = known_make(r, name, KNOWN_CHILD);
	if (!k)
		return;
	k->tester = t;
	k->child = sa;
	k->ike = NULL;
}

void known_load(struct run *r, const char *name, struct load *l)
{
	struct known *k = known_make(r, name, KNOWN_LOAD);

	if (k)
		k->load = l;
}

static bool inside_repeat(const struct run *r)
{
	for (size_t i = 0; i < r->depth; i++)
		if (r->frames[i].kind == FRAME_REPEAT)
			return true;
	return false;
}

void known_save(struct run *r, const char *name, struct saved *s)
{
	struct known *k = known_make(r, name, KNOWN_MESSAGE);

	if (!k || !s)
		return;
	if (!inside_repeat(r))
		k->count = 0;
	if (k->count == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 4;
		struct saved **more = arena_array(r->arena, cap, sizeof *more);

		if (!more)
			return;
		if (k->count)
			memcpy(more, k->messages, k->count * sizeof *more);
		k->messages = more;
		k->cap = cap;
	}
	k->messages[k->count++] = s;
}

struct saved *known_message(struct run *r, const char *name, struct why *why)
{
	const struct known *k = known_find(r, name);

	if (k && k->kind == KNOWN_MESSAGE && k->count)
		return k->messages[k->count - 1];
	why_set(why, "no message '%s' has been saved yet", name);
	return NULL;
}

struct saved *saved_sent(struct run *r, struct tester *t, const struct sent *s)
{
	struct saved *v = arena_new_of(r->arena, struct saved);

	if (!v)
		return NULL;
	v->kind = SAVED_SENT;
	v->tester = t;
	v->sent = s;
	v->time = s->time;
	return v;
}

struct saved *saved_esp(struct run *r, struct tester *t, const struct esp_sent *s)
{
	struct saved *v = arena_new_of(r->arena, struct saved);

	if (!v)
		return NULL;
	v->kind = SAVED_ESP_SENT;
	v->tester = t;
	v->esp = s;
	v->time = s->time;
	return v;
}

struct bytes saved_octets(const struct saved *s)
{
	switch (s->kind) {
	case SAVED_SENT:
		return s->sent->composed.count ? s->sent->composed.datagrams[0] : BYTES_NONE;
	case SAVED_SEEN:
		return s->seen->datagram.octets;
	case SAVED_ESP_SENT:
		return s->esp->esp;
	case SAVED_ARRIVAL:
		return s->arrival->kind == ARRIVED_CLEAR ? s->arrival->inner.octets
							 : s->arrival->ip.payload;
	}
	return BYTES_NONE;
}

struct tester *tester_find(struct run *r, const char *name)
{
	for (size_t i = 0; i < r->tester_count; i++)
		if (strcmp(r->testers[i].name, name) == 0)
			return &r->testers[i];
	return NULL;
}

/* ------------------------------------------------------------ SAs */

bool private_ike(const struct run *r, const struct ike_sa *sa)
{
	for (size_t i = 0; i < r->private_count; i++)
		if (r->privates[i] == sa)
			return true;
	return false;
}

void make_private(struct run *r, const struct ike_sa *sa)
{
	if (!sa || private_ike(r, sa))
		return;
	if (r->private_count == r->private_cap) {
		size_t cap = r->private_cap ? 2 * r->private_cap : 8;
		const struct ike_sa **more = arena_array(r->arena, cap, sizeof *more);

		if (!more)
			return;
		if (r->private_count)
			memcpy(more, r->privates, r->private_count * sizeof *more);
		r->privates = more;
		r->private_cap = cap;
	}
	r->privates[r->private_count++] = sa;
}

struct ike_sa *newest_ike(struct run *r, struct tester *t)
{
	struct ike_sa *gone = NULL, *sa;

	for (size_t i = 0; (sa = endpoint_ike_sa(t->endpoint, i)); i++) {
		if (private_ike(r, sa))
			continue;
		if (ike_sa_view(sa).state != IKE_GONE)
			return sa;
		if (!gone)
			gone = sa;
	}
	return gone;
}

struct child_sa *newest_child(struct run *r, struct tester *t, struct ike_sa *of)
{
	struct child_sa *gone = NULL, *c;

	for (size_t i = 0; (c = endpoint_child_sa(t->endpoint, of, i)); i++) {
		struct child_view v = child_sa_view(c);

		if (private_ike(r, v.ike))
			continue;
		if (!v.gone)
			return c;
		if (!gone)
			gone = c;
	}
	return gone;
}

bool ike_named(struct run *r, const char *name, struct ike_sa **out, struct why *why)
{
	const struct known *k = known_find(r, name);

	if (k && k->kind == KNOWN_IKE) {
		*out = k->ike;
		return true;
	}
	if (strcmp(name, "ike") == 0) {
		*out = newest_ike(r, r->step.tester ? r->step.tester : &r->testers[0]);
		return *out || why_set(why, "there is no IKE SA yet");
	}
	return why_set(why, "no IKE SA is called '%s'", name);
}

bool child_named(struct run *r, const char *name, struct child_sa **out, struct why *why)
{
	const struct known *k = known_find(r, name);

	if (k && k->kind == KNOWN_CHILD) {
		*out = k->child;
		return true;
	}
	if (strcmp(name, "child") == 0) {
		*out = newest_child(r, r->step.tester ? r->step.tester : &r->testers[0], NULL);
		return *out || why_set(why, "there is no Child SA yet");
	}
	return why_set(why, "no Child SA is called '%s'", name);
}
