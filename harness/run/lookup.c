/* What ${...} means: variables, saved messages, SAs, testers, the target's features. */
#include "authority/authority.h"
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ SAs */

#define IKE_OCTETS(member) offsetof(struct ike_view, member), VALUE_OCTETS
/* clang-format off */
static const struct { const char *name; size_t at; enum value_kind kind; } ike_octets[] = {
	{ "SK_d",  IKE_OCTETS(sk_d)  }, { "SK_ai", IKE_OCTETS(sk_ai) }, { "SK_ar", IKE_OCTETS(sk_ar) },
	{ "SK_ei", IKE_OCTETS(sk_ei) }, { "SK_er", IKE_OCTETS(sk_er) }, { "SK_pi", IKE_OCTETS(sk_pi) },
	{ "SK_pr", IKE_OCTETS(sk_pr) }, { "ni",    IKE_OCTETS(ni)    }, { "nr",    IKE_OCTETS(nr)    },
};
/* clang-format on */

/* Inner addresses that went over it in a Configuration payload. */
static bool ike_address(const struct ike_view *v, const char *field, struct value *out)
{
	const struct {
		const char *name;
		const struct address *address;
	} rows[] = {
		{ "assigned", &v->assigned[0] },
		{ "assigned6", &v->assigned[1] },
		{ "given", &v->given[0] },
		{ "given6", &v->given[1] },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(field, rows[i].name) != 0 || !rows[i].address->family)
			continue;
		*out = (struct value){ .kind = VALUE_ADDRESS, .address = *rows[i].address };
		out->address.port = 0;
		return true;
	}
	return false;
}

static bool ike_field(const struct ike_sa *sa, const char *field, struct value *out,
		      struct why *why)
{
	struct ike_view v = ike_sa_view(sa);
	const struct {
		const char *name;
		uint64_t n;
		unsigned bits;
	} numbers[] = {
		{"spi_i",          v.spi_i,         64},
		{ "spi_r",         v.spi_r,         64},
		{ "next_request",  v.next_request,  32},
		{ "next_expected", v.next_expected, 32},
		{ "initiator",     v.initiator,     1 },
		{ "nat_here",      v.nat_here,      1 },
		{ "nat_there",     v.nat_there,     1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(field, numbers[i].name) == 0) {
			*out = of_number(numbers[i].n, numbers[i].bits);
			return true;
		}
	}
	if (ike_address(&v, field, out))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ike_octets); i++) {
		if (strcmp(field, ike_octets[i].name) == 0) {
			*out = of_octets(
				*(const struct bytes *)((const char *)&v + ike_octets[i].at));
			return true;
		}
	}
	return why_set(why,
		       "an IKE SA has no '%s'; it has spi_i, spi_r, next_request, next_expected, "
		       "SK_*, ni, nr",
		       field);
}

/* Selectors as text of address ranges, for subset-of and covers. */
static struct value of_selectors(struct arena *a, const struct selectors *s)
{
	struct value *items = arena_array(a, s->count ? s->count : 1, sizeof *items);

	for (size_t i = 0; items && i < s->count; i++) {
		char first[ADDRESS_TEXT], last[ADDRESS_TEXT];

		address_print(&s->rows[i].range.first, first);
		address_print(&s->rows[i].range.last, last);
		items[i] = of_text(arena_printf(a, "%s-%s", first, last));
	}
	return (struct value){ .kind = VALUE_LIST, .items = items, .count = items ? s->count : 0 };
}

static bool child_field(struct arena *a, const struct child_sa *sa, const char *field,
			struct value *out, struct why *why)
{
	struct child_view v = child_sa_view(sa);

	if (strcmp(field, "spi_in") == 0)
		*out = of_number(v.spi_in, 32);
	else if (strcmp(field, "spi_out") == 0)
		*out = of_number(v.spi_out, 32);
	else if (strcmp(field, "ts_ours") == 0)
		*out = of_selectors(a, &v.ours);
	else if (strcmp(field, "ts_theirs") == 0)
		*out = of_selectors(a, &v.theirs);
	else
		return why_set(why,
			       "a Child SA has no '%s'; it has spi_in, spi_out, ts_ours, ts_theirs",
			       field);
	return true;
}

/* ${name.PATH.what()} over all rounds of a repeat. */
static bool list_value(struct run *r, const struct known *k, const char *path, struct value *out,
		       struct why *why)
{
	const char *rest = path, *before, *what = path_function(r->arena, path, &rest);
	struct value *items = arena_array(r->arena, k->count, sizeof *items), list;

	/* ".time().step().max()": one after the other. */
	if (what && path_function(r->arena, rest, &before))
		return list_value(r, k, rest, &list, why) &&
		       value_computed(&list, what, r->arena, out, why);
	if (!items)
		return why_set(why, "no memory for a list of %zu messages", k->count);
	if (what && (strcmp(what, "octets") == 0 || strcmp(what, "time") == 0 ||
		     strcmp(what, "index") == 0)) {
		rest = path;
		what = NULL;
	}
	for (size_t i = 0; i < k->count; i++)
		if (!saved_value(r, k->messages[i], rest, &items[i], why))
			return false;
	list = (struct value){ .kind = VALUE_LIST, .items = items, .count = k->count };
	if (!what) {
		*out = list;
		return true;
	}
	if (strcmp(what, "count") == 0) {
		*out = of_number(k->count, 0);
		return true;
	}
	return value_computed(&list, what, r->arena, out, why);
}

/* ------------------------------------------------------------ references */

static bool known_value(struct run *r, const struct known *k, unsigned index, const char *rest,
			struct value *out, struct why *why)
{
	switch (k->kind) {
	case KNOWN_IKE:
		return ike_field(k->ike, rest, out, why);
	case KNOWN_CHILD:
		return child_field(r->arena, k->child, rest, out, why);
	case KNOWN_LOAD:
		return load_value(k->load, rest, r->arena, out, why);
	case KNOWN_MESSAGE:
		break;
	}
	if (index > k->count)
		return why_set(why, "%s[%u]: there are %zu", k->name, index, k->count);
	if (index)
		return saved_value(r, k->messages[index - 1], rest, out, why);
	if (k->count > 1)
		return list_value(r, k, rest, out, why);
	return k->count ? saved_value(r, k->messages[0], rest, out, why)
			: why_set(why, "no message '%s' has been saved yet", k->name);
}

static bool sa_value(struct run *r, struct tester *t, const char *word, const char *rest,
		     struct value *out, struct why *why)
{
	if (strcmp(word, "ike") == 0) {
		struct ike_sa *sa = newest_ike(r, t);

		return sa ? ike_field(sa, rest, out, why) : why_set(why, "there is no IKE SA yet");
	}
	struct child_sa *c = newest_child(r, t, NULL);

	return c ? child_field(r->arena, c, rest, out, why)
		 : why_set(why, "there is no Child SA yet");
}

static struct value of_host(const struct address *a)
{
	struct value v = { .kind = VALUE_ADDRESS, .address = *a };

	v.address.port = 0;
	return v;
}

/* An inner address that no selector covers. */
static struct address outside_address(uint8_t family)
{
	struct address a = { 0 };

	address_parse(family == 6 ? "fd00:99::99" : "10.99.99.99", &a);
	return a;
}

/* What a CERTREQ for its certificates holds: the hashes of the keys of the CAs that both trust. */
static bool authority_value(struct run *r, const struct tester *t, struct value *out, struct why *why)
{
	const struct trust *trust = &t->connections[0].trust;
	uint8_t hashes[20 * ANCHORS];

	for (size_t i = 0; i < trust->anchor_count; i++)
		if (!authority_hash(r->options->authority, trust->anchors[i], hashes + 20 * i))
			return why_set(why, "the certificate of the CA cannot be read");
	*out = (struct value){ .kind = VALUE_OCTETS,
			       .octets = arena_copy(r->arena, bytes_make(hashes, 20 * trust->anchor_count)) };
	return trust->anchor_count || why_set(why, "the connection of the tester trusts no CA");
}

static bool tester_value(struct run *r, struct tester *t, const char *rest, struct value *out,
			 struct why *why)
{
	const char *end = path_step_end(rest);
	struct address outside = outside_address(t->inner_count ? t->inner[0].family : 4);
	const struct {
		const char *name;
		const struct address *address;
	} addresses[] = {
		{"inner",    &t->inner[0]            },
                { "address", &t->connections[0].local},
		{ "nat",     &t->nat                 },
                { "second",  &t->second              },
		{ "outside", &outside                },
	};

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		if (strcmp(rest, addresses[i].name) == 0 && addresses[i].address->family) {
			*out = of_host(addresses[i].address);
			return true;
		}
	}
	if (strcmp(rest, "authority") == 0)
		return authority_value(r, t, out, why);
	if (*end && (strncmp(rest, "ike.", 4) == 0 || strncmp(rest, "child.", 6) == 0))
		return sa_value(r, t, *rest == 'i' ? "ike" : "child", end + 1, out, why);
	return why_set(
		why,
		"a tester has no '%s'; it has address, inner, nat, second, outside, authority, ike, child",
		rest);
}

/* A keyword of a KE method ("ecp256", "dh19") is its number. */
static void group_number(struct value *v)
{
	for (size_t i = 0; v->kind == VALUE_TEXT && i < transforms_count; i++) {
		const struct transform *t = &transforms[i];

		if (t->type != TRANSFORM_KE ||
		    ((!t->libreswan || strcmp(t->libreswan, v->text) != 0) &&
		     (!t->strongswan || strcmp(t->strongswan, v->text) != 0)))
			continue;
		v->kind = VALUE_NUMBER;
		v->number = t->id;
		v->bits = 16;
	}
}

static bool feature_value(struct run *r, const char *reference, struct value *out, struct why *why)
{
	struct value *items;

	if (!profile_lookup(r->options->profile, reference, r->arena, out, why))
		return false;
	if (strncmp(reference, "target.groups", 13) != 0)
		return true;
	group_number(out);
	items = out->kind == VALUE_LIST ? arena_array(r->arena, out->count + 1, sizeof *items)
					: NULL;
	for (size_t i = 0; items && i < out->count; i++) {
		items[i] = out->items[i];
		group_number(&items[i]);
	}
	if (items)
		out->items = items;
	return true;
}

static bool target_value(struct run *r, const char *reference, const char *field, struct value *out,
			 struct why *why)
{
	const struct tester *t = &r->testers[0];

	if (strcmp(field, "address") == 0)
		*out = of_host(&t->connections[0].remote);
	else if (strcmp(field, "inner") == 0 && t->target_inner_count)
		*out = of_host(&t->target_inner[0]);
	else
		return feature_value(r, reference, out, why);
	return true;
}

static bool place_value(struct run *r, const char *name, struct value *out)
{
	const struct edit_place *p = r->edit_place;

	if (strcmp(name, "index") == 0) {
		unsigned round = 1;

		for (size_t i = r->depth; i-- > 0;) {
			if (r->frames[i].kind == FRAME_REPEAT) {
				round = r->frames[i].round;
				break;
			}
		}
		*out = of_number(p && p->index > 1 ? p->index : round, 0);
		return true;
	}
	if (strcmp(name, "honest") != 0 || !p)
		return false;
	*out = p->honest.is_octets ? of_octets(p->honest.octets) : of_number(p->honest.number, 0);
	return true;
}

/* "x.request[2]": the end of what belongs to the name, or NULL. */
static const char *suffix_end(const char *end)
{
	static const char *const words[] = { "request", "response", "old" };

	for (size_t i = 0; *end == '.' && i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (strncmp(end + 1, words[i], len) == 0 && strchr(".[", end[1 + len]))
			return path_step_end(end + 1);
	}
	return NULL;
}

/* The word before the first dot; with "request", "response" or "old" behind it if that is known. */
static const struct known *named(struct run *r, const char *reference, unsigned *index,
				 const char **rest)
{
	const char *end = path_step_end(reference), *longer = suffix_end(end);
	const struct known *k = NULL;

	for (int pass = 0; pass < 2 && !k; pass++) {
		const char *stop = pass == 0 ? longer : end;
		char *name =
			stop ? arena_printf(r->arena, "%.*s", (int)(stop - reference), reference)
			     : NULL;
		unsigned n = 0;

		/* An index may stand behind either word. */
		for (char *open = name ? strchr(name, '[') : NULL; open; open = strchr(name, '[')) {
			size_t len = strcspn(open, "]") + 1;

			n = (unsigned)strtoul(open + 1, NULL, 10);
			memmove(open, open + len, strlen(open + len) + 1);
		}
		k = name ? known_find(r, name) : NULL;
		*index = n;
		*rest = stop && *stop ? stop + 1 : end + strlen(end);
	}
	return k;
}

bool lookup_reference(void *ctx, const char *reference, struct arena *a, struct value *out,
		      struct why *why)
{
	struct run *r = ctx;
	const char *end = path_step_end(reference), *rest;
	char *word = arena_printf(a, "%.*s", (int)(end - reference), reference);
	const char *tail = *end ? end + 1 : end;
	const struct known *k;
	struct tester *t;
	unsigned index;

	if (!word)
		return why_set(why, "no memory");
	if (!*end && place_value(r, word, out))
		return true;
	if ((k = named(r, reference, &index, &rest)))
		return known_value(r, k, index, rest, out, why);
	if (strcmp(word, "target") == 0)
		return target_value(r, reference, tail, out, why);
	if (strcmp(word, "ike") == 0 || strcmp(word, "child") == 0)
		return sa_value(r, r->step.tester ? r->step.tester : &r->testers[0], word, tail,
				out, why);
	if ((t = tester_find(r, word)))
		return tester_value(r, t, tail, out, why);
	if (strcmp(word, "tester") == 0)
		return tester_value(r, &r->testers[0], tail, out, why);
	return why_set(why, "'%s' is not known here", reference);
}
