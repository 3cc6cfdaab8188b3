/*
 * How a real target proves itself: connections of the profile that use certificates, or nothing, become variants of
 * every slot, with certificates of the test authority.
 */
#include "authority/authority.h"
#include "host.h"

#include <stdio.h>

#define CERTIFICATES 16

static enum target_proof proof_of(const char *auth)
{
	return !auth || strcmp(auth, "psk") == 0  ? TARGET_BY_SECRET
	       : strcmp(auth, "certificate") == 0 ? TARGET_BY_CERTIFICATE
						  : TARGET_BY_NOTHING;
}

static bool to_pem(struct test_suite *s, const struct authority_issued *in, struct target_certificate *out)
{
	struct rng r;

	rng_seed(&r, 0, out->name);
	out->count = in->count;
	out->key = authority_pem(s->arena, "PRIVATE KEY", in->private_key);
	for (size_t i = 0; i < in->count; i++)
		if (!(out->chain[i] = authority_pem(s->arena, "CERTIFICATE", in->chain[i])))
			return false;
	return out->key && authority_pkcs12(s->options.authority, in, out->name, TARGET_PASSWORD, &r,
					   s->arena, &out->pkcs12);
}

/* "rsa with-intermediate": the words of a profile, as a name for files too. */
static void read_words(struct arena *a, const char *text, struct authority_wish *wish)
{
	char *copy = arena_text(a, text ? text : "rsa"), *save = NULL;

	wish->key = "rsa";
	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
		*(authority_knows_key(w) ? &wish->key : &wish->kind) = w;
}

static const struct target_certificate *certificate(struct real_host *h, const char *words,
						    struct why *why)
{
	struct test_suite *s = h->suite;
	struct target_certificate *all = (struct target_certificate *)(uintptr_t)h->config.certificate;
	struct bytes id = bytes_text(h->config.connection[0].target_id);
	struct authority_wish wish = { .owner = "target", .id_type = 2, .id = id };
	struct target_certificate *next = &all[h->config.certificates];
	struct authority_issued issued;

	read_words(s->arena, words, &wish);
	snprintf(next->name, sizeof next->name, "%s%s", wish.key, wish.kind ? "-other" : "");
	for (size_t i = 0; i < h->config.certificates; i++)
		if (strcmp(all[i].name, next->name) == 0)
			return &all[i];
	if (h->config.certificates == CERTIFICATES ||
	    !authority_issue(s->options.authority, &wish, s->arena, &issued, why) ||
	    !to_pem(s, &issued, next))
		return NULL;
	h->config.certificates++;
	return next;
}

static bool add(struct real_host *h, const struct profile_connection *c, struct why *why)
{
	struct target_child how = {
		.target_proof = proof_of(c->target.auth),
		.tester_proof = proof_of(c->tester.auth),
		.signature = c->target.signature,
	};

	if (how.target_proof == TARGET_BY_SECRET && how.tester_proof == TARGET_BY_SECRET)
		return true;
	if (how.target_proof == TARGET_BY_CERTIFICATE) {
		how.certificate = certificate(h, c->target.certificate, why);
		if (!how.certificate)
			return false;
	}
	if (how.tester_proof == TARGET_BY_CERTIFICATE) {
		struct authority_wish wish = { .owner = "tester" };

		read_words(h->suite->arena, c->tester.certificate, &wish);
		how.tester_key = wish.key;
	}
	target_config_add_proof(&h->config, c->name, &how);
	return true;
}

bool host_proofs(struct real_host *h, const struct profile *p, struct why *why)
{
	struct test_suite *s = h->suite;
	struct authority *a = s->options.authority;

	if (!profile_feature(p, "certificate"))
		return true;
	h->config.certificate = arena_array(s->arena, CERTIFICATES, sizeof(struct target_certificate));
	h->config.authority = authority_pem(s->arena, "CERTIFICATE", authority_root(a));
	h->config.crl = authority_pem(s->arena, "X509 CRL", authority_crl(a));
	if (!h->config.certificate || !h->config.authority || !h->config.crl)
		return why_set(why, "no memory for certificates");
	why_set(why, "the certificates of the target cannot be made");
	for (size_t i = 0; i < p->connection_count; i++)
		if (!add(h, &p->connections[i], why))
			return false;
	return true;
}
