/*
 * Certificates of a real target: one of the test authority for each way to authenticate, in a child
 * of every slot.
 */
#include <stdio.h>
#include <string.h>

#include "stand.h"

#define KEPT ((size_t)16 << 20)

static bool is_secret(const char *auth)
{
	return strcmp(auth, "psk") == 0;
}

const struct target_child *stand_child(const struct target_connection *c, const char *auth)
{
	if (is_secret(auth))
		return &c->child[0];
	for (size_t i = 0; i < c->children; i++)
		if (c->child[i].suffix[0] == '-' && strcmp(c->child[i].suffix + 1, auth) == 0)
			return &c->child[i];
	return NULL;
}

static bool issue(struct stand *s, const char *auth, struct target_certificate *out, struct why *why)
{
	struct authority_wish wish = { "target", auth, NULL, 2, bytes_text(s->config.connection[0].target_id) };
	struct authority_issued got;
	struct rng r;

	snprintf(out->name, sizeof(out->name), "%s", auth);
	rng_seed(&r, 0, out->name);
	crypto_draw_from(s->crypto, &r);
	if (!authority_issue(s->authority, &wish, s->kept, &got, why))
		return false;
	out->count = got.count;
	out->key = authority_pem(s->kept, "PRIVATE KEY", got.private_key);
	for (size_t i = 0; i < got.count; i++)
		out->chain[i] = authority_pem(s->kept, "CERTIFICATE", got.chain[i]);
	return authority_pkcs12(s->authority, &got, out->name, TARGET_PASSWORD, &r, s->kept, &out->pkcs12) ||
	       why_set(why, "the certificate of the target cannot be made");
}

bool stand_proofs(struct stand *s, struct why *why)
{
	const struct ike_plan *p = &s->plan->ike;
	struct target_certificate *all;

	s->kept = arena_new(KEPT);
	s->crypto = crypto_new(why);
	s->authority = s->crypto ? authority_new(s->crypto, why) : NULL;
	all = s->authority && s->kept ? arena_array(s->kept, IKE_WORDS, sizeof(*all)) : NULL;
	if (!all)
		return why_set(why, "no memory for certificates");
	s->config.certificate = all;
	for (size_t i = 0; i < p->auth_count; i++) {
		struct target_child how = { .target_proof = TARGET_BY_CERTIFICATE, .tester_proof = TARGET_BY_CERTIFICATE,
					    .certificate = &all[s->config.certificates], .tester_key = p->auths[i] };

		if (is_secret(p->auths[i]))
			continue;
		if (!issue(s, p->auths[i], &all[s->config.certificates], why))
			return false;
		s->config.certificates++;
		target_config_add_proof(&s->config, p->auths[i], &how);
	}
	if (!s->config.certificates)
		return true;
	s->config.authority = authority_pem(s->kept, "CERTIFICATE", authority_root(s->authority));
	s->config.crl = authority_pem(s->kept, "X509 CRL", authority_crl(s->authority));
	return s->config.authority && s->config.crl;
}
