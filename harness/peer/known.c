/*
 * SAs that came to be and ended, each told once and in full.  They are looked for in the endpoint, so
 * that whatever made or ended them is seen.
 */
#include <stdio.h>
#include <stdlib.h>

#include "inside.h"

static struct known_sa *find(struct peer *p, uint64_t spi_i, uint64_t spi_r, uint32_t spi_in)
{
	for (size_t i = 0; i < p->known_count; i++) {
		struct known_sa *k = &p->known[i];

		if (k->spi_i == spi_i && k->spi_r == spi_r && k->spi_in == spi_in)
			return k;
	}
	return NULL;
}

static struct known_sa *add(struct peer *p, uint64_t spi_i, uint64_t spi_r, uint32_t spi_in)
{
	if (p->known_count == p->known_cap) {
		size_t cap = p->known_cap ? 2 * p->known_cap : 64;
		struct known_sa *grown = realloc(p->known, cap * sizeof(*grown));

		if (!grown)
			return NULL;
		p->known = grown;
		p->known_cap = cap;
	}
	p->known[p->known_count] = (struct known_sa){ .spi_i = spi_i, .spi_r = spi_r, .spi_in = spi_in };
	return &p->known[p->known_count++];
}

/* ------------------------------------------------------------ in words */

static void ike_line(struct peer *p, const struct ike_view *v)
{
	char suite[120], remote[ADDRESS_TEXT];
	const char *nat = v->nat_here ? v->nat_there ? ", NAT in front of both" : ", NAT in front of us"
			  : v->nat_there ? ", NAT in front of the peer" : "";

	for (size_t six = 0; six < 2; six++) {
		const char *what = v->assigned[six].family ? "the peer assigns us" : "the peer is assigned";
		const struct address *a = v->assigned[six].family ? &v->assigned[six] : &v->given[six];

		if (a->family)
			peer_say(p, v->connection->name, "%s %s", what, address_print(a, remote));
	}
	peer_say(p, v->connection->name, "IKE SA %016llx_i %016llx_r is up: %s, with %s, %s%s",
		 (unsigned long long)v->spi_i, (unsigned long long)v->spi_r,
		 v->initiator ? "initiator" : "responder", address_print(&v->remote, remote),
		 suite_print_strongswan(&v->suite, false, suite, sizeof(suite)), nat);
}

static const char *selector_words(const struct selectors *s, char *text, size_t cap)
{
	char range[ADDRESS_RANGE_TEXT];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < s->count && len < cap; i++) {
		const struct traffic_selector *row = &s->rows[i];

		len += (size_t)snprintf(text + len, cap - len, "%s%s", i ? ", " : "",
					address_range_print(&row->range, range));
		if (len < cap && row->protocol)
			len += (size_t)snprintf(text + len, cap - len, "[%u/%u-%u]", row->protocol,
						row->first_port, row->last_port);
	}
	return text;
}

static void child_line(struct peer *p, const struct ike_view *v, const struct child_view *c)
{
	char ours[300], theirs[300], suite[120];

	peer_say(p, v->connection->name, "Child SA %08x in, %08x out is up: %s = %s, %s", c->spi_in, c->spi_out,
		 selector_words(&c->ours, ours, sizeof(ours)),
		 selector_words(&c->theirs, theirs, sizeof(theirs)),
		 suite_print_strongswan(&c->suite, true, suite, sizeof(suite)));
}

/* ------------------------------------------------------------ looking */

static void see_children(struct peer *p, struct ike_sa *sa, const struct ike_view *v)
{
	struct child_sa *child;

	for (size_t n = 0; (child = endpoint_child_sa(p->endpoint, sa, n)) != NULL; n++) {
		struct child_view c = child_sa_view(child);
		struct known_sa *k;

		if (c.gone)
			continue;
		k = find(p, 0, 0, c.spi_in);
		if (!k && (k = add(p, 0, 0, c.spi_in)) != NULL) {
			p->figures.child_sas++;
			child_line(p, v, &c);
		}
		if (k)
			k->seen = true;
	}
}

static void see_ike(struct peer *p, struct ike_sa *sa)
{
	struct ike_view v = ike_sa_view(sa);
	struct known_sa *k;

	if (v.state != IKE_ESTABLISHED)
		return;
	device_assign(p, &v.assigned[0]);
	device_assign(p, &v.assigned[1]);
	k = find(p, v.spi_i, v.spi_r, 0);
	if (!k && (k = add(p, v.spi_i, v.spi_r, 0)) != NULL) {
		p->figures.ike_sas++;
		ike_line(p, &v);
	}
	if (k)
		k->seen = true;
	see_children(p, sa, &v);
}

void peer_look_at_sas(struct peer *p)
{
	struct ike_sa *sa;
	size_t kept = 0;

	for (size_t i = 0; i < p->known_count; i++)
		p->known[i].seen = false;
	for (size_t n = 0; (sa = endpoint_ike_sa(p->endpoint, n)) != NULL; n++)
		see_ike(p, sa);
	device_assigned(p);
	for (size_t i = 0; i < p->known_count; i++)
		if (p->known[i].seen)
			p->known[kept++] = p->known[i];
	p->known_count = kept;
}
