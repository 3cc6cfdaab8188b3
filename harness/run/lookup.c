/* What ${...} means: variables, saved messages, SAs, testers, the target's features. */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ splitting */

/* The end of the first step of a path: a dot outside of brackets, or the end. */
static const char *step_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
			depth--;
		else if (*p == '.' && depth == 0)
			break;
	}
	return p;
}

static const char *last_step(const char *path)
{
	const char *last = path;

	for (;;) {
		const char *end = step_end(last);

		if (!*end)
			return last;
		last = end + 1;
	}
}

/* Takes "what()" off the end of a path; NULL if it does not end so. */
static const char *split_function(struct arena *a, const char *path, const char **rest)
{
	const char *last = last_step(path);
	size_t len = strlen(last);

	if (len < 3 || strcmp(last + len - 2, "()") != 0 || strcspn(last, "([") != len - 2)
		return NULL;
	*rest = last == path ? "" : arena_printf(a, "%.*s", (int)(last - path - 1), path);
	return arena_printf(a, "%.*s", (int)(len - 2), last);
}

/* ------------------------------------------------------------ values of words, nodes, SAs */

static struct value of_number(uint64_t n, unsigned bits)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = n, .bits = bits };
}

static struct value of_octets(struct bytes b)
{
	return (struct value){ .kind = VALUE_OCTETS, .octets = b };
}

static struct value of_time(usec t)
{
	return (struct value){ .kind = VALUE_TIME, .number = t };
}

static struct value of_text(const char *text)
{
	return (struct value){ .kind = VALUE_TEXT, .text = text };
}

struct value node_value(struct run *r, struct node *n)
{
	struct bytes b = BYTES_NONE;
	enum wire_kind kind = n->row ? n->row->kind : WIRE_STRUCT;

	switch (kind) {
	case WIRE_UINT: case WIRE_RESERVED: case WIRE_NEXT: case WIRE_MORE:
	case WIRE_LENGTH: case WIRE_COUNT: case WIRE_SIZE:
		return of_number(n->number, n->row->bits);
	case WIRE_OCTETS: case WIRE_REST: case WIRE_COMPUTED:
		return of_octets(n->octets);
	default:
		wire_octets(r->arena, n, &b);
		return of_octets(b);
	}
}

#define IKE_OCTETS(member) offsetof(struct ike_view, member), VALUE_OCTETS
static const struct { const char *name; size_t at; enum value_kind kind; } ike_octets[] = {
	{ "SK_d",  IKE_OCTETS(sk_d)  }, { "SK_ai", IKE_OCTETS(sk_ai) }, { "SK_ar", IKE_OCTETS(sk_ar) },
	{ "SK_ei", IKE_OCTETS(sk_ei) }, { "SK_er", IKE_OCTETS(sk_er) }, { "SK_pi", IKE_OCTETS(sk_pi) },
	{ "SK_pr", IKE_OCTETS(sk_pr) }, { "ni",    IKE_OCTETS(ni)    }, { "nr",    IKE_OCTETS(nr)    },
};

static bool ike_field(const struct ike_sa *sa, const char *field, struct value *out, struct why *why)
{
	struct ike_view v = ike_sa_view(sa);
	const struct { const char *name; uint64_t n; unsigned bits; } numbers[] = {
		{ "spi_i",         v.spi_i,         64 },
		{ "spi_r",         v.spi_r,         64 },
		{ "next_request",  v.next_request,  32 },
		{ "next_expected", v.next_expected, 32 },
		{ "initiator",     v.initiator,     1  },
		{ "nat_here",      v.nat_here,      1  },
		{ "nat_there",     v.nat_there,     1  },
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(field, numbers[i].name) == 0) {
			*out = of_number(numbers[i].n, numbers[i].bits);
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(ike_octets); i++) {
		if (strcmp(field, ike_octets[i].name) == 0) {
			*out = of_octets(*(const struct bytes *)((const char *)&v + ike_octets[i].at));
			return true;
		}
	}
	return why_set(why, "an IKE SA has no '%s'; it has spi_i, spi_r, next_request, next_expected, SK_*, ni, nr",
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

static bool child_field(struct arena *a, const struct child_sa *sa, const char *field, struct value *out,
			struct why *why)
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
		return why_set(why, "a Child SA has no '%s'; it has spi_in, spi_out, ts_ours, ts_theirs", field);
	return true;
}

/* ------------------------------------------------------------ messages */

static struct bytes outer_packet(const struct saved *s)
{
	if (s->arrival)
		return s->arrival->packet;
	return s->kind == SAVED_ESP_SENT ? s->esp->packet : BYTES_NONE;
}

static struct node *root_outer(struct run *r, struct saved *s)
{
	if (!s->ip)
		s->ip = ip_outer_tree(r->arena, outer_packet(s));
	return s->ip;
}

static struct node *root_inner(struct run *r, struct saved *s)
{
	if (!s->inner && s->arrival)
		s->inner = ip_inner_tree(r->arena, s->arrival->inner.octets);
	return s->inner;
}

static struct bytes esp_octets(const struct saved *s)
{
	if (s->kind == SAVED_ESP_SENT)
		return s->esp->esp;
	if (!s->arrival || s->arrival->kind != ARRIVED_ESP)
		return BYTES_NONE;
	return s->arrival->ip.protocol == PROTO_UDP ? s->arrival->ip.udp : s->arrival->ip.payload;
}

static struct node *root_esp(struct run *r, struct saved *s)
{
	struct bytes b = esp_octets(s);

	if (!s->esp_tree && s->arrival)
		s->esp_tree = s->arrival->opened.tree;
	if (!s->esp_tree && b.len)
		s->esp_tree = wire_decode(r->arena, &format_esp, b, NULL, NULL);
	return s->esp_tree;
}

static const struct {
	const char *name;
	struct node *(*root)(struct run *, struct saved *);
	bool named;                     /* the tree has the root's name in its paths */
} roots[] = {
	{ "IP", root_outer, true }, { "UDP", root_outer, true }, { "INNER", root_inner, true },
	{ "ESP", root_esp, false },
};

/* All nodes at a path of a packet's layer; true if the path begins with one. */
static bool layer_nodes(struct run *r, struct saved *s, const char *path, struct node **out, size_t cap, size_t *count)
{
	size_t len = strcspn(path, ".[(");

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		struct node *root;

		if (strlen(roots[i].name) != len || strncmp(path, roots[i].name, len) != 0)
			continue;
		root = roots[i].root(r, s);
		*count = 0;
		if (!root)
			return true;
		if (roots[i].named || path[len] == '.') {
			*count = wire_find_all(root, roots[i].named ? path : path + len + 1, out, cap);
			return true;
		}
		*count = 1;
		if (cap)
			out[0] = root;
		return true;
	}
	return false;
}

size_t saved_nodes(struct run *r, struct saved *s, const char *path, struct node **out, size_t cap)
{
	size_t count = 0;

	if (layer_nodes(r, s, path, out, cap, &count))
		return count;
	if (s->kind == SAVED_SENT)
		return message_find_all(&s->sent->composed.message, path, out, cap);
	if (s->kind == SAVED_SEEN && s->seen->is_ike)
		return message_find_all(&s->seen->message, path, out, cap);
	return 0;
}

static uint64_t position(const struct node *n)
{
	uint64_t at = 1;

	for (; n->prev; n = n->prev)
		at++;
	return at;
}

#define NODES 256

static bool nodes_value(struct run *r, struct node **nodes, size_t count, bool every, struct value *out)
{
	struct value *items;

	if (!every) {
		*out = node_value(r, nodes[0]);
		return true;
	}
	items = arena_array(r->arena, count ? count : 1, sizeof *items);
	for (size_t i = 0; items && i < count; i++)
		items[i] = node_value(r, nodes[i]);
	*out = (struct value){ .kind = VALUE_LIST, .items = items, .count = items ? count : 0 };
	return true;
}

/* What is computed of nodes. */
static bool nodes_computed(struct run *r, struct node **nodes, size_t count, bool every, const char *what,
			   struct value *out, struct why *why)
{
	struct value v;
	struct bytes b = BYTES_NONE;

	if (strcmp(what, "count") == 0) {
		*out = of_number(count, 0);
		return true;
	}
	if (strcmp(what, "index") == 0) {
		*out = of_number(position(nodes[0]), 0);
		return true;
	}
	if (strcmp(what, "octets") == 0 || strcmp(what, "size") == 0) {
		wire_octets(r->arena, nodes[0], &b);
		*out = *what == 'o' ? of_octets(b) : of_number(b.len, 0);
		return true;
	}
	nodes_value(r, nodes, count, every, &v);
	return value_computed(&v, what, r->arena, out, why);
}

/* What is computed of a whole message. */
static bool message_computed(struct run *r, struct saved *s, const char *what, struct value *out, struct why *why)
{
	struct value v = of_octets(saved_octets(s));

	if (strcmp(what, "time") == 0) {
		*out = of_time(s->time - r->began);
		return true;
	}
	if (strcmp(what, "octets") == 0) {
		*out = v;
		return true;
	}
	return value_computed(&v, what, r->arena, out, why);
}

bool saved_value(struct run *r, struct saved *s, const char *path, struct value *out, struct why *why)
{
	struct node *nodes[NODES];
	const char *rest = path, *what = split_function(r->arena, path, &rest);
	bool every = strstr(path, "[*]") != NULL;
	size_t count;

	if (!*rest)
		return message_computed(r, s, what ? what : "octets", out, why);
	count = saved_nodes(r, s, rest, nodes, NODES);
	if (count > NODES)
		count = NODES;
	if (!count && !every && !(what && strcmp(what, "count") == 0))
		return why_set(why, "%s " EDIT_MISSING, rest);
	return what ? nodes_computed(r, nodes, count, every, what, out, why) : nodes_value(r, nodes, count, every, out);
}

/* ${name.PATH.what()} over all rounds of a repeat. */
static bool list_value(struct run *r, const struct known *k, const char *path, struct value *out, struct why *why)
{
	const char *rest = path, *what = split_function(r->arena, path, &rest);
	struct value *items = arena_array(r->arena, k->count, sizeof *items), list;

	if (!items)
		return why_set(why, "no memory for a list of %zu messages", k->count);
	if (what && (strcmp(what, "octets") == 0 || strcmp(what, "time") == 0 || strcmp(what, "index") == 0)) {
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

static bool known_value(struct run *r, const struct known *k, unsigned index, const char *rest, struct value *out,
			struct why *why)
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

static bool sa_value(struct run *r, struct tester *t, const char *word, const char *rest, struct value *out,
		     struct why *why)
{
	if (strcmp(word, "ike") == 0) {
		struct ike_sa *sa = newest_ike(r, t);

		return sa ? ike_field(sa, rest, out, why) : why_set(why, "there is no IKE SA yet");
	}
	struct child_sa *c = newest_child(r, t, NULL);

	return c ? child_field(r->arena, c, rest, out, why) : why_set(why, "there is no Child SA yet");
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

static bool tester_value(struct run *r, struct tester *t, const char *rest, struct value *out, struct why *why)
{
	const char *end = step_end(rest);
	struct address outside = outside_address(t->inner_count ? t->inner[0].family : 4);
	const struct { const char *name; const struct address *address; } addresses[] = {
		{ "inner", &t->inner[0] }, { "address", &t->connections[0].local }, { "nat", &t->nat },
		{ "second", &t->second },  { "outside", &outside },
	};

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		if (strcmp(rest, addresses[i].name) == 0 && addresses[i].address->family) {
			*out = of_host(addresses[i].address);
			return true;
		}
	}
	if (*end && (strncmp(rest, "ike.", 4) == 0 || strncmp(rest, "child.", 6) == 0))
		return sa_value(r, t, *rest == 'i' ? "ike" : "child", end + 1, out, why);
	return why_set(why, "a tester has no '%s'; it has address, inner, nat, second, outside, ike, child", rest);
}

/* A keyword of a KE method ("ecp256", "dh19") is its number. */
static void group_number(struct value *v)
{
	for (size_t i = 0; v->kind == VALUE_TEXT && i < transforms_count; i++) {
		const struct transform *t = &transforms[i];

		if (t->type != TRANSFORM_KE || ((!t->libreswan || strcmp(t->libreswan, v->text) != 0) &&
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
	items = out->kind == VALUE_LIST ? arena_array(r->arena, out->count + 1, sizeof *items) : NULL;
	for (size_t i = 0; items && i < out->count; i++) {
		items[i] = out->items[i];
		group_number(&items[i]);
	}
	if (items)
		out->items = items;
	return true;
}

static bool target_value(struct run *r, const char *reference, const char *field, struct value *out, struct why *why)
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
			return step_end(end + 1);
	}
	return NULL;
}

/* The word before the first dot; with "request", "response" or "old" behind it if that is known. */
static const struct known *named(struct run *r, const char *reference, unsigned *index, const char **rest)
{
	const char *end = step_end(reference), *longer = suffix_end(end);
	const struct known *k = NULL;

	for (int pass = 0; pass < 2 && !k; pass++) {
		const char *stop = pass == 0 ? longer : end;
		char *name = stop ? arena_printf(r->arena, "%.*s", (int)(stop - reference), reference) : NULL;
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

bool lookup_reference(void *ctx, const char *reference, struct arena *a, struct value *out, struct why *why)
{
	struct run *r = ctx;
	const char *end = step_end(reference), *rest;
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
		return sa_value(r, r->step.tester ? r->step.tester : &r->testers[0], word, tail, out, why);
	if ((t = tester_find(r, word)))
		return tester_value(r, t, tail, out, why);
	if (strcmp(word, "tester") == 0)
		return tester_value(r, &r->testers[0], tail, out, why);
	return why_set(why, "'%s' is not known here", reference);
}
