/*
 * How the ends of a connection prove who they are: what a profile and a scenario say of it, with certificates of
 * the test authority or of files.
 */
#include "authority/authority.h"
#include "scenario/connect.h"

#define FILE_CERTIFICATES 8

/* The kind of key and of certificate that words name; what they do not name stays. */
struct wanted {
	const char *key, *kind;
};

static bool read_words(const struct connecting *x, const char *text, struct wanted *out, struct why *why)
{
	char *copy = text ? arena_text(x->arena, text) : NULL, *save = NULL;

	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save)) {
		if (authority_knows_key(w))
			out->key = w;
		else if (authority_knows_kind(w))
			out->kind = w;
		else
			return why_set(why, "there is no certificate '%s' in the profile, and the test authority "
				       "issues none", w);
	}
	return true;
}

static const struct profile_certificate *of_profile(const struct connecting *x, const char *name)
{
	for (size_t i = 0; name && i < x->profile->certificate_count; i++)
		if (strcmp(x->profile->certificates[i].name, name) == 0)
			return &x->profile->certificates[i];
	return NULL;
}

static bool file_octets(const struct connecting *x, const char *path, struct bytes *out, struct why *why)
{
	return secret_octets(x, arena_printf(x->arena, "file:%s", path), out, why);
}

static bool from_files(const struct connecting *x, const struct profile_certificate *p, struct credentials *out,
		       struct why *why)
{
	struct bytes chain, key;

	if (!file_octets(x, p->chain, &chain, why) || !file_octets(x, p->key, &key, why) ||
	    !authority_read(x->authority, "CERTIFICATE", chain, x->arena, out->chain.rows, CHAIN,
			    &out->chain.count, why))
		return false;
	out->key = authority_read_key(x->authority, key, why);
	return out->key != NULL;
}

static bool issue(const struct connecting *x, const struct wanted *w, bool tester, const struct identity *id,
		  struct authority_issued *out, struct why *why)
{
	struct authority_wish wish = { tester ? "tester" : "target", w->key, w->kind, id->type, id->data };

	return authority_issue(x->authority, &wish, x->arena, out, why);
}

static bool issued(const struct connecting *x, const struct wanted *w, bool tester, const struct identity *id,
		   struct credentials *out, struct why *why)
{
	struct authority_issued got;

	if (!issue(x, w, tester, id, &got, why))
		return false;
	out->key = got.key;
	out->chain.count = got.count;
	memcpy(out->chain.rows, got.chain, got.count * sizeof(got.chain[0]));
	return true;
}

bool certificate_credentials(const struct connecting *x, const char *first, const char *then, bool tester,
			     const struct identity *id, struct credentials *out, struct why *why)
{
	const char *name = then ? then : first;
	const struct profile_certificate *p = of_profile(x, name);
	struct wanted w = { "rsa", "good" };

	if (!x->authority)
		return why_set(why, "certificates need the test authority, which is not here");
	out->proof = PROOF_SIGNATURE;
	if (p)
		return from_files(x, p, out, why);
	return (of_profile(x, first) || read_words(x, first, &w, why)) && read_words(x, then, &w, why) &&
	       issued(x, &w, tester, id, out, why);
}

/* ------------------------------------------------------------ words of attributes */

static bool proof_word(const char *auth, enum proof *out, struct why *why)
{
	static const struct {
		const char *word;
		enum proof proof;
	} words[] = { { "psk", PROOF_SECRET }, { "certificate", PROOF_SIGNATURE }, { "null", PROOF_NONE } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(auth ? auth : "psk", words[i].word) == 0) {
			*out = words[i].proof;
			return true;
		}
	return why_set(why, "authentication by %s is not there yet", auth);
}

bool signature_word(const char *text, struct credentials *out, struct why *why)
{
	out->old = text && strcmp(text, "old") == 0;
	out->scheme = text && !out->old ? signature_scheme_find(text) : NULL;
	return !text || out->old || out->scheme ||
	       why_set(why, "there is no signature scheme '%s'", text);
}

bool hashes_parse(struct arena *a, const char *text, unsigned *out, struct why *why)
{
	static const struct {
		const char *word;
		unsigned bits;
	} known[] = {
		{ "none", 0 },
		{ "sha1", HASH_BIT(HASH_SHA1) },
		{ "sha2-256", HASH_BIT(HASH_SHA2_256) },
		{ "sha2-384", HASH_BIT(HASH_SHA2_384) },
		{ "sha2-512", HASH_BIT(HASH_SHA2_512) },
		{ "identity", HASH_BIT(HASH_IDENTITY) },
	};
	char *copy = arena_text(a, text), *save = NULL;

	*out = 0;
	for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save)) {
		size_t i = 0;

		while (i < ARRAY_LEN(known) && strcmp(known[i].word, w) != 0)
			i++;
		if (i == ARRAY_LEN(known))
			return why_set(why, "there is no hash '%s'; wanted sha1, sha2-256, sha2-384, sha2-512, "
				       "identity or none", w);
		*out |= known[i].bits;
	}
	return true;
}

/* ------------------------------------------------------------ both ends */

static bool takes_identity(const struct profile_end *end)
{
	return end->certificate &&
	       (strstr(end->certificate, "ed25519") || strstr(end->certificate, "ed448"));
}

/* RFC 8420 3: Identity only where a key is for it. */
static unsigned usual_hashes(const struct profile_connection *pc)
{
	bool any = (pc->tester.auth && strcmp(pc->tester.auth, "certificate") == 0) ||
		   (pc->target.auth && strcmp(pc->target.auth, "certificate") == 0);
	bool edwards = takes_identity(&pc->tester) || takes_identity(&pc->target);

	return any ? HASHES_SHA2 | (edwards ? HASH_BIT(HASH_IDENTITY) : 0) : 0;
}

static bool hashes_of(const struct connecting *x, const struct profile_connection *pc,
		      const struct profile_end *end, struct connection *c, struct why *why)
{
	c->hashes = usual_hashes(pc);
	return !end->hashes || hashes_parse(x->arena, end->hashes, &c->hashes, why);
}

static bool read_trust(const struct connecting *x, struct trust *t, struct why *why)
{
	const struct profile *p = x->profile;
	struct bytes file;

	if (!p->authority_certificate) {
		t->anchors[0] = authority_root(x->authority);
		t->crls[0] = authority_crl(x->authority);
		t->anchor_count = t->crl_count = 1;
		return true;
	}
	return file_octets(x, p->authority_certificate, &file, why) &&
	       authority_read(x->authority, "CERTIFICATE", file, x->arena, t->anchors, ANCHORS,
			      &t->anchor_count, why) &&
	       (!p->authority_crl ||
		(file_octets(x, p->authority_crl, &file, why) &&
		 authority_read(x->authority, "X509 CRL", file, x->arena, t->crls, ANCHORS, &t->crl_count, why)));
}

bool connection_prove(const struct connecting *x, const struct profile_connection *pc, bool tester_side,
		      struct connection *c, struct why *why)
{
	const struct profile_end *us = tester_side ? &pc->tester : &pc->target;
	const struct profile_end *them = tester_side ? &pc->target : &pc->tester;

	c->proof = (struct credentials){ .proof = PROOF_SECRET };
	c->trust = (struct trust){ .anchor_count = 0 };
	if (!proof_word(us->auth, &c->proof.proof, why) || !proof_word(them->auth, &c->their_proof, why) ||
	    !hashes_of(x, pc, us, c, why) || !signature_word(us->signature, &c->proof, why))
		return false;
	if (c->proof.proof == PROOF_SIGNATURE &&
	    !certificate_credentials(x, us->certificate, NULL, tester_side, &c->us, &c->proof, why))
		return false;
	c->asks_certificate = c->their_proof == PROOF_SIGNATURE;
	return c->their_proof != PROOF_SIGNATURE || !x->authority || read_trust(x, &c->trust, why);
}

bool connection_prove_otherwise(const struct connecting *x, const struct profile_connection *pc,
				const struct proof_words *w, struct connection *c, struct why *why)
{
	if (w->auth && !proof_word(w->auth, &c->proof.proof, why))
		return false;
	if (w->hashes && !hashes_parse(x->arena, w->hashes, &c->hashes, why))
		return false;
	if (w->signature && !signature_word(w->signature, &c->proof, why))
		return false;
	return (!w->certificate && (c->proof.proof != PROOF_SIGNATURE || c->proof.key)) ||
	       certificate_credentials(x, pc->tester.certificate, w->certificate, true, &c->us, &c->proof, why);
}
