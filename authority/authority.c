/*
 * The authority and its chains.
 */
#include "inside.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOT       "ikespec test root"
#define OTHER_ROOT "ikespec other root"
#define ARENA      ((size_t)1 << 18)

static const struct kind usual = { .shown = { "good", "", true } };

/* Read when it is first needed. */
const struct signature_key *authority_key(const struct authority *a, const char *name)
{
	struct why why;
	for (size_t i = 0; i < embedded_keys_count; i++) {
		const struct embedded_key *k = &embedded_keys[i];
		if (strcmp(k->name, name) != 0)
			continue;
		if (!a->keys[i])
			a->keys[i] = signature_key_private(a->crypto, bytes_make(k->der, k->len), &why);
		return a->keys[i];
	}
	return NULL;
}

struct authority *authority_new(struct crypto *c, struct why *why)
{
	struct authority *a = calloc(1, sizeof(*a));
	if (a) {
		a->crypto = c;
		a->arena = arena_new(ARENA);
		a->keys = calloc(embedded_keys_count, sizeof(struct signature_key *));
		if (a->arena && a->keys)
			return a;
	}
	why_set(why, "no memory for the test authority");
	authority_free(a);
	return NULL;
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	for (size_t i = 0; a->keys && i < embedded_keys_count; i++)
		signature_key_free(a->keys[i]);
	for (size_t i = 0; i < a->read_count; i++)
		signature_key_free(a->read[i]);
	free(a->keys);
	free(a->read);
	arena_free(a->arena);
	free(a);
}

static struct signer root_of(const struct authority *a)
{
	return (struct signer){ ROOT, authority_key(a, "root") };
}

struct bytes authority_root(struct authority *a)
{
	struct signer by = root_of(a);
	struct subject s = { ROOT, NULL, by.key, .ca = true, .serial = 1, .kind = &usual };
	struct why why;
	if (!a->root.len && by.key && !certificate_make(a, &s, &by, a->arena, &a->root, &why))
		a->root = BYTES_NONE;
	return a->root;
}

struct bytes authority_crl(struct authority *a)
{
	struct signer by = root_of(a);
	struct why why;
	if (!a->crl.len && by.key && !crl_make(a, &by, a->arena, &a->crl, &why))
		a->crl = BYTES_NONE;
	return a->crl;
}

/* ------------------------------------------------------------ chains */

struct issuing {
	struct authority *a;
	const struct authority_wish *wish;
	const struct kind *kind;
	struct arena *arena;
	struct authority_issued *out;
	struct why *why;
};

static struct signer intermediate(const struct issuing *x, unsigned n)
{
	char key[32];
	snprintf(key, sizeof(key), "intermediate-%u", n);
	return (struct signer){ arena_printf(x->arena, "ikespec intermediate %u", n),
				authority_key(x->a, key) };
}

/* The CAs between the end entity and the root: the first of them stands nearest to it. */
static bool add_intermediates(const struct issuing *x, struct signer *nearest)
{
	struct signer by = root_of(x->a);
	unsigned count = x->kind->intermediates;
	for (unsigned n = 1; n <= count; n++) {
		struct signer own = intermediate(x, n);
		struct subject s = { own.name, NULL, own.key, .ca = true, .serial = 1 + n, .kind = &usual };
		if (!certificate_make(x->a, &s, &by, x->arena, &x->out->chain[1 + count - n], x->why))
			return false;
		by = own;
	}
	*nearest = by;
	x->out->count += count;
	return true;
}

/* A certificate of the other end entity, whose key issues what it must not. */
static bool add_false_ca(const struct issuing *x, struct signer *by)
{
	struct subject s = { "not-a-ca.example.org", NULL, authority_key(x->a, "other-root"),
			     .serial = 77, .kind = &usual, .id_type = 2,
			     .id = bytes_text("not-a-ca.example.org") };
	struct signer root = root_of(x->a);
	*by = (struct signer){ s.name, s.key };
	x->out->count++;
	return certificate_make(x->a, &s, &root, x->arena, &x->out->chain[1], x->why);
}

static bool find_signer(const struct issuing *x, const struct subject *s, struct signer *by)
{
	const struct signature_key *other = authority_key(x->a, "other-root");
	switch (x->kind->issuer) {
	case BY_OTHER:
		*by = (struct signer){ OTHER_ROOT, other };
		return true;
	case BY_IMPOSTOR:
		*by = (struct signer){ ROOT, other };
		return true;
	case BY_LOST:
		*by = (struct signer){ "ikespec lost intermediate", authority_key(x->a, "lost-intermediate") };
		return true;
	case BY_ITSELF:
		*by = (struct signer){ s->name, s->key, s->unit };
		return true;
	case BY_END_ENTITY:
		return add_false_ca(x, by);
	default:
		return add_intermediates(x, by);
	}
}

static const char *common_name(const struct issuing *x)
{
	const struct authority_wish *w = x->wish;
	if (w->id_type == 2 || w->id_type == 3)
		return arena_printf(x->arena, "%.*s", (int)(w->id.len < 64 ? w->id.len : 64),
				    (const char *)w->id.at);
	return arena_printf(x->arena, "ikespec %s", w->owner);
}

static uint64_t serial_of(const struct issuing *x, const char *name)
{
	uint64_t n = label_number(x->a, arena_printf(x->arena, "%s %s %s %s", x->wish->owner, x->wish->key,
						     x->kind->shown.name, name));
	return x->kind->revoked ? REVOKED_FIRST + n % REVOKED_COUNT : n;
}

static bool find_key(const struct issuing *x)
{
	const char *key = x->kind->weak ? "rsa1024" : x->wish->key;
	bool apart = x->kind->keys && !x->kind->weak && strcmp(x->wish->owner, "tester") == 0;
	const char *name = arena_printf(x->arena, "%s-%s%s", x->wish->owner, apart ? x->kind->keys : "", key);
	x->out->key = name ? authority_key(x->a, name) : NULL;
	if (!x->out->key)
		return why_set(x->why, "the test authority has no key '%s' of the %s", key, x->wish->owner);
	x->out->private_key = signature_key_export(x->out->key, true, x->arena);
	return x->out->private_key.len > 0;
}

static bool issue(const struct issuing *x)
{
	const char *name = common_name(x);
	struct signer by;
	if (!name || !find_key(x))
		return false;
	struct subject s = { name, arena_printf(x->arena, "%s %s", x->wish->key, x->kind->shown.name),
			     x->out->key, .serial = serial_of(x, name), .kind = x->kind,
			     .id_type = x->wish->id_type, .id = x->wish->id };
	x->out->count = 1;
	return find_signer(x, &s, &by) &&
	       certificate_make(x->a, &s, &by, x->arena, &x->out->chain[0], x->why);
}

bool authority_issue(struct authority *a, const struct authority_wish *wish, struct arena *arena,
		     struct authority_issued *out, struct why *why)
{
	const char *name = wish->kind ? wish->kind : "good";
	const struct kind *kind = kind_find(name);
	struct issuing x = { a, wish, kind, arena, out, why };
	*out = (struct authority_issued){ .count = 0 };
	if (!kind)
		return why_set(why, "the test authority issues no certificate '%s'", name);
	why_set(why, "no memory for certificates");
	return issue(&x);
}
